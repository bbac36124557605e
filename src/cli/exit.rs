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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
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
        })
    }
}
