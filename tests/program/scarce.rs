//! The real binary where the machine or the shell gives it little: low limits, a full disk, a file
//! system without locks.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::common::{Bench, TINY, read_json, stderr, stdout};

/// The binary under a limit.
fn limited(bench: &Bench, limit: &str, args: &[&str]) -> Output {
    let mut command = bench.command();
    let program = command.get_program().to_owned();
    let line = format!("ulimit {limit} && exec \"$@\"");
    let variables: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    command = Command::new("bash");
    command
        .args(["-c", &line, "bash"])
        .arg(program)
        .args(args)
        .current_dir(bench.path("."))
        .envs(variables)
        // Where there is no memory, the standard library waits for itself when it prints a trace.
        .env("RUST_BACKTRACE", "0")
        .stdin(std::process::Stdio::null());
    command.output().unwrap()
}

fn status(bench: &Bench) -> Vec<String> {
    let listed = bench.run(["runs"]);
    assert_eq!(stderr(&listed), "");
    let table = stdout(&listed);
    let rows = table.lines().skip(1).filter(|line| !line.is_empty());
    rows.map(|row| {
        let words: Vec<&str> = row.split("  ").filter(|word| !word.is_empty()).collect();
        words[3].trim().to_owned()
    })
    .collect()
}

#[test]
fn a_log_that_must_not_grow_ends_with_what_happened() {
    let bench = Bench::new();
    let args: Vec<&str> = TINY.iter().copied().chain(["--repeats", "200"]).collect();
    let output = limited(&bench, "-f 64", &args);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("the size of a file is 64 KiB (`ulimit -f`)"),
        "{said}"
    );
    assert_eq!(status(&bench), ["failed"]);
    let log = std::fs::read_to_string(bench.only_run().join("events.jsonl")).unwrap();
    let events: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [.., failed, finished] = events.as_slice() else {
        panic!("{log}")
    };
    assert_eq!(failed["event"], "run_failed");
    assert_eq!(failed["cause"], "storage");
    assert_eq!(finished["status"], "failed");
    // Nothing that was finished is lost.
    let resumed = bench.run(["resume", "latest", "--quiet", "--json"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(resumed["status"], "completed");
}

#[test]
fn a_start_for_which_there_is_no_space_leaves_nothing() {
    let bench = Bench::new();
    let output = limited(&bench, "-f 0", &TINY);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("`ulimit -f`"),
        "{}",
        stderr(&output)
    );
    assert_eq!(status(&bench), [""; 0]);
    assert_eq!(bench.run_names(), [""; 0]);
}

/// However little a process may have, it works or says what it lacks.
#[test]
fn every_low_limit_is_named() {
    let mut refused = 0;
    let files = (4..28).step_by(3).map(|n| format!("-n {n}"));
    let memory = [64, 100, 200, 320, 640].map(|mib| format!("-v {}", mib << 10));
    let stack = [64, 256, 1024].map(|kib| format!("-s {kib}"));
    for limit in files.chain(memory).chain(stack) {
        let bench = Bench::new();
        let output = limited(&bench, &limit, &TINY);
        let said = stderr(&output);
        match output.status.code() {
            // It worked, or the loader or the shell could not start it.
            Some(0 | 126 | 127) => {}
            Some(3) => {
                let option = format!("`ulimit {}`", &limit[..2]);
                assert!(said.contains(&option), "{limit}: {said}");
                refused += 1;
            }
            other => panic!("{limit}: {other:?} {:?}: {said}", output.status),
        }
        assert!(!said.contains("panicked"), "{limit}: {said}");
        assert!(
            !status(&bench).contains(&"killed".to_owned()) || said.contains("memory ran out"),
            "{limit}"
        );
    }
    assert!(refused > 3, "no limit was ever too low");
}

fn without_locks(bench: &Bench) -> PathBuf {
    let library = bench.path("no_locks.so");
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/program/common/no_locks.c"
    );
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", source, "-o"])
        .arg(&library)
        .status();
    assert!(compiled.unwrap().success());
    library
}

#[test]
fn a_file_system_without_locks_is_used_with_a_warning() {
    let bench = Bench::new();
    let library = without_locks(&bench);
    let run = |args: &[&str]| {
        let mut command = bench.command();
        command.env("LD_PRELOAD", &library).args(args);
        command.output().unwrap()
    };
    let output = run(&TINY);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = read_json(&bench.only_run().join("result.json"));
    let warnings = result["warnings"].as_array().unwrap();
    assert!(
        warnings.iter().any(|w| w["kind"] == "no_locks"),
        "{warnings:?}"
    );
    assert!(stdout(&run(&["runs"])).contains("completed"));
    // Of a log without an end nobody can say whether its writer is alive.
    let log = bench.only_run().join("events.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    let cut: Vec<&str> = text.lines().collect();
    std::fs::write(&log, cut[..cut.len() - 1].join("\n") + "\n").unwrap();
    std::fs::remove_file(bench.only_run().join("result.json")).unwrap();
    assert!(stdout(&run(&["runs"])).contains("unfinished"));
    assert!(stdout(&bench.run(["runs"])).contains("killed"));
    let output = run(&["resume", "latest", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
