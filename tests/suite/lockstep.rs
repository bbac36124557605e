//! The real program, saying nothing more on stderr before what it said last was taken: it can be met between two
//! lines, however short the time between them is and however fast the machine.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    param,
    pipe::{self, PipeFlags, SpliceFlags},
};

use super::program::{Ended, Running};

/// The real program at work, as far as its words are taken.
#[derive(Debug)]
pub(crate) struct Lockstep {
    running: Running,
    /// Where it waits to say the next line, until the last one is taken.
    pipe: File,
    /// Where its words go once they are taken.
    said: File,
}

impl Lockstep {
    /// Starts it, with its output under `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Lockstep {
        let (pipe, end) = pipe_of_packets();
        // A pipe with room for one packet.
        pipe::fcntl_setpipe_size(&pipe, param::page_size()).unwrap();
        let mut said = None;
        let running = Running::start_with(&mut command, folder, |file| {
            said = Some(file);
            Stdio::from(end)
        });
        // The command has our own copy of the end that is written to: while it is open, the pipe has no end.
        drop(command);
        Lockstep { running, pipe: pipe.into(), said: said.unwrap() }
    }

    /// Takes what it says up to a line with these words, which is left in the pipe: it is at work on what comes
    /// after that line, or waits to say the next one. False where it ended without saying so.
    pub(crate) async fn meet(mut self, words: &str, limit: Duration) -> (Lockstep, bool) {
        let words = words.to_owned();
        let meeting = move || {
            loop {
                let line = self.waiting(limit);
                if line.is_empty() || line.contains(&words) {
                    return (self, !line.is_empty());
                }
                let mut packet = vec![0; param::page_size()];
                let length = self.pipe.read(&mut packet).unwrap();
                io::copy(&mut &packet[..length], &mut self.said).unwrap();
            }
        };
        tokio::task::spawn_blocking(meeting).await.unwrap()
    }

    /// The line in the pipe, once there is one, which stays there. Empty where the program has ended.
    fn waiting(&self, limit: Duration) -> String {
        let limit = Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: 0 };
        let polled = poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&limit)).unwrap();
        assert!(polled > 0, "it says nothing for {limit:?}; before that:\n{}", self.running.said());
        let (copy, end) = pipe_of_packets();
        let length = pipe::tee(&self.pipe, &end, param::page_size(), SpliceFlags::empty()).unwrap();
        let mut line = vec![0; length];
        File::from(copy).read_exact(&mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    /// What it has said so far. There has to be a line in the pipe.
    pub(crate) fn said(&self) -> String {
        self.running.said() + &self.waiting(Duration::ZERO)
    }

    /// Sends it a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        self.running.signal(name);
    }

    /// Gives it some time, which may be shorter than a tick of the runtime's timers, and kills it then.
    pub(crate) async fn kill_after(mut self, time: Duration) -> Ended {
        let killing = move || {
            thread::sleep(time);
            self.running.slay();
            io::copy(&mut self.pipe, &mut self.said).unwrap();
            self.running.kill()
        };
        tokio::task::spawn_blocking(killing).await.unwrap()
    }

    /// Lets it say what it has to, and waits for its end; what is still at work after `limit` is killed, and fails
    /// the test.
    pub(crate) async fn end(mut self, limit: Duration) -> Ended {
        let all = tokio::task::spawn_blocking(move || io::copy(&mut self.pipe, &mut self.said).unwrap());
        let said_all = tokio::time::timeout(limit, all).await.is_ok();
        // What has not ended by now is killed, or nobody would stop taking its words.
        self.running.end(if said_all { limit } else { Duration::ZERO }).await
    }
}

/// A pipe that keeps apart what is written to it at once.
fn pipe_of_packets() -> (OwnedFd, OwnedFd) {
    pipe::pipe_with(PipeFlags::DIRECT | PipeFlags::CLOEXEC).unwrap()
}
