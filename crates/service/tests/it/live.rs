//! Live connections, over real sockets.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, sync, wire};
use holdall_authority::AuthoritySettings;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use holdall_service as service;

use super::{Guest, NOW_MS, Shop, quantity};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A shop that listens, and how to end it.
pub(super) struct Open {
    pub(super) shop: Shop,
    pub(super) address: std::net::SocketAddr,
    end: tokio::sync::oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl Open {
    pub(super) async fn new(http: service::ServiceSettings) -> Self {
        Self::of(Shop::with(AuthoritySettings::default(), http)).await
    }

    pub(super) async fn of(shop: Shop) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (end, ended) = tokio::sync::oneshot::channel();
        let ended = async {
            let _ = ended.await;
        };
        let served = tokio::spawn(service::serve(listener, shop.service.clone(), ended));
        Self { shop, address, end, served }
    }

    pub(super) async fn end(self) {
        let _ = self.end.send(());
        timeout(Duration::from_secs(20), self.served).await.expect("it ends").expect("no panic");
    }

    async fn connect(&self, guest: &Guest, protocol: &str, name: &str) -> Result<Socket, Error> {
        let url = format!("ws://{}/carts/{}/live?name={name}", self.address, guest.cart);
        let mut request = url.into_client_request().expect("a request");
        let protocols = format!("{protocol}, bearer.{}", guest.token);
        let field = protocols.parse().expect("a field");
        request.headers_mut().insert("sec-websocket-protocol", field);
        connect_async(request).await.map(|(socket, _)| socket)
    }
}

/// The next message of a kind.
async fn next(socket: &mut Socket, kind: &str) -> Value {
    let found = async {
        loop {
            match socket.next().await.expect("open").expect("a message") {
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text).expect("JSON");
                    if said["type"] == kind {
                        return said;
                    }
                }
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(Duration::from_secs(20), found).await.expect("in time")
}

async fn delta(socket: &mut Socket) -> Vec<u8> {
    let found = async {
        loop {
            if let Message::Binary(bytes) = socket.next().await.expect("open").expect("a message") {
                return bytes.to_vec();
            }
        }
    };
    timeout(Duration::from_secs(20), found).await.expect("in time")
}

/// The code and reason that a socket was closed with.
async fn closed(socket: &mut Socket) -> (u16, String) {
    let found = async {
        loop {
            if let Message::Close(frame) = socket.next().await.expect("open").expect("a message") {
                let frame = frame.expect("a reason");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    };
    timeout(Duration::from_secs(20), found).await.expect("in time")
}

#[tokio::test]
async fn an_edit_on_one_device_shows_on_the_other() {
    let open = Open::new(service::ServiceSettings::default()).await;
    let guest = open.shop.guest().await;
    let mut phone = open.connect(&guest, "holdall.v1.json", "phone").await.expect("a socket");
    assert_eq!(next(&mut phone, "cart").await["cart"]["lines"], serde_json::json!([]));
    assert_eq!(next(&mut phone, "present").await["devices"][0]["name"], "phone");
    let mut laptop = open.connect(&guest, "holdall.v1.json", "laptop").await.expect("a socket");
    assert_eq!(next(&mut phone, "present").await["devices"][1]["name"], "laptop");
    open.shop.add(&guest.token, &guest.cart, "TEE", 2).send().await.done();
    for socket in [&mut phone, &mut laptop] {
        loop {
            if quantity(&next(socket, "cart").await["cart"], "TEE") == 2 {
                break;
            }
        }
    }
    laptop.close(None).await.expect("closed");
    assert_eq!(next(&mut phone, "present").await["devices"].as_array().map(Vec::len), Some(1));
    open.end().await;
    assert_eq!(closed(&mut phone).await, (1001, "restart".to_owned()));
}

#[tokio::test]
async fn a_replica_is_told_deltas_and_tells_its_own() {
    let open = Open::new(service::ServiceSettings::default()).await;
    let guest = open.shop.guest().await;
    let (cart, id): (CartId, _) = (guest.cart.parse().expect("an id"), ReplicaId::from_u128(5));
    let register = open.shop.ask("PUT", format!("/carts/{cart}/writers/{id}")).by(&guest.token);
    register.send().await.done();
    open.shop.add(&guest.token, &guest.cart, "TEE", 2).send().await.done();

    let mut replica = Replica::new(cart, id);
    let mut socket = open.connect(&guest, "holdall.v1", "phone").await.expect("a socket");
    let have = sync::Message::Have { cart, have: replica.cart().have() };
    socket.send(Message::binary(wire::encode_message(&have))).await.expect("sent");
    let lacked = wire::decode_delta(&delta(&mut socket).await).expect("a delta");
    let _ = replica.join(&lacked).expect("of this cart");
    let tee = LineKey::sku("TEE").expect("a SKU");
    assert_eq!(replica.view().quantity(&tee), 2);

    let own = replica.add(NOW_MS, &tee, Quantity::ONE, None).expect("an add");
    socket.send(Message::binary(wire::encode_delta(&own))).await.expect("sent");
    assert_eq!(next_text(&mut socket).await["outcome"], "applied");
    assert_eq!(quantity(&open.shop.read(&guest.token, &guest.cart).await.done(), "TEE"), 3);
    // What is refused is said, and the connection goes on.
    socket.send(Message::binary(b"hd".to_vec())).await.expect("sent");
    assert_eq!(next_text(&mut socket).await["problem"]["type"], "/problems/malformed");
    open.shop.add(&guest.token, &guest.cart, "MUG", 1).send().await.done();
    while replica.view().lines.len() < 2 {
        let lacked = wire::decode_delta(&delta(&mut socket).await).expect("a delta");
        let _ = replica.join(&lacked).expect("of this cart");
    }
    open.end().await;
}

/// The next text but presence; deltas that come between are of what is known.
async fn next_text(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.expect("open").expect("a message") {
            let said: Value = serde_json::from_str(&text).expect("JSON");
            if said["type"] != "present" {
                return said;
            }
        }
    }
}

#[tokio::test]
async fn whose_token_ends_is_shown_no_more() {
    let open = Open::new(service::ServiceSettings::default()).await;
    let guest = open.shop.guest().await;
    let mut phone = open.connect(&guest, "holdall.v1.json", "phone").await.expect("a socket");
    next(&mut phone, "cart").await;
    open.shop.merge("ann", &guest).send().await.done();
    assert_eq!(closed(&mut phone).await, (4401, "merged".to_owned()));
    open.end().await;
}

#[tokio::test]
async fn who_may_not_or_cannot_is_told_before_the_upgrade() {
    let http = service::ServiceSettings { live_of_cart: 1, ..service::ServiceSettings::default() };
    let open = Open::new(http).await;
    let (guest, other) = (open.shop.guest().await, open.shop.guest().await);
    let refused =
        async |guest: &Guest, protocol: &str| match open.connect(guest, protocol, "x").await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("{other:?}"),
        };
    let thief = Guest { token: other.token.clone(), ..guest.clone() };
    assert_eq!(refused(&thief, "holdall.v1.json").await, 404);
    let forged = Guest { token: "hdg_x".to_owned(), ..guest.clone() };
    assert_eq!(refused(&forged, "holdall.v1.json").await, 401);
    assert_eq!(refused(&guest, "chat").await, 400);
    let _one = open.connect(&guest, "holdall.v1.json", "one").await.expect("a socket");
    assert_eq!(refused(&guest, "holdall.v1.json").await, 503);
    open.end().await;
}

#[tokio::test]
async fn what_is_too_long_or_out_of_turn_ends_the_connection() {
    let http =
        service::ServiceSettings { delta_bytes: 1_000, ..service::ServiceSettings::default() };
    let open = Open::new(http).await;
    let guest = open.shop.guest().await;
    let mut socket = open.connect(&guest, "holdall.v1", "x").await.expect("a socket");
    socket.send(Message::text("hello")).await.expect("sent");
    assert_eq!(closed(&mut socket).await.0, 1008);
    let mut socket = open.connect(&guest, "holdall.v1", "x").await.expect("a socket");
    socket.send(Message::binary(vec![0; 100])).await.expect("sent");
    assert_eq!(closed(&mut socket).await, (1008, "malformed".to_owned()));
    let mut socket = open.connect(&guest, "holdall.v1", "x").await.expect("a socket");
    let _ = socket.send(Message::binary(vec![0; 100_000])).await;
    let gone = async {
        while let Some(Ok(message)) = socket.next().await {
            assert!(!matches!(message, Message::Binary(_)));
        }
    };
    timeout(Duration::from_secs(20), gone).await.expect("it ends");
    open.end().await;
}

#[tokio::test]
async fn a_device_that_is_gone_without_a_word_is_noticed() {
    let http = service::ServiceSettings {
        ping: Duration::from_millis(100),
        ..service::ServiceSettings::default()
    };
    let open = Open::new(http).await;
    let guest = open.shop.guest().await;
    // It never reads, so it never answers a ping.
    let silent = open.connect(&guest, "holdall.v1.json", "silent").await.expect("a socket");
    let mut phone = open.connect(&guest, "holdall.v1.json", "phone").await.expect("a socket");
    while next(&mut phone, "present").await["devices"].as_array().map(Vec::len) != Some(1) {}
    drop(silent);
    open.end().await;
}

#[tokio::test]
async fn events_for_those_who_only_watch() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let open = Open::new(service::ServiceSettings::default()).await;
    let guest = open.shop.guest().await;
    let mut stream = TcpStream::connect(open.address).await.expect("a connection");
    let head = format!(
        "GET /carts/{}/live HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
        guest.cart, guest.token
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut text = String::new();
    let mut read = async |until: &str| {
        while !text.contains(until) {
            let mut bytes = [0; 4_096];
            let read =
                timeout(Duration::from_secs(20), stream.read(&mut bytes)).await.expect("in time");
            let read = read.expect("bytes");
            assert!(read > 0, "{text}");
            text += &String::from_utf8_lossy(&bytes[..read]);
        }
        text.clone()
    };
    let head = read("event: cart").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/event-stream"),
        "{head}"
    );
    open.shop.add(&guest.token, &guest.cart, "TEE", 2).send().await.done();
    read("\"sku\":\"TEE\"").await;
    open.shop.merge("ann", &guest).send().await.done();
    assert!(read("event: problem").await.contains("/problems/merged"));
    drop(stream);
    open.end().await;
}
