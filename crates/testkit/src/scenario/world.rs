//! The world of a story: sites with their carts, an authority, and a clock that only the story
//! moves.

use std::collections::BTreeMap;

use super::act_failure::ActFailure;
use super::acting::act_on;
use super::carrier::{CarriedCart, Carrier};
use super::story::StoryAct;
use crate::claim_authority::{ClaimAnswer, ClaimAuthority};
use crate::dice::Dice;
use crate::simulation::Simulation;
use holdall::cart::{Delta, MergePolicy};
use holdall::id::{CartId, ReplicaId};
use holdall::policy::Registry;
use holdall::replica::{ActionError, Replica};
use holdall::view::{View, ViewOptions};
use holdall::wire;

/// Stories begin on 1 January 2026 at 10:00 UTC.
const DAWN_MS: u64 = 1_767_261_600_000;
/// Each step takes a moment, so that what a story tells later is later.
const STEP_MS: u64 = 1;

#[derive(Debug, Default)]
pub(super) struct StorySite {
    /// How often it lost its memory: each time it comes back as a new writer.
    lives: u32,
    pub(super) carts: BTreeMap<String, Replica>,
}

/// World of a story: sites with their carts, an authority, and the time.
#[derive(Debug)]
pub(crate) struct StoryWorld {
    pub(super) sites: BTreeMap<String, StorySite>,
    authority: ClaimAuthority,
    authority_is_down: bool,
    /// The time, and the clocks of the sites. A story plans no events.
    clocks: Simulation<String, ()>,
    pub(super) options: ViewOptions,
    pub(super) rules: Registry,
    /// Every delta that was made, with its cart, in order.
    pub(super) made: Vec<(String, Delta)>,
    /// Merges that wait for the authority: site, account, guest, policy.
    pending: Vec<(String, String, String, MergePolicy)>,
    /// What carries carts, if it is not our own exchange.
    pub(super) carrier: Option<Box<dyn Carrier>>,
}

impl StoryWorld {
    pub(crate) fn new(ceiling: Option<u64>, rules: &Registry) -> Self {
        let options = ceiling.map_or_else(ViewOptions::default, |ceiling| ViewOptions { ceiling });
        Self {
            sites: BTreeMap::new(),
            authority: ClaimAuthority::default(),
            authority_is_down: false,
            // A story leaves nothing to chance.
            clocks: Simulation::new(Dice::new(0, 0), DAWN_MS),
            options,
            rules: rules.clone(),
            made: Vec::new(),
            pending: Vec::new(),
            carrier: None,
        }
    }

    /// Sets the carrier of carts, if the library's own exchange is not to carry them.
    pub(crate) fn through(self, carrier: Option<Box<dyn Carrier>>) -> Self {
        Self { carrier, ..self }
    }

    pub(crate) const fn options(&self) -> ViewOptions {
        self.options
    }

    pub(crate) const fn tick(&mut self) {
        self.clocks.advance(STEP_MS);
    }

    pub(crate) const fn advance(&mut self, ms: u64) {
        self.clocks.advance(ms);
    }

    pub(crate) fn skew(&mut self, site: &str, skew_ms: i64) {
        // A site whose clock is named is there, though it has no cart yet.
        let _ = self.site(site);
        self.clocks.set_skew_ms(&site.to_owned(), skew_ms);
    }

    pub(crate) fn made(&self) -> &[(String, Delta)] {
        &self.made
    }

    pub(crate) fn sites(&self) -> impl Iterator<Item = &str> {
        self.sites.keys().map(String::as_str)
    }

    pub(super) fn site(&mut self, name: &str) -> &mut StorySite {
        if !self.sites.contains_key(name) {
            self.sites.insert(name.into(), StorySite::default());
        }
        self.sites.get_mut(name).expect("it is there")
    }

    fn now_at(&self, site: &str) -> u64 {
        self.clocks.wall_ms(&site.to_owned())
    }

    /// Returns a site's replica of a cart. Site and replica are made when they are first named.
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

    /// Returns the fingerprints of the carts at a site.
    pub(crate) fn fingerprints(&self, site: &str) -> Vec<holdall::cart::Fingerprint> {
        let site = self.sites.get(site);
        site.into_iter().flat_map(|s| s.carts.values().map(Replica::fingerprint)).collect()
    }

    /// Carries out an act of a shopper or a server.
    pub(crate) fn act(&mut self, site: &str, cart: &str, act: &StoryAct) -> Result<(), ActFailure> {
        match act {
            StoryAct::Merge { guest, policy } => return self.merge(site, cart, guest, policy),
            StoryAct::Unmerge { guest } => return self.unmerge(site, cart, guest),
            _ => {}
        }
        let now = self.now_at(site);
        let replica = self.replica(site, cart);
        let delta = act_on(replica, now, act)?;
        self.note(site, cart, delta);
        Ok(())
    }

    /// Keeps a delta that was made, and has it carried.
    pub(super) fn note(&mut self, site: &str, cart: &str, delta: Delta) {
        if let Some(carrier) = &mut self.carrier {
            carrier.acted(CarriedCart { site, name: cart, cart: cart_id(cart) }, &delta);
        }
        self.made.push((cart.into(), delta));
    }

    /// Gives the carrier what the replica at a site knows.
    pub(super) fn tell(&mut self, site: &str, cart: &str) {
        let state = self.replica(site, cart).cart().clone();
        if let Some(carrier) = &mut self.carrier {
            carrier.tell(CarriedCart { site, name: cart, cart: cart_id(cart) }, &state);
        }
    }

    /// Has a cart carried between two sites; false if nothing else than our exchange does that.
    pub(super) fn carry(&mut self, from: &str, to: &str, cart: &str, both_ways: bool) -> bool {
        if self.carrier.is_none() {
            return false;
        }
        let [a, b] = [from, to].map(|site| CarriedCart { site, name: cart, cart: cart_id(cart) });
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
    ) -> Result<(), ActFailure> {
        if self.authority_is_down {
            return Err(ActFailure::new(
                "claim-pending",
                "the authority cannot be reached: the merge is pending, both carts stay as they \
                 are",
            ));
        }
        let now = self.now_at(site);
        let guests = self.replica(site, guest).cart().clone();
        let replica = self.replica(site, account);
        if replica.cart().is_erased() {
            return Err(ActionError::from(holdall::cart::VerbError::Erased).into());
        }
        let delta = match self.authority.ask(guests.id(), cart_id(account)) {
            ClaimAnswer::AlreadyClaimed => {
                return Err(ActFailure::new("already-claimed", "that guest cart has an owner"));
            }
            ClaimAnswer::Nested => {
                return Err(ActFailure::new("invalid", "an account's cart is nobody's guest"));
            }
            ClaimAnswer::Granted(_, Some(merge)) => {
                let replica = self.replica(site, account);
                // The delta is of this very cart.
                let _ = replica.join(&merge);
                let delta = replica.absorb(&guests)?;
                self.tell(site, account);
                delta
            }
            ClaimAnswer::Granted(claim, None) => {
                let replica = self.replica(site, account);
                let delta = replica.merge(now, claim, policy.clone(), &guests)?;
                let merge = delta.split().into_iter().find(|d| d.live().contains_key(&claim.dot()));
                self.authority.grant(claim);
                self.authority.record(claim, merge.unwrap_or_else(|| delta.clone()));
                delta
            }
        };
        self.note(site, account, delta);
        Ok(())
    }

    fn unmerge(&mut self, site: &str, account: &str, guest: &str) -> Result<(), ActFailure> {
        if self.authority_is_down {
            return Err(ActFailure::new("claim-pending", "the authority cannot be reached"));
        }
        let now = self.now_at(site);
        let delta = self.replica(site, account).unmerge(now, cart_id(guest))?;
        if let Some(claim) = self.authority.current(cart_id(guest)) {
            self.authority.release(claim);
        }
        self.note(site, account, delta);
        Ok(())
    }

    /// Keeps a merge for when the authority is back.
    pub(crate) fn keep_pending(&mut self, site: &str, cart: &str, act: &StoryAct) -> bool {
        let StoryAct::Merge { guest, policy } = act else { return false };
        self.pending.push((site.into(), cart.into(), guest.clone(), policy.clone()));
        true
    }

    /// Takes the authority down, or brings it back, which carries out the merges that wait for it.
    pub(crate) fn set_authority(&mut self, up: bool) -> Result<(), ActFailure> {
        self.authority_is_down = !up;
        if up {
            for (site, account, guest, policy) in std::mem::take(&mut self.pending) {
                self.merge(&site, &account, &guest, &policy)?;
            }
        }
        Ok(())
    }

    /// Restarts a site from its saved bytes.
    pub(crate) fn restart(&mut self, site: &str) {
        let (options, rules) = (self.options, self.rules.clone());
        let mut carrier = self.carrier.take();
        for (name, replica) in &mut self.site(site).carts {
            let back = match &mut carrier {
                Some(carrier) => {
                    let cart = replica.cart().id();
                    let (state, latest) = carrier.restart(CarriedCart { site, name, cart });
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

    /// Drops a site's memory. The site comes back empty, as a new writer.
    pub(crate) fn lose(&mut self, name: &str) {
        if let Some(carrier) = &mut self.carrier {
            carrier.lose(name);
        }
        let site = self.site(name);
        site.lives += 1;
        site.carts.clear();
        self.pending.retain(|(site, ..)| site != name);
    }

    /// Returns the view of a cart at a site.
    pub(crate) fn view(&mut self, site: &str, cart: &str) -> View {
        self.replica(site, cart).view()
    }
}

/// Derives 128 bits from names, so that all runs of a story have equal ids.
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

/// Returns the id of a cart, by its name in the story.
pub(crate) fn cart_id(name: &str) -> CartId {
    CartId::from_u128(name_bits(&["cart", name]))
}
