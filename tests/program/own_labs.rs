//! Labs from folders, with the real binary: making, checking, running and resuming them, and
//! folders that mean no good.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::screen::Screen;
use crate::common::{Bench, stderr, stdout};

/// A lab of two arms, the first of which leaves a file where it works.
const PLAIN: &str = r#"
name = "plain"
title = "A plain lab"
summary = "Two arms."

[[arm]]
name = "one"
title = "One"
run = "touch ran"

[[arm]]
name = "two"
title = "Two"
run = "sh -c 'test {workers} = $WORKBENCH_WORKERS'"
"#;

fn lab(bench: &Bench, name: &str, definition: &str) -> PathBuf {
    let folder = bench.path(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("lab.toml"), definition).unwrap();
    fs::write(folder.join("handout.md"), "# A lab\n").unwrap();
    folder
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/labs")
}

#[test]
fn a_new_lab_runs_at_once_and_nothing_runs_before_that() {
    let bench = Bench::new();
    let made = bench.run(["labs", "new", "mine"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let checked = bench.run(["labs", "check", "mine"]);
    assert_eq!(checked.status.code(), Some(0), "{}", stdout(&checked));
    assert!(stdout(&checked).contains("mine, 2 arms, nothing wrong"));
    let again = bench.run(["labs", "new", "mine"]);
    assert_eq!(again.status.code(), Some(2));
    let listed = bench.run(["labs", "--labs", "mine"]);
    assert!(stdout(&listed).contains("mine: one after another"));
    // Who cannot be asked has to say so beforehand.
    let args = [
        "--labs",
        "mine",
        "--lab",
        "mine",
        "--repeats",
        "2",
        "--workers",
        "1,2",
    ];
    let args: Vec<&str> = args
        .into_iter()
        .chain(["--oversubscribe", "--set", "pieces=2", "--json"])
        .collect();
    let asked = bench.run(&args);
    assert_eq!(asked.status.code(), Some(2));
    assert!(
        stderr(&asked).contains("sh work.sh {workers} {pieces}"),
        "{}",
        stderr(&asked)
    );
    assert!(stderr(&asked).contains("--yes"));
    assert!(bench.run_names().is_empty());
    let ran = bench.run(args.iter().chain(&["--yes"]));
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(document["check"]["equal_outputs"], true);
    let command = document["command"].as_str().unwrap();
    assert!(command.contains(" --labs "), "{command}");
    // Who has agreed once is not asked again, until a program is another one.
    assert_eq!(bench.run(&args).status.code(), Some(0));
    let script = bench.path("mine/work.sh");
    let text = fs::read_to_string(&script).unwrap();
    fs::write(&script, format!("{text}# Changed.\n")).unwrap();
    assert_eq!(bench.run(&args).status.code(), Some(2));
}

#[test]
fn the_screen_shows_what_a_lab_runs_and_asks_once() {
    let bench = Bench::new();
    let folder = lab(&bench, "plain", PLAIN);
    let mut screen = Screen::open(&bench, &["--labs", "plain", "--theme", "mono"]);
    screen.wait_for("  plain");
    screen.press("jjjj");
    screen.wait_for("A plain lab");
    screen.press("\r");
    screen.wait_for("Repeats");
    screen.press("s");
    screen.wait_for("not a part of workbench");
    screen.wait_for("touch ran");
    screen.press("n");
    screen.wait("the form", |shown| !shown.contents().contains("touch ran"));
    assert!(!folder.join("ran").exists());
    assert!(bench.run_names().is_empty());
    screen.press("s");
    screen.wait_for("not a part of workbench");
    screen.press("y");
    screen.wait("the result", |shown| {
        folder.join("ran").exists() && shown.contents().contains("✓ completed")
    });
    screen.press("q");
    screen.end();
    // Also not without a screen.
    let again = bench.run(["--labs", "plain", "--lab", "plain", "--quiet"]);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
}

#[test]
fn a_run_is_resumed_with_the_lab_from_its_folder_and_refused_when_that_has_changed() {
    let bench = Bench::new();
    let folder = lab(&bench, "plain", PLAIN);
    let ran = bench.run([
        "--labs",
        "plain",
        "--lab",
        "plain",
        "--repeats",
        "2",
        "--yes",
        "--quiet",
    ]);
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    assert!(folder.join("ran").exists());
    bench.cut_last_repeat();
    let elsewhere = bench
        .command()
        .args(["resume", "latest", "--quiet"])
        .current_dir("/")
        .output()
        .unwrap();
    assert_eq!(elsewhere.status.code(), Some(0), "{}", stderr(&elsewhere));
    bench.cut_last_repeat();
    fs::write(
        folder.join("lab.toml"),
        PLAIN.replace("touch ran", "touch other"),
    )
    .unwrap();
    let changed = bench.run(["resume", "latest", "--yes", "--quiet"]);
    assert_ne!(changed.status.code(), Some(0));
    assert!(!folder.join("other").exists());
}

#[test]
fn mistakes_are_told_line_by_line() {
    let bench = Bench::new();
    let cases = [
        (
            "title = \"A plain lab\"",
            "title = \"A \\u001b[31mlab\"",
            3,
            "control characters",
        ),
        ("name = \"plain\"", "name = \"a/b\"", 2, "letters, digits"),
        ("name = \"plain\"", "name = \"check\"", 2, "taken"),
        (
            "run = \"touch ran\"",
            "run = \"touch 'ran\"",
            9,
            "quotation mark",
        ),
        (
            "run = \"touch ran\"",
            "run = \"touch {workers}\"",
            6,
            "cannot depend on {workers}",
        ),
        (
            "run = \"touch ran\"",
            "run = \"touch {who}\"",
            6,
            "no placeholder {who}",
        ),
        (
            "run = \"touch ran\"",
            "go = \"touch ran\"",
            9,
            "unknown field `go`",
        ),
        (
            "name = \"two\"",
            "name = \"one\"",
            12,
            "two arms called one",
        ),
        (
            "summary = \"Two arms.\"",
            "summary = \"Two arms.\"\n[programs]\nstdin = \"../../etc/passwd\"",
            6,
            "out of the lab",
        ),
        (
            "summary = \"Two arms.\"",
            "summary = \"Two arms.\"\n[programs]\ncheck = \"file:/etc/passwd\"",
            6,
            "out of the lab",
        ),
        (
            "summary = \"Two arms.\"",
            "summary = \"Two arms.\"\n[programs]\ncheck = \"nothing\"",
            5,
            "number:PATTERN",
        ),
    ];
    for (what, instead, line, expected) in cases {
        assert!(PLAIN.contains(what), "{what}");
        let folder = lab(&bench, "wrong", &PLAIN.replacen(what, instead, 1));
        let checked = bench.run(["labs", "check", "wrong"]);
        assert_eq!(checked.status.code(), Some(1), "{instead}");
        let text = stdout(&checked);
        assert!(
            text.contains(&format!("lab.toml:{line}: ")),
            "{instead}: {text}"
        );
        assert!(text.contains(expected), "{instead}: {text}");
        assert!(!text.contains('\u{1b}'));
        assert!(!folder.join("ran").exists());
    }
    // Several mistakes are told at once.
    let both = PLAIN
        .replace("touch ran", "touch 'ran")
        .replace("plain", "a b");
    lab(&bench, "wrong", &both);
    let text = stdout(&bench.run(["labs", "check", "wrong"]));
    assert!(
        text.contains("lab.toml:2: ") && text.contains("lab.toml:9: "),
        "{text}"
    );
}

#[test]
fn folders_that_mean_no_good_are_refused_or_harmless() {
    let bench = Bench::new();
    let good = lab(&bench, "labs/good", &PLAIN.replace("\"plain\"", "\"good\""));
    lab(&bench, "labs/rf", &PLAIN.replace("\"plain\"", "\"rf\""));
    let secret = bench.write("secret.md", "secret");
    let link = lab(&bench, "labs/link", &PLAIN.replace("\"plain\"", "\"link\""));
    fs::remove_file(link.join("handout.md")).unwrap();
    std::os::unix::fs::symlink(secret, link.join("handout.md")).unwrap();
    let pipe = lab(&bench, "labs/pipe", &PLAIN.replace("\"plain\"", "\"pipe\""));
    fs::remove_file(pipe.join("handout.md")).unwrap();
    let made = Command::new("mkfifo")
        .arg(pipe.join("handout.md"))
        .status()
        .unwrap();
    assert!(made.success());
    let huge = lab(&bench, "labs/huge", &PLAIN.replace("\"plain\"", "\"huge\""));
    fs::write(huge.join("handout.md"), vec![b'x'; 1 << 20]).unwrap();
    fs::write(
        good.join("handout.md"),
        "\u{1b}]0;title\u{7}good \u{202e}text\n",
    )
    .unwrap();
    let listed = bench.run(["labs", "--labs", "labs"]);
    assert_eq!(listed.status.code(), Some(0));
    let text = stdout(&listed);
    assert!(text.contains("\ngood  A plain lab"), "{text}");
    for bad in ["link", "pipe", "huge"] {
        assert!(!text.contains(&format!("\n{bad}  ")), "{bad}");
        assert!(
            stderr(&listed).contains(&format!("labs/{bad}")),
            "{}",
            stderr(&listed)
        );
    }
    assert!(
        stderr(&listed).contains("another lab called rf"),
        "{}",
        stderr(&listed)
    );
    let shown = stdout(&bench.run(["labs", "good", "--labs", "labs"]));
    assert!(shown.contains("]0;titlegood text"), "{shown}");
    let checked = bench.run(["labs", "check", "labs"]);
    assert_eq!(checked.status.code(), Some(1));
    let doctor = bench.run(["doctor", "--labs", "labs"]);
    assert!(stdout(&doctor).contains("good"), "{}", stdout(&doctor));
    assert!(!good.join("ran").exists());
}

#[test]
fn the_folder_of_labs_is_a_setting() {
    let bench = Bench::new();
    lab(&bench, "labs/plain", PLAIN);
    let listed = bench
        .command()
        .arg("labs")
        .env("WORKBENCH_LABS", "labs")
        .output()
        .unwrap();
    assert!(stdout(&listed).contains("A plain lab"));
    bench.write("settings.toml", "labs = \"labs\"\nlab = \"plain\"\n");
    let config = bench.run(["config", "--config", "settings.toml"]);
    assert_eq!(config.status.code(), Some(0), "{}", stderr(&config));
    let listed = bench.run(["labs", "--config", "settings.toml"]);
    assert!(stdout(&listed).contains("A plain lab"));
}

#[test]
fn the_examples_are_without_mistakes_and_run() {
    let bench = Bench::new();
    let examples = examples();
    let checked = bench.run(["labs".as_ref(), "check".as_ref(), examples.as_os_str()]);
    assert_eq!(checked.status.code(), Some(0), "{}", stdout(&checked));
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    let runs: [(&str, &[&str]); 2] = [
        ("words", &["--set", "files=5", "--set", "lines=20"]),
        ("integrate", &["--set", "strips=2000"]),
    ];
    for (name, set) in runs {
        if name == "integrate" && !has_python {
            continue;
        }
        let output = bench
            .command()
            .args([
                "--lab",
                name,
                "--repeats",
                "1",
                "--workers",
                "2",
                "--oversubscribe",
                "--yes",
                "--json",
                "--quiet",
            ])
            .arg("--labs")
            .arg(&examples)
            .args(set)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["arms"].as_array().unwrap().len(), 3, "{name}");
    }
}
