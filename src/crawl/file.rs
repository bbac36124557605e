//! A file that a crawl reads besides pages: robots.txt, a sitemap. Asked for politely, with retries, and through
//! redirects.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::host::{Host, Lesson};
use crate::{
    http::{Client, FetchError, Limits},
    outcome::in_words,
};

/// Redirects that are followed (RFC 9309 §2.3.1.2 asks for at least five).
const MOST_HOPS: usize = 5;

/// How much of a file is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// All of it; a larger one is refused.
    Whole(Limits),
    /// So much, and the rest is left.
    Start(Limits),
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoFile {
    /// The server has none: a status that says so, or redirects without an end.
    Absent(String),
    /// It redirects to where nothing is fetched.
    Astray(String),
    /// The egress guard refuses its address.
    Blocked(String),
    /// No trusted TLS session leads to its server.
    Untrusted(String),
    /// It could not be read; another run may succeed.
    Trouble(String),
}

/// What may pass, and how long the server asks to wait.
struct Passing(String, Option<Duration>);

/// Reads the file at `url`.
///
/// # Errors
/// [`NoFile`]; 429 and 5xx are trouble, every other status without a body is absence.
pub(super) async fn read(
    host: &Host,
    client: &Client,
    url: &Url,
    extent: Extent,
    now: fn() -> Timestamp,
) -> Result<Vec<u8>, NoFile> {
    let mut url = url.clone();
    let (mut hops, mut attempt) = (0, 0);
    loop {
        match read_once(host, client, &url, extent, now).await {
            Ok(Step::Read(body)) => return Ok(body),
            Ok(Step::Without(no_file)) => return Err(no_file),
            Ok(Step::Redirect(_)) if hops == MOST_HOPS => {
                return Err(NoFile::Absent("too many redirects".to_owned()));
            }
            Ok(Step::Redirect(next)) => {
                url = next;
                hops += 1;
            }
            Err(Passing(reason, asked)) => {
                if let Some(asked) = asked {
                    host.learn(Lesson::LeaveAlone(asked));
                }
                attempt += 1;
                match host.pause_before(attempt, asked) {
                    Some(pause) => host.learn(Lesson::Wait(pause)),
                    None => return Err(NoFile::Trouble(reason)),
                }
            }
        }
    }
}

/// What one request gave.
enum Step {
    Read(Vec<u8>),
    Redirect(Url),
    Without(NoFile),
}

async fn read_once(
    host: &Host,
    client: &Client,
    url: &Url,
    extent: Extent,
    now: fn() -> Timestamp,
) -> Result<Step, Passing> {
    let (Extent::Whole(limits) | Extent::Start(limits)) = extent;
    let trouble = |error: FetchError| Passing(in_words(&error), None);
    let _turn = match host.turn().await {
        Ok(turn) => turn,
        Err(reason) => return Ok(Step::Without(NoFile::Trouble(format!("the host {reason}")))),
    };
    let answer = match client.get(url, &[], limits).await {
        Ok(answer) => answer,
        Err(error @ FetchError::Blocked(_)) => {
            return Ok(Step::Without(NoFile::Blocked(error.to_string())));
        }
        // What is not trusted now is not trusted in a second either.
        Err(error @ (FetchError::Tls(_) | FetchError::Setup(_))) => {
            return Ok(Step::Without(NoFile::Untrusted(in_words(&error))));
        }
        Err(error) => return Err(trouble(error)),
    };
    host.learn(Lesson::of_answer(answer.status(), answer.latency()));
    match answer.status() {
        200..=299 => match extent {
            Extent::Whole(_) => {
                let body = answer.read().await.map_err(trouble)?;
                Ok(Step::Read(body.decoded.unwrap_or(body.wire)))
            }
            Extent::Start(limits) => answer.read_start(limits.decoded).await.map(Step::Read).map_err(trouble),
        },
        status @ (301 | 302 | 303 | 307 | 308) => Ok(match answer.location(url) {
            Some(next) if client.egress().check_redirect(url, &next).is_ok() => Step::Redirect(next),
            _ => Step::Without(NoFile::Astray(format!("status {status} to nowhere allowed"))),
        }),
        status @ (429 | 500..) => Err(Passing(format!("status {status}"), answer.retry_after(now()))),
        status => Ok(Step::Without(NoFile::Absent(format!("status {status}")))),
    }
}
