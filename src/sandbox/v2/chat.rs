//! Questions: answered from what is live at that moment.

use axum::http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::{Admitted, Refusal, required, text};
use crate::sandbox::answer::{Answer, ask};
use crate::sandbox::reply::Reply;

pub(super) fn chat(request: &Admitted) -> Result<Reply, Refusal> {
    let fields = request.fields(&["message", "conversationId", "stream", "userId"])?;
    let question = required(fields, "message", (1, 100_000))?;
    text(fields, "conversationId", (1, 100))?;
    let user = text(fields, "userId", (1, 128))?;
    let stream = match fields.get("stream") {
        None => true,
        Some(Value::Bool(stream)) => *stream,
        Some(_) => return Err(Refusal::field("stream", "Expected boolean")),
    };
    let (knowledge, fallback) = {
        let mut state = request.sandbox.state();
        let account = &mut state.accounts[request.account];
        let agent = account.agent(request.agent).map_err(|_| Refusal::agent())?;
        let taken = (agent.knowledge(request.sandbox.options.char_unit), agent.fallback().to_owned());
        account.credits = account.credits.checked_sub(1).ok_or_else(Refusal::credits)?;
        taken
    };
    let answer = knowledge.and_then(|knowledge| ask(knowledge.text(), knowledge.index(), question));
    let answer = answer.unwrap_or(Answer { text: fallback, sources: Vec::new(), confidence: 0.0 });
    let metadata = json!({
        "userMessageId": "msg_user",
        "conversationId": fields.get("conversationId").and_then(Value::as_str).unwrap_or("conv_sandbox"),
        "userId": user,
        "finishReason": "stop",
        "usage": { "credits": 1 },
    });
    let reply = if stream {
        Reply::new(StatusCode::OK, "text/event-stream", events(&answer.text, &metadata))
    } else {
        let parts = json!([{ "type": "text", "text": answer.text }]);
        let message =
            json!({ "id": "msg_answer", "role": "assistant", "parts": parts, "metadata": metadata });
        Reply::json(StatusCode::OK, &json!({ "data": message }))
    };
    let sources: Vec<String> = answer.sources.iter().map(ToString::to_string).collect();
    Ok(reply.with(HeaderName::from_static("x-sandbox-sources"), sources.join(",")))
}

/// One event per word between those that frame them, then the terminator.
fn events(text: &str, metadata: &Value) -> String {
    let words =
        text.split_inclusive(' ').map(|word| json!({ "type": "text-delta", "id": "0", "delta": word }));
    let frame = |kind: &str| json!({ "type": kind, "id": "0" });
    let events = [json!({ "type": "start" }), frame("text-start")].into_iter().chain(words);
    let events = events.chain([frame("text-end"), json!({ "type": "finish", "messageMetadata": metadata })]);
    let lines = events.map(|event| format!("data: {event}\n\n"));
    lines.chain(["data: [DONE]\n\n".to_owned()]).collect()
}
