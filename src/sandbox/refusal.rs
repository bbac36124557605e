//! Why a request is refused, with the status and the body that v1 answers.

use axum::http::{Method, StatusCode, header};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use super::reply::Reply;

/// A refusal; its text is the `message` of the answer.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error("Request Entity Too Large\n\nFUNCTION_PAYLOAD_TOO_LARGE\n")]
    Size,
    #[error("Resource not found")]
    Route,
    #[error("Method not allowed")]
    Method(Method),
    #[error("No API key provided.")]
    NoKey,
    #[error("Unauthorized access")]
    UnknownKey,
    #[error("API key expired")]
    ExpiredKey,
    #[error("A Standard plan or higher is required to access the API")]
    Plan,
    #[error("Rate limit exceeded")]
    Rate(u64),
    #[error("Invalid request body")]
    Body(Vec<Issue>),
    #[error("Invalid request data")]
    Query(Vec<Issue>),
    #[error("Chatbot not found")]
    Chatbot,
    #[error(
        "Character limit exceeded. Your plan allows {limit} characters per AI agent, received {received}."
    )]
    Characters { limit: u64, received: u64 },
    #[error("This chatbot is currently unavailable. If you are the owner please check your account.")]
    Credits,
}

/// One field that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Issue {
    pub(super) field: &'static str,
    message: &'static str,
}

impl Issue {
    pub(super) fn new(field: &'static str, message: &'static str) -> Self {
        Self { field, message }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Size => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Route | Self::Chatbot => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoKey | Self::UnknownKey | Self::ExpiredKey => StatusCode::UNAUTHORIZED,
            Self::Plan => StatusCode::FORBIDDEN,
            Self::Rate(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Body(_) | Self::Query(_) | Self::Characters { .. } | Self::Credits => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    pub(super) fn reply(&self) -> Reply {
        let message = self.to_string();
        match self {
            // Plain text, as the edge in front of the vendor answers before the application sees the request.
            Self::Size => Reply::new(self.status(), "text/plain", message),
            Self::Method(allowed) => Reply::json(self.status(), &json!({ "message": message }))
                .with(header::ALLOW, allowed.as_str()),
            Self::Rate(wait) => {
                Reply::json(self.status(), &json!({ "message": message })).with(header::RETRY_AFTER, *wait)
            }
            Self::Body(issues) | Self::Query(issues) if !issues.is_empty() => {
                Reply::json(self.status(), &json!({ "message": message, "issues": issues }))
            }
            _ => Reply::json(self.status(), &json!({ "message": message })),
        }
    }
}
