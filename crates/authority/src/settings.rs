//! What a deployment decides.

use holdall::cart::{LosingUnits, MergePolicy};
use holdall::policy::Registry;
use holdall::view::ViewOptions;

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Where a shopper was when they signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// Looking around.
    #[default]
    Browsing,
    /// About to pay.
    Checkout,
}

/// What a merge means, by situation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policies {
    /// While browsing.
    pub browsing: MergePolicy,
    /// At checkout.
    pub checkout: MergePolicy,
}

impl Policies {
    /// One policy for every situation.
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

/// How long what is kept, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// What is in a guest cart that has nothing saved, after its last activity.
    pub guest_ms: u64,
    /// What is in an account's cart, or in a guest's with saved lines.
    pub account_ms: u64,
    /// A cart with nothing in it.
    pub empty_ms: u64,
    /// Request keys, and the journal with them: for so long a request can be sent again.
    pub journal_ms: u64,
}

impl Default for Retention {
    /// 30 days for guests, 90 for accounts and saved lines, 6 hours for empty ones; 30 days for keys and the journal.
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

/// How many commands somebody may send: so many at once, and so many more each minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Each minute after that.
    pub per_minute: u32,
}

/// What a deployment decides. The default is meant to be right for a shop that decides nothing.
#[derive(Clone, Debug)]
pub struct AuthoritySettings {
    /// What a merge means.
    pub policies: Policies,
    /// The rules at hand, users' own among them.
    pub rules: Registry,
    /// What is shown.
    pub options: ViewOptions,
    /// How long what is kept.
    pub retention: Retention,
    /// Commands of one device.
    pub device_rate: Rate,
    /// Commands of one guest or account, all devices together.
    pub shopper_rate: Rate,
    /// How far a device's clock may be ahead, in milliseconds.
    pub ahead_ms: u64,
    /// How long a checkout stays open, in milliseconds.
    pub lease_ms: u64,
    /// How many carts are kept at hand in memory.
    pub resident_carts: usize,
    /// After so many appends a state is written whole, so that loading stays quick.
    pub snapshot_after: usize,
}

impl Default for AuthoritySettings {
    /// Merge by `sum` while browsing. At checkout by `replace-with-guest`, what the account had being saved for later: whoever is
    /// about to pay buys the cart they saw. Clocks at most 60 s ahead; checkouts of 10 minutes.
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
