//! What programs tell of their work while they run, with the real binary: from Python, from a
//! shell, and lines that are wrong.

use std::process::Command;

use serde_json::Value;

use crate::common::{Bench, findings, stderr, stdout};

fn document(bench: &Bench, arms: &[&str], more: &[&str]) -> Value {
    let mut args = vec![
        "--lab",
        "commands",
        "--shell",
        "--repeats",
        "1",
        "--quiet",
        "--json",
    ];
    args.extend(arms.iter().flat_map(|arm| ["--arm", arm]));
    args.extend(more);
    let output = bench.run(args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn events(bench: &Bench, kind: &str) -> Vec<Value> {
    let all = bench.events().into_iter();
    all.filter(|event| event["event"] == kind).collect()
}

const WORKBENCH: &str = env!("CARGO_BIN_EXE_workbench");

#[test]
fn a_shell_tells_tasks_curves_work_and_outputs() {
    let bench = Bench::new();
    bench.write("out.txt", "what came out");
    let say = format!("{WORKBENCH} say");
    let line = |more: &str| {
        format!(
            "{say} ready; {say} task 'model 1' true; {say} task 'model 2' --slot 0 sh -c 'exit 0'; \
             {say} metric loss 0.5 --step 7; {say} metric loss -0.5 --step 8 --item 'model 1'; \
             {say} work models=1; {say} work models=1 rows=10; {say} progress 1 2; \
             {say} output both --file out.txt; {say} quality r2 0.8; {say} quality kind good; \
             {say} warning 'one thing to know'{more}"
        )
    };
    let (one, two) = (
        format!("one={}", line("")),
        format!("two={}", line("; : {workers}")),
    );
    let document = document(
        &bench,
        &[&one, &two],
        &["--check", "outputs", "--workers", "1"],
    );
    for arm in document["arms"].as_array().unwrap() {
        assert_eq!(arm["tasks"], 2, "{arm}");
        assert_eq!(arm["work"]["models"], 2);
        assert_eq!(arm["work"]["rows"], 10);
        assert_eq!(arm["quality"]["r2"], 0.8);
        assert_eq!(arm["quality"]["kind"], "good");
        assert_eq!(arm["items"][0]["name"], "both");
        assert_eq!(arm["breakdown"]["start_up"][0]["name"], "start");
    }
    assert_eq!(document["check"]["equal_outputs"], true);
    assert_eq!(findings(&document, "program_warning").len(), 2);
    let names: Vec<String> = events(&bench, "task")
        .iter()
        .map(|task| task["name"].to_string())
        .collect();
    assert_eq!(
        names.iter().filter(|name| *name == "\"model 1\"").count(),
        2
    );
    assert_eq!(events(&bench, "metric").len(), 4);
}

#[test]
fn unequal_work_or_outputs_state_no_speed_up() {
    let bench = Bench::new();
    let arm = |name: &str, models: u32| format!("{name}={WORKBENCH} say work models={models}");
    let args = ["--lab", "commands", "--shell", "--repeats", "1", "--quiet"];
    let (one, two) = (arm("one", 1), arm("two", 2));
    let output = bench.run(args.into_iter().chain(["--arm", &one, "--arm", &two]));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let silent = bench.run(
        args.into_iter()
            .chain(["--arm", "one=true", "--check", "outputs"]),
    );
    assert_eq!(silent.status.code(), Some(1));
    assert!(
        stderr(&silent).contains("told no outputs"),
        "{}",
        stderr(&silent)
    );
}

#[test]
fn lines_that_are_wrong_are_counted_and_lose_nothing_else() {
    let bench = Bench::new();
    let line = "a=exec 9>/dev/fd/$WORKBENCH_EVENTS; echo nonsense >&9; printf '\\377\\000{}\\n[1]\\n' >&9; \
                head -c 200000 /dev/zero >&9; echo >&9; echo '{\"event\":\"work\",\"counts\":{\"models\":3}}' >&9; \
                echo '{\"event\":\"task\",\"name\":\"x\",\"started_ns\":9,\"finished_ns\":1}' >&9; \
                printf '{\"event\":\"quality\",\"name\":\"r2\",\"value\":0.25}' >&9";
    let document = document(&bench, &[line], &[]);
    let told = findings(&document, "wrong_events");
    assert_eq!(told.len(), 1, "{}", document["warnings"]);
    assert_eq!(told[0]["numbers"]["lines"], 5.0);
    assert_eq!(document["arms"][0]["work"]["models"], 3);
    assert_eq!(document["arms"][0]["quality"]["r2"], 0.25);
}

#[test]
fn many_tasks_are_taken_without_loss() {
    let bench = Bench::new();
    let line = "a=awk 'BEGIN { for (i = 0; i < 100000; i++) \
                printf \"{\\\"event\\\":\\\"task\\\",\\\"name\\\":\\\"t\\\",\\\"started_ns\\\":%d,\\\"finished_ns\\\":%d,\\\"slot\\\":0}\\n\", i, i + 1 }' \
                > /dev/fd/$WORKBENCH_EVENTS";
    let document = document(&bench, &[line], &[]);
    assert_eq!(document["arms"][0]["tasks"], 100_000);
    assert!(findings(&document, "wrong_events").is_empty());
}

#[test]
fn python_tells_from_processes_of_its_own() {
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let bench = Bench::new();
    let module = bench.run(["labs", "--python"]);
    assert_eq!(module.status.code(), Some(0));
    bench.write("workbench_arm.py", stdout(&module));
    bench.write(
        "work.py",
        r#"
import sys
from multiprocessing import get_context
import workbench_arm as arm

def one(i):
    with arm.task(f"part {i}"):
        total = sum(range(20000))
    arm.output(f"part {i}", data=str(total), total=total)
    arm.work(parts=1)

if __name__ == "__main__":
    arm.ready()
    workers = int(sys.argv[1])
    if workers == 0:
        for i in range(6):
            one(i)
    else:
        with get_context(sys.argv[2]).Pool(workers) as pool:
            pool.map(one, range(6))
    arm.quality("parts", 6)
    try:
        with arm.task("fails"):
            raise ValueError
    except ValueError:
        pass
"#,
    );
    // It runs without workbench, too.
    let alone = Command::new("python3")
        .args(["work.py", "2", "fork"])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    assert!(alone.status.success(), "{}", stderr(&alone));
    let document = document(
        &bench,
        &[
            "serial=python3 work.py 0",
            "fork=python3 work.py {workers} fork",
            "spawn=python3 work.py {workers} spawn",
        ],
        &["--check", "outputs", "--workers", "2", "--oversubscribe"],
    );
    for arm in document["arms"].as_array().unwrap() {
        assert_eq!(arm["work"]["parts"], 6, "{arm}");
        assert_eq!(arm["items"].as_array().unwrap().len(), 6);
        // The one that failed is no task that was done.
        assert_eq!(arm["tasks"], 6);
    }
    assert_eq!(document["check"]["equal_outputs"], true);
    assert!(findings(&document, "wrong_events").is_empty());
}

#[test]
fn saying_something_where_nobody_listens_does_nothing() {
    let bench = Bench::new();
    assert_eq!(bench.run(["say", "ready"]).status.code(), Some(0));
    assert_eq!(
        bench
            .run(["say", "task", "x", "sh", "-c", "exit 5"])
            .status
            .code(),
        Some(5)
    );
    // A search has to hear of a loss that is no number.
    for (value, code) in [("0.5", 0), ("NaN", 0), ("much", 2)] {
        let said = bench.run(["say", "metric", "loss", value]);
        assert_eq!(said.status.code(), Some(code), "{value}");
    }
    assert_eq!(bench.run(["say", "work", "models"]).status.code(), Some(2));
}
