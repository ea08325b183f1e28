//! What must hold of claims.

use holdall::cart::Body;
use holdall::{Cart, LineKey, Replica, wire};

use super::model::Claims;
use super::state::{ACCOUNTS, ASKERS, Asker, PHONE, Stage, State, claimed, tee};

/// Whether `bytes` have `part` in them.
fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub fn one_owner(_: &Claims, state: &State) -> bool {
    (0..ACCOUNTS.len()).filter(|which| claimed(&state.account(*which)).is_some()).count() <= 1
}

pub fn one_merge(model: &Claims, state: &State) -> bool {
    let merges = |cart: &Cart| {
        cart.live().values().filter(|entry| matches!(entry.body, Body::Merge(_))).count()
    };
    // With each release a claim more.
    let most = 1 + usize::from(model.releases);
    let per_account = (0..ACCOUNTS.len()).all(|which| merges(&state.account(which)) <= most);
    state.fault.is_none() && per_account && state.merges.len() <= most
}

pub fn nothing_leaks(_: &Claims, state: &State) -> bool {
    state.askers.iter().zip(ASKERS).all(|(asker, (account, _))| {
        if asker.stage == Stage::Merged || claimed(&asker.cart).is_some() {
            return true;
        }
        // An unmerge leaves its own word, and what had been there is known there.
        let had = asker.cart.live().values().any(|e| matches!(e.body, Body::Unmerge(_)));
        if had {
            return true;
        }
        let other = ACCOUNTS[1 - account].as_u128().to_be_bytes();
        let cart = wire::encode_cart(&asker.cart);
        let texts = asker.told.iter().chain([&cart]);
        let secrets: [&[u8]; 3] = [&other, b"GUESTS-TEE", &PHONE.as_u128().to_be_bytes()];
        texts.into_iter().all(|text| !secrets.iter().any(|secret| holds(text, secret)))
    })
}

pub fn own_cart_stays(_: &Claims, state: &State) -> bool {
    let mug = LineKey::sku("MUG").expect("a SKU");
    let own = |asker: &Asker| Replica::resume(PHONE, asker.latest, asker.cart.clone()).view();
    state.askers.iter().all(|asker| own(asker).quantity(&mug) == 2)
}

pub fn settled(model: &Claims, state: &State) -> bool {
    if state.fault.is_some() || !model.is_terminal(state) {
        return true;
    }
    let same = state.askers[0].cart == state.askers[1].cart;
    let pending = state.askers.iter().any(|asker| asker.stage == Stage::Pending);
    // Whoever has it sees the guest's units, the late ones too. An account that took its merge
    // back does not see again what it had taken out, though it may claim the guest anew.
    let seen = (0..ACCOUNTS.len()).all(|which| {
        let cart = state.account(which);
        if which == 0 && state.released {
            return true;
        }
        let units = Replica::resume(PHONE, cart.latest(), cart.clone()).view().quantity(&tee());
        let all = if which == 0 { 4 } else { 3 };
        units == if claimed(&cart).is_some() { all } else { 0 }
    });
    same && !pending && seen
}

pub fn refused(_: &Claims, state: &State) -> bool {
    state.askers[2].stage == Stage::Refused
}

pub fn second_wins(_: &Claims, state: &State) -> bool {
    state.askers[2].stage == Stage::Merged && state.askers[0].stage == Stage::Refused
}

pub fn asked_again(_: &Claims, state: &State) -> bool {
    state.asked_again && state.cut && state.askers[0].stage == Stage::Merged
}
