//! Logging: text on a terminal, JSON lines otherwise, always on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::Cli;

/// Sets up logging for the process. `RUST_LOG` goes before the flags.
pub fn init(cli: &Cli) {
    let terminal = io::stderr().is_terminal();
    let level = match (cli.common.quiet, cli.common.verbose) {
        (true, _) => "error,html5ever=off",
        // On a terminal the progress bar and the summary say what a run does; the daemon has neither.
        (false, 0) if terminal && !cli.is_daemon() => "warn,html5ever=off",
        (false, 0) => "corpusd=info,warn,html5ever=off",
        (false, 1) => "corpusd=debug,warn,html5ever=off",
        (false, _) => "corpusd=trace,info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if terminal {
        builder.with_target(false).with_ansi(std::env::var_os("NO_COLOR").is_none()).init();
    } else {
        builder.json().init();
    }
}
