//! Why a request is refused, with the status, the code and the body that v2 answers.

use axum::http::{StatusCode, header};
use serde_json::{Map, json};

use crate::sandbox::refusal::Refusal as Admission;
use crate::sandbox::reply::Reply;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// A field and what is wrong with it.
    detail: Option<Box<(String, String)>>,
    allow: Option<String>,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        let message = message.to_owned();
        Self { status, code, message, detail: None, allow: None, retry_after: None }
    }

    pub(super) fn route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", "Resource not found")
    }

    pub(super) fn method<'a>(allowed: impl Iterator<Item = &'a str>) -> Self {
        let allow = Some(allowed.collect::<Vec<_>>().join(", "));
        Self {
            allow,
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Method not allowed")
        }
    }

    /// What v1 says of keys and plans, in the words of v2.
    pub(super) fn of_admission(refusal: &Admission) -> Self {
        let (status, code) = match refusal {
            Admission::NoKey => (StatusCode::UNAUTHORIZED, "AUTH_MISSING_API_KEY"),
            Admission::ExpiredKey => (StatusCode::UNAUTHORIZED, "AUTH_EXPIRED_API_KEY"),
            Admission::Plan => (StatusCode::FORBIDDEN, "SUBSCRIPTION_API_RESTRICTED_PLAN"),
            _ => (StatusCode::UNAUTHORIZED, "AUTH_INVALID_API_KEY"),
        };
        match refusal {
            Admission::NoKey => Self::new(status, code, "Authentication required"),
            refusal => Self::new(status, code, &refusal.to_string()),
        }
    }

    pub(super) fn rate(wait: u64) -> Self {
        let message = "Too many requests, please try again later";
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_TOO_MANY_REQUESTS", message);
        Self { retry_after: Some(wait), ..refusal }
    }

    pub(super) fn json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "VALIDATION_INVALID_JSON", "Invalid JSON in request body")
    }

    pub(super) fn field(field: &str, problem: &str) -> Self {
        let refusal = Self::new(StatusCode::BAD_REQUEST, "VALIDATION_INVALID_BODY", "Invalid request body");
        Self { detail: Some(Box::new((field.to_owned(), problem.to_owned()))), ..refusal }
    }

    pub(super) fn agent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "AGENT_NOT_FOUND", "Agent not found")
    }

    pub(super) fn source() -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", "Source not found")
    }

    /// What was not made through this API is not changed through it.
    pub(super) fn permission() -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", "This source cannot be changed here")
    }

    pub(super) fn source_is_training() -> Self {
        Self::new(StatusCode::CONFLICT, "SOURCE_IS_TRAINING", "Source is being trained")
    }

    pub(super) fn pending_deletion() -> Self {
        Self::new(StatusCode::CONFLICT, "SOURCE_PENDING_DELETION", "Source is pending deletion")
    }

    pub(super) fn already_pending_deletion() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "SOURCE_ALREADY_PENDING_DELETION",
            "Source is already pending deletion",
        )
    }

    pub(super) fn already_training() -> Self {
        Self::new(StatusCode::CONFLICT, "AGENT_ALREADY_TRAINING", "Agent is already training")
    }

    pub(super) fn storage() -> Self {
        let message = "Chatbot storage limit exceeded";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "SOURCE_SIZE_LIMIT_EXCEEDED", message)
    }

    pub(super) fn credits() -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, "CHAT_CREDITS_EXHAUSTED", "Message limit reached")
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", "Internal server error")
    }

    pub(super) fn reply(&self) -> Reply {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some((field, problem)) = self.detail.as_deref() {
            error["details"] = Map::from_iter([(field.clone(), json!(problem))]).into();
        }
        let mut reply = Reply::json(self.status, &json!({ "error": error }));
        if let Some(allow) = &self.allow {
            reply = reply.with(header::ALLOW, allow.as_str());
        }
        match self.retry_after {
            Some(wait) => reply.with(header::RETRY_AFTER, wait),
            None => reply,
        }
    }
}
