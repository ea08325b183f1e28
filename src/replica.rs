//! A replica: one writer of one cart. It puts the parts together for a device: the state, the
//! clock, the rules, and the verbs by line.

use alloc::vec::Vec;

use crate::cart::{
    ActionTarget, Cart, Claim, Delta, Fingerprint, Gift, JoinReport, List, MergePolicy, NONE,
    ObservedRow, Register, RegisterKey, Snapshot, Stamp, VerbError, WrongCart,
};
use crate::clock::{Clock, Time};
use crate::dots::Dot;
use crate::id::{
    AttributeKey, CartId, CouponCode, LineKey, OrderId, ReplicaId, RuleName, ShippingOption, Text,
};
use crate::limits;
use crate::money::Money;
use crate::policy::Registry;
use crate::quantity::{Quantity, QuantityError};
use crate::view::plain_cart::{self, ReplacedRow};
use crate::view::{
    Explanation, Observer, RowRef, Unreadable, View, ViewOptions, after_here, explain, view,
};

/// Why an action changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The number is no quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The cart refused it.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// This replica does not show that row, and the action needs one.
    #[error("{line} is not a row of this cart here: look at the cart again")]
    UnknownRow {
        /// The line.
        line: LineKey,
    },
    /// There is nothing to order.
    #[error("the active list is empty: there is nothing to order")]
    NothingToOrder,
    /// A line cannot be bought at this replica.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A snapshot or claim is of another cart.
    #[error("this is about cart {theirs}, not {ours}")]
    OtherCart {
        /// This cart.
        ours: CartId,
        /// The other.
        theirs: CartId,
    },
    /// That guest is not merged here.
    #[error("guest cart {guest} is not merged into this one")]
    NotMerged {
        /// The guest cart.
        guest: CartId,
    },
    /// The guest cart has merged guests of its own.
    #[error("guest cart {guest} has merged another cart: an account's cart is nobody's guest")]
    NestedMerge {
        /// The guest cart.
        guest: CartId,
    },
    /// This writer's numbers are used up: nobody else may write under its id.
    #[error("replica {replica} was retired: start a new writer")]
    ReplicaRetired {
        /// The writer.
        replica: ReplicaId,
    },
}

impl ActionError {
    /// A stable name of the kind of error, in kebab case, as scenario files use it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "quantity",
            Self::Verb(VerbError::Limit { .. }) => "limit",
            Self::Verb(VerbError::Erased) => "erased",
            Self::Verb(VerbError::DotTaken { .. } | VerbError::DotOutOfRange { .. })
            | Self::ReplicaRetired { .. } => "replica-retired",
            Self::UnknownRow { .. } | Self::NothingToOrder => "unknown-row",
            Self::Unreadable(_) => "unreadable",
            Self::OtherCart { .. } | Self::NotMerged { .. } | Self::NestedMerge { .. } => "invalid",
        }
    }
}

/// One writer of one cart: a device, a tab, a server region.
///
/// It is not `Clone`: two writers with one id would give one name to two actions. A restart goes
/// through [`wire::encode_replica`](crate::wire::encode_replica); a restore from a backup needs a new id.
///
/// Times are wall-clock milliseconds since 1970, handed in with each action.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let cart = CartId::from_u128(7); // 128 random bits in real life
/// let mut phone = Replica::new(cart, ReplicaId::from_u128(1));
/// let mut laptop = Replica::new(cart, ReplicaId::from_u128(2));
/// let tee = LineKey::parse("TEE", [("size", "M")])?;
/// let a = phone.add(1_000, &tee, Quantity::new(2)?, None)?;
/// let b = laptop.add(1_000, &tee, Quantity::ONE, None)?;
/// let _ = laptop.join(&a)?; // says if a writer was cloned
/// let _ = phone.join(&b)?;
/// let _ = phone.join(&b)?; // again changes nothing, for ever
/// assert_eq!(phone.view().quantity(&tee), 3);
/// assert_eq!(phone.fingerprint(), laptop.fingerprint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[cfg_attr(holdall_sabotage = "replica-is-clone", derive(Clone))]
pub struct Replica {
    id: ReplicaId,
    clock: Clock,
    cart: Cart,
    rules: Registry,
    options: ViewOptions,
}

impl Replica {
    /// A new writer of a cart of which it knows nothing yet.
    #[must_use]
    pub fn new(cart: CartId, id: ReplicaId) -> Self {
        Self::resume(id, Time::default(), Cart::new(cart))
    }

    /// A writer that comes back with what it had made durable: its id, the latest time it knew
    /// and its state. Never from a backup: a dot must be durable before it is sent.
    #[must_use]
    pub fn resume(id: ReplicaId, latest: Time, cart: Cart) -> Self {
        let mut clock = Clock::default();
        clock.observe(latest.max(cart.latest()));
        Self { id, clock, cart, rules: Registry::default(), options: ViewOptions::default() }
    }

    /// The same with users' own merge rules.
    #[must_use]
    pub fn with_rules(mut self, rules: Registry) -> Self {
        self.rules = rules;
        self
    }

    /// The same with a deployment's options.
    #[must_use]
    pub const fn with_options(mut self, options: ViewOptions) -> Self {
        self.options = options;
        self
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> ReplicaId {
        self.id
    }

    /// Its state.
    #[must_use]
    pub const fn cart(&self) -> &Cart {
        &self.cart
    }

    /// The latest time it made or saw.
    #[must_use]
    pub const fn latest(&self) -> Time {
        self.clock.last()
    }

    /// What the shopper sees here.
    #[must_use]
    pub fn view(&self) -> View {
        view(&self.cart, &self.rules, &self.options)
    }

    /// Updates `view` after one add to `line`, without evaluating the whole cart again. Returns
    /// false, and leaves `view` as it was, where the shortcut does not apply: then call
    /// [`view`](Self::view). `view` must be this replica's view before that add.
    pub fn add_to_view(&self, view: &mut View, line: &LineKey) -> bool {
        crate::view::put_add(view, &self.cart, &self.options, line)
    }

    /// Why.
    #[must_use]
    pub fn explain(&self) -> Vec<Explanation> {
        explain(&self.cart, &self.rules, &self.options)
    }

    /// What to compare with another replica.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.cart.fingerprint()
    }

    /// Sums up what the next fingerprints need: see [`Cart::track_fingerprint`].
    pub fn track_fingerprint(&mut self) {
        self.cart.track_fingerprint();
    }

    /// Joins a delta of another replica. It is believed, its times too: deltas of writers who are not trusted go through
    /// an authority first.
    ///
    /// # Errors
    /// It is about another cart.
    pub fn join(&mut self, delta: &Delta) -> Result<JoinReport, WrongCart> {
        sabotage!("last-writer-of-cart-wins", {
            if delta.live().values().any(|entry| entry.time < self.cart.latest()) {
                return Ok(JoinReport::default());
            }
        });
        let joined = self.cart.join(delta)?;
        for fact in delta.live().refs() {
            self.clock.observe(fact.time());
        }
        Ok(joined)
    }

    /// Puts n more of a line in.
    ///
    /// # Errors
    /// A limit, an erased cart, or a retired writer. Nothing has changed then; so with all actions.
    pub fn add(
        &mut self,
        now_ms: u64,
        line: &LineKey,
        quantity: Quantity,
        price: Option<Money>,
    ) -> Result<Delta, ActionError> {
        self.add_at(now_ms, line, (self.cart.id(), false), (quantity, price))
    }

    /// Puts n more on a row of the active list, perhaps one side of a split line.
    ///
    /// # Errors
    /// As with [`add`](Self::add); or the line is not split there, or the row is a saved one.
    pub fn add_to(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        quantity: Quantity,
        price: Option<Money>,
    ) -> Result<Delta, ActionError> {
        if row.list == List::Saved {
            return Err(ActionError::UnknownRow { line: row.line.clone() });
        }
        let side = match row.side {
            None => (self.cart.id(), false),
            Some(_) => {
                let ActionTarget { scope, sided, .. } = self.place(row)?;
                (scope, sided)
            }
        };
        self.add_at(now_ms, &row.line, side, (quantity, price))
    }

    fn add_at(
        &mut self,
        now_ms: u64,
        line: &LineKey,
        side: (CartId, bool),
        wanted: (Quantity, Option<Money>),
    ) -> Result<Delta, ActionError> {
        let at = self.cart.live().line_at(line);
        let leftovers = match at {
            Some(at) if plain_cart::is_plain(&self.cart) => plain_cart::leftovers(&self.cart, at),
            None => Vec::new(),
            Some(_) => self.look().leftovers(line),
        };
        let (stamp, hint) = (self.stamp(now_ms)?, at.unwrap_or(NONE));
        sabotage!("sent-add-is-folded", {
            let sent = self.cart.live().on_line(line).find_map(|fact| match fact.body() {
                crate::cart::Body::Add { quantity, .. } if fact.dot().replica == self.id => {
                    Some((fact.dot(), quantity.get()))
                }
                _ => None,
            });
            if let Some((dot, units)) = sent {
                let sum = (Quantity::new(units + wanted.0.get())?, wanted.1);
                return Ok(self.cart.add_at(stamp, (line, side), sum, &[dot], hint)?);
            }
        });
        Ok(self.cart.add_at(stamp, (line, side), wanted, &leftovers, hint)?)
    }

    /// Makes a row n; 0 removes it.
    ///
    /// # Errors
    /// As with [`add`](Self::add); a number outside the limit; for 0, as with
    /// [`remove`](Self::remove).
    pub fn set(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        quantity: u32,
        price: Option<Money>,
    ) -> Result<Delta, ActionError> {
        if quantity == 0 {
            return self.remove(now_ms, row);
        }
        let quantity = Quantity::new(quantity)?;
        let place = self.place(row)?;
        if let Some(ReplacedRow { kills, at }) = self.replaced(row) {
            let covers = plain_cart::covered(&self.cart, &kills);
            let stamp = self.stamp(now_ms)?;
            let (wanted, gone) = ((quantity, price), (kills, at));
            return Ok(self.cart.set_seen(stamp, &place, wanted, gone, (covers, None))?);
        }
        let seen = self.look().row(row);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.set(stamp, &place, quantity, price, seen)?)
    }

    /// Takes out what this replica sees of a row.
    ///
    /// # Errors
    /// As with [`add`](Self::add); or it does not see the row.
    pub fn remove(&mut self, now_ms: u64, row: &RowRef) -> Result<Delta, ActionError> {
        if let Some(ReplacedRow { kills, .. }) = self.replaced(row)
            && !kills.is_empty()
        {
            let stamp = self.stamp(now_ms)?;
            return Ok(self.cart.take_out(stamp, None, kills)?);
        }
        let seen = self.seen(row)?;
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.remove(stamp, &[seen])?)
    }

    /// Takes out everything this replica sees in a list.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn clear(&mut self, now_ms: u64, list: List) -> Result<Delta, ActionError> {
        let seen = self.look().list(list);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.remove(stamp, &[seen])?)
    }

    /// Moves what this replica sees of a row to the other list: exactly those units.
    ///
    /// # Errors
    /// As with [`add`](Self::add); or it does not see the row.
    pub fn relocate(&mut self, now_ms: u64, row: &RowRef) -> Result<Delta, ActionError> {
        let seen = self.seen(row)?;
        let place = ActionTarget { list: row.list.other(), ..self.place(row)? };
        let covered = self.look().covered(&row.line, &seen.shown);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.relocate(stamp, &place, &seen, &covered)?)
    }

    /// Writes a note on a row, or clears it.
    ///
    /// # Errors
    /// As with [`remove`](Self::remove).
    pub fn note(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        text: Option<Text>,
    ) -> Result<Delta, ActionError> {
        self.row_register(now_ms, row, &RegisterKey::Note, text.map(Register::Note))
    }

    /// Writes the gift option of a row, or clears it.
    ///
    /// # Errors
    /// As with [`remove`](Self::remove).
    pub fn gift(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        gift: Option<Gift>,
    ) -> Result<Delta, ActionError> {
        self.row_register(now_ms, row, &RegisterKey::Gift, gift.map(Register::Gift))
    }

    /// Writes another attribute of a row, or clears it.
    ///
    /// # Errors
    /// As with [`remove`](Self::remove).
    pub fn attribute(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        key: AttributeKey,
        value: Option<Text>,
    ) -> Result<Delta, ActionError> {
        let value = value.map(|value| Register::Attribute(key.clone(), value));
        self.row_register(now_ms, row, &RegisterKey::Attribute(key), value)
    }

    /// Writes the cart's note, or clears it.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn cart_note(&mut self, now_ms: u64, text: Option<Text>) -> Result<Delta, ActionError> {
        self.cart_register(now_ms, &RegisterKey::Note, text.map(Register::Note))
    }

    /// Chooses a shipping option, or none.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn shipping(
        &mut self,
        now_ms: u64,
        option: Option<ShippingOption>,
    ) -> Result<Delta, ActionError> {
        self.cart_register(now_ms, &RegisterKey::Shipping, option.map(Register::Shipping))
    }

    /// Notes the intent to use a coupon. It stays pending: only pricing validates it.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn coupon(&mut self, now_ms: u64, code: CouponCode) -> Result<Delta, ActionError> {
        let replaced = self.look().coupon(&code);
        sabotage!("known-coupon-is-not-written", {
            if !replaced.is_empty() {
                return Ok(Delta::empty(self.cart.id()));
            }
        });
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.coupon(stamp, code, &replaced)?)
    }

    /// Drops a coupon.
    ///
    /// # Errors
    /// As with [`add`](Self::add). A code that is not there is no error: it is dropped already.
    pub fn drop_coupon(&mut self, now_ms: u64, code: &CouponCode) -> Result<Delta, ActionError> {
        let seen = self.look().coupon(code);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.drop_seen(stamp, &seen)?)
    }

    /// Notes whether the shop may remind the shopper of this cart. A revocation wins over a
    /// consent that had not seen it.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn consent(&mut self, now_ms: u64, given: bool) -> Result<Delta, ActionError> {
        let replaced = self.look().consent();
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.consent(stamp, given, &replaced)?)
    }

    /// Merges a guest cart into this account's, on the strength of a claim that an authority made.
    ///
    /// The delta has the guest's state as this replica lacked it, or all of it where some of what is dead
    /// there was known to be, and the `Merge` entry. A claim that is merged here already brings just the former.
    ///
    /// # Errors
    /// As with [`add`](Self::add); the claim is of another account, or the guest is no guest.
    pub fn merge(
        &mut self,
        now_ms: u64,
        claim: Claim,
        policy: MergePolicy,
        guest: &Cart,
    ) -> Result<Delta, ActionError> {
        self.check_cart(sabotage!("merge-takes-any-claim", claim.account, self.cart.id()))?;
        if claim.guest != guest.id() || claim.guest == self.cart.id() {
            return Err(ActionError::OtherCart { ours: claim.guest, theirs: guest.id() });
        }
        if sabotage!(
            "account-cart-is-merged-as-guest",
            !Observer::at(guest, &self.rules).after().is_empty(),
            false
        ) {
            return Err(ActionError::NestedMerge { guest: guest.id() });
        }
        sabotage!("large-line-refuses-merge", {
            if view(guest, &self.rules, &self.options).lines.iter().any(|row| row.quantity > 8) {
                return Err(ActionError::NestedMerge { guest: guest.id() });
            }
        });
        self.clock.observe(guest.latest());
        let stamp = self.stamp(now_ms)?;
        sabotage!("merge-writes-numbers", {
            let mut delta = self.cart.merge(stamp, claim, policy, &Cart::new(guest.id()))?;
            for row in view(guest, &self.rules, &self.options).lines {
                if let Ok(quantity) = Quantity::new(row.quantity as u32) {
                    delta.batch(&self.add(now_ms, &row.line, quantity, None)?);
                }
            }
            return Ok(delta);
        });
        Ok(self.cart.merge(stamp, claim, policy, guest)?)
    }

    /// Joins what a merged guest cart's devices wrote late.
    ///
    /// # Errors
    /// No valid merge of that guest is here, or the cart was erased.
    pub fn absorb(&mut self, guest: &Cart) -> Result<Delta, ActionError> {
        if sabotage!("absorb-needs-no-claim", self.look().claim(guest.id()).is_none(), false) {
            return Err(ActionError::NotMerged { guest: guest.id() });
        }
        self.clock.observe(guest.latest());
        Ok(self.cart.absorb(guest)?)
    }

    /// Takes a mistaken merge back. What the account wrote since stays.
    ///
    /// # Errors
    /// As with [`add`](Self::add); or the guest is not merged here.
    pub fn unmerge(&mut self, now_ms: u64, guest: CartId) -> Result<Delta, ActionError> {
        let look = self.look();
        let claim = look.claim(guest).ok_or(ActionError::NotMerged { guest })?;
        let dots = sabotage!(
            "unmerge-removes-account-entries",
            look.scope(guest),
            [look.scope(guest), look.scope(self.cart.id())].concat()
        );
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.unmerge(stamp, claim, &dots)?)
    }

    /// Freezes the active list for checkout.
    ///
    /// # Errors
    /// Nothing to buy, or a line this replica cannot read.
    pub fn snapshot(&self) -> Result<Snapshot, ActionError> {
        let snapshot = self.look().snapshot(&self.options)?;
        if snapshot.is_empty() {
            return Err(ActionError::NothingToOrder);
        }
        Ok(snapshot)
    }

    /// States that an order bought exactly what a snapshot froze. Edits made meanwhile stay. An id
    /// that is known already changes nothing: an order is placed once.
    ///
    /// # Errors
    /// As with [`add`](Self::add); or the snapshot is of another cart.
    pub fn order(
        &mut self,
        now_ms: u64,
        id: OrderId,
        snapshot: &Snapshot,
    ) -> Result<Delta, ActionError> {
        self.check_cart(snapshot.cart)?;
        if sabotage!("order-is-placed-twice", self.look().knows_order(&id), false) {
            return Ok(Delta::empty(self.cart.id()));
        }
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.order(stamp, id, snapshot)?)
    }

    /// States that an order bought exactly what this replica shows in the active list now. An id that is known
    /// already changes nothing.
    ///
    /// # Errors
    /// As with [`snapshot`](Self::snapshot) and [`order`](Self::order).
    pub fn order_all(&mut self, now_ms: u64, id: OrderId) -> Result<Delta, ActionError> {
        if self.cart.is_erased() {
            return Err(VerbError::Erased.into());
        }
        if self.look().knows_order(&id) {
            return Ok(Delta::empty(self.cart.id()));
        }
        let snapshot = self.snapshot()?;
        self.order(now_ms, id, &snapshot)
    }

    /// As a server: lets everything seen here expire, by a named rule. What comes late survives.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn expire(&mut self, now_ms: u64, rule: RuleName) -> Result<Delta, ActionError> {
        let seen = self.look().perishable();
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.expire(stamp, rule, &seen)?)
    }

    /// As a server: erases the cart, for good.
    pub fn erase(&mut self) -> Delta {
        self.cart.erase()
    }

    fn look(&self) -> Observer<'_> {
        Observer::at(&self.cart, &self.rules)
    }

    fn place(&self, row: &RowRef) -> Result<ActionTarget, ActionError> {
        if row.side.is_none() {
            return Ok(Observer::whole(&self.cart, row));
        }
        self.look().place(row).ok_or_else(|| ActionError::UnknownRow { line: row.line.clone() })
    }

    /// What an action on a row replaces, if that can be said without reading its line.
    fn replaced(&mut self, row: &RowRef) -> Option<ReplacedRow> {
        if row.side.is_some() || !plain_cart::is_plain(&self.cart) {
            return None;
        }
        self.cart.build_line_filter();
        plain_cart::row(&self.cart, &row.line, row.list)
    }

    /// What this replica sees of a row it shows.
    fn seen(&self, row: &RowRef) -> Result<ObservedRow, ActionError> {
        if self.cart.is_erased() {
            return Err(VerbError::Erased.into());
        }
        self.place(row)?;
        let seen = self.look().row(row);
        if seen.shown.is_empty() {
            return Err(ActionError::UnknownRow { line: row.line.clone() });
        }
        Ok(seen)
    }

    fn row_register(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        key: &RegisterKey,
        value: Option<Register>,
    ) -> Result<Delta, ActionError> {
        self.seen(row)?;
        let side = self.look().register_scope(row);
        let scope = (side.unwrap_or(self.cart.id()), side.is_some());
        let replaced = self.look().registers(Some(row), key);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.register(stamp, scope, Some(&row.line), value, &replaced)?)
    }

    fn cart_register(
        &mut self,
        now_ms: u64,
        key: &RegisterKey,
        value: Option<Register>,
    ) -> Result<Delta, ActionError> {
        let replaced = self.look().registers(None, key);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.register(stamp, (self.cart.id(), false), None, value, &replaced)?)
    }

    fn check_cart(&self, theirs: CartId) -> Result<(), ActionError> {
        let ours = self.cart.id();
        if ours == theirs { Ok(()) } else { Err(ActionError::OtherCart { ours, theirs }) }
    }

    /// Runs `act` with the id of another writer, and returns to this replica's own id. For an
    /// authority that writes on behalf of devices: every action of that writer must be known here,
    /// and the writer must write nowhere else.
    pub fn write_as<T>(&mut self, id: ReplicaId, act: impl FnOnce(&mut Self) -> T) -> T {
        let own = core::mem::replace(&mut self.id, id);
        let done = act(self);
        self.id = own;
        done
    }

    /// The next action's name and time.
    fn stamp(&mut self, now_ms: u64) -> Result<Stamp, ActionError> {
        let seq = sabotage!(
            "dots-are-reused",
            self.cart.context().last(self.id),
            self.cart.live_dots().last(self.id)
        );
        if seq >= limits::SEQ_MAX {
            return Err(ActionError::ReplicaRetired { replica: self.id });
        }
        let dot = Dot::new(self.id, seq + 1);
        let after = after_here(&self.cart);
        Ok(Stamp { dot, time: self.clock.tick(now_ms), after })
    }
}
