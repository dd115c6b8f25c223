//! Where output goes that nobody takes: every command ends quietly when its reader is gone, and
//! says so when the device is full.

use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use crate::common::{Bench, TINY, stderr};

/// Everything that prints, with the id of a run.
fn commands(run: &str) -> Vec<Vec<&str>> {
    let mut commands: Vec<Vec<&str>> = [
        "--help",
        "-h",
        "--version",
        "help",
        "runs --help",
        "labs",
        "labs rf",
        "doctor",
        "runs",
        "runs --json",
        "runs status:failed",
        "show latest",
        "show latest --json",
        "answer --lab rf",
        "answer efficiency --run latest",
        "answer --json",
        "resume latest",
        "resume latest --json",
        "config",
        "config --path",
        "config --default",
        "completions bash",
        "completions zsh",
        "man",
    ]
    .iter()
    .map(|line| line.split(' ').collect())
    .collect();
    commands.push(vec!["compare", run, run]);
    commands.push(vec!["compare", run, run, "--json"]);
    commands
}

fn run(bench: &Bench, args: &[&str], out: impl Into<Stdio>) -> Output {
    let mut command = bench.command();
    command.args(args).stdout(out).stderr(Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap()
}

fn full() -> std::fs::File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// A pipe that nobody reads.
fn closed() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn a_full_device_is_told_by_every_command() {
    let bench = Bench::new();
    bench.tiny(&[]);
    let id = id(&bench);
    for args in commands(&id) {
        let output = run(&bench, &args, full());
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        let said = stderr(&output);
        assert!(
            said.contains("cannot write to the standard output"),
            "{args:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{args:?}: {said}");
    }
}

/// `workbench --help >&-`: Rust opens `/dev/null` in its place, so that nothing fails by itself.
#[test]
fn a_closed_output_is_told_by_every_command() {
    let bench = Bench::new();
    bench.tiny(&[]);
    let id = id(&bench);
    for args in commands(&id) {
        let bare = bench.command();
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec \"$0\" \"$@\" >&-"])
            .arg(bare.get_program())
            .args(&args)
            .current_dir(bare.get_current_dir().unwrap())
            .envs(
                bare.get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        let said = stderr(&output);
        assert!(
            said.contains("cannot write to the standard output"),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn a_reader_that_is_gone_ends_every_command_quietly() {
    let bench = Bench::new();
    bench.tiny(&[]);
    let id = id(&bench);
    for args in commands(&id) {
        let output = run(&bench, &args, closed());
        let by = output.status.signal();
        assert_eq!(
            by,
            Some(Signal::PIPE.as_raw()),
            "{args:?}: {}",
            output.status
        );
        assert_eq!(stderr(&output), "", "{args:?}");
    }
}

/// The run is kept, whoever reads its outcome.
#[test]
fn a_run_is_recorded_before_its_outcome_cannot_be_printed() {
    for json in [true, false] {
        let mut args: Vec<&str> = TINY
            .iter()
            .filter(|arg| **arg != "--quiet")
            .copied()
            .collect();
        if json {
            args.push("--json");
        }
        let bench = Bench::new();
        let output = run(&bench, &args, full());
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let output = run(&bench, &args, closed());
        assert_eq!(output.status.signal(), Some(Signal::PIPE.as_raw()));
        let listed = bench.run(["runs", "status:completed", "--json"]);
        let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
        assert_eq!(listed.len(), 2);
    }
}

/// A standard error that takes nothing changes nothing.
#[test]
fn mistakes_have_their_exit_code_also_where_nobody_hears_of_them() {
    for errors in [Stdio::from(full()), Stdio::from(closed())] {
        let bench = Bench::new();
        let mut command = bench.command();
        command.arg("--no-such-flag").stderr(errors);
        assert_eq!(command.status().unwrap().code(), Some(2));
    }
}

fn id(bench: &Bench) -> String {
    let run = bench.only_run();
    run.file_name().unwrap().to_str().unwrap().to_owned()
}
