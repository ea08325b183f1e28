//! Serde for views and explanations.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::bounded::{BoundedList, BoundedMap, ReasonText};
use super::record::record;
use super::tagged::tagged;
use crate::cart::{Gift, List, RuleRef, ascends};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{
    AttributeKey, CartId, CouponCode, LineKey, OrderId, ReplicaId, ShippingOption, Text,
};
use crate::limits;
use crate::money::{Currency, Money};
use crate::view::{
    ExplainedContribution, Explanation, Notice, OrderView, Reason, Row, RowExplanation, RowRef,
    Side, View,
};

/// Returns `false`: the list of a row is always written, but may be missing in input, where it
/// defaults to the active list.
const fn never(_: &List) -> bool {
    false
}

record!(RowRef { line: LineKey, list: List = never, side: Option<Side> = Option::is_none });

/// The largest sum of the contributions of a cart that fits a message, in units.
const UNITS_MAX: u64 = limits::MESSAGE_BYTES as u64 * limits::QUANTITY_UNITS as u64;

record!(
    Row {
        line: LineKey,
        list: List,
        side: Option<Side> = Option::is_none,
        quantity: u64,
        asked: u64,
        note: Option<Text> = Option::is_none,
        gift: Option<Gift> = Option::is_none,
        attributes: BoundedMap<AttributeKey, Text> = BTreeMap::is_empty,
        seen_price: Option<Money> = Option::is_none,
        question: bool,
        because: Option<RuleRef> = Option::is_none,
    },
    row_flaw
);

/// Returns the flaw of a row that no view can have.
fn row_flaw(row: &Row) -> Option<&'static str> {
    if row.asked > UNITS_MAX {
        return Some("a row has more units than a cart can hold");
    }
    if row.quantity > row.asked {
        return Some("a row shows more units than its contributions come to");
    }
    (row.question && row.side.is_none()).then_some("a row asks a question and has no side")
}

tagged!(
    Notice, "notice" {
        Ceiling = "ceiling" { line: LineKey, asked: u64, shown: u64 },
        Question = "question" { line: LineKey },
        PolicyUnavailable = "policy-unavailable" { line: LineKey, rule: RuleRef },
        NeedsUpgrade = "needs-upgrade" { line: Option<LineKey> },
        ConcurrentOrders = "concurrent-orders" {
            orders: BoundedList<OrderId>,
            lines: BoundedList<LineKey>,
        },
        Currencies = "currencies" { currencies: BoundedList<Currency> },
    },
    notice_flaw
);

/// Returns the flaw of a notice that no view can have.
fn notice_flaw(notice: &Notice) -> Option<&'static str> {
    match notice {
        Notice::Ceiling { asked, shown, .. } => {
            (shown >= asked).then_some("a ceiling that cuts nothing off")
        }
        Notice::ConcurrentOrders { orders, lines } => {
            let sound = orders.len() > 1 && ascends(orders) && !lines.is_empty() && ascends(lines);
            (!sound).then_some("concurrent orders that do not ascend, or are fewer than two")
        }
        Notice::Currencies { currencies } => {
            let sound = currencies.len() > 1 && ascends(currencies);
            (!sound).then_some("currencies that do not ascend, or are fewer than two")
        }
        _ => None,
    }
}

record!(OrderView { id: OrderId, time: Time, lines: BoundedList<(LineKey, u64)> }, order_flaw);

/// Returns the flaw of an order whose lines are not strictly ascending.
fn order_flaw(order: &OrderView) -> Option<&'static str> {
    let sorted = order.lines.is_sorted_by(|(one, _), (next, _)| one < next);
    (!sorted).then_some("the lines of an order do not ascend, or one is there twice")
}

record!(
    View {
        lines: BoundedList<Row>,
        saved: BoundedList<Row>,
        coupons: BoundedList<CouponCode>,
        shipping: Option<ShippingOption> = Option::is_none,
        note: Option<Text> = Option::is_none,
        consent: bool,
        orders: BoundedList<OrderView>,
        notices: BoundedList<Notice>,
        erased: bool,
    },
    view_flaw
);

/// Returns the flaw of a view that no cart can have.
fn view_flaw(view: &View) -> Option<&'static str> {
    // Check the lists, then the coupons, the orders and the notices.
    if view.erased && *view != (View { erased: true, ..View::default() }) {
        return Some("an erased cart shows something");
    }
    let lists = [(List::Active, &view.lines), (List::Saved, &view.saved)];
    if lists.iter().any(|(list, rows)| rows.iter().any(|row| row.list != *list)) {
        return Some("a row is in the other list");
    }
    if lists.iter().any(|(_, rows)| !are_in_order(rows)) {
        return Some("rows do not ascend by line, or one is there twice");
    }
    if !ascends(&view.coupons) {
        return Some("coupons do not ascend, or one is there twice");
    }
    let in_time = |a: &OrderView, b: &OrderView| (a.time, &a.id) < (b.time, &b.id);
    let ids: BTreeSet<&OrderId> = view.orders.iter().map(|order| &order.id).collect();
    if !view.orders.is_sorted_by(in_time) || ids.len() != view.orders.len() {
        return Some("orders do not ascend by time, or one is there twice");
    }
    if cut_rows(view) != cut_notices(view) {
        return Some("the notices of ceilings are not those of the rows");
    }
    // The notice of currencies must list the currencies of the rows.
    let prices = view.rows().filter_map(|row| row.seen_price);
    let currencies: BTreeSet<Currency> = prices.map(|price| price.currency()).collect();
    let noticed = view.notices.iter().filter_map(|notice| match notice {
        Notice::Currencies { currencies } => Some(currencies),
        _ => None,
    });
    let expected = usize::from(currencies.len() > 1);
    let right = noticed.clone().all(|all| all.iter().eq(&currencies));
    (noticed.count() != expected || !right)
        .then_some("the notice of currencies is not that of the rows")
}

/// Returns whether rows ascend by line, and rows of one line have different sides.
fn are_in_order(rows: &[Row]) -> bool {
    let of_lines = rows.chunk_by(|a, b| a.line == b.line);
    let sided = |rows: &[Row]| {
        let sides: BTreeSet<Option<Side>> = rows.iter().map(|row| row.side).collect();
        rows.len() == 1 && rows[0].side.is_none()
            || rows.len() > 1 && sides.len() == rows.len() && !sides.contains(&None)
    };
    rows.is_sorted_by(|a, b| a.line <= b.line) && of_lines.into_iter().all(sided)
}

/// Returns the rows whose sum exceeds the units shown, sorted.
fn cut_rows(view: &View) -> Vec<(&LineKey, u64, u64)> {
    let cut = view.rows().filter(|row| row.asked > row.quantity);
    let mut cut: Vec<_> = cut.map(|row| (&row.line, row.asked, row.quantity)).collect();
    cut.sort_unstable();
    cut
}

/// Returns the rows that have notices of a ceiling, sorted.
fn cut_notices(view: &View) -> Vec<(&LineKey, u64, u64)> {
    let told = view.notices.iter().filter_map(|notice| match notice {
        Notice::Ceiling { line, asked, shown } => Some((line, *asked, *shown)),
        _ => None,
    });
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    told
}

tagged!(
    Reason, "reason" {
        Superseded = "superseded" { to: Dot, by: ReplicaId, time: Time, asked: u32 },
        Ordered = "ordered" { order: OrderId, units: u32 },
        Covered = "covered" { by: Dot, units: u32 },
        Hidden = "hidden" { rule: RuleRef, because: ReasonText },
        Parked = "parked" { rule: RuleRef },
        Kept = "kept" { rule: RuleRef, because: ReasonText },
        Moved = "moved" { to: List },
        NotInOrder = "not-in-order" { order: OrderId, time: Time },
        NotMerged = "not-merged" {},
    },
    reason_flaw
);

/// Returns whether an Add or a Set can have a quantity.
const fn can_be_asked(units: u32) -> bool {
    units > 0 && units <= limits::QUANTITY_UNITS
}

/// Returns the flaw of a reason that no explanation can have.
fn reason_flaw(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Superseded { to, by, .. } if to.replica != *by => {
            Some("a Set is by another writer than its dot")
        }
        Reason::Superseded { asked, .. } if !can_be_asked(*asked) => {
            Some("a Set asks for no units, or for too many")
        }
        _ => None,
    }
}

record!(
    ExplainedContribution {
        dot: Dot,
        by: ReplicaId,
        time: Time,
        guest: Option<CartId> = Option::is_none,
        set: bool,
        asked: u32,
        counts: u32,
        reasons: BoundedList<Reason> = Vec::is_empty,
    },
    part_flaw
);

/// Returns the flaw of a contribution that no explanation can have.
fn part_flaw(part: &ExplainedContribution) -> Option<&'static str> {
    if part.by != part.dot.replica {
        return Some("a contribution is by another writer than its dot");
    }
    if !can_be_asked(part.asked) {
        return Some("a contribution asks for no units, or for too many");
    }
    (part.counts > part.asked).then_some("a contribution counts for more than it asks for")
}

record!(
    RowExplanation {
        list: List,
        side: Option<Side> = Option::is_none,
        quantity: u64,
        over_ceiling: u64,
        parts: BoundedList<ExplainedContribution>,
        row: Row,
    },
    explained_row_flaw
);

/// Returns the flaw of an explained row that does not match its row.
fn explained_row_flaw(explained: &RowExplanation) -> Option<&'static str> {
    let RowExplanation { list, side, quantity, over_ceiling, parts, row } = explained;
    if (*list, *side, *quantity) != (row.list, row.side, row.quantity) {
        return Some("an explanation is of another row than the one it has");
    }
    if *over_ceiling != row.asked - row.quantity {
        return Some("what the ceiling cuts off is not what the row lacks");
    }
    let sum = parts.iter().map(|part| u64::from(part.counts)).sum::<u64>();
    (parts.is_empty() || sum != row.asked).then_some("the parts do not add up to their row")
}

record!(
    Explanation { line: LineKey, rows: BoundedList<RowExplanation>, hidden: BoundedList<ExplainedContribution> },
    explanation_flaw
);

/// Returns the flaw of an explanation that no cart can have.
fn explanation_flaw(explanation: &Explanation) -> Option<&'static str> {
    let Explanation { line, rows, hidden } = explanation;
    if rows.iter().any(|explained| explained.row.line != *line) {
        return Some("a row is of another line than its explanation");
    }
    // Rows must be in the order of a view.
    let of_lists = rows.chunk_by(|a, b| a.list == b.list).map(|rows| {
        let rows: Vec<Row> = rows.iter().map(|explained| explained.row.clone()).collect();
        are_in_order(&rows)
    });
    if !rows.is_sorted_by_key(|explained| explained.list)
        || of_lists.into_iter().any(|sound| !sound)
    {
        return Some("the rows of a line are not in their order, or one is there twice");
    }
    if hidden.iter().any(|part| part.counts > 0) {
        return Some("a hidden contribution counts");
    }
    // A contribution appears once, in a row or hidden.
    let parts = || rows.iter().flat_map(|row| &row.parts).chain(hidden);
    let dots: BTreeSet<Dot> = parts().map(|part| part.dot).collect();
    (dots.is_empty() || dots.len() != parts().count())
        .then_some("a line has no contribution, or one is there twice")
}
