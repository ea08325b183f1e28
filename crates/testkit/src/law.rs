//! The laws by name: what each asks, and the harm that a breach does to a shop.

use core::fmt;

/// A law of carts. [`Law::OF_A_RULE`] are those that a merge rule must keep, [`Law::CLAIMED`] those
/// that it keeps if its author says so, [`Law::OF_THE_LIBRARY`] those of this library whatever the
/// rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Law {
    /// A rule is known by its name and version.
    Named,
    /// A rule answers every question, whatever the limits allow.
    Total,
    /// Equal questions have equal answers.
    Pure,
    /// It does not matter in which order a side was put together.
    OrderInSide,
    /// A line's outcome is about that line.
    LineLocal,
    /// A side that has nothing never wins.
    EmptySide,
    /// Nothing is invented and nothing vanishes.
    Explained,
    /// An edit by somebody who saw every merge changes the row by exactly its amount.
    EditIsExact,
    /// Merging again changes nothing.
    MergeAgain,
    /// Taking a merge back gives the account's own view back.
    Unmerge,
    /// It does not matter in which order things arrive.
    DeliveryOrder,
    /// More units never show fewer. For rules that claim it.
    Monotone,
    /// Two guests may be merged in either order. For rules that claim it.
    OrderFree,
    /// No clock decides. For rules that claim it.
    TimeFree,
    /// Join is the maximum, dot by dot.
    JoinIsMaximum,
    /// An exact exchange gives what a full join gives, and sends nothing twice.
    ExchangeIsExact,
    /// Deltas in any order, grouping and number give one state.
    DeltasCommute,
    /// What is explained adds up to what is shown.
    ExplanationAddsUp,
    /// An action does exactly what its author asked.
    LocalEffect,
    /// What is seen depends on the state alone.
    ViewIsOfState,
    /// Sweeping out entries that say nothing any more is not seen.
    SweepIsUnseen,
    /// Fingerprints are equal exactly when states are.
    FingerprintTells,
    /// What is seen is what the obvious model says.
    AsTheModel,
}

impl Law {
    /// What every merge rule must keep, in the order in which they are checked: a rule that breaks
    /// an early one seems to break many of the later ones.
    pub const OF_A_RULE: [Self; 11] = [
        Self::Named,
        Self::Total,
        Self::Pure,
        Self::OrderInSide,
        Self::LineLocal,
        Self::EmptySide,
        Self::DeliveryOrder,
        Self::Explained,
        Self::EditIsExact,
        Self::MergeAgain,
        Self::Unmerge,
    ];

    /// What a merge rule keeps if its author claims it.
    pub const CLAIMED: [Self; 3] = [Self::Monotone, Self::OrderFree, Self::TimeFree];

    /// What this library keeps, whatever the rules.
    pub const OF_THE_LIBRARY: [Self; 9] = [
        Self::JoinIsMaximum,
        Self::ExchangeIsExact,
        Self::DeltasCommute,
        Self::ExplanationAddsUp,
        Self::LocalEffect,
        Self::ViewIsOfState,
        Self::SweepIsUnseen,
        Self::FingerprintTells,
        Self::AsTheModel,
    ];

    /// Returns its name, in kebab case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.words().0
    }

    /// Returns the sentence that states it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        self.words().1
    }

    /// Returns the harm that a breach does to a shop.
    #[must_use]
    pub const fn why(self) -> &'static str {
        self.words().2
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Named => (
                "named",
                "A rule has one valid name, one version from 1 on, and one reach; no rule of the \
                 library is called so.",
                "A merge names its rule, for ever. A replica that reads another rule under that \
                 name shows another cart.",
            ),
            Self::Total => (
                "total",
                "A rule answers every question without a panic, up to the largest quantities and \
                 the longest texts.",
                "It is asked whenever somebody looks at the cart. A shopper whose cart makes it \
                 panic has no cart.",
            ),
            Self::Pure => (
                "pure",
                "Asked the same question, a rule gives the same answer: always, and on every \
                 machine.",
                "Two servers show one shopper two carts, and the number changes when the page is \
                 loaded again.",
            ),
            Self::OrderInSide => (
                "order-in-a-side",
                "It does not matter in which order the actions of one side came.",
                "Actions travel on different ways. Two regions that got them in two orders show \
                 two carts.",
            ),
            Self::LineLocal => (
                "line-local",
                "What becomes of a line does not depend on what else is in the cart.",
                "A shopper who adds a mug finds another number of tees.",
            ),
            Self::EmptySide => (
                "empty-side",
                "A side that has nothing of a line never wins it: what only one cart has stays.",
                "A line disappears at sign-in though nobody had another number for it.",
            ),
            Self::Explained => (
                "nothing-vanishes",
                "Every contribution is shown, or hidden with a reason, and what is shown adds up.",
                "Support cannot answer where the two tees are.",
            ),
            Self::EditIsExact => (
                "edit-is-exact",
                "An edit by somebody who saw every merge changes the row by exactly its amount, \
                 and nothing else.",
                "A shopper writes a note, or adds one more, and another number jumps.",
            ),
            Self::MergeAgain => (
                "merge-again",
                "Merging the same guest cart again changes nothing.",
                "Sign-in calls time out and are retried; each retry would change the cart.",
            ),
            Self::Unmerge => (
                "unmerge",
                "Taking a merge back at once gives the account's own view back.",
                "Whoever signed in to the wrong account is left with a stranger's cart, or \
                 without their own.",
            ),
            Self::DeliveryOrder => (
                "delivery-order",
                "What is shown in the end does not depend on the order in which anything arrived.",
                "A phone that was offline for an hour leaves another cart behind than one that \
                 was not.",
            ),
            Self::Monotone => (
                "monotone",
                "Claimed: one more unit on either side never makes a line show fewer.",
                "A tap on + makes the number smaller.",
            ),
            Self::OrderFree => (
                "order-free",
                "Claimed: two guest carts merged in either order give the same rows, if nobody \
                 edited between.",
                "Whether the phone or the tablet signed in first decides what is bought.",
            ),
            Self::TimeFree => (
                "time-free",
                "Claimed: the clocks of the devices decide nothing.",
                "A device whose clock is wrong by an hour decides what is bought.",
            ),
            Self::JoinIsMaximum => (
                "join-is-maximum",
                "Join is the maximum, dot by dot: commutative, associative, idempotent, and it \
                 only moves up.",
                "Replicas that know the same facts differ for ever.",
            ),
            Self::ExchangeIsExact => (
                "exchange-is-exact",
                "What a peer is answered brings it where a full join would, and has nothing that \
                 it knew.",
                "A removal that is not told comes back.",
            ),
            Self::DeltasCommute => (
                "deltas-commute",
                "Deltas in any order, grouping, splitting and number give one state.",
                "A network that repeats or reorders changes the cart.",
            ),
            Self::ExplanationAddsUp => (
                "explanation-adds-up",
                "The reasons add up to the number shown, and the rows explained are the rows seen.",
                "The shopper is told one number and shown another.",
            ),
            Self::LocalEffect => (
                "local-effect",
                "After an action its author sees what was asked for, and every other row as it \
                 was.",
                "A tap does something else than its button says.",
            ),
            Self::ViewIsOfState => (
                "view-is-of-state",
                "What is seen depends on the state alone, not on how it was reached.",
                "A restart changes the cart.",
            ),
            Self::SweepIsUnseen => (
                "sweep-is-unseen",
                "Sweeping out entries that place nothing any more changes nothing that is seen.",
                "Tidying up changes the cart.",
            ),
            Self::FingerprintTells => (
                "fingerprint-tells",
                "Fingerprints are equal exactly when states are.",
                "Two regions that differ believe that they do not.",
            ),
            Self::AsTheModel => (
                "as-the-model",
                "What is seen is what the obvious model makes of the actions alone.",
                "All replicas agree, and all are wrong.",
            ),
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
