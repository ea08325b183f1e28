//! What can go wrong before and during a replay, each with the place and the way out.

use std::io;

/// Reason why a replay has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ReplayError {
    /// The file could not be opened.
    #[error(
        "{file}: cannot be opened ({source}); give the path of a readable CSV file, or none for a \
         made-up trace"
    )]
    Open {
        /// The path as it was given.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file was opened, but its bytes did not come out.
    #[error(
        "{file}, line {line}: cannot be read further ({source}); check that the file is whole \
         (`gzip -t`, `zstd -t`)"
    )]
    Read {
        /// The path as it was given.
        file: String,
        /// The last line that was reached, counted after decompression.
        line: u64,
        /// What the system or the decompressor said.
        source: io::Error,
    },
    /// The header lacks a column that the format needs.
    #[error("{file}, line 1: the column `{column}` is missing; {fix}")]
    Header {
        /// The path as it was given.
        file: String,
        /// The column's usual name.
        column: &'static str,
        /// What to do about it.
        fix: String,
    },
    /// A row cannot be understood.
    #[error("{file}, line {line}: {fault}")]
    Row {
        /// The path as it was given.
        file: String,
        /// The line, counted after decompression, the header being line 1.
        line: u64,
        /// What is wrong with it.
        fault: RowError,
    },
    /// More distinct things than a replay can number.
    #[error("{file}, line {line}: more than {most} distinct {what}; split the file by user")]
    TooMany {
        /// The path as it was given.
        file: String,
        /// The line at which the numbers ran out.
        line: u64,
        /// What was counted.
        what: &'static str,
        /// The limit.
        most: u32,
    },
    /// A design refused a step that it should have taken: a bug in that design.
    #[error(
        "{design} failed in the cart of {party} (seed {seed}): {fault}; please report it with \
         this line"
    )]
    Design {
        /// The design's name.
        design: &'static str,
        /// The user or guest whose cart it was.
        party: String,
        /// The seed, so that it can be run again.
        seed: u64,
        /// What it said.
        fault: PlayError,
    },
    /// The report could not be written.
    #[error("the report cannot be written: {0}")]
    Write(#[source] io::Error),
}

/// Fault of one row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RowError {
    /// The row is shorter or longer than the header.
    #[error(
        "{found} columns where the header has {expected}; complete or delete the line, and quote \
         fields with commas"
    )]
    Columns {
        /// How many columns the row has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A field that a replay needs is not text.
    #[error("`{column}` is not UTF-8; convert the file (`iconv -f latin1 -t utf-8`)")]
    Encoding {
        /// The column.
        column: &'static str,
    },
    /// A field does not say what its column is for.
    #[error("`{column}` is {value:?}; {fix}")]
    Value {
        /// The column.
        column: &'static str,
        /// What was found, cut to a readable length.
        value: String,
        /// What would be right.
        fix: &'static str,
    },
}

/// Reason why a design could not take a step. Rivals never fail; the library's adapter reports the
/// error of the library.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {said}")]
pub(crate) struct PlayError {
    /// What the adapter was doing.
    pub(crate) doing: &'static str,
    /// The answer.
    pub(crate) said: String,
}

impl ReplayError {
    /// Returns the exit status: 2 for input that the user can mend, 1 for a replay that failed.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Design { .. } | Self::Write(_) => 1,
            _ => 2,
        }
    }
}
