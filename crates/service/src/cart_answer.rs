//! The answer to reads and commands: the whole cart.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::cart_json::RenderedCart;
use super::entity_tag::EntityTag;
use holdall_authority::{Accepted, CartSnapshot};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The number of header fields of an answer, with those that the [middleware](super::middleware)
/// adds. Space is reserved once.
const FIELDS: usize = 10;

/// An answer with a cart.
pub(super) struct CartAnswer {
    tag: EntityTag,
    json: Bytes,
    replayed: bool,
}

impl CartAnswer {
    /// Makes an answer of a cart's JSON.
    pub(super) const fn new(tag: EntityTag, json: Bytes) -> Self {
        Self { tag, json, replayed: false }
    }

    /// Sets whether the request had been carried out before.
    pub(super) const fn replayed(mut self, replayed: bool) -> Self {
        self.replayed = replayed;
        self
    }
}

impl From<&RenderedCart> for CartAnswer {
    fn from(rendered: &RenderedCart) -> Self {
        Self::new(rendered.tag(), rendered.json.clone())
    }
}

impl From<CartSnapshot> for CartAnswer {
    fn from(snapshot: CartSnapshot) -> Self {
        (&RenderedCart::new(&snapshot, None)).into()
    }
}

impl From<Accepted> for CartAnswer {
    fn from(accepted: Accepted) -> Self {
        Self::from(accepted.snapshot).replayed(accepted.repeated)
    }
}

impl IntoResponse for CartAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json));
        let fields = response.headers_mut();
        fields.reserve(FIELDS);
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        fields.insert(header::ETAG, self.tag.to_header());
        if self.replayed {
            fields.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
