//! Reads for an embedder that renders: from memory, or a view from the cache.

use super::authority::Authority;
use super::caller::Caller;
use super::ownership::Ownership;
use super::refusal::Refusal;
use super::snapshot::CartSnapshot;
use holdall::id::CartId;
use holdall::sabotage;

/// A cart for a reader who may see it.
#[derive(Debug)]
pub enum ViewReading {
    /// The cart as it is, to be rendered.
    Snapshot {
        /// What it shows.
        snapshot: CartSnapshot,
        /// Its place in the cache of views, if the cart was not in memory and the cache had no view
        /// of it: see [`Authority::cache_view`].
        uncached: Option<UncachedView>,
    },
    /// The cart is not in memory. This was rendered of it at its present revision.
    Cached {
        /// The cart's revision.
        revision: u64,
        /// What was rendered, as it was given to [`Authority::cache_view`].
        view: Vec<u8>,
    },
}

/// The place of a view that the cache does not have yet.
#[derive(Debug)]
pub struct UncachedView {
    cart: CartId,
    revision: u64,
    /// The form's name and the cart's header, each behind its length.
    head: Vec<u8>,
}

impl Authority {
    /// Reads a cart, as [`read`](Self::read) does, for an embedder that renders it in a form. A
    /// cart that is not in memory may come from the cache of views, if there is one; then it is not
    /// loaded.
    ///
    /// `form` names the form. Give it another name whenever the form changes: views of other forms
    /// are not returned.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn read_view(
        &self,
        caller: &Caller,
        cart: CartId,
        form: &str,
    ) -> Result<ViewReading, Refusal> {
        let mut guard = self.carts.lock(cart).await;
        let revision = self.drop_stale(&mut guard, cart).await?;
        let revision = revision.ok_or(Refusal::NotYours { cart })?;
        let is_in_memory = guard.is_some();
        if !is_in_memory {
            // The cached view says whose cart it is, so nothing has to be loaded.
            if let Some(cached) = self.views.get(cart, revision).await
                && let Some((ownership, view)) = opened(cart, form, &cached)
            {
                let claimed_by = self.claimed_by(caller, cart, &ownership).await?;
                let admitted = ownership.admit(cart, caller, caller.digest(cart), claimed_by);
                sabotage!("cached-view-goes-to-anybody", admitted?, drop(admitted));
                return Ok(ViewReading::Cached { revision, view: view.to_vec() });
            }
        }
        let mut loaded = self.get_or_load(&mut guard, cart).await?;
        let admitted = self.admit(caller, &mut loaded).await;
        let reading = admitted.map(|()| {
            let snapshot = loaded.snapshot();
            let uncached = (!is_in_memory).then(|| UncachedView {
                cart,
                revision: snapshot.revision,
                head: head(form, &loaded.ownership),
            });
            ViewReading::Snapshot { snapshot, uncached }
        });
        *guard = Some(loaded);
        reading
    }

    /// Gives the view that was rendered of a cart to the cache of views, which may keep it or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn cache_view(&self, uncached: UncachedView, view: &[u8]) -> Result<(), Refusal> {
        let UncachedView { cart, revision, head } = uncached;
        Ok(self.views.put(cart, revision, [&head, view].concat()).await?)
    }
}

/// Returns what stands before a view in the cache: the form's name and the cart's header.
fn head(form: &str, ownership: &Ownership) -> Vec<u8> {
    let header = ownership.encode();
    let mut head = Vec::with_capacity(form.len() + header.len() + 8);
    for part in [form.as_bytes(), &header] {
        // Both are far shorter.
        head.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        head.extend(part);
    }
    head
}

/// Splits a cached view into the cart's ownership and the view, if it is in this form.
fn opened<'a>(cart: CartId, form: &str, cached: &'a [u8]) -> Option<(Ownership, &'a [u8])> {
    let (name, rest) = part(cached)?;
    let (header, view) = part(rest)?;
    let ownership = (name == form.as_bytes()).then(|| Ownership::decode(cart, header).ok())?;
    Some((ownership?, view))
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}
