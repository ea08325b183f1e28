//! Carts over HTTP and WebSocket: a [`router`] to nest in an axum app, and [`serve`] to run it on
//! a listener of its own.
//!
//! The crate has no rules of its own. The [`authority`](holdall_authority) decides what a command
//! means and whether it is accepted. This crate translates between the authority and HTTP: JSON,
//! `Idempotency-Key`, `ETag` and `If-Match`, problem details, limits. `/openapi.json` describes the
//! interface and is generated from the code.
//!
//! - A **guest** opens a cart with `POST /carts` and gets a secret token; whoever sends the token
//!   is this guest. The embedder's [`TokenVerifier`] identifies **accounts**, staff and the shop's
//!   own systems.
//! - The answer to a command is the whole cart, so a client shows what was saved.
//! - `Cart-Seen`, the entity tag of the cart that the shopper looked at, makes a command affect
//!   **exactly what its author had seen**. Example: another device added two units meanwhile; they
//!   stay when this device sets the quantity to three.
//! - `GET /carts/{cart}/live` is a WebSocket or a stream of events. [`limits`] has the default
//!   number of live connections.
//!
//! The service treats all input as hostile. Request heads, bodies, nesting, duration and the number
//! of requests in progress are limited ([`ServiceSettings`]). Requests above the limit get 503 with
//! `Retry-After` before they cost anything. Logs and metrics name routes, never carts, tokens or
//! accounts.
//!
//! [`limits`]: holdall::limits
//!
//! ```
//! use std::sync::Arc;
//! use axum::body::Body;
//! use axum::http::Request;
//! use holdall_authority::{Authority, AuthoritySettings};
//! use holdall_service::{GuestsOnly, Service, router};
//! use holdall_store::MemoryStore;
//! use tower::ServiceExt;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let authority = Authority::new(Arc::new(MemoryStore::new(7)), AuthoritySettings::default());
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
mod authenticated;
mod cart_answer;
mod cart_body;
mod cart_json;
mod carts;
mod checkout;
mod command;
mod conditions;
mod demo;
mod entity_tag;
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
mod problem_type;
mod routes;
mod schema;
mod serve;
mod service;
mod settings;

pub use auth::{DemoAccounts, GuestsOnly, JwtVerifier, PublicKeyError, TokenError, TokenVerifier};
pub use line_id::{LineId, LineIdError};
pub use problem::Problem;
pub use routes::router;
pub use serve::serve;
pub use service::{Service, ServiceBuilder};
pub use settings::ServiceSettings;

pub mod manual {
    //! How to serve carts over HTTP, with a page to see them.
    #![doc = include_str!("manual.md")]
}
