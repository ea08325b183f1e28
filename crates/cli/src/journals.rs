//! The end of old journals: a service sees to it once a day, `holdall sweep` at once.

use holdall_authority::{Authority, Refusal};
use holdall_store::StoreError;

/// Carts that are listed at once.
const PAGE: usize = 500;

/// Drops the entries of journals, and their request keys, that are older than the deployment keeps
/// them. Returns the number of appends that were dropped. Calls `each` for each cart, with the
/// damage if its record is damaged; the journals of the other carts are shortened nevertheless.
pub(crate) async fn end_old(
    authority: &Authority,
    now_ms: u64,
    mut each: impl FnMut(Option<StoreError>),
) -> Result<u64, Refusal> {
    let before_ms = now_ms.saturating_sub(authority.settings().retention.journal_ms);
    let (mut ended, mut after) = (0, None);
    loop {
        let carts = authority.store().carts(after, PAGE).await?;
        let Some(last) = carts.last() else { return Ok(ended) };
        after = Some(*last);
        for cart in carts {
            match authority.fold(cart, before_ms).await {
                Ok(appends) => {
                    ended += appends;
                    each(None);
                }
                Err(Refusal::Store(error @ StoreError::Damaged { .. })) => each(Some(error)),
                Err(refusal) => return Err(refusal),
            }
        }
    }
}
