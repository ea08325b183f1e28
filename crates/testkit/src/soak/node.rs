//! A machine: the carts it holds, what of them is durable, and its clock.

use std::collections::BTreeMap;

use holdall::sync::{Inbox, Outbox, Session};
use holdall::{CartId, Replica, wire};

/// A machine's number in its world.
pub(super) type NodeId = usize;

/// One cart at one machine.
pub(super) struct SoakSite {
    pub(super) replica: Replica,
    pub(super) inbox: Inbox,
    pub(super) outbox: Outbox,
    /// Exchanges that this side wants, by peer.
    pub(super) sessions: BTreeMap<NodeId, Session>,
    /// What is on the disk: the replica, and what nobody has acknowledged.
    saved: (Vec<u8>, Vec<Vec<u8>>),
    dirty: bool,
}

impl SoakSite {
    pub(super) fn new(replica: Replica) -> Self {
        let saved = (wire::encode_replica(&replica), Vec::new());
        let (inbox, outbox) = (Inbox::default(), Outbox::default());
        Self { replica, inbox, outbox, sessions: BTreeMap::new(), saved, dirty: false }
    }

    pub(super) const fn touch(&mut self) {
        self.dirty = true;
    }

    /// Makes everything durable.
    pub(super) fn save(&mut self) {
        if std::mem::take(&mut self.dirty) {
            let waiting = self.outbox.pending().iter().map(wire::encode_delta).collect();
            self.saved = (wire::encode_replica(&self.replica), waiting);
        }
    }

    /// Restarts from the disk: what is not saved is gone.
    ///
    /// # Errors
    /// The saved bytes cannot be decoded, which is a fault of the library.
    pub(super) fn crash(&mut self) -> Result<(), String> {
        *self = self.copy()?;
        Ok(())
    }

    /// Makes a copy from the disk.
    ///
    /// # Errors
    /// The saved bytes cannot be decoded, which is a fault of the library.
    pub(super) fn copy(&self) -> Result<Self, String> {
        let told = |error: wire::DecodeError| format!("a saved replica cannot be read: {error}");
        let mut site = Self::new(wire::decode_replica(&self.saved.0).map_err(told)?);
        for bytes in &self.saved.1 {
            site.outbox.push(wire::decode_delta(bytes).map_err(told)?);
        }
        site.saved.1.clone_from(&self.saved.1);
        Ok(site)
    }
}

/// A machine.
pub(super) struct SoakNode {
    pub(super) name: String,
    pub(super) sites: BTreeMap<CartId, SoakSite>,
    /// Its region; a region's is itself.
    pub(super) home: NodeId,
    /// Whether a shopper sits at it.
    pub(super) is_device: bool,
}
