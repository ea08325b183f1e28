//! An entry as the text of its key.

use super::action::{
    BoughtText, EntryText, LackText, LoserName, MergeText, OrderText, OverrideText, PinText,
    PolicyText, RuleText, TakenText, UnknownText, UnmergeText,
};
use super::names::{line, runs, scope};
use super::registers;
use holdall::cart::{Body, ConsumedUnits, Entry, LosingUnits, MergePolicy, Preserved, RuleRef};
use holdall::dots::{Dot, Dots};
use holdall::id::CartId;

/// An action that leaves nothing but its own dot, born dead.
pub(super) fn removal(dead: &Dots) -> EntryText {
    EntryText { remove: true, dead: runs(dead), ..EntryText::default() }
}

/// An action that wrote an entry, and what it made dead.
pub(super) fn action(home: CartId, entry: &Entry, dead: &Dots) -> EntryText {
    let mut action = EntryText {
        line: entry.line.as_ref().map(line),
        at: Some(entry.time.ms()),
        tick: entry.time.counter(),
        scope: scope(home, entry.scope),
        after: entry.seen_merges.iter().map(ToString::to_string).collect(),
        dead: runs(dead),
        ..EntryText::default()
    };
    if entry.body.is_contribution() {
        action.price = entry.price.map(|price| price.to_string());
    }
    body(&mut action, home, &entry.body);
    action
}

fn body(action: &mut EntryText, home: CartId, body: &Body) {
    match body {
        Body::Add { quantity, sided } => {
            action.add = Some(quantity.get().into());
            action.sided = *sided;
        }
        Body::Set(set) => {
            action.set = Some(set.quantity.get().into());
            action.list = Some(set.list.into());
            action.sided = set.sided;
            action.seen = runs(&set.seen);
            action.covers = runs(&set.covers.to_dots());
            action.took =
                set.replaced_guest_units().iter().map(|taken| taken_text(home, taken)).collect();
            if let Some(settled) = &set.settled {
                preserved(action, &settled.preserved);
            }
        }
        Body::Move { to, dots } => {
            action.move_to = Some((*to).into());
            action.dots = dots.iter().map(Dot::to_string).collect();
        }
        Body::Stay(stay) => {
            action.stay = true;
            preserved(action, stay);
        }
        Body::Register { value, sided } => {
            registers::write(action, value);
            action.sided = *sided;
        }
        Body::Coupon(code) => action.coupon = Some(code.to_string()),
        Body::Consent(given) => action.consent = Some(*given),
        Body::Merge(merge) => {
            action.merge = Some(MergeText {
                guest: merge.guest.to_string(),
                account: merge.account.to_string(),
                claim: merge.claim,
                policy: policy(&merge.policy),
            });
        }
        Body::Unmerge(unmerge) => {
            action.unmerge =
                Some(UnmergeText { guest: unmerge.guest.to_string(), claim: unmerge.claim });
        }
        Body::Order(order) => {
            let bought = order.bought.iter().map(|bought| BoughtText {
                line: line(&bought.line),
                taken: taken_text(home, &bought.taken),
            });
            action.order = Some(OrderText { id: order.id.to_string(), bought: bought.collect() });
            action.seen = runs(&order.seen);
            preserved(action, &order.preserved);
        }
        Body::Expired { rule } => action.expired = Some(rule.to_string()),
        Body::Unknown { kind, payload } => {
            let payload = payload.iter().map(|byte| format!("{byte:02x}")).collect();
            action.unknown = Some(UnknownText { kind: *kind, payload });
        }
    }
}

fn taken_text(home: CartId, taken: &ConsumedUnits) -> TakenText {
    TakenText {
        dot: taken.dot.to_string(),
        units: taken.units,
        scope: scope(home, taken.scope),
        set: taken.set.map(Into::into),
    }
}

fn preserved(action: &mut EntryText, preserved: &Preserved) {
    let pins = preserved.pins.iter().map(|pin| PinText {
        dot: pin.dot.to_string(),
        list: pin.list.into(),
        until: pin.until.map(|guest| guest.to_string()),
    });
    let lacks = preserved.lacks.iter().map(|lack| LackText {
        set: lack.set.to_string(),
        taken: lack.taken.to_string(),
        units: lack.units,
    });
    (action.pins, action.lacks) = (pins.collect(), lacks.collect());
}

fn policy(policy: &MergePolicy) -> PolicyText {
    let overrides = policy.overrides.iter().map(|other| OverrideText {
        lines: other.lines.as_str().into(),
        rule: other.rule.as_ref().map(rule),
        ceiling: other.ceiling.map(|units| units.get().into()),
        loser: other.loser.map(loser),
    });
    PolicyText {
        rule: rule(&policy.rule),
        overrides: overrides.collect(),
        ceiling: policy.ceiling.map(|units| units.get().into()),
        loser: (policy.loser != LosingUnits::default()).then(|| loser(policy.loser)),
    }
}

fn rule(rule: &RuleRef) -> RuleText {
    RuleText { name: rule.name.to_string(), version: rule.version }
}

const fn loser(loser: LosingUnits) -> LoserName {
    match loser {
        LosingUnits::Hide => LoserName::Hide,
        LosingUnits::SaveForLater => LoserName::SaveForLater,
    }
}
