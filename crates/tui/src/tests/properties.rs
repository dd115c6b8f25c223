//! Whatever is pressed, clicked, pasted and resized: no panic, no control character in a cell,
//! no cursor outside.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use workbench_experiment::lab::RunConfig;
use workbench_experiment::lab::{Calibration, TimedOn};
use workbench_machine::measuring::Measuring;
use workbench_monitor::{AlertLimits, AlertWatch, MonitorLook};
use workbench_record::{Record, RunDir, RunStatus};
use workbench_simulate::{MachineSize, machine_state};

use super::fixture::{AIR, Fixture, key_event, quick, recorded, records, refused};
use super::side_by_side::side_by_side;
use crate::event::RunEffect::{Agree, CancelArm, CancelItem};
use crate::event::{
    AnswersEffect, AppEvent, Effect, ExportRequest, Exported, HandInRequest, HandedIn,
    HistoryEffect, MissingSetup, MonitorEffect, RunEffect, RunJob, TerminalEffect, WatchEffect,
};
use crate::reader;
use crate::theme::ThemeName;

/// Steps of one case; with the cases below, 50,000 in each of two themes.
const STEPS: usize = 500;
const CASES: u32 = 100;

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Mouse(u8, u16, u16),
    Paste(String),
    Size(u16, u16),
    /// The run under way goes on by some records.
    Records(usize),
    /// What was asked for outside is done.
    Deliver,
    Stop,
    Gone,
}

fn step() -> impl Strategy<Value = Step> {
    let named = prop::sample::select(vec![
        "enter",
        "esc",
        "tab",
        "backtab",
        "backspace",
        "up",
        "down",
        "left",
        "right",
        "pgup",
        "pgdn",
        "home",
        "end",
        "space",
        "ctrl-c",
        "ctrl-u",
        "ctrl-l",
        "ctrl-z",
        "ctrl-p",
        "ctrl-n",
        ":",
    ])
    .prop_map(str::to_owned);
    let letters = prop::sample::select(
        "qrRpswceuzfyn?/hjklgGmMatxKT0123456789.,:-+<>[]voHLYyo"
            .chars()
            .collect::<Vec<_>>(),
    )
    .prop_map(|c| c.to_string());
    let filters = prop::sample::select(vec![
        "status:k",
        "lab:rf 3f9a",
        "since:2026-11-20",
        "since:soon",
        "labb:x \"",
        "until:7d",
    ])
    .prop_map(|text| Step::Paste(text.to_owned()));
    let any = any::<char>().prop_map(|c| c.to_string());
    let size = prop_oneof![
        6 => (60..200_u16, 16..60_u16),
        1 => (1..70_u16, 1..20_u16),
        1 => Just((1, 1)),
    ];
    prop_oneof![
        30 => named.prop_map(Step::Key),
        30 => letters.prop_map(Step::Key),
        2 => any.prop_map(Step::Key),
        6 => (0..5_u8, 0..200_u16, 0..60_u16).prop_map(|(kind, x, y)| Step::Mouse(kind, x, y)),
        2 => ".{0,40}".prop_map(Step::Paste),
        2 => filters,
        6 => size.prop_map(|(w, h)| Step::Size(w, h)),
        8 => (1..12_usize).prop_map(Step::Records),
        8 => Just(Step::Deliver),
        1 => Just(Step::Stop),
        1 => Just(Step::Gone),
    ]
}

/// Stands for everything outside: what it is asked for comes about when [`Step::Deliver`] says so.
struct Outside {
    asked: VecDeque<Effect>,
    run: Option<(RunConfig, VecDeque<Record>)>,
    runs: usize,
}

impl Outside {
    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Run(RunEffect::Make(RunJob::Start(_, config))) => {
                    self.runs += 1;
                    let mut config = *config;
                    // What is typed at random would be a plan of millions.
                    config.repeats = config.repeats.min(3);
                    config.workers.truncate(2);
                    let records = records(&format!("run-{}", self.runs), &config);
                    self.run = Some((config, records.into()));
                }
                other => self.asked.push_back(other),
            }
        }
    }

    fn end(&mut self, fixture: &Fixture, status: RunStatus) -> Option<AppEvent> {
        let (config, _) = self.run.take()?;
        let id = format!("run-{}", self.runs);
        Some(AppEvent::Ended(Ok(fixture.loaded(&id, &config, status))))
    }

    fn deliver(&mut self, fixture: &Fixture) -> Option<AppEvent> {
        match self.asked.pop_front()? {
            Effect::Run(RunEffect::Cancel) => self.end(fixture, RunStatus::Interrupted),
            Effect::History(HistoryEffect::Open(run)) if run.id().contains("77aa") => {
                Some(AppEvent::Opened(Err("a damaged\u{1b}[2J log".to_owned())))
            }
            Effect::History(HistoryEffect::Open(run)) => {
                let loaded = fixture.loaded(&run.id(), &quick(), RunStatus::Unfinished);
                Some(AppEvent::Opened(Ok(loaded)))
            }
            Effect::History(HistoryEffect::Compare(runs))
                if runs.iter().any(|run| run.id().contains("77aa")) =>
            {
                Some(AppEvent::Compared(Err("a damaged\u{1b}[2J log".to_owned())))
            }
            Effect::History(HistoryEffect::Compare(runs)) => {
                Some(AppEvent::Compared(Ok(side_by_side(fixture, runs))))
            }
            Effect::Answers(AnswersEffect::Read(place)) => Some(fixture.answers(&place)),
            Effect::Answers(AnswersEffect::Keep(..)) => Some(AppEvent::AnswersLost(
                "no space\u{1b}[2J is left".to_owned(),
            )),
            Effect::Export(loaded, request) => Some(exported(loaded.run.clone(), request)),
            Effect::ExportComparison(mut runs, request) => Some(exported(runs.remove(0), request)),
            Effect::HandIn(run, request) => {
                let handed_in = handed_in(request.clone());
                Some(AppEvent::HandedIn(run, request, handed_in))
            }
            Effect::History(HistoryEffect::Label(..)) => Some(AppEvent::RunChanged(Ok(()))),
            Effect::History(HistoryEffect::Delete(_)) => Some(AppEvent::RunChanged(Err(
                "it is under\u{1b}[2J way".to_owned(),
            ))),
            Effect::History(HistoryEffect::Read | HistoryEffect::Refresh)
            | Effect::Terminal(
                TerminalEffect::Copy(_)
                | TerminalEffect::Repaint
                | TerminalEffect::KeepTheme(_)
                | TerminalEffect::KeepLayout(_)
                | TerminalEffect::Tell(..)
                | TerminalEffect::Suspend,
            )
            | Effect::EndTiming
            | Effect::Run(Agree(_) | CancelArm(_) | CancelItem(_))
            | Effect::Watch(WatchEffect::Unfollow) => Some(AppEvent::Redraw),
            Effect::LookAround => Some(AppEvent::Beside(vec![Measuring {
                pid: 7,
                what: "a-run".to_owned(),
            }])),
            Effect::Calibrate(asked) => Some(AppEvent::Calibrated(
                asked,
                Ok(Calibration {
                    unit: "tree".to_owned(),
                    on: TimedOn::Threads(1),
                    unit_s: f64::MAX,
                    units: u64::MAX,
                }),
            )),
            Effect::Watch(WatchEffect::Replay(run)) => {
                let records = records(&run.id(), &quick());
                Some(AppEvent::Replay(Ok(Box::new(recorded(run, records)))))
            }
            Effect::Watch(WatchEffect::Follow(run)) => {
                let records = records(&run.id(), &quick());
                Some(AppEvent::Followed(run, records))
            }
            Effect::Run(RunEffect::Make(RunJob::Resume(run))) if run.id().contains("77aa") => {
                Some(AppEvent::SetupMissing(Box::new(MissingSetup {
                    what: "no\u{1b}[2J worker".to_owned(),
                    gpus: false,
                    plan: Ok("a large\u{1b}[2J download".to_owned()),
                    job: RunJob::Resume(run),
                })))
            }
            Effect::Monitor(MonitorEffect::Begin) => {
                let size = MachineSize {
                    cores: 40,
                    sockets: 2,
                    gpus: 3,
                    processes: 30,
                };
                let mut state = machine_state(size, 7);
                state.processes[0].command = "\u{1b}[2J".repeat(100);
                let alerts = AlertWatch::new(AlertLimits::default()).look(&state);
                Some(AppEvent::Looked(Arc::new(MonitorLook { state, alerts })))
            }
            Effect::Monitor(_) => Some(AppEvent::Told("it\u{1b}[2J has ended".to_owned())),
            form @ (Effect::CompletePath(_) | Effect::Setups(_) | Effect::Survey(_)) => {
                of_form(form, fixture)
            }
            Effect::Terminal(TerminalEffect::Install(missing)) => {
                Some(AppEvent::SetupDone(Ok(missing.job)))
            }
            Effect::Run(RunEffect::Make(RunJob::Resume(_))) => {
                Some(AppEvent::Ended(Err(refused("another lab", None))))
            }
            Effect::Terminal(TerminalEffect::Quit(_))
            | Effect::Run(RunEffect::Make(RunJob::Start(..))) => None,
        }
    }

    fn event(&mut self, step: &Step, fixture: &Fixture) -> Option<AppEvent> {
        Some(match step {
            Step::Key(name) => AppEvent::Key(key_event(name)),
            Step::Mouse(kind, column, row) => AppEvent::Mouse(MouseEvent {
                kind: match kind {
                    0 => MouseEventKind::ScrollDown,
                    1 => MouseEventKind::ScrollUp,
                    _ => MouseEventKind::Down(MouseButton::Left),
                },
                column: *column,
                row: *row,
                modifiers: KeyModifiers::NONE,
            }),
            Step::Paste(text) => AppEvent::Paste(text.clone()),
            Step::Size(..) => AppEvent::Redraw,
            Step::Stop => AppEvent::Terminate,
            Step::Gone => AppEvent::TerminalLost,
            Step::Deliver => return self.deliver(fixture),
            Step::Records(count) => {
                let (_, records) = self.run.as_mut()?;
                let some: Vec<Record> = records.drain(..(*count).min(records.len())).collect();
                if some.is_empty() {
                    return self.end(fixture, RunStatus::Completed);
                }
                AppEvent::Records(some)
            }
        })
    }
}

fn play(steps: &[Step], theme: ThemeName, ascii: bool) {
    let mut fixture = Fixture::new(theme, ascii);
    let mut outside = Outside {
        asked: VecDeque::new(),
        run: None,
        runs: 0,
    };
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    for step in steps {
        if let Step::Size(width, height) = step {
            terminal.backend_mut().resize(*width, *height);
        }
        if let Some(event) = outside.event(step, &fixture) {
            let effects = fixture.app.update(event);
            outside.take(effects);
        }
        terminal.draw(|frame| fixture.app.render(frame)).unwrap();
        let buffer = terminal.backend().buffer();
        for cell in &buffer.content {
            assert!(
                !cell.symbol().contains(|c: char| c.is_control()),
                "{:?} after {step:?}",
                cell.symbol()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    // Two tests, so that two cores can share them.
    #[test]
    fn nothing_breaks_it_in_colours(
        steps in prop::collection::vec(step(), STEPS),
        ascii in any::<bool>(),
    ) {
        play(&steps, ThemeName::Dark, ascii);
    }

    #[test]
    fn nothing_breaks_it_without_colours(
        steps in prop::collection::vec(step(), STEPS),
        ascii in any::<bool>(),
    ) {
        play(&steps, ThemeName::Mono, ascii);
    }
}

/// What comes of what a form asks for.
fn of_form(effect: Effect, fixture: &Fixture) -> Option<AppEvent> {
    match effect {
        Effect::CompletePath(typed) => {
            let found = [1, 2].map(|end| format!("{typed}a{end}")).into();
            Some(AppEvent::PathCompleted(typed, found))
        }
        Effect::Setups(effect) => {
            let folder = fixture.dir.path().join("setups");
            Some(reader::setups(Some(folder), effect))
        }
        Effect::Survey(request) => Some(fixture.surveyed(&request, AIR)),
        _ => None,
    }
}

/// How a report goes at first, then in the place of another.
fn exported(run: RunDir, request: ExportRequest) -> AppEvent {
    let path = request.path.clone();
    let exported = if request.replace {
        Exported::Written(path)
    } else {
        Exported::Exists(path)
    };
    AppEvent::Exported(run, request, exported)
}

/// How a hand-in goes at first, then as a draft, then in the place of another.
fn handed_in(request: HandInRequest) -> HandedIn {
    let missing = vec!["an\u{1b}[2J answer".to_owned()];
    match request {
        HandInRequest { draft: false, .. } => HandedIn::Incomplete(missing),
        HandInRequest { replace: false, .. } => HandedIn::Exists(request.path),
        HandInRequest { path, .. } => HandedIn::Written {
            path,
            files: vec![("manifest.json".to_owned(), 4_000)],
            missing,
        },
    }
}
