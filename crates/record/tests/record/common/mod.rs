//! A small run made of events, for tests that need a log without running anything.

#![allow(dead_code, reason = "every test file uses a part of it")]
use workbench_clock::Clock;
use workbench_machine::MachineFacts;
use workbench_machine::monitor::Sample;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{
    ArmFacts, Event, FORMAT, Record, Recorder, RepeatFinished, RepeatId, RunStarted, RunStatus,
};
use workbench_record::{DataSource, Item, Quantity, RunConfig};

pub const SECOND: u64 = 1_000_000_000;

/// Builds the events of a run, repeat after repeat, on a clock of its own.
pub struct Log {
    pub records: Vec<Record>,
    pub now_ns: u64,
}

/// One repeat to be built: tasks as (group, cpu seconds, slot, start second within the repeat).
#[allow(
    clippy::struct_field_names,
    reason = "the names are those of the event"
)]
pub struct Repeat<'a> {
    pub arm: &'a str,
    pub workers: u32,
    pub repeat: u32,
    pub wall_s: f64,
    pub tasks: &'a [(u32, f64, u32, f64)],
}

impl Log {
    /// A run of `sequential` and `tasks` with the given numbers of workers.
    pub fn start(workers: &[u32], repeats: u32) -> Self {
        let arm = |name: &str, parallel| ArmFacts {
            control: false,
            peer: None,
            source: None,
            name: name.to_owned(),
            title: format!("The {name} arm"),
            parallel,
        };
        let mut log = Self {
            records: Vec::new(),
            now_ns: 0,
        };
        log.push(Event::RunStarted(Box::new(RunStarted {
            data_sha256: None,
            split_sha256: None,
            software: std::collections::BTreeMap::new(),
            format: FORMAT,
            run_id: "20261121-101502-rf-3f9a".to_owned(),
            unix_ms: 1_795_000_000_000,
            config: RunConfig {
                lab: "rf".to_owned(),
                preset: "quick".to_owned(),
                seed: 42,
                repeats,
                arms: vec!["sequential".to_owned(), "tasks".to_owned()],
                workers: workers.to_vec(),
                oversubscribe: false,
                until: None,
                control: false,
                assignment: None,
                params: [].into(),
                data: DataSource::Embedded,
                command: "workbench --lab rf --preset quick".to_owned(),
            },
            machine: MachineFacts {
                cpu_model: "Test CPU".to_owned(),
                cores_logical: 4,
                cores_usable: 4.0,
                build_profile: "release".to_owned(),
                ..MachineFacts::default()
            },
            lab_title: "Thirty random forests".to_owned(),
            arms: vec![arm("sequential", false), arm("tasks", true)],
            planned_repeats: repeats * (1 + workers.len() as u32),
            lab_facts: workbench_record::LabFacts::default(),
        })));
        log
    }

    pub fn push(&mut self, event: Event) {
        self.records.push(Record {
            t_ns: self.now_ns,
            event,
        });
    }

    /// Adds a finished repeat of two items with the given hashes.
    pub fn repeat(&mut self, repeat: &Repeat<'_>, trees: u64, hashes: [&str; 2]) {
        let id = RepeatId {
            arm: repeat.arm.to_owned(),
            workers: repeat.workers,
            repeat: repeat.repeat,
        };
        let started_ns = self.now_ns;
        self.push(Event::RepeatStarted(id.clone()));
        let ns = |seconds: f64| (seconds * 1e9).round() as u64;
        for (index, (group, cpu_s, slot, start_s)) in (0..).zip(repeat.tasks) {
            let start = started_ns + ns(*start_s);
            self.push(Event::Task(TaskSpan {
                task: index,
                name: format!("n_estimators={group}").into(),
                group: *group,
                part: 0,
                slot: *slot,
                attempt: 0,
                queued_ns: started_ns,
                ready_ns: started_ns,
                started_ns: start,
                finished_ns: start + ns(*cpu_s),
                cpu_ns: ns(*cpu_s),
                core_wait_ns: 0,
                outcome: Outcome::Done,
            }));
        }
        self.push(Event::Sample(Sample {
            cores: vec![1.0, 0.5, 0.0, 0.0],
            process_cores: 1.5,
            ..Sample::default()
        }));
        self.now_ns += ns(repeat.wall_s);
        let item = |(name, hash): (&str, &str)| Item {
            name: name.to_owned(),
            sha256: hash.to_owned(),
            metrics: [("mse".to_owned(), 0.25), ("r2".to_owned(), 0.8)].into(),
        };
        self.push(Event::RepeatFinished(Box::new(RepeatFinished {
            start: 0,
            id,
            started_ns,
            wall_ns: ns(repeat.wall_s),
            cpu_ns: ns(repeat.tasks.iter().map(|t| t.1).sum()),
            instrument_cpu_ns: 1_000_000,
            screen_cpu_ns: 0,
            work: [("models".to_owned(), 2), ("trees".to_owned(), trees)].into(),
            items: ["n_estimators=0", "n_estimators=1"]
                .into_iter()
                .zip(hashes)
                .map(item)
                .collect(),
            quality: [("best_mse".to_owned(), Quantity::Number(0.25))].into(),
            ..RepeatFinished::default()
        })));
    }

    pub fn finish(&mut self, status: RunStatus) {
        self.push(Event::RunFinished {
            status,
            instrument_cpu_ns: 5_000_000,
            screen_cpu_ns: 0,
        });
    }

    /// The bytes of the log's file, as the recorder writes it.
    pub fn bytes(&self) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let recorder = Recorder::create(&path, Clock::start(), Box::new(|_| {})).unwrap();
        for record in &self.records {
            recorder.emit_at(record.t_ns, record.event.clone());
        }
        recorder.finish().unwrap();
        std::fs::read(path).unwrap()
    }
}

/// Two models of 1 s and 3 s, one after another.
pub const SERIAL: &[(u32, f64, u32, f64)] = &[(0, 1.0, 0, 0.0), (1, 3.0, 0, 1.0)];
/// The same two models on two slots: the first slot idles for 2 s at the end.
pub const PARALLEL: &[(u32, f64, u32, f64)] = &[(0, 1.0, 0, 0.0), (1, 3.0, 1, 0.0)];

/// A completed run with `repeats` repeats of both arms, the parallel one on two workers.
pub fn completed(repeats: u32) -> Log {
    let mut log = Log::start(&[2], repeats);
    for repeat in 0..repeats {
        let noise = f64::from(repeat) * 0.01;
        log.repeat(
            &Repeat {
                arm: "sequential",
                workers: 1,
                repeat,
                wall_s: 4.0 + noise,
                tasks: SERIAL,
            },
            10,
            ["aa", "bb"],
        );
        log.repeat(
            &Repeat {
                arm: "tasks",
                workers: 2,
                repeat,
                wall_s: 3.0 + noise,
                tasks: PARALLEL,
            },
            10,
            ["aa", "bb"],
        );
    }
    log.finish(RunStatus::Completed);
    log
}
