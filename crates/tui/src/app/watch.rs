//! Runs on the Run screen that are not made here: one that another process makes, followed through
//! its log, and one that is over, played again.

use std::sync::Arc;
use std::time::Duration;

use workbench_history::Standing;
use workbench_record::{Record, RunDir, Snapshot};

use super::state::{App, Back, Feed, Screen, Watched};
use crate::action::Action;
use crate::event::{Effect, HistoryEffect, Loaded, Recorded, WatchEffect};
use crate::player::Player;
use crate::views::run::RunView;

impl Watched {
    /// How the run stands where it is shown: a run that is played has its end only at the end.
    pub fn shown_standing(&self) -> Option<Standing> {
        match &self.feed {
            Feed::Replay(player) if player.is_at_end() => Some(self.standing),
            _ => None,
        }
    }

    /// Steers a run that is played. Back at an earlier moment the picture is made from the
    /// beginning; where the person looked stays.
    pub(super) fn act(&mut self, action: &Action) {
        let Feed::Replay(player) = &mut self.feed else {
            return;
        };
        let rewound = match action {
            Action::TogglePlay => player.toggle(&mut self.snapshot),
            Action::Jump(steps) => player.jump(*steps, &mut self.snapshot),
            Action::Seek(forward) => player.seek(*forward, &mut self.snapshot),
            Action::SeekTo(time) => player.go_to(*time, &mut self.snapshot),
            Action::Speed(by) => {
                player.change_speed(*by);
                false
            }
            _ => false,
        };
        if rewound {
            self.view = self.view.anew();
        }
    }
}

impl App {
    /// Follows a run that another process makes.
    pub(super) fn follow(&mut self, run: RunDir) -> Vec<Effect> {
        self.watch(run.clone(), Feed::Follow, Standing::Running);
        vec![Effect::Watch(WatchEffect::Follow(run))]
    }

    fn watch(&mut self, run: RunDir, feed: Feed, standing: Standing) {
        let before = std::mem::replace(&mut self.screen, Screen::Home);
        let (back, from) = match before {
            Screen::Home => (Back::Home, None),
            Screen::Result(screen) => (screen.back, Some(screen)),
            _ => (Back::Runs, None),
        };
        self.screen = Screen::Watch(Box::new(Watched {
            run,
            snapshot: Snapshot::default(),
            view: RunView::default(),
            feed,
            standing,
            back,
            from,
        }));
    }

    /// The screen of a run that is followed.
    fn followed_mut(&mut self, run: &RunDir) -> Option<&mut Watched> {
        match &mut self.screen {
            Screen::Watch(watched)
                if watched.run == *run && matches!(watched.feed, Feed::Follow) =>
            {
                Some(watched)
            }
            _ => None,
        }
    }

    /// The run that is followed has new records.
    pub(super) fn followed(&mut self, run: &RunDir, records: &[Record]) {
        if let Some(watched) = self.followed_mut(run) {
            for record in records {
                watched.snapshot.apply(record);
            }
        }
    }

    /// The run that was followed has ended, or can be followed no longer.
    pub(super) fn follow_ended(
        &mut self,
        run: &RunDir,
        ended: Result<Arc<Loaded>, String>,
    ) -> Vec<Effect> {
        let Some(back) = self.followed_mut(run).map(|watched| watched.back) else {
            return Vec::new();
        };
        let told = match &ended {
            Ok(loaded) => self.told_end(&run.id(), loaded.standing),
            Err(error) => self.told(error.clone()),
        };
        match ended {
            Ok(loaded) => {
                self.notice = Some(format!("The run has ended: {}.", run.id()));
                self.show(loaded, back);
            }
            Err(error) => {
                self.notice = Some(error);
                self.go(back);
            }
        }
        let next = Effect::History(HistoryEffect::Read);
        told.into_iter().chain([next]).collect()
    }

    /// The records of a run that is to be played have been read.
    pub(super) fn replay(&mut self, read: Result<Recorded, String>) {
        self.notice = None;
        match read {
            Ok(read) => {
                let player = Player::new(read.records, self.replay_speed);
                self.watch(read.run, Feed::Replay(player), read.standing);
            }
            Err(error) => self.notice = Some(error),
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, by: Duration) {
        if self.shows_machine() {
            self.tick_recording(by);
        }
        if let Screen::Watch(watched) = &mut self.screen
            && let Feed::Replay(player) = &mut watched.feed
        {
            player.advance(by, &mut watched.snapshot);
        }
    }
}
