//! Why a cart shows what it shows: for each line, every contribution with its fate.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::contribution::{Contribution, ContributionState};
use super::evaluate::{LineEvaluation, MergeDecision};
use super::observe::Observer;
use super::options::ViewOptions;
use super::row_ref::Side;
use super::rows::{Row, rows_of};
use crate::cart::{Body, Cart, EntryKind, List, RuleRef};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{CartId, LineKey, OrderId, ReplicaId};
use crate::policy::Registry;

/// What became of a contribution, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A later Set, by an author who had not seen this one, is shown.
    Superseded {
        /// The Set that is shown.
        to: Dot,
        /// Who wrote it.
        by: ReplicaId,
        /// When.
        time: Time,
        /// What it asked for.
        asked: u32,
    },
    /// An order had bought some of what this Set asked for.
    Ordered {
        /// The order.
        order: OrderId,
        /// How many.
        units: u32,
    },
    /// The account's own Set has them already.
    Covered {
        /// That Set.
        by: Dot,
        /// How many.
        units: u32,
    },
    /// A merge rule chose the other side.
    Hidden {
        /// The rule.
        rule: RuleRef,
        /// Its reason.
        because: alloc::string::String,
    },
    /// A merge rule chose the other side, and this one shows in the saved list.
    Parked {
        /// The rule.
        rule: RuleRef,
    },
    /// A merge rule decided on it, and it counts.
    Kept {
        /// The rule.
        rule: RuleRef,
        /// Its reason.
        because: alloc::string::String,
    },
    /// It was moved from the list it was put in.
    Moved {
        /// The list where it shows.
        to: List,
    },
    /// It was written before an order, whose author did not see it.
    NotInOrder {
        /// The order.
        order: OrderId,
        /// When it was placed.
        time: Time,
    },
    /// It is a guest's whose cart is not merged into this one.
    NotMerged,
}

/// A contribution and its fate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainedContribution {
    /// Its dot.
    pub dot: Dot,
    /// Who wrote it.
    pub by: ReplicaId,
    /// When.
    pub time: Time,
    /// The guest cart it was written in, if it was.
    pub guest: Option<CartId>,
    /// Whether it was "make it n" rather than "n more".
    pub set: bool,
    /// The n.
    pub asked: u32,
    /// How many it brings to the row.
    pub counts: u32,
    /// Why, if there is more to say than that it was put in.
    pub reasons: Vec<Reason>,
}

/// A row, and the parts that add up to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowExplanation {
    /// Its list.
    pub list: List,
    /// Its side, on a split line.
    pub side: Option<Side>,
    /// What is shown: the parts' sum less what the ceiling cuts off.
    pub quantity: u64,
    /// What the ceiling cuts off.
    pub over_ceiling: u64,
    /// The parts that count.
    pub parts: Vec<ExplainedContribution>,
    /// The row itself.
    pub row: Row,
}

/// A line: its rows, and what it has that no row shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The line.
    pub line: LineKey,
    /// Its rows.
    pub rows: Vec<RowExplanation>,
    /// Contributions that no row shows, each with its reason.
    pub hidden: Vec<ExplainedContribution>,
}

/// Explains every line that has anything to explain, in the order of line keys.
///
/// Of each row, the parts' `counts` less `over_ceiling` add up to `quantity`.
///
/// ```
/// use holdall::{explain, CartId, LineKey, Quantity, Registry, Replica, ReplicaId, ViewOptions};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// phone.add(0, &LineKey::sku("TEE")?, Quantity::new(2)?, None)?;
/// let all = explain(phone.cart(), &Registry::default(), &ViewOptions::default());
/// assert_eq!(all[0].rows[0].parts[0].counts, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn explain(cart: &Cart, rules: &Registry, options: &ViewOptions) -> Vec<Explanation> {
    let look = Observer::at(cart, rules);
    let evaluator = look.evaluator();
    let orders: BTreeMap<Dot, (&OrderId, Time)> = cart
        .live()
        .of_kind(EntryKind::Order)
        .filter_map(|fact| match fact.body() {
            Body::Order(order) => Some((fact.dot(), (&order.id, fact.time()))),
            _ => None,
        })
        .collect();
    let lines = evaluator.all();
    lines
        .iter()
        .filter(|evaluation| !evaluation.parts.is_empty())
        .map(|evaluation| {
            let part = |part| part_of(cart, evaluation, part, &orders);
            let rows = List::ALL.into_iter().flat_map(|list| {
                let sides = evaluation.sides_in(list);
                let rows = rows_of(&evaluator, evaluation, list, options);
                sides.into_iter().zip(rows).map(move |(side, row)| RowExplanation {
                    list,
                    side: row.side,
                    quantity: row.quantity,
                    over_ceiling: row.asked - row.quantity,
                    parts: evaluation.shown(list, Some(side)).map(part).collect(),
                    row,
                })
            });
            let rows = rows.collect();
            let hidden =
                evaluation.parts.iter().filter(|part| !part.is_shown()).map(part).collect();
            Explanation { line: evaluation.line.clone(), rows, hidden }
        })
        .collect()
}

fn part_of(
    cart: &Cart,
    evaluation: &LineEvaluation<'_>,
    part: &Contribution<'_>,
    orders: &BTreeMap<Dot, (&OrderId, Time)>,
) -> ExplainedContribution {
    let mut reasons = Vec::new();
    for deduction in &part.deductions {
        reasons.push(match orders.get(&deduction.by).filter(|_| deduction.ordered) {
            Some((order, _)) => Reason::Ordered { order: (*order).clone(), units: deduction.units },
            None => Reason::Covered { by: deduction.by, units: deduction.units },
        });
    }
    let decision = |merge| evaluation.decisions.iter().find(|decision| decision.merge == merge);
    match part.state {
        ContributionState::Lost { to } => {
            if let Some(winner) = evaluation.parts.iter().find(|other| other.dot == to) {
                let (time, asked) = (winner.entry.time(), winner.asked);
                sabotage!(
                    "superseded-has-no-reason",
                    reasons.push(Reason::Superseded { to, by: to.replica, time, asked }),
                    ()
                );
            }
        }
        ContributionState::Hidden { merge } => {
            if let Some(decision) = decision(merge) {
                let because = decision.reason.unwrap_or_default().into();
                reasons.push(Reason::Hidden { rule: decision.rule.clone(), because });
            }
        }
        ContributionState::NotMerged => reasons.push(Reason::NotMerged),
        ContributionState::Counts => counting_reasons(part, decision, &mut reasons),
        ContributionState::Spent => {}
    }
    if part.is_shown() && !part.is_set() {
        let missed = cart
            .live()
            .of_kind(EntryKind::Order)
            .filter(|fact| fact.time() > part.entry.time())
            .filter(|fact| fact.body().bought().iter().any(|it| it.line == *evaluation.line))
            .filter_map(|fact| orders.get(&fact.dot()));
        reasons.extend(
            missed.map(|(order, time)| Reason::NotInOrder { order: (*order).clone(), time: *time }),
        );
    }
    ExplainedContribution {
        dot: part.dot,
        by: part.dot.replica,
        time: part.entry.time(),
        guest: (part.entry.scope() != cart.id()).then(|| part.entry.scope()),
        set: part.is_set(),
        asked: part.asked,
        counts: if part.is_shown() { part.units } else { 0 },
        reasons,
    }
}

fn counting_reasons<'a>(
    part: &Contribution<'_>,
    decision: impl Fn(usize) -> Option<&'a MergeDecision<'a>>,
    reasons: &mut Vec<Reason>,
) {
    if let Some(decision) = part.parked.and_then(&decision) {
        reasons.push(Reason::Parked { rule: decision.rule.clone() });
    } else if let Some(decision) = part.decided.and_then(&decision) {
        let because = decision.reason.unwrap_or("this replica lacks the rule").into();
        reasons.push(Reason::Kept { rule: decision.rule.clone(), because });
    }
    if part.list != part.home() && part.parked.is_none() {
        reasons.push(Reason::Moved { to: part.list });
    }
}
