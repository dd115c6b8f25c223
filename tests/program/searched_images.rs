//! The objective `cnn` of the tune lab: what is refused before anything starts, and searches with
//! the real worker, where there is one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::common::screen::Screen;
use crate::common::{Bench, findings, read_json, stderr, stdout, worker_is_there};

/// A search of 4 trials of up to 4 epochs on a few images, on one slot.
fn search<'a>(arms: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "--lab",
        "tune",
        "--quiet",
        "--repeats",
        "1",
        "--workers",
        "1",
    ];
    args.extend(["--arms", arms]);
    let sets = [
        "objective=cnn",
        "trials=4",
        "budget=4",
        "grace=1",
        "retries=0",
        "rows=300",
    ];
    args.extend(sets.iter().chain(more).flat_map(|set| ["--set", *set]));
    args
}

#[test]
fn what_images_cannot_be_searched_with_is_refused() {
    let bench = Bench::new();
    let empty = bench.path("empty");
    fs::create_dir(&empty).unwrap();
    let data = ["--data", empty.to_str().unwrap()];
    for (more, args, said) in [
        (
            vec!["rows=60001"],
            vec![],
            "there are 60,000 training images",
        ),
        (vec!["rows=2"], vec![], "too few are left to train on"),
        (
            vec!["batch=grid(16,512)"],
            vec![],
            "a whole number from 2 to 240",
        ),
        (vec!["hidden=integer(2,3)"], vec![], "cnn does not have it"),
        (
            vec!["model=choice(cnn,vgg)"],
            vec![],
            "one of cnn, resnet18",
        ),
        (vec!["test_share=0.3"], vec![], "test images of their own"),
        (vec!["command=true"], vec![], "only objective=program"),
        (vec![], data.to_vec(), "empty"),
        (
            vec![],
            vec!["--data", "x.csv", "--target", "y"],
            "takes a folder",
        ),
    ] {
        let output = bench.run(search("random", &more).iter().chain(&args));
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {told}");
        assert!(told.contains(said), "{more:?}: {told}");
    }
}

/// Two cards of a simulated driver.
fn two_gpus(bench: &Bench) -> String {
    let file = bench.write("gpus.toml", "[[gpu]]\ncount = 2\nname = 'Made-up GPU'\n");
    file.display().to_string()
}

#[test]
fn a_trial_has_one_gpu_and_a_worker_for_it() {
    let bench = Bench::new();
    let scenario = two_gpus(&bench);
    for (gpus, code, said) in [
        ("trial_gpus=2", 2, "computes on one GPU"),
        ("trial_gpus=0.5", 3, "workbench setup --cuda"),
    ] {
        let mut command = bench.command();
        let output = command
            .args(["--simulate-gpus", &scenario])
            .args(search("random", &[gpus]))
            .env("WORKBENCH_CACHE_DIR", bench.path("cache"))
            .env_remove("WORKBENCH_WORKER")
            .env_remove("LIBTORCH")
            .output()
            .unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{gpus}: {told}");
        assert!(told.contains(said), "{gpus}: {told}");
    }
}

/// The program where nothing lies beside it: cargo may have built a worker there.
fn alone(bench: &Bench) -> PathBuf {
    let alone = bench.path("workbench");
    fs::copy(env!("CARGO_BIN_EXE_workbench"), &alone).unwrap();
    alone
}

/// Where nothing was set up, and where a worker is named that is not there.
#[test]
fn without_the_worker_it_says_what_to_do() {
    let bench = Bench::new();
    let args = search("random", &[]);
    let mut own = Command::new(alone(&bench));
    own.env("WORKBENCH_RUN_DIR", bench.runs())
        .env_remove("WORKBENCH_WORKER")
        .env_remove("LIBTORCH");
    let mut named = bench.command();
    named.env("WORKBENCH_WORKER", bench.path("nowhere"));
    for (command, said) in [
        (&mut own, "objective=cnn trains in processes of their own"),
        (&mut named, "there is no such file"),
    ] {
        let cache = bench.path("cache");
        let output = command
            .args(&args)
            .env("WORKBENCH_CACHE_DIR", cache)
            .output();
        let output = output.unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains(said), "{told}");
        assert!(told.contains("workbench"), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
    assert!(bench.run_names().is_empty());
}

/// A few processes of the worker train on few images while the form is open.
#[test]
fn a_search_on_images_is_estimated_before_it_starts() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    fs::create_dir_all(bench.path("config/workbench")).unwrap();
    let config = "lab = \"tune\"\npreset = \"cnn\"\n";
    bench.write("config/workbench/config.toml", config);
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Search hyperparameters");
    screen.press("\r");
    screen.wait_for("--lab tune --preset cnn");
    screen.wait_for("one epoch takes");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn images_are_searched_judged_and_the_best_model_is_kept() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    let args = search("random,random+asha,pbt", &["lr=loguniform(1e-4,1e-2)"]);
    let output = bench.run(args.iter().chain(&["--json"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for kind in ["failed_trials", "not_reproduced", "not_judged"] {
        assert!(findings(&document, kind).is_empty(), "{kind}");
    }
    // It copies states, and those of the worker are each trial's own.
    assert_eq!(findings(&document, "arm_left_out").len(), 1);
    let arms = document["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 2);
    for arm in arms {
        assert!(!arm["quality"]["test_mse"].is_null(), "{arm}");
        assert!(arm["cpu_s"][0].as_f64().unwrap() > 0.0);
    }
    // Some trials of asha are stopped or paused, others go on.
    let trials = bench.run(["tune", "trials", "latest", "--json"]);
    let trials: Vec<Value> = serde_json::from_slice(&trials.stdout).unwrap();
    let units = |trial: &Value| trial["units"].as_u64().unwrap();
    let of_asha = trials.iter().filter(|trial| trial["arm"] == "random+asha");
    let of_asha: Vec<u64> = of_asha.map(units).collect();
    assert!(of_asha.contains(&1) && of_asha.contains(&4), "{of_asha:?}");
    // Nothing of it needs the worker.
    let nowhere = bench.path("nowhere");
    let mut table = bench.command();
    let table = table
        .args(["tune", "trials", "latest"])
        .env("WORKBENCH_WORKER", nowhere);
    assert!(table.output().unwrap().status.success());

    let best = bench.run(["tune", "best", "latest", "--output", "model.json"]);
    assert_eq!(best.status.code(), Some(0), "{}", stderr(&best));
    let said = stdout(&best);
    assert!(
        said.contains("Mean cross entropy") && !said.contains("not deterministic"),
        "{said}"
    );
    let model = read_json(&bench.path("model.json"));
    assert!(model["test_mse"].as_f64().unwrap() > 0.0, "{model}");
    assert_eq!(model["model"]["checkpoint"], "model.ckpt");
    assert!(fs::metadata(bench.path("model.ckpt")).unwrap().len() > 100_000);
    // Temporary files go.
    let left = bench.files();
    assert!(
        left.iter().all(|file| !file.contains("workbench-best")),
        "{left:?}"
    );
    let command = model["command"].as_str().unwrap();
    assert!(
        command.contains("objective=cnn") && !command.contains("test_share"),
        "{command}"
    );
}
