//! Reasons why a replica refuses an action.

use crate::cart::VerbError;
use crate::id::{CartId, LineKey, ReplicaId};
use crate::quantity::QuantityError;
use crate::view::Unreadable;

/// Reason why an action was refused. Nothing has changed then.
///
/// ```
/// use holdall::{ActionError, CartId, LineKey, Replica, ReplicaId, RowRef};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// let refused = phone.remove(0, &RowRef::active(tee.clone()));
/// assert_eq!(refused, Err(ActionError::UnknownRow { line: tee }));
/// # Ok::<(), holdall::LineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The number is not a quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The cart refused the action.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// This replica does not show the row, and the action needs one.
    #[error("{line} is not a row of this cart here: look at the cart again")]
    UnknownRow {
        /// Line of the row.
        line: LineKey,
    },
    /// The active list is empty, so there is nothing to order.
    #[error("the active list is empty: there is nothing to order")]
    NothingToOrder,
    /// A line cannot be evaluated at this replica, so it cannot be bought.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A snapshot or claim belongs to another cart.
    #[error("this is about cart {theirs}, not {ours}")]
    OtherCart {
        /// Identifier of this cart.
        ours: CartId,
        /// Identifier of the other cart.
        theirs: CartId,
    },
    /// The guest cart is not merged into this one.
    #[error("guest cart {guest} is not merged into this one")]
    NotMerged {
        /// Guest cart.
        guest: CartId,
    },
    /// The guest cart has merged guests of its own, so it is an account's cart.
    #[error("guest cart {guest} has merged another cart: an account's cart is nobody's guest")]
    NestedMerge {
        /// Guest cart.
        guest: CartId,
    },
    /// The sequence numbers of this writer are used up. No writer may go on under its id.
    #[error("replica {replica} was retired: start a new writer")]
    ReplicaRetired {
        /// Identifier of the writer.
        replica: ReplicaId,
    },
}

impl ActionError {
    /// Returns the stable name of the kind of error, in kebab case, as scenario files use it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "quantity",
            Self::Verb(VerbError::Limit { .. }) => "limit",
            Self::Verb(VerbError::Erased) => "erased",
            Self::Verb(VerbError::DotTaken { .. } | VerbError::DotOutOfRange { .. })
            | Self::ReplicaRetired { .. } => "replica-retired",
            Self::UnknownRow { .. } | Self::NothingToOrder => "unknown-row",
            Self::Unreadable(_) => "unreadable",
            Self::OtherCart { .. } | Self::NotMerged { .. } | Self::NestedMerge { .. } => "invalid",
        }
    }
}
