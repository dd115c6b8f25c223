//! What an event changes.

use std::mem::discriminant;
use std::sync::Arc;

use ratatui::crossterm::event::KeyEventKind;
use workbench_experiment::lab::{Calibration, NotTimed};
use workbench_history::Standing;
use workbench_history::list::RunRow;
use workbench_machine::{MachineFacts, UsableCores};
use workbench_record::{Record, RunDir};

use super::state::{App, Back, LiveRun, Screen};
use crate::event::{
    AppEvent, Effect, Exit, ExportRequest, Exported, HandInRequest, HandedIn, HistoryEffect,
    Loaded, MissingSetup, MonitorEffect, RunError, SideBySide, TerminalEffect, WatchEffect,
};
use crate::overlay::missing::Missing;
use crate::overlay::{self, Overlay};
use crate::screens::compare::Compare;
use crate::screens::form_calibration::CalibrationRequest;

impl App {
    /// Takes in an event; what comes back has to be done outside.
    pub fn update(&mut self, event: AppEvent) -> Vec<Effect> {
        // Nothing that a form shows depends on these, and they come all the time.
        let is_news = matches!(
            event,
            AppEvent::Records(_) | AppEvent::Tick(_) | AppEvent::Poll | AppEvent::Looked(_)
        );
        let following = self.is_following();
        let watching = self.shows_machine();
        let before = discriminant(&self.screen);
        let mut effects = self.take(event);
        let changed = before != discriminant(&self.screen);
        // Other processes make runs too, and end them.
        if changed && self.lists_runs() && !effects.contains(&Effect::History(HistoryEffect::Read))
        {
            effects.push(Effect::History(HistoryEffect::Refresh));
        }
        // Whichever way one leaves a run that is followed, nobody follows it any more.
        if following && !self.is_following() {
            effects.push(Effect::Watch(WatchEffect::Unfollow));
        }
        if watching && !self.shows_machine() {
            effects.push(Effect::Monitor(MonitorEffect::End));
        }
        if changed && let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.screen_changed();
        }
        // A view that is new knows nothing of what was hidden.
        if !is_news {
            self.lay_out();
        }
        if let Some(overlay) = &mut self.overlay {
            effects.extend(overlay.completion_request().map(Effect::CompletePath));
        }
        if !is_news && let (Screen::Form, Some(form)) = (&self.screen, &mut self.form) {
            form.check(&self.shared);
            let survey = form.survey_request().map(Box::new);
            effects.extend(survey.map(Effect::Survey));
            effects.extend(form.completion_request().map(Effect::CompletePath));
            // Timing would disturb the run under way, here or in another process.
            if self.live.is_none() && self.shared.beside.is_empty() {
                let timed = form.calibration_request().map(Box::new);
                effects.extend(timed.map(Effect::Calibrate));
            }
        }
        // Whichever way one leaves what is being timed, nobody waits for it any more.
        let on_form = matches!(self.screen, Screen::Form) && self.live.is_none();
        if let Some(form) = &mut self.form
            && form.ends_timing(on_form && self.shared.beside.is_empty())
        {
            effects.push(Effect::EndTiming);
        }
        effects
    }

    fn take(&mut self, event: AppEvent) -> Vec<Effect> {
        match event {
            AppEvent::Key(key) if key.kind == KeyEventKind::Release => {}
            AppEvent::Key(key) => {
                self.notice = None;
                return self.key(key);
            }
            AppEvent::Mouse(event) => return self.mouse(event),
            AppEvent::Paste(text) => return self.paste(&text),
            AppEvent::Poll if self.lists_runs() => {
                return vec![Effect::History(HistoryEffect::Refresh)];
            }
            AppEvent::Ground(ground) if self.theme_follows => {
                self.shared.theme = self.shared.theme.on(ground);
            }
            AppEvent::Poll if matches!(self.screen, Screen::Form) => {
                return vec![Effect::LookAround];
            }
            AppEvent::Redraw | AppEvent::Poll | AppEvent::Ground(_) => {}
            AppEvent::Machine(machine, usable) => self.machine(*machine, usable),
            AppEvent::History(history) => self.history(history),
            AppEvent::Records(records) => return self.fold(&records),
            AppEvent::Ended(ended) => return self.ended(ended),
            AppEvent::SetupMissing(missing) => return self.setup_missing(*missing),
            AppEvent::SetupDone(Ok(job)) => return self.make(job),
            AppEvent::SetupDone(Err(error))
            | AppEvent::AnswersLost(error)
            | AppEvent::RunChanged(Err(error)) => self.notice = Some(error),
            AppEvent::Opened(opened) => return self.opened(opened),
            AppEvent::Followed(run, records) => self.followed(&run, &records),
            AppEvent::FollowEnded(run, ended) => return self.follow_ended(&run, ended),
            AppEvent::Replay(read) => self.replay(read.map(|read| *read)),
            AppEvent::Tick(by) => self.tick(by),
            AppEvent::Looked(look) => self.looked(look),
            AppEvent::Told(text) => self.notice = Some(text),
            AppEvent::Compared(compared) => self.compared(compared),
            AppEvent::Calibrated(request, found) => return self.calibrated(&request, found),
            event @ (AppEvent::Surveyed(..)
            | AppEvent::PathCompleted(..)
            | AppEvent::SetupsRead(_)
            | AppEvent::SetupKept(..)) => self.take_of_form(event),
            AppEvent::Beside(others) => self.shared.beside = others,
            AppEvent::RunChanged(Ok(())) => {
                return vec![Effect::History(HistoryEffect::Refresh)];
            }
            AppEvent::Exported(run, request, exported) => self.exported(&run, request, exported),
            AppEvent::HandedIn(run, request, handed_in) => {
                self.handed_in(&run, request, handed_in);
            }
            AppEvent::AnswersRead(place, sheet) => {
                if let Screen::Questions(questions) = &mut self.screen {
                    questions.screen.read(&place, sheet);
                }
            }
            // Signal, reader and drawing all notice that; only a person can be in a hurry.
            AppEvent::TerminalLost if self.live.is_some() && self.leaving.is_some() => {}
            AppEvent::TerminalLost | AppEvent::Terminate => return self.terminate(),
        }
        Vec::new()
    }

    /// Takes in what a form has asked for, or the field of a dialog.
    fn take_of_form(&mut self, event: AppEvent) {
        match (event, &mut self.form) {
            (AppEvent::PathCompleted(asked, found), form) => match (&mut self.overlay, form) {
                (Some(overlay), _) => overlay.completed(&asked, found),
                (None, Some(form)) => form.completed(&asked, found),
                (None, None) => {}
            },
            (AppEvent::Surveyed(request, answer), Some(form)) => {
                form.form.table.answer(&request, answer);
            }
            (AppEvent::SetupsRead(read), _) => self.setups_read(read),
            (AppEvent::SetupKept(name, kept), _) => self.setup_kept(name, kept),
            _ => {}
        }
    }

    fn machine(&mut self, machine: MachineFacts, usable: UsableCores) {
        self.shared.machine = Some(machine);
        self.shared.usable = Some(usable);
    }

    /// A start that waited for it comes now.
    fn calibrated(
        &mut self,
        request: &CalibrationRequest,
        found: Result<Calibration, NotTimed>,
    ) -> Vec<Effect> {
        let shown = matches!(self.screen, Screen::Form) && self.overlay.is_none();
        let Some(form) = &mut self.form else {
            return Vec::new();
        };
        let starts = form.calibrated(request, found);
        if !starts || !shown {
            return Vec::new();
        }
        self.notice = None;
        form.check(&self.shared);
        self.start()
    }

    fn history(&mut self, history: Result<Vec<RunRow>, String>) {
        let run = |row: &RunRow| row.run.clone();
        let selected = self.runs.selected(&self.shared).map(run);
        let at_home = self.home.run(&self.shared).map(run);
        self.shared.history = Some(history);
        self.runs.read_again(selected.as_ref(), &self.shared);
        self.home.read_again(at_home.as_ref(), &self.shared);
    }

    fn fold(&mut self, records: &[Record]) -> Vec<Effect> {
        if let Some(live) = &mut self.live {
            for record in records {
                live.snapshot.apply(record);
            }
        }
        self.told_heat(records).into_iter().collect()
    }

    /// A run has ended: its result opens where the run was watched, and is announced elsewhere.
    fn ended(&mut self, ended: Result<Arc<Loaded>, RunError>) -> Vec<Effect> {
        let back = self.live.take().map_or(Back::Home, |live| live.back);
        if matches!(self.overlay, Some(Overlay::Stop(_))) {
            self.overlay = None;
        }
        let watched = matches!(self.screen, Screen::Run);
        let told = match &ended {
            Ok(loaded) => self.told_end(&loaded.run.id(), loaded.standing),
            Err(error) => self.told(error.message.clone()),
        };
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
                if let (Back::Form, Some(form)) = (back, &mut self.form) {
                    form.refuse(&error, &self.shared);
                }
                self.notice = Some(error.message);
                if watched {
                    self.go(back);
                }
            }
        }
        let next = match self.leaving {
            Some(exit) => Effect::Terminal(TerminalEffect::Quit(exit)),
            None => Effect::History(HistoryEffect::Read),
        };
        told.into_iter().chain([next]).collect()
    }

    /// Something that a run needs is missing and can be installed: asks whether to.
    fn setup_missing(&mut self, missing: MissingSetup) -> Vec<Effect> {
        let back = self.live.take().map_or(Back::Home, |live| live.back);
        if matches!(self.screen, Screen::Run) {
            self.go(back);
        }
        if let Some(exit) = self.leaving {
            return vec![Effect::Terminal(TerminalEffect::Quit(exit))];
        }
        self.notice = None;
        self.overlay = Some(Overlay::Missing(Box::new(Missing::new(missing))));
        Vec::new()
    }

    fn opened(&mut self, opened: Result<Arc<Loaded>, String>) -> Vec<Effect> {
        self.notice = None;
        let own = opened.as_ref().is_ok_and(|loaded| self.is_own(&loaded.run));
        match (opened, &mut self.screen) {
            (Ok(loaded), Screen::Result(screen)) if screen.loaded.run == loaded.run => {
                screen.loaded = loaded;
            }
            (Ok(loaded), Screen::Watch(watched)) if watched.run == loaded.run => {
                let back = watched.back;
                self.show(loaded, back);
            }
            (Ok(_), Screen::Runs | Screen::Home) if own => self.screen = Screen::Run,
            (Ok(loaded), Screen::Runs | Screen::Home) if loaded.standing == Standing::Running => {
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
        let started = |live: &LiveRun| Some(live.snapshot.started.as_ref()?.run_id == run.id());
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

    fn handed_in(&mut self, run: &RunDir, request: HandInRequest, handed_in: HandedIn) {
        let left = match &mut self.overlay {
            Some(Overlay::HandIn(hand_in)) => hand_in.file.done(run, request, handed_in),
            _ => Err(handed_in),
        };
        if let Err(handed_in) = left {
            self.notice = Some(overlay::hand_in::sentence(&handed_in));
        }
    }

    fn exported(&mut self, run: &RunDir, request: ExportRequest, exported: Exported) {
        if let Exported::Written(path) = &exported {
            self.reports.push(path.clone());
        }
        let left = match &mut self.overlay {
            Some(Overlay::Export(export)) => export.file.done(run, request, exported),
            _ => Err(exported),
        };
        if let Err(exported) = left {
            self.notice = Some(match exported {
                Exported::Written(path) => format!("Written to {}", path.display()),
                Exported::Exists(path) => format!("Not written: {} exists.", path.display()),
                Exported::Refused(error) => error,
            });
        }
    }

    /// The record is closed first. A second signal does not wait for that.
    fn terminate(&mut self) -> Vec<Effect> {
        if self.live.is_some() && self.leaving.is_none() {
            return self.stop_and_leave(Exit::Interrupted);
        }
        vec![Effect::Terminal(TerminalEffect::Quit(Exit::Interrupted))]
    }
}
