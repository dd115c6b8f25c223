//! This machine on the screen, live or as it was recorded.

use std::sync::Arc;
use std::time::Duration;

use workbench_machine::state::ProcessState;
use workbench_monitor::{AlertLimits, AlertWatch, MonitorLook, Recording};

use super::state::{App, Screen};
use crate::action::Action;
use crate::event::{Effect, MonitorEffect, ProcessTarget};
use crate::looker::MonitorStart;
use crate::overlay::Overlay;
use crate::overlay::signal::AskSignal;
use crate::state_player::StatePlayer;
use crate::views::monitor::MonitorView;

/// The machine as it is watched. It outlives its screen, so that its past is still there.
#[derive(Default)]
pub struct Monitored {
    /// The view's state.
    pub view: MonitorView,
    /// A recording takes the place of this machine.
    pub player: Option<StatePlayer>,
}

impl Monitored {
    /// A recording, to be played from its beginning.
    pub fn recording(recording: Recording, limits: AlertLimits, speed: u32) -> Self {
        let mut this = Self {
            view: MonitorView::default(),
            player: Some(StatePlayer::new(recording, AlertWatch::new(limits), speed)),
        };
        this.view.read_only = true;
        this.play(|player| player.begin());
        this
    }

    /// Plays on, and takes in what came of it. What cannot be read is passed over.
    fn play(&mut self, step: impl FnOnce(&mut StatePlayer) -> bool) {
        let Some(player) = &mut self.player else {
            return;
        };
        if step(player) {
            self.view.forget();
        }
        for look in player.due() {
            self.view.add(Arc::new(look));
        }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::TogglePlay => self.play(StatePlayer::toggle),
            Action::Jump(steps) => self.play(|player| player.jump(*steps)),
            Action::Speed(by) => self.play(|player| player.change_speed(*by)),
            _ => {}
        }
    }
}

impl App {
    /// Begins at this machine, or at a recording of one.
    pub fn begin_at_machine(&mut self, start: &mut MonitorStart) -> Vec<MonitorEffect> {
        if let Some(recording) = start.recording.take() {
            let limits = start.limits.clone();
            self.monitored = Monitored::recording(recording, limits, 1);
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

    /// Whether the machine is on the screen.
    pub(super) fn shows_machine(&self) -> bool {
        matches!(self.screen, Screen::Monitor(_))
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
        let view = &self.monitored.view;
        if view.read_only {
            self.notice =
                Some("Signals are switched off here (--read-only, or a recording).".to_owned());
            return;
        }
        let Some(process) = view.selected() else {
            return;
        };
        let dialog = AskSignal::new(target(process), named(process), &process.user);
        self.overlay = Some(Overlay::Signal(dialog));
    }
}

fn target(process: &ProcessState) -> ProcessTarget {
    ProcessTarget {
        pid: process.pid,
        started_ticks: process.started_ticks,
        name: process.name.clone(),
    }
}

fn named(process: &ProcessState) -> &str {
    if process.command.is_empty() {
        &process.name
    } else {
        &process.command
    }
}
