//! The lab's three arms. They differ only in how they split the work into tasks: trees, the order
//! of summing votes, and evaluation are shared code.

use std::sync::Arc;

use workbench_clock::thread_cpu_ns;
use workbench_experiment::lab::{ArmContext, LabError, Progress};
use workbench_pool::{Object, Outcome, Pool, TaskRef, TaskSpan};

use crate::forest::{Rows, TrainingSet, Tree, TreeParams, TreeSeed};
use crate::model::{Trained, Votes};

/// Everything an arm needs, made before the clock starts.
pub struct Problem {
    /// Training rows.
    pub train: TrainingSet,
    /// Test rows.
    pub test_x: Rows,
    /// Their targets.
    pub test_y: Vec<f64>,
    /// Number of trees of each model.
    pub n_estimators: Vec<u32>,
    /// What limits each tree.
    pub params: TreeParams,
    /// The run's seed.
    pub seed: u64,
    /// Whether the pool starts the longest model first.
    pub longest_first: bool,
}

impl Problem {
    /// The displayed name of a model.
    pub fn name(&self, model: u32) -> String {
        format!("n_estimators={}", self.n_estimators[model as usize])
    }

    fn models(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..).zip(self.n_estimators.iter().copied())
    }

    /// Priority of a model's tasks: the pool starts the highest first, equal ones as submitted.
    fn priority(&self, n_estimators: u32) -> i32 {
        if self.longest_first {
            i32::try_from(n_estimators).unwrap_or(i32::MAX)
        } else {
            0
        }
    }

    /// Grows one tree and predicts the test rows with it.
    pub fn tree(&self, model: u32, tree: u32) -> Result<Vec<f64>, String> {
        let seed = TreeSeed {
            run: self.seed,
            model,
            tree,
        };
        Tree::grow(&self.train, self.params, seed)?.predict(&self.test_x)
    }

    /// Grows, predicts and evaluates one model.
    fn model(&self, model: u32, n_estimators: u32, progress: &Progress) -> Result<Trained, String> {
        let mut votes = Votes::new(self.test_x.count());
        for tree in 0..n_estimators {
            if progress.is_cancelled() {
                return Err("stopped".to_owned());
            }
            votes.add(&self.tree(model, tree)?);
            progress.add(1);
        }
        Ok(self.judged(votes, model, progress))
    }

    /// Finishes a model whose votes are complete; its score becomes a point of the run's curve.
    fn judged(&self, votes: Votes, model: u32, progress: &Progress) -> Trained {
        let judged = votes.evaluate(self.name(model), &self.test_y);
        if let Some(r2) = judged.item.metrics.get("r2") {
            let trees = u64::from(self.n_estimators[model as usize]);
            progress.metric("test R²", trees, *r2);
        }
        judged
    }
}

/// One model after another on this thread.
pub fn sequential(problem: &Problem, ctx: &ArmContext<'_>) -> Result<Vec<Trained>, LabError> {
    let mut models = Vec::with_capacity(problem.n_estimators.len());
    for (model, n_estimators) in problem.models() {
        let (started_ns, cpu_ns) = (ctx.clock.now_ns(), thread_cpu_ns());
        let result = problem.model(model, n_estimators, ctx.progress);
        (ctx.spans)(TaskSpan {
            task: u64::from(model),
            name: problem.name(model).into(),
            group: model,
            part: 0,
            slot: 0,
            attempt: 0,
            queued_ns: started_ns,
            ready_ns: started_ns,
            started_ns,
            finished_ns: ctx.clock.now_ns(),
            cpu_ns: thread_cpu_ns() - cpu_ns,
            outcome: if result.is_ok() {
                Outcome::Done
            } else {
                Outcome::Failed
            },
        });
        models.push(finish(result, ctx.progress)?);
    }
    Ok(models)
}

/// One task per model.
pub fn tasks(
    problem: &Arc<Problem>,
    pool: &Pool,
    progress: &Progress,
) -> Result<Vec<Trained>, LabError> {
    let problem = pool.put(Arc::clone(problem));
    let tasks: Vec<TaskRef<Result<Trained, String>>> = problem
        .models()
        .map(|(model, n_estimators)| {
            let (shared, progress) = (problem.clone(), progress.clone());
            pool.task()
                .name(problem.name(model))
                .group(model)
                .priority(problem.priority(n_estimators))
                .spawn(move || shared.model(model, n_estimators, &progress))
        })
        .collect::<Result<_, _>>()
        .map_err(|error| LabError::Failed(error.to_string()))?;
    collect(&tasks, progress)
}

/// One task per tree, and one per model that sums its trees' votes once all are done.
pub fn trees(
    problem: &Arc<Problem>,
    pool: &Pool,
    progress: &Progress,
) -> Result<Vec<Trained>, LabError> {
    let problem = pool.put(Arc::clone(problem));
    let models: Vec<TaskRef<Result<Trained, String>>> = problem
        .models()
        .map(|(model, n_estimators)| model_of_trees(&problem, pool, progress, model, n_estimators))
        .collect::<Result<_, _>>()?;
    collect(&models, progress)
}

fn model_of_trees(
    problem: &Object<Arc<Problem>>,
    pool: &Pool,
    progress: &Progress,
    model: u32,
    n_estimators: u32,
) -> Result<TaskRef<Result<Trained, String>>, LabError> {
    let failed = |error: workbench_pool::PoolError| LabError::Failed(error.to_string());
    let name: Arc<str> = problem.name(model).into();
    let trees: Vec<TaskRef<Result<Vec<f64>, String>>> = (0..n_estimators)
        .map(|tree| {
            let (shared, progress) = (problem.clone(), progress.clone());
            pool.task()
                .name(Arc::clone(&name))
                .group(model)
                .part(tree)
                .priority(problem.priority(n_estimators))
                .spawn(move || {
                    if progress.is_cancelled() {
                        return Err("stopped".to_owned());
                    }
                    let predictions = shared.tree(model, tree);
                    progress.add(1);
                    predictions
                })
        })
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let (shared, progress) = (problem.clone(), progress.clone());
    pool.task()
        .name(name)
        .group(model)
        .part(n_estimators)
        // Before any waiting tree, so that a finished model's votes do not stay in memory.
        .priority(i32::MAX)
        .after_all(&trees)
        .spawn(move || {
            let mut votes = Votes::new(shared.test_x.count());
            for tree in trees {
                let predictions = tree.get().map_err(|error| error.to_string())?;
                votes.add((*predictions).as_ref()?);
            }
            Ok(shared.judged(votes, model, &progress))
        })
        .map_err(failed)
}

fn collect(
    tasks: &[TaskRef<Result<Trained, String>>],
    progress: &Progress,
) -> Result<Vec<Trained>, LabError> {
    tasks
        .iter()
        .map(|task| match task.get() {
            Ok(result) => finish((*result).clone(), progress),
            Err(error) => finish(Err(error.to_string()), progress),
        })
        .collect()
}

fn finish(result: Result<Trained, String>, progress: &Progress) -> Result<Trained, LabError> {
    result.map_err(|reason| {
        if progress.is_cancelled() {
            LabError::Cancelled
        } else {
            LabError::Failed(format!("a forest could not be trained: {reason}"))
        }
    })
}
