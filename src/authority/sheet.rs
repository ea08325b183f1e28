//! What a cart is written out on. Most commands change one row: the others are copied from what was written before.

use std::ops::Range;

use crate::view::Row;

/// How many rows may be gone, from one writing to the next, before one that is still there. More, and it is written anew.
const GONE: usize = 4;

/// Rows, and where the text of each is.
#[derive(Debug)]
pub(super) struct Placed {
    rows: Vec<Row>,
    texts: Vec<Range<usize>>,
}

impl Placed {
    /// The place of a row behind those that were come to before.
    fn find(&self, from: usize, row: &Row) -> Option<usize> {
        let is_it = |known: &Row| {
            known.line == row.line && known.list == row.list && known.side == row.side
        };
        let ahead = self.rows.get(from..)?.iter().take(1 + GONE).position(is_it)?;
        Some(from + ahead)
    }
}

/// What a cart is written out on, from its beginning to its end.
#[derive(Debug)]
pub struct Sheet<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) placed: Vec<Placed>,
    before: &'a [Placed],
    text: &'a [u8],
}

impl<'a> Sheet<'a> {
    /// With what the same cart came to when it was written out before, in the same form.
    pub(super) fn over(before: Option<(&'a [Placed], &'a [u8])>) -> Self {
        let (before, text) = before.unwrap_or_default();
        // Most are about as long as they were.
        let bytes = Vec::with_capacity(text.len() + text.len() / 4);
        Self { bytes, placed: Vec::with_capacity(2), before, text }
    }

    /// Puts a text here.
    pub fn put(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    /// Puts the rows of a list here, with `between` between them. `write` writes the text of one behind what is there, and is asked for those
    /// that are not as they were before.
    pub fn rows(&mut self, rows: Vec<Row>, between: &[u8], write: impl Fn(&Row, &mut Vec<u8>)) {
        let before = self.before.get(self.placed.len());
        let (mut texts, mut next) = (Vec::with_capacity(rows.len()), 0);
        for row in &rows {
            if !texts.is_empty() {
                self.put(between);
            }
            let start = self.bytes.len();
            let known = before.and_then(|before| {
                let at = before.find(next, row)?;
                next = at + 1;
                (before.rows[at] == *row).then(|| self.text.get(before.texts[at].clone()))?
            });
            match known {
                Some(text) => self.put(text),
                None => write(row, &mut self.bytes),
            }
            texts.push(start..self.bytes.len());
        }
        self.placed.push(Placed { rows, texts });
    }
}
