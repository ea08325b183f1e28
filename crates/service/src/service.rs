//! The service: an authority, a token verifier, settings, and state that all requests share.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};

use super::auth::{DemoAccounts, TokenVerifier};
use super::cart_json::RenderedCarts;
use super::metrics::RequestMetrics;
use super::presence::Presence;
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::settings::ServiceSettings;
use holdall::limits;
use holdall_authority::{Authority, GuestToken, Principal};

/// The prefix of guests' tokens.
const GUEST_TOKEN: &str = "hdg_";

/// A clock that returns milliseconds since 1970.
type NowMs = dyn Fn() -> u64 + Send + Sync;

/// The service that the [router](super::router) serves. A clone shares everything.
#[derive(Clone)]
pub struct Service(Arc<ServiceInner>);

struct ServiceInner {
    authority: Arc<Authority>,
    verifier: Arc<dyn TokenVerifier>,
    rendered_carts: RenderedCarts,
    settings: ServiceSettings,
    now_ms: Arc<NowMs>,
    metrics: Option<PrometheusHandle>,
    request_metrics: RequestMetrics,
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

/// A builder of a [`Service`] that sets more than its authority and its verifier.
pub struct ServiceBuilder(ServiceInner);

impl std::fmt::Debug for ServiceBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceBuilder").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

fn wall_clock_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Service {
    /// Makes a service over an authority, with a verifier of accounts and the default settings.
    #[must_use]
    pub fn new(authority: Arc<Authority>, verifier: Arc<dyn TokenVerifier>) -> Self {
        Self::builder(authority, verifier).build()
    }

    /// Returns a builder that also sets settings, clock, metrics or the demo page.
    #[must_use]
    pub fn builder(authority: Arc<Authority>, verifier: Arc<dyn TokenVerifier>) -> ServiceBuilder {
        let rendered_carts = RenderedCarts::new(authority.settings().resident_carts);
        ServiceBuilder(ServiceInner {
            authority,
            rendered_carts,
            verifier,
            settings: ServiceSettings::default(),
            now_ms: Arc::new(wall_clock_ms),
            metrics: None,
            request_metrics: RequestMetrics::default(),
            demo: None,
            presence: Presence::default(),
            in_flight: Semaphore::new(limits::IN_FLIGHT_REQUESTS),
            live: Arc::new(Semaphore::new(limits::LIVE_CONNECTIONS)),
            closing: watch::Sender::new(false),
        })
    }

    /// Returns the authority.
    #[must_use]
    pub fn authority(&self) -> &Arc<Authority> {
        &self.0.authority
    }

    /// Starts the shutdown: `/readyz` answers 503 from now on, and live connections close.
    pub fn close_live(&self) {
        self.0.closing.send_replace(true);
    }

    /// Returns the incarnation of the store. A store restored from a backup has a new one.
    pub(super) fn incarnation(&self) -> u128 {
        self.0.authority.store().incarnation()
    }

    /// Returns the cache of rendered carts.
    pub(super) fn rendered_carts(&self) -> &RenderedCarts {
        &self.0.rendered_carts
    }

    /// Returns the demo accounts, if the service runs in demo mode.
    pub(super) fn demo(&self) -> Option<&DemoAccounts> {
        self.0.demo.as_ref()
    }

    /// Returns the process's metrics, if the service publishes them.
    pub(super) fn metrics(&self) -> Option<&PrometheusHandle> {
        self.0.metrics.as_ref()
    }

    /// Returns the counters of requests.
    pub(super) fn request_metrics(&self) -> &RequestMetrics {
        &self.0.request_metrics
    }

    /// Returns the permits of requests in progress.
    pub(super) fn in_flight(&self) -> &Semaphore {
        &self.0.in_flight
    }

    /// Returns the permits of live connections.
    pub(super) fn live(&self) -> &Arc<Semaphore> {
        &self.0.live
    }

    /// Returns the lists of devices that watch each cart.
    pub(super) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(super) fn verifier(&self) -> &dyn TokenVerifier {
        &*self.0.verifier
    }

    /// Returns the owner of a bearer token.
    ///
    /// # Errors
    /// The token has a guest's prefix and is malformed, or the verifier refuses it.
    pub(super) fn identify(&self, token: &str) -> Result<Principal, Problem> {
        let refused =
            || Problem::new(ProblemType::Unauthenticated, "the token is not valid: sign in again");
        if token.starts_with(GUEST_TOKEN) {
            return token.parse::<GuestToken>().map(Principal::Guest).map_err(|_| refused());
        }
        self.verifier().verify(token, self.now_ms()).map_err(|error| {
            tracing::debug!(%error, "a token was refused");
            refused()
        })
    }

    pub(super) fn settings(&self) -> &ServiceSettings {
        &self.0.settings
    }

    pub(super) fn now_ms(&self) -> u64 {
        (self.0.now_ms)()
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    /// Waits until no live connection is left.
    pub(super) async fn all_live_gone(&self) {
        let all = u32::try_from(self.0.settings.live).unwrap_or(u32::MAX);
        let _ = self.0.live.acquire_many(all).await;
    }

    pub(super) fn is_closing(&self) -> bool {
        *self.0.closing.borrow()
    }
}

impl ServiceBuilder {
    /// Sets the limits and time-outs.
    #[must_use]
    pub fn settings(mut self, settings: ServiceSettings) -> Self {
        self.0.in_flight = Semaphore::new(settings.in_flight);
        self.0.live = Arc::new(Semaphore::new(settings.live));
        self.0.settings = settings;
        self
    }

    /// Sets the clock, in milliseconds since 1970. The default is the machine's.
    #[must_use]
    pub fn clock(mut self, now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.0.now_ms = Arc::new(now_ms);
        self
    }

    /// Shows the process's metrics at `/metrics`.
    #[must_use]
    pub fn metrics(mut self, handle: PrometheusHandle) -> Self {
        self.0.metrics = Some(handle);
        self
    }

    /// Enables demo mode: serves a page at `/`, and issues tokens of any account to any caller. Use
    /// it on your own machine only. Requests for other host names than the machine's own are
    /// refused.
    #[must_use]
    pub fn demo(mut self, accounts: DemoAccounts) -> Self {
        self.0.verifier = Arc::new(accounts.clone());
        self.0.demo = Some(accounts);
        self
    }

    /// Builds the service.
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
