//! The contract between a lab and the program that runs it.
//!
//! A [`Lab`] reads its configuration and data once ([`Lab::prepare`]); the [`PreparedLab`] then
//! runs any arm as often as asked. Everything that must not be on the clock (loading, splitting,
//! warming up) happens before [`PreparedLab::run_arm`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::calibration::{Calibration, NotTimed, RepeatAsked, RepeatTime, TimeBound};
use super::definition::{DefinitionError, LabDefinition};
use super::offered::{CommandInput, CommandOutput};
use super::option::Refusal;
use super::progress::{ArmMessage, Progress};
use workbench_clock::Clock;
use workbench_pool::{Pool, TaskSpan};
use workbench_questions::QuestionSet;
use workbench_record::{
    Analysis, ArmFailure, ArmFailureKind, ArmOutput, Basis, DataSource, Finding, Item, NearPeers,
    Params, RecordMark, RepeatState, RunConfig, Source,
};

/// What the program offers to a lab when it makes the lab.
#[derive(Debug, Clone, Copy)]
pub struct LabHost {
    /// The path of the program `workbench` itself, or the path where its set-up puts another
    /// program of this name, whether it exists or not; `None` where the set-up has no place for it.
    pub program: fn(name: &str) -> Option<PathBuf>,
    /// The Python to run the peers of a lab with, whether it exists or not; `None` where the set-up
    /// has made none.
    pub peers_python: fn(lab: &LabDefinition) -> Option<PathBuf>,
}

impl Default for LabHost {
    /// Nothing is there.
    fn default() -> Self {
        Self {
            program: |_| None,
            peers_python: |_| None,
        }
    }
}

/// Makes a lab. Every lab's crate has one such function, called `lab`.
///
/// # Errors
/// When the lab's `lab.toml` is broken.
pub type MakeLab = fn(LabHost) -> Result<Box<dyn Lab>, DefinitionError>;

/// A lab: a comparison of two or more arms that do the same work or reach the same target.
pub trait Lab: Send + Sync {
    /// The definition from the lab's `lab.toml`.
    fn definition(&self) -> &LabDefinition;

    /// The text that explains the lab to a student, in Markdown.
    fn handout(&self) -> &str;

    /// What is asked about a run of the lab.
    fn questions(&self) -> &QuestionSet {
        const { &QuestionSet::NONE }
    }

    /// The folder from which the lab was read, where it is not a part of this program. Its runs
    /// record it, so that they can be resumed.
    fn folder(&self) -> Option<&Path> {
        None
    }

    /// What the lab runs, where it is not a part of this program. It is not prepared before the
    /// person has agreed ([`Lab::agree`]).
    fn foreign(&self) -> Option<ForeignLab<'_>> {
        None
    }

    /// The person has agreed that the lab runs its programs.
    fn agree(&self) {}

    /// The lab with these parameters, where they decide which arms it has.
    ///
    /// # Errors
    /// When they do not describe arms.
    fn specialised(&self, _params: &Params) -> Result<Option<Box<dyn Lab>>, Refusal> {
        Ok(None)
    }

    /// Whether a configuration makes sense, as far as that can be said at once, without looking at
    /// files and machine. A form asks this on every change.
    ///
    /// # Errors
    /// The first option that does not.
    fn check(&self, _config: &RunConfig) -> Result<(), Refusal> {
        Ok(())
    }

    /// Times the lab's own unit of work for a moment, so that a run can be estimated before the
    /// first one was made here. What takes more than a moment ends when it is not wanted any more.
    ///
    /// # Errors
    /// Why that cannot be.
    fn calibrate(
        &self,
        _config: &RunConfig,
        _is_wanted: &dyn Fn() -> bool,
    ) -> Result<Calibration, NotTimed> {
        Err(NotTimed::NoUnit)
    }

    /// How long one repeat of an arm takes at the speed of a calibration of the same configuration.
    /// `None` for an arm that does not work in the lab's unit.
    fn repeat_time(&self, asked: &RepeatAsked<'_>, timed: &Calibration) -> Option<RepeatTime> {
        let arm = self.definition().arm(asked.arm)?;
        let workers = f64::from(asked.workers);
        arm.peer.is_none().then(|| RepeatTime {
            seconds: timed.seconds(timed.units as f64, workers, asked.cores),
            bound: TimeBound::AtLeast,
        })
    }

    /// The program that an arm runs, where reading it is part of the lab.
    fn source(&self, _arm: &str) -> Option<Source> {
        None
    }

    /// Does one of its commands ([`LabDefinition::commands`]) for one of its runs.
    ///
    /// # Errors
    /// When the run does not have what the command needs, or the options do not fit it.
    fn command(&self, name: &str, _input: &CommandInput<'_>) -> Result<CommandOutput, LabError> {
        let lab = &self.definition().name;
        Err(LabError::Config(format!(
            "the {lab} lab has no command `{name}`"
        )))
    }

    /// Loads the data and checks the parameters against it.
    ///
    /// # Errors
    /// When the data cannot be used, or the parameters do not fit it.
    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError>;
}

/// What a lab runs that is not a part of this program.
#[derive(Debug, Clone, Copy)]
pub struct ForeignLab<'a> {
    /// Its commands, safe to show.
    pub programs: &'a [String],
    /// SHA-256 of its definition and programs, in hexadecimal: who agreed to it agreed to these.
    pub sha256: &'a str,
    /// Whether the person has agreed.
    pub is_agreed: bool,
}

/// An item that a finished run recorded.
#[derive(Debug, Clone, Copy)]
pub struct RecordedItem<'a> {
    /// The arm that made it.
    pub arm: &'a str,
    /// Its place among the items of a repeat, from 0.
    pub index: usize,
    /// The item.
    pub item: &'a Item,
}

/// Makes an item again.
pub type MakeAgain<'a> = Box<dyn FnOnce() -> Result<MadeAgain, LabError> + 'a>;

/// An item that was made again.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeAgain {
    /// The item.
    pub item: Item,
    /// The bits may differ between this machine and that of the record: where they do, only the
    /// figures are compared, up to this relative difference. `None` where all has to be equal.
    pub tolerance: Option<f64>,
}

/// A lab with its data loaded, ready to run any of its arms any number of times.
pub trait PreparedLab: Send + Sync {
    /// Where the data came from, if more is known than was requested; it is recorded instead of the
    /// request.
    fn data(&self) -> Option<DataSource> {
        None
    }

    /// SHA-256 of the data as the lab read it, in hexadecimal: equal for equal data, wherever it
    /// lies. A run is resumed with the same data only. `None` for a lab without data.
    fn data_sha256(&self) -> Option<String>;

    /// SHA-256 of the split into what is trained on and what is tested on, in hexadecimal. `None`
    /// for a lab without one.
    fn split_sha256(&self) -> Option<String> {
        None
    }

    /// Software that is no part of this program and does work of the lab: names and versions, such
    /// as `libtorch` and `2.11.0`. It is recorded with the run.
    fn software(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// How one item is made again, alone and on no clock, with the code and the seed of the arms:
    /// what comes out has to be what a record of the same configuration says. `None` where the lab
    /// does not offer this for the item.
    fn item_again(&self, _recorded: &RecordedItem<'_>) -> Option<MakeAgain<'_>> {
        None
    }

    /// Parameters whose values the lab has found itself: they are recorded instead of the request,
    /// so that the run is resumed with them.
    fn settled(&self) -> Params {
        Params::default()
    }

    /// What a reader of the result has to know about the data.
    fn warnings(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// Units of progress in one repeat of `arm`. An arm whose total shrinks while it runs reports
    /// that with [`Progress::set_total`].
    fn total_progress(&self, arm: &str) -> u64;

    /// The basis of comparison: what has to hold for a speed-up between two arms to be stated.
    fn basis(&self) -> Basis {
        Basis::default()
    }

    /// How near the outputs of arms that are peers have to come; `None` where there are none.
    fn near_peers(&self) -> Option<NearPeers> {
        None
    }

    /// Arms that were asked for and cannot run here, each with what a reader is told about it. The
    /// run does without them.
    fn skipped(&self) -> Vec<(String, Finding)> {
        Vec::new()
    }

    /// A remark on every speed-up, as a part of a sentence.
    fn comparison_note(&self) -> Option<String> {
        None
    }

    /// Whether a parallel arm runs on the pool's threads; false when it starts its own processes.
    fn needs_pool(&self, _arm: &str) -> bool {
        true
    }

    /// Whether other programs do the arm's work, and say what they used. What the threads and the
    /// memory of this process are like does not matter to it then, and is not looked after.
    fn works_elsewhere(&self, _arm: &str) -> bool {
        false
    }

    /// Whether a repeat of the arm that was interrupted or killed goes on when its run is resumed
    /// ([`ArmContext::before`]), instead of beginning anew. The arm's files are kept meanwhile.
    fn continues(&self, _arm: &str) -> bool {
        false
    }

    /// Warms up code and data, so that the first repeat is like the others. Not timed.
    ///
    /// # Errors
    /// When the arm cannot run.
    fn warm_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError>;

    /// Does all of an arm's work once. Timed.
    ///
    /// # Errors
    /// [`LabError::Cancelled`] when the context was cancelled, else what failed.
    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError>;

    /// Puts things back after a repeat, however it ended. Not timed.
    ///
    /// # Errors
    /// When the next repeat would not begin where this one did.
    fn clean_up(&self, _arm: &str, _ctx: &ArmContext<'_>) -> Result<(), LabError> {
        Ok(())
    }
}

/// What an arm runs with.
pub struct ArmContext<'a> {
    /// The pool, for arms that run on several slots of it; other arms have none.
    pub pool: Option<&'a Pool>,
    /// Number of slots: 1 for a serial arm.
    pub workers: u32,
    /// Which repeat of the arm this is, from 0.
    pub repeat: u32,
    /// A directory for files of this repeat, such as checkpoints. The arm creates it if it needs
    /// it; it is removed with its contents once the repeat is recorded, and before a repeat
    /// begins anew.
    pub scratch: &'a Path,
    /// The run's clock.
    pub clock: Clock,
    /// Reports progress, and says whether to stop.
    pub progress: &'a Progress,
    /// Takes the spans of work outside of the pool (a serial arm's).
    pub spans: &'a (dyn Fn(TaskSpan) + Sync),
    /// Takes what a repeat goes on from after it was killed.
    pub record: &'a dyn ArmRecord,
    /// What an earlier part of the run has recorded of this repeat, where the arm goes on with it.
    pub before: Option<&'a RepeatState>,
    /// Takes what is to be found out about the outputs once the clock has stopped.
    pub after: &'a After,
}

/// The record of a run, as an arm sees it.
pub trait ArmRecord: Sync {
    /// Records a message at once, with its time in nanoseconds on the run's clock: when this
    /// returns, nothing that is recorded later can come before it.
    fn record(&self, t_ns: u64, message: ArmMessage);

    /// Marks what has been recorded up to now.
    fn mark(&self) -> RecordMark;

    /// Whether everything up to a mark will be there also if this process is killed. What a record
    /// before the mark says is not needed any more may then be removed.
    fn is_written(&self, mark: RecordMark) -> bool;
}

/// Keeps nothing: for an arm that runs without a record.
impl ArmRecord for () {
    fn record(&self, _: u64, _: ArmMessage) {}

    fn mark(&self) -> RecordMark {
        RecordMark::default()
    }

    fn is_written(&self, _: RecordMark) -> bool {
        true
    }
}

/// What an arm leaves to be done after the clock has stopped.
#[derive(Default)]
pub struct After(Mutex<Option<Box<dyn FnOnce() -> Analysis + Send>>>);

impl After {
    /// Finds something out about the arm's outputs when its work is done and the clock has stopped.
    /// The last call counts.
    pub fn analyse(&self, analyse: impl FnOnce() -> Analysis + Send + 'static) {
        *self.slot() = Some(Box::new(analyse));
    }

    /// Does what was asked for.
    pub fn run(&self) -> Option<Analysis> {
        let analyse = self.slot().take()?;
        Some(analyse())
    }

    fn slot(&self) -> MutexGuard<'_, Option<Box<dyn FnOnce() -> Analysis + Send>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    /// Something that the program's set-up installs is missing or does not fit. The message says
    /// what.
    #[error("{what}; run `workbench setup{}`", if *gpus { " --cuda" } else { "" })]
    SetUp {
        /// What is missing, and for what.
        what: String,
        /// Whether the set-up has to include GPU support.
        gpus: bool,
    },
    /// An arm failed while it ran.
    #[error("{0}")]
    Failed(String),
}

impl LabError {
    /// The failure of an arm that ended with this error.
    pub fn arm_failure(&self, arm: &str) -> ArmFailure {
        let kind = match self {
            Self::Data(_) => ArmFailureKind::Data,
            Self::Config(_) | Self::Refused(_) => ArmFailureKind::Configuration,
            Self::Environment(_) => ArmFailureKind::Environment,
            Self::SetUp { .. } => ArmFailureKind::SetUp,
            Self::Cancelled | Self::Failed(_) => ArmFailureKind::Run,
        };
        ArmFailure {
            arm: arm.to_owned(),
            kind,
            reason: self.to_string(),
        }
    }
}
