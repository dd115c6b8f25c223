//! The real binary on machines whose GPU driver is ill: the simulated library takes the place of
//! NVIDIA's.

use std::path::PathBuf;
use std::process::{Command, Output};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use workbench_machine::gpu::SCENARIO_VARIABLE;

use crate::common::{Bench, TINY, read_json, stderr, stdout};

/// What is wrong with the driver, as a scenario says it.
#[derive(Debug, Clone, Copy)]
enum Ill {
    /// Nothing; it prints something, as libraries do.
    Not,
    CrashAtStart,
    SilentAtStart,
    SilentLater,
    CrashLater,
}

impl Ill {
    fn fault(self) -> &'static str {
        match self {
            Self::Not => "call = 'nvmlInit_v2'\nkind = 'print'",
            Self::CrashAtStart => "call = 'nvmlInit_v2'\nkind = 'crash'",
            Self::SilentAtStart => "call = 'nvmlInit_v2'\nkind = 'hang'",
            Self::SilentLater => "call = 'nvmlDeviceGetUtilizationRates'\nkind = 'hang'",
            Self::CrashLater => "call = 'nvmlDeviceGetUtilizationRates'\nkind = 'crash'",
        }
    }
}

/// Runs the binary where the simulated library lies in the place of NVIDIA's.
fn run(bench: &Bench, ill: Ill, args: &[&str]) -> Output {
    with_library(bench, ill).args(args).output().unwrap()
}

fn with_library(bench: &Bench, ill: Ill) -> Command {
    let dir = bench.path("driver");
    std::fs::create_dir_all(&dir).unwrap();
    let place = dir.join("libnvidia-ml.so.1");
    if !place.exists() {
        std::os::unix::fs::symlink(simulated_library(), &place).unwrap();
    }
    let gpu =
        "name = 'Made-up GPU'\nmemory_gib = 8\nused_gib = 1\nbusy = 0.42\npower_limit_w = 300";
    let fault = ill.fault();
    let text = format!("driver = '570.1'\n[[gpu]]\n{gpu}\n[[fault]]\n{fault}\n");
    let scenario = bench.write("scenario.toml", text);
    let mut command = bench.command();
    command
        .env("LD_LIBRARY_PATH", &dir)
        .env(SCENARIO_VARIABLE, scenario)
        .env("WORKBENCH_CACHE_DIR", bench.path("cache"));
    command
}

/// The library that cargo has made for this test.
fn simulated_library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.parent().unwrap().join("libworkbench_nvml_sim.so");
    assert!(library.exists(), "{}", library.display());
    library
}

fn events(bench: &Bench) -> Vec<Value> {
    let log = std::fs::read_to_string(bench.only_run().join("events.jsonl")).unwrap();
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn warnings(result: &Value) -> Vec<&str> {
    let warnings = result["warnings"].as_array().unwrap().iter();
    warnings.filter_map(|w| w["kind"].as_str()).collect()
}

#[test]
fn a_driver_that_works_is_described_and_sampled() {
    let bench = Bench::new();
    let said = stdout(&run(&bench, Ill::Not, &["doctor"]));
    assert!(
        said.contains("The GPU is Made-up GPU, with 8.0 GiB"),
        "{said}"
    );
    let output = run(&bench, Ill::Not, &TINY);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let events = events(&bench);
    let busy: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "sample")
        .map(|event| &event["gpus"][0])
        .collect();
    assert!(busy.iter().any(|gpu| gpu["busy"] == 0.42), "{busy:?}");
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["machine"]["gpu_driver"], "570.1");
    assert_eq!(result["machine"].get("gpu_problem"), None);
    assert!(!warnings(&result).contains(&"gpu_driver"), "{result}");
}

/// Everything that asks for GPUs ends, does what needs none, and says what is wrong.
#[test]
fn a_driver_that_crashes_at_its_start_takes_nothing_down() {
    let bench = Bench::new();
    let output = run(&bench, Ill::CrashAtStart, &["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(
        said.contains("driver's library crashed (signal 6)"),
        "{said}"
    );
    assert!(said.contains("NVIDIA's driver does not work"), "{said}");
    let output = run(&bench, Ill::CrashAtStart, &TINY);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = read_json(&bench.only_run().join("result.json"));
    let problem = &result["machine"]["gpu_problem"];
    assert_eq!(problem["kind"], "crashed");
    assert_eq!(problem["signal"], 6);
    assert!(warnings(&result).contains(&"gpu_driver"), "{result}");
}

#[test]
fn a_driver_that_never_starts_is_given_up() {
    let bench = Bench::new();
    let output = run(&bench, Ill::SilentAtStart, &["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("driver does not answer"), "{said}");
    let output = run(&bench, Ill::SilentAtStart, &TINY);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["machine"]["gpu_problem"]["kind"], "silent");
}

#[test]
fn a_driver_that_fails_while_it_is_sampled_does_not_hold_the_run_up() {
    for ill in [Ill::SilentLater, Ill::CrashLater] {
        let bench = Bench::new();
        let output = run(&bench, ill, &TINY);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{ill:?}: {}",
            stderr(&output)
        );
        for event in events(&bench).iter().filter(|e| e["event"] == "sample") {
            let gpus = event["gpus"].as_array().unwrap();
            assert_eq!(gpus.len(), 1, "{event}");
            assert_eq!(gpus[0].get("busy"), None, "{event}");
        }
        let result = read_json(&bench.only_run().join("result.json"));
        assert_eq!(result["status"], "completed", "{ill:?}");
        assert_eq!(result["machine"]["gpus"][0]["name"], "Made-up GPU");
    }
}

/// The helper of a program that was killed is stuck in the driver, and ends all the same.
#[test]
fn a_stuck_helper_does_not_outlive_the_program() {
    let bench = Bench::new();
    let mut child = with_library(&bench, Ill::SilentAtStart)
        .arg("doctor")
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let helper = loop {
        if let Some(helper) = child_of(child.id()) {
            break helper;
        }
        assert_eq!(child.try_wait().unwrap(), None);
    };
    let program = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(program, Signal::KILL).unwrap();
    child.wait().unwrap();
    while is_alive(helper) {
        std::thread::yield_now();
    }
}

/// A process that a process has started.
fn child_of(pid: u32) -> Option<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let mut children = threads.flatten().filter_map(|thread| {
        let listed = std::fs::read_to_string(thread.path().join("children")).ok()?;
        listed.split_whitespace().next()?.parse().ok()
    });
    children.find_map(Pid::from_raw)
}

/// Whether a process runs; one that waits to be collected does not.
fn is_alive(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_ok() && stat.is_ok_and(|stat| !stat.contains(") Z "))
}
