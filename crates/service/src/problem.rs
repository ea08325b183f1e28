//! What went wrong, as problem details (RFC 9457). A problem's type is stable: clients decide by it, and by its advice.

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

/// What went wrong, and what to do about it.
#[derive(Serialize, Debug, Clone)]
#[serde(transparent)]
pub struct Problem(Box<ProblemDetails>);

/// What went wrong, and what to do about it.
#[derive(Serialize, ToSchema, Debug, Clone)]
#[schema(as = Problem)]
pub(super) struct ProblemDetails {
    /// The type of problem: `/problems/` and its stable name.
    #[serde(rename = "type")]
    #[schema(schema_with = ProblemType::schema)]
    kind: ProblemType,
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
    /// Makes a problem of a type, with a sentence about this very case.
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

    /// Returns its type.
    pub(super) const fn kind(&self) -> ProblemType {
        self.0.kind
    }

    /// Describes a type of problem in words.
    pub(super) fn described(name: &str) -> Option<String> {
        let kind = ProblemType::named(name)?;
        let (title, status) = (kind.title(), kind.status());
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
        let kind = ProblemType::from(&refusal);
        if let (ProblemType::Internal, Refusal::Store(error)) = (kind, &refusal) {
            // Not the client's business: which disk, which host.
            tracing::error!(%error, "the store");
            return Self::new(kind, "the store refused for good: an operator has to look");
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
