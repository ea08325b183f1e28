//! Replicating clients: their writers, and the deltas these hand in.

use super::admission::{self, Submission, Verdict};
use super::authority::Authority;
use super::caller::Caller;
use super::commit::CartChange;
use super::outcome::{Admitted, Registered};
use super::refusal::Refusal;
use super::writer_id::server_writer;
use holdall::cart::{Delta, Entry};
use holdall::dots::{Dot, Dots};
use holdall::id::{CartId, ReplicaId};
use holdall::sabotage;
use holdall::wire;

impl Authority {
    /// Registers a writer to the caller: from now on its deltas are taken from them alone. Again is
    /// the same.
    ///
    /// # Errors
    /// Its id is taken, or it was retired; there are too many writers; as with
    /// [`submit`](Self::submit).
    pub async fn register(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        replica: ReplicaId,
    ) -> Result<Registered, Refusal> {
        self.observed("register", async {
            self.rates.take(now_ms, caller, cart, &self.settings)?;
            let (of, own) = (caller.digest(cart), server_writer(cart, self.store.incarnation()));
            let (_, last) = self
                .change_and(now_ms, caller, cart, |loaded| {
                    let last = loaded.cart().context().last(replica);
                    if loaded.ownership.is_retired(replica) {
                        return Err(Refusal::WriterRetired { replica, last });
                    }
                    let known = loaded.ownership.writer(replica).is_some();
                    if replica == own || (last > 0 && !known) {
                        return Err(Refusal::WriterTaken { replica });
                    }
                    let new = loaded.ownership.register(replica, of)?;
                    let change = CartChange::of_ownership(cart, "register");
                    Ok((if new { change } else { CartChange::nothing(cart) }, last))
                })
                .await?;
            Ok(Registered { last: Dot::new(replica, last.unwrap_or(0)) })
        })
        .await
    }

    /// Retires a writer: it writes here no more. Again is the same, and so is one that was never
    /// registered.
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
        let of = caller.digest(cart);
        self.change_and(now_ms, caller, cart, |loaded| {
            if loaded
                .ownership
                .writer(replica)
                .is_some_and(|one| one.of != of && !caller.is_server())
            {
                return Err(Refusal::UnknownWriter { replica });
            }
            let retired = loaded.ownership.retire(replica);
            let change = CartChange::of_ownership(cart, "retire");
            Ok((if retired { change } else { CartChange::nothing(cart) }, ()))
        })
        .await
        .map(|_| ())
    }

    /// Takes a delta of a replicating client, in the bytes of [`wire::encode_delta`]. What is not
    /// [`Admitted::Applied`] or [`Admitted::Known`] the client has not got rid of.
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
            Submission { by: caller.digest(cart), now_ms, ahead_ms: self.settings.ahead_ms };
        let (revision, verdict) = self
            .change_and(now_ms, caller, cart, |loaded| {
                let verdict = admission::judge(loaded.cart(), &loaded.ownership, delta, handed)?;
                let replica = admission::writer_of(delta)?;
                let change = match &verdict {
                    Verdict::Take => {
                        let _ = loaded.replica.join(delta).map_err(|_| wrong(delta))?;
                        CartChange::of(delta.clone(), "delta")
                    }
                    Verdict::Known => CartChange::nothing(cart),
                    Verdict::Reject(dots, because) => {
                        let none: [(Dot, Entry); 0] = [];
                        let dead = Delta::new(cart, none, dots.clone(), Dots::default())
                            .map_err(|_| wrong(delta))?;
                        let _ = sabotage!(
                            "rejected-dot-blocks-writer",
                            loaded.replica.join(&dead).map_err(|_| wrong(delta))?,
                            Default::default()
                        );
                        let outcome = Some(format!("rejected: {because}"));
                        CartChange { outcome, ..CartChange::of(dead, "delta") }
                    }
                };
                let last = loaded.cart().context().last(replica);
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
