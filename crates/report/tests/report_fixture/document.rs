//! The result of a simulated run: what the engine would have computed from its record.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use workbench_machine::MachineFacts;
use workbench_pool::TaskSpan;
use workbench_record::{DataSource, ParamValue};
use workbench_record::{Finding, Quantity};
use workbench_record::{RepeatState, RunStatus, Snapshot};
use workbench_result::{
    AmdahlFit, ArmResult, Asked, Check, Fit, Instrument, Interval, IntervalKind, ItemResult,
    LostSeconds, Predicted, RunResult, SCHEMA, Scaling, ScalingPoint, UslFit, WhatIf, WhatIfPoint,
};

use super::{NS, Shape, items};

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) / 2]
}

/// The document of a simulated run.
pub fn document(shape: &Shape, plan: &[(&str, u32)], snapshot: &Snapshot) -> RunResult {
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
        sources: Vec::new(),
        schema: SCHEMA,
        run_id: "20261120-140500-rf-7f3a".to_owned(),
        lab: "rf".to_owned(),
        lab_title: "Thirty random forests on California Housing".to_owned(),
        preset: "full".to_owned(),
        seed: 42,
        command: format!(
            "workbench run rf --preset full --workers {} --repeats {} --seed 42",
            shape
                .workers
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(","),
            shape.repeats
        ),
        started_at: "2026-11-20T14:05:00Z".to_owned(),
        status: RunStatus::Completed,
        parameters: BTreeMap::from([
            ("max_depth".to_owned(), ParamValue::Integer(20)),
            ("max_features".to_owned(), ParamValue::Float(1.0)),
            ("bootstrap".to_owned(), ParamValue::Boolean(true)),
            (
                "criterion".to_owned(),
                ParamValue::Text("squared_error".to_owned()),
            ),
        ]),
        data: DataSource::Embedded,
        data_sha256: None,
        software: BTreeMap::new(),
        made: Vec::new(),
        repeats: shape.repeats,
        precision: None,
        noise: None,
        race: None,
        asked: Asked::default(),
        failed_arms: Vec::new(),
        machine: machine(shape),
        base: "sequential".to_owned(),
        comparison: workbench_record::ArmComparison::default(),
        lab_facts: workbench_record::LabFacts::default(),
        scaling: if shape.workers.len() > 1 {
            scaling(&arms)
        } else {
            Vec::new()
        },
        arms,
        check: Check {
            equal_work: true,
            equal_outputs: true,
            target_reached: None,
            differences: Vec::new(),
        },
        what_if: what_if.to_vec(),
        tools: Vec::new(),
        left_out: Vec::new(),
        disturbances: Vec::new(),
        instrument: Instrument {
            cpu_s: 4.12,
            share_of_one_core: 0.0037,
            screen_cpu_s: 0.0,
            screen_share_of_one_core: 0.0,
        },
        fingerprint: None,
        diagnoses: vec![
            Finding::note(
                "imbalance",
                "models lost most of its time to imbalance: the largest models were submitted last, and one slot finished alone.",
            ),
            Finding::note(
                "inflation",
                "trees has no such tail, because one task per tree leaves little to wait for; what it lost is work inflation.",
            ),
        ],
        notes: Vec::new(),
        warnings: vec![Finding::warning(
            "steal",
            "The hypervisor took up to 8 % of a core while the run went on; intervals may be wider than on hardware.",
        )],
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

/// CPU seconds of some of a repeat's tasks.
fn cpu_s(repeat: &RepeatState, wanted: impl Fn(&TaskSpan) -> bool) -> f64 {
    let tasks = repeat.tasks.iter().filter(|t| wanted(t));
    tasks.map(|t| t.cpu_ns as f64 / NS).sum()
}

fn lost(repeat: &RepeatState, all: f64, useful: f64) -> LostSeconds {
    let ran: f64 = repeat.tasks.iter().map(|t| t.wall_ns() as f64 / NS).sum();
    let cpu = cpu_s(repeat, |_| true);
    let overhead = f64::from(repeat.id.workers) * 0.02 + 40e-6 * repeat.tasks.len() as f64;
    LostSeconds {
        overhead,
        imbalance: all - ran - overhead,
        waiting: (ran - cpu) / 2.0,
        inflation: cpu - useful,
        no_core: (ran - cpu) / 2.0,
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
    let total: f64 = durations.iter().sum();
    let longest = durations.iter().copied().fold(0.0, f64::max);
    let p = f64::from(workers);
    let speedup = median(base) / median(&wall_s);
    let base_repeat = snapshot.median_repeat("sequential", 1).unwrap();
    let useful = cpu_s(base_repeat, |_| true);
    ArmResult {
        peer: false,
        control: false,
        usage: None,
        breakdown: workbench_record::Breakdown::default(),
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
        speedup_interval: (shape.repeats > 1 && arm != "sequential").then(|| {
            let ends = [speedup * 0.984, speedup * 1.015];
            Interval::new(IntervalKind::Confidence95, ends)
        }),
        efficiency: Some(speedup / p),
        ideal: Some(f64::from(workers.min(shape.cores))),
        bound: Some(p.min(total / longest)),
        predicted: Some(Predicted {
            fifo: total / makespan(&durations, workers),
            longest_first: total / makespan(&sorted(&durations), workers),
        }),
        karp_flatt: (workers > 1).then(|| (1.0 / speedup - 1.0 / p) / (1.0 - 1.0 / p)),
        useful_s: useful,
        lost_s: lost(shown, p * median(&wall_s), useful),
        tasks: durations.len() as u64,
        work: shown.finished.as_ref().unwrap().work.clone(),
        quality: BTreeMap::from([("best r2".to_owned(), Quantity::Number(0.8047))]),
        analysis: None,
        time_by_size: None,
        outputs_sha256: "c0ffee11".repeat(8),
        items: items(shape)
            .into_iter()
            .enumerate()
            .map(|(i, item)| ItemResult {
                cpu_s: cpu_s(shown, |t| t.group == i as u32),
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
                interval: a.speedup_interval,
            })
            .collect();
        let few = points.len() < 4;
        let refused = "A law with two parameters needs at least 4 numbers of workers; run with more, for example --workers 1,2,4,8.";
        Scaling {
            arm: name.to_owned(),
            amdahl: if few {
                Fit::Refused(Finding::note("too_few_workers", refused))
            } else {
                Fit::Fitted(AmdahlFit {
                    serial_fraction: if name == "models" { 0.046 } else { 0.003 },
                    rmse: 0.4,
                })
            },
            usl: if few {
                Fit::Refused(Finding::note("too_few_workers", refused))
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
