//! Hybrid logical time (Kulkarni et al. 2014), as a value that the caller passes in.
//!
//! A [`Time`] holds 48 bits of milliseconds and 16 bits of counter. The time of an entry is later
//! than every time its author had seen. Time decides only between entries that did not see each
//! other; whether an add counts never depends on it. No code here reads a wall clock: `now_ms` is
//! an argument.

use core::fmt;

const COUNTER_BITS: u32 = 16;

/// Point in hybrid logical time: milliseconds since 1970 and a counter within the millisecond.
///
/// ```
/// use holdall::Time;
/// assert!(Time::from_ms(2) > Time::from_ms(1));
/// assert_eq!(Time::from_ms(7).ms(), 7);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// Largest wall time, in milliseconds since 1970: a day in the year 10889.
    pub const MS_MAX: u64 = (1 << (64 - COUNTER_BITS)) - 1;

    /// Makes the time of a wall clock in milliseconds since 1970, with counter 0. Values above
    /// [`MS_MAX`](Self::MS_MAX) saturate.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self((if ms > Self::MS_MAX { Self::MS_MAX } else { ms }) << COUNTER_BITS)
    }

    /// Makes a time from its 64 bits: milliseconds in the upper 48, the counter in the lower 16.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns the 64 bits: milliseconds in the upper 48, the counter in the lower 16.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns the milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// Returns the counter within the millisecond.
    #[must_use]
    pub const fn counter(self) -> u16 {
        self.0 as u16
    }

    /// Returns the next point in time. A full counter carries into the milliseconds, so order is
    /// kept. The largest time is its own successor.
    #[must_use]
    const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ms(), self.counter())
    }
}

/// Clock of one replica: the latest time that it made or saw.
///
/// ```
/// use holdall::clock::Clock;
/// use holdall::Time;
/// let mut clock = Clock::default();
/// let first = clock.tick(1_000);
/// clock.observe(Time::from_ms(5_000)); // something from a device that runs ahead
/// assert!(clock.tick(1_001) > Time::from_ms(5_000));
/// assert!(first < clock.tick(900)); // the wall clock went back; time does not
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clock {
    last: Time,
}

impl Clock {
    /// Returns a time for a new entry, later than all times made or seen so far. `now_ms` is the
    /// wall clock in milliseconds since 1970.
    pub fn tick(&mut self, now_ms: u64) -> Time {
        self.last = sabotage!(
            "clock-goes-backwards",
            self.last.next().max(Time::from_ms(now_ms)),
            Time::from_ms(now_ms)
        );
        self.last
    }

    /// Notes a time that was seen, so that later ticks are above it.
    pub fn observe(&mut self, seen: Time) {
        self.last = sabotage!("clock-ignores-seen-times", self.last.max(seen), self.last);
    }

    /// Returns the latest time made or seen.
    #[must_use]
    pub const fn last(&self) -> Time {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_local_remote_and_wall_stays_monotone() {
        let points = [10_u64, 20, 30];
        for local in points {
            for remote in points {
                for wall in points {
                    let mut clock = Clock::default();
                    clock.observe(Time::from_ms(local));
                    clock.observe(Time::from_ms(remote));
                    let made = clock.tick(wall);
                    assert!(made > Time::from_ms(local) && made > Time::from_ms(remote));
                    assert!(made >= Time::from_ms(wall));
                    assert!(clock.tick(wall) > made);
                }
            }
        }
    }

    #[test]
    fn a_full_counter_borrows_a_millisecond() {
        let mut clock = Clock { last: Time::from_bits((7 << COUNTER_BITS) | 0xffff) };
        let next = clock.tick(7);
        assert_eq!((next.ms(), next.counter()), (8, 0));
    }
}
