//! Routes for operators: health, readiness, metrics, and descriptions of problems.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::id::CartId;

/// Answers 200 while the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    security(()),
    responses(
        (
            status = 200,
            description = "The process is alive",
            body = String,
            content_type = "text/plain",
        ),
    ),
)]
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// Answers 200 if the service can take requests: the store answers, and no shutdown has begun.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    security(()),
    responses(
        (
            status = 200,
            description = "The service takes requests",
            body = String,
            content_type = "text/plain",
        ),
    ),
)]
pub(super) async fn ready(service: Service) -> Result<&'static str, Problem> {
    if service.is_closing() {
        return Err(Problem::new(ProblemType::Overloaded, "the service is shutting down"));
    }
    let asked = service.authority().store().revision(CartId::from_u128(0));
    let answered = tokio::time::timeout(service.settings().request_time, asked).await;
    match answered {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(_)) | Err(_) => Err(Problem::new(ProblemType::Store, "the store does not answer")),
    }
}

/// Returns the process's metrics in the format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    security(()),
    responses(
        (
            status = 200,
            description = "Text exposition format",
            body = String,
            content_type = "text/plain",
        ),
    ),
)]
pub(super) async fn metrics(service: Service) -> Result<Response, Problem> {
    let Some(handle) = service.metrics() else {
        return Err(Problem::new(
            ProblemType::NotFound,
            "this process does not publish metrics here",
        ));
    };
    let media = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((media, handle.render()).into_response())
}

/// Describes a type of problem.
#[utoipa::path(
    get,
    path = "/problems/{name}",
    tag = "operations",
    security(()),
    params(("name" = String, Path, description = "The last part of a problem's type")),
    responses(
        (status = 200, description = "The description", body = String, content_type = "text/plain"),
    ),
)]
pub(super) async fn problem(Path(name): Path<String>) -> Result<String, Problem> {
    Problem::described(&name)
        .ok_or_else(|| Problem::new(ProblemType::NotFound, "no such type of problem"))
}
