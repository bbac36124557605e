//! The control API under `/__sandbox/`: what tests look at and turn. No key, loopback only, never faulty.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::agent::Agent;
use super::fault::Rule;
use super::source::Source;
use super::state::Sandbox;
use super::text::sha256;

type Shared = State<Arc<Sandbox>>;
/// A status and what was wrong with the body.
type Refused = (StatusCode, String);

pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/state", get(state))
        .route("/reset", post(reset))
        .route("/clock/advance", post(advance))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/log", get(log))
        .route("/agents/{id}/text", get(stored_text))
        .route("/agents/{id}/live", get(live_text))
        .route("/agents/{id}/sources", get(sources))
}

/// Accounts and agents with hashes and counts.
async fn state(State(sandbox): Shared) -> Response {
    let state = sandbox.state();
    let accounts: Vec<Value> = state
        .accounts
        .iter()
        .map(|account| {
            let agents: Vec<Value> = account.agents.iter().map(summary).collect();
            json!({ "name": account.name, "credits": account.credits, "agents": agents })
        })
        .collect();
    json_response(&json!({ "now": sandbox.time.now(), "accounts": accounts }))
}

fn summary(agent: &Agent) -> Value {
    let live = agent.live.as_ref().map(|live| {
        json!({
            "pushed_sha256": sha256(live.pushed.as_bytes()),
            "sha256": sha256(live.text().as_bytes()),
            "characters": live.characters,
        })
    });
    json!({
        "id": agent.id,
        "name": agent.name,
        "status": agent.status,
        "last_trained_at": agent.last_trained_at,
        "training_until": agent.training.as_ref().map(|training| training.over_at),
        "pushed_sha256": sha256(agent.pushed.as_bytes()),
        "pushed_bytes": agent.pushed.len(),
        "other_bytes": agent.typed.len() + agent.files.len(),
        "live": live,
        "conversations": agent.conversations.len(),
    })
}

async fn reset(State(sandbox): Shared) -> StatusCode {
    sandbox.reset();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Advance {
    ms: u32,
}

async fn advance(State(sandbox): Shared, body: Bytes) -> Response {
    match parsed::<Advance>(&body) {
        Ok(Advance { ms }) => {
            sandbox.time.advance(ms);
            json_response(&json!({ "now": sandbox.time.now() }))
        }
        Err(refused) => refused.into_response(),
    }
}

async fn faults(State(sandbox): Shared) -> Response {
    let summaries: Vec<Value> = sandbox.state().faults.rules().iter().map(Rule::summary).collect();
    json_response(&json!(summaries))
}

async fn add_fault(State(sandbox): Shared, body: Bytes) -> Response {
    match parsed(&body) {
        Ok(rule) => {
            sandbox.state().faults.add(rule);
            StatusCode::CREATED.into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

async fn clear_faults(State(sandbox): Shared) -> StatusCode {
    sandbox.state().faults.clear();
    StatusCode::NO_CONTENT
}

async fn log(State(sandbox): Shared) -> Response {
    json_response(&json!(sandbox.state().log.entries()))
}

/// The text of the last push that was stored, trained or not.
async fn stored_text(State(sandbox): Shared, Path(id): Path<String>) -> Response {
    text_response(sandbox.state().agents().find(|agent| agent.id == id).map(|agent| agent.pushed.to_string()))
}

/// Everything the agent answers from, other sources included.
async fn live_text(State(sandbox): Shared, Path(id): Path<String>) -> Response {
    let state = sandbox.state();
    let agent = state.agents().find(|agent| agent.id == id);
    let unit = sandbox.options.char_unit;
    text_response(
        agent.map(|agent| agent.knowledge(unit).map_or(String::new(), |known| known.text().to_owned())),
    )
}

/// The sources that were made through v2, with their content.
async fn sources(State(sandbox): Shared, Path(id): Path<String>) -> Response {
    let state = sandbox.state();
    let sources = state.agents().find(|agent| agent.id == id).map(|agent| agent.sources.as_slice());
    let told = |source: &Source| {
        json!({
            "id": source.id,
            "type": source.kind.name(),
            "name": source.name,
            "status": source.status(),
            "content": *source.content,
        })
    };
    json_response(&sources.unwrap_or_default().iter().map(told).collect())
}

fn text_response(text: Option<String>) -> Response {
    text.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

fn json_response(value: &Value) -> Response {
    axum::Json(value).into_response()
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}
