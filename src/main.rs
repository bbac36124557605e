//! Parses arguments, sets up logging and the runtime, dispatches, and exits; nothing else.

use std::process::ExitCode;

use clap::Parser;
use corpusd::cli::{self, Cli};

/// Pages are parsed, and the state is written, on blocking threads. Each thread that ever held a large page keeps
/// the memory for the next one, so there are no more of them than the processors can use. Where many runs begin at once,
/// the daemon's loop and the sockets have their turn after eight tasks, not after tokio's 61.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(processors + 1)
        .event_interval(8)
        .enable_all()
        .build()
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::log::init(&cli);
    // The only place that looks at the wall clock; everything else is given it.
    #[expect(clippy::disallowed_methods, reason = "this is where wall time comes from")]
    let now = jiff::Timestamp::now;
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return cli::failed(&anyhow::Error::new(error).context("failed to start the runtime")),
    };
    let exit = runtime.block_on(cli::dispatch(cli, now));
    // Blocking work that is still under way, such as a page being parsed, is not waited for.
    runtime.shutdown_background();
    match exit {
        Ok(exit) => exit.into(),
        Err(error) => cli::failed(&error),
    }
}
