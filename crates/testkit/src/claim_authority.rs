//! The authority of a simulation: it decides who owns a guest cart, by compare-and-set.

use std::collections::BTreeMap;

use holdall::{CartId, Claim, Delta};

/// Decisions about one guest cart.
#[derive(Debug, Default)]
struct ClaimRecord {
    claims: u32,
    owner: Option<CartId>,
    /// The owner's merge, if whoever wrote it recorded it.
    merge: Option<Delta>,
}

/// Answer to a claim.
#[derive(Debug)]
pub(crate) enum ClaimAnswer {
    /// The account may merge the guest cart, or did: then with its merge, if that is recorded.
    Granted(Claim, Option<Box<Delta>>),
    /// Another account owns the guest cart. The answer does not say which.
    AlreadyClaimed,
    /// An account's cart cannot be claimed as a guest, and a claimed guest cart cannot claim.
    Nested,
}

/// Owners of guest carts.
#[derive(Debug, Default)]
pub(crate) struct ClaimAuthority {
    guests: BTreeMap<CartId, ClaimRecord>,
}

impl ClaimAuthority {
    /// Answers a claim. Nothing changes until [`grant`](Self::grant).
    pub(crate) fn ask(&self, guest: CartId, account: CartId) -> ClaimAnswer {
        let known = self.guests.get(&guest);
        match known.and_then(|known| known.owner) {
            Some(owner) if owner != account => return ClaimAnswer::AlreadyClaimed,
            Some(_) => {}
            None => {
                let owns = self.guests.values().any(|other| other.owner == Some(guest));
                if guest == account || owns || self.current(account).is_some() {
                    return ClaimAnswer::Nested;
                }
            }
        }
        let next = known.map_or(0, |known| known.claims) + 1;
        let claim = self.current(guest).unwrap_or(Claim { guest, account, number: next });
        let merge = known.filter(|known| known.owner.is_some()).and_then(|it| it.merge.clone());
        ClaimAnswer::Granted(claim, merge.map(Box::new))
    }

    /// Makes the account of a claim the owner of its guest cart.
    pub(crate) fn grant(&mut self, claim: Claim) {
        let known = self.guests.entry(claim.guest).or_default();
        if known.claims < claim.number {
            *known = ClaimRecord { claims: claim.number, owner: Some(claim.account), merge: None };
        }
    }

    /// Keeps the merge of a claim for whoever asks again. The first one stays.
    pub(crate) fn record(&mut self, claim: Claim, merge: Delta) {
        if self.current(claim.guest) == Some(claim)
            && let Some(known) = self.guests.get_mut(&claim.guest)
        {
            known.merge.get_or_insert(merge);
        }
    }

    /// Takes a claim back. A claim that is not the present one of its guest cart says nothing.
    pub(crate) fn release(&mut self, claim: Claim) {
        if self.current(claim.guest) == Some(claim)
            && let Some(known) = self.guests.get_mut(&claim.guest)
        {
            known.owner = None;
        }
    }

    /// Returns the present claim of a guest cart.
    pub(crate) fn current(&self, guest: CartId) -> Option<Claim> {
        let known = self.guests.get(&guest)?;
        Some(Claim { guest, account: known.owner?, number: known.claims })
    }
}
