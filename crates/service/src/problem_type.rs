//! The types of problems: one table of names, statuses, titles and advice.

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use holdall::cart::VerbError;
use holdall::replica::ActionError;
use holdall_authority::{Advice, Refusal};
use holdall_store::StoreError;

/// How long a client waits after a refusal for overload, in milliseconds.
const SHED_MS: u64 = 1_000;

/// The prefix of a type's URI reference, before the name.
const PROBLEMS: &str = "/problems/";

/// Defines [`ProblemType`] and its table, so that no variant lacks a row.
macro_rules! problem_types {
    ($($variant:ident, $name:literal, $status:literal, $title:literal, $advice:expr;)*) => {
        /// A type of problem (RFC 9457). Its name is stable: clients decide by it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub(super) enum ProblemType {
            $($variant,)*
        }

        impl ProblemType {
            /// Every type, in the order of their names.
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stable name: the last part of the type's URI.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the HTTP status that a problem of this type comes with.
            pub(super) const fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                }
            }

            /// Returns the type in a few words.
            pub(super) const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }

            /// Returns the advice for occurrences without more specific advice of the authority.
            pub(super) const fn advice(self) -> Advice {
                match self {
                    $(Self::$variant => $advice,)*
                }
            }
        }
    };
}

const AT_ONCE: Advice = Advice::Retry { after_ms: 0 };
const LATER: Advice = Advice::Retry { after_ms: SHED_MS };

problem_types! {
    // variant, name, status, title, advice
    AccountOnly, "account-only", 403, "Only a signed-in shopper may do this", Advice::SignIn;
    AlreadyClaimed, "already-claimed", 409, "The guest cart is another account's", Advice::Correct;
    Busy, "busy", 503, "The cart changes too fast", LATER;
    Changed, "changed", 412, "The cart has changed", Advice::LookAgain;
    CheckoutClosed, "checkout-closed", 409, "The checkout is not open", Advice::LookAgain;
    CheckoutOpen, "checkout-open", 409, "A checkout of this cart is open", LATER;
    ClockAhead, "clock-ahead", 409, "The device's clock is ahead", Advice::Restamp;
    Damaged, "damaged", 500, "The cart's record is damaged", Advice::Operator;
    Equivocation, "equivocation", 409, "The writer was cloned", Advice::StartNewWriter;
    Erased, "erased", 410, "The cart was erased", Advice::DropCopy;
    Gap, "gap", 409, "Actions of this writer are missing", AT_ONCE;
    Internal, "internal", 500, "The service failed", Advice::Operator;
    Invalid, "invalid", 422, "A value is not allowed", Advice::Correct;
    KeyReused, "key-reused", 422, "The key was used for another request", Advice::Correct;
    KeyTooOld, "key-too-old", 422, "The idempotency key is too old", Advice::LookAgain;
    Limit, "limit", 422, "A limit is exceeded", Advice::Correct;
    Malformed, "malformed", 400, "The request does not parse", Advice::Correct;
    ManyWriters, "many-writers", 422, "The delta has several writers", Advice::Correct;
    MediaType, "media-type", 415, "The media type of the body is not supported", Advice::Correct;
    Merged, "merged", 403, "The guest cart was merged into an account's", Advice::SignIn;
    Method, "method", 405, "The method is not supported here", Advice::Correct;
    Misdirected, "misdirected", 421, "This host is not served here", Advice::Correct;
    NotAcceptable, "not-acceptable", 406, "The media type is not available", Advice::Correct;
    NotForYou, "not-for-you", 403, "Only the shopper may do this", Advice::Correct;
    NotFound, "not-found", 404, "No such page", Advice::Correct;
    NotYours, "not-yours", 404, "No such cart, or not yours", Advice::SignIn;
    NothingToOrder, "nothing-to-order", 409, "The cart has nothing to order", Advice::LookAgain;
    OtherCart, "other-cart", 422, "The delta is about another cart", Advice::Correct;
    Overloaded, "overloaded", 503, "The service is overloaded", LATER;
    Quantity, "quantity", 422, "The quantity is not allowed", Advice::Correct;
    ReplicaRetired, "replica-retired", 409, "The writer was retired", Advice::StartNewWriter;
    ServerOnly, "server-only", 403, "Only the shop's own systems may do this", Advice::Correct;
    Store, "store", 503, "The store cannot be reached", LATER;
    Timeout, "timeout", 503, "The request took too long", LATER;
    TooFast, "too-fast", 429, "Too many requests", LATER;
    TooLarge, "too-large", 413, "The body is too large", Advice::Correct;
    TooLongAgo, "too-long-ago", 404, "The journal does not go back that far", Advice::LookAgain;
    Unauthenticated, "unauthenticated", 401, "The request has no valid token", Advice::SignIn;
    UnknownRow, "unknown-row", 404, "No such line", Advice::LookAgain;
    UnknownWriter, "unknown-writer", 403, "The writer is not yours", Advice::StartNewWriter;
    Unreadable, "unreadable", 409, "A line needs a newer version of the service", Advice::Correct;
    Unseen, "unseen", 409, "The delta refers to unknown actions", AT_ONCE;
    WriterTaken, "writer-taken", 409, "The writer's id is taken", Advice::StartNewWriter;
}

impl ProblemType {
    /// Returns the schema of the URI references of all types, for the OpenAPI description.
    pub(super) fn schema() -> Object {
        let all = Self::ALL.iter().map(|kind| format!("{PROBLEMS}{}", kind.name()));
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(all)).build()
    }

    /// Returns the type with a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Serializes a type as its URI reference.
impl Serialize for ProblemType {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{PROBLEMS}{}", self.name()))
    }
}

impl From<&ActionError> for ProblemType {
    fn from(error: &ActionError) -> Self {
        match error {
            ActionError::Quantity(_) => Self::Quantity,
            ActionError::Verb(VerbError::Limit { .. }) => Self::Limit,
            ActionError::Verb(VerbError::Erased) => Self::Erased,
            ActionError::Verb(VerbError::DotTaken { .. }) | ActionError::ReplicaRetired { .. } => {
                Self::ReplicaRetired
            }
            ActionError::UnknownRow { .. } => Self::UnknownRow,
            ActionError::NothingToOrder => Self::NothingToOrder,
            ActionError::Unreadable(_) => Self::Unreadable,
            _ => Self::Invalid,
        }
    }
}

impl From<&Refusal> for ProblemType {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotYours { .. } => Self::NotYours,
            Refusal::Merged => Self::Merged,
            Refusal::AlreadyClaimed => Self::AlreadyClaimed,
            Refusal::NotForYou => Self::NotForYou,
            Refusal::AccountOnly => Self::AccountOnly,
            Refusal::ServerOnly => Self::ServerOnly,
            Refusal::Erased => Self::Erased,
            Refusal::Changed { .. } => Self::Changed,
            Refusal::KeyReused => Self::KeyReused,
            Refusal::KeyTooOld { .. } => Self::KeyTooOld,
            Refusal::Action(error) => error.into(),
            Refusal::Malformed(_) => Self::Malformed,
            Refusal::OtherCart { .. } => Self::OtherCart,
            Refusal::UnknownWriter { .. } => Self::UnknownWriter,
            Refusal::WriterTaken { .. } => Self::WriterTaken,
            Refusal::ManyWriters => Self::ManyWriters,
            Refusal::Gap { .. } => Self::Gap,
            Refusal::Unseen { .. } => Self::Unseen,
            Refusal::ClockAhead { .. } => Self::ClockAhead,
            Refusal::WriterRetired { .. } => Self::ReplicaRetired,
            Refusal::Equivocation { .. } => Self::Equivocation,
            Refusal::Limit { .. } => Self::Limit,
            Refusal::TooFast { .. } => Self::TooFast,
            Refusal::CheckoutOpen { .. } => Self::CheckoutOpen,
            Refusal::CheckoutClosed => Self::CheckoutClosed,
            Refusal::TooLongAgo { .. } => Self::TooLongAgo,
            Refusal::Busy => Self::Busy,
            Refusal::Store(StoreError::Damaged { .. }) => Self::Damaged,
            Refusal::Store(error) if error.is_retryable() => Self::Store,
            // Other errors of the store, and refusals that no HTTP request meets (archives).
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall::dots::{Dot, Dots};
    use holdall::id::{CartId, LineKey, ReplicaId};
    use holdall::quantity::Quantity;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_sorted_and_right() {
        assert!(ProblemType::ALL.is_sorted_by(|a, b| a.name() < b.name()));
        for kind in ProblemType::ALL {
            assert!((400..600).contains(&kind.status()), "{kind:?}");
            assert_eq!(ProblemType::named(kind.name()), Some(*kind));
            let is_later = matches!(kind.advice(), Advice::Retry { .. });
            assert!(kind.status() != 503 || is_later, "{kind:?}");
        }
    }

    /// A refusal of each kind that a request can come to, but for those of the cart and the store.
    fn refusals() -> Vec<Refusal> {
        let (cart, replica) = (CartId::from_u128(1), ReplicaId::from_u128(1));
        vec![
            Refusal::NotYours { cart },
            Refusal::Merged,
            Refusal::AlreadyClaimed,
            Refusal::NotForYou,
            Refusal::AccountOnly,
            Refusal::ServerOnly,
            Refusal::Erased,
            Refusal::KeyReused,
            Refusal::KeyTooOld { days: 1 },
            Refusal::OtherCart { theirs: cart },
            Refusal::UnknownWriter { replica },
            Refusal::WriterTaken { replica },
            Refusal::ManyWriters,
            Refusal::Gap { replica, expected: 1 },
            Refusal::Unseen { missing: Dots::default() },
            Refusal::ClockAhead { ahead_ms: 2, limit_ms: 1 },
            Refusal::WriterRetired { replica, last: 1 },
            Refusal::Equivocation { replica, seq: 1 },
            Refusal::Limit { what: "lines", limit: 1 },
            Refusal::TooFast { after_ms: 1 },
            Refusal::CheckoutOpen { for_ms: 1 },
            Refusal::CheckoutClosed,
            Refusal::TooLongAgo { from: 1 },
            Refusal::Busy,
        ]
    }

    #[test]
    fn a_refusal_has_its_name_and_its_advice() {
        let dot = Dot::new(ReplicaId::from_u128(1), 1);
        let line = LineKey::sku("TEE").expect("a SKU");
        let zero = Quantity::new(0).expect_err("no quantity");
        let action = |error: ActionError| Refusal::from(error);
        let of_cart = [
            action(zero.into()),
            action(VerbError::Erased.into()),
            action(VerbError::Limit { what: "lines", limit: 1 }.into()),
            action(VerbError::DotTaken { dot }.into()),
            action(ActionError::UnknownRow { line }),
        ];
        let of_store = [
            StoreError::unavailable("away"),
            StoreError::unknown("lost"),
            StoreError::full("full"),
            StoreError::Damaged { cart: CartId::from_u128(1), what: "cut".to_owned() },
        ];
        let of_store = of_store.map(Refusal::from);
        let mut seen = BTreeSet::new();
        for refusal in refusals().into_iter().chain(of_cart).chain(of_store) {
            let kind = ProblemType::from(&refusal);
            assert_eq!(kind.name(), refusal.kind(), "{refusal:?}");
            let is_same =
                std::mem::discriminant(&kind.advice()) == std::mem::discriminant(&refusal.advice());
            assert!(is_same, "{refusal:?}");
            seen.insert(kind);
        }
        let nothing = ProblemType::from(&action(ActionError::NothingToOrder));
        assert_eq!(nothing, ProblemType::NothingToOrder);
        assert_eq!(ProblemType::from(&Refusal::from(StoreError::Closed)), ProblemType::Internal);
        assert!(seen.len() > 25, "{seen:?}");
    }
}
