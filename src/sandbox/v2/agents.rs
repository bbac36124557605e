//! An agent as a whole: what it is, its name, its training.

use axum::http::StatusCode;
use serde_json::json;

use super::{Admitted, Refusal, text};
use crate::sandbox::clock::rfc3339;
use crate::sandbox::reply::Reply;
use crate::sandbox::source::Generation;

pub(super) fn get(request: &Admitted) -> Result<Reply, Refusal> {
    request.parameters(&[])?;
    let generation = request.sandbox.options.generation;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(request.agent).map_err(|_| Refusal::agent())?;
    let object = json!({
        "id": agent.id,
        "name": agent.name,
        "instructions": agent.instructions,
        "temp": agent.temperature,
        "visibility": agent.visibility,
        "createdAt": rfc3339(agent.created_at),
        "lastMessageAt": agent.last_message_at.and_then(rfc3339),
        "lastTrainedAt": agent.last_trained_at.and_then(rfc3339),
        "status": agent.training_status(generation),
        "size": agent.listed().iter().map(|source| source.size).sum::<u64>(),
    });
    Ok(Reply::json(StatusCode::OK, &object))
}

pub(super) fn update(request: &Admitted) -> Result<Reply, Refusal> {
    let fields = request.fields(&["name", "instructions"])?;
    let name = text(fields, "name", (1, 100))?;
    let instructions = text(fields, "instructions", (0, 20_000))?;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(request.agent).map_err(|_| Refusal::agent())?;
    if let Some(name) = name {
        name.clone_into(&mut agent.name);
    }
    if let Some(instructions) = instructions {
        instructions.clone_into(&mut agent.instructions);
    }
    Ok(Reply::json(StatusCode::OK, &json!({ "success": true })))
}

pub(super) fn train(request: &Admitted) -> Result<Reply, Refusal> {
    request.fields(&[])?;
    let options = &request.sandbox.options;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(request.agent).map_err(|_| Refusal::agent())?;
    if options.generation == Generation::Two {
        let message = "Sources are trained when they are written";
        let done = json!({ "success": true, "deprecated": true, "message": message });
        return Ok(Reply::json(StatusCode::OK, &done));
    }
    if agent.is_training() {
        return Err(Refusal::already_training());
    }
    // A fault of the vendor's.
    if agent.listed().is_empty() {
        return Err(Refusal::internal());
    }
    agent.train(options, request.twist, request.sandbox.time.now());
    Ok(Reply::json(StatusCode::OK, &json!({ "success": true })))
}
