//! The valid merges of a cart, in their deciding order.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::cart::{Body, Cart, Claim, EntryKind, EntryRef, MergePolicy, SeenMerges};
use crate::clock::Time;
use crate::id::CartId;

/// A valid merge of a guest into the cart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidMerge<'a> {
    /// Time of the Merge entry.
    pub(crate) time: Time,
    /// The claim of the merge.
    pub(crate) claim: Claim,
    /// The policy of the merge.
    pub(crate) policy: &'a MergePolicy,
}

/// Returns the valid merges of a cart, sorted by time and guest. A merge is valid while its entry
/// is live under the dot of its claim and no Unmerge names the claim.
pub(crate) fn valid_merges(cart: &Cart) -> Vec<ValidMerge<'_>> {
    if !cart.has(EntryKind::Merge) {
        return Vec::new();
    }
    // Collect the claims that were taken back.
    let taken_back: BTreeSet<(CartId, u32)> = cart
        .live()
        .of_kind(EntryKind::Unmerge)
        .filter_map(|fact| match fact.body() {
            Body::Unmerge(unmerge) => Some((unmerge.guest, unmerge.claim)),
            _ => None,
        })
        .collect();
    // Collect the merges into this cart under the dots of their claims.
    let mut merges: Vec<ValidMerge<'_>> = cart
        .live()
        .of_kind(EntryKind::Merge)
        .filter_map(|fact| {
            let Body::Merge(merge) = fact.body() else { return None };
            let (guest, account) = (merge.guest, merge.account);
            let claim = Claim { guest, account, number: merge.claim };
            let valid = account == cart.id()
                && guest != cart.id()
                && sabotage!("merge-under-any-dot-counts", fact.dot() == claim.dot(), true)
                && !sabotage!(
                    "unmerge-is-ignored",
                    taken_back.contains(&(claim.guest, claim.number)),
                    false
                );
            valid.then_some(ValidMerge { time: fact.time(), claim, policy: &merge.policy })
        })
        .collect();
    // Of several claims of a guest, the one with the highest number is valid.
    merges.sort_by_key(|merge| (merge.claim.guest, core::cmp::Reverse(merge.claim.number)));
    merges.dedup_by_key(|merge| merge.claim.guest);
    merges.sort_by_key(|merge| (merge.time, merge.claim.guest));
    sabotage!("merges-are-read-by-guest", { merges.sort_by_key(|merge| merge.claim.guest) });
    merges
}

/// Returns the list of seen merges that an author writes into an entry, given the merges that the
/// author sees.
pub(crate) fn seen_merges(merges: &[ValidMerge<'_>]) -> SeenMerges {
    if merges.is_empty() {
        return SeenMerges::default();
    }
    merges.iter().map(|merge| merge.claim.guest).collect::<Vec<CartId>>().into()
}

/// Returns the list of seen merges that an author who sees this cart writes into an entry.
pub(crate) fn seen_merges_here(cart: &Cart) -> SeenMerges {
    seen_merges(&valid_merges(cart))
}

/// Returns the number of the last merge that the entry's author had seen, counted from 1, or 0.
pub(crate) fn stage(entry: EntryRef<'_>, merges: &[ValidMerge<'_>]) -> usize {
    if entry.seen_merges().is_empty() {
        return 0;
    }
    merges.iter().rposition(|merge| saw(entry, merge.claim.guest)).map_or(0, |at| at + 1)
}

/// Returns whether the entry's author had seen the merge of `guest`.
pub(crate) fn saw(entry: EntryRef<'_>, guest: CartId) -> bool {
    entry.seen_merges().binary_search(&guest).is_ok()
}
