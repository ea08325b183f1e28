//! How a change becomes durable: load the cart, decide, append on condition.
//!
//! A change is tried in two steps, so that work on its outcome can be done while the store syncs:
//! [`Authority::attempt`] hands the append to the store and returns, and [`Authority::settle`]
//! waits for what became of it. Nothing of the outcome may go to anybody before it is settled.

use std::future::poll_fn;
use std::task::Poll;

use super::authority::Authority;
use super::caller::Caller;
use super::cart_cache::{CartGuard, LoadedCart};
use super::history::state_at;
use super::journal::{Actor, Note};
use super::outcome::Accepted;
use super::ownership::Ownership;
use super::refusal::Refusal;
use super::snapshot::CartSnapshot;
use holdall::cart::{Body, Delta};
use holdall::id::{CartId, LineKey};
use holdall::limits;
use holdall::sabotage;
use holdall::wire;
use holdall_store::{Append, Appended, Logged, Reply, RequestKey, StoreError};

/// The conditions of a change.
#[derive(Clone, Copy, Default)]
pub(super) struct Conditions {
    /// The request it carries out, which must be new to the cart.
    pub(super) key: Option<RequestKey>,
    /// The revision at which the cart must be.
    pub(super) only_at: Option<u64>,
}

/// A change of a cart, as it was decided on.
pub(super) struct CartChange {
    pub(super) delta: Delta,
    /// Whether the ownership changed.
    pub(super) ownership: bool,
    pub(super) what: &'static str,
    pub(super) outcome: Option<String>,
}

impl CartChange {
    pub(super) const fn of(delta: Delta, what: &'static str) -> Self {
        Self { delta, ownership: false, what, outcome: None }
    }

    /// Makes a change of the ownership alone.
    pub(super) fn of_ownership(cart: CartId, what: &'static str) -> Self {
        Self { ownership: true, ..Self::of(Delta::empty(cart), what) }
    }

    /// Makes a change that writes nothing.
    pub(super) fn nothing(cart: CartId) -> Self {
        Self::of(Delta::empty(cart), "nothing")
    }
}

/// What is to be known of a cart right after a change.
pub(super) trait Report {
    type Value;
    /// Reads it from the cart. `added` is the line of an Add that was all there was to the change.
    fn after(loaded: &mut LoadedCart, added: Option<&LineKey>) -> Self::Value;
    /// Reads it from the snapshot after an earlier change.
    fn earlier(snapshot: CartSnapshot) -> Self::Value;
}

/// A report of all that the shopper sees.
pub(super) struct WholeCart;

impl Report for WholeCart {
    type Value = CartSnapshot;

    fn after(loaded: &mut LoadedCart, added: Option<&LineKey>) -> CartSnapshot {
        loaded.snapshot_after(added)
    }

    fn earlier(snapshot: CartSnapshot) -> CartSnapshot {
        snapshot
    }
}

/// A report of the revision alone.
pub(super) struct RevisionOnly;

impl Report for RevisionOnly {
    type Value = u64;

    fn after(loaded: &mut LoadedCart, _: Option<&LineKey>) -> u64 {
        loaded.revision
    }

    fn earlier(snapshot: CartSnapshot) -> u64 {
        snapshot.revision
    }
}

/// A change that is durable.
pub(super) struct Committed<V, T> {
    pub(super) report: V,
    /// The value of whoever decided on the change; `None` if it had been made before.
    pub(super) value: Option<T>,
    /// Whether it had been made before.
    pub(super) repeated: bool,
    /// Whether tokens of the cart may have been revoked: then an account's cart lacks this change.
    pub(super) is_revoked: bool,
}

/// What one try to make a change comes to.
#[expect(clippy::large_enum_variant, reason = "most attempts send an append")]
pub(super) enum Attempt<'a, V, T> {
    /// There was nothing to append: it made no change, or had been made before.
    Committed(Committed<V, T>),
    /// The store has the append, and has not said what became of it.
    Sent(SentAppend<'a, V, T>),
    /// Another process has changed the cart meanwhile. Try again.
    Overtaken,
}

/// An append on its way. Its cart stays locked until it is settled or dropped.
pub(super) struct SentAppend<'a, V, T> {
    guard: CartGuard,
    loaded: Box<LoadedCart>,
    conditions: Conditions,
    reply: Reply<'a, Appended>,
    /// What the store said at once.
    early: Option<Result<Appended, StoreError>>,
    /// What is so once the append is durable.
    pub(super) report: V,
    value: T,
}

impl<V, T> SentAppend<'_, V, T> {
    /// Returns the line of an Add, if the cart shows something else than before only in its rows.
    pub(super) const fn updated_line(&self) -> Option<&LineKey> {
        self.loaded.updated_line()
    }
}

impl Authority {
    /// Makes a change that `work` decides on, and answers with the cart right after it. `work` sees
    /// the cart as it is, and is asked again if another process has changed it meanwhile.
    pub(super) async fn change(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        conditions: Conditions,
        mut work: impl FnMut(&mut LoadedCart) -> Result<CartChange, Refusal>,
    ) -> Result<Accepted, Refusal> {
        let mut work = |loaded: &mut LoadedCart| work(loaded).map(|change| (change, ()));
        let done =
            self.commit::<WholeCart, ()>(now_ms, caller, cart, conditions, &mut work).await?;
        Ok(Accepted { snapshot: done.report, repeated: done.repeated })
    }

    /// Makes a change that `work` decides on, and returns the cart's revision and a value of
    /// `work`.
    pub(super) async fn change_and<T>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        mut work: impl FnMut(&mut LoadedCart) -> Result<(CartChange, T), Refusal>,
    ) -> Result<(u64, Option<T>), Refusal> {
        let conditions = Conditions::default();
        let done =
            self.commit::<RevisionOnly, T>(now_ms, caller, cart, conditions, &mut work).await?;
        Ok((done.report, done.value))
    }

    async fn commit<R: Report, T>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        conditions: Conditions,
        work: &mut impl FnMut(&mut LoadedCart) -> Result<(CartChange, T), Refusal>,
    ) -> Result<Committed<R::Value, T>, Refusal> {
        for _ in 0..limits::ATTEMPTS {
            let attempt = self.attempt::<R, T>(now_ms, caller, cart, conditions, work).await?;
            let settled = match attempt {
                Attempt::Committed(done) => Some(done),
                Attempt::Sent(sent) => self.settle::<R, T>(sent).await?,
                Attempt::Overtaken => None,
            };
            if let Some(done) = settled {
                return Ok(done);
            }
        }
        Err(Refusal::Busy)
    }

    /// Decides on a change, and hands its append to the store.
    pub(super) async fn attempt<R: Report, T>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        conditions: Conditions,
        work: &mut impl FnMut(&mut LoadedCart) -> Result<(CartChange, T), Refusal>,
    ) -> Result<Attempt<'_, R::Value, T>, Refusal> {
        let mut guard = self.carts.lock(cart).await;
        // Out of its place until the store has what is done to it: a future that is dropped half
        // way leaves the place empty, and the next command loads.
        let mut loaded = self.get_or_load(&mut guard, cart).await?;

        // Decide: may the caller, does the condition hold, what is to be written.
        let admitted = self.admit(caller, &mut loaded).await;
        let may = admitted.is_ok();
        let stale = conditions
            .only_at
            .is_some_and(|at| sabotage!("condition-is-ignored", at != loaded.revision, false));
        let decided = match admitted {
            Err(refusal) => Err(refusal),
            Ok(()) if stale => Err(Refusal::Changed { now: Box::new(loaded.snapshot()) }),
            Ok(()) => work(&mut loaded),
        };
        let (change, value) = match decided {
            Ok(decided) => decided,
            Err(refusal) => {
                // Another process may have moved the cart on, and the refusal be about the past.
                if self.store.revision(cart).await? != Some(loaded.revision) {
                    return Ok(Attempt::Overtaken);
                }
                let earlier = if sabotage!("refusal-ignores-earlier-answer", may, false) {
                    self.earlier_append(cart, conditions).await?
                } else {
                    None
                };
                *guard = Some(loaded);
                let Some(then) = earlier else { return Err(refusal) };
                let done = Box::pin(self.repeated::<R, T>(cart, conditions, then)).await?;
                return Ok(Attempt::Committed(done));
            }
        };

        // A change that writes nothing, and that no request key has to tell of, is made.
        if change.delta.is_empty() && !change.ownership && conditions.key.is_none() {
            let report = R::after(&mut loaded, None);
            let is_revoked = loaded.ownership.is_revoked();
            *guard = Some(loaded);
            let value = Some(value);
            return Ok(Attempt::Committed(Committed {
                report,
                value,
                repeated: false,
                is_revoked,
            }));
        }

        // Hand it to the store, then look at the cart while the store syncs.
        let append = self.append_of(now_ms, caller, conditions, &mut loaded, &change);
        let added = added_to(&change.delta).cloned();
        drop(change);
        loaded.revision += 1;
        loaded.tail = if append.snapshot.is_some() { 0 } else { loaded.tail + 1 };
        let mut reply = self.store.append(append);
        let early = match poll_fn(|cx| Poll::Ready(reply.as_mut().poll(cx))).await {
            Poll::Ready(appended) => Some(appended),
            Poll::Pending => None,
        };
        let report = R::after(&mut loaded, added.as_ref());
        Ok(Attempt::Sent(SentAppend { guard, loaded, conditions, reply, early, report, value }))
    }

    /// Waits for what becomes of an append. `None`: the cart was at another revision; try again.
    pub(super) async fn settle<R: Report, T>(
        &self,
        sent: SentAppend<'_, R::Value, T>,
    ) -> Result<Option<Committed<R::Value, T>>, Refusal> {
        let SentAppend { mut guard, loaded, conditions, reply, early, report, value } = sent;
        let appended = match early {
            Some(appended) => appended,
            None => reply.await,
        };
        let cart = loaded.cart().id();
        match appended? {
            Appended::Done { .. } => {
                self.feed.publish(cart);
                let is_revoked = loaded.ownership.is_revoked();
                *guard = Some(loaded);
                let value = Some(value);
                Ok(Some(Committed { report, value, repeated: false, is_revoked }))
            }
            Appended::Answered { then } => {
                Ok(Some(Box::pin(self.repeated::<R, T>(cart, conditions, then)).await?))
            }
            Appended::Conflict { .. } => Ok(None),
        }
    }

    /// Puts a new cart in the store.
    pub(super) async fn create(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        ownership: Ownership,
        what: &'static str,
    ) -> Result<(), Refusal> {
        let incarnation = self.store.incarnation();
        let mut loaded = Box::new(LoadedCart::new(cart, ownership, incarnation, &self.settings));
        let change = CartChange::of_ownership(cart, what);
        let mut guard = self.carts.lock(cart).await;
        let append = self.append_of(now_ms, caller, Conditions::default(), &mut loaded, &change);
        *guard = match self.store.append(append).await? {
            // Whoever opens a cart looks at it next.
            Appended::Done { revision } => {
                self.feed.publish(cart);
                (loaded.revision, loaded.tail) = (revision, 1);
                Some(loaded)
            }
            // Another process, or an earlier try, has put it there.
            Appended::Conflict { .. } | Appended::Answered { .. } => None,
        };
        Ok(())
    }

    fn append_of(
        &self,
        now_ms: u64,
        caller: &Caller,
        conditions: Conditions,
        loaded: &mut LoadedCart,
        change: &CartChange,
    ) -> Append {
        let by = Actor::of(caller, loaded.digest_of(caller));
        let cart = loaded.cart();
        let mut append = Append::new(cart.id(), loaded.revision, now_ms, loaded.class());
        if !change.delta.is_empty() {
            append.delta = wire::encode_delta(&change.delta);
        }
        if change.ownership || loaded.revision == 0 {
            append.header = Some(loaded.ownership.encode());
        }
        if loaded.tail + 1 >= self.settings.snapshot_after {
            append.snapshot = Some(wire::encode_cart(cart));
        }
        append.key = sabotage!("request-key-is-not-stored", conditions.key, None);
        let (what, outcome) = (change.what.to_owned(), change.outcome.clone());
        append.note = Note { by, what, outcome }.encode();
        append
    }

    /// Finds what the request's key was used for, if it was.
    async fn earlier_append(
        &self,
        cart: CartId,
        conditions: Conditions,
    ) -> Result<Option<Logged>, StoreError> {
        match conditions.key {
            Some(asked) => self.store.find_request(cart, asked.key).await,
            None => Ok(None),
        }
    }

    /// Reports the cart as it was when the request was carried out.
    async fn repeated<R: Report, T>(
        &self,
        cart: CartId,
        conditions: Conditions,
        then: Logged,
    ) -> Result<Committed<R::Value, T>, Refusal> {
        if sabotage!(
            "used-key-answers-another-request",
            conditions.key.map(|key| key.body) != then.key.map(|key| key.body),
            false
        ) {
            return Err(Refusal::KeyReused);
        }
        let revision = sabotage!("repeated-request-gets-present-cart", then.revision, u64::MAX);
        let state = state_at(&*self.store, cart, revision).await?;
        let view = holdall::view::view(&state, &self.settings.rules, &self.settings.options);
        let incarnation = self.store.incarnation();
        let snapshot =
            CartSnapshot { cart, incarnation, revision: then.revision, view: view.into() };
        let report = R::earlier(snapshot);
        Ok(Committed { report, value: None, repeated: true, is_revoked: true })
    }
}

/// Returns the line, if a change is an Add and nothing else. What an Add makes dead was left on the
/// same line, and did not show.
fn added_to(delta: &Delta) -> Option<&LineKey> {
    let mut refs = delta.live().refs();
    let (fact, other) = (refs.next()?, refs.next());
    let is_add =
        sabotage!("any-entry-is-taken-for-add", matches!(fact.body(), Body::Add { .. }), true)
            && other.is_none();
    fact.line().filter(|_| is_add)
}
