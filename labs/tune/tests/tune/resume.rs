//! A search whose process was killed goes on from its record and its checkpoints: the same trials
//! as without the kill, and no rung twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{SMALL, request};
use workbench_experiment::lab::LabHost;
use workbench_experiment::{Control, Ended, OtherOrigin, resolve, resume, run};
use workbench_machine::{BuildFacts, UsableCores};
use workbench_record::{Event, RepeatState, RunStatus, RunStore};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    // The log first: what is written meanwhile is then newer than the log, as after a kill.
    let mut entries: Vec<PathBuf> = fs::read_dir(from)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort_by_key(|path| path.is_dir());
    for path in entries {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            // A draft, or a checkpoint that a newer one has replaced, may be gone by now.
            let _ = fs::copy(&path, &target);
        }
    }
}

/// Runs a search, and keeps what its directory holds once the log has so many points of curves.
fn play(arm: &str, workers: u32, killed_at: Option<u64>) -> (Ended, Option<tempfile::TempDir>) {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    let usable = UsableCores {
        cores: 2.0,
        limit: String::new(),
    };
    let arms = if arm == "random" {
        arm.to_owned()
    } else {
        format!("random,{arm}")
    };
    let request = request(&arms, workers, &SMALL);
    let config = resolve(lab.definition(), &request, &usable).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let kept = killed_at.map(|_| tempfile::tempdir().unwrap());
    let (from, to) = (
        dir.path().to_owned(),
        kept.as_ref().map(|kept| kept.path().to_owned()),
    );
    let mut points = 0;
    let subscriber = move |record: &workbench_record::Record| {
        points += u64::from(matches!(&record.event, Event::Metric { item: Some(_), .. }));
        if let (Some(to), true) = (&to, killed_at == Some(points) && is_point(record)) {
            copy(&from, to);
        }
    };
    let build = BuildFacts::default();
    let control = Control::default();
    let ended = run(
        lab.as_ref(),
        config,
        &build,
        &store,
        Box::new(subscriber),
        &control,
    )
    .unwrap();
    (ended, kept)
}

fn is_point(record: &workbench_record::Record) -> bool {
    matches!(&record.event, Event::Metric { item: Some(_), .. })
}

type Told = BTreeMap<(String, String), Vec<(u64, u64)>>;

/// The losses of all trials of all arms.
fn told(ended: &Ended) -> Told {
    let mut all = Told::new();
    for repeat in &ended.snapshot.repeats {
        for (item, points) in &repeat.item_curves["validation_mse"] {
            let points = points
                .iter()
                .map(|point| (point.step, point.value.to_bits()));
            all.insert((repeat.id.arm.clone(), item.clone()), points.collect());
        }
    }
    all
}

/// That nothing that was done and recorded was done again.
fn once(repeat: &RepeatState) {
    for (item, points) in &repeat.item_curves["validation_mse"] {
        let steps: BTreeSet<u64> = points.iter().map(|point| point.step).collect();
        assert_eq!(steps.len(), points.len(), "{item} has a point twice");
    }
    let mut kept = BTreeSet::new();
    for (_, event) in repeat
        .items
        .iter()
        .filter(|(_, event)| event.kept.is_some())
    {
        assert!(
            kept.insert((&event.item, event.kept)),
            "{} was kept twice",
            event.item
        );
    }
}

#[test]
fn a_killed_search_goes_on_where_it_was() {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    for (arm, moments) in [
        ("random", [1, 13, 40]),
        ("random+asha", [70, 90, 120]),
        ("pbt", [66, 85, 110]),
        ("random+hyperband", [65, 88, 104]),
    ] {
        let (unharmed, _) = play(arm, 1, None);
        // Also after the last point, when the search is over and its end not yet recorded.
        let last: usize = told(&unharmed).values().map(Vec::len).sum();
        for moment in moments.into_iter().chain([last as u64]) {
            let (_, kept) = play(arm, 1, Some(moment));
            let kept = kept.unwrap();
            let store = RunStore::open(Some(kept.path().to_owned())).unwrap();
            let left = store.find("latest").unwrap();
            let before = left.snapshot().unwrap();
            let begun = before.repeats.last().unwrap().clone();
            let build = BuildFacts::default();
            let origin = (&build, OtherOrigin::Refuse);
            let control = Control::default();
            let ended = resume(lab.as_ref(), &left, origin, Box::new(|_| {}), &control).unwrap();
            let why = ended.failure.as_ref().map(|failure| &failure.reason);
            assert_eq!(why, None, "{arm} at {moment}");
            assert_eq!(told(&ended), told(&unharmed), "{arm} at {moment}");
            for repeat in &ended.snapshot.repeats {
                once(repeat);
                workbench_lab_tune::replay(&ended.snapshot, repeat).unwrap();
            }
            // What was recorded before the kill is the beginning of what is there now.
            let mut now = ended.snapshot.repeats.iter();
            let now = now.find(|repeat| repeat.id == begun.id).unwrap();
            // The copy is made beside the search, which may be over by then.
            assert_eq!(
                now.items[..begun.items.len()],
                begun.items[..],
                "{arm} at {moment}"
            );
            assert_eq!(
                now.started_ns, begun.started_ns,
                "its time is that of both parts"
            );
        }
    }
}

#[test]
fn on_several_slots_nothing_that_was_finished_is_lost() {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    for moment in [5, 77, 100] {
        let (_, kept) = play("random+asha", 2, Some(moment));
        let kept = kept.unwrap();
        let store = RunStore::open(Some(kept.path().to_owned())).unwrap();
        let left = store.find("latest").unwrap();
        let build = BuildFacts::default();
        let origin = (&build, OtherOrigin::Refuse);
        let control = Control::default();
        let ended = resume(lab.as_ref(), &left, origin, Box::new(|_| {}), &control).unwrap();
        assert_eq!(ended.result.status, RunStatus::Completed);
        for repeat in &ended.snapshot.repeats {
            once(repeat);
            workbench_lab_tune::replay(&ended.snapshot, repeat).unwrap();
        }
    }
}

/// What a kill leaves of a search, once the log has so many points of curves.
fn killed(arm: &str, moment: u64) -> (tempfile::TempDir, workbench_record::RunDir) {
    let (_, kept) = play(arm, 1, Some(moment));
    let kept = kept.unwrap();
    let store = RunStore::open(Some(kept.path().to_owned())).unwrap();
    let left = store.find("latest").unwrap();
    (kept, left)
}

#[test]
fn another_program_begins_a_half_done_search_anew() {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    for is_same in [true, false] {
        let (_kept, left) = killed("random", 13);
        if !is_same {
            let log = fs::read_to_string(left.events()).unwrap();
            let known = &left.snapshot().unwrap().started.unwrap().machine;
            let program = known.program_sha256.as_deref().unwrap();
            fs::write(left.events(), log.replace(program, &"0".repeat(64))).unwrap();
        }
        let before = left.snapshot().unwrap().repeats[0].clone();
        let build = BuildFacts::default();
        let origin = (&build, OtherOrigin::KeepApart);
        let control = Control::default();
        let ended = resume(lab.as_ref(), &left, origin, Box::new(|_| {}), &control).unwrap();
        assert_eq!(ended.result.status, RunStatus::Completed);
        let repeat = &ended.snapshot.repeats[0];
        once(repeat);
        assert_eq!(repeat.started_ns == before.started_ns, is_same);
        // The log says that a repeat was made in two parts, and what was not measured over both.
        let finished = repeat.finished.as_ref().unwrap();
        assert_eq!(finished.usage.is_none(), is_same);
        assert_eq!(finished.conditions.is_none(), is_same);
        let mut warnings = ended.result.warnings.iter();
        let told = warnings.find(|found| found.kind == "repeat_continued");
        assert_eq!(
            told.map(|found| (found.subject.arm.as_deref(), found.subject.repeat)),
            is_same.then_some((Some("random"), Some(0)))
        );
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_the_search_and_no_trial() {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    let (unharmed, _) = play("random", 1, None);
    let (_kept, left) = killed("random", 13);
    let scratch = left.path().join("scratch/random-1-0");
    let blocked: Vec<PathBuf> = (0..8)
        .map(|trial| scratch.join(format!("draft-{trial}")))
        .collect();
    for draft in &blocked {
        let _ = fs::remove_file(draft);
        fs::create_dir_all(draft).unwrap();
    }
    let build = BuildFacts::default();
    let origin = (&build, OtherOrigin::Refuse);
    let control = Control::default();
    let ended = resume(lab.as_ref(), &left, origin, Box::new(|_| {}), &control).unwrap();
    assert_eq!(ended.result.status, RunStatus::Failed);
    let failure = ended.failure.unwrap().reason;
    assert!(failure.contains("checkpoint"), "{failure}");
    assert!(failure.contains("free space"), "{failure}");
    for draft in &blocked {
        fs::remove_dir(draft).unwrap();
    }
    let ended = resume(lab.as_ref(), &left, origin, Box::new(|_| {}), &control).unwrap();
    assert_eq!(ended.result.status, RunStatus::Completed);
    assert_eq!(told(&ended), told(&unharmed));
    once(&ended.snapshot.repeats[0]);
}
