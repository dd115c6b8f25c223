//! What the interface consists of: the screen that is shown, the dialog over it, and what outlives
//! them.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use workbench_history::Standing;
use workbench_record::{RunDir, RunStatus, Snapshot};
use workbench_result::RunResult;

use crate::bindings::{self, Keys};
use crate::event::{Exit, Loaded};
use crate::field::FilterField;
use crate::monitored::Monitored;
use crate::overlay::Overlay;
use crate::player::Player;
use crate::screens::compare::Compare;
use crate::screens::form_screen::FormScreen;
use crate::screens::handout::Handout;
use crate::screens::home::Home;
use crate::screens::questions::QuestionsScreen;
use crate::screens::runs::Runs;
use crate::screens::{Labs, PanelLayout, Preferences, SharedState};
use crate::state_player::StatePlayer;
use crate::tell::Telling;
use crate::theme::Theme;
use crate::views::View;
use crate::views::result::ResultView;
use crate::views::run::RunView;

/// The screens.
pub enum Screen {
    /// Labs, handout, recent runs.
    Home,
    /// The form of a run to be.
    Form,
    /// The run under way.
    Run,
    /// A run that another process makes, or that is played again.
    Watch(Box<Watched>),
    /// What a run found.
    Result(Box<ResultScreen>),
    /// The history.
    Runs,
    /// Questions beside the handout.
    Questions(Box<Questions>),
    /// Runs side by side.
    Compare(Box<Compare>),
    /// This machine, and where going back leads.
    Monitor(Box<Screen>),
}

/// Where going back leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// The first screen.
    Home,
    /// The form.
    Form,
    /// The history.
    Runs,
}

/// The result of a run that is looked at.
pub struct ResultScreen {
    /// The run.
    pub loaded: Arc<Loaded>,
    /// The view's state.
    pub view: ResultView,
    /// Where going back leads.
    pub back: Back,
}

/// The questions that are shown, and where going back leads.
pub struct Questions {
    /// The questions.
    pub screen: QuestionsScreen,
    /// Where they were opened.
    pub from: Screen,
}

/// The run under way.
pub struct LiveRun {
    /// Its events so far, folded.
    pub snapshot: Snapshot,
    /// The view's state.
    pub view: RunView,
    /// Since when a GPU is hot, in nanoseconds of the run's clock.
    pub hot_since_ns: Option<u64>,
    /// That a GPU is hot was told.
    pub told_hot: bool,
    /// Where it was started, for when it cannot be made.
    pub back: Back,
}

impl LiveRun {
    /// A run without any events yet.
    pub fn new(back: Back) -> Self {
        Self {
            snapshot: Snapshot::default(),
            view: RunView::default(),
            hot_since_ns: None,
            told_hot: false,
            back,
        }
    }
}

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
    /// Its status at the end of its record.
    pub standing: Standing,
    /// Where going back leads.
    pub back: Back,
    /// The result that it was opened from, to go back to.
    pub from: Option<Box<ResultScreen>>,
}

/// Where the events of a watched run come from.
pub enum Feed {
    /// Another process makes the run.
    Follow,
    /// The run is over and is played again.
    Replay(Player),
}

impl Feed {
    /// The keys that work besides those of the view.
    pub fn keys(&self) -> Keys {
        match self {
            Self::Follow => bindings::FOLLOW,
            Self::Replay(_) => bindings::REPLAY,
        }
    }
}

/// The interface.
pub struct App {
    /// What all screens look at.
    pub shared: SharedState,
    /// The screen that is shown.
    pub screen: Screen,
    /// The dialog over it.
    pub overlay: Option<Overlay>,
    /// The first screen's state.
    pub home: Home,
    /// The history's state.
    pub runs: Runs,
    /// The form, once a lab was chosen. It outlives its screen.
    pub form: Option<FormScreen>,
    /// The run under way.
    pub live: Option<LiveRun>,
    /// This machine, or a recording of one.
    pub monitored: Monitored,
    /// No theme was chosen: it follows the terminal's ground.
    pub theme_follows: bool,
    /// How many times as fast as it was a run is played at first.
    pub replay_speed: u32,
    /// How the end of a run is told to somebody who looks elsewhere.
    pub tell: Telling,
    /// What the last line says instead of the keys.
    pub notice: Option<String>,
    /// Where the keys of the last line are, to be clicked.
    pub foot: Vec<(Rect, &'static str)>,
    /// Where the bar of the last line is, to be clicked.
    pub bar: Option<Rect>,
    /// The last run that was made here, for the summary after the interface.
    pub last_run: Option<(RunDir, RunResult)>,
    /// Reports written here, for the same.
    pub reports: Vec<PathBuf>,
    /// Why the interface is left, while that waits for the run to close its record.
    pub leaving: Option<Exit>,
}

impl App {
    /// The first screen.
    pub fn new(labs: Labs, theme: Theme) -> Self {
        Self {
            shared: SharedState {
                labs,
                machine: None,
                usable: None,
                history: None,
                beside: Vec::new(),
                zone: TimeZone::UTC,
                theme,
                prefer: Preferences::default(),
                layout: PanelLayout::default(),
            },
            screen: Screen::Home,
            overlay: None,
            home: Home::default(),
            runs: Runs::default(),
            form: None,
            live: None,
            monitored: Monitored::default(),
            theme_follows: false,
            replay_speed: 10,
            tell: Telling::Off,
            notice: None,
            bar: None,
            foot: Vec::new(),
            last_run: None,
            reports: Vec::new(),
            leaving: None,
        }
    }

    /// Takes in what the configuration says about the screens.
    pub fn prefer(&mut self, lab: Option<&str>, prefer: Preferences) {
        let mut labs = self.shared.labs.iter();
        let at = labs.position(|known| Some(known.definition().name.as_str()) == lab);
        self.home.select(at.unwrap_or(0));
        self.shared.prefer = prefer;
    }

    /// Whether the screen lists runs, so that it has to be seen when they change.
    pub fn lists_runs(&self) -> bool {
        matches!(self.screen, Screen::Home | Screen::Runs)
    }

    /// Whether the screen shows what other processes do, so that it is looked at again and again.
    pub fn looks_around(&self) -> bool {
        self.lists_runs() || matches!(self.screen, Screen::Form)
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.live.is_some()
    }

    /// Whether stopping the run under way would lose anything. A resumed run's record begins with
    /// what was there before, and that may hold an end: so its repeats are counted too.
    pub fn has_work_left(&self) -> bool {
        self.live.as_ref().is_some_and(|live| {
            let snapshot = &live.snapshot;
            let planned = snapshot.started.as_ref().map_or(0, |s| s.planned_repeats);
            snapshot.status != RunStatus::Completed || snapshot.tally.finished < planned
        })
    }

    /// Whether the machine is on the screen.
    pub(super) fn shows_machine(&self) -> bool {
        matches!(self.screen, Screen::Monitor(_))
    }

    /// Whether a run or a recording is being played, so that time has to pass.
    pub fn is_playing(&self) -> bool {
        if self.shows_machine() {
            return self
                .monitored
                .player
                .as_ref()
                .is_some_and(StatePlayer::is_playing);
        }
        matches!(&self.screen, Screen::Watch(watched)
            if matches!(&watched.feed, Feed::Replay(player) if player.is_playing()))
    }

    /// Whether a run that another process makes is followed.
    pub(super) fn is_following(&self) -> bool {
        matches!(&self.screen, Screen::Watch(watched) if matches!(watched.feed, Feed::Follow))
    }

    /// Whether keys go into a field of the screen.
    pub fn is_typing(&self) -> bool {
        match (&self.screen, &self.form) {
            (Screen::Runs, _) => self.runs.is_typing(),
            (Screen::Form, Some(form)) => form.is_typing(),
            (Screen::Home, _) => self.home.handout.is_typing(),
            (Screen::Questions(questions), _) => {
                questions.screen.is_typing() || questions.screen.handout.is_typing()
            }
            _ => self
                .view()
                .and_then(View::filter)
                .is_some_and(FilterField::is_typing),
        }
    }

    /// The handout that is on the screen, if one is.
    pub(super) fn handout_mut(&mut self) -> Option<&mut Handout> {
        match &mut self.screen {
            Screen::Home => Some(&mut self.home.handout),
            Screen::Questions(questions) => Some(&mut questions.screen.handout),
            _ => None,
        }
    }

    /// Whether there is a match of a search to go to.
    pub(super) fn has_found(&self) -> bool {
        match &self.screen {
            Screen::Home => self.home.handout.has_found(),
            Screen::Questions(questions) => questions.screen.handout.has_found(),
            _ => false,
        }
    }

    /// Whether the text to search in a handout is typed.
    pub(super) fn is_searching(&self) -> bool {
        match &self.screen {
            Screen::Home => self.home.handout.is_typing(),
            Screen::Questions(questions) => questions.screen.handout.is_typing(),
            _ => false,
        }
    }

    /// The view of runs that is on the screen, if one is.
    pub(crate) fn view(&self) -> Option<&dyn View> {
        match (&self.screen, &self.live) {
            (Screen::Run, Some(live)) => Some(&live.view),
            (Screen::Watch(watched), _) => Some(&watched.view),
            (Screen::Result(screen), _) => Some(&screen.view),
            (Screen::Compare(screen), _) => Some(&screen.view),
            (Screen::Monitor(_), _) => Some(&self.monitored.view),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn view_mut(&mut self) -> Option<&mut dyn View> {
        match (&mut self.screen, &mut self.live) {
            (Screen::Run, Some(live)) => Some(&mut live.view),
            (Screen::Watch(watched), _) => Some(&mut watched.view),
            (Screen::Result(screen), _) => Some(&mut screen.view),
            (Screen::Compare(screen), _) => Some(&mut screen.view),
            (Screen::Monitor(_), _) => Some(&mut self.monitored.view),
            _ => None,
        }
    }

    /// Goes back; the form still has what was asked for.
    pub(super) fn go(&mut self, back: Back) {
        self.screen = match back {
            Back::Form if self.form.is_some() => Screen::Form,
            Back::Runs => Screen::Runs,
            Back::Home | Back::Form => Screen::Home,
        };
    }

    /// Shows what a run found.
    pub(super) fn show(&mut self, loaded: Arc<Loaded>, back: Back) {
        self.screen = Screen::Result(Box::new(ResultScreen {
            loaded,
            view: ResultView::default(),
            back,
        }));
    }
}
