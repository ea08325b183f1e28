//! Digests of entries, and the fingerprint of a state.
//!
//! The fingerprint of the live entries is the sum, modulo 2^128, of their digests: an incremental
//! set hash (Bellare and Micciancio 1997), so one change costs one digest. It finds bugs and plain
//! liars. It does not authenticate against somebody who crafts many entries to collide.

use alloc::vec::Vec;

use super::entry::{
    Body, ConsumedUnits, Gift, List, OrderPlaced, OrderedUnits, Preserved, Register,
};
use super::merge_policy::{LosingUnits, MergePolicy, RuleRef};
use super::packed::EntryRef;
use crate::dots::{Dot, Dots};
use crate::id::LineKey;
use crate::leb128;
use crate::money::Money;

/// Fingerprint of a state. Two replicas compare it to learn whether they hold equal states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fingerprint {
    /// Sum of the digests of the live entries.
    pub live: u128,
    /// Digest of the context.
    pub context: u128,
}

/// Buffer of values to hash, each with its length or tag, so that different entries give different
/// bytes. Most entries fit two blocks of the hash, which is the cost of their digest.
struct HashInput(Vec<u8>);

impl HashInput {
    fn new(domain: &[u8]) -> Self {
        let mut feed = Self(Vec::with_capacity(FEED_BYTES));
        feed.bytes(domain);
        feed
    }

    fn number(&mut self, number: u64) {
        leb128::write(number, |byte| self.0.push(byte));
    }

    fn wide(&mut self, number: u128) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn maybe<T>(&mut self, value: Option<T>, feed: impl FnOnce(&mut Self, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            feed(self, value);
        }
    }

    fn dot(&mut self, dot: Dot) {
        self.wide(dot.replica.as_u128());
        self.number(dot.seq);
    }

    fn dots(&mut self, dots: &[Dot]) {
        self.number(dots.len() as u64);
        dots.iter().for_each(|dot| self.dot(*dot));
    }

    fn runs(&mut self, dots: &Dots) {
        self.number(dots.writers().count() as u64);
        for (replica, runs) in dots.writers() {
            self.wide(replica.as_u128());
            self.number(runs.len() as u64);
            for run in runs {
                self.number(run.first);
                self.number(run.last);
            }
        }
    }

    fn line(&mut self, line: &LineKey) {
        self.bytes(line.as_bytes());
    }

    fn price(&mut self, price: &Money) {
        let (digits, scale) = price.parts();
        self.number(digits);
        self.number(u64::from(scale));
        self.bytes(price.currency().as_bytes());
    }

    fn taken(&mut self, taken: &ConsumedUnits) {
        self.dot(taken.dot);
        self.number(u64::from(taken.units));
        self.wide(taken.scope.as_u128());
        self.maybe(taken.set, |feed, list| feed.number(list_number(list)));
    }

    fn end(self) -> u128 {
        let mut half = [0; 16];
        half.copy_from_slice(&blake3::hash(&self.0).as_bytes()[..16]);
        u128::from_le_bytes(half)
    }
}

/// Initial capacity of the buffer, in bytes: enough for most entries.
const FEED_BYTES: usize = 192;

/// Returns the number of a list in digests.
const fn list_number(list: List) -> u64 {
    match list {
        List::Active => 0,
        List::Saved => 1,
    }
}

/// Returns the digest of an entry under its dot: 128 bits.
pub(super) fn of_entry(fact: EntryRef<'_>) -> u128 {
    let mut feed = HashInput::new(b"e1");
    feed.dot(fact.dot());
    feed.number(fact.time().bits());
    feed.wide(fact.scope().as_u128());
    feed.number(fact.seen_merges().len() as u64);
    fact.seen_merges().iter().for_each(|guest| feed.wide(guest.as_u128()));
    feed.maybe(fact.line(), HashInput::line);
    sabotage!("digest-ignores-price", feed.maybe(fact.price().as_ref(), HashInput::price), ());
    of_body(&mut feed, fact.body());
    feed.end()
}

/// Feeds the kind and the fields of a body.
fn of_body(feed: &mut HashInput, body: &Body) {
    feed.number(u64::from(body.kind_number()));
    match body {
        Body::Add { quantity, sided } => {
            feed.number(u64::from(quantity.get()));
            feed.number(u64::from(*sided));
        }
        Body::Set(set) => {
            feed.number(u64::from(set.quantity.get()));
            feed.number(list_number(set.list));
            feed.number(u64::from(set.sided));
            feed.runs(&set.seen);
            feed.runs(&set.covers.to_dots());
            feed.number(set.replaced_guest_units().len() as u64);
            set.replaced_guest_units().iter().for_each(|taken| feed.taken(taken));
            of_preserved(feed, body.preserved().unwrap_or(&NOTHING_PRESERVED));
        }
        Body::Move { to, dots } => {
            feed.number(list_number(*to));
            feed.dots(dots);
        }
        Body::Register { value, sided } => {
            of_register(feed, value);
            feed.number(u64::from(*sided));
        }
        Body::Coupon(code) => {
            feed.text(code.as_str());
        }
        Body::Consent(given) => {
            feed.number(u64::from(*given));
        }
        Body::Merge(merge) => {
            feed.wide(merge.guest.as_u128());
            feed.wide(merge.account.as_u128());
            feed.number(u64::from(merge.claim));
            of_policy(feed, &merge.policy);
        }
        Body::Unmerge(unmerge) => {
            feed.wide(unmerge.guest.as_u128());
            feed.number(u64::from(unmerge.claim));
        }
        Body::Order(order) => {
            let OrderPlaced { id, bought, seen, preserved } = &**order;
            feed.text(id.as_str());
            feed.number(bought.len() as u64);
            for OrderedUnits { line, taken } in bought {
                feed.line(line);
                feed.taken(taken);
            }
            feed.runs(seen);
            of_preserved(feed, preserved);
        }
        Body::Expired { rule } => {
            feed.text(rule.as_str());
        }
        Body::Stay(preserved) => {
            of_preserved(feed, preserved);
        }
        Body::Unknown { payload, .. } => {
            feed.bytes(payload);
        }
    }
}

static NOTHING_PRESERVED: Preserved = Preserved { pins: Vec::new(), lacks: Vec::new() };

/// Feeds preserved placements and deductions.
fn of_preserved(feed: &mut HashInput, preserved: &Preserved) {
    feed.number(preserved.pins.len() as u64);
    for pin in &preserved.pins {
        feed.dot(pin.dot);
        feed.number(list_number(pin.list));
        feed.maybe(pin.until, |feed, guest| feed.wide(guest.as_u128()));
    }
    feed.number(preserved.lacks.len() as u64);
    for lack in &preserved.lacks {
        feed.dot(lack.set);
        feed.dot(lack.taken);
        feed.number(u64::from(lack.units));
    }
}

/// Feeds the kind and the value of a register.
fn of_register(feed: &mut HashInput, register: &Register) {
    feed.number(register.kind_number());
    match register {
        Register::Note(text) => {
            feed.text(text.as_str());
        }
        Register::Gift(Gift { wrap, message }) => {
            feed.number(u64::from(*wrap));
            feed.maybe(message.as_ref(), |feed, text| feed.text(text.as_str()));
        }
        Register::Attribute(key, value) => {
            feed.text(key.as_str());
            feed.text(value.as_str());
        }
        Register::Shipping(option) => {
            feed.text(option.as_str());
        }
    }
}

/// Feeds a whole merge policy.
fn of_policy(feed: &mut HashInput, policy: &MergePolicy) {
    let rule = |feed: &mut HashInput, rule: &RuleRef| {
        feed.text(rule.name.as_str());
        feed.number(u64::from(rule.version));
    };
    let loser =
        |feed: &mut HashInput, loser| feed.number(u64::from(loser == LosingUnits::SaveForLater));
    rule(feed, &policy.rule);
    feed.maybe(policy.ceiling, |feed, units| feed.number(u64::from(units.get())));
    loser(feed, policy.loser);
    feed.number(policy.overrides.len() as u64);
    for other in &policy.overrides {
        feed.text(other.lines.as_str());
        feed.maybe(other.rule.as_ref(), rule);
        feed.maybe(other.ceiling, |feed, units| feed.number(u64::from(units.get())));
        feed.maybe(other.loser, loser);
    }
}

/// Returns the digest of a set of dots. Equal sets have equal runs, so equal digests.
pub(super) fn of_dots(dots: &Dots) -> u128 {
    let mut feed = HashInput::new(b"c1");
    feed.runs(dots);
    feed.end()
}

/// Derives 128 bits from parts, for names that every region must derive alike.
pub(super) fn of_parts(domain: &[u8], parts: &[u128]) -> u128 {
    let mut feed = HashInput::new(domain);
    parts.iter().for_each(|part| feed.wide(*part));
    feed.end()
}

/// Returns the digest of the dots that an order buys: the value of an `OrderKey`.
pub(super) fn of_order(cart: u128, dots: &[Dot]) -> u128 {
    let mut feed = HashInput::new(b"o1");
    feed.wide(cart);
    feed.dots(dots);
    feed.end()
}
