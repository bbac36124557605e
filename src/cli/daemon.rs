//! `corpusd run`: the daemon.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use jiff::Timestamp;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain, log, open, signals};
use crate::{
    config::{self, Diagnostic, Inputs, Severity},
    daemon::{self, DaemonError, Options},
    store::{DaemonLock, LockError},
};

/// Lets the process have as many files open as the system allows. The usual limit of 1,024 is there for programs that use
/// select(2) and begin with it; a run alone has a dozen files and its connections.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}

/// Says why the daemon does not begin: a person is told in plain words, and a log is one from its first line on. Where the
/// log takes no errors, the words are plain too: who turned it off still wants to know why nothing runs.
#[derive(Clone, Copy)]
struct Start {
    is_for_people: bool,
}

impl Start {
    fn faults(self, faults: &[Diagnostic]) {
        for fault in faults {
            match fault.severity {
                Severity::Error if self.logs_errors() => tracing::error!("{fault}"),
                Severity::Warning if !self.is_for_people => tracing::warn!("{fault}"),
                _ => open::print(fault),
            }
        }
    }

    fn error(self, reason: &str) {
        if self.logs_errors() {
            tracing::error!("{reason}");
        } else {
            complain(&format!("error: {reason}"));
        }
    }

    fn logs_errors(self) -> bool {
        !self.is_for_people && tracing::enabled!(tracing::Level::ERROR)
    }
}

/// Runs the pipelines on their schedules, until the process is told to stop.
pub(super) async fn daemon(common: &Common, stop_timeout: Option<Duration>, now: fn() -> Timestamp) -> Exit {
    let start = Start { is_for_people: log::format(common) == log::Format::Text };
    match serve(common, start, stop_timeout, now).await {
        Ok(exit) => exit,
        Err(error) => {
            start.error(&format!("{error:#}"));
            Exit::Failed
        }
    }
}

async fn serve(
    common: &Common,
    start: Start,
    stop_timeout: Option<Duration>,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let mut defaults = open::defaults(common);
    // What the author of the defaults should know is told when they are taken in with the pipeline files.
    let read = open::settings(common)
        .and_then(|read| defaults.read(&open::env(false), &mut Inputs::default()).map(|_| read));
    let mut settings = match read {
        Ok((settings, warnings)) => {
            start.faults(&warnings);
            settings
        }
        Err(faults) => {
            start.faults(&faults);
            return Ok(Exit::Config);
        }
    };
    settings.stop_timeout = stop_timeout.unwrap_or(settings.stop_timeout);
    raise_file_limit();
    // First of all, for until then a signal ends the process.
    let (stop, reload) = (CancellationToken::new(), Arc::new(Notify::new()));
    let stopped = tokio::spawn(signals::stop_on_signal(stop.clone()));
    signals::reload_on_signal(Arc::clone(&reload)).context("handle SIGHUP")?;
    let context = open::context(common.state_dir(), now, &Arc::default(), stop.clone());
    let lock = match DaemonLock::take(&context.state_dir) {
        Ok(lock) => lock,
        Err(error @ LockError::Taken(_)) => {
            start.error(&format!("another daemon works on this state: {error}"));
            return Ok(Exit::Busy);
        }
        Err(error) => return Err(error.into()),
    };
    let listener = if settings.listens() {
        let listening = TcpListener::bind(settings.listen).await;
        Some(listening.with_context(|| format!("listen on {}", settings.listen))?)
    } else {
        None
    };
    let folder = common.config_dir();
    let load = {
        let folder = folder.clone();
        Box::new(move || config::load_dir(&folder, &mut defaults, &open::env(false)))
    };
    let served = daemon::serve(Options { lock, context, settings, folder, load, reload, listener }).await;
    match served {
        Ok(()) => Ok(stopped.await.unwrap_or(Exit::Interrupted)),
        Err(error @ DaemonError::Broken(_)) => {
            start.error(&error.to_string());
            Ok(Exit::Config)
        }
        Err(error) => Err(error.into()),
    }
}
