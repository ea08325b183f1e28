//! What plain clients ask for: intents, each under the name its client gave it.

use serde::Serialize;

use super::caller::{Digest, Kind};
use crate::cart::{Delta, Gift, List};
use crate::id::{AttributeKey, CouponCode, ShippingOption, Text};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::replica::{ActionError, Replica};
use crate::store::RequestKey;
use crate::view::RowRef;

/// What a client asks for. It means what the action of the same name on a [`Replica`] means, by an author who saw the
/// cart as it is when the command is carried out, or as [`Request::seen`] says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Command {
    /// n more on a row of the active list.
    Add {
        /// The row.
        row: RowRef,
        /// How many more.
        quantity: u32,
        /// The price the shopper saw.
        price: Option<Money>,
    },
    /// Make a row n; 0 removes it.
    Set {
        /// The row.
        row: RowRef,
        /// How many.
        quantity: u32,
        /// The price the shopper saw.
        price: Option<Money>,
    },
    /// Take a row out.
    Remove {
        /// The row.
        row: RowRef,
    },
    /// Take everything out of a list.
    Clear {
        /// The list.
        list: List,
    },
    /// Put a row in the other list.
    Move {
        /// The row.
        row: RowRef,
    },
    /// Write a row's note, or clear it.
    Note {
        /// The row.
        row: RowRef,
        /// The note.
        text: Option<Text>,
    },
    /// Write a row's gift option, or clear it.
    Gift {
        /// The row.
        row: RowRef,
        /// The option.
        gift: Option<Gift>,
    },
    /// Write another attribute of a row, or clear it.
    Attribute {
        /// The row.
        row: RowRef,
        /// Which.
        key: AttributeKey,
        /// Its value.
        value: Option<Text>,
    },
    /// Write the cart's note, or clear it.
    CartNote {
        /// The note.
        text: Option<Text>,
    },
    /// Choose a shipping option, or none.
    Shipping {
        /// The option.
        option: Option<ShippingOption>,
    },
    /// Use a coupon, once somebody has validated it.
    Coupon {
        /// Its code.
        code: CouponCode,
    },
    /// Drop a coupon.
    DropCoupon {
        /// Its code.
        code: CouponCode,
    },
    /// Whether the shop may remind the shopper.
    Consent {
        /// Whether.
        given: bool,
    },
}

impl Command {
    /// Its name, as journals and metrics show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Set { .. } => "set",
            Self::Remove { .. } => "remove",
            Self::Clear { .. } => "clear",
            Self::Move { .. } => "move",
            Self::Note { .. } => "note",
            Self::Gift { .. } => "gift",
            Self::Attribute { .. } => "attribute",
            Self::CartNote { .. } => "cart-note",
            Self::Shipping { .. } => "shipping",
            Self::Coupon { .. } => "coupon",
            Self::DropCoupon { .. } => "drop-coupon",
            Self::Consent { .. } => "consent",
        }
    }

    /// Carries it out.
    pub(super) fn act(&self, replica: &mut Replica, now_ms: u64) -> Result<Delta, ActionError> {
        match self.clone() {
            Self::Add { row, quantity, price } => {
                replica.add_to(now_ms, &row, Quantity::new(quantity)?, price)
            }
            Self::Set { row, quantity, price } => replica.set(now_ms, &row, quantity, price),
            Self::Remove { row } => replica.remove(now_ms, &row),
            Self::Clear { list } => replica.clear(now_ms, list),
            Self::Move { row } => replica.relocate(now_ms, &row),
            Self::Note { row, text } => replica.note(now_ms, &row, text),
            Self::Gift { row, gift } => replica.gift(now_ms, &row, gift),
            Self::Attribute { row, key, value } => replica.attribute(now_ms, &row, key, value),
            Self::CartNote { text } => replica.cart_note(now_ms, text),
            Self::Shipping { option } => replica.shipping(now_ms, option),
            Self::Coupon { code } => replica.coupon(now_ms, code),
            Self::DropCoupon { code } => replica.drop_coupon(now_ms, &code),
            Self::Consent { given } => replica.consent(now_ms, given),
        }
    }
}

/// A command under the name its client gave it, and perhaps on a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// What is asked for.
    pub command: Command,
    /// The client's name for this request: a UUID it drew. The same request under the same name is carried out once, however often
    /// it comes. Without one, a request that comes twice is two requests.
    pub key: Option<u128>,
    /// Only if the cart is still at this revision. Adds do not need it.
    pub only_at: Option<u64>,
    /// The revision that the client had shown when its shopper acted. Then the command affects exactly what was there, and what the same
    /// device did since. `None`: the cart as it is when the command is carried out.
    pub seen: Option<u64>,
}

impl Request {
    /// A request under a name, without condition.
    #[must_use]
    pub const fn new(key: u128, command: Command) -> Self {
        Self { command, key: Some(key), only_at: None, seen: None }
    }

    /// The same, only if the cart is still at a revision.
    #[must_use]
    pub const fn only_at(mut self, revision: u64) -> Self {
        self.only_at = Some(revision);
        self
    }

    /// The same by an author who had seen a revision.
    #[must_use]
    pub const fn seen(mut self, revision: u64) -> Self {
        self.seen = Some(revision);
        self
    }

    pub(super) fn key(&self) -> Option<RequestKey> {
        let key = self.key?;
        Some(RequestKey { key, body: *body_of("command", &self.command).as_bytes() })
    }
}

static REQUEST: Kind = Kind::new("holdall request v1");

/// The digest of what is asked for. Every value of these has a JSON form.
pub(super) fn body_of(kind: &str, body: &impl Serialize) -> Digest {
    let json = serde_json::to_vec(body).unwrap_or_default();
    Digest::of(&REQUEST, &[kind.as_bytes(), &json])
}

/// The time, in milliseconds since 1970, that a key names if it is a UUID of version 7.
pub(super) const fn minted_ms(key: u128) -> Option<u64> {
    let version = (key >> 76) & 0xf;
    if version == 7 { Some((key >> 80) as u64) } else { None }
}
