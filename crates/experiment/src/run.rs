//! Runs a lab: prepares it once, times every planned repeat, and records everything.
//!
//! Belongs here: the order of what happens. Does not belong here: a single repeat
//! ([`super::runner`]), what the numbers mean ([`workbench_result`]) and what a lab does.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::beside::Beside;
use super::control::Control;
use super::disturbance::AtStart;
use super::error::ExperimentError;
use super::plan::plan;
use super::predictions::BeforeRun;
use super::resumption::{OtherOrigin, check_data, check_origin};
use super::rounds::RunEnd;
use super::runner::{Observing, RunWork, Runner, discard};
use super::start::{
    arm_facts, comparison, from_folder, lab_facts, no_locks, specialised, start_of, unix_ms,
};
use super::watch::{Watch, no_gpu_samples};
use crate::lab::{ArmComparison, Finding, Lab, PreparedLab, RunConfig};
use workbench_clock::Clock;
use workbench_machine::monitor::Observer;
use workbench_machine::{BuildFacts, MachineFacts};
use workbench_record::{
    ArmFailure, Event, FORMAT, Recorder, RepeatId, RepeatState, RunDir, RunResumed, RunStarted,
    RunStatus, RunStore, Snapshot, Subscriber,
};
use workbench_result::{RunLoaded, RunResult, store};

/// A run that has ended, completed or not.
pub struct Ended {
    /// Its directory.
    pub run: RunDir,
    /// Its events, folded.
    pub snapshot: Snapshot,
    /// Its result.
    pub result: RunResult,
    /// The first arm that failed, when the status is failed.
    pub failure: Option<ArmFailure>,
}

/// Runs a lab from the beginning. Leaves no files when the lab cannot be prepared. `build`
/// describes how the running program was built, for the record.
///
/// # Errors
/// When the lab cannot be prepared, or the record cannot be written. A failed arm is no error here:
/// the run ends with [`RunStatus::Failed`].
pub fn run(
    lab: &dyn Lab,
    mut config: RunConfig,
    build: &BuildFacts,
    store: &RunStore,
    subscriber: Subscriber,
    control: &Control,
) -> Result<Ended, ExperimentError> {
    let own = specialised(lab, &config.params)?;
    let lab = own.as_deref().unwrap_or(lab);
    let prepared = lab.prepare(&config)?;
    config.command += &from_folder(lab);
    let skipped = skip(&mut config, prepared.as_ref());
    config.params.extend(prepared.settled());
    config.data = prepared.data().unwrap_or(config.data);
    let machine = MachineFacts::probe().with_timed_cores().built(build);
    let no_gpus = machine.gpu_problem.as_ref().map(no_gpu_samples);
    let before = BeforeRun::read(lab, &config, store)?;
    let unix_ms = unix_ms();
    let run = store.create(&config.lab, unix_ms)?;
    let arms = arm_facts(lab, &config);
    let plan = plan(&config, &arms, config.repeats);
    let clock = Clock::start();
    let recorder = before
        .keep(&run)
        .and_then(|()| Recorder::create(&run.events(), clock, subscriber))
        .inspect_err(|_| run.clone().discard())?;
    recorder.emit(Event::RunStarted(Box::new(RunStarted {
        data_sha256: prepared.data_sha256(),
        split_sha256: prepared.split_sha256(),
        software: prepared.software(),
        format: FORMAT,
        run_id: run.id(),
        unix_ms,
        config: config.clone(),
        machine,
        lab_title: lab.definition().title.clone(),
        arms: arms.clone(),
        planned_repeats: plan.len() as u32,
        lab_facts: lab_facts(lab),
    })));
    before.lock(&recorder, unix_ms);
    introduce(&recorder, comparison(lab, prepared.as_ref()));
    let findings = prepared.warnings().into_iter();
    report(&recorder, findings.chain(no_gpus).chain(skipped));
    let work = RunWork::new(prepared.as_ref(), &config, &arms, plan);
    let ended = execute(&run, &work, clock, recorder, control);
    if ended.is_err() && run.snapshot().is_err() {
        // Not even its start could be recorded.
        run.discard();
    }
    ended
}

fn report(recorder: &Recorder, findings: impl Iterator<Item = Finding>) {
    findings.for_each(|finding| recorder.emit(Event::Finding(finding)));
}

/// Takes out of a run the arms that cannot run here; what a reader is told about them.
fn skip(config: &mut RunConfig, prepared: &dyn PreparedLab) -> Vec<Finding> {
    let skipped = prepared.skipped();
    let is_skipped = |arm: &String| skipped.iter().any(|(name, _)| name == arm);
    config.arms.retain(|arm| !is_skipped(arm));
    skipped.into_iter().map(|(_, finding)| finding).collect()
}

/// Records how the arms are compared, where it is not the usual way.
fn introduce(recorder: &Recorder, comparison: ArmComparison) {
    if comparison != ArmComparison::default() {
        recorder.emit(Event::Comparison(comparison));
    }
}

/// Resumes a run that was interrupted or killed: finished repeats are not run again. Those that
/// were left out are, as in the run itself. Where another program or machine made repeats,
/// `origin` decides.
///
/// # Errors
/// When the log cannot be read, the run is under way elsewhere or of another lab, it was begun with
/// other data, or as [`run`].
pub fn resume(
    lab: &dyn Lab,
    run: &RunDir,
    (build, origin): (&BuildFacts, OtherOrigin),
    subscriber: Subscriber,
    control: &Control,
) -> Result<Ended, ExperimentError> {
    let log = run.read()?;
    let snapshot = Snapshot::of(&log.records);
    let started = start_of(&snapshot, lab, run)?;
    let own = specialised(lab, &started.config.params)?;
    let lab = own.as_deref().unwrap_or(lab);
    let done: BTreeSet<RepeatId> = snapshot
        .repeats
        .iter()
        .filter_map(|repeat| Some(repeat.finished.as_ref()?.id.clone()))
        .collect();
    let repeats = snapshot.tally.repeats;
    let mut plan = plan(&started.config, &started.arms, repeats);
    plan.retain(|id| !done.contains(id) && snapshot.left_out.runs_again(id));
    if plan.is_empty() && snapshot.status == RunStatus::Completed {
        return ended(run, None);
    }
    let machine = MachineFacts::probe().with_timed_cores().built(build);
    if origin == OtherOrigin::Refuse {
        check_origin(&snapshot, started, &machine)?;
    }
    // Whether there are enough cores was asked when the run began, and resuming takes no options by
    // which it could be answered otherwise now.
    let config = RunConfig {
        oversubscribe: true,
        ..started.config.clone()
    };
    let prepared = lab.prepare(&config)?;
    check_data(started, prepared.data_sha256())?;
    let unfinished = unfinished(&snapshot, &machine, prepared.as_ref(), &mut plan);
    let clock = Clock::start_at(snapshot.now_ns.saturating_add(1));
    let recorder = Recorder::append(&run.events(), log.whole_bytes, clock, subscriber)?;
    recorder.emit(Event::RunResumed(Box::new(RunResumed {
        unix_ms: unix_ms(),
        cut_bytes: log.cut_bytes,
        machine: Some(machine),
    })));
    // Its record may be damaged.
    let comparison = comparison(lab, prepared.as_ref());
    if comparison != snapshot.comparison {
        recorder.emit(Event::Comparison(comparison));
    }
    let work = RunWork {
        start: snapshot.next_start(),
        lab: prepared.as_ref(),
        config: &started.config,
        arms: &started.arms,
        left_out: snapshot.left_out.clone(),
        repeats,
        plan,
        unfinished,
    };
    execute(run, &work, clock, recorder, control)
}

/// The repeat that was under way when the run ended, where its arm can go on with it, and the same
/// program on the same machine began it: times of two do not add up. It comes first in the plan.
fn unfinished<'a>(
    snapshot: &'a Snapshot,
    now: &MachineFacts,
    lab: &dyn PreparedLab,
    plan: &mut Vec<RepeatId>,
) -> Option<&'a RepeatState> {
    let last = snapshot.repeats.last()?;
    let is_whole = last.finished.is_none() && !snapshot.damage.repeats.contains(&last.id);
    let of = snapshot.starts.get(last.start as usize);
    let is_own = of.is_some_and(|start| start.machine.differences(now).is_empty());
    if !is_whole || !is_own || !lab.continues(&last.id.arm) {
        return None;
    }
    plan.retain(|id| *id != last.id);
    plan.insert(0, last.id.clone());
    Some(last)
}

/// Does the work and closes the record, also when the run cannot go on.
fn execute(
    run: &RunDir,
    work: &RunWork<'_>,
    clock: Clock,
    recorder: Recorder,
    control: &Control,
) -> Result<Ended, ExperimentError> {
    if !recorder.is_locked() {
        recorder.emit(Event::Finding(no_locks(run)));
    }
    let mut beside = Beside::new(control, run);
    report(&recorder, beside.look().into_iter());
    let done = measure(run, work, clock, &recorder, control);
    report(&recorder, beside.look().into_iter());
    let (instrument_cpu_ns, outcome) = match done {
        Ok(measured) => measured,
        Err(error) => (0, Err(error)),
    };
    let instrument_cpu_ns = instrument_cpu_ns + recorder.cpu_ns();
    for (source, text) in control.take_output() {
        recorder.emit(Event::Output { source, text });
    }
    let end = |status| Event::RunFinished {
        status,
        instrument_cpu_ns,
        screen_cpu_ns: control.screen_cpu_ns(),
    };
    let closed = outcome.and_then(|(status, failure)| {
        recorder.emit(end(status));
        recorder.sync()?;
        Ok(failure)
    });
    match closed {
        Ok(failure) => {
            recorder.finish()?;
            ended(run, failure)
        }
        Err(error) => {
            let failed = Event::RunFailed(error.run_failure());
            recorder.give_up([failed, end(RunStatus::Failed)]);
            Err(error)
        }
    }
}

/// Runs every planned repeat while the machine is watched; also returns what watching has cost, in
/// nanoseconds of CPU time.
fn measure(
    run: &RunDir,
    work: &RunWork<'_>,
    clock: Clock,
    recorder: &Recorder,
    control: &Control,
) -> Result<(u64, Result<RunEnd, ExperimentError>), ExperimentError> {
    let watch =
        Watch::start(clock, recorder.clone(), control.clone()).map_err(ExperimentError::Monitor)?;
    let mut observer = Observer::new();
    let runner = Runner {
        run,
        at_start: AtStart::new(&observer.read(watch.stopped_ns())),
        observer: Mutex::new(Observing {
            observer,
            last: None,
        }),
        scratch: run.path().join("scratch"),
        work,
        clock,
        recorder,
        watch: &watch,
        control,
    };
    let outcome = runner.all();
    // What a repeat goes on from stays; after the last, an earlier part may have left something.
    if matches!(outcome, Ok((RunStatus::Completed, _))) {
        discard(&runner.scratch);
    } else {
        let _ = std::fs::remove_dir(&runner.scratch);
    }
    Ok((watch.stop(), outcome))
}

/// Reads the log back and computes the result from it, so the result depends on the log alone and
/// not on memory.
fn ended(run: &RunDir, failure: Option<ArmFailure>) -> Result<Ended, ExperimentError> {
    let RunLoaded { snapshot, result } = store(run)?
        .ok_or_else(|| ExperimentError::Resume(format!("{} has not begun", run.id())))?;
    Ok(Ended {
        run: run.clone(),
        snapshot,
        result,
        failure,
    })
}
