//! One worker's process and its pipes, owned by the supervisor's thread.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Child;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use workbench_protocol::{
    FrameDecoder, FrameError, FromWorker, Protocol, Stamped, ToWorker, encode_frame,
};

use super::error::GroupError;
use super::exit::{EndedBy, ProcessExit};
use super::launch::WorkerLaunch;
use super::lines::LineSplitter;

/// Bytes read at once.
pub(super) const CHUNK: usize = 1 << 16;
/// Reads of one pipe before the other pipes are read.
pub(super) const READS: usize = 16;

/// One worker.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) rank: u32,
    pub(super) pid: Pid,
    child: Child,
    /// Readable when the process has ended; `None` on systems without process descriptors.
    pub(super) pidfd: Option<OwnedFd>,
    pub(super) orders: Option<File>,
    outbox: Vec<u8>,
    pub(super) messages: Option<File>,
    decoder: FrameDecoder,
    greeted: bool,
    pub(super) printed: Option<File>,
    lines: LineSplitter,
    /// How its process ended, once it has.
    pub(super) end: Option<(ProcessExit, EndedBy)>,
    /// Whether its last event is queued.
    pub(super) is_done: bool,
}

/// What a worker sent, with its clocks.
pub(super) type Received<P> = Stamped<FromWorker<P>>;

/// The outcome of reading a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// The pipe is empty now.
    Drained,
    /// There may be more to read.
    More,
}

impl Worker {
    /// Starts a worker. Its order is queued, to be sent later.
    pub(super) fn start<P: Protocol>(launch: &WorkerLaunch<P>) -> Result<Self, GroupError> {
        let rank = launch.env.rank;
        let outbox = encode_frame(&ToWorker::<P>::start(launch.order.clone()))
            .map_err(|source| GroupError::TooLong { rank, source })?;
        let mut child = launch
            .command()
            .and_then(|mut command| command.spawn())
            .map_err(|source| GroupError::spawn(&launch.program, source))?;
        let pid = Pid::from_child(&child);
        Ok(Self {
            rank,
            pid,
            pidfd: pidfd(pid),
            orders: child.stdin.take().map(|pipe| unblocked(pipe.into())),
            outbox,
            messages: child.stdout.take().map(|pipe| unblocked(pipe.into())),
            decoder: FrameDecoder::new(),
            greeted: false,
            printed: child.stderr.take().map(|pipe| unblocked(pipe.into())),
            lines: LineSplitter::default(),
            child,
            end: None,
            is_done: false,
        })
    }

    pub(super) fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// Whether its process has ended. Does not reap it.
    pub(super) fn is_over(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that there is no such child, so it has ended.
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    /// Reaps its process, which has ended.
    pub(super) fn reap(&mut self) -> ProcessExit {
        self.orders = None;
        self.child
            .wait()
            .map_or(ProcessExit::Code(-1), ProcessExit::of)
    }

    pub(super) fn ask_to_stop<P: Protocol>(&mut self) {
        if self.orders.is_some()
            && let Ok(frame) = encode_frame(&ToWorker::<P>::Stop)
        {
            self.outbox.extend_from_slice(&frame);
        }
    }

    pub(super) fn has_mail(&self) -> bool {
        self.orders.is_some() && !self.outbox.is_empty()
    }

    /// Sends queued bytes, as many as the pipe takes.
    pub(super) fn send(&mut self) {
        let Some(orders) = &mut self.orders else {
            return;
        };
        while !self.outbox.is_empty() {
            match orders.write(&self.outbox) {
                Ok(count) => drop(self.outbox.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It does not read any more; its exit will give the reason.
                Err(_) => {
                    self.orders = None;
                    return;
                }
            }
        }
    }

    /// The next message that has arrived in full, and its bytes.
    pub(super) fn next_message<P: Protocol>(
        &mut self,
    ) -> Result<Option<(Received<P>, usize)>, String> {
        let before = self.decoder.pending();
        let stamped = self
            .decoder
            .take::<Stamped<FromWorker<P>>>()
            .map_err(|error| error.to_string())?;
        let Some(stamped) = stamped else {
            return Ok(None);
        };
        if !self.greeted && !matches!(stamped.message, FromWorker::Hello { .. }) {
            return Err(
                "its first message is no greeting; is it another program than the worker's?"
                    .to_owned(),
            );
        }
        self.greeted = true;
        Ok(Some((stamped, before - self.decoder.pending())))
    }

    /// Reads once from the pipe of messages.
    pub(super) fn receive(&mut self, chunk: &mut [u8]) -> Read {
        let Some(bytes) = read(&mut self.messages, chunk) else {
            return Read::Drained;
        };
        self.decoder.push(bytes);
        Read::More
    }

    /// Why the end of its messages is not a clean one.
    pub(super) fn cut_off(&self) -> Option<String> {
        match self.decoder.finish() {
            Err(error @ FrameError::CutOff { .. }) => Some(error.to_string()),
            _ => None,
        }
    }

    /// Discards what it sends from now on.
    pub(super) fn stop_listening(&mut self) {
        self.messages = None;
        self.decoder = FrameDecoder::new();
    }

    /// Reads printed output, up to a limit.
    pub(super) fn read_lines(&mut self, chunk: &mut [u8], mut take: impl FnMut(String)) -> Read {
        for _ in 0..READS {
            let Some(bytes) = read(&mut self.printed, chunk) else {
                return Read::Drained;
            };
            self.lines.push(bytes, &mut take);
        }
        Read::More
    }

    /// The unfinished last line.
    pub(super) fn last_line(&mut self, take: impl FnMut(String)) {
        self.lines.finish(take);
    }
}

/// Reads the available bytes from a pipe, and closes it at its end. `None` when there are none.
fn read<'a>(pipe: &mut Option<File>, chunk: &'a mut [u8]) -> Option<&'a [u8]> {
    let source = pipe.as_mut()?;
    loop {
        match source.read(chunk) {
            Ok(0) => break,
            Ok(count) => return Some(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => break,
        }
    }
    *pipe = None;
    None
}

fn unblocked(pipe: OwnedFd) -> File {
    // Does not fail for a pipe.
    let _ = rustix::io::ioctl_fionbio(&pipe, true);
    File::from(pipe)
}

#[cfg(all(target_os = "linux", not(workbench_portable)))]
fn pidfd(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(any(workbench_portable, not(target_os = "linux")))]
fn pidfd(_: Pid) -> Option<OwnedFd> {
    None
}
