//! Finding a batch by trying, before a run begins.
//!
//! The worker tries batches, one process alone, and the one that is found is recorded as if it had
//! been given, so that the run can be resumed and repeated with it.

use std::path::Path;

use workbench_ddp_protocol::{Data, TrainSpec, TriedBatches};
use workbench_experiment::lab::{Finding, LabError, ParamValue, RunConfig};

use crate::environment::Environment;
use crate::found_batch::{BATCH, BatchChoice, FoundBatch};
use crate::messages;
use crate::params::Reader;
use crate::plan::Plan;
use crate::query::query;
use crate::settings::{BatchScaling, Offer, TrainSettings};

/// The longest step that is tried, in seconds: trying ends within half a minute then.
const MOST_S: f64 = 2.0;

/// What a reader has to know about it.
pub fn finding(found: &FoundBatch) -> Finding {
    let mut finding = Finding::note("batch_found", messages::batch_found(found))
        .number("batch", f64::from(found.chosen.batch))
        .number("images_per_s", found.chosen.rate());
    if let Some(bytes) = found.chosen.peak_bytes {
        finding = finding.number("peak_bytes", bytes as f64);
    }
    finding
}

/// Finds the batch that the configuration asks for.
///
/// # Errors
/// When the other parameters make no sense, or nothing can be tried.
pub fn find(
    (wanted, config): (BatchChoice, &RunConfig),
    (worker, environment): (&Path, &Environment),
    (offer, data): (&Offer, &Data),
) -> Result<FoundBatch, LabError> {
    let (spec, processes) = trial(config, offer, data)?;
    let all = ask(worker, environment, &spec, processes)?;
    let chosen = match wanted {
        BatchChoice::Fastest => all.fastest(),
        BatchChoice::Largest => all.largest(),
    };
    let chosen = *chosen.ok_or_else(|| failed("it tried none"))?;
    Ok(FoundBatch {
        wanted,
        chosen,
        all,
    })
}

/// The most workers of an arm.
fn most_workers(config: &RunConfig) -> u64 {
    let most = config.workers.iter().max();
    most.map_or(1, |most| u64::from(*most))
}

/// The settings with a batch that is as small as the other parameters allow, by which they are
/// checked.
///
/// # Errors
/// When they make no sense.
pub fn smallest(config: &RunConfig, offer: &Offer, data: &Data) -> Result<TrainSettings, LabError> {
    let parts = Reader(&config.params).count("accumulate")?;
    let most = most_workers(config);
    let least = (2 * parts * most).next_power_of_two().max(8);
    let mut small = config.clone();
    let least = ParamValue::Integer(i64::try_from(least).unwrap_or(i64::MAX));
    small.params.insert(BATCH.to_owned(), least);
    TrainSettings::new(&small, data.clone(), offer)
}

/// What is tried, and how many processes share the memory.
fn trial(config: &RunConfig, offer: &Offer, data: &Data) -> Result<(TrainSpec, u64), LabError> {
    let most = most_workers(config);
    let settings = smallest(config, offer, data)?;
    let plan = Plan::trial(&settings);
    // A step of a worker has rows of its shard.
    let rows = match settings.scaling {
        BatchScaling::Weak => settings.train_rows / most,
        BatchScaling::Strong => settings.train_rows,
    };
    let spec = TrainSpec {
        train_rows: Some(rows),
        checkpoint: None,
        tuning: settings.tuned.parallel(),
        ..plan.spec(0, 1, &plan.faults(), false)
    };
    let processes = if settings.parallel { most } else { 1 };
    Ok((spec, processes))
}

fn ask(
    worker: &Path,
    environment: &Environment,
    spec: &TrainSpec,
    processes: u64,
) -> Result<TriedBatches, LabError> {
    let (most_s, processes) = (MOST_S.to_string(), processes.to_string());
    let args = ["batches", "--most-s", &most_s, "--processes", &processes];
    let said = query((worker, environment), &args, spec).map_err(|why| failed(&why))?;
    serde_json::from_slice(&said).map_err(|error| failed(&error.to_string()))
}

fn failed(why: &str) -> LabError {
    LabError::Failed(messages::no_batch_found(why))
}
