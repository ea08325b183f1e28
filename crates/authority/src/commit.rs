//! How any command becomes durable: load, decide, append on condition, answer.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Instant;

use tracing::Instrument;

use super::caller::{Caller, Digest, Principal};
use super::cart_cache::LoadedCart;
use super::journal::{Actor, Note};
use super::outcome::{Accepted, Shown};
use super::ownership::Ownership;
use super::refusal::Refusal;
use super::sign_in::Claimed;
use super::{Authority, history};
use holdall::cart::{Body, Delta};
use holdall::id::{CartId, LineKey};
use holdall::limits;
use holdall::sabotage;
use holdall::wire;
use holdall_store::{Append, Appended, Logged, Reply, RequestKey, Slot, StoreError};

/// On which conditions.
#[derive(Clone, Copy, Default)]
pub(super) struct Ask {
    pub(super) key: Option<RequestKey>,
    pub(super) only_at: Option<u64>,
}

/// What a command comes to.
pub(super) struct Change {
    pub(super) delta: Delta,
    /// Whether the header changed.
    pub(super) header: bool,
    pub(super) what: &'static str,
    pub(super) outcome: Option<String>,
}

impl Change {
    pub(super) const fn of(delta: Delta, what: &'static str) -> Self {
        Self { delta, header: false, what, outcome: None }
    }

    /// A change of the header alone.
    pub(super) fn of_header(cart: CartId, what: &'static str) -> Self {
        Self { header: true, ..Self::of(Delta::empty(cart), what) }
    }

    /// Nothing to write.
    pub(super) fn nothing(cart: CartId) -> Self {
        Self::of(Delta::empty(cart), "nothing")
    }
}

/// What a command is answered with.
pub(super) trait Answer: Sync {
    type Told;
    /// The cart is right after it. `added`: the line of an Add that was all there was to it.
    fn now(
        &self,
        caller: &Caller,
        resident: &mut LoadedCart,
        added: Option<&LineKey>,
    ) -> Self::Told;
    /// It had been carried out before, and the cart was so right after it.
    fn then(&self, shown: Shown) -> Self::Told;
}

/// An answer with all that the shopper sees.
pub(super) struct Whole;

impl Answer for Whole {
    type Told = Shown;

    fn now(&self, _: &Caller, resident: &mut LoadedCart, _: Option<&LineKey>) -> Shown {
        shown(resident)
    }

    fn then(&self, shown: Shown) -> Shown {
        shown
    }
}

/// An answer with the revision alone.
pub(super) struct Revision;

impl Answer for Revision {
    type Told = u64;

    fn now(&self, _: &Caller, resident: &mut LoadedCart, _: Option<&LineKey>) -> u64 {
        resident.revision
    }

    fn then(&self, shown: Shown) -> u64 {
        shown.revision
    }
}

/// A change was made, and is durable.
pub(super) struct Done<T> {
    pub(super) told: T,
    /// Whether it had been made before.
    pub(super) repeated: bool,
    /// Whether tokens of the cart may have been revoked: then an account's cart lacks this.
    pub(super) is_revoked: bool,
}

impl<T> Done<T> {
    fn now<A: Answer<Told = T>>(
        answer: &A,
        caller: &Caller,
        resident: &mut LoadedCart,
        added: Option<&LineKey>,
    ) -> Self {
        let is_revoked = resident.header.is_revoked();
        Self { told: answer.now(caller, resident, added), repeated: false, is_revoked }
    }
}

impl Authority {
    /// Counts a command and its time, and puts it in a span. The work goes into a box at once: a future is moved several times before it is
    /// waited for.
    pub(super) fn observed<T>(
        &self,
        command: &'static str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> impl Future<Output = Result<T, Refusal>> {
        let work = Box::pin(work);
        async move {
            let began = Instant::now();
            let span = tracing::debug_span!("command", command);
            let result = work.instrument(span).await;
            let outcome = match &result {
                Ok(_) => "done",
                Err(refusal) => refusal.kind(),
            };
            self.meters.count(command, outcome, began.elapsed().as_secs_f64());
            if let Err(Refusal::Store(error)) = &result {
                tracing::warn!(command, %error, "the store refused");
            }
            result
        }
    }

    /// Takes in a change that `work` decides on, and answers with the cart right after it. `work` sees the cart as
    /// it is, and is asked again if another process changed it meanwhile.
    pub(super) async fn change(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        ask: Ask,
        mut work: impl FnMut(&mut LoadedCart) -> Result<Change, Refusal>,
    ) -> Result<Accepted, Refusal> {
        let work = |resident: &mut LoadedCart| work(resident).map(|change| (change, ()));
        let (done, _) = self.change_as(now_ms, caller, cart, ask, &Whole, work).await?;
        Ok(Accepted { shown: done.told, repeated: done.repeated })
    }

    /// The same with a value in place of the cart; `None` if the request had been carried out before. And the cart's revision.
    pub(super) async fn change_and<T>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        work: impl FnMut(&mut LoadedCart) -> Result<(Change, T), Refusal>,
    ) -> Result<(u64, Option<T>), Refusal> {
        let ask = Ask::default();
        let (done, value) = self.change_as(now_ms, caller, cart, ask, &Revision, work).await?;
        Ok((done.told, value))
    }

    /// The same, answered in a way of its own.
    pub(super) async fn change_as<A: Answer, T>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        ask: Ask,
        answer: &A,
        mut work: impl FnMut(&mut LoadedCart) -> Result<(Change, T), Refusal>,
    ) -> Result<(Done<A::Told>, Option<T>), Refusal> {
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        for _ in 0..limits::ATTEMPTS {
            // Out of its seat until the store has what is done to it: a future that is dropped
            // half way leaves an empty seat, and the next command loads.
            let mut resident = self.at_hand(&mut seat, cart).await?;
            let admitted = self.admit(caller, &mut resident).await;
            let may = admitted.is_ok();
            let stale = ask.only_at.is_some_and(|at| {
                sabotage!("condition-is-ignored", at != resident.revision, false)
            });
            let decided = match admitted {
                Err(refusal) => Err(refusal),
                Ok(()) if stale => Err(Refusal::Changed { now: Box::new(shown(&resident)) }),
                Ok(()) => work(&mut resident),
            };
            let (change, value) = match decided {
                Ok(decided) => decided,
                Err(refusal) => {
                    // Another process may have moved the cart on, and the refusal be about the past.
                    if self.store.revision(cart).await? != Some(resident.revision) {
                        continue;
                    }
                    let answered = if sabotage!("refusal-ignores-earlier-answer", may, false) {
                        self.answered(cart, ask).await?
                    } else {
                        None
                    };
                    *seat = Some(resident);
                    return match answered {
                        Some(then) => {
                            Ok((Box::pin(self.as_then(cart, ask, then, answer)).await?, None))
                        }
                        None => Err(refusal),
                    };
                }
            };
            if change.delta.is_empty() && !change.header && ask.key.is_none() {
                let done = Done::now(answer, caller, &mut resident, None);
                *seat = Some(resident);
                return Ok((done, Some(value)));
            }
            let append = self.append_of(now_ms, caller, ask, &mut resident, &change);
            let added = added_to(&change.delta).cloned();
            drop(change);
            let whole = append.snapshot.is_some();
            resident.revision += 1;
            resident.tail = if whole { 0 } else { resident.tail + 1 };
            // The answer is made while the store syncs, and goes to nobody before the store has it.
            let now = || Done::now(answer, caller, &mut resident, added.as_ref());
            let (appended, done) = meanwhile(self.store.append(append), now).await;
            match appended? {
                Appended::Done { .. } => {
                    self.feed.publish(cart);
                    *seat = Some(resident);
                    return Ok((done, Some(value)));
                }
                Appended::Answered { then } => {
                    return Ok((Box::pin(self.as_then(cart, ask, then, answer)).await?, None));
                }
                Appended::Conflict { .. } => {}
            }
        }
        Err(Refusal::Busy)
    }

    /// Puts a new cart in the store.
    pub(super) async fn create(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        header: Ownership,
        what: &'static str,
    ) -> Result<(), Refusal> {
        let incarnation = self.store.incarnation();
        let mut resident = Box::new(LoadedCart::new(cart, header, incarnation, &self.settings));
        let change = Change::of_header(cart, what);
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        let append = self.append_of(now_ms, caller, Ask::default(), &mut resident, &change);
        *seat = match self.store.append(append).await? {
            // Whoever opens a cart looks at it next.
            Appended::Done { revision } => {
                self.feed.publish(cart);
                (resident.revision, resident.tail) = (revision, 1);
                Some(resident)
            }
            // Another process, or an earlier try, has put it there.
            Appended::Conflict { .. } | Appended::Answered { .. } => None,
        };
        Ok(())
    }

    /// Reads a cart as it is in the store now.
    pub(super) async fn look<T>(
        &self,
        caller: &Caller,
        cart: CartId,
        read: impl FnOnce(&LoadedCart) -> T,
    ) -> Result<T, Refusal> {
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        if let Some(resident) = &*seat
            && sabotage!(
                "read-ignores-other-processes",
                self.store.revision(cart).await? != Some(resident.revision),
                false
            )
        {
            *seat = None;
        }
        let mut resident = self.at_hand(&mut seat, cart).await?;
        let admitted = self.admit(caller, &mut resident).await;
        let value = admitted.map(|()| read(&resident));
        *seat = Some(resident);
        value
    }

    /// The cart in its seat, or from the store.
    pub(super) async fn at_hand(
        &self,
        seat: &mut Option<Box<LoadedCart>>,
        cart: CartId,
    ) -> Result<Box<LoadedCart>, Refusal> {
        match seat.take() {
            Some(resident) => Ok(resident),
            None => Box::pin(self.fetched(cart)).await,
        }
    }

    async fn fetched(&self, cart: CartId) -> Result<Box<LoadedCart>, Refusal> {
        let loaded = self.store.load(cart).await?.ok_or(Refusal::NotYours { cart })?;
        let incarnation = self.store.incarnation();
        Ok(Box::new(LoadedCart::open(cart, &loaded, incarnation, &self.settings)?))
    }

    /// Whether the caller may see and edit it.
    pub(super) async fn admit(
        &self,
        caller: &Caller,
        resident: &mut LoadedCart,
    ) -> Result<(), Refusal> {
        let principal = resident.principal(caller);
        let cart = resident.cart().id();
        if resident.cart().is_erased() {
            return Err(Refusal::Erased);
        }
        let claimed_by = match caller.principal {
            Principal::Account(_) => {
                Box::pin(self.claimed_by(caller, cart, &resident.header)).await?
            }
            _ => None,
        };
        resident.header.admit(cart, caller, principal, claimed_by)
    }

    /// Which account has claimed a guest cart, if an account asks.
    pub(super) async fn claimed_by(
        &self,
        caller: &Caller,
        cart: CartId,
        header: &Ownership,
    ) -> Result<Option<Digest>, Refusal> {
        if !header.is_guest() || !matches!(caller.principal, Principal::Account(_)) {
            return Ok(None);
        }
        let held = self.store.slot(Slot::Claim(cart)).await?;
        Ok(held.and_then(|held| Claimed::decode(&held.value)).and_then(|claimed| claimed.holder()))
    }

    /// Reads a cart that was just written or answered about, for the server's own use.
    pub(super) async fn peek<T>(
        &self,
        cart: CartId,
        read: impl FnOnce(&LoadedCart) -> T,
    ) -> Result<T, Refusal> {
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        let resident = self.at_hand(&mut seat, cart).await?;
        let value = read(&resident);
        *seat = Some(resident);
        Ok(value)
    }

    /// Forgets what is at hand of a cart: the store has something else.
    pub(super) async fn forget(&self, cart: CartId) {
        *self.residents.seat(cart).lock().await = None;
    }

    fn append_of(
        &self,
        now_ms: u64,
        caller: &Caller,
        ask: Ask,
        resident: &mut LoadedCart,
        change: &Change,
    ) -> Append {
        let by = Actor::of(caller, resident.principal(caller));
        let cart = resident.cart();
        let mut append = Append::new(cart.id(), resident.revision, now_ms, resident.class());
        if !change.delta.is_empty() {
            append.delta = wire::encode_delta(&change.delta);
        }
        if change.header || resident.revision == 0 {
            append.header = Some(resident.header.encode());
        }
        if resident.tail + 1 >= self.settings.snapshot_after {
            append.snapshot = Some(wire::encode_cart(cart));
        }
        append.key = sabotage!("request-key-is-not-stored", ask.key, None);
        let (what, outcome) = (change.what.to_owned(), change.outcome.clone());
        append.note = Note { by, what, outcome }.encode();
        append
    }

    /// What the request's key was used for, if it was.
    async fn answered(&self, cart: CartId, ask: Ask) -> Result<Option<Logged>, StoreError> {
        match ask.key {
            Some(asked) => self.store.find_request(cart, asked.key).await,
            None => Ok(None),
        }
    }

    /// The answer that a request got when it was carried out: the cart as it was then.
    async fn as_then<A: Answer>(
        &self,
        cart: CartId,
        ask: Ask,
        then: Logged,
        answer: &A,
    ) -> Result<Done<A::Told>, Refusal> {
        if sabotage!(
            "used-key-answers-another-request",
            ask.key.map(|key| key.body) != then.key.map(|key| key.body),
            false
        ) {
            return Err(Refusal::KeyReused);
        }
        let revision = sabotage!("repeated-request-gets-present-cart", then.revision, u64::MAX);
        let state = history::state_at(&*self.store, cart, revision).await?;
        let view = holdall::view::view(&state, &self.settings.rules, &self.settings.options);
        let told = answer.then(Shown { cart, revision: then.revision, view });
        Ok(Done { told, repeated: true, is_revoked: true })
    }
}

/// The line, if a command came to an Add. What an Add makes dead was left on the same line, and did not show.
fn added_to(delta: &Delta) -> Option<&LineKey> {
    let mut refs = delta.live().refs();
    let (fact, other) = (refs.next()?, refs.next());
    let is_add =
        sabotage!("any-entry-is-taken-for-add", matches!(fact.body(), Body::Add { .. }), true)
            && other.is_none();
    fact.line().filter(|_| is_add)
}

/// Waits for what a store was asked, and does some work as soon as it has been asked.
async fn meanwhile<T, W>(
    mut asked: Reply<'_, T>,
    work: impl FnOnce() -> W,
) -> (Result<T, StoreError>, W) {
    let early = poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await;
    let worked = work();
    let told = match early {
        Poll::Ready(told) => told,
        Poll::Pending => asked.await,
    };
    (told, worked)
}

pub(super) fn shown(resident: &LoadedCart) -> Shown {
    Shown { cart: resident.cart().id(), revision: resident.revision, view: resident.view() }
}
