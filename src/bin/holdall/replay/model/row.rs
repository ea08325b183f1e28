//! Reading one line: which contributions count, and for how much.

use super::copy::Copy;
use super::{Deed, Model, Scope};
use crate::replay::schedule::{ActionId, LineId};

/// What a line shows, and out of what.
#[derive(Default)]
pub(super) struct Row {
    /// The units.
    pub(super) shown: u64,
    /// The contributions that count, with their units.
    pub(super) counted: Vec<(ActionId, u64)>,
}

impl Model {
    /// Reads a line as a node sees it. Adds count. Of the sets of one scope the latest counts:
    /// those that are still there had not seen each other, or one would have covered the other.
    pub(super) fn row(&self, copy: &Copy, line: LineId) -> Row {
        let mut row = Row::default();
        let mut winners: Vec<(Scope, ActionId)> = Vec::new();
        for &id in copy.live(line) {
            let fact = &self.facts[id as usize];
            match fact.deed {
                Deed::Add { units, .. } => row.counted.push((id, units)),
                Deed::Set { .. } => {
                    match winners.iter_mut().find(|(scope, _)| *scope == fact.scope) {
                        Some((_, winner)) if self.facts[*winner as usize].stamp < fact.stamp => {
                            *winner = id
                        }
                        Some(_) => {}
                        None => winners.push((fact.scope, id)),
                    }
                }
                Deed::Remove { .. } | Deed::Order { .. } | Deed::SignIn { .. } => {}
            }
        }
        for (_, set) in winners {
            let worth = self.worth(copy, line, set);
            if worth > 0 {
                row.counted.push((set, worth));
            }
        }
        row.shown = row.counted.iter().map(|(_, units)| units).sum();
        row
    }

    /// What a set is worth: its number, less what orders bought behind its author's back, out of
    /// what the set replaced or out of sets that it competes with.
    ///
    /// Orders that had seen the set cover it, so it would not be asked; and what two orders both
    /// bought are the same units. The contract's other discount, for what a set of another scope
    /// took, needs a guest cart that is edited after it was merged by somebody who has not heard of
    /// it; guest carts of a replay have one device, the one that signs in.
    fn worth(&self, copy: &Copy, line: LineId, set: ActionId) -> u64 {
        let fact = &self.facts[set as usize];
        let (Deed::Set { units, memory, .. }, Some(history)) = (&fact.deed, self.lines.get(&line))
        else {
            return 0;
        };
        let unseen = history
            .orders
            .iter()
            .filter(|order| copy.knows(**order) && !memory.orders.contains(order));
        let mut taken: Vec<(ActionId, u64)> = Vec::new();
        for &order in unseen {
            let Deed::Order { bought } = &self.facts[order as usize].deed else { continue };
            let start = bought.partition_point(|bought| bought.line < line);
            for bought in bought[start..].iter().take_while(|bought| bought.line == line) {
                let competes = || {
                    let other = &self.facts[bought.fact as usize];
                    matches!(other.deed, Deed::Set { .. })
                        && other.scope == fact.scope
                        && bought.fact != set
                        && !memory.sets.contains(&bought.fact)
                };
                if memory.replaced.binary_search(&bought.fact).is_ok() || competes() {
                    match taken.iter_mut().find(|(fact, _)| *fact == bought.fact) {
                        Some((_, most)) => *most = bought.units.max(*most),
                        None => taken.push((bought.fact, bought.units)),
                    }
                }
            }
        }
        units.saturating_sub(taken.iter().map(|(_, units)| units).sum())
    }
}
