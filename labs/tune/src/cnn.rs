//! The objective `cnn`: a network on images, trained by the worker's program. Each trial is a
//! process of it, so limits, GPUs, checkpoints and ends are those of any program.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use workbench_experiment::lab::{
    LabDefinition, LabError, Opt, ParamSpec, ParamValue, Params, Refusal, RunConfig,
};
use workbench_programs::OnceProgram;
use workbench_programs::template::PlaceValues;
use workbench_search::Space;
use workbench_training::find_images;
use workbench_words::counted;

use crate::gpus::{GpuShare, refused};
use crate::objective::{Knob, Objective, ObjectiveKind, PLACES, TrialProgram};
use crate::settings::{SearchSettings, number};
use crate::spaces;
use crate::work::{SearchWork, limits, shared_gpus};

/// Who says so where something is missing.
pub const WHO: &str = "objective=cnn";
/// The metric that the worker tells after each epoch.
pub const METRIC: &str = "loss";
/// The parameter that images have no use for.
const TEST_SHARE: &str = "test_share";
/// The least rows of a training step: batch normalisation learns nothing from one.
const LEAST_BATCH: f64 = 2.0;

/// Rows of a search on images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ImageRows {
    /// Of the training images, the first that are used.
    used: u64,
    /// Of these, to select by.
    validation: u64,
    /// Of the test images, the first that judge the chosen configuration.
    test: u64,
}

impl ImageRows {
    /// The parts of `rows` training images (0: all), of which a share is set apart. The test images
    /// are cut to the same share as the training images.
    ///
    /// # Errors
    /// When there are not so many, or none would be left to train on.
    fn of(rows: usize, share: f64, (train, test): (u64, u64)) -> Result<Self, LabError> {
        let refused = |reason: String| {
            let option = Opt::Set("rows".to_owned());
            Err(LabError::Refused(Refusal::new(option, rows, reason)))
        };
        let used = match rows as u64 {
            0 => train,
            used if used > train => {
                let there = counted(train, "training image");
                return refused(format!(
                    "there are {there}; give 0 for all of them, or fewer"
                ));
            }
            used => used,
        };
        let validation = ((used as f64 * share).round() as u64).max(1);
        if (used.saturating_sub(validation) as f64) < LEAST_BATCH {
            return refused("too few are left to train on; give more".to_owned());
        }
        let test = (test as f64 * used as f64 / train as f64).round() as u64;
        Ok(Self {
            used,
            validation,
            test: test.max(1),
        })
    }

    /// Rows that are trained on.
    fn trained(self) -> u64 {
        self.used - self.validation
    }
}

/// What a run trains. `worker` gives the program, and is asked once everything else fits.
///
/// # Errors
/// When the images cannot be used, the parameters do not fit them, or there is no program.
pub fn work(
    config: &RunConfig,
    settings: &SearchSettings,
    (space, lab): (&Space, &LabDefinition),
    worker: impl FnOnce() -> Result<PathBuf, LabError>,
) -> Result<SearchWork, LabError> {
    if let Some(GpuShare::Whole(2..)) = settings.trial_gpus {
        let given = number(&config.params, "trial_gpus")?.to_string();
        let reason = "the network of objective=cnn computes on one GPU; give 1, or a part of one";
        return Err(refused("trial_gpus", &given, reason));
    }
    let usual_share = lab.params.get(TEST_SHARE).map(ParamSpec::default_value);
    if config.params.get(TEST_SHARE) != usual_share.as_ref() {
        let given = number(&config.params, TEST_SHARE)?;
        let reason = "the images have test images of their own; leave it out";
        let option = Opt::Set(TEST_SHARE.to_owned());
        return Err(LabError::Refused(Refusal::new(option, given, reason)));
    }
    let images = find_images(WHO, &config.data)?;
    let rows = ImageRows::of(settings.rows, settings.shares.validation, images.rows)?;
    spaces::check_batch(space, (LEAST_BATCH, rows.trained() as f64))?;
    let worker = worker()?;
    let gpus = ParamValue::Text(settings.gpus.join(","));
    let (limit, memory_bytes) = limits(&config.params)?;
    Ok(SearchWork {
        objective: Arc::new(Objective::Program(Arc::new(TrialProgram {
            command: command(&worker, config.seed, rows, settings),
            usual: usual(),
            metric: METRIC.to_owned(),
            data: images.argument(),
            limit,
            memory_bytes,
            gpus: shared_gpus(settings),
            cpu_ns: AtomicU64::new(0),
        }))),
        data_sha256: Some(images.sha256),
        split_sha256: None,
        features: Vec::new(),
        findings: Vec::new(),
        source: images.recorded.unwrap_or_else(|| config.data.clone()),
        settled: Params::from([("gpus".to_owned(), gpus)]),
    })
}

/// What the network is trained with where the space does not say it.
fn usual() -> PlaceValues {
    let knobs = ObjectiveKind::Cnn.knobs().iter();
    let value = |knob: &Knob| {
        let word = knob.words.first().map(|word| (*word).to_owned());
        word.unwrap_or_else(|| knob.default.to_string())
    };
    knobs
        .map(|knob| (knob.name.to_owned(), value(knob)))
        .collect()
}

/// What is started for a trial.
fn command(worker: &Path, seed: u64, rows: ImageRows, settings: &SearchSettings) -> OnceProgram {
    let device = match settings.trial_gpus {
        // It sees its own alone.
        Some(_) => "cuda:0",
        None => "cpu",
    };
    let own = ObjectiveKind::Cnn.knobs().iter();
    let own = own.map(|knob| (knob.name.replace('_', "-"), format!("{{{}}}", knob.name)));
    let places = [
        ("epochs", "units"),
        ("seed", "seed"),
        ("keep", "checkpoint"),
        ("judge", "judge"),
        ("threads", "slots"),
        ("data", "data"),
    ];
    let places = places.map(|(option, place)| (option.to_owned(), format!("{{{place}}}")));
    let fixed = [
        ("rows", rows.used.to_string()),
        ("validation-rows", rows.validation.to_string()),
        ("test-rows", rows.test.to_string()),
        ("split-seed", seed.to_string()),
        ("device", device.to_owned()),
    ];
    let fixed = fixed.map(|(option, value)| (option.to_owned(), value));
    let options = own.chain(places).chain(fixed);
    let options = options.flat_map(|(option, value)| [format!("--{option}"), value]);
    let args: Vec<String> = std::iter::once("trial".to_owned()).chain(options).collect();
    let dir = worker.parent().unwrap_or(Path::new("/"));
    OnceProgram::of(worker, &args, dir, &PLACES)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use super::*;

    #[test]
    fn rows_are_parted_and_none_is_used_twice() {
        let mnist = (60_000, 10_000);
        for (rows, share, parts) in [
            (0, 0.2, (60_000, 12_000, 10_000)),
            (1500, 0.2, (1500, 300, 250)),
            (4, 0.5, (4, 2, 1)),
            (3, 0.01, (3, 1, 1)),
        ] {
            let of = ImageRows::of(rows, share, mnist).unwrap();
            assert_eq!((of.used, of.validation, of.test), parts, "{rows} {share}");
            assert!(of.trained() >= 2);
        }
        for (rows, share) in [(60_001, 0.2), (2, 0.2), (10, 0.9)] {
            assert!(ImageRows::of(rows, share, mnist).is_err(), "{rows} {share}");
        }
    }

    #[test]
    fn every_setting_has_a_value_where_the_space_has_none() {
        let usual = usual();
        assert_eq!(usual["model"], "cnn");
        assert_eq!(usual["batch"], "64");
        assert_eq!(usual["weight_decay"], "0");
    }
}
