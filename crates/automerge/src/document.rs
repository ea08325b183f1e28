//! A cart's document: what it says, kept in step with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{AutoCommit, ChangeHash};

use super::error::DocumentError;
use super::reading::Reading;
use super::scan;
use holdall::cart::Cart;
use holdall::clock::Time;
use holdall::dots::{Dot, Dots};
use holdall::id::{CartId, ReplicaId};
use holdall::limits;
use holdall::replica::Replica;

/// A cart in an Automerge document: see the [module](super).
///
/// ```
/// use holdall_automerge::CartDocument;
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
#[derive(Debug)]
pub struct CartDocument {
    pub(super) doc: AutoCommit,
    /// What it says, and what it said before somebody took keys away.
    pub(super) cart: Cart,
    /// The latest time in it, of dead actions too.
    pub(super) latest: Time,
    /// What of the cart it does not say.
    pub(super) lost: Dots,
    pub(super) waits: bool,
    pub(super) heads: Vec<ChangeHash>,
    /// Equivocations that nobody was told of yet.
    pub(super) unreported: Vec<Dot>,
}

impl CartDocument {
    /// A new document of a cart of which nothing is known. Automerge draws a random actor for it.
    #[must_use]
    pub fn new(cart: CartId) -> Self {
        Self::around(cart, AutoCommit::new())
    }

    fn around(cart: CartId, doc: AutoCommit) -> Self {
        Self {
            doc,
            cart: Cart::new(cart),
            latest: Time::default(),
            lost: Dots::default(),
            waits: false,
            heads: Vec::new(),
            unreported: Vec::new(),
        }
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
        // With the same actor, since just one of the two is kept.
        let doc = self.doc.clone();
        let mut next = Self::of(doc, self);
        let reading = guarded(|| {
            next.doc.load_incremental(bytes)?;
            Ok(next.refresh())
        })?;
        *self = next;
        Ok(reading)
    }

    fn of(doc: AutoCommit, other: &Self) -> Self {
        let (cart, lost, heads) = (other.cart.clone(), other.lost.clone(), other.heads.clone());
        let (latest, waits, unreported) = (other.latest, other.waits, other.unreported.clone());
        Self { doc, cart, latest, lost, waits, heads, unreported }
    }

    /// A second document that says the same, for somebody else to write: Automerge draws an actor of
    /// its own for it.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        let doc = self.doc.fork();
        Self::of(doc, self)
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
        Replica::resume(id, self.latest, self.cart.clone())
    }

    /// The latest time in the document, of actions that are dead by now too.
    #[must_use]
    pub const fn latest(&self) -> Time {
        self.latest
    }
}

/// Runs what Automerge may panic over.
fn guarded<T>(run: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(DocumentError::Panicked))
}
