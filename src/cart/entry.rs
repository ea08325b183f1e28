//! What a live dot carries: an immutable fact.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::kind_numbers::{self, FIRST_UNKNOWN};
use super::merge_policy::MergePolicy;
use super::replaced_dots::ReplacedDots;
use crate::clock::Time;
use crate::dots::{Dot, SharedDots};
use crate::id::{
    AttributeKey, CartId, CouponCode, LineKey, OrderId, RuleName, ShippingOption, Text,
};
use crate::money::Money;
use crate::quantity::Quantity;

/// One of a cart's two lists.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// What checkout would buy.
    #[default]
    Active,
    /// Saved for later.
    Saved,
}

impl List {
    /// Both lists.
    pub const ALL: [Self; 2] = [Self::Active, Self::Saved];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Active => Self::Saved,
            Self::Saved => Self::Active,
        }
    }
}

/// The guests whose merge an author had seen, sorted. Shared, since most entries have the same;
/// none costs nothing.
///
/// ```
/// use holdall::cart::SeenMerges;
/// use holdall::CartId;
/// let after = SeenMerges::from(vec![CartId::from_u128(2), CartId::from_u128(1)]);
/// assert_eq!(*after, [CartId::from_u128(1), CartId::from_u128(2)]);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct SeenMerges(Option<Arc<[CartId]>>);

impl From<Vec<CartId>> for SeenMerges {
    fn from(mut guests: Vec<CartId>) -> Self {
        guests.sort_unstable();
        guests.dedup();
        Self((!guests.is_empty()).then(|| guests.into()))
    }
}

impl<const N: usize> From<[CartId; N]> for SeenMerges {
    fn from(guests: [CartId; N]) -> Self {
        Vec::from(guests).into()
    }
}

impl core::ops::Deref for SeenMerges {
    type Target = [CartId];

    fn deref(&self) -> &[CartId] {
        self.0.as_deref().unwrap_or(&[])
    }
}

/// An immutable fact, written once by the replica in its dot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Later than all its author had seen.
    pub time: Time,
    /// The cart it was written in: the account's own, or a guest's. A row of a split line that
    /// shows a guest's side is written in that guest's scope by whoever edits it.
    pub scope: CartId,
    /// The guests whose merge its author had seen.
    pub after: SeenMerges,
    /// The line it is about, if it is about one.
    pub line: Option<LineKey>,
    /// The price the shopper saw, if it is an Add or a Set.
    pub price: Option<Money>,
    /// The fact.
    pub body: Body,
}

impl Entry {
    /// What keeps it from being a fact that a writer could have written under that dot: nothing that was made by an
    /// action or read from bytes has any of that.
    pub(super) fn flaw(&self, dot: Dot) -> Option<&'static str> {
        if !dot.is_of_action() || !self.body.named().all(Dot::is_of_action) {
            return Some("or a dot in it has a number that no action has: they count from 1");
        }
        let contributes = self.body.is_contribution();
        if contributes && self.line.is_none() {
            return Some("is an Add or a Set and names no line");
        }
        if self.price.is_some() && !contributes {
            return Some("has a seen price and is neither an Add nor a Set");
        }
        self.body.flaw()
    }
}

/// Whether a list is as facts have it, so that equal facts have equal bytes.
pub(crate) fn ascends<T: Ord>(list: &[T]) -> bool {
    list.is_sorted_by(|one, next| one < next)
}

/// Units that were taken out of one dot, by a Set or by an order. It says of the dot what must be
/// known even after it is dead and its entry gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConsumedUnits {
    /// The dot.
    pub dot: Dot,
    /// Its units, as the taker saw them.
    pub units: u32,
    /// The cart it had been written in.
    pub scope: CartId,
    /// The list it had been written for, if it was a Set.
    pub set: Option<List>,
}

/// "Make it n": what a Set knows of what it replaces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetQuantity {
    /// The n that was asked for.
    pub quantity: Quantity,
    /// The list of the row that was set.
    pub list: List,
    /// Whether one side of a split line was set.
    pub sided: bool,
    /// All dots of other writers that its author had seen. It tells which Sets and orders did not
    /// know of each other; what died long ago leaves no other trace, so nothing less would do.
    pub seen: SharedDots,
    /// The dots whose units are in its number: what it replaced, what had lost against that, and
    /// what the Sets among these had replaced. What an order bought of them comes off its number.
    pub covers: ReplacedDots,
    /// What only a Set in a cart with merges, orders or moves has, if it has any.
    pub settled: Option<Box<SetSideEffects>>,
}

/// What a Set settled besides its row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SetSideEffects {
    /// Units of other scopes (guests') that it replaced, sorted by dot, its predecessors' too.
    pub took: Vec<ConsumedUnits>,
    /// What stays as it was.
    pub stays: Preserved,
}

impl SetSideEffects {
    /// As a Set has it: `None` if there is nothing in it.
    #[must_use]
    pub fn of(took: Vec<ConsumedUnits>, stays: Preserved) -> Option<Box<Self>> {
        let settled = Self { took, stays };
        (!settled.is_empty()).then(|| Box::new(settled))
    }

    /// Whether nothing was settled: then a Set has none of it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.took.is_empty() && self.stays.is_empty()
    }
}

impl SetQuantity {
    /// Units of other scopes that it replaced.
    #[must_use]
    pub fn took(&self) -> &[ConsumedUnits] {
        self.settled.as_ref().map_or(&[], |settled| &settled.took)
    }

    /// Whether the author of this Set, whose dot is `own`, had seen `other`.
    #[must_use]
    pub fn saw(&self, own: Dot, other: Dot) -> bool {
        if other.replica == own.replica { other.seq < own.seq } else { self.seen.contains(other) }
    }
}

/// A Set that goes on lacking units which a Set that is gone had taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PreservedDeduction {
    /// The Set.
    pub set: Dot,
    /// The dot whose units it lacks.
    pub taken: Dot,
    /// How many.
    pub units: u32,
}

/// A contribution that stays in the list where its author saw it. It counts like an edit by that
/// author: merges the author had seen choose about it no more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PreservedPlacement {
    /// The contribution.
    pub dot: Dot,
    /// The list.
    pub list: List,
    /// The guest of the first merge, of those the author had seen, that chooses all the same.
    pub until: Option<CartId>,
}

/// What stays as the author of an action saw it, though it hung on something that the action took
/// out: where rules had put other contributions, and what a Set had taken from another.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preserved {
    /// Where contributions stay, sorted.
    pub pins: Vec<PreservedPlacement>,
    /// Units that Sets go on lacking, sorted.
    pub lacks: Vec<PreservedDeduction>,
}

impl Preserved {
    /// Whether nothing stays by this word.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.lacks.is_empty()
    }

    /// Every dot it names, one or more times.
    pub fn named(&self) -> impl Iterator<Item = Dot> + '_ {
        let lacks = self.lacks.iter().flat_map(|lack| [lack.set, lack.taken]);
        self.pins.iter().map(|pin| pin.dot).chain(lacks)
    }

    /// All of another's too.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.pins.extend(&other.pins);
        self.pins.sort_unstable();
        self.pins.dedup();
        self.lacks.extend(&other.lacks);
        self.lacks.sort_unstable();
        self.lacks.dedup();
    }
}

/// What an order bought out of one dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OrderedUnits {
    /// The line.
    pub line: LineKey,
    /// The dot and its units.
    pub taken: ConsumedUnits,
}

/// What an order bought, and what its author knew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderPlaced {
    /// The order's id.
    pub id: OrderId,
    /// What it bought, sorted by line and dot.
    pub bought: Vec<OrderedUnits>,
    /// All dots its author had seen when the cart was frozen: what was there and was not bought
    /// owes the order nothing.
    pub seen: SharedDots,
    /// What stays as it was.
    pub stays: Preserved,
}

/// Which register of a line or cart an entry is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegisterKey {
    /// The note.
    Note,
    /// The gift option.
    Gift,
    /// Another attribute.
    Attribute(AttributeKey),
    /// The shipping option; of the cart only.
    Shipping,
}

/// Gift wrap and message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Gift {
    /// Whether to wrap it.
    pub wrap: bool,
    /// What to write on the card.
    pub message: Option<Text>,
}

/// The value of a register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Register {
    /// A note.
    Note(Text),
    /// A gift option.
    Gift(Gift),
    /// Another attribute.
    Attribute(AttributeKey, Text),
    /// The shipping option.
    Shipping(ShippingOption),
}

impl Register {
    /// Which register it is.
    #[must_use]
    pub fn key(&self) -> RegisterKey {
        match self {
            Self::Note(_) => RegisterKey::Note,
            Self::Gift(_) => RegisterKey::Gift,
            Self::Attribute(key, _) => RegisterKey::Attribute(key.clone()),
            Self::Shipping(_) => RegisterKey::Shipping,
        }
    }
}

/// "The guest cart belongs to this account", and what that means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestMerge {
    /// The guest cart.
    pub guest: CartId,
    /// The account's cart.
    pub account: CartId,
    /// Which claim of that guest it is.
    pub claim: u32,
    /// What the merge means.
    pub policy: MergePolicy,
}

/// "That claim was a mistake."
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuestUnmerge {
    /// The guest cart.
    pub guest: CartId,
    /// Which claim of it.
    pub claim: u32,
}

/// The fact that an entry states. Cheap to clone: what is large is shared, and none takes
/// more than two words, since most are Adds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// Put n more in.
    Add {
        /// How many.
        quantity: Quantity,
        /// Whether it was put on one side of a split line.
        sided: bool,
    },
    /// Make it n.
    Set(Arc<SetQuantity>),
    /// Show exactly these dots in that list.
    Move {
        /// The list.
        to: List,
        /// The dots, sorted.
        dots: Arc<Vec<Dot>>,
    },
    /// What a removal leaves where it was, though a rule would move it.
    Stay(Arc<Preserved>),
    /// Write a register.
    Register {
        /// Its value.
        value: Arc<Register>,
        /// Whether it was written on one side of a split line.
        sided: bool,
    },
    /// Use this code, once somebody has validated it.
    Coupon(Arc<CouponCode>),
    /// Whether the shop may remind the shopper of this cart.
    Consent(bool),
    /// The guest cart belongs to this account.
    Merge(Arc<GuestMerge>),
    /// That claim was a mistake.
    Unmerge(Arc<GuestUnmerge>),
    /// An order was placed.
    Order(Arc<OrderPlaced>),
    /// The server let what it saw expire.
    Expired {
        /// By which rule.
        rule: Arc<RuleName>,
    },
    /// A kind this version does not know, kept byte for byte.
    Unknown {
        /// Its number in the wire format.
        kind: u32,
        /// Its payload, self-contained.
        payload: Arc<Vec<u8>>,
    },
}

impl Body {
    /// The number of its kind.
    #[inline]
    pub(crate) const fn kind_number(&self) -> u32 {
        match self {
            Self::Add { .. } => kind_numbers::ADD,
            Self::Set(_) => kind_numbers::SET,
            Self::Move { .. } => kind_numbers::MOVE,
            Self::Register { .. } => kind_numbers::REGISTER,
            Self::Coupon(_) => kind_numbers::COUPON,
            Self::Consent(_) => kind_numbers::CONSENT,
            Self::Merge(_) => kind_numbers::MERGE,
            Self::Unmerge(_) => kind_numbers::UNMERGE,
            Self::Order(_) => kind_numbers::ORDER,
            Self::Expired { .. } => kind_numbers::EXPIRED,
            Self::Stay(_) => kind_numbers::STAY,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// Whether it is an Add or a Set.
    #[must_use]
    pub const fn is_contribution(&self) -> bool {
        matches!(self, Self::Add { .. } | Self::Set(_))
    }

    fn flaw(&self) -> Option<&'static str> {
        let settled = match self {
            Self::Set(set) => set.settled.as_deref(),
            _ => None,
        };
        if settled.is_some_and(SetSideEffects::is_empty) {
            return Some("says that it settled something, and what is empty");
        }
        let moved = matches!(self, Self::Move { dots, .. } if !ascends(dots));
        let stays = self.stays().is_some_and(|all| !ascends(&all.pins) || !ascends(&all.lacks));
        let took = settled.is_some_and(|settled| !ascends(&settled.took));
        if moved || stays || took || !ascends(self.bought()) {
            return Some("has a list that does not ascend, or has something twice");
        }
        match self {
            Self::Unknown { kind, .. } if *kind < FIRST_UNKNOWN => {
                Some("is of a kind that this version knows, as unknown bytes")
            }
            _ => None,
        }
    }

    /// What it says of others that stay as they are.
    #[must_use]
    pub fn stays(&self) -> Option<&Preserved> {
        match self {
            Self::Set(set) => set.settled.as_ref().map(|settled| &settled.stays),
            Self::Order(order) => Some(&order.stays),
            Self::Stay(stays) => Some(stays),
            _ => None,
        }
    }

    /// The dots of which it says where they show, or what they lack; one or more times.
    pub fn bears_on(&self) -> impl Iterator<Item = Dot> + '_ {
        let moved: &[Dot] = match self {
            Self::Move { dots, .. } => dots,
            _ => &[],
        };
        let pins = self.stays().into_iter().flat_map(|stays| &stays.pins);
        let lacks = self.stays().into_iter().flat_map(|stays| &stays.lacks);
        moved.iter().copied().chain(pins.map(|pin| pin.dot)).chain(lacks.map(|lack| lack.set))
    }

    /// Every other dot in it, but for those in sets of dots; one or more times.
    fn named(&self) -> impl Iterator<Item = Dot> + '_ {
        let (moved, took): (&[Dot], &[ConsumedUnits]) = match self {
            Self::Move { dots, .. } => (dots, &[]),
            Self::Set(set) => (&[], set.took()),
            _ => (&[], &[]),
        };
        let stays = self.stays().into_iter().flat_map(Preserved::named);
        let took = took.iter().chain(self.bought().iter().map(|bought| &bought.taken));
        moved.iter().copied().chain(stays).chain(took.map(|taken| taken.dot))
    }

    /// Whether it says of any other dot where it shows, or what it lacks.
    pub(super) fn bears(&self) -> bool {
        match self {
            Self::Move { .. } => true,
            _ => self.stays().is_some_and(|stays| !stays.is_empty()),
        }
    }

    /// Where it says that `dot` stays.
    #[must_use]
    pub fn pin(&self, dot: Dot) -> Option<&PreservedPlacement> {
        self.stays().and_then(|stays| stays.pins.iter().find(|pin| pin.dot == dot))
    }

    /// What an order bought.
    #[must_use]
    pub fn bought(&self) -> &[OrderedUnits] {
        match self {
            Self::Order(order) => &order.bought,
            _ => &[],
        }
    }
}

impl OrderPlaced {
    /// What it bought on a line.
    #[must_use]
    pub fn on_line(&self, line: &LineKey) -> &[OrderedUnits] {
        let from = self.bought.partition_point(|bought| bought.line < *line);
        let here = &self.bought[from..];
        &here[..here.partition_point(|bought| bought.line == *line)]
    }
}

impl Register {
    /// The number of its kind.
    #[inline]
    pub(crate) const fn kind_number(&self) -> u64 {
        match self {
            Self::Note(_) => kind_numbers::NOTE,
            Self::Gift(_) => kind_numbers::GIFT,
            Self::Attribute(..) => kind_numbers::ATTRIBUTE,
            Self::Shipping(_) => kind_numbers::SHIPPING,
        }
    }
}
