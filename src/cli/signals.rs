//! What the process is told by signals.

use std::{io::IsTerminal, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::{Exit, complain};

const STOPPING: &str = "stopping; the next run goes on from here (once more to stop at once)";

/// Cancels `stop` at the first SIGINT or SIGTERM; a second one ends the process at once, which loses nothing
/// that was committed.
pub(super) async fn stop_on_signal(stop: CancellationToken) -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        complain("warning: signals cannot be handled; they will end the process at once");
        return Exit::Failed;
    };
    let exit = tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    };
    stop.cancel();
    // On a terminal it answers the key that was pressed; elsewhere a log has its own form.
    if std::io::stderr().is_terminal() {
        complain(STOPPING);
    } else {
        tracing::info!("{STOPPING}");
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        #[expect(clippy::exit, reason = "the user asked twice")]
        std::process::exit(if exit == Exit::Interrupted { 130 } else { 143 });
    });
    exit
}

/// Notifies `reload` at each SIGHUP; several that come while one is at work count as one.
///
/// # Errors
/// Where signals cannot be handled.
pub(super) fn reload_on_signal(reload: Arc<Notify>) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload.notify_one();
        }
    });
    Ok(())
}
