//! The facts of a run. A run *is* its list of events: the live display, the report, the comparison
//! and the resumption all read these and nothing else.
//!
//! The log holds one JSON object per line: `{"t_ns":…,"event":"repeat_started",…}`. Adding a field
//! or a kind of event keeps [`FORMAT`]; changing the meaning of an existing one raises it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Analysis, ArmComparison, ArmFailure, Breakdown, ControllerState, Disturbance, Finding, Item,
    ItemEvent, LabFacts, Quantity, RunConfig, RunFailure, SlotState, Source, legacy,
};
use workbench_json::Floats;
use workbench_machine::MachineFacts;
use workbench_machine::monitor::{Conditions, ResourceUse, Sample};
use workbench_pool::TaskSpan;
use workbench_questions::LockedPredictions;

/// Version of the event log's format.
pub const FORMAT: u32 = 2;

/// One line of the log: a fact and when it became true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Nanoseconds on the run's clock.
    pub t_ns: u64,
    /// The fact.
    #[serde(flatten)]
    pub event: Event,
}

/// A fact about a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line of every log.
    RunStarted(Box<RunStarted>),
    /// What is asked about the run, and what was predicted before it began; where nothing is asked
    /// it is not there.
    PredictionsLocked(Box<LockedPredictions>),
    /// How the arms are compared, where it is not the usual way.
    #[serde(alias = "terms")]
    Comparison(ArmComparison),
    /// The run was taken up again after it had been interrupted or killed.
    RunResumed(Box<RunResumed>),
    /// Every arm is to have so many repeats from now on: more, because its interval is not yet
    /// narrow enough, or fewer, because the time is up.
    RepeatsPlanned {
        /// Repeats of every arm, those that were done included.
        repeats: u32,
    },
    /// The clock of a repeat was started (data loaded, pool started and warm before this).
    RepeatStarted(RepeatId),
    /// A repeat that was begun in an earlier part of the run goes on with what was recorded and
    /// kept of it.
    RepeatContinued(RepeatId),
    /// A task ended.
    Task(TaskSpan),
    /// How far the current repeat is.
    Progress {
        /// Units of work done.
        done: u64,
        /// Units of work in this repeat. It may shrink, but never below what is done.
        total: u64,
    },
    /// A look at the machine.
    Sample(Sample),
    /// A point of a curve of the current repeat: the loss after a step, the accuracy after an
    /// epoch.
    Metric {
        /// What the curve shows, with its unit where it has one: `loss`, `images/s`.
        name: String,
        /// The item that it belongs to (a trial, a model); `None` for the repeat as a whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        /// Where the point lies, counted in the lab's own steps.
        step: u64,
        /// How high.
        #[serde(with = "Floats::<f64>")]
        value: f64,
    },
    /// What becomes of an item of the current repeat.
    Item(ItemEvent),
    /// How a slot of the current repeat stands. Recorded as often as samples are.
    Slot(SlotState),
    /// What whoever controls the current repeat is doing from now on.
    #[serde(deserialize_with = "legacy::state")]
    State(ControllerState),
    /// A line that a worker, a task or a library printed. It never reaches the terminal by itself.
    Output {
        /// Who printed it, for example `rank 1`.
        source: String,
        /// The line, without its end.
        text: String,
    },
    /// A person stopped one arm; the others go on.
    ArmStopped {
        /// The arm's name.
        arm: String,
    },
    /// An arm failed: what it has left undone is not tried again in this part of the run.
    ArmFailed(ArmFailure),
    /// The run could not go on; [`Event::RunFinished`] follows.
    RunFailed(RunFailure),
    /// The clock of a repeat was stopped.
    RepeatFinished(Box<RepeatFinished>),
    /// Something that a reader of the result has to know. Logs of earlier versions call it
    /// `warning`.
    #[serde(alias = "warning", deserialize_with = "legacy::finding")]
    Finding(Finding),
    /// The last line of a log that was closed in order.
    RunFinished {
        /// How the run ended.
        status: RunStatus,
        /// CPU seconds that sampling and recording have cost so far in this part of the run.
        instrument_cpu_ns: u64,
        /// CPU time that a screen in the same process has cost in this part of the run; 0 when
        /// nobody watched there.
        #[serde(default)]
        screen_cpu_ns: u64,
    },
    /// Lines that cannot be read. Whoever reads a log puts it where they were; it is never written.
    #[serde(skip)]
    Unreadable(Unreadable),
}

impl Event {
    /// The names of all kinds of events, as logs of this version and of earlier ones have them. A
    /// line of a known kind that does not parse is damaged; a line of any other kind comes from a
    /// newer workbench.
    pub const KINDS: [&'static str; 23] = [
        "run_started",
        "predictions_locked",
        "comparison",
        "terms",
        "run_resumed",
        "repeats_planned",
        "repeat_started",
        "repeat_continued",
        "task",
        "progress",
        "sample",
        "metric",
        "item",
        "slot",
        "state",
        "output",
        "arm_stopped",
        "arm_failed",
        "run_failed",
        "repeat_finished",
        "finding",
        "warning",
        "run_finished",
    ];

    /// Whether the fact is worth something without the end of its repeat. A repeat that was not
    /// finished is run again when the run is resumed.
    pub(crate) fn is_lasting(&self) -> bool {
        !matches!(
            self,
            Self::RepeatStarted(_)
                | Self::RepeatContinued(_)
                | Self::Task(_)
                | Self::Progress { .. }
                | Self::Sample(_)
                | Self::Metric { .. }
                | Self::Item(_)
                | Self::Slot(_)
                | Self::State(_)
                | Self::Output { .. }
        )
    }
}

/// Lines of a log that cannot be read, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Why not.
    pub kind: UnreadableKind,
    /// The first of them, counted from 1.
    pub line: u64,
    /// How many.
    pub lines: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

/// Why a line of a log cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadableKind {
    /// It is no event any more.
    Damaged,
    /// It is of a kind that this version does not know.
    Unknown,
}

/// What is known when a run starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`FORMAT`] of the log.
    pub format: u32,
    /// The run's id, also the name of its directory.
    pub run_id: String,
    /// Milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// Everything that was asked for, defaults filled in.
    pub config: RunConfig,
    /// The machine.
    pub machine: MachineFacts,
    /// The lab's title, for people.
    pub lab_title: String,
    /// The arms of the configuration, base first, as they were called when the run was made.
    pub arms: Vec<ArmFacts>,
    /// Number of repeats that the plan holds, over all arms.
    pub planned_repeats: u32,
    /// What the lab declares for the readers of its runs.
    #[serde(default)]
    pub lab_facts: LabFacts,
    /// SHA-256 of the data that the lab read, in hexadecimal; `None` for a lab without data, and in
    /// logs of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_sha256: Option<String>,
    /// SHA-256 of the split into rows to train on and rows to test on, in hexadecimal; `None` for a
    /// lab without one, and in logs of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_sha256: Option<String>,
    /// Software beside this program that did work of the lab: names and versions. Empty for a lab
    /// without, and in logs of older versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub software: BTreeMap<String, String>,
}

/// What is known when a run is taken up again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunResumed {
    /// Milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// Bytes of an unfinished last line that were cut off, 0 as a rule.
    pub cut_bytes: u64,
    /// The machine, with the program; `None` in logs of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineFacts>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// One arm as a run knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmFacts {
    /// The arm's name.
    pub name: String,
    /// The arm's title, for people.
    pub title: String,
    /// Whether it runs on several slots.
    pub parallel: bool,
    /// Whether it is the control: it does what the base does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// Where it does the work with another engine: the serial arm of that engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerFacts>,
    /// The program that it runs, where reading it is part of the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl ArmFacts {
    /// The numbers of workers at which the arm runs: a serial arm has one slot.
    pub fn workers_of(&self, workers: &[u32]) -> Vec<u32> {
        if self.parallel {
            workers.to_vec()
        } else {
            vec![1]
        }
    }
}

/// What is known of an arm that does the lab's work with another engine than the lab's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerFacts {
    /// The arm that does it with that engine on one core; itself, where it is that, and `None`
    /// where the lab has none.
    #[serde(default)]
    pub serial: Option<String>,
}

/// Names one repeat of one arm at one number of workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepeatId {
    /// The arm's name.
    pub arm: String,
    /// Number of slots it ran on.
    pub workers: u32,
    /// 0 for the first repeat.
    pub repeat: u32,
}

/// What a finished repeat leaves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RepeatFinished {
    /// Which repeat.
    #[serde(flatten)]
    pub id: RepeatId,
    /// The start of the run that it belongs to: 0 for the first, 1 after the first resumption.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start: u32,
    /// When its clock was started, nanoseconds on the run's clock.
    pub started_ns: u64,
    /// Wall time in nanoseconds.
    pub wall_ns: u64,
    /// CPU time of the process in that time, in nanoseconds.
    pub cpu_ns: u64,
    /// CPU time that the instrument used in that time, in nanoseconds (part of `cpu_ns`).
    pub instrument_cpu_ns: u64,
    /// CPU time that a screen in the same process used in that time, in nanoseconds (part of
    /// `cpu_ns`).
    #[serde(default)]
    pub screen_cpu_ns: u64,
    /// How much work was done, by counter name; arms must agree on all of them.
    pub work: BTreeMap<String, u64>,
    /// What came out, item by item in the lab's order.
    pub items: Vec<Item>,
    /// The figures that tell how good the outcome is.
    pub quality: BTreeMap<String, Quantity>,
    /// What it consisted of, for labs that tell.
    #[serde(default, skip_serializing_if = "Breakdown::is_empty")]
    pub breakdown: Breakdown,
    /// What the lab found out about the outputs after the clock had stopped, for labs that do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// Under which conditions it ran; `None` in logs of versions that did not record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Conditions>,
    /// What it used; `None` in logs of versions that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<ResourceUse>,
    /// What disturbed it beyond the usual. Where one of these [spoils](Disturbance::spoils) it, it
    /// is left out of every number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturbances: Vec<Disturbance>,
}

impl RepeatFinished {
    /// Whether it counts: nothing spoiled it.
    pub fn counts(&self) -> bool {
        !self.disturbances.iter().any(Disturbance::spoils)
    }
}

/// How a run ended, as far as its log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// The log has no end: the run is under way, or was killed.
    #[default]
    Unfinished,
    /// Every planned repeat was done.
    Completed,
    /// A person or a signal stopped it.
    Interrupted,
    /// An arm failed, or the machine refused what the run needed.
    Failed,
}
