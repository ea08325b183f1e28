//! Middleware of every route: overload, time-out, metrics, log, panics, compression.

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

/// The layer that wraps every route. All middleware is one layer, since each layer costs an
/// allocation and a clone for every request.
#[derive(Clone)]
pub(super) struct RequestLayer(pub(super) Service);

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;
    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService { service: self.0.clone(), inner }
    }
}

/// A route wrapped by [`RequestLayer`].
#[derive(Clone)]
pub(super) struct RequestService<S> {
    service: Service,
    inner: S,
}

/// The future response of a route.
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
        // A client can invent methods. Each would be a series of metrics.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == request.method().as_str());
        let method = method.unwrap_or("other");
        let is_here = service.demo().is_none() || is_local(&request);
        let answer = answered(&mut self.inner, request);
        Box::pin(async move {
            let route = matched.as_ref().map_or("none", MatchedPath::as_str);
            // The future is large: pin it here and pass it by reference.
            let answer = pin!(answer);
            let mut response = let_through(&service, route, is_here, answer).await;

            // Count and log the request, by route.
            let seconds = began.elapsed().as_secs_f64();
            let status = response.status().as_u16();
            service.request_metrics().count(method, route, status, seconds);
            tracing::info!(method, route, status, ms = seconds * 1_000.0, "request");

            // Add the fields that every response has.
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

/// Runs a request if the service has room for it, with the time-out of requests. The future
/// `answer` must not have been polled before.
async fn let_through(
    service: &Service,
    route: &str,
    is_here: bool,
    answer: Pin<&mut impl Future<Output = Response>>,
) -> Response {
    // Health checks and metrics are answered also under overload.
    if matches!(route, "/healthz" | "/readyz" | "/metrics") {
        return answer.await;
    }

    // Refuse a request above the limit before it costs anything.
    let Ok(_permit) = service.in_flight().try_acquire() else {
        return Problem::new(
            ProblemType::Overloaded,
            "too many requests are in progress: try again",
        )
        .into_response();
    };
    if !is_here {
        let detail = "demo mode serves the local machine only: use localhost";
        return Problem::new(ProblemType::Misdirected, detail).into_response();
    }

    match tokio::time::timeout(service.settings().request_time, answer).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "the request may have been carried out: repeat it with the same \
                          Idempotency-Key";
            let mut response = Problem::new(ProblemType::Timeout, detail).into_response();
            // Do not wait for the rest of the body.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(axum::http::header::CONNECTION, close);
            response
        }
    }
}

/// Returns the future response of a route, compressed if the client accepts that. No work is done
/// before the future is polled.
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
        // Tell caches that other clients may get a compressed response.
        if DefaultPredicate::new().should_compress(&response) {
            response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        }
        response
    }))
}

/// Returns a response, unless the handler panicked.
async fn caught<R>(answer: impl Future<Output = Result<R, Infallible>>) -> Result<R, HandlerPanic> {
    let answered = AssertUnwindSafe(answer).catch_unwind().await.map_err(|_| HandlerPanic)?;
    answered.map_err(|never| match never {})
}

/// A panic of a handler.
struct HandlerPanic;

/// Returns whether a request names a local host. A foreign name that resolves to this machine is an
/// attack through the browser (DNS rebinding).
fn is_local(request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.or_else(|| request.uri().host()) else { return true };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "[::1]") || name.starts_with("127.")
}

/// Returns the response after a panic. The log has the panic itself.
fn panicked(_: HandlerPanic) -> Response {
    Problem::new(ProblemType::Internal, "the service has a bug: an operator has to look at its log")
        .into_response()
}

/// Returns the problem of an unknown path.
pub(super) async fn not_found() -> Problem {
    Problem::new(ProblemType::NotFound, "/openapi.json describes all paths")
}

/// Returns the problem of a method that the path does not support.
pub(super) async fn no_method() -> Problem {
    Problem::new(ProblemType::Method, "the field Allow lists the supported methods")
}
