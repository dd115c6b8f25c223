//! Runs the repeats of a run, one after the other: pool, warm-up, clock, record.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::control::Control;
use super::disturbance::AtStart;
use super::error::ExperimentError;
use super::plan::plan;
use super::rounds::{Rounds, RunEnd};
use super::start::continued;
use super::until::more_repeats;
use super::watch::{Seen, Watch};
use crate::lab::{
    After, ArmContext, ArmMessage, ArmOutput, ArmRecord, LabError, PreparedLab, Progress, RunConfig,
};
use workbench_clock::{Clock, process_cpu_ns, seconds};
use workbench_machine::heap;
use workbench_machine::monitor::{Observer, Readings, ResourceUse, UsageMeter};
use workbench_pool::{Pool, STACK_BYTES, with_random_layout};
use workbench_record::{
    ArmFacts, Event, RecordMark, Recorder, RepeatFinished, RepeatId, RepeatState, RunDir,
    SpoiledRepeats,
};

/// The work that is left.
pub(super) struct RunWork<'a> {
    /// The start of the run, counted from 0.
    pub start: u32,
    pub lab: &'a dyn PreparedLab,
    pub config: &'a RunConfig,
    pub arms: &'a [ArmFacts],
    /// Repeats that every arm is to have, those that were done included.
    pub repeats: u32,
    /// Those of them that are left.
    pub plan: Vec<RepeatId>,
    /// What was left out in earlier parts of the run.
    pub left_out: SpoiledRepeats,
    /// What an earlier part of the run left of a repeat that it did not finish, where its arm goes
    /// on with it. It is the first of the plan.
    pub unfinished: Option<&'a RepeatState>,
}

impl<'a> RunWork<'a> {
    /// All of a run that has not begun.
    pub fn new(
        lab: &'a dyn PreparedLab,
        config: &'a RunConfig,
        arms: &'a [ArmFacts],
        plan: Vec<RepeatId>,
    ) -> Self {
        Self {
            start: 0,
            lab,
            config,
            arms,
            repeats: config.repeats,
            left_out: SpoiledRepeats::new(plan.len() as u32),
            plan,
            unfinished: None,
        }
    }
}

impl RunWork<'_> {
    /// The lab's name for an arm: the control does what the base does.
    fn of_lab<'a>(&'a self, arm: &'a str) -> &'a str {
        let is_control = |facts: &&ArmFacts| facts.control && facts.name == arm;
        match (self.arms.iter().find(is_control), self.arms.first()) {
            (Some(_), Some(base)) => &base.name,
            _ => arm,
        }
    }

    /// Repeats over all arms, where every arm has so many.
    fn over_all_arms(&self, repeats: u32) -> u32 {
        let kinds = self.arms.iter();
        let kinds: usize = kinds
            .map(|arm| arm.workers_of(&self.config.workers).len())
            .sum();
        repeats.saturating_mul(kinds as u32)
    }
}

/// Where a repeat runs.
struct Place<'a> {
    pool: Option<Arc<Pool>>,
    id: &'a RepeatId,
    scratch: &'a Path,
    before: Option<&'a RepeatState>,
}

impl Place<'_> {
    /// CPU time of the tasks that an earlier part of the repeat ended.
    fn earlier_cpu_ns(&self) -> u64 {
        let earlier = self.before.iter().flat_map(|before| &before.tasks);
        earlier.map(|task| task.cpu_ns).sum()
    }
}

impl ArmRecord for Recorder {
    fn record(&self, t_ns: u64, message: ArmMessage) {
        self.emit_at(t_ns, message.into_event());
    }

    fn mark(&self) -> RecordMark {
        Self::mark(self)
    }

    fn is_written(&self, mark: RecordMark) -> bool {
        Self::is_written(self, mark)
    }
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
    let mhz = seen.mhz().or(measured.mhz);
    // Programs that did the work are counted where they were started.
    let own = processes.and_then(|processes| processes.hardware);
    let hardware = own.or(measured.hardware);
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
pub(super) fn discard(dir: &Path) {
    let _ = std::fs::remove_dir_all(dir);
}

/// Looking at the machine before and after repeats.
pub(super) struct Observing {
    pub observer: Observer,
    /// What it counted last, and when, on the run's clock.
    pub last: Option<(u64, Readings)>,
}

/// What the machine counted is as good as new for so long: what takes this time is too short to
/// disturb a repeat.
const STILL_NEW_NS: u64 = 5_000_000;

pub(super) struct Runner<'a> {
    pub run: &'a RunDir,
    /// Where repeats have their own directories.
    pub scratch: PathBuf,
    pub work: &'a RunWork<'a>,
    pub clock: Clock,
    pub recorder: &'a Recorder,
    pub watch: &'a Watch,
    pub control: &'a Control,
    pub observer: Mutex<Observing>,
    pub at_start: AtStart,
}

impl Runner<'_> {
    /// Runs every planned repeat, and more where the run is to go on until its intervals are
    /// narrow. Repeats that are left out run again at the end of their round.
    pub fn all(&self) -> Result<RunEnd, ExperimentError> {
        heap::keep_freed();
        let work = self.work;
        let mut rounds = Rounds::new(work.plan.clone(), work.left_out.clone());
        let mut repeats = work.repeats;
        if self.is_time_up()
            && work.unfinished.is_none()
            && let Some(fewer) = rounds.cut_at_start(work.over_all_arms(1) as usize)
        {
            repeats = fewer;
            self.replan(&mut rounds, repeats, Vec::new());
        }
        loop {
            while let Some(id) = rounds.next() {
                let outcome = match self.repeat(&id) {
                    Ok(finished) => Ok(finished),
                    Err(ExperimentError::Lab(error)) => Err(error),
                    Err(other) => return Err(other),
                };
                let is_done = outcome.is_ok();
                if let Some(status) = rounds.take(&id, outcome, self.recorder, self.control)? {
                    return Ok((status, rounds.failure()));
                }
                if is_done {
                    // Only now is it recorded: after a kill before that, the repeat goes on.
                    discard(&self.scratch_of(&id));
                }
                if self.is_time_up()
                    && let Some(fewer) = rounds.cut_after_round()
                {
                    repeats = fewer;
                    self.replan(&mut rounds, repeats, Vec::new());
                }
            }
            let Some(more) = self.more_repeats(repeats)? else {
                return Ok((rounds.status(), rounds.failure()));
            };
            let mut plan = plan(work.config, work.arms, more);
            plan.retain(|id| id.repeat >= repeats);
            repeats = more;
            self.replan(&mut rounds, repeats, plan);
        }
    }

    /// From now on every arm is to have so many repeats, with those that are added.
    fn replan(&self, rounds: &mut Rounds, repeats: u32, added: Vec<RepeatId>) {
        rounds.extend(added, self.work.over_all_arms(repeats));
        self.recorder.emit(Event::RepeatsPlanned { repeats });
    }

    /// Whether a run that goes on until its intervals are narrow has had its time.
    fn is_time_up(&self) -> bool {
        let until = self.work.config.until;
        until.is_some_and(|until| seconds(self.clock.now_ns()) >= until.max_time_s as f64)
    }

    /// How many repeats the run is to have, where the planned ones are not enough.
    fn more_repeats(&self, repeats: u32) -> Result<Option<u32>, ExperimentError> {
        if self.work.config.until.is_none() || self.is_time_up() {
            return Ok(None);
        }
        self.recorder.sync()?;
        more_repeats(self.run, repeats)
    }

    /// The directory of a repeat.
    fn scratch_of(&self, id: &RepeatId) -> PathBuf {
        let name = format!("{}-{}-{}", id.arm, id.workers, id.repeat);
        self.scratch.join(name)
    }

    /// Runs one repeat on a thread of its own, so that every arm, serial or not, works on threads
    /// that were started for this repeat in the same way. What other programs do needs none.
    fn repeat(&self, id: &RepeatId) -> Result<RepeatFinished, ExperimentError> {
        if self.works_elsewhere(id) {
            return self.repeat_here(id);
        }
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
        let elsewhere = self.works_elsewhere(id);
        // Made before the threads that it counts.
        let meter = (!elsewhere).then(UsageMeter::new);
        let pool = self.pool(id)?;
        let scratch = self.scratch_of(id);
        let before = self.work.unfinished.filter(|repeat| repeat.id == *id);
        if before.is_none() {
            // Left by an earlier attempt that was killed.
            discard(&scratch);
        }
        if !elsewhere {
            // What earlier repeats left in the heap must not decide on which pages this one works.
            heap::give_back();
        }
        let place = Place {
            pool,
            id,
            scratch: &scratch,
            before,
        };
        let warming = Progress::new(Arc::clone(&stop), u64::MAX);
        let arm = self.work.of_lab(&id.arm);
        let warm = self.with_context(&place, &warming, &After::default(), |ctx| {
            self.work.lab.warm_up(arm, ctx)
        });
        if let Some(pool) = &place.pool {
            pool.drain_spans();
        }
        let progress = Progress::new(stop, self.work.lab.total_progress(arm))
            .stopping(self.control.begin_items());
        let finished = warm.and_then(|()| self.timed(id, &place, &progress, meter));
        let cleaned = self.with_context(&place, &Progress::default(), &After::default(), |ctx| {
            self.work.lab.clean_up(arm, ctx)
        });
        let finished = finished?;
        cleaned?;
        Ok(finished)
    }

    /// Runs an arm's work and times it.
    fn timed(
        &self,
        id: &RepeatId,
        place: &Place<'_>,
        progress: &Progress,
        mut meter: Option<UsageMeter>,
    ) -> Result<RepeatFinished, LabError> {
        let before = self.readings_before();
        meter.iter_mut().for_each(UsageMeter::start);
        let instrument_before = self.instrument_cpu_ns();
        let screen_before = self.control.screen_cpu_ns();
        let cpu_before = process_cpu_ns();
        let now_ns = self.clock.now_ns();
        // The run's clock stood still between its parts, so a repeat's time is that of all of them.
        let (started_ns, begun) = match place.before {
            Some(before) => (before.started_ns, Event::RepeatContinued(id.clone())),
            None => (now_ns, Event::RepeatStarted(id.clone())),
        };
        self.recorder.emit_at(now_ns, begun);
        self.watch
            .begin(started_ns, place.pool.clone(), progress.clone());
        let after = After::default();
        let output = self.with_context(place, progress, &after, |ctx| {
            self.work.lab.run_arm(self.work.of_lab(&id.arm), ctx)
        });
        let ended_ns = self.clock.now_ns();
        let cpu_ns =
            process_cpu_ns() - cpu_before + progress.processes_cpu_ns() + place.earlier_cpu_ns();
        let usage = meter.map(UsageMeter::stop).unwrap_or_default();
        // After a failure or an interruption tasks may still run; their spans belong to this
        // repeat.
        if let (Some(pool), Err(_)) = (&place.pool, &output) {
            pool.cancel_all();
        }
        let seen = self.watch.end();
        let output = output?;
        let cpu_ns = output.work_cpu_ns.unwrap_or(cpu_ns);
        let (started_ns, wall_ns) = worked(&output, started_ns, ended_ns);
        let usage = used(&usage, output.usage.as_deref(), &seen);
        let conditions = self.readings().since(&before);
        let disturbances = self.at_start.disturbances(&conditions, id.workers, wall_ns);
        let is_whole = self.is_whole(place);
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
            conditions: is_whole.then_some(conditions),
            usage: is_whole.then_some(usage),
            disturbances,
        })
    }

    /// Whether a repeat was made in one part; of another only the last part was seen, and that is
    /// told.
    fn is_whole(&self, place: &Place<'_>) -> bool {
        if place.before.is_some() {
            self.recorder.emit(Event::Finding(continued(place.id)));
        }
        place.before.is_none()
    }

    /// What the machine counts now. Asked while no clock runs.
    fn readings(&self) -> Readings {
        let mut observing = self.observer.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = observing.observer.read(self.watch.stopped_ns());
        observing.last = Some((self.clock.now_ns(), readings.clone()));
        readings
    }

    /// The same before a repeat: what the machine counted after the one before serves where nothing
    /// can have come between them.
    fn readings_before(&self) -> Readings {
        let mut observing = self.observer.lock().unwrap_or_else(PoisonError::into_inner);
        let last = observing.last.take();
        drop(observing);
        let is_new = |(at_ns, _): &(u64, Readings)| self.clock.now_ns() < at_ns + STILL_NEW_NS;
        last.filter(is_new)
            .map_or_else(|| self.readings(), |(_, readings)| readings)
    }

    fn works_elsewhere(&self, id: &RepeatId) -> bool {
        self.work.lab.works_elsewhere(self.work.of_lab(&id.arm))
    }

    fn pool(&self, id: &RepeatId) -> Result<Option<Arc<Pool>>, ExperimentError> {
        let parallel = |arm: &ArmFacts| arm.name == id.arm && arm.parallel;
        if !self.work.arms.iter().any(parallel)
            || !self.work.lab.needs_pool(self.work.of_lab(&id.arm))
        {
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
            record: self.recorder,
            before: place.before,
            after,
        })
    }

    fn instrument_cpu_ns(&self) -> u64 {
        self.watch.cpu_ns() + self.recorder.cpu_ns()
    }
}
