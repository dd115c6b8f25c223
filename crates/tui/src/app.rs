//! The interface's state, and how events change it. Pure: what has to happen outside comes back as [`Effect`]s, so the
//! whole application runs in tests without terminal, threads and files.

mod deeds;
mod input;
mod watch;

use std::mem::discriminant;
use std::path::PathBuf;
use std::sync::Arc;

use ratatui::crossterm::event::KeyEventKind;
use workbench_record::{Record, RunDir, Snapshot};
use workbench_result::RunResult;

use super::event::{Effect, Event, Exit, Exported, Loaded, SideBySide};
use super::overlay::Overlay;
use super::screens::compare::Compare;
use super::screens::home::Home;
use super::screens::runs::Runs;
use super::screens::setup::SetUp;
use super::screens::{Labs, Preferences, Shared};
use super::theme::Look;
use super::views::result::ResultView;
use super::views::run::RunView;

pub use input::{GLOBAL_KEYS, RESULT_KEYS, RUN_KEYS};
pub use watch::{FOLLOW_KEYS, Feed, REPLAY_KEYS, Watched};

/// The screens.
pub enum Screen {
    /// Labs, handout, recent runs.
    Home,
    /// The form of a run to be.
    SetUp,
    /// The run under way.
    Run,
    /// A run that another process makes, or that is played again.
    Watch(Box<Watched>),
    /// What a run found.
    Result(Box<ResultScreen>),
    /// The history.
    Runs,
    /// Runs side by side.
    Compare(Box<Compare>),
}

/// A run that is looked at.
pub struct ResultScreen {
    /// The run.
    pub loaded: Arc<Loaded>,
    /// The view's state.
    pub view: ResultView,
    back: Back,
}

/// Where going back leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// The first screen.
    Home,
    /// The form.
    SetUp,
    /// The history.
    Runs,
}

/// The run under way.
pub struct Live {
    /// Its events so far, folded.
    pub snapshot: Snapshot,
    /// The view's state.
    pub view: RunView,
    /// It has been asked to stop.
    pub stopping: bool,
    /// Where it was started, for when it cannot be made.
    back: Back,
}

impl Live {
    /// A run that has not said anything yet.
    pub fn new(back: Back) -> Self {
        Self {
            snapshot: Snapshot::default(),
            view: RunView::default(),
            stopping: false,
            back,
        }
    }
}

/// The interface.
pub struct App {
    /// What all screens look at.
    pub shared: Shared,
    /// The screen that is shown.
    pub screen: Screen,
    /// The dialog over it.
    pub overlay: Option<Overlay>,
    /// The first screen's state.
    pub home: Home,
    /// The history's state.
    pub runs: Runs,
    /// The form, once a lab was chosen.
    pub setup: Option<SetUp>,
    /// The run under way.
    pub live: Option<Live>,
    /// How many times as fast as it was a run is played at first.
    pub replay_speed: u32,
    /// What the last line says instead of the keys.
    pub notice: Option<String>,
    /// The last run that was made here, for the summary after the interface.
    pub last_run: Option<(RunDir, RunResult)>,
    /// Reports written here, for the same.
    pub reports: Vec<PathBuf>,
    /// Why it is left, while leaving waits for the run to close its record.
    leaving: Option<Exit>,
}

impl App {
    /// The first screen.
    pub fn new(labs: Labs, look: Look) -> Self {
        Self {
            shared: Shared {
                labs,
                machine: None,
                usable: None,
                history: None,
                look,
                prefer: Preferences::default(),
            },
            screen: Screen::Home,
            overlay: None,
            home: Home::default(),
            runs: Runs::default(),
            setup: None,
            live: None,
            replay_speed: 10,
            notice: None,
            last_run: None,
            reports: Vec::new(),
            leaving: None,
        }
    }

    /// Takes in what the configuration says about the screens.
    pub fn prefer(&mut self, lab: Option<&str>, prefer: Preferences) {
        let labs = self.shared.labs.iter();
        let named = labs.map(|lab| lab.definition().name.as_str());
        self.home.select(
            named
                .zip(0..)
                .find(|(name, _)| Some(*name) == lab)
                .map_or(0, |(_, at)| at),
        );
        self.shared.prefer = prefer;
    }

    /// Takes in an event; what comes back has to be done.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let following = self.is_following();
        let before = discriminant(&self.screen);
        let mut effects = self.take(event);
        // Other processes make runs too, and end them.
        let entered = before != discriminant(&self.screen) && self.lists_runs();
        if entered && !effects.contains(&Effect::ReadHistory) {
            effects.push(Effect::Glance);
        }
        // Wherever one goes from a run that is followed, nobody follows it any more.
        if following && !self.is_following() {
            effects.push(Effect::Unfollow);
        }
        effects
    }

    fn take(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
            Event::Key(key) => {
                self.notice = None;
                self.key(key)
            }
            Event::Mouse(event) => self.mouse(event),
            Event::Paste(text) => {
                self.paste(&text);
                Vec::new()
            }
            Event::Glance if self.lists_runs() => vec![Effect::Glance],
            Event::Redraw | Event::Glance => Vec::new(),
            Event::Machine(machine, usable) => {
                self.shared.machine = Some(*machine);
                self.shared.usable = Some(usable);
                Vec::new()
            }
            Event::History(history) => {
                let selected = self.runs.selected(&self.shared).map(|row| row.run.clone());
                let at_home = self.home.run(&self.shared).map(|row| row.run.clone());
                self.shared.history = Some(history);
                self.runs.read_again(selected.as_ref(), &self.shared);
                self.home.read_again(at_home.as_ref(), &self.shared);
                Vec::new()
            }
            Event::Records(records) => {
                self.fold(&records);
                Vec::new()
            }
            Event::Ended(ended) => self.ended(ended),
            Event::Lacking(lack) => self.lacking(*lack),
            Event::Brought(brought) => self.brought(brought),
            Event::Opened(opened) => self.opened(opened),
            Event::Followed(run, records) => {
                self.followed(&run, &records);
                Vec::new()
            }
            Event::FollowEnded(run, ended) => self.follow_ended(&run, ended),
            Event::Replay(read) => {
                self.replay(read);
                Vec::new()
            }
            Event::Tick(by) => {
                self.tick(by);
                Vec::new()
            }
            Event::Compared(compared) => {
                self.compared(compared);
                Vec::new()
            }
            Event::Exported(exported) => {
                self.exported(exported);
                Vec::new()
            }
            // Signal, reader and drawing all notice that; only a person can be in a hurry.
            Event::Gone if self.live.is_some() && self.leaving.is_some() => Vec::new(),
            Event::Gone | Event::Stop => self.stop(),
        }
    }

    /// Whether the screen lists runs, so that it has to be seen when they change.
    pub fn lists_runs(&self) -> bool {
        matches!(self.screen, Screen::Home | Screen::Runs)
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.live.is_some()
    }

    fn fold(&mut self, records: &[Record]) {
        if let Some(live) = &mut self.live {
            for record in records {
                live.snapshot.apply(record);
            }
        }
    }

    /// A run has ended: its result opens where the run was watched, and is announced elsewhere.
    fn ended(&mut self, ended: Result<Arc<Loaded>, String>) -> Vec<Effect> {
        let back = self.live.take().map_or(Back::Home, |live| live.back);
        if matches!(self.overlay, Some(Overlay::Stop(_))) {
            self.overlay = None;
        }
        let watched = matches!(self.screen, Screen::Run);
        match ended {
            Ok(loaded) => {
                self.last_run = Some((loaded.run.clone(), loaded.result.clone()));
                if watched {
                    self.show(loaded, Back::Home);
                } else {
                    self.notice = Some(format!("The run has ended: {}.", loaded.run.id()));
                }
            }
            Err(error) => {
                if let (Back::SetUp, Some(setup)) = (back, &mut self.setup) {
                    setup.refuse(&error, &self.shared);
                }
                self.notice = Some(error);
                if watched {
                    self.go(back);
                }
            }
        }
        match self.leaving {
            Some(exit) => vec![Effect::Quit(exit)],
            None => vec![Effect::ReadHistory],
        }
    }

    /// Goes back; the form still has what was asked for.
    fn go(&mut self, back: Back) {
        self.screen = match back {
            Back::SetUp if self.setup.is_some() => Screen::SetUp,
            Back::Runs => Screen::Runs,
            Back::Home | Back::SetUp => Screen::Home,
        };
    }

    fn show(&mut self, loaded: Arc<Loaded>, back: Back) {
        self.screen = Screen::Result(Box::new(ResultScreen {
            loaded,
            view: ResultView::default(),
            back,
        }));
    }

    fn opened(&mut self, opened: Result<Arc<Loaded>, String>) -> Vec<Effect> {
        self.notice = None;
        let own = opened.as_ref().is_ok_and(|loaded| self.is_own(&loaded.run));
        match (opened, &mut self.screen) {
            (Ok(loaded), Screen::Result(screen)) if screen.loaded.run == loaded.run => {
                screen.loaded = loaded;
            }
            (Ok(loaded), Screen::Watch(watched)) if watched.run == loaded.run => {
                let back = watched.back();
                self.show(loaded, back);
            }
            (Ok(_), Screen::Runs | Screen::Home) if own => {
                self.screen = Screen::Run;
            }
            (Ok(loaded), Screen::Runs | Screen::Home) if loaded.live => {
                return self.follow(loaded.run.clone());
            }
            (Ok(loaded), Screen::Runs) => self.show(loaded, Back::Runs),
            (Ok(loaded), Screen::Home) => self.show(loaded, Back::Home),
            // By now the person looks at something else.
            (Ok(_), _) => {}
            (Err(error), _) => self.notice = Some(error),
        }
        Vec::new()
    }

    /// Whether a run is the one that is made here now.
    fn is_own(&self, run: &RunDir) -> bool {
        let started = |live: &Live| Some(live.snapshot.started.as_ref()?.run_id == run.id());
        self.live.as_ref().and_then(started).unwrap_or(false)
    }

    fn compared(&mut self, compared: Result<Arc<SideBySide>, String>) {
        self.notice = None;
        match (compared, &mut self.screen) {
            (Ok(runs), Screen::Compare(screen)) if screen.is_of(&runs) => screen.renew(runs),
            (Ok(runs), Screen::Runs) => self.screen = Screen::Compare(Box::new(Compare::new(runs))),
            // By now the person looks at something else.
            (Ok(_), _) => {}
            (Err(error), _) => self.notice = Some(error),
        }
    }

    fn exported(&mut self, exported: Exported) {
        if let Exported::Written(path) = &exported {
            self.reports.push(path.clone());
        }
        match &mut self.overlay {
            Some(Overlay::Export(export)) => export.done(exported),
            _ => {
                self.notice = Some(match exported {
                    Exported::Written(path) => format!("Written to {}", path.display()),
                    Exported::Exists(path) => format!("Not written: {} exists.", path.display()),
                    Exported::Refused(error) => error,
                });
            }
        }
    }

    /// The record is closed first. A second signal does not wait for that.
    fn stop(&mut self) -> Vec<Effect> {
        if self.live.is_some() && self.leaving.is_none() {
            return self.leave_run(Exit::Interrupted);
        }
        vec![Effect::Quit(Exit::Interrupted)]
    }

    fn leave_run(&mut self, exit: Exit) -> Vec<Effect> {
        self.leaving = Some(exit);
        self.stop_run()
    }

    fn stop_arm(&mut self, arm: String) -> Vec<Effect> {
        self.notice = Some(format!("Stopping {arm}; the other arms go on."));
        vec![Effect::CancelArm(arm)]
    }

    fn stop_run(&mut self) -> Vec<Effect> {
        if let Some(live) = &mut self.live {
            live.stopping = true;
            self.notice = Some("Stopping: what is under way ends first.".to_owned());
        }
        vec![Effect::Cancel]
    }
}
