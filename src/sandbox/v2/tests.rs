use serde_json::{Value, json};

use crate::sandbox::testing::{Answer, Served, manual};
use crate::sandbox::{AGENT_ID, EXPIRED_KEY, FREE_KEY, Generation, OCCUPIED_AGENT_ID, Options, STANDARD_KEY};

async fn send(served: &Served, method: &str, path: &str, key: &str, body: &str) -> Answer {
    let key = if key.is_empty() { String::new() } else { format!("authorization: Bearer {key}\r\n") };
    let headers = format!("{key}content-type: application/json\r\n");
    served.raw(method, &format!("/api/v2/agents/{path}"), &headers, body.as_bytes()).await.unwrap()
}

async fn ask(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = send(served, method, &format!("{AGENT_ID}{path}"), STANDARD_KEY, &body).await;
    (answer.status, answer.json())
}

async fn make(served: &Served, name: &str, content: &str) -> String {
    let body = json!({ "type": "text", "name": name, "content": content });
    let (status, item) = ask(served, "POST", "/sources", &body).await;
    assert_eq!(status, 201, "{item}");
    item["id"].as_str().unwrap().to_owned()
}

async fn statuses(served: &Served) -> Vec<String> {
    let listed = ask(served, "GET", "/sources?limit=100", &Value::Null).await.1;
    let items = listed["data"].as_array().unwrap();
    items.iter().map(|item| item["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn requests_are_held_to_the_contract() {
    let served = Served::start(Options { max_body: 5_000_000, ..manual() }).await;
    let check = async |method: &str, path: &str, body: &str, status: u16, code: &str, detail: &str| {
        let answer = send(&served, method, &format!("{AGENT_ID}{path}"), STANDARD_KEY, body).await;
        let json = answer.json();
        assert_eq!((answer.status, json["error"]["code"].as_str()), (status, Some(code)), "{path} {body}");
        assert_eq!(json["error"]["details"].as_object().map_or("", |all| all.keys().next().unwrap()), detail);
        assert!(answer.header("x-request-id").is_some());
    };
    let invalid = "VALIDATION_INVALID_BODY";
    check("POST", "/sources", "{", 400, "VALIDATION_INVALID_JSON", "").await;
    check("POST", "/sources", "[]", 400, "VALIDATION_INVALID_JSON", "").await;
    check("POST", "/sources", "{}", 400, invalid, "type").await;
    let with = |more: Value| {
        let mut body = json!({ "type": "text", "name": "n", "content": "c" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body.to_string()
    };
    check("POST", "/sources", &with(json!({ "type": "file" })), 400, invalid, "type").await;
    check("POST", "/sources", &with(json!({ "text": "c" })), 400, invalid, "text").await;
    check("POST", "/sources", &with(json!({ "answer": "c" })), 400, invalid, "answer").await;
    check("POST", "/sources", &with(json!({ "name": "" })), 400, invalid, "name").await;
    check("POST", "/sources", &with(json!({ "name": "x".repeat(101) })), 400, invalid, "name").await;
    check("POST", "/sources", &with(json!({ "name": "🎈".repeat(51) })), 400, invalid, "name").await;
    check("POST", "/sources", &with(json!({ "content": "" })), 400, invalid, "content").await;
    check("POST", "/sources", &with(json!({ "content": "x".repeat(1_048_577) })), 400, invalid, "content")
        .await;
    let qna = json!({ "type": "qna", "name": "n", "questions": [], "answer": "a" }).to_string();
    check("POST", "/sources", &qna, 400, invalid, "questions").await;
    check("PUT", "/sources/none", "{\"kind\":1}", 400, invalid, "kind").await;
    check("PUT", "/sources/none", "{}", 404, "RESOURCE_NOT_FOUND", "").await;
    check("DELETE", "/sources/none", "", 404, "RESOURCE_NOT_FOUND", "").await;
    check("GET", "/sources?limit=101", "", 400, invalid, "limit").await;
    check("GET", "/sources?page=1", "", 400, invalid, "page=1").await;
    check("GET", "/sources?cursor=garbage", "", 400, invalid, "cursor").await;
    check("POST", "/chat", "{\"messages\":[]}", 400, invalid, "messages").await;
    check("POST", "/nothing", "{}", 404, "RESOURCE_NOT_FOUND", "").await;
    check("PATCH", "/sources", "{}", 405, "METHOD_NOT_ALLOWED", "").await;
    for (key, status, code) in [
        ("", 401, "AUTH_MISSING_API_KEY"),
        ("sbx-nobody", 401, "AUTH_INVALID_API_KEY"),
        (EXPIRED_KEY, 401, "AUTH_EXPIRED_API_KEY"),
        (FREE_KEY, 403, "SUBSCRIPTION_API_RESTRICTED_PLAN"),
    ] {
        let answer = send(&served, "GET", AGENT_ID, key, "").await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (status, Some(code)));
    }
    let exact = json!({ "type": "text", "name": "x".repeat(100), "content": "x".repeat(1_048_576) });
    assert_eq!(ask(&served, "POST", "/sources", &exact).await.0, 201);
    served.stop().await;
}

#[tokio::test]
async fn an_agent_that_does_not_exist_lists_as_empty_and_breaks_on_a_write() {
    let served = Served::start(manual()).await;
    let ask = async |method: &str, path: &str, body: &str| {
        let answer = send(&served, method, &format!("nobody{path}"), STANDARD_KEY, body).await;
        (answer.status, answer.json())
    };
    assert_eq!(ask("GET", "", "").await.0, 404);
    let (status, listed) = ask("GET", "/sources", "").await;
    assert_eq!((status, &listed["data"]), (200, &json!([])));
    let body = json!({ "type": "text", "name": "n", "content": "c" }).to_string();
    assert_eq!(ask("POST", "/sources", &body).await.0, 500);
    served.stop().await;
}

#[tokio::test]
async fn the_second_generation_trains_what_is_written() {
    let served = Served::start(manual()).await;
    let id = make(&served, "One", "The answer is one.").await;
    assert_eq!(statuses(&served).await, ["untrained"]);
    let put = json!({ "content": "The answer is two." });
    let (status, error) = ask(&served, "PUT", &format!("/sources/{id}"), &put).await;
    assert_eq!((status, error["error"]["code"].as_str()), (409, Some("SOURCE_IS_TRAINING")));
    served.advance(1_000).await;
    assert_eq!(statuses(&served).await, ["trained"]);
    assert_eq!(ask(&served, "PUT", &format!("/sources/{id}"), &put).await.1["status"], "updated");
    let answer = async || {
        let body = json!({ "message": "answer", "stream": false });
        ask(&served, "POST", "/chat", &body).await.1["data"]["parts"][0]["text"].clone()
    };
    assert_eq!(answer().await, "The answer is one.");
    served.advance(1_000).await;
    assert_eq!(answer().await, "The answer is two.");
    assert_eq!(ask(&served, "POST", "/train", &json!({})).await.1["deprecated"], true);
    let deleted = ask(&served, "DELETE", &format!("/sources/{id}"), &Value::Null).await.1;
    assert_eq!(deleted["status"], "deleted");
    assert_eq!(answer().await, "Hmm, I am not sure.");
    served.stop().await;
}

#[tokio::test]
async fn the_first_generation_trains_when_it_is_asked() {
    let served = Served::start(Options { generation: Generation::One, ..manual() }).await;
    assert_eq!(ask(&served, "POST", "/train", &json!({})).await.0, 500, "a fault of the vendor's");
    let one = make(&served, "One", "The answer is one.").await;
    served.advance(10_000).await;
    assert_eq!(statuses(&served).await, ["untrained"]);
    assert_eq!(ask(&served, "GET", "/sources/summary", &Value::Null).await.1["shouldRetrain"], true);
    assert_eq!(ask(&served, "POST", "/train", &json!({})).await.1, json!({ "success": true }));
    let (status, error) = ask(&served, "POST", "/train", &json!({})).await;
    assert_eq!((status, error["error"]["code"].as_str()), (409, Some("AGENT_ALREADY_TRAINING")));
    served.advance(10_000).await;
    assert_eq!(statuses(&served).await, ["trained"]);
    assert_eq!(ask(&served, "GET", "/sources/summary", &Value::Null).await.1["shouldRetrain"], false);
    assert_eq!(
        ask(&served, "DELETE", &format!("/sources/{one}"), &Value::Null).await.1["status"],
        "toBeDeleted"
    );
    for (method, code) in [("PUT", "SOURCE_PENDING_DELETION"), ("DELETE", "SOURCE_ALREADY_PENDING_DELETION")]
    {
        let (status, error) = ask(&served, method, &format!("/sources/{one}"), &json!({})).await;
        assert_eq!((status, error["error"]["code"].as_str()), (409, Some(code)));
    }
    assert!(
        served.control("GET", &format!("agents/{AGENT_ID}/live"), &Value::Null).await.text().contains("one")
    );
    ask(&served, "POST", "/train", &json!({})).await;
    served.advance(10_000).await;
    assert_eq!(statuses(&served).await, [""; 0]);
    served.stop().await;
}

#[tokio::test]
async fn a_training_that_fails_leaves_live_what_was() {
    let served = Served::start(manual()).await;
    let id = make(&served, "One", "The answer is one.").await;
    served.advance(1_000).await;
    served.control("POST", "faults", &json!({ "match": { "method": "PUT" }, "action": "train-fail" })).await;
    ask(&served, "PUT", &format!("/sources/{id}"), &json!({ "content": "The answer is two." })).await;
    served.advance(1_000).await;
    assert_eq!(statuses(&served).await, ["failed"]);
    assert_eq!(ask(&served, "GET", "", &Value::Null).await.1["status"], "failed");
    let live = served.control("GET", &format!("agents/{AGENT_ID}/live"), &Value::Null).await.text();
    assert!(live.contains("one"), "{live}");
    served.stop().await;
}

#[tokio::test]
async fn what_has_no_room_is_refused_and_what_v1_and_the_dashboard_put_there_counts() {
    let served = Served::start(Options { plan_bytes: Some(300), ..manual() }).await;
    make(&served, "One", &"x".repeat(290)).await;
    let body = json!({ "type": "text", "name": "Two", "content": "y".repeat(11) });
    let (status, error) = ask(&served, "POST", "/sources", &body).await;
    assert_eq!((status, error["error"]["code"].as_str()), (422, Some("SOURCE_SIZE_LIMIT_EXCEEDED")));
    let occupied = send(
        &served,
        "POST",
        &format!("{OCCUPIED_AGENT_ID}/sources"),
        STANDARD_KEY,
        &json!({
        "type": "text", "name": "Two", "content": "y".repeat(200) })
        .to_string(),
    )
    .await;
    assert_eq!(occupied.status, 422);
    let listed = send(&served, "GET", &format!("{OCCUPIED_AGENT_ID}/sources"), STANDARD_KEY, "").await.json();
    let kinds: Vec<_> = listed["data"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, ["file", "text"]);
    let id = listed["data"][1]["id"].as_str().unwrap();
    let path = format!("{OCCUPIED_AGENT_ID}/sources/{id}");
    assert_eq!(send(&served, "DELETE", &path, STANDARD_KEY, "").await.status, 403);
    served.stop().await;
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let served = Served::start(manual()).await;
    for n in 0..7 {
        make(&served, &format!("Source {n}"), "x").await;
        served.advance(1).await;
    }
    let (mut names, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = ask(&served, "GET", &format!("/sources{query}"), &Value::Null).await.1;
        assert_eq!(page["pagination"]["total"], 7);
        let items = page["data"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["pagination"]["cursor"].as_str() else { break };
        query = format!("?limit=3&cursor={cursor}");
    }
    assert_eq!(names, (0..7).map(|n| format!("Source {n}")).collect::<Vec<_>>());
    let some = ask(&served, "GET", "/sources?type=text&name=source%203", &Value::Null).await.1;
    assert_eq!(some["pagination"]["total"], 1);
    served.stop().await;
}

#[tokio::test]
async fn a_question_is_streamed_unless_it_asks_not_to_be() {
    let served = Served::start(manual()).await;
    let pair = json!({ "type": "qna", "name": "Hours", "questions": ["When are you open?"], "answer": "From nine." });
    assert_eq!(ask(&served, "POST", "/sources", &pair).await.0, 201);
    served.advance(1_000).await;
    let body = json!({ "message": "When are you open?" }).to_string();
    let streamed = send(&served, "POST", &format!("{AGENT_ID}/chat"), STANDARD_KEY, &body).await;
    assert_eq!(streamed.header("content-type"), Some("text/event-stream"));
    let text = streamed.text();
    assert!(text.contains(r#""delta":"From ""#) && text.ends_with("data: [DONE]\n\n"), "{text}");
    served.stop().await;
}
