//! `workbench verify FILE…`: what does not fit in hand-ins.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde::Serialize;
use workbench_experiment::lab::Lab;
use workbench_record::Finding;
use workbench_submission::{Class, Verified, Verifier};

use super::show::pretty;
use crate::assignments;
use crate::exit_error::{ExitError, code};
use crate::output;

/// How it is used, for its help.
pub const EXAMPLES: &str = "\
Examples:
  workbench verify hand-in.zip                     what does not fit; exit code 1 where something does not
  workbench verify hand-ins/                       a whole folder, also what is the same in several
  workbench verify hand-in.zip --reexecute 5       makes 5 outputs again and compares them";

/// What `workbench verify` takes.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Hand-ins: files, or folders with the files of one; a folder of hand-ins stands for all of
    /// them
    #[arg(num_args = 1.., required = true, value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Make so many outputs of every hand-in again here, drawn by the nonce, and compare them bit
    /// for bit
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub reexecute: u32,
    /// Print a JSON array instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `--json` prints for a hand-in.
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    holds: bool,
    runs: Vec<&'a str>,
    findings: &'a [Finding],
}

/// Verifies hand-ins; exit code 1 where something does not fit.
pub fn run(
    labs: &[Box<dyn Lab>],
    args: &VerifyArgs,
    assignment: Option<&Path>,
) -> Result<u8, ExitError> {
    let assignment = assignment.map(assignments::read).transpose()?;
    let verifier = Verifier::new(labs, assignment);
    let mut class = Class::default();
    let mut hand_ins = Vec::new();
    for path in workbench_submission::hand_ins(&args.files).map_err(ExitError::usage)? {
        let mut verified = verifier.verify(&path);
        if args.reexecute > 0 && verified.fits() {
            output::error_line(&format!(
                "workbench: {}",
                verifier.announce(&verified, args.reexecute)
            ))?;
            verifier.reexecute(&mut verified, args.reexecute);
        }
        class.add(&verified);
        hand_ins.push(verified);
    }
    class.compare(&mut hand_ins);
    if args.json {
        let documents: Vec<Document<'_>> = hand_ins.iter().map(document).collect();
        output::line(&pretty(&documents)?)?;
    } else {
        for verified in &hand_ins {
            output::print(&text(verified))?;
        }
    }
    let holds = hand_ins.iter().all(Verified::holds);
    Ok(if holds {
        code::DONE
    } else {
        code::CHECK_FAILED
    })
}

fn document(verified: &Verified) -> Document<'_> {
    Document {
        file: verified.name.clone(),
        holds: verified.holds(),
        runs: verified.runs().collect(),
        findings: &verified.findings,
    }
}

fn text(verified: &Verified) -> String {
    let verdict = if verified.holds() {
        "nothing was found that does not fit"
    } else {
        "something does not fit"
    };
    let mut out = format!("{}: {verdict}\n", verified.name);
    for found in &verified.findings {
        let (word, text, kind) = (found.severity.word(), &found.text, &found.kind);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {word}: {text} [{kind}]");
    }
    out
}
