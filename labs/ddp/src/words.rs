//! What is said of a training under way: its states, who failed how and what the others do, what failures cost.
//!
//! Belongs here: sentences. Does not belong here: what is done about it.

use std::fmt::Write as _;

use workbench_experiment::lab::{ControllerPhase, ControllerState, Finding};
use workbench_report::format::counted;
use workbench_workers::{Condition, Crew, RankState, diagnose};

use crate::blame::Trouble;
use crate::controller::State;
use crate::drive::Drive;
use crate::incident::Incident;

impl Drive<'_> {
    /// Says what the failures cost after which training went on, once all is known of them.
    pub(crate) fn tell_recoveries(&self) {
        let is_done = self.controller.state() == State::Finished;
        for incident in &self.incidents {
            if incident.next_step_ns.is_some() || is_done {
                let (arm, what, costs) = (self.arm(), &incident.what, incident.costs());
                let text = format!("{arm} went on after a failure: {what}. {costs}.");
                self.report(Finding::warning("recovered", text));
            }
        }
    }

    /// Says for how much of the training there were fewer workers than asked for.
    pub(crate) fn tell_shortage(&self) {
        let (all, steps) = (self.plan.world, self.ledger.steps());
        let short = self.ledger.steps_short_of(all);
        if short > 0 && self.controller.state() == State::Finished {
            let left = self.controller.workers();
            let text = format!(
                "{} trained {short} of its {} with fewer than {}, and ended with {left}.",
                self.arm(),
                counted(steps, "step"),
                counted(u64::from(all), "worker"),
            );
            self.report(Finding::warning("short_of_workers", text).number("steps", short as f64));
        }
    }

    /// Why the training did not come to its end.
    pub(crate) fn epitaph(&self) -> String {
        let why = self
            .controller
            .given_up()
            .map(ToString::to_string)
            .unwrap_or_default();
        match &self.last_words {
            Some(words) if self.plan.arm.is_supervised() => format!("{words}; given up: {why}"),
            Some(words) => {
                let detection = self.incidents.last().map(Incident::detection);
                format!("{words}. {}", detection.unwrap_or_default())
            }
            None => why,
        }
    }

    /// Says that the controller went over from one state to another, where there is one.
    pub(crate) fn announce(&self, before: State, after: State) {
        if self.plan.arm.is_supervised() {
            let (workers, all) = (self.controller.workers(), self.plan.world);
            let state = match after {
                State::Running if self.controller.is_short() => {
                    format!("{after} on {workers} of {all} workers")
                }
                _ => after.to_string(),
            };
            let attempt = self.attempts + u32::from(after == State::Scheduling);
            self.ctx.progress.state(ControllerState {
                phase: match after {
                    State::Running if self.controller.is_short() => ControllerPhase::Degraded,
                    _ => after.phase(),
                },
                text: state.clone(),
                attempt: attempt.max(1),
                workers: Some(workers),
            });
            let text = match after {
                State::Scheduling => format!(
                    "{before} → {state}: {}, attempt {}",
                    counted(u64::from(workers), "worker"),
                    self.attempts + 1
                ),
                _ => format!("{before} → {state}"),
            };
            self.ctx.progress.output("launcher", &text);
        }
    }

    /// Reports something about this arm.
    pub(crate) fn report(&self, finding: Finding) {
        let (name, world) = (self.plan.arm.name(), self.plan.world);
        self.ctx.progress.report(finding.arm_on(name, world));
    }

    /// Names a rank that is slow.
    pub(crate) fn tell_slow(&self, text: &str) {
        let text = format!("In {}, {text}.", self.arm());
        self.report(Finding::warning("slow_worker", text));
    }

    /// Who failed how, and what the others do.
    pub(crate) fn sentence(&self, trouble: &Trouble) -> String {
        let states = self.crew.as_ref().map(Crew::states).unwrap_or_default();
        // Signs of life come five times a second, steps whenever they are done.
        let beyond = |state: &RankState| {
            let next = self.controller.next_step(state.rank);
            next.filter(|step| *step > state.step)
        };
        let (moved_on, others): (Vec<RankState>, Vec<RankState>) = states
            .iter()
            .filter(|state| state.rank != trouble.rank)
            // Who has failed too did so because of this one.
            .filter(|state| self.finished.get(state.rank as usize) == Some(&false))
            .map(|state| match state.condition {
                // Its end is known, and not heard yet; where it was still says what this one did to it.
                Condition::Finished => RankState {
                    condition: Condition::Working,
                    ..*state
                },
                _ => *state,
            })
            .partition(|state| {
                state.condition == Condition::Working
                    && !state.phase.is_waiting()
                    && beyond(state).is_some()
            });
        let mut text = trouble.to_string();
        let own = states.iter().find(|state| state.rank == trouble.rank);
        if let Some(state) = own
            && trouble.is_mute()
        {
            match beyond(state) {
                Some(step) => _ = write!(text, ", at step {step}"),
                None => _ = write!(text, ", in {} at step {}", state.phase, state.step),
            }
        }
        if !others.is_empty() {
            text.push_str("; ");
            text.push_str(&diagnose(&others));
        }
        for state in &moved_on {
            let step = beyond(state).unwrap_or(state.step);
            let _ = write!(text, "; rank {} is at step {step}", state.rank);
        }
        text
    }
}
