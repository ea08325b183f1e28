//! The network: what it loses, repeats, delays and spoils; and signing in over it.

use crate::claim_authority::ClaimAnswer;
use crate::history::RULES;
use crate::scenario::story::StoryAct;
use crate::simulation::{Delay, Fate, Link};
use holdall::{CartId, MergePolicy, wire};

use super::message::{Payload, SoakMessage};
use super::node::NodeId;
use super::world::{MINUTE, SECOND, SoakEvent, SoakWorld};

/// The link between any two machines.
const LINK: Link = Link {
    lost: 50,
    damaged: 5,
    repeated: 50,
    repeat_delay: Delay::Uniform { least_ms: SECOND, most_ms: 30 * MINUTE },
    delay: Delay::Uniform { least_ms: 20, most_ms: 2 * SECOND },
    late: 80,
    late_delay: Delay::Uniform { least_ms: 20, most_ms: 20 * MINUTE },
};

/// Whoever cannot reach the authority asks again, as often.
const TRIES: u32 = 50;

impl SoakWorld {
    /// Sends something. What is said is durable first.
    pub(super) fn send(&mut self, from: NodeId, to: NodeId, cart: CartId, parcel: Payload) {
        self.save(from, cart);
        let mail = SoakMessage { from, to, cart, parcel };
        if self.calm {
            self.arrive(mail);
            return;
        }
        match self.simulation.send(&from, &to, &LINK, SoakEvent::Arrive(mail.clone())) {
            Fate::Cut { .. } => self.fault("cut off"),
            Fate::Lost => self.fault("lost"),
            Fate::Damaged => self.spoil(&mail.parcel),
            Fate::Arrives { again_ms, late, .. } => {
                if again_ms.is_some() {
                    self.fault("repeated");
                }
                if late {
                    self.fault("late");
                }
            }
        }
    }

    /// Changes one bit of a message, and checks that its receiver refuses the bytes.
    fn spoil(&mut self, parcel: &Payload) {
        self.fault("spoiled");
        let (Payload::Delta(bytes) | Payload::Message(bytes)) = parcel;
        let mut bytes = bytes.clone();
        let at = self.dice().below(bytes.len());
        bytes[at] ^= 1 << self.dice().below(8);
        let read = match parcel {
            Payload::Delta(_) => wire::decode_delta(&bytes).is_ok(),
            Payload::Message(_) => wire::decode_message(&bytes).is_ok(),
        };
        if read {
            self.find("spoiled bytes are refused", format!("a bit of byte {at}"));
        }
    }

    /// Signs a guest in at a region: claims the guest cart, merges it, and records the merge.
    pub(super) fn sign_in(&mut self, region: NodeId, guest: CartId, account: CartId, tries: u32) {
        // The authority is in the first region.
        let apart = region != 0 && (0..2).any(|node| self.simulation.cut_until_ms(&node).is_some());
        if apart && !self.calm {
            self.fault("claim pending");
            if tries < TRIES {
                let at = self.now() + self.dice().between(MINUTE, 10 * MINUTE);
                self.plan(at, SoakEvent::SignIn { region, guest, account, tries: tries + 1 });
            }
            return;
        }
        let ClaimAnswer::Granted(claim, merge) = self.authority.ask(guest, account) else {
            self.fault("already claimed");
            return;
        };
        self.authority.grant(claim);
        // Of the rules, the last one is unknown to all replicas, so it is left out.
        let rule = RULES[self.dice().below(RULES.len() - 1)];
        let policy = MergePolicy::rule(rule).expect("a rule's name");
        let now = self.wall(region);
        let guests = self.nodes[region].sites[&guest].replica.cart().clone();
        let Some(site) = self.nodes[region].sites.get_mut(&account) else { return };
        if site.replica.cart().is_erased() {
            return;
        }
        // Joins the recorded merge of an earlier sign-in, or writes the merge.
        let written = match &merge {
            Some(merge) => {
                let joined = site.replica.join(merge);
                let absorbed = site.replica.absorb(&guests);
                joined.map(|_| absorbed.ok()).map_err(|error| error.to_string())
            }
            None => {
                let merged = site.replica.merge(now, claim, policy.clone(), &guests);
                merged.map(Some).map_err(|error| error.to_string())
            }
        };
        site.touch();
        site.save();
        match written {
            Ok(Some(delta)) => {
                if merge.is_none() {
                    // A region that does not find the merge recorded may write it again, under this dot.
                    self.cloned.insert(claim.dot().replica);
                    let of_claim =
                        delta.split().into_iter().find(|d| d.live().contains_key(&claim.dot()));
                    if let Some(of_claim) = of_claim.filter(|_| self.dice().happens(700)) {
                        self.authority.record(claim, of_claim);
                    } else {
                        self.fault("merge not recorded");
                    }
                    let guest = self.cart_name(guest);
                    self.record_act(region, account, StoryAct::Merge { guest, policy });
                    self.actions += 1;
                }
                if !delta.is_empty() {
                    self.log.entry(account).or_default().push(delta);
                }
            }
            Ok(None) => {}
            Err(why) => self.find("a claim that is granted can be merged", why),
        }
        if self.dice().happens(400) && tries < 2 {
            // The answer gets lost, so the phone signs in once more, at any region.
            self.fault("login retried");
            let region = self.dice().below(2);
            let at = self.now() + self.dice().between(SECOND, 30 * MINUTE);
            self.plan(at, SoakEvent::SignIn { region, guest, account, tries: tries + 1 });
        }
    }
}
