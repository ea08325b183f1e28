//! Limits of rate: a token bucket for each device and each shopper.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::caller::{Caller, Principal};
use super::refusal::Refusal;
use super::settings::{AuthoritySettings, Rate};
use holdall::id::CartId;
use holdall::limits;

const MINUTE_MS: u64 = 60_000;

/// What is left of a burst, in sixty-thousandths of a command: one for each millisecond and command
/// a minute.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at_ms: u64,
}

/// Who a bucket is of: a hash under a key of this process's own, so that nobody can bring two
/// together.
type Whose = u64;

/// The hash of what is one.
#[derive(Debug, Clone, Copy, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Nothing but such hashes is written; whatever it was, it would count.
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 ^= hash;
    }
}

type Buckets = LruCache<Whose, Bucket, BuildHasherDefault<AsItIs>>;

/// Who has sent how much lately. In this process alone, and only so many of them: who has been idle
/// longest is forgotten first, and their bucket would be full by then.
#[derive(Debug)]
pub(super) struct Rates {
    buckets: Mutex<Buckets>,
    key: RandomState,
}

impl Rates {
    pub(super) fn new() -> Self {
        let most = NonZeroUsize::new(limits::RATE_BUCKETS).unwrap_or(NonZeroUsize::MIN);
        let buckets = LruCache::with_hasher(most, BuildHasherDefault::default());
        Self { buckets: Mutex::new(buckets), key: RandomState::new() }
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
        settings: &AuthoritySettings,
    ) -> Result<(), Refusal> {
        if matches!(caller.principal, Principal::Server) {
            return Ok(());
        }
        let device = caller.device;
        let device = device.map(|device| (self.whose(("device", device)), settings.device_rate));
        // A guest's token is of one cart.
        let of_cart = matches!(caller.principal, Principal::Guest(_)).then_some(cart);
        let shopper = (self.whose((&caller.principal, of_cart)), settings.shopper_rate);
        let all = || device.into_iter().chain([shopper]);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        // All are looked at before any is counted: what is refused costs nothing.
        if device.is_some() {
            for (who, rate) in all() {
                bucket(&mut buckets, who, rate, now_ms).has_one(rate)?;
            }
        }
        for (who, rate) in all() {
            let bucket = bucket(&mut buckets, who, rate, now_ms);
            bucket.has_one(rate)?;
            bucket.left -= MINUTE_MS;
        }
        Ok(())
    }
}

/// Somebody's bucket, as it is now.
fn bucket(buckets: &mut Buckets, who: Whose, rate: Rate, now_ms: u64) -> &mut Bucket {
    let bucket = buckets.get_or_insert_mut(who, || Bucket::full(rate, now_ms));
    bucket.fill(rate, now_ms);
    bucket
}

impl Bucket {
    fn full(rate: Rate, now_ms: u64) -> Self {
        Self { left: u64::from(rate.burst.max(1)) * MINUTE_MS, at_ms: now_ms }
    }

    /// Fills it with what came since it was filled last.
    fn fill(&mut self, rate: Rate, now_ms: u64) {
        let full = Self::full(rate, now_ms).left;
        // A clock that was set back fills nothing.
        let passed = now_ms.saturating_sub(self.at_ms);
        let more = passed.saturating_mul(u64::from(rate.per_minute));
        *self =
            Self { left: self.left.saturating_add(more).min(full), at_ms: now_ms.max(self.at_ms) };
    }

    /// Whether there is one more command in it, or how long until there is.
    fn has_one(&self, rate: Rate) -> Result<(), Refusal> {
        if self.left < MINUTE_MS {
            let per_minute = u64::from(rate.per_minute.max(1));
            return Err(Refusal::TooFast {
                after_ms: (MINUTE_MS - self.left).div_ceil(per_minute),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let (rates, cart) = (Rates::new(), CartId::from_u128(1));
        let rate = Rate { burst: 2, per_minute: 60 };
        let settings = AuthoritySettings { device_rate: rate, ..AuthoritySettings::default() };
        let phone = Caller::from(Principal::Staff("ann".to_owned())).on(1);
        let take = |now_ms| rates.take(now_ms, &phone, cart, &settings);
        assert!(take(1_000).is_ok() && take(1_000).is_ok());
        let refused = take(1_000);
        assert!(matches!(refused, Err(Refusal::TooFast { after_ms: 1_000 })), "{refused:?}");
        assert!(take(1_999).is_err() && take(2_000).is_ok() && take(2_000).is_err());
        assert!(take(500).is_err()); // the clock was set back
        let laptop = Caller::from(Principal::Staff("ann".to_owned())).on(2);
        assert!(rates.take(1_000, &laptop, cart, &settings).is_ok());
    }
}
