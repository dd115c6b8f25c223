//! `workbench monitor` with the real binary: against the kernel's own figures, with GPUs that are
//! simulated at the driver, on a screen, for Prometheus, recorded and replayed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::screen::Screen;
use crate::common::{Bench, read_json, stderr, stdout};

/// A scenario that is brought along.
fn scenario(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    format!("{root}/crates/nvml-sim/scenarios/{name}.toml")
}

fn json(bench: &Bench, args: &[&str]) -> Value {
    let output = bench.run(args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn gpus(bench: &Bench, name: &str) -> Value {
    let document = json(
        bench,
        &["--simulate-gpus", &scenario(name), "monitor", "--json"],
    );
    document["state"]["gpus"].clone()
}

fn memory_total() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = meminfo
        .lines()
        .find(|line| line.starts_with("MemTotal:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

#[test]
fn one_look_is_what_the_kernel_says_and_fits_the_schema() {
    let bench = Bench::new();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/monitor.schema.json");
    let validator = jsonschema::validator_for(&read_json(schema.as_ref())).unwrap();
    for scenario in ["bare", "hot"].map(scenario) {
        let document = json(&bench, &["--simulate-gpus", &scenario, "monitor", "--json"]);
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        let state = &document["state"];
        assert_eq!(state["memory"]["total_bytes"], memory_total());
        let covered = state["interval_s"].as_f64().unwrap();
        assert!(covered >= 1.0, "a look covers a second, not {covered} s");
        let stat = std::fs::read_to_string("/proc/stat").unwrap();
        let cores = stat.lines().filter(|line| {
            line.strip_prefix("cpu")
                .is_some_and(|rest| !rest.starts_with(' '))
        });
        assert_eq!(state["cores"].as_array().unwrap().len(), cores.count());
        let pids: Vec<&Value> = state["processes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|process| &process["pid"])
            .collect();
        assert!(
            pids.contains(&&std::process::id().into()),
            "this test runs all the time"
        );
    }
}

#[test]
fn a_picture_is_plain_text() {
    let bench = Bench::new();
    let output = bench.run([
        "--simulate-gpus",
        &scenario("training"),
        "monitor",
        "--once",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    for part in [
        "This machine",
        "Cores",
        "GPUs · 8",
        "memory",
        "Processes by CPU",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let output = bench.run(["--ascii", "monitor", "--once"]);
    assert!(stdout(&output).is_ascii(), "{}", stdout(&output));
}

#[test]
fn cards_say_what_they_say_and_nothing_else() {
    let bench = Bench::new();
    let bare = &gpus(&bench, "bare")[0];
    assert_eq!(bare["name"], "GeForce GT 710");
    for (name, value) in bare.as_object().unwrap() {
        let known = [
            "index",
            "name",
            "uuid",
            "health",
            "mig_enabled",
            "processes",
            "xid",
        ];
        let links = ["pcie", "nvlink"].contains(&name.as_str());
        let silent =
            value.is_null() || links && value.as_object().unwrap().values().all(Value::is_null);
        assert!(silent || known.contains(&name.as_str()), "{name}: {value}");
    }
    let training = gpus(&bench, "training");
    assert_eq!(training.as_array().unwrap().len(), 8);
    for gpu in training.as_array().unwrap() {
        for measured in [
            "busy",
            "sm_active",
            "tensor_active",
            "memory_bandwidth",
            "power_w",
        ] {
            assert!(gpu[measured].is_number(), "{measured}: {gpu}");
        }
        assert!(
            gpu["nvlink"]["received_bytes_s"].as_u64().unwrap() > 0,
            "{gpu}"
        );
        assert_eq!(gpu["nvlink"]["active"], 18);
    }
    let hot = &gpus(&bench, "hot")[1];
    assert_eq!(
        hot["throttle"],
        serde_json::json!(["hardware_slowdown", "hardware_thermal"])
    );
    assert_eq!(hot["ecc"]["uncorrected"], 1);
    assert_eq!(hot["xid"], serde_json::json!([63]));
    let mig = gpus(&bench, "mig");
    let devices: Vec<&Value> = mig.as_array().unwrap().iter().collect();
    assert_eq!(devices.len(), 4);
    assert_eq!(devices[0]["mig_enabled"], true);
    assert_eq!(devices[1]["mig"], 0);
    assert_eq!(devices[1]["processes"].as_array().unwrap().len(), 1);
    assert!(devices[3]["name"].as_str().unwrap().contains("1g.10gb"));
}

/// How long figures may take, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// A monitor without a screen that serves its figures.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .args([
                "monitor",
                "--prometheus",
                "127.0.0.1:0",
                "--interval",
                "0.1",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("serving http://").unwrap();
        let address = address.strip_suffix("/metrics").unwrap().to_owned();
        Self { child, address }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The figures, once there are some that are as expected.
    fn metrics(&self, expected: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            if expected(body) {
                return body.to_owned();
            }
            assert!(Instant::now() < until, "not as expected: {body}");
        }
    }

    fn end(mut self) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended where the test did as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of a metric without labels.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line?.parse().ok()
}

#[test]
fn prometheus_reads_the_figures_on_this_machine_alone() {
    let bench = Bench::new();
    let mut command = bench.command();
    command.args(["--simulate-gpus", &scenario("hot")]);
    let served = Served::start(command);
    // Heat is told when it has lasted.
    let alert = "workbench_alert{kind=\"gpu_temperature\"";
    let metrics = served.metrics(|text| text.contains(alert));
    assert!(
        metrics.contains("workbench_gpu_temperature_celsius"),
        "{metrics}"
    );
    let total = format!(
        "workbench_memory_bytes{{kind=\"total\"}} {}",
        memory_total()
    );
    assert!(metrics.lines().any(|line| line == total), "{metrics}");
    assert!(
        metrics.contains("reason=\"too hot (hardware)\"} 1"),
        "{metrics}"
    );
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("workbench_"), "{line}");
        assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
    }
    assert!(
        served
            .ask("GET /other HTTP/1.1\r\n\r\n")
            .starts_with("HTTP/1.1 404 ")
    );
    assert!(
        served
            .ask("POST /metrics HTTP/1.1\r\n\r\n")
            .starts_with("HTTP/1.1 405 ")
    );
    assert!(served.ask("\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert_eq!(served.end(), Some(130));

    let output = bench.run(["monitor", "--prometheus", "0.0.0.0:9900"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("from other machines"),
        "{}",
        stderr(&output)
    );
}

/// Looks go on while a call into the driver hangs, and its figures come back afterwards.
#[test]
fn a_call_that_hangs_holds_up_nothing_but_its_own_figures() {
    let bench = Bench::new();
    let mut command = bench.command();
    command.args(["--simulate-gpus", &scenario("hanging")]);
    let served = Served::start(command);
    let age = |text: &str| value(text, "workbench_gpu_age_seconds");
    // The age of a figure grows only where somebody goes on looking.
    let during = served.metrics(|text| age(text).is_some_and(|age| age > 3.0));
    assert!(during.contains("workbench_core_busy_ratio"), "{during}");
    assert!(during.contains("workbench_gpu_busy_ratio"), "{during}");
    served.metrics(|text| age(text).is_some_and(|age| age < 2.0));
    assert_eq!(served.end(), Some(130));
}

#[test]
fn a_card_that_is_lost_is_told_and_the_others_go_on() {
    let bench = Bench::new();
    let mut command = bench.command();
    command.args(["--simulate-gpus", &scenario("lost")]);
    let served = Served::start(command);
    let lost = "workbench_gpu_up{gpu=\"2\",uuid=\"GPU-00000000-0000-0000-0000-000000000002\"} 0";
    let metrics = served.metrics(|text| text.lines().any(|line| line == lost));
    assert!(
        metrics.contains("workbench_alert{kind=\"gpu_lost\",subject=\"gpu 2\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("workbench_alert{kind=\"gpu_error\",subject=\"gpu 2\"} 1"),
        "{metrics}"
    );
    let busy: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("workbench_gpu_busy_ratio{"))
        .collect();
    assert_eq!(busy.len(), 3, "{busy:?}");
    served.end();
}

#[test]
fn what_was_recorded_is_played_again() {
    let bench = Bench::new();
    let file = bench.path("night.jsonl");
    let name = file.to_str().unwrap();
    let mut child = bench
        .command()
        .args(["monitor", "--record", name, "--interval", "0.1"])
        .spawn()
        .unwrap();
    let lines = || {
        std::fs::read_to_string(&file)
            .unwrap_or_default()
            .lines()
            .count()
    };
    while lines() < 4 {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::yield_now();
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let text = std::fs::read_to_string(&file).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let document = json(&bench, &["monitor", "--replay", name, "--json"]);
    assert_eq!(document["state"], last);
    // An unfinished line, as a kill leaves it, is passed over.
    std::fs::write(&file, format!("{text}{{\"unix_ms\": 1")).unwrap();
    let output = bench.run(["monitor", "--replay", name, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["state"], last);
    let word = "The recording ends within a line";
    assert!(stderr(&output).contains(word), "{}", stderr(&output));

    let mut screen = Screen::open(&bench, &["monitor", "--replay", name]);
    screen.wait_for("This machine");
    screen.wait_for(word);
    // A key takes the word away.
    screen.press(" ");
    screen.wait_for("play/hold");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");

    let output = bench.run(["monitor", "--record", name]);
    assert_eq!(output.status.code(), Some(3), "an existing file stays");
    let output = bench.run(["monitor", "--replay", "/proc/version", "--once"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn the_screen_shows_the_machine_and_hands_a_signal_over_after_asking() {
    let bench = Bench::new();
    let mut child = Command::new("sleep").arg("98765").spawn().unwrap();
    let mut screen = Screen::open(
        &bench,
        &["--simulate-gpus", &scenario("training"), "monitor"],
    );
    screen.wait_for("GPUs · 8");
    screen.press(&format!("/{}\r", child.id()));
    screen.wait_for("sleep 98765");
    screen.press("K");
    // No other process may get it.
    screen.wait_for(&format!("Process {} of", child.id()));
    screen.wait_for("Nothing is sent.");
    screen.press("\t");
    screen.wait_for("SIGTERM asks it to end");
    screen.press("\r");
    screen.wait_for("SIGTERM was sent to sleep");
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    // Back from the filter, then from the screen.
    let filter = format!("/ {}", child.id());
    screen.press("\u{1b}");
    screen.wait("the end of the filter", |s| !s.contents().contains(&filter));
    screen.press("\u{1b}");
    screen.wait_for("Recent runs");
    screen.press("m");
    screen.wait_for("GPUs · 8");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn read_only_hands_nothing_over() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &["monitor", "--read-only"]);
    screen.wait_for("Processes by CPU");
    screen.press("K");
    screen.wait_for("Signals are switched off");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn what_is_missing_is_said_with_its_exit_code() {
    let bench = Bench::new();
    let refused = |args: &[&str], code: i32, part: &str| {
        let output = bench.run(args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(part),
            "{args:?}: {}",
            stderr(&output)
        );
    };
    refused(&["monitor"], 2, "has no terminal");
    refused(
        &["monitor", "--once", "--alert", "gpu=1"],
        2,
        "gpu-temperature",
    );
    refused(
        &["monitor", "--once", "--interval", "0"],
        2,
        "0.1 to 3600 seconds",
    );
    refused(
        &["--simulate-gpus", "nowhere.toml", "doctor"],
        2,
        "nowhere.toml",
    );
    // The program without its library.
    let alone = bench.path("workbench");
    std::fs::copy(env!("CARGO_BIN_EXE_workbench"), &alone).unwrap();
    let output = Command::new(&alone)
        .args(["--simulate-gpus", &scenario("bare"), "monitor", "--once"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("cargo build -p workbench-nvml-sim"),
        "{}",
        stderr(&output)
    );
    // A scenario that is none says why, and there are no GPUs.
    let broken = bench.write("broken.toml", "[[gpu]]\nnaem = 1\n");
    let output = bench.run([
        "--simulate-gpus",
        broken.to_str().unwrap(),
        "monitor",
        "--once",
    ]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stderr(&output).contains("line 2: unknown field `naem`"),
        "{}",
        stderr(&output)
    );
}
