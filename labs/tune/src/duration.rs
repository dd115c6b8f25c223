//! How long a search takes, before it is begun: a unit of budget is timed, and how many of them a
//! search has follows from its settings.

use std::time::Duration;

use workbench_experiment::lab::{Calibration, NotTimed, RepeatAsked, RepeatTime, TimeBound};
use workbench_search::{RandomSearch, Space, TrialId};

use crate::ask_tell::PeerEngine;
use crate::objective::{Objective, TrialPlace, TrialSeed};
use crate::settings::SearchSettings;
use crate::trail;
use crate::ways::{Stopper, Way};

/// How long units are timed. Those of different configurations differ by ten times and more.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
/// The share of a population that is stopped at each comparison at most.
const REPLACED: f64 = 0.2;

/// Times the first unit of budget of configurations at random: their mean is that of a search that
/// chooses at random.
///
/// # Errors
/// When a unit cannot be trained, or is not waited for any more.
pub fn time(
    objective: &Objective,
    (space, seed): (&Space, u64),
    settings: &SearchSettings,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Calibration, NotTimed> {
    let unit = match objective {
        Objective::Mlp(_) => "epoch",
        Objective::Forest(..) => "tree",
        Objective::Program(_) => return Err(NotTimed::Programs),
    };
    let chosen = RandomSearch::new(space.clone(), seed);
    let place = TrialPlace::none();
    let train = |trial: u64| {
        let config = trail::params(&chosen.configuration(TrialId(trial)));
        let mut model = objective.begin(&config, TrialSeed::new(seed, 0, trial), &place)?;
        objective.train(&mut model)
    };
    let timed = Calibration::time_for(LONG_ENOUGH, (unit, settings.units()), |at| {
        is_wanted() && train(at as u64).is_ok()
    });
    if is_wanted() {
        timed
    } else {
        Err(NotTimed::Unwanted)
    }
}

/// What a search trains.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ExpectedWork {
    /// Units of budget while the clock runs.
    units: f64,
    /// How many trials run side by side.
    at_once: f64,
    /// The most trials that are stopped, each of which the oracle trains from its beginning.
    stopped: f64,
    bound: TimeBound,
}

/// How long one repeat of an arm takes: the search, the best model trained again, and what stopped
/// trials would have come to where that is asked for.
pub fn repeat_time(
    settings: &SearchSettings,
    asked: &RepeatAsked<'_>,
    timed: &Calibration,
) -> Option<RepeatTime> {
    let stopper = match (Way::of(asked.arm), PeerEngine::of(asked.arm)) {
        (Some(way), _) => way.stopper,
        // Others decide, and the same code trains.
        (None, engine) => engine?.stopper(),
    };
    if stopper == Stopper::Pbt && settings.objective.is_process() {
        // It is left out: states of processes cannot be copied.
        return Some(RepeatTime {
            seconds: 0.0,
            bound: TimeBound::About,
        });
    }
    let work = work(stopper, settings, settings.slots(asked.workers) as f64);
    let again_s = timed.seconds(settings.budget as f64, 1.0, asked.cores);
    let mut seconds = timed.seconds(work.units, work.at_once, asked.cores);
    let mut bound = work.bound;
    if settings.search_time_s > 0.0 {
        // What runs by then goes on to its end.
        seconds = seconds.min(settings.search_time_s + again_s);
        bound = TimeBound::AtMost;
    }
    if settings.patience > 0 || Way::of(asked.arm).is_some_and(Way::is_grid) {
        bound = TimeBound::AtMost;
    }
    seconds += again_s;
    if settings.oracle && work.stopped > 0.0 {
        let units = work.stopped * settings.budget as f64;
        seconds += timed.seconds(units, f64::from(asked.workers), asked.cores);
        bound = TimeBound::AtMost;
    }
    Some(RepeatTime { seconds, bound })
}

fn work(stopper: Stopper, settings: &SearchSettings, slots: f64) -> ExpectedWork {
    let (trials, budget) = (settings.trials as f64, settings.budget as f64);
    let most = settings.most_trials() as f64;
    // Who stops trials has the budget of all of them, or stops within it.
    let units = trials * budget;
    let bound = if settings.equal_budget {
        TimeBound::About
    } else {
        TimeBound::AtMost
    };
    match stopper {
        Stopper::Nobody => ExpectedWork {
            // The last trials leave slots empty.
            units: (trials / slots).ceil() * slots.min(trials) * budget,
            at_once: slots.min(trials),
            stopped: 0.0,
            bound: TimeBound::About,
        },
        Stopper::Median => ExpectedWork {
            units,
            at_once: slots,
            stopped: most,
            bound,
        },
        Stopper::Asha | Stopper::Hyperband => ExpectedWork {
            units,
            at_once: slots,
            stopped: most.min(units / units_of_halved(settings)),
            bound,
        },
        Stopper::Pbt => {
            let members = match settings.population {
                0 => trials,
                members => members as f64,
            };
            let comparisons = (budget / settings.grace.max(1) as f64).floor();
            ExpectedWork {
                units: units.min(members * budget),
                at_once: slots.min(members),
                stopped: members * REPLACED * comparisons,
                bound: TimeBound::About,
            }
        }
    }
}

/// Units that a trial has on average where one of so many goes on at each rung.
fn units_of_halved(settings: &SearchSettings) -> f64 {
    let (mut mean, mut share, mut before) = (0.0, 1.0, 0);
    for rung in settings.marks() {
        mean += share * (rung - before) as f64;
        share /= settings.reduction.max(1) as f64;
        before = rung;
    }
    mean.max(1.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use workbench_experiment::lab::{Lab as _, LabHost, ParamValue, RunConfig, TimedOn};
    use workbench_experiment::{Request, resolve};
    use workbench_machine::UsableCores;

    use super::*;
    use crate::Tune;

    const CORES: f64 = 4.0;

    fn lab() -> Tune {
        Tune::new(LabHost::default()).unwrap()
    }

    fn config(set: &[&str]) -> RunConfig {
        let request = Request {
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            arms: vec!["random".to_owned()],
            workers: vec![1].into(),
            ..Request::default()
        };
        let usable = UsableCores {
            cores: CORES,
            limit: String::new(),
        };
        resolve(lab().definition(), &request, &usable).unwrap()
    }

    /// Seconds of a search of 12 trials of 8 units, one second each.
    fn told(arm: &str, workers: u32, set: &[&str]) -> (f64, TimeBound) {
        let small = ["trials=12", "budget=8", "grace=2", "reduction=2"];
        let config = config(&[&small[..], set].concat());
        let timed = Calibration {
            unit: "epoch".to_owned(),
            on: TimedOn::Threads(1),
            unit_s: 1.0,
            units: 96,
        };
        let asked = RepeatAsked {
            config: &config,
            arm,
            workers,
            cores: CORES,
        };
        let time = lab().repeat_time(&asked, &timed).unwrap();
        (time.seconds, time.bound)
    }

    fn is(found: (f64, TimeBound), seconds: f64, bound: TimeBound) {
        assert!((found.0 - seconds).abs() < 1e-9, "{found:?}: {seconds}");
        assert_eq!(found.1, bound);
    }

    /// Whoever stops trials tries more of them in the same time, unless the trials are the same.
    #[test]
    fn every_search_has_the_same_budget() {
        use TimeBound::{About, AtMost};
        for arm in [
            "random",
            "tpe",
            "random+asha",
            "tpe+asha",
            "pbt",
            "random+median",
        ] {
            // 96 units, and the 8 of the best once more.
            is(told(arm, 1, &[]), 104.0, About);
            is(told(arm, 4, &[]), 32.0, About);
        }
        for arm in ["optuna", "optuna+hyperband", "ray-tune"] {
            is(told(arm, 1, &[]), 104.0, About);
        }
        is(told("grid", 1, &[]), 104.0, AtMost);
        is(
            told("random+asha", 1, &["equal_budget=false"]),
            104.0,
            AtMost,
        );
        is(told("random", 1, &["equal_budget=false"]), 104.0, About);
        is(told("pbt", 1, &["population=6"]), 56.0, About);
        is(told("pbt", 1, &["objective=cnn"]), 0.0, About);
        is(told("random", 1, &["objective=cnn"]), 104.0, About);
    }

    #[test]
    fn slots_and_cores_bound_what_is_done_at_once() {
        use TimeBound::About;
        // 12 trials on 5 slots are three rounds; 4 cores do the work of 4.
        is(told("random", 5, &[]), 3.0 * 8.0 * 5.0 / 4.0 + 8.0, About);
        is(told("random", 8, &["at_once=2"]), 56.0, About);
        is(told("random", 8, &["trial_slots=4"]), 56.0, About);
        // There are 12 trials for 64 slots.
        is(told("random", 64, &[]), 12.0 * 8.0 / 4.0 + 8.0, About);
    }

    #[test]
    fn what_may_end_earlier_is_a_bound() {
        use TimeBound::AtMost;
        is(told("random", 1, &["patience=3"]), 104.0, AtMost);
        is(told("random", 1, &["search_time_s=10"]), 26.0, AtMost);
        is(told("random", 1, &["search_time_s=1000"]), 104.0, AtMost);
    }

    /// The oracle trains each trial that was stopped from its beginning.
    #[test]
    fn the_oracle_costs_as_much_as_there_are_stopped_trials() {
        use TimeBound::{About, AtMost};
        is(told("random", 1, &["oracle=true"]), 104.0, About);
        // 2 units, half of the trials 2 more, a quarter 4 more: 4 on average, so 24 trials.
        is(
            told("random+asha", 1, &["oracle=true"]),
            104.0 + 24.0 * 8.0,
            AtMost,
        );
        is(
            told("random+asha", 4, &["oracle=true"]),
            32.0 + 48.0,
            AtMost,
        );
        // Any of the 48 that there may be.
        is(
            told("random+median", 1, &["oracle=true"]),
            104.0 + 48.0 * 8.0,
            AtMost,
        );
        // A fifth of 12 members at each of 4 comparisons.
        let pbt = told("pbt", 1, &["oracle=true"]);
        is(pbt, 104.0 + 12.0 * 0.2 * 4.0 * 8.0, AtMost);
    }

    #[test]
    fn a_unit_of_what_is_searched_for_is_timed() {
        for (objective, unit) in [("mlp", "epoch"), ("forest", "tree")] {
            let set = [&format!("objective={objective}"), "rows=400", "trials=8"];
            let timed = lab().calibrate(&config(&set), &|| true).unwrap();
            assert_eq!((timed.unit.as_str(), timed.on), (unit, TimedOn::Threads(1)));
            assert_eq!(timed.units, 8 * 40);
            assert!(timed.unit_s > 0.0 && timed.unit_s.is_finite());
        }
    }

    #[test]
    fn nothing_is_timed_that_nobody_waits_for_or_that_is_a_program() {
        let small = config(&["rows=400"]);
        let timed = lab().calibrate(&small, &|| false);
        assert_eq!(timed, Err(NotTimed::Unwanted));
        let mut program = config(&[]);
        for (name, value) in [("objective", "program"), ("command", "touch started")] {
            let value = ParamValue::Text(value.to_owned());
            program.params.insert(name.to_owned(), value);
        }
        let timed = lab().calibrate(&program, &|| true);
        assert_eq!(timed, Err(NotTimed::Programs));
        assert!(!std::path::Path::new("started").exists());
        let images = config(&["objective=cnn"]);
        let timed = lab().calibrate(&images, &|| true);
        assert_eq!(timed, Err(NotTimed::NotSetUp));
        let mut refused = config(&[]);
        let rows = ParamValue::Integer(30_000_000);
        refused.params.insert("rows".to_owned(), rows);
        let timed = lab().calibrate(&refused, &|| true);
        assert_eq!(timed, Err(NotTimed::Failed));
    }
}
