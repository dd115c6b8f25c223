//! This machine on the screen, live or as it was recorded.

use std::sync::Arc;
use std::time::Duration;

use workbench_machine::state::SeenProcess;
use workbench_monitor::MonitorLook;

use super::state::{App, Screen};
use crate::action::Action;
use crate::event::{Effect, MonitorEffect, ProcessTarget};
use crate::looker::MonitorStart;
use crate::monitored::Monitored;
use crate::overlay::Overlay;
use crate::overlay::signal::AskSignal;

/// The process on which all others hang.
const FIRST: u32 = 1;

impl App {
    /// Begins at this machine, or at a recording of one.
    pub fn begin_at_machine(&mut self, start: &mut MonitorStart) -> Vec<MonitorEffect> {
        if let Some(recording) = start.recording.take() {
            let limits = start.limits.clone();
            self.monitored = Monitored::recording(recording, limits, 1);
            let flaws = start.flaws.iter().map(ToString::to_string);
            let flaws: Vec<String> = flaws.collect();
            self.notice = (!flaws.is_empty()).then(|| flaws.join(" "));
        } else {
            self.monitored.view.set_interval(start.interval);
        }
        self.monitored.view.read_only |= start.read_only;
        let monitor = |effect| match effect {
            Effect::Monitor(effect) => Some(effect),
            _ => None,
        };
        self.watch_machine()
            .into_iter()
            .filter_map(monitor)
            .collect()
    }

    /// Goes to this machine.
    pub fn watch_machine(&mut self) -> Vec<Effect> {
        if matches!(self.screen, Screen::Monitor(_)) {
            return Vec::new();
        }
        let from = std::mem::replace(&mut self.screen, Screen::Home);
        self.screen = Screen::Monitor(Box::new(from));
        if self.monitored.player.is_some() {
            return Vec::new();
        }
        vec![Effect::Monitor(MonitorEffect::Begin)]
    }

    /// Goes back to where the person came from.
    pub(super) fn leave_machine(&mut self) {
        let shown = std::mem::replace(&mut self.screen, Screen::Home);
        if let Screen::Monitor(from) = shown {
            self.screen = *from;
        }
    }

    pub(super) fn looked(&mut self, look: Arc<MonitorLook>) {
        if self.monitored.player.is_none() {
            self.monitored.view.add(look);
        }
    }

    pub(super) fn act_on_machine(&mut self, action: &Action) {
        match action {
            Action::AskSignal => self.ask_signal(),
            other => self.monitored.act(other),
        }
    }

    /// Time has passed.
    pub(super) fn tick_recording(&mut self, by: Duration) {
        self.monitored.play(|player| player.advance(by));
    }

    fn ask_signal(&mut self) {
        let view = &mut self.monitored.view;
        if view.read_only {
            self.notice =
                Some("Signals are switched off here (--read-only, or a recording).".to_owned());
            return;
        }
        let Some(process) = view.marked() else {
            self.notice = Some("The process has ended.".to_owned());
            return;
        };
        if process.pid == FIRST {
            self.notice = Some(
                "All other processes hang on process 1: it gets no signal from here.".to_owned(),
            );
            return;
        }
        let dialog = AskSignal::new(target(process), named(process), &process.user);
        self.overlay = Some(Overlay::Signal(dialog));
    }
}

fn target(process: &SeenProcess) -> ProcessTarget {
    ProcessTarget {
        pid: process.pid,
        started_ticks: process.started_ticks,
        name: process.name.clone(),
    }
}

fn named(process: &SeenProcess) -> &str {
    if process.command.is_empty() {
        &process.name
    } else {
        &process.command
    }
}
