//! Waiting for a deploy: a run that begins too early would read the site as it was.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::Context;
use crate::{
    http::{Client, FetchError, Limits, egress::Egress},
    outcome::in_words,
    pipeline::{Pipeline, Source},
};

/// What is read of the page that tells.
const READ: u64 = 5 * 1024 * 1024;
/// Time for one request.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a deploy shows that it is live.
#[derive(Debug, Clone)]
pub struct Deploy {
    /// Answers with a status of success then.
    pub url: Url,
    /// And with this text, where one is given.
    pub contains: Option<String>,
    /// How long to wait for that.
    pub timeout: Duration,
}

/// Why a deploy was not seen to be live.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// It may never be asked.
    #[error("`{url}` cannot be asked: {reason}")]
    Blocked {
        /// The page that tells.
        url: Url,
        /// What the guard said.
        reason: FetchError,
    },
    /// It did not show.
    #[error("`{url}` was not live within {:#}: {last}", SignedDuration::try_from(*.timeout).unwrap_or_default())]
    TimedOut {
        /// The page that tells.
        url: Url,
        /// How long it was waited for.
        timeout: Duration,
        /// What it answered last.
        last: String,
    },
    /// Asked to stop.
    #[error("interrupted while waiting for `{0}`")]
    Interrupted(Url),
}

/// Asks until the deploy is live. The request is like those of the crawl that follows, credentials and egress rule
/// included, and asks no cache to be passed by: what it sees is what the crawl will see.
///
/// # Errors
/// [`DeployError`].
pub async fn wait_for_deploy(
    deploy: &Deploy,
    pipeline: &Pipeline,
    context: &Context,
) -> Result<(), DeployError> {
    let url = || deploy.url.clone();
    let client = client(deploy, pipeline);
    let deadline = Instant::now() + deploy.timeout;
    let mut last = "no answer".to_owned();
    tracing::info!(page.url = %deploy.url, "waits for the deploy");
    loop {
        let ask = timeout_at(deadline, ask(&client, deploy));
        let told = tokio::select! {
            told = ask => told,
            () = context.stop.cancelled() => return Err(DeployError::Interrupted(url())),
        };
        match told {
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(told))) => last = told,
            Ok(Err(reason @ FetchError::Blocked(_))) => {
                return Err(DeployError::Blocked { url: url(), reason });
            }
            Ok(Err(error)) => last = in_words(&error),
            Err(_) => {}
        }
        let pause = context.waits.deploy.min(deadline.saturating_duration_since(Instant::now()));
        if pause.is_zero() {
            return Err(DeployError::TimedOut { url: url(), timeout: deploy.timeout, last });
        }
        if !context.pause(pause).await {
            return Err(DeployError::Interrupted(url()));
        }
    }
}

/// Of the source whose origin it is, with its credentials; else of the first.
fn client(deploy: &Deploy, pipeline: &Pipeline) -> Client {
    let is_home = |source: &&Source| match source {
        Source::Site(plan) => plan.start.iter().any(|start| start.origin() == deploy.url.origin()),
    };
    let source = pipeline.sources.iter().find(is_home).or(pipeline.sources.first());
    match source {
        Some(Source::Site(plan)) => {
            Client::with_access(Egress::new(&plan.start), &plan.user_agent, plan.access.clone())
        }
        None => Client::new(Egress::default(), crate::http::USER_AGENT),
    }
}

/// What the page says instead; `None` where it shows that the deploy is live.
async fn ask(client: &Client, deploy: &Deploy) -> Result<Option<String>, FetchError> {
    let limits = Limits { wire: READ, decoded: READ, total: PATIENCE };
    let answer = client.get(&deploy.url, &[], limits).await?;
    let status = answer.status();
    if !matches!(status, 200..=299) {
        let to = answer.location(&deploy.url).map(|to| format!(", a redirect to {to}"));
        return Ok(Some(format!("it answered status {status}{}", to.unwrap_or_default())));
    }
    let Some(wanted) = &deploy.contains else { return Ok(None) };
    let body = answer.read_start(READ).await?;
    if String::from_utf8_lossy(&body).contains(wanted.as_str()) {
        return Ok(None);
    }
    Ok(Some(format!("it answered status {status} without `{wanted}`")))
}
