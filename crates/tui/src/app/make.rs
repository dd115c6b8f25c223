//! Making a run, and stopping it.

use super::state::{App, Back, LiveRun, Screen};
use crate::event::{Effect, Exit, RunEffect, RunJob};

impl App {
    /// Makes a run, unless one is under way.
    pub(super) fn make(&mut self, job: RunJob) -> Vec<Effect> {
        if self.is_running() {
            self.notice = Some("A run is under way: two would disturb each other.".to_owned());
            return Vec::new();
        }
        self.live = Some(LiveRun::new(match job {
            RunJob::Start(..) => Back::Form,
            RunJob::Resume(_) => Back::Runs,
        }));
        self.screen = Screen::Run;
        vec![Effect::Run(RunEffect::Make(job))]
    }

    /// Stops the run and leaves when its record is closed.
    pub(super) fn stop_and_leave(&mut self, exit: Exit) -> Vec<Effect> {
        self.leaving = Some(exit);
        self.stop_run()
    }

    /// Stops the run.
    pub(super) fn stop_run(&mut self) -> Vec<Effect> {
        if self.live.is_some() {
            self.notice = Some("Stopping: what is under way ends first.".to_owned());
        }
        vec![Effect::Run(RunEffect::Cancel)]
    }
}
