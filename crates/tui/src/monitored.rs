//! This machine as it is watched, or a recording of one.

use std::sync::Arc;

use workbench_monitor::{AlertLimits, AlertWatch, Recording};

use crate::action::Action;
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
        let mut view = MonitorView::default();
        if let Some(interval) = recording.interval() {
            view.set_interval(interval);
        }
        let mut this = Self {
            view,
            player: Some(StatePlayer::new(recording, AlertWatch::new(limits), speed)),
        };
        this.view.read_only = true;
        this.play(StatePlayer::begin);
        this
    }

    /// Plays on, and takes in what came of it. What cannot be read is passed over.
    pub fn play(&mut self, step: impl FnOnce(&mut StatePlayer) -> bool) {
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

    /// Steers a recording.
    pub fn act(&mut self, action: &Action) {
        match action {
            Action::TogglePlay => self.play(StatePlayer::toggle),
            Action::Jump(steps) => self.play(|player| player.jump(*steps)),
            Action::SeekTo(time) => self.play(|player| player.go_to(*time)),
            Action::Speed(by) => self.play(|player| player.change_speed(*by)),
            _ => {}
        }
    }
}
