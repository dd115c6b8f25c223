//! Looking at this machine again and again, on a thread of its own, while somebody wants to see it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use workbench_clock::thread_cpu_ns;
use workbench_machine::limits::with_limit;
use workbench_monitor::{
    AlertLimits, MachineWatcher, MetricsServer, MonitorLook, Recording, RecordingFlaw,
    StateRecorder, USUAL_INTERVAL,
};

use crate::event::AppEvent;

/// The first look follows this soon, so that there is something to see.
const SOON: Duration = Duration::from_millis(150);
/// Looks that somebody may hold or not have taken in yet. A terminal that takes no output stops the
/// screen, and a look at a large machine is large.
const MOST: usize = 20;

/// How this machine is watched.
#[derive(Debug)]
pub struct MonitorStart {
    /// From one look to the next.
    pub interval: Duration,
    /// From where on figures are told.
    pub limits: AlertLimits,
    /// No signals are handed to processes.
    pub read_only: bool,
    /// Records every look, also while another screen is shown.
    pub recorder: Option<StateRecorder>,
    /// Serves the figures, also while another screen is shown.
    pub server: Option<MetricsServer>,
    /// Is shown instead of this machine.
    pub recording: Option<Recording>,
    /// What is odd about that.
    pub flaws: Vec<RecordingFlaw>,
}

impl Default for MonitorStart {
    fn default() -> Self {
        Self {
            interval: USUAL_INTERVAL,
            limits: AlertLimits::default(),
            read_only: false,
            recorder: None,
            server: None,
            recording: None,
            flaws: Vec::new(),
        }
    }
}

/// Looks while it is told to.
#[derive(Debug)]
pub struct MachineLooker {
    interval: Duration,
    limits: AlertLimits,
    recorder: Option<StateRecorder>,
    server: Option<MetricsServer>,
    /// Somebody else reads the figures, so that looking does not end with the screen.
    stays: bool,
    /// Dropping it ends the thread.
    looking: Option<Sender<()>>,
}

impl MachineLooker {
    /// Looks at nothing yet.
    pub fn new(start: MonitorStart) -> Self {
        Self {
            interval: start.interval,
            limits: start.limits,
            stays: start.recorder.is_some() || start.server.is_some(),
            recorder: start.recorder,
            server: start.server,
            looking: None,
        }
    }

    /// Begins to look, where it does not already. What is seen is told as an event; what looking
    /// costs is told to `cost`, in nanoseconds of CPU time.
    pub fn begin(
        &mut self,
        events: &UnboundedSender<AppEvent>,
        cost: impl Fn(u64) + Send + 'static,
    ) {
        if self.looking.is_some() {
            return;
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let (limits, interval) = (self.limits.clone(), self.interval);
        let (recorder, server) = (self.recorder.take(), self.server.take());
        let tell = events.clone();
        let body = move || {
            let watcher = MachineWatcher::new(limits)
                .recording(recorder)
                .serving(server);
            let mut looker = Looker {
                watcher,
                told: Told::to(tell),
                helper_ns: 0,
            };
            let mut next = Instant::now() + SOON;
            loop {
                let wait = next.saturating_duration_since(Instant::now());
                if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let before = thread_cpu_ns();
                if !looker.look() {
                    return;
                }
                cost(thread_cpu_ns() - before + looker.helper_cost_ns());
                // Looks that were missed are left out.
                next = (next + interval).max(Instant::now());
            }
        };
        let thread = thread::Builder::new()
            .name("workbench-look".to_owned())
            .spawn(body);
        match thread {
            Ok(_) => self.looking = Some(stop),
            Err(error) => {
                let text = format!("cannot start a thread: {}", with_limit(&error));
                let _ = events.send(AppEvent::Told(text));
            }
        }
    }

    /// Looks no more, unless somebody else reads the figures.
    pub fn end(&mut self) {
        if !self.stays {
            self.looking = None;
        }
    }
}

/// What the thread has.
struct Looker {
    watcher: MachineWatcher,
    told: Told,
    /// CPU time of the driver's helper that was told already.
    helper_ns: u64,
}

impl Looker {
    /// Looks once; whether anybody listens.
    fn look(&mut self) -> bool {
        let (look, lost) = self.watcher.look();
        if let Some(error) = lost {
            let text = format!("The recording ended: {}", with_limit(&error));
            let _ = self.told.events.send(AppEvent::Told(text));
        }
        self.told.tell(look)
    }

    fn helper_cost_ns(&mut self) -> u64 {
        let now = self.watcher.helper_cpu_ns();
        let cost = now.saturating_sub(self.helper_ns);
        self.helper_ns = now;
        cost
    }
}

/// Where looks are told, and those that are still held.
struct Told {
    events: UnboundedSender<AppEvent>,
    held: Vec<Weak<MonitorLook>>,
}

impl Told {
    fn to(events: UnboundedSender<AppEvent>) -> Self {
        Self {
            events,
            held: Vec::new(),
        }
    }

    /// Tells a look, unless too many wait; whether anybody listens.
    fn tell(&mut self, look: MonitorLook) -> bool {
        self.held.retain(|look| look.strong_count() > 0);
        if self.held.len() >= MOST {
            return !self.events.is_closed();
        }
        let look = Arc::new(look);
        self.held.push(Arc::downgrade(&look));
        self.events.send(AppEvent::Looked(look)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn looks_do_not_pile_up_before_a_screen_that_has_stopped() {
        let (events, mut screen) = unbounded_channel();
        let mut told = Told::to(events);
        for _ in 0..10 * MOST {
            assert!(told.tell(MonitorLook::default()));
        }
        assert_eq!(screen.len(), MOST);
        // The screen goes on, and so do the looks.
        while screen.try_recv().is_ok() {}
        assert!(told.tell(MonitorLook::default()));
        assert_eq!((screen.len(), told.held.len()), (1, 1));
        drop(screen);
        assert!(!told.tell(MonitorLook::default()), "nobody listens");
    }
}
