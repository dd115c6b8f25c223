//! Running a lab: the effect of controlling it from outside on the plan, the record and the result.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

mod toy;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use toy::{Toy, play, play_and_watch};
use workbench_experiment::lab::{LabError, ParamValue, SlotState};
use workbench_experiment::{Control, Ended, OtherOrigin, resume};
use workbench_machine::BuildFacts;
use workbench_record::{
    ArmFailure, ArmFailureKind, ControllerPhase, ControllerState, Event, Finding, QUEUE, Record,
    RunStatus, Snapshot,
};
use workbench_report::headline;
use workbench_result::compute;

/// This program on this machine.
const HERE: (&BuildFacts, OtherOrigin) = (&BUILD, OtherOrigin::Refuse);
const BUILD: BuildFacts = BuildFacts {
    compiler: "",
    profile: "",
    version: "",
    commit: None,
};

fn finished(ended: &Ended, arm: &str) -> usize {
    let of = |a: &&workbench_result::ArmResult| a.name == arm;
    ended
        .result
        .arms
        .iter()
        .filter(of)
        .map(|a| a.wall_s.len())
        .sum()
}

#[test]
fn a_stopped_arm_ends_and_the_others_go_on() {
    let control = Control::default();
    let steered = control.clone();
    let toy = Toy::new(move |arm, _| {
        if arm == "many" {
            steered.stop_arm("many");
        }
        Ok(())
    });
    let (ended, records, _dir) = play(&toy, 3, &control);
    assert_eq!(ended.result.status, RunStatus::Completed);
    assert_eq!((finished(&ended, "one"), finished(&ended, "many")), (3, 0));
    let stops = records
        .iter()
        .filter(|r| matches!(&r.event, Event::ArmStopped { arm } if arm == "many"))
        .count();
    assert_eq!(stops, 1);
    let told = |w: &Finding| w.kind == "arm_stopped" && w.text.contains("many was stopped by hand");
    assert!(
        ended.result.warnings.iter().any(told),
        "{:?}",
        ended.result.warnings
    );
}

#[test]
fn resuming_does_what_a_stopped_arm_left_undone() {
    let control = Control::default();
    let steered = control.clone();
    let toy = Toy::new(move |arm, _| {
        if arm == "many" {
            steered.stop_arm("many");
        }
        Ok(())
    });
    let (ended, _, _dir) = play(&toy, 2, &control);
    let mut calm = Toy::new(|_, _| Ok(()));
    calm.crowded = true;
    let ended = resume(
        &calm,
        &ended.run,
        HERE,
        Box::new(|_| {}),
        &Control::default(),
    )
    .unwrap();
    assert_eq!((finished(&ended, "one"), finished(&ended, "many")), (2, 2));
    assert!(ended.snapshot.stopped_arms.is_empty());
    let mut warnings = ended.result.warnings.iter();
    assert!(!warnings.any(|w| w.text.contains("by hand")));
}

#[test]
fn what_an_arm_says_is_in_the_record_within_its_repeat() {
    let toy = Toy::new(|arm, ctx| {
        ctx.progress
            .metric("loss", 7, if arm == "one" { 0.5 } else { 0.25 });
        ctx.progress.metric("loss", 8, f64::NAN);
        ctx.progress.output("rank 0", "hello");
        ctx.progress.state(ControllerState {
            phase: ControllerPhase::Running,
            text: "running".to_owned(),
            attempt: 1,
            workers: Some(ctx.workers),
        });
        for steps in 1..=3 {
            ctx.progress.slot(SlotState {
                steps,
                ..SlotState::default()
            });
        }
        Ok(())
    });
    let control = Control::default();
    control.output("library", "a warning");
    let (ended, _, _dir) = play(&toy, 1, &control);
    for repeat in &ended.snapshot.repeats {
        let curve = &repeat.curves["loss"];
        assert_eq!(curve.len(), 1, "what is no number is no point");
        let point = curve[0];
        assert_eq!(point.step, 7);
        assert!((point.value - if repeat.id.arm == "one" { 0.5 } else { 0.25 }).abs() < 1e-12);
        assert_eq!(repeat.slots[&0].now().unwrap().steps, 3, "the last word");
        assert_eq!(repeat.states.len(), 1);
        assert_eq!(repeat.states[0].1.text, "running");
        let end = repeat.started_ns + repeat.wall_ns();
        assert!((repeat.started_ns..=end).contains(&point.t_ns), "{point:?}");
    }
    let facts = &ended.result.arms[0].breakdown.facts;
    assert_eq!(facts["checkpoints"], 2);
    let sources: Vec<&str> = ended
        .snapshot
        .output
        .iter()
        .map(|o| o.source.as_str())
        .collect();
    assert_eq!(sources.iter().filter(|s| **s == "rank 0").count(), 2);
    assert_eq!(sources.iter().filter(|s| **s == "library").count(), 1);
}

#[test]
fn a_log_that_cannot_keep_up_is_no_stop() {
    let (going_on, goes_on) = std::sync::mpsc::channel();
    let goes_on = Mutex::new(Some(goes_on));
    let toy = Toy::new(move |_, ctx| {
        if let Some(goes_on) = goes_on.lock().unwrap().take() {
            // More than may wait to be written.
            for _ in 0..3 * QUEUE {
                ctx.progress.output("arm", "a line");
            }
            goes_on.recv().unwrap();
            // Recorded with the next tick, when all of it has been looked at.
            ctx.progress.output("arm", "the last line");
            goes_on.recv().unwrap();
        }
        Ok(())
    });
    let mut held_up = false;
    let (ended, records, _dir) = play_and_watch(&toy, 1, &Control::default(), move |record| {
        let Event::Output { text, .. } = &record.event else {
            return;
        };
        if text == "a line" && !std::mem::replace(&mut held_up, true) {
            // A slow disk, for longer than the program used CPU time before.
            std::thread::sleep(Duration::from_millis(1500));
            going_on.send(()).unwrap();
        }
        if text == "the last line" {
            going_on.send(()).unwrap();
        }
    });
    assert_eq!((finished(&ended, "one"), finished(&ended, "many")), (1, 1));
    let stopped = records.iter().filter_map(|record| match &record.event {
        Event::RepeatFinished(finished) => Some(finished.conditions.as_ref().unwrap().stopped_ns),
        _ => None,
    });
    assert_eq!(stopped.collect::<Vec<u64>>(), [0, 0]);
}

#[test]
fn what_a_screen_costs_is_stated_and_changes_nothing_else() {
    let control = Control::default();
    let watching = control.clone();
    let toy = Toy::new(move |_, _| {
        watching.add_screen_cpu_ns(1_000_000);
        Ok(())
    });
    let (ended, records, _dir) = play(&toy, 2, &control);
    assert!((ended.result.instrument.screen_cpu_s - 0.004).abs() < 1e-12);
    // The same run without a screen.
    let unwatched = records.into_iter().map(|mut record| {
        match &mut record.event {
            Event::RepeatFinished(finished) => finished.screen_cpu_ns = 0,
            Event::RunFinished { screen_cpu_ns, .. } => *screen_cpu_ns = 0,
            _ => {}
        }
        record
    });
    let unwatched: Vec<Record> = unwatched.collect();
    let snapshot = Snapshot::of(&unwatched);
    let mut result = compute(&snapshot).unwrap();
    assert_eq!(result.instrument.screen_cpu_s.to_bits(), 0.0_f64.to_bits());
    result.instrument = ended.result.instrument;
    // Only what is computed from a directory has one.
    result.fingerprint.clone_from(&ended.result.fingerprint);
    assert_eq!(result, ended.result);
}

#[test]
fn stopping_the_run_keeps_what_is_finished() {
    let control = Control::default();
    let steered = control.clone();
    let second = AtomicBool::new(false);
    let toy = Toy::new(move |_, _| {
        if second.swap(true, Ordering::SeqCst) {
            assert!(!steered.stop());
        }
        Ok(())
    });
    let (ended, _, _dir) = play(&toy, 3, &control);
    assert_eq!(ended.result.status, RunStatus::Interrupted);
    assert_eq!(finished(&ended, "one") + finished(&ended, "many"), 1);
}

#[test]
fn an_arm_that_fails_ends_and_the_others_go_on() {
    let toy = Toy::new(|arm, _| match arm {
        "many" => Err(LabError::Failed("it broke".to_owned())),
        _ => Ok(()),
    });
    let (ended, _, _dir) = play(&toy, 3, &Control::default());
    assert_eq!(ended.result.status, RunStatus::Failed);
    assert_eq!(ended.failure.as_ref().unwrap().reason, "it broke");
    assert_eq!((finished(&ended, "one"), finished(&ended, "many")), (3, 0));
    let told = ended
        .result
        .warnings
        .iter()
        .filter(|w| w.text.contains("many failed: it broke"));
    assert_eq!(told.count(), 1, "{:?}", ended.result.warnings);
}

#[test]
fn what_the_machine_lacks_ends_the_run() {
    let toy = Toy::new(|_, _| Err(LabError::Environment("no such thing".to_owned())));
    let (ended, records, _dir) = play(&toy, 3, &Control::default());
    assert_eq!(ended.result.status, RunStatus::Failed);
    let begun = records
        .iter()
        .filter(|r| matches!(r.event, Event::RepeatStarted(_)));
    assert_eq!(begun.count(), 1);
}

#[test]
fn a_repeat_has_a_directory_of_its_own_that_is_gone_when_it_is_done() {
    let seen: Arc<Mutex<Vec<std::path::PathBuf>>> = Arc::default();
    let dirs = Arc::clone(&seen);
    let toy = Toy::new(move |_, ctx| {
        assert!(!ctx.scratch.exists());
        std::fs::create_dir_all(ctx.scratch).unwrap();
        std::fs::write(ctx.scratch.join("checkpoint"), "x").unwrap();
        dirs.lock().unwrap().push(ctx.scratch.to_owned());
        ctx.progress
            .report(Finding::warning("odd", "Something is odd."));
        Ok(())
    });
    // A kill right before the end is recorded must find the files that the repeat goes on from.
    let (last, checked) = (Arc::clone(&seen), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&checked);
    let watch = move |record: &Record| {
        if matches!(record.event, Event::RepeatFinished(_)) {
            let dir = last.lock().unwrap().last().cloned().unwrap();
            assert!(
                dir.join("checkpoint").exists(),
                "gone before it is recorded"
            );
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let (ended, _, _dir) = play_and_watch(&toy, 2, &Control::default(), watch);
    assert_eq!(checked.load(Ordering::SeqCst), 4);
    let dirs = seen.lock().unwrap();
    let distinct: std::collections::BTreeSet<_> = dirs.iter().collect();
    assert_eq!((dirs.len(), distinct.len()), (4, 4));
    assert!(
        dirs.iter()
            .all(|dir| !dir.exists() && dir.starts_with(ended.run.path()))
    );
    assert!(!ended.run.path().join("scratch").exists());
    assert!(
        ended
            .result
            .warnings
            .contains(&Finding::warning("odd", "Something is odd."))
    );
}

#[test]
fn the_cpu_time_of_processes_counts_as_the_runs_own() {
    let toy = Toy::new(|arm, ctx| {
        if arm == "many" {
            ctx.progress.set_processes_cpu_ns(70_000_000_000);
        }
        Ok(())
    });
    let (ended, _, _dir) = play(&toy, 1, &Control::default());
    let cpu_s = |arm: &str| {
        ended
            .result
            .arms
            .iter()
            .find(|a| a.name == arm)
            .unwrap()
            .cpu_s[0]
    };
    assert!(cpu_s("many") >= 70.0 && cpu_s("one") < 60.0);
}

/// A toy one of whose arms fails the first time.
fn failing() -> Toy {
    Toy::new(|arm, _| match arm {
        "many" => Err(LabError::Failed("rank 1 died".to_owned())),
        _ => Ok(()),
    })
}

#[test]
fn a_failed_arm_is_in_the_record_and_the_others_go_on() {
    let (ended, records, _dir) = play(&failing(), 3, &Control::default());
    let failures: Vec<&Record> = records
        .iter()
        .filter(|r| matches!(r.event, Event::ArmFailed(_)))
        .collect();
    assert_eq!(failures.len(), 1, "an arm that failed is not tried again");
    assert_eq!(
        failures[0].event,
        Event::ArmFailed(ArmFailure {
            arm: "many".to_owned(),
            kind: ArmFailureKind::Run,
            reason: "rank 1 died".to_owned()
        })
    );
    let (at_ns, failure) = &ended.snapshot.failed_arms["many"];
    assert_eq!(*at_ns, failures[0].t_ns);
    let said = |(at, found): &(u64, Finding)| at == at_ns && *found == failure.finding();
    assert!(ended.snapshot.findings.iter().any(said), "it is said once");
    assert!(ended.snapshot.has_given_up("many") && !ended.snapshot.has_given_up("one"));
    assert_eq!(ended.result.failed_arms, std::slice::from_ref(failure));
    assert_eq!(ended.result.asked.arms, ["one", "many"]);
    assert_eq!(ended.result.asked.workers, [1]);
    assert_eq!(finished(&ended, "one"), 3);
    let told = headline(&ended.result).join(" ");
    assert!(
        told.contains("many failed before all its repeats were done"),
        "{told}"
    );

    let calm = Toy::new(|_, _| Ok(()));
    let ended = resume(
        &calm,
        &ended.run,
        HERE,
        Box::new(|_| {}),
        &Control::default(),
    )
    .unwrap();
    assert!(ended.snapshot.failed_arms.is_empty() && ended.result.failed_arms.is_empty());
    assert_eq!(finished(&ended, "many"), 3);
}

#[test]
fn resuming_is_advised_unless_the_failure_was_asked_for() {
    let (ended, mut records, _dir) = play(&failing(), 2, &Control::default());
    let told = |warnings: &[Finding]| {
        let texts: Vec<&str> = warnings.iter().map(|found| found.text.as_str()).collect();
        texts.join(" ")
    };
    let advice = format!("`workbench resume {}` does the rest.", ended.run.id());
    assert!(told(&ended.result.warnings).contains(&advice));
    for record in &mut records {
        if let Event::RunStarted(started) = &mut record.event {
            let fault = ParamValue::Text("kill:rank=1,step=40".to_owned());
            started.config.params.insert("fault".to_owned(), fault);
            started.lab_facts.faults = Some("fault".to_owned());
        }
    }
    let result = compute(&Snapshot::of(&records)).unwrap();
    let told = told(&result.warnings);
    assert!(!told.contains(&advice), "{told}");
    for part in [
        "fault=kill:rank=1,step=40",
        "would meet the same fault and fail the same way",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn every_warning_has_the_time_at_which_it_was_said() {
    let toy = Toy::new(|arm, ctx| {
        let text = format!("{arm} says so.");
        ctx.progress.report(Finding::warning("said", text).arm(arm));
        Ok(())
    });
    let (ended, records, _dir) = play(&toy, 2, &Control::default());
    let said: Vec<(u64, Finding)> = records
        .iter()
        .filter_map(|r| match &r.event {
            Event::Finding(found) => Some((r.t_ns, found.clone())),
            _ => None,
        })
        .collect();
    let known = &ended.snapshot.findings;
    assert_eq!((said.len(), known.len()), (4, 2));
    for (at, found) in known {
        let first = said.iter().find(|(_, said)| said == found);
        assert_eq!(first.map(|(first, _)| first), Some(at));
    }
}
