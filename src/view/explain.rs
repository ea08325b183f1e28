//! Why a cart shows what it shows: for each line, every contribution and its fate.

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

/// What happened to a contribution, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A later Set, whose author had not seen this one, is shown instead.
    Superseded {
        /// Set that is shown.
        to: Dot,
        /// Writer of that Set.
        by: ReplicaId,
        /// Time of that Set.
        time: Time,
        /// Units that it asked for.
        asked: u32,
    },
    /// An order bought some of the units that this Set asked for.
    Ordered {
        /// Order that bought them.
        order: OrderId,
        /// Number of units bought.
        units: u32,
    },
    /// A Set of the account's own includes some of the units already.
    Covered {
        /// Set that includes them.
        by: Dot,
        /// Number of units.
        units: u32,
    },
    /// A merge rule chose the other side, and this one is hidden.
    Hidden {
        /// Merge rule.
        rule: RuleRef,
        /// Reason that the rule gives.
        because: alloc::string::String,
    },
    /// A merge rule chose the other side, and this one shows in the saved list.
    Parked {
        /// Merge rule.
        rule: RuleRef,
    },
    /// A merge rule decided on it, and it counts.
    Kept {
        /// Merge rule.
        rule: RuleRef,
        /// Reason that the rule gives.
        because: alloc::string::String,
    },
    /// It was moved from the list it was put in.
    Moved {
        /// List that shows it.
        to: List,
    },
    /// It was written before an order whose author had not seen it.
    NotInOrder {
        /// Order that does not include it.
        order: OrderId,
        /// Time at which the order was placed.
        time: Time,
    },
    /// It belongs to a guest cart that is not merged into this one.
    NotMerged,
}

/// Contribution and its fate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainedContribution {
    /// Dot of the contribution.
    pub dot: Dot,
    /// Writer of the contribution.
    pub by: ReplicaId,
    /// Time of the contribution.
    pub time: Time,
    /// Guest cart that it was written in, if it was.
    pub guest: Option<CartId>,
    /// Whether it is a Set ("make it n") rather than an Add ("n more").
    pub set: bool,
    /// Units that it asked for.
    pub asked: u32,
    /// Units that it brings to the row.
    pub counts: u32,
    /// Reasons, if there is more to tell than that it was put in.
    pub reasons: Vec<Reason>,
}

/// Row, and the contributions that add up to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowExplanation {
    /// List of the row.
    pub list: List,
    /// Side of the row, on a split line.
    pub side: Option<Side>,
    /// Units shown: the sum of the contributions less `over_ceiling`.
    pub quantity: u64,
    /// Units that the ceiling cuts off.
    pub over_ceiling: u64,
    /// Contributions that count.
    pub parts: Vec<ExplainedContribution>,
    /// The row.
    pub row: Row,
}

/// Explanation of a line: its rows, and the contributions that no row shows.
///
/// ```
/// use holdall::{CartId, Explanation, LineKey, Quantity, Replica, ReplicaId, RowRef};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// phone.add(0, &tee, Quantity::ONE, None)?;
/// phone.set(1_000, &RowRef::active(tee), 4, None)?; // replaces the Add
/// let line: Explanation = phone.explain().remove(0);
/// assert_eq!((line.rows[0].quantity, line.rows[0].parts[0].set), (4, true));
/// assert!(line.hidden.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// Line that is explained.
    pub line: LineKey,
    /// Rows of the line, those of the active list first.
    pub rows: Vec<RowExplanation>,
    /// Contributions that no row shows, each with its reasons.
    pub hidden: Vec<ExplainedContribution>,
}

/// Explains every line that has contributions, sorted by line.
///
/// In each row, the sum of the `counts` of its contributions less `over_ceiling` equals `quantity`.
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

/// Explains one contribution.
fn part_of(
    cart: &Cart,
    evaluation: &LineEvaluation<'_>,
    part: &Contribution<'_>,
    orders: &BTreeMap<Dot, (&OrderId, Time)>,
) -> ExplainedContribution {
    let mut reasons = Vec::new();
    // Units that were taken off a Set.
    for deduction in &part.deductions {
        reasons.push(match orders.get(&deduction.by).filter(|_| deduction.ordered) {
            Some((order, _)) => Reason::Ordered { order: (*order).clone(), units: deduction.units },
            None => Reason::Covered { by: deduction.by, units: deduction.units },
        });
    }
    // The state tells what hid the contribution, or let it count.
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
    // Tell the shopper about orders that missed an Add: they came later without having seen it.
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

/// Appends why a contribution counts or where it went: parked, kept by a merge, moved.
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
