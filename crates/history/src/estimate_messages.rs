//! How long a run would take, in words.

use workbench_experiment::lab::{NotTimed, TimeBound, TimedOn};
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
                bound,
                unit,
                on,
                unit_s,
                without,
            } => {
                let without = if without.is_empty() {
                    String::new()
                } else {
                    format!(" without {}", format::join_words(without, "and"))
                };
                format!(
                    "{} {}{without}: one {unit} takes {} on {} here",
                    of_bound(*bound),
                    format::seconds(*seconds),
                    format::seconds(*unit_s),
                    place(*on)
                )
            }
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
            Self::Unknown { preset, why } => unknown(preset, *why),
        }
    }
}

fn of_bound(bound: TimeBound) -> &'static str {
    match bound {
        TimeBound::AtLeast => "at least",
        TimeBound::About => "about",
        TimeBound::AtMost => "at most",
    }
}

fn place(on: TimedOn) -> String {
    match on {
        TimedOn::Threads(1) => "one core".to_owned(),
        TimedOn::Threads(threads) => format!("{threads} threads"),
        TimedOn::Gpu => "one GPU".to_owned(),
    }
}

fn unknown(preset: &str, why: Option<NotTimed>) -> String {
    let no_run = format!("no run of `{preset}` was completed here yet");
    match why {
        None | Some(NotTimed::NoUnit | NotTimed::Unwanted) => format!("not known: {no_run}"),
        Some(NotTimed::Programs) => {
            "not known: programs do the work, and none is run before the start".to_owned()
        }
        Some(NotTimed::NotSetUp) => {
            format!("not known: {no_run}, and what does the work is not set up to be timed")
        }
        Some(NotTimed::Failed) => {
            format!("not known: {no_run}, and its work could not be timed")
        }
    }
}
