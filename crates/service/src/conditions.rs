//! The conditions of a command, and its idempotency key.

use std::convert::Infallible;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use utoipa::IntoParams;
use uuid::Uuid;

use super::entity_tag::EntityTag;
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::service::Service;
use holdall::limits;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CART_SEEN: HeaderName = HeaderName::from_static("cart-seen");

/// The idempotency key of a command, and the conditions on which it is carried out.
#[derive(Clone, Copy, Default)]
pub(super) struct CommandConditions {
    pub(super) key: Option<u128>,
    pub(super) only_at: Option<u64>,
    pub(super) seen: Option<u64>,
}

/// The header fields of a command, for the OpenAPI description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct CommandFields {
    /// The client's name for this request, best a UUID of version 7. A request repeated under one
    /// key is carried out once, and each answer has the cart right after it.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        example = "0193c6a0-0000-7000-8000-000000000001",
        pattern = r#"^([!#-~]{1,255}|"[!#-~]{1,255}")$"#
    )]
    key: String,
    /// An entity tag. The command is carried out only if the cart still has this tag, otherwise the
    /// answer is 412. Adds do not need it.
    #[param(
        rename = "If-Match",
        required = false,
        example = json!("\"1\""),
        pattern = r#"^(\*|"(0|[1-9][0-9]{0,15})(-[0-9a-f]{8})?")$"#
    )]
    only_at: String,
    /// The version of the cart that the shopper looked at, or its entity tag. The command affects
    /// the cart of that version and what this device has done since, and nothing that others did.
    #[param(
        rename = "Cart-Seen",
        required = false,
        pattern = r#"^((0|[1-9][0-9]{0,15})|"(0|[1-9][0-9]{0,15})(-[0-9a-f]{8})?")$"#
    )]
    seen: String,
    /// The device's id: a UUID that the device generates once and keeps.
    #[param(
        rename = "Cart-Device",
        required = false,
        format = "uuid",
        example = "6c2f1b60-0000-4000-8000-000000000001",
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    )]
    device: String,
}

/// The header field of a read.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct ReadFields {
    /// An entity tag. The cart is sent only if its tag differs, otherwise the answer is 304.
    #[param(rename = "If-None-Match", required = false, example = json!("\"1\""))]
    known: String,
}

/// The entity tags of `If-None-Match`.
pub(super) struct KnownTags(Vec<HeaderValue>);

impl FromRequestParts<Service> for KnownTags {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(IF_NONE_MATCH).iter().cloned().collect()))
    }
}

impl KnownTags {
    /// Returns whether the list contains a tag, by weak comparison (RFC 9110, 13.1.2).
    pub(super) fn contain(&self, tag: EntityTag) -> bool {
        // Most requests have none.
        if self.0.is_empty() {
            return false;
        }
        let etag = tag.to_string();
        let known = self.0.iter().filter_map(|field| field.to_str().ok());
        let mut known = known.flat_map(|field| field.split(',')).map(str::trim);
        known.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    }
}

impl FromRequestParts<Service> for CommandConditions {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        // A field may be there once, in printable ASCII.
        let field = |name: &HeaderName| {
            let mut fields = parts.headers.get_all(name).iter();
            match (fields.next(), fields.next()) {
                (None, _) => Ok(None),
                (Some(field), None) => match field.to_str() {
                    Ok(text) => Ok(Some(text.trim())),
                    Err(_) => Err(malformed(name, "printable ASCII")),
                },
                _ => Err(malformed(name, "at most one value")),
            }
        };
        let here = EntityTag::new(0, service.incarnation()).store;
        let tag = |name: &HeaderName, tag: &str, what: &str| {
            EntityTag::parse(tag, here).ok_or_else(|| malformed(name, what))
        };

        // `If-Match`: a revision that the authority compares before the change.
        let only_at = match field(&IF_MATCH)? {
            None | Some("*") => None,
            Some(text) => {
                let tag = tag(&IF_MATCH, text, "one entity tag, as the cart had it")?;
                // The tag of another store must match no revision. No cart reaches the last one.
                Some(if tag.store == here { tag.version } else { u64::MAX })
            }
        };

        // `Cart-Seen`: a version, or the entity tag of this store.
        let seen = match field(&CART_SEEN)? {
            None => None,
            Some(text) => {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                let text = if is_number { &format!("\"{text}\"") } else { text };
                let tag = tag(&CART_SEEN, text, "a version of the cart, or its entity tag")?;
                if tag.store != here {
                    return Err(elsewhere());
                }
                Some(tag.version)
            }
        };

        // `Idempotency-Key`: any text, reduced to 128 bits.
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
    let detail = "Cart-Seen is older than the restore of this store: read the cart again";
    Problem::new(ProblemType::TooLongAgo, detail)
}

fn malformed(name: &HeaderName, what: &str) -> Problem {
    Problem::new(ProblemType::Malformed, format!("the field {name} must have {what}"))
}

/// Returns an idempotency key as a number: the bits of a UUID, or a hash of any other text.
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

/// The context of a key derivation. Its name is hashed once.
pub(super) type KeyContext = LazyLock<ContextKey>;

static NAMED: KeyContext = LazyLock::new(|| hash_derive_key_context("holdall idempotency key v1"));

/// Derives a request key from bytes in a context. The result has the form of a UUID of version 8,
/// so it contains no time.
pub(super) fn derived_key(what: &KeyContext, of: &[u8]) -> u128 {
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
}
