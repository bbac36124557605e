//! The daemon's door: `POST /trigger/PIPELINE` asks for a run, `/metrics` tells Prometheus, `/healthz` and `/readyz` say how
//! it is.
//!
//! A trigger can start a run earlier and nothing else: no URL, gate or approval comes in by it. It is checked from the
//! outside in: whom the request calls, how, from which site, how large it is, and only then what it shows.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{self, mpsc, oneshot},
    time::Instant,
};
use url::Url;

use super::{
    connection::Bounded,
    question::{self, Question},
    roster::{Planned, Triggered},
};
use crate::{
    config::Settings,
    hash::{Hash, sha256},
    metrics::{self, Metrics, PipelineMetrics},
    outcome::in_words,
};

/// A body says nothing to us; a larger one is not even read.
const LARGEST_BODY: usize = 64 * 1024;
/// So many wrong tokens in a minute are answered; what more there are, are only told to go away.
const WRONG_TOKENS: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);

/// What the door knows.
pub(super) struct Door {
    /// What a trigger must show; without one there are no triggers.
    token: Option<Hash>,
    /// Whether metrics are told.
    metrics: bool,
    /// Names that it is called by.
    hosts: BTreeSet<String>,
    state_dir: PathBuf,
    questions: mpsc::Sender<Question>,
    is_ready: Arc<AtomicBool>,
    /// Held while the state of every pipeline is read for one who asks: others wait for their turn.
    reading: sync::Mutex<()>,
    wrong: Mutex<(Option<Instant>, u32)>,
}

impl Door {
    pub(super) fn new(
        settings: &Settings,
        state_dir: PathBuf,
        questions: mpsc::Sender<Question>,
        is_ready: Arc<AtomicBool>,
    ) -> Door {
        let mut hosts: BTreeSet<String> = settings.hosts.iter().cloned().collect();
        hosts.insert("localhost".to_owned());
        let token = settings.trigger.as_ref().map(|token| sha256(token.expose_secret().as_bytes()));
        Door {
            token,
            metrics: settings.metrics,
            hosts,
            state_dir,
            questions,
            is_ready,
            reading: sync::Mutex::new(()),
            wrong: Mutex::new((None, 0)),
        }
    }

    /// Serves until it is dropped.
    pub(super) async fn serve(self, listener: TcpListener) {
        if let Err(error) = axum::serve(Bounded::new(listener), routes(Arc::new(self))).await {
            tracing::error!("the daemon can no longer be reached: {error}");
        }
    }

    /// Whether the request calls us by names of ours, wherever it names a host: a page in a browser could have its own
    /// name lead here.
    fn is_called_rightly(&self, headers: &HeaderMap, target: &Uri) -> bool {
        let named = || hosts(headers, target);
        headers.get_all(header::HOST).iter().count() <= 1
            && named().next().is_some()
            && named().all(|host| self.is_ours(host))
    }

    /// By an address nobody is led astray, and Prometheus finds pods by nothing else.
    fn is_ours(&self, host: &str) -> bool {
        let name = host.to_ascii_lowercase();
        let name = match name.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &name,
        };
        // The dot that ends a name says only that nothing is to be added to it.
        let name = name.strip_suffix('.').unwrap_or(name);
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        self.hosts.contains(name) || address.parse::<IpAddr>().is_ok()
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = self.token else { return false };
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        // Of two, nobody knows which one whoever stands before us has looked at.
        let (Some(shown), None) = (shown.next(), shown.next()) else { return false };
        let token = shown.to_str().ok().and_then(|shown| {
            let (scheme, token) = shown.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        // Compared to the end, whatever differs, and by their hashes: time tells nothing of the token.
        let shown = sha256(token.unwrap_or_default().as_bytes());
        let differs = shown.iter().zip(expected).fold(0, |differs, (one, other)| differs | (one ^ other));
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
    let mut guarded = Router::new();
    if door.token.is_some() {
        guarded = guarded.route("/trigger/{pipeline}", any(trigger));
    }
    if door.metrics {
        guarded = guarded.route("/metrics", get(tell_metrics));
    }
    let guarded = guarded
        .fallback(async || refuse(StatusCode::NOT_FOUND, "there is nothing here"))
        .layer(middleware::from_fn_with_state(Arc::clone(&door), check_host));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .fallback_service(guarded.with_state(Arc::clone(&door)))
        .with_state(door)
}

async fn check_host(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    if door.is_called_rightly(request.headers(), request.uri()) {
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

/// Whatever can be told is told: a state that cannot be read is a figure too.
async fn tell_metrics(State(door): State<Arc<Door>>) -> Response {
    let _turn = door.reading.lock().await;
    let Some(overview) = question::overview(&door.questions).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping");
    };
    let mut metrics = Metrics { reloaded: Some(overview.reloaded), pipelines: Vec::new() };
    for Planned { pipeline, next, held, .. } in overview.pipelines {
        let looked = metrics::look(&door.state_dir, &pipeline).await.unwrap_or_else(|error| {
            tracing::debug!(pipeline = %pipeline.name, "no figures: {}", in_words(&error));
            PipelineMetrics::unusable(&pipeline)
        });
        let unusable = looked.unusable || held;
        metrics.pipelines.push(PipelineMetrics { next_run: next, unusable, ..looked });
    }
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render(&metrics)).into_response()
}

async fn trigger(
    State(door): State<Arc<Door>>,
    pipeline: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let refusal = refuse(StatusCode::METHOD_NOT_ALLOWED, "a trigger is a POST");
        return ([(header::ALLOW, "POST")], refusal).into_response();
    }
    if is_from_elsewhere(&parts.headers, &parts.uri) {
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
    // What is no text is no name.
    let pipeline = pipeline.map_or_else(|_| String::new(), |Path(pipeline)| pipeline);
    let (answer, came) = oneshot::channel();
    // Either fails only while the daemon stops.
    let sent = door.questions.send(Question::Trigger { pipeline: pipeline.clone(), answer }).await.is_ok();
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
fn is_from_elsewhere(headers: &HeaderMap, target: &Uri) -> bool {
    let host = hosts(headers, target).next().unwrap_or_default();
    says(headers, HeaderName::from_static("sec-fetch-site"))
        .any(|site| site != "same-origin" && site != "none")
        || says(headers, header::ORIGIN).any(|origin| !is_at(origin, host))
}

/// The hosts that a request names: in its header, or in its target, as HTTP/2 does, and whoever asks a proxy.
fn hosts<'a>(headers: &'a HeaderMap, target: &'a Uri) -> impl Iterator<Item = &'a str> {
    says(headers, header::HOST).chain(target.authority().map(Authority::as_str))
}

/// The values of a header; what is no text is empty.
fn says(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default())
}

/// Whether an origin is that of `host`, by whichever scheme: what ends TLS may stand before us.
fn is_at(origin: &str, host: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    Url::parse(&format!("{}://{host}", origin.scheme())).is_ok_and(|own| own.origin() == origin.origin())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_host_once_or_everywhere_alike() {
        let (questions, _) = mpsc::channel(1);
        let door = Door::new(&Settings::default(), PathBuf::new(), questions, Arc::default());
        let check = |target: &str, hosts: &[&str], expected: bool| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            let target = target.parse().unwrap();
            assert_eq!(door.is_called_rightly(&headers, &target), expected, "{target} {hosts:?}");
        };
        check("/trigger/docs", &["localhost:8430"], true);
        check("/trigger/docs", &["[::1]:8430"], true);
        check("/trigger/docs", &[], false);
        check("/trigger/docs", &["evil.test"], false);
        check("/trigger/docs", &["localhost", "localhost"], false);
        // HTTP/2 has no `Host`.
        check("http://localhost:8430/trigger/docs", &[], true);
        check("http://localhost:8430/trigger/docs", &["localhost:8430"], true);
        check("http://evil.test/trigger/docs", &[], false);
        check("http://evil.test/trigger/docs", &["localhost"], false);
        check("http://localhost/trigger/docs", &["evil.test"], false);
    }
}
