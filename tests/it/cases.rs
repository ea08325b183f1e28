//! How property tests are run.

use std::any::Any;

use proptest::test_runner::{
    Config as ProptestConfig, FailurePersistence, FileFailurePersistence, PersistedSeed,
};

/// Few cases of long histories; a failure is kept beside this file, and printed with its seed.
/// Whoever just wants to know whether it fails asks for fewer attempts to shrink it.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let asked = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: asked("PROPTEST_CASES").unwrap_or(cases),
        max_shrink_iters: asked("PROPTEST_MAX_SHRINK_ITERS").unwrap_or(20_000),
        failure_persistence: Some(Box::new(Seeds(FileFailurePersistence::WithSource("seeds")))),
        ..ProptestConfig::default()
    }
}

/// The seeds of earlier failures, which are tried first. New ones are kept, unless the library is
/// broken on purpose: then they are no findings.
#[derive(Clone, PartialEq, Debug)]
struct Seeds(FileFailurePersistence);

impl FailurePersistence for Seeds {
    fn load_persisted_failures2(&self, source_file: Option<&'static str>) -> Vec<PersistedSeed> {
        self.0.load_persisted_failures2(source_file)
    }

    fn save_persisted_failure2(
        &mut self,
        source_file: Option<&'static str>,
        seed: PersistedSeed,
        shrunken: &dyn std::fmt::Debug,
    ) {
        if cfg!(not(holdall_sabotage)) {
            self.0.save_persisted_failure2(source_file, seed, shrunken);
        }
    }

    fn box_clone(&self) -> Box<dyn FailurePersistence> {
        Box::new(self.clone())
    }

    fn eq(&self, other: &dyn FailurePersistence) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self == other)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
