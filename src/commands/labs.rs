//! `workbench labs`: lists the labs, and makes and checks labs of one's own.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use workbench_experiment::lab::{Lab, LabDefinition};

use workbench_programs::{PYTHON, lab_folders, new_lab, read_folder};

use crate::exit_error::{ExitError, code};
use crate::output;
use crate::registry;
use crate::table::TextTable;

/// What `workbench labs` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LabsArgs {
    /// Show one lab with its handout
    pub lab: Option<String>,
    /// Print workbench_arm.py, with which a Python program that is an arm tells more of its work
    #[arg(long, conflicts_with = "lab")]
    pub python: bool,
    /// What else to do with labs.
    #[command(subcommand)]
    pub command: Option<LabsCommand>,
}

/// What to do with labs of one's own.
#[derive(Debug, Subcommand)]
pub enum LabsCommand {
    /// Make a lab that runs at once, in a new folder of its name
    New {
        /// The lab's name
        name: String,
        /// Where the folder is made
        #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
    /// List the set-ups that were kept in the form, or delete one; `--setup NAME` runs one
    Setups {
        /// Delete the set-up of this name
        #[arg(long, value_name = "NAME")]
        delete: Option<String>,
    },
    /// Say what is wrong with a lab, or with all labs of a folder, line by line; runs nothing
    Check {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

/// Lists all labs, or shows one with its handout; or does what else is asked for.
pub fn run(labs: &[Box<dyn Lab>], args: &LabsArgs) -> Result<u8, ExitError> {
    match &args.command {
        Some(command) => return own(command),
        None if args.python => return python(),
        None => {}
    }
    let name = args.lab.as_deref();
    let mut out = String::new();
    if let Some(name) = name {
        let lab = registry::find(labs, name)?;
        let _ = write!(out, "{}\n\n{}", describe(lab.definition()), lab.handout());
        let asked = lab.questions().questions.len() as u64;
        if asked > 0 {
            let asked = workbench_words::counted(asked, "question");
            let _ = writeln!(
                out,
                "\nThe lab asks {asked}: `workbench answer --lab {name}`."
            );
        }
    } else {
        for lab in labs {
            let _ = writeln!(out, "{}", describe(lab.definition()));
        }
        out.push_str("`workbench labs NAME` shows a lab's handout.\n");
    }
    output::print(&out)?;
    Ok(code::DONE)
}

/// Prints the file for Python programs.
fn python() -> Result<u8, ExitError> {
    output::print(PYTHON)?;
    Ok(code::DONE)
}

/// Makes a lab, or checks labs. Runs nothing.
fn own(command: &LabsCommand) -> Result<u8, ExitError> {
    match command {
        LabsCommand::Setups { delete } => super::setups::run(delete.as_deref()),
        LabsCommand::New { name, dir } => {
            let folder = new_lab(name, dir).map_err(|error| match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::AlreadyExists => {
                    ExitError::usage(format!("`workbench labs new {name}`: {error}"))
                }
                _ => ExitError::cannot("make the lab", &error),
            })?;
            let folder = folder.display();
            output::print(&format!(
                "Made {folder}. Try it with\n  workbench --labs {folder} --lab {name}\n"
            ))?;
            Ok(code::DONE)
        }
        LabsCommand::Check { dir } => check(dir),
    }
}

/// Prints what is wrong, line by line.
fn check(dir: &Path) -> Result<u8, ExitError> {
    let folders = lab_folders(dir).map_err(|problem| ExitError::usage(problem.to_string()))?;
    let mut wrong = 0;
    for folder in folders {
        match read_folder(&folder) {
            Ok(lab) => {
                let definition = lab.definition();
                let (name, arms) = (&definition.name, definition.arms.len());
                let arms = workbench_words::counted(arms as u64, "arm");
                output::line(&format!(
                    "{}: {name}, {arms}, nothing wrong",
                    folder.display()
                ))?;
            }
            Err(problems) => {
                wrong += problems.len();
                for problem in problems {
                    output::line(&problem.to_string())?;
                }
            }
        }
    }
    Ok(if wrong == 0 {
        code::DONE
    } else {
        code::CHECK_FAILED
    })
}

fn describe(lab: &LabDefinition) -> String {
    let mut arms = TextTable::new();
    for arm in &lab.arms {
        let kind = if arm.name == lab.base {
            " This is the base."
        } else if arm.peer.is_some() {
            " A peer: runs with --peers, or when it is named."
        } else {
            ""
        };
        arms.row([arm.name.clone(), format!("{}{kind}", arm.summary)]);
    }
    let mut presets = TextTable::new();
    for (name, preset) in &lab.presets {
        let default = if *name == lab.default_preset {
            " The default."
        } else {
            ""
        };
        presets.row([name.clone(), format!("{}{default}", preset.help)]);
    }
    let mut params = TextTable::new();
    for (name, spec) in &lab.params {
        params.row([
            name.clone(),
            spec.default_value().to_string(),
            format!("{} Takes {}.", spec.help(), spec.expects()),
        ]);
    }
    let data = match &lab.takes_data {
        Some(data) => format!("\n  Data (--data)\n    Its own, or {}.\n", data.expects),
        None => String::new(),
    };
    format!(
        "{}  {}\n    {}\n\n  Arms (--arms)\n{}\n  Presets (--preset)\n{}\n  Parameters (--set), their defaults\n{}{data}",
        lab.name,
        lab.title,
        lab.summary,
        arms.render(4, output::room()),
        presets.render(4, output::room()),
        params.render(4, output::room())
    )
}
