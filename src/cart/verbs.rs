//! The shopper's verbs. Each takes what its author saw and writes one dot; its delta says which
//! entry came to life and exactly which dots died.

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

/// Who acts, when, and which merges they had seen.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The action's name.
    pub dot: Dot,
    /// Its time.
    pub time: Time,
    /// The guests whose merge the author had seen.
    pub after: SeenMerges,
}

/// Why a verb changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerbError {
    /// A named limit is reached.
    #[error("the cart is at its limit of {limit} {what}: remove some first")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// The most there may be.
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
    /// The dot has a number that no action has.
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
    /// Puts n more on a line. `leftovers` are what the author saw on a line that shows nothing.
    ///
    /// # Errors
    /// A limit, a shared replica id, or an erased cart; nothing has changed then. So with all verbs.
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

    /// The same with where its line might be in the table of lines.
    pub(crate) fn add_at(
        &mut self,
        stamp: Stamp,
        (line, (scope, sided)): (&LineKey, (CartId, bool)),
        (quantity, price): (Quantity, Option<Money>),
        leftovers: &[Dot],
        hint: u32,
    ) -> Result<Delta, VerbError> {
        self.check_line(line, leftovers.len())?;
        let body = Body::Add { quantity, sided };
        let entry = Entry { price, ..entry(&stamp, scope, Some(line), body) };
        self.write_killing(stamp, Some(entry), leftovers.iter().copied().collect(), hint)
    }

    /// Makes a row n.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn set(
        &mut self,
        stamp: Stamp,
        place: &ActionTarget,
        quantity: Quantity,
        price: Option<Money>,
        seen: ObservedRow,
    ) -> Result<Delta, VerbError> {
        let kills: Removal = seen.kills().collect();
        let other_scopes = seen.shown.iter().filter(|taken| taken.scope != place.scope);
        let mut took: Vec<ConsumedUnits> = other_scopes.chain(&seen.took).copied().collect();
        took.sort_unstable();
        took.dedup_by_key(|taken| taken.dot);
        let settled = SetSideEffects::of(took, seen.stays);
        let mut covers = RunsBuilder::new();
        seen.covers.runs().rev().for_each(|(writer, run)| covers.push(writer, run));
        let (wanted, covers) = ((quantity, price), covers.covers());
        self.set_seen(stamp, place, wanted, (kills, NONE), (covers, settled))
    }

    /// The same, with the dots that it makes dead, where its line might be in the table of lines,
    /// and what it covers and settles.
    pub(crate) fn set_seen(
        &mut self,
        stamp: Stamp,
        place: &ActionTarget,
        (quantity, price): (Quantity, Option<Money>),
        (kills, hint): (Removal, u32),
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
        self.write_killing(stamp, Some(entry), kills, hint)
    }

    /// Takes a row out, or several: a dot that is born dead. Only where something has to stay
    /// as it is, though it hung on that row, does it leave an entry, which says so.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn remove(&mut self, stamp: Stamp, rows: &[ObservedRow]) -> Result<Delta, VerbError> {
        let mut stays = Preserved::default();
        rows.iter().for_each(|seen| stays.extend(&seen.stays));
        let word = (!stays.is_empty())
            .then(|| entry(&stamp, self.id(), None, Body::Stay(Arc::new(stays))));
        self.take_out(stamp, word, rows.iter().flat_map(ObservedRow::kills).collect())
    }

    /// The same, of these dots.
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

    /// Moves exactly what the author saw in a row to the place's list. `covered` are older Moves
    /// that this one makes pointless.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
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

    /// Writes a register of a line, or of the cart, in place of those the author saw; `None` clears
    /// it. With the scope goes whether one side of a split line is written.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
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

    /// Notes the intent to use a coupon, in place of those of that code the author saw.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
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

    /// Drops what the author saw: coupons, say.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn drop_seen(&mut self, stamp: Stamp, seen: &[Dot]) -> Result<Delta, VerbError> {
        self.write(stamp, None, seen.iter().copied())
    }

    /// Notes whether the shop may remind the shopper.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn consent(
        &mut self,
        stamp: Stamp,
        given: bool,
        replaced: &[Dot],
    ) -> Result<Delta, VerbError> {
        let entry = entry(&stamp, self.id(), None, Body::Consent(given));
        self.write(stamp, Some(entry), replaced.iter().copied())
    }

    /// Joins a guest's state and states that it belongs to this account. The stamp's dot is not
    /// used: a merge's dot is its claim's.
    ///
    /// # Errors
    /// As with [`add`](Self::add). That the merge is known already is no error: its delta is
    /// empty but for the guest's state.
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
        // Known here, it was merged before. Known there, somebody who lies has used its name.
        if self.context().contains(dot)
            || sabotage!("merge-reuses-guest-dot", guest.context().contains(dot), false)
        {
            return self.absorb(guest);
        }
        let mut delta = self.lacking(guest)?;
        if sabotage!("merge-repeats-known-entries", self.context().covers(guest.context()), false) {
            // Whether that changes anything cannot be told once the merge is with it.
            delta =
                sabotage!("merge-omits-guest-deaths", self.taking(delta), Delta::empty(self.id()));
        }
        let Claim { guest, account, number } = claim;
        let body = Body::Merge(Arc::new(GuestMerge { guest, account, claim: number, policy }));
        delta.0.live.put(dot, &entry(&stamp, self.id(), None, body));
        Ok(self.taking(delta))
    }

    /// Joins the state of a guest cart that was merged into this one: what its devices wrote late.
    ///
    /// # Errors
    /// This cart was erased.
    pub fn absorb(&mut self, guest: &Self) -> Result<Delta, VerbError> {
        let delta = self.lacking(guest)?;
        Ok(self.taking(delta))
    }

    /// What this cart lacks of a guest's state.
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
        // An entry does not say what died by it, and a death not by which entry. So where some of what is dead there
        // is dead here already, a third replica gets all of the guest: each entry with its deaths, each death with
        // its entry. Else what is new here has them together.
        let apart = !dead.is_empty() && !dead.covers_none_of(&self.dead());
        let live = if sabotage!("absorb-parts-deaths-from-entries", apart, false) {
            guest.live.clone()
        } else {
            guest.live_beyond(self.context())
        };
        let needs = NeededDots::none();
        Ok(Delta::made(DeltaParts { cart: self.id(), live, dead, needs, erased: false }))
    }

    /// Joins a delta; gives it back if that changed anything.
    fn taking(&mut self, delta: Delta) -> Delta {
        if self.join_any(&delta).changed { delta } else { Delta::empty(self.id()) }
    }

    /// Takes a merge back: the guest's dots the author saw die.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
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

    /// States that an order bought exactly what the snapshot froze.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn order(
        &mut self,
        stamp: Stamp,
        id: OrderId,
        snapshot: &Snapshot,
    ) -> Result<Delta, VerbError> {
        let Snapshot { bought, settled, seen, stays, .. } = snapshot;
        let (bought, seen, stays) = (bought.clone(), seen.clone().into(), stays.clone());
        let body = Body::Order(Arc::new(OrderPlaced { id, bought, seen, stays }));
        let entry = entry(&stamp, self.id(), None, body);
        let bought = sabotage!("order-leaves-bought-units", snapshot.bought.iter(), [].iter());
        let kills = bought.map(|bought| bought.taken.dot).chain(settled.iter().copied());
        self.write(stamp, Some(entry), kills)
    }

    /// States that a server let what it saw expire, by a rule.
    ///
    /// # Errors
    /// As with [`add`](Self::add).
    pub fn expire(
        &mut self,
        stamp: Stamp,
        rule: RuleName,
        seen: &[Dot],
    ) -> Result<Delta, VerbError> {
        let entry = entry(&stamp, self.id(), None, Body::Expired { rule: rule.into() });
        self.write(stamp, Some(entry), seen.iter().copied())
    }

    /// Erases the cart: from now on it is everything dead, and absorbs whatever comes late.
    pub fn erase(&mut self) -> Delta {
        let delta = Delta::erasure(self.id());
        let _ = self.join_any(&delta);
        delta
    }

    /// Whether one more entry fits on `line` once `replaced` of its entries are gone.
    fn check_line(&self, line: &LineKey, replaced: usize) -> Result<(), VerbError> {
        // Most carts are far from any limit, and that is quickly seen: the table has at least as
        // many lines as are in use.
        let full = self.live().tables().lines.len() >= limits::LINES;
        if !full && self.live().len() < limits::LINE_ENTRIES {
            return Ok(());
        }
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

    /// Writes one action: its entry comes to life, or its dot is born dead, and what its author
    /// saw of it dies. The local state takes its delta the way every other replica does.
    fn write(
        &mut self,
        stamp: Stamp,
        entry: Option<Entry>,
        kills: impl IntoIterator<Item = Dot>,
    ) -> Result<Delta, VerbError> {
        self.write_killing(stamp, entry, kills.into_iter().collect(), NONE)
    }

    /// The same with the set of what dies, and where its line might be in the table of lines.
    fn write_killing(
        &mut self,
        stamp: Stamp,
        entry: Option<Entry>,
        kills: Removal,
        hint: u32,
    ) -> Result<Delta, VerbError> {
        if self.is_erased() {
            return Err(VerbError::Erased);
        }
        if self.context().contains(stamp.dot) {
            return Err(VerbError::DotTaken { dot: stamp.dot });
        }
        if !stamp.dot.is_of_action() {
            return Err(VerbError::DotOutOfRange { dot: stamp.dot });
        }
        // What `join` would do with this delta, which says nothing that is not new here. What dies is
        // taken out first, while its rows are where they were.
        let Removal { dots: kills, places } = kills;
        match places {
            Some(places) => self.kill_at(&places),
            None => drop(self.kill(&kills)),
        }
        let mut delta = Delta::empty(self.id());
        let parts = &mut *delta.0;
        parts.dead = kills;
        match entry {
            Some(entry) => {
                parts.needs = sabotage!("delta-omits-needs", NeededDots::All, NeededDots::none());
                self.enliven(stamp.dot, &entry, hint);
                parts.live.put_first(stamp.dot, entry);
                sabotage!("delta-omits-dead", {
                    parts.needs = NeededDots::none();
                    parts.dead = Default::default();
                });
            }
            None => {
                parts.needs = NeededDots::These(parts.dead.clone());
                self.born_dead(stamp.dot);
                sabotage!("removal-has-no-dot", parts.dead.insert(stamp.dot), false);
            }
        }
        Ok(delta)
    }
}

#[inline]
fn entry(stamp: &Stamp, scope: CartId, line: Option<&LineKey>, body: Body) -> Entry {
    let after = sabotage!("action-omits-seen-merges", stamp.after.clone(), SeenMerges::default());
    let time = stamp.time;
    Entry { time, scope, after, line: line.cloned(), price: None, body }
}
