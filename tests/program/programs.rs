//! Programs as arms, with the real binary: what they do wrong, and what is left of them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::common::{Bench, findings, stderr, stdout};

/// Runs arms that are lines for a shell, once each.
fn shell(bench: &Bench, arms: &[&str], more: &[&str]) -> Output {
    let mut args = vec!["--lab", "commands", "--shell", "--repeats", "1", "--quiet"];
    args.extend(arms.iter().flat_map(|arm| ["--arm", arm]));
    args.extend(more);
    bench.run(args)
}

/// The same, for arms that do their work; returns the document.
fn document(bench: &Bench, arms: &[&str], more: &[&str]) -> Value {
    let output = shell(bench, arms, &[more, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn is_kind(event: &Value, kind: &str) -> bool {
    event["event"] == kind
}

/// Whether a process runs; one that ended and was not reaped does not.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    stat.is_ok_and(|stat| {
        !stat
            .rsplit_once(')')
            .unwrap()
            .1
            .trim_start()
            .starts_with('Z')
    })
}

#[test]
fn arms_are_compared_reported_and_resumed_without_being_named_again() {
    let bench = Bench::new();
    let html = bench.path("out.html");
    let args = [
        "--lab",
        "commands",
        "--arm",
        "one=true",
        "--arm",
        "two=sh -c 'exit {workers}'",
        "--exit-codes",
        "0,1,2",
        "--workers",
        "1,2",
        "--oversubscribe",
        "--repeats",
        "3",
        "--report",
    ];
    let output = bench.run(args.iter().copied().chain([html.to_str().unwrap()]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("outputs were not compared"));
    assert!(fs::read_to_string(&html).unwrap().contains("two"));
    let shown = bench.run(["show", "latest", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let arms = shown["arms"].as_array().unwrap();
    let names: Vec<String> = arms
        .iter()
        .map(|arm| format!("{}{}", arm["name"], arm["workers"]))
        .collect();
    assert_eq!(names, ["\"one\"1", "\"two\"1", "\"two\"2"]);
    let command = shown["command"].as_str().unwrap();
    assert!(
        command.contains("--arm one=true --arm 'two=sh -c"),
        "{command}"
    );
    assert!(command.contains("--exit-codes 0,1,2"), "{command}");
    // What was not finished is run again, from another directory.
    bench.cut_last_repeat();
    let resumed = bench
        .command()
        .args(["resume", "latest", "--json"])
        .current_dir("/")
        .output()
        .unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(resumed["status"], "completed");
    let compared = bench.run(["compare", "latest", "latest"]);
    assert_eq!(compared.status.code(), Some(0), "{}", stderr(&compared));
}

#[test]
fn placeholders_are_variables_too_and_a_serial_arm_has_one_worker() {
    let bench = Bench::new();
    let line = r#"a=test "{seed} {repeat} $WORKBENCH_SEED $WORKBENCH_REPEAT $WORKBENCH_WORKERS" = "7 0 7 0 1" && test -d {scratch} && touch "$WORKBENCH_SCRATCH/x" && test "$ADDED" = "w 7""#;
    let more = ["--seed", "7", "--env", "ADDED=w {seed}", "--workers", "1"];
    document(&bench, &["base=true", line], &more);
    let scratch = bench.only_run().join("scratch");
    assert!(!scratch.exists());
}

#[test]
fn what_cannot_run_is_refused_before_anything_does() {
    let bench = Bench::new();
    let mark = bench.path("mark");
    let touch = format!("first=touch {}", mark.display());
    let cases: [(&[&str], &str); 9] = [
        (
            &["--arm", "x=no-such-program-anywhere"],
            "no program no-such-program-anywhere in PATH",
        ),
        (&["--arm", "x=./nothing-here"], "no program ./nothing-here"),
        (&["--arm", "x=cd /"], "--shell"),
        (&["--arm", "x=echo {worker}"], "did you mean {workers}?"),
        (&["--arm", "x=echo 'open"], "quotation mark"),
        (&["--arm", "echo"], "NAME=COMMAND"),
        (&["--arm", "first=true"], "two arms called first"),
        (
            &["--arm", "x=true", "--check", "number:("],
            "regular expression",
        ),
        (
            &["--arm", "x=true", "--stdin", "not-there.txt"],
            "no such file",
        ),
    ];
    for (more, expected) in cases {
        let args = ["--lab", "commands", "--arm", &touch]
            .into_iter()
            .chain(more.iter().copied());
        let output = bench.run(args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{more:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(expected),
            "{more:?}: {}",
            stderr(&output)
        );
    }
    let output = bench.run(["--lab", "rf", "--arm", "x=true"]);
    assert_eq!(output.status.code(), Some(2));
    let output = bench.run(["--lab", "commands", "--arm", "x=make -j{workers}"]);
    assert!(
        stderr(&output).contains("the first arm, x"),
        "{}",
        stderr(&output)
    );
    assert!(!mark.exists() && bench.run_names().is_empty());
}

#[test]
fn a_program_that_fails_is_named_with_what_it_said() {
    let bench = Bench::new();
    for (line, expected) in [
        ("a=echo so it was; exit 3", "ended with exit code 3"),
        (
            "a=echo so it was >&2; kill -SEGV $$",
            "was ended by SIGSEGV",
        ),
        ("a=echo so it was; kill -STOP $$", "stopped itself"),
        ("a=echo so it was; exec sleep 300", "took longer than 0.2 s"),
        (
            "a=echo so it was; trap '' TERM; sleep 300; sleep 300",
            "took longer than 0.2 s",
        ),
        (
            "a=echo so it was; ulimit -f 1; exec head -c 100000 /dev/zero > {scratch}/big",
            "SIGXFSZ",
        ),
        (
            "a=echo so it was; read line < /dev/tty",
            "ended with exit code",
        ),
    ] {
        let output = shell(&bench, &[line], &["--time-limit", "0.2"]);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(expected),
            "{line}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("so it was"),
            "{line}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_file_that_is_no_program_fails_when_it_is_started() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let path = bench.write("plain", "not a program");
    let arm = format!("a={}", path.display());
    let output = bench.run(["--lab", "commands", "--arm", &arm, "--quiet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("chmod +x"), "{}", stderr(&output));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let output = bench.run(["--lab", "commands", "--arm", &arm, "--quiet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("cannot be started"),
        "{}",
        stderr(&output)
    );
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux gives orphans to somebody"
)]
fn nothing_outlives_a_repeat() {
    let bench = Bench::new();
    let pids = bench.path("pids");
    let note = format!("echo $$ >> {}", pids.display());
    // In a session of its own, by a parent that is gone, and deaf to SIGTERM.
    let orphan = format!("setsid sh -c \"trap '' TERM; {note}; while :; do sleep 300; done\" & ");
    let wait = format!("while ! test -s {}; do :; done", pids.display());
    let line = format!("a=({}) ; {wait}; exit 0", orphan.replace("$$", "\\$\\$"));
    let document = document(&bench, &[&line], &[]);
    let told = findings(&document, "left_processes");
    assert_eq!(told.len(), 1, "{}", document["warnings"]);
    assert_eq!(told[0]["subject"]["arm"], "a");
    let pids = fs::read_to_string(&pids).unwrap();
    assert!(!pids.is_empty());
    assert!(pids.lines().all(|pid| !runs(pid)), "{pids}");
}

#[test]
fn much_output_and_binary_output_are_kept_in_part_and_end_no_line_of_the_log() {
    let bench = Bench::new();
    let line = "a=seq 1000000; head -c 100000 /dev/urandom >&2; printf 'last\\033[31m\\n'";
    document(&bench, &[line], &[]);
    let events = bench.events();
    let lines: Vec<&str> = events
        .iter()
        .filter(|event| is_kind(event, "output") && event["source"] == "stdout")
        .map(|event| event["text"].as_str().unwrap())
        .collect();
    assert_eq!((lines[0], *lines.last().unwrap()), ("1", "last"));
    let left_out = lines
        .iter()
        .filter(|line| line.contains("left out"))
        .count();
    assert_eq!(left_out, 1);
    let log = fs::metadata(bench.only_run().join("events.jsonl")).unwrap();
    assert!(log.len() < 2 << 20, "{}", log.len());
}

#[test]
fn input_comes_from_a_file_or_there_is_none() {
    let bench = Bench::new();
    bench.write("in.txt", "one\ntwo\n");
    document(&bench, &["a=test -z \"$(cat)\""], &[]);
    let bench = Bench::new();
    bench.write("in.txt", "one\ntwo\n");
    document(
        &bench,
        &["a=test \"$(cat | wc -l)\" -eq 2"],
        &["--stdin", "in.txt"],
    );
}

#[test]
fn a_program_that_closes_its_output_is_waited_for() {
    let bench = Bench::new();
    let mark = bench.path("mark");
    let line = format!("a=exec >&- 2>&-; read x; touch {}", mark.display());
    document(&bench, &[&line], &[]);
    assert!(mark.exists());
}

#[test]
fn commands_around_a_repeat_run_in_order_also_when_it_fails() {
    let bench = Bench::new();
    let log = bench.path("log");
    let say = |word: &str| format!("echo {word} >> {}", log.display());
    let arm = format!("a={}; exit 4", say("work"));
    let (before, after) = (say("before"), say("after"));
    let output = shell(
        &bench,
        &[&arm],
        &["--prepare", &before, "--cleanup", &after],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&log).unwrap(), "before\nwork\nafter\n");
    fs::remove_file(&log).unwrap();
    let arm = format!("a={}", say("work"));
    let more = [
        "--warm-up",
        "1",
        "--prepare",
        &before,
        "--cleanup",
        &after,
        "--repeats",
        "2",
    ];
    let args = ["--lab", "commands", "--shell", "--arm", &arm, "--quiet"];
    assert!(bench.run(args.into_iter().chain(more)).status.success());
    let text = fs::read_to_string(&log).unwrap();
    let words: Vec<&str> = text.lines().collect();
    assert_eq!(
        words,
        [
            "before", "work", "before", "work", "after", "before", "work", "after"
        ]
    );
}

#[test]
fn outputs_are_compared_as_asked() {
    let differ = ["a=echo pi 2.50 {seed}", "b=echo pi 2.51 {seed}"];
    let same = ["a=echo pi 2.50", "b=echo pi 2.50"];
    let file = ["a=echo x > out.txt", "b=printf 'x\\n' > out.txt"];
    let other = ["a=echo x > out.txt", "b=echo y > out.txt"];
    let mixed = [
        "a=echo x > out.txt; echo e 2.7 pi 3.14",
        "b=echo x > out.txt; echo e 2.8 pi 3.14",
    ];
    let cases: [(&[&str], &str, Option<i32>); 11] = [
        (&differ, "stdout", Some(1)),
        (&same, "stdout", Some(0)),
        (&differ, "number:pi ([0-9.]+)~0.1", Some(0)),
        (&differ, "number:pi ([0-9.]+)~0.001", Some(1)),
        (&differ, "number:tau ([0-9.]+)", Some(1)),
        (&file, "file:out.txt", Some(0)),
        (&other, "file:out.txt", Some(1)),
        (
            &mixed,
            "file:out.txt ;; number:e (?<e>[0-9.]+)~0.2",
            Some(0),
        ),
        (
            &mixed,
            "number:pi (?<pi>3.*) ;; number:e (?<e>[0-9.]+)~0.2",
            Some(0),
        ),
        (
            &mixed,
            "number:pi (?<pi>3.*) ;; number:e (?<e>[0-9.]+)~0.01",
            Some(1),
        ),
        (&mixed, "stdout ;; number:e (?<e>[0-9.]+)~0.2", Some(1)),
    ];
    for (arms, check, expected) in cases {
        let bench = Bench::new();
        let checks = check.split(" ;; ").flat_map(|check| ["--check", check]);
        let output = shell(&bench, arms, &checks.collect::<Vec<_>>());
        assert_eq!(
            output.status.code(),
            expected,
            "{check}: {}",
            stderr(&output)
        );
    }
    let bench = Bench::new();
    let document = document(
        &bench,
        &differ,
        &["--check", "number:pi (?<pi>[0-9.]+)~0.1"],
    );
    let told: Vec<&Value> = document["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arm| &arm["quality"]["pi"])
        .collect();
    assert_eq!(told, [2.5, 2.51]);
    assert!(findings(&document, "outputs_not_compared").is_empty());
}

#[test]
fn a_stopped_or_killed_workbench_takes_its_programs_with_it() {
    use std::os::unix::process::ExitStatusExt as _;
    for signal in ["TERM", "KILL"] {
        let bench = Bench::new();
        let pids = bench.path("pids");
        let line = format!(
            "a=trap '' TERM; echo $$ > {}; while :; do sleep 300; done",
            pids.display()
        );
        let mut child = bench
            .command()
            .args(["--lab", "commands", "--shell", "--quiet", "--arm", &line])
            .spawn()
            .unwrap();
        let pid = loop {
            let text = fs::read_to_string(&pids).unwrap_or_default();
            if text.ends_with('\n') {
                break text;
            }
            std::thread::yield_now();
        };
        let kill = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let status = child.wait().unwrap();
        if signal == "KILL" {
            assert_eq!(status.signal(), Some(9));
            // Its helper hears of it by itself.
            while runs(&pid) {
                std::thread::yield_now();
            }
        } else {
            assert_eq!(status.code(), Some(130));
            assert!(!runs(&pid));
        }
    }
}

#[test]
fn what_a_program_and_its_children_used_is_recorded() {
    let bench = Bench::new();
    let line = "a=sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; head -c 1000000 /dev/zero | cat > {scratch}/x";
    let document = document(&bench, &[line], &[]);
    assert_eq!(findings(&document, "outputs_not_compared").len(), 1);
    let used = &document["arms"][0]["usage"];
    let processes = &used["processes"];
    assert!(processes["user_ns"].as_u64().unwrap() > 0, "{used}");
    if cfg!(target_os = "linux") {
        // Through the pipe and into the file.
        assert!(
            processes["written_bytes"].as_u64().unwrap() >= 2_000_000,
            "{used}"
        );
    }
    assert!(
        used["peak_memory_bytes"].as_u64().unwrap() > 1 << 16,
        "{used}"
    );
    assert!(document["arms"][0]["lost_s"]["waiting"].is_number());
}
