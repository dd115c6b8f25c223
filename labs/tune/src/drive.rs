//! Runs a search: asks the study what a free slot is to do, has the pool do it, tells what came of
//! it, and records every decision in the order in which it was made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use workbench_clock::seconds;
use workbench_experiment::lab::{
    ArmContext, ArmMessage, Finding, ItemEvent, ItemFailure, ItemPhase, LabError,
};
use workbench_pool::Pool;
use workbench_search::{Checkpoint, Leg, NextLeg, Study, Trial, TrialId, TrialState, TrialVerdict};

use crate::checkpoints::KeptStates;
use crate::importance::ReportedLosses;
use crate::leg::{FromLeg, LegWork, TrainedUnit};
use crate::messages;
use crate::objective::{TrialPlace, TrialSeed};
use crate::searched::{SearchPlan, Searched};
use crate::so_far::{Earlier, SoFar};
use crate::trail;

/// How long a message is waited for, between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// A search that is under way.
struct Drive<'a, 'c> {
    search: &'a SearchPlan<'a>,
    ctx: &'a ArmContext<'c>,
    pool: &'a Pool,
    study: Study,
    checkpoints: KeptStates,
    running: BTreeMap<TrialId, RunningLeg>,
    /// Attempts of trials that have failed.
    failures: BTreeMap<TrialId, u32>,
    decided_at: Arc<Vec<u64>>,
    kept_at: Arc<Vec<u64>>,
    tell: Sender<FromLeg>,
    told: Receiver<FromLeg>,
    /// The time of the last message, in nanoseconds on the run's clock: each has one of its own.
    last_ns: u64,
    begun_ns: u64,
    last_failure: String,
    so_far: SoFar,
    losses: ReportedLosses,
    closed: bool,
}

/// A leg that runs.
struct RunningLeg {
    leg: Leg,
    /// Its number among those that run at once.
    slot: usize,
    /// Ends it.
    stop: Arc<AtomicBool>,
}

/// Runs a study to its end; gives it back as it is then.
///
/// # Errors
/// When it is cancelled, or its record or its files are no longer what they were.
pub fn run(
    search: &SearchPlan<'_>,
    mut study: Study,
    ctx: &ArmContext<'_>,
) -> Result<Searched, LabError> {
    let pool = ctx
        .pool
        .ok_or_else(|| LabError::Config("a search needs a pool".to_owned()))?;
    let checkpoints = KeptStates::new(ctx.scratch).map_err(|error| {
        LabError::Environment(format!("checkpoints in {}: {error}", ctx.scratch.display()))
    })?;
    let earlier = Earlier::of(ctx.before, &mut study)?;
    let (tell, told) = channel();
    let mut drive = Drive {
        decided_at: Arc::new(study.rungs()),
        kept_at: Arc::new(search.settings.marks()),
        search,
        ctx,
        pool,
        study,
        checkpoints,
        running: BTreeMap::new(),
        failures: earlier.failures,
        tell,
        told,
        last_ns: earlier.last_ns,
        begun_ns: ctx
            .before
            .map_or(ctx.clock.now_ns(), |before| before.started_ns),
        last_failure: String::new(),
        so_far: earlier.so_far,
        losses: earlier.losses,
        closed: earlier.closed,
    };
    ctx.progress.add(drive.so_far.spent);
    drive.catch_up(earlier.unrecorded);
    let ended = drive.all();
    for running in drive.running.values() {
        running.stop.store(true, Ordering::Relaxed);
    }
    ended?;
    // The curve of the best goes on to the end of the search.
    drive.note_best();
    Ok(Searched {
        ended_ns: drive.last_ns,
        study: drive.study,
        so_far: drive.so_far,
        losses: drive.losses,
        last_failure: drive.last_failure,
    })
}

impl Drive<'_, '_> {
    /// Records what the record of an earlier part lacks, where the process was killed between two
    /// of its lines: decisions, and states that were kept.
    fn catch_up(&mut self, unrecorded: Vec<ArmMessage>) {
        for mut message in unrecorded {
            if let ArmMessage::Item(item) = &mut message {
                self.complete(item);
            }
            self.say(None, message);
        }
        let is_kept = |trial: &&Trial| {
            let at = Checkpoint {
                trial: trial.id,
                budget: trial.budget,
            };
            let goes_on = matches!(trial.state, TrialState::Running { .. } | TrialState::Paused);
            let is_new = trial.saved.is_none_or(|saved| saved < trial.budget);
            goes_on && trial.budget > 0 && is_new && KeptStates::file(self.ctx.scratch, at).exists()
        };
        if self.ctx.before.is_some() {
            let kept: Vec<(TrialId, u64)> = self
                .study
                .trials()
                .iter()
                .filter(is_kept)
                .map(|trial| (trial.id, trial.budget))
                .collect();
            for (trial, budget) in kept {
                self.study.saved(trial, budget);
            }
            self.record_decisions(None);
            for trial in self.checkpoints.trials() {
                self.tidy(trial);
            }
        }
    }

    fn all(&mut self) -> Result<(), LabError> {
        // Legs that were interrupted are run again, from what was kept.
        for leg in self.study.running() {
            self.launch(leg)?;
        }
        loop {
            self.close_in_time();
            if self.fill()? && self.running.is_empty() {
                return Ok(());
            }
            match self.told.recv_timeout(LOOK) {
                Ok(message) => self.hear(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(LabError::Cancelled),
            }
            if self.ctx.progress.is_cancelled() {
                return Err(LabError::Cancelled);
            }
            self.stop_asked();
        }
    }

    /// Gives every free slot what it is to do. Returns whether there is nothing more to begin.
    fn fill(&mut self) -> Result<bool, LabError> {
        let slots = self.search.settings.slots(self.ctx.workers);
        while self.running.len() < slots {
            // What runs counts in full: it may be stopped, but that is not known yet.
            let under_way = self.running.values().map(|of| self.units_of(&of.leg));
            if self.so_far.spent + under_way.sum::<u64>() >= self.search.settings.units() {
                return Ok(true);
            }
            match self.study.next_leg() {
                NextLeg::Run(leg) => {
                    self.record_decisions(None);
                    self.launch(leg)?;
                }
                // Nothing runs that it could wait for.
                NextLeg::Wait => return Ok(self.running.is_empty()),
                NextLeg::Done => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Units of budget that a leg adds.
    fn units_of(&self, leg: &Leg) -> u64 {
        let done = self.study.trial(leg.trial).map_or(0, |known| known.budget);
        leg.to.saturating_sub(done)
    }

    /// Has a leg run.
    fn launch(&mut self, leg: Leg) -> Result<(), LabError> {
        let from = match leg.from {
            None => None,
            // Where the file was lost, the trial begins anew, which gives the same.
            Some(at) if at.trial == leg.trial => self.checkpoints.get(at),
            Some(at) => {
                let bytes = self.checkpoints.get(at);
                let lost = || LabError::Failed(messages::lost_checkpoint(leg.trial, at.trial));
                Some(bytes.ok_or_else(lost)?)
            }
        };
        let (trial, first) = (leg.trial, from.is_none());
        let stop: Arc<AtomicBool> = Arc::default();
        let is_free = |slot: &usize| self.running.values().all(|other| other.slot != *slot);
        let slot = (0..=self.running.len()).find(is_free).unwrap_or_default();
        let work = LegWork {
            objective: Arc::clone(self.search.objective),
            trial,
            config: trail::params(&leg.configuration),
            seed: TrialSeed::new(self.search.seed, self.ctx.repeat, trial.0),
            place: self.place(trial, (slot, &stop)),
            from,
            to: leg.to,
            decided_at: Arc::clone(&self.decided_at),
            kept_at: Arc::clone(&self.kept_at),
            dir: self.checkpoints.dir().to_owned(),
            faults: Arc::new(self.search.settings.faults.clone()),
            failures: self.failures.get(&trial).copied().unwrap_or_default(),
            stop: Arc::clone(&stop),
            clock: self.ctx.clock,
            tell: self.tell.clone(),
        };
        let task = self.pool.task().name(trail::name(trial));
        let task = task.group(trial.0 as u32).part(u32::from(!first));
        let task = task.cpus(f64::from(self.search.settings.trial_slots));
        task.spawn(move || work.run())
            .map_err(|error| LabError::Failed(error.to_string()))?;
        self.running.insert(trial, RunningLeg { leg, slot, stop });
        Ok(())
    }

    fn place(&self, trial: TrialId, (slot, stop): (usize, &Arc<AtomicBool>)) -> TrialPlace {
        let (stop, progress) = (Arc::clone(stop), self.ctx.progress.clone());
        let tell = self.tell.clone();
        TrialPlace {
            dir: KeptStates::folder(self.checkpoints.dir(), trial),
            units: self.search.settings.budget,
            slot,
            slots: self.search.settings.trial_slots,
            judged: false,
            stop: Arc::new(move || stop.load(Ordering::Relaxed) || progress.is_cancelled()),
            on_gpus: Arc::new(move |gpus| {
                let gpus = gpus.to_vec();
                // Nobody listens any more where the search was given up.
                let _ = tell.send(FromLeg::OnGpus { trial, gpus });
            }),
        }
    }

    fn hear(&mut self, message: FromLeg) -> Result<(), LabError> {
        match message {
            FromLeg::TrainedUnit(unit) => {
                self.unit(unit);
                Ok(())
            }
            FromLeg::OnGpus { trial, gpus } => {
                self.on_gpus(trial, gpus);
                Ok(())
            }
            FromLeg::NotKept { trial, message } => {
                let dir = self.checkpoints.dir();
                let text = messages::not_kept(trial, dir, &message);
                Err(LabError::Environment(text))
            }
            FromLeg::Stopped(trial) => {
                self.end(trial);
                Ok(())
            }
            FromLeg::Failed {
                trial,
                failure,
                message,
            } => self.fail(trial, failure, message),
        }
    }

    /// Records the GPUs of a trial that runs; one that a person has stopped has none.
    fn on_gpus(&mut self, trial: TrialId, gpus: Vec<String>) {
        let known = self
            .study
            .trial(trial)
            .map(|known| (known.state, known.budget));
        if let Some((TrialState::Running { .. }, budget)) = known {
            let mut event = trail::on_gpus((trial, budget), gpus);
            self.complete(&mut event);
            self.say(None, ArmMessage::Item(event));
        }
    }

    /// A unit of budget of a trial is done.
    fn unit(&mut self, unit: TrainedUnit) {
        let TrainedUnit { trial, budget, .. } = unit;
        let verdict = self.study.report(trial, budget, unit.loss);
        let goes_on = verdict == TrialVerdict::Continue;
        let before = self.so_far;
        self.record_decisions(Some(unit.at_ns));
        self.ctx.progress.add(self.so_far.spent - before.spent);
        if self.so_far.best != before.best {
            self.note_best();
        }
        let saved = self.study.trial(trial).and_then(|known| known.saved);
        let is_new = verdict != TrialVerdict::Stop && saved.is_none_or(|saved| saved < budget);
        if let Some(bytes) = unit.kept.filter(|_| is_new) {
            self.checkpoints.keep(Checkpoint { trial, budget }, bytes);
            self.study.saved(trial, budget);
            self.record_decisions(None);
            self.tidy(trial);
        }
        if let Some(reply) = unit.reply {
            // It may have been cancelled meanwhile.
            let _ = reply.send(goes_on);
        }
        if !goes_on {
            self.end(trial);
        }
    }

    /// Adds a point to the curve of the best so far.
    fn note_best(&mut self) {
        if let Some((best, ..)) = self.so_far.best {
            let point = ArmMessage::Metric {
                name: trail::BEST.to_owned(),
                item: None,
                step: self.so_far.spent,
                value: best.get(),
            };
            self.say(None, point);
        }
    }

    /// A trial leaves its slot.
    fn end(&mut self, trial: TrialId) {
        self.running.remove(&trial);
        let known = self.study.trial(trial);
        if known.is_some_and(|known| known.state.is_over()) {
            self.checkpoints.end(trial, self.ctx.record);
            self.tidy(trial);
        }
        let patience = self.search.settings.patience;
        if patience > 0 && self.so_far.without_gain >= patience {
            self.close(messages::no_gain(patience));
        }
    }

    /// Drops the states that nobody needs any more, of a trial and of the one that it has copied.
    fn tidy(&mut self, trial: TrialId) {
        let parent = self.study.trial(trial).and_then(|known| known.parent);
        for of in std::iter::once(trial).chain(parent.map(|from| from.trial)) {
            let reached = self.study.trial(of).map_or(0, |known| known.budget);
            // What a killed process wrote and could not record is written once more.
            let wanted = |state: Checkpoint| state.budget > reached || self.study.needs(state);
            self.checkpoints.tidy(of, wanted, self.ctx.record);
        }
    }

    /// An attempt at a trial failed: it is tried again, or has failed for good.
    fn fail(
        &mut self,
        trial: TrialId,
        failure: ItemFailure,
        message: String,
    ) -> Result<(), LabError> {
        let known = self.study.trial(trial).map(|known| known.state);
        if !matches!(known, Some(TrialState::Running { .. })) {
            // A person has stopped it meanwhile.
            self.end(trial);
            return Ok(());
        }
        let failures = self.failures.entry(trial).or_default();
        *failures += 1;
        let failures = *failures;
        let again = failures <= self.search.settings.retries;
        let phase = if again {
            ItemPhase::Running
        } else {
            ItemPhase::Failed
        };
        self.last_failure.clone_from(&message);
        let event = ItemEvent {
            item: trail::name(trial),
            phase,
            failures,
            failure: Some(failure),
            message,
            ..ItemEvent::default()
        };
        self.say(None, ArmMessage::Item(event));
        self.running.remove(&trial);
        if again {
            let leg = self
                .study
                .running()
                .into_iter()
                .find(|leg| leg.trial == trial);
            return leg.map_or(Ok(()), |leg| self.launch(leg));
        }
        self.study.failed(trial);
        // The event above is its record.
        for event in self.study.take_events() {
            self.so_far.take(&event);
        }
        self.end(trial);
        Ok(())
    }

    /// Stops the trials that a person has asked to stop. A leg ends at its next unit, or at once
    /// where it is a process.
    fn stop_asked(&mut self) {
        for item in self.ctx.progress.take_stop_requests() {
            let Some(trial) = trail::trial(&item) else {
                continue;
            };
            self.study.stop(trial);
            self.record_decisions(None);
            if let Some(running) = self.running.get(&trial) {
                running.stop.store(true, Ordering::Relaxed);
            } else {
                self.end(trial);
            }
        }
    }

    fn close_in_time(&mut self) {
        let limit = self.search.settings.search_time_s;
        if limit > 0.0 && !self.closed {
            let spent_ns = self.ctx.clock.now_ns().saturating_sub(self.begun_ns);
            if seconds(spent_ns) >= limit {
                self.close(messages::time_is_up(limit));
            }
        }
    }

    fn close(&mut self, why: Finding) {
        if !self.closed {
            self.closed = true;
            self.study.close();
            self.record_decisions(None);
            self.ctx.progress.report(why);
        }
    }

    /// Records what the study has decided since the last time.
    fn record_decisions(&mut self, at_ns: Option<u64>) {
        for event in self.study.take_events() {
            self.so_far.take(&event);
            self.losses.take(&event);
            for mut message in trail::messages(&event) {
                if let ArmMessage::Item(item) = &mut message {
                    self.complete(item);
                }
                self.say(at_ns, message);
            }
        }
    }

    /// Adds to an event what the study knows besides.
    fn complete(&self, item: &mut ItemEvent) {
        let known = trail::trial(&item.item).and_then(|trial| self.study.trial(trial));
        let Some(known) = known else { return };
        if item.kept.is_some() {
            item.phase = trail::phase(known.state);
        }
        let reached = self
            .decided_at
            .iter()
            .rposition(|rung| *rung <= known.budget);
        item.level = reached.map(|rung| rung as u32);
        item.failures = self.failures.get(&known.id).copied().unwrap_or_default();
    }

    /// Records a message, with a time of its own.
    fn say(&mut self, at_ns: Option<u64>, message: ArmMessage) {
        let at_ns = at_ns.unwrap_or_else(|| self.ctx.clock.now_ns());
        self.last_ns = at_ns.max(self.last_ns + 1);
        self.ctx.record.record(self.last_ns, message);
    }
}
