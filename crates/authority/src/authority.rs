//! The authority: what it stands on.

use std::sync::Arc;

use super::cart_cache::CartCache;
use super::entropy::{Entropy, SystemEntropy};
use super::metrics::CommandMetrics;
use super::rates::Rates;
use super::refusal::Refusal;
use super::settings::AuthoritySettings;
use super::watch::{Watch, Watchers};
use holdall::id::CartId;
use holdall_store::{ChangeFeed, LocalFeed, NoViewCache, Store, ViewCache, ViewKeeper};

/// Decides on commands, over a store. The [crate's page](crate) says what it promises.
///
/// - Shoppers: [`open_guest`](Self::open_guest), [`account_cart`](Self::account_cart),
///   [`submit`](Self::submit), [`read`](Self::read), [`explain`](Self::explain),
///   [`watch`](Self::watch), [`sign_in`](Self::sign_in), [`unmerge`](Self::unmerge),
///   [`sign_out`](Self::sign_out).
/// - Embedders that render: [`begin`](Self::begin), [`read_view`](Self::read_view).
/// - Clients that keep a replica: [`register`](Self::register), [`accept`](Self::accept),
///   [`exchange`](Self::exchange), [`catch_up`](Self::catch_up), [`retire`](Self::retire).
/// - The shop's systems: [`checkout`](Self::checkout), [`place`](Self::place),
///   [`abandon`](Self::abandon).
/// - Operators: [`sweep`](Self::sweep), [`fold`](Self::fold), [`erase`](Self::erase),
///   [`verify`](Self::verify), [`inspect`](Self::inspect), [`journal`](Self::journal),
///   [`export`](Self::export), [`import`](Self::import).
#[derive(Debug)]
pub struct Authority {
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: AuthoritySettings,
    pub(super) carts: CartCache,
    pub(super) rates: Rates,
    pub(super) watchers: Watchers,
    pub(super) feed: Arc<dyn ChangeFeed>,
    pub(super) views: ViewKeeper,
    pub(super) metrics: CommandMetrics,
    pub(super) entropy: Box<dyn Entropy>,
}

impl Authority {
    /// Makes an authority over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, settings: AuthoritySettings) -> Self {
        Self::with_entropy(store, settings, Box::new(SystemEntropy))
    }

    /// Makes an authority over a store, with random bits of a simulation.
    #[must_use]
    pub fn with_entropy(
        store: Arc<dyn Store>,
        settings: AuthoritySettings,
        entropy: Box<dyn Entropy>,
    ) -> Self {
        let watchers = Watchers::default();
        let feed: Arc<dyn ChangeFeed> = Arc::new(LocalFeed::default());
        feed.subscribe(watchers.listener());
        Self {
            carts: CartCache::new(settings.resident_carts),
            views: ViewKeeper::new(store.clone(), Arc::new(NoViewCache)),
            store,
            settings,
            rates: Rates::new(),
            watchers,
            feed,
            metrics: CommandMetrics::default(),
            entropy,
        }
    }

    /// Uses this feed of changes instead of one within the process. The authority publishes on it
    /// what it changes, and wakes its [watches](Self::watch) for what others publish.
    #[must_use]
    pub fn with_change_feed(mut self, feed: Arc<dyn ChangeFeed>) -> Self {
        feed.subscribe(self.watchers.listener());
        self.feed = feed;
        self
    }

    /// Keeps rendered views in this cache, for carts that are not in memory: see
    /// [`read_view`](Self::read_view).
    #[must_use]
    pub fn with_view_cache(mut self, cache: Arc<dyn ViewCache>) -> Self {
        self.views = ViewKeeper::new(self.store.clone(), cache);
        self
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Returns what the deployment decided.
    #[must_use]
    pub const fn settings(&self) -> &AuthoritySettings {
        &self.settings
    }

    /// Notifies of changes to one cart. Changes by this process are always reported; changes by
    /// another process only if the [feed](Self::with_change_feed) delivers them, so poll as well. It
    /// tells that the cart has changed, not how: read it, with the caller's rights of that moment.
    #[must_use]
    pub fn watch(&self, cart: CartId) -> Watch {
        self.watchers.watch(cart)
    }

    /// Closes the store, and ends the work of the view cache and the change feed. What was
    /// acknowledged is durable when this returns, and nothing more is accepted.
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
