//! The exact effect of an action: what was asked, and nothing elsewhere.

use std::collections::BTreeMap;

use holdall::action::Action;
use holdall::cart::List;
use holdall::id::LineKey;
use holdall::view::{Row, RowRef, Side, View};

/// Change of a cart whose outcome its author can foretell.
#[derive(Clone, Copy, Debug)]
pub enum ExactEffect<'a> {
    /// One of the shopper's actions.
    Shop(&'a Action),
    /// An order of the active list.
    Order,
    /// The removal of all rows.
    Expire,
}

/// Units by line and list, before any ceiling. Rows without units are left out.
pub type UnitTotals = BTreeMap<(LineKey, List), u64>;

impl ExactEffect<'_> {
    /// Returns the units that a cart has after the change, if `before` is what its author saw.
    #[must_use]
    pub fn totals_after(&self, before: &View) -> UnitTotals {
        let mut want = totals(before);
        match self {
            Self::Order => want.retain(|(_, list), _| *list != List::Active),
            Self::Expire => want.clear(),
            Self::Shop(action) => change(&mut want, action, before),
        }
        want.retain(|_, units| *units > 0);
        want
    }

    /// Checks that a change did what was asked, and nothing else. `before` and `after` are what its
    /// author saw.
    ///
    /// ```
    /// use holdall::{Action, CartId, LineKey, Quantity, Replica, ReplicaId, RowRef};
    /// use holdall_testkit::effect::ExactEffect;
    ///
    /// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
    /// let row = RowRef::active(LineKey::sku("MUG")?);
    /// let add = Action::Add { row, quantity: Quantity::new(2)?, price: None };
    /// let before = phone.view();
    /// phone.act(1, &add)?;
    /// assert_eq!(ExactEffect::Shop(&add).check(&before, &phone.view()), Ok(()));
    /// assert!(ExactEffect::Shop(&add).check(&before, &before).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Says what differs.
    pub fn check(&self, before: &View, after: &View) -> Result<(), String> {
        let wrong =
            |what: &str| Err(format!("{self:?}: {what}; before {before:#?}, after {after:#?}"));
        // The sums of each line and list.
        if totals(after) != self.totals_after(before) {
            return wrong("it did something else");
        }
        let Self::Shop(action) = self else { return Ok(()) };
        // The rows of other lines, each with its side: a move of units between two sides of a line
        // changes no sum.
        if let Some(row) = action.row()
            && others(after, &row.line) != others(before, &row.line)
        {
            return wrong("it changed another line");
        }
        // Notes, gift options and whatever else has no units.
        if is_written(action, after) { Ok(()) } else { wrong("it is not there") }
    }
}

/// Returns the units of a row before any ceiling; of all sides, if the reference names none.
fn asked(view: &View, row: &RowRef) -> u64 {
    let is_meant = |other: &&Row| {
        other.line == row.line
            && other.list == row.list
            && (row.side.is_none() || other.side == row.side)
    };
    view.rows().filter(is_meant).map(|row| row.asked).sum()
}

/// Sums units by line and list, before any ceiling.
fn totals(view: &View) -> UnitTotals {
    let mut totals = UnitTotals::new();
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

/// Does to the units what an action asks for. An action that is not here asks for no change of
/// them.
fn change(want: &mut UnitTotals, action: &Action, before: &View) {
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

    /// Makes a cart that has the line of the sample actions in both lists, and another line. If
    /// `written`, the cart has a note, a gift option and all other fields, so that clearing them is
    /// seen.
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

    /// Returns a view without the prices that were seen: no promise is about them.
    fn without_prices(view: &View) -> View {
        let mut view = view.clone();
        for row in view.lines.iter_mut().chain(&mut view.saved) {
            row.seen_price = None;
        }
        view
    }

    /// Every verb keeps its promise. A broken promise is found, both where the cart stays as it was
    /// and where another line changes too.
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
            assert_eq!(ExactEffect::Shop(&action).check(&before, &after), Ok(()));
            if without_prices(&before) != without_prices(&after) {
                assert!(ExactEffect::Shop(&action).check(&before, &before).is_err(), "{action:?}");
                found.insert(action.name());
            }
            let other = RowRef::active(LineKey::sku("C").expect("a SKU"));
            replica
                .act(now + 1, &Action::Set { row: other, quantity: 99, price: None })
                .expect("a set");
            assert!(
                ExactEffect::Shop(&action).check(&before, &replica.view()).is_err(),
                "{action:?}"
            );
        }
        assert_eq!(found, Action::NAMES.into());
    }
}
