//! Classification, missing values, and the choice of the engine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use workbench_clock::Clock;
use workbench_experiment::lab::{
    After, ArmContext, ArmOutput, Lab, LabError, Opt, PreparedLab, Progress, Quantity,
};
use workbench_experiment::{Request, resolve};
use workbench_lab_rf::RandomForests;
use workbench_machine::usable_cores;
use workbench_pool::Pool;

/// Two classes of words that a line separates, with some missing values and some mistakes.
fn flowers(dir: &Path) -> PathBuf {
    let mut text = "length,width,species\n".to_owned();
    for row in 0..400_u32 {
        let (length, width) = (row * 37 % 101, row * 53 % 97);
        let is_rose = (length > width) != (row % 40 == 0);
        let species = if is_rose { "rose" } else { "iris" };
        if row % 25 == 0 {
            let _ = writeln!(text, ",{width},{species}");
        } else {
            let _ = writeln!(text, "{length},{width},{species}");
        }
    }
    let path = dir.join("flowers.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn prepare(data: Option<(PathBuf, &str)>, set: &[&str]) -> Result<Box<dyn PreparedLab>, LabError> {
    prepare_seeded(data, set, 42)
}

fn prepare_seeded(
    data: Option<(PathBuf, &str)>,
    set: &[&str],
    seed: u64,
) -> Result<Box<dyn PreparedLab>, LabError> {
    let lab = RandomForests::new().unwrap();
    let mut request = Request {
        set: set.iter().map(|set| (*set).to_owned()).collect(),
        preset: Some("quick".to_owned()),
        seed: Some(seed),
        ..Request::default()
    };
    if let Some((path, target)) = data {
        request.data = Some(path);
        request.target = Some(target.to_owned());
    }
    let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    lab.prepare(&config)
}

fn run(lab: &dyn PreparedLab, arm: &str) -> (ArmOutput, After) {
    let clock = Clock::start();
    let pool = Pool::builder().workers(2).clock(clock).build().unwrap();
    let after = After::default();
    let output = lab.run_arm(
        arm,
        &ArmContext {
            pool: (arm != "sequential").then_some(&pool),
            workers: 2,
            repeat: 0,
            scratch: Path::new(""),
            clock,
            progress: &Progress::default(),
            record: &(),
            before: None,
            spans: &|_| {},
            after: &after,
        },
    );
    (output.unwrap(), after)
}

#[test]
fn words_are_learnt_as_classes_by_every_arm_alike() {
    let dir = tempfile::tempdir().unwrap();
    let data = (flowers(dir.path()), "species");
    let lab = prepare(Some(data), &["models=2", "n_estimators_first=10"]).unwrap();
    let kinds: Vec<String> = lab.warnings().into_iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["missing_values", "sorted_once"]);
    let (expected, after) = run(lab.as_ref(), "sequential");
    for arm in ["tasks", "trees"] {
        assert_eq!(run(lab.as_ref(), arm).0, expected, "{arm}");
    }
    let Some(Quantity::Number(accuracy)) = expected.quality.get("best_accuracy") else {
        panic!("{:?}", expected.quality);
    };
    assert!((0.85..=1.0).contains(accuracy), "{accuracy}");
    let metrics = &expected.items[0].metrics;
    assert!(
        (0.8..=1.0).contains(&metrics["oob_accuracy"]),
        "{metrics:?}"
    );
    assert!(!metrics.contains_key("mse"));
    let analysis = after.run().unwrap();
    assert_eq!(analysis.best.unwrap().metric, "accuracy");
    let inputs: Vec<String> = analysis.importances.into_iter().map(|i| i.input).collect();
    assert_eq!(inputs.len(), 2);
}

#[test]
fn numbers_are_classes_on_request_if_they_are_few() {
    let set = ["task=classification"];
    let error = prepare(None, &set).err().unwrap();
    let task = Opt::Set("task".to_owned());
    let is_task = |error: &LabError| match error {
        LabError::Refused(refusal) => refusal.option == task,
        _ => false,
    };
    assert!(is_task(&error), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("digits.csv");
    let rows = (0..200).map(|row| format!("{},{},{}\n", row % 7, row % 11, row % 3));
    std::fs::write(&path, "a,b,kind\n".to_owned() + &rows.collect::<String>()).unwrap();
    let lab = prepare(Some((path, "kind")), &set).unwrap();
    let (output, _) = run(lab.as_ref(), "tasks");
    assert!(output.quality.contains_key("best_accuracy"));
}

#[test]
fn smartcore_is_an_engine_for_what_it_can_do() {
    let small = ["engine=smartcore", "rows=300", "models=2"];
    let lab = prepare(None, &small).unwrap();
    let (output, _) = run(lab.as_ref(), "trees");
    assert!(!output.items[0].metrics.contains_key("oob_mse"));
    assert_eq!(run(lab.as_ref(), "sequential").0, output);
    for set in ["max_features=sqrt", "task=classification"] {
        let error = prepare(None, &["engine=smartcore", set]).err().unwrap();
        assert!(error.to_string().contains("engine=forest"), "{error}");
    }
    let dir = tempfile::tempdir().unwrap();
    let data = (flowers(dir.path()), "species");
    assert!(prepare(Some(data), &["engine=smartcore"]).is_err());
}

#[test]
fn both_engines_learn_alike() {
    let mse = |engine: &str| {
        let set = [engine, "rows=4000", "models=1", "n_estimators_first=60"];
        let lab = prepare(None, &set).unwrap();
        run(lab.as_ref(), "trees").0.items[0].metrics["mse"]
    };
    let (ours, theirs) = (mse("engine=forest"), mse("engine=smartcore"));
    assert!(
        (ours / theirs - 1.0).abs() < 0.05,
        "{ours} against {theirs}"
    );
}

#[test]
fn parameters_of_the_forest_change_what_is_grown() {
    let hash = |set: &str| {
        let lab = prepare(None, &["rows=600", "models=1", set]).unwrap();
        run(lab.as_ref(), "tasks").0.items[0].sha256.clone()
    };
    let all = hash("max_features=all");
    assert_ne!(all, hash("max_features=sqrt"));
    assert_ne!(all, hash("bootstrap=false"));
    assert_eq!(all, hash("max_features=8"));
}

/// A class of one row is in the test rows for some seeds and in the training rows for others.
#[test]
fn a_class_that_no_tree_has_seen_is_predicted_wrongly_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rare.csv");
    let rows = (0..100).map(|row| {
        let kind = match row {
            0 => "zebra",
            _ if row % 2 == 0 => "even",
            _ => "odd",
        };
        format!("{},{kind}\n", row % 2)
    });
    std::fs::write(
        &path,
        "parity,kind\n".to_owned() + &rows.collect::<String>(),
    )
    .unwrap();
    let accuracies: Vec<f64> = (0..12)
        .map(|seed| {
            let lab = prepare_seeded(Some((path.clone(), "kind")), &["models=1"], seed).unwrap();
            let (output, _) = run(lab.as_ref(), "sequential");
            assert_eq!(run(lab.as_ref(), "trees").0, output);
            output.items[0].metrics["accuracy"]
        })
        .collect();
    // 20 test rows: all right, or all but the zebra.
    let wrong = |accuracy: &f64| ((1.0 - accuracy) * 20.0).round();
    let wrong: Vec<f64> = accuracies.iter().map(wrong).collect();
    assert!(wrong.iter().all(|wrong| *wrong <= 1.0), "{accuracies:?}");
    assert!(
        wrong.contains(&1.0) && wrong.contains(&0.0),
        "{accuracies:?}"
    );
}
