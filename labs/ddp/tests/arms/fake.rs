//! A worker without libtorch: it meets the other ranks, does its steps together with them, writes
//! and reads checkpoints, and breaks as asked. Its "model" is a hash of the steps that were applied
//! to it, so a step that is applied twice or left out shows.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use workbench_ddp_protocol::{
    DoneReport, FailureKind, FailureNotice, Fault, FromWorker, Phase, Program, Reached, Report,
    Share, Stage, StepReport, TrainSpec, WorkerSide,
};
use workbench_digest::Hasher;
use workbench_protocol::{Clocks, WorkerEnv, env};

use crate::MISLEADING;

/// Learning rates that make it misbehave.
pub const DRIFT: f64 = 0.25;
/// Reports a step twice.
pub const TWICE: f64 = 0.125;
/// Sends what it says of an evaluation [`LATE_BY`] after it was done.
pub const LATE: f64 = 0.031_25;
/// As a supervisor that is stopped for that long would read it.
pub const LATE_BY: Duration = Duration::from_millis(400);
/// Fails for a reason that no second attempt cures.
pub const NO_DATA: f64 = 0.0625;

/// What a step takes.
const STEP: Duration = Duration::from_millis(2);

struct Trouble(FailureKind, &'static str);

impl From<std::io::Error> for Trouble {
    fn from(_: std::io::Error) -> Self {
        Self(FailureKind::Peer, "another rank is gone")
    }
}

/// The ranks' connection: rank 0 receives from all others and answers each.
enum Ring {
    Alone,
    First(Vec<TcpStream>),
    Other(TcpStream),
}

impl Ring {
    fn meet(env: &WorkerEnv) -> Result<Self, Trouble> {
        let address = (env.master_addr.as_str(), env.master_port);
        if env.world_size == 1 {
            return Ok(Self::Alone);
        }
        if env.rank == 0 {
            let listener = listener();
            let streams = (1..env.world_size).map(|_| Ok(listener.accept()?.0));
            return Ok(Self::First(streams.collect::<std::io::Result<_>>()?));
        }
        // The socket listens before any rank is started.
        Ok(Self::Other(TcpStream::connect(address)?))
    }

    /// A barrier of all ranks; rank 0 sends whether this is the last step.
    fn together(&mut self, last: bool) -> Result<bool, Trouble> {
        let mut byte = [u8::from(last)];
        match self {
            Self::Alone => {}
            Self::First(streams) => {
                for stream in streams.iter_mut() {
                    stream.read_exact(&mut [0])?;
                }
                for stream in streams {
                    stream.write_all(&byte)?;
                }
            }
            Self::Other(stream) => {
                stream.write_all(&[0])?;
                stream.read_exact(&mut byte)?;
            }
        }
        Ok(byte[0] == 1)
    }
}

/// The socket that rank 0 inherits.
#[allow(
    unsafe_code,
    reason = "the descriptor is known by its number; it is only borrowed to be duplicated"
)]
fn listener() -> TcpListener {
    let number = std::env::var(env::LISTENER).unwrap().parse().unwrap();
    // SAFETY: the number is that of a descriptor which nothing in this process closes.
    let inherited = unsafe { BorrowedFd::borrow_raw(number) };
    inherited.try_clone_to_owned().unwrap().into()
}

/// Steps done, and the hash of them.
#[derive(Clone, Default)]
struct Model {
    steps: u64,
    rows: u64,
    sha256: String,
}

impl Model {
    fn apply(&mut self, rows: u64) {
        let mut hasher = Hasher::default();
        hasher.update(&self.sha256);
        hasher.update(self.steps.to_le_bytes());
        self.sha256 = hasher.finish();
        self.steps += 1;
        self.rows += rows;
    }

    fn save(&self, dir: &Path) -> PathBuf {
        let path = dir.join(format!("step-{:010}.ckpt", self.steps));
        let text = format!("{} {} {}", self.steps, self.rows, self.sha256);
        std::fs::write(dir.join("half"), text).unwrap();
        std::fs::rename(dir.join("half"), &path).unwrap();
        path
    }

    fn newest(dir: &Path) -> Self {
        let files = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let newest = files
            .filter(|path| path.extension().is_some_and(|e| e == "ckpt"))
            .max();
        let Some(newest) = newest else {
            return Self::default();
        };
        let text = std::fs::read_to_string(newest).unwrap();
        let parts: Vec<&str> = text.split(' ').collect();
        Self {
            steps: parts[0].parse().unwrap(),
            rows: parts[1].parse().unwrap(),
            sha256: parts[2].to_owned(),
        }
    }
}

/// Works as a worker does.
pub fn work() -> ExitCode {
    let (side, spec) = WorkerSide::start().unwrap();
    let env = WorkerEnv::from_vars(std::env::vars_os()).unwrap();
    eprintln!("fake rank {} is here", env.rank);
    for (name, value) in MISLEADING {
        let set = std::env::var_os(name);
        assert!(set.is_none_or(|set| set != value), "{name} got through");
    }
    let mut model = Model::default();
    match train(&side, &spec, &env, &mut model) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble(kind, text)) => {
            let failure = FailureNotice {
                kind,
                message: text.to_owned(),
                step: model.steps,
            };
            side.send(&FromWorker::Failed(failure)).unwrap();
            ExitCode::FAILURE
        }
    }
}

fn train(
    side: &WorkerSide,
    spec: &TrainSpec,
    env: &WorkerEnv,
    model: &mut Model,
) -> Result<(), Trouble> {
    let say = |report: Report| side.send(&FromWorker::Report(report)).unwrap();
    say(Report::Stage(Stage::LibraryLoaded));
    side.at(Phase::Rendezvous, 0);
    if same(spec.lr, NO_DATA) {
        return Err(Trouble(FailureKind::Data, "the images are broken"));
    }
    let mut ring = Ring::meet(env)?;
    say(Report::Stage(Stage::Rendezvous));
    say(Report::Stage(Stage::DataLoaded));
    if let Some(dir) = &spec.resume {
        *model = Model::newest(dir);
        let rows = spec.train_rows.unwrap();
        say(Report::Resumed(Reached {
            steps: model.steps,
            epoch: (model.rows / rows) as u32,
            rows: model.rows % rows,
        }));
    }
    let rows = spec.train_rows.unwrap();
    let mut samples = 0;
    let mut first = true;
    let mut stopped = false;
    while !stopped && model.rows < rows * u64::from(spec.epochs) {
        let epoch = (model.rows / rows) as u32;
        side.at(Phase::Forward, model.steps);
        sleep(STEP);
        strike(spec, env.rank, model.steps)?;
        side.at(Phase::AllReduce, model.steps);
        stopped = ring.together(side.stop_requested())?;
        let left = rows * u64::from(epoch + 1) - model.rows;
        let share = Share::next(left, (env.rank, env.world_size), spec.batch);
        let report = StepReport {
            step: model.steps,
            epoch,
            samples: share.rows(),
            rows_of_step: share.rows_of_step,
            rows_before: rows - left,
            loss: 1.0 / (model.steps + 1) as f64,
            forward_ns: STEP.as_nanos() as u64,
            ..StepReport::default()
        };
        model.apply(share.rows_of_step);
        samples += u64::from(share.rows());
        if std::mem::take(&mut first) {
            say(Report::Stage(Stage::FirstStep));
        }
        say(Report::Step(report));
        if same(spec.lr, TWICE) && report.step == 3 && env.rank == 1 {
            say(Report::Step(report));
        }
        checkpoint(side, spec, env.rank, model, stopped);
        if model.rows.is_multiple_of(rows) {
            let count = spec.test_rows.unwrap();
            let evaluated = Report::Evaluated {
                epoch: epoch + 1,
                step: model.steps,
                correct: count * 98 / 100,
                count,
                loss_sum: 0.07 * count as f64,
            };
            let done = Clocks::read();
            if same(spec.lr, LATE) {
                sleep(LATE_BY);
            }
            side.send_of(done, &FromWorker::Report(evaluated)).unwrap();
        }
    }
    finish(side, spec, env, model, samples);
    ring.together(false).map(drop)
}

fn checkpoint(side: &WorkerSide, spec: &TrainSpec, rank: u32, model: &Model, last: bool) {
    let Some(checkpoint) = spec.checkpoint.as_ref().filter(|_| rank == 0) else {
        return;
    };
    if last
        || checkpoint
            .every_steps
            .is_some_and(|every| model.steps.is_multiple_of(every))
    {
        let path = model.save(&checkpoint.dir);
        let saved = Report::Checkpointed {
            step: model.steps,
            path,
            bytes: 100,
            took_ns: 0,
        };
        side.send(&FromWorker::Report(saved)).unwrap();
    }
}

fn finish(side: &WorkerSide, spec: &TrainSpec, env: &WorkerEnv, model: &Model, samples: u64) {
    let drift = same(spec.lr, DRIFT) && spec.program != Program::Single;
    let done = DoneReport {
        parameters_sha256: if drift {
            format!("{}-{}", model.sha256, env.rank)
        } else {
            model.sha256.clone()
        },
        steps: model.steps,
        samples,
        ..DoneReport::default()
    };
    side.send(&FromWorker::Done(done)).unwrap();
}

fn strike(spec: &TrainSpec, rank: u32, step: u64) -> Result<(), Trouble> {
    let mine = |fault: &&Fault| fault.rank() == rank && fault.step() == Some(step);
    match spec.faults.iter().find(mine) {
        Some(Fault::Kill { .. }) => kill_process(getpid(), Signal::KILL).unwrap(),
        Some(Fault::Stall { .. }) => kill_process(getpid(), Signal::STOP).unwrap(),
        Some(Fault::Nan { .. }) => return Err(Trouble(FailureKind::NotFinite, "the loss is NaN")),
        Some(Fault::Oom { .. }) => {
            return Err(Trouble(FailureKind::OutOfMemory, "memory is used up"));
        }
        _ => {}
    }
    Ok(())
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}
