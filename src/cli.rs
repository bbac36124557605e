//! The command line: one file per command. Data goes to stdout, everything else to stderr.

mod approve;
mod backup;
mod bar;
mod completions;
mod daemon;
mod demo;
mod diff;
mod doctor;
mod exit;
mod explain;
mod extract;
mod history;
mod hold;
pub mod log;
mod man;
mod metrics_file;
mod open;
mod plan;
mod replay;
mod resume;
mod rollback;
mod run;
mod sandbox;
mod show;
mod signals;
mod status;
mod summary;
mod trigger;
mod unpin;
mod validate;
mod verify;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

pub use exit::Exit;

use crate::plain::one_line;

/// Keeps an AI support agent's knowledge base true.
///
/// One YAML file per agent names the sites it knows. `corpusd run` crawls them on a schedule, and `corpusd run --once`
/// now; it cleans the pages, assembles a corpus within the plan's limit, and replaces the agent's training text with it,
/// if it changed and is safe to publish.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes. The help shows it after what is the command's own.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Common {
    /// Folder of the pipeline files [default: pipelines, else /etc/corpusd]
    #[arg(short = 'C', long, global = true, value_name = "DIR", env = "CORPUSD_CONFIG_DIR")]
    config_dir: Option<PathBuf>,
    /// Folder of the state [default: `$STATE_DIRECTORY`, else state]
    #[arg(long, global = true, value_name = "DIR", env = "CORPUSD_STATE")]
    state: Option<PathBuf>,
    /// Say more on stderr; twice for more yet
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Say nothing on stderr but errors, and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// How much is logged on stderr: error, warn, info, debug or trace [default: `$RUST_LOG`, else info, or warn on a
    /// terminal]
    #[arg(long, global = true, value_name = "LEVEL", env = "CORPUSD_LOG_LEVEL", hide_possible_values = true)]
    log_level: Option<log::Level>,
    /// How it is logged: text, json or journal [default: text on a terminal, else journal where journald reads it, else json]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "CORPUSD_LOG_FORMAT",
        hide_possible_values = true
    )]
    log_format: Option<log::Format>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Crawl, assemble and publish: on schedule until stopped, or once
    Run(run::RunArgs),
    /// Check pipeline files; no side effects
    Validate(validate::ValidateArgs),
    /// Show the last run, what is live, and what is held
    Status(status::StatusArgs),
    /// Say what a run would publish, by the last complete crawl; exit 10 where something changes
    Plan(plan::PlanArgs),
    /// Show how two corpora differ, document by document; exit 10 where they do
    Diff(diff::DiffArgs),
    /// List runs and publications
    History(history::HistoryArgs),
    /// Publish what the gates hold
    Approve(approve::ApproveArgs),
    /// Publish an earlier corpus again, and keep it live until `unpin`
    Rollback(rollback::RollbackArgs),
    /// Let runs publish again after a rollback
    Unpin(unpin::UnpinArgs),
    /// Ask the daemon to run a pipeline now: after a deploy
    Trigger(trigger::TriggerArgs),
    /// Lift a pause: something was refused, and has been put right
    Resume(resume::ResumeArgs),
    /// Print the corpus, or one document, as it would be published
    Show(show::ShowArgs),
    /// Read the stored pages again by the rules of today, without the network, and say what a run would publish
    Replay(replay::ReplayArgs),
    /// Look at everything that a run needs (state, clock, robots.txt, key, plan, agent), and write nothing
    Doctor(doctor::DoctorArgs),
    /// Copy the state while runs go on
    Backup(backup::BackupArgs),
    /// Say what became of a URL, and why
    Explain(explain::ExplainArgs),
    /// Turn one page into Markdown: to see what an agent would be given
    Extract(extract::ExtractArgs),
    /// Ask the golden questions now
    Verify(verify::VerifyArgs),
    /// Serve a local stand-in for the Chatbase API, and a sample help centre
    Sandbox(sandbox::SandboxArgs),
    /// Show the whole product at work on this machine: no keys, no network
    Demo(demo::DemoArgs),
    /// Print a script that completes commands and options in a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write all of them into a folder
    Man(man::ManArgs),
}

impl Cli {
    /// Whether the command goes on until it is stopped, and speaks by its log.
    fn is_daemon(&self) -> bool {
        matches!(&self.command, Command::Run(args) if args.is_daemon())
    }
}

/// Runs the command.
///
/// # Errors
/// Where the command could not do its work at all; what it found out about pipelines is in the exit code.
pub async fn dispatch(cli: Cli, now: fn() -> Timestamp) -> anyhow::Result<Exit> {
    let Cli { common, command } = cli;
    match command {
        Command::Run(args) => run::run(&common, &args, now).await,
        Command::Validate(args) => validate::validate(&common, &args),
        Command::Status(args) => status::status(&common, &args, now).await,
        Command::Plan(args) => plan::plan(&common, &args, now).await,
        Command::Diff(args) => diff::diff(&common, &args).await,
        Command::History(args) => history::history(&common, &args).await,
        Command::Replay(args) => replay::replay(&common, &args, now).await,
        Command::Approve(args) => approve::approve(&common, &args, now).await,
        Command::Rollback(args) => rollback::rollback(&common, &args, now).await,
        Command::Unpin(args) => unpin::unpin(&common, &args).await,
        Command::Trigger(args) => trigger::trigger(&common, &args).await,
        Command::Resume(args) => resume::resume(&common, &args).await,
        Command::Show(args) => show::show(&common, &args).await,
        Command::Doctor(args) => doctor::doctor(&common, &args, now).await,
        Command::Backup(args) => backup::backup(&common, &args).await,
        Command::Explain(args) => explain::explain(&common, &args).await,
        Command::Extract(args) => extract::extract(&args).await,
        Command::Verify(args) => verify::verify(&common, &args, now).await,
        Command::Sandbox(args) => sandbox::sandbox(&args, now).await,
        Command::Demo(args) => demo::demo(&common, &args, now).await,
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args),
    }
}

/// Prints why a command could not do its work.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    complain(&format!("error: {error:#}"));
    Exit::Failed.into()
}

/// Writes a line to stdout. A reader that has gone away, as `head` does, is no error.
fn say(line: &str) -> anyhow::Result<()> {
    put(&format!("{line}\n"))
}

/// Writes text to stdout, as [`say`] does.
fn put(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("write to stdout"),
        _ => Ok(()),
    }
}

/// Writes lines to stderr, where there is nobody else to tell if that fails. They may quote a site or an API.
fn complain(lines: &str) {
    let mut out = io::stderr().lock();
    for line in lines.lines() {
        let _gone = writeln!(out, "{}", one_line(line));
    }
}
