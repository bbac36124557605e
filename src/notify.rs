//! Who is told how a run ended: a health check, a webhook, commands of the user's own, a status file.
//!
//! Nothing here can hold up or fail a run, except the command that the user wants to succeed before it. What goes
//! over the network waits in an [`Outbox`] and is sent again while that may help. The URLs are keys: no message
//! shows more of one than where it leads.

mod command;
mod event;
mod letter;
mod notice;
mod outbox;
mod private;

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::oneshot;

pub use command::{Command, CommandError};
pub use event::{Event, Past};
pub use notice::Notice;
pub use outbox::Outbox;
pub use private::PrivateUrl;

use crate::{
    blocking::blocking,
    http::{Client, USER_AGENT, egress::Egress},
    replace::replace,
    report::{PipelineName, RunReport},
};

/// Who is told of a pipeline's runs; by default nobody.
#[derive(Debug, Clone)]
pub struct Notify {
    /// A health check's URL: `/start` is appended when a run begins, `/fail` when it did not end well, nothing when
    /// it did.
    pub ping: Option<PrivateUrl>,
    /// Is sent a JSON object for each [`Event`].
    pub webhook: Option<Webhook>,
    /// Must succeed before a run goes on.
    pub before: Option<Command>,
    /// Runs after every run.
    pub after: Option<Command>,
    /// Runs after a run that did not end well, before its `after`; that of an earlier run may still be at work.
    pub on_failure: Option<Command>,
    /// The longest that a command may take.
    pub timeout: Duration,
    /// Is replaced by a JSON object after every run.
    pub status_file: Option<PathBuf>,
    /// What is live counts as stale when no run confirmed it for longer than this.
    pub stale_after: Duration,
}

impl Default for Notify {
    fn default() -> Notify {
        Notify {
            ping: None,
            webhook: None,
            before: None,
            after: None,
            on_failure: None,
            timeout: Duration::from_mins(1),
            status_file: None,
            stale_after: Duration::from_hours(14 * 24),
        }
    }
}

/// Where events go.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is.
    pub url: PrivateUrl,
    /// What it knows our signature by.
    pub secret: Option<SecretString>,
}

/// Tells of one run.
#[derive(Debug)]
pub struct Notifier {
    pipeline: PipelineName,
    notify: Arc<Notify>,
    outbox: Outbox,
    client: Client,
    now: fn() -> Timestamp,
}

impl Notifier {
    /// Tells of a run of `pipeline`, through `outbox`.
    pub fn new(
        pipeline: &PipelineName,
        notify: &Arc<Notify>,
        outbox: &Outbox,
        now: fn() -> Timestamp,
    ) -> Notifier {
        // Redirects are not followed, so these are the only origins that are ever asked; and they may be private,
        // because the pipeline names them.
        let urls = notify.ping.iter().chain(notify.webhook.as_ref().map(|webhook| &webhook.url));
        let client = Client::new(Egress::new(urls.map(PrivateUrl::expose)), USER_AGENT);
        Notifier {
            pipeline: pipeline.clone(),
            notify: Arc::clone(notify),
            outbox: outbox.clone(),
            client,
            now,
        }
    }

    /// Tells the health check that the run has begun.
    pub fn started(&self) {
        if let Some(url) = &self.notify.ping {
            self.ping(letter::started(url));
        }
    }

    /// Runs the command that must succeed before the run.
    ///
    /// # Errors
    /// [`CommandError`] where it did not. Dropping the future ends the command.
    pub async fn before(&self, run: u64) -> Result<(), CommandError> {
        let Some(command) = &self.notify.before else { return Ok(()) };
        let facts = vec![("CORPUSD_PIPELINE", self.pipeline.to_string()), ("CORPUSD_RUN", run.to_string())];
        command.run(facts, self.notify.timeout).await
    }

    /// Tells everybody how the run ended; all but the status file in the background.
    pub async fn ended(&self, report: &RunReport, past: &Past) {
        let at = (self.now)();
        let events = event::events(report.outcome, past, at, self.notify.stale_after);
        self.tell(&Notice::of(report, past, at), &events).await;
    }

    /// The same for a run that could not even be recorded.
    pub async fn failed(&self, reason: &str) {
        self.tell(&Notice::unrecorded(&self.pipeline, reason, (self.now)()), &[Event::Failed]).await;
    }

    /// Whether what is live turned stale after the last run.
    pub fn is_stale(&self, past: &Past) -> bool {
        event::turned_stale(past, (self.now)(), self.notify.stale_after)
    }

    /// Tells the webhook that what is live turned stale after the last run, whose report this is and which ended at
    /// `ended_at`.
    pub fn aged(&self, report: &RunReport, past: &Past, ended_at: Timestamp) {
        self.post(&Notice::of(report, past, ended_at), &[Event::Stale]);
    }

    async fn tell(&self, notice: &Notice, events: &[Event]) {
        if let Some(path) = self.notify.status_file.clone() {
            let json = notice.json();
            let (result, path) = blocking(move || (replace(&path, json.as_bytes()), path)).await;
            if let Err(error) = result {
                tracing::warn!("the status file `{}` cannot be written: {error}", path.display());
            }
        }
        if let Some(ping) = self.notify.ping.as_ref().and_then(|url| letter::ended(url, notice)) {
            self.ping(ping);
        }
        self.post(notice, events);
        self.run_commands(notice);
    }

    fn post(&self, notice: &Notice, events: &[Event]) {
        let Some(webhook) = &self.notify.webhook else { return };
        let letters: Vec<_> = events.iter().map(|event| letter::event(webhook, *event, notice)).collect();
        let (client, now, closing) = (self.client.clone(), self.now, self.outbox.closing());
        self.outbox.post(&self.pipeline, async move {
            // One after the other, so that they arrive in their order.
            for letter in letters {
                letter.deliver(&client, now, &closing).await;
            }
        });
    }

    fn ping(&self, ping: letter::Letter) {
        let (client, now, closing) = (self.client.clone(), self.now, self.outbox.closing());
        self.outbox.ping(&self.pipeline, async move { ping.deliver(&client, now, &closing).await });
    }

    fn run_commands(&self, notice: &Notice) {
        let run = |command: Command| {
            let (facts, timeout) = (notice.facts(), self.notify.timeout);
            async move {
                if let Err(error) = command.run(facts, timeout).await {
                    tracing::warn!("{error}");
                }
            }
        };
        let (alarm, alarmed) = oneshot::channel::<()>();
        if let Some(on_failure) = self.notify.on_failure.clone().filter(|_| notice.is_well() == Some(false)) {
            let command = run(on_failure);
            self.outbox.follow(&self.pipeline, "on_failure", async move {
                let _alarm = alarm;
                command.await;
            });
        } else {
            drop(alarm);
        }
        if let Some(after) = self.notify.after.clone() {
            let command = run(after);
            self.outbox.follow(&self.pipeline, "after", async move {
                // Nothing is ever sent: the other end goes when `on_failure` has ended, or does not run.
                let _ended = alarmed.await;
                command.await;
            });
        }
    }
}
