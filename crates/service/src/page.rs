//! The demo page: several shoppers and devices in one browser.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

use super::service::Service;

/// The content security policy of the page: own scripts and styles, and requests to its own origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Service> {
    let file = |media: &'static str, text: &'static str| {
        get(move || async move {
            ([(CONTENT_TYPE, media), (CONTENT_SECURITY_POLICY, POLICY)], text).into_response()
        })
    };
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("page/index.html")))
        .route("/page.js", file("text/javascript; charset=utf-8", include_str!("page/page.js")))
        .route("/device.js", file("text/javascript; charset=utf-8", include_str!("page/device.js")))
        .route("/page.css", file("text/css; charset=utf-8", include_str!("page/page.css")))
}
