//! How a story's act is carried out at a replica.

use super::act_failure::ActFailure;
use super::story::StoryAct;
use holdall::cart::Delta;
use holdall::id::{OrderId, RuleName};
use holdall::replica::Replica;

/// Carries an act out at a replica.
pub(super) fn act_on(replica: &mut Replica, now: u64, act: &StoryAct) -> Result<Delta, ActFailure> {
    Ok(match act {
        StoryAct::Shop(action) => {
            let action = action.at(replica)?;
            replica.act(now, &action)?
        }
        StoryAct::Order { id } => replica.order_all(now, OrderId::new(id)?)?,
        StoryAct::Expire => replica.expire(now, RuleName::new("story")?)?,
        StoryAct::Erase => replica.erase(),
        // The world does these itself: they need the authority.
        StoryAct::Merge { .. } | StoryAct::Unmerge { .. } => unreachable!("merges are the world's"),
    })
}
