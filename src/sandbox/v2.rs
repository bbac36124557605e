//! API v2: agents made of sources. The order of checks is that of v1: body size, route, key, plan, rate, JSON,
//! schema, existence, state, quota.
//!
//! Requests are held to the contract: a field or a parameter that it does not know is refused, where the vendor might
//! overlook it. Two of the vendor's own faults are played: the sources of an agent that does not exist list as empty,
//! and making one there is a 500.

mod agents;
mod chat;
mod refusal;
mod sources;

use axum::http::Method;
use serde_json::{Map, Value};

use super::account;
use super::call::Call;
use super::fault::Twist;
use super::reply::Reply;
use super::state::Sandbox;
use refusal::Refusal;

/// A request whose caller is known and admitted.
struct Admitted<'a> {
    sandbox: &'a Sandbox,
    call: &'a Call,
    /// The account's place in the state.
    account: usize,
    agent: &'a str,
    /// The source in the path; empty where there is none.
    source: &'a str,
    twist: Option<&'a Twist>,
}

type Operation = fn(&Admitted) -> Result<Reply, Refusal>;

/// Answers a request to `/api/v2/<path>`.
pub(super) fn answer(sandbox: &Sandbox, call: &Call, path: &str, twist: Option<&Twist>) -> Reply {
    let segments: Vec<&str> = path.split('/').collect();
    let (agent, source, operations): (&str, &str, &[(Method, Operation)]) = match *segments.as_slice() {
        ["agents", agent] => (agent, "", &[(Method::GET, agents::get), (Method::PUT, agents::update)]),
        ["agents", agent, "train"] => (agent, "", &[(Method::POST, agents::train)]),
        ["agents", agent, "chat"] => (agent, "", &[(Method::POST, chat::chat)]),
        ["agents", agent, "sources"] => {
            (agent, "", &[(Method::GET, sources::list), (Method::POST, sources::create)])
        }
        ["agents", agent, "sources", "summary"] => (agent, "", &[(Method::GET, sources::summary)]),
        ["agents", agent, "sources", source] => (
            agent,
            source,
            &[(Method::GET, sources::get), (Method::PUT, sources::update), (Method::DELETE, sources::delete)],
        ),
        _ => return Refusal::route().reply(),
    };
    let Some((_, run)) = operations.iter().find(|(method, _)| *method == call.method) else {
        return Refusal::method(operations.iter().map(|(method, _)| method.as_str())).reply();
    };
    let (account, standing) = match account::admit(sandbox, call) {
        Ok(admitted) => admitted,
        Err(refusal) => return Refusal::of_admission(&refusal).reply(),
    };
    let admitted = Admitted { sandbox, call, account, agent, source, twist };
    let outcome = match standing.retry_after {
        Some(wait) => Err(Refusal::rate(wait)),
        None => run(&admitted),
    };
    standing.on(outcome.unwrap_or_else(|refusal| refusal.reply()), sandbox.options.rate_reset)
}

impl Admitted<'_> {
    /// The body, which must be a JSON object with no other fields than these.
    fn fields(&self, known: &[&str]) -> Result<&Map<String, Value>, Refusal> {
        let fields = self.call.json.as_ref().filter(|_| self.call.claims_json()).ok_or_else(Refusal::json)?;
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            Some(unknown) => Err(Refusal::field(unknown, "Unrecognized key")),
            None => Ok(fields),
        }
    }

    /// Refuses parameters of the query other than these.
    fn parameters(&self, known: &[&str]) -> Result<(), Refusal> {
        let query = self.call.raw_query.as_deref().unwrap_or_default();
        let mut names = query.split('&').filter(|pair| !pair.is_empty());
        let unknown = names.find(|pair| !known.contains(&pair.split('=').next().unwrap_or_default()));
        unknown.map_or(Ok(()), |unknown| Err(Refusal::field(unknown, "Unrecognized parameter")))
    }
}

/// A string of `least` to `most` UTF-16 code units; `None` where the field is absent.
fn text<'a>(
    fields: &'a Map<String, Value>,
    field: &str,
    (least, most): (usize, usize),
) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = fields.get(field) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| Refusal::field(field, "Expected string"))?;
    let length = text.encode_utf16().count();
    if (least..=most).contains(&length) {
        Ok(Some(text))
    } else {
        Err(Refusal::field(field, &format!("Expected {least} to {most} characters, received {length}")))
    }
}

/// The same where it must be there.
fn required<'a>(
    fields: &'a Map<String, Value>,
    field: &str,
    lengths: (usize, usize),
) -> Result<&'a str, Refusal> {
    text(fields, field, lengths)?.ok_or_else(|| Refusal::field(field, "Required"))
}

#[cfg(test)]
mod tests;
