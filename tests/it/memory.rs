//! How much memory a process has asked for, so that a test can hold decoding to its input's size.
//!
//! It is read from the system: a counting allocator would need `unsafe`, which this whole package
//! forbids. The number is the process's, so what is measured runs in a process of its own; it
//! counts what was asked for, even if it was never written to.

use std::env;
use std::process::Command;

/// Set in the process that measures.
const ALONE: &str = "HOLDALL_TEST_ALONE";

/// The most address space this process has had, in bytes; `None` where the system does not say.
pub(crate) fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1_024)
}

/// Runs `work` in a process of its own: the test of that name again, with nothing beside it.
pub(crate) fn alone(test: &str, work: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return work();
    }
    let status = Command::new(env::current_exe().expect("this binary"))
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(ALONE, "1")
        .output()
        .expect("it can be started");
    let told = String::from_utf8_lossy(&status.stdout);
    let ran = told.contains("1 passed");
    assert!(status.status.success() && ran, "{told}{}", String::from_utf8_lossy(&status.stderr));
}

/// How much more address space the process has at its peak after `work`.
pub(crate) fn growth(work: impl FnOnce()) -> usize {
    let before = peak();
    work();
    match (before, peak()) {
        (Some(before), Some(after)) => after - before,
        _ => 0,
    }
}

#[test]
fn the_meter_measures() {
    alone("memory::the_meter_measures", || {
        let small = growth(|| drop(vec![1_u8; 1_000]));
        let large = growth(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 28))));
        assert!(small < 1 << 20, "{small}");
        assert!(peak().is_none() || large > 1 << 27, "{large}");
    });
}
