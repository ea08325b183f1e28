//! A cart's document: what it says, kept in step with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, ChangeHash, ROOT, ReadDoc};

use super::assemble::assemble;
use super::error::{ActError, DocumentError, Skipped, Waiting};
use super::key::Key;
use super::plan::plan;
use super::scan::{self, Scan};
use crate::cart::{Cart, Delta, Have, WrongCart};
use crate::context::{Dot, Dots};
use crate::id::{CartId, ReplicaId};
use crate::limits;
use crate::replica::{ActionError, Replica};

/// What reading a document found.
#[derive(Debug, Default)]
#[must_use = "it says what was skipped, and which writer gave one action two contents"]
pub struct Reading {
    /// Whether the cart moved up.
    pub changed: bool,
    /// Actions that came with two contents: a writer that was cloned or lies, or a key that
    /// somebody wrote over. The larger digest stays.
    pub equivocations: Vec<Dot>,
    /// Keys that cannot be read, and why. They say nothing, and stay as they are.
    pub skipped: Vec<Skipped>,
    /// Actions that make others dead which are not here. They say nothing until these come.
    pub waiting: Vec<Waiting>,
    /// Numbers that their writers have left out. Where all is written into documents there are
    /// none: then somebody has deleted keys.
    pub gaps: Dots,
    /// What this cart knows and the document does not say any more, since keys were deleted or
    /// written over. [`write`](CartDocument::write) with the cart says it again.
    pub lost: Dots,
    /// Keys of other programs under the root.
    pub foreign_keys: usize,
    /// Other carts in the same document.
    pub other_carts: Vec<CartId>,
}

/// A cart in an Automerge document: see the [module](super).
///
/// ```
/// use holdall::automerge::CartDocument;
/// use holdall::{CartId, LineKey, Quantity, ReplicaId};
///
/// let cart = CartId::from_u128(1); // 128 random bits in real life
/// let tee = LineKey::sku("TEE")?;
/// let (mut phone, mut laptop) = (CartDocument::new(cart), CartDocument::new(cart));
/// let mut on_phone = phone.replica(ReplicaId::from_u128(1));
/// let mut on_laptop = laptop.replica(ReplicaId::from_u128(2));
/// phone.act(&mut on_phone, |cart| cart.add(1, &tee, Quantity::new(2)?, None))?;
/// laptop.act(&mut on_laptop, |cart| cart.add(1, &tee, Quantity::ONE, None))?;
///
/// phone.join(&mut laptop)?; // Automerge's own merge of two documents
/// assert_eq!(phone.replica(ReplicaId::from_u128(3)).view().quantity(&tee), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CartDocument {
    doc: AutoCommit,
    /// What it says, and what it said before somebody took keys away.
    cart: Cart,
    /// What of this it does not say.
    lost: Dots,
    waits: bool,
    heads: Vec<ChangeHash>,
}

impl CartDocument {
    /// A new document of a cart of which nothing is known. Automerge draws a random actor for it.
    #[must_use]
    pub fn new(cart: CartId) -> Self {
        Self::around(cart, AutoCommit::new())
    }

    fn around(cart: CartId, doc: AutoCommit) -> Self {
        let (cart, lost) = (Cart::new(cart), Dots::default());
        Self { doc, cart, lost, waits: false, heads: Vec::new() }
    }

    /// A cart in a document that may hold other things too.
    pub fn over(cart: CartId, doc: AutoCommit) -> (Self, Reading) {
        let mut document = Self::around(cart, doc);
        let reading = document.refresh();
        (document, reading)
    }

    /// A cart in a saved document.
    ///
    /// Automerge checks the document's own checksum, so bytes that were damaged on the way are refused. Over bytes that
    /// somebody made up with a right checksum it may panic, which is caught here, or ask for so much
    /// memory that the process ends, which cannot be: see the [module](super).
    ///
    /// # Errors
    /// More bytes than [`limits::DOCUMENT_BYTES`]; no document; Automerge panicked.
    pub fn load(cart: CartId, bytes: &[u8]) -> Result<(Self, Reading), DocumentError> {
        let size = bytes.len();
        if size > limits::DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge { bytes: size });
        }
        guarded(|| Ok(Self::over(cart, AutoCommit::load(bytes)?)))
    }

    /// Takes in changes as bytes, or another document. If Automerge panics, nothing has changed.
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Reading, DocumentError> {
        let size = bytes.len();
        if size > limits::DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge { bytes: size });
        }
        let mut next = self.clone();
        let reading = guarded(|| {
            next.doc.load_incremental(bytes)?;
            Ok(next.refresh())
        })?;
        *self = next;
        Ok(reading)
    }

    /// The carts that a document has something of.
    #[must_use]
    pub fn carts(doc: &AutoCommit) -> Vec<CartId> {
        scan::carts(doc).into_iter().collect()
    }

    /// What the document says, as it was when it was last read here. What once was read stays,
    /// though somebody deletes its keys.
    #[must_use]
    pub const fn cart(&self) -> &Cart {
        &self.cart
    }

    /// The document. Whoever changes it, by syncing say, calls [`refresh`](Self::refresh) then.
    pub const fn automerge(&mut self) -> &mut AutoCommit {
        &mut self.doc
    }

    /// The document itself.
    #[must_use]
    pub fn into_automerge(self) -> AutoCommit {
        self.doc
    }

    /// The document as bytes.
    #[must_use]
    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }

    /// A writer of this cart that knows what the document says. The id must be new, or this very writer's
    /// whose every action is in this document.
    #[must_use]
    pub fn replica(&self, id: ReplicaId) -> Replica {
        Replica::resume(id, self.cart.latest(), self.cart.clone())
    }

    /// Reads the document again.
    pub fn refresh(&mut self) -> Reading {
        self.heads = self.doc.get_heads();
        let id = self.cart.id();
        let scan = Scan::of(&self.doc, id);
        let here = assemble(id, &scan, self.cart.context());
        let mut reading = Reading {
            equivocations: here.equivocations,
            skipped: scan.skipped,
            waiting: here.waiting,
            gaps: here.gaps,
            foreign_keys: scan.foreign_keys,
            other_carts: scan.other_carts.into_iter().collect(),
            ..Reading::default()
        };
        if let Ok(joined) = self.cart.join(&here.cart.to_delta()) {
            reading.changed = joined.changed;
            reading.equivocations.extend(joined.equivocations);
        }
        reading.equivocations.sort_unstable();
        reading.equivocations.dedup();
        self.waits = !reading.waiting.is_empty();
        self.lost = lost(&self.cart, &here.cart, &reading.equivocations);
        reading.lost = self.lost.clone();
        reading
    }

    /// Writes a delta as one change; says how many keys that took. What the document says already is
    /// not written again.
    ///
    /// # Errors
    /// It is about another cart, an action is too long, or Automerge refuses; nothing has changed then.
    pub fn apply(&mut self, delta: &Delta) -> Result<usize, DocumentError> {
        let (ours, theirs) = (self.cart.id(), delta.cart());
        if ours != theirs {
            return Err(WrongCart { ours, theirs }.into());
        }
        // What the embedder has begun is a change of its own.
        self.doc.commit();
        if self.doc.get_heads() != self.heads {
            let _ = self.refresh();
        }
        if delta.is_erasure() {
            return self.erase();
        }
        let said_dead = self.cart.dead().minus(&self.lost);
        let keys = plan(&self.doc, delta, &said_dead)?;
        let count = keys.len();
        let put = keys.into_iter().try_for_each(|(key, text)| self.doc.put(ROOT, key, text));
        self.commit(put)?;
        if self.waits || !self.cart.context().covers(delta.needs()) {
            let _ = self.refresh();
        } else {
            let _ = self.cart.join(delta)?;
            self.lost = self.lost.minus(&delta.dots());
            self.heads = self.doc.get_heads();
        }
        Ok(count)
    }

    fn erase(&mut self) -> Result<usize, DocumentError> {
        let key = Key::Erased.text(self.cart.id());
        if self.doc.get(ROOT, key.as_str())?.is_some() && self.cart.is_erased() {
            return Ok(0);
        }
        let put = self.doc.put(ROOT, key, true);
        self.commit(put)?;
        let _ = self.refresh();
        Ok(1)
    }

    fn commit(&mut self, put: Result<(), automerge::AutomergeError>) -> Result<(), DocumentError> {
        match put {
            Ok(()) => {
                self.doc.commit_with(CommitOptions::default());
                Ok(())
            }
            Err(error) => {
                self.doc.rollback();
                Err(error.into())
            }
        }
    }

    /// Writes into the document what a state knows and the document does not say; says how many
    /// keys that took.
    ///
    /// # Errors
    /// As with [`apply`](Self::apply).
    pub fn write(&mut self, cart: &Cart) -> Result<usize, DocumentError> {
        let (ours, theirs) = (self.cart.id(), cart.id());
        if ours != theirs {
            return Err(WrongCart { ours, theirs }.into());
        }
        self.doc.commit();
        if self.doc.get_heads() != self.heads {
            let _ = self.refresh();
        }
        let have = Have {
            context: self.cart.context().minus(&self.lost),
            live: self.cart.live_dots().minus(&self.lost),
            erased: self.cart.is_erased(),
        };
        let delta = lacking(cart, &self.cart, &have);
        if delta.is_empty() { Ok(0) } else { self.apply(&delta) }
    }

    /// Lets a writer act: it learns what the document says, acts, and what it did is one change of
    /// the document. What it knew and the document did not say is written before.
    ///
    /// # Errors
    /// The action's; or the document cannot be written.
    pub fn act(
        &mut self,
        writer: &mut Replica,
        action: impl FnOnce(&mut Replica) -> Result<Delta, ActionError>,
    ) -> Result<Delta, ActError> {
        self.write(writer.cart())?;
        let lacks = lacking(&self.cart, writer.cart(), &writer.cart().have());
        let _ = writer.join(&lacks).map_err(DocumentError::from)?;
        let delta = action(writer)?;
        self.apply(&delta)?;
        // Whatever else the writer did on that occasion.
        self.write(writer.cart())?;
        Ok(delta)
    }

    /// Joins another document of the cart: Automerge's own merge.
    ///
    /// # Errors
    /// It is of another cart, or Automerge refuses.
    pub fn join(&mut self, other: &mut Self) -> Result<Reading, DocumentError> {
        let (ours, theirs) = (self.cart.id(), other.cart.id());
        if ours != theirs {
            return Err(WrongCart { ours, theirs }.into());
        }
        self.doc.merge(&mut other.doc)?;
        Ok(self.refresh())
    }
}

/// What `from` knows and `to`, who has `have`, lacks; also the other content of what both have live.
fn lacking(from: &Cart, to: &Cart, have: &Have) -> Delta {
    let mut delta = from.answer(have);
    let other = |(dot, _): &(Dot, _)| {
        to.live().fact(*dot).is_some_and(|there| from.live().fact(*dot) != Some(there))
    };
    let others = from.live().iter().filter(other);
    // What is live is not dead, and nothing is needed.
    if let Ok(others) = Delta::new(from.id(), others, Dots::default(), Dots::default())
        && !others.is_empty()
    {
        delta.batch(&others);
    }
    delta
}

/// What `cart` knows and `said` does not say.
fn lost(cart: &Cart, said: &Cart, equivocations: &[Dot]) -> Dots {
    if said.is_erased() {
        return Dots::default();
    }
    let mut lost = cart.context().minus(said.context());
    // Dead here and alive there.
    lost.extend(&cart.dead().intersection(&said.live_dots()));
    let other = |dot: &&Dot| cart.live().fact(**dot) != said.live().fact(**dot);
    equivocations.iter().filter(other).for_each(|dot| {
        lost.insert(*dot);
    });
    lost
}

/// Runs what Automerge may panic over.
fn guarded<T>(run: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(DocumentError::Panicked))
}
