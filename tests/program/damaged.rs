//! Runs whose files were damaged, and numbers that JSON does not have: whatever is whole is shown,
//! and what is missing is said.

use std::fs;

use serde_json::Value;

use crate::common::{Bench, TINY, only_hash, read_json, stderr, stdout};

/// Overwrites the beginning of a line of the only run's log.
fn damage(bench: &Bench, is_it: impl Fn(&str) -> bool) -> usize {
    let path = bench.only_run().join("events.jsonl");
    let mut lines: Vec<String> = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let at = lines.iter().position(|line| is_it(line)).unwrap();
    lines[at].replace_range(..8, "\0\0\0\0\0\0\0\0");
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    at + 1
}

fn repeats(document: &Value) -> Vec<usize> {
    let arms = document["arms"].as_array().unwrap();
    arms.iter()
        .map(|arm| arm["wall_s"].as_array().unwrap().len())
        .collect()
}

fn is_told(document: &Value, kind: &str) -> bool {
    let warnings = document["warnings"].as_array().unwrap();
    warnings.iter().any(|found| found["kind"] == kind)
}

#[test]
fn a_damaged_line_hides_only_its_repeat_which_is_run_again() {
    let bench = Bench::new();
    let calm = bench.tiny(&["--repeats", "3"]);
    let all: usize = repeats(&calm).iter().sum();
    let line = damage(&bench, |line| line.contains("\"event\":\"task\""));
    let shown = bench.run(["show", "latest"]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    assert!(
        stdout(&shown).contains(&format!("(line {line},")),
        "{}",
        stdout(&shown)
    );
    let listed = bench.run(["runs"]);
    assert_eq!(listed.status.code(), Some(0));
    assert!(stdout(&listed).contains("completed") && stderr(&listed).contains("damaged"));
    let report = bench.path("report.json");
    let written = bench.run(["report", "latest", "-o", report.to_str().unwrap()]);
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    let document = read_json(&report);
    assert!(is_told(&document, "log_damaged"));
    assert_eq!(repeats(&document).iter().sum::<usize>(), all - 1);
    // What is missing is run again, and nothing else.
    let resumed = bench.run(["resume", "latest", "--json", "--quiet"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(repeats(&resumed), repeats(&calm));
    assert_eq!(only_hash(&resumed), only_hash(&calm));
}

#[test]
fn of_the_start_one_of_two_lines_is_enough() {
    let bench = Bench::new();
    let calm = bench.tiny(&["--repeats", "1", "--arms", "sequential"]);
    damage(&bench, |_| true);
    let shown = bench.run(["show", "latest"]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    assert!(stdout(&shown).contains("(line 1,"), "{}", stdout(&shown));
    let resumed = bench.run(["resume", "latest", "--json", "--quiet"]);
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(repeats(&resumed), repeats(&calm));
    assert!(is_told(&resumed, "log_damaged"));
    // Without either of them the run is refused with what to do.
    damage(&bench, |line| line.starts_with('{'));
    for command in [["show", "latest"], ["resume", "latest"]] {
        let refused = bench.run(command);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(
            stderr(&refused).contains("first line"),
            "{}",
            stderr(&refused)
        );
    }
    assert!(stderr(&bench.run(["runs"])).contains("first line"));
}

#[test]
fn a_document_that_was_edited_is_not_believed() {
    let bench = Bench::new();
    let right = bench.tiny(&["--repeats", "1"]);
    let path = bench.only_run().join("result.json");
    let text = fs::read_to_string(&path).unwrap();
    let wall = right["arms"][0]["wall_median_s"].to_string();
    fs::write(&path, text.replace(&wall, "123456.0")).unwrap();
    let listed = bench.run(["runs", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["arms"], right["arms"]);
    for args in [vec!["runs"], vec!["show", "latest"]] {
        let output = bench.run(args);
        let text = stdout(&output) + &stderr(&output);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("result.json was changed"), "{text}");
    }
    bench.run(["resume", "latest", "--quiet"]);
    assert_eq!(read_json(&path)["arms"], right["arms"]);
    assert!(!stderr(&bench.run(["runs"])).contains("result.json"));
}

/// Targets whose squares are no numbers any more, too large and too small.
#[test]
fn targets_of_any_size_leave_a_run_that_can_be_read() {
    for scale in ["1e155", "1e200", "1e-200", "1e307"] {
        let bench = Bench::new();
        let row = |n: u32| format!("{n},{},{}{}", n % 7, n % 9 + 1, &scale[1..]);
        let rows: Vec<String> = (0..60).map(row).collect();
        let data = bench.write("data.csv", format!("a,b,y\n{}\n", rows.join("\n")));
        let run = bench.run(
            TINY.iter()
                .chain(&[
                    "--repeats",
                    "1",
                    "--set",
                    "rows=50",
                    "--set",
                    // The other engine refuses targets whose variance is no number.
                    "engine=smartcore",
                    "--target",
                    "y",
                    "--data",
                ])
                .map(|word| (*word).to_owned())
                .chain([data.to_str().unwrap().to_owned()]),
        );
        assert!(
            [Some(0), Some(1)].contains(&run.status.code()),
            "{scale}: {}",
            stderr(&run)
        );
        for args in [
            vec!["show", "latest"],
            vec!["runs"],
            vec!["show", "latest", "--json"],
        ] {
            let output = bench.run(&args);
            assert_eq!(
                output.status.code(),
                Some(0),
                "{scale}: {}",
                stderr(&output)
            );
            assert_eq!(stderr(&output), "", "{scale}");
        }
        for name in ["r.html", "r.md", "r.csv", "r.json", "r.svg", "r.png"] {
            let output = bench.run(["report", "latest", "-o", name]);
            assert_eq!(
                output.status.code(),
                Some(0),
                "{scale}: {}",
                stderr(&output)
            );
        }
        let again = bench.run(["resume", "latest", "--quiet"]);
        assert!(
            [Some(0), Some(1)].contains(&again.status.code()),
            "{}",
            stderr(&again)
        );
    }
}
