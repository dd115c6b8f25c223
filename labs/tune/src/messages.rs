//! What the lab says, in sentences.

use std::path::Path;

use workbench_experiment::lab::Finding;
use workbench_record::RepeatId;
use workbench_search::{Diverged, TrialId};
use workbench_words::counted;

use crate::objective::TrialError;

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

/// A checkpoint cannot be written.
pub fn not_kept(trial: TrialId, dir: &Path, error: &str) -> String {
    format!(
        "the checkpoint of trial {trial} cannot be written to {}: {error}; make free space there, \
         then `workbench resume` goes on where the search was",
        dir.display()
    )
}

/// Processes of the part of a run that was killed do not end.
pub fn others_run() -> String {
    "processes of trials that ran when workbench was killed have not ended yet; look for them \
     (`ps`), end them, then `workbench resume` goes on where the search was"
        .to_owned()
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

/// A way to search that a program cannot be searched with.
pub fn no_copies(arm: &str) -> Finding {
    let text = format!(
        "{arm} is left out: it copies the state of one trial to another, and what a program keeps \
         of a trial is that trial's own."
    );
    Finding::note("arm_left_out", text)
}

/// An engine of others that does not start.
pub fn no_engine(arm: &str, why: &str) -> String {
    format!("arm {arm}: its engine does not start: {why}; `workbench setup peers` installs it anew")
}

/// An engine of others that answers no more.
pub fn engine_lost(arm: &str, why: &str) -> String {
    format!("arm {arm}: its engine does not answer any more: {why}")
}

/// The best could not be trained once more.
pub fn not_again(trial: TrialId, error: &TrialError) -> Finding {
    let text = format!(
        "Trial {trial} was the best, and could not be trained once more to be judged: {error}."
    );
    Finding::warning("not_judged", text)
}

/// A model that was trained again differs from the one of the search.
pub fn not_reproduced(trial: TrialId, searched: f64, again: f64) -> Finding {
    let text = format!(
        "Trial {trial} had a validation error of {searched} in the search and of {again} when it \
         was trained again: training is not deterministic here."
    );
    Finding::warning("not_reproduced", text)
}

/// What the numbers of a replay are.
pub const WHAT_IF: &str = "Computed, not measured: the recorded curves, each unit as long as in the run, with what starting \
     and resuming trials cost there. More slots than were measured do not slow each other down.";
/// Above the measured searches.
pub const MEASURED: &str = "Searches of this run with the same trials, against what was computed";

/// The title of a replay.
pub fn replayed(id: &RepeatId, trials: usize) -> String {
    let trials = counted(trials as u64, "trial");
    format!("Schedulers on the {trials} of {}", search(id))
}

/// A search as it is named: `random+asha on 2 workers, repeat 1`.
fn search(id: &RepeatId) -> String {
    let workers = counted(u64::from(id.workers), "worker");
    format!("{} on {workers}, repeat {}", id.arm, id.repeat + 1)
}

/// Slots that are none.
pub fn no_slots(given: &str) -> String {
    format!(
        "`--slots {given}`: give numbers from 1 to 4096 with commas between them, for example 1,2,64, or 1..8"
    )
}

/// A run without a finished search.
pub fn no_search() -> String {
    "the run has no finished search with a value; see what became of it with `workbench show`"
        .to_owned()
}

/// An arm without a finished search.
pub fn no_search_of(arm: &str, snapshot: &workbench_record::Snapshot) -> String {
    let counted = snapshot.counted().into_iter();
    let mut arms: Vec<&str> = counted.map(|repeat| repeat.id.arm.as_str()).collect();
    arms.sort_unstable();
    arms.dedup();
    if arms.is_empty() {
        return no_search();
    }
    format!(
        "`--arm {arm}`: the run has no finished search of it; there are {}",
        arms.join(", ")
    )
}

/// A repeat that is not there.
pub fn no_repeat(repeat: u64) -> String {
    format!("`--repeat {repeat}`: the run has no such finished repeat of the arm")
}

/// Which trial is the best.
pub fn best_is(trial: &str, id: &RepeatId, units: u64) -> String {
    format!(
        "The best is {trial} of {}, after {}.",
        search(id),
        counted(units, "unit")
    )
}

/// How the best does on rows that it was not chosen by.
pub fn judged(figure: &str, validation: f64, test: f64) -> String {
    format!(
        "{figure}: {validation:.4} on the validation rows, by which it was chosen, and \
         {test:.4} on the test rows, which had no part in the choice."
    )
}

/// There is no room to train the best again.
pub fn no_folder(dir: &Path, error: &std::io::Error) -> String {
    format!(
        "{}: {error}; the best model is trained again there, so make room, or set TMPDIR",
        dir.display()
    )
}

/// The data is not that of the run any more.
pub fn other_data(run: &str, before: &str, now: &str) -> String {
    let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
    format!(
        "{run}: the data has changed since the run (SHA-256 {} then, {} now), so its best model \
         cannot be trained again; put the old data back",
        short(before),
        short(now)
    )
}

/// How the command of a program is typed for one configuration.
pub fn run_alone(command: &str, dir: &Path) -> String {
    format!("Train it again, in {}: {command}", dir.display())
}

/// How the best of a program does on rows that it was not chosen by.
pub fn program_judged(chosen_by: f64, test: f64) -> String {
    format!("The program told {chosen_by:.4}, by which it was chosen, and then {test:.4} as test.")
}

/// How the configuration is trained alone. Random numbers of a trial follow from the seed of the
/// run, the repeat and the number of the trial.
pub fn train_alone(command: &str, is_same: bool) -> String {
    let how = if is_same {
        "Train it again"
    } else {
        "Train its configuration alone (begun from other random numbers, so the error differs)"
    };
    format!("{how}: {command}")
}

/// A command that the lab does not have.
pub fn no_command(name: &str) -> String {
    format!("the tune lab has no command `{name}`")
}

/// An arm that the lab does not have.
pub fn no_way(arm: &str) -> String {
    format!("the tune lab has no arm `{arm}`")
}
