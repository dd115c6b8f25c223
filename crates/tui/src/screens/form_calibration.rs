//! Timing a lab's unit of work for a form: what is asked, and what was answered.

use workbench_experiment::lab::{Calibration, RunConfig};

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

/// What was asked last, and what came of it.
#[derive(Debug, Default)]
pub struct Timing {
    asked: Option<(CalibrationRequest, Answer)>,
}

/// What came of it.
#[derive(Debug)]
enum Answer {
    /// Nothing yet.
    Awaited,
    /// The lab's unit took so long.
    Timed(Calibration),
    /// The lab has no such unit.
    Unknown,
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
        self.asked = Some((request.clone(), Answer::Awaited));
        Some(request)
    }

    /// Takes in an answer; whether it was waited for.
    pub fn answer(&mut self, request: &CalibrationRequest, answer: Option<Calibration>) -> bool {
        match &mut self.asked {
            Some((asked, answered)) if asked == request => {
                *answered = answer.map_or(Answer::Unknown, Answer::Timed);
                true
            }
            _ => false,
        }
    }

    /// Whether the answer about a set-up is still to come.
    pub fn is_timing(&self, request: &CalibrationRequest) -> bool {
        matches!(&self.asked, Some((asked, Answer::Awaited)) if asked == request)
    }

    /// How long the unit of a set-up takes, where that is known.
    pub fn of(&self, request: &CalibrationRequest) -> Option<&Calibration> {
        match &self.asked {
            Some((asked, Answer::Timed(calibration))) if asked == request => Some(calibration),
            _ => None,
        }
    }
}
