//! What can be wrong with a document, with a value in it, and with a change to it.

use holdall::cart::WrongCart;
use holdall::dots::{Dot, Dots};
use holdall::id::{LineError, TextError};
use holdall::limits;
use holdall::money::MoneyError;
use holdall::quantity::QuantityError;
use holdall::replica::ActionError;

/// Why a key of a cart was skipped. Whoever wrote it has to write the action anew, under a new
/// number: what is under this key stays as it is and says nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The key is none.
    #[error(
        "the key is none of hd/<cart>/<replica>/<number>, hd/<cart>/dead/<name>, hd/<cart>/erased"
    )]
    Key,
    /// The value is not text.
    #[error("the value is {found}: write an action as one text of JSON, not as an object")]
    NotText {
        /// What it is.
        found: &'static str,
    },
    /// The mark of an erasure is something else than `true`.
    #[error("the value is {found}: an erased cart has true there")]
    NotTrue {
        /// What it is.
        found: &'static str,
    },
    /// The value is longer than [`limits::MESSAGE_BYTES`].
    #[error("the value has {bytes} bytes, the limit is {limit}", limit = limits::MESSAGE_BYTES)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The text is no JSON of an action's shape.
    #[error("the text is no action: {0}")]
    Json(#[from] serde_json::Error),
    /// The text is no object of JSON.
    #[error("the text is no object of JSON: an action begins with a brace")]
    NotAnObject,
    /// It has no verb, or more than one.
    #[error("{verbs} verbs: an action has exactly one")]
    Verbs {
        /// How many it has.
        verbs: usize,
    },
    /// It lacks something that its verb needs.
    #[error("{verb} needs {what}")]
    Lacks {
        /// The verb.
        verb: &'static str,
        /// What it needs.
        what: &'static str,
    },
    /// It has something that its verb has no use for.
    #[error("{verb} has fields that do not belong to it: leave them out")]
    Superfluous {
        /// The verb.
        verb: &'static str,
    },
    /// An id is no UUID.
    #[error("{what} is no UUID: {source}")]
    Id {
        /// What it is the id of.
        what: &'static str,
        /// Why.
        source: uuid::Error,
    },
    /// A dot or run of dots is none.
    #[error(
        "{what} has something that is no dot: write <replica>:<number> or <replica>:<first>-<last>"
    )]
    Dots {
        /// The field.
        what: &'static str,
    },
    /// A number is out of its range.
    #[error("{what} is out of range: the largest is {limit}")]
    Range {
        /// What it is.
        what: &'static str,
        /// The largest.
        limit: u64,
    },
    /// A quantity is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A name or text is none.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A line is none.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A price is none.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An action says that it makes itself dead, or that it had seen itself.
    #[error("{what} names the action itself")]
    Itself {
        /// The field.
        what: &'static str,
    },
    /// A payload of an unknown kind is not in hexadecimal digits.
    #[error("the payload is not in pairs of hexadecimal digits")]
    Payload,
}

/// A key that was skipped, and why.
#[derive(Debug)]
pub struct Skipped {
    /// The key.
    pub key: String,
    /// The action that it names, if it names one.
    pub dot: Option<Dot>,
    /// Why.
    pub why: Refused,
}

/// Why a document could not be changed or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is about another cart.
    #[error(transparent)]
    WrongCart(#[from] WrongCart),
    /// More bytes than are read.
    #[error("the document has {bytes} bytes, the limit is {limit}", limit = limits::DOCUMENT_BYTES)]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// One action would make a longer value than is read.
    #[error("{key} would have {bytes} bytes of text, the limit is {limit}", limit = limits::MESSAGE_BYTES)]
    ValueTooLong {
        /// Its key.
        key: String,
        /// How long it would be.
        bytes: usize,
    },
    /// What cannot be written as JSON.
    #[error("an action cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// Automerge refused.
    #[error("Automerge refused: {0}")]
    Automerge(#[from] automerge::AutomergeError),
    /// Automerge panicked over these bytes. Nothing has changed; whoever sent them made them up.
    #[error("Automerge panicked over these bytes: do not take any from where they came from")]
    Panicked,
}

/// Why an action did not reach the document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// The cart refused it; nothing has changed.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The document did. What the replica did stays with it, and goes into the document with the
    /// next action that does.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// An action that waits in a document: it makes dots dead whose own actions have not come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its key.
    pub key: String,
    /// What it waits for.
    pub missing: Dots,
}
