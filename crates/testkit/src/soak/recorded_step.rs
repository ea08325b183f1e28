//! What happened in a simulated world, as far as a story can say it.

use super::action::SoakAction;
use super::node::NodeId;
use holdall::CartId;

/// Step that a story can tell.
#[derive(Clone, Debug)]
pub(super) enum RecordedStep {
    Act { at: NodeId, cart: CartId, action: SoakAction },
    Merge { at: NodeId, cart: CartId, guest: CartId, rule: &'static str },
    Send { from: NodeId, to: NodeId },
    Restart(NodeId),
}
