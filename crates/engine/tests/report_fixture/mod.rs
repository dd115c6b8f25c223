//! A plausible run of the rf lab, made by simulation: three arms over models of rising size, any number of workers and cores.
//!
//! Shared by the report's tests and its benchmark. Everything is a function of the [`Shape`], so snapshots hold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use workbench_engine::lab::{DataSource, ParamValue};
use workbench_engine::machine::MachineFacts;
use workbench_engine::monitor::Sample;
use workbench_engine::pool::{Outcome, TaskSpan};
use workbench_engine::record::{
    Item, Quantity, RepeatFinished, RepeatId, RepeatState, RunStatus, Snapshot,
};
use workbench_engine::result::{
    AmdahlFit, ArmResult, Check, Fit, Instrument, ItemResult, LostSeconds, Predicted, RunResult,
    SCHEMA, Scaling, ScalingPoint, UslFit, WhatIf, WhatIfPoint,
};

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

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) / 2]
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
    let result = result(shape, &plan, &snapshot);
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
        id: id.clone(),
        started_ns: now,
        progress: (tasks.len() as u64, tasks.len() as u64),
        finished: Some(Box::new(RepeatFinished {
            id,
            started_ns: now,
            wall_ns,
            cpu_ns: tasks.iter().map(|t| t.cpu_ns).sum(),
            instrument_cpu_ns: wall_ns / 400,
            work: BTreeMap::from([(
                "trees".to_owned(),
                (0..shape.models).map(|m| u64::from(trees(m))).sum(),
            )]),
            items: items(shape),
            quality: BTreeMap::new(),
        })),
        tasks,
    };
    samples(shape, &state, noise, &mut snapshot.samples);
    snapshot.repeats.push(state);
    now + wall_ns + 1_500_000_000
}

fn result(shape: &Shape, plan: &[(&str, u32)], snapshot: &Snapshot) -> RunResult {
    let walls = |arm: &str, workers: u32| -> Vec<f64> {
        snapshot
            .finished(arm, workers)
            .iter()
            .map(|r| r.wall_ns() as f64 / NS)
            .collect()
    };
    let base = walls("sequential", 1);
    let arms: Vec<ArmResult> = plan
        .iter()
        .map(|(arm, workers)| arm_result(shape, snapshot, arm, *workers, &base))
        .collect();
    let what_if = ["models", "trees"].map(|arm| what_if(snapshot, arm, shape.workers[0]));
    RunResult {
        schema: SCHEMA,
        run_id: "20261120-140500-rf-7f3a".to_owned(),
        lab: "rf".to_owned(),
        lab_title: "Thirty random forests on California Housing".to_owned(),
        preset: "full".to_owned(),
        seed: 42,
        command: format!(
            "workbench run rf --preset full --workers {} --repeats {} --seed 42",
            shape.workers.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            shape.repeats
        ),
        started_at: "2026-11-20T14:05:00Z".to_owned(),
        status: RunStatus::Completed,
        parameters: BTreeMap::from([
            ("max_depth".to_owned(), ParamValue::Integer(20)),
            ("max_features".to_owned(), ParamValue::Float(1.0)),
            ("bootstrap".to_owned(), ParamValue::Boolean(true)),
            ("criterion".to_owned(), ParamValue::Text("squared_error".to_owned())),
        ]),
        data: DataSource::Embedded,
        repeats: shape.repeats,
        machine: machine(shape),
        base: "sequential".to_owned(),
        scaling: if shape.workers.len() > 1 { scaling(&arms) } else { Vec::new() },
        arms,
        check: Check {
            equal_work: true,
            equal_outputs: true,
            differences: Vec::new(),
        },
        what_if: what_if.to_vec(),
        instrument: Instrument {
            cpu_s: 4.12,
            share_of_one_core: 0.0037,
        },
        diagnoses: vec![
            "models lost most of its time to imbalance: the largest models were submitted last, and one slot finished alone.".to_owned(),
            "trees has no such tail, because one task per tree leaves little to wait for; what it lost is work inflation.".to_owned(),
        ],
        warnings: vec!["The hypervisor took up to 8 % of a core while the run went on; intervals may be wider than on hardware.".to_owned()],
    }
}

fn machine(shape: &Shape) -> MachineFacts {
    MachineFacts {
        cpu_model: "AMD EPYC 7763 64-Core Processor".to_owned(),
        cores_logical: shape.cores,
        cores_physical: Some(shape.cores.div_ceil(2)),
        cores_usable: f64::from(shape.cores),
        cores_limit: String::new(),
        memory_bytes: 16 << 30,
        os: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        kernel: "6.1.0-28-amd64".to_owned(),
        hypervisor: true,
        compiler: "rustc 1.91.0".to_owned(),
        build_profile: "release".to_owned(),
        workbench_version: "0.1.0".to_owned(),
        workbench_commit: Some("72b97d4".to_owned()),
        ..MachineFacts::default()
    }
}

fn arm_result(
    shape: &Shape,
    snapshot: &Snapshot,
    arm: &str,
    workers: u32,
    base: &[f64],
) -> ArmResult {
    let repeats = snapshot.finished(arm, workers);
    let wall_s: Vec<f64> = repeats.iter().map(|r| r.wall_ns() as f64 / NS).collect();
    let shown = snapshot.median_repeat(arm, workers).unwrap();
    let durations: Vec<f64> = shown
        .tasks
        .iter()
        .map(|t| t.wall_ns() as f64 / NS)
        .collect();
    let cpu: f64 = shown.tasks.iter().map(|t| t.cpu_ns as f64 / NS).sum();
    let total: f64 = durations.iter().sum();
    let longest = durations.iter().copied().fold(0.0, f64::max);
    let p = f64::from(workers);
    let speedup = median(base) / median(&wall_s);
    let useful: f64 = snapshot
        .median_repeat("sequential", 1)
        .unwrap()
        .tasks
        .iter()
        .map(|t| t.cpu_ns as f64 / NS)
        .sum();
    let lost = p * median(&wall_s) - useful;
    let inflation = cpu - useful;
    let overhead = p * 0.02 + 40e-6 * durations.len() as f64;
    let waiting = total - cpu;
    ArmResult {
        name: arm.to_owned(),
        title: match arm {
            "sequential" => "One model after another",
            "models" => "One task per model",
            _ => "One task per tree",
        }
        .to_owned(),
        workers,
        oversubscribed: workers > shape.cores,
        cpu_s: repeats
            .iter()
            .map(|r| r.finished.as_ref().unwrap().cpu_ns as f64 / NS)
            .collect(),
        wall_median_s: median(&wall_s),
        speedup: Some(if arm == "sequential" { 1.0 } else { speedup }),
        speedup_ci95: (shape.repeats > 1 && arm != "sequential")
            .then_some([speedup * 0.984, speedup * 1.015]),
        efficiency: Some(speedup / p),
        bound: Some(p.min(total / longest)),
        predicted: Some(Predicted {
            fifo: total / makespan(&durations, workers),
            longest_first: total / makespan(&sorted(&durations), workers),
        }),
        karp_flatt: (workers > 1).then(|| (1.0 / speedup - 1.0 / p) / (1.0 - 1.0 / p)),
        useful_s: useful,
        lost_s: LostSeconds {
            overhead,
            imbalance: lost - overhead - waiting - inflation,
            waiting,
            inflation,
        },
        tasks: durations.len() as u64,
        work: shown.finished.as_ref().unwrap().work.clone(),
        quality: BTreeMap::from([("best r2".to_owned(), Quantity::Number(0.8047))]),
        outputs_sha256: "c0ffee11".repeat(8),
        items: items(shape)
            .into_iter()
            .enumerate()
            .map(|(i, item)| ItemResult {
                cpu_s: shown
                    .tasks
                    .iter()
                    .filter(|t| t.group == i as u32)
                    .map(|t| t.cpu_ns as f64 / NS)
                    .sum(),
                item,
            })
            .collect(),
        wall_s,
    }
}

fn sorted(durations: &[f64]) -> Vec<f64> {
    let mut sorted = durations.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted
}

fn makespan(durations: &[f64], workers: u32) -> f64 {
    let mut free: BinaryHeap<Reverse<u64>> = (0..workers).map(|_| Reverse(0)).collect();
    let mut end = 0;
    for d in durations {
        let Reverse(at) = free.pop().unwrap();
        let stop = at + (d * NS) as u64;
        end = end.max(stop);
        free.push(Reverse(stop));
    }
    end as f64 / NS
}

fn what_if(snapshot: &Snapshot, arm: &str, workers: u32) -> WhatIf {
    let shown = snapshot.median_repeat(arm, workers).unwrap();
    let durations: Vec<f64> = shown
        .tasks
        .iter()
        .map(|t| t.wall_ns() as f64 / NS)
        .collect();
    let total: f64 = durations.iter().sum();
    let longest = sorted(&durations);
    let point = |p: u32| WhatIfPoint {
        workers: p,
        fifo: total / makespan(&durations, p),
        longest_first: total / makespan(&longest, p),
    };
    WhatIf {
        arm: arm.to_owned(),
        tasks: durations.len() as u64,
        limit: total / longest[0],
        points: (1..=64).map(point).collect(),
    }
}

fn scaling(arms: &[ArmResult]) -> Vec<Scaling> {
    let scaling = |name: &str| {
        let points: Vec<ScalingPoint> = arms
            .iter()
            .filter(|a| a.name == name)
            .map(|a| ScalingPoint {
                workers: a.workers,
                speedup: a.speedup.unwrap(),
                ci95: a.speedup_ci95,
            })
            .collect();
        let few = points.len() < 4;
        let refused = "A law with two parameters needs at least 4 numbers of workers; run with more, for example --workers 1,2,4,8.";
        Scaling {
            arm: name.to_owned(),
            amdahl: if few {
                Fit::Refused(refused.to_owned())
            } else {
                Fit::Fitted(AmdahlFit {
                    serial_fraction: if name == "models" { 0.046 } else { 0.003 },
                    rmse: 0.4,
                })
            },
            usl: if few {
                Fit::Refused(refused.to_owned())
            } else {
                Fit::Fitted(UslFit {
                    sigma: if name == "models" { 0.041 } else { 0.002 },
                    kappa: if name == "models" { 0.000_12 } else { 0.000_01 },
                    peak_workers: Some(90.4),
                    rmse: 0.2,
                })
            },
            points,
        }
    };
    vec![scaling("models"), scaling("trees")]
}
