//! W5: bytes stored. And the proof for W6, whose carts are counted by another program.

use super::requests::{CROWDED, crowded_bytes};
use super::{Size, Workload, same, size};
use crate::for_each_subject;
use crate::model::Model;
use crate::script::{Edit, life, opening, removal};
use crate::subject::{ACCOUNT, Subject, grown, shelf};

/// The names of the rows.
pub const ROWS: [&str; 4] =
    ["1 line", "10 lines, 40 edits", "50 lines, 1,000 edits", "and 950 more lines removed again"];
const LINES: usize = 50;
const MORE: usize = 950;

fn script(row: usize) -> Vec<Edit> {
    match row {
        0 => opening(0, 1),
        1 => life(10, 40),
        2 => life(LINES, 1_000),
        _ => {
            let mut script = life(LINES, 1_000);
            script.extend(opening(LINES, LINES + MORE));
            script.extend(removal(LINES, LINES + MORE));
            script
        }
    }
}

pub(super) fn workload() -> Workload {
    let sizes = ROWS.into_iter().enumerate().map(|(row, name)| {
        size(name, for_each_subject!(S => Box::new(move || bytes::<S>(row).len() as f64) as Size))
    });
    let crowded = size(
        CROWDED,
        for_each_subject!(S => Box::new(|| crowded_bytes::<S>().len() as f64) as Size),
    );
    Workload {
        id: "W5",
        title: "bytes stored",
        proof: for_each_subject!(S => Box::new(|| (0..ROWS.len()).try_for_each(prove::<S>))),
        times: Vec::new(),
        sizes: sizes.chain([crowded]).collect(),
    }
}

fn bytes<S: Subject>(row: usize) -> Vec<u8> {
    grown::<S>(ACCOUNT, 1, &shelf::<S>(LINES + MORE), &script(row)).save()
}

fn prove<S: Subject>(row: usize) -> Result<(), String> {
    let stored = S::load(&bytes::<S>(row), ACCOUNT, 2);
    same(ROWS[row], &stored.lines(), &Model::new(1).play(&script(row)).lines(S::CLASH))
}

pub(super) fn prove_small<S: Subject>() -> Result<(), String> {
    prove::<S>(1)
}
