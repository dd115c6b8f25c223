//! Bad input: one line that says what was wrong and what to do, the right exit code, and
//! nothing left behind.

use crate::common::{Bench, TINY, stderr, stdout};

/// Expects an exit code, a single line on the standard error with these words in it, and no file
/// or run left.
#[track_caller]
fn refused(bench: &Bench, args: &[&str], code: i32, words: &[&str]) {
    let before = bench.files();
    let output = bench.run(args);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
    assert!(stdout(&output).is_empty(), "{args:?}");
    assert_eq!(message.trim_end().lines().count(), 1, "{args:?}: {message}");
    for word in words {
        assert!(
            message.contains(word),
            "{args:?}: `{word}` is missing in {message}"
        );
    }
    assert!(!message.contains("panicked"), "{message}");
    assert_eq!(bench.files(), before, "{args:?} left something behind");
    let runs = std::fs::read_dir(bench.runs()).map_or(0, Iterator::count);
    assert_eq!(runs, 0, "{args:?} left a run behind");
}

fn data(bench: &Bench, content: impl AsRef<[u8]>, words: &[&str]) {
    bench.write("data.csv", content);
    let args = [
        "--lab",
        "rf",
        "--preset",
        "quick",
        "--set",
        // The other engine takes missing values, and words to predict.
        "engine=smartcore",
        "--data",
        "data.csv",
        "--target",
        "y",
    ];
    refused(bench, &args, 2, words);
}

fn many_rows(header: &str, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..60).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

#[test]
fn files_that_are_no_table_of_numbers() {
    let bench = Bench::new();
    let rf = |file: &'static str| vec!["--lab", "rf", "--data", file, "--target", "y"];
    refused(&bench, &rf("missing.csv"), 2, &["missing.csv"]);
    refused(&bench, &rf("."), 2, &["directory"]);
    refused(&bench, &rf("/dev/zero"), 2, &["/dev/zero", "regular file"]);
    data(&bench, "", &["data.csv", "empty"]);
    data(&bench, "x,y\n", &["data.csv"]);
    data(&bench, "x,y\n1,2\n", &["1 row is too few"]);
    data(&bench, "x,y\n1,2\n3\n", &["line 3"]);
    data(&bench, b"x,y\n1,2\n\xff,3\n", &["`ÿ`", "line 3"]);
    data(&bench, "x,y\n1,2\n,3\n", &["line 3", "`x`"]);
    data(&bench, "x,y\n1,2\nNaN,3\n", &["line 3", "NaN"]);
    data(&bench, "x,y\n1,2\n1,inf\n", &["line 3", "inf"]);
    data(&bench, "x,y\n1,2\nblue,3\n", &["line 3", "blue"]);
    data(&bench, "x,x,y\n1,2,3\n", &["`x`"]);
    data(
        &bench,
        many_rows("x,yy", |i| format!("{i},{i}")),
        &["`y`", "yy"],
    );
    data(&bench, many_rows("x,y", |i| format!("{i},5")), &["`y`"]);
    data(&bench, many_rows("y", |i| i.to_string()), &["y"]);
    let wide: Vec<String> = (0..1_000_000).map(|i| format!("c{i}")).collect();
    data(&bench, wide.join(","), &["columns"]);
}

#[test]
fn files_that_are_odd_but_right() {
    let bench = Bench::new();
    let odd = many_rows("\u{feff}\"x, in km\",\"y\",flat", |i| {
        format!("\"{i}.5\" , {},7", (i * i) % 17)
    })
    .replace('\n', "\r\n");
    bench.write("odd.csv", odd);
    let output = bench.run([
        "--lab",
        "rf",
        "--set",
        "models=2",
        "--set",
        "n_estimators_first=3",
        "--data",
        "odd.csv",
        "--target",
        "y",
        "--workers",
        "1",
        "--json",
        "--quiet",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        document["warnings"].to_string().contains("flat"),
        "the constant feature is named: {}",
        document["warnings"]
    );
}

/// A table as people have it: everything that is wrong is told at once, and with the options that
/// the message names, and a preset that is larger than the table, it runs and can be run again.
#[test]
fn a_table_with_faults_runs_with_the_options_that_are_named() {
    let bench = Bench::new();
    let table = many_rows("id;rooms;town;y", |i| {
        let rooms = if i % 20 == 3 {
            "?".to_owned()
        } else {
            format!("{},5", i % 7)
        };
        format!("{i};{rooms};Riga;{}", (i * i) % 17)
    });
    bench.write("houses.csv", table);
    let short = [
        "--lab",
        "rf",
        "--preset",
        "quick",
        "--repeats",
        "1",
        "--set",
        "models=2",
        "--set",
        "engine=smartcore",
        "--workers",
        "1",
        "--data",
        "houses.csv",
        "--target",
        "y",
    ];
    let output = bench.run(short);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    for part in [
        "column `rooms`: 3 of 60 values are missing (first line 5: `?`)",
        "column `town`: 60 of 60 values are not numbers (first line 2: `Riga`)",
        "semicolons between columns, decimal commas",
        "--drop-columns town --drop-missing",
    ] {
        assert!(message.contains(part), "{part}\n{message}");
    }
    let output = bench.run([&short[..], &["--drop-columns", "town", "--drop-missing"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary = stdout(&output);
    for part in [
        "Data     57 rows × 3 columns; UTF-8, semicolons between columns, decimal commas",
        "--drop-columns town --drop-missing",
    ] {
        assert!(summary.contains(part), "{part}\n{summary}");
    }
    let again = bench.run(["report", "latest", "-o", "out.md"]);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    let report = std::fs::read_to_string(bench.path("out.md")).unwrap();
    assert!(report.contains("3 rows with missing values"), "{report}");
}

#[test]
fn options_that_cannot_be() {
    let bench = Bench::new();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--lab", "fr"], &["--lab fr", "rf"]),
        (&["--lab", "rf", "--preset", "quik"], &["quik", "quick"]),
        (
            &["--lab", "rf", "--arms", "sequential,tres"],
            &["tres", "trees"],
        ),
        (&["--lab", "rf", "--arms", "trees"], &["sequential,trees"]),
        (&["--lab", "rf", "--workers", "0"], &["--workers 0", "1"]),
        (
            &["--lab", "rf", "--workers", "1..2"],
            &["--workers 1..2", "rf", "for example 1,2"],
        ),
        (
            &["--lab", "rf", "--workers", "1000"],
            &["--workers 1000", "usable", "--oversubscribe"],
        ),
        (&["--lab", "rf", "--repeats", "0"], &["--repeats 0"]),
        (
            &["--lab", "rf", "--set", "max_deph=3"],
            &["max_deph", "did you mean `max_depth`"],
        ),
        (&["--lab", "rf", "--set", "max_depth"], &["key=value"]),
        (
            &["--lab", "rf", "--set", "max_depth=deep"],
            &["deep", "whole number"],
        ),
        (&["--lab", "rf", "--set", "max_depth=0"], &["1 to 64"]),
        (&["--lab", "rf", "--set", "test_share=NaN"], &["test_share"]),
        (
            &["--lab", "rf", "--set", "order=random"],
            &["fifo, longest-first"],
        ),
        (&["--lab", "rf", "--set", "rows=99999"], &["20,640"]),
        (&["--lab", "rf", "--data", "x.csv"], &["--target"]),
        (&["--lab", "rf", "--target", "y"], &["--data"]),
        (
            &["--lab", "ddp", "--data", ".", "--drop-missing"],
            &["--drop-missing", "folder"],
        ),
        (
            &["--lab", "rf", "--fault", "kill:rank=1,step=4"],
            &["--fault kill:rank=1,step=4", "the rf lab has no faults"],
        ),
        (
            &["--lab", "ddp", "--fault", "melt", "--fault", "nan:rank=0"],
            &["`melt`", "no such fault", "kill:rank=1,step=40"],
        ),
        (
            &["--lab", "ddp", "--fault", "melt", "--set", "fault="],
            &["give one of the two"],
        ),
        (
            &["--lab", "ddp", "--data", ".", "--target", "y"],
            &["--target y", "leave --target out"],
        ),
        (
            &["--lab", "ddp", "--data", "."],
            &["no images here", "train-images-idx3-ubyte"],
        ),
        (
            &["--lab", "ddp", "--data", "digits"],
            &["digits: No such file"],
        ),
        (
            &["--lab", "rf", "--report", "out.pdf"],
            &["out.pdf", "html"],
        ),
        (&["show", "nothing"], &["nothing", "no runs yet"]),
        (&["resume", "./"], &["events.jsonl"]),
        (&["--lab", "rf", "runs"], &["--lab"]),
        (
            &["runs", "since:yesterdy"],
            &["`since:yesterdy` is no date", "2026-11-20"],
        ),
        (&["runs", "labb:rf"], &["`labb:`", "did you mean `lab`"]),
    ];
    for (args, words) in cases {
        refused(&bench, args, 2, words);
    }
    // Mistakes that clap finds have its form, over several lines.
    for args in [
        &["--lab", "rf", "--workers", "two"][..],
        &["--lab", "rf", "--sed", "1"],
        &["--lab", "rf", "--seed", "-1"],
        &["--lab", "ddp", "--fault", ""],
        &["--fault", "kill:rank=1,step=4"],
        &["--yes"],
        &["frobnicate"],
        &["--preset", "quick"],
    ] {
        assert_eq!(bench.run(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn targets_that_cannot_be_written_are_told_before_the_work() {
    let bench = Bench::new();
    let with = |report: &'static str| [&TINY[..], &["--report", report]].concat();
    refused(&bench, &with("no/such/dir/out.html"), 3, &["no/such/dir"]);
    std::fs::create_dir(bench.path("dir.html")).unwrap();
    refused(&bench, &with("dir.html"), 3, &["dir.html", "directory"]);
    refused(&bench, &with("/proc/out.html"), 3, &["/proc"]);
    let args = [&TINY[..], &["--run-dir", "/proc/runs"]].concat();
    refused(&bench, &args, 3, &["/proc/runs"]);
}

#[test]
fn logs_that_are_damaged_or_foreign() {
    let bench = Bench::new();
    let run = bench.path("run");
    std::fs::create_dir(&run).unwrap();
    for (log, words) in [
        (&b""[..], &["not an event log"][..]),
        (b"a,b\n1,2\n", &["not an event log"]),
        (
            b"{\"t_ns\":0,\"event\":\"run_started\",\"format\":99}\n",
            &["format 99"],
        ),
    ] {
        std::fs::write(run.join("events.jsonl"), log).unwrap();
        for command in ["show", "resume"] {
            refused(&bench, &[command, "./run"], 2, words);
        }
    }
}

#[test]
fn configurations_that_cannot_be() {
    let bench = Bench::new();
    for (content, words) in [
        (
            &b"thme = \"dark\"\n"[..],
            &["config.toml, line 1", "`thme`", "did you mean `theme`"][..],
        ),
        (
            b"ascii = true\ntheme = \"drak\"\n",
            &["config.toml, line 2", "dark, light", "did you mean `dark`"],
        ),
        (b"mouse = \"yes\"\n", &["line 1", "true or false", "`yes`"]),
        (b"frames_per_second = 60\n", &["line 1", "1 to 10"]),
        (b"\n[theme\n", &["config.toml, line 2"]),
        (b"theme = \"\xff\"\n", &["line 1", "UTF-8"]),
    ] {
        bench.write("config.toml", content);
        for command in [&["config"][..], &["runs"], &["doctor"], &TINY] {
            let args = [command, &["--config", "config.toml"]].concat();
            refused(&bench, &args, 2, words);
        }
        // What helps to mend it does not trip over it.
        for mending in ["--path", "--default"] {
            let output = bench.run(["config", mending, "--config", "config.toml"]);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        }
    }
    refused(&bench, &["runs", "--config", "no.toml"], 2, &["no.toml"]);
    refused(&bench, &["runs", "--config", "."], 2, &["cannot read"]);
    refused(&bench, &["runs", "--config", "/dev/zero"], 2, &["larger"]);
    let output = bench
        .command()
        .arg("config")
        .env("WORKBENCH_FRAMES_PER_SECOND", "fast")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.contains("`WORKBENCH_FRAMES_PER_SECOND` takes a whole number"),
        "{message}"
    );
}
