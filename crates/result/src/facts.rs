//! What can be found in a run, as types: differences between arms, what to know before believing
//! the numbers, and what the numbers mean. [`super::messages`] says them in words.

use workbench_record::RepeatFinished;

use super::document::{ArmResult, Predicted};

/// How a repeat differs from the one that it is compared with.
pub(super) enum Difference<'a> {
    /// A counter of work differs.
    Work {
        counter: &'a str,
        expected: u64,
        found: u64,
    },
    /// There are more outputs, or fewer.
    OutputCount,
    /// Outputs differ: how many, and the first of them.
    Outputs { different: usize, first: &'a str },
    /// Only one of the two gave a figure of an item.
    FigureMissing { metric: &'a str, item: &'a str },
    /// A figure of an item is further apart than allowed.
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
    /// What it reached, where it gave the figure.
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

/// How a run ended that did not end as planned.
pub(super) enum UnplannedEnd<'a> {
    /// It is under way, or was killed.
    Unfinished,
    Interrupted,
    Failed,
    /// It failed with the fault that it was asked for: the parameter, and its value.
    AskedFault {
        parameter: &'a str,
        fault: &'a str,
    },
}

/// What a reader has to know before believing the numbers.
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
    /// Cores' worth of time that the hypervisor took.
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
    Lockstep,
    Tasks,
}

/// What slot time is lost to.
pub(super) enum LostTo<'a> {
    /// Slots were idle at the end.
    Imbalance {
        /// The predictions, where another order would help.
        order: Option<Predicted>,
        /// The serial fraction that the imbalance is mistaken for, where it is.
        karp_flatt: Option<f64>,
    },
    /// The work took more CPU time than in the base, by so many per cent.
    Inflation {
        more_percent: f64,
        base: &'a str,
        lockstep: bool,
    },
    Waiting(WaitCause),
    /// Overhead per task, in milliseconds.
    Overhead(f64),
}

/// What the numbers of one arm mean.
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

/// What the numbers mean.
pub(super) enum Diagnosis<'a> {
    Arm(&'a ArmResult, ArmDiagnosis<'a>),
    /// The two fastest arms at a number of workers, the faster first; the ratio of their wall times
    /// where their intervals tell them apart.
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
}
