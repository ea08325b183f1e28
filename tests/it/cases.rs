//! How property tests are run.

use proptest::test_runner::{Config as ProptestConfig, FileFailurePersistence};

/// Few cases of long histories; a failure is kept beside this file, and printed with its seed.
/// Whoever just wants to know whether it fails asks for fewer attempts to shrink it.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let asked = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    // A library that is broken on purpose fails: that is no finding to keep.
    let kept = cfg!(not(holdall_sabotage)).then_some(FileFailurePersistence::WithSource("seeds"));
    ProptestConfig {
        cases: asked("PROPTEST_CASES").unwrap_or(cases),
        max_shrink_iters: asked("PROPTEST_MAX_SHRINK_ITERS").unwrap_or(20_000),
        failure_persistence: kept.map(|kept| Box::new(kept) as _),
        ..ProptestConfig::default()
    }
}
