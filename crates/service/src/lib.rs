//! Carts over HTTP and WebSocket: a [`router`] to nest in an axum app, and [`serve`] for whoever has none.
//!
//! It has no rules of its own. What a command means and whether it is taken is the business of the
//! [`authority`](holdall_authority); here is how it is asked and answered over HTTP: JSON, `Idempotency-Key`, `ETag` and
//! `If-Match`, problem details, limits. The interface is described at `/openapi.json`, which is made from the code.
//!
//! - A **guest** opens a cart with `POST /carts` and gets a token, which is all there is to being that guest. An **account** is whoever the
//!   embedder's [`Verifier`] says; the shop's own systems too.
//! - A command is answered with the whole cart, so that a client shows what was saved.
//! - `Cart-Seen`, the entity tag of the cart the shopper looked at, makes a command affect **exactly what its author had seen**: two
//!   more that another device put in meanwhile stay when this one says "make it three".
//! - `GET /carts/{cart}/live` is a WebSocket or a stream of events: see [`limits`] for how many there may be.
//!
//! What is served treats everything it is sent as hostile: heads, bodies, nesting, time and the number of requests at once are limited
//! ([`Settings`]), and what is beyond is refused with 503 and `Retry-After` before it costs anything. Logs and metrics name
//! routes and never carts, tokens or accounts.
//!
//! ```
//! use std::sync::Arc;
//! use axum::body::Body;
//! use axum::http::Request;
//! use holdall_authority::{Authority, Settings};
//! use holdall_service::{GuestsOnly, Service, router};
//! use holdall_store::MemoryStore;
//! use tower::ServiceExt;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let authority = Authority::new(Arc::new(MemoryStore::new(7)), Settings::default());
//! let carts = router(Service::new(Arc::new(authority), Arc::new(GuestsOnly)));
//! let app: axum::Router = axum::Router::new().nest("/shop", carts);
//! let opened = app.oneshot(Request::post("/shop/carts").body(Body::empty())?).await?;
//! assert_eq!(opened.status(), 201);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accounts;
mod auth;
mod cart_json;
mod carts;
mod checkout;
mod command;
mod demo;
mod exchange;
mod explain_json;
mod extract;
mod header_timeout;
mod health;
mod intents;
mod line_id;
mod live;
mod metrics;
mod middleware;
mod openapi;
mod page;
mod presence;
mod problem;
mod routes;
mod schema;
mod serve;
mod settings;

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};

pub use auth::{DemoAccounts, GuestsOnly, JwtVerifier, NoKey, Unverified, Verifier};
pub use line_id::{LineId, LineIdError};
pub use problem::Problem;
pub use routes::router;
pub use serve::serve;
pub use settings::Settings;

use holdall::limits;
use holdall_authority::Authority;
use metrics::RequestMetrics;
use presence::Presence;

/// The time in milliseconds since 1970.
type NowMs = dyn Fn() -> u64 + Send + Sync;

/// What the router works with. A clone is the same service.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    authority: Arc<Authority>,
    verifier: Arc<dyn Verifier>,
    settings: Settings,
    now_ms: Arc<NowMs>,
    metrics: Option<PrometheusHandle>,
    meters: RequestMetrics,
    demo: Option<DemoAccounts>,
    presence: Presence,
    in_flight: Semaphore,
    live: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// How to make a [`Service`] with more than the two things it needs.
pub struct Builder(Inner);

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

fn wall_clock_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Service {
    /// A service over an authority, with a verifier of accounts.
    #[must_use]
    pub fn new(authority: Arc<Authority>, verifier: Arc<dyn Verifier>) -> Self {
        Self::builder(authority, verifier).build()
    }

    /// The same with more to say.
    #[must_use]
    pub fn builder(authority: Arc<Authority>, verifier: Arc<dyn Verifier>) -> Builder {
        Builder(Inner {
            authority,
            verifier,
            settings: Settings::default(),
            now_ms: Arc::new(wall_clock_ms),
            metrics: None,
            meters: RequestMetrics::default(),
            demo: None,
            presence: Presence::default(),
            in_flight: Semaphore::new(limits::IN_FLIGHT_REQUESTS),
            live: Arc::new(Semaphore::new(limits::LIVE_CONNECTIONS)),
            closing: watch::Sender::new(false),
        })
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> &Arc<Authority> {
        &self.0.authority
    }

    /// Begins to end: it is not ready any more, and live connections are closed.
    pub fn close_live(&self) {
        self.0.closing.send_replace(true);
    }

    /// What tells this life of the store from one before it was restored.
    fn life(&self) -> u32 {
        // Random bits, of which 32 are enough to tell a few apart.
        self.0.authority.store().incarnation() as u32
    }

    fn verifier(&self) -> &dyn Verifier {
        &*self.0.verifier
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn now_ms(&self) -> u64 {
        (self.0.now_ms)()
    }

    fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    /// Ready when no live connection is left.
    async fn all_live_gone(&self) {
        let all = u32::try_from(self.0.settings.live).unwrap_or(u32::MAX);
        let _ = self.0.live.acquire_many(all).await;
    }

    fn is_closing(&self) -> bool {
        *self.0.closing.borrow()
    }
}

impl Builder {
    /// With other limits than the default.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.0.in_flight = Semaphore::new(settings.in_flight);
        self.0.live = Arc::new(Semaphore::new(settings.live));
        self.0.settings = settings;
        self
    }

    /// With another clock than the machine's: milliseconds since 1970.
    #[must_use]
    pub fn clock(mut self, now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.0.now_ms = Arc::new(now_ms);
        self
    }

    /// With the process's metrics, to be shown at `/metrics`.
    #[must_use]
    pub fn metrics(mut self, handle: PrometheusHandle) -> Self {
        self.0.metrics = Some(handle);
        self
    }

    /// With a page at `/`, and accounts for whoever asks: for trying things out on one's own machine, and for nothing else. Requests
    /// to any host but the machine's own names are refused.
    #[must_use]
    pub fn demo(mut self, accounts: DemoAccounts) -> Self {
        self.0.verifier = Arc::new(accounts.clone());
        self.0.demo = Some(accounts);
        self
    }

    /// The service.
    #[must_use]
    pub fn build(self) -> Service {
        Service(Arc::new(self.0))
    }
}

impl FromRequestParts<Service> for Service {
    type Rejection = Infallible;
    async fn from_request_parts(_: &mut Parts, service: &Service) -> Result<Self, Infallible> {
        Ok(service.clone())
    }
}

pub mod manual {
    //! How to serve carts over HTTP, with a page to see them.
    #![doc = include_str!("manual.md")]
}
