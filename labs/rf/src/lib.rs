//! The rf lab: thirty random forests on California Housing, one after another against a
//! pool of tasks.
//!
//! - **Belongs here:** the lab's arms and what they share.
//! - **May use:** `experiment`, `programs`, `dataset`, `pool`, `digest`, `clock`, `stats`,
//!   `forest`, `words`.
//! - **Does not belong here:** measuring, which is the same for all labs.

mod arms;
mod engine;
mod model;
mod peers;
mod problem;
mod settings;
mod smartcore;

use std::collections::BTreeMap;
use std::sync::Arc;

use workbench_dataset::{DataError, Table};
use workbench_experiment::lab::Quantity;
use workbench_experiment::lab::{
    ArmContext, ArmOutput, Calibration, DataSource, DefinitionError, Finding, Lab, LabDefinition,
    LabError, LabHost, MadeAgain, MakeAgain, NotTimed, Opt, PreparedLab, Progress, QuestionSet,
    RecordedItem, Refusal, RunConfig, TableData, read_table,
};
use workbench_programs::{Peers, Timed};
use workbench_words::counted;

use crate::model::Trained;
use crate::problem::{Problem, split};
use crate::settings::{Settings, integer};

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` is broken, which the tests rule out.
pub fn lab(host: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    let mut lab = RandomForests::new()?;
    lab.host = host;
    Ok(Box::new(lab))
}

/// The lab.
pub struct RandomForests {
    definition: LabDefinition,
    questions: QuestionSet,
    host: LabHost,
}

impl RandomForests {
    /// The lab as its `lab.toml` defines it.
    ///
    /// # Errors
    /// When `lab.toml` is broken, which the tests rule out.
    pub fn new() -> Result<Self, DefinitionError> {
        let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
        let questions = definition.read_questions(include_str!("../questions.toml"))?;
        Ok(Self {
            definition,
            questions,
            host: LabHost::default(),
        })
    }
}

impl Lab for RandomForests {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn questions(&self) -> &QuestionSet {
        &self.questions
    }

    fn check(&self, config: &RunConfig) -> Result<(), Refusal> {
        match Settings::new(&config.params) {
            Err(LabError::Refused(refusal)) => Err(refusal),
            _ => Ok(()),
        }
    }

    fn calibrate(
        &self,
        config: &RunConfig,
        _is_wanted: &dyn Fn() -> bool,
    ) -> Result<Calibration, NotTimed> {
        let failed = |_| NotTimed::Failed;
        let settings = Settings::new(&config.params).map_err(failed)?;
        let table = read_table(&config.data, settings.allowed_cells(), own)
            .map_err(|_| NotTimed::Failed)?;
        let rows = rows(table.table.rows, config).map_err(failed)?;
        let (problem, _) = Problem::new(&table.table, rows, settings, config.seed)
            .map_err(|_| NotTimed::Failed)?;
        let trees = problem.n_estimators.iter().map(|n| u64::from(*n)).sum();
        Calibration::time("tree", trees, |at| problem.tree(0, at as u32).is_ok())
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let settings = Settings::new(&config.params)?;
        let TableData {
            table,
            mut findings,
            source,
        } = read_table(&config.data, settings.allowed_cells(), own)?;
        let rows = rows(table.rows, config)?;
        let share = settings.test_share;
        let (problem, finding) = Problem::new(&table, rows, settings, config.seed)?;
        findings.extend(finding);
        let peers = if self.definition.has_peers(config) {
            Some(Peers {
                python: (self.host.peers_python)(&self.definition),
                files: peers::FILES,
                near: peers::near(&problem, config)?,
                timed: Timed::Work,
                silence_limit: None,
                unfit: None,
                input: peers::input(&split(&table, rows, share, config.seed)?, &problem),
            })
        } else {
            None
        };
        let own = Box::new(Prepared {
            problem: Arc::new(problem),
            data_sha256: table.sha256(),
            findings,
            source,
        });
        match peers {
            Some(peers) => peers.around(own, &self.definition, config),
            None => Ok(own),
        }
    }
}

fn own() -> Result<(Table, &'static str), DataError> {
    Ok((workbench_dataset::california_housing()?, "MedHouseVal"))
}

/// The rows to use of those that are there; 0 stands for all.
fn rows(there: usize, config: &RunConfig) -> Result<usize, LabError> {
    let asked = integer(&config.params, "rows")?;
    match asked as usize {
        0 => Ok(there),
        used if used <= there => Ok(used),
        _ => Err(LabError::Refused(Refusal::new(
            Opt::Set("rows".to_owned()),
            asked,
            format!(
                "the data has {}; give 0 for all of them, or fewer",
                counted(there as u64, "row")
            ),
        ))),
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

    fn split_sha256(&self) -> Option<String> {
        Some(self.problem.split_sha256.clone())
    }

    fn item_again(&self, recorded: &RecordedItem<'_>) -> Option<MakeAgain<'_>> {
        let (model, trees) = self.problem.models().nth(recorded.index)?;
        Some(Box::new(move || {
            let trained = self.problem.model(model, trees, &Progress::default());
            Ok(MadeAgain {
                item: trained.map_err(LabError::Failed)?.item,
                // Integers and sums in a fixed order: equal on every machine.
                tolerance: None,
            })
        }))
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
        let (problem, judged) = (
            Arc::clone(&self.problem),
            models
                .iter()
                .map(|model| model.judged.clone())
                .collect::<Vec<_>>(),
        );
        ctx.after
            .analyse(move || model::analyse(&judged, problem.test.metric(), &problem.features));
        Ok(output(models, self.problem.test.metric()))
    }
}

fn output(models: Vec<Trained>, metric: &str) -> ArmOutput {
    let sum = |count: fn(&Trained) -> u64| models.iter().map(count).sum::<u64>();
    let work = [
        ("models", models.len() as u64),
        ("trees", sum(|m| m.trees)),
        ("rows_predicted", sum(|m| m.rows_predicted)),
        ("evaluations", models.len() as u64),
    ];
    let value = |model: &&Trained| model.item.metrics[metric];
    let best = if metric == "accuracy" {
        models
            .iter()
            .rev()
            .max_by(|a, b| value(a).total_cmp(&value(b)))
    } else {
        models.iter().min_by(|a, b| value(a).total_cmp(&value(b)))
    };
    let mut quality = BTreeMap::new();
    if let Some(best) = best {
        quality.insert(format!("best_{metric}"), Quantity::Number(value(&best)));
        quality.insert(
            "best_model".to_owned(),
            Quantity::Text(best.item.name.clone()),
        );
        let r2 = best.item.metrics.get("r2");
        quality.extend(r2.map(|r2| ("r2".to_owned(), Quantity::Number(*r2))));
    }
    ArmOutput {
        work: work.map(|(name, count)| (name.to_owned(), count)).into(),
        quality,
        items: models.into_iter().map(|model| model.item).collect(),
        ..ArmOutput::default()
    }
}
