//! Messages between simulated machines.

use super::node::NodeId;
use holdall::CartId;

/// Content of a message, in bytes of the wire format.
#[derive(Clone)]
pub(super) enum Payload {
    Delta(Vec<u8>),
    Message(Vec<u8>),
}

/// Message about one cart.
#[derive(Clone)]
pub(super) struct SoakMessage {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) cart: CartId,
    pub(super) parcel: Payload,
}
