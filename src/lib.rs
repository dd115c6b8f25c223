//! The program `workbench`: its command line, headless runs and settings.
//!
//! It is a library so that benches and tests can use it: [`main`] is the whole program, and
//! [`offscreen`] its screens without a terminal. Everything else is private.
//!
//! - **Belongs here:** the command line, what it starts, and what it prints.
//! - **May use:** every crate of this tree but those that link libtorch.
//! - **Does not belong here:** measuring, computing and drawing.

mod assignments;
mod build_facts;
mod cli;
mod cli_help;
mod commands;
mod config;
mod exit_error;
mod foreign;
mod headless;
mod lab_commands;
mod libtorch;
mod output;
mod pause;
mod peers;
mod program_args;
mod progress;
mod registry;
mod scarce;
mod screen;
mod simulated_gpus;
mod startup;
mod summary;
mod table;

pub use screen::offscreen;

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use workbench_experiment::lab::{Lab, MakeLab};
use workbench_machine::gpu;
use workbench_record::RunStore;

use crate::cli::{Cli, Command, RunArgs};
use crate::commands::labs::LabsArgs;
use crate::commands::setup::{SetupArgs, SetupWhat};
use crate::config::{Config, Flags, Key};
use crate::exit_error::{ExitError, code};

/// The whole program: parses the process' arguments, runs the command, and returns the exit code.
pub fn main() -> ExitCode {
    program(registry::LABS, std::env::args_os())
}

/// The whole program with labs and arguments of the caller's choice; the first argument is its
/// name.
pub fn program(labs: &[MakeLab], args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|arg| arg == gpu::HELPER) {
        return gpu::serve().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    if args
        .get(1)
        .is_some_and(|arg| arg == workbench_programs::HELPER)
    {
        return workbench_programs::serve().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    gpu::start_helper_with(|| own(gpu::HELPER));
    workbench_programs::start_helper_with(|| own(workbench_programs::HELPER));
    match scarce::guarded(|| run(labs, args)).and_then(|outcome| outcome) {
        Ok(code) => {
            if code == code::DONE {
                output::end();
            }
            ExitCode::from(code)
        }
        Err(failure) => {
            // Nothing can be done when the standard error is closed too.
            let _ = output::error_line(&format!("workbench: {}", failure.message));
            ExitCode::from(failure.code)
        }
    }
}

/// This program as one of its helpers.
fn own(helper: &str) -> process::Command {
    // The file of this process, also after another version has taken its place.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() {
        own.to_owned()
    } else {
        std::env::current_exe().unwrap_or_else(|_| own.to_owned())
    };
    let mut command = process::Command::new(program);
    command.arg0("workbench").arg(helper);
    command
}

fn run(labs: &[MakeLab], args: Vec<OsString>) -> Result<u8, ExitError> {
    // Scripts ask for the version, which needs no lab.
    let is_version = matches!(&args[..], [_, flag] if flag == "--version" || flag == "-V");
    let labs = registry::make(if is_version { &[] } else { labs })?;
    let cli = match cli::parse(&labs, args) {
        Ok(cli) => cli,
        Err(error) => {
            output::told(&error)?;
            return Ok(error.exit_code().try_into().unwrap_or(code::USAGE));
        }
    };
    simulated_gpus::begin(cli.simulate_gpus.as_deref())?;
    let flags = cli.settings();
    let Cli {
        command,
        run,
        config: file,
        ..
    } = cli;
    let runs = [("--lab", &run.lab), ("--setup", &run.setup)];
    if let (Some(_), Some((flag, _))) = (&command, runs.iter().find(|(_, name)| name.is_some())) {
        return Err(ExitError::usage(format!(
            "`{flag}` runs a lab and a command does something else; give one of the two"
        )));
    }
    // Before the configuration is read: these commands do not need it, and two of them help to
    // repair it.
    let command = match command {
        Some(Command::Setup(SetupArgs {
            what: Some(SetupWhat::Peers(args)),
            ..
        })) => return commands::setup_peers::run(&labs, args),
        Some(Command::Setup(args)) => return commands::setup::run(args),
        Some(Command::Say(args)) => return commands::say::run(args.what),
        command => command,
    };
    let mut labs = labs;
    if needs_labs(command.as_ref()) {
        add_labs(&mut labs, |key| Config::place(key, &flags, file.clone()))?;
    }
    match &command {
        Some(Command::Labs(args)) => return commands::labs::run(&labs, args),
        Some(Command::Config { path: true, .. }) => return commands::config::path(file),
        Some(Command::Config { default: true, .. }) => return commands::config::defaults(&labs),
        Some(Command::Completions { shell }) => return commands::shell::completions(&labs, *shell),
        Some(Command::Man) => return commands::shell::man(&labs),
        _ => {}
    }
    configured(labs, command, &run, (flags, file))
}

/// Adds the labs of a folder, and sets labs up as an assignment says.
fn add_labs(
    labs: &mut Vec<Box<dyn Lab>>,
    place: impl Fn(Key) -> Option<PathBuf>,
) -> Result<(), ExitError> {
    let (dir, assignment) = (place(Key::Labs), place(Key::Assignment));
    if let Some(dir) = &dir {
        foreign::add(labs, dir)?;
    }
    assignments::apply(labs, assignment.as_deref(), dir.as_deref())
}

/// What needs the configuration.
fn configured(
    labs: Vec<Box<dyn Lab>>,
    command: Option<Command>,
    run: &RunArgs,
    (flags, file): (Flags, Option<PathBuf>),
) -> Result<u8, ExitError> {
    let assignment = Config::place(Key::Assignment, &flags, file.clone());
    let assignment = assignment.as_deref();
    let config = Config::load(&labs, flags, file)?;
    let run_dir = config.run_dir().map(Path::to_owned);
    // Before the store is opened: these commands do not need it.
    match &command {
        Some(Command::Grade(args)) => return commands::grade::run(&labs, args, assignment),
        Some(Command::Verify(args)) => return commands::verify::run(&labs, args, assignment),
        Some(Command::Config { .. }) => return commands::config::run(&config, &labs),
        Some(Command::Doctor) => return commands::doctor::run(&labs, run_dir),
        _ => {}
    }
    let command = match command {
        Some(Command::Monitor(args)) => {
            return commands::monitor::run(&args, &config, || {
                let store = RunStore::open(run_dir)?;
                foreign::recall(&labs, &store);
                Ok((store, labs))
            });
        }
        command => command,
    };
    let store = RunStore::open(run_dir)?;
    foreign::recall(&labs, &store);
    match command {
        Some(Command::Runs(args)) => commands::runs::run(&store, &args),
        Some(Command::Show { run, json }) => commands::show::run(&store, &run, json),
        Some(Command::Report { run, output }) => commands::report::run(&store, &run, &output),
        Some(Command::Compare { runs, json, output }) => {
            commands::compare::run(&store, &runs, json, &output)
        }
        Some(Command::Submit(args)) => commands::submit::run(&store, &args, assignment),
        Some(Command::Resume(args)) => headless::resume(labs, &store, &args),
        Some(Command::OfLab(asked)) => lab_commands::run(&labs, &store, &asked),
        Some(Command::Answer(args)) => commands::answer::run(&labs, &store, &args),
        Some(_) => Ok(code::DONE),
        None if run.lab.is_some() || run.setup.is_some() => headless::run(&labs, &store, run),
        None if output::has_terminal() => screen::run(store, labs, &config, None),
        None => explain(),
    }
}

/// Whether a command looks at labs, and not only at runs.
fn needs_labs(command: Option<&Command>) -> bool {
    matches!(
        command,
        None | Some(
            Command::Labs(LabsArgs {
                command: None,
                python: false,
                ..
            }) | Command::Config { .. }
                | Command::Doctor
                | Command::Monitor(_)
                | Command::Resume(_)
                | Command::Answer(_)
        )
    )
}

/// `workbench` without arguments and terminal: prints what it is and how to use it.
fn explain() -> Result<u8, ExitError> {
    output::error_line(
        "workbench: no --lab given and no terminal for the screen, so there is nothing to run.\n\n\
         Try one of these:\n  \
         workbench --lab rf --preset quick                every arm in seconds\n  \
         workbench --lab rf --report out.html             the whole lab, and a report to read\n  \
         workbench labs                                   what there is to run\n  \
         workbench doctor                                 what this machine can run\n  \
         workbench --help                                 everything else",
    )?;
    Ok(code::USAGE)
}
