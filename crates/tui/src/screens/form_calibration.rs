//! Timing a lab's unit of work for a form: what is asked, and what was answered.

use workbench_experiment::lab::{Calibration, NotTimed, RunConfig};

/// A set-up whose unit of work is to be timed.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationRequest {
    /// The lab's place in the list.
    pub lab: usize,
    /// The set-up, without what the unit does not depend on.
    pub config: Box<RunConfig>,
}

impl CalibrationRequest {
    /// The request of a set-up.
    pub fn new(lab: usize, config: &RunConfig) -> Self {
        Self {
            lab,
            config: Box::new(RunConfig {
                repeats: 1,
                workers: vec![1],
                until: None,
                control: false,
                oversubscribe: true,
                command: String::new(),
                ..config.clone()
            }),
        }
    }
}

/// What was asked last, and what came of it; `None` while that is awaited.
#[derive(Debug, Default)]
pub struct Timing {
    asked: Option<(CalibrationRequest, Option<Result<Calibration, NotTimed>>)>,
}

impl Timing {
    /// The request of a set-up, if it has not been made yet.
    pub fn request(&mut self, request: CalibrationRequest) -> Option<CalibrationRequest> {
        if self
            .asked
            .as_ref()
            .is_some_and(|(asked, _)| *asked == request)
        {
            return None;
        }
        self.asked = Some((request.clone(), None));
        Some(request)
    }

    /// Takes in an answer; whether it was waited for.
    pub fn answer(
        &mut self,
        request: &CalibrationRequest,
        answer: Result<Calibration, NotTimed>,
    ) -> bool {
        match &mut self.asked {
            Some((asked, answered)) if asked == request => {
                *answered = Some(answer);
                true
            }
            _ => false,
        }
    }

    /// Waits for the answer to this request alone, or for none; whether it waited for another.
    pub fn wants_only(&mut self, request: Option<&CalibrationRequest>) -> bool {
        let is_other = matches!(&self.asked, Some((asked, None)) if Some(asked) != request);
        if is_other {
            self.asked = None;
        }
        is_other
    }

    /// Whether any answer is still to come.
    pub fn is_awaited(&self) -> bool {
        matches!(&self.asked, Some((_, None)))
    }

    /// Whether the answer about a set-up is still to come.
    pub fn is_timing(&self, request: &CalibrationRequest) -> bool {
        matches!(&self.asked, Some((asked, None)) if asked == request)
    }

    /// What came of timing the work of a set-up, where that was done.
    pub fn of(&self, request: &CalibrationRequest) -> Option<&Result<Calibration, NotTimed>> {
        let (asked, answer) = self.asked.as_ref()?;
        answer.as_ref().filter(|_| asked == request)
    }
}
