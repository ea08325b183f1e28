//! What a story expects, compared with what is seen.

use std::collections::BTreeMap;

use super::row_name::SideName;
use super::story::{ExpectRow, ExpectView};
use holdall::view::{Explanation, Reason, Row, Side, View};

/// Says what differs, if anything does.
pub(super) fn differs(expect: &ExpectView, view: &View) -> Option<String> {
    let mut wrong = Vec::new();
    if let Some([lines, saved]) = &expect.rows {
        for (name, expected, seen) in [("lines", lines, &view.lines), ("saved", saved, &view.saved)]
        {
            if !rows_match(expected, seen) {
                wrong.push(format!("{name}: saw {}, expected {}", show(seen), tell(expected)));
            }
        }
    }
    let mut other = |name: &str, seen: String, expected: String| {
        if seen != expected {
            wrong.push(format!("{name}: saw {seen}, expected {expected}"));
        }
    };
    if let Some(coupons) = &expect.coupons {
        let mut expected = coupons.clone();
        expected.sort();
        other("coupons", format!("{:?}", view.coupons), format!("{expected:?}"));
    }
    if let Some(shipping) = &expect.shipping {
        let seen = view.shipping.as_ref().map_or("", |option| option.as_str());
        other("shipping", format!("{seen:?}"), format!("{shipping:?}"));
    }
    if let Some(note) = &expect.note {
        let seen = view.note.as_ref().map_or("", |note| note.as_str());
        other("note", format!("{seen:?}"), format!("{note:?}"));
    }
    if let Some(orders) = &expect.orders {
        let mut seen: Vec<&str> = view.orders.iter().map(|order| order.id.as_str()).collect();
        let mut expected: Vec<&str> = orders.iter().map(String::as_str).collect();
        seen.sort_unstable();
        expected.sort_unstable();
        other("orders", format!("{seen:?}"), format!("{expected:?}"));
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// Says which number is not explained, or which contribution is hidden for no reason. An
/// explanation is a promise of its own: what the shopper is told adds up to what is shown.
pub(crate) fn unexplained(lines: &[Explanation]) -> Option<String> {
    lines.iter().find_map(|line| {
        let rows = line.rows.iter().find_map(|row| {
            let sum: u64 = row.parts.iter().map(|part| u64::from(part.counts)).sum();
            let idle = row.parts.iter().find(|part| part.counts == 0);
            let adds_up = sum.checked_sub(row.over_ceiling) == Some(row.quantity)
                && row.row.quantity == row.quantity;
            match idle {
                _ if !adds_up => Some(format!("{} is shown, and explained as {sum}", row.quantity)),
                Some(part) => Some(format!("{} asked for counts for nothing", part.asked)),
                None => None,
            }
        });
        let hidden = line.hidden.iter().find_map(|part| {
            let counts = part.counts > 0;
            let silent = part.reasons.is_empty();
            (counts || silent).then(|| format!("{} hidden for no reason", part.asked))
        });
        let parts = line.rows.iter().flat_map(|row| &row.parts).chain(&line.hidden);
        let blank = parts.flat_map(|part| &part.reasons).find_map(|reason| match reason {
            Reason::Hidden { rule, because } | Reason::Kept { rule, because } => {
                because.trim().is_empty().then(|| format!("the rule {} gives no reason", rule.name))
            }
            _ => None,
        });
        rows.or(hidden).or(blank).map(|what| format!("{}: {what}", line.line))
    })
}

/// Returns true if the expected rows match the rows seen one to one.
fn rows_match(expected: &[ExpectRow], seen: &[Row]) -> bool {
    let Some((first, rest)) = expected.split_first() else { return seen.is_empty() };
    if expected.len() != seen.len() {
        return false;
    }
    // Rows of one line are few, so trying them all is cheap.
    (0..seen.len()).filter(|at| row_matches(first, &seen[*at])).any(|at| {
        let others: Vec<Row> =
            seen.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, row)| row.clone()).collect();
        rows_match(rest, &others)
    })
}

fn row_matches(expected: &ExpectRow, row: &Row) -> bool {
    let ExpectRow { key, quantity, side, note, gift, attributes, question, because } = expected;
    let text =
        |text: &Option<holdall::id::Text>| text.as_ref().map_or("", |t| t.as_str()).to_owned();
    let wraps = |(wrap, message): &(Option<bool>, Option<String>)| {
        let seen = row.gift.clone().unwrap_or_default();
        wrap.is_none_or(|wrap| wrap == seen.wrap)
            && message.as_ref().is_none_or(|message| *message == text(&seen.message))
    };
    let attributes_of_row = || -> BTreeMap<String, String> {
        let pairs = row.attributes.iter();
        pairs.map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    *key == row.line
        && *quantity == row.quantity
        && side.is_none_or(|side| match side {
            SideName::Account => row.side == Some(Side::Account),
            SideName::Guest => matches!(row.side, Some(Side::Guest(_))),
        })
        && note.as_ref().is_none_or(|note| *note == text(&row.note))
        && gift.as_ref().is_none_or(wraps)
        && attributes.as_ref().is_none_or(|expected| *expected == attributes_of_row())
        && question.is_none_or(|question| question == row.question)
        && because
            .as_ref()
            .is_none_or(|rule| row.because.as_ref().is_some_and(|seen| seen.name.as_str() == rule))
}

fn show(rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| {
        let mut text = format!("{} x{}", row.line, row.quantity);
        match row.side {
            Some(Side::Account) => text.push_str(" side account"),
            Some(Side::Guest(_)) => text.push_str(" side guest"),
            None => {}
        }
        if let Some(note) = &row.note {
            text.push_str(&format!(" note {:?}", note.as_str()));
        }
        if let Some(gift) = &row.gift {
            text.push_str(&format!(" gift wrap {} {:?}", gift.wrap, gift.message));
        }
        if !row.attributes.is_empty() {
            text.push_str(&format!(" attributes {:?}", row.attributes));
        }
        if row.question {
            text.push_str(" question");
        }
        if let Some(rule) = &row.because {
            text.push_str(&format!(" because {}", rule.name));
        }
        text
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}

fn tell(rows: &[ExpectRow]) -> String {
    let rows = rows.iter().map(|row| {
        let mut text = format!("{} x{}", row.key, row.quantity);
        if let Some(side) = row.side {
            text.push_str(&format!(" side {side:?}").to_lowercase());
        }
        if let Some(note) = &row.note {
            text.push_str(&format!(" note {note:?}"));
        }
        if let Some((wrap, message)) = &row.gift {
            text.push_str(&format!(" gift wrap {wrap:?} {message:?}"));
        }
        if let Some(attributes) = &row.attributes {
            text.push_str(&format!(" attributes {attributes:?}"));
        }
        if row.question == Some(true) {
            text.push_str(" question");
        }
        if let Some(rule) = &row.because {
            text.push_str(&format!(" because {rule}"));
        }
        text
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}
