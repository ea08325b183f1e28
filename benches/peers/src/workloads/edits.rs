//! W1 and W2: one edit, and its delta.

use super::same;
use crate::measure::{Job, Spent, clocked};
use crate::model::Model;
use crate::script::{Edit, life, mixed};
use crate::subject::{ACCOUNT, Clock, Subject, grown, now_ms, play, shelf};

const LINES: usize = 50;
const BEFORE: usize = 200;
const EDITS: usize = 200;
/// So often a delta is encoded while the clock runs.
const TIMES: u32 = 16;

fn before() -> Vec<Edit> {
    life(LINES, BEFORE)
}

fn edits() -> Vec<Edit> {
    mixed(1, LINES, EDITS)
}

pub(super) fn prove_edits<S: Subject>() -> Result<(), String> {
    let shelf = shelf::<S>(LINES);
    let mut subject: S = grown(ACCOUNT, 1, &shelf, &before());
    let mut model = Model::new(1).play(&before());
    for (at, edit) in edits().iter().enumerate() {
        subject.edit(now_ms(BEFORE + at, 1), edit.verb, &shelf[edit.line]);
        model.edit(*edit);
        same(&format!("after edit {at}"), &subject.lines(), &model.lines(S::CLASH))?;
    }
    Ok(())
}

pub(super) fn edit<S: Subject>() -> Job {
    let (shelf, before, edits) = (shelf::<S>(LINES), before(), edits());
    Box::new(move || {
        let mut subject: S = grown(ACCOUNT, 1, &shelf, &before);
        clocked(EDITS as u32, || play(&mut subject, 1, &shelf, &edits, BEFORE)).1
    })
}

/// An author, and the deltas of what it did.
fn deltas<S: Subject>(shelf: &[S::Line]) -> (S, Vec<Vec<u8>>) {
    let mut subject: S = grown(ACCOUNT, 1, shelf, &before());
    subject.connect();
    let mut clock = Clock::new(0);
    let encode = |(at, edit): (usize, &Edit)| {
        subject.edit_and_encode(now_ms(BEFORE + at, 1), edit.verb, &shelf[edit.line], &mut clock)
    };
    let deltas = edits().iter().enumerate().map(encode).collect();
    (subject, deltas)
}

/// A peer that has what the author had before.
fn peer<S: Subject>(shelf: &[S::Line]) -> S {
    let mut peer = grown::<S>(ACCOUNT, 1, shelf, &before()).copy(ACCOUNT, 2);
    peer.connect();
    peer
}

pub(super) fn prove_deltas<S: Subject>() -> Result<(), String> {
    let shelf = shelf::<S>(LINES);
    let (subject, deltas) = deltas::<S>(&shelf);
    let mut peer: S = peer(&shelf);
    let mut model = Model::new(1).play(&before());
    for (at, (edit, delta)) in edits().iter().zip(&deltas).enumerate() {
        peer.apply(delta);
        model.edit(*edit);
        same(&format!("a peer after delta {at}"), &peer.lines(), &model.lines(S::CLASH))?;
    }
    same("the author", &subject.lines(), &model.lines(S::CLASH))
}

pub(super) fn encode<S: Subject>() -> Job {
    let (shelf, before, edits) = (shelf::<S>(LINES), before(), edits());
    Box::new(move || {
        let mut subject: S = grown(ACCOUNT, 1, &shelf, &before);
        subject.connect();
        let mut clock = Clock::new(TIMES);
        for (at, edit) in edits.iter().enumerate() {
            let now_ms = now_ms(BEFORE + at, 1);
            subject.edit_and_encode(now_ms, edit.verb, &shelf[edit.line], &mut clock);
        }
        Spent { time: clock.spent, operations: TIMES * EDITS as u32 }
    })
}

pub(super) fn apply<S: Subject>() -> Job {
    let shelf = shelf::<S>(LINES);
    let (_, deltas) = deltas::<S>(&shelf);
    Box::new(move || {
        let mut peer: S = peer(&shelf);
        clocked(EDITS as u32, || deltas.iter().for_each(|delta| peer.apply(delta))).1
    })
}

pub(super) fn bytes_an_edit<S: Subject>() -> f64 {
    let (_, deltas) = deltas::<S>(&shelf::<S>(LINES));
    deltas.iter().map(Vec::len).sum::<usize>() as f64 / deltas.len() as f64
}

pub(super) fn edit_times<S: Subject>(times: u32) {
    let shelf = shelf::<S>(LINES);
    let mut subject: S = grown(ACCOUNT, 1, &shelf, &before());
    play(&mut subject, 1, &shelf, &mixed(1, LINES, times as usize), BEFORE);
}

/// One operation is one delta encoded and one applied; of deltas there are as many as edits.
pub(super) fn delta_times<S: Subject>(times: u32) {
    let shelf = shelf::<S>(LINES);
    let (mut subject, deltas) = deltas::<S>(&shelf);
    let mut peer: S = peer(&shelf);
    deltas.iter().take(times as usize).for_each(|delta| peer.apply(delta));
    // Ten more edits share the encoding; nothing of it is clocked.
    let mut clock = Clock::new(times / 10);
    for (at, edit) in mixed(2, LINES, 10).iter().enumerate() {
        let now_ms = now_ms(BEFORE + EDITS + at, 1);
        subject.edit_and_encode(now_ms, edit.verb, &shelf[edit.line], &mut clock);
    }
}
