//! Entries: the immutable facts that live dots carry.

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

/// One of the two lists of a cart.
///
/// ```
/// use holdall::List;
/// assert_eq!(List::default(), List::Active);
/// assert_eq!(List::Active.other(), List::Saved);
/// ```
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
    /// The list that checkout buys.
    #[default]
    Active,
    /// The list of what is saved for later.
    Saved,
}

impl List {
    /// Both lists, the active one first.
    pub const ALL: [Self; 2] = [Self::Active, Self::Saved];

    /// Returns the other list.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Active => Self::Saved,
            Self::Saved => Self::Active,
        }
    }
}

/// Guest carts whose merges an author had seen, sorted and without duplicates.
///
/// Most entries of a cart have equal sets, so the set is shared by reference count. The empty set
/// takes no memory.
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

/// Immutable fact, written once under one dot by the replica that the dot names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Time of the action, later than all times its author had seen.
    pub time: Time,
    /// Cart that the entry was written in: the account's own, or a guest's. An edit of a row that
    /// shows the guest's side of a split line is written in that guest's scope.
    pub scope: CartId,
    /// Guest carts whose merges the author had seen.
    pub seen_merges: SeenMerges,
    /// Line that the entry is about, if it is about one.
    pub line: Option<LineKey>,
    /// Price that the shopper saw. Only an Add or a Set may have one.
    pub price: Option<Money>,
    /// What the entry states.
    pub body: Body,
}

impl Entry {
    /// Returns what is wrong with the entry, or `None` if a writer could have written it under
    /// `dot`. Entries that were made by an action or read from bytes have no flaw.
    pub(super) fn flaw(&self, dot: Dot) -> Option<&'static str> {
        // Dots outside the range of actions could not be encoded.
        if !dot.is_of_action() || !self.body.named().all(Dot::is_of_action) {
            return Some("or a dot in it has a number that no action has: they count from 1");
        }
        // Only a contribution has a price, and every contribution has a line.
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

/// Returns whether a list ascends strictly. Lists in entries must, so that equal entries have equal
/// bytes.
pub(crate) fn ascends<T: Ord>(list: &[T]) -> bool {
    list.is_sorted_by(|one, next| one < next)
}

/// Units that a Set or an order took out of one dot.
///
/// The entry of the dot may be gone by the time this is read, so its units, scope and list are
/// copied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConsumedUnits {
    /// Dot whose units were taken.
    pub dot: Dot,
    /// Units of the dot, as the author of the Set or order saw them.
    pub units: u32,
    /// Cart that the dot was written in.
    pub scope: CartId,
    /// List of the dot, if it was a Set.
    pub set: Option<List>,
}

/// Body of a Set, which makes a row show a given number of units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetQuantity {
    /// Number of units that the row shall show.
    pub quantity: Quantity,
    /// List of the row that was set.
    pub list: List,
    /// Whether one side of a split line was set.
    pub sided: bool,
    /// All dots of other writers that the author had seen. They tell which Sets and orders were
    /// concurrent. Dead dots leave no other trace, so the whole context is needed.
    pub seen: SharedDots,
    /// Dots whose units are included in `quantity`: what the Set replaced, the Sets that had lost
    /// against that, and what those Sets had replaced. Units of these dots that an order bought are
    /// subtracted from `quantity`.
    pub covers: ReplacedDots,
    /// Side effects, which only a Set in a cart with merges, orders or moves has.
    pub settled: Option<Box<SetSideEffects>>,
}

/// Effects of a Set beyond its own row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SetSideEffects {
    /// Units of other scopes (guest carts) that the Set replaced, sorted by dot. Those that its
    /// predecessors had replaced are included.
    pub replaced_guest_units: Vec<ConsumedUnits>,
    /// Placements and deductions that the Set keeps as they were.
    pub preserved: Preserved,
}

impl SetSideEffects {
    /// Returns side effects in the form that a Set holds, `None` if there are none.
    #[must_use]
    pub fn of(replaced_guest_units: Vec<ConsumedUnits>, preserved: Preserved) -> Option<Box<Self>> {
        let settled = Self { replaced_guest_units, preserved };
        (!settled.is_empty()).then(|| Box::new(settled))
    }

    /// Returns whether there are no side effects. A Set must hold `None` instead.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.replaced_guest_units.is_empty() && self.preserved.is_empty()
    }
}

impl SetQuantity {
    /// Returns the units of other scopes that this Set replaced.
    #[must_use]
    pub fn replaced_guest_units(&self) -> &[ConsumedUnits] {
        self.settled.as_ref().map_or(&[], |settled| &settled.replaced_guest_units)
    }

    /// Returns whether the author of this Set, whose dot is `own`, had seen `other`.
    #[must_use]
    pub fn saw(&self, own: Dot, other: Dot) -> bool {
        if other.replica == own.replica { other.seq < own.seq } else { self.seen.contains(other) }
    }
}

/// Keeps a deduction alive: `set` stays reduced by `units` of `taken`, although the Set that caused
/// it was removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PreservedDeduction {
    /// Set whose number stays reduced.
    pub set: Dot,
    /// Dot whose units are subtracted.
    pub taken: Dot,
    /// Number of units subtracted.
    pub units: u32,
}

/// Placement of a contribution in the list where the author of an action saw it.
///
/// It counts like an edit by that author: merges that the author had seen no longer decide where
/// the contribution shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PreservedPlacement {
    /// Contribution that is placed.
    pub dot: Dot,
    /// List that shows it.
    pub list: List,
    /// Guest cart of the first merge, among those the author had seen, that still decides.
    pub until: Option<CartId>,
}

/// State of other entries that an action keeps as its author saw it, although the action removes an
/// entry that caused that state: placements by rules, and deductions from Sets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preserved {
    /// Placements of contributions, sorted.
    pub pins: Vec<PreservedPlacement>,
    /// Deductions from Sets, sorted.
    pub lacks: Vec<PreservedDeduction>,
}

impl Preserved {
    /// Returns whether nothing is preserved.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.lacks.is_empty()
    }

    /// Iterates over every dot that is named, some of them more than once.
    pub fn named(&self) -> impl Iterator<Item = Dot> + '_ {
        let lacks = self.lacks.iter().flat_map(|lack| [lack.set, lack.taken]);
        self.pins.iter().map(|pin| pin.dot).chain(lacks)
    }

    /// Inserts all placements and deductions of `other`.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.pins.extend(&other.pins);
        self.pins.sort_unstable();
        self.pins.dedup();
        self.lacks.extend(&other.lacks);
        self.lacks.sort_unstable();
        self.lacks.dedup();
    }
}

/// Units that an order bought out of one dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OrderedUnits {
    /// Line that was bought.
    pub line: LineKey,
    /// Dot, its units and its scope.
    pub taken: ConsumedUnits,
}

/// Body of an order: what it bought, and what its author knew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderPlaced {
    /// Identifier of the order.
    pub id: OrderId,
    /// Units that it bought, sorted by line and dot.
    pub bought: Vec<OrderedUnits>,
    /// All dots that its author had seen when the cart was frozen. Of these, only the bought ones
    /// are reduced by the order.
    pub seen: SharedDots,
    /// Placements and deductions that the order keeps as they were.
    pub preserved: Preserved,
}

/// Key of a register: a line or cart holds one value for each key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegisterKey {
    /// Note.
    Note,
    /// Gift option.
    Gift,
    /// Attribute of a name of its own.
    Attribute(AttributeKey),
    /// Shipping option. Only a cart has this register.
    Shipping,
}

/// Gift option of a line or cart: wrapping and a message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Gift {
    /// Whether to wrap it.
    pub wrap: bool,
    /// Text to write on the card.
    pub message: Option<Text>,
}

/// Value of a register, which names its key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Register {
    /// A note.
    Note(Text),
    /// A gift option.
    Gift(Gift),
    /// Attribute and its value.
    Attribute(AttributeKey, Text),
    /// Shipping option.
    Shipping(ShippingOption),
}

impl Register {
    /// Returns the key of the register.
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

/// Body of a merge: the guest cart belongs to the account, and the policy decides what that means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestMerge {
    /// Guest cart.
    pub guest: CartId,
    /// Cart of the account.
    pub account: CartId,
    /// Number of the claim among the claims of this guest cart, from 1.
    pub claim: u32,
    /// Policy of the merge.
    pub policy: MergePolicy,
}

/// Body of an unmerge: a claim was a mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuestUnmerge {
    /// Guest cart.
    pub guest: CartId,
    /// Number of the claim that is taken back.
    pub claim: u32,
}

/// Content of an [`Entry`]: the fact that it states.
///
/// Cloning is cheap, since large contents are shared. A body takes two words, because most are
/// Adds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// Puts more units into the cart.
    Add {
        /// Number of units.
        quantity: Quantity,
        /// Whether it was put on one side of a split line.
        sided: bool,
    },
    /// Makes a row show a given number of units.
    Set(Arc<SetQuantity>),
    /// Shows exactly these contributions in a list.
    Move {
        /// List that shows them.
        to: List,
        /// Dots of the contributions, sorted.
        dots: Arc<Vec<Dot>>,
    },
    /// Keeps other entries as a removal's author saw them, where a rule would change them.
    Stay(Arc<Preserved>),
    /// Writes a register.
    Register {
        /// Value, which names its key.
        value: Arc<Register>,
        /// Whether it was written on one side of a split line.
        sided: bool,
    },
    /// Asks for a coupon code to be applied. The shop validates it elsewhere.
    Coupon(Arc<CouponCode>),
    /// Allows or forbids the shop to remind the shopper of this cart.
    Consent(bool),
    /// States that a guest cart belongs to this account.
    Merge(Arc<GuestMerge>),
    /// States that a claim was a mistake.
    Unmerge(Arc<GuestUnmerge>),
    /// States that an order was placed.
    Order(Arc<OrderPlaced>),
    /// States that a server let the entries it saw expire.
    Expired {
        /// Rule by which they expired.
        rule: Arc<RuleName>,
    },
    /// Entry of a kind that this version does not know, kept byte for byte.
    Unknown {
        /// Number of the kind in the wire format.
        kind: u32,
        /// Payload, which refers to no table.
        payload: Arc<Vec<u8>>,
    },
}

impl Body {
    /// Returns the number of the kind in bytes and digests.
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

    /// Returns whether it is an Add or a Set.
    #[must_use]
    pub const fn is_contribution(&self) -> bool {
        matches!(self, Self::Add { .. } | Self::Set(_))
    }

    /// Returns what is wrong with the body, or `None` if a writer could have written it.
    fn flaw(&self) -> Option<&'static str> {
        let settled = match self {
            Self::Set(set) => set.settled.as_deref(),
            _ => None,
        };
        // Side effects without content have a canonical form: none at all.
        if settled.is_some_and(SetSideEffects::is_empty) {
            return Some("says that it settled something, and what is empty");
        }
        // Every list must ascend strictly, so that equal bodies have equal bytes.
        let moved = matches!(self, Self::Move { dots, .. } if !ascends(dots));
        let preserved =
            self.preserved().is_some_and(|all| !ascends(&all.pins) || !ascends(&all.lacks));
        let replaced_guest_units =
            settled.is_some_and(|settled| !ascends(&settled.replaced_guest_units));
        if moved || preserved || replaced_guest_units || !ascends(self.bought()) {
            return Some("has a list that does not ascend, or has something twice");
        }
        // A known kind as unknown bytes would have two encodings.
        match self {
            Self::Unknown { kind, .. } if *kind < FIRST_UNKNOWN => {
                Some("is of a kind that this version knows, as unknown bytes")
            }
            _ => None,
        }
    }

    /// Returns the placements and deductions that the body preserves, if its kind can have them.
    #[must_use]
    pub fn preserved(&self) -> Option<&Preserved> {
        match self {
            Self::Set(set) => set.settled.as_ref().map(|settled| &settled.preserved),
            Self::Order(order) => Some(&order.preserved),
            Self::Stay(preserved) => Some(preserved),
            _ => None,
        }
    }

    /// Iterates over the dots that the body places in a list or reduces; some occur more than once.
    pub fn bears_on(&self) -> impl Iterator<Item = Dot> + '_ {
        let moved: &[Dot] = match self {
            Self::Move { dots, .. } => dots,
            _ => &[],
        };
        let pins = self.preserved().into_iter().flat_map(|preserved| &preserved.pins);
        let lacks = self.preserved().into_iter().flat_map(|preserved| &preserved.lacks);
        moved.iter().copied().chain(pins.map(|pin| pin.dot)).chain(lacks.map(|lack| lack.set))
    }

    /// Iterates over every other dot in the body, except sets of dots; some occur more than once.
    fn named(&self) -> impl Iterator<Item = Dot> + '_ {
        let (moved, replaced_guest_units): (&[Dot], &[ConsumedUnits]) = match self {
            Self::Move { dots, .. } => (dots, &[]),
            Self::Set(set) => (&[], set.replaced_guest_units()),
            _ => (&[], &[]),
        };
        let preserved = self.preserved().into_iter().flat_map(Preserved::named);
        let replaced_guest_units =
            replaced_guest_units.iter().chain(self.bought().iter().map(|bought| &bought.taken));
        moved.iter().copied().chain(preserved).chain(replaced_guest_units.map(|taken| taken.dot))
    }

    /// Returns whether the body places another dot in a list or reduces it.
    pub(super) fn bears(&self) -> bool {
        match self {
            Self::Move { .. } => true,
            _ => self.preserved().is_some_and(|preserved| !preserved.is_empty()),
        }
    }

    /// Returns where the body keeps `dot`, if it does.
    #[must_use]
    pub fn pin(&self, dot: Dot) -> Option<&PreservedPlacement> {
        self.preserved().and_then(|preserved| preserved.pins.iter().find(|pin| pin.dot == dot))
    }

    /// Returns the units that an order bought; empty for other kinds.
    #[must_use]
    pub fn bought(&self) -> &[OrderedUnits] {
        match self {
            Self::Order(order) => &order.bought,
            _ => &[],
        }
    }
}

impl OrderPlaced {
    /// Returns the units that the order bought on a line.
    #[must_use]
    pub fn on_line(&self, line: &LineKey) -> &[OrderedUnits] {
        let from = self.bought.partition_point(|bought| bought.line < *line);
        let here = &self.bought[from..];
        &here[..here.partition_point(|bought| bought.line == *line)]
    }
}

impl Register {
    /// Returns the number of the register's kind in bytes and digests.
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
