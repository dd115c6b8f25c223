//! Set-ups that were kept in the form, run without a screen.

use serde_json::Value;

use crate::common::{Bench, stderr, stdout};

/// What is unknown in a set-up is said, flags come before it, and it is listed and deleted.
#[test]
fn a_set_up_that_was_kept_runs_without_a_screen() {
    let bench = Bench::new();
    let folder = bench.path("config/workbench/setups");
    std::fs::create_dir_all(&folder).unwrap();
    let text = "lab = \"rf\"\npreset = \"quick\"\narms = [\"sequential\", \"gone\"]\n\
                workers = 2\noversubscribe = true\nrepeats = 3\ncolour = \"red\"\n\
                [set]\nmodels = 3\nrows = 600\nmax_dept = 4\n";
    std::fs::write(folder.join("small one.toml"), text).unwrap();
    let args = ["--setup", "small one", "--json"];
    let output = bench.run(args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["parameters"]["models"], 3);
    assert_eq!(document["arms"].as_array().unwrap().len(), 1);
    let told = stderr(&output);
    for part in [
        "`colour` is no field",
        "no arm `gone`",
        "no parameter `max_dept`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let output = bench.run(
        ["--lab", "rf", "--repeats", "1", "--set", "rows=400"]
            .iter()
            .chain(&args),
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["parameters"]["rows"], 400);
    assert_eq!(document["parameters"]["models"], 3);
    assert_eq!(document["arms"][0]["wall_s"].as_array().unwrap().len(), 1);
    for (args, why) in [
        (
            &["--lab", "ddp", "--setup", "small one"][..],
            "is for the lab rf",
        ),
        (&["--setup", "small"], "did you mean `small one`?"),
        (&["--setup", "../x"], "a set-up is named with"),
        (&["--setup", "small one", "runs"], "`--setup` runs a lab"),
    ] {
        let output = bench.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let listed = stdout(&bench.run(["labs", "setups"]));
    assert!(
        listed.contains("small one") && listed.contains("`colour` is no field"),
        "{listed}"
    );
    let output = bench.run(["labs", "setups", "--delete", "small one"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&bench.run(["labs", "setups"])).contains("No set-up was kept yet"));
}
