//! Named formulas: which number of a run a question asks for.

use serde::{Deserialize, Serialize};

/// A number of a run: what is measured, of which arm, at how many workers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formula {
    /// What is measured.
    #[serde(flatten)]
    pub measure: Measure,
    /// The arm's name; `None` for the arm with the largest speed-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// The number of workers; `None` for the largest at which the arm ran. For [`Measure::WhatIf`]
    /// and [`Measure::Bound`] any number of slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

/// What is measured, by its name in `questions.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "kebab-case")]
pub enum Measure {
    /// Median wall time of a repeat, in seconds.
    WallTime,
    /// Median CPU time of a repeat, in seconds.
    CpuTime,
    /// The base's wall time over the arm's.
    SpeedUp,
    /// The lower end of the speed-up's interval.
    IntervalLow,
    /// The upper end of the speed-up's interval.
    IntervalHigh,
    /// Speed-up over workers.
    Efficiency,
    /// The experimentally determined serial fraction: (1/S − 1/p) / (1 − 1/p) (Karp and Flatt
    /// 1990).
    KarpFlatt,
    /// The serial fraction of Amdahl's law, fitted over several numbers of workers.
    SerialFraction,
    /// The most that any work can gain from so many workers on this machine.
    Ideal,
    /// The best speed-up that the arm's tasks allow: min(ideal, total work / longest task). At a
    /// number of workers that was not run, every worker has a core of its own.
    Bound,
    /// Total work over the longest task: what no number of workers exceeds.
    Limit,
    /// The speed-up that list scheduling of the recorded tasks gives on so many slots.
    WhatIf {
        /// The order in which tasks start.
        #[serde(default)]
        order: TaskOrder,
    },
    /// Share of the slots' time that was lost: lost time over workers × wall time.
    LostShare {
        /// Only what this cause took; `None` for all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
    },
    /// Lost time, in seconds of slot time.
    LostTime {
        /// Only what this cause took; `None` for all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
    },
    /// Number of tasks of a repeat.
    Tasks,
    /// A counter of the work of a repeat.
    Work {
        /// The counter's name.
        figure: String,
    },
    /// A figure of the quality of the outputs.
    Quality {
        /// The figure's name.
        figure: String,
    },
}

/// The order in which tasks start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskOrder {
    /// As they were submitted.
    #[default]
    Fifo,
    /// The longest first.
    LongestFirst,
}

/// A cause of lost time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Starting tasks, and the time before the first and after the last.
    Overhead,
    /// Slots idle at the end.
    Imbalance,
    /// No task was ready, or tasks waited for something.
    Waiting,
    /// The work took more CPU time than in the base.
    Inflation,
    /// Tasks could have run and had no core.
    NoCore,
}

impl Cause {
    /// All causes, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Overhead,
        Self::Imbalance,
        Self::Waiting,
        Self::Inflation,
        Self::NoCore,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overhead => "overhead",
            Self::Imbalance => "imbalance",
            Self::Waiting => "waiting",
            Self::Inflation => "inflation",
            Self::NoCore => "no-core",
        }
    }
}

/// What a number of a formula is measured in, and so which units may be typed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureUnit {
    /// A plain number.
    Plain,
    /// A ratio, such as 1.9, also typed as `1.9x`.
    Ratio,
    /// A share from 0 to 1, also typed in percent.
    Share,
    /// Seconds; `ms`, `s`, `min` and `h` may be typed.
    Seconds,
}

impl Measure {
    /// Its name in `questions.toml`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WallTime => "wall-time",
            Self::CpuTime => "cpu-time",
            Self::SpeedUp => "speed-up",
            Self::IntervalLow => "interval-low",
            Self::IntervalHigh => "interval-high",
            Self::Efficiency => "efficiency",
            Self::KarpFlatt => "karp-flatt",
            Self::SerialFraction => "serial-fraction",
            Self::Ideal => "ideal",
            Self::Bound => "bound",
            Self::Limit => "limit",
            Self::WhatIf { .. } => "what-if",
            Self::LostShare { .. } => "lost-share",
            Self::LostTime { .. } => "lost-time",
            Self::Tasks => "tasks",
            Self::Work { .. } => "work",
            Self::Quality { .. } => "quality",
        }
    }

    /// What its number is measured in.
    pub fn unit(&self) -> MeasureUnit {
        match self {
            Self::WallTime | Self::CpuTime | Self::LostTime { .. } => MeasureUnit::Seconds,
            Self::SpeedUp
            | Self::IntervalLow
            | Self::IntervalHigh
            | Self::Ideal
            | Self::Bound
            | Self::Limit
            | Self::WhatIf { .. } => MeasureUnit::Ratio,
            Self::Efficiency | Self::KarpFlatt | Self::SerialFraction | Self::LostShare { .. } => {
                MeasureUnit::Share
            }
            Self::Tasks | Self::Work { .. } | Self::Quality { .. } => MeasureUnit::Plain,
        }
    }

    /// Every name, with a measure that has it.
    pub(crate) fn all() -> [Self; 17] {
        let figure = String::new;
        [
            Self::WallTime,
            Self::CpuTime,
            Self::SpeedUp,
            Self::IntervalLow,
            Self::IntervalHigh,
            Self::Efficiency,
            Self::KarpFlatt,
            Self::SerialFraction,
            Self::Ideal,
            Self::Bound,
            Self::Limit,
            Self::WhatIf {
                order: TaskOrder::Fifo,
            },
            Self::LostShare { cause: None },
            Self::LostTime { cause: None },
            Self::Tasks,
            Self::Work { figure: figure() },
            Self::Quality { figure: figure() },
        ]
    }
}
