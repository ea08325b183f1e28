//! The claim protocol as a value: what is asked, what is answered, and who keeps what.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdall::cart::{Body, Entry, GuestMerge};
use holdall::dots::Dots;
use holdall::{CartId, Claim, Delta, MergePolicy, Time};

use super::model::Flaw;

/// An account's wish to have a guest cart, with all that its merge will say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ask {
    pub guest: CartId,
    pub account: CartId,
    /// Later than all the asker has seen.
    pub time: Time,
}

/// What the authority says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is yours: this is the merge, the same bytes each time.
    Yours(Box<Delta>),
    /// It is somebody's. With a hint whose, if the authority is flawed.
    AlreadyClaimed { hint: Option<CartId> },
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Guest {
    /// How often it was claimed.
    claims: u32,
    owner: Option<(CartId, Delta)>,
}

/// Who owns which guest cart: one compare-and-set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authority {
    guests: BTreeMap<CartId, Guest>,
}

impl Authority {
    /// Answers an ask. Whoever asked first has it; the merge is written here, once, so that each
    /// region that is told of it joins the same entry.
    pub fn answer(&mut self, ask: &Ask, flaw: Flaw) -> Answer {
        let guest = self.guests.entry(ask.guest).or_default();
        match &guest.owner {
            Some((owner, merge)) if *owner == ask.account && flaw != Flaw::NewClaimEachTime => {
                return Answer::Yours(Box::new(merge.clone()));
            }
            Some((owner, _)) if *owner != ask.account && flaw != Flaw::NoCompare => {
                let hint = (flaw == Flaw::HintsWhose).then_some(*owner);
                return Answer::AlreadyClaimed { hint };
            }
            _ => {}
        }
        guest.claims += 1;
        let merge = merge(ask, guest.claims);
        guest.owner = Some((ask.account, merge.clone()));
        Answer::Yours(Box::new(merge))
    }

    /// The owner has taken its merge back, durably: the guest cart is nobody's again. A release
    /// of a claim that is not the last one comes late and says nothing.
    pub fn release(&mut self, claim: Claim) {
        if let Some(guest) = self.guests.get_mut(&claim.guest)
            && guest.claims == claim.number
        {
            guest.owner = None;
        }
    }

    /// What is kept, as something to compare.
    pub fn owners(&self) -> Vec<(CartId, u32, Option<CartId>)> {
        let of = |(id, guest): (&CartId, &Guest)| {
            (*id, guest.claims, guest.owner.as_ref().map(|(owner, _)| *owner))
        };
        self.guests.iter().map(of).collect()
    }
}

/// The merge's entry under the dot of its claim.
fn merge(ask: &Ask, number: u32) -> Delta {
    let claim = Claim { guest: ask.guest, account: ask.account, number };
    let entry = Entry {
        time: ask.time,
        scope: ask.account,
        seen_merges: [].into(),
        line: None,
        price: None,
        body: Body::Merge(Arc::new(GuestMerge {
            guest: ask.guest,
            account: ask.account,
            claim: number,
            policy: MergePolicy::rule("sum").expect("a rule's name"),
        })),
    };
    Delta::new(ask.account, [(claim.dot(), entry)], Dots::default(), Dots::default())
        .expect("one live dot contradicts nothing")
}
