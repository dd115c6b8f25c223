//! Questions of a lab and of an assignment: predicted, locked, answered, shown; by the real binary,
//! without a screen and on one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::common::screen::Screen;
use crate::common::{Bench, TINY, read_json, stderr, stdout};

fn example(lab: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples/assignments")
        .join(lab)
        .join("assignment.toml")
}

/// Runs it, and expects an exit code.
fn run(bench: &Bench, args: &[&str], code: i32) -> Output {
    let output = bench.run(args);
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    output
}

fn answers(bench: &Bench, more: &[&str]) -> Value {
    let args = [&["answer", "--json"], more].concat();
    serde_json::from_slice(&run(bench, &args, 0).stdout).unwrap()
}

fn state<'a>(document: &'a Value, id: &str) -> &'a str {
    let questions = document["questions"].as_array().unwrap();
    let question = questions.iter().find(|question| question["id"] == id);
    question.unwrap()["state"].as_str().unwrap()
}

#[test]
fn what_was_predicted_is_locked_when_the_run_starts() {
    let bench = Bench::new();
    let refused = run(
        &bench,
        &["answer", "predict-speedup", "fast", "--lab", "rf"],
        2,
    );
    assert!(
        stderr(&refused).contains("that is no number"),
        "{}",
        stderr(&refused)
    );
    run(
        &bench,
        &["answer", "predict-speedup", "1,7", "--lab", "rf"],
        0,
    );
    run(
        &bench,
        &["answer", "predict-fastest", "a", "--lab", "rf"],
        0,
    );
    run(&bench, &["answer", "predict-fastest", "", "--lab", "rf"], 0);
    let early = run(&bench, &["answer", "karp-flatt", "0.1", "--lab", "rf"], 2);
    assert!(
        stderr(&early).contains("asked after a run"),
        "{}",
        stderr(&early)
    );
    let before = answers(&bench, &["--lab", "rf"]);
    assert_eq!(state(&before, "predict-speedup"), "answered");
    assert_eq!(state(&before, "predict-fastest"), "open");
    assert_eq!(state(&before, "karp-flatt"), "after_run");

    bench.tiny(&["--repeats", "3"]);
    let locked: Vec<Value> = bench
        .events()
        .into_iter()
        .filter(|event| event["event"] == "predictions_locked")
        .collect();
    let [locked] = locked.as_slice() else {
        panic!("{locked:?}");
    };
    assert_eq!(locked["predictions"]["predict-speedup"]["text"], "1,7");
    assert_eq!(locked["runs_before"], 0);
    let sheet = bench.only_run().join("answers.json");
    assert_eq!(
        read_json(&sheet)["answers"]["predict-speedup"]["text"],
        "1,7"
    );

    let late = ["answer", "predict-speedup", "2", "--run", "latest"];
    let late = run(&bench, &late, 2);
    assert!(stderr(&late).contains("has locked it"), "{}", stderr(&late));
    run(&bench, &["answer", "efficiency", "50 %"], 0);
    run(&bench, &["answer", "largest-loss", "B"], 0);
    let after = answers(&bench, &["--run", "latest"]);
    assert_eq!(state(&after, "predict-speedup"), "locked");
    assert_eq!(state(&after, "efficiency"), "answered");
    // The next run can be predicted anew.
    run(
        &bench,
        &["answer", "predict-speedup", "2", "--lab", "rf"],
        0,
    );
    assert_eq!(
        read_json(&sheet)["answers"]["predict-speedup"]["text"],
        "1,7"
    );
}

#[test]
fn questions_that_nobody_answers_are_not_in_the_way_of_a_report() {
    let bench = Bench::new();
    bench.tiny(&[]);
    let told = |name: &str| {
        let path = bench.path(name);
        run(
            &bench,
            &["report", "latest", "-o", path.to_str().unwrap()],
            0,
        );
        std::fs::read_to_string(path).unwrap()
    };
    for name in ["before.html", "before.md"] {
        assert!(!told(name).contains("Questions and answers"), "{name}");
    }
    run(&bench, &["answer", "efficiency", "0.9"], 0);
    for name in ["after.html", "after.md"] {
        assert!(told(name).contains("Questions and answers"), "{name}");
    }
}

#[test]
fn reports_show_what_was_predicted_beside_what_came_out() {
    let bench = Bench::new();
    run(
        &bench,
        &["answer", "predict-speedup", "1.7", "--lab", "rf"],
        0,
    );
    bench.tiny(&["--repeats", "3"]);
    let mut child = bench
        .command()
        .args(["answer", "serial-part", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = "Imbalance <script>alert(1)</script>\n| and | a table\n# and a heading\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    let files = ["r.html", "r.md"].map(|name| bench.path(name));
    let [html, markdown] = files.each_ref().map(|path| path.to_str().unwrap());
    run(&bench, &["report", "latest", "-o", html, "-o", markdown], 0);
    let [html, markdown] = files.map(|path| std::fs::read_to_string(path).unwrap());
    for report in [&html, &markdown] {
        assert!(report.contains("Questions and answers"), "{report}");
        assert!(report.contains("1.7") && report.contains("Came out"));
        assert!(!report.contains("<script"), "escaped");
    }
    assert!(html.contains("Imbalance &lt;script&gt;"));
    assert!(!markdown.contains("\n# and a heading"));
    // The result document is about the run, and not about what a person says of it.
    assert!(
        !bench
            .only_run()
            .join("result.json")
            .metadata()
            .unwrap()
            .is_dir()
    );
    let shown = stdout(&run(&bench, &["answer", "--run", "latest"], 0));
    assert!(shown.contains("Came out: "), "{shown}");
}

#[test]
fn an_assignment_decides_how_a_run_is_set_up_and_is_recorded() {
    let bench = Bench::new();
    let file = example("rf");
    let file = file.to_str().unwrap();
    let base = [
        "--assignment",
        file,
        "--lab",
        "rf",
        "--workers",
        "1",
        "--quiet",
    ];
    for (more, said) in [
        (&["--preset", "quick"][..], "leave --preset out"),
        (&["--set", "models=3"], "leave it out"),
        (&["--repeats", "2"], "at least 3"),
        (&["--arms", "sequential,trees"], "requires the arm tasks"),
    ] {
        let refused = run(&bench, &[&base, more].concat(), 2);
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
    }
    let listed = answers(&bench, &["--assignment", file]);
    assert_eq!(listed["assignment"], "Parallel forests, week 3");
    assert_eq!(state(&listed, "order"), "after_run");
    let of_lab = answers(&bench, &["--lab", "rf"]);
    assert!(of_lab["questions"].as_array().unwrap().len() > 6);
    run(
        &bench,
        &["--assignment", file, "answer", "predict-speedup", "1.5"],
        0,
    );

    run(&bench, &base, 0);
    let events = bench.events();
    let config = &events[0]["config"];
    assert_eq!(config["preset"], "class");
    assert_eq!(config["repeats"], 3);
    assert_eq!(config["params"]["models"], 8);
    let recorded = &config["assignment"];
    assert_eq!(recorded["assignment"]["nonce"], "week3forests2027");
    assert_eq!(recorded["sha256"].as_str().unwrap().len(), 64);
    let command = config["command"].as_str().unwrap();
    assert!(
        command.contains("--assignment assignment.toml"),
        "{command}"
    );
    let log = std::fs::read_to_string(bench.only_run().join("events.jsonl")).unwrap();
    assert!(
        !log.contains(file),
        "the path of the file is nobody's business"
    );
    // Without the assignment other questions are meant, about which there is no run.
    assert_eq!(
        state(&answers(&bench, &["--lab", "rf"]), "karp-flatt"),
        "after_run"
    );
    let of_it = answers(&bench, &["--assignment", file]);
    assert_eq!(state(&of_it, "karp-flatt"), "open");
    assert_eq!(state(&of_it, "predict-speedup"), "answered");
    // The setting and the folder of labs say the same as the flag.
    let variable = bench
        .command()
        .env("WORKBENCH_ASSIGNMENT", file)
        .args(["answer"])
        .output();
    assert!(stdout(&variable.unwrap()).contains("week 3"));
}

#[test]
fn an_assignment_that_cannot_be_used_is_refused_with_what_to_do() {
    let bench = Bench::new();
    for (text, said) in [
        ("title = \"x\"\nlab = \"rg\"", "which is not here"),
        (
            "title = \"x\"\nlab = \"rf\"\nrequired_preset = \"qick\"",
            "did you mean `quick`",
        ),
        (
            "title = \"x\"\nlab = \"rf\"\nrequired_arms = [\"task\"]",
            "did you mean `tasks`",
        ),
        (
            "title = \"x\"\nlab = \"rf\"\nquestions = [\"karp\"]",
            "no question is called karp",
        ),
        (
            "title = \"x\"\nlab = \"rf\"\ndeadline = \"tomorrow\"",
            "a.toml:3: a deadline",
        ),
        (
            "title = \"x\"\nlab = \"rf\"\n[preset.p]\nhelp = \"h\"\nrepeats = 3\nset = { modles = 2 }",
            "preset p",
        ),
        (
            "title = \"x\"\nlab = \"rf\"\n[[question]]\nid = \"q\"\nkind = \"number\"\nformula = \"speed-up\"\narm = \"tree\"\nrelative = 0.1\ntext = \"?\"",
            "question q: the rf lab has no arm tree",
        ),
        ("nothing", "a.toml:1"),
    ] {
        let file = bench.write("a.toml", text);
        let args = ["--assignment", file.to_str().unwrap(), "answer"];
        let refused = run(&bench, &args, 2);
        assert!(
            stderr(&refused).contains(said),
            "{text}: {}",
            stderr(&refused)
        );
    }
    let missing = run(&bench, &["--assignment", "none.toml", "answer"], 2);
    assert!(
        stderr(&missing).contains("none.toml"),
        "{}",
        stderr(&missing)
    );
}

#[test]
fn the_example_of_the_commands_lab_goes_from_prediction_to_report() {
    let bench = Bench::new();
    let folder = bench.path("course");
    std::fs::create_dir_all(folder.join("lab")).unwrap();
    std::fs::copy(example("commands"), folder.join("assignment.toml")).unwrap();
    // Found in the folder of labs, whatever lab it is for.
    run(
        &bench,
        &["labs", "new", "own", "--dir", folder.to_str().unwrap()],
        0,
    );
    let course = ["--labs", folder.to_str().unwrap()];
    run(
        &bench,
        &[&course[..], &["answer", "predict-speedup", "1.2"]].concat(),
        0,
    );
    let args = ["--lab", "commands", "--workers", "1", "--yes", "--quiet"];
    let done = bench.run(course.iter().chain(&args));
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let events = bench.events();
    assert_eq!(
        events[0]["config"]["arms"],
        serde_json::json!(["one", "many"])
    );
    run(&bench, &["answer", "equal-work", "b", "--run", "latest"], 0);
    let shown = stdout(&run(&bench, &["answer", "--run", "latest"], 0));
    assert!(shown.contains("Came out: b"), "{shown}");
}

#[test]
fn a_lab_of_ones_own_asks_and_says_what_is_wrong_with_its_questions() {
    let bench = Bench::new();
    run(&bench, &["labs", "new", "primes"], 0);
    let lab = bench.path("primes");
    let questions = lab.join("questions.toml");
    let good = "[[question]]\nid = \"q\"\nask = \"before\"\nkind = \"number\"\nformula = \"speed-up\"\nrelative = 0.1\ntext = \"How much?\"\n";
    std::fs::write(&questions, good).unwrap();
    let lab = lab.to_str().unwrap();
    run(&bench, &["labs", "check", lab], 0);
    run(
        &bench,
        &["--labs", lab, "answer", "q", "2", "--lab", "primes"],
        0,
    );
    let bad = good.replace("speed-up", "sped-up")
        + "[[question]]\nid = \"r\"\nkind = \"number\"\nformula = \"speed-up\"\narm = \"nobody\"\nrelative = 0.1\ntext = \"?\"\n";
    std::fs::write(&questions, &bad).unwrap();
    let wrong = stdout(&run(&bench, &["labs", "check", lab], 1));
    assert!(
        wrong.contains("questions.toml:5: ") && wrong.contains("did you mean"),
        "{wrong}"
    );
    std::fs::write(&questions, bad.replace("sped-up", "speed-up")).unwrap();
    let wrong = stdout(&run(&bench, &["labs", "check", lab], 1));
    assert!(wrong.contains("no arm nobody"), "{wrong}");
}

/// A damaged document of answers is not taken for an empty one.
#[test]
fn answers_that_cannot_be_read_are_left_alone() {
    let bench = Bench::new();
    run(
        &bench,
        &["answer", "predict-speedup", "1.5", "--lab", "rf"],
        0,
    );
    let draft = bench.runs().join(".answers/rf.json");
    std::fs::write(&draft, "{ \"schema\": 1, \"lab\"").unwrap();
    for args in [
        &["answer", "predict-speedup", "2", "--lab", "rf"][..],
        &TINY,
    ] {
        let refused = run(&bench, args, 2);
        assert!(stderr(&refused).contains("rf.json"), "{}", stderr(&refused));
    }
    assert_eq!(
        std::fs::read_to_string(&draft).unwrap(),
        "{ \"schema\": 1, \"lab\""
    );
    assert!(bench.run_names().iter().all(|name| name.starts_with('.')));
}

#[test]
fn questions_are_answered_on_the_screen() {
    let bench = Bench::new();
    let file = example("rf");
    let args = ["--theme", "mono", "--assignment", file.to_str().unwrap()];
    let mut screen = Screen::open(&bench, &args);
    screen.wait_for("Thirty random forests");
    screen.press("Q");
    screen.wait_for("predict-speedup");
    screen.press("\r");
    screen.wait_for("done");
    screen.press("1.8");
    screen.wait_for("› 1.8");
    // What is typed is kept before anything else is pressed.
    let drafts = std::fs::read_dir(bench.runs().join(".answers")).unwrap();
    let drafts: Vec<PathBuf> = drafts.map(|entry| entry.unwrap().path()).collect();
    let [draft] = drafts.as_slice() else {
        panic!("{drafts:?}");
    };
    assert_eq!(
        read_json(draft)["answers"]["predict-speedup"]["text"],
        "1.8"
    );
    screen.press("\r");
    screen.wait_for("Enter answer");
    screen.press("\u{1b}");
    screen.wait_for("Recent runs");
    screen.press("\r");
    screen.wait_for("--preset class");
    screen.press("s");
    screen.wait_for("What if");
    screen.press("Q");
    screen.wait_for("Came out");
    screen.press("jj\r");
    screen.wait_for("done");
    screen.press("0.5\r");
    screen.wait_for("efficiency of tasks");
    screen.press("\u{1b}");
    screen.wait_for("What if");
    screen.press("T");
    screen.wait_for("Enter writes it");
    // Ctrl-U empties the field.
    screen.press("\u{15}ada_1_a.zip\r");
    screen.wait_for("Nothing is written yet");
    assert!(!bench.path("ada_1_a.zip").exists());
    screen.press("\r");
    screen.wait_for("It is a draft");
    screen.press("\u{1b}");
    screen.wait("the result", |shown| {
        !shown.contents().contains("It is a draft")
    });
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    let sheet = read_json(&bench.only_run().join("answers.json"));
    assert_eq!(sheet["answers"]["efficiency"]["text"], "0.5");
    assert_eq!(sheet["answers"]["predict-speedup"]["text"], "1.8");
    // What is missing is all that is found, and the rest is graded.
    let verified = run(&bench, &["verify", "ada_1_a.zip", "--json"], 1);
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let found = verified[0]["findings"].as_array().unwrap();
    let mut errors = found.iter().filter(|found| found["severity"] == "error");
    assert!(
        errors.all(|found| found["kind"] == "incomplete"),
        "{found:#?}"
    );
    let class = bench.path("class");
    std::fs::create_dir(&class).unwrap();
    std::fs::rename(bench.path("ada_1_a.zip"), class.join("ada_1_a.zip")).unwrap();
    let grade = ["grade", "class", "-o", "grades.csv", "--assignment"];
    run(&bench, &[&grade[..], &[file.to_str().unwrap()]].concat(), 0);
    let grades = read_json(&bench.path("grades.json"));
    assert!(grades[0]["points"].as_f64().unwrap() > 0.0, "{grades:#}");
}
