//! How the actions of histories are carried out at a replica.

use super::history_plan::HistoryAction;
use super::values::{GUESTS, policy};
use holdall::action::Action;
use holdall::cart::{Cart, Claim, Delta};
use holdall::id::{OrderId, RuleName};
use holdall::replica::{ActionError, Replica};

/// Carries an action out. `shopped` is the shopper's action, if it is one and its row is shown.
pub(super) fn perform(
    replica: &mut Replica,
    now: u64,
    action: HistoryAction,
    shopped: Option<&Action>,
    guest: Option<&(Cart, Claim)>,
    guests: usize,
) -> Result<Delta, ActionError> {
    match (action, shopped, guest) {
        (HistoryAction::Shop(_), Some(action), _) => replica.act(now, action),
        (HistoryAction::Expire, ..) => replica.expire(now, RuleName::new("idle").expect("a name")),
        (HistoryAction::Order, ..) => {
            let snapshot = replica.snapshot()?;
            let id = OrderId::new(snapshot.key().to_string()).expect("an id");
            replica.order(now, id, &snapshot)
        }
        (HistoryAction::Unmerge { guest }, ..) => {
            replica.unmerge(now, GUESTS[usize::from(guest) % guests])
        }
        (HistoryAction::Merge { rule, save_loser, ceiling, .. }, _, Some((guest, claim))) => {
            replica.merge(now, *claim, policy(rule, save_loser, ceiling), guest)
        }
        (HistoryAction::Absorb { .. }, _, Some((guest, _))) => replica.absorb(guest),
        _ => Err(ActionError::NothingToOrder),
    }
}
