//! An interface with a known machine and history, keys to press, and a run that never really ran.

use std::sync::{Arc, LazyLock};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use tempfile::TempDir;
use workbench_experiment::lab::{Lab, LabHost, NotTimed, Opt, RunConfig};
use workbench_experiment::{Request, plan, resolve};
use workbench_machine::{GpuFacts, MachineFacts, UsableCores};
use workbench_record::{
    ArmFacts, Event as Fact, FORMAT, Record, RepeatFinished, RunDir, RunStarted, RunStatus,
    RunStore, Snapshot,
};
use workbench_result::compute;

use crate::app::App;
use crate::event::{AnswersEffect, AppEvent, Effect, HistoryEffect, Loaded, Recorded, RunError};
use crate::keys;
use crate::reader;
use crate::screens::form::Row;
use crate::screens::form_data::SurveyRequest;
use crate::sheet_place::SheetPlace;
use crate::theme::{Theme, ThemeName};
use workbench_history::Standing;
use workbench_history::list::of_result;

/// An interface and the directory of its runs.
pub struct Fixture {
    pub app: App,
    pub dir: TempDir,
}

/// A table as people have it: dates, decimal commas, missing values, and lines of nothing.
pub const AIR: &str = "Date;CO(GT);NMHC(GT);Temperature in degrees;T;;\r\n\
    10/03/2004;2,6;150;13,6;0,7578;;\r\n\
    10/03/2004;2;NA;13,3;0,7255;;\r\n\
    10/03/2004;-200;88;11,9;0,7502;;\r\n\
    ;;;;;;\r\n";

/// Labs of the program. All tests share them: their files are read once.
pub fn labs() -> Arc<Vec<Box<dyn Lab>>> {
    static LABS: LazyLock<Arc<Vec<Box<dyn Lab>>>> = LazyLock::new(|| Arc::new(new_labs()));
    Arc::clone(&LABS)
}

/// The same labs made anew, for a test that needs to own them.
pub fn new_labs() -> Vec<Box<dyn Lab>> {
    let host = LabHost::default();
    vec![
        workbench_lab_rf::lab(host).unwrap(),
        workbench_lab_ddp::lab(host).unwrap(),
    ]
}

pub fn machine() -> MachineFacts {
    let gpu = |index| GpuFacts {
        index,
        name: "NVIDIA H100 80GB HBM3".to_owned(),
        memory_bytes: 80 << 30,
        power_limit_w: Some(700.0),
    };
    MachineFacts {
        cpu_model: "Made Up 9000".to_owned(),
        cores_logical: 16,
        cores_physical: Some(8),
        cores_usable: 4.0,
        cores_limit: "cgroup quota 4.0 of 16".to_owned(),
        memory_bytes: 32 << 30,
        gpus: vec![gpu(0), gpu(1)],
        ..MachineFacts::default()
    }
}

pub fn usable() -> UsableCores {
    UsableCores {
        cores: 4.0,
        limit: "cgroup quota 4.0 of 16".to_owned(),
    }
}

pub fn quick() -> RunConfig {
    let labs = labs();
    let request = Request {
        preset: Some("quick".to_owned()),
        workers: vec![2].into(),
        repeats: Some(2),
        ..Request::default()
    };
    resolve(labs[0].definition(), &request, &usable()).unwrap()
}

impl Fixture {
    /// Nothing is known of machine and history yet.
    pub fn bare(theme: ThemeName, ascii: bool) -> Self {
        let theme = Theme::new(theme, ascii, true);
        let mut app = App::new(labs(), theme);
        app.runs.narrowed.now = || "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap();
        Self {
            app,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// The machine has been looked at and three runs are in the history.
    pub fn new(theme: ThemeName, ascii: bool) -> Self {
        let mut this = Self::bare(theme, ascii);
        let rows = [
            ("20261121-101502-rf-3f9a", RunStatus::Completed),
            ("20261120-093000-rf-0b1c", RunStatus::Interrupted),
            ("20261119-230159-rf-77aa", RunStatus::Unfinished),
        ]
        .map(|(id, status)| {
            let loaded = this.loaded(id, &quick(), status);
            of_result(loaded.run.clone(), &loaded.result)
        });
        this.app
            .update(AppEvent::Machine(Box::new(machine()), usable()));
        this.app.update(AppEvent::History(Ok(rows.into())));
        this
    }

    /// The answers that are kept there.
    pub fn answers(&self, place: &SheetPlace) -> AppEvent {
        let store = RunStore::open(Some(self.dir.path().to_owned())).unwrap();
        AppEvent::AnswersRead(place.clone(), reader::answers(&store, place))
    }

    /// Opens the questions, with the answers that are kept.
    pub fn open_questions(&mut self) {
        let effects = self.press("Q");
        let [Effect::Answers(AnswersEffect::Read(place))] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        let read = self.answers(place);
        self.app.update(read);
    }

    /// The answer to the form's request, if the file held this text.
    pub fn surveyed(&self, request: &SurveyRequest, text: &str) -> AppEvent {
        let path = self.dir.path().join("table");
        std::fs::write(&path, text).unwrap();
        let here = SurveyRequest {
            path,
            ..request.clone()
        };
        let survey = reader::survey(&here);
        AppEvent::Surveyed(Box::new(request.clone()), survey)
    }

    /// Types the name of a file into the form of the first lab, and answers what is asked then.
    pub fn choose_file(&mut self, text: &str) {
        let effects = self.press("enter end up up / a . c s v enter");
        let [Effect::Survey(request)] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        let answer = self.surveyed(request, text);
        self.app.update(answer);
    }

    pub fn run_dir(&self, id: &str) -> RunDir {
        let path = self.dir.path().join(id);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("events.jsonl"), "").unwrap();
        RunDir::at(&path).unwrap()
    }

    /// A run as its log would tell it.
    pub fn loaded(&self, id: &str, config: &RunConfig, status: RunStatus) -> Arc<Loaded> {
        let mut records = records(id, config);
        if status != RunStatus::Completed {
            records.truncate((records.len() / 2).max(1));
        }
        if status != RunStatus::Unfinished {
            let t_ns = records.last().unwrap().t_ns + 1;
            let event = Fact::RunFinished {
                status,
                instrument_cpu_ns: 1_000_000,
                screen_cpu_ns: 0,
            };
            records.push(Record { t_ns, event });
        }
        let snapshot = Snapshot::of(&records);
        Arc::new(Loaded {
            run: self.run_dir(id),
            standing: Standing::new(snapshot.status, true),
            result: compute(&snapshot).unwrap(),
            snapshot,
        })
    }

    /// Presses keys by name, one after the other. That lists are looked at again when they are
    /// entered has a test of its own, and is left out.
    pub fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut all = Vec::new();
        for key in keys.split(' ') {
            let effects = self.app.update(AppEvent::Key(key_event(key)));
            all.extend(self.untimed(effects));
        }
        all
    }

    /// What is wanted, less what tests of its own look at: that lists are looked at again, and
    /// that work is timed, which it cannot be here, or not any more.
    pub fn untimed(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut rest = Vec::new();
        for effect in effects {
            match effect {
                Effect::History(HistoryEffect::Refresh)
                | Effect::LookAround
                | Effect::EndTiming => {}
                Effect::Calibrate(request) => {
                    let answer = AppEvent::Calibrated(request, Err(NotTimed::NoUnit));
                    let effects = self.app.update(answer);
                    rest.extend(self.untimed(effects));
                }
                other => rest.push(other),
            }
        }
        rest
    }

    /// Goes to a row of the form, which has to be there.
    pub fn go_to(&mut self, row: &Row) {
        let rows = self.app.form.as_ref().unwrap().form.rows();
        let index = rows.iter().position(|known| known == row).unwrap();
        self.press("home");
        (0..index).for_each(|_| drop(self.press("down")));
    }

    /// The colours of what a window of a size shows: for each row, where each begins.
    pub fn colours(&mut self, width: u16, height: u16) -> String {
        let buffer = self.drawn(width, height);
        let colours = |y| {
            let cells = (0..width).map(|x| &buffer[(x, y)]);
            let mut told = Vec::new();
            let mut now = None;
            for (x, cell) in cells.enumerate().filter(|(_, cell)| cell.symbol() != " ") {
                let colour = (cell.fg, cell.bg);
                if now.replace(colour) != Some(colour) {
                    told.push(format!("{x}:{}/{}", cell.fg, cell.bg));
                }
            }
            told.join(" ")
        };
        (0..height).map(colours).collect::<Vec<_>>().join("\n")
    }

    fn drawn(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| self.app.render(frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// What a window of a size shows.
    pub fn shown(&mut self, width: u16, height: u16) -> String {
        let buffer = self.drawn(width, height);
        let rows: Vec<String> = (0..height)
            .map(|y| {
                let mut row = String::new();
                let mut x = 0;
                while x < width {
                    let symbol = buffer[(x, y)].symbol();
                    row.push_str(symbol);
                    x += (crate::kit::text::width(symbol) as u16).max(1);
                }
                row.trim_end().to_owned()
            })
            .collect();
        rows.join("\n")
    }
}

/// Records of a completed run, to be played again.
pub fn recorded(run: RunDir, records: Vec<Record>) -> Recorded {
    Recorded {
        run,
        records: records.into(),
        standing: Standing::Completed,
    }
}

/// Why a run could not be made.
pub fn refused(message: &str, option: Option<Opt>) -> RunError {
    RunError {
        message: message.to_owned(),
        option,
    }
}

pub fn key_event(name: &str) -> KeyEvent {
    keys::event(name).unwrap_or_else(|| panic!("no key is called {name}"))
}

/// The records of a run in which every repeat took half a second per worker that it had not.
pub fn records(id: &str, config: &RunConfig) -> Vec<Record> {
    let labs = labs();
    let lab = labs
        .iter()
        .find(|lab| lab.definition().name == config.lab)
        .unwrap();
    let arms: Vec<ArmFacts> = lab
        .definition()
        .arms
        .iter()
        .filter(|arm| config.arms.contains(&arm.name))
        .map(|arm| ArmFacts {
            control: false,
            peer: None,
            source: None,
            name: arm.name.clone(),
            title: arm.title.clone(),
            parallel: arm.parallel,
        })
        .collect();
    let plan = plan(config, &arms, config.repeats);
    let mut out = Vec::new();
    let mut t_ns = 0;
    let mut say = |t_ns, event| out.push(Record { t_ns, event });
    say(
        t_ns,
        Fact::RunStarted(Box::new(RunStarted {
            data_sha256: None,
            split_sha256: None,
            software: std::collections::BTreeMap::new(),
            format: FORMAT,
            run_id: id.to_owned(),
            unix_ms: 1_795_256_102_000,
            config: config.clone(),
            machine: machine(),
            lab_title: lab.definition().title.clone(),
            arms,
            planned_repeats: plan.len() as u32,
            lab_facts: lab.definition().facts(),
        })),
    );
    for id in plan {
        let started_ns = t_ns;
        let wall_ns = 1_000_000_000 / u64::from(id.workers) + u64::from(id.repeat) * 1_000_000;
        say(t_ns, Fact::RepeatStarted(id.clone()));
        say(
            t_ns + wall_ns / 2,
            Fact::Progress {
                done: 50,
                total: 100,
            },
        );
        t_ns += wall_ns;
        say(
            t_ns,
            Fact::RepeatFinished(Box::new(RepeatFinished {
                start: 0,
                id,
                started_ns,
                wall_ns,
                cpu_ns: 1_000_000_000,
                instrument_cpu_ns: 1_000,
                screen_cpu_ns: 0,
                work: [("models".to_owned(), 10)].into(),
                items: Vec::new(),
                ..RepeatFinished::default()
            })),
        );
    }
    out
}

/// Puts everything on a screen into one line, so that it does not matter where lines are broken
/// and panels end.
pub fn flat(shown: &str) -> String {
    let bare = |c: char| {
        if "│╭╮╰╯─".contains(c) {
            ' '
        } else {
            c
        }
    };
    let text: String = shown.chars().map(bare).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
