//! What shoppers do, chosen by what they see.

use holdall::{
    ActionError, AttributeKey, CartId, CouponCode, Delta, Gift, LineKey, List, OrderId, Quantity,
    Replica, Row, RowRef, RuleName, Text, View,
};

use crate::dice::Dice;

/// One action of a shopper, or of a server.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Add { row: RowRef, units: u32 },
    Set { row: RowRef, units: u32 },
    Remove(RowRef),
    Clear(List),
    Relocate(RowRef),
    Note { row: RowRef, text: Option<String> },
    Wrap { row: RowRef, wrap: bool },
    Engrave { row: RowRef, text: String },
    Coupon(&'static str),
    DropCoupon(&'static str),
    Consent(bool),
    Order(String),
    Unmerge(CartId),
    Expire,
    Erase,
}

const LINES: [&str; 4] = ["TEE", "MUG", "CAP", "PEN"];
const CODES: [&str; 2] = ["SPRING", "TEN"];
/// A thousandth of all actions each.
const RARE: u64 = 1;

/// A shopper looks at the cart and does something. `guests` are merged here.
pub(super) fn choose(dice: &mut Dice, view: &View, guests: &[CartId], number: u64) -> Deed {
    let line = LineKey::sku(LINES[dice.below(LINES.len())]).expect("a SKU");
    let units = dice.long_tail(1, 300).min(50) as u32;
    let rows: Vec<&Row> = view.rows().collect();
    let row = (!rows.is_empty()).then(|| rows[dice.below(rows.len())].reference());
    let luck = dice.between(0, 999);
    match (luck, row) {
        (0..350, _) => Deed::Add { row: RowRef::active(line), units },
        (350..400, Some(row)) if row.list == List::Active => Deed::Add { row, units },
        (400..560, Some(row)) => Deed::Set { row, units },
        (560..620, _) => Deed::Set { row: RowRef::active(line), units },
        (620..640, _) => Deed::Set { row: RowRef::saved(line), units },
        (640..740, Some(row)) => Deed::Remove(row),
        (740..840, Some(row)) => Deed::Relocate(row),
        (840..870, Some(row)) => {
            let text = dice.happens(800).then(|| format!("note {}", dice.between(1, 3)));
            Deed::Note { row, text }
        }
        (870..880, Some(row)) => Deed::Wrap { row, wrap: dice.happens(500) },
        (880..890, Some(row)) => Deed::Engrave { row, text: format!("for {}", dice.between(1, 3)) },
        (890..905, _) => Deed::Coupon(CODES[dice.below(CODES.len())]),
        (905..920, _) => Deed::DropCoupon(CODES[dice.below(CODES.len())]),
        (920..935, _) => Deed::Consent(dice.happens(600)),
        (935..950, _) => Deed::Clear(if dice.happens(700) { List::Active } else { List::Saved }),
        (950..985, _) if !view.lines.is_empty() => Deed::Order(format!("O-{number}")),
        (985..990, _) if !guests.is_empty() => Deed::Unmerge(guests[dice.below(guests.len())]),
        (990..993, _) => Deed::Expire,
        (993..1_000, _) if luck < 993 + RARE && dice.happens(100) => Deed::Erase,
        _ => Deed::Add { row: RowRef::active(line), units },
    }
}

/// Does it.
pub(super) fn perform(replica: &mut Replica, now: u64, deed: &Deed) -> Result<Delta, ActionError> {
    let text = |text: &str| Text::new(text).expect("a text");
    match deed {
        Deed::Add { row, units } => replica.add_to(now, row, Quantity::new(*units)?, None),
        Deed::Set { row, units } => replica.set(now, row, *units, None),
        Deed::Remove(row) => replica.remove(now, row),
        Deed::Clear(list) => replica.clear(now, *list),
        Deed::Relocate(row) => replica.relocate(now, row),
        Deed::Note { row, text: note } => replica.note(now, row, note.as_deref().map(text)),
        Deed::Wrap { row, wrap } => {
            replica.gift(now, row, Some(Gift { wrap: *wrap, message: None }))
        }
        Deed::Engrave { row, text: engraving } => {
            let key = AttributeKey::new("engraving").expect("a key");
            replica.attribute(now, row, key, Some(text(engraving)))
        }
        Deed::Coupon(code) => replica.coupon(now, CouponCode::new(*code).expect("a code")),
        Deed::DropCoupon(code) => {
            replica.drop_coupon(now, &CouponCode::new(*code).expect("a code"))
        }
        Deed::Consent(given) => replica.consent(now, *given),
        Deed::Order(id) => replica.order_all(now, OrderId::new(id.clone()).expect("an id")),
        Deed::Unmerge(guest) => replica.unmerge(now, *guest),
        Deed::Expire => replica.expire(now, RuleName::new("idle").expect("a name")),
        Deed::Erase => Ok(replica.erase()),
    }
}
