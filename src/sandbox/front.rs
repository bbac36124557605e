//! One exchange from end to end: number it, pick its fault, read the body within bounds, answer, log, send.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::json;
use tokio::time::sleep;

use super::call::{Call, Intake};
use super::fault::{Action, Fault};
use super::log::{Entry, masked};
use super::received::Received;
use super::refusal::Refusal;
use super::reply::Reply;
use super::state::Sandbox;
use super::text::wide;
use super::wire::Cut;
use super::{site, v1, v2};

/// How much of a body that is too large is still read, so that the client gets to see the 413.
const DRAIN: u64 = 64 * 1024 * 1024;
/// The pieces of a body without end.
const PIECE: usize = 64 * 1024;
/// How often a slow body moves on.
const TICK: Duration = Duration::from_millis(100);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers every request outside the control API.
pub(super) async fn exchange(
    State(sandbox): State<Arc<Sandbox>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (request_id, fault) = {
        let mut state = sandbox.state();
        let fault = state.faults.befalling(&parts.method, parts.uri.path(), &parts.headers);
        (state.next_request_id(sandbox.options.seed), fault)
    };
    let fault = match fault {
        Ok(fault) => fault,
        Err(error) => return refused(&error.to_string(), request_id),
    };
    let mut intake = Intake::new(sandbox.options.max_body, announced(&parts));
    let action = fault.as_ref().map(|fault| fault.action.clone());
    let up_to = read_up_to(action.as_ref(), announced(&parts), sandbox.options.max_body);
    if read(body, &mut intake, up_to).await.is_err() {
        // The client went away in the middle of its own request: nobody is left to answer.
        cut.pull();
        return Reply::empty(StatusCode::BAD_REQUEST).into_response(Body::empty());
    }
    // Parsing, hashing and searching megabytes would hold up other connections; and once begun, a write and
    // its log entry are completed even when the client hangs up.
    let answering = {
        let (sandbox, request_id) = (Arc::clone(&sandbox), request_id.clone());
        tokio::task::spawn_blocking(move || answer(&sandbox, parts, intake, fault.as_ref(), request_id))
    };
    let Ok(reply) = answering.await else { return refused("the sandbox failed to answer", request_id) };
    send(&sandbox, reply.with(REQUEST_ID, request_id), action, &cut).await
}

/// The Content-Length.
fn announced(parts: &Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// How much of the request body is read before something else happens.
fn read_up_to(action: Option<&Action>, announced: Option<u64>, max_body: u64) -> u64 {
    match action {
        Some(Action::ResetBeforeBody) => 0,
        Some(Action::ResetMidBody) => announced.map_or(1, |length| (length / 2).max(1)),
        _ => max_body.saturating_add(DRAIN),
    }
}

async fn read(body: Body, intake: &mut Intake, up_to: u64) -> Result<(), axum::Error> {
    let mut chunks = body.into_data_stream();
    while intake.length() < up_to {
        let Some(chunk) = chunks.next().await else { break };
        intake.take(&chunk?);
    }
    Ok(())
}

/// Lets the request take effect, or not, and writes the log.
fn answer(
    sandbox: &Sandbox,
    parts: Parts,
    intake: Intake,
    fault: Option<&Fault>,
    request_id: String,
) -> Reply {
    let is_whole = announced(&parts).is_none_or(|length| length == intake.length());
    let call = Call::new(parts, intake);
    if is_whole {
        tell(sandbox, &call);
    }
    let action = fault.map(|fault| &fault.action);
    let applied = action.is_none_or(Action::applies).then(|| route(sandbox, &call, action));
    let canned = action.and_then(|action| action.answer(&call));
    let reply = canned.or(applied).unwrap_or_else(|| Reply::empty(StatusCode::OK));
    let entry = Entry {
        request_id,
        at: sandbox.time.now(),
        method: call.method.to_string(),
        path: masked(&call.path),
        query: call.raw_query.as_deref().map(masked),
        user_agent: call.header(header::USER_AGENT).map(masked),
        status: action.is_none_or(Action::responds).then(|| reply.status.as_u16()),
        fault: fault.map(ToString::to_string),
        body_bytes: call.body.length(),
        body_sha256: call.body.sha256(),
        source: call.source(),
    };
    sandbox.state().log.record(entry);
    reply
}

/// Gives a request to whoever wants to see those to the API.
fn tell(sandbox: &Sandbox, call: &Call) {
    if let Some(received) = &sandbox.options.received
        && let Some(body) = &call.body.kept
        && call.path.starts_with("/api/")
    {
        let (method, path) = (call.method.to_string(), call.path.clone());
        // Who wanted to see them may have gone.
        let _gone = received.send(Received { method, path, body: body.clone() });
    }
}

fn route(sandbox: &Sandbox, call: &Call, action: Option<&Action>) -> Reply {
    let twist = match action {
        Some(Action::Twist(twist)) => Some(twist),
        _ => None,
    };
    if call.body.kept.is_none() {
        return Refusal::Size.reply();
    }
    if let Some(operation) = call.path.strip_prefix("/api/v1/") {
        return v1::answer(sandbox, call, operation, twist);
    }
    if let Some(path) = call.path.strip_prefix("/api/v2/") {
        return v2::answer(sandbox, call, path, twist);
    }
    let page = sandbox.options.site.then(|| site::answer(call, sandbox.address)).flatten();
    page.unwrap_or_else(|| Refusal::Route.reply())
}

/// Puts the reply on the wire, or does to the connection what the fault says.
async fn send(sandbox: &Sandbox, mut reply: Reply, action: Option<Action>, cut: &Cut) -> Response<Body> {
    match action {
        Some(action) if !action.responds() => {
            if matches!(action, Action::Timeout | Action::TimeoutAfterAccept) {
                sandbox.shutdown.cancelled().await;
            }
            cut.pull();
        }
        Some(Action::Delay(delay)) => tokio::select! {
            () = sleep(delay) => {}
            () = sandbox.shutdown.cancelled() => {}
        },
        Some(Action::SlowBody(rate)) => {
            let pieces = slowly(&reply.body, rate);
            return reply.into_response(Body::from_stream(pieces));
        }
        Some(Action::Huge(size)) => return reply.into_response(Body::from_stream(huge(size))),
        Some(Action::Truncate(length)) => reply.body.truncate(length),
        Some(Action::CutResponse(length)) => {
            let start = reply.body.slice(..length.min(reply.body.len()));
            let reply = reply.clone().with(header::CONTENT_LENGTH, wide(reply.body.len()));
            return reply.into_response(Body::from_stream(broken_off(start)));
        }
        Some(Action::HalfSse) => {
            let end = reply.body.windows(b"data: [DONE]".len()).position(|window| window == b"data: [DONE]");
            reply.body.truncate(end.unwrap_or(reply.body.len() / 2));
        }
        _ => {}
    }
    let body = match reply.pieces {
        Some(size) => Body::from_stream(stream::iter(pieces(&reply.body, size)).map(Ok::<_, Infallible>)),
        None => Body::from(reply.body.clone()),
    };
    reply.into_response(body)
}

fn pieces(body: &Bytes, size: usize) -> Vec<Bytes> {
    (0..body.len()).step_by(size.max(1)).map(|at| body.slice(at..body.len().min(at + size))).collect()
}

/// `rate` bytes a second, ten times a second.
fn slowly(body: &Bytes, rate: u64) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let size = usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1);
    stream::iter(pieces(body, size)).then(async |piece| {
        sleep(TICK).await;
        Ok(piece)
    })
}

/// A JSON string of `size` bytes that is never in memory as a whole.
fn huge(size: u64) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let filler = Bytes::from(vec![b'x'; PIECE]);
    let rest = stream::unfold(size.saturating_sub(2), move |left: u64| {
        let piece = filler.slice(..usize::try_from(left).unwrap_or(usize::MAX).min(PIECE));
        let next = (!piece.is_empty()).then(|| (Ok(piece.clone()), left - wide(piece.len())));
        async move { next }
    });
    let quote = || stream::iter([Ok(Bytes::from_static(b"\""))]);
    quote().chain(rest).chain(quote())
}

/// The start of a body whose rest never comes.
fn broken_off(start: Bytes) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let end = async {
        // One turn of the executor, in which the start is flushed to the client.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionReset.into())
    };
    stream::iter([Ok(start)]).chain(stream::once(end))
}

fn refused(problem: &str, request_id: String) -> Response<Body> {
    let reply =
        Reply::json(StatusCode::BAD_REQUEST, &json!({ "message": problem })).with(REQUEST_ID, request_id);
    let body = Body::from(reply.body.clone());
    reply.into_response(body)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use crate::sandbox::testing::{Answer, Served, manual};
    use crate::sandbox::{AGENT_ID, Options, STANDARD_KEY, StreamShape};

    /// Pushes `text` under a fault and tells what came back and whether the text was stored.
    async fn struck(served: &Served, fault: &str, text: &str) -> (std::io::Result<Answer>, bool) {
        let body = json!({ "chatbotId": AGENT_ID, "sourceText": text });
        let answer = served.post("update-chatbot-data", &body, fault).await;
        (answer, served.stored(AGENT_ID).await == text)
    }

    #[tokio::test]
    async fn faults_that_answer_say_what_they_were_told_to() {
        let served = Served::start(manual()).await;
        let check = async |fault: &str, status: u16, body: &str, applied: bool| {
            let (answer, stored) = struck(&served, fault, fault).await;
            let answer = answer.unwrap();
            assert_eq!((answer.status, answer.text().as_str(), stored), (status, body, applied), "{fault}");
            answer
        };
        check("status:200,", 200, "", false).await;
        check("status:201", 201, "", false).await;
        check("status:204", 204, "", false).await;
        check("status:500", 500, r#"{"message":"Internal Server Error"}"#, false).await;
        check(r#"status:409,{"message":"training"}"#, 409, r#"{"message":"training"}"#, false).await;
        let limited = check("rate:30", 429, r#"{"message":"Rate limit exceeded"}"#, false).await;
        assert_eq!(limited.header("retry-after"), Some("30"));
        let date = "Fri, 31 Dec 2027 23:59:59 GMT";
        let limited =
            check(&format!("rate:{date}"), 429, r#"{"message":"Rate limit exceeded"}"#, false).await;
        assert_eq!(limited.header("retry-after"), Some(date));
        let limited = check("rate:none", 429, r#"{"message":"Rate limit exceeded"}"#, false).await;
        assert_eq!(limited.header("retry-after"), None);
        check("maintenance", 503, r#"{"message":"Service under maintenance"}"#, false).await;
        check("truncate:9", 200, r#"{"chatbot"#, true).await;
        check("delay:1", 200, &format!(r#"{{"chatbotId":"{AGENT_ID}"}}"#), true).await;
        check("slow-body:100000", 200, &format!(r#"{{"chatbotId":"{AGENT_ID}"}}"#), true).await;
        check("lost-update", 200, &format!(r#"{{"chatbotId":"{AGENT_ID}"}}"#), false).await;
        let html = struck(&served, "not-json", "x").await.0.unwrap();
        assert_eq!((html.status, html.header("content-type")), (502, Some("text/html")));
        let echo = struck(&served, "echo-authorization", "x").await.0.unwrap();
        assert!(echo.status == 400 && echo.text().contains(&format!("Bearer {STANDARD_KEY}")));
        assert_eq!(
            struck(&served, "nonsense", "x").await.0.unwrap().text(),
            r#"{"message":"unknown fault `nonsense`"}"#
        );
        served.stop().await;
    }

    #[tokio::test]
    async fn any_answer_can_be_put_in_place_of_a_write_that_took_effect() {
        let served = Served::start(manual()).await;
        for (action, status, header, applied) in [
            (
                json!({ "status": 200, "body": r#"{"chatbotId":"another"}"#, "apply": true }),
                200,
                "content-type",
                true,
            ),
            (json!({ "status": 200, "body": "<html></html>" }), 200, "content-type", false),
            (json!({ "status": 200, "body": r#"{"error":"limit exceeded"}"# }), 200, "content-type", false),
            (
                json!({ "status": 301, "headers": { "Location": "http://other.example/" } }),
                301,
                "location",
                false,
            ),
            (
                json!({ "status": 307, "headers": { "Location": "http://other.example/" } }),
                307,
                "location",
                false,
            ),
            (json!({ "status": 503, "headers": { "Retry-After": "120" } }), 503, "retry-after", false),
            (json!({ "status": 504, "body": "gateway", "apply": true }), 504, "content-type", true),
        ] {
            let rule = json!({ "match": { "method": "POST", "path_glob": "/api/v1/*", "times": 1 }, "action": action });
            assert_eq!(served.control("POST", "faults", &rule).await.status, 201);
            let (answer, stored) = struck(&served, "", &action.to_string()).await;
            let answer = answer.unwrap();
            assert_eq!((answer.status, stored), (status, applied), "{action}");
            assert!(answer.header(header).is_some(), "{action}: {answer:?}");
        }
        assert_eq!(served.control("GET", "faults", &Value::Null).await.json()[0]["seen"], 7);
        assert_eq!(served.control("DELETE", "faults", &Value::Null).await.status, 204);
        assert_eq!(served.control("POST", "faults", &json!({ "action": "nonsense" })).await.status, 400);
        served.stop().await;
    }

    #[tokio::test]
    async fn a_cut_connection_is_a_reset_and_the_write_took_effect_only_when_it_should() {
        let served = Served::start(manual()).await;
        for (fault, applied) in
            [("reset-before-body", false), ("reset-mid-body", false), ("reset-after-accept", true)]
        {
            let (answer, stored) = struck(&served, fault, fault).await;
            let error = answer.unwrap_err().kind();
            assert_eq!((error, stored), (ErrorKind::ConnectionReset, applied), "{fault}");
        }
        let log = served.log().await;
        assert!(log.as_array().unwrap().iter().all(|entry| entry["status"].is_null()), "{log}");
        assert_eq!(log[0]["body_bytes"], 0);
        served.stop().await;
    }

    #[tokio::test]
    async fn a_large_body_is_cut_in_the_middle_of_being_sent() {
        let served = Served::start(manual()).await;
        let (answer, stored) = struck(&served, "reset-mid-body", &"x".repeat(4_000_000)).await;
        assert!(matches!(answer.unwrap_err().kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe));
        assert!(!stored);
        let log = served.log().await;
        let received = log[0]["body_bytes"].as_u64().unwrap();
        assert!((2_000_000..4_000_000).contains(&received), "{received}");
        served.stop().await;
    }

    #[tokio::test]
    async fn a_request_left_without_an_answer_ends_with_the_sandbox() {
        for (fault, applied) in [("timeout", false), ("timeout-after-accept", true)] {
            let served = Served::start(manual()).await;
            let mut stream = TcpStream::connect(served.address).await.unwrap();
            let body = json!({ "chatbotId": AGENT_ID, "sourceText": "held" }).to_string();
            let request = format!(
                "POST /api/v1/update-chatbot-data HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {STANDARD_KEY}\r\n\
                 content-type: application/json\r\nx-sandbox-fault: {fault}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            while served.log().await.as_array().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            assert_eq!(served.stored(AGENT_ID).await == "held", applied, "{fault}");
            served.stop().await;
            let ended = stream.read_to_end(&mut Vec::new()).await;
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset, "{fault}");
        }
    }

    #[tokio::test]
    async fn a_response_can_break_off_before_its_announced_end() {
        let served = Served::start(manual()).await;
        let (answer, stored) = struck(&served, "cut-response:5", "half").await;
        let answer = answer.unwrap();
        assert!(stored);
        assert_eq!((answer.header("content-length"), answer.text().as_str()), (Some("37"), r#"{"cha"#));
        served.stop().await;
    }

    #[tokio::test]
    async fn a_huge_body_is_streamed_without_being_held() {
        let served = Served::start(manual()).await;
        let (answer, stored) = struck(&served, "huge:3000000", "big").await;
        assert!(stored);
        let body: String = serde_json::from_slice(&answer.unwrap().body).unwrap();
        assert_eq!(body.len(), 2_999_998);
        served.stop().await;
    }

    #[tokio::test]
    async fn a_stream_can_end_before_its_terminator() {
        let served = Served::start(Options { stream: StreamShape::Sse, ..manual() }).await;
        let body = json!({ "chatbotId": AGENT_ID, "stream": true, "messages": [{ "role": "user", "content": "?" }] });
        let answer = served.post("chat", &body, "half-sse").await.unwrap();
        assert!(answer.text().starts_with("data: {") && !answer.text().contains("[DONE]"));
        served.stop().await;
    }

    #[tokio::test]
    async fn training_can_fail_or_stall_and_what_was_live_stays() {
        let served = Served::start(manual()).await;
        let live = async || {
            served.advance(3_600_000).await;
            let state = served.control("GET", "state", &Value::Null).await.json();
            let agent = &state["accounts"][0]["agents"][0];
            let text = served.control("GET", &format!("agents/{AGENT_ID}/live"), &Value::Null).await.text();
            (agent["status"].as_str().unwrap().to_owned(), agent["name"].as_str().unwrap().to_owned(), text)
        };
        let expect =
            |status: &str, name: &str, text: &str| (status.to_owned(), name.to_owned(), text.to_owned());
        assert!(struck(&served, "", "one").await.1);
        assert_eq!(live().await, expect("Trained", "Sandbox Agent", "one"));
        assert!(struck(&served, "train-fail", "two").await.1);
        assert_eq!(live().await, expect("Failed", "Sandbox Agent", "one"));
        assert!(struck(&served, "train-stall", "three").await.1);
        assert_eq!(live().await, expect("Training", "Sandbox Agent", "one"));
        assert!(struck(&served, "rename:Imposter", "four").await.1);
        assert_eq!(live().await, expect("Trained", "Imposter", "four"));
        served.stop().await;
    }

    #[tokio::test]
    async fn faults_befall_the_site_too_but_never_the_control_api() {
        let served = Served::start(manual()).await;
        served.control("POST", "faults", &json!({ "action": "status:500" })).await;
        assert_eq!(served.raw("GET", "/help/", "", b"").await.unwrap().status, 500);
        assert_eq!(served.control("GET", "state", &Value::Null).await.status, 200);
        served.control("POST", "reset", &Value::Null).await;
        assert_eq!(served.raw("GET", "/help/", "", b"").await.unwrap().status, 200);
        served.stop().await;
    }
}
