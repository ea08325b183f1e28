//! Limits of rate: a token bucket for each device and each shopper.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::caller::{Caller, Who};
use super::refusal::Refusal;
use super::settings::{Rate, Settings};
use crate::id::CartId;
use crate::limits;

const MINUTE_MS: u64 = 60_000;

/// What is left of a burst, in sixty-thousandths of a command: one for each millisecond and command a minute.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at_ms: u64,
}

/// Who a bucket is of: a hash under a key of this process's own, so that nobody can bring two together.
type Whose = u64;

/// Who has sent how much lately. In this process alone, and only so many of them: who has been idle longest is
/// forgotten first, and their bucket would be full by then.
#[derive(Debug)]
pub(super) struct Rates {
    buckets: Mutex<LruCache<Whose, Bucket>>,
    key: RandomState,
}

impl Rates {
    pub(super) fn new() -> Self {
        let most = NonZeroUsize::new(limits::RATE_BUCKETS).unwrap_or(NonZeroUsize::MIN);
        Self { buckets: Mutex::new(LruCache::new(most)), key: RandomState::new() }
    }

    fn whose(&self, of: impl Hash) -> Whose {
        self.key.hash_one(of)
    }

    /// Counts a command of the caller, or says how long to wait.
    pub(super) fn take(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        if matches!(caller.who, Who::Server) {
            return Ok(());
        }
        let device = caller.device;
        let device = device.map(|device| (self.whose(("device", device)), settings.device_rate));
        // A guest's token is of one cart.
        let of_cart = matches!(caller.who, Who::Guest(_)).then_some(cart);
        let shopper = (self.whose((&caller.who, of_cart)), settings.shopper_rate);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let all = || device.into_iter().chain([shopper]);
        // All are looked at before any is counted: what is refused costs nothing.
        for (who, rate) in all() {
            let bucket = filled(buckets.peek(&who).copied(), rate, now_ms);
            if bucket.left < MINUTE_MS {
                let rate = u64::from(rate.per_minute.max(1));
                return Err(Refusal::TooFast {
                    after_ms: (MINUTE_MS - bucket.left).div_ceil(rate),
                });
            }
        }
        for (who, rate) in all() {
            let mut bucket = filled(buckets.get(&who).copied(), rate, now_ms);
            bucket.left -= MINUTE_MS;
            buckets.put(who, bucket);
        }
        Ok(())
    }
}

fn filled(bucket: Option<Bucket>, rate: Rate, now_ms: u64) -> Bucket {
    let full = u64::from(rate.burst.max(1)) * MINUTE_MS;
    let Some(bucket) = bucket else { return Bucket { left: full, at_ms: now_ms } };
    // A clock that was set back fills nothing.
    let passed = now_ms.saturating_sub(bucket.at_ms);
    let more = passed.saturating_mul(u64::from(rate.per_minute));
    Bucket { left: bucket.left.saturating_add(more).min(full), at_ms: now_ms.max(bucket.at_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let (rates, cart) = (Rates::new(), CartId::from_u128(1));
        let rate = Rate { burst: 2, per_minute: 60 };
        let settings = Settings { device_rate: rate, ..Settings::default() };
        let phone = Caller::from(Who::Staff("ann".to_owned())).on(1);
        let take = |now_ms| rates.take(now_ms, &phone, cart, &settings);
        assert!(take(1_000).is_ok() && take(1_000).is_ok());
        let refused = take(1_000);
        assert!(matches!(refused, Err(Refusal::TooFast { after_ms: 1_000 })), "{refused:?}");
        assert!(take(1_999).is_err() && take(2_000).is_ok() && take(2_000).is_err());
        assert!(take(500).is_err()); // the clock was set back
        let laptop = Caller::from(Who::Staff("ann".to_owned())).on(2);
        assert!(rates.take(1_000, &laptop, cart, &settings).is_ok());
    }
}
