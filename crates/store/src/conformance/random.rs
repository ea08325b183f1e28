//! One clause for all that the others do not name: a store does what the store in memory does.

use super::clause::Clause;
use super::stage::{NOON_MS, Stage, Verdict, cart, key, same};
use crate::{
    Append, Class, Compaction, MemoryStore, Reply, RequestKey, Slot, SlotOutcome, Store, StoreError,
};

pub(super) const CLAUSES: [Clause; 1] = [Clause::new(
    "as-the-model",
    "Whatever is asked of it, in whatever order, it answers as the store in memory does; also when it is opened again between.",
    as_the_model,
)];

const SEEDS: [u64; 3] = [1, 2, 3];
const STEPS: usize = 500;
const CARTS: u128 = 4;

fn as_the_model(mut stage: Stage<'_>) -> Verdict {
    let opener = stage.opener;
    for seed in SEEDS {
        let mut run = Run { model: MemoryStore::new(0), versions: vec![(u64::MAX, u64::MAX)] };
        let mut chance = fastrand::Rng::with_seed(seed);
        for step in 0..STEPS {
            if stage.store.is_durable() && chance.usize(..60) == 0 {
                stage = stage.reopened()?;
            }
            run.step(&stage, &mut chance)
                .map_err(|seen| format!("seed {seed}, step {step}: {seen}"))?;
        }
        stage = Stage::new(opener)?;
    }
    Ok(())
}

struct Run {
    model: MemoryStore,
    /// The model's versions of slots, and the store's: they need not be the same numbers.
    versions: Vec<(u64, u64)>,
}

impl Run {
    fn step(&mut self, stage: &Stage<'_>, chance: &mut fastrand::Rng) -> Verdict {
        let id = cart(chance.u128(1..=CARTS));
        let at = stage.wait(self.model.revision(id)).ok().flatten().unwrap_or_default();
        let near = |chance: &mut fastrand::Rng| match chance.u8(..10) {
            0 => at.saturating_sub(1),
            1 => at + 1,
            2 => 0,
            _ => at,
        };
        match chance.u8(..20) {
            0..10 => {
                let append = random(id, near(chance), chance);
                self.both(stage, &format!("{append:?}"), |store| store.append(append.clone()))?;
            }
            10..13 => return self.compare_and_set(stage, id, chance),
            13..15 => {
                let through = chance.u64(0..=at + 1);
                let fold = Compaction { cart: id, through, base: bytes(chance) };
                self.both(stage, &format!("{fold:?}"), |store| store.compact(fold.clone()))?;
            }
            15 => {
                let revision = if chance.bool() { near(chance) } else { 99 };
                let call = format!("remove {id} at {revision}");
                self.both(stage, &call, |store| store.remove(id, revision))?;
            }
            16 if chance.bool() => {
                let (marker, at_ms) = (bytes(chance), time(chance));
                self.erase(stage, id, marker, at_ms)?;
            }
            _ => {
                let (class, before) = (Class::ALL[chance.usize(..5)], time(chance));
                let limit = chance.usize(..5);
                self.both(stage, "idle", |store| store.idle(class, before, limit))?;
                let after = chance.bool().then_some(id);
                self.both(stage, "carts", |store| store.carts(after, limit))?;
                let after = near(chance);
                self.both(stage, "log", |store| store.log(id, after, limit))?;
            }
        }
        self.both(stage, "then load", |store| store.load(id))?;
        self.both(stage, "then revision", |store| store.revision(id))?;
        self.both(stage, "then base", |store| store.base_state(id))?;
        self.both(stage, "then log", |store| store.log(id, 0, usize::MAX))
    }

    fn both<T: PartialEq + std::fmt::Debug + Send>(
        &self,
        stage: &Stage<'_>,
        call: &str,
        ask: impl Fn(&dyn Store) -> Reply<'_, T>,
    ) -> Verdict {
        let show = |result: Result<T, StoreError>| result.map_err(|error| error.to_string());
        let wanted = show(stage.wait(ask(&self.model)));
        same(call, &show(stage.wait(ask(&*stage.store))), &wanted)
    }

    /// How many bytes went is the store's own affair.
    fn erase(
        &self,
        stage: &Stage<'_>,
        id: holdall::CartId,
        marker: Vec<u8>,
        at_ms: u64,
    ) -> Verdict {
        let ask = |store: &dyn Store| {
            let erased = stage.wait(store.erase(id, marker.clone(), at_ms));
            erased.map(|erased| erased.appends).map_err(|error| error.to_string())
        };
        same("erase", &ask(&*stage.store), &ask(&self.model))
    }

    fn compare_and_set(
        &mut self,
        stage: &Stage<'_>,
        id: holdall::CartId,
        chance: &mut fastrand::Rng,
    ) -> Verdict {
        let slots = [Slot::Claim(id), Slot::Lease(id), Slot::Account([chance.u8(..3); 32])];
        let slot = slots[chance.usize(..3)];
        let now = stage.wait(self.model.slot(slot)).ok().flatten().map(|held| held.version);
        let expected = match chance.u8(..5) {
            0 => None,
            1 => Some(self.versions[chance.usize(..self.versions.len())].0),
            _ => now,
        };
        let value = chance.bool().then(|| bytes(chance));
        let theirs = |model: Option<u64>| {
            let pair = |one: u64| self.versions.iter().find(|(model, _)| *model == one);
            model.and_then(pair).map(|(_, store)| *store)
        };
        let wanted = stage.wait(self.model.compare_and_set(slot, expected, value.clone()));
        let seen = stage.compare_and_set(slot, theirs(expected), value.as_deref())?;
        let what = format!("swap of {slot:?} from {expected:?}");
        match (wanted.map_err(|error| error.to_string())?, seen) {
            (
                SlotOutcome::Done { version: Some(model) },
                SlotOutcome::Done { version: Some(store) },
            ) => {
                if self.versions.iter().any(|(_, other)| *other == store) {
                    return Err(format!("{what}: version {store} came twice"));
                }
                self.versions.push((model, store));
                Ok(())
            }
            (SlotOutcome::Conflict { held: model }, SlotOutcome::Conflict { held: store }) => {
                let wanted = model.map(|held| (theirs(Some(held.version)), held.value));
                same(&what, &store.map(|held| (Some(held.version), held.value)), &wanted)
            }
            (wanted, seen) => same(&what, &seen, &wanted),
        }
    }
}

fn time(chance: &mut fastrand::Rng) -> u64 {
    NOON_MS + chance.u64(..20)
}

fn bytes(chance: &mut fastrand::Rng) -> Vec<u8> {
    let length = [0, 1, 5, 60, 300, 3_000][chance.usize(..6)];
    (0..length).map(|_| chance.u8(..)).collect()
}

fn random(id: holdall::CartId, expected: u64, chance: &mut fastrand::Rng) -> Append {
    let mut append = Append::new(id, expected, time(chance), Class::ALL[chance.usize(..5)]);
    append = append.with_delta(bytes(chance)).with_note(bytes(chance));
    if chance.u8(..4) == 0 {
        append = append.with_header(bytes(chance));
    }
    if chance.u8(..5) == 0 {
        append = append.with_snapshot(bytes(chance));
    }
    if chance.u8(..3) == 0 {
        append =
            append.with_key(RequestKey { body: [chance.u8(..2); 32], ..key(chance.u128(..6)) });
    }
    append
}
