//! A durable cart authority: it takes in commands of shoppers it does not trust, decides, makes
//! them durable, and answers. No HTTP and no SQL inside.
//!
//! - **Acknowledged means kept.** An answer is given when the store has what it says.
//! - **Once means once.** A [`Request`] has a key that its client drew: the same request again gets the answer it got, however
//!   often it comes and over whichever connection. Deltas of replicating clients need no key: dots are exact, for ever.
//! - **Nothing of one person reaches another.** A guest cart opens to a 256-bit token that is kept nowhere, an account's to whoever
//!   signed in. That a cart is not there and that it is somebody else's look the same.
//! - **What the shopper sees decides nothing here.** A command is refused for breaches of the protocol, for limits and for rates; never for stock, price or
//!   another line.
//!
//! Time is handed in with each call, in milliseconds since 1970. Several processes may stand over one store:
//! a command is decided on the cart as it was loaded and appended on the condition that it still is so.
//!
//! ```
//! use std::sync::Arc;
//! use holdall_authority::{Authority, Request, Settings};
//! use holdall_store::MemoryStore;
//! use holdall::{Action, LineKey, Quantity, RowRef};
//! # futures_lite::future::block_on(async {
//! let authority = Authority::new(Arc::new(MemoryStore::new(7)), Settings::default());
//! let now_ms = 1_700_000_000_000;
//! let guest = authority.open_guest(now_ms).await?;
//! let row = RowRef::active(LineKey::parse("TEE", [("size", "M")])?);
//! let add = Request::new(0xfeed, Action::Add { row, quantity: Quantity::new(2)?, price: None });
//!
//! let first = authority.submit(now_ms, &guest.token.into(), guest.cart, &add).await?;
//! assert_eq!(first.shown.view.lines[0].quantity, 2);
//! // The response was lost, and the client sends it again.
//! let again = authority.submit(now_ms, &guest.token.into(), guest.cart, &add).await?;
//! assert_eq!((again.shown, again.repeated), (first.shown, true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod act_as;
mod admission;
mod archive;
mod caller;
mod cart_cache;
mod checkout;
mod command;
mod commit;
mod hex;
mod history;
mod inspect;
mod journal;
mod maintenance;
mod metrics;
mod outcome;
mod ownership;
mod rates;
mod refusal;
mod replication;
mod settings;
mod sheet;
mod sign_in;
mod watch;
mod written;

use std::sync::Arc;

pub use archive::Archived;
pub use caller::{AccountId, Caller, GuestToken, Principal, TokenError};
pub use command::Request;
pub use history::When;
pub use inspect::Inspected;
pub use journal::{Actor, Entry, Note};
pub use maintenance::Verified;
pub use outcome::{
    Accepted, Acknowledged, Admitted, CatchUp, Checkout, Lease, Opened, PlaceOrder, Receipt,
    Registered, Rejection, Shown, SignedIn, Swept, Told, Written,
};
pub use refusal::{Advice, Refusal};
pub use settings::{Policies, Rate, Retention, Settings, Situation};
pub use sheet::Sheet;
pub use watch::Watch;
pub use written::Form;

use cart_cache::CartCache;
use holdall::cart::Have;
use holdall::id::CartId;
use holdall::limits;
use holdall::view::Explanation;
use holdall::wire;
use holdall_store::{ChangeFeed, LocalFeed, NoViewCache, Store, ViewCache, ViewKeeper};
use rates::Rates;

/// Where random bits come from: the operating system, or a test's seed.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// 256 random bits.
    fn bits(&self) -> [u8; 32];
}

/// The operating system's random bits.
#[derive(Debug, Clone, Copy)]
struct System;

impl Entropy for System {
    fn bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        // Without random bits there are no tokens; an embedder cannot go on either.
        getrandom::fill(&mut bits).unwrap_or_else(|error| panic!("no random bits: {error}"));
        bits
    }
}

/// Decides on commands, over a store. See the [module](self).
#[derive(Debug)]
pub struct Authority {
    store: Arc<dyn Store>,
    settings: Settings,
    residents: CartCache,
    rates: Rates,
    watchers: watch::Watchers,
    feed: Arc<dyn ChangeFeed>,
    views: ViewKeeper,
    meters: metrics::CommandMetrics,
    chance: Box<dyn Entropy>,
}

impl Authority {
    /// An authority over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, settings: Settings) -> Self {
        Self::with_entropy(store, settings, Box::new(System))
    }

    /// The same with other random bits: a simulation's.
    #[must_use]
    pub fn with_entropy(
        store: Arc<dyn Store>,
        settings: Settings,
        chance: Box<dyn Entropy>,
    ) -> Self {
        let residents = CartCache::new(settings.resident_carts);
        let watchers = watch::Watchers::default();
        let feed: Arc<dyn ChangeFeed> = Arc::new(LocalFeed::default());
        feed.subscribe(watchers.listener());
        let views = ViewKeeper::new(store.clone(), Arc::new(NoViewCache));
        let meters = metrics::CommandMetrics::default();
        Self {
            store,
            settings,
            residents,
            rates: Rates::new(),
            watchers,
            feed,
            views,
            meters,
            chance,
        }
    }

    /// Uses this feed of changes instead of one within the process: it publishes what it changes, and
    /// wakes its [watches](Self::watch) of what others publish.
    #[must_use]
    pub fn with_change_feed(mut self, feed: Arc<dyn ChangeFeed>) -> Self {
        feed.subscribe(self.watchers.listener());
        self.feed = feed;
        self
    }

    /// Keeps rendered views in this cache, for carts that are not in memory.
    #[must_use]
    pub fn with_view_cache(mut self, cache: Arc<dyn ViewCache>) -> Self {
        self.views = ViewKeeper::new(self.store.clone(), cache);
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What the deployment decided.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A cart as its shopper sees it. Reads never write.
    ///
    /// # Errors
    /// It is not the caller's, or was erased; the store's.
    pub async fn read(&self, caller: &Caller, cart: CartId) -> Result<Shown, Refusal> {
        self.look(caller, cart, |resident| Shown {
            cart,
            revision: resident.revision,
            view: resident.view(),
        })
        .await
    }

    /// Why it shows what it shows.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn explain(
        &self,
        caller: &Caller,
        cart: CartId,
    ) -> Result<Vec<Explanation>, Refusal> {
        self.look(caller, cart, |resident| resident.replica.explain()).await
    }

    /// What a replicating client lacks, as the bytes of a delta.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn exchange(
        &self,
        caller: &Caller,
        cart: CartId,
        have: &Have,
    ) -> Result<Vec<u8>, Refusal> {
        self.look(caller, cart, |resident| wire::encode_delta(&resident.cart().delta_for(have)))
            .await
    }

    /// What a replicating client lacks that has `have`, and what it has with that.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn catch_up(
        &self,
        caller: &Caller,
        cart: CartId,
        have: &Have,
    ) -> Result<CatchUp, Refusal> {
        self.look(caller, cart, |resident| {
            let delta = resident.cart().delta_for(have);
            let changed = !delta.is_empty() || delta.is_erasure();
            CatchUp {
                delta: changed.then(|| wire::encode_delta(&delta)),
                have: resident.cart().have(),
                revision: resident.revision,
            }
        })
        .await
    }

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
        let done = self.carry_out(now_ms, caller, cart, request, &commit::Whole).await?;
        Ok(Accepted { shown: done.told, repeated: done.repeated })
    }

    /// Carries a command out as [`submit`](Self::submit) does, for whoever does not show the cart now: no view of it is made.
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
        let done = self.carry_out(now_ms, caller, cart, request, &commit::Revision).await?;
        Ok(Acknowledged { revision: done.told, repeated: done.repeated })
    }

    /// Carries a command out as [`submit`](Self::submit) does, and answers with the cart written out in a form. Whoever reads it
    /// next in that form gets the same bytes.
    ///
    /// # Errors
    /// As with [`submit`](Self::submit).
    pub async fn submit_written(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        request: &Request,
        form: &Form,
    ) -> Result<Told, Refusal> {
        let done = self.carry_out(now_ms, caller, cart, request, form).await?;
        Ok(Told { written: done.told, repeated: done.repeated })
    }

    async fn carry_out<A: commit::Answer>(
        &self,
        now_ms: u64,
        caller: &Caller,
        cart: CartId,
        request: &Request,
        answer: &A,
    ) -> Result<commit::Done<A::Told>, Refusal> {
        self.observed(request.action.name(), async {
            self.rates.take(now_ms, caller, cart, &self.settings)?;
            self.check_age(now_ms, request)?;
            let ask = commit::Ask { key: request.key(), only_at: request.only_at };
            let mut tries = 0;
            let done = loop {
                // What few commands need is in a box: a future is moved several times, and all that it can come to with it.
                let past = match request.seen {
                    Some(seen) => Box::pin(self.past(caller, cart, seen)).await?.map(Box::new),
                    None => None,
                };
                let done = self.change_as(now_ms, caller, cart, ask, answer, |resident| {
                    let delta = self.act(now_ms, caller, request, past.as_deref(), resident)?;
                    Ok((commit::Change::of(delta, request.action.name()), ()))
                });
                tries += 1;
                match done.await {
                    // The same device wrote something else meanwhile.
                    Err(Refusal::Busy) if past.is_some() && tries < limits::ATTEMPTS => {}
                    done => break done?.0,
                }
            };
            if done.is_revoked {
                Box::pin(self.absorb(now_ms, cart)).await?;
            }
            Ok(done)
        })
        .await
    }

    /// A request under a key so old that the store may have let go of it is not taken for a new one.
    fn check_age(&self, now_ms: u64, request: &Request) -> Result<(), Refusal> {
        let retention = &self.settings.retention;
        let minted_ms = request.key.and_then(command::minted_ms);
        match minted_ms {
            Some(minted_ms) if now_ms.saturating_sub(minted_ms) > retention.journal_ms => {
                Err(Refusal::KeyTooOld { days: retention.journal_days() })
            }
            _ => Ok(()),
        }
    }

    /// Ends: nothing more is taken in, and what was is durable when this returns.
    ///
    /// # Errors
    /// The store's.
    pub async fn close(&self) -> Result<(), Refusal> {
        let closed = self.store.close().await;
        self.views.close();
        self.feed.close();
        Ok(closed?)
    }
}

pub mod manual {
    //! How to embed an authority, and how to operate a store.
    #![doc = include_str!("manual.md")]
}
