//! What a deployment decides about HTTP.

use std::time::Duration;

use holdall::limits;

/// What a deployment decides about HTTP. The default is meant to be right.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Requests that are worked on at once. More are sent away with 503.
    pub in_flight: usize,
    /// How long a request may take, its body included.
    pub request_time: Duration,
    /// Longest body, in bytes, but for deltas.
    pub body_bytes: usize,
    /// Longest delta, in bytes; over WebSocket too.
    pub delta_bytes: usize,
    /// Origins whose pages may use the service from a browser: `https://shop.example`.
    pub origins: Vec<String>,
    /// Live connections at once.
    pub live: usize,
    /// Live connections about one cart at once.
    pub live_of_cart: usize,
    /// How often a live connection is asked whether it is still there.
    pub ping: Duration,
    /// How long requests under way may take once the service is to end.
    pub drain: Duration,
    /// Connections at once, if the service is served by [`serve`](super::serve).
    pub connections: usize,
    /// How long the head of a request may take, and a connection be idle, if the service is served by [`serve`](super::serve).
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
