//! Extractors of a request: its path, its query, its body.

use std::fmt;

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

use super::line_id::{LineId, LineIdError};
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::cart::List;
use holdall::id::{CartId, CouponCode, ReplicaId};
use holdall_authority::AccountId;

/// Reads an id in its only accepted form: a hyphenated UUID in lower case.
fn id<'de, D: Deserializer<'de>, T: From<Uuid>>(from: D) -> Result<T, D::Error> {
    from.deserialize_str(IdVisitor).map(T::from)
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID in lower case")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        let uuid = Uuid::parse_str(text).ok();
        let uuid =
            uuid.filter(|uuid| uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text);
        uuid.ok_or_else(|| E::custom("an id is a UUID in lower case"))
    }
}

fn parsed<'de, D: Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(
    from: D,
) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(de::Error::custom)
}

fn account<'de, D: Deserializer<'de>>(from: D) -> Result<AccountId, D::Error> {
    AccountId::new(&String::deserialize(from)?).map_err(de::Error::custom)
}

fn code<'de, D: Deserializer<'de>>(from: D) -> Result<CouponCode, D::Error> {
    CouponCode::new(String::deserialize(from)?).map_err(de::Error::custom)
}

fn list<'de, D: Deserializer<'de>>(from: D) -> Result<List, D::Error> {
    match &*String::deserialize(from)? {
        "active" => Ok(List::Active),
        "saved" => Ok(List::Saved),
        _ => Err(de::Error::custom("a list is `active` or `saved`")),
    }
}

/// The path of a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct CartPath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(
        value_type = String,
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    )]
    pub(super) cart: CartId,
}

/// The path of a line in a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct LinePath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(
        value_type = String,
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    )]
    pub(super) cart: CartId,
    /// The line's id, as the cart shows it.
    #[serde(deserialize_with = "parsed")]
    #[param(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) line: LineId,
}

/// The path of a coupon in a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct CouponPath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(
        value_type = String,
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    )]
    pub(super) cart: CartId,
    /// The coupon's code. ASCII letters are converted to upper case.
    #[serde(deserialize_with = "code")]
    #[param(
        value_type = String,
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x20\x7f-\xa0]+$",
    )]
    pub(super) code: CouponCode,
}

/// The path of a writer of a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WriterPath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(
        value_type = String,
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    )]
    pub(super) cart: CartId,
    /// The replica's id: 128 random bits.
    #[serde(deserialize_with = "id")]
    #[param(
        value_type = String,
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    )]
    pub(super) replica: ReplicaId,
}

/// The path of an account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct AccountPath {
    /// The account, as the token names it.
    #[serde(deserialize_with = "account")]
    #[param(
        value_type = String,
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
    )]
    pub(super) account: AccountId,
}

/// The path of a guest cart that an account has merged.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct GuestPath {
    /// The account, as the token names it.
    #[serde(deserialize_with = "account")]
    #[param(
        value_type = String,
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
    )]
    pub(super) account: AccountId,
    /// The guest cart's id.
    #[serde(deserialize_with = "id")]
    #[param(
        value_type = String,
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    )]
    pub(super) guest: CartId,
}

/// The query that selects a list.
#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The list that contains the line. The default is `active`.
    #[serde(default, deserialize_with = "list")]
    #[param(value_type = Option<super::cart_body::ListName>)]
    pub(super) list: List,
}

/// An extractor of a request's path.
pub(super) struct PathParams<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Service> for PathParams<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, service).await;
        path.map(|Path(path)| Self(path)).map_err(no_such)
    }
}

/// Returns the problem of a path that does not parse. A malformed line id is reported like the id
/// of a missing line.
fn no_such(rejection: PathRejection) -> Problem {
    let detail = match rejection {
        PathRejection::FailedToDeserializePathParams(failed) => failed.into_kind().to_string(),
        other => other.body_text(),
    };
    // The rejection has only the text of a field's error.
    let is_line = detail == LineIdError.to_string();
    let kind = if is_line { ProblemType::UnknownRow } else { ProblemType::Malformed };
    Problem::new(kind, detail)
}

/// An extractor of a request's query.
pub(super) struct QueryParams<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Service> for QueryParams<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, service).await;
        query
            .map(|Query(query)| Self(query))
            .map_err(|rejection| Problem::new(ProblemType::Malformed, rejection.body_text()))
    }
}

/// An extractor of a JSON body. Arrays are refused.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Service> for JsonBody<T> {
    type Rejection = Problem;
    async fn from_request(mut request: Request, service: &Service) -> Result<Self, Problem> {
        limited(&mut request, service.settings().body_bytes)?;
        let media = request.headers().get(CONTENT_TYPE);
        let read = if media.is_some_and(|media| media == "application/json") {
            let bytes = axum::body::Bytes::from_request(request, service).await;
            let bytes = bytes.map_err(|rejection| unread(&rejection))?;
            // Most bodies are valid and contain no array: parse them once. The slow path below
            // finds out what is wrong with the others.
            if !bytes.contains(&b'[')
                && let Ok(read) = serde_json::from_slice(&bytes)
            {
                return Ok(Self(read));
            }
            axum::Json::<Value>::from_bytes(&bytes)
        } else {
            axum::Json::<Value>::from_request(request, service).await
        };
        let value = match read {
            Ok(axum::Json(value)) => value,
            Err(rejection) => {
                return Err(match &rejection {
                    JsonRejection::MissingJsonContentType(_) => Problem::new(
                        ProblemType::MediaType,
                        "send JSON, with Content-Type: application/json",
                    ),
                    JsonRejection::BytesRejection(bytes) => unread(bytes),
                    _ => Problem::new(ProblemType::Malformed, rejection.body_text()),
                });
            }
        };
        // No request contains an array. serde would accept one for the fields of a struct in order.
        if has_list(&value) {
            return Err(Problem::new(
                ProblemType::Invalid,
                "Arrays are not accepted here; send one object",
            ));
        }
        T::deserialize(value)
            .map(Self)
            .map_err(|error| Problem::new(ProblemType::Invalid, error.to_string()))
    }
}

/// Returns whether a JSON value contains an array.
fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(has_list),
        _ => false,
    }
}

/// An extractor of the bytes of a delta.
pub(super) struct DeltaBody(pub(super) axum::body::Bytes);

impl FromRequest<Service> for DeltaBody {
    type Rejection = Problem;
    async fn from_request(mut request: Request, service: &Service) -> Result<Self, Problem> {
        let media = request.headers().get(CONTENT_TYPE).and_then(|field| field.to_str().ok());
        if media != Some("application/octet-stream") {
            let detail = "send a delta's bytes, with Content-Type: application/octet-stream";
            return Err(Problem::new(ProblemType::MediaType, detail));
        }
        limited(&mut request, service.settings().delta_bytes)?;
        let bytes = axum::body::Bytes::from_request(request, service).await;
        bytes.map(Self).map_err(|rejection| unread(&rejection))
    }
}

/// Limits the size of a body, in bytes.
///
/// # Errors
/// `Content-Length` exceeds the limit, so the body is not read at all.
fn limited(request: &mut Request, limit: usize) -> Result<(), Problem> {
    DefaultBodyLimit::max(limit).apply(request);
    let bytes =
        request.headers().get(CONTENT_LENGTH).and_then(|field| field.to_str().ok()?.parse().ok());
    match bytes {
        Some(bytes) if limit < bytes => Err(Problem::new(
            ProblemType::TooLarge,
            format!("the body has {bytes} bytes; the limit is {limit}"),
        )),
        _ => Ok(()),
    }
}

/// Returns the problem of a body that could not be read.
fn unread(rejection: &BytesRejection) -> Problem {
    let is_long = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
    let kind = if is_long { ProblemType::TooLarge } else { ProblemType::Malformed };
    Problem::new(kind, rejection.body_text())
}
