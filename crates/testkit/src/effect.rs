//! What an action owes its author: exactly what was asked, and nothing elsewhere.

use std::collections::BTreeMap;

use super::edit::asked;
use holdall::action::Action;
use holdall::cart::List;
use holdall::id::LineKey;
use holdall::view::{Row, RowRef, Side, View};

/// What is done to a cart, as far as its author can say what comes of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect<'a> {
    /// One of the shopper's verbs.
    Shop(&'a Action),
    /// The active list is bought.
    Order,
    /// Everything goes.
    Expire,
}

type Totals = BTreeMap<(LineKey, List), u64>;

/// Sums units by line and list, before any ceiling.
fn totals(view: &View) -> Totals {
    let mut totals = Totals::new();
    for row in view.rows() {
        *totals.entry((row.line.clone(), row.list)).or_default() += row.asked;
    }
    totals
}

/// Lists the rows of the other lines, each with its side, before any ceiling.
fn others(view: &View, line: &LineKey) -> BTreeMap<(LineKey, List, Option<Side>), u64> {
    let others = view.rows().filter(|row| row.line != *line);
    others.map(|row| ((row.line.clone(), row.list, row.side), row.asked)).collect()
}

/// Says what is wrong with what was done, if anything is. `before` and `after` are what the author
/// saw.
pub(super) fn check(effect: Effect<'_>, before: &View, after: &View) -> Result<(), String> {
    let wrong =
        |what: &str| Err(format!("{effect:?}: {what}; before {before:#?}, after {after:#?}"));
    let mut want = totals(before);
    match effect {
        Effect::Order => want.retain(|(_, list), _| *list != List::Active),
        Effect::Expire => want.clear(),
        Effect::Shop(action) => change(&mut want, action, before),
    }
    want.retain(|_, units| *units > 0);
    if totals(after) != want {
        return wrong("it did something else");
    }
    let Effect::Shop(action) = effect else { return Ok(()) };
    if let Some(row) = action.row()
        && others(after, &row.line) != others(before, &row.line)
    {
        return wrong("it changed another line");
    }
    if !is_written(action, after) { wrong("it is not there") } else { Ok(()) }
}

/// Does to the units what an action asks for. An action that is not here asks for no change of
/// them.
fn change(want: &mut Totals, action: &Action, before: &View) {
    let mut row = |RowRef { line, list, .. }: &RowRef, change: &dyn Fn(u64) -> u64| {
        let units = want.entry((line.clone(), *list)).or_default();
        *units = change(*units);
    };
    match action {
        Action::Add { row: to, quantity, .. } => row(to, &|is| is + u64::from(quantity.get())),
        Action::Set { row: of, quantity, .. } => {
            row(of, &|is| is - asked(before, of) + u64::from(*quantity));
        }
        Action::Remove { row: of } => row(of, &|is| is - asked(before, of)),
        Action::Move { row: of } => {
            row(of, &|is| is - asked(before, of));
            let to = RowRef { list: of.list.other(), ..of.clone() };
            row(&to, &|is| is + asked(before, of));
        }
        Action::Clear { list } => want.retain(|(_, of), _| of != list),
        _ => {}
    }
}

/// Says whether what an action writes is seen. An action that is not here writes nothing but units.
fn is_written(action: &Action, after: &View) -> bool {
    let on_row = |of: &RowRef, there: &dyn Fn(&Row) -> bool| {
        after.rows().filter(|row| row.line == of.line && row.list == of.list).any(there)
    };
    match action {
        Action::Note { row, text } => on_row(row, &|row| row.note == *text),
        Action::Gift { row, gift } => on_row(row, &|row| row.gift == *gift),
        Action::Attribute { row, key, value } => {
            on_row(row, &|row| row.attributes.get(key) == value.as_ref())
        }
        Action::CartNote { text } => after.note == *text,
        Action::Shipping { option } => after.shipping == *option,
        Action::Coupon { code } => after.coupons.contains(code),
        Action::DropCoupon { code } => !after.coupons.contains(code),
        Action::Consent { given } => after.consent == *given,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sample_actions;
    use holdall::id::{CartId, ReplicaId};
    use holdall::quantity::Quantity;
    use holdall::replica::Replica;

    /// A cart that has the line of the sample actions in both lists, and another line. Where it is
    /// `written` on, it has a note, a gift option and whatever else there is, so that to clear
    /// these is seen.
    fn cart(written: bool) -> Replica {
        let mut replica = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
        for (now, sku) in (1..).zip(["A", "C"]) {
            let row = RowRef::active(LineKey::sku(sku).expect("a SKU"));
            let add =
                Action::Add { row, quantity: Quantity::new(7).expect("a quantity"), price: None };
            replica.act(now, &add).expect("an add");
        }
        let saved = RowRef::saved(LineKey::sku("A").expect("a SKU"));
        replica.act(3, &Action::Set { row: saved, quantity: 5, price: None }).expect("a set");
        for (now, action) in (4..).zip(sample_actions()).filter(|_| written) {
            let takes_out =
                matches!(action.name(), "set" | "remove" | "clear" | "move" | "drop-coupon");
            if !takes_out && action.row().is_none_or(|row| row.side.is_none()) {
                let _ = replica.act(now, &action);
            }
        }
        replica
    }

    /// A view without the prices that were seen: no promise is about these.
    fn without_prices(view: &View) -> View {
        let mut view = view.clone();
        for row in view.lines.iter_mut().chain(&mut view.saved) {
            row.seen_price = None;
        }
        view
    }

    /// Every verb's promise is held, and one that is not kept is found: where the cart stays as it
    /// was, and where another line changes too.
    #[test]
    fn a_broken_promise_is_found() {
        let mut found = BTreeSet::new();
        let both = [false, true].into_iter();
        let tries =
            both.flat_map(|written| sample_actions().into_iter().map(move |a| (written, a)));
        for (now, (written, action)) in (1_000..).zip(tries) {
            let mut replica = cart(written);
            let before = replica.view();
            if replica.act(now, &action).is_err() {
                continue;
            }
            let after = replica.view();
            assert_eq!(check(Effect::Shop(&action), &before, &after), Ok(()));
            if without_prices(&before) != without_prices(&after) {
                assert!(check(Effect::Shop(&action), &before, &before).is_err(), "{action:?}");
                found.insert(action.name());
            }
            let other = RowRef::active(LineKey::sku("C").expect("a SKU"));
            replica
                .act(now + 1, &Action::Set { row: other, quantity: 99, price: None })
                .expect("a set");
            assert!(check(Effect::Shop(&action), &before, &replica.view()).is_err(), "{action:?}");
        }
        assert_eq!(found, Action::NAMES.into());
    }
}
