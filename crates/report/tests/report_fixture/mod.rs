//! A plausible run of the rf lab, made by simulation: three arms over models of rising size, any
//! number of workers and cores.
//!
//! Shared by the report's tests and its benchmark. Everything is a function of the [`Shape`],
//! so snapshots hold.

// Each test file and the benchmark use a part of this; clippy does not see that the benchmark
// is test code.
#![allow(clippy::unwrap_used, dead_code)]

pub mod checks;
mod document;
pub mod hostile;
pub mod markup;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use workbench_machine::monitor::Sample;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::Item;
use workbench_record::{RepeatFinished, RepeatId, RepeatState, RunStatus, Snapshot};
use workbench_result::RunResult;

/// What kind of run.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Number of models; model `i` has `10 × (i + 5)` trees.
    pub models: u32,
    /// Seconds of CPU per tree.
    pub tree_s: f64,
    /// Numbers of workers of the parallel arms.
    pub workers: Vec<u32>,
    /// Repeats of every arm.
    pub repeats: u32,
    /// Cores of the machine.
    pub cores: u32,
    /// Samples per second.
    pub hz: f64,
}

impl Shape {
    /// The full run: 30 models, 5,850 trees, minutes of samples.
    pub fn full(workers: &[u32], cores: u32) -> Self {
        Self {
            models: 30,
            tree_s: 0.035,
            workers: workers.to_vec(),
            repeats: 5,
            cores,
            hz: 5.0,
        }
    }

    /// 100,010 tasks in one arm, on 256 cores.
    pub fn huge() -> Self {
        Self {
            models: 137,
            tree_s: 0.035,
            workers: vec![256],
            repeats: 2,
            cores: 256,
            hz: 5.0,
        }
    }

    /// A run small enough to read.
    pub fn small() -> Self {
        Self {
            models: 4,
            tree_s: 0.01,
            workers: vec![2],
            repeats: 3,
            cores: 2,
            hz: 5.0,
        }
    }
}

/// A generator that is the same everywhere: a linear congruential one (Knuth, MMIX).
struct Noise(u64);

impl Noise {
    /// Evenly from −1 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// One task of an arm before it is scheduled.
struct Work {
    group: u32,
    part: u32,
    seconds: f64,
}

fn trees(model: u32) -> u32 {
    10 * (model + 5)
}

fn work(shape: &Shape, arm: &str, noise: &mut Noise) -> Vec<Work> {
    let mut all = Vec::new();
    for group in 0..shape.models {
        let parts = if arm == "trees" { trees(group) } else { 1 };
        for part in 0..parts {
            let trees = f64::from(trees(group) / parts);
            let seconds = trees * shape.tree_s * (1.0 + 0.04 * noise.next());
            all.push(Work {
                group,
                part,
                seconds,
            });
        }
    }
    all
}

const NS: f64 = 1e9;

/// Schedules the tasks in order onto the slots; returns the spans and the makespan in seconds.
fn schedule(work: &[Work], workers: u32, started_ns: u64, inflation: f64) -> (Vec<TaskSpan>, f64) {
    let mut free: BinaryHeap<Reverse<(u64, u32)>> = (0..workers).map(|s| Reverse((0, s))).collect();
    let mut names: BTreeMap<u32, Arc<str>> = BTreeMap::new();
    let mut spans = Vec::with_capacity(work.len());
    let mut end = 0;
    for (i, w) in work.iter().enumerate() {
        let Reverse((at, slot)) = free.pop().unwrap();
        let start = at + 40_000;
        let cpu_ns = (w.seconds * inflation * NS) as u64;
        let stop = start + cpu_ns + cpu_ns / 200;
        free.push(Reverse((stop, slot)));
        end = end.max(stop);
        let name = names
            .entry(w.group)
            .or_insert_with(|| Arc::from(format!("n_estimators={}", trees(w.group))));
        spans.push(TaskSpan {
            task: i as u64,
            name: name.clone(),
            group: w.group,
            part: w.part,
            slot,
            attempt: 0,
            queued_ns: started_ns + 1000,
            ready_ns: started_ns + 1000,
            started_ns: started_ns + start,
            finished_ns: started_ns + stop,
            cpu_ns,
            core_wait_ns: 0,
            outcome: Outcome::Done,
        });
    }
    (spans, end as f64 / NS + 0.02)
}

fn items(shape: &Shape) -> Vec<Item> {
    let item = |model: u32| {
        let n = f64::from(trees(model));
        Item {
            name: format!("n_estimators={}", trees(model)),
            sha256: format!(
                "{:016x}",
                u64::from(model + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            )
            .repeat(4),
            metrics: BTreeMap::from([
                ("mse".to_owned(), 0.2552 + 0.4 / n),
                ("r2".to_owned(), 0.8056 - 0.3 / n),
            ]),
        }
    };
    (0..shape.models).map(item).collect()
}

fn samples(shape: &Shape, repeat: &RepeatState, noise: &mut Noise, out: &mut Vec<(u64, Sample)>) {
    let period = (NS / shape.hz) as u64;
    let wall = repeat.finished.as_ref().unwrap().wall_ns;
    let mut busy = vec![vec![0u64; shape.cores as usize]; (wall / period) as usize + 1];
    for span in &repeat.tasks {
        let core = (span.slot % shape.cores) as usize;
        let (mut from, to) = (
            span.started_ns - repeat.started_ns,
            span.finished_ns - repeat.started_ns,
        );
        while from < to {
            let tick = (from / period) as usize;
            let until = to.min((tick as u64 + 1) * period);
            busy[tick.min((wall / period) as usize)][core] += until - from;
            from = until;
        }
    }
    for (tick, cores) in busy.iter().enumerate() {
        let share = |ns: &u64, noise: &mut Noise| {
            (*ns as f64 / period as f64 * (0.97 + 0.03 * noise.next())
                + 0.015 * (1.0 + noise.next()))
            .clamp(0.0, 1.0) as f32
        };
        let steal = (0..shape.cores).map(|c| if c == 1 && tick % 97 < 6 { 0.08 } else { 0.0 });
        let at = repeat.started_ns + (tick as u64 + 1) * period;
        if at <= repeat.started_ns + wall {
            out.push((
                at,
                Sample {
                    cores: cores.iter().map(|ns| share(ns, noise)).collect(),
                    steal: steal.collect(),
                    mhz: vec![2450; shape.cores as usize],
                    process_cores: cores.iter().sum::<u64>() as f32 / period as f32,
                    rss_bytes: 180 << 20,
                    gpus: Vec::new(),
                },
            ));
        }
    }
}

/// Runs the simulated experiment.
pub fn run(shape: &Shape) -> (RunResult, Snapshot) {
    let mut noise = Noise(42);
    let mut snapshot = Snapshot {
        status: RunStatus::Completed,
        ..Snapshot::default()
    };
    let mut plan: Vec<(&str, u32)> = vec![("sequential", 1)];
    for arm in ["models", "trees"] {
        plan.extend(shape.workers.iter().map(|w| (arm, *w)));
    }
    let mut now = 2_000_000_000;
    for repeat in 0..shape.repeats {
        for (arm, workers) in &plan {
            now = one_repeat(
                shape,
                (arm, *workers, repeat),
                now,
                &mut noise,
                &mut snapshot,
            );
        }
    }
    snapshot.now_ns = now;
    let result = document::document(shape, &plan, &snapshot);
    (result, snapshot)
}

fn one_repeat(
    shape: &Shape,
    id: (&str, u32, u32),
    now: u64,
    noise: &mut Noise,
    snapshot: &mut Snapshot,
) -> u64 {
    let (arm, workers, repeat) = id;
    let tasks = work(shape, arm, noise);
    let inflation = 1.0 + 0.02 * f64::from(workers - 1).sqrt().min(6.0) + 0.004 * noise.next();
    let (tasks, wall) = schedule(&tasks, workers, now, inflation);
    let id = RepeatId {
        arm: arm.to_owned(),
        workers,
        repeat,
    };
    let wall_ns = (wall * NS) as u64;
    let state = RepeatState {
        start: 0,
        slots: BTreeMap::new(),
        states: Vec::new(),
        id: id.clone(),
        started_ns: now,
        progress: (tasks.len() as u64, tasks.len() as u64),
        progress_points: Vec::new(),
        finished: Some(Box::new(RepeatFinished {
            start: 0,
            id,
            started_ns: now,
            wall_ns,
            cpu_ns: tasks.iter().map(|t| t.cpu_ns).sum(),
            instrument_cpu_ns: wall_ns / 400,
            screen_cpu_ns: 0,
            work: BTreeMap::from([(
                "trees".to_owned(),
                (0..shape.models).map(|m| u64::from(trees(m))).sum(),
            )]),
            items: items(shape),
            quality: BTreeMap::new(),
            ..RepeatFinished::default()
        })),
        curves: BTreeMap::new(),
        item_curves: BTreeMap::new(),
        items: Vec::new(),
        tasks,
    };
    samples(shape, &state, noise, &mut snapshot.samples);
    snapshot.repeats.push(state);
    now + wall_ns + 1_500_000_000
}
