//! The story's claim authority: a compare-and-set of who owns a guest cart.

use std::collections::BTreeMap;

use holdall::cart::{Claim, Delta};
use holdall::id::CartId;

#[derive(Debug, Default)]
struct ClaimState {
    /// How often it was claimed.
    claims: u32,
    /// The account, and the merge it was given: the same account asking again gets the same.
    owner: Option<(CartId, Delta)>,
}

/// Who owns which guest cart.
#[derive(Debug, Default)]
pub(super) struct StoryAuthority {
    guests: BTreeMap<CartId, ClaimState>,
    down: bool,
}

/// What the authority says to a claim.
pub(super) enum ClaimOutcome {
    /// It is yours; write the merge and record it.
    Granted(Claim),
    /// It has been yours: this is the merge.
    Yours(Box<Delta>),
    /// It is somebody else's; no hint whose.
    AlreadyClaimed,
    /// An account's cart is nobody's guest, and a guest has no guests.
    Nested,
}

impl StoryAuthority {
    pub(super) const fn set_up(&mut self, up: bool) {
        self.down = !up;
    }

    pub(super) const fn is_down(&self) -> bool {
        self.down
    }

    pub(super) fn claim(&self, guest: CartId, account: CartId) -> ClaimOutcome {
        let owner = |cart| self.guests.get(&cart).and_then(|guest| guest.owner.as_ref());
        match owner(guest) {
            Some((owner, merge)) if *owner == account => {
                return ClaimOutcome::Yours(Box::new(merge.clone()));
            }
            Some(_) => return ClaimOutcome::AlreadyClaimed,
            None => {}
        }
        let has_guests = self
            .guests
            .values()
            .any(|g| g.owner.as_ref().is_some_and(|(owner, _)| *owner == guest));
        if guest == account || has_guests || owner(account).is_some() {
            return ClaimOutcome::Nested;
        }
        let number = self.guests.get(&guest).map_or(0, |guest| guest.claims) + 1;
        ClaimOutcome::Granted(Claim { guest, account, number })
    }

    pub(super) fn record(&mut self, claim: Claim, merge: Delta) {
        let guest = self.guests.entry(claim.guest).or_default();
        guest.claims = claim.number;
        guest.owner = Some((claim.account, merge));
    }

    pub(super) fn release(&mut self, guest: CartId) {
        if let Some(guest) = self.guests.get_mut(&guest) {
            guest.owner = None;
        }
    }
}
