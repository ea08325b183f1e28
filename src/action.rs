//! The shopper's verbs, as data: one list, which every other part of the project uses.
//!
//! An [`Action`] is what a shopper asks for. [`Replica::act`] carries it out. Services take it in
//! as JSON, devices keep it until they can send it, authorities decide about it, and test kits
//! choose it by chance.
//!
//! A verb is written in three places of this file: the variant with its documentation, its kind
//! number and name, and its bytes. `docs/recipes/add-a-verb.md` names the other files.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::cart::{Delta, Gift, List};
use crate::id::{AttributeKey, CouponCode, ShippingOption, Text};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::replica::{ActionError, Replica};
use crate::view::{RowRef, Side};

/// One thing that a shopper does to a cart.
///
/// An action affects what its author had seen: the cart of the [`Replica`] that carries it out, as
/// it is at that moment. Its names, texts and numbers are within the [limits](crate::limits): the
/// field types check this, on the way in from serde too. [`Set`](Self::Set) has a bare number,
/// which [`Replica::act`] checks.
///
/// In JSON an action is an object with one key, the verb in kebab case; optional fields may be left
/// out:
///
/// ```json
/// {"add": {"row": {"line": {"sku": "TEE", "options": {"size": "M"}}}, "quantity": 2}}
/// ```
///
/// ```
/// use holdall::{Action, CartId, LineKey, Quantity, Replica, ReplicaId, RowRef};
/// let mut phone = Replica::new(CartId::from_u128(7), ReplicaId::from_u128(1));
/// let row = RowRef::active(LineKey::parse("TEE", [("size", "M")])?);
/// let add = Action::Add { row: row.clone(), quantity: Quantity::new(2)?, price: None };
/// phone.act(1_000, &add)?;
/// phone.act(2_000, &Action::Move { row })?; // saved for later
/// assert_eq!(phone.view().saved[0].quantity, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// Puts units on a row of the active list, in addition to what is there.
    Add {
        /// The row. It need not be in the cart yet, unless it names one side of a split line.
        row: RowRef,
        /// How many units more.
        quantity: Quantity,
        /// The price that the shopper saw, for display.
        #[serde(default)]
        price: Option<Money>,
    },
    /// Makes a row show a number of units; 0 removes the row.
    Set {
        /// The row. It need not be in the cart yet, unless the number is 0 or it names one side of
        /// a split line.
        row: RowRef,
        /// How many units, from 0 to [`limits::QUANTITY_UNITS`](crate::limits::QUANTITY_UNITS).
        #[serde(deserialize_with = "units")]
        quantity: u32,
        /// The price that the shopper saw, for display.
        #[serde(default)]
        price: Option<Money>,
    },
    /// Takes a row out.
    Remove {
        /// The row.
        row: RowRef,
    },
    /// Takes every row of a list out.
    Clear {
        /// The list.
        list: List,
    },
    /// Moves a row to the other list: saves it for later, or takes it back to the cart.
    Move {
        /// The row, in the list that it leaves.
        row: RowRef,
    },
    /// Writes the note of a row, or clears it.
    Note {
        /// The row.
        row: RowRef,
        /// The note; `None` clears it.
        #[serde(default)]
        text: Option<Text>,
    },
    /// Writes the gift option of a row, or clears it.
    Gift {
        /// The row.
        row: RowRef,
        /// The gift option; `None` clears it.
        #[serde(default)]
        gift: Option<Gift>,
    },
    /// Writes another attribute of a row, an engraving for example, or clears it.
    Attribute {
        /// The row.
        row: RowRef,
        /// The attribute's name.
        key: AttributeKey,
        /// Its value; `None` clears it.
        #[serde(default)]
        value: Option<Text>,
    },
    /// Writes the note of the whole cart, or clears it.
    CartNote {
        /// The note; `None` clears it.
        #[serde(default)]
        text: Option<Text>,
    },
    /// Chooses a shipping option, or none.
    Shipping {
        /// The option; `None` takes the choice back.
        #[serde(default)]
        option: Option<ShippingOption>,
    },
    /// Notes the intent to use a coupon. Pricing validates it later.
    Coupon {
        /// The coupon's code.
        code: CouponCode,
    },
    /// Drops a coupon. A code that is not in the cart is dropped already, which is no error.
    DropCoupon {
        /// The coupon's code.
        code: CouponCode,
    },
    /// Says whether the shop may remind the shopper of this cart.
    Consent {
        /// Whether it may.
        given: bool,
    },
}

/// Reads the number of a Set: from 0 to the limit of a quantity.
fn units<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        0 => Ok(0),
        units => Quantity::new(units).map(Quantity::get).map_err(de::Error::custom),
    }
}

impl Action {
    /// The names of all verbs, in the order of their kind numbers, which count from 1.
    pub const NAMES: [&str; 13] = [
        "add",
        "set",
        "remove",
        "clear",
        "move",
        "note",
        "gift",
        "attribute",
        "cart-note",
        "shipping",
        "coupon",
        "drop-coupon",
        "consent",
    ];

    /// Returns the verb's number. It begins the [canonical bytes](Self::canonical_bytes), so a
    /// number never changes its meaning and is never given out again.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Add { .. } => 1,
            Self::Set { .. } => 2,
            Self::Remove { .. } => 3,
            Self::Clear { .. } => 4,
            Self::Move { .. } => 5,
            Self::Note { .. } => 6,
            Self::Gift { .. } => 7,
            Self::Attribute { .. } => 8,
            Self::CartNote { .. } => 9,
            Self::Shipping { .. } => 10,
            Self::Coupon { .. } => 11,
            Self::DropCoupon { .. } => 12,
            Self::Consent { .. } => 13,
        }
    }

    /// Returns the verb's name in kebab case, as JSON, journals and metrics have it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        Self::NAMES[self.kind() as usize - 1]
    }

    /// Returns the row that the action is about; `None` if it is about a list or the whole cart.
    #[must_use]
    pub const fn row(&self) -> Option<&RowRef> {
        match self {
            Self::Add { row, .. }
            | Self::Set { row, .. }
            | Self::Remove { row }
            | Self::Move { row }
            | Self::Note { row, .. }
            | Self::Gift { row, .. }
            | Self::Attribute { row, .. } => Some(row),
            Self::Clear { .. }
            | Self::CartNote { .. }
            | Self::Shipping { .. }
            | Self::Coupon { .. }
            | Self::DropCoupon { .. }
            | Self::Consent { .. } => None,
        }
    }

    /// Writes the action as bytes that no other action has, whatever version of this library writes
    /// them. A store can keep their digest, to tell a request that comes again from another request
    /// under one key.
    ///
    /// Each field has a fixed length, or its length before it. Only equal actions have equal bytes.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = CanonicalBytes(Vec::with_capacity(128));
        let to = bytes.byte(self.kind());
        // Stores have digests of these bytes: they never change.
        match self {
            Self::Add { row, quantity, price } => to.row(row).number(quantity.get()).price(*price),
            Self::Set { row, quantity, price } => to.row(row).number(*quantity).price(*price),
            Self::Remove { row } | Self::Move { row } => to.row(row),
            Self::Clear { list } => {
                to.list(sabotage!("request-digest-omits-list", *list, List::Active))
            }
            Self::Note { row, text } => to.row(row).maybe(text.as_ref().map(Text::as_str)),
            Self::Gift { row, gift } => to.row(row).gift(gift.as_ref()),
            Self::Attribute { row, key, value } => {
                to.row(row).text(key.as_str()).maybe(value.as_ref().map(Text::as_str))
            }
            Self::CartNote { text } => to.maybe(text.as_ref().map(Text::as_str)),
            Self::Shipping { option } => to.maybe(option.as_ref().map(ShippingOption::as_str)),
            Self::Coupon { code } | Self::DropCoupon { code } => to.text(code.as_str()),
            Self::Consent { given } => to.byte(u8::from(*given)),
        };
        bytes.0
    }
}

impl Replica {
    /// Carries an action out: what [`add`](Self::add), [`set`](Self::set) and the other methods do,
    /// by the action's verb. `now_ms` is the wall clock in milliseconds since 1970. The delta is
    /// for the other replicas of the cart.
    ///
    /// # Errors
    /// Fails as the method of the verb does. Nothing has changed then.
    pub fn act(&mut self, now_ms: u64, action: &Action) -> Result<Delta, ActionError> {
        match action {
            Action::Add { row, quantity, price } => self.add_to(now_ms, row, *quantity, *price),
            Action::Set { row, quantity, price } => self.set(now_ms, row, *quantity, *price),
            Action::Remove { row } => self.remove(now_ms, row),
            Action::Clear { list } => self.clear(now_ms, *list),
            Action::Move { row } => self.move_to(now_ms, row, row.list.other()),
            Action::Note { row, text } => self.note(now_ms, row, text.clone()),
            Action::Gift { row, gift } => self.gift(now_ms, row, gift.clone()),
            Action::Attribute { row, key, value } => {
                self.attribute(now_ms, row, key.clone(), value.clone())
            }
            Action::CartNote { text } => self.cart_note(now_ms, text.clone()),
            Action::Shipping { option } => self.shipping(now_ms, option.clone()),
            Action::Coupon { code } => self.coupon(now_ms, code.clone()),
            Action::DropCoupon { code } => self.drop_coupon(now_ms, code),
            Action::Consent { given } => self.consent(now_ms, *given),
        }
    }
}

/// The canonical bytes of an action while they are written.
struct CanonicalBytes(Vec<u8>);

impl CanonicalBytes {
    fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        let text = text.as_ref();
        self.0.extend((text.len() as u64).to_le_bytes());
        self.0.extend(text);
        self
    }

    fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.byte(0),
            Some(text) => self.byte(1).text(text),
        }
    }

    fn list(&mut self, list: List) -> &mut Self {
        self.byte(match list {
            List::Active => 0,
            List::Saved => 1,
        })
    }

    fn row(&mut self, RowRef { line, list, side }: &RowRef) -> &mut Self {
        self.text(line.as_bytes()).list(*list);
        match side {
            None => self.byte(0),
            Some(Side::Account) => self.byte(1),
            Some(Side::Guest(guest)) => {
                self.byte(2).0.extend(guest.as_u128().to_be_bytes());
                self
            }
        }
    }

    fn price(&mut self, price: Option<Money>) -> &mut Self {
        let Some(price) = price else { return self.byte(0) };
        let (digits, scale) = price.parts();
        self.byte(1).0.extend(digits.to_le_bytes());
        self.byte(scale).0.extend(price.currency().as_bytes());
        self
    }

    fn gift(&mut self, gift: Option<&Gift>) -> &mut Self {
        let Some(Gift { wrap, message }) = gift else { return self.byte(0) };
        self.byte(1).byte(u8::from(*wrap)).maybe(message.as_ref().map(Text::as_str))
    }
}
