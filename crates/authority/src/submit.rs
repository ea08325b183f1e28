//! Commands: carried out once for their key, in two steps for an embedder that renders.

use std::time::Instant;

use tracing::Instrument;

use super::authority::Authority;
use super::caller::Caller;
use super::cart_cache::LoadedCart;
use super::command::{Request, minted_ms};
use super::commit::{Attempt, CartChange, Committed, Conditions, Report, RevisionOnly};
use super::commit::{SentAppend, WholeCart};
use super::outcome::{Accepted, Acknowledged};
use super::refusal::Refusal;
use super::snapshot::CartSnapshot;
use holdall::id::{CartId, LineKey};
use holdall::limits;

/// A command with all that it is decided on.
#[derive(Clone, Copy)]
struct CommandCall<'a> {
    authority: &'a Authority,
    now_ms: u64,
    caller: &'a Caller,
    cart: CartId,
    request: &'a Request,
}

/// How far a command has come.
#[expect(clippy::large_enum_variant, reason = "most attempts send an append")]
enum Progress<'a, V> {
    Committed(Committed<V, ()>),
    Sent(SentAppend<'a, V, ()>),
}

/// A command that was decided on, and that the store may not have yet.
///
/// [`snapshot`](Self::snapshot) is the cart as it will be, to be rendered while the store syncs.
/// Nothing of it may go to anybody before [`finish`](Self::finish) has returned. The cart is locked
/// until then, so ask the authority nothing else about this cart meanwhile.
#[must_use = "nobody is told before it is finished"]
pub struct PendingCommand<'a> {
    call: CommandCall<'a>,
    progress: Progress<'a, CartSnapshot>,
    began: Instant,
}

impl std::fmt::Debug for PendingCommand<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingCommand")
            .field("request", self.call.request)
            .field("snapshot", self.snapshot())
            .finish_non_exhaustive()
    }
}

impl PendingCommand<'_> {
    /// Returns the cart as it will be, if no other process changes it meanwhile.
    #[must_use]
    pub const fn snapshot(&self) -> &CartSnapshot {
        match &self.progress {
            Progress::Committed(done) => &done.report,
            Progress::Sent(sent) => &sent.report,
        }
    }

    /// Returns the line of an Add, if [`snapshot`](Self::snapshot) differs from what the cart showed
    /// at the revision before only in the rows of this line. Then what was rendered of that revision
    /// can be used for all other rows.
    #[must_use]
    pub const fn updated_line(&self) -> Option<&LineKey> {
        match &self.progress {
            Progress::Committed(_) => None,
            Progress::Sent(sent) => sent.updated_line(),
        }
    }

    /// Waits until the command is durable. The snapshot that it returns is that of
    /// [`snapshot`](Self::snapshot), with the same shared view, unless another process changed the
    /// cart meanwhile or the request had been carried out before.
    ///
    /// # Errors
    /// As with [`Authority::submit`].
    pub async fn finish(self) -> Result<Accepted, Refusal> {
        let Self { call, progress, began } = self;
        let work = Box::pin(call.finish::<WholeCart>(progress));
        let done = call.authority.observed_since(began, call.name(), work).await?;
        Ok(Accepted { snapshot: done.report, repeated: done.repeated })
    }
}

impl<'a> CommandCall<'a> {
    const fn name(&self) -> &'static str {
        self.request.action.name()
    }

    /// Checks the request, decides, and hands the append to the store.
    async fn begin<R: Report>(&self) -> Result<Progress<'a, R::Value>, Refusal> {
        let Self { authority, now_ms, caller, cart, request } = *self;
        authority.rates.take(now_ms, caller, cart, &authority.settings)?;
        authority.check_age(now_ms, request)?;
        self.send::<R>().await
    }

    /// Decides, and hands the append to the store.
    async fn send<R: Report>(&self) -> Result<Progress<'a, R::Value>, Refusal> {
        let Self { authority, now_ms, caller, cart, request } = *self;
        let conditions = Conditions { key: request.key(), only_at: request.only_at };
        for _ in 0..limits::ATTEMPTS {
            // What few commands need is in a box: a future is moved several times, with all that it
            // can come to.
            let past = match request.seen {
                Some(seen) => Box::pin(authority.past(caller, cart, seen)).await?.map(Box::new),
                None => None,
            };
            let mut work = |loaded: &mut LoadedCart| {
                let delta = authority.act(now_ms, caller, request, past.as_deref(), loaded)?;
                Ok((CartChange::of(delta, request.action.name()), ()))
            };
            let attempt =
                authority.attempt::<R, ()>(now_ms, caller, cart, conditions, &mut work).await;
            match attempt {
                Ok(Attempt::Committed(done)) => return Ok(Progress::Committed(done)),
                Ok(Attempt::Sent(sent)) => return Ok(Progress::Sent(sent)),
                Ok(Attempt::Overtaken) => {}
                // The same device wrote something else meanwhile.
                Err(Refusal::Busy) if past.is_some() => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::Busy)
    }

    /// Waits for the store, and tries again while other processes are quicker.
    async fn finish<R: Report>(
        &self,
        mut progress: Progress<'a, R::Value>,
    ) -> Result<Committed<R::Value, ()>, Refusal> {
        let Self { authority, now_ms, cart, .. } = *self;
        for _ in 0..limits::ATTEMPTS {
            let settled = match progress {
                Progress::Committed(done) => Some(done),
                Progress::Sent(sent) => authority.settle::<R, ()>(sent).await?,
            };
            if let Some(done) = settled {
                if done.is_revoked {
                    Box::pin(authority.absorb(now_ms, cart)).await?;
                }
                return Ok(done);
            }
            progress = self.send::<R>().await?;
        }
        Err(Refusal::Busy)
    }

    async fn carry_out<R: Report>(self) -> Result<Committed<R::Value, ()>, Refusal> {
        let progress = self.begin::<R>().await?;
        self.finish::<R>(progress).await
    }
}

impl Authority {
    /// Carries a command out, once for its key.
    ///
    /// # Errors
    /// It was refused: see [`Refusal::advice`] for what to do.
    pub async fn submit(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        request: &Request,
    ) -> Result<Accepted, Refusal> {
        let call = CommandCall { authority: self, now_ms, caller, cart, request };
        let done = self.observed(call.name(), call.carry_out::<WholeCart>()).await?;
        Ok(Accepted { snapshot: done.report, repeated: done.repeated })
    }

    /// Carries a command out as [`submit`](Self::submit) does, and makes no view of the cart.
    ///
    /// # Errors
    /// As with [`submit`](Self::submit).
    pub async fn acknowledge(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        request: &Request,
    ) -> Result<Acknowledged, Refusal> {
        let call = CommandCall { authority: self, now_ms, caller, cart, request };
        let done = self.observed(call.name(), call.carry_out::<RevisionOnly>()).await?;
        Ok(Acknowledged { revision: done.report, repeated: done.repeated })
    }

    /// Begins a command: decides on it, and hands it to the store. The cart as it will be can be
    /// rendered while the store syncs.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use holdall_authority::{Authority, Request, AuthoritySettings};
    /// # use holdall_store::MemoryStore;
    /// # use holdall::{Action, LineKey, Quantity, RowRef};
    /// # futures_lite::future::block_on(async {
    /// # let authority = Authority::new(Arc::new(MemoryStore::new(7)), AuthoritySettings::default());
    /// # let now_ms = 1_700_000_000_000;
    /// # let guest = authority.open_guest(now_ms).await?;
    /// # let row = RowRef::active(LineKey::sku("TEE")?);
    /// # let add = Request::new(1, Action::Add { row, quantity: Quantity::new(2)?, price: None });
    /// let caller = guest.token.into();
    /// let pending = authority.begin(now_ms, &caller, guest.cart, &add).await?;
    /// let text = format!("{} lines", pending.snapshot().view.lines.len());
    /// let accepted = pending.finish().await?;
    /// assert_eq!((&*text, accepted.repeated), ("1 lines", false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As with [`submit`](Self::submit).
    pub async fn begin<'a>(
        &'a self,
        now_ms: u64,
        caller: &'a Caller,
        cart: CartId,
        request: &'a Request,
    ) -> Result<PendingCommand<'a>, Refusal> {
        let began = Instant::now();
        let call = CommandCall { authority: self, now_ms, caller, cart, request };
        let span = tracing::debug_span!("command", command = call.name());
        match Box::pin(call.begin::<WholeCart>()).instrument(span).await {
            Ok(progress) => Ok(PendingCommand { call, progress, began }),
            Err(refusal) => {
                self.observe(began, call.name(), Some(&refusal));
                Err(refusal)
            }
        }
    }

    /// Refuses a request under a key so old that the store may have deleted it: it could be a
    /// repeated one.
    fn check_age(&self, now_ms: u64, request: &Request) -> Result<(), Refusal> {
        let retention = &self.settings.retention;
        match request.key.and_then(minted_ms) {
            Some(minted_ms) if now_ms.saturating_sub(minted_ms) > retention.journal_ms => {
                Err(Refusal::KeyTooOld { days: retention.journal_days() })
            }
            _ => Ok(()),
        }
    }
}
