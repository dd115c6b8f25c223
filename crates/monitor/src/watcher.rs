//! Looking at this machine, and everything that becomes of a look: alerts, recording, figures for
//! others.

use workbench_machine::state::{MachineState, StateReader};

use crate::alert::Alert;
use crate::alerts::{AlertLimits, AlertWatch};
use crate::prometheus;
use crate::recording::{RecordingError, StateRecorder};
use crate::server::MetricsServer;

/// A look with what somebody should look at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MonitorLook {
    /// What the machine does.
    pub state: MachineState,
    /// What is beyond its limit.
    pub alerts: Vec<Alert>,
}

/// Looks at this machine.
#[derive(Debug)]
pub struct MachineWatcher {
    reader: StateReader,
    alerts: AlertWatch,
    recorder: Option<StateRecorder>,
    server: Option<MetricsServer>,
}

impl MachineWatcher {
    /// A watcher whose first look tells what happened since this call.
    pub fn new(limits: AlertLimits) -> Self {
        Self {
            reader: StateReader::new(),
            alerts: AlertWatch::new(limits),
            recorder: None,
            server: None,
        }
    }

    /// Tells alerts in the first look that shows them, for whoever looks once.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.alerts = self.alerts.at_once();
        self
    }

    /// Records every look.
    #[must_use]
    pub fn recording(mut self, recorder: Option<StateRecorder>) -> Self {
        self.recorder = recorder;
        self
    }

    /// Serves the figures of the latest look.
    #[must_use]
    pub fn serving(mut self, server: Option<MetricsServer>) -> Self {
        self.server = server;
        self
    }

    /// Looks once. A recording that cannot go on is told once, and ends.
    pub fn look(&mut self) -> (MonitorLook, Option<RecordingError>) {
        let state = self.reader.look();
        let alerts = self.alerts.look(&state);
        let recorder = self.recorder.as_mut();
        let lost = recorder.and_then(|recorder| recorder.add(&state).err());
        if lost.is_some() {
            self.recorder = None;
        }
        if let Some(server) = &self.server {
            server.publish(prometheus::text(&state, &alerts));
        }
        (MonitorLook { state, alerts }, lost)
    }

    /// Whether the GPUs' driver may still answer.
    pub fn gpus_are_awaited(&self) -> bool {
        self.reader.gpus_are_awaited()
    }

    /// How often it has answered.
    pub fn gpu_answers(&self) -> u64 {
        self.reader.gpu_answers()
    }

    /// Asks it, for the next look. Waits for nothing.
    pub fn ask_gpus(&self) {
        self.reader.ask_gpus();
    }

    /// CPU time of the process that asks the GPUs' driver, in nanoseconds.
    pub fn helper_cpu_ns(&self) -> u64 {
        self.reader.helper_cpu_ns()
    }
}
