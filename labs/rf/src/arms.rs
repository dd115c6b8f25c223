//! The lab's three arms. They differ only in how they split the work into tasks: trees, the order
//! of summing votes, and evaluation are shared code.

use std::sync::Arc;

use workbench_clock::{CoreWait, thread_cpu_ns};
use workbench_experiment::lab::{ArmContext, LabError, Progress};
use workbench_pool::{Object, Outcome, Pool, TaskRef, TaskSpan};

use crate::engine::Grown;
use crate::model::{Trained, Votes};
use crate::problem::Problem;

impl Problem {
    /// Priority of a model's tasks: the pool starts the highest first, equal ones as submitted.
    fn priority(&self, n_estimators: u32) -> i32 {
        if self.longest_first {
            i32::try_from(n_estimators).unwrap_or(i32::MAX)
        } else {
            0
        }
    }

    /// Grows, predicts and evaluates one model.
    pub fn model(
        &self,
        model: u32,
        n_estimators: u32,
        progress: &Progress,
    ) -> Result<Trained, String> {
        let mut votes = Votes::new(&self.test);
        for tree in 0..n_estimators {
            if progress.is_cancelled() {
                return Err("stopped".to_owned());
            }
            votes.add(&self.tree(model, tree)?, &self.train);
            progress.add(1);
        }
        Ok(self.judged(votes, model, progress))
    }

    /// Finishes a model whose votes are complete; its score becomes a point of the run's curve.
    fn judged(&self, votes: Votes, model: u32, progress: &Progress) -> Trained {
        let judged = votes.evaluate(self.name(model), &self.train, &self.test);
        let trees = u64::from(self.n_estimators[model as usize]);
        for (curve, metric) in [("test R²", "r2"), ("test accuracy", "accuracy")] {
            if let Some(score) = judged.item.metrics.get(metric) {
                progress.metric(curve, trees, *score);
            }
        }
        judged
    }
}

/// One model after another on this thread.
pub fn sequential(problem: &Problem, ctx: &ArmContext<'_>) -> Result<Vec<Trained>, LabError> {
    let mut models = Vec::with_capacity(problem.n_estimators.len());
    let core_wait = CoreWait::of_this_thread();
    for (model, n_estimators) in problem.models() {
        let (started_ns, cpu_ns) = (ctx.clock.now_ns(), thread_cpu_ns());
        let waited_ns = core_wait.total_ns();
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
            core_wait_ns: core_wait.since_ns(waited_ns),
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
    let trees: Vec<TaskRef<Result<Grown, String>>> = (0..n_estimators)
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
                    let grown = shared.tree(model, tree);
                    progress.add(1);
                    grown
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
            let mut votes = Votes::new(&shared.test);
            for tree in trees {
                let grown = tree.get().map_err(|error| error.to_string())?;
                votes.add((*grown).as_ref()?, &shared.train);
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
