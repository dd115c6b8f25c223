//! The resolved configuration of a run: everything that was requested, with the defaults filled in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::params::Params;
use workbench_dataset::{ReadOptions, TableFacts};
use workbench_json::Floats;
use workbench_questions::RecordedAssignment;

/// Everything that decides what a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// The lab's name.
    pub lab: String,
    /// The preset that the configuration started from.
    pub preset: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Repeats of every arm.
    pub repeats: u32,
    /// The arms to run, base first.
    pub arms: Vec<String>,
    /// Numbers of workers to run the parallel arms with, rising.
    pub workers: Vec<u32>,
    /// More workers than usable cores are allowed.
    pub oversubscribe: bool,
    /// Until when the run goes on after these repeats; `None` for a run of so many repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// The base runs as a second, equal arm, [`CONTROL`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// What an instructor set, where the run is made for an assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Box<RecordedAssignment>>,
    /// The lab's parameters.
    pub params: Params,
    /// Where the data comes from.
    pub data: DataSource,
    /// The exact command that reproduces the run.
    pub command: String,
}

/// The name of the arm that does what the base does: whatever it gains is noise.
pub const CONTROL: &str = "control";

/// Until when a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Until {
    /// Every interval of a speed-up, from its lower to its upper end, is to be narrower than this
    /// share of the speed-up: 0.02 for 2 %.
    #[serde(with = "Floats::<f64>")]
    pub width: f64,
    /// No round of repeats begins later than this, in seconds on the run's clock.
    pub max_time_s: u64,
}

/// Where a lab's data comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum DataSource {
    /// The data that comes with the lab.
    #[default]
    Embedded,
    /// A file with a table.
    File {
        /// Absolute path of the file.
        path: String,
        /// Column to predict.
        target: String,
        /// How it is read.
        #[serde(default, skip_serializing_if = "ReadOptions::is_default")]
        reading: ReadOptions,
        /// What the lab found there. A run has it from its beginning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        facts: Option<Box<TableFacts>>,
    },
    /// A folder of images.
    Folder {
        /// Absolute path of the folder.
        path: String,
        /// SHA-256 of what the lab read there, in hexadecimal. A run has it from its beginning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
}

impl DataSource {
    /// Whether both name the same data, whatever may have been found there.
    pub fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder { path, .. }, Self::Folder { path: other, .. }) => path == other,
            (
                Self::File {
                    path,
                    target,
                    reading,
                    ..
                },
                Self::File {
                    path: other_path,
                    target: other_target,
                    reading: other_reading,
                    ..
                },
            ) => (path, target, reading) == (other_path, other_target, other_reading),
            _ => self == other,
        }
    }
}
