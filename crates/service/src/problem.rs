//! What went wrong, as problem details (RFC 9457). A problem's type is stable: clients decide by it, and by its advice.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::cart_json::CartBody;
use holdall::replica::ActionError;
use holdall_authority::{Advice, Refusal};
use holdall_store::StoreError;

/// Every type of problem: its name, the status it comes with, its title.
const TYPES: [(&str, u16, &str); 43] = [
    ("account-only", 403, "This is for somebody who signed in"),
    ("already-claimed", 409, "The guest cart belongs to an account"),
    ("busy", 503, "The cart is being changed by others"),
    ("changed", 412, "The cart has changed"),
    ("checkout-closed", 409, "The checkout is not open"),
    ("checkout-open", 409, "A checkout of this cart is open"),
    ("clock-ahead", 409, "The device's clock is ahead"),
    ("damaged", 500, "The cart's record is damaged"),
    ("equivocation", 409, "The writer was cloned"),
    ("erased", 410, "The cart was erased"),
    ("gap", 409, "Actions of this writer are missing"),
    ("internal", 500, "Something went wrong here"),
    ("invalid", 422, "A value is not allowed"),
    ("key-reused", 422, "The idempotency key was used for another request"),
    ("key-too-old", 422, "The request is too old to be sent again"),
    ("limit", 422, "More than there may be"),
    ("malformed", 400, "The request cannot be read"),
    ("many-writers", 422, "The delta has several writers"),
    ("media-type", 415, "The body is of another type"),
    ("merged", 403, "The guest cart was merged into an account's"),
    ("method", 405, "No such method here"),
    ("misdirected", 421, "This host is not served here"),
    ("not-acceptable", 406, "No such form of it"),
    ("not-for-you", 403, "Only the shopper may"),
    ("not-found", 404, "No such page"),
    ("not-yours", 404, "No such cart of yours"),
    ("nothing-to-order", 409, "There is nothing to order"),
    ("other-cart", 422, "The delta is about another cart"),
    ("overloaded", 503, "Too much to do"),
    ("quantity", 422, "The quantity is not allowed"),
    ("replica-retired", 409, "The writer was retired"),
    ("server-only", 403, "This is for the shop's own systems"),
    ("store", 503, "The store cannot be reached"),
    ("timeout", 503, "It took too long"),
    ("too-fast", 429, "Too many requests"),
    ("too-large", 413, "The body is too large"),
    ("too-long-ago", 404, "The journal does not go back that far"),
    ("unauthenticated", 401, "Principal is asking?"),
    ("unknown-row", 404, "No such line"),
    ("unknown-writer", 403, "The writer is not registered to you"),
    ("unreadable", 409, "A line cannot be bought here"),
    ("unseen", 409, "It names actions that are not known here"),
    ("writer-taken", 409, "The writer's id is taken"),
];

/// How long to wait after a refusal for lack of room, in milliseconds.
const SHED_MS: u64 = 1_000;

/// What went wrong, and what to do about it.
#[derive(Serialize, Debug, Clone)]
#[serde(transparent)]
pub struct Problem(Box<Details>);

/// What went wrong, and what to do about it.
#[derive(Serialize, ToSchema, Debug, Clone)]
#[schema(as = Problem)]
pub(super) struct Details {
    /// `/problems/` and the stable name of the type of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The type in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What it was this time.
    detail: String,
    /// What to do: `retry` the same after a while, `look-again`, `correct` it, `restamp` with a right clock,
    /// `start-new-writer`, `sign-in`, `drop-copy`, or nothing but an `operator` can help.
    advice: &'static str,
    /// After how long to send the same again, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The number of the action that is expected next.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
    /// The number of the last action that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u64>,
    /// The cart as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    cart: Option<Box<CartBody>>,
}

impl Problem {
    /// A problem of one of the types, which says in detail what it was.
    pub(super) fn new(name: &str, detail: impl Into<String>) -> Self {
        let found = TYPES.iter().find(|(known, ..)| *known == name);
        let (name, status, title) =
            found.copied().unwrap_or(("internal", 500, "Something went wrong here"));
        Self(Box::new(Details {
            kind: format!("/problems/{name}"),
            title,
            status,
            detail: detail.into(),
            advice: name_of(match status {
                401 => Advice::SignIn,
                503 => Advice::Retry { after_ms: SHED_MS },
                500 => Advice::Operator,
                _ => Advice::Correct,
            }),
            retry_after_ms: (status == 503).then_some(SHED_MS),
            expected: None,
            last: None,
            cart: None,
        }))
    }

    /// Its stable name.
    pub(super) fn name(&self) -> &str {
        self.0.kind.trim_start_matches("/problems/")
    }

    /// What a type of problem is, in words.
    pub(super) fn described(name: &str) -> Option<String> {
        let (name, status, title) = TYPES.iter().find(|(known, ..)| *known == name)?;
        Some(format!("{name}: {title}. It comes with status {status}.\n"))
    }
}

const fn name_of(advice: Advice) -> &'static str {
    match advice {
        Advice::Retry { .. } => "retry",
        Advice::LookAgain => "look-again",
        Advice::Correct => "correct",
        Advice::Restamp => "restamp",
        Advice::StartNewWriter => "start-new-writer",
        Advice::SignIn => "sign-in",
        Advice::DropCopy => "drop-copy",
        Advice::Operator => "operator",
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let advice = refusal.advice();
        let name = match &refusal {
            Refusal::Action(ActionError::NothingToOrder) => "nothing-to-order",
            // Not the client's business: which disk, which host.
            Refusal::Store(error)
                if !error.is_retryable() && !matches!(error, StoreError::Damaged { .. }) =>
            {
                tracing::error!(%error, "the store");
                return Self::new(
                    "internal",
                    "the store refused for good: an operator has to look",
                );
            }
            other => other.kind(),
        };
        let mut problem = Self::new(name, refusal.to_string());
        problem.0.advice = name_of(advice);
        problem.0.retry_after_ms = match advice {
            Advice::Retry { after_ms } => Some(after_ms),
            _ => None,
        };
        match refusal {
            Refusal::Changed { now } => problem.0.cart = Some(Box::new((*now).into())),
            Refusal::Gap { expected, .. } => problem.0.expected = Some(expected),
            Refusal::WriterRetired { last, .. } => problem.0.last = Some(last),
            _ => {}
        }
        problem
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        Refusal::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_s = self.0.retry_after_ms.map(|after_ms| after_ms.div_ceil(1_000));
        let etag = self.0.cart.as_ref().map(|cart| cart.etag());
        let mut response = (status, axum::Json(self)).into_response();
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(retry_s) = retry_s {
            fields.insert(header::RETRY_AFTER, HeaderValue::from(retry_s));
        }
        if let Some(etag) = etag {
            fields.insert(header::ETAG, etag);
        }
        if status == StatusCode::UNAUTHORIZED {
            fields.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_right() {
        assert!(TYPES.is_sorted_by(|(a, ..), (b, ..)| a < b));
        for (name, status, _) in TYPES {
            assert!((400..600).contains(&status));
            assert_eq!(Problem::new(name, "").name(), name);
        }
    }
}
