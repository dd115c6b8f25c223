//! `workbench-worker trial`: what a search starts for each of its trials.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::RangedI64ValueParser;
use workbench_ddp_protocol::{Checkpointing, TrainSpec};

use super::what::WhatArgs;
use crate::failure::Failure;
use crate::job::Job;
use crate::programs::trial::{self, TrialRows};
use crate::reporter::{Audience, Reporter};
use crate::run;
use crate::teller::TrialTeller;

#[derive(Debug, Args)]
pub(super) struct TrialArgs {
    #[command(flatten)]
    what: WhatArgs,
    /// Times that every training row is used
    #[arg(long, default_value_t = 3)]
    epochs: u32,
    /// Rows of one step
    #[arg(long, default_value_t = 128)]
    batch: u32,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 1e-3)]
    lr: f64,
    /// Share of the learning rate by which each step makes all weights smaller
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    weight_decay: f64,
    /// Use the first so many training rows only
    #[arg(long, value_name = "N")]
    rows: Option<u64>,
    /// Of these, set so many apart to select by, and train on the others
    #[arg(long, value_name = "N")]
    validation_rows: u64,
    /// Decides which are set apart; the same for all trials of a search
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    split_seed: u64,
    /// Judge by the first so many test rows only
    #[arg(long, value_name = "N")]
    test_rows: Option<u64>,
    /// 1: also tell the loss on the test rows when all epochs are done
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = zero_or_one())]
    judge: u8,
    /// Keep the newest state in this folder, and go on from what is there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

fn zero_or_one() -> RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(..=1)
}

impl TrialArgs {
    /// Trains.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let rows = TrialRows {
            validation: self.validation_rows,
            split_seed: self.split_seed,
            weight_decay: self.weight_decay,
            judge: self.judge == 1,
        };
        let job = Job::alone(self.into_spec()?)?;
        let mut tell = TrialTeller::open()?;
        let report = Reporter::new(Audience::Search, job.spec.step_reports_every);
        let train = || trial::run((&job, &rows), &report, &mut tell);
        Ok(ExitCode::from(run::guarded(&job, &report, train)))
    }

    fn into_spec(self) -> Result<TrainSpec, Failure> {
        if !(0.0..=1.0).contains(&self.weight_decay) {
            return Err(Failure::spec(format!(
                "weight decay is {}; give 0 to 1",
                self.weight_decay
            )));
        }
        Ok(TrainSpec {
            epochs: self.epochs,
            batch: self.batch,
            lr: self.lr,
            train_rows: self.rows,
            test_rows: self.test_rows,
            checkpoint: self.keep.clone().map(|dir| Checkpointing {
                dir,
                // After epochs alone, which is done without being asked for.
                every_steps: Some(u64::MAX),
                every_s: None,
                keep: 1,
            }),
            resume: self.keep,
            step_reports_every: u32::MAX,
            ..self.what.into_spec()?
        })
    }
}
