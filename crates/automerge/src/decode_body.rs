//! The larger parts of what actions say.

use super::action::{
    BoughtText, LackText, LoserName, MergeText, OrderText, PinText, PolicyText, RuleText,
    TakenText, UnknownText,
};
use super::error::Refused;
use super::names::{read_cart, read_dot, read_line, read_scope};
use holdall::cart::kind_numbers::FIRST_UNKNOWN;
use holdall::cart::{
    Body, ConsumedUnits, GuestMerge, List, LosingUnits, MergePolicy, OrderedUnits, Override,
    Preserved, PreservedDeduction, PreservedPlacement, RuleRef, SkuPattern,
};
use holdall::id::{CartId, OrderId, RuleName};
use holdall::limits;
use holdall::quantity::Quantity;

/// In the one order in which such a list is kept.
pub(super) fn ascending<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list.dedup();
    list
}

fn taken(home: CartId, text: &TakenText) -> Result<ConsumedUnits, Refused> {
    Ok(ConsumedUnits {
        dot: read_dot("units taken", &text.dot)?,
        units: text.units,
        scope: read_scope(home, text.scope.as_deref())?,
        set: text.set.map(List::from),
    })
}

pub(super) fn replaced_guest_units(
    home: CartId,
    texts: Vec<TakenText>,
) -> Result<Vec<ConsumedUnits>, Refused> {
    let all: Result<Vec<ConsumedUnits>, Refused> =
        texts.iter().map(|text| taken(home, text)).collect();
    Ok(ascending(all?))
}

pub(super) fn preserved(pins: Vec<PinText>, lacks: Vec<LackText>) -> Result<Preserved, Refused> {
    let pin = |pin: PinText| {
        let until = pin.until.map(|guest| read_cart("until", &guest)).transpose()?;
        Ok(PreservedPlacement { dot: read_dot("pins", &pin.dot)?, list: pin.list.into(), until })
    };
    let lack = |lack: LackText| {
        let (set, taken) = (read_dot("lacks", &lack.set)?, read_dot("lacks", &lack.taken)?);
        Ok(PreservedDeduction { set, taken, units: lack.units })
    };
    let pins: Result<Vec<PreservedPlacement>, Refused> = pins.into_iter().map(pin).collect();
    let lacks: Result<Vec<PreservedDeduction>, Refused> = lacks.into_iter().map(lack).collect();
    Ok(Preserved { pins: ascending(pins?), lacks: ascending(lacks?) })
}

pub(super) fn order(
    home: CartId,
    text: OrderText,
) -> Result<(OrderId, Vec<OrderedUnits>), Refused> {
    let bought = |text: BoughtText| {
        Ok(OrderedUnits { line: read_line(&text.line)?, taken: taken(home, &text.taken)? })
    };
    let all: Result<Vec<OrderedUnits>, Refused> = text.bought.into_iter().map(bought).collect();
    Ok((OrderId::new(text.id)?, ascending(all?)))
}

pub(super) fn merge(text: MergeText) -> Result<GuestMerge, Refused> {
    Ok(GuestMerge {
        guest: read_cart("guest", &text.guest)?,
        account: read_cart("account", &text.account)?,
        claim: text.claim,
        policy: policy(text.policy)?,
    })
}

fn policy(text: PolicyText) -> Result<MergePolicy, Refused> {
    if text.overrides.len() > limits::OVERRIDES {
        let limit = limits::OVERRIDES as u64;
        return Err(Refused::Range { what: "the number of overrides", limit });
    }
    let mut overrides = Vec::with_capacity(text.overrides.len());
    for other in text.overrides {
        overrides.push(Override {
            lines: SkuPattern::new(&other.lines)?,
            rule: other.rule.map(rule).transpose()?,
            ceiling: other.ceiling.map(Quantity::new).transpose()?,
            loser: other.loser.map(loser),
        });
    }
    Ok(MergePolicy {
        rule: rule(text.rule)?,
        overrides,
        ceiling: text.ceiling.map(Quantity::new).transpose()?,
        loser: text.loser.map_or_else(LosingUnits::default, loser),
    })
}

const fn loser(name: LoserName) -> LosingUnits {
    match name {
        LoserName::Hide => LosingUnits::Hide,
        LoserName::SaveForLater => LosingUnits::SaveForLater,
    }
}

pub(super) fn unknown(text: &UnknownText) -> Result<Body, Refused> {
    if text.kind < FIRST_UNKNOWN {
        return Err(Refused::Superfluous { verb: "unknown" });
    }
    let pair = |pair: &[u8]| {
        let digit = |at: usize| pair.get(at).and_then(|digit| (*digit as char).to_digit(16));
        Some((digit(0)? * 16 + digit(1)?) as u8)
    };
    let payload: Option<Vec<u8>> = text.payload.as_bytes().chunks(2).map(pair).collect();
    let payload = payload.ok_or(Refused::Payload)?.into();
    Ok(Body::Unknown { kind: text.kind, payload })
}

/// Reads a rule's name and version.
pub(super) fn rule(text: RuleText) -> Result<RuleRef, Refused> {
    Ok(RuleRef { name: RuleName::new(text.name)?, version: text.version })
}
