//! The world of a story: sites with their carts, a network, an authority, and a clock that only
//! the story moves.

use std::collections::BTreeMap;

use super::authority::{Answer, Authority};
use super::carrier::{Carrier, Place};
use super::story::{Act, RowName, SideName};
use crate::cart::{Cart, Delta, Gift, List, MergePolicy};
use crate::id::{
    AttributeKey, CartId, CouponCode, LineError, OrderId, ReplicaId, RuleName, ShippingOption,
    Text, TextError,
};
use crate::policy::Registry;
use crate::quantity::{Quantity, QuantityError};
use crate::replica::{ActionError, Replica};
use crate::sync::{Message, probe, respond};
use crate::view::{RowRef, Side, View, ViewOptions};
use crate::wire;

/// Stories begin on 1 January 2026 at 10:00 UTC.
const DAWN_MS: u64 = 1_767_261_600_000;
/// Each step takes a moment, so that what a story tells later is later.
const STEP_MS: u64 = 1;

/// Why an act failed: its stable kind, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) says: String,
}

impl Failure {
    fn new(kind: &'static str, says: impl ToString) -> Self {
        Self { kind, says: says.to_string() }
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<QuantityError> for Failure {
    fn from(error: QuantityError) -> Self {
        Self::new("quantity", error)
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        let kind = if matches!(error, TextError::TooLong { .. }) { "limit" } else { "invalid" };
        Self::new(kind, error)
    }
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Text(error) => error.into(),
            LineError::TooManyOptions { .. } => Self::new("limit", error),
            LineError::OptionTwice { .. } | LineError::Descriptor => Self::new("invalid", error),
        }
    }
}

#[derive(Debug, Default)]
struct Site {
    skew_ms: i64,
    /// How often it lost its memory: each time it comes back as a new writer.
    lives: u32,
    carts: BTreeMap<String, Replica>,
}

/// Where a story happens.
#[derive(Debug)]
pub(crate) struct World {
    sites: BTreeMap<String, Site>,
    authority: Authority,
    now_ms: u64,
    options: ViewOptions,
    rules: Registry,
    /// Every delta that was made, with its cart, in order.
    made: Vec<(String, Delta)>,
    /// Merges that wait for the authority: site, account, guest, policy.
    pending: Vec<(String, String, String, MergePolicy)>,
    /// What carries carts, if it is not our own exchange.
    carrier: Option<Box<dyn Carrier>>,
}

impl World {
    pub(crate) fn new(ceiling: Option<u64>, rules: &Registry) -> Self {
        let options = ceiling.map_or_else(ViewOptions::default, |ceiling| ViewOptions { ceiling });
        Self {
            sites: BTreeMap::new(),
            authority: Authority::default(),
            now_ms: DAWN_MS,
            options,
            rules: rules.clone(),
            made: Vec::new(),
            pending: Vec::new(),
            carrier: None,
        }
    }

    /// The same with something else that carries carts.
    pub(crate) fn through(self, carrier: Option<Box<dyn Carrier>>) -> Self {
        Self { carrier, ..self }
    }

    pub(crate) const fn options(&self) -> ViewOptions {
        self.options
    }

    pub(crate) const fn tick(&mut self) {
        self.now_ms += STEP_MS;
    }

    pub(crate) const fn advance(&mut self, ms: u64) {
        self.now_ms = self.now_ms.saturating_add(ms);
    }

    pub(crate) fn skew(&mut self, site: &str, skew_ms: i64) {
        self.site(site).skew_ms = skew_ms;
    }

    pub(crate) fn made(&self) -> &[(String, Delta)] {
        &self.made
    }

    pub(crate) fn sites(&self) -> impl Iterator<Item = &str> {
        self.sites.keys().map(String::as_str)
    }

    fn site(&mut self, name: &str) -> &mut Site {
        if !self.sites.contains_key(name) {
            self.sites.insert(name.into(), Site::default());
        }
        self.sites.get_mut(name).expect("it is there")
    }

    fn now_at(&mut self, site: &str) -> u64 {
        let now = self.now_ms;
        now.saturating_add_signed(self.site(site).skew_ms)
    }

    /// A site's replica of a cart. Either comes into being when first named.
    pub(crate) fn replica(&mut self, site: &str, cart: &str) -> &mut Replica {
        if !self.has(site, cart) {
            let lives = self.site(site).lives.to_string();
            let id = ReplicaId::from_u128(name_bits(&["replica", site, cart, &lives]));
            let replica = Replica::new(cart_id(cart), id);
            let replica = replica.with_options(self.options).with_rules(self.rules.clone());
            self.site(site).carts.insert(cart.into(), replica);
        }
        self.sites.get_mut(site).and_then(|site| site.carts.get_mut(cart)).expect("it is there")
    }

    pub(crate) fn has(&self, site: &str, cart: &str) -> bool {
        self.sites.get(site).is_some_and(|site| site.carts.contains_key(cart))
    }

    /// The fingerprints of all that a site holds.
    pub(crate) fn fingerprints(&self, site: &str) -> Vec<crate::cart::Fingerprint> {
        let site = self.sites.get(site);
        site.into_iter().flat_map(|s| s.carts.values().map(Replica::fingerprint)).collect()
    }

    /// What a shopper does, or a server.
    pub(crate) fn act(&mut self, site: &str, cart: &str, act: &Act) -> Result<(), Failure> {
        match act {
            Act::Merge { guest, policy } => return self.merge(site, cart, guest, policy),
            Act::Unmerge { guest } => return self.unmerge(site, cart, guest),
            _ => {}
        }
        let now = self.now_at(site);
        let replica = self.replica(site, cart);
        let delta = act_on(replica, now, act)?;
        self.note(site, cart, delta);
        Ok(())
    }

    /// Keeps a delta that was made, and has it carried.
    fn note(&mut self, site: &str, cart: &str, delta: Delta) {
        if let Some(carrier) = &mut self.carrier {
            carrier.acted(Place { site, name: cart, cart: cart_id(cart) }, &delta);
        }
        self.made.push((cart.into(), delta));
    }

    /// What carries a site's cart takes in what the replica knows.
    fn tell(&mut self, site: &str, cart: &str) {
        let state = self.replica(site, cart).cart().clone();
        if let Some(carrier) = &mut self.carrier {
            carrier.tell(Place { site, name: cart, cart: cart_id(cart) }, &state);
        }
    }

    /// Has a cart carried between two sites; false if nothing else than our exchange does that.
    fn carry(&mut self, from: &str, to: &str, cart: &str, both_ways: bool) -> bool {
        if self.carrier.is_none() {
            return false;
        }
        let [a, b] = [from, to].map(|site| Place { site, name: cart, cart: cart_id(cart) });
        self.tell(from, cart);
        self.tell(to, cart);
        if let Some(carrier) = &mut self.carrier {
            if both_ways { carrier.talk(a, b) } else { carrier.pass(a, b) }
        }
        for at in [a, b].into_iter().skip(usize::from(!both_ways)) {
            let Some(carrier) = &mut self.carrier else { continue };
            let heard = carrier.hear(at);
            // It is of this very cart.
            let _ = self.replica(at.site, cart).join(&heard);
        }
        true
    }

    fn merge(
        &mut self,
        site: &str,
        account: &str,
        guest: &str,
        policy: &MergePolicy,
    ) -> Result<(), Failure> {
        if self.authority.is_down() {
            return Err(Failure::new(
                "claim-pending",
                "the authority cannot be reached: the merge is pending, both carts stay as they are",
            ));
        }
        let now = self.now_at(site);
        let guests = self.replica(site, guest).cart().clone();
        let replica = self.replica(site, account);
        if replica.cart().is_erased() {
            return Err(ActionError::from(crate::cart::VerbError::Erased).into());
        }
        let delta = match self.authority.claim(guests.id(), cart_id(account)) {
            Answer::AlreadyClaimed => {
                return Err(Failure::new("already-claimed", "that guest cart has an owner"));
            }
            Answer::Nested => {
                return Err(Failure::new("invalid", "an account's cart is nobody's guest"));
            }
            Answer::Yours(merge) => {
                let replica = self.replica(site, account);
                // The delta is of this very cart.
                let _ = replica.join(&merge);
                let delta = replica.absorb(&guests)?;
                self.tell(site, account);
                delta
            }
            Answer::Granted(claim) => {
                let replica = self.replica(site, account);
                let delta = replica.merge(now, claim, policy.clone(), &guests)?;
                let merge = delta.split().into_iter().find(|d| d.live().contains_key(&claim.dot()));
                self.authority.record(claim, merge.unwrap_or_else(|| delta.clone()));
                delta
            }
        };
        self.note(site, account, delta);
        Ok(())
    }

    fn unmerge(&mut self, site: &str, account: &str, guest: &str) -> Result<(), Failure> {
        if self.authority.is_down() {
            return Err(Failure::new("claim-pending", "the authority cannot be reached"));
        }
        let now = self.now_at(site);
        let delta = self.replica(site, account).unmerge(now, cart_id(guest))?;
        self.authority.release(cart_id(guest));
        self.note(site, account, delta);
        Ok(())
    }

    /// Keeps a merge for when the authority is back.
    pub(crate) fn keep_pending(&mut self, site: &str, cart: &str, act: &Act) -> bool {
        let Act::Merge { guest, policy } = act else { return false };
        self.pending.push((site.into(), cart.into(), guest.clone(), policy.clone()));
        true
    }

    /// The authority goes down, or comes back and settles what waited for it.
    pub(crate) fn set_authority(&mut self, up: bool) -> Result<(), Failure> {
        self.authority.set_up(up);
        if up {
            for (site, account, guest, policy) in std::mem::take(&mut self.pending) {
                self.merge(&site, &account, &guest, &policy)?;
            }
        }
        Ok(())
    }

    /// One-way: everything that `to` lacks, or everything again, as bytes.
    pub(crate) fn send(&mut self, from: &str, to: &str, again: bool) {
        for cart in self.carts_of(&[from]) {
            if self.carry(from, to, &cart, false) {
                continue;
            }
            let delta = if again {
                self.replica(from, &cart).cart().to_delta()
            } else {
                let have = self.replica(to, &cart).cart().have();
                self.replica(from, &cart).cart().answer(&have)
            };
            let bytes = wire::encode_delta(&delta);
            let delta = wire::decode_delta(&bytes).expect("what was encoded decodes");
            let _ = self.replica(to, &cart).join(&delta);
        }
        self.absorb(to);
    }

    /// Two-way exchange among sites until nothing changes any more.
    pub(crate) fn sync(&mut self, sites: &[String]) {
        let names: Vec<&str> = sites.iter().map(String::as_str).collect();
        loop {
            let before: Vec<_> = names.iter().map(|site| self.fingerprints(site)).collect();
            for (at, a) in names.iter().enumerate() {
                for b in &names[at + 1..] {
                    for cart in self.carts_of(&[a, b]) {
                        self.exchange(a, b, &cart);
                    }
                    self.absorb(a);
                    self.absorb(b);
                }
            }
            if before == names.iter().map(|site| self.fingerprints(site)).collect::<Vec<_>>() {
                break;
            }
        }
    }

    /// What [`sync`](Self::sync) comes to, without the conversation and its bytes: every one of
    /// the sites knows what any of them knew.
    #[cfg(feature = "testkit")]
    pub(crate) fn share(&mut self, sites: &[String]) {
        let names: Vec<&str> = sites.iter().map(String::as_str).collect();
        for cart in self.carts_of(&names) {
            let mut all = Cart::new(cart_id(&cart));
            for site in &names {
                let known = self.replica(site, &cart).cart().answer(&all.have());
                // The deltas are of this very cart.
                let _ = all.join(&known);
            }
            for site in &names {
                let replica = self.replica(site, &cart);
                let lacked = all.answer(&replica.cart().have());
                let _ = replica.join(&lacked);
            }
        }
        // All are equal now, so what one absorbs all would.
        let Some((first, others)) = names.split_first() else { return };
        let before = self.made.len();
        self.absorb(first);
        for (cart, delta) in self.made.split_off(before) {
            for site in others {
                let _ = self.replica(site, &cart).join(&delta);
            }
            self.made.push((cart, delta));
        }
    }

    fn exchange(&mut self, a: &str, b: &str, cart: &str) {
        // Both have the cart from here on.
        self.replica(a, cart);
        if self.carry(a, b, cart, true) {
            return;
        }
        let mut message = Some(probe(self.replica(a, cart)));
        let mut receiver = self.site(b).carts.remove(cart);
        let mut other = self.site(a).carts.remove(cart);
        let (options, rules) = (self.options, self.rules.clone());
        let fresh = || {
            let id = ReplicaId::from_u128(name_bits(&["replica", b, cart, "0"]));
            Replica::new(cart_id(cart), id).with_options(options).with_rules(rules.clone())
        };
        let mut pair = [receiver.take().unwrap_or_else(fresh), other.take().unwrap_or_else(fresh)];
        let mut to = 0;
        while let Some(sent) = message {
            let sent: Message = wire::decode_message(&wire::encode_message(&sent))
                .expect("what was encoded decodes");
            message = respond(&mut pair[to], &sent).ok().and_then(|response| response.message);
            to = 1 - to;
        }
        let [at_b, at_a] = pair;
        self.site(b).carts.insert(cart.into(), at_b);
        self.site(a).carts.insert(cart.into(), at_a);
    }

    /// At a site that holds an account's cart and a guest's that is merged into it, what the
    /// guest's devices wrote late reaches the account.
    fn absorb(&mut self, site: &str) {
        let Some(here) = self.sites.get_mut(site) else { return };
        let mut made = Vec::new();
        let names: Vec<String> = here.carts.keys().cloned().collect();
        for account in &names {
            for guest in names.iter().filter(|guest| *guest != account) {
                let guests: Cart = here.carts[guest].cart().clone();
                let Some(replica) = here.carts.get_mut(account) else { continue };
                if let Ok(delta) = replica.absorb(&guests)
                    && !delta.is_empty()
                {
                    made.push((account.clone(), delta));
                }
            }
        }
        for (account, delta) in made {
            self.note(site, &account, delta);
        }
    }

    fn carts_of(&self, sites: &[&str]) -> Vec<String> {
        let sites = sites.iter().filter_map(|site| self.sites.get(*site));
        let mut carts: Vec<String> = sites.flat_map(|site| site.carts.keys().cloned()).collect();
        carts.sort();
        carts.dedup();
        carts
    }

    /// The site stops, and comes back from its saved bytes.
    pub(crate) fn restart(&mut self, site: &str) {
        let (options, rules) = (self.options, self.rules.clone());
        let mut carrier = self.carrier.take();
        for (name, replica) in &mut self.site(site).carts {
            let back = match &mut carrier {
                Some(carrier) => {
                    let cart = replica.cart().id();
                    let (state, latest) = carrier.restart(Place { site, name, cart });
                    Replica::resume(replica.id(), latest, state)
                }
                None => {
                    let bytes = wire::encode_replica(replica);
                    wire::decode_replica(&bytes).expect("what was encoded decodes")
                }
            };
            *replica = back.with_options(options).with_rules(rules.clone());
        }
        self.carrier = carrier;
    }

    /// The site's memory is gone; it comes back empty, as a new writer.
    pub(crate) fn lose(&mut self, name: &str) {
        if let Some(carrier) = &mut self.carrier {
            carrier.lose(name);
        }
        let site = self.site(name);
        site.lives += 1;
        site.carts.clear();
        self.pending.retain(|_| true);
    }

    /// What is seen of a cart at a site.
    pub(crate) fn view(&mut self, site: &str, cart: &str) -> View {
        self.replica(site, cart).view()
    }
}

/// 128 bits from a story's names, so that a story is the same world each time it is told.
pub(crate) fn name_bits(names: &[&str]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for name in names {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
    }
    let mut bits = [0; 16];
    bits.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(bits)
}

/// The id of the cart that a story calls so.
pub(crate) fn cart_id(name: &str) -> CartId {
    CartId::from_u128(name_bits(&["cart", name]))
}

/// The row that a story means: in the active list, or where it only is in the saved one, there.
pub(crate) fn row_ref(
    replica: &Replica,
    name: &RowName,
    prefer: Option<List>,
) -> Result<RowRef, Failure> {
    let line = name.key()?;
    let view = replica.view();
    let shown = |list: List| {
        let rows = if list == List::Active { &view.lines } else { &view.saved };
        rows.iter().any(|row| row.line == line)
    };
    let list = prefer.unwrap_or({
        if !shown(List::Active) && shown(List::Saved) { List::Saved } else { List::Active }
    });
    let side = match name.side {
        None => None,
        Some(SideName::Account) => Some(Side::Account),
        Some(SideName::Guest) => {
            let guest = view.rows().filter(|row| row.line == line).find_map(|row| match row.side {
                Some(side @ Side::Guest(_)) => Some(side),
                _ => None,
            });
            Some(guest.ok_or(ActionError::UnknownRow { line: line.clone() })?)
        }
    };
    Ok(RowRef { line, list, side })
}

fn act_on(replica: &mut Replica, now: u64, act: &Act) -> Result<Delta, Failure> {
    let active = Some(List::Active);
    let text = |text: &str| -> Result<Option<Text>, Failure> {
        if text.is_empty() { Ok(None) } else { Ok(Some(Text::new(text)?)) }
    };
    Ok(match act {
        Act::Add { row, quantity, price } => {
            let row = row_ref(replica, row, active)?;
            replica.add_to(now, &row, Quantity::new(*quantity)?, *price)?
        }
        Act::Set { row, quantity: 0, .. } => {
            let row = row_ref(replica, row, None)?;
            replica.remove(now, &row)?
        }
        Act::Set { row, quantity, price } => {
            let row = row_ref(replica, row, active)?;
            replica.set(now, &row, Quantity::new(*quantity)?.get(), *price)?
        }
        Act::Remove(row) => {
            let row = row_ref(replica, row, None)?;
            replica.remove(now, &row)?
        }
        Act::Clear => replica.clear(now, List::Active)?,
        Act::SaveForLater(row) => {
            let row = row_ref(replica, row, active)?;
            replica.relocate(now, &row)?
        }
        Act::MoveToCart(row) => {
            let row = row_ref(replica, row, Some(List::Saved))?;
            replica.relocate(now, &row)?
        }
        Act::Note { row, text: note } => {
            let row = row_ref(replica, row, None)?;
            replica.note(now, &row, text(note)?)?
        }
        Act::CartNote(note) => replica.cart_note(now, text(note)?)?,
        Act::Gift { row, wrap, message } => {
            let row = row_ref(replica, row, None)?;
            let message = message.as_deref().map(text).transpose()?.flatten();
            let gift = Gift { wrap: *wrap, message };
            let none = !gift.wrap && gift.message.is_none();
            replica.gift(now, &row, (!none).then_some(gift))?
        }
        Act::Attribute { row, key, value } => {
            let row = row_ref(replica, row, None)?;
            replica.attribute(now, &row, AttributeKey::new(key)?, text(value)?)?
        }
        Act::Coupon(code) => replica.coupon(now, CouponCode::new(code)?)?,
        Act::DropCoupon(code) => replica.drop_coupon(now, &CouponCode::new(code)?)?,
        Act::Shipping(option) => {
            let option = match option.as_str() {
                "" => None,
                option => Some(ShippingOption::new(option)?),
            };
            replica.shipping(now, option)?
        }
        Act::Order { id } => replica.order_all(now, OrderId::new(id)?)?,
        Act::Expire => replica.expire(now, RuleName::new("story")?)?,
        Act::Erase => replica.erase(),
        // The world does these itself: they need the authority.
        Act::Merge { .. } | Act::Unmerge { .. } => unreachable!("merges are the world's"),
    })
}
