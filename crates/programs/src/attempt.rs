//! One attempt to run a program: its helper, from the order to what was used.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::net::Shutdown;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use command_fds::CommandFdExt as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use workbench_clock::{Clock, program_ns};

use crate::capture::{Capture, Printed, TakeLine, Wanted, widen};
use crate::failure::{AttemptError, Stopped};
use crate::pause;
use crate::tree::{self, Look};
use crate::wire::{ExitKind, LaunchOrder, Said, Tell, Used, receive, send};

/// Interval of looks at whether the repeat is to stop, and at what the program uses.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Shortest wait for a deadline.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// How long a helper may take to get ready.
const READY: Duration = Duration::from_secs(30);

/// The command that starts this program as the helper.
static START: OnceLock<fn() -> Command> = OnceLock::new();

/// Says how this program is started as the helper; the first call counts.
pub fn start_helper_with(start: fn() -> Command) {
    let _ = START.set(start);
}

/// How an attempt went.
#[derive(Debug)]
pub(crate) struct Attempted {
    /// How the program ended.
    pub exit: ExitKind,
    /// How long ago its start began and its end was known when this was heard of, in nanoseconds.
    pub ago_ns: [u64; 2],
    /// When this was heard of, by [`program_ns`].
    pub heard_ns: u64,
    /// Why it was ended, where it did not end by itself.
    pub stopped: Option<Stopped>,
    /// What it used and what it left.
    pub used: Used,
    /// What it printed.
    pub printed: Printed,
}

impl Attempted {
    /// When the program's start began and when its end was known, on a clock.
    pub(crate) fn worked_ns(&self, clock: Clock) -> [u64; 2] {
        let since_ns = program_ns().saturating_sub(self.heard_ns);
        let heard_ns = clock.now_ns().saturating_sub(since_ns);
        self.ago_ns.map(|ago_ns| heard_ns.saturating_sub(ago_ns))
    }
}

/// What an attempt is told while it goes on.
pub(crate) struct Oversight<'a> {
    /// Whether it is to stop.
    pub is_cancelled: &'a dyn Fn() -> bool,
    /// Takes what the program uses now.
    pub look: &'a dyn Fn(Look),
    /// How long it may take.
    pub limit: Option<Duration>,
}

impl Oversight<'_> {
    /// Why the program has to be ended now, if it has.
    fn reason_to_stop(&self, elapsed: Duration, said: Option<&Said>) -> Option<Stopped> {
        if (self.is_cancelled)() {
            Some(Stopped::OnRequest)
        } else if self.limit.is_some_and(|limit| elapsed >= limit) {
            Some(Stopped::TimeLimit)
        } else if said == Some(&Said::StoppedItself) {
            Some(Stopped::StoodStill)
        } else {
            None
        }
    }
}

/// A helper that is ready to start its program.
#[derive(Debug)]
pub(crate) struct HelperProcess {
    /// What its program tells.
    events: Option<File>,
    chunk: Vec<u8>,
    helper: Child,
    link: Arc<UnixStream>,
    said: BufReader<UnixStream>,
    partial: Vec<u8>,
    capture: Option<Capture>,
    /// The program, from its start to its end.
    main: Option<Pid>,
}

impl HelperProcess {
    /// Starts a helper and waits until it is ready. It keeps `holds` open, as does what it starts.
    pub(crate) fn start(
        mut order: LaunchOrder,
        (listens, holds): (bool, Option<&File>),
        wanted: Wanted,
        take: TakeLine,
    ) -> Result<Self, AttemptError> {
        let start = START
            .get()
            .ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        let (link, theirs) = UnixStream::pair()?;
        let (capture, [out, err]) = Capture::start(wanted, take)?;
        let mut command = start();
        command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(out))
            .stderr(Stdio::from(err));
        let mut events = None;
        let mut kept_open: Vec<OwnedFd> = Vec::new();
        if let Some(file) = holds {
            kept_open.push(OwnedFd::from(file.try_clone()?));
        }
        if listens {
            let (pipe, into) = io::pipe()?;
            widen(&into);
            let (pipe, into) = (OwnedFd::from(pipe), OwnedFd::from(into));
            // Does not fail for a pipe.
            let _ = rustix::io::ioctl_fionbio(&pipe, true);
            order.events = Some(into.as_raw_fd());
            kept_open.push(into);
            events = Some(File::from(pipe));
        }
        command.preserved_fds(kept_open);
        let helper = command.spawn()?;
        drop(command);
        let mut this = Self {
            events,
            chunk: vec![0; EVENT_CHUNK],
            helper,
            said: BufReader::new(link.try_clone()?),
            link: Arc::new(link),
            partial: Vec::new(),
            capture: Some(capture),
            main: None,
        };
        send(&mut &*this.link, &order)?;
        match this.hear(READY, &mut |_| {})? {
            Some(Said::Ready) => Ok(this),
            Some(Said::NoInput(errno)) => {
                Err(AttemptError::Input(io::Error::from_raw_os_error(errno)))
            }
            _ => Err(AttemptError::Lost),
        }
    }

    /// The process below which all of the program is.
    pub(crate) fn root(&self) -> u32 {
        self.helper.id()
    }

    /// Runs the program to its end. Dropping this afterwards reaps the helper, which can take the
    /// kernel milliseconds, so it is not done while the clock runs.
    pub(crate) fn go(
        &mut self,
        watcher: &Oversight<'_>,
        told: &mut dyn FnMut(&[u8]),
    ) -> Result<Attempted, AttemptError> {
        let _paused = pause::pausable(&self.link);
        let begun_ns = program_ns();
        let elapsed = || Duration::from_nanos(program_ns().saturating_sub(begun_ns));
        send(&mut &*self.link, &Tell::Go)?;
        let mut looked_ns = begun_ns;
        let mut stopped = None;
        let mut ended = None;
        let used = loop {
            let left = watcher.limit.map(|limit| limit.saturating_sub(elapsed()));
            let left = left.filter(|_| stopped.is_none()).unwrap_or(LOOK_EVERY);
            let said = self.hear(left.clamp(SHORTEST_WAIT, LOOK_EVERY), told)?;
            if ended.is_none() && stopped.is_none() {
                stopped = watcher.reason_to_stop(elapsed(), said.as_ref());
                if stopped.is_some() && !matches!(said, Some(Said::Ended(_))) {
                    send(&mut &*self.link, &Tell::Stop)?;
                }
            }
            match said {
                Some(Said::Ended(end)) => {
                    let now_ns = tree::monotonic_ns();
                    let ago_ns = end.worked_ns.map(|at| now_ns.saturating_sub(at));
                    ended = Some((end.exit, ago_ns, program_ns()));
                    self.main = None;
                }
                Some(Said::Done(used)) => break *used,
                Some(Said::NotStarted(errno)) => {
                    return Err(AttemptError::Start(io::Error::from_raw_os_error(errno)));
                }
                Some(Said::Started(pid)) => self.main = Pid::from_raw(pid),
                None if looked_ns + LOOK_EVERY.as_nanos() as u64 <= program_ns() => {
                    (watcher.look)(tree::look(self.helper.id()));
                    looked_ns = program_ns();
                }
                Some(_) | None => {}
            }
        };
        while self.read_events(told) {}
        let (exit, ago_ns, heard_ns) = ended.ok_or(AttemptError::Lost)?;
        Ok(Attempted {
            exit,
            ago_ns,
            heard_ns,
            stopped,
            used,
            printed: self.capture.take().map(Capture::end).unwrap_or_default(),
        })
    }

    /// What the helper says within a time, if anything. What its program tells is handed over.
    fn hear(
        &mut self,
        within: Duration,
        told: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Said>, AttemptError> {
        if self.said.buffer().is_empty() {
            let events = self.events.as_ref();
            let mut all = vec![PollFd::new(&*self.link, PollFlags::IN)];
            all.extend(events.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            let within = Timespec::try_from(within).ok();
            match poll(&mut all, within.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
            let is_there = |at: usize| all.get(at).is_some_and(|fd| !fd.revents().is_empty());
            let (has_said, has_told) = (is_there(0), is_there(1));
            if has_told {
                self.read_events(told);
            }
            if !has_said {
                return Ok(None);
            }
        }
        self.link.set_read_timeout(Some(LOOK_EVERY))?;
        match receive::<Said>(&mut self.said, &mut self.partial) {
            Ok(Some(said)) => Ok(Some(said)),
            Ok(None) => Err(AttemptError::Lost),
            Err(error) if is_late(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Bytes of events that are read at once.
const EVENT_CHUNK: usize = 1 << 16;

impl HelperProcess {
    /// Reads a piece of what the program tells; whether there was one. While it is not read, the
    /// program waits.
    fn read_events(&mut self, told: &mut dyn FnMut(&[u8])) -> bool {
        let chunk = &mut self.chunk;
        let Some(pipe) = &mut self.events else {
            return false;
        };
        match pipe.read(chunk) {
            Ok(0) => self.events = None,
            Ok(count) => {
                told(&chunk[..count]);
                return true;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return true,
            Err(_) => {}
        }
        false
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

impl Drop for HelperProcess {
    /// Ends the helper, and with it whatever it still runs.
    fn drop(&mut self) {
        let _ = self.link.shutdown(Shutdown::Both);
        let _ = self.helper.wait();
        if let Some(main) = self.main {
            // Somebody ended the helper before it could do this.
            let _ = kill_process_group(main, Signal::KILL);
        }
        if let Some(capture) = self.capture.take() {
            let _ = capture.end();
        }
    }
}
