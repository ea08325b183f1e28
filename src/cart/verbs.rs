//! The shopper's verbs. Each takes what its author saw and writes one dot. Its delta names the
//! entry that came to life and exactly the dots that died.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::delta::{Delta, DeltaParts, NeededDots};
use super::entry::{
    Body, ConsumedUnits, Entry, GuestMerge, GuestUnmerge, OrderPlaced, Preserved, Register,
    SeenMerges, SetQuantity, SetSideEffects,
};
use super::merge_policy::MergePolicy;
use super::observed::{ActionTarget, Claim, ObservedRow, Snapshot};
use super::packed::{EntryKind, NONE};
use super::removal::Removal;
use super::replaced_dots::{ReplacedDots, RunsBuilder};
use super::state::Cart;
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{CartId, CouponCode, LineKey, OrderId, RuleName};
use crate::limits;
use crate::money::Money;
use crate::quantity::Quantity;

/// Name, time and knowledge of an action: what every verb writes into its entry.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Name of the action.
    pub dot: Dot,
    /// Time of the action.
    pub time: Time,
    /// Guest carts whose merges the author had seen.
    pub seen_merges: SeenMerges,
}

/// Reason why a verb was refused. The cart has not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerbError {
    /// A limit of [`limits`] is reached.
    #[error("the cart is at its limit of {limit} {what}: remove some first")]
    Limit {
        /// Kind of thing that is limited.
        what: &'static str,
        /// Largest allowed number.
        limit: usize,
    },
    /// The cart was erased.
    #[error("the cart was erased: start a new one")]
    Erased,
    /// The dot is known already: two writers share one replica id.
    #[error("action {dot} exists already: a replica id must not be shared, start a new writer")]
    DotTaken {
        /// The dot.
        dot: Dot,
    },
    /// The dot has a number outside 1 to [`limits::SEQ_MAX`].
    #[error(
        "action {dot} has a number outside 1 to {limit}: start a new writer",
        limit = limits::SEQ_MAX
    )]
    DotOutOfRange {
        /// The dot.
        dot: Dot,
    },
}

impl Cart {
    /// Puts `quantity` more units on a line. `leftovers` are hidden entries that the author saw on
    /// a line that shows nothing; they die.
    ///
    /// # Errors
    /// Fails at a limit, for a shared replica id, or if the cart was erased.
    pub fn add(
        &mut self,
        stamp: Stamp,
        place: &ActionTarget,
        quantity: Quantity,
        price: Option<Money>,
        leftovers: &[Dot],
    ) -> Result<Delta, VerbError> {
        let side = (place.scope, place.sided);
        self.add_at(stamp, (&place.line, side), (quantity, price), leftovers, NONE)
    }

    /// Puts more units on a line. `hint` is the probable index of the line in the table, or
    /// [`NONE`].
    pub(crate) fn add_at(
        &mut self,
        stamp: Stamp,
        (line, (scope, sided)): (&LineKey, (CartId, bool)),
        (quantity, price): (Quantity, Option<Money>),
        leftovers: &[Dot],
        line_hint: u32,
    ) -> Result<Delta, VerbError> {
        self.check_line(line, leftovers.len())?;
        let body = Body::Add { quantity, sided };
        let entry = Entry { price, ..entry(&stamp, scope, Some(line), body) };
        self.write_killing(stamp, Some(entry), leftovers.iter().copied().collect(), line_hint)
    }

    /// Makes a row show `quantity` units, in place of what the author saw.
    ///
    /// # Errors
    /// Fails at a limit, for a shared replica id, or if the cart was erased.
    pub fn set(
        &mut self,
        stamp: Stamp,
        place: &ActionTarget,
        quantity: Quantity,
        price: Option<Money>,
        seen: ObservedRow,
    ) -> Result<Delta, VerbError> {
        let kills: Removal = seen.kills().collect();
        // Units of guest carts, whether replaced now or by an earlier Set of the row.
        let other_scopes = seen.shown.iter().filter(|taken| taken.scope != place.scope);
        let mut replaced_guest_units: Vec<ConsumedUnits> =
            other_scopes.chain(&seen.replaced_guest_units).copied().collect();
        replaced_guest_units.sort_unstable();
        replaced_guest_units.dedup_by_key(|taken| taken.dot);
        let settled = SetSideEffects::of(replaced_guest_units, seen.preserved);
        // The builder takes runs of one writer fastest in descending order.
        let mut covers = RunsBuilder::new();
        seen.covers.runs().rev().for_each(|(writer, run)| covers.push(writer, run));
        let (wanted, covers) = ((quantity, price), covers.covers());
        self.set_seen(stamp, place, wanted, (kills, NONE), (covers, settled))
    }

    /// Makes a row show `quantity` units. `kills` die; `hint` is the probable index of the line in
    /// the table, or [`NONE`]; `effects` are the replaced dots and the side effects of the Set.
    pub(crate) fn set_seen(
        &mut self,
        stamp: Stamp,
        place: &ActionTarget,
        (quantity, price): (Quantity, Option<Money>),
        (kills, line_hint): (Removal, u32),
        effects: (ReplacedDots, Option<Box<SetSideEffects>>),
    ) -> Result<Delta, VerbError> {
        self.check_line(&place.line, kills.dots.count().try_into().unwrap_or(usize::MAX))?;
        let (covers, settled) =
            sabotage!("set-omits-replaced", effects, (ReplacedDots::default(), effects.1));
        let body = Body::Set(Arc::new(SetQuantity {
            quantity,
            list: place.list,
            sided: place.sided,
            seen: sabotage!(
                "set-omits-seen",
                self.context().without(stamp.dot.replica).into(),
                Default::default()
            ),
            covers,
            settled,
        }));
        let entry = Entry { price, ..entry(&stamp, place.scope, Some(&place.line), body) };
        self.write_killing(stamp, Some(entry), kills, line_hint)
    }

    /// Removes rows. The dot of the action is born dead, so a removal leaves no entry.
    ///
    /// Only where placements or deductions of other entries depended on the removed rows does the
    /// action write an entry, a [`Body::Stay`], that preserves them.
    ///
    /// # Errors
    /// Fails for a shared replica id, or if the cart was erased.
    pub fn remove(&mut self, stamp: Stamp, rows: &[ObservedRow]) -> Result<Delta, VerbError> {
        let mut preserved = Preserved::default();
        rows.iter().for_each(|seen| preserved.extend(&seen.preserved));
        let word = (!preserved.is_empty())
            .then(|| entry(&stamp, self.id(), None, Body::Stay(Arc::new(preserved))));
        self.take_out(stamp, word, rows.iter().flat_map(ObservedRow::kills).collect())
    }

    /// Removes the dots of `kills`. `word` is the entry that preserves other entries, if one is
    /// needed.
    pub(crate) fn take_out(
        &mut self,
        stamp: Stamp,
        word: Option<Entry>,
        kills: Removal,
    ) -> Result<Delta, VerbError> {
        sabotage!("removal-takes-next-dot", {
            let others = self.context().without(stamp.dot.replica);
            let next = others.runs().map(|(writer, run)| Dot::new(writer, run.last + 1));
            let next: Vec<Dot> = next.filter(|dot| !others.contains(*dot)).collect();
            let last = kills.dots.runs().map(|(writer, run)| Dot::new(writer, run.last));
            return self.write_killing(stamp, word, last.chain(next).collect(), NONE);
        });
        self.write_killing(stamp, word, kills, NONE)
    }

    /// Moves the contributions that the author saw in a row to the target's list. `covered` are
    /// older Moves that this Move makes pointless; they die.
    ///
    /// # Errors
    /// Fails at a limit, for a shared replica id, or if the cart was erased.
    pub fn move_to(
        &mut self,
        stamp: Stamp,
        place: &ActionTarget,
        seen: &ObservedRow,
        covered: &[Dot],
    ) -> Result<Delta, VerbError> {
        self.check_line(&place.line, covered.len())?;
        let dots = Arc::new(seen.shown.iter().map(|taken| taken.dot).collect());
        let body = Body::Move { to: place.list, dots };
        let entry = entry(&stamp, place.scope, Some(&place.line), body);
        sabotage!("saved-row-is-lost", {
            return self.write(stamp, Some(entry), covered.iter().copied().chain(seen.kills()));
        });
        self.write(stamp, Some(entry), covered.iter().copied())
    }

    /// Writes a register of a line, or of the cart, in place of the values that the author saw.
    /// `None` clears the register. The flag beside the scope is true if one side of a split line is
    /// written.
    ///
    /// # Errors
    /// Fails at a limit, for a shared replica id, or if the cart was erased.
    pub fn register(
        &mut self,
        stamp: Stamp,
        (scope, sided): (CartId, bool),
        line: Option<&LineKey>,
        value: Option<Register>,
        replaced: &[Dot],
    ) -> Result<Delta, VerbError> {
        if let Some(line) = line {
            self.check_line(line, replaced.len())?;
        }
        let entry = value.map(|value| {
            let value = Arc::new(value);
            entry(&stamp, scope, line, Body::Register { value, sided })
        });
        self.write(stamp, entry, replaced.iter().copied())
    }

    /// Notes the intent to use a coupon, in place of earlier entries of that code that the author
    /// saw.
    ///
    /// # Errors
    /// Fails at a limit, for a shared replica id, or if the cart was erased.
    pub fn coupon(
        &mut self,
        stamp: Stamp,
        code: CouponCode,
        replaced: &[Dot],
    ) -> Result<Delta, VerbError> {
        if self.live().count(EntryKind::Coupon).saturating_sub(replaced.len()) >= limits::COUPONS {
            return Err(VerbError::Limit { what: "coupons", limit: limits::COUPONS });
        }
        let entry = entry(&stamp, self.id(), None, Body::Coupon(code.into()));
        self.write(stamp, Some(entry), replaced.iter().copied())
    }

    /// Removes entries that the author saw, such as coupons.
    ///
    /// # Errors
    /// Fails for a shared replica id, or if the cart was erased.
    pub fn drop_seen(&mut self, stamp: Stamp, seen: &[Dot]) -> Result<Delta, VerbError> {
        self.write(stamp, None, seen.iter().copied())
    }

    /// Notes whether the shop may remind the shopper, in place of earlier consents that the author
    /// saw.
    ///
    /// # Errors
    /// Fails for a shared replica id, or if the cart was erased.
    pub fn consent(
        &mut self,
        stamp: Stamp,
        given: bool,
        replaced: &[Dot],
    ) -> Result<Delta, VerbError> {
        let entry = entry(&stamp, self.id(), None, Body::Consent(given));
        self.write(stamp, Some(entry), replaced.iter().copied())
    }

    /// Joins the state of a guest cart and states that it belongs to this account. The dot of the
    /// stamp is not used: the dot of a merge derives from its claim.
    ///
    /// # Errors
    /// Fails at a limit, or if the cart was erased. A merge that is already known is no error: its
    /// delta holds only what was lacking of the guest's state.
    pub fn merge(
        &mut self,
        stamp: Stamp,
        claim: Claim,
        policy: MergePolicy,
        guest: &Self,
    ) -> Result<Delta, VerbError> {
        if self.live().count(EntryKind::Merge) >= limits::MERGES {
            return Err(VerbError::Limit { what: "merged guests", limit: limits::MERGES });
        }
        let dot = sabotage!("merge-has-its-own-dot", claim.dot(), stamp.dot);
        // Known to this cart, the merge was written before. Known to the guest, somebody forged its
        // dot.
        if self.context().contains(dot)
            || sabotage!("merge-reuses-guest-dot", guest.context().contains(dot), false)
        {
            return self.absorb(guest);
        }
        let mut delta = self.lacking(guest)?;
        if sabotage!("merge-repeats-known-entries", self.context().covers(guest.context()), false) {
            // Join the guest first: once the merge entry is in the delta, no join can tell whether
            // the guest's part changes anything.
            delta =
                sabotage!("merge-omits-guest-deaths", self.taking(delta), Delta::empty(self.id()));
        }
        // The merge entry goes last into the delta, so one join takes both.
        let Claim { guest, account, number } = claim;
        let body = Body::Merge(Arc::new(GuestMerge { guest, account, claim: number, policy }));
        delta.0.live.put(dot, &entry(&stamp, self.id(), None, body));
        Ok(self.taking(delta))
    }

    /// Joins the state of a guest cart that was merged into this one, to take what its devices
    /// wrote late.
    ///
    /// # Errors
    /// Fails if this cart was erased.
    pub fn absorb(&mut self, guest: &Self) -> Result<Delta, VerbError> {
        let delta = self.lacking(guest)?;
        Ok(self.taking(delta))
    }

    /// Returns the delta from this cart to the join with a guest's state.
    fn lacking(&self, guest: &Self) -> Result<Delta, VerbError> {
        if self.is_erased() {
            return Err(VerbError::Erased);
        }
        if guest.is_erased() {
            return Ok(Delta::empty(self.id()));
        }
        let dead = sabotage!(
            "absorb-forgets-guest-deaths",
            sabotage!("absorb-omits-known-deaths", guest.dead(), {
                let gone = guest.dead();
                let mut dead = gone.minus(self.context());
                dead.extend(&gone.intersection(&self.live_dots()));
                dead
            }),
            guest.dead().minus(&self.live_dots())
        );
        // An entry does not tell which dots its action removed, nor a death which entry caused it.
        // If some deaths of the guest are known here already, the delta would separate them from
        // their entries for a third replica. So it then carries the whole guest.
        let apart = !dead.is_empty() && !dead.covers_none_of(&self.dead());
        let live = if sabotage!("absorb-parts-deaths-from-entries", apart, false) {
            guest.live.clone()
        } else {
            guest.live_beyond(self.context())
        };
        let needs = NeededDots::none();
        Ok(Delta::made(DeltaParts { cart: self.id(), live, dead, needs, erased: false }))
    }

    /// Joins a delta. Returns it if it changed anything, and an empty delta otherwise.
    fn taking(&mut self, delta: Delta) -> Delta {
        if self.join_any(&delta).changed { delta } else { Delta::empty(self.id()) }
    }

    /// Takes a merge back. The dots of the guest that the author saw die.
    ///
    /// # Errors
    /// Fails for a shared replica id, or if the cart was erased.
    pub fn unmerge(
        &mut self,
        stamp: Stamp,
        claim: Claim,
        guests_dots: &[Dot],
    ) -> Result<Delta, VerbError> {
        let body =
            Body::Unmerge(Arc::new(GuestUnmerge { guest: claim.guest, claim: claim.number }));
        let entry = entry(&stamp, self.id(), None, body);
        self.write(stamp, Some(entry), guests_dots.iter().copied())
    }

    /// States that an order bought exactly the units of the snapshot.
    ///
    /// # Errors
    /// Fails for a shared replica id, or if the cart was erased.
    pub fn order(
        &mut self,
        stamp: Stamp,
        id: OrderId,
        snapshot: &Snapshot,
    ) -> Result<Delta, VerbError> {
        let Snapshot { bought, settled, seen, preserved, .. } = snapshot;
        let (bought, seen, preserved) = (bought.clone(), seen.clone().into(), preserved.clone());
        let body = Body::Order(Arc::new(OrderPlaced { id, bought, seen, preserved }));
        let entry = entry(&stamp, self.id(), None, body);
        // Bought contributions die, together with what was hidden on their lines.
        let bought = sabotage!("order-leaves-bought-units", snapshot.bought.iter(), [].iter());
        let kills = bought.map(|bought| bought.taken.dot).chain(settled.iter().copied());
        self.write(stamp, Some(entry), kills)
    }

    /// States that a server let the entries it saw expire, by a rule.
    ///
    /// # Errors
    /// Fails for a shared replica id, or if the cart was erased.
    pub fn expire(
        &mut self,
        stamp: Stamp,
        rule: RuleName,
        seen: &[Dot],
    ) -> Result<Delta, VerbError> {
        let entry = entry(&stamp, self.id(), None, Body::Expired { rule: rule.into() });
        self.write(stamp, Some(entry), seen.iter().copied())
    }

    /// Erases the cart: every dot is dead from now on, also those that arrive later.
    pub fn erase(&mut self) -> Delta {
        let delta = Delta::erasure(self.id());
        let _ = self.join_any(&delta);
        delta
    }

    /// Checks that one more entry fits on `line` once `replaced` of its entries are gone.
    fn check_line(&self, line: &LineKey, replaced: usize) -> Result<(), VerbError> {
        // Most carts are far below every limit. The table has at least as many lines as are in use,
        // so its length is a quick upper bound.
        let full = self.live().tables().lines.len() >= limits::LINES;
        if !full && self.live().len() < limits::LINE_ENTRIES {
            return Ok(());
        }
        // Count exactly only near a limit.
        let here = self.live().on_line(line).count();
        if here == 0 && full && self.lines().count() >= limits::LINES {
            return Err(VerbError::Limit { what: "lines", limit: limits::LINES });
        }
        if here.saturating_sub(replaced) >= limits::LINE_ENTRIES {
            return Err(VerbError::Limit {
                what: "entries on a line",
                limit: limits::LINE_ENTRIES,
            });
        }
        Ok(())
    }

    /// Writes one action: its entry comes to life, or its dot is born dead, and `kills` die.
    fn write(
        &mut self,
        stamp: Stamp,
        entry: Option<Entry>,
        kills: impl IntoIterator<Item = Dot>,
    ) -> Result<Delta, VerbError> {
        self.write_killing(stamp, entry, kills.into_iter().collect(), NONE)
    }

    /// Writes one action: `entry` comes to life, `kills` die. `line_hint` is the probable index of
    /// its line, or [`NONE`].
    fn write_killing(
        &mut self,
        stamp: Stamp,
        entry: Option<Entry>,
        kills: Removal,
        line_hint: u32,
    ) -> Result<Delta, VerbError> {
        // Check everything before the first change.
        if self.is_erased() {
            return Err(VerbError::Erased);
        }
        if self.context().contains(stamp.dot) {
            return Err(VerbError::DotTaken { dot: stamp.dot });
        }
        if !stamp.dot.is_of_action() {
            return Err(VerbError::DotOutOfRange { dot: stamp.dot });
        }
        // The effect equals that of `join` with the delta. Deaths come first, while the indices of
        // their rows are still valid.
        let Removal { dots: kills, places } = kills;
        match places {
            Some(places) => self.kill_at(&places),
            None => drop(self.kill(&kills)),
        }
        // Build the delta in place, since every action returns one.
        let mut delta = Delta::empty(self.id());
        let parts = &mut *delta.0;
        parts.dead = kills;
        match entry {
            Some(entry) => {
                // The delta names these deaths without their own deltas, so an inbox has to wait
                // for them.
                parts.needs = sabotage!("delta-omits-needs", NeededDots::All, NeededDots::none());
                self.enliven(stamp.dot, &entry, line_hint);
                parts.live.put_first(stamp.dot, entry);
                sabotage!("delta-omits-dead", {
                    parts.needs = NeededDots::none();
                    parts.dead = Default::default();
                });
            }
            None => {
                // A dot that is born dead needs nothing; only the others do.
                parts.needs = NeededDots::These(parts.dead.clone());
                self.born_dead(stamp.dot);
                sabotage!("removal-has-no-dot", parts.dead.insert(stamp.dot), false);
            }
        }
        Ok(delta)
    }
}

/// Makes the entry of an action without a price.
#[inline]
fn entry(stamp: &Stamp, scope: CartId, line: Option<&LineKey>, body: Body) -> Entry {
    let seen_merges =
        sabotage!("action-omits-seen-merges", stamp.seen_merges.clone(), SeenMerges::default());
    let time = stamp.time;
    Entry { time, scope, seen_merges, line: line.cloned(), price: None, body }
}
