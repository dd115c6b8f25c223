//! A lab for tests: a search for good settings on the pool, with early stopping. Its arms
//! do different work and are compared by the time to a target; its curves belong to trials;
//! its totals shrink.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use workbench_clock::thread_cpu_ns;
use workbench_digest::Hasher;
use workbench_experiment::lab::{
    ArmContext, ArmOutput, Basis, DefinitionError, Direction, Item, Lab, LabDefinition, LabError,
    LabHost, ParamValue, PreparedLab, Progress, Quantity, RunConfig,
};
use workbench_pool::{Outcome, Pool, TaskSpan};

/// Steps after which a trial may be stopped.
const GRACE: u64 = 8;
/// A trial falls behind below this share of the best score so far.
const BEHIND: f64 = 0.5;

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` is broken.
pub fn lab(_: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
    Ok(Box::new(Search(definition)))
}

struct Search(LabDefinition);

impl Lab for Search {
    fn definition(&self) -> &LabDefinition {
        &self.0
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let number = |name: &str| match config.params.get(name) {
            Some(ParamValue::Integer(n)) => Ok(*n as f64),
            Some(ParamValue::Float(x)) => Ok(*x),
            _ => Err(LabError::Config(format!(
                "the parameter `{name}` is missing"
            ))),
        };
        Ok(Box::new(Prepared(Problem {
            trials: number("trials")? as u32,
            steps: number("steps")? as u64,
            step: Duration::from_micros(number("step_us")? as u64),
            target: number("target")?,
            seed: config.seed,
        })))
    }
}

#[derive(Debug, Clone, Copy)]
struct Problem {
    trials: u32,
    steps: u64,
    step: Duration,
    target: f64,
    seed: u64,
}

/// What all trials of a repeat share.
struct Shared {
    problem: Problem,
    progress: Progress,
    /// Bits of the best score so far; scores are not negative, so their bits are in their order.
    best: AtomicU64,
    reached: AtomicBool,
    total: AtomicU64,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy)]
struct Ended {
    trial: u32,
    steps: u64,
    score: f64,
}

struct Prepared(Problem);

impl Problem {
    fn total(&self) -> u64 {
        u64::from(self.trials) * self.steps
    }

    /// The score of a trial after so many steps: it rises to a limit that the trial has by chance.
    fn score(&self, trial: u32, steps: u64) -> f64 {
        let mixed = (u64::from(trial) + 1 + self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let limit = 0.2 + 0.5 * (mixed % 1000) as f64 / 1000.0;
        // One trial of the middle is good enough for the default target.
        let limit = if trial == self.trials / 2 {
            0.95
        } else {
            limit
        };
        limit * (1.0 - (-(steps as f64) / 8.0).exp())
    }
}

impl Shared {
    fn best(&self) -> f64 {
        f64::from_bits(self.best.load(Ordering::Relaxed))
    }

    fn is_over(&self) -> bool {
        self.reached.load(Ordering::Relaxed) || self.progress.is_cancelled()
    }

    /// Runs one trial until the target is reached by any, it falls behind or it ends.
    fn run(&self, trial: u32) -> Ended {
        let mut ended = Ended {
            trial,
            steps: 0,
            score: 0.0,
        };
        while ended.steps < self.problem.steps && !self.is_over() {
            let until = Instant::now() + self.problem.step;
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            ended.steps += 1;
            ended.score = self.problem.score(trial, ended.steps);
            self.progress.add(1);
            self.progress
                .item_metric(&name(trial), "score", ended.steps, ended.score);
            self.best
                .fetch_max(ended.score.to_bits(), Ordering::Relaxed);
            if ended.score >= self.problem.target {
                self.reached.store(true, Ordering::Relaxed);
            }
            if ended.steps >= GRACE && ended.score < BEHIND * self.best() {
                break;
            }
        }
        let left_out = self.problem.steps - ended.steps;
        let before = self.total.fetch_sub(left_out, Ordering::Relaxed);
        self.progress.set_total(before - left_out);
        ended
    }
}

fn name(trial: u32) -> String {
    format!("trial {trial}")
}

impl PreparedLab for Prepared {
    fn data_sha256(&self) -> Option<String> {
        None
    }

    fn total_progress(&self, _arm: &str) -> u64 {
        self.0.total()
    }

    fn basis(&self) -> Basis {
        Basis::TimeToTarget {
            metric: "best_score".to_owned(),
            target: self.0.target,
            direction: Direction::AtLeast,
        }
    }

    fn warm_up(&self, _arm: &str, _ctx: &ArmContext<'_>) -> Result<(), LabError> {
        Ok(())
    }

    fn run_arm(&self, _arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let shared = Arc::new(Shared {
            problem: self.0,
            progress: ctx.progress.clone(),
            best: AtomicU64::new(0),
            reached: AtomicBool::new(false),
            total: AtomicU64::new(self.0.total()),
        });
        let ended = match ctx.pool {
            Some(pool) => together(&shared, pool)?,
            None => (0..self.0.trials)
                .map(|trial| alone(&shared, trial, ctx))
                .collect(),
        };
        if ctx.progress.is_cancelled() {
            return Err(LabError::Cancelled);
        }
        Ok(output(&shared, &ended))
    }
}

fn together(shared: &Arc<Shared>, pool: &Pool) -> Result<Vec<Ended>, LabError> {
    let failed = |error: workbench_pool::PoolError| LabError::Failed(error.to_string());
    let tasks: Vec<_> = (0..shared.problem.trials)
        .map(|trial| {
            let shared = Arc::clone(shared);
            let task = pool.task().name(name(trial)).group(trial);
            task.spawn(move || shared.run(trial))
        })
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    tasks
        .iter()
        .map(|task| {
            task.get()
                .map(|ended| *ended)
                .map_err(|error| LabError::Failed(error.to_string()))
        })
        .collect()
}

fn alone(shared: &Shared, trial: u32, ctx: &ArmContext<'_>) -> Ended {
    let (started_ns, cpu_ns) = (ctx.clock.now_ns(), thread_cpu_ns());
    let ended = shared.run(trial);
    (ctx.spans)(TaskSpan {
        task: u64::from(trial),
        name: name(trial).into(),
        group: trial,
        part: 0,
        slot: 0,
        attempt: 0,
        queued_ns: started_ns,
        ready_ns: started_ns,
        started_ns,
        finished_ns: ctx.clock.now_ns(),
        cpu_ns: thread_cpu_ns() - cpu_ns,
        core_wait_ns: 0,
        outcome: Outcome::Done,
    });
    ended
}

fn output(shared: &Shared, ended: &[Ended]) -> ArmOutput {
    let begun = || ended.iter().filter(|trial| trial.steps > 0);
    let item = |trial: &Ended| {
        let mut hash = Hasher::default();
        hash.update(trial.score.to_le_bytes());
        Item {
            name: name(trial.trial),
            sha256: hash.finish(),
            metrics: [("score".to_owned(), trial.score)].into(),
        }
    };
    ArmOutput {
        work: [
            ("trials".to_owned(), begun().count() as u64),
            ("steps".to_owned(), begun().map(|trial| trial.steps).sum()),
        ]
        .into(),
        quality: [("best_score".to_owned(), Quantity::Number(shared.best()))].into(),
        items: begun().map(item).collect(),
        ..ArmOutput::default()
    }
}
