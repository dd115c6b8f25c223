//! One attempt to run a program: its helper, from the order to what was used.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use workbench_clock::{Clock, program_ns};

use crate::capture::{Capture, Printed, TakeLine, Wanted, widen};
use crate::failure::{AttemptError, Stopped};
use crate::helper_link::{HelperLink, KeptHelper, is_gone};
use crate::pause;
use crate::tree::{self, Look};
use crate::wire::{ExitKind, LaunchOrder, PipePaths, Said, Tell, Used};

/// Interval of looks at whether the repeat is to stop, and at what the program uses.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Shortest wait for a deadline.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// How long a helper may take to get ready.
const READY: Duration = Duration::from_secs(30);

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
    /// For how long it may tell nothing.
    pub silence_limit: Option<Duration>,
}

impl Oversight<'_> {
    /// Why the program has to be ended now, if it has.
    fn reason_to_stop(
        &self,
        elapsed: Duration,
        silent: Duration,
        said: Option<&Said>,
    ) -> Option<Stopped> {
        if (self.is_cancelled)() {
            return Some(Stopped::OnRequest);
        }
        let late = self.limit.filter(|limit| elapsed >= *limit);
        let still = self.silence_limit.filter(|limit| silent >= *limit);
        late.map(Stopped::TimeLimit)
            .or(still.map(Stopped::Silent))
            .or((said == Some(&Said::StoppedItself)).then_some(Stopped::StoodStill))
    }
}

/// A helper that is ready to start its program.
#[derive(Debug)]
pub(crate) struct HelperProcess {
    /// What its program tells.
    events: Option<File>,
    chunk: Vec<u8>,
    /// There until this is dropped.
    helper: Option<HelperLink>,
    capture: Option<Capture>,
    /// What earlier programs of the helper used, in nanoseconds of CPU time.
    cpu_before_ns: u64,
    /// Whether the helper is one that runs more than one program.
    is_kept: bool,
    /// Whether it can run another one now.
    is_idle: bool,
    kept: KeptHelper,
}

/// The ends of pipes that a program writes to.
struct ProgramPipes {
    outputs: [OwnedFd; 2],
    events: Option<OwnedFd>,
}

impl ProgramPipes {
    /// Where another process of this user opens them, on systems that can do that. What it opens
    /// is new, so that no program can leave a pipe to the next in another mode.
    fn paths(&self) -> Option<PipePaths> {
        let of = |fd: &OwnedFd| format!("/proc/{}/fd/{}", std::process::id(), fd.as_raw_fd());
        KEEPS.load(Ordering::Relaxed).then(|| PipePaths {
            outputs: self.outputs.each_ref().map(of),
            events: self.events.as_ref().map(of),
        })
    }
}

/// Whether a helper can run more than one program: it then opens pipes of this process.
static KEEPS: AtomicBool = AtomicBool::new(cfg!(all(target_os = "linux", not(workbench_portable))));

impl HelperProcess {
    /// Gives a program to the kept helper, or to a new one where there is none, and waits until it
    /// can be started. A new one keeps `holds` open, as does what it starts.
    pub(crate) fn start(
        mut order: LaunchOrder,
        (listens, holds): (bool, Option<&File>),
        wanted: Wanted,
        take: TakeLine,
        kept: &KeptHelper,
    ) -> Result<Self, AttemptError> {
        let (capture, outputs) = Capture::start(wanted, take)?;
        let mut pipes = ProgramPipes {
            outputs,
            events: None,
        };
        let mut events = None;
        if listens {
            let (pipe, into) = io::pipe()?;
            widen(&into);
            let pipe = OwnedFd::from(pipe);
            // Does not fail for a pipe.
            let _ = rustix::io::ioctl_fionbio(&pipe, true);
            events = Some(File::from(pipe));
            pipes.events = Some(OwnedFd::from(into));
        }
        let (helper, cpu_before_ns) = launch(&mut order, (pipes, holds), kept)?;
        Ok(Self {
            events,
            chunk: vec![0; EVENT_CHUNK],
            helper: Some(helper),
            capture: Some(capture),
            cpu_before_ns,
            is_kept: order.pipes.is_some(),
            is_idle: order.pipes.is_some(),
            kept: kept.clone(),
        })
    }

    /// The process below which all of the program is.
    pub(crate) fn root(&self) -> u32 {
        self.helper.as_ref().map_or(0, HelperLink::id)
    }

    /// Runs the program to its end. Dropping this afterwards may reap the helper, which can take
    /// the kernel milliseconds, so it is not done while the clock runs.
    pub(crate) fn go(
        &mut self,
        watcher: &Oversight<'_>,
        told: &mut dyn FnMut(&[u8]),
    ) -> Result<Attempted, AttemptError> {
        let link = Arc::clone(&self.helper()?.link);
        let _paused = pause::pausable(&link);
        let begun_ns = program_ns();
        let since = |ns: u64| Duration::from_nanos(program_ns().saturating_sub(ns));
        let told_ns = Cell::new(begun_ns);
        let told: &mut dyn FnMut(&[u8]) = &mut |bytes| {
            told_ns.set(program_ns());
            told(bytes);
        };
        self.is_idle = false;
        self.helper()?.go()?;
        let mut looked_ns = begun_ns;
        let mut most = 0;
        let mut stopped = None;
        let mut ended = None;
        let mut used = loop {
            let limit = watcher.limit.filter(|_| stopped.is_none());
            let left = limit.map_or(LOOK_EVERY, |limit| limit.saturating_sub(since(begun_ns)));
            let said = self.hear(left.clamp(SHORTEST_WAIT, LOOK_EVERY), told)?;
            if ended.is_none() && stopped.is_none() {
                let passed = [begun_ns, told_ns.get()].map(since);
                stopped = self.stop_if_due(watcher, passed, said.as_ref())?;
            }
            match said {
                Some(Said::Ended(end)) => {
                    let now_ns = tree::monotonic_ns();
                    let ago_ns = end.worked_ns.map(|at| now_ns.saturating_sub(at));
                    ended = Some((end.exit, ago_ns, program_ns()));
                }
                Some(Said::Done(used)) => break *used,
                Some(Said::NotStarted(errno)) => {
                    return Err(AttemptError::Start(io::Error::from_raw_os_error(errno)));
                }
                None if looked_ns + LOOK_EVERY.as_nanos() as u64 <= program_ns() => {
                    let look = self.look();
                    most = most.max(look.processes);
                    (watcher.look)(look);
                    looked_ns = program_ns();
                }
                Some(_) | None => {}
            }
        };
        used.has_seen(most);
        while self.read_events(told) {}
        let (exit, ago_ns, heard_ns) = ended.ok_or(AttemptError::Lost)?;
        self.is_idle = self.is_kept && stopped.is_none() && !used.escaped;
        Ok(Attempted {
            exit,
            ago_ns,
            heard_ns,
            stopped,
            used,
            printed: self.capture.take().map(Capture::end).unwrap_or_default(),
        })
    }

    /// Has the program ended where it has to be; says why. Since its start and since it told
    /// something, so much time has passed.
    fn stop_if_due(
        &mut self,
        watcher: &Oversight<'_>,
        [elapsed, silent]: [Duration; 2],
        said: Option<&Said>,
    ) -> Result<Option<Stopped>, AttemptError> {
        let stopped = watcher.reason_to_stop(elapsed, silent, said);
        if stopped.is_some() && !matches!(said, Some(Said::Ended(_))) {
            self.helper()?.tell(&Tell::Stop)?;
        }
        Ok(stopped)
    }

    /// What the program uses now.
    fn look(&self) -> Look {
        let look = tree::look(self.root());
        Look {
            cpu_ns: look.cpu_ns.saturating_sub(self.cpu_before_ns),
            ..look
        }
    }

    fn helper(&mut self) -> Result<&mut HelperLink, AttemptError> {
        self.helper.as_mut().ok_or(AttemptError::Lost)
    }

    /// What the helper says within a time, if anything. What its program tells is handed over.
    fn hear(
        &mut self,
        within: Duration,
        told: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Said>, AttemptError> {
        let helper = self.helper.as_mut().ok_or(AttemptError::Lost)?;
        if helper.said.buffer().is_empty() {
            let events = self.events.as_ref();
            let mut all = vec![PollFd::new(&*helper.link, PollFlags::IN)];
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
        self.helper()?.read(LOOK_EVERY)
    }
}

/// Has a helper get ready for a program. Also returns what its earlier programs used, in
/// nanoseconds of CPU time.
fn launch(
    order: &mut LaunchOrder,
    (pipes, holds): (ProgramPipes, Option<&File>),
    kept: &KeptHelper,
) -> Result<(HelperLink, u64), AttemptError> {
    let held = || -> io::Result<Vec<OwnedFd>> {
        let file = holds.map(File::try_clone).transpose()?;
        Ok(file.map(OwnedFd::from).into_iter().collect())
    };
    order.pipes = pipes.paths();
    if order.pipes.is_some() {
        if let Some(mut helper) = kept.take() {
            match ready(&mut helper, order) {
                // Somebody ended it while it had nothing to do.
                Err(AttemptError::Lost) => {}
                other => return Ok((helper, other?)),
            }
        }
        let mut helper = HelperLink::start([Stdio::null(), Stdio::null()], held()?)?;
        match ready(&mut helper, order) {
            Err(AttemptError::Pipes) => {
                KEEPS.store(false, Ordering::Relaxed);
                order.pipes = None;
            }
            other => return Ok((helper, other?)),
        }
    }
    let [out, err] = pipes.outputs;
    order.events = pipes.events.as_ref().map(OwnedFd::as_raw_fd);
    let mut inherited = held()?;
    inherited.extend(pipes.events);
    let mut helper = HelperLink::start([out.into(), err.into()], inherited)?;
    let cpu_ns = ready(&mut helper, order)?;
    Ok((helper, cpu_ns))
}

/// Orders a program and waits until the helper can start it.
fn ready(helper: &mut HelperLink, order: &LaunchOrder) -> Result<u64, AttemptError> {
    let told = helper.tell(&Tell::Next(Box::new(order.clone())));
    told.map_err(|error| {
        if is_gone(&error) {
            AttemptError::Lost
        } else {
            error.into()
        }
    })?;
    match helper.read(READY)? {
        Some(Said::Ready(cpu_ns)) => Ok(cpu_ns),
        Some(Said::NoPipes(_)) => Err(AttemptError::Pipes),
        Some(Said::NoInput(errno)) => Err(AttemptError::Input(io::Error::from_raw_os_error(errno))),
        Some(Said::NotKept(errno)) => Err(io::Error::from_raw_os_error(errno).into()),
        _ => Err(AttemptError::Lost),
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

impl Drop for HelperProcess {
    /// Keeps a helper that can run another program, and ends any other, with whatever it still
    /// runs.
    fn drop(&mut self) {
        match self.helper.take() {
            Some(helper) if self.is_idle => self.kept.keep(helper),
            other => drop(other),
        }
        if let Some(capture) = self.capture.take() {
            let _ = capture.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_ended_when_it_takes_too_long_or_tells_nothing() {
        let seconds = Duration::from_secs;
        let watch = |limit, silence_limit| Oversight {
            is_cancelled: &|| false,
            look: &|_| {},
            limit,
            silence_limit,
        };
        let why = |watch: Oversight<'_>, elapsed, silent| {
            watch.reason_to_stop(seconds(elapsed), seconds(silent), None)
        };
        let (ten, three) = (Some(seconds(10)), Some(seconds(3)));
        assert_eq!(why(watch(None, None), 1000, 1000), None);
        assert_eq!(why(watch(ten, None), 9, 9), None);
        let late = Some(Stopped::TimeLimit(seconds(10)));
        assert_eq!(why(watch(ten, None), 10, 0), late);
        // However long it goes on, as long as it tells something.
        assert_eq!(why(watch(None, three), 1000, 2), None);
        let silent = Some(Stopped::Silent(seconds(3)));
        assert_eq!(why(watch(None, three), 3, 3), silent);
        assert_eq!(why(watch(ten, three), 10, 3), late);
    }
}
