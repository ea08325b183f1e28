//! Chance that can be had again.
//!
//! ChaCha with eight rounds, from `rand_chacha`: its output is specified and pinned by test
//! vectors, where `fastrand` and `SmallRng` reserve the right to change theirs with a release, and
//! a seed in a bug report must mean the same run next year. It also has 2^64 independent streams
//! for a seed: every cart gets its own, so that one more shopper in the file leaves the bad luck of
//! all others as it was. Speed does not matter here; a replay draws some millions of numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// One stream of chance.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

/// A probability, in thousandths.
pub type Permille = u64;

impl Dice {
    /// Returns a stream of a seed, by its number.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Returns the stream of a seed that belongs to a name.
    #[must_use]
    pub fn named(seed: u64, name: &str) -> Self {
        // FNV-1a: a fixed function, which the standard hashers do not promise to be.
        let stream = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self::new(seed, stream)
    }

    /// Draws a number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        debug_assert!(low <= high);
        let span = u128::from(high - low) + 1;
        let drawn = (u128::from(self.0.next_u64()) * span) >> 64;
        low + u64::try_from(drawn).unwrap_or(0)
    }

    /// Draws an index below a length, which must not be 0.
    pub fn below(&mut self, length: usize) -> usize {
        self.between(0, length as u64 - 1) as usize
    }

    /// Draws whether an event of a probability happens.
    pub fn happens(&mut self, chance: Permille) -> bool {
        // Drawn even when impossible: a calm run then meets the same shoppers as a stormy one.
        self.between(0, 999) < chance
    }

    /// Draws a number with a long tail: the upper bound starts at `least` and doubles as long as
    /// draws of probability `doubling` succeed.
    pub fn long_tail(&mut self, least: u64, doubling: Permille) -> u64 {
        let mut most = least.max(1);
        while most < least.max(1) << 16 && self.happens(doubling) {
            most *= 2;
        }
        self.between(least, most)
    }

    /// Draws 128 bits, for ids.
    pub fn id(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_run_for_ever() {
        let mut dice = Dice::named(1, "17850");
        let drawn: Vec<u64> = (0..4).map(|_| dice.between(1, 1000)).collect();
        assert_eq!(drawn, PINNED, "a change here makes every seed in every bug report worthless");
    }

    /// Drawn once and kept.
    const PINNED: [u64; 4] = [206, 979, 462, 205];

    #[test]
    fn streams_differ() {
        let mut drawn: Vec<u64> =
            (0..8).map(|stream| Dice::new(1, stream).between(0, u64::MAX - 1)).collect();
        drawn.dedup();
        assert_eq!(drawn.len(), 8);
    }

    #[test]
    fn bounds_are_kept() {
        let mut dice = Dice::new(7, 7);
        for _ in 0..1000 {
            assert!((3..=5).contains(&dice.between(3, 5)));
            assert!(dice.long_tail(2, 500) >= 2);
            assert!(dice.happens(1000) && !dice.happens(0));
        }
    }
}
