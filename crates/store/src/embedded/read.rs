//! The threads that read records. They know from the index where these are.

use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use super::file::{record, refused};
use super::format::{self, RecordHeader};
use super::index::{Cart, Head, State};
use super::shared::{Read, Reader};
use super::transaction::{damaged, held};
use crate::{Loaded, Logged, Slot, SlotValue, StoreError};
use holdall::id::CartId;

/// Why records could not be read.
enum Miss {
    /// One is not where the index said.
    Moved,
    Failed(StoreError),
}

type Found<T> = Result<T, Miss>;

impl Reader {
    /// Until nobody is left who could call.
    pub(super) fn run(&self, reads: &Mutex<Receiver<Read>>) {
        loop {
            let next = reads.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(read) = next else { return };
            read(self);
        }
    }

    /// Looks into the index, then reads. What the index says can have gone between the two, by a newer
    /// header, a fold or an erasure, if their commit has happened and the index does not say so yet. Then it
    /// is done again with commits held off; what is missing then is missing.
    fn find<P, T>(
        &self,
        id: CartId,
        look: impl Fn(&Cart) -> P,
        read: impl Fn(P) -> Found<T>,
    ) -> Result<Option<T>, StoreError> {
        let once = || {
            let place = {
                let index = self.shared.index();
                let Some(cart) = index.get(id) else { return Ok(None) };
                if let Some(damage) = &cart.damage {
                    return Err(Miss::Failed(damaged(id, damage.0.clone())));
                }
                look(cart)
            };
            self.within(|| read(place)).map(Some)
        };
        let again = || {
            let _commit = self.shared.commit.lock().unwrap_or_else(PoisonError::into_inner);
            once()
        };
        let found = match once() {
            Err(Miss::Moved) => again(),
            found => found,
        };
        found.map_err(|miss| match miss {
            Miss::Moved => damaged(id, "a record is not where it was written"),
            Miss::Failed(error) => error,
        })
    }

    /// All reads of one call see one moment.
    fn within<T>(&self, read: impl FnOnce() -> Found<T>) -> Found<T> {
        let failed = |error| Miss::Failed(refused(error));
        let transaction = self.connection.unchecked_transaction().map_err(failed)?;
        let found = read();
        transaction.finish().map_err(failed)?;
        found
    }

    fn body<T>(
        &self,
        id: CartId,
        position: u64,
        read: impl Fn(RecordHeader, &[u8]) -> Result<T, format::Wrong>,
    ) -> Found<T> {
        let bytes = record(&self.connection, position).map_err(|error| {
            Miss::Failed(match super::file::is_corrupt(&error) {
                true => damaged(id, error.to_string()),
                false => refused(error),
            })
        })?;
        let bytes = bytes.ok_or(Miss::Moved)?;
        let body = format::read(&bytes).and_then(|(lead, body)| {
            if lead.cart == id { read(lead, body) } else { Err("it is another cart's") }
        });
        let wrong = |wrong| {
            Miss::Failed(damaged(id, format!("the record at position {position}: {wrong}")))
        };
        body.map_err(wrong)
    }

    fn bytes(&self, id: CartId, position: u64) -> Found<Vec<u8>> {
        self.body(id, position, |_, body| Ok(body.to_vec()))
    }

    pub(super) fn load(&self, id: CartId) -> Result<Option<Loaded>, StoreError> {
        let look = |cart: &Cart| {
            let start = cart.head.start();
            let from = start.map_or(0, |(revision, _)| revision) - cart.head.folded();
            let tail: Vec<u64> =
                cart.log[from as usize..].iter().map(|place| place.position).collect();
            (cart.head, start, tail)
        };
        let read = |(head, start, tail): (Head, Option<State>, Vec<u64>)| {
            let header = head.header.map(|(_, position)| self.bytes(id, position)).transpose()?;
            let snapshot = start.map(|(_, position)| self.bytes(id, position)).transpose()?;
            let delta = |position| self.body(id, position, format::logged).map(|one| one.delta);
            let tail = tail.into_iter().map(delta);
            let some = |delta: &Found<Vec<u8>>| !matches!(delta, Ok(delta) if delta.is_empty());
            let Head { revision, at_ms, class, .. } = head;
            let tail = tail.filter(some).collect::<Found<Vec<_>>>()?;
            Ok(Loaded {
                revision,
                at_ms,
                class,
                header: header.unwrap_or_default(),
                snapshot,
                tail,
            })
        };
        self.find(id, look, read)
    }

    pub(super) fn log(
        &self,
        id: CartId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let look = |cart: &Cart| {
            let from = after.saturating_sub(cart.head.folded()) as usize;
            let log = cart.log.get(from..).unwrap_or_default();
            log.iter().take(limit).map(|place| place.position).collect::<Vec<u64>>()
        };
        let one = |position| self.body(id, position, format::logged);
        let read = |log: Vec<u64>| log.into_iter().map(one).collect();
        self.find(id, look, read).map(Option::unwrap_or_default)
    }

    pub(super) fn base_state(&self, id: CartId) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let read = |base: Option<State>| {
            base.map(|(through, at)| Ok((through, self.bytes(id, at)?))).transpose()
        };
        self.find(id, |cart| cart.head.base, read).map(Option::flatten)
    }

    pub(super) fn slot(&self, slot: Slot) -> Result<Option<SlotValue>, StoreError> {
        held(&self.connection, slot).map_err(refused)?.transpose()
    }
}
