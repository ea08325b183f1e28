//! What a request carries beside who asks: its path, its query, its body, its conditions.

use std::fmt;
use std::sync::LazyLock;

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Service;
use super::line_id::{LineId, LineIdError};
use super::problem::Problem;
use super::problem_type::ProblemType;
use holdall::cart::List;
use holdall::id::{CartId, CouponCode, ReplicaId};
use holdall::limits;
use holdall_authority::AccountId;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CART_SEEN: HeaderName = HeaderName::from_static("cart-seen");

/// An id in its one form: 36 lower-case characters.
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

/// A cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct CartPath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(value_type = String, pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub(super) cart: CartId,
}

/// A line of a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct LinePath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(value_type = String, pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub(super) cart: CartId,
    /// The line's id, as the cart shows it.
    #[serde(deserialize_with = "parsed")]
    #[param(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) line: LineId,
}

/// A coupon of a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct CouponPath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(value_type = String, pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub(super) cart: CartId,
    /// The coupon's code. Letters of ASCII are taken as upper case.
    #[serde(deserialize_with = "code")]
    #[param(value_type = String, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x20\x7f-\xa0]+$")]
    pub(super) code: CouponCode,
}

/// A writer of a cart.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WriterPath {
    /// The cart's id.
    #[serde(deserialize_with = "id")]
    #[param(value_type = String, pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub(super) cart: CartId,
    /// The replica's id: 128 random bits.
    #[serde(deserialize_with = "id")]
    #[param(value_type = String, pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub(super) replica: ReplicaId,
}

/// An account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct AccountPath {
    /// The account, as the token names it.
    #[serde(deserialize_with = "account")]
    #[param(value_type = String, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub(super) account: AccountId,
}

/// A guest cart that an account has merged.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct GuestPath {
    /// The account, as the token names it.
    #[serde(deserialize_with = "account")]
    #[param(value_type = String, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub(super) account: AccountId,
    /// The guest cart's id.
    #[serde(deserialize_with = "id")]
    #[param(value_type = String, pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub(super) guest: CartId,
}

/// Which list.
#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The list that the line is in.
    #[serde(default, deserialize_with = "list")]
    #[param(value_type = Option<super::schema::ListName>)]
    pub(super) list: List,
}

/// The path of a request.
pub(super) struct PathParams<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Service> for PathParams<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, service).await;
        path.map(|Path(path)| Self(path)).map_err(no_such)
    }
}

/// A path that names nothing. What cannot be the id of a line is answered as the id of a line that is not there is.
fn no_such(rejection: PathRejection) -> Problem {
    let detail = match rejection {
        PathRejection::FailedToDeserializePathParams(failed) => failed.into_kind().to_string(),
        other => other.body_text(),
    };
    // Errors of fields come as texts alone.
    let name = if detail == LineIdError.to_string() { "unknown-row" } else { "malformed" };
    Problem::new(name, detail)
}

/// The query of a request.
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

/// A body in JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Service> for Json<T> {
    type Rejection = Problem;
    async fn from_request(mut request: Request, service: &Service) -> Result<Self, Problem> {
        limited(&mut request, service.settings().body_bytes)?;
        let media = request.headers().get(CONTENT_TYPE);
        let read = if media.is_some_and(|media| media == "application/json") {
            let bytes = axum::body::Bytes::from_request(request, service).await;
            let bytes = bytes.map_err(|rejection| unread(&rejection))?;
            // Most bodies are right, and have no list: one reading is enough. What is wrong with the others is told below.
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
                    JsonRejection::MissingJsonContentType(_) => {
                        Problem::new(ProblemType::MediaType, "send JSON, with Content-Type: application/json")
                    }
                    JsonRejection::BytesRejection(bytes) => unread(bytes),
                    _ => Problem::new(ProblemType::Malformed, rejection.body_text()),
                });
            }
        };
        // No request has a list in it, and a list would be taken for the fields of an object in their order.
        if has_list(&value) {
            return Err(Problem::new(ProblemType::Invalid,
                "there is a list where an object or a value is to be",
            ));
        }
        T::deserialize(value).map(Self).map_err(|error| Problem::new(ProblemType::Invalid, error.to_string()))
    }
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(has_list),
        _ => false,
    }
}

/// A body of bytes.
pub(super) struct Bytes(pub(super) axum::body::Bytes);

impl FromRequest<Service> for Bytes {
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

/// Holds a body to its limit. One that says itself that it is too long is not waited for.
fn limited(request: &mut Request, limit: usize) -> Result<(), Problem> {
    DefaultBodyLimit::max(limit).apply(request);
    let bytes =
        request.headers().get(CONTENT_LENGTH).and_then(|field| field.to_str().ok()?.parse().ok());
    match bytes {
        Some(bytes) if limit < bytes => {
            Err(Problem::new(ProblemType::TooLarge, format!("a body of {bytes} bytes, the limit is {limit}")))
        }
        _ => Ok(()),
    }
}

fn unread(rejection: &BytesRejection) -> Problem {
    let name = if rejection.status().as_u16() == 413 { "too-large" } else { "malformed" };
    Problem::new(name, rejection.body_text())
}

/// On which conditions a command is to be carried out.
#[derive(Clone, Copy, Default)]
pub(super) struct Conditions {
    pub(super) key: Option<u128>,
    pub(super) only_at: Option<u64>,
    pub(super) seen: Option<u64>,
}

/// The fields of a command, as the description of the interface has them.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct CommandFields {
    /// The client's name for this request, best a UUID of version 7. The same request under the same name is carried out once, and
    /// is answered each time with the cart right after it.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        example = "0193c6a0-0000-7000-8000-000000000001",
        pattern = r#"^([!#-~]{1,255}|"[!#-~]{1,255}")$"#
    )]
    key: String,
    /// An entity tag: only if the cart is still so. Adds do not need it.
    #[param(
        rename = "If-Match",
        required = false,
        example = json!("\"1\""),
        pattern = r#"^(\*|"(0|[1-9][0-9]{0,15})(-[0-9a-f]{8})?")$"#
    )]
    only_at: String,
    /// The version of the cart that the shopper looked at, or its entity tag. The command affects what was there, and what the same device did
    /// since, and nothing that others did.
    #[param(
        rename = "Cart-Seen",
        required = false,
        pattern = r#"^((0|[1-9][0-9]{0,15})|"(0|[1-9][0-9]{0,15})(-[0-9a-f]{8})?")$"#
    )]
    seen: String,
    /// The device: a UUID that it drew once.
    #[param(
        rename = "Cart-Device",
        required = false,
        format = "uuid",
        example = "6c2f1b60-0000-4000-8000-000000000001",
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    )]
    device: String,
}

/// The field of a read.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct ReadFields {
    /// An entity tag: the cart is sent only if it has changed.
    #[param(rename = "If-None-Match", required = false, example = json!("\"1\""))]
    known: String,
}

/// The entity tags of what the client has.
pub(super) struct KnownTags(Vec<HeaderValue>);

impl FromRequestParts<Service> for KnownTags {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get_all(IF_NONE_MATCH).iter().cloned().collect()))
    }
}

impl KnownTags {
    /// Whether one of them is of this revision: by weak comparison, as the field asks for.
    pub(super) fn any(&self, revision: u64, life: u32) -> bool {
        // Most readers have none.
        if self.0.is_empty() {
            return false;
        }
        let etag = tag_of(revision, life);
        let known = self.0.iter().filter_map(|field| field.to_str().ok());
        let mut known = known.flat_map(|field| field.split(',')).map(str::trim);
        known.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    }
}

impl FromRequestParts<Service> for Conditions {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let field = |name: &HeaderName| {
            let mut fields = parts.headers.get_all(name).iter();
            match (fields.next(), fields.next()) {
                (None, _) => Ok(None),
                (Some(field), None) => match field.to_str() {
                    Ok(text) => Ok(Some(text.trim())),
                    Err(_) => Err(malformed(name, "printable ASCII")),
                },
                _ => Err(malformed(name, "there once")),
            }
        };
        let tag = |name: &HeaderName, tag: &str, what: &str| {
            named(tag, service.life()).ok_or_else(|| malformed(name, what))
        };
        let only_at = match field(&IF_MATCH)? {
            None | Some("*") => None,
            Some(text) => Some(match tag(&IF_MATCH, text, "one entity tag, as the cart had it")? {
                Named::Revision(revision) => revision,
                // No cart is at that one.
                Named::Elsewhere => u64::MAX,
            }),
        };
        let seen = match field(&CART_SEEN)? {
            None => None,
            Some(text) => {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                let text = if is_number { &format!("\"{text}\"") } else { text };
                match tag(&CART_SEEN, text, "a version of the cart, or its entity tag")? {
                    Named::Revision(revision) => Some(revision),
                    Named::Elsewhere => return Err(elsewhere()),
                }
            }
        };
        let key = match field(&IDEMPOTENCY_KEY)? {
            None => None,
            Some(text) => Some(request_key(text).ok_or_else(|| {
                malformed(
                    &IDEMPOTENCY_KEY,
                    "1 to 255 characters of visible ASCII, in quotes or not",
                )
            })?),
        };
        Ok(Self { key, only_at, seen })
    }
}

fn elsewhere() -> Problem {
    let detail = "what was seen was before this store was restored: show the cart as it is";
    Problem::new(ProblemType::TooLongAgo, detail)
}

fn malformed(name: &HeaderName, what: &str) -> Problem {
    Problem::new(ProblemType::Malformed, format!("the field {name} is to be {what}"))
}

/// How long an entity tag may be, in bytes.
const TAG_BYTES: usize = 32;

/// The entity tag of a revision. It names the life of the store as well: one that was restored from a backup counts on from there, and
/// comes to the same numbers with other carts.
pub(super) fn tag_of(revision: u64, life: u32) -> String {
    let mut tag = String::with_capacity(TAG_BYTES);
    tag.push('"');
    tag.push_str(&revision.to_string());
    tag.push('-');
    for at in (0..8).rev() {
        tag.extend(char::from_digit(life >> (4 * at) & 0xf, 16));
    }
    tag.push('"');
    tag
}

/// What an entity tag names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Named {
    /// A revision. A number alone does, too: that is for whoever looks at the version in the body.
    Revision(u64),
    /// One of another life of this store, or of another store.
    Elsewhere,
}

/// What a text names, if it is an entity tag of a cart.
fn named(tag: &str, life: u32) -> Option<Named> {
    let text = tag.strip_prefix('"')?.strip_suffix('"')?;
    let (digits, of) = text.split_once('-').map_or((text, None), |(digits, of)| (digits, Some(of)));
    let revision: u64 = digits.parse().ok()?;
    let of = of.map_or(Some(life), |of| u32::from_str_radix(of, 16).ok())?;
    let is_whole = tag == tag_of(revision, of) || tag == format!("\"{revision}\"");
    let named = if of == life { Named::Revision(revision) } else { Named::Elsewhere };
    is_whole.then_some(named)
}

/// A request's name as a number: that of a UUID, or for any other text one that was derived from it.
fn request_key(text: &str) -> Option<u128> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let visible = text.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'~'));
    if text.is_empty() || text.len() > limits::REQUEST_KEY_BYTES || !visible {
        return None;
    }
    if let Ok(uuid) = Uuid::parse_str(text) {
        return Some(uuid.as_u128());
    }
    Some(derived_key(&NAMED, text.as_bytes()))
}

/// What keys are derived from. Its name is hashed once, and not for each of them.
pub(super) type Derived = LazyLock<ContextKey>;

static NAMED: Derived = LazyLock::new(|| hash_derive_key_context("holdall idempotency key v1"));

/// A key of a step of a request, or of a text. It names no time.
pub(super) fn derived_key(what: &Derived, of: &[u8]) -> u128 {
    let hash = blake3::Hasher::new_from_context_key(what).update(of).finalize();
    let bits =
        hash.as_bytes()[..16].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    bits & !(0xf << 76) | 0x8 << 76
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_requests() {
        let uuid = "0191b2c3-0000-7000-8000-000000000001";
        let quoted = format!("\"{uuid}\"");
        assert_eq!(request_key(uuid), request_key(&quoted));
        assert_eq!(request_key(uuid), Some(Uuid::parse_str(uuid).expect("a UUID").as_u128()));
        assert_ne!(request_key("abc"), request_key("abd"));
        assert_eq!(request_key("abc").map(|key| key >> 76 & 0xf), Some(8));
        assert_eq!((request_key(""), request_key(&"k".repeat(256))), (None, None));
    }

    #[test]
    fn entity_tags() {
        let named = |tag: &str| named(tag, 0xab);
        assert_eq!(named(&tag_of(12, 0xab)), Some(Named::Revision(12)));
        assert_eq!(named("\"12-000000ab\""), Some(Named::Revision(12)));
        assert_eq!(named("\"12\""), Some(Named::Revision(12)));
        assert_eq!(named("\"12-000000ac\""), Some(Named::Elsewhere));
        for tag in [
            "12",
            "\"012\"",
            "W/\"12\"",
            "\"\"",
            "\"1\", \"2\"",
            "\"+1\"",
            "\"1-\"",
            "\"1-ab\"",
            "\"1-000000AB\"",
            "\"1-+00000ab\"",
            "\"01-000000ab\"",
            "\"-000000ab\"",
        ] {
            assert_eq!(named(tag), None, "{tag}");
        }
    }
}
