//! Runs a lab: prepares it once, times every planned repeat, and records everything.
//!
//! Belongs here: the order of what happens. Does not belong here: what the numbers mean
//! ([`workbench_result`]) and what a lab does.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::control::Control;
use super::disturbance::AtStart;
use super::error::ExperimentError;
use super::plan::plan;
use super::resumption::{OtherOrigin, check_data, check_origin};
use super::rounds::{Rounds, RunEnd};
use super::start::{
    arm_facts, comparison, from_folder, lab_facts, no_locks, specialised, start_of, unix_ms,
};
use super::watch::{Seen, Watch, no_gpu_samples};
use crate::lab::{
    After, ArmComparison, ArmContext, ArmOutput, Lab, LabError, PreparedLab, Progress, RunConfig,
};
use workbench_clock::{Clock, process_cpu_ns};
use workbench_machine::monitor::{Observer, Readings, ResourceUse, UsageMeter};
use workbench_machine::{BuildFacts, MachineFacts, heap};
use workbench_pool::{Pool, STACK_BYTES, with_random_layout};
use workbench_record::{
    ArmFacts, ArmFailure, Event, FORMAT, Recorder, RepeatFinished, RepeatId, RunDir, RunResumed,
    RunStarted, RunStatus, RunStore, Snapshot, SpoiledRepeats, Subscriber,
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
    config.data = prepared.data().unwrap_or(config.data);
    let machine = MachineFacts::probe().with_timed_cores().built(build);
    let no_gpus = machine.gpu_problem.as_ref().map(no_gpu_samples);
    let unix_ms = unix_ms();
    let run = store.create(&config.lab, unix_ms)?;
    let arms = arm_facts(lab, &config);
    let plan = plan(&config, &arms);
    let clock = Clock::start();
    let recorder = Recorder::create(&run.events(), clock, subscriber)
        .inspect_err(|_| run.clone().discard())?;
    recorder.emit(Event::RunStarted(Box::new(RunStarted {
        data_sha256: prepared.data_sha256(),
        format: FORMAT,
        run_id: run.id(),
        unix_ms,
        config,
        machine,
        lab_title: lab.definition().title.clone(),
        arms: arms.clone(),
        planned_repeats: plan.len() as u32,
        lab_facts: lab_facts(lab),
    })));
    let comparison = comparison(lab, prepared.as_ref());
    if comparison != ArmComparison::default() {
        recorder.emit(Event::Comparison(comparison));
    }
    for finding in prepared.warnings().into_iter().chain(no_gpus) {
        recorder.emit(Event::Finding(finding));
    }
    let work = Work {
        start: 0,
        lab: prepared.as_ref(),
        arms: &arms,
        left_out: SpoiledRepeats::new(plan.len() as u32),
        plan: &plan,
    };
    let ended = execute(&run, &work, clock, recorder, control);
    if ended.is_err() && run.snapshot().is_err() {
        // Not even its start could be recorded.
        run.discard();
    }
    ended
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
    let mut plan = plan(&started.config, &started.arms);
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
    let work = Work {
        start: snapshot.next_start(),
        lab: prepared.as_ref(),
        arms: &started.arms,
        left_out: snapshot.left_out.clone(),
        plan: &plan,
    };
    execute(run, &work, clock, recorder, control)
}

/// The work that is left.
struct Work<'a> {
    /// The start of the run, counted from 0.
    start: u32,
    lab: &'a dyn PreparedLab,
    arms: &'a [ArmFacts],
    plan: &'a [RepeatId],
    /// What was left out in earlier parts of the run.
    left_out: SpoiledRepeats,
}

/// Does the work and closes the record, also when the run cannot go on.
fn execute(
    run: &RunDir,
    work: &Work<'_>,
    clock: Clock,
    recorder: Recorder,
    control: &Control,
) -> Result<Ended, ExperimentError> {
    if !recorder.is_locked() {
        recorder.emit(Event::Finding(no_locks(run)));
    }
    let done = measure(run, work, clock, &recorder, control);
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
    work: &Work<'_>,
    clock: Clock,
    recorder: &Recorder,
    control: &Control,
) -> Result<(u64, Result<RunEnd, ExperimentError>), ExperimentError> {
    let watch =
        Watch::start(clock, recorder.clone(), control.clone()).map_err(ExperimentError::Monitor)?;
    let mut observer = Observer::new();
    let runner = Runner {
        at_start: AtStart::new(&observer.read(watch.stopped_ns())),
        observer: Mutex::new(observer),
        scratch: run.path().join("scratch"),
        work,
        clock,
        recorder,
        watch: &watch,
        control,
    };
    let outcome = runner.all();
    // Removed only when it is empty.
    let _ = std::fs::remove_dir(&runner.scratch);
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

/// Where a repeat runs.
struct Place<'a> {
    pool: Option<Arc<Pool>>,
    id: &'a RepeatId,
    scratch: &'a Path,
}

/// When an arm began its work, and for how long it worked, in nanoseconds.
fn worked(output: &ArmOutput, started_ns: u64, ended_ns: u64) -> (u64, u64) {
    let [from, to] = output.worked_ns.unwrap_or([started_ns, ended_ns]);
    let from = from.clamp(started_ns, ended_ns);
    (from, to.clamp(from, ended_ns) - from)
}

/// What a repeat used: what was measured, what its processes used where they did the work, and what
/// the samples say.
fn used(measured: &ResourceUse, processes: Option<&ResourceUse>, seen: &Seen) -> ResourceUse {
    let peak = measured.peak_memory_bytes.max(seen.peak_rss_bytes);
    let (mhz, hardware) = (seen.mhz().or(measured.mhz), measured.hardware);
    ResourceUse {
        mhz,
        hardware,
        ..processes.cloned().unwrap_or(ResourceUse {
            peak_memory_bytes: peak,
            ..measured.clone()
        })
    }
}

/// Removes a directory that may not exist. A failure to remove it does no harm.
fn discard(dir: &Path) {
    let _ = std::fs::remove_dir_all(dir);
}

struct Runner<'a> {
    /// Where repeats have their own directories.
    scratch: PathBuf,
    work: &'a Work<'a>,
    clock: Clock,
    recorder: &'a Recorder,
    watch: &'a Watch,
    control: &'a Control,
    observer: Mutex<Observer>,
    at_start: AtStart,
}

impl Runner<'_> {
    /// Runs every planned repeat. Repeats that are left out run again at the end of their round.
    fn all(&self) -> Result<RunEnd, ExperimentError> {
        heap::keep_freed();
        let mut rounds = Rounds::new(self.work.plan, self.work.left_out.clone());
        while let Some(id) = rounds.next() {
            let outcome = match self.repeat(id) {
                Ok(finished) => Ok(finished),
                Err(ExperimentError::Lab(error)) => Err(error),
                Err(other) => return Err(other),
            };
            if let Some(status) = rounds.take(id, outcome, self.recorder, self.control)? {
                return Ok((status, rounds.failure()));
            }
        }
        Ok((rounds.status(), rounds.failure()))
    }

    /// Runs one repeat on a thread of its own, so that every arm, serial or not, works on threads
    /// that were started for this repeat in the same way.
    fn repeat(&self, id: &RepeatId) -> Result<RepeatFinished, ExperimentError> {
        thread::scope(|scope| {
            let name = format!("arm-{}", id.arm);
            thread::Builder::new()
                .name(name)
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || with_random_layout(|| self.repeat_here(id)))
                .map_err(ExperimentError::Arm)?
                .join()
                .unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Runs one repeat: pool start and warm-up are not timed, the work is.
    fn repeat_here(&self, id: &RepeatId) -> Result<RepeatFinished, ExperimentError> {
        let stop = self.control.begin(&id.arm);
        if stop.load(Ordering::SeqCst) {
            return Err(LabError::Cancelled.into());
        }
        // Made before the threads that it counts.
        let meter = UsageMeter::new();
        let pool = self.pool(id)?;
        let scratch = self
            .scratch
            .join(format!("{}-{}-{}", id.arm, id.workers, id.repeat));
        // Left by an earlier attempt that was killed.
        discard(&scratch);
        // What earlier repeats left in the heap must not decide on which pages this one works.
        heap::give_back();
        let place = Place {
            pool,
            id,
            scratch: &scratch,
        };
        let warming = Progress::new(Arc::clone(&stop), u64::MAX);
        let warm = self.with_context(&place, &warming, &After::default(), |ctx| {
            self.work.lab.warm_up(&id.arm, ctx)
        });
        if let Some(pool) = &place.pool {
            pool.drain_spans();
        }
        let progress = Progress::new(stop, self.work.lab.total_progress(&id.arm));
        let finished = warm.and_then(|()| self.timed(id, &place, &progress, meter));
        let cleaned = self.with_context(&place, &Progress::default(), &After::default(), |ctx| {
            self.work.lab.clean_up(&id.arm, ctx)
        });
        let finished = finished?;
        cleaned?;
        discard(&scratch);
        Ok(finished)
    }

    /// Runs an arm's work and times it.
    fn timed(
        &self,
        id: &RepeatId,
        place: &Place<'_>,
        progress: &Progress,
        mut meter: UsageMeter,
    ) -> Result<RepeatFinished, LabError> {
        let before = self.readings();
        meter.start();
        let instrument_before = self.instrument_cpu_ns();
        let screen_before = self.control.screen_cpu_ns();
        let cpu_before = process_cpu_ns();
        let started_ns = self.clock.now_ns();
        self.recorder
            .emit_at(started_ns, Event::RepeatStarted(id.clone()));
        self.watch
            .begin(started_ns, place.pool.clone(), progress.clone());
        let after = After::default();
        let output = self.with_context(place, progress, &after, |ctx| {
            self.work.lab.run_arm(&id.arm, ctx)
        });
        let ended_ns = self.clock.now_ns();
        let cpu_ns = process_cpu_ns() - cpu_before + progress.processes_cpu_ns();
        let usage = meter.stop();
        // After a failure or an interruption tasks may still run; their spans belong to this
        // repeat.
        if let (Some(pool), Err(_)) = (&place.pool, &output) {
            pool.cancel_all();
        }
        let seen = self.watch.end();
        let output = output?;
        let (started_ns, wall_ns) = worked(&output, started_ns, ended_ns);
        let usage = used(&usage, output.usage.as_deref(), &seen);
        let conditions = self.readings().since(&before);
        let disturbances = self.at_start.disturbances(&conditions, id.workers, wall_ns);
        Ok(RepeatFinished {
            id: id.clone(),
            start: self.work.start,
            started_ns,
            wall_ns,
            cpu_ns,
            instrument_cpu_ns: self.instrument_cpu_ns().saturating_sub(instrument_before),
            screen_cpu_ns: self.control.screen_cpu_ns().saturating_sub(screen_before),
            work: output.work,
            items: output.items,
            quality: output.quality,
            breakdown: output.breakdown,
            analysis: after.run(),
            conditions: Some(conditions),
            usage: Some(usage),
            disturbances,
        })
    }

    /// What the machine counts now. Asked while no clock runs.
    fn readings(&self) -> Readings {
        let mut observer = self.observer.lock().unwrap_or_else(PoisonError::into_inner);
        observer.read(self.watch.stopped_ns())
    }

    fn pool(&self, id: &RepeatId) -> Result<Option<Arc<Pool>>, ExperimentError> {
        let parallel = |arm: &ArmFacts| arm.name == id.arm && arm.parallel;
        if !self.work.arms.iter().any(parallel) || !self.work.lab.needs_pool(&id.arm) {
            return Ok(None);
        }
        Pool::builder()
            .workers(id.workers as usize)
            .clock(self.clock)
            .build()
            .map(|pool| Some(Arc::new(pool)))
            .map_err(ExperimentError::Pool)
    }

    fn with_context<T>(
        &self,
        place: &Place<'_>,
        progress: &Progress,
        after: &After,
        body: impl FnOnce(&ArmContext<'_>) -> Result<T, LabError>,
    ) -> Result<T, LabError> {
        let spans = |span| self.recorder.emit(Event::Task(span));
        body(&ArmContext {
            pool: place.pool.as_deref(),
            workers: place.id.workers,
            repeat: place.id.repeat,
            scratch: place.scratch,
            clock: self.clock,
            progress,
            spans: &spans,
            after,
        })
    }

    fn instrument_cpu_ns(&self) -> u64 {
        self.watch.cpu_ns() + self.recorder.cpu_ns()
    }
}
