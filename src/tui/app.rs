//! The interface's state, and how events change it. Pure: what has to happen outside comes back as [`Effect`]s, so the
//! whole application runs in tests without terminal, threads and files.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyEvent, KeyEventKind, MouseEvent, MouseEventKind};
use workbench_engine::record::{Record, RunDir, Snapshot};
use workbench_engine::result::RunResult;

use super::chrome::Look;
use super::event::{Effect, Event, Exported, Loaded};
use super::keys::{Bound, bound, find, name, view_action};
use super::overlay::Overlay;
use super::overlay::export::{Answer, Export};
use super::overlay::help::{self, Help};
use super::overlay::quit::{self, Stop};
use super::screens::home::{self, Home};
use super::screens::runs::{self, Runs};
use super::screens::setup::{self, SetUp};
use super::screens::{Labs, Shared, Wish};
use super::views::ViewAction;
use super::views::result::ResultView;
use super::views::run::RunView;
use crate::failure::code;

/// What a key does on every screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// Leave.
    Quit,
    /// Show the keys.
    Help,
    /// Draw everything anew.
    Repaint,
    /// Stop as the shell's Ctrl-Z does.
    Suspend,
}

/// The keys of every screen.
pub const GLOBAL_KEYS: &[Bound<Global>] = &[
    bound(
        &["q", "ctrl-c"],
        Global::Quit,
        "quit",
        "Leave. While a run is under way it asks first.",
    ),
    bound(&["?"], Global::Help, "help", "Show the keys that work now."),
    bound(&["ctrl-l"], Global::Repaint, "", "Draw everything anew."),
    bound(
        &["ctrl-z"],
        Global::Suspend,
        "",
        "Go to the shell; `fg` comes back. A run stands still meanwhile.",
    ),
];

/// What a key does on the Run screen, besides those of its view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAction {
    /// Stop the run.
    Stop,
    /// Go to Home; the run goes on.
    Leave,
}

/// The keys of the Run screen, besides those of its view.
pub const RUN_KEYS: &[Bound<RunAction>] = &[
    bound(
        &["c"],
        RunAction::Stop,
        "stop",
        "Stop the run; it asks first, and says what is kept.",
    ),
    bound(
        &["esc"],
        RunAction::Leave,
        "home",
        "Go to the first screen; the run goes on.",
    ),
];

/// What a key does on the Result screen, besides those of its view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultAction {
    /// Write a report.
    Export,
    /// Read the run again.
    Reread,
    /// Go back.
    Back,
}

/// The keys of the Result screen, besides those of its view.
pub const RESULT_KEYS: &[Bound<ResultAction>] = &[
    bound(
        &["e"],
        ResultAction::Export,
        "export",
        "Write a report: HTML, JSON, CSV, Markdown, SVG or PNG.",
    ),
    bound(&["esc"], ResultAction::Back, "back", "Go back."),
    bound(
        &["u"],
        ResultAction::Reread,
        "",
        "Read the run again, for one that is under way in another process.",
    ),
];

/// The screens.
pub enum Screen {
    /// Labs, handout, recent runs.
    Home,
    /// The form of a run to be.
    SetUp,
    /// The run under way.
    Run,
    /// What a run found.
    Result(Box<ResultScreen>),
    /// The history.
    Runs,
}

/// A run that is looked at.
pub struct ResultScreen {
    /// The run.
    pub loaded: Arc<Loaded>,
    /// The view's state.
    pub view: ResultView,
    /// Whether going back leads to the history.
    from_runs: bool,
}

/// The run under way.
#[derive(Default)]
pub struct Live {
    /// Its events so far, folded.
    pub snapshot: Snapshot,
    /// The view's state.
    pub view: RunView,
    /// It has been asked to stop.
    pub stopping: bool,
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
    /// What the last line says instead of the keys.
    pub notice: Option<String>,
    /// The last run that was made here, for the words at parting.
    last: Option<(RunDir, RunResult)>,
    /// Reports written here, for the words at parting.
    written: Vec<std::path::PathBuf>,
    /// The exit code, while leaving waits for the run to close its record.
    leaving: Option<u8>,
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
            },
            screen: Screen::Home,
            overlay: None,
            home: Home::default(),
            runs: Runs::default(),
            setup: None,
            live: None,
            notice: None,
            last: None,
            written: Vec::new(),
            leaving: None,
        }
    }

    /// The last run that was made here, and the reports written.
    pub fn parting(&self) -> Option<(&RunDir, &RunResult, &[std::path::PathBuf])> {
        let (run, result) = self.last.as_ref()?;
        Some((run, result, &self.written))
    }

    /// Takes in an event; what comes back has to be done.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
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
            Event::Redraw => Vec::new(),
            Event::Machine(machine, usable) => {
                self.shared.machine = Some(*machine);
                self.shared.usable = Some(usable);
                Vec::new()
            }
            Event::History(history) => {
                self.shared.history = Some(history);
                Vec::new()
            }
            Event::Records(records) => {
                self.fold(&records);
                Vec::new()
            }
            Event::Ended(ended) => self.ended(ended),
            Event::Opened(opened) => {
                self.opened(opened);
                Vec::new()
            }
            Event::Exported(exported) => {
                self.exported(exported);
                Vec::new()
            }
            Event::Stop => self.stop(),
        }
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
        self.live = None;
        if matches!(self.overlay, Some(Overlay::Stop(_))) {
            self.overlay = None;
        }
        let watched = matches!(self.screen, Screen::Run);
        match ended {
            Ok(loaded) => {
                self.last = Some((loaded.run.clone(), loaded.result.clone()));
                if watched {
                    self.show(loaded, false);
                } else {
                    self.notice = Some(format!("The run has ended: {}.", loaded.run.id()));
                }
            }
            Err(error) => {
                self.notice = Some(error);
                if watched {
                    // The form still has what was asked for.
                    self.screen = if self.setup.is_some() {
                        Screen::SetUp
                    } else {
                        Screen::Home
                    };
                }
            }
        }
        match self.leaving {
            Some(code) => vec![Effect::Quit(code)],
            None => vec![Effect::ReadHistory],
        }
    }

    fn show(&mut self, loaded: Arc<Loaded>, from_runs: bool) {
        self.screen = Screen::Result(Box::new(ResultScreen {
            loaded,
            view: ResultView::default(),
            from_runs,
        }));
    }

    fn opened(&mut self, opened: Result<Arc<Loaded>, String>) {
        self.notice = None;
        match (opened, &mut self.screen) {
            (Ok(loaded), Screen::Result(screen)) if screen.loaded.run == loaded.run => {
                screen.loaded = loaded;
            }
            (Ok(loaded), Screen::Runs) => self.show(loaded, true),
            (Ok(loaded), Screen::Home) => self.show(loaded, false),
            // By now the person looks at something else.
            (Ok(_), _) => {}
            (Err(error), _) => self.notice = Some(error),
        }
    }

    fn exported(&mut self, exported: Exported) {
        if let Exported::Written(path) = &exported {
            self.written.push(path.clone());
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

    /// A signal, or the terminal is gone: the record is closed first. A second one does not wait.
    fn stop(&mut self) -> Vec<Effect> {
        if self.live.is_some() && self.leaving.is_none() {
            return self.leave_run(code::INTERRUPTED);
        }
        vec![Effect::Quit(code::INTERRUPTED)]
    }

    fn leave_run(&mut self, code: u8) -> Vec<Effect> {
        self.leaving = Some(code);
        self.stop_run()
    }

    fn stop_run(&mut self) -> Vec<Effect> {
        if let Some(live) = &mut self.live {
            live.stopping = true;
            self.notice = Some("Stopping: what is under way ends first.".to_owned());
        }
        vec![Effect::Cancel]
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let name = name(key);
        if self.overlay.is_some() {
            return self.overlay_key(key, &name);
        }
        if self.typed(key, &name) {
            return Vec::new();
        }
        if let Some(global) = find(GLOBAL_KEYS, &name) {
            return self.global(global);
        }
        let shared = &self.shared;
        let wish = match &mut self.screen {
            Screen::Home => find(home::KEYS, &name).map(|a| self.home.act(a, shared)),
            Screen::Runs => find(runs::KEYS, &name).map(|a| self.runs.act(a, shared)),
            Screen::SetUp => self
                .setup
                .as_mut()
                .and_then(|setup| Some(setup.act(find(setup::KEYS, &name)?, shared))),
            Screen::Run => return self.run_key(&name),
            Screen::Result(_) => return self.result_key(&name),
        };
        wish.map_or_else(Vec::new, |wish| self.grant(wish))
    }

    /// Gives a key to the field that is typed into, if there is one.
    fn typed(&mut self, key: KeyEvent, name: &str) -> bool {
        if name == "ctrl-c" {
            return false;
        }
        match (&self.screen, &mut self.setup) {
            (Screen::Runs, _) if self.runs.is_typing() => self.runs.type_key(key, name),
            (Screen::SetUp, Some(setup)) if setup.is_typing() || setup.begins_typing(key) => {
                setup.type_key(key, name, &self.shared);
            }
            _ => return false,
        }
        true
    }

    fn paste(&mut self, text: &str) {
        match (&mut self.overlay, &self.screen, &mut self.setup) {
            (Some(Overlay::Export(export)), ..) => export.paste(text),
            (None, Screen::Runs, _) if self.runs.is_typing() => self.runs.paste(text),
            (None, Screen::SetUp, Some(setup)) => setup.paste(text, &self.shared),
            _ => {}
        }
    }

    fn global(&mut self, global: Global) -> Vec<Effect> {
        match global {
            Global::Quit if self.is_running() => {
                self.overlay = Some(Overlay::Stop(Stop::new(true)));
            }
            Global::Quit => return vec![Effect::Quit(code::DONE)],
            Global::Help => {
                let (title, groups) = self.help();
                self.overlay = Some(Overlay::Help(Help::new(title, groups)));
            }
            Global::Repaint => return vec![Effect::Repaint],
            Global::Suspend => return vec![Effect::Suspend],
        }
        Vec::new()
    }

    fn run_key(&mut self, name: &str) -> Vec<Effect> {
        match find(RUN_KEYS, name) {
            Some(RunAction::Stop) => self.overlay = Some(Overlay::Stop(Stop::new(false))),
            Some(RunAction::Leave) => self.screen = Screen::Home,
            None => {
                let action = view_action(RunView::bindings(), RunView::action, name);
                if let (Some(live), Some(action)) = (&mut self.live, action) {
                    live.view.act(action);
                }
            }
        }
        Vec::new()
    }

    fn result_key(&mut self, name: &str) -> Vec<Effect> {
        let Screen::Result(screen) = &mut self.screen else {
            return Vec::new();
        };
        match find(RESULT_KEYS, name) {
            Some(ResultAction::Export) => {
                self.overlay = Some(Overlay::Export(Export::new(&screen.loaded.run.id())));
            }
            Some(ResultAction::Reread) => return vec![Effect::Open(screen.loaded.run.clone())],
            Some(ResultAction::Back) => {
                self.screen = if screen.from_runs {
                    Screen::Runs
                } else {
                    Screen::Home
                };
            }
            None => {
                if let Some(action) = view_action(ResultView::bindings(), ResultView::action, name)
                {
                    screen.view.act(action);
                }
            }
        }
        Vec::new()
    }

    fn overlay_key(&mut self, key: KeyEvent, name: &str) -> Vec<Effect> {
        match &mut self.overlay {
            Some(Overlay::Help(help)) => match find(help::KEYS, name) {
                Some(help::Action::Step(by)) => help.step(by),
                Some(help::Action::Close) => self.overlay = None,
                None if name == "ctrl-c" => self.overlay = None,
                None => {}
            },
            Some(Overlay::Stop(stop)) => {
                let leaving = stop.leaving;
                // Whoever presses Ctrl-C twice means it.
                let answer = match find(quit::KEYS, name) {
                    Some(action) => stop.act(action),
                    None => (name == "ctrl-c").then_some(true),
                };
                if let Some(answer) = answer {
                    self.overlay = None;
                    return match (answer, leaving) {
                        (true, true) => self.leave_run(code::DONE),
                        (true, false) => self.stop_run(),
                        (false, _) => Vec::new(),
                    };
                }
            }
            Some(Overlay::Export(export)) => match export.key(key, name) {
                Answer::Close => self.overlay = None,
                Answer::Write(path, replace) => {
                    if let Screen::Result(screen) = &self.screen {
                        let loaded = Arc::clone(&screen.loaded);
                        return vec![Effect::Export {
                            loaded,
                            path,
                            replace,
                        }];
                    }
                }
                Answer::Stay => {}
            },
            None => {}
        }
        Vec::new()
    }

    fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let wheel = match event.kind {
            MouseEventKind::ScrollDown => 1,
            MouseEventKind::ScrollUp => -1,
            _ => 0,
        };
        let scroll = if wheel > 0 {
            ViewAction::Down
        } else {
            ViewAction::Up
        };
        if let Some(overlay) = &mut self.overlay {
            if let Overlay::Help(help) = overlay {
                help.step(wheel);
            }
            return Vec::new();
        }
        let shared = &self.shared;
        let wish = match (&mut self.screen, &mut self.setup, &mut self.live) {
            (Screen::Home, ..) => self.home.mouse(event, shared),
            (Screen::Runs, ..) => self.runs.mouse(event, shared),
            (Screen::SetUp, Some(setup), _) => setup.mouse(event, shared),
            (Screen::Run, _, Some(live)) if wheel != 0 => {
                live.view.act(scroll);
                Wish::Nothing
            }
            (Screen::Result(screen), ..) if wheel != 0 => {
                screen.view.act(scroll);
                Wish::Nothing
            }
            _ => Wish::Nothing,
        };
        self.grant(wish)
    }

    fn grant(&mut self, wish: Wish) -> Vec<Effect> {
        match wish {
            Wish::Nothing => {}
            Wish::Say(text) => self.notice = Some(text),
            Wish::Back => self.screen = Screen::Home,
            Wish::Runs => self.screen = Screen::Runs,
            Wish::Watch if self.is_running() => self.screen = Screen::Run,
            Wish::Watch => self.notice = Some("No run is under way.".to_owned()),
            Wish::Reread => return vec![Effect::ReadHistory],
            Wish::SetUp(lab) => {
                // What was set up before is still there, unless it was for another lab.
                if self.setup.as_ref().is_none_or(|setup| setup.lab != lab) {
                    self.setup = SetUp::new(lab, &self.shared);
                }
                if self.setup.is_some() {
                    self.screen = Screen::SetUp;
                }
            }
            Wish::Start(..) if self.is_running() => {
                self.notice = Some("A run is under way: two would disturb each other.".to_owned());
            }
            Wish::Start(lab, config) => {
                self.live = Some(Live::default());
                self.screen = Screen::Run;
                return vec![Effect::Start(lab, config)];
            }
            Wish::Open(run) => {
                self.notice = Some(format!("Reading {} …", run.id()));
                return vec![Effect::Open(run)];
            }
        }
        Vec::new()
    }
}
