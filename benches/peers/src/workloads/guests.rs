//! W7: somebody signs in.

use super::same;
use crate::measure::{Job, clocked};
use crate::model::Model;
use crate::script::opening;
use crate::subject::{ACCOUNT, GUEST, Subject, grown, now_ms, shelf};

const ACCOUNT_LINES: usize = 20;
const GUEST_FROM: usize = 15;
const GUEST_TO: usize = 25;
const AT: usize = 1_000;
/// Pairs prepared for one pass.
const BATCH: u32 = 32;
/// Pairs prepared where instructions are counted.
const COUNTED: u32 = 200;

fn pair<S: Subject>(shelf: &[S::Line]) -> (S, Option<S::Guest>) {
    let account = grown(ACCOUNT, 1, shelf, &opening(0, ACCOUNT_LINES));
    let mut guest: S = grown(GUEST, 2, shelf, &opening(GUEST_FROM, GUEST_TO));
    (account, Some(guest.guest()))
}

pub(super) fn prove<S: Subject>() -> Result<(), String> {
    let (mut account, mut guest) = pair::<S>(&shelf::<S>(GUEST_TO));
    let mut model = Model::new(1).play(&opening(0, ACCOUNT_LINES));
    model.join(&Model::new(2).play(&opening(GUEST_FROM, GUEST_TO)));
    account.merge(now_ms(AT, 1), &mut guest);
    same("the account", &account.lines(), &model.lines(S::CLASH))?;
    let stored = S::load(&account.save(), ACCOUNT, 3);
    same("the account, stored", &stored.lines(), &model.lines(S::CLASH))
}

pub(super) fn merge<S: Subject>() -> Job {
    let shelf = shelf::<S>(GUEST_TO);
    Box::new(move || {
        let mut pairs: Vec<_> = (0..BATCH).map(|_| pair::<S>(&shelf)).collect();
        clocked(BATCH, || merge_all(&mut pairs)).1
    })
}

fn merge_all<S: Subject>(pairs: &mut [(S, Option<S::Guest>)]) {
    for (account, guest) in pairs {
        account.merge(now_ms(AT, 1), guest);
    }
}

pub(super) fn merge_times<S: Subject>(times: u32) {
    let shelf = shelf::<S>(GUEST_TO);
    let mut pairs: Vec<_> = (0..COUNTED).map(|_| pair::<S>(&shelf)).collect();
    merge_all(&mut pairs[..times.min(COUNTED) as usize]);
}
