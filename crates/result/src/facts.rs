//! Facts about a run, as types: differences between arms, warnings and diagnoses.
//! [`super::messages`] makes their text.

use workbench_machine::CounterAccess;
use workbench_record::{BestItem, LabFacts, RepeatFinished};

use super::document::{ArmResult, Predicted};
use super::precision::{Noise, UntilOutcome};
use super::tool_cost::ToolCost;

/// A difference between a repeat and its reference.
pub(super) enum Difference<'a> {
    /// A counter of work differs.
    Work {
        counter: &'a str,
        expected: u64,
        found: u64,
    },
    /// There are more outputs, or fewer.
    OutputCount,
    /// Outputs differ: their number, and the first of them.
    Outputs { different: usize, first: &'a str },
    /// Only one of the two repeats has the figure of an item.
    FigureMissing { metric: &'a str, item: &'a str },
    /// The values of an item's figure differ by more than the tolerance.
    Figure {
        metric: &'a str,
        item: &'a str,
        expected: f64,
        found: f64,
        tolerance: f64,
    },
}

/// A repeat that ended before its target.
pub(super) struct MissedTarget<'a> {
    pub repeat: &'a RepeatFinished,
    pub metric: &'a str,
    /// The value that it reached, if it reported the figure.
    pub reached: Option<f64>,
    pub target: f64,
    /// `at least` or `at most`.
    pub direction: &'static str,
}

/// Why no speed-up is stated.
pub(super) enum NoSpeedup {
    TargetMissed,
    UnequalWork,
}

/// How a run ended, if not as planned.
pub(super) enum UnplannedEnd<'a> {
    /// It is under way, or was killed.
    Unfinished,
    Interrupted,
    Failed,
    /// It failed with an injected fault: the parameter, and its value.
    AskedFault {
        parameter: &'a str,
        fault: &'a str,
    },
}

/// A warning: what a reader has to know before trusting the numbers.
pub(super) enum Caveat<'a> {
    NoSpeedup(NoSpeedup),
    End {
        end: UnplannedEnd<'a>,
        done: usize,
        run_id: &'a str,
    },
    /// A person stopped an arm after so many repeats.
    ArmStopped {
        arm: &'a str,
        done: usize,
        run_id: &'a str,
    },
    DebugBuild,
    /// The fewest repeats of any arm.
    FewRepeats(usize),
    Oversubscribed {
        arm: &'a ArmResult,
        usable: f64,
        limit: &'a str,
    },
    /// Standard deviation over mean of the wall times, and how many of them are outliers.
    Noisy {
        arm: &'a ArmResult,
        scatter: f64,
        outliers: usize,
    },
    AboveBound {
        arm: &'a ArmResult,
        speedup: f64,
        bound: f64,
        base: &'a str,
    },
    /// How narrow the intervals are, after so many repeats, in a run that was to go on until they
    /// are narrow.
    Precision {
        precision: &'a UntilOutcome,
        repeats: u32,
        /// Whether the time was up.
        late: bool,
    },
    /// What a control shows.
    Noise {
        noise: Noise,
        base: &'a str,
    },
    /// Stolen time: cores that the hypervisor took.
    Steal(f64),
    /// Cores that other processes used.
    OtherProcesses(f64),
}

/// A part of the slot time that is lost: seconds, and per cent of the slot time.
#[derive(Clone, Copy)]
pub(super) struct Lost {
    pub seconds: f64,
    pub percent: f64,
}

/// Why slots wait.
pub(super) enum WaitCause {
    Oversubscribed,
    /// They had no core each, as the arm's repeats noticed.
    SharedCores,
    Lockstep,
    /// Nothing is known but that the processes used less CPU time.
    NotBusy,
    /// Tasks were ready late, or waited for something; where nobody counts for how long they had
    /// no core, also that.
    Tasks {
        /// Cores that other processes used while the run went on, where that is worth saying.
        others: Option<f64>,
        /// Core time that the hypervisor gave to others, in seconds, where it is worth saying.
        steal_s: Option<f64>,
    },
}

/// Why tasks that could have run had no core.
pub(super) enum NoCoreCause {
    /// There were more slots than usable cores.
    Oversubscribed,
    /// Other processes used so many cores.
    Others(f64),
    /// Nothing recorded explains it.
    Unknown,
}

/// Why the same work took more CPU time.
pub(crate) struct Inflation {
    /// Everything recorded that rose with it.
    pub causes: Vec<InflationCause>,
    /// Whether the processor's counters were read, and why not.
    pub counters: CounterAccess,
}

/// Something that takes CPU time, and of which there was more than in the base.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InflationCause {
    /// Cycles per instruction.
    Cycles {
        /// As a share of the base's.
        more: f64,
        /// Cache misses per instruction, as a share of the base's, where they rose.
        misses: Option<f64>,
        /// Whether all slots ran on one core.
        one_core: bool,
    },
    /// Instructions, as a share of the base's.
    Instructions { more: f64 },
    /// The cores ran slower.
    Frequency { from_mhz: f64, to_mhz: f64 },
    /// Page faults.
    Faults { minor: u64, major: u64 },
    /// Times that threads were taken off their cores.
    Switches { more: u64 },
    /// Core time that the hypervisor gave to others, in seconds.
    Steal { core_s: f64 },
}

/// The cause of lost slot time.
pub(super) enum LostTo<'a> {
    /// Slots were idle at the end.
    Imbalance {
        /// The predictions, if another order would help.
        order: Option<Predicted>,
        /// The fitted serial fraction, if the imbalance causes it.
        karp_flatt: Option<f64>,
    },
    /// The work took more CPU time than in the base, by so many per cent.
    Inflation {
        more_percent: f64,
        base: &'a str,
        lockstep: bool,
        why: Inflation,
    },
    Waiting(WaitCause),
    /// Tasks could have run and had no core.
    NoCore(NoCoreCause),
    /// Overhead per task, in milliseconds.
    Overhead(f64),
}

/// A diagnosis of one arm.
pub(super) enum ArmDiagnosis<'a> {
    /// The interval of the speed-up holds 1.
    NoDifference {
        interval: [f64; 2],
        base: &'a str,
    },
    /// The tasks of the arm allow no greater speed-up.
    Bound(f64),
    Lost(Lost, LostTo<'a>),
    /// The slots are busy with useful work, in per cent.
    SlotsBusy(f64),
}

/// A diagnosis.
pub(super) enum Diagnosis<'a> {
    Arm(&'a ArmResult, ArmDiagnosis<'a>),
    /// The two fastest arms at a number of workers, the faster one first, with the ratio of their
    /// wall times if their intervals show a difference.
    BestArm {
        workers: u32,
        best: &'a str,
        second: &'a str,
        ratio: Option<f64>,
    },
    /// More workers than this would make an arm slower.
    Peak {
        arm: &'a str,
        peak: f64,
        contention: f64,
        coherency: f64,
    },
    /// A serial fraction caps the speed-up of an arm.
    SerialFraction {
        arm: &'a str,
        fraction: f64,
    },
    /// What one way to run in parallel costs.
    ToolCost(&'a ToolCost),
    /// Ways to run in parallel at a number of workers, by the size of tasks from which they pay.
    ToolOrder(u32, Vec<&'a ToolCost>),
    /// The best item that arms made, and what the lab declares about it.
    BestItem(&'a BestItem, &'a LabFacts),
}

/// Why a `result.json` is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentMisfit {
    /// It cannot be read.
    Unreadable,
    /// It was changed after it was written.
    Changed,
    /// It was written for another log, or the log was changed since.
    OtherLog,
}

/// The numbers of workers of an arm to which no law is fitted.
#[derive(Debug, Default)]
pub(super) struct UnfittedWorkers {
    /// The workers share cores, or have cores of other speeds.
    pub sharing: Vec<u32>,
    /// The arm failed there, or recovered from a failure.
    pub failed: Vec<u32>,
}
