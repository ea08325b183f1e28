//! The explanation of a cart: for each line, every contribution and the reasons for its effect.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::contribution::{ContributionState, LineContribution};
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

/// A reason for the effect of a contribution.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A later Set is shown instead. Its author had not seen this Set.
    Superseded {
        /// The dot of the later Set.
        to: Dot,
        /// The writer of the later Set.
        by: ReplicaId,
        /// The time of the later Set.
        time: Time,
        /// The quantity of the later Set.
        asked: u32,
    },
    /// An order bought units that were counted in this Set.
    Ordered {
        /// The id of the order.
        order: OrderId,
        /// The number of units bought.
        units: u32,
    },
    /// A Set of the account already includes units of this Set.
    Covered {
        /// The dot of the account's Set.
        by: Dot,
        /// The number of units included.
        units: u32,
    },
    /// A merge rule chose the other side.
    Hidden {
        /// The rule.
        rule: RuleRef,
        /// The reason that the rule gives.
        because: alloc::string::String,
    },
    /// A merge rule chose the other side, and the policy shows the losing side in the saved list.
    Parked {
        /// The rule.
        rule: RuleRef,
    },
    /// A merge rule decided on the contribution, which counts.
    Kept {
        /// The rule.
        rule: RuleRef,
        /// The reason that the rule gives.
        because: alloc::string::String,
    },
    /// The contribution shows in another list than the one it was written for.
    Moved {
        /// The list where it shows.
        to: List,
    },
    /// The contribution is older than an order of its line, but not part of the order.
    NotInOrder {
        /// The id of the order.
        order: OrderId,
        /// The time at which the order was placed.
        time: Time,
    },
    /// The contribution belongs to a guest whose cart is not merged into this one.
    NotMerged,
}

/// A contribution to a line, with the reasons for its effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainedContribution {
    /// The dot of the contribution.
    pub dot: Dot,
    /// The writer.
    pub by: ReplicaId,
    /// The time of writing.
    pub time: Time,
    /// The guest cart in which the contribution was written, or `None` for the cart itself.
    pub guest: Option<CartId>,
    /// Whether the contribution is a Set ("make it n") and not an Add ("n more").
    pub set: bool,
    /// The quantity of the Add or the Set, in units.
    pub asked: u32,
    /// The units that the contribution brings to its row.
    pub counts: u32,
    /// The reasons for an effect other than the plain sum.
    pub reasons: Vec<Reason>,
}

/// A row and its contributions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowExplanation {
    /// The list of the row.
    pub list: List,
    /// The side of the row on a split line.
    pub side: Option<Side>,
    /// The units shown: the sum of the contributions, less the units above the ceiling.
    pub quantity: u64,
    /// The units above the ceiling.
    pub over_ceiling: u64,
    /// The contributions that count.
    pub parts: Vec<ExplainedContribution>,
    /// The row in the view.
    pub row: Row,
}

/// The explanation of a line: its rows, and the contributions that no row shows.
///
/// ```
/// use holdall::view::PlainPhrasing;
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// phone.add(0, &LineKey::sku("TEE")?, Quantity::new(2)?, None)?;
/// let explanation = phone.explain().remove(0);
/// assert_eq!(explanation.rows[0].quantity, 2);
/// assert!(explanation.hidden.is_empty());
/// println!("{}", explanation.sentences(&PlainPhrasing)[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The line.
    pub line: LineKey,
    /// The rows of the line, the active list first.
    pub rows: Vec<RowExplanation>,
    /// The contributions that no row shows.
    pub hidden: Vec<ExplainedContribution>,
}

/// Explains every line that has contributions, in the order of line keys.
///
/// For each row, the sum of the parts' `counts` less `over_ceiling` equals `quantity`.
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
    // Reasons name orders by id and time.
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
            // Explain each row, then the contributions without a row.
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

/// Explains one contribution.
fn part_of(
    cart: &Cart,
    evaluation: &LineEvaluation<'_>,
    part: &LineContribution<'_>,
    orders: &BTreeMap<Dot, (&OrderId, Time)>,
) -> ExplainedContribution {
    let mut reasons = Vec::new();
    // Explain the deductions.
    for deduction in &part.deductions {
        reasons.push(match orders.get(&deduction.by).filter(|_| deduction.ordered) {
            Some((order, _)) => Reason::Ordered { order: (*order).clone(), units: deduction.units },
            None => Reason::Covered { by: deduction.by, units: deduction.units },
        });
    }
    // Explain the state.
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
    // An Add that still shows was not part of the later orders of its line.
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

/// Adds the reasons of a contribution that counts: the merges that decided on it, and moves.
fn counting_reasons<'a>(
    part: &LineContribution<'_>,
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
