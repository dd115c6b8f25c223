//! How long a step takes here, before a run: one process tries it for a few seconds.

use std::path::Path;
use std::time::Duration;

use workbench_ddp_protocol::{Data, TrainSpec, TriedBatches};
use workbench_experiment::lab::{Calibration, NotTimed, RunConfig, TimedOn};
use workbench_training::FoundImages;

use crate::data;
use crate::environment::Environment;
use crate::find_batch;
use crate::found_batch::BatchChoice;
use crate::plan::{FaultPlan, Plan};
use crate::query::query_within;
use crate::settings::{Offer, TrainSettings};

/// The longest step that is tried, in seconds: all that are tried take some seconds then. Of a
/// larger batch than that allows, the time is taken to grow with the rows.
const MOST_S: f64 = 0.25;
/// The fewest rows that the worker tries.
const LEAST_ROWS: u64 = 8;
/// Where the batch is still to be found, none of more rows is tried.
const MOST_ROWS: u64 = 512;
/// A worker that has not answered by then is ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// Times a step of one process.
///
/// # Errors
/// When the parameters make no sense, the worker does not answer in time, or nobody waits for it.
pub fn time(
    config: &RunConfig,
    worker: (&Path, &Environment),
    images: &FoundImages,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Calibration, NotTimed> {
    let chooses = TrainSettings::batch_to_find(config);
    let settings = settings(config, &images.data, &data::offer(images));
    let settings = settings.ok_or(NotTimed::Failed)?;
    let spec = trial(&settings, chooses);
    let most_s = MOST_S.to_string();
    let args = ["batches", "--most-s", &most_s, "--processes", "1"];
    let said = query_within(worker, (&args, &spec), (PATIENCE, is_wanted));
    if !is_wanted() {
        return Err(NotTimed::Unwanted);
    }
    let tried: Option<TriedBatches> = said.and_then(|said| serde_json::from_slice(&said).ok());
    let found = tried.and_then(|tried| calibration(&settings, chooses, &tried));
    found.ok_or(NotTimed::Failed)
}

/// What a run trains with; where its batch is still to be found, with a small one.
fn settings(config: &RunConfig, data: &Data, offer: &Offer) -> Option<TrainSettings> {
    let settings = match TrainSettings::batch_to_find(config) {
        None => TrainSettings::new(config, data.clone(), offer),
        Some(_) => find_batch::smallest(config, offer, data),
    };
    settings.ok()
}

/// What one process tries: ever more rows, up to those of a step.
fn trial(settings: &TrainSettings, chooses: Option<BatchChoice>) -> TrainSpec {
    let most = chooses.map_or(u64::from(settings.batch), |_| MOST_ROWS);
    TrainSpec {
        train_rows: Some(most.max(LEAST_ROWS).min(settings.train_rows)),
        checkpoint: None,
        ..Plan::trial(settings).spec(0, 1, &FaultPlan::default(), false)
    }
}

/// The time of a step, from what was tried.
fn calibration(
    settings: &TrainSettings,
    chooses: Option<BatchChoice>,
    tried: &TriedBatches,
) -> Option<Calibration> {
    let (of, batch) = match chooses {
        None => (tried.largest()?, settings.batch),
        Some(BatchChoice::Fastest) => tried.fastest().map(|one| (one, one.batch))?,
        Some(BatchChoice::Largest) => tried.largest().map(|one| (one, one.batch))?,
    };
    let rows = settings.train_rows * u64::from(settings.epochs);
    Some(Calibration {
        unit: format!("step of {batch} rows"),
        on: if settings.cuda {
            TimedOn::Gpu
        } else {
            TimedOn::Threads(settings.threads)
        },
        unit_s: f64::from(batch) / of.rate(),
        units: rows.div_ceil(u64::from(batch.max(1))),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use workbench_ddp_protocol::{BatchLimit, TriedBatch};
    use workbench_experiment::lab::{Lab as _, LabHost, RepeatAsked, TimeBound};
    use workbench_experiment::{Request, resolve};
    use workbench_machine::UsableCores;

    use super::*;
    use crate::{DataParallel, data};

    const CORES: f64 = 4.0;

    fn lab() -> DataParallel {
        DataParallel::new(LabHost::default()).unwrap()
    }

    fn config(set: &[&str]) -> RunConfig {
        let request = Request {
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            workers: vec![1].into(),
            oversubscribe: true,
            ..Request::default()
        };
        let usable = UsableCores {
            cores: CORES,
            limit: String::new(),
        };
        resolve(lab().definition(), &request, &usable).unwrap()
    }

    fn tried(all: &[(u32, u64)]) -> TriedBatches {
        let one = |&(batch, ms): &(u32, u64)| TriedBatch {
            batch,
            step_ns: ms * 1_000_000,
            peak_bytes: None,
        };
        TriedBatches {
            tried: all.iter().map(one).collect(),
            limit: BatchLimit::Rows { rows: 64 },
        }
    }

    fn of(set: &[&str], all: &[(u32, u64)]) -> Calibration {
        let config = config(set);
        let offer = data::at_most(&config.data);
        let settings = settings(&config, &Data::Embedded, &offer).unwrap();
        let chooses = TrainSettings::batch_to_find(&config);
        calibration(&settings, chooses, &tried(all)).unwrap()
    }

    #[test]
    fn a_step_is_that_of_the_batch_that_is_asked_for() {
        let set = ["batch=64", "train_rows=6400", "epochs=2"];
        let timed = of(&set, &[(8, 10), (16, 12), (32, 20), (64, 40)]);
        assert_eq!((timed.unit.as_str(), timed.units), ("step of 64 rows", 200));
        assert_eq!(timed.on, TimedOn::Threads(1));
        assert!((timed.unit_s - 0.040).abs() < 1e-12);
        // The largest that was tried stands for it.
        let timed = of(&set, &[(8, 100), (16, 200)]);
        assert!((timed.unit_s - 0.800).abs() < 1e-12, "{timed:?}");
        let threads = of(&["threads=3"], &[(8, 10)]).on;
        assert_eq!(threads, TimedOn::Threads(3));
    }

    #[test]
    fn a_batch_that_is_to_be_found_is_the_one_that_was_tried() {
        let all = [(8, 10), (16, 12), (32, 30)];
        for (wanted, unit) in [
            ("fastest", "step of 16 rows"),
            ("largest", "step of 32 rows"),
        ] {
            let find = format!("find_batch={wanted}");
            // The batch that is given would make no sense.
            let timed = of(&[&find, "batch=2", "accumulate=4", "train_rows=3200"], &all);
            assert_eq!(timed.unit, unit);
        }
    }

    #[test]
    fn no_more_rows_are_tried_than_a_step_has() {
        let rows = |set: &[&str]| {
            let config = config(set);
            let offer = data::at_most(&config.data);
            let settings = settings(&config, &Data::Embedded, &offer).unwrap();
            trial(&settings, TrainSettings::batch_to_find(&config)).train_rows
        };
        assert_eq!(rows(&["batch=64"]), Some(64));
        assert_eq!(rows(&["batch=2"]), Some(8));
        assert_eq!(rows(&["find_batch=fastest"]), Some(512));
        assert_eq!(rows(&["find_batch=fastest", "train_rows=100"]), Some(100));
    }

    /// Seconds of a repeat of 100 steps of 40 ms in one process.
    fn told(arm: &str, workers: u32, threads: u32) -> Option<f64> {
        let config = config(&[]);
        let timed = Calibration {
            unit: "step of 64 rows".to_owned(),
            on: TimedOn::Threads(threads),
            unit_s: 0.040,
            units: 100,
        };
        let asked = RepeatAsked {
            config: &config,
            arm,
            workers,
            cores: CORES,
        };
        let time = lab().repeat_time(&asked, &timed)?;
        assert_eq!(time.bound, TimeBound::AtLeast);
        Some(time.seconds)
    }

    /// Ranks share the rows, and the cores.
    #[test]
    fn ranks_are_no_faster_than_the_cores_that_they_have() {
        let near = |found: Option<f64>, wanted: f64| {
            assert!((found.unwrap() - wanted).abs() < 1e-12, "{found:?}");
        };
        near(told("single", 1, 1), 4.0);
        for arm in ["threads", "ddp", "launcher"] {
            near(told(arm, 2, 1), 2.0);
            near(told(arm, 4, 1), 1.0);
            near(told(arm, 16, 1), 1.0);
            near(told(arm, 4, 2), 2.0);
            // One process alone had more threads than cores, and its step was timed so.
            near(told(arm, 2, 8), 4.0);
        }
        // Others have their own program.
        assert_eq!(told("torchrun", 2, 1), None);
    }
}
