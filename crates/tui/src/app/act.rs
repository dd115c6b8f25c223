//! What an [`Action`] changes, and what it wants done outside.

use std::sync::Arc;

use workbench_machine::state::ProcessSignal;
use workbench_record::RunDir;
use workbench_report::format;

use super::state::{App, Screen};
use crate::action::Action;
use crate::event::{
    Effect, Exit, HistoryEffect, MonitorEffect, ProcessTarget, RunEffect, RunJob, TerminalEffect,
    WatchEffect,
};
use crate::overlay::Overlay;
use crate::overlay::begin::Begin;
use crate::overlay::export::Export;
use crate::overlay::hand_in::HandIn;
use crate::overlay::help::Help;
use crate::overlay::palette::CommandPalette;
use crate::overlay::stop::Stop;
use crate::screens::form_screen::FormScreen;
use crate::screens::handout::Handout;
use crate::screens::home::Selected;
use crate::theme::ThemeName;
use crate::views::View;

impl App {
    /// Does what is asked for, wherever the person is.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit if self.has_work_left() => {
                self.overlay = Some(Overlay::Stop(Stop::leaving()));
            }
            // Nothing would be lost, so nothing is asked: its result is being read.
            Action::Quit if self.is_running() => self.leaving = Some(Exit::Done),
            Action::Quit => return vec![Effect::Terminal(TerminalEffect::Quit(Exit::Done))],
            Action::Help => {
                let (title, groups) = self.help();
                self.overlay = Some(Overlay::Help(Help::new(title, groups)));
            }
            Action::Palette => {
                let palette = CommandPalette::new(self.commands());
                self.overlay = Some(Overlay::Palette(Box::new(palette)));
            }
            Action::Install(missing) => {
                return vec![Effect::Terminal(TerminalEffect::Install(missing))];
            }
            Action::Repaint => return vec![Effect::Terminal(TerminalEffect::Repaint)],
            Action::Suspend => return vec![Effect::Terminal(TerminalEffect::Suspend)],
            Action::Theme(name) => {
                self.draw_with(name, self.shared.theme.glyphs.ascii);
                self.theme_follows = false;
                return vec![Effect::Terminal(TerminalEffect::KeepTheme(name))];
            }
            Action::Tell(tell) => self.tell = tell,
            Action::Ascii(ascii) => self.draw_with(self.shared.theme.name, ascii),
            Action::Home => self.screen = Screen::Home,
            Action::Runs => self.screen = Screen::Runs,
            Action::Watch if self.is_running() => self.screen = Screen::Run,
            Action::Watch => self.notice = Some("No run is under way.".to_owned()),
            Action::SetUp(lab) => return self.set_up(lab),
            Action::Monitor => return self.watch_machine(),
            Action::Questions => return self.questions(),
            Action::Back => self.back(),
            Action::Open(run) => {
                // What was read is shown to those who wait for it: on the list of runs, or at home.
                if !self.lists_runs() {
                    self.screen = Screen::Runs;
                }
                return self.open(run);
            }
            Action::Choose => return self.choose(),
            Action::View(action) => {
                if let Some(view) = self.view_mut() {
                    view.act(action);
                }
                return self.keep_layout();
            }
            Action::Close => {}
            Action::Refuse(why) => self.notice = Some(why.to_owned()),
            other => return self.act_on_run(other),
        }
        Vec::new()
    }

    /// Does what concerns one run: the one that is selected, shown, set up or under way.
    fn act_on_run(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Start => return self.start(),
            Action::StartNow => return self.start_now(),
            Action::StartShorter(preset) => return self.start_shorter(&preset),
            Action::Copy => return self.copy(),
            Action::Resume => match self.runs.resumable(&self.shared) {
                Some(Ok(run)) => return self.make(RunJob::Resume(run)),
                Some(Err(why)) => self.notice = Some(why.to_owned()),
                None => {}
            },
            Action::Replay => {
                if let Some(run) = self.run() {
                    self.reading(&run.id());
                    return vec![Effect::Watch(WatchEffect::Replay(run))];
                }
            }
            Action::Result => {
                if let Some(run) = self.run() {
                    return self.open(run);
                }
            }
            Action::Reread => return self.reread(),
            Action::Star
            | Action::EditLabel
            | Action::Label(..)
            | Action::Delete
            | Action::DeleteNow(_) => return self.act_on_row(action),
            Action::Compare => return self.compare_marked(),
            action @ (Action::Export
            | Action::Write(_)
            | Action::HandIn
            | Action::WriteHandIn(..)) => return self.act_on_files(action),
            Action::Stop => self.ask_to_stop(),
            Action::StopRun => return self.stop_run(),
            Action::StopAndLeave => return self.stop_and_leave(Exit::Done),
            Action::SendSignal(target, signal) => return send(target, signal),
            Action::StopArm(arm) => {
                let text = format!("Stopping {arm}; the other arms go on.");
                return self.stop_part(text, RunEffect::CancelArm(arm));
            }
            Action::StopItem(item) => {
                let text = format!("Stopping {item}; the others go on.");
                return self.stop_part(text, RunEffect::CancelItem(item));
            }
            other => return self.act_on_setups_or_charts(other),
        }
        Vec::new()
    }

    /// Does what concerns set-ups that are kept, or what is shown.
    fn act_on_setups_or_charts(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::NameSetup
            | Action::KeepSetup(_)
            | Action::Setups
            | Action::OpenSetup(..)
            | Action::DeleteSetup(_) => return self.act_on_setups(action),
            Action::AskTime | Action::PickMetric | Action::ShowMetric(_) => {
                self.act_on_charts(action);
            }
            other => self.act_on_screen(&other),
        }
        Vec::new()
    }

    /// Does what concerns the time and the metric that are shown.
    fn act_on_charts(&mut self, action: Action) {
        match action {
            Action::AskTime => self.ask_time(),
            Action::PickMetric => {
                let palette = CommandPalette::new(self.metrics());
                self.overlay = Some(Overlay::Palette(Box::new(palette)));
            }
            Action::ShowMetric(metric) => {
                if let Some(chart) = self.view_mut().and_then(View::chart_mut) {
                    chart.show_metric(&metric);
                }
            }
            _ => {}
        }
    }

    /// Asks whether to stop the run under way, or a part of it.
    fn ask_to_stop(&mut self) {
        if !self.has_work_left() {
            return;
        }
        if let Some(live) = &self.live {
            let stop = Stop::stopping(&live.snapshot, live.view.item_to_stop());
            self.overlay = Some(Overlay::Stop(stop));
        }
    }

    /// Stops a part of the run under way, and says so.
    fn stop_part(&mut self, text: String, effect: RunEffect) -> Vec<Effect> {
        self.notice = Some(text);
        vec![Effect::Run(effect)]
    }

    /// Does what concerns files that are made of a run.
    fn act_on_files(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Export if matches!(self.screen, Screen::Compare(_)) => {
                if let Screen::Compare(screen) = &self.screen {
                    let export = Export::of_comparison(screen.runs(), &self.shared.prefer);
                    self.overlay = export.map(Overlay::Export);
                }
            }
            Action::Export => {
                if let Some(run) = self.run() {
                    let export = Export::new(run, &self.shared.prefer);
                    self.overlay = Some(Overlay::Export(export));
                }
            }
            Action::Write(request) => match &self.screen {
                Screen::Result(screen) => {
                    return vec![Effect::Export(Arc::clone(&screen.loaded), request)];
                }
                Screen::Compare(screen) => {
                    return vec![Effect::ExportComparison(screen.runs().to_vec(), request)];
                }
                _ => {}
            },
            Action::HandIn => {
                if let Some(run) = self.run() {
                    let hand_in = HandIn::new(run, &self.shared.prefer);
                    self.overlay = Some(Overlay::HandIn(hand_in));
                }
            }
            Action::WriteHandIn(run, request) => return vec![Effect::HandIn(run, request)],
            _ => {}
        }
        Vec::new()
    }

    /// Does what concerns the screen alone.
    fn act_on_screen(&mut self, action: &Action) {
        if self.shows_machine() {
            return self.act_on_machine(action);
        }
        let shared = &self.shared;
        let done = match (&mut self.screen, &mut self.form) {
            (Screen::Home, _) => {
                self.home.act(action, shared);
                Ok(())
            }
            (Screen::Runs, _) => self.runs.act(action, shared),
            (Screen::Form, Some(form)) => form.act(action),
            (Screen::Watch(watched), _) => {
                watched.act(action);
                Ok(())
            }
            (Screen::Questions(questions), _) => questions.screen.act(action),
            _ => Ok(()),
        };
        if let Err(why) = done {
            self.notice = Some(why);
        }
    }

    fn draw_with(&mut self, name: ThemeName, ascii: bool) {
        self.shared.theme = self.shared.theme.with(name, ascii);
    }

    /// Goes to a lab's form. What was set up before is still there, unless it was for another lab.
    fn set_up(&mut self, lab: usize) -> Vec<Effect> {
        if self.form.as_ref().is_none_or(|form| form.lab != lab) {
            self.form = FormScreen::new(lab, &self.shared);
        }
        if self.form.is_none() {
            return Vec::new();
        }
        self.screen = Screen::Form;
        vec![Effect::LookAround]
    }

    /// Goes back by one step: what was opened within the screen goes before the screen.
    fn back(&mut self) {
        if self.view_mut().is_some_and(View::step_back) {
            return;
        }
        if self.handout_mut().is_some_and(Handout::step_back) {
            return;
        }
        match &mut self.screen {
            Screen::Watch(watched) => {
                let back = watched.back;
                if let Some(result) = watched.from.take() {
                    self.screen = Screen::Result(result);
                } else {
                    self.go(back);
                }
            }
            Screen::Result(screen) => {
                let back = screen.back;
                self.go(back);
            }
            Screen::Compare(_) => self.screen = Screen::Runs,
            Screen::Runs if self.runs.clear_filter(&self.shared) => {}
            Screen::Questions(_) => {
                let shown = std::mem::replace(&mut self.screen, Screen::Home);
                if let Screen::Questions(questions) = shown {
                    self.screen = questions.from;
                }
            }
            Screen::Monitor(_) => self.leave_machine(),
            Screen::Home | Screen::Form | Screen::Run | Screen::Runs => self.screen = Screen::Home,
        }
    }

    /// Takes what is selected.
    fn choose(&mut self) -> Vec<Effect> {
        match (&self.screen, &mut self.form) {
            (Screen::Home, _) => match self.home.selected(&self.shared) {
                Some(Selected::Lab(lab)) => return self.set_up(lab),
                Some(Selected::Run(row)) => {
                    let run = row.run.clone();
                    return self.open(run);
                }
                None => {
                    let why = "There are no runs yet: set up a lab and start one.";
                    self.notice = Some(why.to_owned());
                }
            },
            (Screen::Runs, _) => {
                if let Some(run) = self.run() {
                    return self.open(run);
                }
            }
            (Screen::Questions(_), _) => self.act_on_screen(&Action::Choose),
            (Screen::Form, Some(form)) if form.is_at_button() => return self.start(),
            (Screen::Form, Some(form)) => {
                if let Err(why) = form.act(&Action::Choose) {
                    self.notice = Some(why);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// The run that is selected or shown.
    fn run(&self) -> Option<RunDir> {
        match &self.screen {
            Screen::Runs => self.runs.selected(&self.shared).map(|row| row.run.clone()),
            Screen::Watch(watched) => Some(watched.run.clone()),
            Screen::Result(screen) => Some(screen.loaded.run.clone()),
            _ => None,
        }
    }

    /// Makes the run that is set up; what takes long is asked about first.
    pub(super) fn start(&mut self) -> Vec<Effect> {
        let Some(form) = &mut self.form else {
            return Vec::new();
        };
        if form.config().is_ok() && self.live.is_none() {
            if form.waits() {
                self.notice = Some("Estimating how long it takes …".to_owned());
                return Vec::new();
            }
            let (reasons, shorter) = form.before_start(&self.shared);
            if !reasons.is_empty() {
                self.notice = None;
                self.overlay = Some(Overlay::Begin(Begin::new(reasons, shorter)));
                return Vec::new();
            }
        }
        self.start_now()
    }

    fn start_shorter(&mut self, preset: &str) -> Vec<Effect> {
        if let Some(form) = &mut self.form {
            form.choose_preset(preset);
            form.check(&self.shared);
        }
        self.start_now()
    }

    fn start_now(&mut self) -> Vec<Effect> {
        let Some(form) = &mut self.form else {
            return Vec::new();
        };
        match form.config() {
            Ok(config) => {
                // Whoever starts it was asked before.
                let agreed = form.unagreed(&self.shared).is_some();
                let lab = form.lab;
                let agreed = agreed.then(|| Effect::Run(RunEffect::Agree(lab)));
                let mut effects: Vec<Effect> = agreed.into_iter().collect();
                effects.extend(self.make(RunJob::Start(lab, Box::new(config))));
                effects
            }
            Err(why) => {
                self.notice = Some(why);
                Vec::new()
            }
        }
    }

    /// Copies the command that does the same without a screen.
    fn copy(&mut self) -> Vec<Effect> {
        let command = match (&self.screen, &mut self.form) {
            (Screen::Result(screen), _) => Ok(screen.loaded.result.command.clone()),
            (Screen::Form, Some(form)) => form.config().map(|config| config.command),
            _ => return Vec::new(),
        };
        match command {
            Ok(command) => {
                self.notice = Some(format!("Copied: {command}"));
                vec![Effect::Terminal(TerminalEffect::Copy(command))]
            }
            Err(why) => {
                self.notice = Some(why);
                Vec::new()
            }
        }
    }

    fn reread(&mut self) -> Vec<Effect> {
        match &self.screen {
            Screen::Compare(screen) => {
                let runs = screen.runs().to_vec();
                self.compare(runs)
            }
            Screen::Result(screen) => vec![Effect::History(HistoryEffect::Open(
                screen.loaded.run.clone(),
            ))],
            _ => vec![Effect::History(HistoryEffect::Read)],
        }
    }

    fn open(&mut self, run: RunDir) -> Vec<Effect> {
        self.reading(&run.id());
        vec![Effect::History(HistoryEffect::Open(run))]
    }

    fn compare(&mut self, runs: Vec<RunDir>) -> Vec<Effect> {
        self.reading(&format::counted(runs.len() as u64, "run"));
        vec![Effect::History(HistoryEffect::Compare(runs))]
    }

    fn compare_marked(&mut self) -> Vec<Effect> {
        match self.runs.marked() {
            Ok(runs) => self.compare(runs),
            Err(why) => {
                self.notice = Some(why.to_owned());
                Vec::new()
            }
        }
    }

    fn reading(&mut self, what: &str) {
        self.notice = Some(format!("Reading {what} …"));
    }
}

fn send(target: ProcessTarget, signal: ProcessSignal) -> Vec<Effect> {
    vec![Effect::Monitor(MonitorEffect::Send(target, signal))]
}
