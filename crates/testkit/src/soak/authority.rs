//! Who owns which guest cart: a compare-and-set.

use std::collections::BTreeMap;

use holdall::{CartId, Claim, Delta};

#[derive(Default)]
struct ClaimRecord {
    claims: u32,
    owner: Option<CartId>,
    /// The owner's merge, if the region that wrote it lived to record it.
    merge: Option<Delta>,
}

/// What is answered to an ask.
pub(super) enum ClaimAnswer {
    /// It is yours. Without the merge, whoever asks writes it, perhaps a second copy.
    Yours(Claim, Option<Box<Delta>>),
    AlreadyClaimed,
}

/// The one authority of a world.
#[derive(Default)]
pub(super) struct ClaimAuthority {
    guests: BTreeMap<CartId, ClaimRecord>,
}

impl ClaimAuthority {
    pub(super) fn claim(&mut self, guest: CartId, account: CartId) -> ClaimAnswer {
        let known = self.guests.entry(guest).or_default();
        match known.owner {
            Some(owner) if owner != account => return ClaimAnswer::AlreadyClaimed,
            Some(_) => {}
            None => {
                known.claims += 1;
                (known.owner, known.merge) = (Some(account), None);
            }
        }
        let claim = Claim { guest, account, number: known.claims };
        ClaimAnswer::Yours(claim, known.merge.clone().map(Box::new))
    }

    pub(super) fn record(&mut self, claim: Claim, merge: Delta) {
        if let Some(guest) = self.guests.get_mut(&claim.guest).filter(|g| g.claims == claim.number)
        {
            guest.merge.get_or_insert(merge);
        }
    }

    /// A claim was taken back, durably. One that is not the guest's last comes late and says
    /// nothing.
    pub(super) fn release(&mut self, claim: Claim) {
        if let Some(known) = self.guests.get_mut(&claim.guest)
            && (known.claims, known.owner) == (claim.number, Some(claim.account))
        {
            known.owner = None;
        }
    }

    /// Whose a guest cart is.
    pub(super) fn owner(&self, guest: CartId) -> Option<CartId> {
        self.guests.get(&guest).and_then(|known| known.owner)
    }
}
