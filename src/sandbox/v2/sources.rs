//! The sources of an agent: list, make, replace, delete.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Admitted, Refusal, required, text};
use crate::sandbox::agent::Agent;
use crate::sandbox::fault::Twist;
use crate::sandbox::reply::Reply;
use crate::sandbox::source::{Generation, Kind, Listed, Source};
use crate::sandbox::text::wide;

/// Lengths in UTF-16 code units.
const NAME: (usize, usize) = (1, 100);
const CONTENT: (usize, usize) = (1, 1_048_576);
/// Phrasings of a question.
const QUESTIONS: usize = 50;

pub(super) fn list(request: &Admitted) -> Result<Reply, Refusal> {
    request.parameters(&["cursor", "limit", "type", "name"])?;
    let limit = match request.call.parameter("limit") {
        None => 20,
        Some(limit) => limit
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| Refusal::field("limit", "Expected number between 1 and 100"))?,
    };
    let after = match request.call.parameter("cursor") {
        None => None,
        Some(cursor) => Some(read_cursor(cursor).ok_or_else(|| Refusal::field("cursor", "Invalid cursor"))?),
    };
    let kinds = request.call.parameter("type").map(|kinds| kinds.split(',').collect::<Vec<_>>());
    let name = request.call.parameter("name").map(str::to_lowercase);
    let mut state = request.sandbox.state();
    // A fault of the vendor's: an agent that does not exist has no sources, and that is all it says.
    let agent = state.accounts[request.account].agent(request.agent).ok();
    let mut all = agent.map_or_else(Vec::new, |agent| agent.listed());
    all.retain(|source| {
        kinds.as_ref().is_none_or(|kinds| kinds.contains(&source.kind))
            && name.as_ref().is_none_or(|name| source.name.to_lowercase().contains(name))
    });
    all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let total = all.len();
    let rest = all
        .iter()
        .filter(|source| after.as_ref().is_none_or(|(at, id)| (source.created_at, &source.id) > (*at, id)));
    let mut page: Vec<&Listed> = rest.take(limit + 1).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    let cursor = page.last().filter(|_| more).map(|last| cursor(last));
    let data: Vec<Value> = page.iter().map(|source| source.json()).collect();
    let pagination = json!({ "cursor": cursor, "hasMore": more, "total": total });
    Ok(Reply::json(StatusCode::OK, &json!({ "data": data, "pagination": pagination })))
}

fn cursor(last: &Listed) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json!({ "t": last.created_at, "id": last.id }).to_string())
}

fn read_cursor(cursor: &str) -> Option<(u64, String)> {
    let json: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    Some((json["t"].as_u64()?, json["id"].as_str()?.to_owned()))
}

pub(super) fn summary(request: &Admitted) -> Result<Reply, Refusal> {
    request.parameters(&[])?;
    let options = &request.sandbox.options;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(request.agent).map_err(|_| Refusal::agent())?;
    let all = agent.listed();
    let of = |kind: &str| {
        let sizes = all.iter().filter(|source| source.kind == kind).map(|source| source.size);
        json!({ "count": sizes.clone().count(), "size": sizes.sum::<u64>() })
    };
    let none = json!({ "count": 0, "size": 0 });
    let waits = agent.sources.iter().any(|source| !source.is_trained() && source.training.is_none());
    Ok(Reply::json(
        StatusCode::OK,
        &json!({
            "links": none, "files": of("file"), "qnas": of("qna"), "notionPages": none, "texts": of("text"),
            "zendeskTickets": none, "salesforceCases": none,
            "shouldRetrain": waits && options.generation == Generation::One,
        }),
    ))
}

pub(super) fn get(request: &Admitted) -> Result<Reply, Refusal> {
    request.parameters(&[])?;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(request.agent).map_err(|_| Refusal::agent())?;
    let listed = agent.listed().into_iter().find(|source| source.id == request.source);
    Ok(Reply::json(StatusCode::OK, &listed.ok_or_else(Refusal::source)?.json()))
}

pub(super) fn create(request: &Admitted) -> Result<Reply, Refusal> {
    let fields = request.fields(&["type", "name", "content", "questions", "answer"])?;
    let kind = match required(fields, "type", (1, 100))? {
        "text" => Kind::Text,
        "qna" => Kind::Qna,
        other => return Err(Refusal::field("type", &format!("`{other}` cannot be made here"))),
    };
    let name = required(fields, "name", NAME)?.to_owned();
    let content = content(fields, kind)?.ok_or_else(|| Refusal::field("content", "Required"))?;

    let options = &request.sandbox.options;
    let now = request.sandbox.time.now();
    let mut state = request.sandbox.state();
    let id = state.next_source_id(options.seed);
    let account = &mut state.accounts[request.account];
    let most = options.plan_bytes.unwrap_or(account.plan.bytes());
    // A fault of the vendor's: it does not look whether there is such an agent.
    let agent = account.agent(request.agent).map_err(|_| Refusal::internal())?;
    room(agent, 0, &content, most)?;
    let mut source = Source {
        id,
        kind,
        name,
        content,
        created_at: now,
        live: None,
        training: None,
        failed: false,
        leaving: false,
    };
    if options.generation == Generation::Two {
        source.train(options, request.twist, now);
    }
    let reply = Reply::json(StatusCode::CREATED, &source.listed().json());
    if request.twist != Some(&Twist::LostUpdate) {
        agent.sources.push(source);
    }
    Ok(reply)
}

pub(super) fn update(request: &Admitted) -> Result<Reply, Refusal> {
    let fields = request.fields(&["name", "content", "questions", "answer"])?;
    let name = text(fields, "name", NAME)?;
    let options = &request.sandbox.options;
    let now = request.sandbox.time.now();
    let mut state = request.sandbox.state();
    let account = &mut state.accounts[request.account];
    let most = options.plan_bytes.unwrap_or(account.plan.bytes());
    let agent = account.agent(request.agent).map_err(|_| Refusal::agent())?;
    let at = place(agent, request.source)?;
    let content = content(fields, agent.sources[at].kind)?;
    if agent.sources[at].leaving {
        return Err(Refusal::pending_deletion());
    }
    if agent.sources[at].training.is_some() {
        return Err(Refusal::source_is_training());
    }
    if let Some(content) = &content {
        room(agent, agent.sources[at].content.len(), content, most)?;
    }
    let source = &mut agent.sources[at];
    if request.twist != Some(&Twist::LostUpdate) {
        source.name = name.unwrap_or(&source.name).to_owned();
        if let Some(content) = content {
            source.content = content;
            source.failed = false;
            if options.generation == Generation::Two {
                source.train(options, request.twist, now);
            }
        }
    }
    Ok(Reply::json(StatusCode::OK, &source.listed().json()))
}

pub(super) fn delete(request: &Admitted) -> Result<Reply, Refusal> {
    request.parameters(&[])?;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(request.agent).map_err(|_| Refusal::agent())?;
    let at = place(agent, request.source)?;
    if agent.sources[at].leaving {
        return Err(Refusal::already_pending_deletion());
    }
    let item = if request.sandbox.options.generation == Generation::One {
        agent.sources[at].leaving = true;
        agent.sources[at].listed().json()
    } else {
        let mut item = agent.sources.remove(at).listed().json();
        agent.forget_knowledge();
        item["status"] = json!("deleted");
        item
    };
    Ok(Reply::json(StatusCode::OK, &item))
}

/// Where a source stands that this API made. What came otherwise is listed, and left alone.
fn place(agent: &Agent, id: &str) -> Result<usize, Refusal> {
    let at = agent.sources.iter().position(|source| source.id == id);
    at.ok_or_else(|| {
        let is_there = agent.listed().iter().any(|source| source.id == id);
        if is_there { Refusal::permission() } else { Refusal::source() }
    })
}

/// What a body says of the content; `None` where nothing.
fn content(fields: &Map<String, Value>, kind: Kind) -> Result<Option<Arc<str>>, Refusal> {
    let others: &[&str] = match kind {
        Kind::Text => &["questions", "answer"],
        Kind::Qna => &["content"],
    };
    if let Some(other) = others.iter().find(|field| fields.contains_key(**field)) {
        return Err(Refusal::field(other, &format!("Not a field of type {}", kind.name())));
    }
    if kind == Kind::Text {
        return Ok(text(fields, "content", CONTENT)?.map(Arc::from));
    }
    let answer = text(fields, "answer", CONTENT)?;
    let questions = fields.get("questions").map(|questions| {
        let texts: Option<Vec<&str>> =
            questions.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        let texts = texts.filter(|texts| (1..=QUESTIONS).contains(&texts.len()));
        texts.ok_or_else(|| Refusal::field("questions", "Expected 1 to 50 strings"))
    });
    match (questions.transpose()?, answer) {
        (Some(questions), Some(answer)) => {
            let pairs: Vec<String> =
                questions.iter().map(|question| format!("Q: {question}\nA: {answer}")).collect();
            Ok(Some(Arc::from(pairs.join("\n\n"))))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::field("questions", "Required")),
        (Some(_), None) => Err(Refusal::field("answer", "Required")),
    }
}

/// Whether there is room for a content in place of `replaced` bytes.
fn room(agent: &Agent, replaced: usize, content: &str, most: u64) -> Result<(), Refusal> {
    let held: u64 = agent.listed().iter().map(|source| source.size).sum();
    let size = held.saturating_sub(wide(replaced)) + wide(content.len());
    if size > most { Err(Refusal::storage()) } else { Ok(()) }
}
