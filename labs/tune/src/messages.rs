//! What the lab says, in sentences.

use workbench_experiment::lab::Finding;
use workbench_search::{Diverged, TrialId};
use workbench_words::counted;

/// A repeat that was begun with other decisions than this program makes.
pub fn other_search(error: &Diverged) -> String {
    format!(
        "the search cannot go on from its record: {error}; start a new run, or resume it with the \
         program that began it"
    )
}

/// A checkpoint that others go on from is gone.
pub fn lost_checkpoint(trial: TrialId, from: TrialId) -> String {
    format!(
        "trial {trial} goes on from a checkpoint of trial {from}, whose file is gone; start a new \
         run"
    )
}

/// Every trial failed.
pub fn all_failed(trials: u64, last: &str) -> String {
    let last = if last.is_empty() {
        String::new()
    } else {
        format!(", the last because: {last}")
    };
    format!(
        "all of the search's {} failed{last}; look at the space (`--set lr=…`), or at what the \
         trials print",
        counted(trials, "trial")
    )
}

/// No new trials, because there was no gain.
pub fn no_gain(patience: u64) -> Finding {
    let text = format!(
        "No new trial was begun after {} without a better one (patience).",
        counted(patience, "trial")
    );
    Finding::note("search_ended", text).number("patience", patience as f64)
}

/// No new trials, because the time is up.
pub fn time_is_up(limit_s: f64) -> Finding {
    let text = format!("No new trial was begun after {limit_s} s (search_time_s).");
    Finding::note("search_ended", text).number("search_time_s", limit_s)
}

/// Trials that failed.
pub fn failed_trials(arm: &str, failed: u64, of: u64) -> Finding {
    let text = format!(
        "{failed} of {} of {arm} failed for good; the search went on without them.",
        counted(of, "trial")
    );
    Finding::warning("failed_trials", text).number("failed", failed as f64)
}

/// A model that was trained again differs from the one of the search.
pub fn not_reproduced(trial: TrialId, searched: f64, again: f64) -> Finding {
    let text = format!(
        "Trial {trial} had a validation error of {searched} in the search and of {again} when it \
         was trained again: training is not deterministic here."
    );
    Finding::warning("not_reproduced", text)
}
