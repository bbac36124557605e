//! What a fault does, and how it is written.
//!
//! Action grammar, one line (`X-Sandbox-Fault: <action>` or the `action` of a rule):
//!
//! | action | effect | write applied |
//! |---|---|---|
//! | `status:<code>[,<body>]` | that answer; `{"message": …}` when an error has no body | no |
//! | `rate:<retry-after>` | 429; seconds or an HTTP date, `none` for no header | no |
//! | `maintenance` | 503 `{"message":"Service under maintenance"}` | no |
//! | `not-json` | 502 with an HTML page | no |
//! | `echo-authorization` | 400 that repeats the Authorization header | no |
//! | `401-after:<n>` | the key is revoked after n matching requests | no |
//! | `timeout` / `timeout-after-accept` | never answered | no / yes |
//! | `reset-before-body` / `reset-mid-body` | connection reset with none, or part, of the request body read | no |
//! | `reset-after-accept` | connection reset instead of an answer | yes |
//! | `delay:<ms>`, `slow-body:<bytes/s>` | the true answer, late or slow | yes |
//! | `truncate:<bytes>`, `cut-response:<bytes>` | a short body that is complete HTTP, or is not | yes |
//! | `huge:<bytes>` | 200 with a JSON string of that many bytes | yes |
//! | `half-sse` | the stream ends before `[DONE]` | yes |
//! | `train-fail`, `train-stall` | the training that the request starts fails, or never ends | yes |
//! | `lost-update` | 200, but the text is not stored | no |
//! | `rename[:<name>]` | the write also renames the agent | yes |
//!
//! Any other answer is an object: `{"status", "headers": {…}, "body", "apply": bool}`.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::FaultError;
use crate::sandbox::call::Call;
use crate::sandbox::reply::Reply;

/// What happens to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Spelling")]
pub(in crate::sandbox) struct Fault {
    /// As it was written, for the log.
    spelling: String,
    pub(in crate::sandbox) action: Action,
}

#[derive(Clone, Debug)]
pub(in crate::sandbox) enum Action {
    Answer(Canned),
    EchoAuthorization,
    RevokedAfter(u64),
    Timeout,
    TimeoutAfterAccept,
    ResetBeforeBody,
    ResetMidBody,
    ResetAfterAccept,
    Delay(Duration),
    SlowBody(u64),
    Truncate(usize),
    CutResponse(usize),
    Huge(u64),
    HalfSse,
    Twist(Twist),
}

/// A change of what a write does, behind an answer that looks right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Twist {
    TrainFail,
    TrainStall,
    LostUpdate,
    Rename(String),
}

/// A given answer.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Canned {
    reply: Reply,
    apply: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Spelling {
    Line(String),
    Answer(Answer),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: String,
    /// Whether the request takes effect before this answer hides it.
    #[serde(default)]
    apply: bool,
}

impl TryFrom<Spelling> for Fault {
    type Error = FaultError;

    fn try_from(spelling: Spelling) -> Result<Self, FaultError> {
        match spelling {
            Spelling::Line(line) => line.parse(),
            Spelling::Answer(answer) => {
                let mut reply = answer_of(status(&answer.status.to_string())?, Some(answer.body));
                for (name, value) in answer.headers {
                    let fault = || FaultError::Header(format!("{name}: {value}"));
                    let value = HeaderValue::from_str(&value).map_err(|_| fault())?;
                    reply.headers.insert(HeaderName::from_str(&name).map_err(|_| fault())?, value);
                }
                let spelling =
                    format!("status:{}{}", answer.status, if answer.apply { " applied" } else { "" });
                Ok(Self { spelling, action: Action::Answer(Canned { reply, apply: answer.apply }) })
            }
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(line: &str) -> Result<Self, FaultError> {
        let (verb, rest) = line.split_once(':').map_or((line, None), |(verb, rest)| (verb, Some(rest)));
        let number = || rest.unwrap_or("").parse().map_err(|_| FaultError::Number(verb.to_owned()));
        let size = || number().map(|size: u64| usize::try_from(size).unwrap_or(usize::MAX));
        let refuse = |reply| Action::Answer(Canned { reply, apply: false });
        let action = match (verb, rest) {
            ("status", Some(rest)) => {
                let (code, body) =
                    rest.split_once(',').map_or((rest, None), |(code, body)| (code, Some(body)));
                refuse(answer_of(status(code)?, body.map(str::to_owned)))
            }
            ("rate", Some(wait)) => {
                let reply = message(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded");
                refuse(if wait == "none" { reply } else { reply.with(header::RETRY_AFTER, wait) })
            }
            ("maintenance", None) => {
                refuse(message(StatusCode::SERVICE_UNAVAILABLE, "Service under maintenance"))
            }
            ("not-json", None) => refuse(Reply::new(StatusCode::BAD_GATEWAY, "text/html", BAD_GATEWAY)),
            ("echo-authorization", None) => Action::EchoAuthorization,
            ("401-after", _) => Action::RevokedAfter(number()?),
            ("timeout", None) => Action::Timeout,
            ("timeout-after-accept", None) => Action::TimeoutAfterAccept,
            ("reset-before-body", None) => Action::ResetBeforeBody,
            ("reset-mid-body", None) => Action::ResetMidBody,
            ("reset-after-accept", None) => Action::ResetAfterAccept,
            ("delay", _) => Action::Delay(Duration::from_millis(number()?)),
            ("slow-body", _) => Action::SlowBody(number()?),
            ("truncate", _) => Action::Truncate(size()?),
            ("cut-response", _) => Action::CutResponse(size()?),
            ("huge", _) => Action::Huge(number()?),
            ("half-sse", None) => Action::HalfSse,
            ("train-fail", None) => Action::Twist(Twist::TrainFail),
            ("train-stall", None) => Action::Twist(Twist::TrainStall),
            ("lost-update", None) => Action::Twist(Twist::LostUpdate),
            ("rename", name) => Action::Twist(Twist::Rename(name.unwrap_or("Untitled").to_owned())),
            _ => return Err(FaultError::Unknown(line.to_owned())),
        };
        Ok(Self { spelling: line.to_owned(), action })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

impl Action {
    /// The answer given instead of the true one.
    pub(in crate::sandbox) fn answer(&self, call: &Call) -> Option<Reply> {
        match self {
            Self::Answer(canned) => Some(canned.reply.clone()),
            Self::EchoAuthorization => {
                let sent = call.header(header::AUTHORIZATION).unwrap_or("none");
                Some(message(StatusCode::BAD_REQUEST, &format!("Invalid header `authorization: {sent}`")))
            }
            Self::RevokedAfter(_) => Some(message(StatusCode::UNAUTHORIZED, "Unauthorized access")),
            Self::Huge(_) => Some(Reply::new(StatusCode::OK, "application/json", "")),
            _ => None,
        }
    }

    /// Whether the request takes effect.
    pub(in crate::sandbox) fn applies(&self) -> bool {
        match self {
            Self::Answer(canned) => canned.apply,
            Self::EchoAuthorization
            | Self::RevokedAfter(_)
            | Self::Timeout
            | Self::ResetBeforeBody
            | Self::ResetMidBody => false,
            _ => true,
        }
    }

    /// Whether the client gets a status line.
    pub(in crate::sandbox) fn responds(&self) -> bool {
        !matches!(
            self,
            Self::Timeout
                | Self::TimeoutAfterAccept
                | Self::ResetBeforeBody
                | Self::ResetMidBody
                | Self::ResetAfterAccept
        )
    }
}

const BAD_GATEWAY: &str = "<!doctype html><html><head><title>502 Bad Gateway</title></head>\
    <body><h1>502 Bad Gateway</h1><p>The web server reported a bad gateway error.</p></body></html>\n";

fn message(status: StatusCode, text: &str) -> Reply {
    Reply::json(status, &json!({ "message": text }))
}

fn answer_of(status: StatusCode, body: Option<String>) -> Reply {
    match body {
        None if status.as_u16() >= 400 => message(status, status.canonical_reason().unwrap_or("Error")),
        None => Reply::empty(status),
        Some(body) if body.is_empty() => Reply::empty(status),
        Some(body) => {
            let html = body.trim_start().starts_with('<');
            Reply::new(status, if html { "text/html" } else { "application/json" }, body)
        }
    }
}

fn status(code: &str) -> Result<StatusCode, FaultError> {
    let known = |code: &u16| (200..600).contains(code);
    let code_number = code.parse().ok().filter(known).and_then(|code| StatusCode::from_u16(code).ok());
    code_number.ok_or_else(|| FaultError::Status(code.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let parsed = line.parse::<Fault>().map_or_else(|error| error.to_string(), |fault| fault.to_string());
        assert_eq!(parsed, expected, "{line}");
    }

    #[test]
    fn every_action_has_a_spelling_and_the_rest_is_refused_by_name() {
        for line in [
            "status:500",
            "status:200,",
            "status:400,{\"message\":\"a,b\"}",
            "rate:30",
            "rate:none",
            "rate:Fri, 31 Dec 2027 23:59:59 GMT",
            "maintenance",
            "not-json",
            "echo-authorization",
            "401-after:3",
            "timeout",
            "timeout-after-accept",
            "reset-before-body",
            "reset-mid-body",
            "reset-after-accept",
            "delay:10",
            "slow-body:100",
            "truncate:5",
            "cut-response:5",
            "huge:1000000000",
            "half-sse",
            "train-fail",
            "train-stall",
            "lost-update",
            "rename",
            "rename:Bot",
        ] {
            check(line, line);
        }
        check("explode", "unknown fault `explode`");
        check("timeout:5", "unknown fault `timeout:5`");
        check("delay", "`delay` needs a number after the colon");
        check("delay:-1", "`delay` needs a number after the colon");
        check("status:99", "`99` is no status between 200 and 599");
    }
}
