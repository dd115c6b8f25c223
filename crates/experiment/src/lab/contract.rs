//! The contract between a lab and the program that runs it.
//!
//! A [`Lab`] reads its configuration and data once ([`Lab::prepare`]); the [`PreparedLab`] then runs any arm as often
//! as asked. Everything that must not be on the clock (loading, splitting, warming up) happens before
//! [`PreparedLab::run_arm`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::definition::LabDefinition;
use super::option::Refusal;
use workbench_clock::{Clock, program_ns};
use workbench_pool::{Pool, TaskSpan};
use workbench_record::{ArmOutput, DataSource, RunConfig, SlotState, Source, Terms};

/// A lab: a comparison of two or more arms doing the same work.
pub trait Lab: Send + Sync {
    /// What the lab's `lab.toml` says.
    fn definition(&self) -> &LabDefinition;

    /// The text that explains the lab to a student, in Markdown.
    fn handout(&self) -> &'static str;

    /// The program that an arm runs, where reading it is part of the lab.
    fn source(&self, _arm: &str) -> Option<Source> {
        None
    }

    /// Loads the data and checks the parameters against it.
    ///
    /// # Errors
    /// When the data cannot be used, or the parameters do not fit it.
    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError>;
}

/// A lab with its data loaded, ready to run any of its arms any number of times.
pub trait PreparedLab: Send + Sync {
    /// Where the data came from, where more is known of it than was asked for; it is recorded in place of that.
    fn data(&self) -> Option<DataSource> {
        None
    }

    /// Sentences about the data that a reader of the result has to know.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many units of progress one repeat of `arm` makes.
    fn total_progress(&self, arm: &str) -> u64;

    /// On what terms the arms are compared, where they are not the usual ones.
    fn terms(&self) -> Terms {
        Terms::default()
    }

    /// Whether a parallel arm runs on the pool's threads; not when it brings processes of its own.
    fn needs_pool(&self, _arm: &str) -> bool {
        true
    }

    /// Touches code and data once so that the first repeat is like the others. Not on the clock.
    ///
    /// # Errors
    /// When the arm cannot run.
    fn warm_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError>;

    /// Does all of an arm's work once. On the clock.
    ///
    /// # Errors
    /// [`LabError::Cancelled`] when the context was cancelled, else what failed.
    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError>;
}

/// What an arm gets to run with.
pub struct ArmContext<'a> {
    /// The pool, for arms that run on several slots of it; other arms have none.
    pub pool: Option<&'a Pool>,
    /// Number of slots: 1 for a serial arm.
    pub workers: u32,
    /// A directory for files of this repeat alone, such as checkpoints. It is not there until the arm makes it, and is
    /// removed with all that is in it when the arm has done its work.
    pub scratch: &'a Path,
    /// The run's clock.
    pub clock: Clock,
    /// Where to say how far the arm is, and where to ask whether to stop.
    pub progress: &'a Progress,
    /// Takes the spans of work that was not done by the pool (a serial arm's).
    pub spans: &'a (dyn Fn(TaskSpan) + Sync),
}

/// Progress of an arm and the request to stop it, shared between the threads that work and those that watch.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    done: Arc<AtomicU64>,
    cancelled: Arc<AtomicBool>,
    processes_cpu_ns: Arc<AtomicU64>,
    processes_rss: Arc<AtomicU64>,
    told: Arc<Mutex<Vec<(u64, Told)>>>,
    slots: Arc<Mutex<BTreeMap<u32, SlotState>>>,
}

/// Something that an arm says while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A point of a curve: its name, the step and the value.
    Metric(String, u64, f64),
    /// A printed line: who printed it, and the line.
    Output(String, String),
    /// Something that a reader of the result has to know, in a full sentence.
    Warning(String),
    /// What whoever controls the arm is doing, in a word or two.
    State(String),
}

impl Progress {
    /// Progress zero that stops when `cancelled` turns true.
    pub fn new(cancelled: Arc<AtomicBool>) -> Self {
        Self {
            cancelled,
            ..Self::default()
        }
    }

    /// Adds units of work done.
    pub fn add(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    /// Units of work done so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Adds a point to a curve: what it shows (`loss`, `images/s`), the step in the lab's own counting, and the value.
    /// A value that is no finite number is a gap in the curve.
    pub fn metric(&self, name: &str, step: u64, value: f64) {
        if value.is_finite() {
            self.tell(Told::Metric(name.to_owned(), step, value));
        }
    }

    /// Hands over a line that a worker or a library printed.
    pub fn output(&self, source: &str, text: &str) {
        self.tell(Told::Output(source.to_owned(), text.to_owned()));
    }

    /// Says something that a reader of the result has to know, in a full sentence.
    pub fn warn(&self, text: &str) {
        self.tell(Told::Warning(text.to_owned()));
    }

    /// Says what whoever controls the arm is doing now, in a word or two: `restarting`.
    pub fn state(&self, text: &str) {
        self.tell(Told::State(text.to_owned()));
    }

    /// Says how a slot stands. Only the latest word on each slot is recorded, whenever the machine is looked at, and the last one of
    /// all.
    pub fn slot(&self, state: SlotState) {
        lock(&self.slots).insert(state.slot, state);
    }

    /// How slots stand about which something was said since the last call.
    pub fn take_slots(&self) -> Vec<SlotState> {
        std::mem::take(&mut *lock(&self.slots))
            .into_values()
            .collect()
    }

    /// States the CPU time that processes of this arm have used so far in all, in nanoseconds. It counts as the run's own.
    pub fn set_processes_cpu_ns(&self, total_ns: u64) {
        self.processes_cpu_ns.fetch_max(total_ns, Ordering::Relaxed);
    }

    /// What was stated last.
    pub fn processes_cpu_ns(&self) -> u64 {
        self.processes_cpu_ns.load(Ordering::Relaxed)
    }

    fn tell(&self, told: Told) {
        lock(&self.told).push((program_ns(), told));
    }

    /// States the resident memory of processes that the arm has started, in bytes, all together; it counts as the program's. What
    /// they share counts for each.
    pub fn set_processes_rss(&self, bytes: u64) {
        self.processes_rss.store(bytes, Ordering::Relaxed);
    }

    /// The resident memory of processes that the arm has started, in bytes.
    pub fn processes_rss(&self) -> u64 {
        self.processes_rss.load(Ordering::Relaxed)
    }

    /// What the arm has said since the last call, and when by [`program_ns`].
    pub fn take_told(&self) -> Vec<(u64, Told)> {
        std::mem::take(&mut *lock(&self.told))
    }

    /// Whether the arm should stop as soon as it can.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a lab could not be prepared or an arm did not finish.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The data cannot be used as given. A usage error.
    #[error(transparent)]
    Data(#[from] workbench_dataset::DataError),
    /// The configuration does not fit the lab or its data. A usage error.
    #[error("{0}")]
    Config(String),
    /// An option does not fit the lab or its data. A usage error.
    #[error("{0}")]
    Refused(Refusal),
    /// Stopped on request.
    #[error("stopped on request")]
    Cancelled,
    /// The machine lacks something that the lab needs. The message says how to get it.
    #[error("{0}")]
    Environment(String),
    /// Something is missing or does not fit that the program's set-up brings. The message says what.
    #[error("{what}; run `workbench setup{}`", if *gpus { " --cuda" } else { "" })]
    SetUp {
        /// What is missing, and for what.
        what: String,
        /// Whether what is brought has to serve GPUs.
        gpus: bool,
    },
    /// An arm failed while it ran.
    #[error("{0}")]
    Failed(String),
}
