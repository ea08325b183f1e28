//! Links: the chances of a message, and what becomes of one.

use crate::dice::{Dice, Permille};

/// Chances and delays of the messages on one link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Chance that a message does not arrive.
    pub lost: Permille,
    /// Chance that its bytes change on the way.
    pub damaged: Permille,
    /// Chance that it arrives a second time.
    pub repeated: Permille,
    /// How long after it was sent the second copy arrives.
    pub repeat_delay: Delay,
    /// How long a message takes.
    pub delay: Delay,
    /// Chance that it takes `late_delay` instead.
    pub late: Permille,
    /// How long a late message takes.
    pub late_delay: Delay,
}

impl Link {
    /// A link on which each message arrives once and at once.
    pub const IDEAL: Self = Self {
        lost: 0,
        damaged: 0,
        repeated: 0,
        repeat_delay: Delay::NONE,
        delay: Delay::NONE,
        late: 0,
        late_delay: Delay::NONE,
    };

    /// Draws what becomes of a message sent at `now_ms`.
    pub(super) fn draw(&self, dice: &mut Dice, now_ms: u64) -> Fate {
        if dice.happens(self.lost) {
            return Fate::Lost;
        }
        if dice.happens(self.damaged) {
            return Fate::Damaged;
        }
        let again_ms =
            dice.happens(self.repeated).then(|| now_ms + self.repeat_delay.draw_ms(dice));
        let late = dice.happens(self.late);
        let delay = if late { self.late_delay } else { self.delay };
        Fate::Arrives { at_ms: now_ms + delay.draw_ms(dice), again_ms, late }
    }
}

/// Distribution of a delay, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delay {
    /// Each delay from the least to the most is as likely as any other.
    Uniform {
        /// The shortest delay.
        least_ms: u64,
        /// The longest delay.
        most_ms: u64,
    },
    /// Most delays are near the least, and few are much longer: see [`Dice::long_tail`].
    LongTail {
        /// The shortest delay.
        least_ms: u64,
        /// Chance of each doubling of the bound from which the delay is drawn.
        doubling: Permille,
        /// The longest delay.
        most_ms: u64,
    },
}

impl Delay {
    /// No delay.
    pub const NONE: Self = Self::Uniform { least_ms: 0, most_ms: 0 };

    fn draw_ms(self, dice: &mut Dice) -> u64 {
        match self {
            Self::Uniform { least_ms, most_ms } => dice.between(least_ms, most_ms),
            Self::LongTail { least_ms, doubling, most_ms } => {
                dice.long_tail(least_ms, doubling).min(most_ms)
            }
        }
    }
}

/// Fate of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Fate {
    /// One of its two nodes is cut off.
    Cut {
        /// When the cut ends, in virtual milliseconds.
        until_ms: u64,
    },
    /// It does not arrive.
    Lost,
    /// Its bytes change on the way, so that whoever gets it must refuse it.
    Damaged,
    /// It arrives.
    Arrives {
        /// When, in virtual milliseconds.
        at_ms: u64,
        /// When a second copy arrives, if one does.
        again_ms: Option<u64>,
        /// Whether it took the late delay.
        late: bool,
    },
}
