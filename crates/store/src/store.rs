//! The contract of a durable store.

use std::future::Future;
use std::pin::Pin;

use crate::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, Slot, SlotOutcome,
    SlotValue, StoreError,
};
use holdall::id::CartId;

/// Log entries that the default of [`Store::find_request`] reads at once.
const LOG_PAGE: usize = 256;

/// The future of a store's result. It may be sent to another thread.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A durable store of carts. The [crate's page](crate) says what atomic and durable mean.
///
/// Every method may be called from many tasks at once. A future that is dropped before it is ready
/// may have had its whole effect or none.
///
/// Reads: [`load`](Self::load), [`revision`](Self::revision), [`slot`](Self::slot),
/// [`idle`](Self::idle), [`carts`](Self::carts), [`log`](Self::log),
/// [`find_request`](Self::find_request), [`base_state`](Self::base_state). Each sees one moment of
/// what it reads, and only what is durable.
///
/// Writes: [`append`](Self::append), [`compare_and_set`](Self::compare_and_set),
/// [`compact`](Self::compact), [`remove`](Self::remove), [`erase`](Self::erase). Each happens
/// wholly or not at all, and is durable when its future is ready.
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// Returns the incarnation: 128 random bits, drawn when this store was made. A store that is
    /// made anew, from an export or a backup, has another incarnation, so writers that are derived
    /// from it never give an old dot to a new action.
    fn incarnation(&self) -> u128;

    /// Returns whether an acknowledged write survives the end of the process.
    fn is_durable(&self) -> bool;

    /// Loads a cart's record: its header, the latest snapshot, and the deltas appended since.
    /// Returns `None` if the cart does not exist.
    ///
    /// Atomic: all parts of the record are of one revision.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Damaged`] if this cart's bytes are not what was
    /// written.
    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>>;

    /// Returns a cart's revision, or `None` if the cart does not exist. A caller that kept the rest
    /// of the record finds out with it whether the record is current.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>>;

    /// Appends to a cart's record. A cart that does not exist is at revision 0.
    ///
    /// Atomic: the two conditions are checked and delta, snapshot, header, class, activity, request
    /// key and note are written in one step. Of two appends that expect one revision, one is done.
    ///
    /// 1. If the request key was used in this cart, the result is [`Appended::Answered`], whatever
    ///    was appended since and whatever the second request asks for.
    /// 2. If the cart is not at the expected revision, the result is [`Appended::Conflict`].
    /// 3. Otherwise the append is written, and the result is [`Appended::Done`].
    ///
    /// The cart's last activity becomes that of the append, even if it is earlier than before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Full`]: nothing happened.
    /// [`StoreError::TooLarge`]: see [`Append::within_limits`]. [`StoreError::Unknown`]: the append
    /// may have happened.
    fn append(&self, append: Append) -> Reply<'_, Appended>;

    /// Returns a slot's value with its version, or `None` if the slot is empty.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>>;

    /// Sets a slot, or clears it (`value` is `None`), if it is as expected: empty for `None`, else
    /// at this version.
    ///
    /// Atomic: the version is compared and the value written in one step. A slot never has one
    /// version twice, even if it was cleared between, so a holder who lost the slot cannot take it
    /// for still their own.
    ///
    /// # Errors
    /// As with [`append`](Self::append). A value of more than
    /// [`limits::SLOT_BYTES`](holdall::limits::SLOT_BYTES) is [`StoreError::TooLarge`].
    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome>;

    /// Lists the carts of a class whose last activity is before a time, in milliseconds since 1970:
    /// longest idle first, then by id, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>>;

    /// Lists the ids of all carts after one, in ascending order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>>;

    /// Lists a cart's log entries after a revision, oldest first, at most `limit`. Entries that were
    /// compacted are not in it; the [`base_state`](Self::base_state) stands for them.
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>>;

    /// Finds the log entry of a request key in a cart. Returns `None` if the key was not used, or
    /// was compacted away.
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    fn find_request(&self, cart: CartId, key: u128) -> Reply<'_, Option<Logged>> {
        Box::pin(async move {
            let mut after = 0;
            loop {
                let page = self.log(cart, after, LOG_PAGE).await?;
                let Some(last) = page.last() else { return Ok(None) };
                after = last.revision;
                let found = page.into_iter().find(|one| one.key.is_some_and(|k| k.key == key));
                if found.is_some() {
                    return Ok(found);
                }
            }
        })
    }

    /// Returns the state that the compacted part of a cart's log came to, and the revision through
    /// which it was compacted. `None`: nothing was compacted, so the log begins at revision 1.
    ///
    /// # Errors
    /// As with [`load`](Self::load).
    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>>;

    /// Deletes a cart's log up to a revision, with the request keys in it, and keeps the state it
    /// came to. Returns how many entries were deleted: 0, with nothing changed, if that revision is
    /// after the cart's own or was compacted before.
    ///
    /// Atomic: entries, keys and base state change in one step.
    ///
    /// # Errors
    /// As with [`append`](Self::append).
    fn compact(&self, compaction: Compaction) -> Reply<'_, u64>;

    /// Removes a cart that is still at a revision, as if it had never existed. Returns whether it
    /// was. Slots are not part of a cart and stay.
    ///
    /// Atomic: the revision is compared and the whole record deleted in one step.
    ///
    /// # Errors
    /// As with [`append`](Self::append).
    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool>;

    /// Erases a cart: header, snapshot, log, request keys and journal are deleted. A marker without
    /// personal data stays as its base state, at the next revision and in [`Class::Erased`]. A cart
    /// that does not exist gets a marker too. Erasing again changes nothing.
    ///
    /// Atomic: everything is deleted and the marker written in one step.
    ///
    /// # Errors
    /// As with [`append`](Self::append).
    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased>;

    /// Waits until all accepted writes are durable, and accepts no more: every later call is
    /// [`StoreError::Closed`], a second `close` too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn close(&self) -> Reply<'_, ()>;
}
