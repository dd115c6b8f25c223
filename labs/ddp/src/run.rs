//! Runs one arm: one group of workers after another, until the training is done or given up.

use std::time::Duration;

use workbench_experiment::lab::LabError;

use crate::controller::{Input, State};
use crate::drive::Drive;
use crate::messages;

/// Longest wait for an event before the time is checked.
const TICK: Duration = Duration::from_millis(50);
/// Interval of samples of the ranks and their CPU time.
const LOOK_NS: u64 = 100_000_000;
/// Extra time after the workers' own timeout before a stalled rank is given up.
const LENIENCE_NS: u64 = 2_000_000_000;

impl Drive<'_> {
    /// Trains to the end.
    ///
    /// # Errors
    /// [`LabError::Cancelled`] on request, [`LabError::Environment`] when workers cannot be
    /// started, and [`LabError::Failed`] with the rank that failed, its position, and the states of
    /// the others.
    pub fn run(&mut self) -> Result<(), LabError> {
        std::fs::create_dir_all(&self.plan.checkpoints).map_err(|error| {
            LabError::Environment(format!(
                "{}: cannot make the directory of checkpoints: {error}",
                self.plan.checkpoints.display()
            ))
        })?;
        self.feed(Input::Begin)?;
        while !self.controller.state().is_end() {
            if self.ctx.progress.is_cancelled() {
                self.feed(Input::Abort)?;
            } else {
                self.wait()?;
            }
        }
        self.warn_of_incidents();
        self.warn_of_shared_cores();
        self.warn_of_unwritten_checkpoints();
        self.note_uneven_ranks();
        match self.controller.state() {
            State::Finished => Ok(()),
            State::Aborted => Err(LabError::Cancelled),
            _ => Err(LabError::Failed(messages::given_up(
                self.plan.arm,
                self.totals.incidents.last(),
                self.controller.given_up(),
            ))),
        }
    }

    /// Waits for an event and handles it.
    fn wait(&mut self) -> Result<(), LabError> {
        let Some(group) = &self.attempt.group else {
            return self.feed(Input::Over);
        };
        if let Some(event) = group.next(TICK) {
            self.handle(&event)?;
        } else if group.is_over() {
            // A rank that failed because of another, if no other failure explains it.
            if let Some(failure) = self.attempt.root_cause.verdict(u64::MAX, 0).cloned() {
                return self.fail(&failure);
            }
            self.end_group();
            return self.feed(Input::Over);
        }
        self.tick()
    }

    fn tick(&mut self) -> Result<(), LabError> {
        let now_ns = self.ctx.clock.now_ns();
        if now_ns >= self.looked_ns + LOOK_NS {
            self.looked_ns = now_ns;
            self.look_at_ranks();
        }
        let world = self.controller.workers();
        if let Some(failure) = self.attempt.root_cause.verdict(now_ns, world).cloned() {
            return self.fail(&failure);
        }
        let limit_ns = (self.plan.settings.timeout_s * 1e9) as u64 + LENIENCE_NS;
        let overdue = |at_ns: u64| now_ns.saturating_sub(at_ns) > limit_ns;
        let stalled = self.attempt.stalled.clone();
        if let Some(stalled) = stalled.filter(|stalled| overdue(stalled.at_ns)) {
            // The others may wait for it without a timeout, or there are no others.
            return self.fail(&stalled);
        }
        if self.controller.is_short()
            && self.controller.state() == State::Running
            && now_ns >= self.away_until_ns
        {
            self.faults.struck(None, self.controller.steps_begun());
            return self.feed(Input::Returned);
        }
        Ok(())
    }

    /// Samples the usage and health of the ranks.
    fn look_at_ranks(&mut self) {
        let Some(group) = &self.attempt.group else {
            return;
        };
        let usage = group.usage();
        self.totals.cores.look(&usage);
        let used_ns: u64 = usage.iter().map(|usage| usage.cpu_ns).sum();
        let progress = self.ctx.progress;
        progress.set_processes_cpu_ns(self.totals.past_cpu_ns + used_ns);
        progress.set_processes_rss(usage.iter().map(|usage| usage.rss_bytes).sum());
        for state in group.states() {
            self.live.judged(&state);
        }
        self.show();
    }
}
