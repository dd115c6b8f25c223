//! Random graphs of tasks: whatever they ask for, depend on, fail or are cancelled with, each
//! ends exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use proptest::prelude::*;
use workbench_pool::{
    NEVER_RAN, Outcome, Pool, PoolHandle, Retry, TaskError, TaskRef, TaskSpan, wait_all,
};

use crate::support::{by_task, guarded};

const GPUS: i64 = 20;
const MEMORY: i64 = 100;

#[derive(Debug, Clone)]
struct Plan {
    workers: u32,
    tasks: Vec<TaskPlan>,
    /// After this many submissions everything is cancelled.
    cancel_all_at: Option<usize>,
}

#[derive(Debug, Clone)]
struct TaskPlan {
    /// Which of the earlier tasks it depends on, as distances backwards.
    needs: Vec<usize>,
    /// In halves.
    cpus: u32,
    /// In tenths.
    gpus: i64,
    memory: i64,
    priority: i32,
    /// Attempts that fail before one succeeds.
    failures: u32,
    panics: bool,
    retries: u32,
    delayed: bool,
    /// Cancelled right after the submission.
    cancelled: bool,
    /// Tasks that it starts and waits for.
    children: u32,
}

fn task_plan() -> impl Strategy<Value = TaskPlan> {
    let asks = (0..=2_u32, 0..=GPUS, 0..=MEMORY, -2..=2);
    let fails = (0..4_u32, any::<bool>(), 0..3_u32, any::<bool>());
    let rest = (
        prop::collection::vec(1..12_usize, 0..4),
        prop::bool::weighted(0.1),
        prop_oneof![4 => Just(0), 1 => 1..4_u32],
    );
    (asks, fails, rest).prop_map(|(asks, fails, rest)| TaskPlan {
        needs: rest.0,
        cpus: asks.0,
        gpus: asks.1,
        memory: asks.2,
        priority: asks.3,
        // Most succeed.
        failures: fails.0.saturating_sub(2),
        panics: fails.1,
        retries: fails.2,
        delayed: fails.3,
        cancelled: rest.1,
        children: rest.2,
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let tasks = prop::collection::vec(task_plan(), 1..80);
    let cancel_all_at = prop::option::weighted(0.2, 0..80_usize);
    (1..5_u32, tasks, cancel_all_at, any::<bool>()).prop_map(
        |(workers, mut tasks, cancel_all_at, nobody_waits)| {
            for task in tasks.iter_mut().filter(|_| nobody_waits) {
                task.children = 0;
            }
            Plan {
                workers,
                tasks,
                cancel_all_at,
            }
        },
    )
}

/// What is in use by running closures. Gpus and memory are never lent while a task is blocked; cpus
/// are, so their limit holds only where nobody waits.
struct Use {
    half_cpus: AtomicI64,
    half_cpus_limit: i64,
    gpus: AtomicI64,
    memory: AtomicI64,
    exceeded: AtomicBool,
}

impl Use {
    fn new(plan: &Plan) -> Self {
        let nobody_waits = plan.tasks.iter().all(|task| task.children == 0);
        Self {
            half_cpus: AtomicI64::new(0),
            half_cpus_limit: if nobody_waits {
                2 * i64::from(plan.workers)
            } else {
                i64::MAX
            },
            gpus: AtomicI64::new(0),
            memory: AtomicI64::new(0),
            exceeded: AtomicBool::new(false),
        }
    }

    fn enter(&self, plan: &TaskPlan) {
        let cpus = i64::from(plan.cpus);
        let half_cpus = self.half_cpus.fetch_add(cpus, Ordering::SeqCst) + cpus;
        let gpus = self.gpus.fetch_add(plan.gpus, Ordering::SeqCst) + plan.gpus;
        let memory = self.memory.fetch_add(plan.memory, Ordering::SeqCst) + plan.memory;
        if half_cpus > self.half_cpus_limit || gpus > GPUS || memory > MEMORY {
            self.exceeded.store(true, Ordering::SeqCst);
        }
    }

    fn leave(&self, plan: &TaskPlan) {
        self.half_cpus
            .fetch_sub(i64::from(plan.cpus), Ordering::SeqCst);
        self.gpus.fetch_sub(plan.gpus, Ordering::SeqCst);
        self.memory.fetch_sub(plan.memory, Ordering::SeqCst);
    }
}

fn submit(
    pool: &PoolHandle,
    plan: &TaskPlan,
    earlier: &[TaskRef<u32>],
    used: &Arc<Use>,
) -> TaskRef<u32> {
    let needs = plan
        .needs
        .iter()
        .filter_map(|back| earlier.len().checked_sub(*back));
    let retry = Retry {
        max: plan.retries,
        initial: std::time::Duration::from_micros(u64::from(plan.delayed) * 200),
        factor: 2.0,
        max_delay: std::time::Duration::from_millis(1),
    };
    let (handle, work, used) = (pool.clone(), plan.clone(), Arc::clone(used));
    pool.task()
        .name(format!("task {}", earlier.len()))
        .cpus(f64::from(plan.cpus) / 2.0)
        .gpus(plan.gpus as f64 / 10.0)
        .memory(plan.memory as u64)
        .priority(plan.priority)
        .after_all(needs.map(|index| &earlier[index]))
        .retries(retry)
        .spawn_fallible(move |context| {
            used.enter(&work);
            // Children that ask for nothing scarce can always start.
            let children: Vec<_> = (0..work.children)
                .map(|n| handle.spawn(move || n))
                .collect();
            wait_all(&children);
            used.leave(&work);
            if context.attempt() >= work.failures {
                return Ok(context.attempt());
            }
            // Without the panic hook: no noise.
            if work.panics {
                std::panic::resume_unwind(Box::new("planned"));
            }
            Err("planned")
        })
        .unwrap()
}

fn check(plan: &Plan, tasks: &[TaskRef<u32>], spans: Vec<TaskSpan>) -> Result<(), TestCaseError> {
    let spans = by_task(spans);
    for (index, (plan_of, task)) in plan.tasks.iter().zip(tasks).enumerate() {
        let attempts = spans.get(&task.id());
        prop_assert!(attempts.is_some(), "task {index} left no span");
        let attempts = attempts.unwrap();
        let (last, before) = attempts.split_last().unwrap();
        for span in before {
            prop_assert!(
                matches!(span.outcome, Outcome::Failed | Outcome::Panicked),
                "{span:?}"
            );
        }
        let result = task.try_get().unwrap();
        let expected = match &result {
            Ok(attempt) => {
                prop_assert_eq!(**attempt, plan_of.failures);
                Outcome::Done
            }
            Err(TaskError::Failed { .. }) => Outcome::Failed,
            Err(TaskError::Panicked { .. }) => Outcome::Panicked,
            Err(_) => Outcome::Cancelled,
        };
        prop_assert_eq!(last.outcome, expected);
        if let Err(TaskError::DependencyFailed { culprit, .. }) = &result {
            prop_assert_eq!(last.slot, NEVER_RAN);
            let culprit = tasks.iter().find(|task| task.id() == *culprit).unwrap();
            prop_assert!(culprit.try_get().unwrap().is_err());
        }
        let disturbed =
            plan.cancel_all_at.is_some() || plan.tasks.iter().any(|task| task.cancelled);
        if !disturbed {
            let needs = plan_of.needs.iter();
            let needs_met = needs
                .filter_map(|back| index.checked_sub(*back))
                .all(|need| tasks[need].try_get().unwrap().is_ok());
            let succeeds = needs_met && plan_of.failures <= plan_of.retries;
            prop_assert_eq!(result.is_ok(), succeeds);
        }
        for back in &plan_of.needs {
            let Some(need) = index.checked_sub(*back) else {
                continue;
            };
            let need_ended = spans[&tasks[need].id()].last().unwrap().finished_ns;
            if attempts[0].slot != NEVER_RAN {
                prop_assert!(tasks[need].try_get().unwrap().is_ok());
                prop_assert!(need_ended <= attempts[0].ready_ns);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_task_ends_exactly_once(plan in plan()) {
        let case = plan.clone();
        let (tasks, spans) = guarded(move || {
            let pool = Pool::builder()
                .workers(case.workers as usize)
                .gpus(GPUS as f64 / 10.0)
                .memory_bytes(MEMORY as u64)
                .build()
                .unwrap();
            let used = Arc::new(Use::new(&case));
            let mut tasks = Vec::new();
            for (index, plan) in case.tasks.iter().enumerate() {
                let task = submit(&pool, plan, &tasks, &used);
                if plan.cancelled {
                    task.cancel();
                }
                tasks.push(task);
                if case.cancel_all_at == Some(index) {
                    pool.cancel_all();
                }
            }
            wait_all(&tasks);
            let handle = pool.handle();
            drop(pool);
            assert!(!used.exceeded.load(Ordering::SeqCst), "more in use than there is");
            (tasks, handle.drain_spans())
        });
        check(&plan, &tasks, spans)?;
    }

    #[test]
    fn closing_at_any_moment_ends_every_task(plan in plan()) {
        let case = plan.clone();
        let (tasks, spans) = guarded(move || {
            let pool = Pool::builder()
                .workers(case.workers as usize)
                .gpus(GPUS as f64 / 10.0)
                .memory_bytes(MEMORY as u64)
                .build()
                .unwrap();
            let used = Arc::new(Use::new(&case));
            let mut tasks = Vec::new();
            for plan in &case.tasks {
                tasks.push(submit(&pool, plan, &tasks, &used));
            }
            let handle = pool.handle();
            drop(pool);
            assert!(!used.exceeded.load(Ordering::SeqCst), "more in use than there is");
            (tasks, handle.drain_spans())
        });
        for task in &tasks {
            prop_assert!(task.is_done());
        }
        let plan = Plan { cancel_all_at: Some(0), ..plan };
        check(&plan, &tasks, spans)?;
    }
}
