//! Why a command was refused, and what whoever asked should do.

use holdall::cart::VerbError;
use holdall::dots::Dots;
use holdall::id::{CartId, ReplicaId};
use holdall::replica::ActionError;
use holdall::wire::DecodeError;
use holdall_store::StoreError;

use super::snapshot::CartSnapshot;

/// What to do about a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Send the same again, later: same key, same dots.
    Retry {
        /// How much later, in milliseconds.
        after_ms: u64,
    },
    /// Look at the cart again and decide anew.
    LookAgain,
    /// Correct what was sent: as it is, it will never be taken.
    Correct,
    /// Set the clock right and write the actions again with new times.
    Restamp,
    /// Write the rest of the actions again as a new writer.
    StartNewWriter,
    /// Sign in, or show a token that is valid.
    SignIn,
    /// Drop the local copy: the cart is gone for good.
    DropCopy,
    /// Nothing that the caller can do: an operator has to look.
    Operator,
}

/// Why a command was refused. Nothing has changed, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such cart, or it is not the caller's: there is no telling which.
    #[error("no cart {cart} of yours: sign in, or open a cart")]
    NotYours {
        /// The cart.
        cart: CartId,
    },
    /// The guest cart was merged into an account's.
    #[error("this guest cart was merged into an account: sign in to go on")]
    Merged,
    /// The guest cart belongs to an account, another one.
    #[error("the guest cart was claimed already")]
    AlreadyClaimed,
    /// Staff and servers do not merge; only a shopper's own sign-in does.
    #[error("only the shopper who signs in merges a guest cart")]
    NotForYou,
    /// The caller is no account.
    #[error("this is for somebody who signed in")]
    AccountOnly,
    /// Only the shop's own systems may.
    #[error("this is for the shop's own systems")]
    ServerOnly,
    /// The cart was erased.
    #[error("the cart was erased: drop your copy")]
    Erased,
    /// The cart has changed since the revision that the request was made for.
    #[error("the cart is at revision {} now: look at it again", now.revision)]
    Changed {
        /// As it is now.
        now: Box<CartSnapshot>,
    },
    /// The request key was used for something else.
    #[error("the request key was used for another request: draw a new one for each")]
    KeyReused,
    /// The request key is older than keys are kept.
    #[error("the request was made more than {days} days ago: look at the cart, then ask anew")]
    KeyTooOld {
        /// How long keys are kept, in days.
        days: u64,
    },
    /// The cart refused the action.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The bytes are no delta.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The delta is about another cart.
    #[error("the delta is about cart {theirs}")]
    OtherCart {
        /// The one it is about.
        theirs: CartId,
    },
    /// The writer is not registered to the caller in this cart.
    #[error("writer {replica} is not registered to you in this cart: register it first")]
    UnknownWriter {
        /// The writer.
        replica: ReplicaId,
    },
    /// The writer's id is taken: by somebody else, by this server, or by actions that are there.
    #[error("writer {replica} is taken: draw a new id")]
    WriterTaken {
        /// The writer.
        replica: ReplicaId,
    },
    /// One delta has actions of several writers.
    #[error("a delta has the actions of one writer: send one for each")]
    ManyWriters,
    /// Actions in between are missing.
    #[error("actions of writer {replica} are missing: send from number {expected} on")]
    Gap {
        /// The writer.
        replica: ReplicaId,
        /// The number of the next action.
        expected: u64,
    },
    /// It names actions of others that are not known here yet.
    #[error("it names actions that are not known here yet: exchange first, then send it again")]
    Unseen {
        /// What is not known.
        missing: Dots,
    },
    /// The writer's clock is ahead.
    #[error(
        "the clock is {ahead_ms} ms ahead, at most {limit_ms} are taken: set it right and write the actions anew"
    )]
    ClockAhead {
        /// By how much, in milliseconds.
        ahead_ms: u64,
        /// By how much it may be.
        limit_ms: u64,
    },
    /// The writer was retired.
    #[error("writer {replica} was retired after number {last}: write the rest as a new writer")]
    WriterRetired {
        /// The writer.
        replica: ReplicaId,
        /// Its last action that was applied.
        last: u64,
    },
    /// The writer gave one dot two contents. It is retired with that.
    #[error(
        "writer {replica} wrote number {seq} twice, differently: it was cloned; write as a new writer"
    )]
    Equivocation {
        /// The writer.
        replica: ReplicaId,
        /// The number.
        seq: u64,
    },
    /// A named limit.
    #[error("more than {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Too many commands in too short a time.
    #[error("too many commands: try again in {after_ms} ms")]
    TooFast {
        /// How long to wait, in milliseconds.
        after_ms: u64,
    },
    /// A checkout of this cart is open.
    #[error("a checkout of this cart is open for {for_ms} ms more")]
    CheckoutOpen {
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// The checkout has lapsed, or was closed.
    #[error("the checkout is not open any more: begin it again")]
    CheckoutClosed,
    /// What is asked for is older than the journal.
    #[error("the journal does not go back that far: it begins at revision {from}")]
    TooLongAgo {
        /// Where it begins.
        from: u64,
    },
    /// What was to be imported is no archived cart.
    #[error("this is no archived cart: {what}")]
    Archive {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Another cart of that id is there.
    #[error("there is another cart {cart} here: import into a store that is empty")]
    CartTaken {
        /// The cart.
        cart: CartId,
    },
    /// Others wrote to this cart at the same time, again and again.
    #[error("the cart is being changed by others: try again")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// What to do about it.
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

    /// A stable name of the kind, in kebab case, for clients, journals and metrics.
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
