//! `workbench say`: how a shell script that is an arm tells more of its work. Where nobody listens
//! it does nothing, so that a script runs without workbench, too.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use workbench_programs::Teller;
use workbench_protocol::arm::{ArmLine, QualityValue};

use crate::exit_error::{ExitError, code};

const SAY_EXAMPLES: &str = "\
Examples, in a script that is an arm of a lab:
  workbench say ready                              the start-up is over
  workbench say task 'model 3' python fit.py 3     runs a program, and tells it as a task
  workbench say metric loss 0.25 --step 7          a point of a curve
  workbench say work models=1 rows=1000            adds up; arms have to agree on the sums
  workbench say output 'model 3' --file out.bin    compared between arms (--check outputs)

Python programs say the same with the file that `workbench labs --python` prints.";

/// What `workbench say` takes.
#[derive(Debug, Args)]
#[command(after_help = SAY_EXAMPLES)]
pub struct SayArgs {
    /// What is told.
    #[command(subcommand)]
    pub what: Say,
}

/// What can be told.
#[derive(Debug, Subcommand)]
pub enum Say {
    /// The start-up is over, and the work begins
    Ready,
    /// The work is over; what follows is the program's own end
    Done,
    /// How far the work is
    Progress {
        /// Units of work done
        done: u64,
        /// Units of work in all
        total: u64,
    },
    /// Run a program, and tell it as a task with its CPU time
    Task {
        /// What people call the task
        name: String,
        /// The worker that does it, from 0
        #[arg(long, value_name = "N")]
        slot: Option<u32>,
        /// The program and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// A point of a curve
    Metric {
        /// What the curve shows
        name: String,
        /// How high the point lies
        #[arg(allow_negative_numbers = true)]
        value: f64,
        /// Where it lies
        #[arg(long, default_value_t = 0)]
        step: u64,
        /// The model or trial that it belongs to
        #[arg(long)]
        item: Option<String>,
    },
    /// Work that was done, which adds up; arms have to agree on the sums
    Work {
        /// Counters and how much was done
        #[arg(value_name = "NAME=COUNT", required = true, value_parser = count)]
        counts: Vec<(String, u64)>,
    },
    /// What a reader may want to know; arms may differ in it
    Fact {
        /// Names and how much
        #[arg(value_name = "NAME=COUNT", required = true, value_parser = count)]
        counts: Vec<(String, u64)>,
    },
    /// Something that came out
    Output {
        /// What people call it
        name: String,
        /// The file that holds it
        #[arg(long, value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// How good the outcome is: a number or a word
    Quality {
        /// The figure
        name: String,
        /// Its value
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// What a reader of the result has to know
    Warning {
        /// A sentence
        text: String,
    },
}

fn count(text: &str) -> Result<(String, u64), String> {
    let (name, count) = text.split_once('=').ok_or("write it as NAME=COUNT")?;
    let count = count
        .parse()
        .map_err(|_| "the count is a whole number".to_owned())?;
    Ok((name.to_owned(), count))
}

/// Tells it.
pub fn run(say: Say) -> Result<u8, ExitError> {
    let teller = Teller::open();
    let line = match say {
        Say::Task {
            name,
            slot,
            command,
        } => {
            let ended = teller.run_task(name, slot, &command);
            return ended
                .map_err(|error| ExitError::cannot(&format!("run {}", command[0]), &error));
        }
        Say::Output { name, file } => {
            let told = teller.tell_output(name, file.as_deref());
            told.map_err(|error| ExitError::cannot("tell this", &error))?;
            return Ok(code::DONE);
        }
        Say::Ready => ArmLine::Ready { at_ns: None },
        Say::Done => ArmLine::Done { at_ns: None },
        Say::Fact { counts } => ArmLine::Fact {
            counts: counts.into_iter().collect(),
        },
        Say::Progress { done, total } => ArmLine::Progress { done, total },
        Say::Metric {
            name,
            value,
            step,
            item,
        } => ArmLine::Metric {
            name,
            step,
            value,
            item,
        },
        Say::Work { counts } => ArmLine::Work {
            counts: counts.into_iter().collect(),
        },
        Say::Quality { name, value } => ArmLine::Quality {
            name,
            value: match value.parse() {
                Ok(number) => QualityValue::Number(number),
                Err(_) => QualityValue::Text(value),
            },
        },
        Say::Warning { text } => ArmLine::Warning { text },
    };
    teller
        .tell(&line)
        .map_err(|error| ExitError::usage(format!("`workbench say`: {error}")))?;
    Ok(code::DONE)
}
