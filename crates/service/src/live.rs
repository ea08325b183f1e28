//! Live updates of a cart, over WebSocket or as Server-Sent Events.
//!
//! A WebSocket client offers one of two subprotocols. A browser cannot set `Authorization` on a
//! WebSocket, so it offers a second subprotocol: `bearer.` followed by the token.
//!
//! - `holdall.v1.json`: the server sends `{"type": "cart", "cart": ...}` at first and after each
//!   change, and `{"type": "present", "devices": [...]}` when a device comes or goes. The client
//!   sends nothing.
//! - `holdall.v1`, for replicating clients: the client's first message is the bytes of a message
//!   `Have`. From then on the server sends the bytes of deltas that the client lacks. The client
//!   sends deltas; each is answered in turn with a text: `{"type": "admitted", ...}` or
//!   `{"type": "refused", "problem": ...}`. Presence is sent as text too.
//!
//! Server-Sent Events are named `cart` and `present` and carry this data. The token is checked
//! again at each change and each ping; a token that has ended closes the connection (4401).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use utoipa::IntoParams;

use super::authenticated::{Authenticated, device};
use super::cart_body::CartBody;
use super::exchange::{AdmittedBody, have_of};
use super::extract::{CartPath, PathParams, QueryParams};
use super::presence::{PresenceEntry, WatchingDevice};
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::cart::Have;
use holdall::id::CartId;
use holdall::limits;
use holdall_authority::{Caller, Watch};

const JSON: &str = "holdall.v1.json";
const BYTES: &str = "holdall.v1";
const BEARER: &str = "bearer.";
/// The size of a read buffer, in bytes. Buffers live as long as the connection, and most
/// connections are idle.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Close codes: those of RFC 6455, and from 4000 on those of this service.
mod code {
    pub(super) const GOING_AWAY: u16 = 1001;
    pub(super) const UNACCEPTABLE: u16 = 1008;
    pub(super) const UNAUTHENTICATED: u16 = 4401;
}

/// The query of a live connection.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LiveQuery {
    /// The device's name, shown to the other devices that watch this cart.
    #[serde(default = "unnamed")]
    #[param(max_length = 64, required = false)]
    name: String,
}

fn unnamed() -> String {
    "device".to_owned()
}

/// A text message of the server over a WebSocket.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum LiveMessage<'a> {
    Cart {
        cart: &'a CartBody,
    },
    Present {
        devices: &'a [WatchingDevice],
    },
    Admitted {
        #[serde(flatten)]
        admitted: AdmittedBody,
    },
    Refused {
        problem: Problem,
    },
}

/// Sends the cart at first and after each change, over a WebSocket or as events
/// (`Accept: text/event-stream`).
#[utoipa::path(
    get,
    path = "/carts/{cart}/live",
    tag = "carts",
    params(CartPath, LiveQuery),
    responses(
        (status = 101, description = "A WebSocket: subprotocol `holdall.v1.json` or `holdall.v1`"),
        (
            status = 200,
            description = "Events `cart` and `present`",
            body = String,
            content_type = "text/event-stream",
        ),
    ),
)]
pub(super) async fn live(
    service: Service,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    QueryParams(LiveQuery { name }): QueryParams<LiveQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    parts: Parts,
) -> Result<Response, Problem> {
    if name.len() > limits::DEVICE_NAME_BYTES || name.contains(char::is_control) {
        return Err(Problem::new(
            ProblemType::Invalid,
            "name: too long, or with control characters",
        ));
    }

    // Authenticate, by the field or by a subprotocol.
    let offered: Vec<String> = parts
        .headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .map(|protocol| protocol.trim().to_owned())
        .collect();
    let token = offered.iter().find_map(|protocol| protocol.strip_prefix(BEARER));
    let caller = LiveCaller::of(&service, parts.clone(), token).await?;
    // Check that the caller may read the cart before a connection is counted.
    service.authority().read(&caller.caller, cart).await?;
    let feed = LiveFeed::new(service.clone(), cart, caller, name)?;

    // A request without an upgrade gets events.
    if !parts.headers.contains_key(UPGRADE) {
        let accepts = parts.headers.get(ACCEPT).and_then(|field| field.to_str().ok());
        return match accepts {
            Some(accepts) if accepts.contains("text/event-stream") || accepts.contains("*/*") => {
                Ok(events(feed))
            }
            None => Ok(events(feed)),
            Some(_) => Err(Problem::new(
                ProblemType::NotAcceptable,
                "accept text/event-stream, or open a WebSocket",
            )),
        };
    }

    // Upgrade to a WebSocket of the subprotocol that the client offered.
    let upgrade =
        upgrade.map_err(|error| Problem::new(ProblemType::Malformed, error.body_text()))?;
    let bytes = service.settings().delta_bytes;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(bytes)
        .max_frame_size(bytes)
        .protocols([JSON, BYTES]);
    let chosen = upgrade.selected_protocol().and_then(|chosen| chosen.to_str().ok());
    match chosen {
        Some(JSON) => Ok(upgrade.on_upgrade(|socket| LiveSocket::new(socket, feed, None).run())),
        Some(BYTES) => {
            let replica = Some(ReplicaState { have: None });
            Ok(upgrade.on_upgrade(|socket| LiveSocket::new(socket, feed, replica).run()))
        }
        _ => Err(Problem::new(
            ProblemType::Malformed,
            format!("offer the subprotocol {JSON} or {BYTES}"),
        )),
    }
}

/// The caller of a live connection, with the token to check again.
struct LiveCaller {
    caller: Caller,
    token: Option<String>,
}

impl LiveCaller {
    /// Authenticates by the token of a subprotocol, if any, otherwise by the request's fields.
    async fn of(service: &Service, mut parts: Parts, token: Option<&str>) -> Result<Self, Problem> {
        use axum::extract::FromRequestParts;
        if let Some(token) = token {
            let caller = Caller { principal: service.identify(token)?, device: device(&parts)? };
            return Ok(Self { caller, token: Some(token.to_owned()) });
        }
        let Authenticated(caller) = Authenticated::from_request_parts(&mut parts, service).await?;
        let field = parts.headers.get(axum::http::header::AUTHORIZATION);
        let token = field.and_then(|field| field.to_str().ok()?.split_once(' '));
        Ok(Self { caller, token: token.map(|(_, token)| token.trim().to_owned()) })
    }
}

/// An event that a live connection waits for.
enum FeedSignal {
    Changed,
    Present,
    Tick,
    Closing,
}

/// The server's side of a live connection: a watched cart, and the sources of its signals.
struct LiveFeed {
    service: Service,
    cart: CartId,
    bearer: LiveCaller,
    watch: Watch,
    place: PresenceEntry,
    closing: watch::Receiver<bool>,
    tick: Interval,
    /// The last version sent.
    sent: Option<u64>,
    _permit: OwnedSemaphorePermit,
}

impl LiveFeed {
    fn new(
        service: Service,
        cart: CartId,
        bearer: LiveCaller,
        name: String,
    ) -> Result<Self, Problem> {
        // Count the connection, in the process and among those of the cart.
        let full = |_| Problem::new(ProblemType::Overloaded, "too many live connections are open");
        let permit = service.live().clone().try_acquire_owned().map_err(full)?;
        let most = service.settings().live_of_cart;
        let place = service.presence().enter(cart, name, service.now_ms(), most);
        let place = place.ok_or_else(|| {
            Problem::new(ProblemType::Overloaded, "too many devices watch this cart")
        })?;

        // Subscribe to changes, to the shutdown, and to the clock.
        let every = service.settings().ping;
        let mut tick = interval_at(Instant::now() + every, every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut closing = service.closing();
        closing.mark_changed();
        let watch = service.authority().watch(cart);
        Ok(Self { service, cart, bearer, watch, place, closing, tick, sent: None, _permit: permit })
    }

    /// Waits for the next signal. Dropping the future loses nothing.
    async fn next(&mut self) -> FeedSignal {
        loop {
            tokio::select! {
                biased;
                _ = self.closing.changed() => {
                    if *self.closing.borrow_and_update() {
                        return FeedSignal::Closing;
                    }
                }
                () = self.watch.changed() => return FeedSignal::Changed,
                _ = self.place.all.changed() => return FeedSignal::Present,
                _ = self.tick.tick() => return FeedSignal::Tick,
            }
        }
    }

    /// Returns the cart, unless its version was sent last.
    ///
    /// # Errors
    /// The caller may not read the cart any more, or the store fails.
    async fn cart(&mut self) -> Result<Option<CartBody>, Problem> {
        let shown = self.service.authority().read(&self.bearer.caller, self.cart).await?;
        let new = self.sent != Some(shown.revision);
        self.sent = Some(shown.revision);
        Ok(new.then(|| shown.into()))
    }

    fn present(&mut self) -> Vec<WatchingDevice> {
        self.place.all.borrow_and_update().clone()
    }

    /// Checks that the token is still valid.
    fn check(&self) -> Result<(), Problem> {
        match &self.bearer.token {
            Some(token) => self.service.identify(token).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Returns a stream of Server-Sent Events.
fn events(feed: LiveFeed) -> Response {
    let every = feed.service.settings().ping;
    let stream = stream::unfold(Some((feed, true)), |state| async move {
        let (mut feed, mut first) = state?;
        loop {
            let signal =
                if std::mem::take(&mut first) { FeedSignal::Changed } else { feed.next().await };
            let event = match signal {
                FeedSignal::Closing => return None,
                FeedSignal::Present => Event::default().event("present").json_data(feed.present()),
                FeedSignal::Tick | FeedSignal::Changed => {
                    // Check the token again, then send the cart if it has changed.
                    let checked = feed.check();
                    let cart = match checked {
                        Ok(()) => feed.cart().await,
                        Err(problem) => Err(problem),
                    };
                    match cart {
                        Ok(None) => continue,
                        Ok(Some(cart)) => {
                            let id = cart.tag.version.to_string();
                            Event::default().event("cart").id(id).json_data(cart)
                        }
                        Err(problem) => {
                            let last = Event::default().event("problem").json_data(problem);
                            return Some((last, None));
                        }
                    }
                }
            };
            return Some((event, Some((feed, false))));
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(every)).into_response()
}

/// A client that keeps a replica.
struct ReplicaState {
    /// What the client has, as far as the service knows; `None` before the client's first message.
    have: Option<Have>,
}

/// A WebSocket of a client that watches a cart.
struct LiveSocket {
    socket: WebSocket,
    feed: LiveFeed,
    replica: Option<ReplicaState>,
    /// Whether the client has sent anything since the last ping.
    alive: bool,
}

/// The result of one step: go on, or end.
type SocketResult = Result<(), SocketEnd>;

/// The end of a WebSocket: the peer is gone, or the service closes with a code and a reason.
enum SocketEnd {
    Gone,
    Close(u16, String),
}

impl From<Problem> for SocketEnd {
    fn from(problem: Problem) -> Self {
        let kind = problem.kind();
        let code = match kind {
            ProblemType::Unauthenticated
            | ProblemType::NotYours
            | ProblemType::Merged
            | ProblemType::Erased => code::UNAUTHENTICATED,
            _ => code::UNACCEPTABLE,
        };
        Self::Close(code, kind.name().to_owned())
    }
}

impl LiveSocket {
    const fn new(socket: WebSocket, feed: LiveFeed, replica: Option<ReplicaState>) -> Self {
        Self { socket, feed, replica, alive: true }
    }

    /// Runs the connection until its end.
    async fn run(mut self) {
        metrics::gauge!("holdall_live_connections").increment(1.0);
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        if let SocketEnd::Close(code, reason) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = self.send(Message::Close(Some(frame))).await;
            // Wait for the peer's close frame, but not for long.
            let _ = timeout(Duration::from_secs(1), self.socket.recv()).await;
        }
        metrics::gauge!("holdall_live_connections").decrement(1.0);
    }

    /// Handles the next signal or message.
    async fn step(&mut self) -> SocketResult {
        // A client that only watches gets the cart at first.
        if self.replica.is_none() && self.feed.sent.is_none() {
            self.push().await?;
        }
        tokio::select! {
            signal = self.feed.next() => self.on_signal(signal).await,
            message = self.socket.recv() => match message {
                Some(Ok(message)) => self.on_message(message).await,
                // The client is gone, or its message is malformed or too long.
                Some(Err(_)) | None => Err(SocketEnd::Gone),
            },
        }
    }

    async fn on_signal(&mut self, signal: FeedSignal) -> SocketResult {
        match signal {
            FeedSignal::Closing => Err(SocketEnd::Close(code::GOING_AWAY, "restart".to_owned())),
            FeedSignal::Changed => self.push().await,
            FeedSignal::Present => {
                let devices = self.feed.present();
                self.send_text(&LiveMessage::Present { devices: &devices }).await
            }
            FeedSignal::Tick => {
                // A client that has not answered the last ping is gone.
                if !std::mem::take(&mut self.alive) {
                    return Err(SocketEnd::Gone);
                }
                self.feed.check()?;
                self.send(Message::Ping(Bytes::new())).await?;
                // Changes by other processes may not have been reported: read the cart.
                self.push().await
            }
        }
    }

    /// Sends the cart or the delta that the client lacks.
    async fn push(&mut self) -> SocketResult {
        let Some(replica) = &mut self.replica else {
            return match self.feed.cart().await? {
                Some(cart) => self.send_text(&LiveMessage::Cart { cart: &cart }).await,
                None => Ok(()),
            };
        };
        let Some(have) = &mut replica.have else { return Ok(()) };
        let LiveFeed { service, cart, bearer, .. } = &self.feed;
        let caught = service.authority().catch_up(&bearer.caller, *cart, have).await;
        let caught = caught.map_err(Problem::from)?;
        *have = caught.have;
        match caught.delta {
            Some(bytes) => self.send(Message::Binary(bytes.into())).await,
            None => Ok(()),
        }
    }

    async fn on_message(&mut self, message: Message) -> SocketResult {
        self.alive = true;
        match message {
            Message::Binary(bytes) => self.receive(&bytes).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(SocketEnd::Gone),
            Message::Text(_) => Err(SocketEnd::Close(
                code::UNACCEPTABLE,
                "send bytes, over holdall.v1, not text".to_owned(),
            )),
        }
    }

    /// Handles a message of a replicating client: first a `Have`, then deltas.
    async fn receive(&mut self, bytes: &[u8]) -> SocketResult {
        let LiveFeed { service, cart, bearer, .. } = &self.feed;
        let Some(replica) = &mut self.replica else {
            return Err(SocketEnd::Close(
                code::UNACCEPTABLE,
                "holdall.v1.json accepts no messages".to_owned(),
            ));
        };
        if replica.have.is_none() {
            replica.have = Some(have_of(*cart, bytes)?);
            return self.push().await;
        }
        let admitted = service.authority().accept(service.now_ms(), &bearer.caller, *cart, bytes);
        let said = match admitted.await {
            Ok(admitted) => LiveMessage::Admitted { admitted: admitted.into() },
            Err(refusal) => LiveMessage::Refused { problem: refusal.into() },
        };
        self.send_text(&said).await
    }

    /// Sends a text message.
    async fn send_text(&mut self, said: &LiveMessage<'_>) -> SocketResult {
        // Texts and numbers always serialize.
        let text = serde_json::to_string(said).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    /// Sends a message. A client that does not read it in time is considered gone, since unsent
    /// messages take memory.
    async fn send(&mut self, message: Message) -> SocketResult {
        let time = Duration::from_millis(limits::SEND_MS);
        match timeout(time, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(SocketEnd::Gone),
        }
    }
}
