//! What ends trials and searches before their budget: a person, time, and no more gain.

use std::sync::atomic::Ordering;

use workbench_clock::seconds;
use workbench_experiment::lab::Finding;

use super::Drive;
use crate::messages;
use crate::trail;

impl Drive<'_, '_> {
    /// Stops the trials that a person has asked to stop. A leg ends at its next unit, or at once
    /// where it is a process.
    pub(super) fn stop_asked(&mut self) {
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

    /// Begins no new trials once the time is up.
    pub(super) fn close_in_time(&mut self) {
        let limit = self.search.settings.search_time_s;
        if limit > 0.0 && !self.closed {
            let spent_ns = self.ctx.clock.now_ns().saturating_sub(self.begun_ns);
            if seconds(spent_ns) >= limit {
                self.close(messages::time_is_up(limit));
            }
        }
    }

    /// Begins no new trials from now on, and says why.
    pub(super) fn close(&mut self, why: Finding) {
        if !self.closed {
            self.closed = true;
            self.study.close();
            self.record_decisions(None);
            self.ctx.progress.report(why);
        }
    }
}
