//! Making a run, and stopping it.

use super::state::{App, Back, Live, Screen};
use crate::event::{Effect, Exit, Job};

impl App {
    /// Makes a run, unless one is under way.
    pub(super) fn make(&mut self, job: Job) -> Vec<Effect> {
        if self.is_running() {
            self.notice = Some("A run is under way: two would disturb each other.".to_owned());
            return Vec::new();
        }
        self.live = Some(Live::new(match job {
            Job::Start(..) => Back::Form,
            Job::Resume(_) => Back::Runs,
        }));
        self.screen = Screen::Run;
        vec![Effect::Make(job)]
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
        vec![Effect::Cancel]
    }
}
