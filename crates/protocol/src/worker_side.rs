//! What every supervised worker does to be a good child, and that needs no libtorch.
//!
//! Belongs here: keeping frames and printed text apart, dying with the supervisor, signs of life, hearing orders. Does
//! not belong here: training.
//!
//! Descriptors 0 and 1 carry frames. They are moved away before anything else, so that what libraries print goes to
//! standard error, and children of the worker hold neither pipe. A worker ends with its supervisor in two ways, because
//! each has a hole: the signal that Linux sends at the parent's death reaches a stopped process too, but is not there on
//! other systems; the end of standard input is seen everywhere, but by a running process only.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};

use crate::asleep::Sleeper;
use crate::frame::{FrameError, FrameReader, encode_frame};
use crate::message::{FromWorker, Phase, Stage, ToWorker};
use crate::spec::TrainSpec;

/// Set to `1` by a supervisor that speaks frames.
pub const SUPERVISED: &str = "WORKBENCH_SUPERVISED";
/// The supervisor's process id, so that a worker can see whether it was orphaned before it could ask for a signal.
pub const SUPERVISOR: &str = "WORKBENCH_SUPERVISOR";
/// Time between two signs of life.
pub const BEAT_EVERY: Duration = Duration::from_millis(200);

/// Why a worker cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// The operating system refused.
    #[error("cannot {verb}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The operating system's word.
        source: io::Error,
    },
    /// The supervisor is gone already.
    #[error("the supervisor was gone before the worker began; start a new run")]
    Orphaned,
    /// The supervisor sent something that is no message, or is gone.
    #[error("no order to train was received: {0}")]
    Frame(#[from] FrameError),
    /// The supervisor closed the pipe, or said something else first.
    #[error("the supervisor did not send an order to train first; start a new run")]
    NoOrder,
}

/// Whether this process is supervised, by its environment. Otherwise torchrun or a person started it, and standard
/// output is for people.
pub fn is_supervised() -> bool {
    std::env::var_os(SUPERVISED).is_some_and(|value| value == "1")
}

/// A supervised worker's connection to its supervisor. Clones share it.
#[derive(Debug, Clone)]
pub struct WorkerSide {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    out: Mutex<File>,
    stop: AtomicBool,
    /// The phase in the top byte, the step below it.
    place: AtomicU64,
    /// When the place was set, in nanoseconds since `origin`.
    placed_ns: AtomicU64,
    origin: Instant,
}

const PHASE_SHIFT: u32 = 56;
const STEP_MASK: u64 = (1 << PHASE_SHIFT) - 1;

impl WorkerSide {
    /// Begins, as the first thing in `main` and on the thread that will train: moves the pipes away, ties this process to its supervisor, greets, starts
    /// the signs of life, and waits for the order to train.
    ///
    /// From then on the process is killed, with its process group, when the supervisor goes away.
    ///
    /// # Errors
    ///
    /// When the pipes cannot be moved, or the supervisor is gone or sends no valid order.
    pub fn start() -> Result<(Self, Box<TrainSpec>), SideError> {
        let (orders, out) = move_pipes()?;
        die_with_supervisor()?;
        let side = Self {
            shared: Arc::new(Shared {
                out: Mutex::new(File::from(out)),
                stop: AtomicBool::new(false),
                place: AtomicU64::new(0),
                placed_ns: AtomicU64::new(0),
                origin: Instant::now(),
            }),
        };
        side.send(&FromWorker::hello())?;
        side.send(&FromWorker::Stage(Stage::Started))?;
        let beating = side.clone();
        let trainer = Sleeper::this_thread();
        spawn("worker-beat", move || beating.beat(trainer))?;
        let mut orders = FrameReader::new(File::from(orders));
        let Some(ToWorker::Train { spec, .. }) = orders.read()? else {
            return Err(SideError::NoOrder);
        };
        let listening = side.clone();
        spawn("worker-orders", move || listening.listen(&mut orders))?;
        Ok((side, spec))
    }

    /// Sends a message. Blocks while the supervisor does not read.
    ///
    /// # Errors
    ///
    /// When the message does not fit a frame, or the supervisor is gone.
    pub fn send(&self, message: &FromWorker) -> Result<(), FrameError> {
        use std::io::Write as _;
        let frame = encode_frame(message)?;
        // A thread that panicked while it wrote has broken the pipe's rhythm at worst, and the reader will say so.
        let mut out = self
            .shared
            .out
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        out.write_all(&frame)?;
        Ok(())
    }

    /// Says where the training thread is from now on. Cheap: two stores and a look at the clock.
    ///
    /// Within [`Phase::Backward`] the signs of life tell [`Phase::AllReduce`] when the thread that began only sleeps: then its own
    /// gradients are done, and it waits for those of the others.
    ///
    /// Call it at every change of phase, and again within a long phase whenever there is progress (such as for every
    /// batch of an evaluation): what has not called for long is taken for stuck.
    pub fn at(&self, phase: Phase, step: u64) {
        let place = ((phase as u64) << PHASE_SHIFT) | step.min(STEP_MASK);
        self.shared
            .placed_ns
            .store(self.elapsed_ns(), Ordering::Relaxed);
        self.shared.place.store(place, Ordering::Release);
    }

    /// Whether the supervisor asked to end in order.
    pub fn stop_requested(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    fn elapsed_ns(&self) -> u64 {
        self.shared.origin.elapsed().as_nanos() as u64
    }

    fn place(&self, trainer: &mut Sleeper) -> FromWorker {
        let place = self.shared.place.load(Ordering::Acquire);
        let placed_ns = self.shared.placed_ns.load(Ordering::Relaxed);
        let phase = Phase::ALL[(place >> PHASE_SHIFT) as usize % Phase::ALL.len()];
        // Asked every time, so that there is a time before to compare with.
        let asleep = trainer.is_asleep();
        FromWorker::Beat {
            phase: match phase {
                Phase::Backward if asleep => Phase::AllReduce,
                phase => phase,
            },
            step: place & STEP_MASK,
            since_ns: self.elapsed_ns().saturating_sub(placed_ns),
        }
    }

    fn beat(&self, mut trainer: Sleeper) {
        loop {
            if self.send(&self.place(&mut trainer)).is_err() {
                end_with_group();
            }
            thread::sleep(BEAT_EVERY);
        }
    }

    fn listen(&self, orders: &mut FrameReader<File>) {
        loop {
            match orders.read() {
                Ok(Some(ToWorker::Stop)) => self.shared.stop.store(true, Ordering::Release),
                // A second order to train, or something else than an order: a supervisor that can no longer be
                // understood is as good as gone.
                Ok(Some(ToWorker::Train { .. }) | None) | Err(_) => end_with_group(),
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

/// Ends this process, and all of its group when it leads one. Not `exit`: what libraries do at exit can hang, and
/// nobody is left to notice.
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
