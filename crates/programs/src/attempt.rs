//! One attempt to run a program: its helper, from the order to what was used.

use std::io::{self, BufReader};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use workbench_clock::program_ns;

use crate::capture::{Capture, Printed, TakeLine, Wanted};
use crate::pause;
use crate::tree::{self, Look};
use crate::wire::{Exit, Order, Said, Tell, Used, receive, send};

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

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    /// The helper could not be started or does not answer.
    #[error("{0}")]
    Helper(#[from] io::Error),
    /// Its input cannot be read.
    #[error("{0}")]
    Input(io::Error),
    /// The program cannot be started.
    #[error("{0}")]
    Start(io::Error),
    /// The helper ended before the program did; whoever ended it.
    #[error("the helper was ended")]
    Lost,
}

/// Why a program was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The run or the arm is to stop.
    OnRequest,
    /// It took longer than it may.
    TimeLimit,
    /// It stopped itself, and would have stood still forever.
    StoodStill,
}

/// How an attempt went.
#[derive(Debug)]
pub(crate) struct Attempted {
    /// How the program ended.
    pub exit: Exit,
    /// Why it was ended, where it did not end by itself.
    pub stopped: Option<Stopped>,
    /// What it used and what it left.
    pub used: Used,
    /// What it printed.
    pub printed: Printed,
}

/// What an attempt is told while it goes on.
pub(crate) struct Watcher<'a> {
    /// Whether it is to stop.
    pub is_cancelled: &'a dyn Fn() -> bool,
    /// Takes what the program uses now.
    pub look: &'a dyn Fn(Look),
    /// Called once, when the program has ended and nothing else has been tidied up yet.
    pub ended: &'a dyn Fn(),
    /// How long it may take.
    pub limit: Option<Duration>,
}

/// A helper that is ready to start its program.
#[derive(Debug)]
pub(crate) struct Attempt {
    helper: Child,
    link: Arc<UnixStream>,
    said: BufReader<UnixStream>,
    partial: Vec<u8>,
    capture: Option<Capture>,
    /// The program, from its start to its end.
    main: Option<Pid>,
}

impl Attempt {
    /// Starts a helper and waits until it is ready.
    pub(crate) fn start(
        order: &Order,
        wanted: Wanted,
        take: TakeLine,
    ) -> Result<Self, AttemptError> {
        let start = START.get().ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        let (link, theirs) = UnixStream::pair()?;
        let (capture, [out, err]) = Capture::start(wanted, take)?;
        let helper = start()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(out))
            .stderr(Stdio::from(err))
            .spawn()?;
        let mut this = Self {
            helper,
            said: BufReader::new(link.try_clone()?),
            link: Arc::new(link),
            partial: Vec::new(),
            capture: Some(capture),
            main: None,
        };
        send(&mut &*this.link, order)?;
        match this.hear(READY)? {
            Some(Said::Ready) => Ok(this),
            Some(Said::NoInput(errno)) => {
                Err(AttemptError::Input(io::Error::from_raw_os_error(errno)))
            }
            _ => Err(AttemptError::Lost),
        }
    }

    /// Runs the program to its end.
    pub(crate) fn go(mut self, watcher: &Watcher<'_>) -> Result<Attempted, AttemptError> {
        let _paused = pause::pausable(&self.link);
        let begun_ns = program_ns();
        let elapsed = || Duration::from_nanos(program_ns().saturating_sub(begun_ns));
        send(&mut &*self.link, &Tell::Go)?;
        let mut stopped = None;
        let mut ended = None;
        let used = loop {
            let left = watcher.limit.map(|limit| limit.saturating_sub(elapsed()));
            let left = left.filter(|_| stopped.is_none()).unwrap_or(LOOK_EVERY);
            let said = self.hear(left.clamp(SHORTEST_WAIT, LOOK_EVERY))?;
            if ended.is_none() && stopped.is_none() {
                let is_late = watcher.limit.is_some_and(|limit| elapsed() >= limit);
                stopped = if (watcher.is_cancelled)() {
                    Some(Stopped::OnRequest)
                } else if is_late {
                    Some(Stopped::TimeLimit)
                } else if said == Some(Said::StoppedItself) {
                    Some(Stopped::StoodStill)
                } else {
                    None
                };
                if stopped.is_some() && !matches!(said, Some(Said::Ended(_))) {
                    send(&mut &*self.link, &Tell::Stop)?;
                }
            }
            match said {
                Some(Said::Ended(exit)) => {
                    (watcher.ended)();
                    ended = Some(exit);
                    self.main = None;
                }
                Some(Said::Done(used)) => break *used,
                Some(Said::NotStarted(errno)) => {
                    return Err(AttemptError::Start(io::Error::from_raw_os_error(errno)));
                }
                Some(Said::Started(pid)) => self.main = Pid::from_raw(pid),
                Some(_) => {}
                None => (watcher.look)(tree::look(self.helper.id())),
            }
        };
        let exit = ended.ok_or(AttemptError::Lost)?;
        Ok(Attempted {
            exit,
            stopped,
            used,
            printed: self.capture.take().map(Capture::end).unwrap_or_default(),
        })
    }

    /// What the helper says within a time, if anything.
    fn hear(&mut self, within: Duration) -> Result<Option<Said>, AttemptError> {
        self.link.set_read_timeout(Some(within))?;
        match receive::<Said>(&mut self.said, &mut self.partial) {
            Ok(Some(said)) => Ok(Some(said)),
            Ok(None) => Err(AttemptError::Lost),
            Err(error) if is_late(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

impl Drop for Attempt {
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
