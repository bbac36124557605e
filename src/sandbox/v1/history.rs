//! What can be read: the account's agents, conversations that callers chose to keep, and leads.

use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::Admitted;
use crate::sandbox::ChatbotsShape;
use crate::sandbox::call::Call;
use crate::sandbox::clock::rfc3339;
use crate::sandbox::refusal::{Issue, Refusal};
use crate::sandbox::reply::Reply;

/// Items on a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (10, 100);

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
pub(super) fn chatbots(request: &Admitted) -> Result<Reply, Refusal> {
    let state = request.sandbox.state();
    let unit = request.sandbox.options.char_unit;
    let profiles: Vec<Value> =
        state.accounts[request.account].agents.iter().map(|agent| agent.profile(unit)).collect();
    let chatbots = match request.sandbox.options.chatbots_shape {
        ChatbotsShape::Array => json!(profiles),
        ChatbotsShape::Wrapped => json!({ "data": profiles, "error": null }),
    };
    Ok(Reply::json(StatusCode::OK, &json!({ "chatbots": chatbots })))
}

pub(super) fn conversations(request: &Admitted) -> Result<Reply, Refusal> {
    let asked = Asked::of(request.call)?;
    let sources = request.call.parameter("filteredSources");
    let from_api = sources.is_none_or(|sources| sources.split(',').any(|source| source.trim() == "API"));
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(asked.chatbot)?;
    let listed =
        agent.conversations.iter().filter(|conversation| from_api && asked.covers(conversation.created_at));
    let listed = listed.map(|conversation| {
        json!({
            "id": conversation.id,
            "created_at": rfc3339(conversation.created_at),
            "last_message_at": rfc3339(conversation.last_message_at),
            "messages": conversation.messages,
            "chatbot_id": agent.id,
            "customer": null,
            "country": null,
            "source": "API",
        })
    });
    Ok(Reply::json(StatusCode::OK, &json!({ "data": asked.page(listed) })))
}

pub(super) fn leads(request: &Admitted) -> Result<Reply, Refusal> {
    let asked = Asked::of(request.call)?;
    let mut state = request.sandbox.state();
    let agent = state.accounts[request.account].agent(asked.chatbot)?;
    let covered = agent.leads.iter().filter(|lead| asked.covers(lead.created_at));
    let listed = covered.map(|lead| {
        json!({
            "id": lead.id,
            "chatbot_id": agent.id,
            "created_at": rfc3339(lead.created_at),
            "name": lead.name,
            "email": lead.email,
            "phone": null,
        })
    });
    Ok(Reply::json(StatusCode::OK, &json!({ "collectedCustomers": asked.page(listed) })))
}

/// The query of a listing.
struct Asked<'a> {
    chatbot: &'a str,
    first_day: Option<Date>,
    last_day: Option<Date>,
    page: usize,
    size: usize,
}

impl<'a> Asked<'a> {
    fn of(call: &'a Call) -> Result<Self, Refusal> {
        let wrong = |field, message| Refusal::Query(vec![Issue::new(field, message)]);
        let day = |field| {
            let day = call
                .parameter(field)
                .map(|day| iso_date(day).ok_or_else(|| wrong(field, "Expected YYYY-MM-DD")));
            day.transpose()
        };
        let number = |field, absent: usize| match call.parameter(field).map(str::parse) {
            None => Ok(absent),
            Some(Ok(number)) if number > 0 => Ok(number),
            Some(_) => Err(wrong(field, "Expected a positive number")),
        };
        Ok(Self {
            chatbot: call.parameter("chatbotId").ok_or_else(|| wrong("chatbotId", "Required"))?,
            first_day: day("startDate")?,
            last_day: day("endDate")?,
            page: number("page", 1)?,
            size: number("size", PAGE.0)?.min(PAGE.1),
        })
    }

    fn covers(&self, at: u64) -> bool {
        let moment = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        let Some(day) = moment.map(|moment| moment.to_zoned(TimeZone::UTC).date()) else { return false };
        self.first_day.is_none_or(|first| first <= day) && self.last_day.is_none_or(|last| day <= last)
    }

    fn page(&self, items: impl Iterator<Item = Value>) -> Vec<Value> {
        items.skip((self.page - 1).saturating_mul(self.size)).take(self.size).collect()
    }
}

/// `YYYY-MM-DD`, zero padded, and nothing else that the parser would take.
fn iso_date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}
