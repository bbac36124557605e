//! A command of the user's own: a program with its arguments, never a shell line.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{io::AsyncReadExt, net::unix::pipe, process::Child, time::timeout};

use crate::plain::excerpt;

/// Bytes of what it says last that are kept.
const LAST_WORDS: usize = 2048;

/// A program and its arguments. These may hold secrets, so that `Debug` shows the program alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// A name that is looked for in `$PATH`, or a path.
    pub program: PathBuf,
    /// As they are given to it.
    pub arguments: Vec<String>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("program", &self.program).finish_non_exhaustive()
    }
}

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("the command `{}` cannot be started: {source}", .program.display())]
    Start {
        /// Which.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ended by a signal, or with another code than 0.
    #[error("the command `{}` failed: {status}", .program.display())]
    Failed {
        /// Which.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// It took too long, and was ended together with what it had started.
    #[error("the command `{}` was ended after {} s", .program.display(), limit.as_secs())]
    TooLong {
        /// Which.
        program: PathBuf,
        /// The longest it may take.
        limit: Duration,
    },
}

impl Command {
    /// Runs it to its end with these variables besides our own environment. It reads nothing; what it says goes into
    /// the log, the end of it. Dropping the future ends it together with what it has started.
    ///
    /// # Errors
    /// [`CommandError`]; what it said is not part of it.
    pub(super) async fn run(
        &self,
        facts: Vec<(&'static str, String)>,
        limit: Duration,
    ) -> Result<(), CommandError> {
        let (child, output) = self.start(facts).map_err(|source| self.cannot_start(source))?;
        let mut group = Group::of(&child);
        let mut said = Vec::new();
        let ended = timeout(limit, end(child, output, &mut said)).await;
        let words = excerpt(String::from_utf8_lossy(&said).trim(), LAST_WORDS);
        let program = self.program.clone();
        let result = match ended {
            Ok(Ok(status)) => {
                // What it started and left behind on purpose may go on.
                group.0 = None;
                if status.success() { Ok(()) } else { Err(CommandError::Failed { program, status }) }
            }
            Ok(Err(source)) => Err(self.cannot_start(source)),
            Err(_elapsed) => Err(CommandError::TooLong { program, limit }),
        };
        let program = self.program.display();
        match result {
            Ok(()) => tracing::debug!("the command `{program}` succeeded, and said: {words}"),
            Err(_) if !words.is_empty() => tracing::warn!("the command `{program}` said: {words}"),
            Err(_) => {}
        }
        result
    }

    fn cannot_start(&self, source: io::Error) -> CommandError {
        CommandError::Start { program: self.program.clone(), source }
    }

    /// Starts it as the first of a process group, and gives what it says.
    fn start(&self, facts: Vec<(&'static str, String)>) -> io::Result<(Child, pipe::Receiver)> {
        let (reader, writer) = io::pipe()?;
        let child = tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .envs(facts)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .spawn()?;
        Ok((child, pipe::Receiver::from_owned_fd(reader.into())?))
    }

    /// The program and its arguments, the program found from `folder` where it is a relative path.
    pub(crate) fn new(folder: &Path, program: &str, arguments: Vec<String>) -> Command {
        let program = if program.contains('/') { folder.join(program) } else { PathBuf::from(program) };
        Command { program, arguments }
    }
}

/// Waits for the end, and keeps the last of what is said until then: somebody it has started may keep the pipe open.
async fn end(mut child: Child, mut output: pipe::Receiver, said: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let mut chunk = [0; LAST_WORDS];
    let mut is_open = true;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            read = output.read(&mut chunk), if is_open => match read {
                Ok(0) | Err(_) => is_open = false,
                Ok(bytes) => keep(said, &chunk[..bytes]),
            },
        }
    };
    while let Ok(bytes @ 1..) = output.try_read(&mut chunk) {
        keep(said, &chunk[..bytes]);
    }
    Ok(status)
}

/// Appends, and forgets the beginning.
fn keep(said: &mut Vec<u8>, chunk: &[u8]) {
    said.extend_from_slice(chunk);
    let beyond = said.len().saturating_sub(LAST_WORDS);
    said.drain(..beyond);
}

/// The process group of a command that has not ended; dropping it kills every process of it.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Group {
        Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended at this very moment.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}
