//! What a trace says, before anybody asks what it means for carts.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

/// One row of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceEvent {
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
    /// What the shopper did.
    pub(crate) kind: EventKind,
    /// To which product; a number of [`Trace::products`].
    pub(crate) product: u32,
    /// Who; a number of [`Trace::users`], none for a shopper nobody knows.
    pub(crate) user: Option<u32>,
    /// In which session.
    pub(crate) session: u32,
    /// How many units: 1 unless the trace has quantities.
    pub(crate) units: u32,
    /// Digest of the whole row, so that a repeated row is noticed.
    pub(crate) digest: u64,
}

/// The kinds of row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// Looked at a product.
    View,
    /// Put units into the cart.
    Cart,
    /// Took the line out of the cart.
    Remove,
    /// Bought; rows of one session and second are one purchase.
    Purchase,
    /// Took back so many units (only in traces with quantities).
    Cancel,
}

/// A whole trace.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The rows, in time order after [`Trace::settle`].
    pub(crate) events: Vec<TraceEvent>,
    /// The users.
    pub(crate) users: NameTable,
    /// The sessions.
    pub(crate) sessions: NameTable,
    /// The products.
    pub(crate) products: NameTable,
    /// How many rows were read, warts included.
    pub(crate) rows: u64,
    /// What was odd about them.
    pub(crate) oddities: TraceOddities,
}

/// Oddities that real traces have. Each is counted and reported, none stops a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct TraceOddities {
    /// A row that is there twice; the second is not played.
    pub(crate) duplicate_rows: u64,
    /// A row that is earlier than the one before it; rows are played by their time.
    pub(crate) rows_out_of_order: u64,
    /// A session id that is missing or not of the usual form; it is taken as it is.
    pub(crate) malformed_sessions: u64,
    /// A session id that two users have; each gets a device of its own.
    pub(crate) shared_sessions: u64,
    /// A price that is missing, zero or negative; carts do not depend on it.
    pub(crate) nonpositive_prices: u64,
    /// A row without a user; its session is a guest's.
    pub(crate) rows_without_user: u64,
    /// A quantity of zero; not played.
    pub(crate) zero_quantities: u64,
    /// A quantity above the limit of a line; played with the limit.
    pub(crate) quantities_cut: u64,
    /// A remove of a line that its device does not show, mostly because the trace starts later than
    /// the session; not played.
    pub(crate) removes_of_unseen: u64,
    /// A purchase row of a product that its device does not show.
    pub(crate) purchases_of_unseen: u64,
    /// A purchase by a device that shows an empty cart; not played.
    pub(crate) purchases_of_nothing: u64,
    /// A cancellation of a line that its device does not show, mostly because it was bought; not
    /// played.
    pub(crate) cancellations_of_unseen: u64,
    /// An add to a cart that has as many lines as a cart may have; not played.
    pub(crate) adds_to_full_carts: u64,
}

impl TraceOddities {
    /// Lists every count with its description, for reports and sums.
    fn each(&mut self) -> [(&mut u64, &'static str); 13] {
        [
            (&mut self.duplicate_rows, "rows that are there twice (the second is not played)"),
            (&mut self.rows_out_of_order, "rows out of time order (played by their time)"),
            (
                &mut self.malformed_sessions,
                "rows with a missing or malformed session id (taken as it is)",
            ),
            (
                &mut self.shared_sessions,
                "rows whose session id belongs to another user (a device of its own)",
            ),
            (
                &mut self.nonpositive_prices,
                "rows with a price missing, zero or negative (carts do not depend on it)",
            ),
            (&mut self.rows_without_user, "rows without a customer (guests of their session)"),
            (&mut self.zero_quantities, "rows with quantity zero (not played)"),
            (
                &mut self.quantities_cut,
                "rows with a quantity above the limit of a line (played with the limit)",
            ),
            (
                &mut self.removes_of_unseen,
                "removes of a line that the device does not show (cut-off starts; not played)",
            ),
            (
                &mut self.purchases_of_unseen,
                "purchase rows of a line that the device does not show (cut-off starts)",
            ),
            (
                &mut self.purchases_of_nothing,
                "purchases with an empty cart (cut-off starts; not played)",
            ),
            (
                &mut self.cancellations_of_unseen,
                "cancellations of a line that is not in the cart any more (not played)",
            ),
            (
                &mut self.adds_to_full_carts,
                "adds to a cart with as many lines as a cart may have (not played)",
            ),
        ]
    }

    /// Adds another count, field by field.
    pub(crate) fn add(&mut self, mut other: Self) {
        for ((mine, _), (theirs, _)) in self.each().into_iter().zip(other.each()) {
            *mine += *theirs;
        }
    }

    /// Returns the counts that are not zero, with their descriptions.
    pub(crate) fn described(mut self) -> Vec<(u64, &'static str)> {
        self.each().into_iter().filter(|(n, _)| **n > 0).map(|(n, text)| (*n, text)).collect()
    }
}

/// Names and their numbers.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl NameTable {
    /// Returns the number of a name, a new number for a new name; `None` when numbers have run out.
    pub(crate) fn number(&mut self, name: &str) -> Option<u32> {
        if let Some(&known) = self.numbers.get(name) {
            return Some(known);
        }
        let next = u32::try_from(self.names.len()).ok().filter(|n| *n < u32::MAX)?;
        self.numbers.insert(name.into(), next);
        self.names.push(name.into());
        Some(next)
    }

    /// Returns the name of a number.
    pub(crate) fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// Returns the number of names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

/// Computes a digest of a row: FNV-1a over the fields with a separator, so that `a,bc` and `ab,c`
/// differ. Only digests of rows of one moment are compared.
pub(crate) fn digest(row: &csv::ByteRecord) -> u64 {
    row.iter()
        .flat_map(|field| field.iter().copied().chain([0xff]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}

impl Trace {
    /// Sorts by time, keeping the file's order inside one moment, and drops repeated rows. A
    /// repeated row is a logger's retry. Two clicks in one second leave equal rows only where the
    /// clock is coarse, and to count a retry as a click is the mistake that a replay looks for.
    pub(crate) fn settle(&mut self) {
        let late = self.events.windows(2).filter(|pair| pair[1].at < pair[0].at).count();
        self.oddities.rows_out_of_order += late as u64;
        self.events.sort_by_key(|event| event.at);
        let before = self.events.len();
        let (mut moment, mut seen) = (u64::MAX, HashSet::new());
        self.events.retain(|event| {
            if event.at != moment {
                moment = event.at;
                seen.clear();
            }
            seen.insert(event.digest)
        });
        self.oddities.duplicate_rows += (before - self.events.len()) as u64;
    }
}
