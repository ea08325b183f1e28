//! What a cart is written out on. Most commands change one row: the others are copied from what was written before.

use std::ops::Range;

use super::outcome::Shown;
use holdall::cart::List;
use holdall::id::LineKey;
use holdall::sabotage;
use holdall::view::{Row, View};

/// How many rows may be gone, from one writing to the next, before one that is still there. More, and it is written anew.
const GONE: usize = 4;

/// Of each list, where the texts of its rows are.
pub(super) type Places = [Vec<Range<usize>>; 2];

fn rows_of(view: &View, list: List) -> &[Row] {
    match list {
        List::Active => &view.lines,
        List::Saved => &view.saved,
    }
}

/// What the cart showed when it was written out before.
#[derive(Clone, Copy, Debug)]
pub(super) enum Before<'a> {
    /// This.
    View(&'a View),
    /// What it shows now, but for rows of this line: they were others, or were not there.
    But(&'a LineKey),
}

/// What was written out before, in the same form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Earlier<'a> {
    pub(super) showed: Before<'a>,
    pub(super) text: &'a [u8],
    pub(super) places: &'a Places,
}

/// What a cart is written out on, from its beginning to its end.
#[derive(Debug)]
pub struct Sheet<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) places: Places,
    view: &'a View,
    earlier: Option<Earlier<'a>>,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(shown: &'a Shown, earlier: Option<Earlier<'a>>) -> Self {
        // Most are about as long as they were.
        let room = earlier.map_or(0, |earlier| earlier.text.len() + earlier.text.len() / 4);
        let bytes = Vec::with_capacity(room);
        Self { bytes, places: Places::default(), view: &shown.view, earlier }
    }

    /// Puts a text here.
    pub fn put(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// Puts the rows of a list here, with `between` between them. `write` writes the text of one behind what is there, and is asked for those
    /// that are not as they were before.
    pub fn rows(&mut self, list: List, between: &[u8], write: impl Fn(&Row, &mut Vec<u8>)) {
        let rows = rows_of(self.view, list);
        let mut known = self.earlier.and_then(|earlier| Known::of(earlier, list, rows.len()));
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            if !places.is_empty() {
                self.put(between);
            }
            let start = self.bytes.len();
            match known.as_mut().and_then(|known| known.text(row)) {
                Some(text) => self.put(text),
                None => write(row, &mut self.bytes),
            }
            places.push(start..self.bytes.len());
        }
        self.places[list as usize] = places;
    }
}

/// The texts of the rows of a list, come to in their order.
struct Known<'a> {
    earlier: Earlier<'a>,
    rows: &'a [Row],
    places: &'a [Range<usize>],
    next: usize,
    /// Whether there is a row more than there was.
    is_longer: bool,
}

impl<'a> Known<'a> {
    fn of(earlier: Earlier<'a>, list: List, now: usize) -> Option<Self> {
        let places = &earlier.places[list as usize][..];
        let is_longer = now == places.len() + 1;
        let rows = match earlier.showed {
            Before::View(view) => rows_of(view, list),
            // Nobody wrote this list out.
            Before::But(_) if !is_longer && now != places.len() => return None,
            Before::But(_) => &[],
        };
        Some(Self { earlier, rows, places, next: 0, is_longer })
    }

    /// The text of the next row, if it is as it was.
    fn text(&mut self, row: &Row) -> Option<&'a [u8]> {
        let at = match self.earlier.showed {
            Before::View(_) => self.find(row)?,
            Before::But(line) if row.line == *line => {
                self.next += sabotage!("new-row-takes-next-text", usize::from(!self.is_longer), 1);
                return None;
            }
            Before::But(_) => {
                self.next += 1;
                self.next - 1
            }
        };
        self.earlier.text.get(self.places.get(at)?.clone())
    }

    /// The place of a row that is as it was, behind those that were come to before.
    fn find(&mut self, row: &Row) -> Option<usize> {
        let is_it = |known: &Row| {
            known.line == row.line && known.list == row.list && known.side == row.side
        };
        let ahead = self.rows.get(self.next..)?.iter().take(1 + GONE).position(is_it)?;
        let at = self.next + ahead;
        self.next = at + 1;
        let is_unchanged = sabotage!("changed-row-keeps-old-text", self.rows[at] == *row, true);
        is_unchanged.then_some(at)
    }
}
