//! What an action does for its author: exactly what was asked, and nothing elsewhere
//! (y-octo 53: each action asserts its own exact effect). And what the view owes a shopper.

use super::history_run::{holds, twin, world};
use crate::counterexample::Verdict;
use crate::effect::ExactEffect;
use crate::history::{ACCOUNT, ActionTaken, History, HistoryAction, HistoryWorld, policy};
use crate::law::Law;
use crate::scenario::unexplained;
use holdall::cart::{Cart, Delta};
use holdall::dots::Dots;
use holdall::id::LineKey;
use holdall::policy::Registry;
use holdall::replica::Replica;
use holdall::view::{Observer, Row};
use holdall::wire;

/// Holds an action to what it promises its author.
fn exact(acted: &ActionTaken<'_>) -> Verdict {
    let effect = match (acted.action, &acted.shopped) {
        (HistoryAction::Shop(_), Some(action)) => Some(ExactEffect::Shop(action)),
        (HistoryAction::Order, _) => Some(ExactEffect::Order),
        (HistoryAction::Expire, _) => Some(ExactEffect::Expire),
        // What a merge shows is its policy's to say.
        _ => None,
    };
    if let Some(effect) = effect {
        let done = effect.check(acted.before, &acted.node.replica.view());
        holds(Law::LocalEffect, done.is_ok(), || done.err().unwrap_or_default())?;
    }
    if let HistoryAction::Merge { rule, save_loser, ceiling, .. } = acted.action {
        merging_again_changes_nothing(acted, rule, save_loser, ceiling)?;
    }
    explanations(&acted.node.replica)
}

fn merging_again_changes_nothing(
    acted: &ActionTaken<'_>,
    rule: u8,
    save_loser: bool,
    ceiling: bool,
) -> Verdict {
    let Some((guest, claim)) = acted.guest else { return Ok(()) };
    let mut twin = twin(acted.node.replica.cart());
    let (known, seen) = (twin.cart().clone(), twin.view());
    let again = twin.merge(u64::MAX >> 20, claim, policy(rule, save_loser, ceiling), guest);
    let same = again.as_ref().is_ok_and(Delta::is_empty) && *twin.cart() == known;
    let same = same && twin.view() == seen;
    holds(Law::LocalEffect, same, || format!("a repeated merge says {again:?}"))
}

/// Checks that a merge which is taken back at once leaves the account's own view: rows, notes,
/// coupons and orders.
fn unmerge_gives_the_own_view_back(acted: &ActionTaken<'_>) -> Verdict {
    let Some((guest, claim)) = acted.guest else { return Ok(()) };
    let HistoryAction::Merge { rule, save_loser, ceiling, .. } = acted.action else {
        return Ok(());
    };
    let rules = Registry::default();
    let merged = Observer::at(acted.cart, &rules).claim(guest.id()).is_some();
    if merged || acted.cart.context().contains(claim.dot()) {
        return Ok(());
    }
    let mut twin = twin(acted.cart);
    let own = twin.view();
    let policy = policy(rule, save_loser, ceiling);
    let merged = twin.merge(2_000_000_000, claim, policy, guest);
    let back = merged.and_then(|_| twin.unmerge(2_000_000_001, guest.id()));
    let same = back.is_ok() && twin.view() == own;
    holds(Law::LocalEffect, same, || format!("merge and unmerge of {guest:?} left something"))
}

/// Checks [`Law::LocalEffect`]: after each action its author sees what was asked, and every other
/// row unchanged. A repeated merge changes nothing, and a merge that is taken back leaves nothing.
///
/// # Errors
/// The action that did something else.
pub fn local_effect(history: &History) -> Verdict {
    HistoryWorld::run(history, |acted| {
        exact(&acted)?;
        unmerge_gives_the_own_view_back(&acted)
    })
    .map(drop)
}

/// Checks [`Law::ExplanationAddsUp`] at one replica: the reasons add up to the number shown, and
/// the rows explained are the rows seen.
///
/// # Errors
/// The numbers or rows that differ.
pub fn explanations(replica: &Replica) -> Verdict {
    let told = replica.explain();
    let wrong = unexplained(&told);
    holds(Law::ExplanationAddsUp, wrong.is_none(), || wrong.unwrap_or_default())?;
    let key = |row: &Row| (row.line.clone(), row.list, row.side);
    let mut explained: Vec<Row> =
        told.iter().flat_map(|line| &line.rows).map(|row| row.row.clone()).collect();
    let mut seen: Vec<Row> = replica.view().rows().cloned().collect();
    explained.sort_by_key(key);
    seen.sort_by_key(key);
    let what = || format!("{explained:#?} is explained, {seen:#?} is seen");
    holds(Law::ExplanationAddsUp, explained == seen, what)
}

/// Checks [`Law::ExplanationAddsUp`] after every delivery, and not only after actions.
///
/// # Errors
/// The explanation that does not add up.
pub fn explanation_adds_up(history: &History) -> Verdict {
    let world = world(history)?;
    let mut cart = Cart::new(ACCOUNT);
    for delta in world.account_log().iter().rev() {
        let _ = cart.join(delta);
        explanations(&twin(&cart))?;
    }
    Ok(())
}

/// Checks [`Law::ViewIsOfState`]: whoever reads an author's bytes sees what the author saw.
///
/// # Errors
/// The case in which the law does not hold.
pub fn view_is_of_state(history: &History) -> Verdict {
    let read = |acted: ActionTaken<'_>| {
        let replica = &acted.node.replica;
        let law = |is: bool, what: &str| holds(Law::ViewIsOfState, is, || what.to_owned());
        let Ok(cart) = wire::decode_cart(&wire::encode_cart(replica.cart())) else {
            return law(false, "what was written cannot be read");
        };
        let other = twin(&cart);
        law(other.view() == replica.view(), "a reader of the bytes sees something else")?;
        law(other.explain() == replica.explain(), "a reader of the bytes explains it otherwise")
    };
    HistoryWorld::run(history, read).map(drop)
}

/// Checks [`Law::SweepIsUnseen`]: the removal of Moves that place nothing any more changes no view.
///
/// # Errors
/// The view that changed.
pub fn sweep_is_unseen(history: &History) -> Verdict {
    let sweep = |acted: ActionTaken<'_>| {
        let replica = &acted.node.replica;
        let rules = Registry::default();
        let look = Observer::at(replica.cart(), &rules);
        let lines: Vec<LineKey> = replica.view().rows().map(|row| row.line.clone()).collect();
        let inert: Dots = lines.iter().flat_map(|line| look.spent(line)).collect();
        let mut cart = replica.cart().clone();
        let sweep = Delta::new(cart.id(), [], inert, Dots::default());
        let swept = sweep.is_ok_and(|sweep| cart.join(&sweep).is_ok());
        let unseen = swept && twin(&cart).view() == replica.view();
        holds(Law::SweepIsUnseen, unseen, || format!("{:?}", replica.view()))
    };
    HistoryWorld::run(history, sweep).map(drop)
}
