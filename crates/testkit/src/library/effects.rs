//! What an action does for its author: exactly what was asked, and nothing elsewhere
//! (y-octo 53: each action asserts its own exact effect). And what the view owes a shopper.

use std::collections::BTreeMap;

use super::{holds, twin, world};
use crate::edit::asked;
use crate::history::{ACCOUNT, Acted, Action, History, World, gift, policy, shipping, text};
use crate::law::Law;
use crate::rule::Verdict;
use crate::scenario::unexplained;
use holdall::cart::{Cart, Delta, List};
use holdall::context::Dots;
use holdall::id::LineKey;
use holdall::policy::Registry;
use holdall::replica::Replica;
use holdall::view::{Look, Row, Side, View};
use holdall::wire;

type Totals = BTreeMap<(LineKey, List), u64>;

/// Units by line and list, before any ceiling.
fn totals(view: &View) -> Totals {
    let mut totals = Totals::new();
    for row in view.rows() {
        *totals.entry((row.line.clone(), row.list)).or_default() += row.asked;
    }
    totals
}

/// Each row with its side, before any ceiling.
fn rows(view: &View) -> BTreeMap<(LineKey, List, Option<Side>), u64> {
    view.rows().map(|row| ((row.line.clone(), row.list, row.side), row.asked)).collect()
}

/// Holds an action to what it promises its author.
fn exact(acted: &Acted<'_>) -> Verdict {
    let law = |is: bool, what: &str| {
        let says =
            || format!("{:?} on {:?}: {what}; before {:#?}", acted.action, acted.row, acted.before);
        holds(Law::LocalEffect, is, says)
    };
    let after = acted.node.replica.view();
    let (before, action) = (acted.before, acted.action);
    let mut want = totals(before);
    let here = acted.row.as_ref().map(|row| (row.line.clone(), row.list));
    match (action, &acted.row, here) {
        (Action::Add { units, .. } | Action::AddToRow { units, .. }, _, Some(here)) => {
            *want.entry(here).or_default() += u64::from(units);
        }
        (Action::Set { units, .. } | Action::SetRow { units, .. }, Some(row), Some(here)) => {
            let was = want.entry(here).or_default();
            *was = *was - asked(before, row) + u64::from(units);
        }
        (Action::Remove { .. }, Some(row), Some(here)) => {
            *want.entry(here).or_default() -= asked(before, row);
        }
        (Action::Relocate { .. }, Some(row), Some((line, list))) => {
            *want.entry((line.clone(), list)).or_default() -= asked(before, row);
            *want.entry((line, list.other())).or_default() += asked(before, row);
        }
        (Action::Clear { saved }, ..) => {
            let gone = if saved { List::Saved } else { List::Active };
            want.retain(|(_, list), _| *list != gone);
        }
        (Action::Order, ..) => want.retain(|(_, list), _| *list != List::Active),
        (Action::Expire, ..) => want.clear(),
        (Action::Merge { .. } | Action::Absorb { .. } | Action::Unmerge { .. }, ..) => {
            want = totals(&after);
        }
        _ => {}
    }
    want.retain(|_, units| *units > 0);
    law(totals(&after) == want, "it did something else")?;
    if let Some(row) = &acted.row {
        let others = |view: &View| {
            let mut rows = rows(view);
            rows.retain(|(line, ..), _| *line != row.line);
            rows
        };
        law(others(&after) == others(before), "it changed another line")?;
    }
    let same = |row: &&Row| {
        acted.row.as_ref().is_some_and(|of| row.line == of.line && row.list == of.list)
    };
    let on_row = |there: &dyn Fn(&Row) -> bool| after.rows().filter(same).any(there);
    match action {
        Action::Note { text: at, .. } => {
            law(on_row(&|row| row.note == at.map(text)), "the note is not there")?;
        }
        Action::Gift { gift: at, .. } => {
            law(on_row(&|row| row.gift == at.map(gift)), "the gift option is not there")?;
        }
        Action::Engrave { text: at, .. } => {
            let says = |row: &Row| row.attributes.values().next().cloned() == at.map(text);
            law(on_row(&says), "the engraving is not there")?;
        }
        Action::CartNote { text: at } => {
            law(after.note == at.map(text), "the cart's note is not there")?;
        }
        Action::Shipping { option } => {
            law(after.shipping == option.map(shipping), "the shipping option is not there")?;
        }
        Action::Coupon { code } | Action::DropCoupon { code } => {
            let code = ["SPRING", "TEN"][usize::from(code)];
            let there = after.coupons.iter().any(|c| c.as_str() == code);
            law(there == matches!(action, Action::Coupon { .. }), "the coupon is wrong")?;
        }
        Action::Consent { given } => law(after.consent == given, "the consent is wrong")?,
        Action::Merge { rule, save_loser, ceiling, .. } => {
            merging_again_changes_nothing(acted, rule, save_loser, ceiling)?;
        }
        _ => {}
    }
    explanations(&acted.node.replica)
}

fn merging_again_changes_nothing(
    acted: &Acted<'_>,
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

/// Taking a merge back at once gives the account's own view back, whole: rows, notes, coupons, orders.
fn unmerge_gives_the_own_view_back(acted: &Acted<'_>) -> Verdict {
    let Some((guest, claim)) = acted.guest else { return Ok(()) };
    let Action::Merge { rule, save_loser, ceiling, .. } = acted.action else { return Ok(()) };
    let rules = Registry::default();
    let merged = Look::at(acted.cart, &rules).claim(guest.id()).is_some();
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

/// [`Law::LocalEffect`]: after every action its author sees what was asked, and every other row as it was; a
/// merge again changes nothing, and one that is taken back was never there.
///
/// # Errors
/// An action did something else.
pub fn local_effect(history: &History) -> Verdict {
    World::run(history, |acted| {
        exact(&acted)?;
        unmerge_gives_the_own_view_back(&acted)
    })
    .map(drop)
}

/// [`Law::ExplanationAddsUp`], of one replica: the reasons add up to the number shown, and the rows
/// explained are the rows seen.
///
/// # Errors
/// They do not.
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

/// [`Law::ExplanationAddsUp`] after every delivery, not only where somebody just acted.
///
/// # Errors
/// One does not.
pub fn explanation_adds_up(history: &History) -> Verdict {
    let world = world(history)?;
    let mut cart = Cart::new(ACCOUNT);
    for delta in world.account_log().iter().rev() {
        let _ = cart.join(delta);
        explanations(&twin(&cart))?;
    }
    Ok(())
}

/// [`Law::ViewIsOfState`]: what an author saw is what a reader of the same bytes sees.
///
/// # Errors
/// It is not.
pub fn view_is_of_state(history: &History) -> Verdict {
    let read = |acted: Acted<'_>| {
        let replica = &acted.node.replica;
        let law = |is: bool, what: &str| holds(Law::ViewIsOfState, is, || what.to_owned());
        let Ok(cart) = wire::decode_cart(&wire::encode_cart(replica.cart())) else {
            return law(false, "what was written cannot be read");
        };
        let other = twin(&cart);
        law(other.view() == replica.view(), "a reader of the bytes sees something else")?;
        law(other.explain() == replica.explain(), "a reader of the bytes explains it otherwise")
    };
    World::run(history, read).map(drop)
}

/// [`Law::SweepIsUnseen`]: the Moves that place nothing any more may die.
///
/// # Errors
/// It was seen.
pub fn sweep_is_unseen(history: &History) -> Verdict {
    let sweep = |acted: Acted<'_>| {
        let replica = &acted.node.replica;
        let rules = Registry::default();
        let look = Look::at(replica.cart(), &rules);
        let lines: Vec<LineKey> = replica.view().rows().map(|row| row.line.clone()).collect();
        let inert: Dots = lines.iter().flat_map(|line| look.spent(line)).collect();
        let mut cart = replica.cart().clone();
        let sweep = Delta::new(cart.id(), [], inert, Dots::default());
        let swept = sweep.is_ok_and(|sweep| cart.join(&sweep).is_ok());
        let unseen = swept && twin(&cart).view() == replica.view();
        holds(Law::SweepIsUnseen, unseen, || format!("{:?}", replica.view()))
    };
    World::run(history, sweep).map(drop)
}
