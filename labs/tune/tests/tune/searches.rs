//! Searches from end to end: what they record, what stops them, and that their record gives every
//! decision back.

use std::collections::BTreeMap;

use crate::common::{SMALL, command, play, request, table, try_command};
use workbench_experiment::resolve;
use workbench_machine::UsableCores;
use workbench_record::{ItemPhase, Quantity, RepeatState, RunStatus};

const ALL: &str = "random,grid,tpe,random+median,random+asha,random+hyperband,tpe+asha,pbt";

/// The losses of every trial, in order.
fn losses(repeat: &RepeatState) -> BTreeMap<String, Vec<(u64, u64)>> {
    let curves = repeat.item_curves["validation_mse"].iter();
    let bits = |(item, points): (&String, &Vec<workbench_record::CurvePoint>)| {
        let points = points
            .iter()
            .map(|point| (point.step, point.value.to_bits()));
        (item.clone(), points.collect())
    };
    curves.map(bits).collect()
}

#[test]
fn every_way_searches_and_its_record_gives_all_decisions_back() {
    for workers in [1, 2] {
        let ended = play(&request(ALL, workers, &SMALL));
        assert_eq!(ended.result.status, RunStatus::Completed);
        for repeat in &ended.snapshot.repeats {
            let arm = &repeat.id.arm;
            assert!(!repeat.items.is_empty(), "{arm}");
            workbench_lab_tune::replay(&ended.snapshot, repeat).unwrap();
            let finished = repeat.finished.as_ref().unwrap();
            let best = match finished.quality["best_mse"] {
                Quantity::Number(best) => best,
                Quantity::Text(_) => f64::NAN,
            };
            let all = losses(repeat);
            let least = all
                .values()
                .flatten()
                .map(|(_, bits)| f64::from_bits(*bits));
            assert_eq!(
                least.fold(f64::INFINITY, f64::min).to_bits(),
                best.to_bits(),
                "{arm}"
            );
            // The budget of a search that stops none, and not a unit more than its last legs.
            assert!(
                finished.work["units"] <= 8 * 8 + 8,
                "{arm}: {:?}",
                finished.work
            );
        }
        // The target is what the base has at its end, so the base reaches it, within its time.
        let race = ended.result.race.as_ref().unwrap();
        let base = race.arm("random", workers).unwrap();
        assert_eq!(
            (race.target, race.target_of_base),
            (base.at_end.median, true)
        );
        let at_s = base.to_target_s[0].unwrap();
        assert!(at_s > 0.0 && at_s <= ended.result.arms[0].wall_s[0]);
        for arm in &race.arms {
            let (end, target) = (arm.at_end.median.unwrap(), race.target.unwrap());
            assert_eq!(arm.reached == 1, end <= target, "{}", arm.arm);
            assert!(arm.better_than_base.is_some() == (arm.arm != "random"));
        }
        let of = |arm: &str| {
            let mut repeats = ended.snapshot.repeats.iter();
            losses(repeats.find(|repeat| repeat.id.arm == arm).unwrap())
        };
        // The same trials in both: stopping changes only how long they are.
        let (random, asha) = (of("random"), of("random+asha"));
        for (trial, points) in random.iter().filter(|(trial, _)| asha.contains_key(*trial)) {
            let stopped = &asha[trial];
            assert_eq!(stopped[..], points[..stopped.len()], "{trial}");
        }
        assert!(
            asha.len() > random.len(),
            "what stopping saves goes into more trials"
        );
    }
}

#[test]
fn one_slot_gives_the_same_search_again_bit_for_bit() {
    let once = || {
        let ended = play(&request("random,tpe+asha,pbt,random+hyperband", 1, &SMALL));
        let repeats = ended.snapshot.repeats.iter();
        let told = |repeat: &RepeatState| {
            let events = repeat.items.iter().map(|(_, event)| event.clone());
            (
                repeat.id.clone(),
                losses(repeat),
                events.collect::<Vec<_>>(),
            )
        };
        let mut told: Vec<_> = repeats.map(told).collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        told
    };
    assert_eq!(once(), once());
}

#[test]
fn a_failing_trial_is_its_own_failure_and_is_tried_again() {
    let faults = ["fault=panic:trial=1,at=3;nan:trial=2,at=2,times=9"];
    let ended = play(&request("random", 2, &[&SMALL[..], &faults].concat()));
    assert_eq!(ended.result.status, RunStatus::Completed);
    let repeat = &ended.snapshot.repeats[0];
    workbench_lab_tune::replay(&ended.snapshot, repeat).unwrap();
    let last = |trial: &str| {
        let mut events = repeat.items.iter().rev().map(|(_, event)| event);
        events
            .find(|event| event.item == trial && event.kept.is_none())
            .unwrap()
            .clone()
    };
    assert_eq!(last("trial 1").phase, ItemPhase::Done);
    assert_eq!(last("trial 1").failures, 1);
    assert_eq!(last("trial 2").phase, ItemPhase::Failed);
    assert_eq!(last("trial 2").failures, 2);
    // What was tried again went on as if nothing had been.
    let unharmed = play(&request("random", 2, &SMALL));
    let (harmed, unharmed) = (losses(repeat), losses(&unharmed.snapshot.repeats[0]));
    assert_eq!(harmed["trial 1"], unharmed["trial 1"]);
    assert!(
        !ended
            .result
            .warnings
            .iter()
            .any(|found| found.kind == "not_reproduced")
    );
    assert!(
        ended
            .result
            .warnings
            .iter()
            .any(|found| found.kind == "failed_trials")
    );
}

#[test]
fn when_all_trials_fail_the_arm_has_failed_and_says_why() {
    let faults = ["fault=nan:at=1,times=9"];
    let ended = play(&request(
        "random,random+asha",
        2,
        &[&SMALL[..], &faults].concat(),
    ));
    assert_eq!(ended.result.status, RunStatus::Failed);
    let failure = ended.failure.unwrap().reason;
    assert!(
        failure.contains("all of the search's 8 trials failed"),
        "{failure}"
    );
}

#[test]
fn one_trial_and_one_parameter_are_enough() {
    let one = ["trials=1", "lr=0.01", "batch=32", "hidden=16"];
    let ways = "random,grid,tpe,random+median,random+asha,random+hyperband,tpe+asha";
    let ended = play(&request(ways, 1, &[&SMALL[..], &one].concat()));
    assert_eq!(ended.result.status, RunStatus::Completed);
    assert!(ended.result.arms.iter().all(|arm| arm.work["trials"] >= 1));
}

#[test]
fn a_target_that_is_never_reached_is_censored_and_said() {
    let far = ["target=1e-9"];
    let ended = play(&request(
        "random,random+asha",
        2,
        &[&SMALL[..], &far].concat(),
    ));
    assert_eq!(ended.result.check.target_reached, Some(false));
    assert!(ended.result.arms[1].speedup.is_none());
    let race = ended.result.race.unwrap();
    assert!(
        race.arms
            .iter()
            .all(|arm| arm.reached == 0 && arm.censored() == 1)
    );
    let told: String = ended
        .result
        .warnings
        .iter()
        .map(|found| found.text.as_str())
        .collect();
    assert!(told.contains("Target not reached"), "{told}");
}

#[test]
fn forests_are_searched_by_their_trees() {
    let forest = ["objective=forest"];
    let ended = play(&request(
        "random,random+asha",
        2,
        &[&SMALL[..4], &forest].concat(),
    ));
    assert_eq!(ended.result.status, RunStatus::Completed);
    for repeat in &ended.snapshot.repeats {
        workbench_lab_tune::replay(&ended.snapshot, repeat).unwrap();
    }
    assert!(
        !ended
            .result
            .warnings
            .iter()
            .any(|found| found.kind == "not_reproduced")
    );
}

#[test]
fn spaces_are_refused_with_the_place_of_the_mistake() {
    let lab = workbench_lab_tune::lab(workbench_experiment::lab::LabHost::default()).unwrap();
    let usable = UsableCores {
        cores: 2.0,
        limit: String::new(),
    };
    for (set, told) in [
        ("lr=loguniform(0,1)", "begin above 0"),
        ("lr=loguniform(1e-4", "expected"),
        ("lr=uniform(2,1)", "lower bound"),
        ("batch=choice(16,16)", "twice"),
        ("hidden=uniform(1,9)", "a whole number"),
        ("batch=grid(0,16)", "a whole number from 1"),
        ("optimizer=choice(adam,lamb)", "one of adam, sgd"),
        ("momentum=uniform(0,0.9) if optimiser = sgd", "optimi"),
        ("space=/no/such/file.toml", "cannot be read"),
        ("space=/dev/zero", "this is no file"),
        (
            "space=lr=uniform(0.1,0.2);;rl=uniform(0.1,0.2)",
            "no parameter rl",
        ),
        ("max_depth=integer(2,9)", "does not have it"),
        ("max_depth=", "does not have it"),
        ("grace=99", "at most that many"),
        ("fault=explode:trial=1", "panic or nan"),
    ] {
        let request = request("random", 1, &[&SMALL[..], &[set]].concat());
        let config = resolve(lab.definition(), &request, &usable).unwrap();
        let refused = lab.prepare(&config).err().map(|error| error.to_string());
        assert!(
            refused.as_ref().is_some_and(|text| text.contains(told)),
            "{set}: {refused:?}"
        );
    }
}

#[test]
fn what_is_learnt_afterwards() {
    let exact = ["equal_budget=false", "oracle=true"];
    let arms = "random,random+median,random+asha,random+hyperband";
    let ended = play(&request(arms, 2, &[&SMALL[..], &exact].concat()));
    let output = command(&ended, "what-if", &[("slots", "1,2,64")]);
    let rows = &table(&output, 0).rows;
    assert_eq!(
        rows.len(),
        4 * 3,
        "every scheduler on every number of slots"
    );
    assert!(rows.iter().all(|row| !row[8].is_empty()), "{rows:?}");
    // The measured searches had the same trials, so each is compared with its prediction.
    assert_eq!(table(&output, 1).rows.len(), 4);
    // Curves of trials that were stopped and finished afterwards are whole, too.
    let asha = command(&ended, "what-if", &[("arm", "random+asha"), ("slots", "1")]);
    assert!(
        table(&asha, 0).rows.iter().all(|row| !row[8].is_empty()),
        "{asha:?}"
    );

    let best = command(&ended, "best", &[("output", "model.json")]);
    let (_, bytes) = &best.files[0];
    let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(
        document["model"]["feature_means"].as_array().unwrap().len(),
        8
    );
    let least = ended
        .result
        .arms
        .iter()
        .map(|arm| match arm.quality["best_mse"] {
            Quantity::Number(best) => best,
            Quantity::Text(_) => f64::NAN,
        });
    let least = least.fold(f64::INFINITY, f64::min);
    assert_eq!(
        document["validation_mse"].as_f64().unwrap().to_bits(),
        least.to_bits()
    );

    let trials = command(
        &ended,
        "trials",
        &[("csv", "trials.csv"), ("arm", "random")],
    );
    let lines = String::from_utf8(trials.files[0].1.clone()).unwrap();
    assert_eq!(lines.lines().count(), 1 + 8);
    assert_eq!(trials.document.as_array().unwrap().len(), 8);
}

#[test]
fn measured_searches_are_compared_by_the_settings_that_they_had() {
    let exact = ["equal_budget=false", "oracle=true", "at_once=1"];
    let ended = play(&request(
        "random,random+asha",
        2,
        &[&SMALL[..], &exact].concat(),
    ));
    let asked = command(&ended, "what-if", &[("slots", "1"), ("reduction", "4")]);
    let usual = command(&ended, "what-if", &[("slots", "1"), ("reduction", "0")]);
    assert_eq!(table(&asked, 1).rows, table(&usual, 1).rows);
    // One trial at once is one slot, whatever the workers.
    assert_eq!(table(&usual, 1).rows[0][3], table(&usual, 0).rows[0][2]);
    assert!(
        table(&usual, 0).title.contains("random on 2 workers"),
        "{}",
        table(&usual, 0).title
    );
}

#[test]
fn the_best_is_not_trained_again_on_other_data() {
    let mut ended = play(&request("random", 1, &SMALL));
    let best = command(&ended, "best", &[]);
    let again = best.document["command"].as_str().unwrap();
    assert!(again.contains(" --repeats 1"), "{again}");
    let told = best.said.join(" ");
    let is_first = best.document["trial"].as_u64() == Some(0);
    assert_eq!(told.contains("Train it again"), is_first, "{told}");
    let other = "0".repeat(64);
    ended.snapshot.started.as_mut().unwrap().data_sha256 = Some(other);
    let refused = try_command(&ended, "best", &[]).unwrap_err();
    assert!(
        matches!(&refused, workbench_experiment::lab::LabError::Config(text)
            if text.contains("the data has changed")),
        "{refused}"
    );
}
