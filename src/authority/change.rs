//! How any command becomes durable: load, decide, append on condition, answer.

use std::future::Future;
use std::time::Instant;

use tracing::Instrument;

use super::answer::{Accepted, Shown};
use super::caller::{Caller, Digest};
use super::guests::Claimed;
use super::header::Header;
use super::journal::{By, Note};
use super::refusal::Refusal;
use super::resident::Resident;
use super::{Authority, history};
use crate::cart::Delta;
use crate::id::CartId;
use crate::limits;
use crate::store::{Append, Appended, Logged, RequestKey, Slot, StoreError};
use crate::wire;

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

impl Authority {
    /// Counts a command and its time, and puts it in a span.
    pub(super) async fn observed<T>(
        &self,
        command: &'static str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let began = Instant::now();
        let span = tracing::debug_span!("command", command);
        let result = work.instrument(span).await;
        let outcome = match &result {
            Ok(_) => "done",
            Err(refusal) => refusal.kind(),
        };
        metrics::counter!("holdall_commands_total", "command" => command, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("holdall_command_seconds", "command" => command)
            .record(began.elapsed().as_secs_f64());
        if let Err(Refusal::Store(error)) = &result {
            tracing::warn!(command, %error, "the store refused");
        }
        result
    }

    /// Takes in a change that `work` decides on, and answers with the cart right after it. `work` sees the cart as
    /// it is, and is asked again if another process changed it meanwhile.
    pub(super) async fn change(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        ask: Ask,
        mut work: impl FnMut(&mut Resident) -> Result<Change, Refusal>,
    ) -> Result<Accepted, Refusal> {
        self.change_and(now_ms, caller, cart, ask, |resident| work(resident).map(|c| (c, ())))
            .await
            .map(|(accepted, _)| accepted)
    }

    /// The same with a value besides; `None` if the request had been carried out before.
    pub(super) async fn change_and<T>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        ask: Ask,
        mut work: impl FnMut(&mut Resident) -> Result<(Change, T), Refusal>,
    ) -> Result<(Accepted, Option<T>), Refusal> {
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        for _ in 0..limits::ATTEMPTS {
            // Out of its seat until the store has what is done to it: a future that is dropped
            // half way leaves an empty seat, and the next command loads.
            let mut resident = self.at_hand(&mut seat, cart).await?;
            let admitted = self.admit(caller, &resident).await;
            let may = admitted.is_ok();
            let stale = ask.only_at.is_some_and(|at| at != resident.revision);
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
                    let answered = if may { self.answered(cart, ask).await? } else { None };
                    *seat = Some(resident);
                    return match answered {
                        Some(then) => Ok((self.as_then(cart, ask, &then).await?, None)),
                        None => Err(refusal),
                    };
                }
            };
            if change.delta.is_empty() && !change.header && ask.key.is_none() {
                let accepted = Accepted { shown: shown(&resident), repeated: false };
                *seat = Some(resident);
                return Ok((accepted, Some(value)));
            }
            let append = self.append_of(now_ms, caller, ask, &resident, &change);
            let whole = append.snapshot.is_some();
            match self.store.append(append).await? {
                Appended::Done { revision } => {
                    self.watchers.tell(cart);
                    resident.revision = revision;
                    resident.tail = if whole { 0 } else { resident.tail + 1 };
                    let accepted = Accepted { shown: shown(&resident), repeated: false };
                    *seat = Some(resident);
                    return Ok((accepted, Some(value)));
                }
                Appended::Answered { then } => {
                    return Ok((self.as_then(cart, ask, &then).await?, None));
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
        header: Header,
        what: &'static str,
    ) -> Result<(), Refusal> {
        let incarnation = self.store.incarnation();
        let resident = Resident::new(cart, header, incarnation, &self.settings);
        let change = Change::of_header(cart, what);
        let append = self.append_of(now_ms, caller, Ask::default(), &resident, &change);
        match self.store.append(append).await? {
            // A conflict: another process, or an earlier try, has put it there.
            Appended::Done { .. } | Appended::Conflict { .. } | Appended::Answered { .. } => Ok(()),
        }
    }

    /// Reads a cart as it is in the store now.
    pub(super) async fn look<T>(
        &self,
        caller: &Caller,
        cart: CartId,
        read: impl FnOnce(&Resident) -> T,
    ) -> Result<T, Refusal> {
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        if let Some(resident) = &*seat
            && self.store.revision(cart).await? != Some(resident.revision)
        {
            *seat = None;
        }
        let resident = self.at_hand(&mut seat, cart).await?;
        let admitted = self.admit(caller, &resident).await;
        let value = admitted.map(|()| read(&resident));
        *seat = Some(resident);
        value
    }

    /// The cart in its seat, or from the store.
    pub(super) async fn at_hand(
        &self,
        seat: &mut Option<Box<Resident>>,
        cart: CartId,
    ) -> Result<Box<Resident>, Refusal> {
        if let Some(resident) = seat.take() {
            return Ok(resident);
        }
        let loaded = self.store.load(cart).await?.ok_or(Refusal::NotYours { cart })?;
        let incarnation = self.store.incarnation();
        Ok(Box::new(Resident::open(cart, &loaded, incarnation, &self.settings)?))
    }

    /// Whether the caller may see and edit it.
    pub(super) async fn admit(&self, caller: &Caller, resident: &Resident) -> Result<(), Refusal> {
        let cart = resident.cart().id();
        if resident.cart().is_erased() {
            return Err(Refusal::Erased);
        }
        let claimed_by = self.claimed_by(caller, cart, &resident.header).await?;
        resident.header.admit(cart, caller, claimed_by)
    }

    /// Which account has claimed a guest cart, if an account asks.
    pub(super) async fn claimed_by(
        &self,
        caller: &Caller,
        cart: CartId,
        header: &Header,
    ) -> Result<Option<Digest>, Refusal> {
        if !header.is_guest() || !matches!(caller.who, super::Who::Account(_)) {
            return Ok(None);
        }
        let held = self.store.slot(Slot::Claim(cart)).await?;
        Ok(held.and_then(|held| Claimed::decode(&held.value)).and_then(|claimed| claimed.holder()))
    }

    /// Reads a cart that was just written or answered about, for the server's own use.
    pub(super) async fn peek<T>(
        &self,
        cart: CartId,
        read: impl FnOnce(&Resident) -> T,
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
        resident: &Resident,
        change: &Change,
    ) -> Append {
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
        append.key = ask.key;
        let (what, outcome) = (change.what.to_owned(), change.outcome.clone());
        append.note = Note { by: By::of(caller, cart.id()), what, outcome }.encode();
        append
    }

    /// What the request's key was used for, if it was.
    async fn answered(&self, cart: CartId, ask: Ask) -> Result<Option<Logged>, StoreError> {
        match ask.key {
            Some(asked) => self.store.answered(cart, asked.key).await,
            None => Ok(None),
        }
    }

    /// The answer that a request got when it was carried out: the cart as it was then.
    async fn as_then(&self, cart: CartId, ask: Ask, then: &Logged) -> Result<Accepted, Refusal> {
        if ask.key.map(|key| key.body) != then.key.map(|key| key.body) {
            return Err(Refusal::KeyReused);
        }
        let state = history::state_at(&*self.store, cart, then.revision).await?;
        let view = crate::view::view(&state, &self.settings.rules, &self.settings.options);
        let shown = Shown { cart, revision: then.revision, view };
        Ok(Accepted { shown, repeated: true })
    }
}

pub(super) fn shown(resident: &Resident) -> Shown {
    Shown { cart: resident.cart().id(), revision: resident.revision, view: resident.view() }
}
