//! The command line: who started this process, and what it is to do.
//!
//! Under a supervisor (`WORKBENCH_SUPERVISED=1`) the specification comes as a frame and flags are
//! not read. Otherwise flags say it, and torchrun's variables the place among the ranks.

mod trial;
mod version;
mod what;

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use workbench_ddp_protocol::{
    Checkpointing, Fault, Program, Report, Stage, TrainSpec, TriedBatch, WorkerSide,
};
use workbench_protocol::worker_side::is_supervised;

use crate::batches::{self, Search};
use crate::failure::Failure;
use crate::faults::Faults;
use crate::job::Job;
use crate::reporter::{Audience, FirstSteps, Lines, Reporter};
use crate::run;
use what::WhatArgs;

const EXAMPLES: &str = "\
Examples:
  One process:
    workbench-worker train --program single --model cnn --epochs 1

  Two processes on this machine:
    torchrun --standalone --nproc-per-node 2 --no-python workbench-worker train --model cnn

  As many GPUs:
    torchrun --standalone --nproc-per-node 2 --no-python workbench-worker train --device cuda

  Two machines, the first at 10.0.0.1 (on the second: --node-rank 1):
    torchrun --nnodes 2 --node-rank 0 --nproc-per-node 2 --master-addr 10.0.0.1 --master-port 29500 --no-python \\
        workbench-worker train --checkpoint-dir /shared/checkpoints --resume /shared/checkpoints

Exit codes: 0 done, 1 the training failed, 2 the request makes no sense, 3 this machine lacks what it needs.";

/// One rank of a training on one device.
#[derive(Debug, Parser)]
#[command(name = "workbench-worker", disable_help_subcommand = true, after_help = EXAMPLES)]
struct Cli {
    /// Print the versions of this program and of libtorch
    #[arg(short = 'V', long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model, as the rank that torchrun's variables name
    #[command(after_help = EXAMPLES)]
    Train(Box<TrainArgs>),
    /// Train one trial of a search of settings: the loss on rows set apart is told after each epoch
    Trial(Box<trial::TrialArgs>),
    /// Try ever larger batches with one process: the largest that fits, and the fastest per row
    Batches(Box<BatchesArgs>),
    /// Train the first steps, and print their reports as JSON: for programs
    #[command(hide = true)]
    Steps(StepsArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProgramName {
    /// One process, no communication
    Single,
    /// Data-parallel, everything spelt out
    ByHand,
    /// Data-parallel on the trainer
    Launched,
}

#[derive(Debug, Args)]
struct BatchesArgs {
    #[command(flatten)]
    what: WhatArgs,
    /// Try no batch whose step would take longer than this
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    most_s: f64,
    /// Leave memory for so many processes like this one
    #[arg(long, value_name = "N", default_value_t = 1)]
    processes: u64,
    /// A specification in JSON instead of the options above, and JSON as the answer: for programs
    #[arg(long, value_name = "JSON", hide = true)]
    spec: Option<String>,
}

#[derive(Debug, Args)]
struct StepsArgs {
    /// How many
    #[arg(long, value_name = "N")]
    count: usize,
    /// The specification in JSON
    #[arg(long, value_name = "JSON")]
    spec: String,
}

#[derive(Debug, Args)]
struct TrainArgs {
    /// How the training is organised
    #[arg(long, value_enum, default_value = "launched")]
    program: ProgramName,
    #[command(flatten)]
    what: WhatArgs,
    /// Times that every training row is used
    #[arg(long, default_value_t = 3)]
    epochs: u32,
    /// Rows of one step of one rank
    #[arg(long, default_value_t = 128)]
    batch: u32,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 1e-3)]
    lr: f64,
    /// Train on the first so many rows only
    #[arg(long, value_name = "N")]
    train_rows: Option<u64>,
    /// Evaluate on the first so many rows only
    #[arg(long, value_name = "N")]
    test_rows: Option<u64>,
    /// Go on from a checkpoint: a file, or the newest in a folder; from the beginning while the
    /// folder has none
    #[arg(long, value_name = "PATH")]
    resume: Option<PathBuf>,
    /// Write checkpoints into this folder
    #[arg(long, value_name = "DIR")]
    checkpoint_dir: Option<PathBuf>,
    /// Write one every so many steps [default: 100, unless --checkpoint-every-s is given]
    #[arg(long, value_name = "STEPS", requires = "checkpoint_dir")]
    checkpoint_every: Option<u64>,
    /// Write one every so many seconds
    #[arg(long, value_name = "SECONDS", requires = "checkpoint_dir")]
    checkpoint_every_s: Option<f64>,
    /// Keep so many of the newest, and the best by accuracy
    #[arg(long, value_name = "N", default_value_t = 3)]
    keep: u32,
    /// Break something: kill:rank=1,step=40, stall:…, oom:…, nan:…, slow:rank=1,factor=3,
    /// disk-full:step=40, corrupt:step=40. Where in the step, for the first three: in=start-up
    /// (without step), forward, all-reduce, checkpoint or evaluation, as in
    /// kill:rank=1,step=40,in=all-reduce
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Print every so many steps
    #[arg(long, value_name = "STEPS", default_value_t = 10)]
    report_every: u32,
    /// Seconds to wait for other ranks before giving up
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0)]
    timeout: f64,
}

/// Runs the program.
pub fn main() -> ExitCode {
    if is_supervised() {
        return supervised();
    }
    let cli = Cli::parse();
    if cli.version {
        return say(version::version().to_string().trim_end());
    }
    match cli.command {
        Some(Command::Train(args)) => match args.into_spec() {
            Ok(spec) => unsupervised(spec),
            Err(failure) => end(&failure),
        },
        Some(Command::Trial(args)) => args.run().unwrap_or_else(|failure| end(&failure)),
        Some(Command::Steps(args)) => steps(&args).unwrap_or_else(|failure| end(&failure)),
        Some(Command::Batches(args)) => batches(*args).unwrap_or_else(|failure| end(&failure)),
        None => {
            use clap::CommandFactory as _;
            say(&Cli::command().render_long_help().to_string())
        }
    }
}

fn supervised() -> ExitCode {
    let (side, spec) = match WorkerSide::start() {
        Ok(started) => started,
        Err(error) => return end(&Failure::from(error)),
    };
    let audience = Audience::Supervisor(side);
    let reporter = Reporter::new(audience, spec.step_reports_every);
    match Job::new(*spec) {
        Ok(job) => {
            let reporter = reporter.with_faults(Faults::of(&job));
            ExitCode::from(run::run(&job, &reporter))
        }
        Err(failure) => {
            reporter.failed(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn unsupervised(spec: TrainSpec) -> ExitCode {
    let job = match Job::new(spec) {
        Ok(job) => job,
        Err(failure) => return end(&failure),
    };
    let audience = Audience::People(Lines::new(job.rank, job.world));
    audience.report(Report::Stage(Stage::Started));
    let reporter =
        Reporter::new(audience, job.spec.step_reports_every).with_faults(Faults::of(&job));
    ExitCode::from(run::run(&job, &reporter))
}

impl TrainArgs {
    fn into_spec(self) -> Result<TrainSpec, Failure> {
        let every_steps = match (self.checkpoint_every, self.checkpoint_every_s) {
            (None, None) => Some(100),
            (steps, _) => steps,
        };
        let checkpoint = self.checkpoint_dir.map(|dir| Checkpointing {
            dir,
            every_steps,
            every_s: self.checkpoint_every_s,
            keep: self.keep,
        });
        Ok(TrainSpec {
            program: match self.program {
                ProgramName::Single => Program::Single,
                ProgramName::ByHand => Program::ByHand,
                ProgramName::Launched => Program::Launched,
            },
            train_rows: self.train_rows,
            test_rows: self.test_rows,
            epochs: self.epochs,
            batch: self.batch,
            lr: self.lr,
            checkpoint,
            resume: self.resume,
            faults: self.fault,
            step_reports_every: self.report_every,
            timeout_s: self.timeout,
            ..self.what.into_spec()?
        })
    }
}

/// Trains the first steps of a specification, and prints their reports.
fn steps(args: &StepsArgs) -> Result<ExitCode, Failure> {
    let job = Job::new(read_spec(&args.spec)?)?;
    let reports = Rc::default();
    let audience = Audience::FirstSteps(FirstSteps {
        wanted: args.count,
        reports: Rc::clone(&reports),
    });
    let reporter = Reporter::new(audience, job.spec.step_reports_every);
    let code = run::run(&job, &reporter);
    if code != 0 {
        return Ok(ExitCode::from(code));
    }
    let said = serde_json::to_string(&*reports.borrow())
        .map_err(|error| Failure::spec(format!("the reports: {error}")))?;
    Ok(say(&said))
}

fn read_spec(text: &str) -> Result<TrainSpec, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::spec(format!("--spec: {error}; give a specification")))
}

/// Tries batches, and says line by line what came of it.
fn batches(args: BatchesArgs) -> Result<ExitCode, Failure> {
    let search = Search {
        most: Duration::try_from_secs_f64(args.most_s).unwrap_or(Duration::MAX),
        processes: args.processes,
    };
    if let Some(spec) = args.spec {
        let spec = read_spec(&spec)?;
        let found = batches::find(&spec, search, |_| {})?;
        let found = serde_json::to_string(&found)
            .map_err(|error| Failure::spec(format!("what was found: {error}")))?;
        return Ok(say(&found));
    }
    say("   batch     ms/step    images/s    peak MiB");
    let tell = |tried: &TriedBatch| {
        let peak = tried
            .peak_bytes
            .map_or_else(|| "n/a".to_owned(), |bytes| (bytes >> 20).to_string());
        say(&format!(
            "{:>8} {:>11.1} {:>11.0} {peak:>11}",
            tried.batch,
            tried.step_ns as f64 / 1e6,
            tried.rate()
        ));
    };
    let found = batches::find(&args.what.into_spec()?, search, tell)?;
    if let (Some(fastest), Some(largest)) = (found.fastest(), found.largest()) {
        say(&format!(
            "fastest per row: {}; largest that fits: {} ({})",
            fastest.batch, largest.batch, found.limit
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn say(text: &str) -> ExitCode {
    use std::io::Write as _;
    // A reader that has gone away has seen what it wanted.
    let _ = writeln!(std::io::stdout(), "{text}");
    ExitCode::SUCCESS
}

fn end(failure: &Failure) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "workbench-worker: {failure}");
    ExitCode::from(failure.exit_code())
}
