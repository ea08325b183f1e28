//! Settings of the HTTP service.

use std::time::Duration;

use holdall::limits;

/// Limits and time-outs of the HTTP service. The defaults suit a production deployment.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Maximum number of requests in progress. Further requests get 503.
    pub in_flight: usize,
    /// Maximum duration of a request, reading its body included.
    pub request_time: Duration,
    /// Maximum size of a body that is not a delta, in bytes.
    pub body_bytes: usize,
    /// Maximum size of a delta over HTTP or WebSocket, in bytes.
    pub delta_bytes: usize,
    /// Origins whose pages may call the service from a browser, as `https://shop.example`.
    pub origins: Vec<String>,
    /// Maximum number of live connections.
    pub live: usize,
    /// Maximum number of live connections to one cart.
    pub live_of_cart: usize,
    /// Interval between pings of a live connection.
    pub ping: Duration,
    /// Time that requests in progress get to finish at shutdown.
    pub drain: Duration,
    /// Maximum number of connections that [`serve`](super::serve) accepts.
    pub connections: usize,
    /// Time that [`serve`](super::serve) waits for the head of a request, also on an idle
    /// connection.
    pub head_time: Duration,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        let request_time = Duration::from_millis(limits::REQUEST_MS);
        Self {
            in_flight: limits::IN_FLIGHT_REQUESTS,
            request_time,
            body_bytes: limits::BODY_BYTES,
            delta_bytes: limits::DELTA_BODY_BYTES,
            origins: Vec::new(),
            live: limits::LIVE_CONNECTIONS,
            live_of_cart: limits::LIVE_CONNECTIONS_OF_CART,
            ping: Duration::from_millis(limits::PING_MS),
            drain: request_time,
            connections: limits::CONNECTIONS,
            head_time: Duration::from_millis(limits::HEAD_MS),
        }
    }
}
