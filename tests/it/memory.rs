//! How much memory a process has asked for, so that a test can hold decoding to its input's size.
//!
//! It is read from the system: a counting allocator would need `unsafe`, which this whole package
//! forbids. The number is the process's, so what is measured runs in a process of its own; it
//! counts what was asked for, even if it was never written to.

use std::env;
use std::process::Command;

/// Set in the process that measures.
const ALONE: &str = "HOLDALL_TEST_ALONE";

/// A number that the system has of this process, in bytes; `None` where it does not say.
fn status(name: &str) -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
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

/// How much more address space the process has had at its peak than before `work`. What was given
/// back before counts too, so this may be too much and is never too little.
pub(crate) fn growth(work: impl FnOnce()) -> usize {
    let before = status("VmSize:");
    work();
    match (before, status("VmPeak:")) {
        (Some(before), Some(peak)) => peak - before,
        _ => 0,
    }
}

#[test]
fn the_meter_measures() {
    alone("memory::the_meter_measures", || {
        let small = growth(|| drop(vec![1_u8; 1_000]));
        let large = growth(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 28))));
        assert!(small < 72 << 20, "{small}");
        assert!(status("VmPeak:").is_none() || large >= 1 << 28, "{large}");
    });
}
