//! What stands before every request: room, time, counting, logging, catching.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HOST, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Service;
use super::problem::Problem;

/// Lets a request through if there is room for it, and for so long as a request may take.
pub(super) async fn guard(
    State(service): State<Service>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    // Anybody can make up others, and each would be a series of its own.
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = known.into_iter().find(|known| *known == request.method().as_str());
    let method = method.unwrap_or("other");
    let mut response = let_through(&service, route, request, next).await;
    let seconds = began.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    service.0.meters.count(method, route, status, seconds);
    tracing::info!(method, route, status, ms = seconds * 1_000.0, "request");
    let fields = response.headers_mut();
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    fields
        .entry(HeaderName::from_static("content-security-policy"))
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

async fn let_through(service: &Service, route: &str, request: Request, next: Next) -> Response {
    // Whoever asks how it is has to be told while it is full.
    if matches!(route, "/healthz" | "/readyz" | "/metrics") {
        return next.run(request).await;
    }
    let Ok(_permit) = service.0.in_flight.try_acquire() else {
        return Problem::new("overloaded", "as many requests are under way as may be: try again")
            .into_response();
    };
    if service.0.demo.is_some() && !is_local(&request) {
        let detail = "a demonstration is for the machine it runs on: ask for localhost";
        return Problem::new("misdirected", detail).into_response();
    }
    match tokio::time::timeout(service.settings().request_time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "it may have been done all the same: send it again under the same key";
            let mut response = Problem::new("timeout", detail).into_response();
            // What is left of its body is not waited for.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(axum::http::header::CONNECTION, close);
            response
        }
    }
}

/// Whether a request is for one of this machine's own names: another name that leads here is somebody's who means to use the browser.
fn is_local(request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.or_else(|| request.uri().host()) else { return true };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "[::1]") || name.starts_with("127.")
}

/// What to answer if a handler panicked. The panic itself is in the log.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::new("internal", "this is a bug: an operator has to look").into_response()
}

/// What to answer about a path that is not there.
pub(super) async fn not_found() -> Problem {
    Problem::new("not-found", "see /openapi.json for what there is")
}

/// What to answer about a method that is not there.
pub(super) async fn no_method() -> Problem {
    Problem::new("method", "see the field Allow for those that are there")
}
