//! A replica that takes deltas in, restarts, and says what went wrong.

use holdall::sync::{Inbox, Received};
use holdall::{CartId, Delta, Replica, ReplicaId, ViewOptions, wire};

use crate::error::PlayError;

/// Rows show what their contributions come to. A ceiling is a deployment's decision about display.
pub(super) const NO_CEILING: ViewOptions = ViewOptions { ceiling: u64::MAX };

/// A replica that joins, and the deltas that wait for others. What waits was stored before it was
/// acknowledged, so a restart keeps it.
pub(super) struct DeltaJoiner {
    pub(super) replica: Replica,
    inbox: Inbox,
}

impl DeltaJoiner {
    pub(super) fn new(cart: CartId, id: u128) -> Self {
        let replica = Replica::new(cart, ReplicaId::from_u128(id)).with_options(NO_CEILING);
        Self { replica, inbox: Inbox::default() }
    }

    pub(super) fn take(&mut self, delta: Delta) -> Result<(), PlayError> {
        match self.inbox.receive(&mut self.replica, delta).map_err(fault("taking a delta in"))? {
            Received::Joined { joined, .. } if !joined.equivocations.is_empty() => Err(PlayError {
                doing: "taking a delta in",
                said: format!("two contents of {:?}", joined.equivocations),
            }),
            // What is missing is asked for by the exchanges that are under way anyhow.
            Received::Joined { .. } | Received::Waits { .. } => Ok(()),
        }
    }
}

/// Turns the library's errors into faults of the replay.
pub(super) fn fault<E: std::fmt::Display>(doing: &'static str) -> impl Fn(E) -> PlayError {
    move |error| PlayError { doing, said: error.to_string() }
}

/// Stops and comes back from bytes.
pub(super) fn restarted(replica: &Replica) -> Result<Replica, PlayError> {
    let back = wire::decode_replica(&wire::encode_replica(replica)).map_err(fault("restarting"))?;
    Ok(back.with_options(NO_CEILING))
}
