//! How the sites of a story's world hear of each other.

use super::world::StoryWorld;
use crate::history::converse;
use holdall::cart::Cart;
use holdall::wire;

impl StoryWorld {
    /// Sends everything that `to` lacks, or everything again, as bytes.
    pub(crate) fn send(&mut self, from: &str, to: &str, again: bool) {
        for cart in self.carts_of(&[from]) {
            if self.carry(from, to, &cart, false) {
                continue;
            }
            let delta = if again {
                self.replica(from, &cart).cart().to_delta()
            } else {
                let have = self.replica(to, &cart).cart().have();
                self.replica(from, &cart).cart().delta_for(&have)
            };
            let bytes = wire::encode_delta(&delta);
            let delta = wire::decode_delta(&bytes).expect("what was encoded decodes");
            let _ = self.replica(to, &cart).join(&delta);
        }
        self.absorb(to);
    }

    /// Exchanges among sites until nothing changes any more.
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

    /// Gives every site what any of them knows. The result equals that of [`sync`](Self::sync),
    /// without the conversation and its bytes.
    pub(crate) fn share(&mut self, sites: &[String]) {
        let names: Vec<&str> = sites.iter().map(String::as_str).collect();
        for cart in self.carts_of(&names) {
            let mut all = Cart::new(super::world::cart_id(&cart));
            for site in &names {
                let known = self.replica(site, &cart).cart().delta_for(&all.have());
                // The deltas are of this very cart.
                let _ = all.join(&known);
            }
            for site in &names {
                let replica = self.replica(site, &cart);
                let lacked = all.delta_for(&replica.cart().have());
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
        if a == b {
            return;
        }
        // Both have the cart from here on, each under the writer's id of its present life.
        self.replica(b, cart);
        self.replica(a, cart);
        if self.carry(a, b, cart, true) {
            return;
        }
        let [mut at_a, mut at_b] =
            [a, b].map(|site| self.site(site).carts.remove(cart).expect("the cart is there"));
        converse(&mut at_a, &mut at_b);
        self.site(b).carts.insert(cart.into(), at_b);
        self.site(a).carts.insert(cart.into(), at_a);
    }

    /// Absorbs late writes of guests' devices into the account's cart, at a site that holds both
    /// carts.
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
}
