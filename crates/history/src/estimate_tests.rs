//! What an estimate is made of, and how it is told.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use workbench_experiment::lab::{LabError, PreparedLab, RepeatTime};
use workbench_experiment::{Request, resolve};
use workbench_machine::UsableCores;
use workbench_record::Until;

use super::*;

const LAB: &str = r#"
name = "toy"
title = "BrickLab"
summary = "A lab of these tests."
base = "serial"
default_preset = "standard"

[[arm]]
name = "serial"
title = "Serial"
summary = "One after the other."
parallel = false

[[arm]]
name = "tasks"
title = "Tasks"
summary = "On a pool."
parallel = true

[[arm]]
name = "search"
title = "Search"
summary = "May end early."
parallel = true

[[arm]]
name = "others"
title = "Others"
summary = "Another engine."
parallel = true
peer = { needs = ["engine"] }

[peers]
download_mb = 1
disk_mb = 1
packages = [{ name = "engine", module = "engine", version = "1.0.0", least = "1.0" }]

[param.rows]
type = "integer"
min = 0
max = 10
default = 0
help = "Rows."

[preset.standard]
help = "All."
repeats = 5
"#;

struct BrickLab(LabDefinition);

impl Lab for BrickLab {
    fn definition(&self) -> &LabDefinition {
        &self.0
    }

    fn handout(&self) -> &'static str {
        ""
    }

    fn repeat_time(&self, asked: &RepeatAsked<'_>, timed: &Calibration) -> Option<RepeatTime> {
        let bound = match asked.arm {
            "others" => return None,
            "search" => TimeBound::AtMost,
            _ => TimeBound::AtLeast,
        };
        let workers = f64::from(asked.workers);
        Some(RepeatTime {
            seconds: timed.seconds(timed.units as f64, workers, asked.cores),
            bound,
        })
    }

    fn prepare(&self, _: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        Err(LabError::Config("it is not run".to_owned()))
    }
}

fn calibration() -> Calibration {
    Calibration {
        unit: "brick".to_owned(),
        on: TimedOn::Threads(1),
        unit_s: 0.5,
        units: 8,
    }
}

fn told(
    (arms, workers): (&[&str], &[u32]),
    found: &Result<Calibration, NotTimed>,
    change: impl FnOnce(&mut RunConfig),
) -> String {
    let lab = BrickLab(LabDefinition::parse(LAB).unwrap());
    let request = Request {
        arms: arms.iter().map(|arm| (*arm).to_owned()).collect(),
        workers: workers.to_vec().into(),
        oversubscribe: true,
        ..Request::default()
    };
    let usable = UsableCores {
        cores: 4.0,
        limit: String::new(),
    };
    let mut config = resolve(&lab.0, &request, &usable).unwrap();
    change(&mut config);
    let timed = TimedLab {
        lab: &lab,
        found,
        cores: usable.cores,
    };
    let none = std::iter::empty();
    estimate(none, &config, &lab.0, Some(timed)).told()
}

#[test]
fn what_was_timed_is_reckoned_for_all_that_runs() {
    let serial: &[&str] = &["serial", "tasks"];
    let all = |arms, workers, change: fn(&mut RunConfig)| {
        told((arms, workers), &Ok(calibration()), change)
    };
    // 4 s, and 2 s on two workers, five times each.
    assert_eq!(
        all(serial, &[2], |_| {}),
        "at least 30.0 s: one brick takes 500 ms on one core here"
    );
    // 4 cores do no more with 8 workers.
    let most = all(serial, &[1, 4, 8], |_| {});
    assert!(most.starts_with("at least 50.0 s:"), "{most}");
    let control = all(serial, &[2], |config| config.control = true);
    assert!(control.starts_with("at least 50.0 s:"), "{control}");
}

/// A sum is said to be a bound only where all of it is.
#[test]
fn what_the_seconds_are_to_the_real_ones_is_said() {
    let of =
        |arms: &[&str], change: fn(&mut RunConfig)| told((arms, &[2]), &Ok(calibration()), change);
    let only_search = |config: &mut RunConfig| config.arms = vec!["search".to_owned()];
    let told = of(&["serial", "search"], only_search);
    assert!(told.starts_with("at most 10.0 s:"), "{told}");
    let told = of(&["serial", "search"], |_| {});
    assert!(told.starts_with("about 30.0 s:"), "{told}");
    let told = of(&["serial", "others"], |_| {});
    assert!(
        told.starts_with("at least 20.0 s without others:"),
        "{told}"
    );
    // How many repeats there will be is not known.
    let told = of(&["serial", "search"], |config| {
        config.arms = vec!["search".to_owned()];
        let (width, max_time_s) = (0.02, 600);
        config.until = Some(Until { width, max_time_s });
    });
    assert!(told.starts_with("about 10.0 s:"), "{told}");
}

#[test]
fn what_it_was_timed_on_is_said() {
    for (on, words) in [
        (TimedOn::Threads(1), "on one core here"),
        (TimedOn::Threads(3), "on 3 threads here"),
        (TimedOn::Gpu, "on one GPU here"),
    ] {
        let found = Ok(Calibration {
            on,
            ..calibration()
        });
        let told = told((&["serial"], &[1]), &found, |_| {});
        assert!(told.ends_with(words), "{told}");
    }
}

#[test]
fn why_nothing_is_known_is_said() {
    let no_run = "not known: no run of `standard` was completed here yet";
    let unset = format!("{no_run}, and what does the work is not set up to be timed");
    let failed = format!("{no_run}, and its work could not be timed");
    let programs = "not known: programs do the work, and none is run before the start";
    for (why, words) in [
        (NotTimed::NoUnit, no_run),
        (NotTimed::Programs, programs),
        (NotTimed::NotSetUp, &unset),
        (NotTimed::Failed, &failed),
    ] {
        let told = told((&["serial"], &[1]), &Err(why), |_| {});
        assert_eq!(told, words);
    }
}
