//! Compares what regions show with what they must show.

use serde::Serialize;

use super::designs::{Design, TrafficCounts};
use super::model::CartUnits;
use super::schedule::RegionId;

/// Wrong units of a design.
///
/// A cart is judged by its worst region, the one with the most wrong units: regions show copies of
/// one cart, and adding them up would count one lost unit as many times as there are regions. Where
/// a line of a cart is wrong in different ways in different regions, the worst region speaks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct DesignVerdict {
    /// Units that should be in a cart and are not.
    pub(crate) lost: u64,
    /// Units too many, on lines that should be there.
    pub(crate) doubled: u64,
    /// Units on lines that were removed or bought and should not be there at all.
    pub(crate) resurrected: u64,
    /// Carts that differ between regions.
    pub(crate) diverged: u64,
}

impl DesignVerdict {
    /// Returns true if nothing is wrong.
    pub(crate) fn is_right(&self) -> bool {
        *self == Self::default()
    }

    /// Adds another verdict, field by field.
    pub(crate) fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.resurrected += other.resurrected;
        self.diverged += other.diverged;
    }

    fn wrong_units(&self) -> u64 {
        self.lost + self.doubled + self.resurrected
    }
}

/// Score of one design: its verdict, and what it sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DesignScore {
    /// How far off it is.
    pub(crate) verdict: DesignVerdict,
    /// What it sent.
    pub(crate) traffic: TrafficCounts,
}

impl DesignScore {
    /// Adds another score, field by field.
    pub(crate) fn add(&mut self, other: &Self) {
        self.verdict.add(&other.verdict);
        self.traffic.add(other.traffic);
    }
}

/// Judges a design at the end of a schedule.
pub(crate) fn judge(design: &dyn Design, regions: RegionId, expected: &CartUnits) -> DesignVerdict {
    let carts: Vec<CartUnits> = (0..regions).map(|region| design.cart(region)).collect();
    let verdicts = carts.iter().map(|cart| compare(cart, expected));
    let worst = verdicts.max_by_key(DesignVerdict::wrong_units).unwrap_or_default();
    let digests: Vec<_> = (0..regions).map(|region| design.digest(region)).collect();
    let differ = carts.windows(2).any(|pair| pair[0] != pair[1]);
    let diverged = differ || digests.windows(2).any(|pair| pair[0] != pair[1]);
    DesignVerdict { diverged: u64::from(diverged), ..worst }
}

/// Compares one region's cart with the one it should show.
fn compare(shown: &CartUnits, expected: &CartUnits) -> DesignVerdict {
    let mut verdict = DesignVerdict::default();
    for (line, right) in expected {
        let found = shown.get(line).copied().unwrap_or(0);
        verdict.lost += right.saturating_sub(found);
        verdict.doubled += found.saturating_sub(*right);
    }
    let ghosts = shown.iter().filter(|(line, _)| !expected.contains_key(line));
    verdict.resurrected = ghosts.map(|(_, units)| units).sum();
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart(lines: &[(u32, u64)]) -> CartUnits {
        lines.iter().copied().collect()
    }

    #[test]
    fn each_wrong_unit_has_one_name() {
        let expected = cart(&[(1, 3), (2, 5), (3, 1)]);
        assert!(compare(&expected, &expected).is_right());
        let verdict = compare(&cart(&[(1, 1), (2, 9), (4, 7)]), &expected);
        assert_eq!(verdict, DesignVerdict { lost: 3, doubled: 4, resurrected: 7, diverged: 0 });
    }
}
