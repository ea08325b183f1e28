//! Stories through Automerge documents: each site keeps each cart in one, and they are joined by
//! Automerge's own sync.

use std::collections::BTreeMap;

use automerge::AutoCommit;
use automerge::sync::{State, SyncDoc};

use super::carrier::{CarriedCart, Carrier, Deliveries};
use super::world::name_bits;
use holdall::cart::{Cart, Delta, Fingerprint};
use holdall::clock::Time;
use holdall::id::CartId;
use holdall_automerge::CartDocument;

/// The documents of all sites.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// By site and cart.
    kept: BTreeMap<(String, String), CartDocument>,
    /// How many there were: each is written by an actor of its own.
    made: u64,
}

/// Makes a document whose actor follows from names, so that all runs of a story are equal.
fn document(cart: CartId, names: &[&str]) -> CartDocument {
    let actor = name_bits(names).to_be_bytes().to_vec();
    CartDocument::over(cart, AutoCommit::new().with_actor(actor.into())).0
}

impl Documents {
    fn at(&mut self, at: CarriedCart<'_>) -> &mut CartDocument {
        let key = (at.site.to_owned(), at.name.to_owned());
        let made = &mut self.made;
        self.kept.entry(key).or_insert_with(|| {
            *made += 1;
            document(at.cart, &["actor", at.site, at.name, &made.to_string()])
        })
    }

    fn two(&mut self, a: CarriedCart<'_>, b: CarriedCart<'_>) -> [CartDocument; 2] {
        [a, b].map(|at| {
            self.at(at);
            self.kept.remove(&(at.site.to_owned(), at.name.to_owned())).expect("it is there")
        })
    }

    fn keep(&mut self, at: CarriedCart<'_>, document: CartDocument) {
        self.kept.insert((at.site.to_owned(), at.name.to_owned()), document);
    }
}

impl Carrier for Documents {
    fn acted(&mut self, at: CarriedCart<'_>, delta: &Delta) {
        self.at(at).apply(delta).expect("a story's delta fits a document");
    }

    fn tell(&mut self, at: CarriedCart<'_>, state: &Cart) {
        self.at(at).write(state).expect("a story's cart fits a document");
    }

    fn pass(&mut self, from: CarriedCart<'_>, to: CarriedCart<'_>) {
        let [mut source, mut target] = self.two(from, to);
        let _ = target.join(&mut source).expect("documents of one cart join");
        self.keep(from, source);
        self.keep(to, target);
    }

    fn talk(&mut self, a: CarriedCart<'_>, b: CarriedCart<'_>) {
        let [mut here, mut there] = self.two(a, b);
        let (mut with_there, mut with_here) = (State::new(), State::new());
        loop {
            let forth = here.automerge().sync().generate_sync_message(&mut with_there);
            let back = there.automerge().sync().generate_sync_message(&mut with_here);
            if forth.is_none() && back.is_none() {
                break;
            }
            for (document, state, message) in
                [(&mut there, &mut with_here, forth), (&mut here, &mut with_there, back)]
            {
                if let Some(message) = message {
                    let received = document.automerge().sync().receive_sync_message(state, message);
                    received.expect("Automerge takes its own message");
                }
            }
        }
        let _ = (here.refresh(), there.refresh());
        self.keep(a, here);
        self.keep(b, there);
    }

    fn hear(&mut self, at: CarriedCart<'_>) -> Delta {
        self.at(at).cart().to_delta()
    }

    fn restart(&mut self, at: CarriedCart<'_>) -> (Cart, Time) {
        let bytes = self.at(at).save();
        let actor = self.at(at).automerge().get_actor().clone();
        let (mut loaded, _) = CartDocument::load(at.cart, &bytes).expect("what was saved loads");
        loaded.automerge().set_actor(actor);
        let back = (loaded.cart().clone(), loaded.latest());
        self.keep(at, loaded);
        back
    }

    fn lose(&mut self, site: &str) {
        self.kept.retain(|(kept, _), _| kept != site);
    }
}

/// Deliveries into a document, every other one as somebody else's document that is merged.
#[derive(Debug)]
pub(super) struct IntoDocument {
    document: CartDocument,
    count: u64,
}

impl IntoDocument {
    pub(super) fn new(cart: CartId, name: &str) -> Self {
        Self { document: document(cart, &["actor", name]), count: 0 }
    }
}

impl Deliveries for IntoDocument {
    fn deliver(&mut self, delta: &Delta) -> Result<(), String> {
        self.count += 1;
        if self.count.is_multiple_of(2) {
            self.document.apply(delta).map_err(|error| error.to_string())?;
            return Ok(());
        }
        let mut courier = document(delta.cart(), &["courier", &self.count.to_string()]);
        courier.apply(delta).map_err(|error| error.to_string())?;
        let _ = self.document.join(&mut courier).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn end(&mut self, expected: Fingerprint) -> Result<Cart, String> {
        let cart = self.document.cart().id();
        let read = CartDocument::load(cart, &self.document.save());
        let (fresh, reading) = read.map_err(|error| error.to_string())?;
        let stuck = !reading.waiting.is_empty() && !fresh.cart().is_erased();
        if stuck || !reading.skipped.is_empty() {
            let (waits, skipped) = (reading.waiting.len(), reading.skipped.len());
            return Err(format!(
                "in the document {waits} keys wait for ever, {skipped} are skipped"
            ));
        }
        if self.document.cart().fingerprint() != expected {
            return Err("the document's state differs from the story's own".into());
        }
        Ok(fresh.cart().clone())
    }
}
