//! The daemon's door: `POST /trigger/PIPELINE` asks for a run, `/healthz` and `/readyz` say how it is.
//!
//! A trigger can start a run earlier and nothing else: no URL, gate or approval comes in by it. It is checked from the
//! outside in: whom the request calls, how, from which site, how large it is, and only then what it shows.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{connection::Bounded, roster::Triggered};
use crate::{
    config::Settings,
    hash::{Hash, sha256},
};

/// A body says nothing to us; a larger one is not even read.
const LARGEST_BODY: usize = 64 * 1024;
/// So many wrong tokens in a minute are answered; what more there are, are only told to go away.
const WRONG_TOKENS: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);

/// Somebody asks for a run.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) pipeline: String,
    pub(super) answer: oneshot::Sender<Triggered>,
}

/// What the door knows.
pub(super) struct Door {
    token: Hash,
    hosts: BTreeSet<String>,
    triggers: mpsc::Sender<Trigger>,
    is_ready: Arc<AtomicBool>,
    wrong: Mutex<(Option<Instant>, u32)>,
}

impl Door {
    pub(super) fn new(
        token: &SecretString,
        settings: &Settings,
        triggers: mpsc::Sender<Trigger>,
        is_ready: Arc<AtomicBool>,
    ) -> Door {
        let mut hosts: BTreeSet<String> = settings.hosts.iter().cloned().collect();
        hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        hosts.insert(match settings.listen.ip() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        });
        let token = sha256(token.expose_secret().as_bytes());
        Door { token, hosts, triggers, is_ready, wrong: Mutex::new((None, 0)) }
    }

    /// Serves until it is dropped.
    pub(super) async fn serve(self, listener: TcpListener) {
        if let Err(error) = axum::serve(Bounded::new(listener), routes(Arc::new(self))).await {
            tracing::error!("the trigger can no longer be reached: {error}");
        }
    }

    /// Whether the request calls us by a name of ours: a page in a browser could have its own name lead here.
    fn is_called_rightly(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let name = host.to_str().unwrap_or_default().to_ascii_lowercase();
        let name = match name.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &name,
        };
        self.hosts.contains(name)
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.and_then(|shown| {
            let (scheme, token) = shown.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        // Compared to the end, whatever differs, and by their hashes: time tells nothing of the token.
        let shown = sha256(token.unwrap_or_default().as_bytes());
        let differs = shown.iter().zip(self.token).fold(0, |differs, (one, other)| differs | (one ^ other));
        token.is_some() && differs == 0
    }

    /// Counts a wrong token; gives how many there were within a minute.
    fn count_wrong(&self) -> u32 {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match wrong.0 {
            Some(since) if now - since < MINUTE => wrong.1 = wrong.1.saturating_add(1),
            _ => *wrong = (Some(now), 1),
        }
        wrong.1
    }
}

fn routes(door: Arc<Door>) -> Router {
    let guarded = Router::new()
        .route("/trigger/{pipeline}", any(trigger))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "there is nothing here"))
        .layer(middleware::from_fn_with_state(Arc::clone(&door), check_host));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .fallback_service(guarded.with_state(Arc::clone(&door)))
        .with_state(door)
}

async fn check_host(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    if door.is_called_rightly(request.headers()) {
        next.run(request).await
    } else {
        refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "this is not called so: add the name to `hosts` in corpusd.yaml",
        )
    }
}

async fn ready(State(door): State<Arc<Door>>) -> Response {
    if door.is_ready.load(Ordering::Relaxed) {
        "ready\n".into_response()
    } else {
        refuse(StatusCode::SERVICE_UNAVAILABLE, "the clock is not set")
    }
}

async fn trigger(State(door): State<Arc<Door>>, Path(pipeline): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let refusal = refuse(StatusCode::METHOD_NOT_ALLOWED, "a trigger is a POST");
        return ([(header::ALLOW, "POST")], refusal).into_response();
    }
    if is_from_elsewhere(&parts.headers) {
        return refuse(StatusCode::FORBIDDEN, "a page of another site sent this");
    }
    let announced =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > LARGEST_BODY as u64) {
        return too_large();
    }
    if !door.has_token(&parts.headers) {
        let wrong = door.count_wrong();
        if wrong > WRONG_TOKENS {
            let refusal = refuse(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens");
            return ([(header::RETRY_AFTER, "60")], refusal).into_response();
        }
        tracing::warn!(wrong, "a trigger without the right token");
        let refusal = refuse(StatusCode::UNAUTHORIZED, "send `Authorization: Bearer TOKEN`");
        return ([(header::WWW_AUTHENTICATE, "Bearer")], refusal).into_response();
    }
    if to_bytes(body, LARGEST_BODY).await.is_err() {
        return too_large();
    }
    let (answer, came) = oneshot::channel();
    // Either fails only while the daemon stops.
    let sent = door.triggers.send(Trigger { pipeline: pipeline.clone(), answer }).await.is_ok();
    match came.await {
        Ok(Triggered::Queued) if sent => accepted(&pipeline, "queued"),
        Ok(Triggered::Already) if sent => accepted(&pipeline, "already queued"),
        Ok(Triggered::Held(reason)) => refuse(StatusCode::CONFLICT, &reason),
        Ok(Triggered::Unknown) => {
            refuse(StatusCode::NOT_FOUND, "there is no such pipeline, or it is disabled")
        }
        _ => refuse(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping"),
    }
}

/// Whether a browser says that a page of another site made it send the request. Who is no browser says nothing.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    let host = says("host").unwrap_or_default();
    let by_site = says("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let by_origin =
        says("origin").is_some_and(|origin| origin.split_once("://").is_none_or(|(_, of)| of != host));
    by_site || by_origin
}

fn accepted(pipeline: &str, state: &str) -> Response {
    tracing::info!("`{pipeline}` was triggered: {state}");
    let body = json!({"pipeline": pipeline, "state": state});
    (StatusCode::ACCEPTED, axum::Json(body)).into_response()
}

/// The rest of the body is not read, so the connection cannot go on.
fn too_large() -> Response {
    let refusal = refuse(StatusCode::PAYLOAD_TOO_LARGE, "a trigger needs no body");
    ([(header::CONNECTION, "close")], refusal).into_response()
}

fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, axum::Json(json!({"error": reason}))).into_response()
}
