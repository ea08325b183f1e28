//! Problem details (RFC 9457). A problem's type and advice are stable: clients decide by them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::cart_body::CartBody;
use super::problem_type::ProblemType;
use holdall::id::{LineError, TextError};
use holdall::money::MoneyError;
use holdall::replica::ActionError;
use holdall_authority::{Advice, Refusal};

/// A failure of a request, as problem details (RFC 9457).
#[derive(Serialize, Debug, Clone)]
#[serde(transparent)]
pub struct Problem(Box<ProblemDetails>);

/// A failure of a request, with advice how to solve it.
#[derive(Serialize, ToSchema, Debug, Clone)]
#[schema(as = Problem)]
pub(super) struct ProblemDetails {
    /// The type of problem: `/problems/` and its stable name.
    #[serde(rename = "type")]
    #[schema(schema_with = ProblemType::schema)]
    kind: ProblemType,
    /// The type in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// An explanation of this occurrence.
    detail: String,
    /// What the client should do: `retry` the request after `retry_after_ms`; `look-again`, that
    /// is, read the cart and let the shopper decide; `correct` the request; `restamp` the actions
    /// with a correct clock; `start-new-writer` with a new replica id; `sign-in`; `drop-copy` of
    /// the erased cart; or report to an `operator`.
    advice: &'static str,
    /// The time to wait before the request is repeated, in milliseconds.
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
    /// Makes a problem of a type, with an explanation of this occurrence.
    pub(super) fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self::with_advice(kind, detail.into(), kind.advice())
    }

    fn with_advice(kind: ProblemType, detail: String, advice: Advice) -> Self {
        Self(Box::new(ProblemDetails {
            kind,
            title: kind.title(),
            status: kind.status(),
            detail,
            advice: name_of(advice),
            retry_after_ms: match advice {
                Advice::Retry { after_ms } => Some(after_ms),
                _ => None,
            },
            expected: None,
            last: None,
            cart: None,
        }))
    }

    /// Returns the type of the problem.
    pub(super) const fn kind(&self) -> ProblemType {
        self.0.kind
    }

    /// Returns a description of the type with this name.
    pub(super) fn described(name: &str) -> Option<String> {
        let kind = ProblemType::named(name)?;
        let (title, status) = (kind.title(), kind.status());
        Some(format!("{name}: {title}. The HTTP status is {status}.\n"))
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
        let kind = ProblemType::from(&refusal);
        if let (ProblemType::Internal, Refusal::Store(error)) = (kind, &refusal) {
            // The error may name disks and hosts, which are not the client's business.
            tracing::error!(%error, "the store failed");
            return Self::new(kind, "the store failed permanently; an operator has to repair it");
        }
        let mut problem = Self::with_advice(kind, refusal.to_string(), refusal.advice());
        match refusal {
            Refusal::Changed { now } => problem.0.cart = Some(Box::new((*now).into())),
            Refusal::Gap { expected, .. } => problem.0.expected = Some(expected),
            Refusal::WriterRetired { last, .. } => problem.0.last = Some(last),
            _ => {}
        }
        problem
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        Self::new(ProblemType::Invalid, error.to_string())
    }
}

impl From<TextError> for Problem {
    fn from(error: TextError) -> Self {
        Self::new(ProblemType::Invalid, error.to_string())
    }
}

impl From<LineError> for Problem {
    fn from(error: LineError) -> Self {
        Self::new(ProblemType::Invalid, error.to_string())
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
        let etag = self.0.cart.as_ref().map(|cart| cart.tag.to_header());
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
