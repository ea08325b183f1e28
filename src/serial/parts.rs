//! Serde for dots, for the parts of carts that programs pass around, and for merge policies.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::bounded::BoundedList;
use super::names::HexDigest;
use super::record::record;
use crate::cart::{
    Claim, ConsumedUnits, Fingerprint, Gift, Have, List, LosingUnits, MergePolicy, OrderedUnits,
    Override, PolicyError, Preserved, PreservedDeduction, PreservedPlacement, RuleRef, SkuPattern,
    Snapshot, ascends,
};
use crate::dots::{Dot, Dots, Run};
use crate::id::{CartId, LineKey, ReplicaId, RuleName, Text};
use crate::limits;
use crate::quantity::Quantity;

record!(Dot { replica: ReplicaId, seq: u64 }, dot_flaw);

/// Returns the flaw of a dot whose number is outside 1 to [`limits::SEQ_MAX`].
fn dot_flaw(dot: &Dot) -> Option<&'static str> {
    (!dot.is_of_action()).then_some("a dot has a number outside 1 to 4294967295")
}

/// Serializes a set of dots as a list of runs: a writer with the first and the last number.
impl Serialize for Dots {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.runs().map(|(replica, Run { first, last })| (replica, first, last)))
    }
}

impl<'de> Deserialize<'de> for Dots {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(DotsVisitor)
    }
}

/// The visitor that reads a set of dots, in ascending runs that are not adjacent.
struct DotsVisitor;

impl<'de> Visitor<'de> for DotsVisitor {
    type Value = Dots;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("runs of dots in their order, each as far apart as can be")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dots, A::Error> {
        let (mut dots, mut runs) = (Dots::default(), 0);
        // The writer and the last number of the run before.
        let mut before: Option<(ReplicaId, u64)> = None;
        while let Some((replica, first, last)) = items.next_element::<(ReplicaId, u64, u64)>()? {
            // Adjacent runs of one writer must be one run.
            let apart = before.is_none_or(|(writer, end)| {
                writer < replica || writer == replica && end < first.saturating_sub(1)
            });
            if first == 0 || last < first || !apart {
                return Err(de::Error::custom("runs of dots are not in their one form"));
            }
            // A set leaves such numbers out, and would be another set than the one that was read.
            if last > limits::SEQ_MAX {
                return Err(de::Error::custom("a dot has a number outside 1 to 4294967295"));
            }
            runs += 1;
            if runs > limits::LIST_ITEMS {
                return Err(de::Error::invalid_length(runs, &self));
            }
            dots.push_run(replica, Run { first, last });
            before = Some((replica, last));
        }
        Ok(dots)
    }
}

record!(Have { context: Dots, live: Dots, erased: bool }, have_flaw);

/// Returns the flaw of dots that no replica can have.
fn have_flaw(have: &Have) -> Option<&'static str> {
    if have.erased && !(have.context.is_empty() && have.live.is_empty()) {
        return Some("an erased cart has no dots");
    }
    (!have.context.covers(&have.live)).then_some("a live dot is not among those known")
}

/// Serializes both hashes as digests.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut both = to.serialize_struct("Fingerprint", 2)?;
        both.serialize_field("live", &HexDigest(self.live))?;
        both.serialize_field("context", &HexDigest(self.context))?;
        both.end()
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// The fields of a fingerprint, as digests.
        #[derive(serde::Deserialize)]
        #[serde(rename = "Fingerprint", deny_unknown_fields)]
        struct FingerprintParts {
            live: HexDigest,
            context: HexDigest,
        }
        let FingerprintParts { live, context } = Deserialize::deserialize(from)?;
        Ok(Self { live: live.0, context: context.0 })
    }
}

record!(Claim { guest: CartId, account: CartId, number: u32 }, claim_flaw);

/// Returns the flaw of a claim with number 0.
fn claim_flaw(claim: &Claim) -> Option<&'static str> {
    (claim.number == 0).then_some("a claim has number 0, and they count from 1")
}

record!(Gift { wrap: bool, message: Option<Text> = Option::is_none });

record!(RuleRef { name: RuleName, version: u32 });

record!(Override {
    lines: SkuPattern,
    rule: Option<RuleRef> = Option::is_none,
    ceiling: Option<Quantity> = Option::is_none,
    loser: Option<LosingUnits> = Option::is_none,
});

record!(
    MergePolicy {
        rule: RuleRef,
        overrides: BoundedList<Override> = Vec::is_empty,
        ceiling: Option<Quantity> = Option::is_none,
        loser: LosingUnits,
    },
    policy_flaw
);

/// Returns the flaw of a policy with more overrides than [`limits::OVERRIDES`].
fn policy_flaw(policy: &MergePolicy) -> Option<PolicyError> {
    (policy.overrides.len() > limits::OVERRIDES).then_some(PolicyError::TooManyOverrides)
}

record!(ConsumedUnits { dot: Dot, units: u32, scope: CartId, set: Option<List> = Option::is_none });

record!(OrderedUnits { line: LineKey, taken: ConsumedUnits });

record!(PreservedPlacement { dot: Dot, list: List, until: Option<CartId> = Option::is_none });

record!(PreservedDeduction { set: Dot, taken: Dot, units: u32 });

record!(
    Preserved { pins: BoundedList<PreservedPlacement> = Vec::is_empty, lacks: BoundedList<PreservedDeduction> = Vec::is_empty },
    stays_flaw
);

/// Returns the flaw of lists that are not strictly ascending.
fn stays_flaw(preserved: &Preserved) -> Option<&'static str> {
    let sorted = ascends(&preserved.pins) && ascends(&preserved.lacks);
    (!sorted).then_some("a list does not ascend, or has something twice")
}

record!(
    Snapshot {
        cart: CartId,
        bought: BoundedList<OrderedUnits>,
        settled: BoundedList<Dot>,
        seen: Dots,
        preserved: Preserved = Preserved::is_empty,
    },
    snapshot_flaw
);

/// Returns the flaw of a snapshot that is not sorted or names dots that its author had not seen.
fn snapshot_flaw(snapshot: &Snapshot) -> Option<&'static str> {
    let Snapshot { bought, settled, seen, .. } = snapshot;
    if !ascends(bought) {
        return Some("what is bought does not ascend, or is there twice");
    }
    let named = bought.iter().map(|bought| bought.taken.dot).chain(settled.iter().copied());
    let known = named.into_iter().all(|dot| seen.contains(dot));
    (!known).then_some("a snapshot names a dot that its author had not seen")
}
