//! Carts over HTTP and WebSocket: a [`router`] to nest in an axum app, and [`serve`] for whoever has none.
//!
//! It has no rules of its own. What a command means and whether it is taken is the business of the
//! [`authority`](holdall_authority); here is how it is asked and answered over HTTP: JSON, `Idempotency-Key`, `ETag` and
//! `If-Match`, problem details, limits. The interface is described at `/openapi.json`, which is made from the code.
//!
//! - A **guest** opens a cart with `POST /carts` and gets a token, which is all there is to being that guest. An **account** is whoever the
//!   embedder's [`TokenVerifier`] says; the shop's own systems too.
//! - A command is answered with the whole cart, so that a client shows what was saved.
//! - `Cart-Seen`, the entity tag of the cart the shopper looked at, makes a command affect **exactly what its author had seen**: two
//!   more that another device put in meanwhile stay when this one says "make it three".
//! - `GET /carts/{cart}/live` is a WebSocket or a stream of events: see [`limits`] for how many there may be.
//!
//! What is served treats everything it is sent as hostile: heads, bodies, nesting, time and the number of requests at once are limited
//! ([`ServiceSettings`]), and what is beyond is refused with 503 and `Retry-After` before it costs anything. Logs and metrics name
//! routes and never carts, tokens or accounts.
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
