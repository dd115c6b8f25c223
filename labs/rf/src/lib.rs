//! The rf lab: thirty random forests on California Housing, one after another against a
//! pool of tasks.
//!
//! - **Belongs here:** the lab's arms and what they share.
//! - **May use:** `experiment`, `dataset`, `pool`, `digest`, `clock`, `stats`, `words`.
//! - **Does not belong here:** measuring, which is the same for all labs.

mod arms;
mod forest;
mod model;

use std::sync::Arc;

use workbench_dataset::{DataError, Supervised, Table, train_test_split};
use workbench_experiment::lab::Quantity;
use workbench_experiment::lab::{
    Analysis, ArmContext, ArmOutput, DataSource, DefinitionError, Finding, Item, Lab,
    LabDefinition, LabError, LabHost, Opt, ParamValue, Params, PreparedLab, Refusal, RunConfig,
    TableData, read_table,
};
use workbench_words::counted;

use crate::arms::Problem;
use crate::forest::{Rows, TrainingSet, TreeParams};
use crate::model::Trained;

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` is broken, which the tests rule out.
pub fn lab(_: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    Ok(Box::new(RandomForests::new()?))
}

/// The lab.
pub struct RandomForests {
    definition: LabDefinition,
}

impl RandomForests {
    /// The lab as its `lab.toml` defines it.
    ///
    /// # Errors
    /// When `lab.toml` is broken, which the tests rule out.
    pub fn new() -> Result<Self, DefinitionError> {
        let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
        Ok(Self { definition })
    }
}

impl Lab for RandomForests {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let TableData {
            table,
            mut findings,
            source,
        } = read_table(&config.data, own)?;
        let rows = self.rows(table.rows, config)?;
        findings.extend(rows.finding);
        Ok(Box::new(Prepared {
            problem: Arc::new(problem(&table, rows.used, config)?),
            data_sha256: table.sha256(),
            findings,
            source,
        }))
    }
}

fn own() -> Result<(Table, &'static str), DataError> {
    Ok((workbench_dataset::california_housing()?, "MedHouseVal"))
}

/// How many rows are used.
struct UsedRows {
    used: usize,
    /// What there is to say when they are fewer than the preset has.
    finding: Option<Finding>,
}

impl RandomForests {
    /// The rows to use of `there`. What a preset says is at most; what a person sets has to be
    /// there.
    fn rows(&self, there: usize, config: &RunConfig) -> Result<UsedRows, LabError> {
        let asked = integer(&config.params, "rows")?;
        let preset = self.definition.presets.get(&config.preset);
        let of_preset = preset.and_then(|preset| preset.set.get("rows"));
        let used = match asked as usize {
            0 => there,
            asked => asked,
        };
        if used <= there {
            let finding = None;
            return Ok(UsedRows { used, finding });
        }
        if of_preset != Some(&ParamValue::Integer(asked)) {
            return Err(LabError::Refused(Refusal::new(
                Opt::Set("rows".to_owned()),
                asked,
                format!(
                    "the data has {}; give 0 for all of them, or fewer",
                    counted(there as u64, "row")
                ),
            )));
        }
        let text = format!(
            "The preset {} uses up to {asked} rows; the data has {there}, and all are used.",
            config.preset
        );
        let finding = Finding::note("fewer_rows", text)
            .option("rows")
            .number("rows", there as f64)
            .number("preset_rows", asked as f64);
        Ok(UsedRows {
            used: there,
            finding: Some(finding),
        })
    }
}

struct Prepared {
    problem: Arc<Problem>,
    data_sha256: String,
    findings: Vec<Finding>,
    source: DataSource,
}

impl PreparedLab for Prepared {
    fn data(&self) -> Option<DataSource> {
        Some(self.source.clone())
    }

    fn data_sha256(&self) -> Option<String> {
        Some(self.data_sha256.clone())
    }

    fn warnings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    fn total_progress(&self, _arm: &str) -> u64 {
        self.problem
            .n_estimators
            .iter()
            .map(|n| u64::from(*n))
            .sum()
    }

    fn warm_up(&self, _arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError> {
        let failed = LabError::Failed;
        let Some(pool) = ctx.pool else {
            return self.problem.tree(0, 0).map(drop).map_err(failed);
        };
        // One tree per slot: starts the threads, touches the pages, and creates the allocator's
        // arenas.
        let trees = (0..pool.workers())
            .map(|_| {
                let problem = Arc::clone(&self.problem);
                pool.spawn(move || problem.tree(0, 0).map(drop))
            })
            .collect::<Vec<_>>();
        for tree in trees {
            let result = tree.get().map_err(|error| failed(error.to_string()))?;
            (*result).clone().map_err(failed)?;
        }
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let pool = || {
            ctx.pool
                .ok_or_else(|| LabError::Config(format!("the arm `{arm}` needs a pool")))
        };
        let models = match arm {
            "sequential" => arms::sequential(&self.problem, ctx)?,
            "tasks" => arms::tasks(&self.problem, pool()?, ctx.progress)?,
            "trees" => arms::trees(&self.problem, pool()?, ctx.progress)?,
            other => return Err(LabError::Config(format!("the rf lab has no arm `{other}`"))),
        };
        let judged: Vec<(Item, Vec<f64>)> = models
            .iter()
            .map(|model| (model.item.clone(), model.squared_errors.clone()))
            .collect();
        ctx.after.analyse(move || Analysis {
            best: model::best(&judged),
            importances: Vec::new(),
        });
        Ok(output(models))
    }
}

fn output(models: Vec<Trained>) -> ArmOutput {
    let sum = |count: fn(&Trained) -> u64| models.iter().map(count).sum::<u64>();
    let work = [
        ("models", models.len() as u64),
        ("trees", sum(|m| m.trees)),
        ("rows_predicted", sum(|m| m.rows_predicted)),
        ("evaluations", models.len() as u64),
    ];
    let best = models
        .iter()
        .min_by(|a, b| a.item.metrics["mse"].total_cmp(&b.item.metrics["mse"]));
    let quality = best.map(|best| {
        [
            ("best_mse", Quantity::Number(best.item.metrics["mse"])),
            ("best_model", Quantity::Text(best.item.name.clone())),
            ("r2", Quantity::Number(best.item.metrics["r2"])),
        ]
    });
    ArmOutput {
        work: work.map(|(name, count)| (name.to_owned(), count)).into(),
        quality: quality
            .into_iter()
            .flatten()
            .map(|(name, figure)| (name.to_owned(), figure))
            .collect(),
        items: models.into_iter().map(|model| model.item).collect(),
        ..ArmOutput::default()
    }
}

fn problem(data: &Supervised, rows: usize, config: &RunConfig) -> Result<Problem, LabError> {
    let params = &config.params;
    let test_share = number(params, "test_share")?;
    let seed = u32::try_from(config.seed).map_err(|_| {
        LabError::Refused(Refusal::of(
            Opt::Seed,
            "the split takes a seed up to 4294967295",
        ))
    })?;
    // The shuffled split is shortened, so the small problem is a part of the large one.
    let split = train_test_split(data.rows, test_share, seed)
        .map_err(|problem| LabError::Config(problem.to_string()))?;
    let test_rows = (rows as f64 * test_share).ceil() as usize;
    let train_rows = rows - test_rows.min(rows);
    if test_rows < 2 || train_rows < 2 {
        return Err(LabError::Config(format!(
            "of {rows} rows, {train_rows} are left to train on and {test_rows} to test on; both need 2 or more"
        )));
    }
    let (train_x, train_y) = take(data, &split.train[..train_rows.min(split.train.len())]);
    let (test_x, test_y) = take(data, &split.test[..test_rows.min(split.test.len())]);
    check_varies(&train_y, "training")?;
    check_varies(&test_y, "test")?;
    let failed = LabError::Config;
    Ok(Problem {
        train: TrainingSet::new(
            Rows::from_columns(train_x, train_y.len()).map_err(failed)?,
            train_y,
        ),
        test_x: Rows::from_columns(test_x, test_y.len()).map_err(failed)?,
        test_y,
        n_estimators: n_estimators(params)?,
        params: TreeParams {
            max_depth: integer(params, "max_depth")? as u16,
            min_samples_split: integer(params, "min_samples_split")? as usize,
            min_samples_leaf: integer(params, "min_samples_leaf")? as usize,
        },
        seed: config.seed,
        longest_first: params.get("order") == Some(&ParamValue::Text("longest-first".to_owned())),
    })
}

/// Features column after column, and targets, of some of the rows.
fn take(data: &Supervised, rows: &[u32]) -> (Vec<f64>, Vec<f64>) {
    let of = |column: &[f64]| {
        rows.iter()
            .map(|row| column[*row as usize])
            .collect::<Vec<f64>>()
    };
    let x = (0..data.features)
        .flat_map(|feature| of(data.feature(feature)))
        .collect();
    (x, of(&data.y))
}

fn check_varies(y: &[f64], part: &str) -> Result<(), LabError> {
    let varies = y
        .windows(2)
        .any(|pair| pair[0].to_bits() != pair[1].to_bits());
    varies.then_some(()).ok_or_else(|| {
        LabError::Config(format!(
            "the target is the same in all {} {part} rows, so nothing can be learnt or judged; use more rows or another --seed",
            y.len()
        ))
    })
}

fn n_estimators(params: &Params) -> Result<Vec<u32>, LabError> {
    let (models, first, step) = (
        integer(params, "models")?,
        integer(params, "n_estimators_first")?,
        integer(params, "n_estimators_step")?,
    );
    Ok((0..models)
        .map(|model| (first + model * step) as u32)
        .collect())
}

fn integer(params: &Params, name: &str) -> Result<i64, LabError> {
    match params.get(name) {
        Some(ParamValue::Integer(value)) => Ok(*value),
        _ => Err(LabError::Config(format!(
            "the parameter `{name}` is missing"
        ))),
    }
}

fn number(params: &Params, name: &str) -> Result<f64, LabError> {
    match params.get(name) {
        Some(ParamValue::Float(value)) => Ok(*value),
        Some(ParamValue::Integer(value)) => Ok(*value as f64),
        _ => Err(LabError::Config(format!(
            "the parameter `{name}` is missing"
        ))),
    }
}
