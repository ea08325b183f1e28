//! Writing into a document: deltas, states, actions, other documents.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutomergeError, ROOT, ReadDoc};

use super::document::CartDocument;
use super::error::{ActError, DocumentError};
use super::key::Key;
use super::plan::plan;
use super::reading::Reading;
use holdall::cart::{Cart, Delta, Have, WrongCart};
use holdall::dots::{Dot, Dots};
use holdall::replica::{ActionError, Replica};

impl CartDocument {
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
            let _ = self.read();
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
            let _ = self.read();
        } else {
            let joined = self.cart.join(delta)?;
            self.report(joined.equivocations);
            self.latest = self.latest.max(self.cart.latest());
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
        let _ = self.read();
        Ok(1)
    }

    fn commit(&mut self, put: Result<(), AutomergeError>) -> Result<(), DocumentError> {
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
            let _ = self.read();
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
    let mut delta = from.delta_for(have);
    let other = |(dot, _): &(Dot, _)| {
        to.live().get_ref(*dot).is_some_and(|there| from.live().get_ref(*dot) != Some(there))
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
