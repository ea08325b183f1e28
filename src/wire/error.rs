//! The errors of decoding.

use alloc::boxed::Box;

use crate::cart::{DeltaError, PolicyError};
use crate::id::{LineError, TextError};
use crate::limits;
use crate::money::MoneyError;
use crate::quantity::QuantityError;

/// An error in encoded bytes, with its offset. A failed decode changes no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {broken}")]
pub struct DecodeError {
    /// The offset of the error, in bytes from the start of the message.
    pub offset: usize,
    /// The cause of the error.
    #[source]
    pub broken: Broken,
}

/// A boxed [`DecodeError`]. The box keeps the `Result` of each read small.
pub(super) type BoxedError = Box<DecodeError>;

/// Creates a boxed error at an offset.
#[cold]
pub(super) fn error_at(offset: usize, broken: impl Into<Broken>) -> BoxedError {
    Box::new(DecodeError { offset, broken: broken.into() })
}

/// The cause of a [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// The bytes end before the value is complete.
    #[error("the bytes end too early: send all of them")]
    Truncated,
    /// Bytes follow the end of the message.
    #[error("there are bytes after the end: send just the one message")]
    Trailing,
    /// The message is longer than [`limits::MESSAGE_BYTES`].
    #[error("a message has at most {} bytes: send less at a time", limits::MESSAGE_BYTES)]
    TooLarge,
    /// The bytes do not begin with the magic number of the format.
    #[error("these are not holdall bytes")]
    Magic,
    /// The format version is unknown to this library.
    #[error("format version {found} is not known here: upgrade this replica")]
    Version {
        /// The format version in the message.
        found: u8,
    },
    /// The message is of another kind than the caller asked for.
    #[error("this is a message of kind {found}, not {expected}")]
    Kind {
        /// The kind that the caller asked for.
        expected: u8,
        /// The kind in the message.
        found: u8,
    },
    /// The frame belongs to a link that has ended, or is not the next frame of the link.
    #[error(
        "a frame was lost or came twice: begin a new link, and send again what is not acknowledged"
    )]
    Link,
    /// The checksum does not match the bytes.
    #[error("the checksum does not match: the bytes were damaged, send them again")]
    Checksum,
    /// A named limit is exceeded.
    #[error("more than {limit} {what}")]
    Limit {
        /// The plural name of the elements counted.
        what: &'static str,
        /// The largest number allowed.
        limit: usize,
    },
    /// A number is too large for its field, or 0 where 0 is not allowed.
    #[error("a number is too large for its place")]
    Number,
    /// A flag is neither 0 nor 1.
    #[error("a flag is neither 0 nor 1")]
    Flag,
    /// An index is not below the number of rows of its table.
    #[error("an index points outside its table of {table}")]
    Index {
        /// The name of the table.
        table: &'static str,
    },
    /// A variant number is unknown.
    #[error("there is no {what} of that number")]
    Variant {
        /// The name of the type that has the variants.
        what: &'static str,
    },
    /// A text is not valid UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// The bytes are not the canonical form of their value. In the canonical form, numbers are in
    /// their shortest form, tables are sorted and have no unused rows, and adjacent runs are
    /// joined.
    #[error(
        "the bytes are not in the one form of what they say: encode it with this format's rules"
    )]
    NotCanonical,
    /// A text is empty or too long, or contains control characters.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A line key is invalid.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A quantity is out of range.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A price is invalid.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A merge policy is invalid.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A delta contradicts itself.
    #[error(transparent)]
    Delta(#[from] DeltaError),
}
