//! What a story's act is at a replica: which row it means, which verb it calls, and why it failed.

use super::story::{Act, RowName, SideName};
use holdall::cart::{Delta, Gift, List};
use holdall::id::{
    AttributeKey, CouponCode, LineError, OrderId, RuleName, ShippingOption, Text, TextError,
};
use holdall::quantity::{Quantity, QuantityError};
use holdall::replica::{ActionError, Replica};
use holdall::view::{RowRef, Side};

/// Why an act failed: its stable kind, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) says: String,
}

impl Failure {
    pub(super) fn new(kind: &'static str, says: impl ToString) -> Self {
        Self { kind, says: says.to_string() }
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<QuantityError> for Failure {
    fn from(error: QuantityError) -> Self {
        Self::new("quantity", error)
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        let kind = if matches!(error, TextError::TooLong { .. }) { "limit" } else { "invalid" };
        Self::new(kind, error)
    }
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Text(error) => error.into(),
            LineError::TooManyOptions { .. } => Self::new("limit", error),
            _ => Self::new("invalid", error),
        }
    }
}

/// The row that a story means: in the active list, or where it only is in the saved one, there.
pub(crate) fn row_ref(
    replica: &Replica,
    name: &RowName,
    prefer: Option<List>,
) -> Result<RowRef, Failure> {
    let line = name.key()?;
    let view = replica.view();
    let shown = |list: List| {
        let rows = if list == List::Active { &view.lines } else { &view.saved };
        rows.iter().any(|row| row.line == line)
    };
    let list = prefer.unwrap_or({
        if !shown(List::Active) && shown(List::Saved) { List::Saved } else { List::Active }
    });
    let side = match name.side {
        None => None,
        Some(SideName::Account) => Some(Side::Account),
        Some(SideName::Guest) => {
            let guest = view.rows().filter(|row| row.line == line).find_map(|row| match row.side {
                Some(side @ Side::Guest(_)) => Some(side),
                _ => None,
            });
            Some(guest.ok_or(ActionError::UnknownRow { line: line.clone() })?)
        }
    };
    Ok(RowRef { line, list, side })
}

/// Calls the verb of an act.
pub(super) fn act_on(replica: &mut Replica, now: u64, act: &Act) -> Result<Delta, Failure> {
    let active = Some(List::Active);
    let text = |text: &str| -> Result<Option<Text>, Failure> {
        if text.is_empty() { Ok(None) } else { Ok(Some(Text::new(text)?)) }
    };
    Ok(match act {
        Act::Add { row, quantity, price } => {
            let row = row_ref(replica, row, active)?;
            replica.add_to(now, &row, Quantity::new(*quantity)?, *price)?
        }
        Act::Set { row, quantity: 0, .. } => {
            let row = row_ref(replica, row, None)?;
            replica.remove(now, &row)?
        }
        Act::Set { row, quantity, price } => {
            let row = row_ref(replica, row, active)?;
            replica.set(now, &row, Quantity::new(*quantity)?.get(), *price)?
        }
        Act::Remove(row) => {
            let row = row_ref(replica, row, None)?;
            replica.remove(now, &row)?
        }
        Act::Clear => replica.clear(now, List::Active)?,
        Act::SaveForLater(row) => {
            let row = row_ref(replica, row, active)?;
            replica.relocate(now, &row)?
        }
        Act::MoveToCart(row) => {
            let row = row_ref(replica, row, Some(List::Saved))?;
            replica.relocate(now, &row)?
        }
        Act::Note { row, text: note } => {
            let row = row_ref(replica, row, None)?;
            replica.note(now, &row, text(note)?)?
        }
        Act::CartNote(note) => replica.cart_note(now, text(note)?)?,
        Act::Gift { row, wrap, message } => {
            let row = row_ref(replica, row, None)?;
            let message = message.as_deref().map(text).transpose()?.flatten();
            let gift = Gift { wrap: *wrap, message };
            let none = !gift.wrap && gift.message.is_none();
            replica.gift(now, &row, (!none).then_some(gift))?
        }
        Act::Attribute { row, key, value } => {
            let row = row_ref(replica, row, None)?;
            replica.attribute(now, &row, AttributeKey::new(key)?, text(value)?)?
        }
        Act::Coupon(code) => replica.coupon(now, CouponCode::new(code)?)?,
        Act::DropCoupon(code) => replica.drop_coupon(now, &CouponCode::new(code)?)?,
        Act::Shipping(option) => {
            let option = match option.as_str() {
                "" => None,
                option => Some(ShippingOption::new(option)?),
            };
            replica.shipping(now, option)?
        }
        Act::Order { id } => replica.order_all(now, OrderId::new(id)?)?,
        Act::Expire => replica.expire(now, RuleName::new("story")?)?,
        Act::Erase => replica.erase(),
        // The world does these itself: they need the authority.
        Act::Merge { .. } | Act::Unmerge { .. } => unreachable!("merges are the world's"),
    })
}
