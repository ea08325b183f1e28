//! Exchange with replicating clients: registration of writers, and deltas in bytes.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::authenticated::Authenticated;
use super::extract::{CartPath, DeltaBody, PathParams, QueryParams, WriterPath};
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::cart::Have;
use holdall::id::CartId;
use holdall::sync::Message;
use holdall::wire;
use holdall_authority::Admitted;

/// The query that states what a client has.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct HaveQuery {
    /// The bytes of a message `Have`, in base64url without padding. Without this parameter, the
    /// answer is the whole cart.
    #[serde(default)]
    #[param(value_type = String, required = false, pattern = "^[A-Za-z0-9_-]+$")]
    have: Option<String>,
}

/// The bytes of a delta.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "for the description alone")]
struct DeltaBytes(Vec<u8>);

/// Decodes the message `Have` of a client.
///
/// # Errors
/// The bytes are malformed, or are another message, or name another cart.
pub(super) fn have_of(cart: CartId, bytes: &[u8]) -> Result<Have, Problem> {
    match wire::decode_message(bytes) {
        Ok(Message::Have { cart: theirs, have }) if theirs == cart => Ok(have),
        Ok(_) => {
            Err(Problem::new(ProblemType::Malformed, "have: not a message `Have` of this cart"))
        }
        Err(error) => Err(Problem::new(ProblemType::Malformed, format!("have: {error}"))),
    }
}

/// Returns the bytes of a delta with everything that a replicating client lacks.
#[utoipa::path(
    get,
    path = "/carts/{cart}/deltas",
    tag = "replicas",
    params(CartPath, HaveQuery),
    responses(
        (
            status = 200,
            description = "A delta",
            body = inline(DeltaBytes),
            content_type = "application/octet-stream",
        ),
    ),
)]
pub(super) async fn get(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    QueryParams(HaveQuery { have }): QueryParams<HaveQuery>,
) -> Result<Response, Problem> {
    let have = match have {
        None => Have::default(),
        Some(text) => {
            let bytes = URL_SAFE_NO_PAD.decode(text);
            let malformed =
                |_| Problem::new(ProblemType::Malformed, "have: not base64url without padding");
            have_of(cart, &bytes.map_err(malformed)?)?
        }
    };
    let bytes = service.authority().exchange(&caller.0, cart, &have).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// What happened to a delta.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DeltaOutcome {
    /// The delta was applied and is durable.
    Applied,
    /// All actions of the delta were known already.
    Known,
    /// The delta broke a rule. Its actions are void, and the writer continues with the next
    /// sequence number.
    Rejected,
}

/// The answer to a delta.
#[derive(Serialize, ToSchema)]
pub(super) struct AdmittedBody {
    /// What happened to the delta.
    outcome: DeltaOutcome,
    /// The sequence number of the writer's last action known to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u64>,
    /// The cart's version after the delta.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The rule that the delta broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

impl From<Admitted> for AdmittedBody {
    fn from(admitted: Admitted) -> Self {
        let body = |outcome| Self { outcome, last: None, version: None, because: None };
        match admitted {
            Admitted::Applied { revision, last } => {
                Self { last: Some(last), version: Some(revision), ..body(DeltaOutcome::Applied) }
            }
            Admitted::Known { last } => Self { last: Some(last), ..body(DeltaOutcome::Known) },
            Admitted::Rejected { revision, dots, because } => Self {
                last: dots.runs().map(|(_, run)| run.last).max(),
                version: Some(revision),
                because: Some(because.to_string()),
                ..body(DeltaOutcome::Rejected)
            },
        }
    }
}

/// Applies a delta of a replicating client: actions of one writer. A repeated delta changes
/// nothing.
#[utoipa::path(
    post,
    path = "/carts/{cart}/deltas",
    tag = "replicas",
    params(CartPath),
    request_body(content = inline(DeltaBytes), content_type = "application/octet-stream"),
    responses((status = 200, description = "What happened to the delta", body = AdmittedBody)),
)]
pub(super) async fn post(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    DeltaBody(bytes): DeltaBody,
) -> Result<axum::Json<AdmittedBody>, Problem> {
    let admitted = service.authority().accept(service.now_ms(), &caller.0, cart, &bytes).await?;
    Ok(axum::Json(admitted.into()))
}

/// A registered writer.
#[derive(Serialize, ToSchema)]
pub(super) struct WriterBody {
    /// The sequence number of the writer's last action known to the service, 0 if there is none.
    last: u64,
}

/// Registers a writer: only this client may send its deltas. Repeating the request changes nothing.
#[utoipa::path(
    put,
    path = "/carts/{cart}/writers/{replica}",
    tag = "replicas",
    params(WriterPath),
    responses((status = 200, description = "The writer is registered", body = WriterBody)),
)]
pub(super) async fn register(
    service: Service,
    caller: Authenticated,
    PathParams(WriterPath { cart, replica }): PathParams<WriterPath>,
) -> Result<axum::Json<WriterBody>, Problem> {
    let done = service.authority().register(service.now_ms(), &caller.0, cart, replica).await?;
    Ok(axum::Json(WriterBody { last: done.last.seq }))
}

/// Retires a writer, which then cannot write any more. Repeating the request changes nothing.
#[utoipa::path(
    delete,
    path = "/carts/{cart}/writers/{replica}",
    tag = "replicas",
    params(WriterPath),
    responses((status = 204, description = "The writer is retired")),
)]
pub(super) async fn retire(
    service: Service,
    caller: Authenticated,
    PathParams(WriterPath { cart, replica }): PathParams<WriterPath>,
) -> Result<axum::http::StatusCode, Problem> {
    service.authority().retire(service.now_ms(), &caller.0, cart, replica).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
