//! The conditions of a command, and the name that its client gave it.

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

/// The conditions on which a command is carried out.
#[derive(Clone, Copy, Default)]
pub(super) struct CommandConditions {
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

/// The header field of a read.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct ReadFields {
    /// An entity tag: the cart is sent only if it has changed.
    #[param(rename = "If-None-Match", required = false, example = json!("\"1\""))]
    known: String,
}

/// The entity tags that the client has.
pub(super) struct KnownTags(Vec<HeaderValue>);

impl FromRequestParts<Service> for KnownTags {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(IF_NONE_MATCH).iter().cloned().collect()))
    }
}

impl KnownTags {
    /// Returns whether one of them is this tag, by weak comparison, as `If-None-Match` asks for.
    pub(super) fn contain(&self, tag: EntityTag) -> bool {
        // Most readers have none.
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
        let here = EntityTag::new(0, service.incarnation()).store;
        let tag = |name: &HeaderName, tag: &str, what: &str| {
            EntityTag::parse(tag, here).ok_or_else(|| malformed(name, what))
        };
        let only_at = match field(&IF_MATCH)? {
            None | Some("*") => None,
            Some(text) => {
                let tag = tag(&IF_MATCH, text, "one entity tag, as the cart had it")?;
                // A tag of another store holds for no revision here, and no cart comes to the last.
                Some(if tag.store == here { tag.version } else { u64::MAX })
            }
        };
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

/// Returns a request's name as a number: that of a UUID, or one that is derived from any other
/// text.
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

/// The context that request keys are derived in. Its name is hashed once.
pub(super) type KeyContext = LazyLock<ContextKey>;

static NAMED: KeyContext = LazyLock::new(|| hash_derive_key_context("holdall idempotency key v1"));

/// Derives the key of a step of a request, or of a text. The key names no time.
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
