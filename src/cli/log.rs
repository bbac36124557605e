//! Logging, always on stderr: text on a terminal, lines with priorities where journald reads them, JSON lines
//! otherwise. Whatever was crawled comes out as plain text on one line.

use std::{
    fmt,
    io::{self, IsTerminal},
    os::unix::fs::MetadataExt,
};

use clap::ValueEnum;
use tracing::{Event, Level as Severity, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::{Cli, Common, complain};
use crate::plain::one_line;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// What somebody has to act upon.
    Error,
    /// What went on, but not as it should.
    Warn,
    /// A run's beginning, stages and end.
    Info,
    /// Every page.
    Debug,
    /// Everything, also of the libraries.
    Trace,
}

/// How it is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One object a line.
    Json,
    /// For journald: each line begins with its priority (sd-daemon(3)), and journald knows the time.
    Journal,
}

/// As was asked for, else as whoever reads stderr can make most of it.
pub(super) fn format(common: &Common) -> Format {
    common.log_format.unwrap_or_else(|| match std::env::var("JOURNAL_STREAM") {
        _ if io::stderr().is_terminal() => Format::Text,
        Ok(stream) if is_stderr(&stream) => Format::Journal,
        _ => Format::Json,
    })
}

/// Sets up logging for the process. `--log-level` goes before `RUST_LOG`, and that before `-v` and `-q`.
pub fn init(cli: &Cli) {
    let terminal = io::stderr().is_terminal();
    let format = format(&cli.common);
    let filter = filter(cli, terminal);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // It would complain of a log that cannot be written where it cannot be written, and panic.
    let builder = builder.log_internal_errors(false);
    match format {
        Format::Json => {
            let plain = Plain { before: Before::Nothing, format: format::format().json() };
            builder.fmt_fields(JsonFields::new()).event_format(plain).init();
        }
        Format::Text | Format::Journal => {
            let colours = terminal && std::env::var_os("NO_COLOR").is_none();
            let before = if format == Format::Text { Before::Time { colours } } else { Before::Priority };
            let bare = format::format().without_time().with_level(false).with_target(false);
            builder.event_format(Plain { before, format: bare }).init();
        }
    }
}

fn filter(cli: &Cli, terminal: bool) -> EnvFilter {
    let of = |level| EnvFilter::new(directives(level));
    if let Some(level) = cli.common.log_level {
        return of(level);
    }
    match std::env::var("RUST_LOG") {
        Ok(wanted) if !wanted.is_empty() => match wanted.parse() {
            Ok(filter) => return filter,
            Err(error) => complain(&format!("warning: `RUST_LOG` is no filter, and is ignored: {error}")),
        },
        _ => {}
    }
    of(match (cli.common.quiet, cli.common.verbose) {
        (true, _) => Level::Error,
        // On a terminal the progress bar and the summary say what a run does; the daemon has neither.
        (false, 0) if terminal && !cli.is_daemon() => Level::Warn,
        (false, 0) => Level::Info,
        (false, 1) => Level::Debug,
        (false, _) => Level::Trace,
    })
}

/// The libraries are less talkative than the program; the HTML parser warns of every broken page.
fn directives(level: Level) -> &'static str {
    match level {
        Level::Error => "error,html5ever=off",
        Level::Warn => "warn,html5ever=off",
        Level::Info => "corpusd=info,warn,html5ever=off",
        Level::Debug => "corpusd=debug,warn,html5ever=off",
        Level::Trace => "corpusd=trace,info",
    }
}

/// Whether stderr is the stream that `$JOURNAL_STREAM` names by device and inode (systemd.exec(5)): a child that
/// writes elsewhere inherits the variable too.
fn is_stderr(stream: &str) -> bool {
    std::fs::metadata("/dev/stderr").is_ok_and(|file| stream == format!("{}:{}", file.dev(), file.ino()))
}

/// A format whose lines are made plain: nothing that a page says reaches a terminal as more than text.
struct Plain<F> {
    before: Before,
    format: F,
}

/// What a line begins with.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    Time { colours: bool },
    Priority,
}

impl<S, N, F> FormatEvent<S, N> for Plain<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let level = *event.metadata().level();
        match self.before {
            Before::Nothing => {}
            Before::Priority => write!(writer, "<{}>", priority(level))?,
            Before::Time { colours } => {
                SystemTime.format_time(&mut writer)?;
                match colour(level).filter(|_| colours) {
                    Some(colour) => write!(writer, " \u{1b}[{colour}m{level:>5}\u{1b}[0m ")?,
                    None => write!(writer, " {level:>5} ")?,
                }
            }
        }
        writeln!(writer, "{}", one_line(line.trim_end()))
    }
}

/// As in syslog(3).
fn priority(level: Severity) -> u8 {
    match level {
        Severity::ERROR => 3,
        Severity::WARN => 4,
        Severity::INFO => 6,
        Severity::DEBUG | Severity::TRACE => 7,
    }
}

/// As terminals number them.
fn colour(level: Severity) -> Option<u8> {
    match level {
        Severity::ERROR => Some(31),
        Severity::WARN => Some(33),
        Severity::INFO => Some(32),
        Severity::DEBUG | Severity::TRACE => None,
    }
}
