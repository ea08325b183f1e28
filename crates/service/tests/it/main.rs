//! The service over HTTP, over a store in memory. Where a test answers for a class of the museum,
//! its name begins with the class.

#[path = "../../../store/tests/it/folder.rs"]
#[expect(dead_code, reason = "the store's own tests use more of it")]
mod folder;

mod actions;
mod http;
mod live;
mod museum;
mod overload;
mod rendering;
mod sockets;
mod storm;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use holdall_authority::{Authority, AuthoritySettings};
use holdall_service::{self as service, DemoAccounts, Service, router};
use holdall_store::{MemoryStore, Store};
use serde_json::{Value, json};
use tower::ServiceExt;

const NOW_MS: u64 = 1_700_000_000_000;

/// A shop: its service, as a client reaches it.
struct Shop {
    service: Service,
    router: Router,
    accounts: DemoAccounts,
    now_ms: Arc<AtomicU64>,
    keys: AtomicU64,
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The body of an answer that is to be 2xx.
    fn done(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.json());
        self.json()
    }

    /// The type of problem, with its status.
    fn problem(&self) -> (u16, String) {
        assert_eq!(self.field("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status);
        let name = body["type"].as_str().expect("a type").trim_start_matches("/problems/");
        (self.status, name.to_owned())
    }
}

/// A request that is being made.
#[must_use]
#[derive(Clone)]
struct Ask<'a> {
    shop: &'a Shop,
    method: &'static str,
    path: String,
    fields: Vec<(String, String)>,
    body: Option<Value>,
}

impl Ask<'_> {
    fn by(self, token: &str) -> Self {
        self.field("authorization", &format!("Bearer {token}"))
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    fn key(self, key: &str) -> Self {
        self.field("idempotency-key", key)
    }

    fn on(self, device: u64) -> Self {
        self.field("cart-device", &device_id(device))
    }

    fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    async fn send(self) -> Reply {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.fields {
            request = request.header(name, value);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.shop.send(request.body(body).expect("a request")).await
    }
}

fn device_id(device: u64) -> String {
    format!("00000000-0000-4000-8000-{device:012x}")
}

/// A guest: the cart and the token.
#[derive(Clone, Debug)]
struct Guest {
    cart: String,
    token: String,
}

impl Shop {
    fn new() -> Self {
        Self::with(AuthoritySettings::default(), service::ServiceSettings::default())
    }

    fn with(settings: AuthoritySettings, http: service::ServiceSettings) -> Self {
        Self::over(Arc::new(MemoryStore::new(7)), settings, http)
    }

    fn over(
        store: Arc<dyn Store>,
        settings: AuthoritySettings,
        http: service::ServiceSettings,
    ) -> Self {
        let now_ms = Arc::new(AtomicU64::new(NOW_MS));
        let authority = Authority::new(store, settings);
        let accounts = DemoAccounts::new([7; 32]);
        let clock = now_ms.clone();
        let service = Service::builder(Arc::new(authority), Arc::new(accounts.clone()))
            .settings(http)
            .clock(move || clock.load(Ordering::Relaxed))
            .build();
        let router = router(service.clone());
        Self { service, router, accounts, now_ms, keys: AtomicU64::new(0) }
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    fn ask(&self, method: &'static str, path: impl Into<String>) -> Ask<'_> {
        Ask { shop: self, method, path: path.into(), fields: Vec::new(), body: None }
    }

    fn key(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    fn account(&self, name: &str) -> String {
        self.accounts.token(name, NOW_MS).expect("a token")
    }

    fn server(&self) -> String {
        self.accounts.server_token(NOW_MS).expect("a token")
    }

    async fn guest(&self) -> Guest {
        let opened = self.ask("POST", "/carts").send().await.done();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Guest { cart: text(&opened["cart"]), token: text(&opened["token"]) }
    }

    /// The cart of an account.
    async fn home(&self, account: &str) -> String {
        let token = self.account(account);
        let cart = self.ask("PUT", format!("/accounts/{account}/cart")).by(&token).send().await;
        cart.done()["cart"].as_str().expect("a cart").to_owned()
    }

    async fn read(&self, token: &str, cart: &str) -> Reply {
        self.ask("GET", format!("/carts/{cart}")).by(token).send().await
    }

    fn add(&self, token: &str, cart: &str, sku: &str, quantity: u64) -> Ask<'_> {
        let body = json!({ "sku": sku, "quantity": quantity });
        let ask = self.ask("POST", format!("/carts/{cart}/lines"));
        ask.by(token).key(&self.key()).json(body)
    }

    fn set(&self, token: &str, cart: &str, line: &str, quantity: u64) -> Ask<'_> {
        let ask = self.ask("PUT", format!("/carts/{cart}/lines/{line}"));
        ask.by(token).key(&self.key()).json(json!({ "quantity": quantity }))
    }

    fn merge(&self, account: &str, guest: &Guest) -> Ask<'_> {
        let body = json!({ "guest": guest.cart, "guest_token": guest.token });
        let ask = self.ask("POST", format!("/accounts/{account}/merge"));
        ask.by(&self.account(account)).json(body)
    }
}

/// The units of a product in the active list.
fn quantity(cart: &Value, sku: &str) -> u64 {
    let lines = cart["lines"].as_array().expect("lines").iter();
    lines
        .filter(|line| line["sku"] == sku)
        .map(|line| line["quantity"].as_u64().expect("a number"))
        .sum()
}

/// The id of a product's first line.
fn line(cart: &Value, sku: &str) -> String {
    let mut lines = cart["lines"].as_array().expect("lines").iter();
    let line = lines.find(|line| line["sku"] == sku).expect("the line");
    line["line"].as_str().expect("an id").to_owned()
}
