//! Runs on the Run screen that are not made here: one that another process makes, followed through its log, and one
//! that is over, played again.

use std::sync::Arc;
use std::time::Duration;

use workbench_record::{Record, RunDir, Snapshot};

use super::{App, Back, Live, Screen};
use crate::event::{Effect, Loaded};
use crate::keys::{Bound, bound, find};
use crate::player::Player;
use crate::views::run::RunView;
use crate::views::{Keyed, View};

/// A run that is watched and not made here.
pub struct Watched {
    /// The run.
    pub run: RunDir,
    /// Its events so far, folded.
    pub snapshot: Snapshot,
    /// The view's state.
    pub view: RunView,
    /// Where its events come from.
    pub feed: Feed,
    back: Back,
}

/// Where the events of a watched run come from.
pub enum Feed {
    /// Another process makes the run.
    Follow,
    /// The run is over and is played again.
    Replay(Player),
}

/// What a key does while a run is watched, besides those of its view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchAction {
    /// Open the result so far.
    Result,
    /// Go back.
    Back,
    /// Play, or hold.
    Toggle,
    /// Play faster or slower.
    Speed(isize),
    /// Jump.
    Jump(i64),
}

/// The keys while a run of another process is followed.
pub const FOLLOW_KEYS: &[Bound<WatchAction>] = &[RESULT, BACK];

/// The keys while a run is played again.
pub const REPLAY_KEYS: &[Bound<WatchAction>] = &[
    bound(
        &["space"],
        WatchAction::Toggle,
        "play/hold",
        "Play, or hold; at the end, play from the beginning again.",
    ),
    bound(
        &["]"],
        WatchAction::Speed(1),
        "faster",
        "Play faster, up to 100 times as fast as it was.",
    ),
    bound(
        &["["],
        WatchAction::Speed(-1),
        "slower",
        "Play slower, down to the pace at which it was.",
    ),
    bound(
        &[".", ">"],
        WatchAction::Jump(1),
        "ahead",
        "Jump ahead by a twentieth of the run.",
    ),
    bound(
        &[",", "<"],
        WatchAction::Jump(-1),
        "back",
        "Jump back by a twentieth of the run.",
    ),
    RESULT,
    BACK,
];

const RESULT: Bound<WatchAction> = bound(
    &["r"],
    WatchAction::Result,
    "result",
    "Show what the run has found, so far or in the end.",
);
const BACK: Bound<WatchAction> = bound(&["esc"], WatchAction::Back, "back", "Go back.");

impl Watched {
    /// Where going back leads.
    pub(super) fn back(&self) -> Back {
        self.back
    }

    /// The keys that work, besides those of the view.
    pub fn keys(&self) -> &'static [Bound<WatchAction>] {
        match self.feed {
            Feed::Follow => FOLLOW_KEYS,
            Feed::Replay(_) => REPLAY_KEYS,
        }
    }

    /// The picture is made from the beginning; where the person looked stays.
    fn rewound(&mut self) {
        self.view = self.view.anew();
    }

    fn act(&mut self, action: WatchAction) {
        let Feed::Replay(player) = &mut self.feed else {
            return;
        };
        let rewound = match action {
            WatchAction::Toggle => {
                let again = player.toggle();
                if again {
                    self.snapshot = Snapshot::default();
                }
                again
            }
            WatchAction::Speed(by) => {
                player.change_speed(by);
                false
            }
            WatchAction::Jump(steps) => player.jump(steps, &mut self.snapshot),
            WatchAction::Result | WatchAction::Back => false,
        };
        if rewound {
            self.rewound();
        }
    }
}

impl App {
    /// Whether a run is being played, so that time has to pass.
    pub fn is_playing(&self) -> bool {
        matches!(&self.screen, Screen::Watch(watched)
            if matches!(&watched.feed, Feed::Replay(player) if player.is_playing()))
    }

    /// Whether a run that another process makes is followed.
    pub(super) fn is_following(&self) -> bool {
        matches!(&self.screen, Screen::Watch(watched) if matches!(watched.feed, Feed::Follow))
    }

    /// Follows a run that another process makes.
    pub(super) fn follow(&mut self, run: RunDir) -> Vec<Effect> {
        self.watch(run.clone(), Feed::Follow);
        vec![Effect::Follow(run)]
    }

    fn watch(&mut self, run: RunDir, feed: Feed) {
        let back = match self.screen {
            Screen::Home => Back::Home,
            _ => Back::Runs,
        };
        self.screen = Screen::Watch(Box::new(Watched {
            run,
            snapshot: Snapshot::default(),
            view: RunView::default(),
            feed,
            back,
        }));
    }

    /// The run that is followed has new records.
    pub(super) fn followed(&mut self, run: &RunDir, records: &[Record]) {
        if let Screen::Watch(watched) = &mut self.screen
            && watched.run == *run
            && matches!(watched.feed, Feed::Follow)
        {
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
        let Screen::Watch(watched) = &self.screen else {
            return Vec::new();
        };
        if watched.run != *run || !matches!(watched.feed, Feed::Follow) {
            return Vec::new();
        }
        let back = watched.back;
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
        vec![Effect::ReadHistory]
    }

    /// The records of a run that is to be played have been read.
    pub(super) fn replay(&mut self, read: Result<(RunDir, Arc<[Record]>), String>) {
        self.notice = None;
        match read {
            Ok((run, records)) => {
                let player = Player::new(records, self.replay_speed);
                self.watch(run, Feed::Replay(player));
            }
            Err(error) => self.notice = Some(error),
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, by: Duration) {
        if let Screen::Watch(watched) = &mut self.screen
            && let Feed::Replay(player) = &mut watched.feed
        {
            player.advance(by, &mut watched.snapshot);
        }
    }

    pub(super) fn watch_key(&mut self, name: &str) -> Vec<Effect> {
        let Screen::Watch(watched) = &mut self.screen else {
            return Vec::new();
        };
        match find(watched.keys(), name) {
            Some(WatchAction::Back) => {
                let back = watched.back;
                self.go(back);
            }
            Some(WatchAction::Result) => {
                self.notice = Some(format!("Reading {} …", watched.run.id()));
                return vec![Effect::Open(watched.run.clone())];
            }
            Some(action) => watched.act(action),
            None => {
                let action = RunView::action(name);
                if let Some(action) = action {
                    watched.view.act(action);
                }
            }
        }
        Vec::new()
    }

    /// Goes on with a run that was interrupted, killed, or has an arm that was stopped.
    pub(super) fn resume(&mut self, run: RunDir) -> Vec<Effect> {
        if self.is_running() {
            self.notice = Some("A run is under way: two would disturb each other.".to_owned());
            return Vec::new();
        }
        self.live = Some(Live::new(Back::Runs));
        self.screen = Screen::Run;
        vec![Effect::Resume(run)]
    }
}
