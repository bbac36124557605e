//! Operations that change an agent: create, update, settings, delete.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Admitted, body, optional, required, settled};
use crate::sandbox::ResponseShape;
use crate::sandbox::account::Plan;
use crate::sandbox::agent::{Agent, Status};
use crate::sandbox::call::Call;
use crate::sandbox::fault::Twist;
use crate::sandbox::refusal::{Issue, Refusal};
use crate::sandbox::reply::Reply;
use crate::sandbox::training::{Corpus, Training};

/// The shortest name, in characters.
const MIN_NAME: usize = 3;

pub(super) fn create(request: &Admitted) -> Result<Reply, Refusal> {
    let Admitted { sandbox, call, .. } = *request;
    body(call)?;
    let mut issues = Vec::new();
    let name = name(call, &mut issues).unwrap_or_else(|| required(call, "chatbotName", &mut issues));
    let text = optional(call, "sourceText", &mut issues);
    settled(issues)?;
    let mut state = sandbox.state();
    let mut agent = Agent::new(String::new(), name.to_owned(), sandbox.time.now());
    if let Some(text) = text {
        Push::prepare(request, state.accounts[request.account].plan, &agent, text)?
            .apply(request, &mut agent);
    }
    agent.id = state.next_agent_id(sandbox.options.seed);
    let reply = written(request, &agent);
    state.accounts[request.account].agents.push(agent);
    Ok(reply)
}

pub(super) fn update(request: &Admitted) -> Result<Reply, Refusal> {
    let Admitted { sandbox, call, .. } = *request;
    body(call)?;
    let mut issues = Vec::new();
    let id = required(call, "chatbotId", &mut issues);
    let name = name(call, &mut issues);
    if name.is_none() && sandbox.options.require_name {
        required(call, "chatbotName", &mut issues);
    }
    let text = optional(call, "sourceText", &mut issues);
    settled(issues)?;

    let mut state = sandbox.state();
    let account = &mut state.accounts[request.account];
    let plan = account.plan;
    let agent = account.agent(id)?;
    if request.twist == Some(&Twist::LostUpdate) {
        return Ok(written(request, agent));
    }
    if let Some(text) = text {
        Push::prepare(request, plan, agent, text)?.apply(request, agent);
    }
    match request.twist {
        Some(Twist::Rename(other)) => agent.name.clone_from(other),
        _ => agent.name = name.unwrap_or(&agent.name).to_owned(),
    }
    Ok(written(request, agent))
}

pub(super) fn settings(request: &Admitted) -> Result<Reply, Refusal> {
    let fields = body(request.call)?;
    let mut issues = Vec::new();
    let id = required(request.call, "chatbotId", &mut issues);
    let mut text = |field| optional(request.call, field, &mut issues);
    let name = text("name").or_else(|| text("chatbotName"));
    let instructions = text("instructions");
    let visibility = text("visibility");
    let temperature = fields.get("temp").or_else(|| fields.get("temperature"));
    let degrees = temperature.and_then(Value::as_f64).filter(|degrees| (0.0..=1.0).contains(degrees));
    if temperature.is_some() && degrees.is_none() {
        issues.push(Issue::new("temp", "Expected number between 0 and 1"));
    }
    if visibility.is_some_and(|visibility| !["private", "public"].contains(&visibility)) {
        issues.push(Issue::new("visibility", "Expected private or public"));
    }
    settled(issues)?;

    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(id)?;
    let change = |field: &mut String, to: Option<&str>| {
        if let Some(to) = to {
            to.clone_into(field);
        }
    };
    change(&mut agent.name, name);
    change(&mut agent.instructions, instructions);
    change(&mut agent.visibility, visibility);
    agent.temperature = degrees.unwrap_or(agent.temperature);
    Ok(Reply::json(StatusCode::ACCEPTED, &json!("Your changes are saved.")))
}

/// The id may come in the query or in the body: the documents disagree.
pub(super) fn delete(request: &Admitted) -> Result<Reply, Refusal> {
    let call = request.call;
    let id = call.parameter("chatbotId").or_else(|| call.text("chatbotId"));
    let id = id.ok_or_else(|| Refusal::Body(vec![Issue::new("chatbotId", "Required")]))?;
    let mut state = request.sandbox.state();
    let account = &mut state.accounts[request.account];
    account.agent(id)?;
    account.agents.retain(|agent| agent.id != id);
    Ok(Reply::json(StatusCode::OK, &json!({ "message": "Deleted successfully" })))
}

/// `chatbotName`, which renames the agent whenever it is present.
fn name<'a>(call: &'a Call, issues: &mut Vec<Issue>) -> Option<&'a str> {
    let name = optional(call, "chatbotName", issues);
    if name.is_some_and(|name| name.chars().count() < MIN_NAME) {
        issues.push(Issue::new("chatbotName", "String must contain at least 3 character(s)"));
    }
    name
}

/// A new text for an agent, measured and found to fit.
struct Push {
    corpus: Arc<Corpus>,
    typed: Arc<str>,
    files: Arc<str>,
}

impl Push {
    fn prepare(request: &Admitted, plan: Plan, agent: &Agent, text: &str) -> Result<Self, Refusal> {
        let options = &request.sandbox.options;
        let (typed, files) = agent.kept_by(options.wipes);
        let corpus = Corpus::new(Arc::from(text), &[&typed, &files], options.char_unit);
        let limit = options.plan_chars.unwrap_or(plan.characters());
        // "Less than the character limit": the limit itself is already too much.
        if corpus.characters >= limit {
            return Err(Refusal::Characters { limit, received: corpus.characters });
        }
        Ok(Self { corpus: Arc::new(corpus), typed, files })
    }

    /// Replaces the agent's text and starts training; a training under way is superseded.
    fn apply(self, request: &Admitted, agent: &mut Agent) {
        let sandbox = request.sandbox;
        let corpus = Arc::clone(&self.corpus);
        agent.pushed = Arc::clone(&corpus.pushed);
        (agent.typed, agent.files) = (self.typed, self.files);
        agent.status = Status::Training;
        agent.training =
            Some(Training::start(self.corpus, &sandbox.options, request.twist, sandbox.time.now()));
        let indexing = std::thread::Builder::new().name("sandbox-training".to_owned()).spawn(move || {
            corpus.index();
        });
        // Without a thread to spare the index is built by the first question instead.
        drop(indexing);
    }
}

fn written(request: &Admitted, agent: &Agent) -> Reply {
    let body = match request.sandbox.options.response {
        ResponseShape::Bare => json!({ "chatbotId": agent.id }),
        ResponseShape::Object => agent.object(),
    };
    Reply::json(StatusCode::OK, &body)
}
