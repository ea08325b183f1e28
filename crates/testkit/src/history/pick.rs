//! The shopper's actions of histories: small numbers, which pick among what the author sees when it
//! acts.

use proptest::prelude::*;
use proptest::strategy::Union;

use super::values::{ENGRAVING, code, gift, line, price, quantity, shipping, text};
use crate::shrink::smaller;
use holdall::action::Action;
use holdall::cart::List;
use holdall::id::AttributeKey;
use holdall::view::{Row, RowRef, View};

/// A shopper's action that is still to be chosen. What a number means hangs on the verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The verb, by its name in [`Action::NAMES`].
    pub verb: &'static str,
    /// The row that it is about, if it is about one.
    pub at: PickedRow,
    /// How many units, at least 1. For `clear` and `consent` an odd number is the active list, or
    /// yes.
    pub units: u32,
    /// Which of a few texts, gift options, shipping options or codes. `None` clears, where that is
    /// possible.
    pub value: Option<u8>,
}

/// A row that is still to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickedRow {
    /// A line, whether it shows anything or not.
    Line {
        /// Which of the lines of histories.
        line: u8,
        /// Whether the row is in the saved list.
        saved: bool,
    },
    /// A row that the author sees, by a number that wraps around.
    Shown(u8),
}

/// Each verb with how often it is chosen, and whether it is about a line by name. A verb may be
/// there twice.
const WEIGHTS: [(u32, &str, bool); 15] = [
    (16, "add", true),
    (5, "add", false),
    (2, "set", true),
    (7, "set", false),
    (3, "remove", false),
    (1, "clear", false),
    (5, "move", false),
    (2, "note", false),
    (1, "gift", false),
    (1, "attribute", false),
    (1, "cart-note", false),
    (1, "shipping", false),
    (1, "coupon", false),
    (1, "drop-coupon", false),
    (1, "consent", false),
];

/// Returns the sum of the [`WEIGHTS`], to weigh picks against the other actions of a history.
pub(crate) fn picks_weight() -> u32 {
    WEIGHTS.iter().map(|(weight, ..)| weight).sum()
}

/// Makes picks of every verb.
pub(crate) fn picks() -> impl Strategy<Value = Pick> {
    let verbs = WEIGHTS.map(|(weight, verb, by_name)| (weight, Just((verb, by_name))));
    let numbers = (0..3_u8, any::<bool>(), any::<u8>(), 1_u32..6, prop::option::of(0..3_u8));
    (Union::new_weighted(verbs.into()), numbers).prop_map(
        |((verb, by_name), (line, saved, row, units, value))| {
            // More of something is put in the active list only.
            let saved = saved && verb != "add";
            let at = if by_name { PickedRow::Line { line, saved } } else { PickedRow::Shown(row) };
            Pick { verb, at, units, value }
        },
    )
}

impl PickedRow {
    /// Finds the row, by the picture that its author has; `active_only` leaves the saved list out.
    fn row(self, view: &View, active_only: bool) -> Option<RowRef> {
        match self {
            Self::Line { line: at, saved: false } => Some(RowRef::active(line(at))),
            Self::Line { line: at, saved: true } => Some(RowRef::saved(line(at))),
            Self::Shown(at) => {
                let rows: Vec<&Row> =
                    view.rows().filter(|row| !active_only || row.list == List::Active).collect();
                let at = usize::from(at).checked_rem(rows.len())?;
                Some(rows[at].reference())
            }
        }
    }
}

impl Pick {
    /// Picks more of a line.
    #[must_use]
    pub const fn add(line: u8, units: u32) -> Self {
        Self { verb: "add", at: PickedRow::Line { line, saved: false }, units, value: None }
    }

    /// Picks a note on a row that the author sees.
    #[must_use]
    pub const fn note(row: u8, text: Option<u8>) -> Self {
        Self { verb: "note", at: PickedRow::Shown(row), units: 1, value: text }
    }

    /// Returns the name under which histories count the action.
    pub(super) fn name(self) -> String {
        match self.at {
            PickedRow::Shown(_) if matches!(self.verb, "add" | "set") => {
                format!("{} on a row", self.verb)
            }
            _ => self.verb.into(),
        }
    }

    /// Makes the action, by the picture that its author has and its clock. `None` if no such row is
    /// seen.
    ///
    /// # Panics
    /// If the verb is none of [`Action::NAMES`].
    #[must_use]
    pub fn action(self, view: &View, now: u64) -> Option<Action> {
        let Self { verb, at, units, value } = self;
        let row = || at.row(view, verb == "add");
        let odd = units % 2 == 1;
        Some(match verb {
            "add" => {
                let quantity = quantity(units);
                Action::Add { row: row()?, quantity, price: price(now, units) }
            }
            "set" => Action::Set { row: row()?, quantity: units, price: price(now, units) },
            "remove" => Action::Remove { row: row()? },
            "clear" => Action::Clear { list: if odd { List::Active } else { List::Saved } },
            "move" => Action::Move { row: row()? },
            "note" => Action::Note { row: row()?, text: value.map(text) },
            "gift" => Action::Gift { row: row()?, gift: value.map(gift) },
            "attribute" => {
                let key = AttributeKey::new(ENGRAVING).expect("a key");
                Action::Attribute { row: row()?, key, value: value.map(text) }
            }
            "cart-note" => Action::CartNote { text: value.map(text) },
            "shipping" => Action::Shipping { option: value.map(shipping) },
            "coupon" => Action::Coupon { code: code(value.unwrap_or_default()) },
            "drop-coupon" => Action::DropCoupon { code: code(value.unwrap_or_default()) },
            "consent" => Action::Consent { given: odd },
            other => panic!("histories do not know the verb {other}"),
        })
    }

    pub(super) fn shrink(self) -> Vec<Self> {
        smaller(self.units, 1).into_iter().map(|units| Self { units, ..self }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use holdall::id::{CartId, ReplicaId};
    use holdall::replica::Replica;

    /// Every verb is chosen, and is the action of its name.
    #[test]
    fn every_verb_is_picked() {
        let mut replica = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
        replica.add(1, &line(0), quantity(2), None).expect("an add");
        let view = replica.view();
        let mut names = BTreeSet::new();
        for (_, verb, by_name) in WEIGHTS {
            let at = if by_name {
                PickedRow::Line { line: 1, saved: false }
            } else {
                PickedRow::Shown(7)
            };
            let action = Pick { verb, at, units: 1, value: Some(2) }.action(&view, 1);
            assert_eq!(action.as_ref().map(Action::name), Some(verb));
            names.insert(verb);
        }
        assert_eq!(names, Action::NAMES.into());
    }
}
