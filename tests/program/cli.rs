//! The command line from end to end, with the real binary and the real lab.

use serde_json::Value;

use crate::common::{Bench, TINY, only_hash, read_json, stderr, stdout};

#[test]
fn alone_and_without_a_terminal_it_explains_itself() {
    let bench = Bench::new();
    let output = bench.run([""; 0]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).is_empty());
    for hint in ["--lab rf", "workbench labs", "--help"] {
        assert!(stderr(&output).contains(hint), "{}", stderr(&output));
    }
}

#[test]
fn the_document_is_alone_on_the_standard_output_and_fits_its_schema() {
    let bench = Bench::new();
    let mut args: Vec<&str> = TINY
        .iter()
        .filter(|arg| **arg != "--quiet")
        .copied()
        .collect();
    args.push("--json");
    let output = bench.run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema =
        read_json(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/result.schema.json").as_ref());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    // Progress goes to the standard error, in lines since there is no terminal.
    assert!(stderr(&output).contains("15/15"), "{}", stderr(&output));
    assert!(!stderr(&output).contains('\x1b'));
    assert_eq!(read_json(&bench.only_run().join("result.json")), document);
}

#[test]
fn all_arms_do_the_same_work_with_the_same_outcome() {
    let document = Bench::new().tiny(&[]);
    let arms = document["arms"].as_array().unwrap();
    let names: Vec<&str> = arms
        .iter()
        .map(|arm| arm["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["sequential", "tasks", "trees"]);
    for arm in arms {
        // 10 + 12 + 14 trees, and a fifth of 600 rows for each of three models.
        assert_eq!(arm["work"]["models"], 3);
        assert_eq!(arm["work"]["trees"], 36);
        assert_eq!(arm["work"]["rows_predicted"], 360);
        assert_eq!(arm["work"]["evaluations"], 3);
        assert_eq!(arm["wall_s"].as_array().unwrap().len(), 5);
        assert!(arm["speedup"].is_number());
        if arm["name"] != "sequential" {
            assert_eq!(arm["speedup_interval"]["kind"], "confidence95", "{arm}");
        }
        lost_time_adds_up(arm);
    }
    assert_eq!(arms[1]["tasks"], 3);
    assert_eq!(arms[2]["tasks"], 36 + 3);
    assert_eq!(document["check"]["equal_outputs"], true);
    only_hash(&document);
}

#[test]
fn inflation_is_put_down_to_what_was_recorded_and_to_nothing_else() {
    let bench = Bench::new();
    let tiny = TINY.map(|arg| if arg == "2" { "1" } else { arg });
    let output = bench.run(tiny.iter().chain(&["--json"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let access = document["machine"]["hardware_counters"].as_str().unwrap();
    for arm in document["arms"].as_array().unwrap() {
        let usage = &arm["usage"];
        assert!(
            usage["peak_memory_bytes"].as_u64().unwrap() > 1 << 20,
            "{usage}"
        );
        assert!(usage["minor_faults"].is_u64() && usage["involuntary_switches"].is_u64());
        assert_eq!(
            usage["hardware"].is_object(),
            access == "available",
            "{usage}"
        );
    }
    // One worker uses one core, which shares its caches with no other.
    for found in document["diagnoses"].as_array().unwrap() {
        if found["kind"] == "inflation" {
            assert!(
                !found["text"].as_str().unwrap().contains("share"),
                "{found}"
            );
        }
    }
}

/// Lost time is workers × median wall − useful work, by cause, and never negative.
fn lost_time_adds_up(arm: &Value) {
    let mut walls: Vec<f64> = arm["wall_s"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_f64().unwrap())
        .collect();
    walls.sort_by(f64::total_cmp);
    let slot_time = walls[walls.len() / 2] * arm["workers"].as_f64().unwrap();
    let lost: Vec<f64> = arm["lost_s"]
        .as_object()
        .unwrap()
        .values()
        .map(|seconds| seconds.as_f64().unwrap())
        .collect();
    assert_eq!(lost.len(), 5);
    assert!(lost.iter().all(|seconds| *seconds >= -1e-9), "{lost:?}");
    let expected = slot_time - arm["useful_s"].as_f64().unwrap();
    let sum: f64 = lost.iter().sum();
    assert!(
        (sum - expected).abs() <= 0.01 * slot_time,
        "{sum} against {expected} of {slot_time}"
    );
}

#[test]
fn outputs_depend_on_the_seed_and_the_parameters_and_on_nothing_else() {
    let hash = |more: &[&str]| only_hash(&Bench::new().tiny(more));
    let same = hash(&["--repeats", "1"]);
    assert_eq!(
        same,
        hash(&["--repeats", "1", "--set", "order=longest-first"])
    );
    assert_eq!(same, hash(&["--repeats", "1", "--arms", "sequential"]));
    assert_ne!(same, hash(&["--repeats", "1", "--seed", "43"]));
    assert_ne!(same, hash(&["--repeats", "1", "--set", "max_depth=3"]));
    let bench = Bench::new();
    let args = [
        "--lab", "rf", "--preset", "quick", "--set", "models=3", "--set", "rows=600",
    ];
    let four = bench.run(args.iter().chain(&[
        "--workers",
        "1,4",
        "--oversubscribe",
        "--repeats",
        "1",
        "--json",
        "--quiet",
    ]));
    let four: Value = serde_json::from_slice(&four.stdout).unwrap();
    assert_eq!(same, only_hash(&four));
    assert_eq!(four["arms"].as_array().unwrap().len(), 5);
    assert_eq!(four["scaling"].as_array().unwrap().len(), 2);
    assert!(four["scaling"][0]["usl"]["refused"]["text"].is_string());
}

#[test]
fn one_repeat_has_no_interval() {
    let document = Bench::new().tiny(&["--repeats", "1"]);
    assert!(document["arms"][1]["speedup"].is_number());
    assert!(document["arms"][1]["speedup_ci95"].is_null());
}

#[test]
fn every_kind_of_report_is_written() {
    let bench = Bench::new();
    let names = ["r.html", "r.json", "r.csv", "r.md", "r.svg", "r.png"];
    let reports: Vec<&str> = names.iter().flat_map(|name| ["--report", *name]).collect();
    let document = bench.tiny(&[&["--repeats", "1"], reports.as_slice()].concat());
    assert_eq!(bench.files(), {
        let mut sorted = names;
        sorted.sort_unstable();
        sorted
    });
    let text = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    assert!(text("r.html").starts_with("<!DOCTYPE html>"));
    assert!(!text("r.html").contains("http://") || text("r.html").contains("http://www.w3.org/"));
    assert!(text("r.svg").contains("<svg"));
    assert!(text("r.md").contains("sequential"));
    // A row per task and a header: 3 serial models, 3 tasks, 36 trees with 3 assemblies.
    assert_eq!(text("r.csv").lines().count(), 1 + 3 + 3 + 39);
    assert_eq!(read_json(&bench.path("r.json")), document);
    assert_eq!(&std::fs::read(bench.path("r.png")).unwrap()[1..4], b"PNG");
    // The same reports can be made from the record later.
    let again = bench.run(["report", "latest", "-o", "again.csv", "-o", "again.json"]);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert_eq!(text("again.csv"), text("r.csv"));
    assert_eq!(read_json(&bench.path("again.json")), document);
}

#[test]
fn runs_are_listed_shown_and_compared() {
    let bench = Bench::new();
    let first = bench.tiny(&["--repeats", "1"]);
    let second = bench.tiny(&["--repeats", "1", "--set", "max_depth=3"]);
    let ids = [
        first["run_id"].as_str().unwrap(),
        second["run_id"].as_str().unwrap(),
    ];
    let list = stdout(&bench.run(["runs"]));
    assert!(
        ids.iter().all(|id| list.contains(id)) && list.contains("completed"),
        "{list}"
    );
    let show = stdout(&bench.run(["show", "latest"]));
    assert!(
        show.contains("sequential") && show.contains("trees"),
        "{show}"
    );
    let json: Value =
        serde_json::from_slice(&bench.run(["show", ids[0], "--json"]).stdout).unwrap();
    assert_eq!(json, first);
    let compare = stdout(&bench.run(["compare", ids[0], ids[1]]));
    assert!(
        compare.contains("max_depth") && compare.contains("20") && compare.contains('3'),
        "{compare}"
    );
    assert!(
        compare.contains("The outputs of A and B differ") && compare.contains("The same: "),
        "{compare}"
    );
    let written = bench.run(["compare", ids[0], ids[1], "-o", "c.csv", "-o", "c.html"]);
    assert_eq!(stdout(&written), "", "{}", stderr(&written));
    let csv = std::fs::read_to_string(bench.path("c.csv")).unwrap();
    assert!(
        csv.starts_with("run,id,lab") && csv.contains(ids[1]),
        "{csv}"
    );
    assert!(
        std::fs::read_to_string(bench.path("c.html"))
            .unwrap()
            .contains("max_depth")
    );
    // The first is the reference: both are the same to themselves.
    let same = stdout(&bench.run(["compare", ids[0], ids[0]]));
    assert!(
        !same.contains("differ,") && same.contains("Nothing."),
        "{same}"
    );
    let told = format!("A and B are the same run, {}:", ids[0]);
    assert!(same.contains(&told) && same.contains(", n=1"), "{same}");
}

#[test]
fn runs_are_filtered_as_on_the_screen() {
    let bench = Bench::new();
    let id = bench.tiny(&["--repeats", "1"])["run_id"].clone();
    let id = id.as_str().unwrap();
    for found in [
        &["runs", "lab:rf", "status:completed"][..],
        &[
            "runs",
            "lab:rf status:completed,killed preset:quick arm:tree",
        ],
        &["runs", "since:1d", "until:today", &id[16..]],
        &["runs", "--lab", "rf", "completed"],
    ] {
        assert!(stdout(&bench.run(found)).contains(id), "{found:?}");
    }
    for none in [
        &["runs", "lab:ddp"][..],
        &["runs", "until:2020"],
        &["runs", "--lab", "ddp"],
        &["runs", "nothing"],
    ] {
        let said = stdout(&bench.run(none));
        assert!(said.starts_with("None of 1 run "), "{none:?}: {said}");
    }
    let json: Value =
        serde_json::from_slice(&bench.run(["runs", "--json", "status:killed"]).stdout).unwrap();
    assert_eq!(json, Value::Array(Vec::new()));
}

#[test]
fn the_command_of_a_run_reproduces_it() {
    let bench = Bench::new();
    let first = bench.tiny(&["--repeats", "1", "--set", "max_depth=4", "--seed", "7"]);
    let command = first["command"].as_str().unwrap();
    let mut args: Vec<&str> = command.split(' ').skip(1).collect();
    args.extend(["--json", "--quiet"]);
    let again: Value = serde_json::from_slice(&bench.run(args).stdout).unwrap();
    assert_eq!(only_hash(&again), only_hash(&first));
    assert_eq!(again["command"], first["command"]);
}

#[test]
fn help_names_only_what_there_is() {
    let bench = Bench::new();
    let help = stdout(&bench.run(["--help"]));
    for flag in [
        "--lab",
        "--report",
        "--set",
        "max_depth",
        "--fault kill:rank=1,step=40",
        "--yes",
        "Examples:",
        "Exit codes:",
    ] {
        assert!(help.contains(flag), "{flag} is missing in\n{help}");
    }
    for command in [
        "labs",
        "doctor",
        "monitor",
        "setup",
        "runs",
        "show",
        "report",
        "answer",
        "compare",
        "resume",
        "config",
        "completions",
        "man",
    ] {
        let output = bench.run([command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert!(help.contains(command));
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            stdout(&bench.run(["completions", shell])).contains("oversubscribe"),
            "{shell}"
        );
    }
    assert!(stdout(&bench.run(["man"])).contains(".TH workbench"));
    let labs = stdout(&bench.run(["labs"]));
    assert!(labs.contains("sequential") && labs.contains("quick") && labs.contains("max_depth"));
    assert!(labs.contains("a CSV file of numbers") && labs.contains("four IDX files"));
    assert!(stdout(&bench.run(["labs", "rf"])).contains("# Thirty random forests"));
    let version = stdout(&bench.run(["--version"]));
    assert_eq!(
        version.trim(),
        concat!("workbench ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_doctor_finds_this_machine_fit() {
    let output = Bench::new().run(["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("rf: Thirty random forests"));
}

#[test]
fn the_configuration_is_printed_with_its_sources_and_reads_back() {
    let bench = Bench::new();
    let path = stdout(&bench.run(["config", "--path"]));
    let path = std::path::Path::new(path.trim_end());
    assert_eq!(path, bench.path("config/workbench/config.toml"));
    // The directory is there now, so that a shell can write the defaults into it.
    let defaults = bench.run(["config", "--default"]);
    assert_eq!(defaults.status.code(), Some(0), "{}", stderr(&defaults));
    std::fs::write(path, &defaults.stdout).unwrap();
    let read = stdout(&bench.run(["config"]));
    assert!(read.contains("from the file, line "), "{read}");
    assert!(read.contains("theme = \"auto\""), "{read}");

    std::fs::write(path, "theme = \"light\"\nrepeats = 7\n").unwrap();
    let effective = bench
        .command()
        .args(["--ascii", "config"])
        .output()
        .unwrap();
    let effective = stdout(&effective);
    for words in [
        "from the file, line 1.\ntheme = \"light\"",
        "from the file, line 2.\nrepeats = 7",
        "from the flag --ascii.\nascii = true",
        "from the environment variable WORKBENCH_RUN_DIR.\nrun_dir = \"",
        "the default.\nframes_per_second = 10",
        "the default.\n# lab = \"rf\"",
    ] {
        assert!(effective.contains(words), "{words}: {effective}");
    }
    let again = bench.write("again.toml", &effective);
    let output = bench
        .command()
        .args(["config", "--config"])
        .arg(&again)
        .output()
        .unwrap();
    let lines = |text: &str| -> Vec<String> {
        let values = text.lines().filter(|line| !line.starts_with('#'));
        values.map(str::to_owned).collect()
    };
    assert_eq!(lines(&stdout(&output)), lines(&effective));
    let mono = bench.command().arg("config").env("NO_COLOR", "1").output();
    assert!(stdout(&mono.unwrap()).contains("variable NO_COLOR.\ntheme = \"mono\""));
}

#[test]
fn runs_are_kept_where_the_configuration_says() {
    let bench = Bench::new();
    let file = bench.write("elsewhere.toml", "run_dir = \"kept\"\n");
    let mut args = TINY.to_vec();
    args.extend(["--repeats", "1"]);
    let with = |args: &[&str]| {
        let mut command = bench.command();
        command.env_remove("WORKBENCH_RUN_DIR");
        command.env("WORKBENCH_CONFIG", &file).args(args);
        command.output().unwrap()
    };
    let output = with(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let kept = std::fs::read_dir(bench.path("kept")).unwrap();
    let is_run = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().path().join("events.jsonl").exists()
    };
    assert_eq!(kept.map(is_run).filter(|run| *run).count(), 1);
    assert!(stdout(&with(&["runs"])).contains("completed"));
    assert!(stdout(&with(&["doctor"])).contains("kept"));
}

#[test]
fn every_setting_is_in_help_man_page_and_readme() {
    let bench = Bench::new();
    let help = stdout(&bench.run(["config", "--help"]));
    let man = stdout(&bench.run(["man"]));
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let defaults = stdout(&bench.run(["config", "--default"]));
    let names: Vec<&str> = defaults
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names.len(), 14, "{defaults}");
    for name in names {
        assert!(help.contains(&format!("- {name}: ")), "{name} in {help}");
        assert!(man.contains(&format!("\\fB{name}\\fR")), "{name} in {man}");
        assert!(readme.contains(&format!("`{name}`")), "{name} in README.md");
    }
    assert!(help.contains("Examples:"), "{help}");
    assert!(man.contains("CONFIGURATION"), "{man}");
}
