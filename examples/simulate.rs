//! Writes a made-up run into a directory of runs, where `workbench` finds it like any other.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::PossibleValue;
use clap::{Parser, ValueEnum, ValueHint};
use workbench_record::{Record, RecordError, RunDir, RunStore, Snapshot};
use workbench_result::compute;
use workbench_simulate::{Scenario, events};

const EXAMPLES: &str = "\
Examples:
  cargo run --release --example simulate -- training /tmp/made-up
  workbench --run-dir /tmp/made-up show latest
  workbench --run-dir /tmp/made-up report latest -o out.html
  workbench --run-dir /tmp/made-up                 the screen; the run is in its history
  cargo run --release --example simulate -- dying /tmp/made-up --until 0.5
                                                   the log of a run that was killed half-way";

/// Write a made-up run into a directory of runs. It says in its warnings that it is simulated.
#[derive(Parser)]
#[command(name = "simulate", after_help = EXAMPLES)]
struct Args {
    /// What kind of run
    #[arg(value_name = "SCENARIO")]
    scenario: Named,

    /// The directory of runs to write it into; made when it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: PathBuf,

    /// Decides everything that is random
    #[arg(long, default_value_t = 42)]
    seed: u64,

    /// Write this share of the events and stop, as if the run had been killed: 0.01 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share)]
    until: f64,
}

/// A scenario as the command line names it.
#[derive(Clone, Copy)]
struct Named(Scenario);

impl ValueEnum for Named {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Named; Scenario::ALL.len()] = {
            let mut all = [Named(Scenario::ALL[0]); Scenario::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = Named(Scenario::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.about()))
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.01..=1.0).contains(&share) => Ok(share),
        _ => Err("give a share from 0.01 to 1".to_owned()),
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match write(&args) {
        Ok(run) => {
            let told = writeln!(
                io::stdout(),
                "{}\nLook at it: workbench --run-dir {} show {}",
                run.path().display(),
                args.dir.display(),
                run.id()
            );
            // A closed standard output is no failure.
            drop(told);
            ExitCode::SUCCESS
        }
        Err(error) => {
            drop(writeln!(io::stderr(), "simulate: {error}"));
            ExitCode::from(3)
        }
    }
}

fn write(args: &Args) -> Result<RunDir, RecordError> {
    let unix_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64);
    let run = RunStore::open(Some(args.dir.clone()))?.create("simulated", unix_ms)?;
    let mut records = events(args.scenario.0, args.seed, &run.id(), unix_ms);
    let whole = records.len();
    records.truncate(((whole as f64 * args.until) as usize).max(1));
    log(&run, &records).map_err(|source| RecordError::Io {
        verb: "write",
        path: run.events(),
        source,
    })?;
    // A run that was killed has no result.
    if records.len() == whole
        && let Some(result) = compute(&Snapshot::of(&records))
    {
        run.write_json("result.json", &result)?;
    }
    Ok(run)
}

fn log(run: &RunDir, records: &[Record]) -> io::Result<()> {
    let mut out = BufWriter::new(File::create_new(run.events())?);
    for record in records {
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
