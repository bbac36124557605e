//! What the service manager is told (`sd_notify(3)`); nothing, where there is none.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

/// The service manager, if one listens.
#[derive(Debug)]
pub(super) struct Service {
    /// How often it wants to hear: half of what it allows.
    watchdog: Option<Duration>,
    alive: Option<Instant>,
    status: String,
}

impl Service {
    pub(super) fn new() -> Service {
        Service {
            watchdog: sd_notify::watchdog_enabled().map(|allowed| allowed / 2),
            alive: None,
            status: String::new(),
        }
    }

    /// The longest that may pass between two calls of [`Service::alive`].
    pub(super) fn pulse(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The scheduler has looked at everything once more. Nothing else may call this: it is the proof of its progress.
    pub(super) fn alive(&mut self) {
        let Some(pulse) = self.watchdog else { return };
        let now = Instant::now();
        // A busy scheduler goes round hundreds of times a second.
        if self.alive.is_none_or(|last| now - last >= pulse / 2) {
            self.alive = Some(now);
            tell(&[NotifyState::Watchdog]);
        }
    }

    /// One line for people.
    pub(super) fn status(&mut self, status: String) {
        if status != self.status {
            tell(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }
}

/// All is set, again where it was being read again.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The files are being read again; to be followed by [`ready`].
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!("no monotonic time: {error}"),
    }
}

/// It ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager could not be told: {error}");
    }
}
