//! What all arms work on: rows split as scikit-learn splits them, ready for the engine, before any
//! clock starts.

use std::time::Instant;

use workbench_dataset::{Supervised, train_test_split};
use workbench_digest::Hasher;
use workbench_experiment::lab::{Finding, LabError, Opt, Refusal};
use workbench_forest::{Features, ForestError, GrowSeed, TrainingData};
use workbench_words::counted;

use crate::engine::{ForestEngine, Grown, TreeEngine};
use crate::model::Truth;
use crate::settings::{EngineChoice, Settings, Task};
use crate::smartcore::Smartcore;

/// Classes that the lab tells apart at most.
const MOST_CLASSES: usize = 100;

/// Everything an arm needs, made before the clock starts.
pub struct Problem {
    engine: TreeEngine,
    /// What the training rows are.
    pub train: Truth,
    /// What the test rows are.
    pub test: Truth,
    /// SHA-256 of the numbers of the rows to train on and to test on.
    pub split_sha256: String,
    /// The features' names.
    pub features: Vec<String>,
    /// Number of trees of each model.
    pub n_estimators: Vec<u32>,
    /// Whether the pool starts the longest model first.
    pub longest_first: bool,
    seed: u64,
}

/// Rows of the table, of which some are trained on and some tested.
pub struct Rows<'a> {
    /// The table.
    pub data: &'a Supervised,
    /// Rows to train on.
    pub train: Vec<u32>,
    /// Rows to test with.
    pub test: Vec<u32>,
}

impl Problem {
    /// Splits the first `rows` rows and makes the engine. Also gives what there is to say about
    /// work that was done once for all trees.
    ///
    /// # Errors
    /// When too few rows are left, the target does not vary, or engine and data do not fit.
    pub fn new(
        data: &Supervised,
        rows: usize,
        settings: Settings,
        seed: u64,
    ) -> Result<(Self, Option<Finding>), LabError> {
        let rows = split(data, rows, settings.test_share, seed)?;
        let task = match (&data.classes, settings.task) {
            (Some(_), _) => Task::Classification,
            (None, task) => task.unwrap_or(Task::Regression),
        };
        let [train, test] = truths(&rows, task)?;
        let (engine, finding) = match settings.engine {
            EngineChoice::Smartcore => (smartcore(&rows, &settings)?, None),
            EngineChoice::Forest => {
                let (engine, finding) = forest(&rows, &train, &settings, task)?;
                (engine, Some(finding))
            }
        };
        let problem = Self {
            engine,
            train,
            test,
            split_sha256: rows.sha256(),
            features: data.feature_names.clone(),
            n_estimators: settings.n_estimators,
            longest_first: settings.longest_first,
            seed,
        };
        Ok((problem, finding))
    }

    /// The displayed name of a model.
    pub fn name(&self, model: u32) -> String {
        format!("n_estimators={}", self.n_estimators[model as usize])
    }

    /// The models with their numbers of trees.
    pub fn models(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..).zip(self.n_estimators.iter().copied())
    }

    /// Grows one tree and predicts with it.
    ///
    /// # Errors
    /// The engine's error.
    pub fn tree(&self, model: u32, tree: u32) -> Result<Grown, String> {
        self.engine.grow(GrowSeed::new(self.seed, model, tree))
    }
}

impl Rows<'_> {
    /// SHA-256 of how many rows are trained on and tested on, and of their numbers, as
    /// little-endian u32.
    fn sha256(&self) -> String {
        let mut hasher = Hasher::default();
        for part in [&self.train, &self.test] {
            hasher.update((part.len() as u32).to_le_bytes());
            for row in part {
                hasher.update(row.to_le_bytes());
            }
        }
        hasher.finish()
    }

    /// Features column after column.
    fn x(&self, rows: &[u32]) -> Vec<f64> {
        let columns = 0..self.data.features;
        columns
            .flat_map(|feature| taken(self.data.feature(feature), rows))
            .collect()
    }

    /// The same as 32-bit numbers, as scikit-learn's forests take them.
    fn features(&self, rows: &[u32]) -> Result<Features, LabError> {
        let x = self.x(rows).into_iter().map(|value| value as f32).collect();
        Features::from_columns(x, rows.len()).map_err(|error| refused(&error))
    }
}

fn taken(column: &[f64], rows: &[u32]) -> Vec<f64> {
    rows.iter().map(|row| column[*row as usize]).collect()
}

fn refused(error: &ForestError) -> LabError {
    LabError::Config(error.to_string())
}

/// The split of the first `rows` rows.
///
/// # Errors
/// When too few rows are left.
pub fn split(data: &Supervised, rows: usize, share: f64, seed: u64) -> Result<Rows<'_>, LabError> {
    let seed = u32::try_from(seed).map_err(|_| {
        LabError::Refused(Refusal::of(
            Opt::Seed,
            "the split takes a seed up to 4294967295",
        ))
    })?;
    // The shuffled split is shortened, so the small problem is a part of the large one.
    let split = train_test_split(data.rows, share, seed)
        .map_err(|problem| LabError::Config(problem.to_string()))?;
    let test_rows = (rows as f64 * share).ceil() as usize;
    let train_rows = rows - test_rows.min(rows);
    if test_rows < 2 || train_rows < 2 {
        return Err(LabError::Config(format!(
            "of {rows} rows, {train_rows} are left to train on and {test_rows} to test on; both \
             need 2 or more"
        )));
    }
    let first = |rows: &[u32], most: usize| rows[..most.min(rows.len())].to_vec();
    Ok(Rows {
        data,
        train: first(&split.train, train_rows),
        test: first(&split.test, test_rows),
    })
}

/// What training and test rows are.
fn truths(rows: &Rows<'_>, task: Task) -> Result<[Truth; 2], LabError> {
    let of = |part: &[u32]| taken(&rows.data.y, part);
    let (train, test) = (of(&rows.train), of(&rows.test));
    check_varies(&train, "training")?;
    check_varies(&test, "test")?;
    if task == Task::Regression {
        return Ok([Truth::Numbers(train), Truth::Numbers(test)]);
    }
    let mut classes = rows.data.y.clone();
    classes.sort_by(f64::total_cmp);
    classes.dedup();
    if classes.len() > MOST_CLASSES {
        return Err(LabError::Refused(Refusal::new(
            Opt::Set("task".to_owned()),
            "classification",
            format!(
                "`{}` has {}, which is too many to be classes (at most {MOST_CLASSES}); use \
                 another --target, or task=regression for numbers",
                rows.data.target_name,
                counted(classes.len() as u64, "distinct value")
            ),
        )));
    }
    let number = |y: &f64| classes.partition_point(|class| class.total_cmp(y).is_lt()) as u32;
    let [train, test] = [&train, &test].map(|part| part.iter().map(number).collect::<Vec<u32>>());
    let told_apart = train
        .iter()
        .max()
        .map_or(1, |greatest| *greatest as usize + 1);
    Ok([train, test].map(|part| Truth::Classes(part, told_apart)))
}

fn check_varies(y: &[f64], part: &str) -> Result<(), LabError> {
    let varies = y
        .windows(2)
        .any(|pair| pair[0].to_bits() != pair[1].to_bits());
    varies.then_some(()).ok_or_else(|| {
        LabError::Config(format!(
            "the target is the same in all {} {part} rows, so nothing can be learnt or judged; \
             use more rows or another --seed",
            y.len()
        ))
    })
}

fn smartcore(rows: &Rows<'_>, settings: &Settings) -> Result<TreeEngine, LabError> {
    let (train, test) = (rows.x(&rows.train), rows.x(&rows.test));
    let y = taken(&rows.data.y, &rows.train);
    Smartcore::new([&train, &test], y, rows.test.len(), settings.limits)
        .map(TreeEngine::Smartcore)
        .map_err(LabError::Config)
}

/// The workspace's own engine. Sorting is work that all trees of all arms share, so it is done
/// before any clock starts, and its time is stated.
fn forest(
    rows: &Rows<'_>,
    train: &Truth,
    settings: &Settings,
    task: Task,
) -> Result<(TreeEngine, Finding), LabError> {
    let [train_x, test_x] = [rows.features(&rows.train)?, rows.features(&rows.test)?];
    let started = Instant::now();
    let data = match train {
        Truth::Numbers(y) => TrainingData::regression(&train_x, y.clone()),
        Truth::Classes(class, _) => TrainingData::classification(&train_x, class.clone()),
    };
    let data = data.map_err(|error| refused(&error))?;
    let seconds = started.elapsed().as_secs_f64();
    let finding = sorted(rows, seconds);
    let params = settings.grow_params(task);
    let engine =
        ForestEngine::new(data, params, [&train_x, &test_x]).map_err(|error| refused(&error))?;
    Ok((TreeEngine::Forest(Box::new(engine)), finding))
}

fn sorted(rows: &Rows<'_>, seconds: f64) -> Finding {
    let text = format!(
        "Sorting {} of {} once for all trees of all arms took {:.1} ms; it is on no clock.",
        counted(rows.data.features as u64, "feature"),
        counted(rows.train.len() as u64, "row"),
        seconds * 1e3
    );
    Finding::note("sorted_once", text).number("sorting_s", seconds)
}
