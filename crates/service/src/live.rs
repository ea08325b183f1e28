//! Live: what changes in a cart, as it changes, over WebSocket or as Server-Sent Events.
//!
//! A WebSocket offers one of two subprotocols, and a browser, which can set no fields, another one `bearer.` and the token:
//!
//! - `holdall.v1.json`: the server sends `{"type": "cart", "cart": ...}` at first and after each change, and
//!   `{"type": "present", "devices": [...]}` when devices come and go. The client sends nothing.
//! - `holdall.v1`: for replicating clients. The client's first message is the bytes of a message `Have`; from then on the server sends the bytes of
//!   deltas that it lacks, and takes deltas, each answered in turn with a text: `{"type": "admitted", ...}` or
//!   `{"type": "refused", "problem": ...}`. Presence comes as text too.
//!
//! Events are `cart` and `present` with the same data. Whoever asks is admitted again at each change and each ping: a token that
//! ended ends the connection (4401).

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
/// Read buffers are kept for as long as a connection: most are idle.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// What a connection ends with: by RFC 6455, or from 4000 on by this service.
mod code {
    pub(super) const GOING_AWAY: u16 = 1001;
    pub(super) const UNACCEPTABLE: u16 = 1008;
    pub(super) const UNAUTHENTICATED: u16 = 4401;
}

/// Who watches.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LiveQuery {
    /// What the device calls itself to the others that watch this cart.
    #[serde(default = "unnamed")]
    #[param(max_length = 64, required = false)]
    name: String,
}

fn unnamed() -> String {
    "device".to_owned()
}

/// What is sent over a WebSocket as text.
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

/// What the cart shows, as it changes: a WebSocket, or events for `Accept: text/event-stream`.
#[utoipa::path(get, path = "/carts/{cart}/live", tag = "carts", params(CartPath, LiveQuery), responses(
    (status = 101, description = "A WebSocket: subprotocol `holdall.v1.json` or `holdall.v1`"),
    (status = 200, description = "Events `cart` and `present`", body = String, content_type = "text/event-stream")))]
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
            "the device's name is too long or cannot be shown",
        ));
    }
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
    // Whose cart it is decides before there is any place to take.
    service.authority().read(&caller.caller, cart).await?;
    let feed = LiveFeed::new(service.clone(), cart, caller, name)?;
    if !parts.headers.contains_key(UPGRADE) {
        let accepts = parts.headers.get(ACCEPT).and_then(|field| field.to_str().ok());
        return match accepts {
            Some(accepts) if accepts.contains("text/event-stream") || accepts.contains("*/*") => {
                Ok(events(feed))
            }
            None => Ok(events(feed)),
            Some(_) => Err(Problem::new(
                ProblemType::NotAcceptable,
                "there is text/event-stream, or a WebSocket",
            )),
        };
    }
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

/// Who watches, and the token to look at again.
struct LiveCaller {
    caller: Caller,
    token: Option<String>,
}

impl LiveCaller {
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

/// What happened.
enum FeedSignal {
    Changed,
    Present,
    Tick,
    Closing,
}

/// What a live connection waits for.
struct LiveFeed {
    service: Service,
    cart: CartId,
    bearer: LiveCaller,
    watch: Watch,
    place: PresenceEntry,
    closing: watch::Receiver<bool>,
    tick: Interval,
    /// The version that was sent last.
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
        let full = |_| {
            Problem::new(
                ProblemType::Overloaded,
                "there are as many live connections as there may be",
            )
        };
        let permit = service.live().clone().try_acquire_owned().map_err(full)?;
        let most = service.settings().live_of_cart;
        let place = service.presence().enter(cart, name, service.now_ms(), most);
        let place = place.ok_or_else(|| {
            Problem::new(ProblemType::Overloaded, "too many devices watch this cart")
        })?;
        let every = service.settings().ping;
        let mut tick = interval_at(Instant::now() + every, every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut closing = service.closing();
        closing.mark_changed();
        let watch = service.authority().watch(cart);
        Ok(Self { service, cart, bearer, watch, place, closing, tick, sent: None, _permit: permit })
    }

    /// The next thing that happens. It may be dropped half way.
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

    /// The cart, if it is not as it was sent last.
    async fn cart(&mut self) -> Result<Option<CartBody>, Problem> {
        let shown = self.service.authority().read(&self.bearer.caller, self.cart).await?;
        let new = self.sent != Some(shown.revision);
        self.sent = Some(shown.revision);
        Ok(new.then(|| shown.into()))
    }

    fn present(&mut self) -> Vec<WatchingDevice> {
        self.place.all.borrow_and_update().clone()
    }

    /// Whether the token is still good.
    fn check(&self) -> Result<(), Problem> {
        match &self.bearer.token {
            Some(token) => self.service.identify(token).map(|_| ()),
            None => Ok(()),
        }
    }
}

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
    /// What it has, as far as is known; `None` until it has said so.
    have: Option<Have>,
}

/// One WebSocket.
struct LiveSocket {
    socket: WebSocket,
    feed: LiveFeed,
    replica: Option<ReplicaState>,
    /// Whether it has shown a sign of life since the last ping.
    alive: bool,
}

/// How a conversation goes on.
type SocketResult = Result<(), SocketEnd>;

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
            // The peer's own farewell, or nothing.
            let _ = timeout(Duration::from_secs(1), self.socket.recv()).await;
        }
        metrics::gauge!("holdall_live_connections").decrement(1.0);
    }

    async fn step(&mut self) -> SocketResult {
        if self.replica.is_none() && self.feed.sent.is_none() {
            self.push().await?;
        }
        tokio::select! {
            signal = self.feed.next() => self.on_signal(signal).await,
            message = self.socket.recv() => match message {
                Some(Ok(message)) => self.on_message(message).await,
                // Gone, or what it sent is no WebSocket, or too long.
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
                self.say(&LiveMessage::Present { devices: &devices }).await
            }
            FeedSignal::Tick => {
                if !std::mem::take(&mut self.alive) {
                    return Err(SocketEnd::Gone);
                }
                self.feed.check()?;
                self.send(Message::Ping(Bytes::new())).await?;
                // Another process over the same store tells nothing: look.
                self.push().await
            }
        }
    }

    /// Sends what the client lacks.
    async fn push(&mut self) -> SocketResult {
        let Some(replica) = &mut self.replica else {
            return match self.feed.cart().await? {
                Some(cart) => self.say(&LiveMessage::Cart { cart: &cart }).await,
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
            Message::Binary(bytes) => self.take(&bytes).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(SocketEnd::Gone),
            Message::Text(_) => {
                Err(SocketEnd::Close(code::UNACCEPTABLE, "send bytes, over holdall.v1".to_owned()))
            }
        }
    }

    /// Takes what a replicating client sends: at first what it has, then deltas.
    async fn take(&mut self, bytes: &[u8]) -> SocketResult {
        let LiveFeed { service, cart, bearer, .. } = &self.feed;
        let Some(replica) = &mut self.replica else {
            return Err(SocketEnd::Close(
                code::UNACCEPTABLE,
                "send nothing over holdall.v1.json".to_owned(),
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
        self.say(&said).await
    }

    async fn say(&mut self, said: &LiveMessage<'_>) -> SocketResult {
        // Texts and numbers: each has a JSON form.
        let text = serde_json::to_string(said).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    /// Sends, unless the client takes too long to take it: what waits for it would wait in memory.
    async fn send(&mut self, message: Message) -> SocketResult {
        let time = Duration::from_millis(limits::SEND_MS);
        match timeout(time, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(SocketEnd::Gone),
        }
    }
}
