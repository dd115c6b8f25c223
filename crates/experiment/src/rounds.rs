//! What comes after each repeat of a run: the next one, the same one again, or the end.

use std::collections::BTreeSet;

use super::control::Control;
use crate::lab::LabError;
use workbench_record::{
    Event, LeftOut, RecordError, Recorder, RepeatFinished, RepeatId, RunStatus,
};

/// What comes after a repeat.
pub(super) enum Next {
    /// The next one.
    Go,
    /// The next one, and this one again at the end of its round.
    Again,
    /// Nothing.
    End(RunStatus),
}

/// How the rounds of a run have gone so far.
#[derive(Default)]
pub(super) struct Rounds {
    /// Arms that were stopped or have failed.
    ended: BTreeSet<String>,
    /// The error of the first arm that failed.
    failure: Option<String>,
    left_out: LeftOut,
}

impl Rounds {
    /// At the start of a part of a run; `left_out` are the repeats that were left out before.
    pub fn new(left_out: LeftOut) -> Self {
        Self {
            left_out,
            ..Self::default()
        }
    }

    /// Whether nothing more of an arm is to be run.
    pub fn has_ended(&self, arm: &str) -> bool {
        self.ended.contains(arm)
    }

    /// The error of the first arm that failed.
    pub fn failure(self) -> Option<String> {
        self.failure
    }

    /// The status of the run after its last repeat.
    pub fn status(&self) -> RunStatus {
        match self.failure {
            Some(_) => RunStatus::Failed,
            None => RunStatus::Completed,
        }
    }

    /// Takes note of the outcome of a repeat, and says what comes next.
    pub fn take(
        &mut self,
        id: &RepeatId,
        outcome: Result<RepeatFinished, LabError>,
        recorder: &Recorder,
        control: &Control,
    ) -> Result<Next, RecordError> {
        match outcome {
            Ok(finished) => {
                recorder.emit(Event::RepeatFinished(Box::new(finished.clone())));
                recorder.sync()?;
                if finished.counts() {
                    return Ok(Next::Go);
                }
                self.left_out.add(finished);
                let again = self.left_out.runs_again(id);
                Ok(if again { Next::Again } else { Next::Go })
            }
            Err(LabError::Cancelled)
                if control.is_arm_stopped(&id.arm) && !control.is_stopped() =>
            {
                self.ended.insert(id.arm.clone());
                let arm = id.arm.clone();
                recorder.emit(Event::ArmStopped { arm });
                Ok(Next::Go)
            }
            Err(LabError::Cancelled) => Ok(Next::End(RunStatus::Interrupted)),
            Err(error) => {
                recorder.emit(Event::ArmFailed(error.arm_failure(&id.arm)));
                self.failure.get_or_insert(error.to_string());
                self.ended.insert(id.arm.clone());
                // An arm's own failure need not affect others; what the machine lacks affects all
                // arms.
                Ok(match error {
                    LabError::Failed(_) => Next::Go,
                    _ => Next::End(RunStatus::Failed),
                })
            }
        }
    }
}
