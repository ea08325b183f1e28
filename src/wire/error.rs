//! Why bytes are not what they claim to be, and where.

use alloc::boxed::Box;

use crate::cart::{DeltaError, PolicyError};
use crate::id::{LineError, TextError};
use crate::limits;
use crate::money::MoneyError;
use crate::quantity::QuantityError;

/// Bytes that are not what they claim to be. The state they were meant for is untouched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {broken}")]
pub struct DecodeError {
    /// Where, in bytes from the beginning.
    pub offset: usize,
    /// What is wrong there.
    #[source]
    pub broken: Broken,
}

/// An error on its way out. Most reads are right, so it is small while it is not there.
pub(super) type BoxedError = Box<DecodeError>;

#[cold]
pub(super) fn error_at(offset: usize, broken: impl Into<Broken>) -> BoxedError {
    Box::new(DecodeError { offset, broken: broken.into() })
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// They end too early.
    #[error("the bytes end too early: send all of them")]
    Truncated,
    /// They go on after their end.
    #[error("there are bytes after the end: send just the one message")]
    Trailing,
    /// They are more than a message may have.
    #[error("a message has at most {} bytes: send less at a time", limits::MESSAGE_BYTES)]
    TooLarge,
    /// They do not begin as this format does.
    #[error("these are not holdall bytes")]
    Magic,
    /// A version this library does not read.
    #[error("format version {found} is not known here: upgrade this replica")]
    Version {
        /// The version.
        found: u8,
    },
    /// Another kind of message than was asked for.
    #[error("this is a message of kind {found}, not {expected}")]
    Kind {
        /// The kind that was asked for.
        expected: u8,
        /// The kind it is.
        found: u8,
    },
    /// A frame of a link that has ended, or that is not the next.
    #[error(
        "a frame was lost or came twice: begin a new link, and send again what is not acknowledged"
    )]
    Link,
    /// They were changed on the way.
    #[error("the checksum does not match: the bytes were damaged, send them again")]
    Checksum,
    /// A named limit is exceeded.
    #[error("more than {limit} {what}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// A number that does not fit.
    #[error("a number is too large for its place")]
    Number,
    /// A flag that is neither 0 nor 1.
    #[error("a flag is neither 0 nor 1")]
    Flag,
    /// An index into a table that has no such row.
    #[error("an index points outside its table of {table}")]
    Index {
        /// The table.
        table: &'static str,
    },
    /// An unknown variant.
    #[error("there is no {what} of that number")]
    Variant {
        /// Of what.
        what: &'static str,
    },
    /// A text that is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// The value is sound but not in its one form: numbers in their shortest form, tables
    /// sorted and without unused rows, runs joined.
    #[error(
        "the bytes are not in the one form of what they say: encode it with this format's rules"
    )]
    NotCanonical,
    /// A text that is too long, empty or has control characters.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A line that cannot be.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A quantity that cannot be.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A price that cannot be.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A policy that cannot be.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A delta that contradicts itself.
    #[error(transparent)]
    Delta(#[from] DeltaError),
}
