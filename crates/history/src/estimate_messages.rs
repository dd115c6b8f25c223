//! How long a run would take, in words.

use workbench_report::format;

use crate::estimate::RunEstimate;

/// Settings that are named if the nearest run had other values.
const MOST_DIFFERENCES: usize = 3;

impl RunEstimate {
    /// In words, with where it comes from.
    pub fn told(&self) -> String {
        match self {
            Self::SameRun {
                seconds,
                run,
                is_whole: true,
            } => format!("about {}, as run {run} took", format::seconds(*seconds)),
            Self::SameRun { seconds, run, .. } => format!(
                "at least {}, as far as run {run} tells",
                format::seconds(*seconds)
            ),
            Self::Timed {
                seconds,
                unit,
                unit_s,
            } => format!(
                "at least {}: one {unit} takes {} on one core here",
                format::seconds(*seconds),
                format::seconds(*unit_s)
            ),
            Self::SimilarRun {
                seconds,
                run,
                differences,
            } => {
                let mut shown: Vec<String> =
                    differences.iter().take(MOST_DIFFERENCES).cloned().collect();
                let more = differences.len() - shown.len();
                if more > 0 {
                    shown.push(format!("{more} more"));
                }
                format!(
                    "not known; {} if it were as in the most similar run, {run}, which had {}",
                    format::seconds(*seconds),
                    format::join_words(&shown, "and")
                )
            }
            Self::Unknown { preset } => {
                format!("not known: no run of `{preset}` was completed here yet")
            }
        }
    }
}
