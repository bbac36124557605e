//! What the API takes, as JSON Schemas: whatever a test is about, every request to the chatbot is held against them.

use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use corpusd::sandbox::{AGENT_ID, Received};
use serde_json::{Value, json};

use super::chatbot::Chatbot;

/// The operations that anybody here asks for, with the schema of the body; without one it is empty. `*` is any one
/// segment of a path.
const OPERATIONS: [(&str, &str, Option<&str>); 14] = [
    ("GET", "/api/v1/get-chatbots", None),
    (
        "POST",
        "/api/v1/update-chatbot-data",
        Some(include_str!("../fixtures/schemas/v1/update-chatbot-data.json")),
    ),
    ("POST", "/api/v1/chat", Some(include_str!("../fixtures/schemas/v1/chat.json"))),
    ("GET", "/api/v2/agents", None),
    ("GET", "/api/v2/agents/*", None),
    ("PUT", "/api/v2/agents/*", Some(include_str!("../fixtures/schemas/v2/agent-update.json"))),
    ("POST", "/api/v2/agents/*/train", Some(include_str!("../fixtures/schemas/v2/train.json"))),
    ("POST", "/api/v2/agents/*/chat", Some(include_str!("../fixtures/schemas/v2/chat.json"))),
    ("GET", "/api/v2/agents/*/sources", None),
    ("POST", "/api/v2/agents/*/sources", Some(include_str!("../fixtures/schemas/v2/source-create.json"))),
    ("GET", "/api/v2/agents/*/sources/summary", None),
    ("GET", "/api/v2/agents/*/sources/*", None),
    ("PUT", "/api/v2/agents/*/sources/*", Some(include_str!("../fixtures/schemas/v2/source-update.json"))),
    ("DELETE", "/api/v2/agents/*/sources/*", None),
];

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::new);

struct Contract {
    schemas: Schemas,
    /// Method, path, and the schema of the body.
    operations: Vec<(&'static str, &'static str, Option<SchemaIndex>)>,
}

impl Contract {
    fn new() -> Contract {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let mut compiled = |place: usize, schema: &str| {
            let url = format!("https://contract.test/{place}");
            compiler.add_resource(&url, serde_json::from_str(schema).unwrap()).unwrap();
            compiler.compile(&url, &mut schemas).unwrap_or_else(|error| panic!("{schema}: {error:#}"))
        };
        let operations = OPERATIONS.iter().enumerate().map(|(place, (method, path, schema))| {
            (*method, *path, schema.map(|schema| compiled(place, schema)))
        });
        let operations = operations.collect();
        Contract { schemas, operations }
    }

    fn check(&self, request: &Received) -> Result<(), String> {
        let Received { method, path, body } = request;
        let is_asked = |operation: &&(&str, &str, _)| operation.0 == method && is_at(operation.1, path);
        let (.., schema) = self.operations.iter().find(is_asked).ok_or("there is no such operation")?;
        let Some(schema) = schema else {
            return if body.is_empty() { Ok(()) } else { Err("it has a body".to_owned()) };
        };
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        self.schemas.validate(&body, *schema).map_err(|error| format!("{error:#}"))
    }
}

fn is_at(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(wanted, segment)| *wanted == "*" || *wanted == segment)
}

/// What is wrong with a request; `None` where nothing is.
pub(crate) fn fault(request: &Received) -> Option<String> {
    let Received { method, path, .. } = request;
    CONTRACT.check(request).err().map(|fault| format!("{method} {path}: {fault}"))
}

#[tokio::test]
async fn a_request_that_breaks_the_contract_fails_its_test() {
    let chatbot = Chatbot::start().await;
    chatbot.trained_by_somebody_else(AGENT_ID, "Apples keep for weeks.").await;
    assert_eq!(chatbot.faults(), [""; 0]);
    // Too short a name, a field of older documents, and no text: the sandbox takes the latter two.
    let source = json!({"type": "text", "name": "Apples", "content": "They keep for weeks."});
    chatbot.by_somebody_else("POST", &format!("{AGENT_ID}/sources"), &source).await;
    for (body, expected) in [
        (json!({"chatbotId": AGENT_ID, "chatbotName": "Al", "sourceText": "Apples."}), "chatbotName"),
        (json!({"chatbotId": AGENT_ID, "sourceText": "Apples.", "urlsToScrape": []}), "urlsToScrape"),
        (json!({"chatbotId": AGENT_ID}), "sourceText"),
    ] {
        chatbot.asked("POST", "/api/v1/update-chatbot-data", &body).await;
        let faults = chatbot.faults();
        assert!(matches!(&faults[..], [fault] if fault.contains(expected)), "{body}: {faults:?}");
    }
    chatbot.asked("POST", "/api/v1/delete-everything", &json!({})).await;
    let dropped = std::panic::catch_unwind(move || drop(chatbot));
    let message = dropped.unwrap_err();
    assert!(message.downcast_ref::<String>().unwrap().contains("delete-everything"));
}

#[test]
fn a_source_is_held_against_its_lengths_and_fields() {
    let check = |method: &str, body: &Value, is_valid: bool| {
        let path = if method == "PUT" { "/api/v2/agents/a/sources/s" } else { "/api/v2/agents/a/sources" };
        let request = Received {
            method: method.to_owned(),
            path: path.to_owned(),
            body: body.to_string().into_bytes(),
        };
        let shown: String = body.to_string().chars().take(100).collect();
        assert_eq!(fault(&request).is_none(), is_valid, "{method} {shown}: {:?}", fault(&request));
    };
    let text = |name: usize, content: usize| json!({"type": "text", "name": "n".repeat(name), "content": "c".repeat(content)});
    check("POST", &text(100, 1_048_576), true);
    check("POST", &text(101, 1), false);
    check("POST", &text(1, 1_048_577), false);
    check("POST", &text(0, 1), false);
    check("POST", &text(1, 0), false);
    check("POST", &json!({"type": "text", "name": "n"}), false);
    check("POST", &json!({"type": "text", "name": "n", "content": "c", "url": "https://a.test/"}), false);
    check("POST", &json!({"type": "qna", "name": "n", "questions": ["Why?"], "answer": "So."}), true);
    check(
        "POST",
        &json!({"type": "qna", "name": "n", "questions": vec!["Why?"; 51], "answer": "So."}),
        false,
    );
    check("POST", &json!({"type": "file", "name": "n", "content": "c"}), false);
    check("PUT", &json!({"content": "c"}), true);
    check("PUT", &json!({"content": "c", "answer": "So."}), false);
    check("PUT", &json!({"type": "text", "content": "c"}), false);
    check("PUT", &json!({}), false);
}
