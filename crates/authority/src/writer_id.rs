//! The writers by which a server writes.

use super::digest::{Digest, DigestKind};
use holdall::id::{CartId, ReplicaId};

static SERVER: DigestKind = DigestKind::new("holdall server writer v1");
static DEVICE: DigestKind = DigestKind::new("holdall device writer v1");

/// Returns this store's writer in a cart. The store's condition on revisions decides who writes, so
/// all processes over one store write as one. A store made anew has another incarnation, and so
/// other writers.
pub(super) fn server_writer(cart: CartId, incarnation: u128) -> ReplicaId {
    let parts = [incarnation.to_be_bytes(), cart.as_u128().to_be_bytes()];
    ReplicaId::from_u128(Digest::of(&SERVER, &[&parts[0], &parts[1]]).first())
}

/// Returns the writer that stands for a device of a plain client. This server writes its actions,
/// in the device's order.
pub(super) fn device_writer(cart: CartId, incarnation: u128, device: u128) -> ReplicaId {
    let parts = [incarnation, cart.as_u128(), device].map(u128::to_be_bytes);
    let parts = [&parts[0][..], &parts[1], &parts[2]];
    ReplicaId::from_u128(Digest::of(&DEVICE, &parts).first())
}
