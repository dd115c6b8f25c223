//! The life of a supervised worker.
//!
//! Belongs here: keeping frames and printed text apart, ending with the supervisor, heartbeats,
//! receiving orders. Does not belong here: the work itself.
//!
//! Descriptors 0 and 1 carry frames. They are moved away before anything else, so that what
//! libraries print goes to standard error, and children of the worker hold neither pipe. A worker
//! ends with its supervisor in two ways, because each has a hole: the signal that Linux sends at
//! the parent's death reaches a stopped process too, but is not there on other systems; the end of
//! standard input is seen everywhere, but by a running process only.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};

use crate::clocks::{Clocks, Stamped};
use crate::frame::{FrameError, FrameReader, encode_frame};
use crate::message::{FromWorker, PhaseName, Position, Protocol, ToWorker};
use crate::thread_watch::ThreadWatch;

/// Set to `1` by a supervisor that speaks frames.
pub const SUPERVISED: &str = "WORKBENCH_SUPERVISED";
/// The supervisor's process id, so that a worker can see whether it was orphaned before it could
/// ask for a signal.
pub const SUPERVISOR: &str = "WORKBENCH_SUPERVISOR";
/// Time between two heartbeats.
pub const HEARTBEAT_EVERY: Duration = Duration::from_millis(200);

/// Why a worker cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// The operating system refused.
    #[error("cannot {verb}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// The supervisor is gone already.
    #[error("the supervisor was gone before the worker began; start a new run")]
    Orphaned,
    /// The supervisor sent something that is no message, or is gone.
    #[error("no order was received: {0}")]
    Frame(#[from] FrameError),
    /// The supervisor closed the pipe, or said something else first.
    #[error("the supervisor did not send an order first; start a new run")]
    NoOrder,
}

/// Whether this process is supervised, by its environment. Otherwise torchrun or a person started
/// it, and standard output is for people.
pub fn is_supervised() -> bool {
    std::env::var_os(SUPERVISED).is_some_and(|value| value == "1")
}

/// A supervised worker's connection to its supervisor. Clones share it.
#[derive(Debug, Clone)]
pub struct WorkerSide<P: Protocol> {
    shared: Arc<Shared>,
    protocol: PhantomData<P>,
}

#[derive(Debug)]
struct Shared {
    out: Mutex<File>,
    stop: AtomicBool,
    /// The number of the phase in the top byte, the step below it.
    position: AtomicU64,
    /// When the position was set, in nanoseconds since `origin`.
    positioned_ns: AtomicU64,
    origin: Instant,
}

const PHASE_SHIFT: u32 = 56;
const STEP_MASK: u64 = (1 << PHASE_SHIFT) - 1;

impl<P: Protocol> WorkerSide<P> {
    /// Begins, as the first thing in `main` and on the thread that will work: moves the pipes away,
    /// ties this process to its supervisor, greets, starts the heartbeats, and waits for the order.
    ///
    /// From then on the process is killed, with its process group, when the supervisor goes away.
    ///
    /// # Errors
    ///
    /// When the pipes cannot be moved, or the supervisor is gone or sends no valid order.
    pub fn start() -> Result<(Self, Box<P::Order>), SideError> {
        let (orders, out) = move_pipes()?;
        die_with_supervisor()?;
        let side = Self {
            shared: Arc::new(Shared {
                out: Mutex::new(File::from(out)),
                stop: AtomicBool::new(false),
                position: AtomicU64::new(0),
                positioned_ns: AtomicU64::new(0),
                origin: Instant::now(),
            }),
            protocol: PhantomData,
        };
        side.send(&FromWorker::hello())?;
        let beating = side.clone();
        let thread = ThreadWatch::this_thread();
        spawn("worker-heartbeat", move || beating.beat(thread))?;
        let mut orders = FrameReader::new(File::from(orders));
        let Some(ToWorker::<P>::Start { order, .. }) = orders.read()? else {
            return Err(SideError::NoOrder);
        };
        let listening = side.clone();
        spawn("worker-orders", move || listening.listen(&mut orders))?;
        Ok((side, order))
    }

    /// Sends a message about what is so now. Blocks while the supervisor does not read.
    ///
    /// # Errors
    ///
    /// When the message does not fit a frame, or the supervisor is gone.
    pub fn send(&self, message: &FromWorker<P>) -> Result<(), FrameError> {
        self.send_of(Clocks::read(), message)
    }

    /// As [`send`](Self::send), for what was so at another moment.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_of(&self, clocks: Clocks, message: &FromWorker<P>) -> Result<(), FrameError> {
        use std::io::Write as _;
        let frame = encode_frame(&Stamped { clocks, message })?;
        // A thread that panicked while it wrote has left half a frame at worst, and the reader will
        // say so.
        let mut out = self
            .shared
            .out
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        out.write_all(&frame)?;
        Ok(())
    }

    /// Says where the working thread is from now on. Cheap: two stores and a look at the clock.
    ///
    /// Heartbeats tell [`PhaseName::while_asleep`] instead when the thread that began only sleeps.
    ///
    /// Call it at every change of phase, and again within a long phase whenever there is progress
    /// (such as for every batch of an evaluation): what has not called for long is taken for stuck.
    pub fn at(&self, phase: P::Phase, step: u64) {
        let number = P::Phase::ALL.iter().position(|known| *known == phase);
        let position = ((number.unwrap_or(0) as u64) << PHASE_SHIFT) | step.min(STEP_MASK);
        let shared = &self.shared;
        shared
            .positioned_ns
            .store(self.elapsed_ns(), Ordering::Relaxed);
        shared.position.store(position, Ordering::Release);
    }

    /// Whether the supervisor asked to end in order.
    pub fn stop_requested(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    fn elapsed_ns(&self) -> u64 {
        self.shared.origin.elapsed().as_nanos() as u64
    }

    fn heartbeat(&self, thread: &mut ThreadWatch) -> FromWorker<P> {
        let position = self.shared.position.load(Ordering::Acquire);
        let positioned_ns = self.shared.positioned_ns.load(Ordering::Relaxed);
        let phase = P::Phase::ALL[(position >> PHASE_SHIFT) as usize % P::Phase::ALL.len()];
        FromWorker::Heartbeat {
            position: Position {
                // Asked every time, so that there is a time before to compare with.
                phase: if thread.is_asleep() {
                    phase.while_asleep()
                } else {
                    phase
                },
                step: position & STEP_MASK,
            },
            since_ns: self.elapsed_ns().saturating_sub(positioned_ns),
        }
    }

    fn beat(&self, mut thread: ThreadWatch) {
        loop {
            if self.send(&self.heartbeat(&mut thread)).is_err() {
                end_with_group();
            }
            thread::sleep(HEARTBEAT_EVERY);
        }
    }

    fn listen(&self, orders: &mut FrameReader<File>) {
        loop {
            match orders.read::<ToWorker<P>>() {
                Ok(Some(ToWorker::Stop)) => self.shared.stop.store(true, Ordering::Release),
                // A second order to start, or something else than an order: a supervisor that can
                // no longer be understood is as good as gone.
                Ok(Some(ToWorker::Start { .. }) | None) | Err(_) => end_with_group(),
            }
        }
    }
}

/// Takes descriptors 0 and 1 and puts `/dev/null` and standard error in their places.
fn move_pipes() -> Result<(OwnedFd, OwnedFd), SideError> {
    let failed = |verb| move |source: rustix::io::Errno| io_error(verb, source.into());
    let orders = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)
        .map_err(failed("keep standard input"))?;
    let out = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)
        .map_err(failed("keep standard output"))?;
    let nothing = File::open("/dev/null").map_err(|source| io_error("open /dev/null", source))?;
    rustix::stdio::dup2_stdin(&nothing).map_err(failed("replace standard input"))?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())
        .map_err(failed("replace standard output"))?;
    Ok((orders, out))
}

/// Asks for a deadly signal at the parent's death, and looks whether that was too late.
fn die_with_supervisor() -> Result<(), SideError> {
    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|source| io_error("ask for a signal at the supervisor's death", source.into()))?;
    let supervisor = std::env::var(SUPERVISOR)
        .ok()
        .and_then(|pid| pid.parse::<i32>().ok());
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if supervisor.is_some() && supervisor != parent {
        return Err(SideError::Orphaned);
    }
    Ok(())
}

/// Ends this process, and all of its group when it leads one. Not `exit`: what libraries do at exit
/// can hang, and nobody is left to notice.
fn end_with_group() -> ! {
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), SideError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|source| io_error("start a thread", source))
}

fn io_error(verb: &'static str, source: io::Error) -> SideError {
    SideError::Io { verb, source }
}
