//! What stands before every request: room, time, counting, logging, catching, compressing.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::HeaderValue;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::Either;
use tower_http::compression::Compression;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_layer::Layer;
use tower_service::Service as _;

use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;

/// What stands before every route: one layer, since each is a box and a clone for every request.
#[derive(Clone)]
pub(super) struct RequestLayer(pub(super) Service);

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;
    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService { service: self.0.clone(), inner }
    }
}

/// A route with the guard before it.
#[derive(Clone)]
pub(super) struct RequestService<S> {
    service: Service,
    inner: S,
}

/// What a route has answered, or will.
type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S> tower_service::Service<Request> for RequestService<S>
where
    S: tower_service::Service<Request, Response = Response, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> ResponseFuture {
        let began = Instant::now();
        let service = self.service.clone();
        let matched = request.extensions().get::<MatchedPath>().cloned();
        // Anybody can make up others, and each would be a series of its own.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == request.method().as_str());
        let method = method.unwrap_or("other");
        let is_here = service.demo().is_none() || is_local(&request);
        let answer = answered(&mut self.inner, request);
        Box::pin(async move {
            let route = matched.as_ref().map_or("none", MatchedPath::as_str);
            // Held here, and handed on by its place: it is large.
            let answer = pin!(answer);
            let mut response = let_through(&service, route, is_here, answer).await;
            let seconds = began.elapsed().as_secs_f64();
            let status = response.status().as_u16();
            service.request_metrics().count(method, route, status, seconds);
            tracing::info!(method, route, status, ms = seconds * 1_000.0, "request");
            let fields = response.headers_mut();
            fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            fields.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
            fields
                .entry(CONTENT_SECURITY_POLICY)
                .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
            Ok(response)
        })
    }
}

/// Lets a request through if there is room for it, and for so long as a request may take. Nothing of it has been done yet.
async fn let_through(
    service: &Service,
    route: &str,
    is_here: bool,
    answer: Pin<&mut impl Future<Output = Response>>,
) -> Response {
    // Whoever asks how it is has to be told while it is full.
    if matches!(route, "/healthz" | "/readyz" | "/metrics") {
        return answer.await;
    }
    let Ok(_permit) = service.in_flight().try_acquire() else {
        return Problem::new(
            ProblemType::Overloaded,
            "as many requests are under way as may be: try again",
        )
        .into_response();
    };
    if !is_here {
        let detail = "a demonstration is for the machine it runs on: ask for localhost";
        return Problem::new(ProblemType::Misdirected, detail).into_response();
    }
    match tokio::time::timeout(service.settings().request_time, answer).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "it may have been done all the same: send it again under the same key";
            let mut response = Problem::new(ProblemType::Timeout, detail).into_response();
            // What is left of its body is not waited for.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(axum::http::header::CONNECTION, close);
            response
        }
    }
}

/// What the route answers, compressed for whoever takes that. Nothing is done before it is waited for.
fn answered<S>(inner: &mut S, request: Request) -> impl Future<Output = Response> + use<S>
where
    S: tower_service::Service<Request, Response = Response, Error = Infallible> + Clone,
{
    if request.headers().contains_key(ACCEPT_ENCODING) {
        let answer = Box::pin(caught(Compression::new(inner.clone()).call(request)));
        return Either::Left(answer.map(|answered| match answered {
            Ok(response) => response.map(Body::new),
            Err(panic) => panicked(panic),
        }));
    }
    Either::Right(caught(inner.call(request)).map(|answered| {
        let mut response = answered.unwrap_or_else(panicked);
        // A cache is to know that others may get it compressed.
        if DefaultPredicate::new().should_compress(&response) {
            response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        }
        response
    }))
}

/// An answer, unless the handler panicked.
async fn caught<R>(answer: impl Future<Output = Result<R, Infallible>>) -> Result<R, HandlerPanic> {
    let answered = AssertUnwindSafe(answer).catch_unwind().await.map_err(|_| HandlerPanic)?;
    answered.map_err(|never| match never {})
}

/// A handler panicked.
struct HandlerPanic;

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
fn panicked(_: HandlerPanic) -> Response {
    Problem::new(ProblemType::Internal, "this is a bug: an operator has to look").into_response()
}

/// What to answer about a path that is not there.
pub(super) async fn not_found() -> Problem {
    Problem::new(ProblemType::NotFound, "see /openapi.json for what there is")
}

/// What to answer about a method that is not there.
pub(super) async fn no_method() -> Problem {
    Problem::new(ProblemType::Method, "see the field Allow for those that are there")
}
