//! Finishes stopped trials once the clock has stopped: what they would have come to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use workbench_experiment::lab::{ArmContext, ArmMessage};
use workbench_search::{Trial, TrialId, TrialState};

use crate::again::{self, TrialOrigin};
use crate::objective::{Objective, TrialPlace, TrialSeed};
use crate::trail;

/// What is needed to go on with trials.
pub struct Afterwards<'a> {
    pub objective: &'a Objective,
    /// Units of budget of a trial.
    pub budget: u64,
    /// The seed of the run.
    pub seed: u64,
    /// Where trials that are processes have their files.
    pub place: &'a TrialPlace,
}

/// Trains every stopped or paused trial to its whole budget, and records what it reports. The best
/// that any trial came to, also in the search; where a trial fails, it is passed over. `None` where
/// it was cancelled: what was left undone may be better.
pub fn finish(
    after: &Afterwards<'_>,
    (trials, best): (&[Trial], Option<f64>),
    ctx: &ArmContext<'_>,
    origin: &(impl Fn(TrialId) -> Option<TrialOrigin> + Sync),
) -> Option<f64> {
    let early = trials
        .iter()
        .filter(|trial| matches!(trial.state, TrialState::Stopped | TrialState::Paused));
    let left = Mutex::new(
        early
            .map(|trial| (trial.id, trial.budget))
            .collect::<Vec<_>>(),
    );
    let best = Mutex::new(best);
    let cut = AtomicBool::new(false);
    let take = || match left.lock() {
        Ok(mut left) => left.pop(),
        Err(_) => None,
    };
    thread::scope(|scope| {
        for _ in 0..ctx.workers {
            scope.spawn(|| {
                while let Some((trial, known)) = take() {
                    let least = one(after, ctx, origin, (trial, known), &cut);
                    if cut.load(Ordering::Relaxed) {
                        return;
                    }
                    if let (Ok(mut best), Some(least)) = (best.lock(), least) {
                        *best = Some(best.map_or(least, |best: f64| best.min(least)));
                    }
                }
            });
        }
    });
    let best = best.into_inner().ok().flatten();
    best.filter(|_| !cut.load(Ordering::Relaxed))
}

/// The least loss of a trial beyond what the search trained of it. Where it is cancelled before the
/// whole budget, `cut` says so.
fn one(
    after: &Afterwards<'_>,
    ctx: &ArmContext<'_>,
    origin: &impl Fn(TrialId) -> Option<TrialOrigin>,
    (trial, known): (TrialId, u64),
    cut: &AtomicBool,
) -> Option<f64> {
    if ctx.progress.is_cancelled() {
        cut.store(true, Ordering::Relaxed);
        return None;
    }
    let seed = |trial: TrialId| TrialSeed::new(after.seed, ctx.repeat, trial.0);
    let at = workbench_search::Checkpoint {
        trial,
        budget: known,
    };
    let place = TrialPlace {
        dir: after.place.dir.join(trial.to_string()),
        ..after.place.clone()
    };
    let trained = again::train(after.objective, origin, seed, (at, &place));
    let Ok((mut model, _)) = trained else {
        cut.fetch_or(ctx.progress.is_cancelled(), Ordering::Relaxed);
        return None;
    };
    let mut least: Option<f64> = None;
    while model.epoch() < after.budget {
        if ctx.progress.is_cancelled() {
            cut.store(true, Ordering::Relaxed);
            return least;
        }
        let Ok(loss) = after.objective.train(&mut model) else {
            cut.fetch_or(ctx.progress.is_cancelled(), Ordering::Relaxed);
            return least;
        };
        if !loss.is_finite() {
            return least;
        }
        let message = ArmMessage::Metric {
            name: trail::AFTERWARDS.to_owned(),
            item: Some(trail::name(trial)),
            step: model.epoch(),
            value: loss,
        };
        ctx.record.record(ctx.clock.now_ns(), message);
        least = Some(least.map_or(loss, |least| least.min(loss)));
    }
    least
}
