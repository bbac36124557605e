//! What the service manager is told (`sd_notify(3)`); nothing, where there is none.

use std::{
    ffi::OsStr,
    io,
    os::unix::net::{SocketAddr, UnixDatagram},
    time::Duration,
};

use sd_notify::NotifyState;
use tokio::time::Instant;

/// How long what is soon out of date waits to be taken.
const NEWS: Duration = Duration::from_millis(1);

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

    /// When to wake up, `latest` at the latest: the service manager waits for [`Service::alive`].
    pub(super) fn wake(&self, now: Instant, latest: Instant) -> Instant {
        self.watchdog.map_or(latest, |pulse| latest.min(now + pulse))
    }

    /// The scheduler has looked at everything once more. Nothing else may call this: it is the proof of its progress.
    pub(super) fn alive(&mut self) {
        let Some(pulse) = self.watchdog else { return };
        let now = Instant::now();
        // A busy scheduler goes round hundreds of times a second.
        if self.alive.is_none_or(|last| now - last >= pulse / 2) {
            self.alive = Some(now);
            send(&[NotifyState::Watchdog], NEWS);
        }
    }

    /// One line for people.
    pub(super) fn status(&mut self, status: String) {
        // What did not go out is told with the next look.
        if status != self.status && send(&[NotifyState::Status(&status)], NEWS) {
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

/// Tells what must arrive.
fn tell(states: &[NotifyState<'_>]) {
    send(states, Duration::from_secs(1));
}

/// Sends one message, and waits so long at most for room: a service manager that does not read must not stop us, as it
/// would by the usual way of sending. False where it did not go out.
fn send(states: &[NotifyState<'_>], patience: Duration) -> bool {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return true };
    let message = states.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let sent = UnixDatagram::unbound().and_then(|socket| {
        socket.set_write_timeout(Some(patience))?;
        socket.send_to_addr(message.as_bytes(), &address(&name)?)
    });
    match sent {
        Ok(_) => true,
        Err(error) => {
            tracing::debug!("the service manager could not be told: {error}");
            false
        }
    }
}

/// A path, or a name without one, which begins with `@` (Linux).
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.as_encoded_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;

        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(name)
}
