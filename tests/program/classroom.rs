//! A class from the first run to the grades, with the real binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use workbench_submission::{open, open_archive};

use crate::common::{Bench, read_json, stderr, stdout};

const PERSON: &str = "marlenequist";
const MACHINE: &str = "quistens-laptop";

fn assignment() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/assignments/rf/assignment.toml")
}

/// A student's bench: an account with a name, and a home folder in which everything lies.
fn student(bench: &Bench, args: &[&str]) -> Output {
    let home = bench.path(PERSON);
    fs::create_dir_all(&home).unwrap();
    let mut command = bench.command();
    command
        .current_dir(&home)
        .env("HOME", &home)
        .env("USER", PERSON)
        .env("LOGNAME", PERSON)
        .env("WORKBENCH_RUN_DIR", home.join("runs"))
        .args(args);
    on_own_machine(command).output().unwrap()
}

/// The same command on a machine that bears the person's name, where the system lets a process name
/// its machine; elsewhere it is this one, with its own name.
fn on_own_machine(command: Command) -> Command {
    let names_it = format!("echo {MACHINE} >/proc/sys/kernel/hostname && exec \"$@\"");
    let mut own = Command::new("unshare");
    own.args([
        "--user",
        "--map-root-user",
        "--uts",
        "sh",
        "-c",
        &names_it,
        "sh",
    ]);
    let mut asked = Command::new("unshare");
    let asked = asked.args(own.get_args()).arg("true");
    if !asked.output().is_ok_and(|asked| asked.status.success()) {
        return command;
    }
    own.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => own.env(name, value),
            None => own.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        own.current_dir(folder);
    }
    own
}

#[track_caller]
fn ok(output: &Output) -> String {
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(output),
        stderr(output)
    );
    stdout(output)
}

fn run(bench: &Bench, more: &[&str]) {
    let base = [
        "--lab",
        "rf",
        "--workers",
        "2",
        "--oversubscribe",
        "--quiet",
    ];
    let args: Vec<&str> = base.iter().chain(more).copied().collect();
    ok(&student(bench, &args));
}

#[test]
fn from_the_prediction_to_the_grade() {
    let bench = Bench::new();
    let file = assignment();
    let file = file.to_str().unwrap();
    let answer = |id: &str, text: &str| {
        ok(&student(
            &bench,
            &["answer", id, text, "--assignment", file],
        ));
    };
    answer("predict-speedup", "1.7");
    answer("predict-fastest", "b");
    run(&bench, &["--assignment", file, "--preset", "class"]);
    let refused = student(&bench, &["submit", "latest", "-o", "a.zip"]);
    assert_eq!(refused.status.code(), Some(2));
    for id in [
        "efficiency",
        "karp-flatt",
        "largest-loss",
        "serial-part",
        "order",
    ] {
        assert!(stderr(&refused).contains(id), "{}", stderr(&refused));
    }
    assert!(!bench.path(PERSON).join("a.zip").exists());
    for id in ["efficiency", "karp-flatt", "order"] {
        answer(id, "0.5");
    }
    answer("largest-loss", "a");
    answer(
        "serial-part",
        "=HYPERLINK(\"x\") <script>alert(1)</script> the sum of the votes",
    );
    let told = ok(&student(&bench, &["submit", "latest", "-o", "a.zip"]));
    assert!(
        told.contains("manifest.json") && told.contains("answers.json"),
        "{told}"
    );
    let class = bench.path("class");
    fs::create_dir(&class).unwrap();
    let hand_in = bench.path(PERSON).join("a.zip");
    fs::copy(&hand_in, class.join("=cmd_12345_a.zip")).unwrap();
    fs::write(class.join("broken.zip"), b"PK\x03\x04 and no more").unwrap();
    let verified = bench.run([
        "verify",
        hand_in.to_str().unwrap(),
        "--reexecute",
        "2",
        "--json",
    ]);
    let document: Value = serde_json::from_str(&ok(&verified)).unwrap();
    assert_eq!(document[0]["holds"], true);
    graded(&bench, &class, file);
    edited_is_told_on_the_page(&bench, &fs::read(&hand_in).unwrap());
}

fn edited_is_told_on_the_page(bench: &Bench, hand_in: &[u8]) {
    let class = bench.path("edited-class");
    for (name, mut content) in workbench_submission::contents(hand_in).unwrap() {
        if name.ends_with("result.json") {
            content = String::from_utf8(content).unwrap().replace('1', "2").into();
        }
        let path = class.join("edited").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let out = bench.path("edited.csv");
    ok(&bench.run([
        "grade",
        class.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
    ]));
    let page = fs::read_to_string(bench.path("edited-class.html")).unwrap();
    assert!(
        page.contains("1 with findings that do not fit") && page.contains("The charts leave out"),
        "{page}"
    );
}

fn graded(bench: &Bench, class: &Path, file: &str) {
    let class = class.to_str().unwrap();
    let out = bench.path("grades.csv");
    let out = out.to_str().unwrap();
    ok(&bench.run(["grade", class, "-o", out, "--assignment", file, "--names"]));
    let table = fs::read_to_string(out).unwrap();
    assert!(table.contains("'=cmd_12345_a,"), "{table}");
    assert!(table.contains("unreadable"), "{table}");
    let grades: Value = read_json(&bench.path("grades.json"));
    assert_eq!(grades[0]["questions"].as_array().unwrap().len(), 7);
    assert_eq!(grades[0]["holds"], true);
    assert!(grades[0]["to_read"].as_f64().unwrap() > 0.0);
    let page = fs::read_to_string(bench.path("grades-read-serial-part.html")).unwrap();
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script"),
        "{page}"
    );
    let page = fs::read_to_string(bench.path("grades-class.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script"));
    let results = bench.path("results");
    let results = results.to_str().unwrap();
    ok(&bench.run(["grade", class, "--results", results, "--assignment", file]));
    let first = fs::read_dir(results)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let document = read_json(&first);
    for field in ["score", "output", "output_format", "tests", "leaderboard"] {
        assert!(!document[field].is_null(), "{field}");
    }
    let autograder = bench.path("autograder");
    ok(&bench.run([
        "grade",
        "--gradescope",
        autograder.to_str().unwrap(),
        "--assignment",
        file,
    ]));
    for name in ["setup.sh", "run_autograder", "workbench", "assignment.toml"] {
        assert!(autograder.join(name).is_file(), "{name}");
    }
}

#[test]
fn no_byte_names_the_person_the_machine_or_the_home_folder() {
    let bench = Bench::new();
    let home = bench.path(PERSON);
    fs::create_dir_all(&home).unwrap();
    let rows: Vec<String> = (0..400)
        .map(|n| format!("{},{},{}", n % 17, n % 5, (n * 7) % 31))
        .collect();
    let rows = rows.join("\n");
    let data = home.join("houses.csv");
    fs::write(&data, format!("a,b,price\n{rows}\n")).unwrap();
    let own = ["--set", "models=2", "--repeats", "1", "--target", "price"];
    let data = ["--preset", "quick", "--data", data.to_str().unwrap()];
    run(&bench, &[&data[..], &own[..]].concat());
    ok(&student(
        &bench,
        &["submit", "latest", "-o", "a.zip", "--draft"],
    ));
    let archive = fs::read(home.join("a.zip")).unwrap();
    let opened = open_archive(&archive);
    let config = &opened.manifest.as_ref().unwrap().runs[0].config;
    assert!(
        config.command.contains("--data houses.csv"),
        "{}",
        config.command
    );
    let unpacked = bench.path("unpacked");
    let inside = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        assert!(!text.contains(PERSON), "{text}");
        assert!(!text.contains(MACHINE), "{text}");
        assert!(!text.contains(home.to_str().unwrap()));
    };
    inside(&archive);
    for (name, content) in workbench_submission::contents(&archive).unwrap() {
        inside(&content);
        let path = unpacked.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    // As course systems unpack it.
    let folder = open(&unpacked);
    assert_eq!(folder.sha256(), opened.sha256());
    assert!(folder.holds(), "{:?}", folder.findings);
}

#[test]
fn an_interrupted_run_is_handed_in_as_a_draft_and_a_resumed_one_holds() {
    let bench = Bench::new();
    bench.tiny(&["--repeats", "2"]);
    bench.cut_last_repeat();
    let zip = bench.path("a.zip");
    let zip = zip.to_str().unwrap();
    let refused = bench.run(["submit", "latest", "-o", zip]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("resume"), "{}", stderr(&refused));
    ok(&bench.run(["submit", "latest", "-o", zip, "--draft"]));
    let verified = bench.run(["verify", zip]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(
        stdout(&verified).contains("[draft]"),
        "{}",
        stdout(&verified)
    );
    ok(&bench.run(["resume", "latest", "--quiet"]));
    ok(&bench.run(["submit", "latest", "-o", zip, "--draft"]));
    let told = stdout(&bench.run(["verify", zip]));
    let accused = [
        "times", "repeat", "order", "clock", "sampling", "cores", "differs",
    ];
    for kind in accused {
        assert!(
            !told
                .lines()
                .any(|l| l.contains("error") && l.contains(kind)),
            "{told}"
        );
    }
}
