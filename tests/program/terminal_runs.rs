//! Other people's runs on the screen of a real terminal, and what must not disturb it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::screen::Screen;
use crate::common::{Bench, findings, only_hash, read_json};

/// Starts a run without a screen, and waits until its first repeat is finished.
fn elsewhere(bench: &Bench) -> Child {
    let args = "--lab rf --preset quick --set models=20 --set rows=3000 --repeats 200 --workers 2 --oversubscribe";
    let mut child = bench
        .command()
        .args(args.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("1/600")));
    // The rest is read, so that the run does not wait for its reader.
    std::thread::spawn(move || lines.count());
    child
}

#[test]
fn a_run_of_another_process_is_followed_resumed_and_played_again() {
    let bench = Bench::new();
    let mut child = elsewhere(&bench);
    let mut screen = Screen::open(&bench, &["--theme", "mono"]);
    screen.wait_for("Recent runs");
    screen.press("r");
    screen.wait_for("STATUS");
    screen.wait_for("running");
    screen.press("\r");
    screen.wait_for("in another process");
    screen.wait_for("speed-up = wall time");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // Its end is seen, and its result opens.
    screen.wait_for("! interrupted");
    screen.wait_for("What if");
    // Together the two keys would be another one.
    screen.press("\u{1b}");
    screen.wait_for("STATUS");
    screen.press("R");
    screen.wait_for("of 600 repeats");
    screen.press("c");
    screen.wait_for("Stop the run?");
    screen.press("y");
    screen.wait_for("! interrupted");
    screen.wait_for("What if");
    screen.press("p");
    screen.wait_for("Space play/hold");
    screen.press("]]]]");
    screen.wait_for("100×");
    // From the replay to the result, and from there to the history.
    screen.press("\u{1b}");
    screen.wait_for("What if");
    screen.press("\u{1b}");
    screen.wait("the history", |s| s.contents().contains("STATUS"));
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["status"], "interrupted");
    // A run was made here, on a screen, and that has its price.
    assert!(result["instrument"]["screen_cpu_s"].as_f64().unwrap() > 0.0);
}

/// What a library prints on the standard error is seen in the log of the run, and nowhere else.
#[test]
fn what_is_printed_over_the_screen_lands_in_the_log() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.start_long_run(&bench);
    screen.wait_for("so far");
    let path = format!("/proc/{}/fd/2", screen.pid().as_raw_nonzero());
    let mut printed = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    printed.write_all(b"libfoo: a warning\n\n").unwrap();
    drop(printed);
    screen.wait_for("libfoo: a warning");
    screen.press("qy");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    let log = std::fs::read_to_string(bench.only_run().join("events.jsonl")).unwrap();
    assert!(log.contains(r#""event":"output","source":"stderr","text":"libfoo: a warning""#));
}

#[test]
fn pasted_megabytes_unknown_keys_and_a_storm_of_sizes_change_nothing() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Recent runs");
    screen.press("\r");
    screen.wait_for("The same without a screen");
    let pasted = format!("\u{1b}[200~{}\u{1b}[201~", "é\u{301}漢x ".repeat(150_000));
    screen.press(&pasted);
    for odd in [
        "\u{1b}[999;999z",
        "\u{1b}]666;odd\u{7}",
        "\u{1b}[<0;999;999M",
        "\u{1b}[?62;c",
        "\u{1b}OZ",
        "\u{9b}12~",
    ] {
        screen.press(odd);
    }
    for step in 0..200_u16 {
        screen.resize(1 + step % 60, 1 + step * 7 % 200);
    }
    screen.resize(24, 80);
    screen.wait_for("Thirty random forests");
    screen.signal(Signal::TERM);
    assert_eq!(screen.end().0, 130);
}

/// All paths to values in a document, without the numbers of entries.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                paths(field, &format!("{at}.{name}"), into);
            }
        }
        Value::Array(entries) => {
            for entry in entries {
                paths(entry, &format!("{at}[]"), into);
            }
        }
        _ => drop(into.insert(at.to_owned())),
    }
}

#[test]
fn a_result_is_the_same_whether_the_run_was_watched_or_not() {
    let watched = Bench::new();
    let mut screen = Screen::open(&watched, &[]);
    screen.set_up("9", "3000");
    screen.press("s");
    screen.wait_for("export");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
    let watched = read_json(&watched.only_run().join("result.json"));
    let alone = Bench::new();
    let workers = watched["arms"][1]["workers"].to_string();
    let args = "--lab rf --preset quick --set models=9 --set rows=3000 --oversubscribe --quiet";
    let output = alone.run(args.split(' ').chain(["--workers", &workers]));
    assert_eq!(output.status.code(), Some(0));
    let alone = read_json(&alone.only_run().join("result.json"));
    assert_eq!(only_hash(&watched), only_hash(&alone));
    for same in [
        "lab",
        "preset",
        "parameters",
        "seed",
        "repeats",
        "check",
        "base",
        "data",
    ] {
        assert_eq!(watched[same], alone[same], "{same}");
    }
    let mut fields = [BTreeSet::new(), BTreeSet::new()];
    for (document, into) in [&watched, &alone].into_iter().zip(&mut fields) {
        paths(document, "", into);
        // What is found, and what disturbed a run, is the machine's.
        let of_machine = ["warnings", "diagnoses", "notes", "disturbances"];
        into.retain(|path| !of_machine.iter().any(|part| path.contains(part)));
    }
    assert_eq!(fields[0], fields[1]);
    assert!(watched["instrument"]["screen_cpu_s"].as_f64().unwrap() > 0.0);
    assert_eq!(alone["instrument"]["screen_cpu_s"], 0.0);
}

/// Another process that measures is told on the form, and in the record of whoever measures beside
/// it; once it was killed, nobody says so any more.
#[test]
fn a_process_that_measures_is_told_to_others_and_a_killed_one_is_not() {
    let bench = Bench::new();
    let mut child = elsewhere(&bench);
    let mut screen = Screen::open(&bench, &["--theme", "mono"]);
    screen.wait_for("Recent runs");
    screen.press("\r");
    screen.wait_for("Another run is under way");
    screen.wait_for(&format!("(process {})", child.id()));
    let beside = bench.tiny(&[]);
    assert_eq!(findings(&beside, "measured_beside").len(), 1, "{beside}");
    child.kill().unwrap();
    child.wait().unwrap();
    screen.wait("no other run", |s| {
        !s.contents().contains("Another run is under way")
    });
    let alone = bench.tiny(&[]);
    assert_eq!(findings(&alone, "measured_beside").len(), 0, "{alone}");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}
