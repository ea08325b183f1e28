//! Replica: one writer of one cart. It combines what a device needs: the state, the clock, the
//! rules, and the shopper's verbs.

mod action_error;

use alloc::vec::Vec;

pub use action_error::ActionError;

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
use crate::quantity::Quantity;
use crate::view::plain_cart::{self, ReplacedRow};
use crate::view::{
    Explanation, Observer, RowRef, View, ViewOptions, explain, seen_merges_here, view,
};

/// Writer of one cart: a device, a tab or a server region.
///
/// The methods that take `now_ms`, the wall clock in milliseconds since 1970, are the shopper's and
/// the server's verbs. Each changes the cart at once and returns a [`Delta`] for the other
/// replicas, which take it in with [`join`](Self::join). [`view`](Self::view) and
/// [`explain`](Self::explain) show the cart.
///
/// A replica is not `Clone`: two writers with one id would give one name to two actions. Restart
/// with [`wire::encode_replica`](crate::wire::encode_replica). After a restore from a backup, start
/// a replica with a new id.
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
    /// Makes a new writer of a cart of which it knows nothing yet.
    #[must_use]
    pub fn new(cart: CartId, id: ReplicaId) -> Self {
        Self::resume(id, Time::default(), Cart::new(cart))
    }

    /// Makes the writer that comes back with what it had made durable: its id, the latest time it
    /// knew, and its state.
    ///
    /// The state must include every dot that was sent, so never resume from a backup.
    #[must_use]
    pub fn resume(id: ReplicaId, latest: Time, cart: Cart) -> Self {
        let mut clock = Clock::default();
        clock.observe(latest.max(cart.latest()));
        Self { id, clock, cart, rules: Registry::default(), options: ViewOptions::default() }
    }

    /// Sets the merge rules that the replica knows.
    #[must_use]
    pub fn with_rules(mut self, rules: Registry) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the deployment's options for views.
    #[must_use]
    pub const fn with_options(mut self, options: ViewOptions) -> Self {
        self.options = options;
        self
    }

    /// Returns the id of the writer.
    #[must_use]
    pub const fn id(&self) -> ReplicaId {
        self.id
    }

    /// Returns the state of the cart.
    #[must_use]
    pub const fn cart(&self) -> &Cart {
        &self.cart
    }

    /// Returns the latest time that the replica made or saw.
    #[must_use]
    pub const fn latest(&self) -> Time {
        self.clock.last()
    }

    /// Returns what the shopper sees at this replica.
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

    /// Explains what the shopper sees: for each line, every contribution and its fate.
    #[must_use]
    pub fn explain(&self) -> Vec<Explanation> {
        explain(&self.cart, &self.rules, &self.options)
    }

    /// Returns the fingerprint of the cart, which is equal at another replica with an equal state.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.cart.fingerprint()
    }

    /// Starts to keep the sum that fingerprints need: see [`Cart::track_fingerprint`].
    pub fn track_fingerprint(&mut self) {
        self.cart.track_fingerprint();
    }

    /// Joins a delta of another replica.
    ///
    /// The delta is trusted, and so are its times. Deltas of writers who are not trusted must pass
    /// an authority first.
    ///
    /// # Errors
    /// Fails if the delta is about another cart.
    pub fn join(&mut self, delta: &Delta) -> Result<JoinReport, WrongCart> {
        sabotage!("last-writer-of-cart-wins", {
            if delta.live().values().any(|entry| entry.time < self.cart.latest()) {
                return Ok(JoinReport::default());
            }
        });
        let joined = self.cart.join(delta)?;
        // Later actions of this replica must be later than all it has seen.
        for fact in delta.live().refs() {
            self.clock.observe(fact.time());
        }
        Ok(joined)
    }

    /// Puts `quantity` more units of a line into the active list.
    ///
    /// # Errors
    /// Fails at a limit, if the cart was erased, or if the writer is retired. Nothing has changed
    /// then.
    pub fn add(
        &mut self,
        now_ms: u64,
        line: &LineKey,
        quantity: Quantity,
        price: Option<Money>,
    ) -> Result<Delta, ActionError> {
        self.add_at(now_ms, line, (self.cart.id(), false), (quantity, price))
    }

    /// Puts `quantity` more units on a row of the active list, which may be one side of a split
    /// line.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; also if the row names a side that the line does not show,
    /// or the saved list.
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

    /// Adds units to a line in a scope.
    fn add_at(
        &mut self,
        now_ms: u64,
        line: &LineKey,
        side: (CartId, bool),
        wanted: (Quantity, Option<Money>),
    ) -> Result<Delta, ActionError> {
        // The index of the line serves both the look-up of leftovers and the write.
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

    /// Makes a row show `quantity` units. 0 removes the row.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; for a quantity above the limit; for 0, as
    /// [`remove`](Self::remove) does.
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
        // In a plain cart the row's entries alone tell what is replaced.
        if let Some(ReplacedRow { kills, at }) = self.replaced(row) {
            let covers = plain_cart::covered(&self.cart, &kills);
            let stamp = self.stamp(now_ms)?;
            let (wanted, gone) = ((quantity, price), (kills, at));
            return Ok(self.cart.set_seen(stamp, &place, wanted, gone, (covers, None))?);
        }
        // Otherwise the cart has to be evaluated.
        let seen = self.look().row(row);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.set(stamp, &place, quantity, price, seen)?)
    }

    /// Removes what this replica shows in a row. Units that others add concurrently stay.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; also if this replica does not show the row.
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

    /// Removes everything that this replica shows in a list.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn clear(&mut self, now_ms: u64, list: List) -> Result<Delta, ActionError> {
        let seen = self.look().list(list);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.remove(stamp, &[seen])?)
    }

    /// Moves a row to a list: saves it for later, or takes it back to the cart. It moves exactly the
    /// units that this replica sees in the row. A row that is in the list already stays as it is, and
    /// the delta is empty.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; also if this replica does not show the row.
    pub fn move_to(&mut self, now_ms: u64, row: &RowRef, list: List) -> Result<Delta, ActionError> {
        let seen = self.seen(row)?;
        if row.list == list {
            return Ok(Delta::empty(self.cart.id()));
        }
        let place = ActionTarget { list, ..self.place(row)? };
        let covered = self.look().covered(&row.line, &seen.shown);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.move_to(stamp, &place, &seen, &covered)?)
    }

    /// Writes the note of a row. `None` clears it.
    ///
    /// # Errors
    /// Fails as [`remove`](Self::remove) does.
    pub fn note(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        text: Option<Text>,
    ) -> Result<Delta, ActionError> {
        self.row_register(now_ms, row, &RegisterKey::Note, text.map(Register::Note))
    }

    /// Writes the gift option of a row. `None` clears it.
    ///
    /// # Errors
    /// Fails as [`remove`](Self::remove) does.
    pub fn gift(
        &mut self,
        now_ms: u64,
        row: &RowRef,
        gift: Option<Gift>,
    ) -> Result<Delta, ActionError> {
        self.row_register(now_ms, row, &RegisterKey::Gift, gift.map(Register::Gift))
    }

    /// Writes another attribute of a row. `None` clears it.
    ///
    /// # Errors
    /// Fails as [`remove`](Self::remove) does.
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

    /// Writes the note of the cart. `None` clears it.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn cart_note(&mut self, now_ms: u64, text: Option<Text>) -> Result<Delta, ActionError> {
        self.cart_register(now_ms, &RegisterKey::Note, text.map(Register::Note))
    }

    /// Chooses a shipping option. `None` takes the choice back.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn shipping(
        &mut self,
        now_ms: u64,
        option: Option<ShippingOption>,
    ) -> Result<Delta, ActionError> {
        self.cart_register(now_ms, &RegisterKey::Shipping, option.map(Register::Shipping))
    }

    /// Notes the intent to use a coupon. The coupon stays pending until the shop's pricing
    /// validates it.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
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

    /// Drops a coupon. A code that is not in the cart is dropped already, which is no error.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn drop_coupon(&mut self, now_ms: u64, code: &CouponCode) -> Result<Delta, ActionError> {
        let seen = self.look().coupon(code);
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.drop_seen(stamp, &seen)?)
    }

    /// Notes whether the shop may remind the shopper of this cart. A revocation wins over a
    /// concurrent consent.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn consent(&mut self, now_ms: u64, given: bool) -> Result<Delta, ActionError> {
        let replaced = self.look().consent();
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.consent(stamp, given, &replaced)?)
    }

    /// Merges a guest cart into this account's cart, under a claim that an authority made.
    ///
    /// The delta has the `Merge` entry and what this replica lacked of the guest's state. It has
    /// the whole guest if some of the guest's deaths were known here before. For a claim that is
    /// merged here already, it has only the guest's part.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; also if the claim is for another account, the guest's id
    /// does not match the claim, or the guest cart has merged guests of its own.
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
            !Observer::at(guest, &self.rules).seen_merges().is_empty(),
            false
        ) {
            return Err(ActionError::NestedMerge { guest: guest.id() });
        }
        sabotage!("large-line-refuses-merge", {
            if view(guest, &self.rules, &self.options).lines.iter().any(|row| row.quantity > 8) {
                return Err(ActionError::NestedMerge { guest: guest.id() });
            }
        });
        // The merge must be later than everything in the guest cart.
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

    /// Joins what the devices of a merged guest cart wrote after the merge.
    ///
    /// # Errors
    /// Fails if no valid merge of that guest is in this cart, or if the cart was erased.
    pub fn absorb(&mut self, guest: &Cart) -> Result<Delta, ActionError> {
        if sabotage!("absorb-needs-no-claim", self.look().claim(guest.id()).is_none(), false) {
            return Err(ActionError::NotMerged { guest: guest.id() });
        }
        self.clock.observe(guest.latest());
        Ok(self.cart.absorb(guest)?)
    }

    /// Takes a mistaken merge back. What the account's devices wrote since stays.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; also if the guest is not merged here.
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
    /// Fails if the list is empty, or if this replica cannot evaluate one of its lines.
    pub fn snapshot(&self) -> Result<Snapshot, ActionError> {
        let snapshot = self.look().snapshot(&self.options)?;
        if snapshot.is_empty() {
            return Err(ActionError::NothingToOrder);
        }
        Ok(snapshot)
    }

    /// States that an order bought exactly the units of a snapshot. Edits made since the snapshot
    /// stay. An order id that is known already changes nothing, since an order is placed once.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does; also if the snapshot belongs to another cart.
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

    /// States that an order bought exactly the units that this replica shows in the active list
    /// now. An order id that is known already changes nothing.
    ///
    /// # Errors
    /// Fails as [`snapshot`](Self::snapshot) and [`order`](Self::order) do.
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

    /// Lets everything that this replica shows expire, by a named rule. Servers call this. Actions
    /// that arrive late survive.
    ///
    /// # Errors
    /// Fails as [`add`](Self::add) does.
    pub fn expire(&mut self, now_ms: u64, rule: RuleName) -> Result<Delta, ActionError> {
        let seen = self.look().perishable();
        let stamp = self.stamp(now_ms)?;
        Ok(self.cart.expire(stamp, rule, &seen)?)
    }

    /// Erases the cart for ever. Servers call this.
    pub fn erase(&mut self) -> Delta {
        self.cart.erase()
    }

    /// Returns the cart as this replica sees it.
    fn look(&self) -> Observer<'_> {
        Observer::at(&self.cart, &self.rules)
    }

    /// Returns where an action on a row writes.
    fn place(&self, row: &RowRef) -> Result<ActionTarget, ActionError> {
        if row.side.is_none() {
            return Ok(Observer::whole(&self.cart, row));
        }
        self.look().place(row).ok_or_else(|| ActionError::UnknownRow { line: row.line.clone() })
    }

    /// Returns what an action on a row replaces, or `None` if the cart has to be evaluated for
    /// that.
    fn replaced(&mut self, row: &RowRef) -> Option<ReplacedRow> {
        if row.side.is_some() || !plain_cart::is_plain(&self.cart) {
            return None;
        }
        self.cart.build_line_filter();
        plain_cart::row(&self.cart, &row.line, row.list)
    }

    /// Returns what this replica sees of a row, which must show something.
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

    /// Writes a register of a row in place of the values that this replica sees.
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

    /// Writes a register of the cart in place of the values that this replica sees.
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

    /// Checks that something belongs to this cart.
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

    /// Returns the name, time and knowledge of the next action.
    fn stamp(&mut self, now_ms: u64) -> Result<Stamp, ActionError> {
        // Dead dots count too, so that no number is used twice.
        let seq = sabotage!(
            "dots-are-reused",
            self.cart.context().last(self.id),
            self.cart.live_dots().last(self.id)
        );
        if seq >= limits::SEQ_MAX {
            return Err(ActionError::ReplicaRetired { replica: self.id });
        }
        let dot = Dot::new(self.id, seq + 1);
        let seen_merges = seen_merges_here(&self.cart);
        Ok(Stamp { dot, time: self.clock.tick(now_ms), seen_merges })
    }
}
