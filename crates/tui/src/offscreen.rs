//! The interface drawn into memory: for benches, tests and examples that need the screens as they
//! are and no terminal.
//!
//! Belongs here: handing events to the interface and looking at what it draws. Does not belong
//! here: anything that a person at a terminal would not get, so that what is measured or tested
//! here is what people see.

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use workbench_experiment::lab::{Lab, NotTimed, RunConfig};
use workbench_history::Standing;
use workbench_machine::{MachineFacts, UsableCores};
use workbench_monitor::MonitorLook;
use workbench_record::{Record, RunDir, Snapshot};
use workbench_result::RunResult;

use super::app::{App, Back, LiveRun, Screen};
use super::draw::plain;
use super::event::{AppEvent, Effect, Loaded, RunEffect, RunJob};
use super::kit::text::width;
use super::reader;
use super::theme::{Theme, ThemeName};
use super::views::monitor::{MonitorView, picture};

/// The names of all themes, as `--theme` takes them.
pub const THEMES: [&str; ThemeName::ALL.len()] = ["dark", "light", "high-contrast", "mono"];

/// The whole interface, on a window in memory.
pub struct Offscreen {
    app: App,
    terminal: Terminal<TestBackend>,
    started: Option<RunConfig>,
}

impl Offscreen {
    /// The first screen, in a window of so many columns and lines, in one of [`THEMES`] with 16
    /// million colours.
    ///
    /// # Errors
    /// When there is no such theme.
    pub fn new(
        labs: Vec<Box<dyn Lab>>,
        (columns, lines): (u16, u16),
        theme: &str,
        ascii: bool,
    ) -> Result<Self, String> {
        let name = ThemeName::from_name(theme)
            .ok_or_else(|| format!("`{theme}`: no such theme; give one of {THEMES:?}"))?;
        let Ok(terminal) = Terminal::new(TestBackend::new(columns, lines));
        Ok(Self {
            app: App::new(Arc::new(labs), Theme::new(name, ascii, true)),
            terminal,
            started: None,
        })
    }

    /// Goes to the Run screen of a run that begins now: the records given to [`fold`](Self::fold)
    /// are its events.
    pub fn watch(&mut self) {
        self.app.live = Some(LiveRun::new(Back::Home));
        self.app.screen = Screen::Run;
    }

    /// Hands over records of the run that is watched, as the loop does several times a second.
    pub fn fold(&mut self, records: Vec<Record>) {
        self.app.update(AppEvent::Records(records));
    }

    /// Tells that the run has ended: where it was watched, its result opens.
    pub fn end(&mut self, run: RunDir, snapshot: Snapshot, result: RunResult) {
        let loaded = Loaded {
            run,
            snapshot,
            standing: Standing::of_result(&result),
            result,
        };
        self.app.update(AppEvent::Ended(Ok(Arc::new(loaded))));
    }

    /// Presses a key without modifiers.
    pub fn press(&mut self, key: KeyCode) {
        let key = KeyEvent::new(key, KeyModifiers::NONE);
        let mut effects = self.app.update(AppEvent::Key(key));
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Run(RunEffect::Make(RunJob::Start(_, config))) => {
                    self.started = Some(*config);
                }
                // Nothing is timed here.
                Effect::Calibrate(request) => {
                    let answer = AppEvent::Calibrated(request, Err(NotTimed::NoUnit));
                    effects.extend(self.app.update(answer));
                }
                _ => {}
            }
        }
    }

    /// The configuration of the run that a key has started since the last call. Nothing runs here:
    /// whoever asks may run it and hand over its records.
    pub fn take_started(&mut self) -> Option<RunConfig> {
        self.started.take()
    }

    /// Tells how many cores there are, which forms check numbers of workers against.
    pub fn machine(&mut self, machine: MachineFacts, usable: UsableCores) {
        self.app
            .update(AppEvent::Machine(Box::new(machine), usable));
    }

    /// Puts runs side by side, as from the list of runs.
    pub fn compare(&mut self, runs: Vec<RunDir>) {
        self.app.screen = Screen::Runs;
        let compared = reader::side_by_side(runs).map(Arc::new);
        self.app.update(AppEvent::Compared(compared));
    }

    /// Gives the window another size.
    pub fn resize(&mut self, columns: u16, lines: u16) {
        self.terminal.backend_mut().resize(columns, lines);
    }

    /// Draws what has changed, as on a terminal.
    pub fn draw(&mut self) {
        let Ok(_) = self.terminal.draw(|frame| self.app.render(frame));
    }

    /// What the window shows, cell by cell.
    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// What the window shows, as text without spaces at the ends of its lines.
    pub fn text(&self) -> String {
        text_of(self.buffer())
    }
}

/// What cells show, as text without spaces at the ends of its lines.
fn text_of(buffer: &Buffer) -> String {
    let area = buffer.area;
    let rows: Vec<String> = (area.top()..area.bottom())
        .map(|y| {
            let mut row = String::new();
            let mut x = area.left();
            while x < area.right() {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                // The cell after a wide character belongs to it.
                x = x.saturating_add((width(symbol) as u16).max(1));
            }
            row.trim_end().to_owned()
        })
        .collect();
    rows.join("\n")
}

/// The machine as text of so many columns, with as many processes: what the Monitor screen shows,
/// as high as it needs, and without colours.
pub fn machine_picture(look: MonitorLook, (columns, processes): (u16, u16), ascii: bool) -> String {
    let theme = Theme::new(ThemeName::Mono, ascii, false);
    let mut view = MonitorView::default();
    let covered = Duration::try_from_secs_f64(look.state.interval_s);
    if let Some(covered) = covered.ok().filter(|covered| !covered.is_zero()) {
        view.set_interval(covered);
    }
    view.add(Arc::new(look));
    view.update();
    let mut buffer = picture(&view, (columns, processes), &theme);
    if ascii {
        plain(&mut buffer);
    }
    text_of(&buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::new_labs;

    #[test]
    fn every_theme_is_listed_and_others_are_refused() {
        assert_eq!(THEMES, ThemeName::ALL.map(ThemeName::name));
        let error = Offscreen::new(new_labs(), (80, 24), "sepia", false)
            .err()
            .unwrap();
        assert!(error.contains("`sepia`: no such theme"), "{error}");
    }

    #[test]
    fn a_window_in_memory_follows_keys_and_sizes() {
        let mut screen = Offscreen::new(new_labs(), (80, 24), "dark", false).unwrap();
        screen.draw();
        let home = screen.text();
        assert_eq!(home.lines().count(), 24);
        screen.watch();
        screen.draw();
        assert_ne!(screen.text(), home);
        screen.press(KeyCode::Char('?'));
        screen.resize(120, 40);
        screen.draw();
        assert_eq!(screen.text().lines().count(), 40);
        assert!(screen.text().contains("Keys: run"), "{}", screen.text());
    }
}
