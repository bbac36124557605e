//! How a URL ended: the one vocabulary that crawl, store, report and `explain` share.
//!
//! Every discovered URL ends in exactly one [`Outcome`]; the names are stable, they stand in the run
//! report and in the store.

use serde::{Deserialize, Serialize};

/// How a URL ended in one crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered with a page that was read.
    Fetched,
    /// Answered 304: what the store holds is still true.
    NotModified,
    /// Left out by a rule, or because it is no page of its own.
    Skipped(SkipReason),
    /// Could not be read now; another run may succeed.
    Failed(Failure),
}

/// Why a URL gave no document although nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// 404 or 410.
    NotFound,
    /// robots.txt disallows it.
    Robots,
    /// Not under `follow`, or another site.
    Scope,
    /// Under `exclude`.
    Excluded,
    /// Walked for its links, but not under `keep`.
    NotKept,
    /// The page asks not to be indexed.
    Noindex,
    /// Deeper than `max_depth`.
    Depth,
    /// `max_pages` was reached before its turn.
    MaxPages,
    /// Looks like a crawler trap.
    Trap,
    /// Not a page: PDF, image, archive, …
    ContentType,
    /// Larger than what is read of a page.
    TooLarge,
    /// Redirects to another URL, which has its own outcome.
    Redirected,
    /// Names another page that is kept as its canonical form.
    Canonical,
    /// Same content as a document that comes before it.
    Duplicate,
    /// Says nothing that a document with nearly the same text does not.
    NearDuplicate,
    /// The egress guard refused the address.
    BlockedAddress,
    /// No text was found on it.
    Empty,
    /// Answered 200 with what is a not-found page.
    Soft404,
    /// Shows a login instead of its text.
    LoginWall,
    /// Asks for proof that a person reads it.
    Challenge,
    /// Shows nothing but a question for consent.
    ConsentWall,
    /// Says that the site is down for maintenance.
    Maintenance,
    /// Holds no text before its scripts have run.
    Shell,
    /// The page of a registrar or of an empty server.
    Parked,
    /// In a language that is not wanted, or a variant of a page in a preferred one.
    Language,
}

/// Why a page could not be read; all of these may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The name did not resolve.
    Dns,
    /// No connection, or it broke before an answer.
    Connect,
    /// No trusted TLS session.
    Tls,
    /// Too slow.
    Timeout,
    /// A status that promises nothing: 401, 403, 429, 5xx, a redirect loop.
    Status,
    /// The body ended too early.
    Truncated,
    /// The body could not be decoded (coding or charset).
    Decode,
    /// The HTML exceeds what the parser takes.
    ParseLimit,
}

impl SkipReason {
    /// Whether something else stands in the place of a page that is most likely still there.
    pub fn hides_a_page(self) -> bool {
        matches!(
            self,
            SkipReason::LoginWall
                | SkipReason::Challenge
                | SkipReason::ConsentWall
                | SkipReason::Maintenance
                | SkipReason::Shell
                | SkipReason::Parked
        )
    }

    /// The stable name, as in the run report.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::NotFound => "not_found",
            SkipReason::Robots => "robots",
            SkipReason::Scope => "scope",
            SkipReason::Excluded => "excluded",
            SkipReason::NotKept => "not_kept",
            SkipReason::Noindex => "noindex",
            SkipReason::Depth => "depth",
            SkipReason::MaxPages => "max_pages",
            SkipReason::Trap => "trap",
            SkipReason::ContentType => "content_type",
            SkipReason::TooLarge => "too_large",
            SkipReason::Redirected => "redirected",
            SkipReason::Canonical => "canonical",
            SkipReason::Duplicate => "duplicate",
            SkipReason::NearDuplicate => "near_duplicate",
            SkipReason::BlockedAddress => "blocked_address",
            SkipReason::Empty => "empty",
            SkipReason::Soft404 => "soft_404",
            SkipReason::LoginWall => "login_wall",
            SkipReason::Challenge => "challenge",
            SkipReason::ConsentWall => "consent_wall",
            SkipReason::Maintenance => "maintenance",
            SkipReason::Shell => "shell",
            SkipReason::Parked => "parked",
            SkipReason::Language => "language",
        }
    }
}

impl Failure {
    /// The stable name, as in the run report.
    pub fn name(self) -> &'static str {
        match self {
            Failure::Dns => "dns",
            Failure::Connect => "connect",
            Failure::Tls => "tls",
            Failure::Timeout => "timeout",
            Failure::Status => "status",
            Failure::Truncated => "truncated",
            Failure::Decode => "decode",
            Failure::ParseLimit => "parse_limit",
        }
    }
}

impl Outcome {
    /// The stable name of the outcome or of its reason.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Fetched => "fetched",
            Outcome::NotModified => "not_modified",
            Outcome::Skipped(reason) => reason.name(),
            Outcome::Failed(failure) => failure.name(),
        }
    }

    /// Where several sources came across a URL, the outcome of the least rank counts: having read it; else having tried;
    /// else a rule of the source's own; being none of its business last.
    pub fn rank(self) -> u8 {
        match self {
            // The last three were read, and gave way to another document.
            Outcome::Fetched
            | Outcome::NotModified
            | Outcome::Skipped(SkipReason::Canonical | SkipReason::Duplicate | SkipReason::NearDuplicate) => {
                0
            }
            Outcome::Failed(_) => 1,
            Outcome::Skipped(reason) => match reason {
                SkipReason::Noindex
                | SkipReason::Redirected
                | SkipReason::NotFound
                | SkipReason::Empty
                | SkipReason::ContentType
                | SkipReason::TooLarge
                | SkipReason::BlockedAddress
                | SkipReason::Soft404
                | SkipReason::LoginWall
                | SkipReason::Challenge
                | SkipReason::ConsentWall
                | SkipReason::Maintenance
                | SkipReason::Shell
                | SkipReason::Parked => 1,
                SkipReason::NotKept
                | SkipReason::Language
                | SkipReason::Robots
                | SkipReason::Depth
                | SkipReason::MaxPages
                | SkipReason::Trap
                | SkipReason::Canonical
                | SkipReason::Duplicate
                | SkipReason::NearDuplicate => 2,
                SkipReason::Scope | SkipReason::Excluded => 3,
            },
        }
    }

    /// Whether what was read of a page before stays worth its place although the page is no document now: it is read
    /// for its links, or may be a document again.
    pub fn may_be_read_again(self) -> bool {
        match self {
            Outcome::Failed(_) => true,
            Outcome::Skipped(reason) => {
                reason.hides_a_page()
                    || matches!(
                        reason,
                        SkipReason::Noindex | SkipReason::NotKept | SkipReason::Language | SkipReason::Empty
                    )
            }
            Outcome::Fetched | Outcome::NotModified => false,
        }
    }

    /// The outcome with this stable name.
    pub fn from_name(name: &str) -> Option<Outcome> {
        ALL.iter().copied().find(|outcome| outcome.name() == name)
    }
}

/// Every outcome, so that a name read back from the store finds its value.
pub(crate) const ALL: [Outcome; 35] = [
    Outcome::Fetched,
    Outcome::NotModified,
    Outcome::Skipped(SkipReason::NotFound),
    Outcome::Skipped(SkipReason::Robots),
    Outcome::Skipped(SkipReason::Scope),
    Outcome::Skipped(SkipReason::Excluded),
    Outcome::Skipped(SkipReason::NotKept),
    Outcome::Skipped(SkipReason::Noindex),
    Outcome::Skipped(SkipReason::Depth),
    Outcome::Skipped(SkipReason::MaxPages),
    Outcome::Skipped(SkipReason::Trap),
    Outcome::Skipped(SkipReason::ContentType),
    Outcome::Skipped(SkipReason::TooLarge),
    Outcome::Skipped(SkipReason::Redirected),
    Outcome::Skipped(SkipReason::Canonical),
    Outcome::Skipped(SkipReason::Duplicate),
    Outcome::Skipped(SkipReason::NearDuplicate),
    Outcome::Skipped(SkipReason::BlockedAddress),
    Outcome::Skipped(SkipReason::Empty),
    Outcome::Skipped(SkipReason::Soft404),
    Outcome::Skipped(SkipReason::LoginWall),
    Outcome::Skipped(SkipReason::Challenge),
    Outcome::Skipped(SkipReason::ConsentWall),
    Outcome::Skipped(SkipReason::Maintenance),
    Outcome::Skipped(SkipReason::Shell),
    Outcome::Skipped(SkipReason::Parked),
    Outcome::Skipped(SkipReason::Language),
    Outcome::Failed(Failure::Dns),
    Outcome::Failed(Failure::Connect),
    Outcome::Failed(Failure::Tls),
    Outcome::Failed(Failure::Timeout),
    Outcome::Failed(Failure::Status),
    Outcome::Failed(Failure::Truncated),
    Outcome::Failed(Failure::Decode),
    Outcome::Failed(Failure::ParseLimit),
];

/// An error with its causes, on one line.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text.push_str(": ");
        text.push_str(&current.to_string());
        cause = current.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_outcome() {
        for outcome in ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
    }
}
