//! Controlling a run from outside while it is under way: stopping it or one of its arms, and
//! reporting the cost of a screen to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The handle with which a screen or command controls a run. Clones control the same run.
#[derive(Debug, Clone, Default)]
pub struct Control {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    arms: Mutex<Arms>,
    screen_cpu_ns: AtomicU64,
    /// Where processes say that they measure.
    measuring: Option<PathBuf>,
    output: Mutex<Vec<(String, String)>>,
    /// Items of the repeat under way that are to be stopped.
    items: Arc<Mutex<Vec<String>>>,
}

/// The stopped arms, and the arm that runs.
#[derive(Debug, Default)]
struct Arms {
    stopped: BTreeSet<String>,
    current: Option<(String, Arc<AtomicBool>)>,
}

impl Control {
    /// The control of a run that says in a folder that it measures, and looks there for others that
    /// do ([`workbench_machine::measuring`]).
    pub fn beside(measuring: Option<PathBuf>) -> Self {
        let shared = Shared {
            measuring,
            ..Shared::default()
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Where processes say that they measure.
    pub(super) fn measuring(&self) -> Option<&Path> {
        self.shared.measuring.as_deref()
    }

    /// Asks the run to stop as soon as it can; returns whether that was asked before.
    pub fn stop(&self) -> bool {
        let before = self.shared.stopped.swap(true, Ordering::SeqCst);
        if let Some((_, flag)) = &self.arms().current {
            flag.store(true, Ordering::SeqCst);
        }
        before
    }

    /// Asks the run to end its repeat of this arm, if one is under way, and to begin no other. The
    /// other arms continue.
    pub fn stop_arm(&self, arm: &str) {
        let mut arms = self.arms();
        arms.stopped.insert(arm.to_owned());
        if let Some((_, flag)) = arms.current.as_ref().filter(|(name, _)| name == arm) {
            flag.store(true, Ordering::SeqCst);
        }
    }

    /// Asks the repeat under way to stop one of its items (a trial, say) and to go on with the
    /// others. Arms whose items have no life of their own pass it over.
    pub fn stop_item(&self, item: &str) {
        lock(&self.shared.items).push(item.to_owned());
    }

    /// Where a repeat that begins finds the items that are to be stopped.
    pub(super) fn begin_items(&self) -> Arc<Mutex<Vec<String>>> {
        lock(&self.shared.items).clear();
        Arc::clone(&self.shared.items)
    }

    /// Adds CPU time that a screen in this process has used to show the run, in nanoseconds.
    pub fn add_screen_cpu_ns(&self, ns: u64) {
        self.shared.screen_cpu_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Records a line that something in this process would have printed over the screen.
    pub fn output(&self, source: &str, text: &str) {
        lock(&self.shared.output).push((source.to_owned(), text.to_owned()));
    }

    /// Whether the whole run has been asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::SeqCst)
    }

    /// Whether an arm has been asked to stop.
    pub(super) fn is_arm_stopped(&self, arm: &str) -> bool {
        self.arms().stopped.contains(arm)
    }

    /// Begins a repeat of an arm; the returned flag becomes true when it has to stop.
    pub(super) fn begin(&self, arm: &str) -> Arc<AtomicBool> {
        let mut arms = self.arms();
        // Asked under the lock: a request comes either before this and is seen, or after it and
        // finds the flag.
        let stop = self.is_stopped() || arms.stopped.contains(arm);
        let flag = Arc::new(AtomicBool::new(stop));
        arms.current = Some((arm.to_owned(), Arc::clone(&flag)));
        flag
    }

    /// The cost of a screen so far, in nanoseconds of CPU time.
    pub(super) fn screen_cpu_ns(&self) -> u64 {
        self.shared.screen_cpu_ns.load(Ordering::Relaxed)
    }

    /// The lines handed over since the last call.
    pub(super) fn take_output(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *lock(&self.shared.output))
    }

    fn arms(&self) -> MutexGuard<'_, Arms> {
        lock(&self.shared.arms)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests to stop that come as signals. The first one asks a run to stop and close its record; a
/// second one ends the program at once. But one wish often arrives as several signals: `timeout`
/// sends its own to the program and then to the whole group, and a shell's Ctrl-C may meet a
/// `kill`. So signals within a second of one that counted are the same request.
#[derive(Debug, Default)]
pub struct StopRequests {
    counted: Option<Instant>,
}

impl StopRequests {
    /// How long further signals are the same request.
    pub const SAME: Duration = Duration::from_secs(1);

    /// Whether a signal that comes `now` is a request of its own.
    pub fn is_new(&mut self, now: Instant) -> bool {
        let same = |counted| now.saturating_duration_since(counted) < Self::SAME;
        if self.counted.is_some_and(same) {
            return false;
        }
        self.counted = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_within_a_second_are_one_request() {
        let start = Instant::now();
        let mut requests = StopRequests::default();
        let asked: Vec<u64> = [0, 1, 400, 999, 1000, 1001, 1999, 2000, 9000]
            .into_iter()
            .filter(|ms| requests.is_new(start + Duration::from_millis(*ms)))
            .collect();
        assert_eq!(asked, [0, 1000, 2000, 9000]);
    }

    #[test]
    fn stopping_an_arm_ends_its_repeat_and_no_other() {
        let control = Control::default();
        let tasks = control.begin("tasks");
        control.stop_arm("trees");
        assert!(!tasks.load(Ordering::SeqCst));
        assert!(control.begin("trees").load(Ordering::SeqCst));
        let tasks = control.begin("tasks");
        control.stop_arm("tasks");
        assert!(tasks.load(Ordering::SeqCst));
        assert!(!control.begin("sequential").load(Ordering::SeqCst));
        assert!(!control.is_stopped());
    }

    #[test]
    fn stopping_the_run_ends_what_is_under_way_and_all_that_follows() {
        let control = Control::default();
        let flag = control.begin("tasks");
        assert!(!control.stop());
        assert!(flag.load(Ordering::SeqCst));
        assert!(control.begin("trees").load(Ordering::SeqCst));
        assert!(control.stop());
    }
}
