//! What plain clients ask for: intents, each under the name its client gave it.

use super::caller::{Digest, Kind};
use holdall::cart::{Delta, Gift, List};
use holdall::id::{AttributeKey, CouponCode, ShippingOption, Text};
use holdall::money::Money;
use holdall::quantity::Quantity;
use holdall::replica::{ActionError, Replica};
use holdall::view::{RowRef, Side};
use holdall_store::RequestKey;

/// What a client asks for. It means what the action of the same name on a [`Replica`] means, by an author who saw the
/// cart as it is when the command is carried out, or as [`Request::seen`] says.
#[derive(Clone, PartialEq, Eq, Debug)]
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
        Some(RequestKey { key, body: *self.command.digest().as_bytes() })
    }
}

static REQUEST: Kind = Kind::new("holdall command v2");

impl Command {
    /// What stands for it in a store, so that another request under the same key is told apart.
    fn digest(&self) -> Digest {
        let mut said = Said(Vec::with_capacity(128));
        self.say(&mut said);
        Digest::of(&REQUEST, &[&said.0])
    }

    /// Says all of it. Stores have digests of these bytes: what changes them needs another name for the digest.
    fn say(&self, to: &mut Said) {
        match self {
            Self::Add { row, quantity, price } => {
                to.kind(1).row(row).number(*quantity).price(*price)
            }
            Self::Set { row, quantity, price } => {
                to.kind(2).row(row).number(*quantity).price(*price)
            }
            Self::Remove { row } => to.kind(3).row(row),
            Self::Clear { list } => to.kind(4).list(*list),
            Self::Move { row } => to.kind(5).row(row),
            Self::Note { row, text } => to.kind(6).row(row).maybe(text.as_ref().map(Text::as_str)),
            Self::Gift { row, gift } => {
                to.kind(7).row(row).kind(u8::from(gift.is_some()));
                if let Some(Gift { wrap, message }) = gift {
                    to.kind(u8::from(*wrap)).maybe(message.as_ref().map(Text::as_str));
                }
                to
            }
            Self::Attribute { row, key, value } => {
                to.kind(8).row(row).text(key.as_str()).maybe(value.as_ref().map(Text::as_str))
            }
            Self::CartNote { text } => to.kind(9).maybe(text.as_ref().map(Text::as_str)),
            Self::Shipping { option } => {
                to.kind(10).maybe(option.as_ref().map(ShippingOption::as_str))
            }
            Self::Coupon { code } => to.kind(11).text(code.as_str()),
            Self::DropCoupon { code } => to.kind(12).text(code.as_str()),
            Self::Consent { given } => to.kind(13).kind(u8::from(*given)),
        };
    }
}

/// A command as bytes: each part of a length of its own, or with its length before it, so that no two commands say the same.
struct Said(Vec<u8>);

impl Said {
    fn kind(&mut self, kind: u8) -> &mut Self {
        self.0.push(kind);
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
            None => self.kind(0),
            Some(text) => self.kind(1).text(text),
        }
    }

    fn list(&mut self, list: List) -> &mut Self {
        self.kind(match list {
            List::Active => 0,
            List::Saved => 1,
        })
    }

    fn row(&mut self, RowRef { line, list, side }: &RowRef) -> &mut Self {
        self.text(line.as_bytes()).list(*list);
        match side {
            None => self.kind(0),
            Some(Side::Account) => self.kind(1),
            Some(Side::Guest(guest)) => {
                self.kind(2).0.extend(guest.as_u128().to_be_bytes());
                self
            }
        }
    }

    fn price(&mut self, price: Option<Money>) -> &mut Self {
        let Some(price) = price else { return self.kind(0) };
        let (digits, scale) = price.parts();
        self.kind(1).0.extend(digits.to_le_bytes());
        self.kind(scale).0.extend(price.currency().as_bytes());
        self
    }
}

/// The time, in milliseconds since 1970, that a key names if it is a UUID of version 7.
pub(super) const fn minted_ms(key: u128) -> Option<u64> {
    let version = (key >> 76) & 0xf;
    if version == 7 { Some((key >> 80) as u64) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall::id::{CartId, LineKey};

    /// Commands that differ in one thing each.
    fn commands() -> Vec<Command> {
        let line = |sku: &str| LineKey::sku(sku).expect("a SKU");
        let row = RowRef::active(line("A"));
        let [text, other] = ["a", "ab"].map(|text| Text::new(text).expect("a text"));
        let price = |amount: &str, currency: &str| Money::parse(amount, currency).ok();
        let add =
            |row: &RowRef, quantity, price| Command::Add { row: row.clone(), quantity, price };
        let set = |quantity| Command::Set { row: row.clone(), quantity, price: None };
        let note = |text: Option<&Text>| Command::Note { row: row.clone(), text: text.cloned() };
        let gift = |gift| Command::Gift { row: row.clone(), gift };
        let attribute = |key: &str, value: Option<&Text>| Command::Attribute {
            row: row.clone(),
            key: AttributeKey::new(key).expect("a key"),
            value: value.cloned(),
        };
        let code = |code: &str| CouponCode::new(code).expect("a code");
        let option = |option: &str| ShippingOption::new(option).expect("an option");
        vec![
            add(&row, 1, None),
            add(&row, 2, None),
            add(&row, 1 << 8, None),
            add(&row, 1, price("1", "EUR")),
            add(&row, 1, price("2", "EUR")),
            add(&row, 1, price("1.0", "EUR")),
            add(&row, 1, price("1", "SEK")),
            add(&RowRef::active(line("B")), 1, None),
            add(&RowRef::active(line("AA")), 1, None),
            add(&RowRef::saved(line("A")), 1, None),
            add(&row.clone().on(Side::Account), 1, None),
            add(&row.clone().on(Side::Guest(CartId::from_u128(1))), 1, None),
            add(&row.clone().on(Side::Guest(CartId::from_u128(2))), 1, None),
            set(1),
            set(0),
            Command::Remove { row: row.clone() },
            Command::Clear { list: List::Active },
            Command::Clear { list: List::Saved },
            Command::Move { row: row.clone() },
            note(None),
            note(Some(&text)),
            note(Some(&other)),
            gift(None),
            gift(Some(Gift { wrap: false, message: None })),
            gift(Some(Gift { wrap: true, message: None })),
            gift(Some(Gift { wrap: true, message: Some(text.clone()) })),
            attribute("a", None),
            attribute("a", Some(&text)),
            attribute("a", Some(&other)),
            attribute("b", Some(&text)),
            Command::CartNote { text: None },
            Command::CartNote { text: Some(text.clone()) },
            Command::Shipping { option: None },
            Command::Shipping { option: Some(option("a")) },
            Command::Shipping { option: Some(option("b")) },
            Command::Coupon { code: code("A") },
            Command::Coupon { code: code("B") },
            Command::DropCoupon { code: code("A") },
            Command::Consent { given: false },
            Command::Consent { given: true },
        ]
    }

    #[test]
    fn no_two_commands_have_one_digest() {
        let commands = commands();
        let digests: std::collections::BTreeSet<[u8; 32]> =
            commands.iter().map(|command| *command.digest().as_bytes()).collect();
        assert_eq!(digests.len(), commands.len());
    }

    /// Stores have them: a request that was carried out by an older version has to be known again.
    #[test]
    fn digests_stay_what_they_are() {
        let all: Vec<u8> = commands().iter().flat_map(|one| *one.digest().as_bytes()).collect();
        let all = blake3::hash(&all).to_hex();
        assert_eq!(&all[..16], PINNED, "another name for the digest, and a word in the changelog");
    }

    const PINNED: &str = "430746312015fe19";
}
