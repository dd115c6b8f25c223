//! The result document: what `result.json`, `--json` and every report hold. Its schema is
//! `docs/result.schema.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use workbench_json::Floats;
use workbench_machine::MachineFacts;
use workbench_machine::monitor::ResourceUse;
use workbench_record::RunStatus;
use workbench_record::{
    Analysis, ArmComparison, ArmFailure, Breakdown, Disturbance, Finding, Item, LabFacts, Quantity,
    Source,
};
use workbench_record::{DataSource, ParamValue};
use workbench_stats::interval::Interval;

use super::precision::{Noise, UntilOutcome};
use super::race::Race;
use super::tool_cost::ToolCost;
use super::what_if::WhatIf;

/// Version of the document's schema.
pub const SCHEMA: u32 = 3;

/// The result of a run: every number that a report may state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// Version of this document's schema.
    pub schema: u32,
    /// The run's id.
    pub run_id: String,
    /// The lab's name.
    pub lab: String,
    /// The lab's title, for people.
    pub lab_title: String,
    /// The preset that the configuration started from.
    pub preset: String,
    /// Seed of everything random in the run.
    pub seed: u64,
    /// The exact command that reproduces the run.
    pub command: String,
    /// When the run started, RFC 3339 in UTC.
    pub started_at: String,
    /// How the run ended.
    pub status: RunStatus,
    /// The lab's parameters, defaults filled in.
    pub parameters: BTreeMap<String, ParamValue>,
    /// Where the data came from.
    pub data: DataSource,
    /// SHA-256 of the data that the lab read; null without data.
    #[serde(default)]
    pub data_sha256: Option<String>,
    /// Software beside the program that did work of the lab: names and versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub software: BTreeMap<String, String>,
    /// Repeats that every arm was to have: as many as requested, or, where the run was to go on
    /// until its intervals are narrow, as many as were planned in the end.
    pub repeats: u32,
    /// How narrow the intervals are, in a run that was to go on until they are narrow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<UntilOutcome>,
    /// How the arms compare on their way to a goal, where they are compared so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<Race>,
    /// By how much equal arms differ, in a run with a control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// The requested arms and numbers of workers; empty in documents of older versions.
    #[serde(default)]
    pub asked: Asked,
    /// The arms that failed, and why.
    #[serde(default)]
    pub failed_arms: Vec<ArmFailure>,
    /// The machine, with the program.
    pub machine: MachineFacts,
    /// Which program made which repeats on which machine; those that count come first.
    #[serde(default)]
    pub made: Vec<MadeBy>,
    /// The arm that speed-ups are stated against.
    pub base: String,
    /// How the arms are compared. Documents of older versions call it `terms`.
    #[serde(default, alias = "terms")]
    pub comparison: ArmComparison,
    /// What the lab declares about its figures, slots and arms.
    #[serde(default)]
    pub lab_facts: LabFacts,
    /// One entry per arm and number of workers, in the lab's order.
    pub arms: Vec<ArmResult>,
    /// The source code of the arms' programs, for labs that show it.
    #[serde(default)]
    pub sources: Vec<ArmSource>,
    /// Whether arms did equal work and gave equal outputs.
    pub check: Check,
    /// Speed-up over the number of workers, one entry per parallel arm, when several numbers of
    /// workers were run.
    pub scaling: Vec<Scaling>,
    /// What other numbers of workers would give, computed from the recorded durations.
    pub what_if: Vec<WhatIf>,
    /// What running tasks in parallel costs, in a run with arms of other engines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolCost>,
    /// Disturbed repeats that are left out of all numbers, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOutRepeat>,
    /// Causes that disturbed repeats, both those that are left out and those that count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturbances: Vec<DisturbedBy>,
    /// Cost of the measurement itself.
    pub instrument: Instrument,
    /// What the numbers mean, as findings.
    pub diagnoses: Vec<Finding>,
    /// What a reader must know before believing the numbers.
    pub warnings: Vec<Finding>,
    /// What is worth knowing besides; it puts no number in doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Finding>,
    /// The log that the document was computed from; null where there was no run directory.
    #[serde(default)]
    pub fingerprint: Option<Fingerprint>,
}

/// Identifies the log that a document was computed from, so that a reader can tell whether the
/// document still fits its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fingerprint {
    /// Size of the log, in bytes.
    pub log_bytes: u64,
    /// SHA-256 of these bytes, in hexadecimal.
    pub log_sha256: String,
    /// The version of workbench that computed it.
    pub version: String,
    /// SHA-256 of the document as compact JSON, with this field empty.
    pub document_sha256: String,
}

/// The finished repeats that one program made on one machine. Only those of the first entry count:
/// times of different programs or machines are not compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MadeBy {
    /// When the run was first started there, RFC 3339 in UTC; null where the record is damaged.
    pub started_at: Option<String>,
    /// The program, by version, commit and hash; null where the record is damaged.
    pub program: Option<String>,
    /// The processor; null where the record is damaged.
    pub cpu_model: Option<String>,
    /// Cores that could be used at once; null where the record is damaged.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub cores_usable: Option<f64>,
    /// Number of repeats.
    pub repeats: u32,
}

/// What was requested of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The names of the arms, base first.
    pub arms: Vec<String>,
    /// Numbers of workers of the parallel arms, rising.
    pub workers: Vec<u32>,
}

/// One arm at one number of workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArmResult {
    /// The arm's name.
    pub name: String,
    /// The arm's title, for people.
    pub title: String,
    /// Whether it is the control, which does what the base does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// Whether it has another engine than the lab's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub peer: bool,
    /// Number of slots.
    pub workers: u32,
    /// More slots than usable cores.
    pub oversubscribed: bool,
    /// Wall time of each repeat, in seconds.
    #[serde(with = "Floats::<Vec<f64>>")]
    pub wall_s: Vec<f64>,
    /// CPU time of the process in each repeat, in seconds.
    #[serde(with = "Floats::<Vec<f64>>")]
    pub cpu_s: Vec<f64>,
    /// Median of `wall_s`.
    #[serde(with = "Floats::<f64>")]
    pub wall_median_s: f64,
    /// Median over the repeats of the base's wall time over this arm's in the same repeat; null
    /// when the arms' work or outputs differ.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub speedup: Option<f64>,
    /// Interval that contains the speed-up: a 95 % confidence interval from 3 repeats on; with 2
    /// repeats their range, which allows no conclusion. Null with one repeat and for the base.
    pub speedup_interval: Option<Interval>,
    /// Speed-up over workers.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub efficiency: Option<f64>,
    /// The most that any work can gain from this many slots here: the relative speeds of the
    /// fastest cores added up; min(workers, usable cores) where all cores are equally fast.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub ideal: Option<f64>,
    /// The best speed-up that this arm's tasks allow on this many slots and this machine:
    /// min(ideal, total work / longest task).
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub bound: Option<f64>,
    /// What list scheduling of the recorded durations predicts for this many slots.
    pub predicted: Option<Predicted>,
    /// Experimentally determined serial fraction (Karp and Flatt 1990); null for one worker.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub karp_flatt: Option<f64>,
    /// CPU time of the tasks in the base (or in this arm, where that is less): the work that had to
    /// be done, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub useful_s: f64,
    /// Where workers × wall time − useful work went, in seconds, in the repeat with the median wall
    /// time.
    pub lost_s: LostSeconds,
    /// Number of tasks in one repeat.
    pub tasks: u64,
    /// Work of one repeat, by counter.
    pub work: BTreeMap<String, u64>,
    /// Quality of the outputs, by figure.
    pub quality: BTreeMap<String, Quantity>,
    /// Resources that a repeat used, each figure as a median over the repeats; absent where it was
    /// not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<ResourceUse>,
    /// Breakdown of the repeat with the median wall time, for labs that record one.
    #[serde(default)]
    pub breakdown: Breakdown,
    /// What the lab found out about the outputs, for labs that do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// How the items' CPU time depends on their size: a line by least squares. Null where the lab
    /// declares no size, and with fewer than three items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_by_size: Option<TimeBySize>,
    /// SHA-256 over the items' hashes, in hexadecimal: equal for equal outputs.
    pub outputs_sha256: String,
    /// Outputs of the arm, one entry per item.
    pub items: Vec<ItemResult>,
}

/// A repeat that is left out of all numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOutRepeat {
    /// The arm's name.
    pub arm: String,
    /// Number of slots.
    pub workers: u32,
    /// The repeat, from 0.
    pub repeat: u32,
    /// Its wall time, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub wall_s: f64,
    /// Whether it was run again; the new repeat counts.
    pub replaced: bool,
    /// What disturbed it.
    pub disturbances: Vec<Disturbance>,
}

impl LeftOutRepeat {
    /// Which repeat of which arm at which number of slots.
    pub(crate) fn id(&self) -> (&str, u32, u32) {
        (&self.arm, self.workers, self.repeat)
    }
}

/// One cause that disturbed repeats of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisturbedBy {
    /// The cause, with its size over all these repeats: the sum of times, and the largest change.
    #[serde(flatten)]
    pub cause: Disturbance,
    /// Repeats that were disturbed.
    pub repeats: u32,
    /// Number of them that are left out.
    pub left_out: u32,
}

/// The source code of an arm's program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmSource {
    /// The arm's name.
    pub arm: String,
    /// The source code.
    #[serde(flatten)]
    pub source: Source,
}

/// One item of an arm's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemResult {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// CPU seconds spent in the item's tasks in the median repeat.
    #[serde(with = "Floats::<f64>")]
    pub cpu_s: f64,
}

/// CPU seconds of an item = intercept + slope × size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeBySize {
    /// What an item costs however small it is, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub intercept_s: f64,
    /// What every unit of size adds, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub slope_s: f64,
    /// Share of the variance that the line explains, 0 to 1.
    #[serde(with = "Floats::<f64>")]
    pub r_squared: f64,
}

/// Lost time by cause, in seconds of slot time. Adds up to workers × wall time − useful work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LostSeconds {
    /// Slots idle although a task was ready, and time before the first and after the last task.
    #[serde(with = "Floats::<f64>")]
    pub overhead: f64,
    /// Slots idle at the end, while the last tasks ran elsewhere.
    #[serde(with = "Floats::<f64>")]
    pub imbalance: f64,
    /// Slots idle because no task was ready, and tasks that waited for something themselves.
    #[serde(with = "Floats::<f64>")]
    pub waiting: f64,
    /// CPU time that the tasks took beyond what the same work took in the base.
    #[serde(with = "Floats::<f64>")]
    pub inflation: f64,
    /// Time in which tasks could have run and had no core, where that is counted; elsewhere it is
    /// part of `waiting`.
    #[serde(default, with = "Floats::<f64>")]
    pub no_core: f64,
}

impl LostSeconds {
    /// The causes, in the order of [`by_cause`](Self::by_cause).
    pub const CAUSES: [&str; 5] = ["overhead", "imbalance", "waiting", "inflation", "no core"];

    /// Seconds by cause.
    pub fn by_cause(&self) -> [f64; 5] {
        let Self {
            overhead,
            imbalance,
            waiting,
            inflation,
            no_core,
        } = *self;
        [overhead, imbalance, waiting, inflation, no_core]
    }

    /// The sum over the causes, in seconds.
    pub fn total(&self) -> f64 {
        self.by_cause().iter().sum()
    }
}

/// Speed-ups that list scheduling predicts from recorded durations, without overhead or inflation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Predicted {
    /// Tasks in submission order.
    #[serde(with = "Floats::<f64>")]
    pub fifo: f64,
    /// Longest task first.
    #[serde(with = "Floats::<f64>")]
    pub longest_first: f64,
}

/// Whether the arms are comparable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// All arms did the same amount of work.
    pub equal_work: bool,
    /// All arms gave the same outputs: bit for bit, or within the tolerance of the comparison's
    /// basis.
    pub equal_outputs: bool,
    /// Whether every repeat of every arm reached the target; null where the basis of comparison is
    /// not the time to a target, or the base of a race has no finished repeat. Where it is, work
    /// and outputs may differ.
    #[serde(default)]
    pub target_reached: Option<bool>,
    /// What differed; empty when nothing did.
    pub differences: Vec<Finding>,
}

impl Check {
    /// Whether the split of lost time means something: work was equal, or is each arm's own.
    pub fn is_split_meaningful(&self) -> bool {
        self.equal_work || self.target_reached.is_some()
    }

    /// Whether a speed-up may be stated.
    pub fn passed(&self) -> bool {
        self.target_reached
            .unwrap_or(self.equal_work && self.equal_outputs)
    }
}

/// Speed-up of one arm over the number of workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scaling {
    /// The arm.
    pub arm: String,
    /// The measured points, in rising number of workers.
    pub points: Vec<ScalingPoint>,
    /// Serial fraction (Amdahl 1967), or why there is none.
    pub amdahl: Fit<AmdahlFit>,
    /// Contention and coherency of the universal scalability law (Gunther 1993), or why there are
    /// none.
    pub usl: Fit<UslFit>,
}

/// One measured point of a scaling curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScalingPoint {
    /// Number of workers.
    pub workers: u32,
    /// Speed-up against the base.
    #[serde(with = "Floats::<f64>")]
    pub speedup: f64,
    /// Its interval, as in the arm's entry.
    pub interval: Option<Interval>,
}

/// A fitted model, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit<T> {
    /// The parameters.
    Fitted(T),
    /// What is missing for a fit.
    Refused(Finding),
}

impl<T> Fit<T> {
    /// What is missing, where it was refused.
    pub fn refused(&self) -> Option<&Finding> {
        match self {
            Self::Fitted(_) => None,
            Self::Refused(reason) => Some(reason),
        }
    }
}

/// Amdahl's law: S(p) = 1 / (s + (1 − s)/p).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AmdahlFit {
    /// Serial fraction s, 0 to 1.
    #[serde(with = "Floats::<f64>")]
    pub serial_fraction: f64,
    /// Root mean square error of the speed-up.
    #[serde(with = "Floats::<f64>")]
    pub rmse: f64,
}

/// Universal scalability law: S(p) = p / (1 + σ(p − 1) + κp(p − 1)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UslFit {
    /// Contention σ.
    #[serde(with = "Floats::<f64>")]
    pub sigma: f64,
    /// Coherency κ.
    #[serde(with = "Floats::<f64>")]
    pub kappa: f64,
    /// Number of workers with the highest speed-up, where there is one.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub peak_workers: Option<f64>,
    /// Root mean square error of the speed-up.
    #[serde(with = "Floats::<f64>")]
    pub rmse: f64,
}

/// Cost of sampling and recording, and of showing the run on a screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Instrument {
    /// CPU seconds of sampling and recording over the whole run.
    #[serde(with = "Floats::<f64>")]
    pub cpu_s: f64,
    /// CPU seconds of sampling and recording per second of run: 0.01 is one hundredth of one core.
    #[serde(with = "Floats::<f64>")]
    pub share_of_one_core: f64,
    /// CPU seconds that showing the run on a screen of the same process took; 0 without a screen.
    #[serde(default, with = "Floats::<f64>")]
    pub screen_cpu_s: f64,
    /// The same per second of run.
    #[serde(default, with = "Floats::<f64>")]
    pub screen_share_of_one_core: f64,
}
