//! Runs made up from events, so that every screen can be drawn without hardware: durations and
//! shares follow formulas, so that a fixture is the same on every machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use workbench_experiment::lab::{DataSource, Item, Quantity, RunConfig};
use workbench_machine::monitor::{GpuSample, Sample};
use workbench_machine::{GpuFacts, MachineFacts};
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{
    ArmFacts, ArmFailure, ArmFailureKind, Event, FORMAT, Finding, Record, RepeatFinished, RepeatId,
    RunStarted, RunStatus, Snapshot,
};

const MS: u64 = 1_000_000;

/// What kind of run to make up.
#[derive(Clone)]
pub struct Shape {
    pub cores: u32,
    pub gpus: u32,
    pub workers: Vec<u32>,
    pub repeats: u32,
    pub models: u32,
    /// Repeats that are finished; one more is half done unless all are.
    pub finished: usize,
    pub names: fn(u32) -> String,
    pub arms: [&'static str; 3],
    pub title: &'static str,
    /// Milliseconds per tree.
    pub tree_ms: f64,
    /// The last arm leaves something else.
    pub wrong: bool,
    /// What repeats record over steps and time.
    pub curves: Curves,
}

/// Curves of a made-up run.
#[derive(Clone, Copy, PartialEq)]
pub enum Curves {
    /// None, and progress once per repeat.
    None,
    /// A point per model, as models end.
    Forests,
    /// Several metrics per step, and lines that are printed.
    Training,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            cores: 2,
            gpus: 0,
            workers: vec![2],
            repeats: 5,
            models: 12,
            finished: 7,
            names: |model| format!("n_estimators={}", 50 + 10 * model),
            arms: ["sequential", "tasks", "trees"],
            title: "Thirty random forests",
            tree_ms: 4.0,
            wrong: false,
            curves: Curves::None,
        }
    }
}

/// A number in 0 to 1 that looks random and is not.
fn noise(seed: u64) -> f64 {
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 40) as f64 / f64::from(1 << 24)
}

struct Sim {
    shape: Shape,
    snapshot: Snapshot,
    now: u64,
}

impl Sim {
    fn push(&mut self, t_ns: u64, event: Event) {
        self.snapshot.apply(&Record { t_ns, event });
    }

    fn start(&mut self) {
        let shape = self.shape.clone();
        let arms: Vec<ArmFacts> = (0..)
            .zip(shape.arms)
            .map(|(i, name): (u32, _)| ArmFacts {
                source: None,
                name: name.to_owned(),
                title: format!("The {name} arm"),
                parallel: i > 0,
            })
            .collect();
        let planned = shape.repeats * (1 + 2 * shape.workers.len() as u32);
        let gpu = |index| GpuFacts {
            index,
            name: "NVIDIA H100 80GB HBM3".to_owned(),
            memory_bytes: 80 << 30,
            power_limit_w: Some(700.0),
        };
        self.push(
            0,
            Event::RunStarted(Box::new(RunStarted {
                format: FORMAT,
                run_id: "20261121-101502-rf-3f9a".to_owned(),
                unix_ms: 1_795_256_102_000,
                config: RunConfig {
                    lab: "rf".to_owned(),
                    preset: "quick".to_owned(),
                    seed: 42,
                    repeats: shape.repeats,
                    arms: shape.arms.map(str::to_owned).to_vec(),
                    workers: shape.workers.clone(),
                    oversubscribe: false,
                    params: BTreeMap::new(),
                    data: DataSource::Embedded,
                    command: "workbench --lab rf --preset quick --repeats 5 --seed 42".to_owned(),
                },
                machine: MachineFacts {
                    cpu_model: "AMD EPYC 7763 64-Core Processor".to_owned(),
                    cores_logical: shape.cores,
                    cores_usable: f64::from(shape.cores),
                    cores_limit: format!("{} processors", shape.cores),
                    memory_bytes: 16 << 30,
                    os: "Debian GNU/Linux 12 (bookworm)".to_owned(),
                    kernel: "6.1.0-28-amd64".to_owned(),
                    gpus: (0..shape.gpus).map(gpu).collect(),
                    compiler: "rustc 1.91.0".to_owned(),
                    build_profile: "release".to_owned(),
                    workbench_version: "0.1.0".to_owned(),
                    workbench_commit: Some("72b97d4".to_owned()),
                    ..MachineFacts::default()
                },
                lab_title: shape.title.to_owned(),
                arms,
                planned_repeats: planned,
                lab_facts: workbench_record::LabFacts {
                    slot: "rank".to_owned(),
                    ..workbench_record::LabFacts::default()
                },
            })),
        );
    }

    fn tasks(&self, id: &RepeatId) -> Vec<TaskSpan> {
        let shape = &self.shape;
        let fine = id.arm == shape.arms[2];
        let mut free: BinaryHeap<Reverse<(u64, u32)>> =
            (0..id.workers).map(|s| Reverse((0, s))).collect();
        let mut out = Vec::new();
        for model in 0..shape.models {
            let trees = 50 + 10 * model;
            let parts = if fine { trees } else { 1 };
            let name: Arc<str> = Arc::from((shape.names)(model));
            for part in 0..parts {
                let Reverse((at, slot)) = free.pop().unwrap();
                let seed = u64::from(model) * 1000 + u64::from(part) + u64::from(id.repeat) * 77;
                let ms = shape.tree_ms * f64::from(trees / parts) * (0.97 + 0.06 * noise(seed));
                let slow = 1.0 + 0.01 * f64::from(id.workers - 1).min(8.0);
                let cpu = (ms * slow * MS as f64) as u64;
                let start = at + 40_000;
                let end = start + cpu + cpu / 200;
                free.push(Reverse((end, slot)));
                out.push(TaskSpan {
                    task: out.len() as u64,
                    name: name.clone(),
                    group: model,
                    part,
                    slot,
                    attempt: 0,
                    queued_ns: self.now,
                    ready_ns: self.now,
                    started_ns: self.now + start,
                    finished_ns: self.now + end,
                    cpu_ns: cpu,
                    outcome: Outcome::Done,
                });
            }
        }
        out.sort_by_key(|t| t.finished_ns);
        out
    }

    fn sample(&self, busy: u32, t: u64) -> Sample {
        let shape = &self.shape;
        let tick = t / (200 * MS);
        let share = |core: u32| {
            let wobble = noise(tick * 131 + u64::from(core));
            if core < busy {
                0.93 + 0.07 * wobble
            } else {
                0.04 * wobble
            }
        };
        let cores: Vec<f32> = (0..shape.cores).map(|core| share(core) as f32).collect();
        let gpu = |i: u32| {
            let load = noise(tick / 6 + u64::from(i) * 31);
            GpuSample {
                busy: (i != 5).then_some(load as f32),
                memory_used_bytes: Some(((20.0 + 50.0 * load) * f64::from(1 << 30)) as u64),
                power_w: (i != 5).then_some((120.0 + 560.0 * load) as f32),
                temperature_c: Some(40 + (40.0 * load) as u32),
                sm_mhz: Some(1980 - (200.0 * load) as u32),
                memory_mhz: Some(2619),
                throttle: if i == 2 {
                    vec!["power cap".to_owned()]
                } else {
                    Vec::new()
                },
                pcie_rx_tx_bytes_s: None,
            }
        };
        Sample {
            process_cores: cores.iter().take(busy as usize).sum(),
            steal: (0..shape.cores)
                .map(|c| if c == 1 { 0.04 } else { 0.0 })
                .collect(),
            mhz: vec![2450; shape.cores as usize],
            cores,
            rss_bytes: (170 << 20) + (tick % 40) * (1 << 20),
            gpus: (0..shape.gpus).map(gpu).collect(),
        }
    }

    fn samples(&mut self, from: u64, to: u64, busy: u32) {
        let mut t = from + 200 * MS;
        while t <= to {
            let sample = self.sample(busy, t);
            self.push(t, Event::Sample(sample));
            t += 200 * MS;
        }
    }

    fn progress(&mut self, (start, until): (u64, u64), total: u64, wall: u64) {
        let mut t = start + 200 * MS;
        while t <= until {
            let share = ((t - start) as f64 / wall as f64).powf(1.1);
            let done = (total as f64 * share) as u64;
            self.push(t, Event::Progress { done, total });
            t += 200 * MS;
        }
    }

    /// The accuracy of every model when it is grown: larger ones end later, but not always.
    fn models(&mut self, id: &RepeatId, span: (u64, u64), total: u64, wall: u64) {
        self.progress(span, total, wall);
        let ends = self.snapshot.repeats.last().map(|r| r.tasks.clone());
        let mut last = BTreeMap::new();
        for task in ends.unwrap_or_default() {
            last.insert(task.group, task.finished_ns);
        }
        let mut ends: Vec<(u32, u64)> = last.into_iter().collect();
        ends.sort_by_key(|(_, end)| *end);
        for (model, end) in ends {
            let trees = u64::from(50 + 10 * model);
            let wobble = noise(u64::from(model) + id.arm.len() as u64) * 0.002;
            let name = "test R²".to_owned();
            let value = 0.8056 - 0.6 / trees as f64 + wobble;
            self.push(
                end,
                Event::Metric {
                    name,
                    item: None,
                    step: trees,
                    value,
                },
            );
        }
    }

    /// Loss, accuracy and speed of a training, and what its ranks print.
    fn steps(&mut self, id: &RepeatId, (start, until): (u64, u64), units: u64, wall: u64) {
        self.progress((start, until), units, wall);
        let total = 600;
        for step in 1..=total {
            let t = start + wall * step / total;
            if t > until {
                break;
            }
            let s = step as f64;
            let wobble = noise(step * 7 + u64::from(id.repeat) + id.arm.len() as u64) - 0.5;
            let slow = 120.0 + 60.0 * f64::from(id.workers);
            let mut say = |name: &str, value: f64| {
                let name = name.to_owned();
                let item = None;
                self.push(
                    t,
                    Event::Metric {
                        name,
                        item,
                        step,
                        value,
                    },
                );
            };
            say(
                "loss",
                2.3 * (-s / slow).exp() * (1.0 + 0.1 * wobble) + 0.004,
            );
            say(
                "images/s",
                f64::from(id.workers) * (1900.0 + 150.0 * wobble),
            );
            if step % 50 == 0 {
                say("accuracy", 0.98 - 0.88 * (-s / slow).exp());
                for rank in 0..id.workers.min(2) {
                    let source = format!("rank {rank}");
                    let text = format!("epoch {}: step {step} of {total} done", step / 150 + 1);
                    self.push(t, Event::Output { source, text });
                }
            }
        }
    }

    /// One repeat, up to a share of it.
    fn repeat(&mut self, id: &RepeatId, share: f64) {
        let start = self.now;
        let tasks = self.tasks(id);
        let end = tasks.iter().map(|t| t.finished_ns).max().unwrap_or(start) + 2 * MS;
        let until = start + ((end - start) as f64 * share) as u64;
        self.push(start, Event::RepeatStarted(id.clone()));
        let total: u64 = (0..self.shape.models).map(|m| u64::from(50 + 10 * m)).sum();
        let cpu: u64 = tasks.iter().map(|t| t.cpu_ns).sum();
        for task in tasks.into_iter().filter(|t| t.finished_ns <= until) {
            self.push(task.finished_ns, Event::Task(task));
        }
        self.samples(start, until, id.workers);
        match self.shape.curves {
            Curves::None => {}
            Curves::Forests => self.models(id, (start, until), total, end - start),
            Curves::Training => self.steps(id, (start, until), total, end - start),
        }
        let done = (total as f64 * share) as u64;
        self.push(until, Event::Progress { done, total });
        self.now = until;
        if share < 1.0 {
            return;
        }
        let wrong = self.shape.wrong && id.arm == self.shape.arms[2];
        let item = |model: u32| Item {
            name: (self.shape.names)(model),
            sha256: format!("{:064x}", model + u32::from(wrong)),
            metrics: BTreeMap::from([
                ("mse".to_owned(), 0.2552 + 0.4 / f64::from(50 + 10 * model)),
                ("r2".to_owned(), 0.8056 - 0.3 / f64::from(50 + 10 * model)),
            ]),
        };
        let items = (0..self.shape.models).map(item).collect();
        let finished = RepeatFinished {
            id: id.clone(),
            started_ns: start,
            wall_ns: until - start,
            cpu_ns: cpu,
            instrument_cpu_ns: (until - start) / 300,
            screen_cpu_ns: 0,
            work: BTreeMap::from([("trees".to_owned(), total + u64::from(wrong))]),
            items,
            quality: BTreeMap::from([("best r2".to_owned(), Quantity::Number(0.8047))]),
            ..RepeatFinished::default()
        };
        self.push(until, Event::RepeatFinished(Box::new(finished)));
        self.now += 300 * MS;
    }
}

/// A run of a shape.
pub fn run(shape: &Shape) -> Snapshot {
    let mut sim = Sim {
        shape: shape.clone(),
        snapshot: Snapshot::default(),
        now: 500 * MS,
    };
    sim.start();
    let started = sim.snapshot.started.clone().unwrap();
    let plan = workbench_experiment::plan(&started.config, &started.arms);
    for id in plan.iter().take(shape.finished) {
        sim.repeat(id, 1.0);
        if id.repeat == 1 && id.arm == shape.arms[0] {
            let text = "Core 1 was taken by the hypervisor for 4 % of the time.";
            let found = Finding::warning("steal", text);
            sim.push(sim.now, Event::Finding(found));
        }
    }
    if let Some(id) = plan.get(shape.finished) {
        sim.repeat(id, 0.55);
    } else {
        let status = RunStatus::Completed;
        let now = sim.now;
        let instrument_cpu_ns = now / 280;
        sim.push(
            now,
            Event::RunFinished {
                status,
                instrument_cpu_ns,
                screen_cpu_ns: 0,
            },
        );
    }
    sim.snapshot
}

/// Two cores, in the middle of a run.
pub fn two_cores() -> Snapshot {
    run(&Shape::default())
}

/// Two cores, all done.
pub fn finished() -> Snapshot {
    run(&Shape {
        finished: usize::MAX,
        ..Shape::default()
    })
}

/// All done, and one arm did something else than the others.
pub fn failed_check() -> Snapshot {
    run(&Shape {
        finished: usize::MAX,
        wrong: true,
        ..Shape::default()
    })
}

/// Several numbers of workers, all done.
pub fn scaling() -> Snapshot {
    run(&Shape {
        cores: 8,
        workers: vec![1, 2, 4, 8],
        finished: usize::MAX,
        repeats: 3,
        ..Shape::default()
    })
}

/// A big machine: 256 cores, 8 GPUs, 64 slots.
pub fn big() -> Snapshot {
    run(&Shape {
        cores: 256,
        gpus: 8,
        workers: vec![16, 64],
        models: 30,
        finished: 4,
        repeats: 3,
        tree_ms: 12.0,
        ..Shape::default()
    })
}

pub fn two_gpus() -> Snapshot {
    run(&Shape {
        cores: 16,
        gpus: 2,
        workers: vec![8],
        ..Shape::default()
    })
}

/// The accuracy of forests over their trees.
pub fn forests() -> Snapshot {
    run(&Shape {
        curves: Curves::Forests,
        ..Shape::default()
    })
}

/// A training on two GPUs: three metrics, printed lines, an arm that was stopped.
pub fn training() -> Snapshot {
    let mut snapshot = run(&training_shape());
    let t_ns = snapshot.now_ns;
    let event = Event::ArmStopped {
        arm: "single".to_owned(),
    };
    snapshot.apply(&Record { t_ns, event });
    snapshot
}

pub fn trained() -> Snapshot {
    run(&Shape {
        finished: usize::MAX,
        ..training_shape()
    })
}

fn training_shape() -> Shape {
    Shape {
        cores: 16,
        gpus: 2,
        repeats: 2,
        finished: 4,
        arms: ["single", "ddp", "ddp-small"],
        title: "Distributed training",
        curves: Curves::Training,
        names: |model| format!("epoch {model}"),
        ..Shape::default()
    }
}

/// Names with wide, combining, invisible and control characters, and far too long.
pub fn hostile() -> Snapshot {
    run(&Shape {
        arms: [
            "順番に一つずつ",
            "e\u{301}e\u{301}\u{202e}gnp\u{200d}",
            "\u{1b}[31mred\u{7}\n\ttabs and a name that never seems to end at all",
        ],
        title: "\u{1b}]0;title\u{7}森林\u{0}\u{fe0f}👩‍👩‍👧‍👦 forests",
        names: |model| format!("樹\u{300}\r\n{model}\u{1b}[2J\u{2066}"),
        finished: usize::MAX,
        repeats: 2,
        ..Shape::default()
    })
}

/// An arm failed while it ran.
pub fn arm_failed(arm: &str, reason: &str) -> Event {
    Event::ArmFailed(ArmFailure {
        arm: arm.to_owned(),
        kind: ArmFailureKind::Run,
        reason: reason.to_owned(),
    })
}
