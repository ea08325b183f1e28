//! Replicating clients: their writers, and the deltas these hand in.

use super::Authority;
use super::admission::{self, Submission, Verdict};
use super::caller::Caller;
use super::cart_cache::server_writer;
use super::commit::Change;
use super::outcome::{Admitted, Registered};
use super::refusal::Refusal;
use holdall::cart::{Delta, Entry};
use holdall::dots::{Dot, Dots};
use holdall::id::{CartId, ReplicaId};
use holdall::sabotage;
use holdall::wire;

impl Authority {
    /// Registers a writer to the caller: from now on its deltas are taken from them alone. Again is the same.
    ///
    /// # Errors
    /// Its id is taken, or it was retired; there are too many writers; as with [`submit`](Self::submit).
    pub async fn register(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        replica: ReplicaId,
    ) -> Result<Registered, Refusal> {
        self.observed("register", async {
            self.rates.take(now_ms, caller, cart, &self.settings)?;
            let (of, own) = (caller.principal(cart), server_writer(cart, self.store.incarnation()));
            let (_, last) = self
                .change_and(now_ms, caller, cart, |resident| {
                    let last = resident.cart().context().last(replica);
                    if resident.header.is_retired(replica) {
                        return Err(Refusal::WriterRetired { replica, last });
                    }
                    let known = resident.header.writer(replica).is_some();
                    if replica == own || (last > 0 && !known) {
                        return Err(Refusal::WriterTaken { replica });
                    }
                    let new = resident.header.register(replica, of)?;
                    let change = Change::of_header(cart, "register");
                    Ok((if new { change } else { Change::nothing(cart) }, last))
                })
                .await?;
            Ok(Registered { last: Dot::new(replica, last.unwrap_or(0)) })
        })
        .await
    }

    /// Retires a writer: it writes here no more. Again is the same, and so is one that was never registered.
    ///
    /// # Errors
    /// It is registered to somebody else; as with [`submit`](Self::submit).
    pub async fn retire(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        replica: ReplicaId,
    ) -> Result<(), Refusal> {
        let of = caller.principal(cart);
        self.change_and(now_ms, caller, cart, |resident| {
            if resident
                .header
                .writer(replica)
                .is_some_and(|one| one.of != of && !caller.is_server())
            {
                return Err(Refusal::UnknownWriter { replica });
            }
            let retired = resident.header.retire(replica);
            let change = Change::of_header(cart, "retire");
            Ok((if retired { change } else { Change::nothing(cart) }, ()))
        })
        .await
        .map(|_| ())
    }

    /// Takes a delta of a replicating client, in the bytes of [`wire::encode_delta`]. What is not [`Admitted::Applied`] or
    /// [`Admitted::Known`] the client has not got rid of.
    ///
    /// # Errors
    /// A breach that its writer can put right: see [`Refusal::advice`].
    pub async fn accept(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        bytes: &[u8],
    ) -> Result<Admitted, Refusal> {
        self.observed("delta", async {
            self.rates.take(now_ms, caller, cart, &self.settings)?;
            let delta = wire::decode_delta(bytes)?;
            let admitted = self.take(now_ms, caller, cart, &delta).await;
            if let Err(Refusal::Equivocation { replica, .. }) = &admitted {
                // Whoever cloned it, neither copy can be told from the other.
                sabotage!(
                    "cloned-writer-goes-on",
                    self.retire(now_ms, &Caller::server(), cart, *replica).await?,
                    ()
                );
            }
            let admitted = admitted?;
            sabotage!("late-guest-entries-stay-apart", self.absorb(now_ms, cart).await?, ());
            Ok(admitted)
        })
        .await
    }

    async fn take(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        delta: &Delta,
    ) -> Result<Admitted, Refusal> {
        let handed =
            Submission { by: caller.principal(cart), now_ms, ahead_ms: self.settings.ahead_ms };
        let (revision, verdict) = self
            .change_and(now_ms, caller, cart, |resident| {
                let verdict = admission::judge(resident.cart(), &resident.header, delta, handed)?;
                let replica = admission::writer_of(delta)?;
                let change = match &verdict {
                    Verdict::Take => {
                        let _ = resident.replica.join(delta).map_err(|_| wrong(delta))?;
                        Change::of(delta.clone(), "delta")
                    }
                    Verdict::Known => Change::nothing(cart),
                    Verdict::Reject(dots, because) => {
                        let none: [(Dot, Entry); 0] = [];
                        let dead = Delta::new(cart, none, dots.clone(), Dots::default())
                            .map_err(|_| wrong(delta))?;
                        let _ = sabotage!(
                            "rejected-dot-blocks-writer",
                            resident.replica.join(&dead).map_err(|_| wrong(delta))?,
                            Default::default()
                        );
                        let outcome = Some(format!("rejected: {because}"));
                        Change { outcome, ..Change::of(dead, "delta") }
                    }
                };
                let last = resident.cart().context().last(replica);
                Ok((change, (verdict, last)))
            })
            .await?;
        Ok(match verdict.ok_or(Refusal::Busy)? {
            (Verdict::Take, last) => Admitted::Applied { revision, last },
            (Verdict::Known, last) => Admitted::Known { last },
            (Verdict::Reject(dots, because), _) => Admitted::Rejected { revision, dots, because },
        })
    }
}

fn wrong(delta: &Delta) -> Refusal {
    Refusal::OtherCart { theirs: delta.cart() }
}
