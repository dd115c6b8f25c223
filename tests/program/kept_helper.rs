//! One helper runs programs one after the other: none of them leaves anything to the next, and its
//! end is not the end of a run.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{Bench, findings, stderr};

/// Runs arms that are lines for a shell; returns the document.
fn document(bench: &Bench, arms: &[&str], more: &[&str]) -> Value {
    let mut args = vec!["--lab", "commands", "--shell", "--quiet", "--json"];
    args.extend(arms.iter().flat_map(|arm| ["--arm", arm]));
    args.extend(more);
    let output = bench.run(args);
    assert!(!output.stdout.is_empty(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn arm<'a>(document: &'a Value, name: &str) -> &'a Value {
    let arms = document["arms"].as_array().unwrap();
    arms.iter().find(|arm| arm["name"] == name).unwrap()
}

#[test]
fn a_helper_that_is_killed_costs_its_repeat_and_no_other() {
    let bench = Bench::new();
    let pids = bench.path("pids");
    let killed = format!(
        "killed=echo $$ >> {}; kill -9 $PPID; while :; do sleep 300; done",
        pids.display()
    );
    let arms = ["first=true", &killed, "last=true"];
    let document = document(&bench, &arms, &["--repeats", "3"]);
    assert_eq!(document["status"], "failed");
    let told = findings(&document, "arm_failed");
    assert_eq!(told.len(), 1, "{}", document["warnings"]);
    assert_eq!(told[0]["subject"]["arm"], "killed");
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.contains("the helper that watched over it was ended"),
        "{text}"
    );
    for name in ["first", "last"] {
        let times = arm(&document, name)["wall_s"].as_array();
        assert_eq!(times.unwrap().len(), 3, "{document}");
    }
    // Its process group was ended in its place.
    let pids = fs::read_to_string(pids).unwrap();
    assert_eq!(pids.lines().count(), 1);
    let exe = Path::new("/proc").join(pids.trim()).join("exe");
    while exe.exists() {
        std::thread::yield_now();
    }
}

/// A helper that waits for its next program can be ended by anybody, for example by the kernel for
/// lack of memory. That is nobody's failure: the next repeat gets another helper.
#[test]
fn a_helper_that_is_killed_between_two_repeats_costs_none() {
    let bench = Bench::new();
    let [told, gate] = ["told", "gate"].map(|name| bench.path(name));
    // The first one says who it is and which pipe it was given, and waits.
    let waits = format!(
        "test -e {told} && exit 0
        echo $PPID $(readlink /proc/self/fd/$WORKBENCH_EVENTS) > {told}.draft
        mv {told}.draft {told}
        while ! test -e {gate}; do sleep 0.01; done",
        told = told.display(),
        gate = gate.display()
    );
    let waits = format!("waits=exec sh {}", bench.write("waits", waits).display());
    let args = [
        "--lab",
        "commands",
        "--shell",
        "--quiet",
        "--json",
        "--repeats",
        "3",
    ];
    let mut program = bench.command();
    program
        .args(args)
        .args(["--arm", &waits, "--arm", "b=true"]);
    let program = program.stdout(Stdio::piped()).spawn().unwrap();
    let until = |holds: &dyn Fn() -> bool| {
        while !holds() {
            std::thread::yield_now();
        }
    };
    until(&|| told.exists());
    let said = fs::read_to_string(&told).unwrap();
    let (helper, events) = said.trim().split_once(' ').unwrap();
    let [itself, helper_pid] = [program.id(), helper.parse().unwrap()];
    let signal = |pid: u32, signal| {
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    };
    let state = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    };
    // While the program stands still, the helper says that all is done, and waits for more.
    signal(itself, Signal::STOP);
    until(&|| state(itself) == 'T');
    fs::write(&gate, "").unwrap();
    until(&|| {
        let links = fs::read_dir(format!("/proc/{helper}/fd")).unwrap();
        let mut links = links.flatten().map(|entry| fs::read_link(entry.path()));
        !links.any(|link| link.is_ok_and(|link| link == Path::new(events)))
    });
    signal(helper_pid, Signal::KILL);
    until(&|| state(helper_pid) == 'Z');
    signal(itself, Signal::CONT);
    let output = program.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", document["warnings"]);
    assert_eq!(document["status"], "completed");
    for name in ["waits", "b"] {
        let times = arm(&document, name)["wall_s"].as_array();
        assert_eq!(times.unwrap().len(), 3, "{document}");
    }
}

/// What a repeat saw of the helper and of this program: descriptors, resident memory in kB, and
/// children.
#[derive(Debug, PartialEq)]
struct HelperSeen {
    helper: u64,
    descriptors: [u64; 2],
    resident_kb: [u64; 2],
    children: [u64; 2],
}

#[test]
fn a_thousand_repeats_leave_nothing_behind() {
    let bench = Bench::new();
    let seen = bench.path("seen");
    // The shell's parent is the helper, and its parent is the program.
    let look = format!(
        "test $(($1 % 100)) = 0 || exit 0
        top=$(cut -d' ' -f4 /proc/$PPID/stat)
        {{ echo $PPID
        for of in $PPID $top; do
            ls /proc/$of/fd | wc -l
            sed -n 's/VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$of/status
            cat /proc/$of/task/*/children | wc -w
        done; }} | tr '\\n' ' ' >> {0}
        echo >> {0}",
        seen.display()
    );
    let look = bench.write("look", look);
    let line = format!("a=exec sh {} {{repeat}}", look.display());
    let document = document(&bench, &[&line, "b=:"], &["--repeats", "501"]);
    assert_eq!(document["status"], "completed", "{}", document["warnings"]);
    let text = fs::read_to_string(seen).unwrap();
    let looks: Vec<HelperSeen> = text
        .lines()
        .map(|line| {
            let numbers: Vec<u64> = line
                .split_whitespace()
                .map(|n| n.parse().unwrap())
                .collect();
            let both = |at: usize| [numbers[at], numbers[at + 3]];
            HelperSeen {
                helper: numbers[0],
                descriptors: both(1),
                resident_kb: both(2),
                children: both(3),
            }
        })
        .collect();
    assert!(looks.len() >= 6, "{text}");
    let (first, last) = (&looks[1], looks.last().unwrap());
    assert_eq!(last.helper, first.helper, "{text}");
    for of in [0, 1] {
        // Others of its threads may have something open just now, but not one thing per repeat.
        let few = |figure: fn(&HelperSeen) -> [u64; 2]| figure(last)[of] < figure(first)[of] + 20;
        assert!(few(|seen| seen.descriptors), "{text}");
        assert!(few(|seen| seen.children), "{text}");
    }
    assert!(last.resident_kb[0] <= first.resident_kb[0] + 1024, "{text}");
    assert!(
        last.resident_kb[1] <= first.resident_kb[1] + 16384,
        "{text}"
    );
}

#[test]
fn what_a_program_used_is_its_own_also_after_a_larger_one() {
    let bench = Bench::new();
    let arms = [
        "large=dd if=/dev/zero of=/dev/null bs=100M count=1; :",
        "small=:",
    ];
    let document = document(&bench, &arms, &["--repeats", "3"]);
    let peak = |name| arm(&document, name)["usage"]["peak_memory_bytes"].as_u64();
    assert!(peak("large").unwrap() > 100_000_000, "{document}");
    assert!(peak("small").unwrap() < 20_000_000, "{document}");
}

#[test]
fn processes_that_a_program_and_its_children_start_are_counted() {
    let bench = Bench::new();
    // A shell, one below it with two of its own, and one more.
    let few = "few=(env true & env true & wait) & wait; env true; :";
    let document = document(&bench, &[few, "one=:"], &["--repeats", "2"]);
    for (name, count) in [("few", 5), ("one", 1)] {
        let started = &arm(&document, name)["usage"]["processes"]["started"];
        let seen = started["count"].as_u64().unwrap();
        // Where the machine does not tell of each, only orphans and the program are seen.
        if started["at_least"] == true {
            assert!((1..=count).contains(&seen), "{name}: {started}");
        } else {
            assert_eq!(seen, count, "{name}: {started}");
        }
    }
}

#[test]
fn a_program_finds_its_pipes_as_if_it_were_the_first() {
    let bench = Bench::new();
    let python = |code: &str| format!("python3 -c 'import os; {code}'");
    let narrow = "import fcntl; [fcntl.fcntl(n, 1031, 4096) for n in (1, 2)]";
    let leaves = python(&format!(
        "{narrow}; [os.set_blocking(n, False) for n in (1, 2)]; [os.fchmod(n, 0) for n in (1, 2)]"
    ));
    let finds = python("assert os.get_blocking(1) and os.get_blocking(2); print(\"x\" * 300000)");
    let arms = [format!("leaves={leaves}"), format!("finds={finds}")];
    let arms: Vec<&str> = arms.iter().map(String::as_str).collect();
    let document = document(&bench, &arms, &["--repeats", "3"]);
    assert_eq!(document["status"], "completed", "{}", document["warnings"]);
}
