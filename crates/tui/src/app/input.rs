//! What keys, mouse and pasted text do: to the dialog that is open, to the field that is typed into, or to the screen.

use std::mem::discriminant;
use std::sync::Arc;

use ratatui::crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};

use workbench_report::format;

use super::deeds::opens_palette;
use super::{App, Back, Live, Screen};
use crate::event::{Effect, Exit};
use crate::keys::{Bound, bound, event, find, name};
use crate::kit::list::Motion;
use crate::overlay::Overlay;
use crate::overlay::export::{Answer, Export};
use crate::overlay::help::{self, Help};
use crate::overlay::lacking;
use crate::overlay::palette;
use crate::overlay::quit::{self, Stop};
use crate::screens::setup::SetUp;
use crate::screens::{Wish, home, runs, setup};
use crate::views::result::ResultView;
use crate::views::run::RunView;
use crate::views::{Keyed, View, ViewAction};

/// What a key does on every screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// Leave.
    Quit,
    /// Show the keys.
    Help,
    /// Show all that can be done, to choose from by typing.
    Palette,
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
    bound(
        &[":", "ctrl-p"],
        Global::Palette,
        "commands",
        "Find what can be done by typing, and do it.",
    ),
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
        "Stop the run or one of its arms; it asks first, and says what is kept.",
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
    /// Play the run again.
    Replay,
    /// Read the run again.
    Reread,
    /// Put its command into the clipboard.
    Copy,
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
        &["p"],
        ResultAction::Replay,
        "replay",
        "Play the run again on the Run screen.",
    ),
    bound(
        &["Y"],
        ResultAction::Copy,
        "copy",
        "Copy the command that runs this again without a screen.",
    ),
    bound(
        &["u"],
        ResultAction::Reread,
        "",
        "Read the run again, for one that is under way in another process.",
    ),
];

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let name = name(key);
        if self.overlay.is_some() {
            return self.overlay_key(key, &name);
        }
        if opens_palette(&name)
            && self.is_typing()
            && let Some(enter) = event("enter")
        {
            // What is typed is kept, as if Enter had been pressed.
            self.typed(enter, "enter");
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
            Screen::Compare(screen) => Some(screen.key(&name)),
            Screen::Run => return self.run_key(&name),
            Screen::Watch(_) => return self.watch_key(&name),
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
            (Screen::Runs, _) if self.runs.is_typing() => {
                self.runs.type_key(key, name, &self.shared);
            }
            (Screen::SetUp, Some(setup)) if setup.is_typing() || setup.begins_typing(key) => {
                setup.type_key(key, name, &self.shared);
            }
            _ => match self.typed_view() {
                Some(view) => view.type_key(key, name),
                None => return false,
            },
        }
        true
    }

    /// The view of a run that is on the screen, if one is.
    pub(crate) fn view(&self) -> Option<&dyn View> {
        match (&self.screen, &self.live) {
            (Screen::Run, Some(live)) => Some(&live.view),
            (Screen::Watch(watched), _) => Some(&watched.view),
            (Screen::Result(screen), _) => Some(&screen.view),
            _ => None,
        }
    }

    fn view_mut(&mut self) -> Option<&mut dyn View> {
        match (&mut self.screen, &mut self.live) {
            (Screen::Run, Some(live)) => Some(&mut live.view),
            (Screen::Watch(watched), _) => Some(&mut watched.view),
            (Screen::Result(screen), _) => Some(&mut screen.view),
            _ => None,
        }
    }

    /// The same where its filter is typed into.
    fn typed_view(&mut self) -> Option<&mut dyn View> {
        self.view_mut().filter(|view| view.is_typing())
    }

    pub(super) fn paste(&mut self, text: &str) {
        match (&mut self.overlay, &self.screen, &mut self.setup) {
            (Some(Overlay::Export(export)), ..) => export.paste(text),
            (Some(Overlay::Palette(palette)), ..) => palette.paste(text),
            (Some(_), ..) => {}
            (None, Screen::Runs, _) if self.runs.is_typing() => self.runs.paste(text, &self.shared),
            (None, Screen::SetUp, Some(setup)) => setup.paste(text, &self.shared),
            (None, ..) => {
                if let Some(view) = self.typed_view() {
                    view.paste(text);
                }
            }
        }
    }

    fn global(&mut self, global: Global) -> Vec<Effect> {
        match global {
            Global::Quit if self.is_running() => {
                self.overlay = Some(Overlay::Stop(Stop::leaving()));
            }
            Global::Quit => return vec![Effect::Quit(Exit::Done)],
            Global::Help => {
                let (title, groups) = self.help();
                self.overlay = Some(Overlay::Help(Help::new(title, groups)));
            }
            Global::Palette => self.open_palette(),
            Global::Repaint => return vec![Effect::Repaint],
            Global::Suspend => return vec![Effect::Suspend],
        }
        Vec::new()
    }

    fn run_key(&mut self, name: &str) -> Vec<Effect> {
        match find(RUN_KEYS, name) {
            Some(RunAction::Stop) => {
                if let Some(live) = &self.live {
                    self.overlay = Some(Overlay::Stop(Stop::stopping(&live.snapshot)));
                }
            }
            Some(RunAction::Leave) => self.screen = Screen::Home,
            None => {
                let action = RunView::action(name);
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
                self.overlay = Some(Overlay::Export(Export::new(
                    &screen.loaded.run.id(),
                    &self.shared.prefer,
                )));
            }
            Some(ResultAction::Replay) => {
                let run = screen.loaded.run.clone();
                return self.grant(Wish::Replay(run));
            }
            Some(ResultAction::Reread) => return vec![Effect::Open(screen.loaded.run.clone())],
            Some(ResultAction::Copy) => {
                let command = screen.loaded.result.command.clone();
                return self.grant(Wish::Copy(command));
            }
            Some(ResultAction::Back) => {
                let back = screen.back;
                self.go(back);
            }
            None => {
                if let Some(action) = ResultView::action(name) {
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
                    None => (name == "ctrl-c").then_some(quit::Answer::Run),
                };
                if let Some(answer) = answer {
                    self.overlay = None;
                    return match (answer, leaving) {
                        (quit::Answer::Run, true) => self.leave_run(Exit::Done),
                        (quit::Answer::Run, false) => self.stop_run(),
                        (quit::Answer::Arm(arm), _) => self.stop_arm(arm),
                        (quit::Answer::GoOn, _) => Vec::new(),
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
            Some(Overlay::Lacking(lacking)) => {
                let answer = match find(lacking::KEYS, name) {
                    Some(action) => lacking.act(action),
                    None => (name == "ctrl-c").then_some(false),
                };
                if let Some(answer) = answer
                    && let Some(Overlay::Lacking(lacking)) = self.overlay.take()
                    && answer
                {
                    return vec![Effect::Bring(Box::new(lacking.lack))];
                }
            }
            Some(Overlay::Palette(palette)) => {
                let answer = palette.key(key, name);
                return self.palette_says(answer);
            }
            None => {}
        }
        Vec::new()
    }

    fn palette_says(&mut self, answer: palette::Answer) -> Vec<Effect> {
        let deed = match answer {
            palette::Answer::Stay => return Vec::new(),
            palette::Answer::Close => None,
            palette::Answer::Do(deed) => Some(deed),
        };
        let closed = self.overlay.take();
        let (Some(deed), Some(Overlay::Palette(palette))) = (deed, closed) else {
            return Vec::new();
        };
        self.perform(deed, palette.screen == discriminant(&self.screen))
    }

    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let wheel = match event.kind {
            MouseEventKind::ScrollDown => 1,
            MouseEventKind::ScrollUp => -1,
            _ => 0,
        };
        if let Some(overlay) = &mut self.overlay {
            match overlay {
                Overlay::Help(help) => help.step(wheel),
                Overlay::Palette(palette) => {
                    let answer = palette.mouse(event);
                    return self.palette_says(answer);
                }
                Overlay::Stop(_) | Overlay::Export(_) | Overlay::Lacking(_) => {}
            }
            return Vec::new();
        }
        let shared = &self.shared;
        let wish = match (&mut self.screen, &mut self.setup) {
            (Screen::Home, _) => self.home.mouse(event, shared),
            (Screen::Runs, _) => self.runs.mouse(event, shared),
            (Screen::SetUp, Some(setup)) => setup.mouse(event, shared),
            (Screen::Compare(screen), _) if wheel != 0 => {
                let scroll = if wheel > 0 {
                    ViewAction::Move(Motion::Down)
                } else {
                    ViewAction::Move(Motion::Up)
                };
                screen.view.act(scroll);
                Wish::Nothing
            }
            _ => {
                if let Some(view) = self.view_mut() {
                    view.mouse(event);
                }
                Wish::Nothing
            }
        };
        self.grant(wish)
    }

    pub(super) fn grant(&mut self, wish: Wish) -> Vec<Effect> {
        match wish {
            Wish::Nothing => {}
            Wish::Say(text) => self.notice = Some(text),
            Wish::Back if matches!(self.screen, Screen::Compare(_)) => self.screen = Screen::Runs,
            Wish::Copy(command) => {
                self.notice = Some(format!("Copied: {command}"));
                return vec![Effect::Copy(command)];
            }
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
                self.live = Some(Live::new(Back::SetUp));
                self.screen = Screen::Run;
                return vec![Effect::Start(lab, config)];
            }
            Wish::Replay(run) => {
                self.notice = Some(format!("Reading {} …", run.id()));
                return vec![Effect::Replay(run)];
            }
            Wish::Resume(run) => return self.resume(run),
            Wish::Compare(runs) => {
                let many = format::counted(runs.len() as u64, "run");
                self.notice = Some(format!("Reading {many} …"));
                return vec![Effect::Compare(runs)];
            }
            Wish::Open(run) => {
                self.notice = Some(format!("Reading {} …", run.id()));
                return vec![Effect::Open(run)];
            }
        }
        Vec::new()
    }
}
