//! Times for which carts and journals are kept, as arguments. The service and a sweep take them
//! alike.

use holdall_authority::Retention;

const HOUR_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Times for which carts and journals are kept.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct RetentionArgs {
    /// After how many days without activity what is in a guest's cart expires.
    #[arg(long, env = "HOLDALL_GUEST_DAYS", default_value_t = days(Retention::default().guest_ms))]
    guest_days: u32,
    /// After how many days without activity what is in an account's cart expires, or in a guest's
    /// that has saved lines.
    #[arg(long, env = "HOLDALL_ACCOUNT_DAYS", default_value_t = days(Retention::default().account_ms))]
    account_days: u32,
    /// After how many hours without activity a cart with nothing in it is removed.
    #[arg(long, env = "HOLDALL_EMPTY_HOURS", default_value_t = hours(Retention::default().empty_ms), value_parser = clap::value_parser!(u32).range(1..))]
    empty_hours: u32,
    /// For how many days requests can be sent again and the journal is kept.
    #[arg(long, env = "HOLDALL_JOURNAL_DAYS", default_value_t = days(Retention::default().journal_ms))]
    journal_days: u32,
}

fn days(ms: u64) -> u32 {
    u32::try_from(ms / DAY_MS).unwrap_or(u32::MAX)
}

fn hours(ms: u64) -> u32 {
    u32::try_from(ms / HOUR_MS).unwrap_or(u32::MAX)
}

impl RetentionArgs {
    /// Returns the times in the form of the authority.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            guest_ms: u64::from(self.guest_days) * DAY_MS,
            account_ms: u64::from(self.account_days) * DAY_MS,
            journal_ms: u64::from(self.journal_days) * DAY_MS,
            empty_ms: u64::from(self.empty_hours) * HOUR_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        retention: RetentionArgs,
    }

    fn retention(flags: &[&str]) -> Result<Retention, String> {
        let all = ["sweep"].iter().chain(flags);
        let alone = Alone::try_parse_from(all).map_err(|error| error.to_string())?;
        Ok(alone.retention.retention())
    }

    #[test]
    fn how_long_what_is_kept() {
        assert_eq!(retention(&[]), Ok(Retention::default()));
        let flags = ["--guest-days=1", "--account-days=2", "--empty-hours=4", "--journal-days=3"];
        let expected = Retention {
            guest_ms: DAY_MS,
            account_ms: 2 * DAY_MS,
            empty_ms: 4 * HOUR_MS,
            journal_ms: 3 * DAY_MS,
        };
        assert_eq!(retention(&flags), Ok(expected));
        // A cart is empty when it is opened, and its shopper wants to find it again.
        assert!(retention(&["--empty-hours=0"]).is_err());
    }
}
