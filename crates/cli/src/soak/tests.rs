use super::args::SoakArgs;
use super::run::soak;

fn args(seed: u64, worlds: u64) -> SoakArgs {
    SoakArgs { seed, minutes: 10.0, worlds: Some(worlds), world: None, json: false }
}

#[test]
fn worlds_end_well() {
    let report = soak(&args(1, 6));
    let mut text = Vec::new();
    report.write_text(&mut text).unwrap();
    assert_eq!(report.findings(), 0, "{}", String::from_utf8_lossy(&text));
    assert_eq!(report.worlds, 6);
    // What never happens is not tried.
    for kind in [
        "lost",
        "repeated",
        "late",
        "spoiled",
        "cut off",
        "partition",
        "crash and restart",
        "clock off by hours",
        "delta before what it makes dead",
    ] {
        assert!(report.faults.get(kind).is_some_and(|often| *often > 0), "{kind}: {text:?}");
    }
}
