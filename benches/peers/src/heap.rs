//! W6: heap of a resident cart. It is counted by a program of its own, `heap`: an allocator that
//! counts costs time, and the clocked program must have none.

use std::process::Command;

use crate::for_each_subject;
use crate::script::life;
use crate::subject::{ACCOUNT, Subject, grown, shelf};

/// The names of the rows: made by edits in memory; or loaded and read once.
pub const ROWS: [&str; 2] = ["edited in memory", "loaded and read"];
const CARTS: usize = 200;

/// Bytes a cart, with the adapter's own. `live` says how many bytes are allocated.
pub fn count(live: &dyn Fn() -> usize) -> [(&'static str, [f64; 2]); 6] {
    for_each_subject!(S => [each(live, edited::<S>), each(live, loaded::<S>)])
}

fn each<S>(live: &dyn Fn() -> usize, mut make: impl FnMut() -> S) -> f64 {
    drop(make()); // what the process keeps for ever is no cart's
    let before = live();
    let mut carts = Vec::with_capacity(CARTS);
    carts.extend((0..CARTS).map(|_| make()));
    let after = live();
    drop(carts);
    (after - before) as f64 / CARTS as f64
}

// Each cart has lines of its own, as from requests of their own: nothing is shared between carts.
fn edited<S: Subject>() -> S {
    grown(ACCOUNT, 1, &shelf::<S>(10), &life(10, 40))
}

fn loaded<S: Subject>() -> S {
    let cart = S::load(&edited::<S>().save(), ACCOUNT, 2);
    drop(cart.lines());
    cart
}

/// Builds and runs that program.
///
/// # Errors
/// It could not be built or said nothing sensible.
pub fn ask() -> Result<Vec<(String, [f64; 2])>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(cargo)
        .args(["run", "--release", "--quiet", "--locked", "--bin", "heap"])
        .args(["--manifest-path", manifest])
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let rows = said.lines().map(|line| {
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or_else(|| format!("{line} is too short"));
        let name = word()?.to_owned();
        let mut bytes = || word()?.parse::<f64>().map_err(|error| error.to_string());
        Ok((name, [bytes()?, bytes()?]))
    });
    rows.collect()
}
