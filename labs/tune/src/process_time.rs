//! How long a unit of budget takes where the lab's own worker trains, before a search: a few of its
//! processes train two units each, on few images.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use workbench_experiment::lab::{Calibration, LabError, NotTimed, ParamValue, RunConfig, TimedOn};
use workbench_search::{RandomSearch, Space, TrialId};
use workbench_training::find_images;

use crate::cnn::WHO;
use crate::objective::{Objective, TrialError, TrialPlace, TrialSeed};
use crate::settings::SearchSettings;
use crate::trail;

/// Images that are used at most: of more, a unit takes as much longer as there are more.
const IMAGES: u64 = 1_000;
/// Configurations that are tried at most: their batches differ, and with them their times.
const TRIALS: u64 = 4;
/// No other is begun after that.
const LONG_ENOUGH: Duration = Duration::from_secs(5);
/// What has not been done by then is given up.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked whether anybody waits.
const LOOK: Duration = Duration::from_millis(50);

/// The same search on few images, and how many times as many it has itself.
///
/// # Errors
/// When the images cannot be used.
pub fn on_few_images(
    config: &RunConfig,
    settings: &SearchSettings,
) -> Result<(RunConfig, f64), LabError> {
    let all = match settings.rows as u64 {
        0 => find_images(WHO, &config.data)?.rows.0,
        rows => rows,
    };
    let few = all.min(IMAGES);
    let mut config = config.clone();
    let rows = ParamValue::Integer(few.cast_signed());
    config.params.insert("rows".to_owned(), rows);
    Ok((config, all as f64 / few as f64))
}

/// Times units of configurations at random; `scale` is how many times as long a unit of the search
/// is. The start of a process is shared out among the units of a whole trial.
///
/// # Errors
/// When a unit cannot be trained, takes too long, or is not waited for any more.
pub fn time(
    objective: &Objective,
    (space, seed): (&Space, u64),
    (settings, scale): (&SearchSettings, f64),
    is_wanted: &dyn Fn() -> bool,
) -> Result<Calibration, NotTimed> {
    let stop: Arc<AtomicBool> = Arc::default();
    let timed = thread::scope(|scope| {
        let (ended, end) = sync_channel::<()>(1);
        let timing = scope.spawn(|| {
            let _ended = ended;
            trials(objective, (space, seed), settings, &stop)
        });
        let begin = Instant::now();
        while end.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if !is_wanted() || begin.elapsed() > PATIENCE {
                stop.store(true, Ordering::Relaxed);
            }
        }
        timing.join().ok()
    });
    if !is_wanted() {
        return Err(NotTimed::Unwanted);
    }
    let timed = timed.and_then(Result::ok).ok_or(NotTimed::Failed)?;
    Ok(Calibration {
        unit: "epoch".to_owned(),
        on: if settings.trial_gpus.is_some() {
            TimedOn::Gpu
        } else {
            TimedOn::Threads(settings.trial_slots)
        },
        unit_s: timed.mean(settings.budget, scale),
        units: settings.units(),
    })
}

/// What was timed: seconds of all trials together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct TimedTrials {
    trials: u64,
    /// Until the first unit was done.
    first_s: f64,
    /// From there to the second.
    second_s: f64,
}

impl TimedTrials {
    /// Seconds of a unit with its share of the start, where a trial has so many units and each is
    /// `scale` times as long.
    fn mean(self, units: u64, scale: f64) -> f64 {
        let trials = self.trials as f64;
        let start_s = (self.first_s - self.second_s).max(0.0);
        (self.second_s * scale + start_s / units.max(1) as f64) / trials
    }
}

fn trials(
    objective: &Objective,
    (space, seed): (&Space, u64),
    settings: &SearchSettings,
    stop: &Arc<AtomicBool>,
) -> Result<TimedTrials, TrialError> {
    let dir = tempfile::tempdir().map_err(|error| TrialError::Engine(error.to_string()))?;
    let chosen = RandomSearch::new(space.clone(), seed);
    let begin = Instant::now();
    let mut timed = TimedTrials::default();
    while timed.trials == 0 || timed.trials < TRIALS && begin.elapsed() < LONG_ENOUGH {
        let trial = timed.trials;
        let stop = Arc::clone(stop);
        let place = TrialPlace {
            dir: dir.path().join(trial.to_string()),
            units: 2,
            slots: settings.trial_slots,
            stop: Arc::new(move || stop.load(Ordering::Relaxed)),
            ..TrialPlace::none()
        };
        let config = trail::params(&chosen.configuration(TrialId(trial)));
        let started = Instant::now();
        let mut model = objective.begin(&config, TrialSeed::new(seed, 0, trial), &place)?;
        objective.train(&mut model)?;
        let first = Instant::now();
        objective.train(&mut model)?;
        timed.first_s += (first - started).as_secs_f64();
        timed.second_s += first.elapsed().as_secs_f64();
        timed.trials += 1;
    }
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_process_is_a_part_of_every_unit() {
        let timed = TimedTrials {
            trials: 2,
            first_s: 5.0,
            second_s: 1.0,
        };
        // A unit of half a second, and two for the start.
        assert!((timed.mean(4, 1.0) - 1.0).abs() < 1e-12);
        assert!((timed.mean(4, 10.0) - 5.5).abs() < 1e-12);
        let early = TimedTrials {
            first_s: 0.5,
            ..timed
        };
        assert!((early.mean(4, 1.0) - 0.5).abs() < 1e-12);
    }
}
