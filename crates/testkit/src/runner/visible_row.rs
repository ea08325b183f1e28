//! What a runner shows: rows, without what stories do not say.

use crate::action::ACCOUNT;
use crate::scenario::row_name::SideName;
use crate::scenario::story::{ExpectRow, ExpectView};
use holdall::cart::List;
use holdall::id::LineKey;
use holdall::view::View;

/// A row that is shown. Which guest a side is of is left out: stories do not say it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct VisibleRow {
    pub(crate) line: LineKey,
    pub(crate) list: List,
    pub(crate) side: Option<SideName>,
    pub(crate) units: u64,
}

/// Rows that a view shows, sorted.
pub(crate) type VisibleRows = Vec<VisibleRow>;

pub(crate) fn rows(view: &View) -> VisibleRows {
    let shown = |row: &holdall::view::Row| VisibleRow {
        line: row.line.clone(),
        list: row.list,
        side: row.side.map(SideName::from),
        units: row.asked,
    };
    let mut rows: VisibleRows = view.rows().map(shown).collect();
    rows.sort();
    rows
}

/// Returns the units of a line, in both lists.
pub(crate) fn total(rows: &VisibleRows, line: &LineKey) -> u64 {
    rows.iter().filter(|row| row.line == *line).map(|row| row.units).sum()
}

/// Formats it for people.
pub(crate) fn words(rows: &VisibleRows) -> String {
    let word = |row: &VisibleRow| {
        let side = match row.side {
            Some(SideName::Account) => ", the account's row",
            Some(SideName::Guest) => ", the guest's row",
            None => "",
        };
        let saved = if row.list == List::Saved { ", saved" } else { "" };
        format!("{} {}{side}{saved}", row.units, row.line)
    };
    if rows.is_empty() {
        return "nothing".into();
    }
    rows.iter().map(word).collect::<Vec<_>>().join("; ")
}

/// Returns the expectation of these rows of the account's cart.
pub(super) fn expect(rows: &VisibleRows) -> ExpectView {
    let of = |list: List| {
        let rows = rows.iter().filter(|row| row.list == list);
        rows.map(|row| ExpectRow::of_units(&row.line, row.units, row.side)).collect()
    };
    ExpectView::of_rows(ACCOUNT, List::ALL.map(of))
}
