//! Exit codes, stable.

use std::process::ExitCode;

use crate::report::{Ending, RunReport};

/// How a command ended, for the shell. With several pipelines the most severe counts, which is the first in
/// this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 1: failed.
    Failed,
    /// 2: the arguments name what is not there.
    Usage,
    /// 77: the key was refused, or publishing is paused.
    Refused,
    /// 78: a pipeline file is wrong.
    Config,
    /// 75: another process runs it.
    Busy,
    /// 5: published, and the agent's answers are not good enough.
    Unverified,
    /// 4: held by a gate, or the crawl is incomplete.
    Held,
    /// 3: done, but pages failed or were carried forward.
    Troubled,
    /// 10: something would be published.
    Pending,
    /// 0: done, or nothing to do.
    Done,
    /// 130: SIGINT.
    Interrupted,
    /// 143: SIGTERM.
    Terminated,
}

impl Exit {
    /// How the run of this report ended.
    pub fn of(report: &RunReport) -> Exit {
        match report.outcome {
            Ending::Failed => Exit::Failed,
            Ending::Paused => Exit::Refused,
            Ending::VerificationFailed => Exit::Unverified,
            Ending::Pending => Exit::Pending,
            Ending::Held | Ending::Incomplete => Exit::Held,
            Ending::Interrupted => Exit::Interrupted,
            // That nothing is published while one is pinned is what a person asked for.
            Ending::Published | Ending::Unchanged | Ending::Deferred | Ending::Pinned
                if report.has_troubled_pages() =>
            {
                Exit::Troubled
            }
            Ending::Published | Ending::Unchanged | Ending::Deferred | Ending::Pinned => Exit::Done,
        }
    }
}

impl Exit {
    /// All of them, by their number.
    pub const ALL: [Exit; 12] = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Troubled,
        Exit::Held,
        Exit::Unverified,
        Exit::Pending,
        Exit::Busy,
        Exit::Refused,
        Exit::Config,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Troubled => 3,
            Exit::Held => 4,
            Exit::Unverified => 5,
            Exit::Pending => 10,
            Exit::Busy => 75,
            Exit::Refused => 77,
            Exit::Config => 78,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// What it says, for the manual page and the README.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done, nothing to do, or deferred: a later run publishes it",
            Exit::Failed => "failed; what is live stays live",
            Exit::Usage => "usage",
            Exit::Troubled => "done, but pages failed or were carried forward",
            Exit::Held => "held by a gate, or the crawl is incomplete",
            Exit::Unverified => "published, and golden questions failed",
            Exit::Pending => "something would change (`plan`, `diff`, `replay`, `run --once --dry-run`)",
            Exit::Busy => "another process runs it",
            Exit::Refused => "the key was refused, or publishing is paused",
            Exit::Config => "a pipeline file is wrong",
            Exit::Interrupted | Exit::Terminated => "stopped by a signal; the next run goes on from there",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_every_exit_code_with_its_meaning() {
        let readme = include_str!("../../README.md");
        let rows: Vec<(&str, &str)> = readme
            .lines()
            .skip_while(|line| !line.starts_with("| code |"))
            .skip(2)
            .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
            .flat_map(|(codes, meaning)| codes.split(", ").map(move |code| (code, meaning)))
            .collect();
        let codes = Exit::ALL.map(|exit| exit.code().to_string());
        let expected: Vec<(&str, &str)> =
            codes.iter().zip(Exit::ALL).map(|(code, exit)| (code.as_str(), exit.meaning())).collect();
        assert_eq!(rows, expected);
    }
}
