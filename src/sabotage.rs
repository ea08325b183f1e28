//! Faults put into the code on purpose, each behind a switch with a name.
//!
//! [`sabotage!`](crate::sabotage!) marks the place of a guard and holds the code without that
//! guard. `checks/sabotage/run` builds everything with `--cfg holdall_sabotage`, turns on one switch
//! after another with the variable `HOLDALL_SABOTAGE`, and expects the tests that
//! `checks/sabotage/cuts/*.toml` names to fail. Without that `cfg` the macro leaves the right code
//! and nothing else: the wrong code is parsed, and neither type-checked nor compiled.

/// Stands for right code, and for wrong code while the switch of that name is on.
///
/// `sabotage!("name", right, wrong)` is an expression. `sabotage!("name", { ... });` is a statement
/// that is only there while the switch is on. The name is a literal in kebab case.
#[cfg(not(holdall_sabotage))]
#[doc(hidden)]
#[macro_export]
macro_rules! sabotage {
    ($name:literal, $extra:block) => {};
    ($name:literal, $right:expr, $wrong:expr $(,)?) => {
        $right
    };
}

/// Stands for right code, and for wrong code while the switch of that name is on.
#[cfg(holdall_sabotage)]
#[doc(hidden)]
#[macro_export]
macro_rules! sabotage {
    ($name:literal, $extra:block) => {
        if $crate::sabotage::is_on($name) $extra
    };
    ($name:literal, $right:expr, $wrong:expr $(,)?) => {
        if $crate::sabotage::is_on($name) { $wrong } else { $right }
    };
}

/// Whether a switch is on. The variable is read once.
#[cfg(holdall_sabotage)]
#[must_use]
pub fn is_on(name: &str) -> bool {
    extern crate std;
    static ON: std::sync::OnceLock<Option<std::string::String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("HOLDALL_SABOTAGE").ok()).as_deref() == Some(name)
}
