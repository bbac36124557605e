//! Questions: answered from the index that is live at that moment.

use axum::http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::{Admitted, body, optional, settled};
use crate::sandbox::StreamShape;
use crate::sandbox::agent::Conversation;
use crate::sandbox::answer::{Answer, ask};
use crate::sandbox::refusal::{Issue, Refusal};
use crate::sandbox::reply::Reply;

/// Pieces of a raw stream, chosen to split code points of two to four bytes.
const RAW_PIECE: usize = 7;

pub(super) fn chat(request: &Admitted) -> Result<Reply, Refusal> {
    let Admitted { sandbox, call, .. } = *request;
    let fields = body(call)?;
    let mut issues = Vec::new();
    let id = optional(call, "chatbotId", &mut issues).or_else(|| optional(call, "chatId", &mut issues));
    let conversation = optional(call, "conversationId", &mut issues);
    let question = question(fields.get("messages"), &mut issues);
    if id.is_none() && issues.is_empty() {
        issues.push(Issue::new("chatbotId", "Required"));
    }
    let stream = fields.get("stream").is_some_and(|stream| stream == true);
    settled(issues)?;
    let id = id.unwrap_or_default();

    let (live, fallback) = {
        let mut state = sandbox.state();
        let account = &mut state.accounts[request.account];
        let agent = account.agent(id)?;
        let taken = (agent.knowledge(sandbox.options.char_unit), agent.fallback().to_owned());
        account.credits = account.credits.checked_sub(1).ok_or(Refusal::Credits)?;
        taken
    };
    let answer = live.and_then(|live| ask(live.text(), live.index(), question));
    let answer = answer.unwrap_or(Answer { text: fallback, sources: Vec::new(), confidence: 0.0 });
    remember(request, id, conversation, question, &answer);

    let sources: Vec<String> = answer.sources.iter().map(ToString::to_string).collect();
    let reply = match (stream, sandbox.options.stream) {
        (false, _) => Reply::json(StatusCode::OK, &json!({ "text": answer.text })),
        (true, StreamShape::Raw) => {
            let mut reply = Reply::new(StatusCode::OK, "text/plain; charset=utf-8", answer.text);
            reply.pieces = Some(RAW_PIECE);
            reply
        }
        (true, StreamShape::Sse) => {
            let mut reply = Reply::new(StatusCode::OK, "text/event-stream", events(&answer.text));
            reply.pieces = Some(RAW_PIECE);
            reply
        }
    };
    Ok(reply.with(HeaderName::from_static("x-sandbox-sources"), sources.join(",")))
}

/// The last message of the user.
fn question<'a>(messages: Option<&'a Value>, issues: &mut Vec<Issue>) -> &'a str {
    let Some(messages) = messages.and_then(Value::as_array) else {
        issues.push(Issue::new("messages", "Required"));
        return "";
    };
    let asked = messages.iter().rev().find(|message| message["role"] == "user");
    let question = asked.and_then(|message| message["content"].as_str());
    if question.is_none() {
        issues.push(Issue::new("messages", "Expected a message of the user"));
    }
    question.unwrap_or_default()
}

/// One event per word, then the terminator.
fn events(text: &str) -> String {
    let words = text.split_inclusive(' ').map(|word| format!("data: {}\n\n", json!({ "text": word })));
    words.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

/// Keeps the exchange when the caller named a conversation.
fn remember(request: &Admitted, id: &str, conversation: Option<&str>, question: &str, answer: &Answer) {
    let now = request.sandbox.time.now();
    let mut state = request.sandbox.state();
    // The agent may have been deleted while its index was searched.
    let Ok(agent) = state.accounts[request.account].agent(id) else { return };
    agent.last_message_at = Some(now);
    let Some(conversation) = conversation else { return };
    let messages = [
        json!({ "role": "user", "content": question }),
        json!({ "role": "assistant", "content": answer.text, "score": answer.confidence }),
    ];
    match agent.conversations.iter_mut().find(|kept| kept.id == conversation) {
        Some(kept) => {
            kept.messages.extend(messages);
            kept.last_message_at = now;
        }
        None => agent.conversations.push(Conversation {
            id: conversation.to_owned(),
            created_at: now,
            last_message_at: now,
            messages: messages.to_vec(),
        }),
    }
}
