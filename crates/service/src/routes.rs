//! The router: one route for each operation, and the middleware in front of them.

use axum::Router;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER,
};
use axum::http::{HeaderValue, Method};
use axum::routing::get;
use tower_http::cors::CorsLayer;
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::{ApiDescription, CommonResponses};
use super::service::Service;
use super::{accounts, carts, checkout, demo, exchange, health, intents, live, middleware, page};

/// How long a browser may cache the answer to a preflight request, in seconds.
const PREFLIGHT_S: u64 = 600;

/// Returns the service as a router, to serve or to nest in another axum app.
pub fn router(service: Service) -> Router {
    let described = OpenApiRouter::<Service>::with_openapi(ApiDescription::openapi())
        .routes(routes!(carts::open))
        .routes(routes!(carts::read, accounts::erase_guest))
        .routes(routes!(carts::add, carts::clear))
        .routes(routes!(carts::set, carts::remove, carts::patch))
        .routes(routes!(carts::move_to))
        .merge(intents::routes())
        .routes(routes!(carts::explain))
        .routes(routes!(live::live))
        .routes(routes!(checkout::begin, checkout::abandon))
        .routes(routes!(checkout::place))
        .routes(routes!(exchange::register, exchange::retire))
        .routes(routes!(accounts::home))
        .routes(routes!(accounts::merge))
        .routes(routes!(accounts::unmerge))
        .routes(routes!(accounts::erase))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(health::problem))
        .routes(routes!(exchange::get, exchange::post));
    let (routes, mut api) = described.split_for_parts();
    CommonResponses.modify(&mut api);
    let api = api.to_json().unwrap_or_default();
    let description = move || async move { ([(CONTENT_TYPE, "application/json")], api) };
    let mut routes = routes.route("/openapi.json", get(description));
    if service.demo().is_some() {
        routes = routes.merge(demo::routes()).merge(page::routes());
    }
    routes = routes
        .fallback(middleware::not_found)
        .method_not_allowed_fallback(middleware::no_method)
        .layer(middleware::RequestLayer(service.clone()));
    if !service.settings().origins.is_empty() {
        routes = routes.layer(origins(&service));
    }
    routes.with_state(service)
}

/// Returns the CORS layer that admits the configured origins.
fn origins(service: &Service) -> CorsLayer {
    let origins = service.settings().origins.iter();
    let origins: Vec<HeaderValue> = origins.filter_map(|origin| origin.parse().ok()).collect();
    let own = |name| HeaderName::from_static(name);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            own("idempotency-key"),
            own("cart-seen"),
            own("cart-device"),
        ])
        .expose_headers([ETAG, RETRY_AFTER, own("idempotency-replayed")])
        .max_age(std::time::Duration::from_secs(PREFLIGHT_S))
}
