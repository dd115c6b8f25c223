//! Runs workers as real processes, under either kind of launcher.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};

use workbench_ddp_protocol::{
    Checkpointing, Data, Device, DoneReport, FailureKind, FailureNotice, Fault, FromWorker, Model,
    Program, Report, Stage, StepReport, ToWorker, TrainSpec,
};
use workbench_protocol::{FrameReader, Stamped, WorkerEnv, worker_side, write_frame};

/// A training of a few steps: 2 ranks of 16 rows take 12 steps for 400 rows, of which the last has
/// 8 rows.
pub fn spec(program: Program) -> TrainSpec {
    TrainSpec {
        program,
        model: Model::Cnn,
        data: Data::Embedded,
        train_rows: Some(400),
        test_rows: Some(201),
        epochs: 2,
        batch: 16,
        lr: 1e-3,
        seed: 5,
        threads: 1,
        device: Device::Cpu,
        checkpoint: None,
        resume: None,
        faults: Vec::new(),
        step_reports_every: 1,
        tuning: workbench_ddp_protocol::Tuning::default(),
        timeout_s: 60.0,
    }
}

pub fn checkpoints(dir: &Path, every: u64) -> Checkpointing {
    Checkpointing {
        dir: dir.to_path_buf(),
        every_steps: Some(every),
        every_s: None,
        keep: 3,
    }
}

pub fn faults(texts: &[&str]) -> Vec<Fault> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A port that was free a moment ago.
pub fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbench-worker"));
    for name in ["RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"] {
        command.env_remove(name);
    }
    command
}

/// What one supervised rank said, and how it ended.
#[derive(Debug)]
pub struct Heard {
    pub messages: Vec<FromWorker>,
    pub status: ExitStatus,
}

impl Heard {
    pub fn done(&self) -> &DoneReport {
        let done = self.messages.iter().find_map(|message| match message {
            FromWorker::Done(done) => Some(done),
            _ => None,
        });
        done.unwrap_or_else(|| panic!("not done: {:?}", self.failure()))
    }

    pub fn failure(&self) -> Option<(FailureKind, &str, u64)> {
        self.messages.iter().find_map(|message| match message {
            FromWorker::Failed(FailureNotice {
                kind,
                message,
                step,
            }) => Some((*kind, message.as_str(), *step)),
            _ => None,
        })
    }

    fn reports(&self) -> impl Iterator<Item = &Report> {
        self.messages.iter().filter_map(|message| match message {
            FromWorker::Report(report) => Some(report),
            _ => None,
        })
    }

    pub fn steps(&self) -> Vec<StepReport> {
        let step = |report: &Report| match report {
            Report::Step(step) => Some(*step),
            _ => None,
        };
        self.reports().filter_map(step).collect()
    }

    /// Step and loss.
    pub fn losses(&self) -> Vec<(u64, u64)> {
        let steps = self.steps();
        steps
            .iter()
            .map(|step| (step.step, step.loss.to_bits()))
            .collect()
    }

    pub fn stages(&self) -> Vec<Stage> {
        let stage = |message: &FromWorker| match message {
            FromWorker::Hello { .. } => Some(Stage::Started),
            FromWorker::Report(Report::Stage(stage)) => Some(*stage),
            _ => None,
        };
        self.messages.iter().filter_map(stage).collect()
    }

    /// Correct rows and rows in all, of every evaluation.
    pub fn evaluations(&self) -> Vec<(u64, u64, f64)> {
        let evaluation = |report: &Report| match *report {
            Report::Evaluated {
                correct,
                count,
                loss_sum,
                ..
            } => Some((correct, count, loss_sum)),
            _ => None,
        };
        self.reports().filter_map(evaluation).collect()
    }

    pub fn checkpoints(&self) -> Vec<(u64, PathBuf)> {
        let checkpoint = |report: &Report| match report {
            Report::Checkpointed { step, path, .. } => Some((*step, path.clone())),
            _ => None,
        };
        self.reports().filter_map(checkpoint).collect()
    }

    pub fn warnings(&self) -> Vec<&str> {
        self.reports()
            .filter_map(|report| match report {
                Report::Warning { text } | Report::CheckpointFailed { text, .. } => {
                    Some(text.as_str())
                }
                _ => None,
            })
            .collect()
    }

    /// It warned once, and said all of this.
    pub fn warned_once(&self, said: &[&str]) {
        let warnings = self.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        for part in said {
            assert!(warnings[0].contains(part), "no `{part}` in {warnings:?}");
        }
    }
}

/// A supervised rank that runs.
pub struct Rank {
    pub child: Child,
    pub orders: ChildStdin,
    reader: JoinHandle<Vec<FromWorker>>,
}

impl Rank {
    /// Starts a rank. `look` sees every message when it comes.
    pub fn start(
        spec: &TrainSpec,
        place: &WorkerEnv,
        mut look: impl FnMut(&FromWorker) + Send + 'static,
    ) -> Self {
        let mut child = program()
            .arg("train")
            .env(worker_side::SUPERVISED, "1")
            .env(worker_side::SUPERVISOR, std::process::id().to_string())
            .envs(place.to_vars())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut orders = child.stdin.take().unwrap();
        write_frame(&mut orders, &ToWorker::start(spec.clone())).unwrap();
        let mut frames = FrameReader::new(child.stdout.take().unwrap());
        let reader = thread::spawn(move || {
            let mut messages = Vec::new();
            // A killed worker may leave half a frame.
            while let Ok(Some(Stamped { message, .. })) = frames.read::<Stamped<FromWorker>>() {
                look(&message);
                messages.push(message);
            }
            messages
        });
        Self {
            child,
            orders,
            reader,
        }
    }

    pub fn end(mut self) -> Heard {
        let messages = self.reader.join().unwrap();
        let status = self.child.wait().unwrap();
        Heard { messages, status }
    }
}

/// Runs `world` supervised ranks to their end.
pub fn run(spec: &TrainSpec, world: u32) -> Vec<Heard> {
    let port = port();
    let ranks: Vec<Rank> = (0..world)
        .map(|rank| Rank::start(spec, &WorkerEnv::local(rank, world, port), |_| {}))
        .collect();
    ranks.into_iter().map(Rank::end).collect()
}

/// Runs two ranks by command line, in the environment that torchrun gives.
pub fn run_by_flags(flags: &[&str]) -> Vec<Output> {
    let port = port();
    let children: Vec<Child> = (0..2)
        .map(|rank| {
            program()
                .arg("train")
                .args(flags)
                .envs(WorkerEnv::local(rank, 2, port).to_vars())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect()
}
