//! What trying batches has found: how fast each is, and why no larger one was tried.

use std::fmt;

use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// A batch that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TriedBatch {
    /// Rows of a step.
    pub batch: u32,
    /// The fastest step in nanoseconds: forward pass, backward pass and optimizer.
    pub step_ns: u64,
    /// The most memory that the process had until then, in bytes; `None` where the system does not
    /// say.
    pub peak_bytes: Option<u64>,
}

impl TriedBatch {
    /// Rows per second.
    pub fn rate(&self) -> f64 {
        f64::from(self.batch) * 1e9 / self.step_ns.max(1) as f64
    }
}

/// Why no larger batch was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchLimit {
    /// There are no more rows.
    Rows {
        /// How many there are.
        rows: u64,
    },
    /// A larger one would need more memory than is free: both in bytes, as estimated.
    Memory {
        /// What it would need more.
        needed: u64,
        /// What is free.
        free: u64,
    },
    /// Memory was used up when this batch was tried.
    UsedUp {
        /// Its rows.
        batch: u32,
    },
    /// A step of a larger one would take longer than was asked for.
    Time {
        /// The longest step in seconds.
        #[serde(with = "Floats::<f64>")]
        most_s: f64,
    },
}

impl fmt::Display for BatchLimit {
    /// Why, as a part of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1 << 20;
        match self {
            Self::Rows { rows } => write!(f, "there are {rows} training rows"),
            Self::Memory { needed, free } => {
                let (needed, free) = (needed / MIB, free / MIB);
                write!(
                    f,
                    "twice as many would need about {needed} MiB more, and {free} MiB are free"
                )
            }
            Self::UsedUp { batch } => write!(f, "memory was used up with {batch}"),
            Self::Time { most_s } => {
                write!(f, "a step of twice as many would take more than {most_s} s")
            }
        }
    }
}

/// All that were tried, each twice as large as the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriedBatches {
    /// From the smallest to the largest.
    pub tried: Vec<TriedBatch>,
    /// Why no more.
    pub limit: BatchLimit,
}

impl TriedBatches {
    /// The fastest per row; of nearly equal ones the smallest.
    pub fn fastest(&self) -> Option<&TriedBatch> {
        let best = self.tried.iter().map(TriedBatch::rate).fold(0.0, f64::max);
        self.tried.iter().find(|one| one.rate() >= 0.98 * best)
    }

    /// The largest that fits.
    pub fn largest(&self) -> Option<&TriedBatch> {
        self.tried.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(all: &[(u32, u64)]) -> TriedBatches {
        let one = |&(batch, ms): &(u32, u64)| TriedBatch {
            batch,
            step_ns: ms * 1_000_000,
            peak_bytes: None,
        };
        TriedBatches {
            tried: all.iter().map(one).collect(),
            limit: BatchLimit::Rows { rows: 600 },
        }
    }

    #[test]
    fn of_nearly_equal_batches_the_smallest_is_the_fastest() {
        let all = tried(&[(64, 64), (128, 100), (256, 199), (512, 500)]);
        assert_eq!(all.fastest().map(|one| one.batch), Some(128));
        assert_eq!(all.largest().map(|one| one.batch), Some(512));
        assert_eq!(tried(&[]).fastest(), None);
    }
}
