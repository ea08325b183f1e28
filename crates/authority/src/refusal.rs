//! Refusals of commands, with advice to the caller.

use holdall::cart::VerbError;
use holdall::dots::Dots;
use holdall::id::{CartId, ReplicaId};
use holdall::replica::ActionError;
use holdall::wire::DecodeError;
use holdall_store::StoreError;

use super::snapshot::CartSnapshot;

/// Advice to the caller of a refused command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Repeat the request later, with its key or dots unchanged.
    Retry {
        /// The time to wait, in milliseconds.
        after_ms: u64,
    },
    /// Read the cart again and let the shopper decide.
    LookAgain,
    /// Correct the request: unchanged, it will always be refused.
    Correct,
    /// Correct the clock, and write the actions again with new times.
    Restamp,
    /// Write the remaining actions again as a new writer.
    StartNewWriter,
    /// Sign in, or send a valid token.
    SignIn,
    /// Delete the local copy: the cart was erased.
    DropCopy,
    /// Report to an operator: the caller can do nothing.
    Operator,
}

/// The reason why a command was refused. The cart is unchanged unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The cart does not exist or is not the caller's. The refusal does not disclose which.
    #[error("no cart {cart} of yours: sign in, or open a cart")]
    NotYours {
        /// The cart.
        cart: CartId,
    },
    /// The guest cart was merged into an account's.
    #[error("the guest cart was merged into an account: sign in to continue")]
    Merged,
    /// The guest cart belongs to another account.
    #[error("the guest cart was claimed already")]
    AlreadyClaimed,
    /// Staff and servers do not merge; only a shopper's own sign-in does.
    #[error("only the shopper who signs in can merge a guest cart")]
    NotForYou,
    /// The operation needs an account, and the caller has none.
    #[error("only a signed-in shopper may do this")]
    AccountOnly,
    /// The operation is reserved for the shop's own systems.
    #[error("only the shop's own systems may do this")]
    ServerOnly,
    /// The cart was erased.
    #[error("the cart was erased: delete your copy")]
    Erased,
    /// The cart has changed since the revision that the request was made for.
    #[error("the cart has changed and is at revision {}: read it again", now.revision)]
    Changed {
        /// The present cart.
        now: Box<CartSnapshot>,
    },
    /// The request key was used for another request.
    #[error("the request key was used for another request: use a new key for each")]
    KeyReused,
    /// The request key is older than the retention of keys, so a repetition cannot be recognized.
    #[error("the request is more than {days} days old: read the cart, then send a new request")]
    KeyTooOld {
        /// The retention of keys, in days.
        days: u64,
    },
    /// The cart refused the action.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The bytes are not a delta.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The delta is about another cart.
    #[error("the delta is about cart {theirs}")]
    OtherCart {
        /// The delta's cart.
        theirs: CartId,
    },
    /// The writer is not registered to the caller in this cart.
    #[error("writer {replica} is not registered to you in this cart: register it first")]
    UnknownWriter {
        /// The writer.
        replica: ReplicaId,
    },
    /// The writer's id is in use: by another client, by this server, or by actions in the cart.
    #[error("writer {replica} is in use: generate a new id")]
    WriterTaken {
        /// The writer.
        replica: ReplicaId,
    },
    /// One delta has actions of several writers.
    #[error("the delta has actions of several writers: send one delta for each writer")]
    ManyWriters,
    /// Earlier actions of the writer are missing.
    #[error("actions of writer {replica} are missing: send from number {expected} on")]
    Gap {
        /// The writer.
        replica: ReplicaId,
        /// The sequence number of the next action.
        expected: u64,
    },
    /// The delta refers to actions of other writers that the authority does not know.
    #[error("the delta refers to unknown actions: exchange first, then send the delta again")]
    Unseen {
        /// The unknown dots.
        missing: Dots,
    },
    /// The writer's clock is ahead.
    #[error(
        "the clock is {ahead_ms} ms ahead, the limit is {limit_ms} ms: correct it, and write the \
         actions again"
    )]
    ClockAhead {
        /// The lead of the clock, in milliseconds.
        ahead_ms: u64,
        /// The greatest accepted lead, in milliseconds.
        limit_ms: u64,
    },
    /// The writer was retired.
    #[error("writer {replica} was retired after number {last}: write the rest as a new writer")]
    WriterRetired {
        /// The writer.
        replica: ReplicaId,
        /// The sequence number of the writer's last applied action.
        last: u64,
    },
    /// The writer gave two contents to one dot. The authority retires the writer.
    #[error(
        "writer {replica} was cloned, as it wrote two actions with number {seq}: write as a new \
         writer"
    )]
    Equivocation {
        /// The writer.
        replica: ReplicaId,
        /// The sequence number of both actions.
        seq: u64,
    },
    /// A limit is exceeded.
    #[error("more than {limit} {what}")]
    Limit {
        /// The things that are limited.
        what: &'static str,
        /// The greatest number allowed.
        limit: usize,
    },
    /// Too many commands in too short a time.
    #[error("too many commands: try again in {after_ms} ms")]
    TooFast {
        /// The time to wait, in milliseconds.
        after_ms: u64,
    },
    /// A checkout of this cart is open.
    #[error("a checkout of this cart is open for another {for_ms} ms")]
    CheckoutOpen {
        /// The remaining time of the checkout, in milliseconds.
        for_ms: u64,
    },
    /// The checkout has lapsed, or was closed.
    #[error("the checkout is closed: begin a new one")]
    CheckoutClosed,
    /// The requested revision is older than the journal.
    #[error("the journal does not go back that far: it begins at revision {from}")]
    TooLongAgo {
        /// The first revision of the journal.
        from: u64,
    },
    /// The value to import is not an archived cart.
    #[error("not an archived cart: {what}")]
    Archive {
        /// The defect of the value.
        what: &'static str,
    },
    /// The store has another cart with this id.
    #[error("the store already has a cart {cart}: import into an empty store")]
    CartTaken {
        /// The cart.
        cart: CartId,
    },
    /// Concurrent changes of the cart won against every attempt.
    #[error("the cart changes too fast: try again")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// Returns the advice to the caller.
    #[must_use]
    pub const fn advice(&self) -> Advice {
        const SOON_MS: u64 = 100;
        const LATER_MS: u64 = 1_000;
        match self {
            Self::NotYours { .. } | Self::Merged | Self::AccountOnly => Advice::SignIn,
            Self::AlreadyClaimed
            | Self::NotForYou
            | Self::ServerOnly
            | Self::KeyReused
            | Self::Malformed(_)
            | Self::OtherCart { .. }
            | Self::ManyWriters
            | Self::Archive { .. }
            | Self::CartTaken { .. }
            | Self::Limit { .. } => Advice::Correct,
            Self::Erased => Advice::DropCopy,
            Self::Changed { .. }
            | Self::KeyTooOld { .. }
            | Self::CheckoutClosed
            | Self::TooLongAgo { .. } => Advice::LookAgain,
            Self::Action(error) => match error {
                ActionError::UnknownRow { .. }
                | ActionError::NothingToOrder
                | ActionError::NotMerged { .. } => Advice::LookAgain,
                ActionError::ReplicaRetired { .. }
                | ActionError::Verb(VerbError::DotTaken { .. }) => Advice::StartNewWriter,
                ActionError::Verb(VerbError::Erased) => Advice::DropCopy,
                _ => Advice::Correct,
            },
            Self::UnknownWriter { .. }
            | Self::WriterTaken { .. }
            | Self::WriterRetired { .. }
            | Self::Equivocation { .. } => Advice::StartNewWriter,
            Self::Gap { .. } | Self::Unseen { .. } => Advice::Retry { after_ms: 0 },
            Self::ClockAhead { .. } => Advice::Restamp,
            Self::TooFast { after_ms } => Advice::Retry { after_ms: *after_ms },
            Self::CheckoutOpen { for_ms } => Advice::Retry { after_ms: *for_ms },
            Self::Busy => Advice::Retry { after_ms: SOON_MS },
            Self::Store(error) if error.is_retryable() => Advice::Retry { after_ms: LATER_MS },
            Self::Store(_) => Advice::Operator,
        }
    }

    /// Returns a stable name of the kind, in kebab case, for clients, journals and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotYours { .. } => "not-yours",
            Self::Merged => "merged",
            Self::AlreadyClaimed => "already-claimed",
            Self::NotForYou => "not-for-you",
            Self::AccountOnly => "account-only",
            Self::ServerOnly => "server-only",
            Self::Erased => "erased",
            Self::Changed { .. } => "changed",
            Self::KeyReused => "key-reused",
            Self::KeyTooOld { .. } => "key-too-old",
            Self::Action(error) => error.kind(),
            Self::Malformed(_) => "malformed",
            Self::OtherCart { .. } => "other-cart",
            Self::UnknownWriter { .. } => "unknown-writer",
            Self::WriterTaken { .. } => "writer-taken",
            Self::ManyWriters => "many-writers",
            Self::Gap { .. } => "gap",
            Self::Unseen { .. } => "unseen",
            Self::ClockAhead { .. } => "clock-ahead",
            Self::WriterRetired { .. } => "replica-retired",
            Self::Equivocation { .. } => "equivocation",
            Self::Limit { .. } => "limit",
            Self::TooFast { .. } => "too-fast",
            Self::CheckoutOpen { .. } => "checkout-open",
            Self::CheckoutClosed => "checkout-closed",
            Self::TooLongAgo { .. } => "too-long-ago",
            Self::Archive { .. } => "archive",
            Self::CartTaken { .. } => "cart-taken",
            Self::Busy => "busy",
            Self::Store(StoreError::Damaged { .. }) => "damaged",
            Self::Store(_) => "store",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall::dots::Dot;

    #[test]
    fn what_the_cart_itself_refuses_is_advised_as_what_the_authority_does() {
        let dot = Dot::new(ReplicaId::from_u128(1), 1);
        let advice = |error: VerbError| Refusal::Action(error.into()).advice();
        assert_eq!(advice(VerbError::Erased), Refusal::Erased.advice());
        assert_eq!(advice(VerbError::DotTaken { dot }), Advice::StartNewWriter);
        assert_eq!(advice(VerbError::Limit { what: "lines", limit: 1 }), Advice::Correct);
    }
}
