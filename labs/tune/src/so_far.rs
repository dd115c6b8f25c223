//! How far a search is, and what an earlier part of a run left of one.

use std::collections::BTreeMap;

use workbench_experiment::lab::{ArmMessage, LabError, RepeatState};
use workbench_search::{FiniteLoss, Replay, Study, StudyEvent, TrialId, TrialVerdict};

use crate::importance::ReportedLosses;
use crate::messages;
use crate::trail;

/// How far a search is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SoFar {
    /// Units of budget done.
    pub spent: u64,
    /// The least loss, of which trial, after which unit of its budget.
    pub best: Option<(FiniteLoss, TrialId, u64)>,
    /// Trials that have left their slots since there was a better one.
    pub without_gain: u64,
}

impl SoFar {
    /// Takes in an event of the study.
    pub fn take(&mut self, event: &StudyEvent) {
        match event {
            StudyEvent::Reported {
                trial,
                budget,
                loss,
                verdict,
            } => {
                self.spent += 1;
                if self.best.is_none_or(|(best, ..)| *loss < best) {
                    self.best = Some((*loss, *trial, *budget));
                    self.without_gain = 0;
                }
                self.without_gain += u64::from(*verdict != TrialVerdict::Continue);
            }
            StudyEvent::Failed { .. } => self.without_gain += 1,
            _ => {}
        }
    }
}

/// What an earlier part of the run left of the search.
#[derive(Default)]
pub struct Earlier {
    pub failures: BTreeMap<TrialId, u32>,
    pub last_ns: u64,
    pub so_far: SoFar,
    pub losses: ReportedLosses,
    pub closed: bool,
    /// Decisions that follow from the record and are not in it.
    pub unrecorded: Vec<ArmMessage>,
}

impl Earlier {
    /// Puts the study where its record ends.
    /// # Errors
    /// When the record does not follow from the settings of the search.
    pub fn of(before: Option<&RepeatState>, study: &mut Study) -> Result<Self, LabError> {
        let mut earlier = Self::default();
        let Some(before) = before else {
            return Ok(earlier);
        };
        let names: Vec<String> = study
            .space()
            .dimensions()
            .iter()
            .map(|d| d.name.clone())
            .collect();
        let mut events = trail::events(before, &names);
        // What was decided by the last report may not have been recorded any more.
        let cut_off = events.pop_if(|last| trail::is_undecided(last));
        study
            .replay(&events, Replay::Decisions)
            .map_err(|error| LabError::Failed(messages::other_search(&error)))?;
        if let Some(StudyEvent::Reported {
            trial,
            budget,
            loss,
            ..
        }) = cut_off
        {
            study.report(trial, budget, loss.get());
            for event in study.take_events() {
                let messages = trail::messages(&event).into_iter();
                earlier
                    .unrecorded
                    .extend(messages.filter(|m| matches!(m, ArmMessage::Item(_))));
                events.push(event);
            }
        }
        for event in &events {
            earlier.so_far.take(event);
            earlier.losses.take(event);
            earlier.closed |= *event == StudyEvent::Closed;
        }
        for (at, event) in &before.items {
            earlier.last_ns = earlier.last_ns.max(*at);
            if let Some(trial) = trail::trial(&event.item) {
                earlier.failures.insert(trial, event.failures);
            }
        }
        earlier.failures.retain(|_, failures| *failures > 0);
        Ok(earlier)
    }
}
