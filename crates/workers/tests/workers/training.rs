//! The protocol of the workers that are tested: a simulated training.

use std::fmt;

use serde::{Deserialize, Serialize};
use workbench_protocol::{Protocol, StepTimes, Stretch};

#[derive(Debug, Clone, PartialEq)]
pub struct Training;

impl Protocol for Training {
    /// A seed.
    type Order = u64;
    type Phase = Phase;
    type Report = Report;
    type Outcome = ();
    type Failure = String;

    fn step_times(report: &Report) -> Option<StepTimes> {
        matches!(report, Report::Step(_)).then(StepTimes::default)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Report {
    Step(u64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    Starting,
    Loading,
    Rendezvous,
    Data,
    Forward,
    Backward,
    AllReduce,
    Checkpoint,
    Evaluation,
    Sums,
    Closing,
}

impl Phase {
    pub const ALL: [Self; 11] = [
        Self::Starting,
        Self::Loading,
        Self::Rendezvous,
        Self::Data,
        Self::Forward,
        Self::Backward,
        Self::AllReduce,
        Self::Checkpoint,
        Self::Evaluation,
        Self::Sums,
        Self::Closing,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllReduce => "all-reduce",
            phase => return write!(f, "{}", format!("{phase:?}").to_lowercase()),
        })
    }
}

impl workbench_protocol::PhaseName for Phase {
    const ALL: &'static [Self] = &Self::ALL;

    fn is_waiting(self) -> bool {
        matches!(self, Self::Rendezvous | Self::AllReduce | Self::Sums)
    }

    fn is_start_up(self) -> bool {
        self < Self::Data
    }

    fn stretch(self, step: u64) -> Stretch {
        match self {
            Self::Starting | Self::Loading | Self::Rendezvous => Stretch::StartUp,
            Self::Data if step == 0 => Stretch::StartUp,
            Self::Data | Self::Forward | Self::Backward | Self::AllReduce => Stretch::Steps,
            Self::Checkpoint => Stretch::Between(0),
            Self::Evaluation | Self::Sums => Stretch::Between(1),
            Self::Closing => Stretch::Closing,
        }
    }
}
