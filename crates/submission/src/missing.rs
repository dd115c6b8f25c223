//! What a hand-in lacks.

use serde::{Deserialize, Serialize};
use workbench_record::RunStatus;

/// One thing that is missing. The text is made by `messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum MissingPart {
    /// A run has not ended as planned.
    End {
        /// The run's id.
        run: String,
        /// How it ended.
        status: RunStatus,
    },
    /// The arms of a run did unequal work or gave unequal outputs.
    EqualWork {
        /// The run's id.
        run: String,
    },
    /// No run is of the lab of the assignment.
    Lab {
        /// The lab.
        lab: String,
    },
    /// No run was made with this preset.
    Preset {
        /// The preset.
        preset: String,
    },
    /// A run has another seed.
    Seed {
        /// The run's id.
        run: String,
        /// The seed of the assignment.
        seed: u64,
        /// The seed of the run.
        found: u64,
    },
    /// No run has this arm.
    Arm {
        /// The arm.
        arm: String,
    },
    /// An arm has fewer repeats than it has to.
    Repeats {
        /// The arm.
        arm: String,
        /// Those that count.
        done: u32,
        /// Those that are needed.
        least: u32,
    },
    /// A run was made without the assignment, or with another one.
    Assignment {
        /// The run's id.
        run: String,
    },
    /// A question is not answered.
    Answer {
        /// The question's id.
        question: String,
    },
}
