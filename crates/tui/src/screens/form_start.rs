//! How long what a form stands for would take, and what to ask before it is started.

use workbench_experiment::lab::{Calibration, NotTimed};
use workbench_history::estimate::RunEstimate;

use super::SharedState;
use super::form_calibration::CalibrationRequest;
use super::form_messages as messages;
use super::form_screen::FormScreen;

/// A run that would take longer, in seconds, is not started before the person was asked.
const ASKED_FROM_S: f64 = 180.0;

impl FormScreen {
    /// The set-up whose work is to be timed, where nothing better is known and it has not been
    /// timed yet. While something is typed there is none.
    pub fn calibration_request(&mut self) -> Option<CalibrationRequest> {
        let is_known = matches!(self.checked.estimate, Some(RunEstimate::SameRun { .. }));
        let config = self.checked.config.as_ref().ok()?;
        if is_known || self.is_typing() {
            return None;
        }
        let request = CalibrationRequest::new(self.lab, config);
        let request = self.timing.request(request)?;
        self.checked.is_timing = true;
        Some(request)
    }

    /// Takes in how long the unit of work takes; whether a start has waited for it.
    pub fn calibrated(
        &mut self,
        request: &CalibrationRequest,
        found: Result<Calibration, NotTimed>,
    ) -> bool {
        self.timing.answer(request, found) && self.starts_when_timed.take().is_some()
    }

    /// Whether something is being timed that is not wanted any more: the set-up is another by now,
    /// or is not shown.
    pub fn ends_timing(&mut self, is_shown: bool) -> bool {
        if !self.timing.is_awaited() {
            return false;
        }
        let config = self.checked.config.as_ref().ok();
        let config = config.filter(|_| is_shown && !self.is_typing());
        let wanted = config.map(|config| CalibrationRequest::new(self.lab, config));
        self.timing.wants_only(wanted.as_ref())
    }

    /// Whether a start has to wait until the work is timed; it comes then.
    pub fn waits(&mut self) -> bool {
        let config = self.checked.config.as_ref().ok();
        let config = config.filter(|_| self.checked.is_timing);
        self.starts_when_timed = config.cloned().map(Box::new);
        self.starts_when_timed.is_some()
    }

    /// What a person should know before the run is started, and a shorter preset to run first.
    pub fn before_start(&self, shared: &SharedState) -> (Vec<String>, Option<String>) {
        let mut reasons = Vec::new();
        let foreign = self.unagreed(shared);
        reasons
            .extend(foreign.map(|lab| messages::foreign(&self.form.definition.name, lab.programs)));
        let estimate = self.checked.estimate.as_ref();
        let long = estimate.filter(|found| {
            found.is_of_programs() || found.likely_s().is_some_and(|s| s > ASKED_FROM_S)
        });
        reasons.extend(long.map(messages::long));
        reasons.extend(messages::beside(&shared.beside));
        let shorter = self.form.definition.first_preset.clone();
        let shorter = shorter.filter(|name| long.is_some() && name != self.form.preset_name());
        (reasons, shorter)
    }
}
