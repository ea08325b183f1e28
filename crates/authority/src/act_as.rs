//! As whom a command is written, and what its author had seen.
//!
//! A plain client keeps no state, so the server writes for it. Each of its devices has a writer of
//! its own, and the client may say at which revision its shopper looked: then the command affects
//! exactly what that device had seen, although others wrote meanwhile.

use super::authority::Authority;
use super::caller::Caller;
use super::cart_cache::LoadedCart;
use super::command::Request;
use super::record_state::join;
use super::refusal::Refusal;
use super::writer_id::device_writer;
use super::{admission, history};
use holdall::cart::{Cart, Delta};
use holdall::clock::Time;
use holdall::id::{CartId, ReplicaId};
use holdall::limits;
use holdall::replica::Replica;
use holdall::sabotage;
use holdall::wire;

/// Appends that are read at once.
const PAGE: usize = 256;

impl Authority {
    /// The writer that stands for a device in a cart, so that explanations can be told with its
    /// name.
    #[must_use]
    pub fn writer(&self, cart: CartId, device: u128) -> ReplicaId {
        device_writer(cart, self.store.incarnation(), device)
    }

    /// What the author of a request had seen who looked at a revision, if that is not the cart as
    /// it is now: the cart at that revision, and what the same device did since.
    pub(super) async fn past(
        &self,
        caller: &Caller,
        cart: CartId,
        seen: u64,
    ) -> Result<Option<Cart>, Refusal> {
        if self.store.revision(cart).await?.is_none_or(|now| now <= seen) {
            return Ok(None);
        }
        // Admitted before anything is looked up: how far back a cart goes is nobody else's
        // business.
        let look = |loaded: &mut LoadedCart| {
            let device = caller.device.map(|device| self.writer(cart, device));
            author(device, loaded)
        };
        let writer = self.look(caller, cart, look).await?;
        let mut past = None;
        let mut others = false;
        let mut revision = seen;
        loop {
            let page = self.store.log(cart, revision, PAGE).await?;
            let Some(last) = page.last() else { break };
            revision = last.revision;
            for one in page.iter().filter(|one| !one.delta.is_empty()) {
                let own = wire::decode_delta(&one.delta)?.own();
                if own.runs().any(|(replica, _)| replica == writer) {
                    if past.is_none() {
                        past = Some(history::state_at(&*self.store, cart, seen).await?);
                    }
                    if let Some(past) = &mut past {
                        join(past, &one.delta)?;
                    }
                } else {
                    others = true;
                }
            }
        }
        match past {
            _ if !others => Ok(None),
            Some(past) => Ok(Some(past)),
            None => Ok(Some(history::state_at(&*self.store, cart, seen).await?)),
        }
    }

    /// Carries a command out on what its author had seen.
    pub(super) fn act(
        &self,
        now_ms: u64,
        caller: &Caller,
        request: &Request,
        past: Option<&Cart>,
        loaded: &mut LoadedCart,
    ) -> Result<Delta, Refusal> {
        let incarnation = self.store.incarnation();
        let device = caller.device.map(|device| loaded.device_writer(incarnation, device));
        let writer = author(device, loaded);
        let cart = loaded.cart();
        let Some(past) = past else {
            let act = |replica: &mut Replica| replica.act(now_ms, &request.action);
            return Ok(loaded.replica.write_as(writer, act)?);
        };
        // A dot is given once: what the device did last has to be in what it had seen.
        if past.context().last(writer) != cart.context().last(writer) {
            return Err(Refusal::Busy);
        }
        let mut author = Replica::resume(writer, Time::default(), past.clone())
            .with_rules(self.settings.rules.clone())
            .with_options(self.settings.options);
        let delta = author.act(now_ms, &request.action)?;
        if let Some((what, limit)) = admission::over(cart, &delta) {
            return Err(Refusal::Limit { what, limit });
        }
        let wrong = |error: holdall::cart::WrongCart| Refusal::OtherCart { theirs: error.theirs };
        let _ = loaded.replica.join(&delta).map_err(wrong)?;
        Ok(delta)
    }
}

/// As whom the commands of a device, by its writer, are written: once a cart has too many writers,
/// new ones share the server's.
fn author(device: Option<ReplicaId>, loaded: &LoadedCart) -> ReplicaId {
    let server = loaded.replica.id();
    let Some(writer) = device else { return server };
    let context = loaded.cart().context();
    let new = context.last(writer) == 0;
    let may_write = |id: &ReplicaId| {
        sabotage!("retired-writers-crowd-out-new-device", !loaded.ownership.is_retired(*id), true)
    };
    let writers = || context.writers().map(|(id, _)| id).filter(may_write).count();
    if new && writers() >= limits::WRITERS { server } else { writer }
}
