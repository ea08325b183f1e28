//! What shoppers do, chosen by what they see.

use holdall::cart::Gift;
use holdall::id::{AttributeKey, CouponCode, Text};
use holdall::{
    Action, ActionError, CartId, Delta, LineKey, List, OrderId, Quantity, Replica, Row, RowRef,
    RuleName, View,
};

use crate::dice::Dice;
use crate::effect::ExactEffect;

/// One action of a shopper, or of a server.
#[derive(Clone, Debug)]
pub(super) enum SoakAction {
    /// One of the shopper's verbs.
    Shop(Action),
    /// Buys what the active list shows, under this id.
    Order(String),
    /// Takes a merge back.
    Unmerge(CartId),
    /// A server lets everything expire.
    Expire,
    /// A server erases the cart.
    Erase,
}

const LINES: [&str; 4] = ["TEE", "MUG", "CAP", "PEN"];
const CODES: [&str; 2] = ["SPRING", "TEN"];
/// A thousandth of all actions each.
const RARE: u64 = 1;

/// Draws what a shopper does who sees a view. `guests` are merged here.
pub(super) fn choose(dice: &mut Dice, view: &View, guests: &[CartId], number: u64) -> SoakAction {
    let line = LineKey::sku(LINES[dice.below(LINES.len())]).expect("a SKU");
    let units = dice.long_tail(1, 300).min(50) as u32;
    let rows: Vec<&Row> = view.rows().collect();
    let row = (!rows.is_empty()).then(|| rows[dice.below(rows.len())].reference());
    let text = |text: String| Text::new(text).expect("a text");
    let luck = dice.between(0, 999);
    let add = |row| {
        let quantity = Quantity::new(units).expect("a quantity");
        Action::Add { row, quantity, price: None }
    };
    let set = |row| Action::Set { row, quantity: units, price: None };
    SoakAction::Shop(match (luck, row) {
        (0..350, _) => add(RowRef::active(line)),
        (350..400, Some(row)) if row.list == List::Active => add(row),
        (400..560, Some(row)) => set(row),
        (560..620, _) => set(RowRef::active(line)),
        (620..640, _) => set(RowRef::saved(line)),
        (640..740, Some(row)) => Action::Remove { row },
        (740..840, Some(row)) => Action::Move { row },
        (840..870, Some(row)) => {
            let note = dice.happens(800).then(|| text(format!("note {}", dice.between(1, 3))));
            Action::Note { row, text: note }
        }
        (870..880, Some(row)) => {
            Action::Gift { row, gift: Some(Gift { wrap: dice.happens(500), message: None }) }
        }
        (880..890, Some(row)) => {
            let key = AttributeKey::new("engraving").expect("a key");
            let value = Some(text(format!("for {}", dice.between(1, 3))));
            Action::Attribute { row, key, value }
        }
        (890..905, _) => Action::Coupon { code: code(dice) },
        (905..920, _) => Action::DropCoupon { code: code(dice) },
        (920..935, _) => Action::Consent { given: dice.happens(600) },
        (935..950, _) => {
            Action::Clear { list: if dice.happens(700) { List::Active } else { List::Saved } }
        }
        (950..985, _) if !view.lines.is_empty() => return SoakAction::Order(format!("O-{number}")),
        (985..990, _) if !guests.is_empty() => {
            return SoakAction::Unmerge(guests[dice.below(guests.len())]);
        }
        (990..993, _) => return SoakAction::Expire,
        (993..1_000, _) if luck < 993 + RARE && dice.happens(100) => return SoakAction::Erase,
        _ => add(RowRef::active(line)),
    })
}

fn code(dice: &mut Dice) -> CouponCode {
    CouponCode::new(CODES[dice.below(CODES.len())]).expect("a code")
}

/// Does it.
pub(super) fn perform(
    replica: &mut Replica,
    now: u64,
    action: &SoakAction,
) -> Result<Delta, ActionError> {
    match action {
        SoakAction::Shop(action) => replica.act(now, action),
        SoakAction::Order(id) => replica.order_all(now, OrderId::new(id.clone()).expect("an id")),
        SoakAction::Unmerge(guest) => replica.unmerge(now, *guest),
        SoakAction::Expire => replica.expire(now, RuleName::new("idle").expect("a name")),
        SoakAction::Erase => Ok(replica.erase()),
    }
}

/// Returns the effect of an action. `None` for an unmerge: it gives back the account's own view,
/// which nobody else knows.
pub(super) const fn exact_effect(action: &SoakAction) -> Option<ExactEffect<'_>> {
    match action {
        SoakAction::Shop(action) => Some(ExactEffect::Shop(action)),
        SoakAction::Order(_) => Some(ExactEffect::Order),
        SoakAction::Expire | SoakAction::Erase => Some(ExactEffect::Expire),
        SoakAction::Unmerge(_) => None,
    }
}
