//! How long what is kept, as arguments: of the service, and of a sweep, which must not know of other times than the service does.

use holdall::authority::Retention;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How long what is kept, in days.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct RetentionArgs {
    /// After how many days without activity what is in a guest's cart expires.
    #[arg(long, env = "HOLDALL_GUEST_DAYS", default_value_t = days(Retention::default().guest_ms))]
    guest_days: u32,
    /// After how many days without activity what is in an account's cart expires, or in a guest's that has saved lines.
    #[arg(long, env = "HOLDALL_ACCOUNT_DAYS", default_value_t = days(Retention::default().account_ms))]
    account_days: u32,
    /// For how many days requests can be sent again and the journal is kept.
    #[arg(long, env = "HOLDALL_JOURNAL_DAYS", default_value_t = days(Retention::default().journal_ms))]
    journal_days: u32,
}

fn days(ms: u64) -> u32 {
    u32::try_from(ms / DAY_MS).unwrap_or(u32::MAX)
}

impl RetentionArgs {
    /// As the authority has it.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            guest_ms: u64::from(self.guest_days) * DAY_MS,
            account_ms: u64::from(self.account_days) * DAY_MS,
            journal_ms: u64::from(self.journal_days) * DAY_MS,
            ..Retention::default()
        }
    }
}
