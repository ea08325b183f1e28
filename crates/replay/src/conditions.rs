//! How bad the network is: chances and delays, and when regions are cut off or go down.

use holdall_testkit::dice::{Dice, Permille};
use holdall_testkit::simulation::{Delay, Link};

/// One second.
pub(crate) const SECOND: u64 = 1_000;
/// One minute.
pub(crate) const MINUTE: u64 = 60 * SECOND;

/// Chances of what happens to messages and devices: of each message, device or click.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NetworkConditions {
    /// A request does not reach its region; the device tries again.
    pub(crate) request_lost: Permille,
    /// A request arrives, its answer does not; the device tries again.
    pub(crate) answer_lost: Permille,
    /// The network delivers a request a second time by itself.
    pub(crate) request_doubled: Permille,
    /// A message takes seconds rather than milliseconds, so that others overtake it.
    pub(crate) slow: Permille,
    /// A second try goes to another region.
    pub(crate) failover: Permille,
    /// A device talks to another region than its party usually does.
    pub(crate) roams: Permille,
    /// A device is offline for minutes during its session.
    pub(crate) offline: Permille,
    /// A device stops and starts again after a click.
    pub(crate) device_restart: Permille,
    /// A device's clock is off by more than seconds.
    pub(crate) wrong_clock: Permille,
    /// A page view brings no answer.
    pub(crate) refresh_lost: Permille,
    /// An answer to an action carries the cart back.
    pub(crate) refresh_on_answer: Permille,
    /// What one region sends to another is lost; it sends again.
    pub(crate) gossip_lost: Permille,
    /// What one region sends to another arrives twice.
    pub(crate) gossip_doubled: Permille,
    /// A sign-in is handled by two regions at once.
    pub(crate) double_sign_in: Permille,
    /// The shopper signs in again later: the token had run out.
    pub(crate) second_sign_in: Permille,
    /// A region is cut off from the others in a given three quarters of an hour.
    pub(crate) cut_off: Permille,
    /// A region restarts in a given half hour.
    pub(crate) region_restart: Permille,
    /// A region drops idle carts from its cache in a given twenty minutes.
    pub(crate) eviction: Permille,
    /// Whether messages take time at all, and devices look at the cart before they act.
    pub(crate) calm: bool,
}

impl NetworkConditions {
    /// The bad network that a replay runs on.
    pub(crate) const STORMY: Self = Self {
        request_lost: 40,
        answer_lost: 40,
        request_doubled: 20,
        slow: 40,
        failover: 400,
        roams: 300,
        offline: 200,
        device_restart: 6,
        wrong_clock: 60,
        refresh_lost: 50,
        refresh_on_answer: 100,
        gossip_lost: 40,
        gossip_doubled: 30,
        double_sign_in: 250,
        second_sign_in: 150,
        cut_off: 400,
        region_restart: 250,
        eviction: 500,
        calm: false,
    };

    /// A network without faults or delays, on which every honest design is right.
    #[cfg(test)]
    pub(crate) const CALM: Self = Self {
        request_lost: 0,
        answer_lost: 0,
        request_doubled: 0,
        slow: 0,
        failover: 0,
        roams: 0,
        offline: 0,
        device_restart: 0,
        wrong_clock: 0,
        refresh_lost: 0,
        refresh_on_answer: 1000,
        gossip_lost: 0,
        gossip_doubled: 0,
        double_sign_in: 0,
        second_sign_in: 0,
        cut_off: 0,
        region_restart: 0,
        eviction: 0,
        calm: true,
    };

    /// Returns a link on which messages take time, and none is lost or repeated.
    pub(crate) const fn sure_link(&self) -> Link {
        if self.calm {
            return Link::IDEAL;
        }
        Link {
            delay: Delay::LongTail { least_ms: 20, doubling: 400, most_ms: 2 * SECOND },
            late: self.slow,
            late_delay: Delay::Uniform { least_ms: 2 * SECOND, most_ms: MINUTE },
            ..Link::IDEAL
        }
    }

    /// Returns the link from a device to a region.
    pub(crate) const fn request_link(&self) -> Link {
        Link {
            lost: self.request_lost,
            repeated: self.request_doubled,
            repeat_delay: Delay::Uniform { least_ms: SECOND, most_ms: 5 * MINUTE },
            ..self.sure_link()
        }
    }

    /// Returns the link from one region to another.
    pub(crate) const fn exchange_link(&self) -> Link {
        Link {
            lost: self.gossip_lost,
            repeated: self.gossip_doubled,
            repeat_delay: Delay::Uniform { least_ms: SECOND, most_ms: MINUTE },
            ..self.sure_link()
        }
    }
}

/// Outages of regions: a pure function of seed, region and time. All carts of a run live through
/// equal outages, without a list of a year of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outages {
    /// The run's seed.
    pub(crate) seed: u64,
    /// The chances.
    pub(crate) conditions: NetworkConditions,
}

/// Failure of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegionFailure {
    /// It stops and comes back from what it had stored.
    Restart,
    /// Its cache drops carts.
    Eviction,
}

/// Streams below this are carts' own; a name hashes to one of these with a chance of 2^-16.
const WEATHER_STREAMS: u64 = 0xffff << 48;

impl Outages {
    /// Returns until when a region is cut off from the others; `None` if it is not cut off at that
    /// time.
    pub(crate) fn cut_off_until(&self, region: usize, at: u64) -> Option<u64> {
        const SLOT: u64 = 45 * MINUTE;
        let mut dice = self.slot(0, region, at / SLOT);
        let happens = dice.happens(self.conditions.cut_off);
        let length = dice.between(2 * MINUTE, 12 * MINUTE);
        let start = at / SLOT * SLOT + dice.between(0, SLOT - length);
        (happens && (start..start + length).contains(&at)).then_some(start + length)
    }

    /// Returns the time of a region's next failure of a kind in the next half hour, if there is
    /// one.
    pub(crate) fn next(&self, mishap: RegionFailure, region: usize, at: u64) -> Option<u64> {
        let (salt, slot, chance) = match mishap {
            RegionFailure::Restart => (1, 30 * MINUTE, self.conditions.region_restart),
            RegionFailure::Eviction => (2, 20 * MINUTE, self.conditions.eviction),
        };
        (at / slot..=at / slot + 1).find_map(|number| {
            let mut dice = self.slot(salt, region, number);
            let happens = dice.happens(chance);
            let when = number * slot + dice.between(0, slot - 1);
            (happens && when > at && when <= at + 30 * MINUTE).then_some(when)
        })
    }

    fn slot(&self, salt: u64, region: usize, number: u64) -> Dice {
        Dice::new(
            self.seed,
            WEATHER_STREAMS | salt << 44 | (region as u64 & 0xff) << 36 | number & 0xf_ffff_ffff,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_cut_off_for_minutes_now_and_then() {
        let outages = Outages { seed: 1, conditions: NetworkConditions::STORMY };
        let start = 1_664_582_400_000;
        let minutes = (0..10_000u64).map(|minute| start + minute * MINUTE);
        let cut: Vec<u64> = minutes.filter(|at| outages.cut_off_until(0, *at).is_some()).collect();
        assert!((200..1500).contains(&cut.len()), "{} of 10,000 minutes", cut.len());
        for at in cut {
            let end = outages.cut_off_until(0, at).unwrap();
            assert!(end > at && end <= at + 12 * MINUTE);
            assert_eq!(outages.cut_off_until(0, end - 1), Some(end), "one outage has one end");
        }
    }

    #[test]
    fn mishaps_come_after_now() {
        let outages = Outages { seed: 1, conditions: NetworkConditions::STORMY };
        let found = (0..1000u64).filter_map(|n| {
            let at = n * 10 * MINUTE;
            outages.next(RegionFailure::Restart, 2, at).inspect(|when| assert!(*when > at))
        });
        assert!(found.count() > 100);
        let calm = Outages { seed: 1, conditions: NetworkConditions::CALM };
        assert!((0..1000).all(|n| calm.next(RegionFailure::Eviction, 0, n * MINUTE).is_none()));
    }
}
