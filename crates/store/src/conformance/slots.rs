//! Clauses about slots.

use super::clause::Clause;
use super::stage::{Stage, Verdict, cart, delta, same};
use crate::{Slot, SlotOutcome, SlotValue, StoreError};
use holdall::limits;

pub(super) const CLAUSES: [Clause; 6] = [
    Clause::new(
        "slot-set",
        "A slot that was set holds its value at the version that the swap gave.",
        set,
    ),
    Clause::new(
        "slot-condition",
        "A swap from another version than the slot's changes nothing, and is told what the slot holds.",
        condition,
    ),
    Clause::new("slot-clear", "A slot can be cleared, under the same condition.", clear),
    Clause::new(
        "slot-versions",
        "A slot never has one version twice, also when it was cleared between.",
        versions,
    ),
    Clause::new(
        "slots-apart",
        "Slots of one cart, of two carts and of an account are apart, and apart from carts.",
        apart,
    ),
    Clause::new(
        "slot-limit",
        "A value at the limit is kept; a longer one is refused, changing nothing.",
        limit,
    ),
];

const LEASE: Slot = Slot::Lease(holdall::id::CartId::from_u128(77));

fn held(version: u64, value: &[u8]) -> Option<SlotValue> {
    Some(SlotValue { version, value: value.to_vec() })
}

fn set(stage: Stage<'_>) -> Verdict {
    same("an empty slot", &stage.slot(LEASE)?, &None)?;
    let first = stage.set(LEASE, None, b"one")?;
    same("the slot", &stage.slot(LEASE)?, &held(first, b"one"))?;
    let second = stage.set(LEASE, Some(first), b"")?;
    same("the slot, set to no bytes", &stage.slot(LEASE)?, &held(second, b""))
}

fn condition(stage: Stage<'_>) -> Verdict {
    let nothing = SlotOutcome::Conflict { held: None };
    same(
        "a swap from 1 of an empty slot",
        &stage.compare_and_set(LEASE, Some(1), Some(b"x"))?,
        &nothing,
    )?;
    let first = stage.set(LEASE, None, b"one")?;
    let second = stage.set(LEASE, Some(first), b"two")?;
    let told = SlotOutcome::Conflict { held: held(second, b"two") };
    for expected in [None, Some(first), Some(second + 1), Some(0)] {
        let what = format!("a swap from {expected:?} of a slot at {second}");
        same(&what, &stage.compare_and_set(LEASE, expected, Some(b"x"))?, &told)?;
        same(
            &format!("{what}, to clear it"),
            &stage.compare_and_set(LEASE, expected, None)?,
            &told,
        )?;
    }
    same("the slot", &stage.slot(LEASE)?, &held(second, b"two"))
}

fn clear(stage: Stage<'_>) -> Verdict {
    let cleared = SlotOutcome::Done { version: None };
    same("clearing an empty slot", &stage.compare_and_set(LEASE, None, None)?, &cleared)?;
    let version = stage.set(LEASE, None, b"one")?;
    same("clearing it", &stage.compare_and_set(LEASE, Some(version), None)?, &cleared)?;
    same("the slot", &stage.slot(LEASE)?, &None)?;
    stage.set(LEASE, None, b"again").map(|_| ())
}

fn versions(stage: Stage<'_>) -> Verdict {
    let mut seen = Vec::new();
    for round in 0..6_u8 {
        let mut version = None;
        for turn in 0..3 {
            let next = stage.set(LEASE, version, &[round, turn])?;
            if seen.contains(&next) {
                return Err(format!("version {next} came twice; before it: {seen:?}"));
            }
            seen.push(next);
            version = Some(next);
        }
        let _ = stage.compare_and_set(LEASE, version, None)?;
        if round == 3 {
            // Others may use up versions between, or the same ones.
            stage.set(Slot::Claim(cart(5)), None, b"other")?;
        }
    }
    let stale = stage.compare_and_set(LEASE, Some(seen[0]), Some(b"stale"))?;
    same("a swap by the first holder", &stale, &SlotOutcome::Conflict { held: None })
}

fn apart(stage: Stage<'_>) -> Verdict {
    let id = cart(1);
    let mut digest = [0; 32];
    digest[16..].copy_from_slice(&id.as_u128().to_be_bytes());
    let slots = [
        Slot::Claim(id),
        Slot::Lease(id),
        Slot::Claim(cart(2)),
        Slot::Account(digest),
        Slot::Account([0; 32]),
    ];
    stage.done(delta(id, 0, b"one"))?;
    let before = stage.loaded(id)?;
    for (slot, n) in slots.into_iter().zip(0_u8..) {
        stage.set(slot, None, &[n])?;
    }
    for (slot, n) in slots.into_iter().zip(0_u8..) {
        let seen = stage.slot(slot)?.map(|held| held.value);
        same(&format!("{slot:?}"), &seen, &Some(vec![n]))?;
    }
    same("the cart", &stage.loaded(id)?, &before)?;
    same("carts", &stage.carts(None, 10)?, &vec![id])?;
    same("removing the cart", &stage.remove(id, 1)?, &true)?;
    let seen = stage.slot(Slot::Claim(id))?.map(|held| held.value);
    same("the claim, with the cart gone", &seen, &Some(vec![0]))
}

fn limit(stage: Stage<'_>) -> Verdict {
    let most = vec![7; limits::SLOT_BYTES];
    let version = stage.set(LEASE, None, &most)?;
    same("a value at the limit", &stage.slot(LEASE)?, &held(version, &most))?;
    let over = vec![8; limits::SLOT_BYTES + 1];
    match stage.wait(stage.store.compare_and_set(LEASE, Some(version), Some(over))) {
        Err(StoreError::TooLarge { .. }) => {}
        seen => return Err(format!("a value over the limit: {seen:?}")),
    }
    same("the slot after it", &stage.slot(LEASE)?, &held(version, &most))
}
