//! Programs that the tune lab searches, with the real binary: the example, what goes wrong with
//! trials, and what is left of them.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{Bench, findings, stderr, stdout};

const SPACE: &str = "lr=loguniform(1e-3,1) ;; momentum=uniform(0,0.95) ;; degree=integer(1,9)";

/// A search of 6 trials of up to 9 units.
fn search<'a>(command: &'a str, space: &'a str, arms: &'a str) -> Vec<&'a str> {
    let mut args = vec!["--lab", "tune", "--quiet", "--repeats", "1", "--arms", arms];
    args.extend([
        "--workers",
        "1",
        "--set",
        "objective=program",
        "--space",
        space,
    ]);
    for set in [
        "trials=6",
        "budget=9",
        "grace=1",
        "reduction=3",
        "retries=0",
    ] {
        args.extend(["--set", set]);
    }
    args.extend(["--set", command]);
    args
}

fn example() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/search/train.py");
    format!(
        "command=python3 '{}' --lr {{lr}} --momentum {{momentum}} --degree {{degree}} --seed {{seed}} \
         --epochs {{units}} --keep {{checkpoint}}",
        file.display()
    )
}

/// Runs a search, and reads its document.
fn document(bench: &Bench, args: &[&str]) -> Value {
    let output = bench.run(args.iter().chain(&["--json"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A program for a shell; `$1` is the value of the parameter `x`.
fn script(bench: &Bench, text: &str) -> String {
    let path = bench.path("train.sh");
    let tell = r#"tell() { echo "{\"event\":\"metric\",\"name\":\"loss\",\"step\":$1,\"value\":$2}" >&"$WORKBENCH_EVENTS"; }"#;
    fs::write(&path, format!("{tell}\n{text}\n")).unwrap();
    format!("command=bash '{}' {{x}}", path.display())
}

/// The events of items, in order.
fn items(bench: &Bench) -> Vec<Value> {
    bench
        .events()
        .into_iter()
        .filter(|event| event["event"] == "item")
        .collect()
}

#[test]
fn the_example_is_searched_judged_and_trained_again() {
    let bench = Bench::new();
    let command = example();
    let document = document(&bench, &search(&command, SPACE, "random,random+asha,pbt"));
    assert_eq!(findings(&document, "arm_left_out").len(), 1);
    assert!(findings(&document, "not_reproduced").is_empty());
    let arms = document["arms"].as_array().unwrap();
    for arm in arms {
        let test = &arm["quality"]["test_mse"];
        assert!(test.is_object() || test.is_number(), "{arm}");
    }
    // What a program did counts as work.
    assert!(arms[0]["cpu_s"][0].as_f64().unwrap() > 0.0);
    let best = bench.run(["tune", "best", "latest", "--json"]);
    let best: Value = serde_json::from_slice(&best.stdout).unwrap();
    let line = best["command"].as_str().unwrap();
    let again = std::process::Command::new("sh")
        .args(["-c", line])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", stderr(&again));
    let told = stdout(&again);
    let last = told.lines().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["value"], best["validation_mse"]);
    assert_eq!(last["step"], best["units"]);
}

#[test]
fn a_paused_trial_goes_on_from_what_it_kept_or_from_nothing() {
    for keeps in [true, false] {
        let bench = Bench::new();
        let keep = if keeps { r#"echo "$i" > "$kept""# } else { ":" };
        let text = format!(
            r#"
kept=$WORKBENCH_CHECKPOINT/unit
i=$(cat "$kept" 2>/dev/null || echo 0)
echo "$WORKBENCH_TRIAL $i" >> starts
[ "$i" -gt 0 ] && tell "$i" "$1$i"
while [ "$i" -lt "$WORKBENCH_UNITS" ]; do
    i=$((i + 1)); {keep}; tell "$i" "$1$i"
    # Else it has told all that it would be started again for, before it is stopped.
    [ "$i" = 1 ] && case $WORKBENCH_CHECKPOINT in *asha*) sleep 1 ;; esac
done"#
        );
        let command = script(&bench, &text);
        document(
            &bench,
            &search(&command, "x=integer(1,9)", "random,random+asha"),
        );
        let starts = fs::read_to_string(bench.path("starts")).unwrap();
        let is_new = |item: &&Value| item["settings"].is_object();
        let trials = items(&bench).iter().filter(is_new).count();
        // Each arm's best is trained once more, from nothing.
        assert!(starts.lines().count() > trials + 2, "{starts}");
        let goes_on = starts.lines().any(|line| !line.ends_with(" 0"));
        assert_eq!(goes_on, keeps, "{starts}");
    }
}

#[test]
fn what_goes_wrong_is_the_trials_failure_and_says_what() {
    for (text, failure, said) in [
        (
            "tell 1 5; echo broken >&2; exit 3",
            "died",
            "exit code 3: broken",
        ),
        ("tell 1 5; kill -9 $$", "died", "SIGKILL"),
        ("tell 1 5", "died", "after telling loss of 1 units"),
        ("tell 1 '\"NaN\"'", "not_finite", "NaN"),
        (
            "tell 1 5; tell 3 5; sleep 60",
            "error",
            "unit 3 after unit 1",
        ),
        (
            "echo no >&\"$WORKBENCH_EVENTS\"; sleep 60",
            "error",
            "cannot be read",
        ),
        ("sleep 60", "time_limit", "trial_time_s"),
        (
            "exec python3 -c 'import time; x = b\"1\" * (300 << 20); time.sleep(60)'",
            "out_of_memory",
            "memory_mb",
        ),
    ] {
        let bench = Bench::new();
        let rest = "; i=0; while [ $i -lt 9 ]; do i=$((i + 1)); tell $i $1; done";
        let text = format!("if [ \"$WORKBENCH_TRIAL\" = 1 ]; then {text}; exit 0; fi{rest}");
        let command = script(&bench, &text);
        let mut args = search(&command, "x=integer(1,9)", "random");
        args.extend(["--set", "trial_time_s=3", "--set", "memory_mb=100"]);
        let document = document(&bench, &args);
        assert_eq!(findings(&document, "failed_trials").len(), 1, "{text}");
        let items = items(&bench);
        let failed: Vec<&Value> = items
            .iter()
            .filter(|item| item["phase"] == "failed")
            .collect();
        assert_eq!(failed.len(), 1, "{text}");
        assert_eq!(failed[0]["failure"], failure, "{text}: {}", failed[0]);
        let message = failed[0]["message"].as_str().unwrap();
        assert!(message.contains(said), "{text}: {message}");
        let is_done = |item: &&Value| item["phase"] == "done" && item["kept"].is_null();
        assert_eq!(items.iter().filter(is_done).count(), 5);
    }
}

#[test]
fn a_stopped_trial_takes_all_its_processes_with_it() {
    let bench = Bench::new();
    let text = "sleep 1000 & echo $! >> pids; i=0; \
                while :; do i=$((i + 1)); tell $i $1; done";
    let command = script(&bench, text);
    document(
        &bench,
        &search(&command, "x=integer(1,9)", "random,random+asha"),
    );
    let pids = fs::read_to_string(bench.path("pids")).unwrap();
    assert!(pids.lines().count() >= 6);
    for pid in pids.lines() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z"), "{pid}: {stat}");
    }
}

#[test]
fn what_cannot_be_searched_is_refused_with_a_reason() {
    let bench = Bench::new();
    let objective = "objective=program";
    for (args, said) in [
        (vec![objective], "python3 train.py"),
        (
            vec![objective, "command=true {nothing}", "lr=uniform(0,1)"],
            "{nothing}",
        ),
        (vec![objective, "command=true {seed}"], "nothing to search"),
        (
            vec![objective, "command=no-such-program {lr}"],
            "no-such-program",
        ),
        (
            vec![objective, "command=true {lr}", "dir=/no/such"],
            "no such directory",
        ),
        (vec!["command=true"], "objective=program"),
        (
            vec![objective, "command=true {lr}", "space=seed=uniform(0,1)"],
            "taken",
        ),
    ] {
        let args = args.iter().flat_map(|set| ["--set", set]);
        let output = bench.run(["--lab", "tune", "--quiet"].into_iter().chain(args));
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(said),
            "{said}: {}",
            stderr(&output)
        );
    }
}

/// Two cards of a simulated driver.
fn two_gpus(bench: &Bench) -> String {
    let file = bench.write("gpus.toml", "[[gpu]]\ncount = 2\nname = 'Made-up GPU'\n");
    file.display().to_string()
}

/// A program that waits until so many of it have begun, and notes its begin and its end.
fn meeting(bench: &Bench, at_once: usize) -> String {
    let text = format!(
        r#"
begun() {{ grep -c begin gpus 2>/dev/null || true; }}
echo "begin $WORKBENCH_GPUS $CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER" >> gpus
i=0
while [ "$(begun)" -lt {at_once} ] && [ $i -lt 2000 ]; do i=$((i + 1)); sleep 0.02; done
[ "$(begun)" -lt {at_once} ] && exit 1
tell 1 "$1"
echo "end $WORKBENCH_GPUS" >> gpus
[ "$WORKBENCH_JUDGE" = 1 ] && exit 0"#
    );
    script(bench, &text)
}

/// Trials share GPUs as far as they fit, each on one, and no GPU has more than it can hold.
#[test]
fn trials_share_gpus_and_never_fill_one_beyond_what_it_has() {
    for (each, on_one) in [("0.5", 2), ("0.3", 3), ("1", 1)] {
        let bench = Bench::new();
        let (scenario, command) = (two_gpus(&bench), meeting(&bench, 2 * on_one));
        let mut args = vec!["--simulate-gpus", scenario.as_str()];
        args.extend(search(&command, "x=integer(1,9)", "random"));
        let workers = args.iter().position(|arg| *arg == "--workers").unwrap();
        args[workers + 1] = "8";
        let each = format!("trial_gpus={each}");
        args.extend(["--oversubscribe", "--set", "trials=13", "--set", "budget=1"]);
        args.extend(["--set", each.as_str()]);
        let document = document(&bench, &args);
        assert!(findings(&document, "failed_trials").is_empty(), "{each}");
        let text = fs::read_to_string(bench.path("gpus")).unwrap();
        let mut on = [0, 0];
        let mut most = [0, 0];
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let gpu: usize = words[1].parse().unwrap();
            if words[0] == "begin" {
                assert_eq!(words[1..], [words[1], words[1], "PCI_BUS_ID"], "{line}");
                on[gpu] += 1;
            } else {
                on[gpu] -= 1;
            }
            most[gpu] = most[gpu].max(on[gpu]);
            assert!(on[gpu] <= on_one, "{each}: {text}");
        }
        // The first wait for each other.
        assert_eq!(most, [on_one, on_one], "{each}: {text}");
        let settled = &document["parameters"]["gpus"];
        assert_eq!(settled, "0,1");
        // Every trial is recorded with the one that it had, and none but the judged ran besides.
        let trials = bench.run(["tune", "trials", "latest", "--json"]);
        let trials: Vec<Value> = serde_json::from_slice(&trials.stdout).unwrap();
        let mut recorded: Vec<&str> = trials
            .iter()
            .map(|trial| trial["gpus"][0][0].as_str().unwrap())
            .collect();
        recorded.sort_unstable();
        let begun = text.lines().filter_map(|line| line.strip_prefix("begin "));
        let mut had: Vec<&str> = begun.map(|line| &line[..1]).take(13).collect();
        had.sort_unstable();
        assert_eq!(recorded, had, "{each}: {text}");
    }
}

#[test]
fn gpus_that_are_not_there_are_refused() {
    let bench = Bench::new();
    let scenario = two_gpus(&bench);
    let (objective, command) = ("objective=program", "command=true {lr}");
    for (sets, said) in [
        (vec![objective, command, "trial_gpus=3"], "there are 2 GPUs"),
        (vec![objective, command, "trial_gpus=1.5"], "such as 0.5"),
        (
            vec![objective, command, "trial_gpus=1", "gpus=0,2"],
            "this machine has 2 GPUs",
        ),
        (
            vec![objective, command, "trial_gpus=1", "gpus=1,1"],
            "twice",
        ),
        (
            vec!["trial_gpus=1"],
            "only a network on images or a program",
        ),
    ] {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let args = ["--simulate-gpus", &scenario, "--lab", "tune", "--quiet"];
        let output = bench.run(args.into_iter().chain(sets));
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let told = stderr(&output);
        assert!(told.contains(said), "{said}: {told}");
    }
}

/// The processes that a process has started.
fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let all: Vec<String> = lists.collect();
    let pids = all.iter().flat_map(|list| list.split_ascii_whitespace());
    pids.map(|pid| pid.parse().unwrap()).collect()
}

fn wait_until(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it never happens"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// Starts a search of a script, and waits until it has written a file.
fn start_until(bench: &Bench, command: &str, file: &str) -> Child {
    let mut start = bench.command();
    start.args(search(command, "x=integer(1,9)", "random"));
    let child = start.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    wait_until(|| fs::read_to_string(bench.path(file)).is_ok_and(|text| text.ends_with('\n')));
    child.unwrap()
}

fn resume(bench: &Bench) -> Child {
    let mut command = bench.command();
    let command = command.args(["resume", "latest", "--quiet"]);
    command.stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_resumed_search_waits_for_the_processes_that_the_killed_one_left() {
    let bench = Bench::new();
    let text = r#"
if [ -e pid ]; then
    state=$(cut -d' ' -f3 "/proc/$(cat pid)/stat" 2>/dev/null)
    case $state in ''|Z|X) ;; *) echo "$state" >> both ;; esac
else
    echo $$ > pid
    sleep 1000
fi
i=0; while [ $i -lt 9 ]; do i=$((i + 1)); tell $i $1; done"#;
    let command = script(&bench, text);
    let mut killed = start_until(&bench, &command, "pid");
    // What ends the program when workbench is gone cannot do so as long as it is stopped.
    let program = fs::read_to_string(bench.path("pid")).unwrap();
    let program: u32 = program.trim().parse().unwrap();
    let mut all = children(killed.id()).into_iter();
    let helper = all.find(|pid| children(*pid).contains(&program)).unwrap();
    signal(helper, Signal::STOP);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let mut resumed = resume(&bench);
    // Long enough for a search that does not wait to begin its first trial.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) && !bench.path("both").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let is_waiting = resumed.try_wait().unwrap().is_none();
    signal(helper, Signal::CONT);
    let output = resumed.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(is_waiting, "it did not wait");
    assert!(!bench.path("both").exists(), "two programs in one folder");
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_program_told_before_a_kill_is_known_after_it() {
    let bench = Bench::new();
    let text = r#"
kept=$WORKBENCH_CHECKPOINT/unit
i=$(cat "$kept" 2>/dev/null || echo 0)
[ "$i" -gt 0 ] && tell "$i" "$1$i"
while [ "$i" -lt "$WORKBENCH_UNITS" ]; do
    i=$((i + 1))
    [ "$WORKBENCH_JUDGE" = 1 ] || echo "$WORKBENCH_TRIAL $i" >> trained
    echo "$i" > "$kept"
    tell "$i" "$1$i"
    # Works ahead while workbench stands still, and is killed then.
    [ "$i" = 1 ] && [ ! -e first ] && echo > first && until [ -e go ]; do sleep 0.01; done
    [ "$i" = 4 ] && [ ! -e ahead ] && echo > ahead && sleep 1000
done"#;
    let command = script(&bench, text);
    let mut killed = start_until(&bench, &command, "first");
    // What is not in the record begins anew.
    let log = || fs::read_to_string(bench.only_run().join("events.jsonl"));
    wait_until(|| log().is_ok_and(|log| log.contains("\"kept\":1")));
    signal(killed.id(), Signal::STOP);
    fs::write(bench.path("go"), "").unwrap();
    wait_until(|| fs::read_to_string(bench.path("ahead")).is_ok_and(|text| text == "\n"));
    killed.kill().unwrap();
    killed.wait().unwrap();
    let output = resume(&bench).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let trained = fs::read_to_string(bench.path("trained")).unwrap();
    let mut units: Vec<&str> = trained.lines().collect();
    let all = units.len();
    units.sort_unstable();
    units.dedup();
    assert_eq!((all, units.len()), (6 * 9, 6 * 9), "{trained}");
}
