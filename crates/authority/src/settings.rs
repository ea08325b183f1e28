//! Settings of an authority.

use holdall::cart::{LosingUnits, MergePolicy};
use holdall::policy::Registry;
use holdall::view::ViewOptions;

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The situation of a shopper at sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// The shopper was browsing.
    #[default]
    Browsing,
    /// The shopper was about to pay.
    Checkout,
}

/// The merge policies, by situation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policies {
    /// The policy while browsing.
    pub browsing: MergePolicy,
    /// The policy at checkout.
    pub checkout: MergePolicy,
}

impl Policies {
    /// Makes policies that are equal for every situation.
    #[must_use]
    pub fn always(policy: MergePolicy) -> Self {
        Self { browsing: policy.clone(), checkout: policy }
    }

    pub(super) fn at(&self, situation: Situation) -> &MergePolicy {
        match situation {
            Situation::Browsing => &self.browsing,
            Situation::Checkout => &self.checkout,
        }
    }
}

/// The retention times of carts and journals, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// Time from the last activity until the content of a guest cart without saved lines expires.
    pub guest_ms: u64,
    /// Time from the last activity until the content of an account's cart, or of a guest cart with
    /// saved lines, expires.
    pub account_ms: u64,
    /// Time until an empty cart is removed.
    pub empty_ms: u64,
    /// Retention of request keys and of the journal. A request can be repeated for this long.
    pub journal_ms: u64,
}

impl Default for Retention {
    /// Returns 30 days for guests, 90 days for accounts and saved lines, 6 hours for empty carts,
    /// and 30 days for keys and the journal.
    fn default() -> Self {
        Self {
            guest_ms: 30 * DAY_MS,
            account_ms: 90 * DAY_MS,
            empty_ms: DAY_MS / 4,
            journal_ms: 30 * DAY_MS,
        }
    }
}

impl Retention {
    pub(super) const fn journal_days(&self) -> u64 {
        self.journal_ms / DAY_MS
    }
}

/// A limit of the rate of commands, as a token bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Number of commands that may be sent at once.
    pub burst: u32,
    /// Number of further commands per minute.
    pub per_minute: u32,
}

/// Settings of an authority. The defaults suit a shop without requirements of its own.
#[derive(Clone, Debug)]
pub struct AuthoritySettings {
    /// The merge policies.
    pub policies: Policies,
    /// The merge rules, with the shop's own.
    pub rules: Registry,
    /// The options of views.
    pub options: ViewOptions,
    /// The retention times.
    pub retention: Retention,
    /// The rate limit of one device.
    pub device_rate: Rate,
    /// The rate limit of one guest or account, over all devices.
    pub shopper_rate: Rate,
    /// The greatest accepted lead of a device's clock, in milliseconds.
    pub ahead_ms: u64,
    /// The duration of a checkout, in milliseconds.
    pub lease_ms: u64,
    /// The number of carts cached in memory.
    pub resident_carts: usize,
    /// The number of appends after which the whole state is written, to bound the time of loading.
    pub snapshot_after: usize,
}

impl Default for AuthoritySettings {
    /// Returns the default settings: merges by `sum` while browsing, and by `replace-with-guest` at
    /// checkout, so that a shopper about to pay buys the cart they saw; the account's lines are
    /// saved for later. Clocks may be 60 s ahead. A checkout lasts 10 minutes.
    fn default() -> Self {
        let rule = |name: &str| {
            MergePolicy::rule(name).unwrap_or_else(|_| unreachable!("the library's own names"))
        };
        Self {
            policies: Policies {
                browsing: rule("sum"),
                checkout: rule("replace-with-guest").with_loser(LosingUnits::SaveForLater),
            },
            rules: Registry::default(),
            options: ViewOptions::default(),
            retention: Retention::default(),
            device_rate: Rate { burst: 120, per_minute: 600 },
            shopper_rate: Rate { burst: 240, per_minute: 1_200 },
            ahead_ms: 60_000,
            lease_ms: 10 * 60 * 1_000,
            resident_carts: 10_000,
            snapshot_after: 64,
        }
    }
}
