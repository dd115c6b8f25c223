//! The first screen: pick a lab, read its handout, see the machine and what was run before.
//!
//! ```text
//! ╭ Labs ─────────────╮╭ Thirty random forests ─────────────╮
//! │ ▸ rf              ││ # handout                          │
//! │                   ││ You train 30 random …              │
//! ├ Recent runs ──────┴┴────────────────────────────────────┤
//! │ ▸ 20261121-…  rf  quick  completed  1.93× (tasks on 2)  │
//! ╰─────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use workbench_record::RunDir;

use super::SharedState;
use super::handout::Handout;
use crate::action::Action;
use crate::kit::Motion;
use crate::kit::text::{fit, wrap_plain};
use crate::kit::{ListState, inside, lines, panel};
use crate::screens::runs::{Columns, Widths, run_line};
use workbench_history::list::RunRow;

/// What is selected.
pub enum Selected<'a> {
    /// A lab, by its place in the list.
    Lab(usize),
    /// A run.
    Run(&'a RunRow),
}

/// The panels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Labs,
    Handout,
    Runs,
}

const ORDER: [Focus; 3] = [Focus::Labs, Focus::Handout, Focus::Runs];

/// The screen's own state.
#[derive(Debug, Default)]
pub struct Home {
    focus: Focus,
    labs: ListState,
    runs: ListState,
    widths: Widths,
    /// Where the panels are, in their order.
    panels: [Rect; ORDER.len()],
    /// The selected lab's handout.
    pub handout: Handout,
}

impl Home {
    /// Selects a lab.
    pub fn select(&mut self, lab: usize) {
        self.labs.selected = lab;
        self.handout.reset();
    }

    /// The selected lab, by its place in the list.
    pub fn lab(&self) -> usize {
        self.labs.selected
    }

    /// The run that is selected, where the keys act on the runs.
    pub fn run<'a>(&self, shared: &'a SharedState) -> Option<&'a RunRow> {
        let rows = shared.rows();
        rows.get(self.runs.selected)
            .filter(|_| self.focus == Focus::Runs)
    }

    /// Takes in that the history was read: the selection stays on its run.
    pub fn read_again(&mut self, selected: Option<&RunDir>, shared: &SharedState) {
        let rows = shared.rows();
        self.widths = Widths::of(rows);
        let place = selected.and_then(|run| rows.iter().position(|row| row.run == *run));
        let last = rows.len().saturating_sub(1);
        self.runs.selected = place.unwrap_or(self.runs.selected).min(last);
    }

    /// Moves in the panels.
    pub fn act(&mut self, action: &Action, shared: &SharedState) {
        match action {
            Action::Next => self.turn(1),
            Action::Previous => self.turn(ORDER.len() - 1),
            Action::Move(motion) => self.go(*motion, shared),
            Action::Type => {
                self.focus = Focus::Handout;
                self.handout.begin_search();
            }
            Action::Found(forward) => self.handout.next(*forward),
            _ => {}
        }
    }

    fn turn(&mut self, by: usize) {
        let now = ORDER.iter().position(|f| *f == self.focus).unwrap_or(0);
        self.focus = ORDER[(now + by) % ORDER.len()];
    }

    fn go(&mut self, motion: Motion, shared: &SharedState) {
        match self.focus {
            Focus::Labs => {
                let before = self.labs.selected;
                self.labs.go(motion, shared.labs.len());
                if self.labs.selected != before {
                    self.handout.reset();
                }
            }
            Focus::Runs => self.runs.go(motion, shared.rows().len()),
            Focus::Handout => self.handout.go(motion),
        }
    }

    /// What is selected in the panel that the keys act on; `None` where there is nothing.
    pub fn selected<'a>(&self, shared: &'a SharedState) -> Option<Selected<'a>> {
        match self.focus {
            Focus::Runs => shared.rows().get(self.runs.selected).map(Selected::Run),
            Focus::Labs | Focus::Handout => Some(Selected::Lab(self.labs.selected)),
        }
    }

    /// A click selects, a click on what is selected chooses, the wheel scrolls what is under it.
    pub fn mouse(&mut self, event: MouseEvent, shared: &SharedState) -> Option<Action> {
        let (x, y) = (event.column, event.row);
        let (labs, runs) = (shared.labs.len(), shared.rows().len());
        let over = if self.handout.area().contains((x, y).into()) {
            Focus::Handout
        } else if self.labs.row_at(x, y, labs).is_some() {
            Focus::Labs
        } else {
            self.runs.row_at(x, y, runs).map(|_| Focus::Runs)?
        };
        let again = self.focus == over;
        self.focus = over;
        let chosen = match (over, event.kind) {
            (Focus::Handout, kind) => {
                self.handout.wheel(kind);
                false
            }
            (Focus::Labs, _) => {
                let before = self.labs.selected;
                let chosen = self.labs.mouse(event, labs);
                if self.labs.selected != before {
                    self.handout.reset();
                }
                chosen
            }
            (Focus::Runs, _) => self.runs.mouse(event, runs),
        };
        (chosen && again).then_some(Action::Choose)
    }

    /// Takes in where the screen goes: places the panels, lays the handout out, and holds what is
    /// scrolled to what there is.
    pub fn arrange(&mut self, area: Rect, shared: &SharedState) {
        let runs = (shared.rows().len() as u16).clamp(1, (area.height / 3).max(3)) + 3;
        let [top, bottom] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(runs)]).areas(area);
        let left = (area.width / 3).clamp(22, 36);
        let [labs, handout] =
            Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(top);
        self.panels = [labs, handout, bottom];
        let [list, _] = labs_and_about(inside(labs), shared);
        self.labs.arrange(list, shared.labs.len());
        let [_, list] = head_and_runs(inside(bottom));
        self.runs.arrange(list, shared.rows().len());
        self.lay_out_handout(shared);
    }

    fn lay_out_handout(&mut self, shared: &SharedState) {
        let area = inside(self.panels[Focus::Handout as usize]);
        let lab = self.labs.selected;
        let source = shared.labs.get(lab).map_or("", |lab| lab.handout());
        self.handout.arrange(area, (lab, source), &shared.theme);
    }

    /// Draws the screen.
    pub fn draw(&self, frame: &mut Frame, shared: &SharedState) {
        self.draw_labs(frame, shared);
        self.draw_handout(frame, shared);
        self.draw_runs(frame, shared);
    }

    /// Draws a panel; gives what is inside.
    fn panel(&self, frame: &mut Frame, which: Focus, title: &str, shared: &SharedState) -> Rect {
        let area = self.panels[which as usize];
        panel(frame, area, title, self.focus == which, &shared.theme)
    }

    fn draw_labs(&self, frame: &mut Frame, shared: &SharedState) {
        let theme = &shared.theme;
        let inner = self.panel(frame, Focus::Labs, "Labs", shared);
        let [_, about] = labs_and_about(inner, shared);
        let focused = self.focus == Focus::Labs;
        self.labs.draw(
            frame,
            (shared.labs.len(), focused),
            theme,
            |index, width| {
                let definition = shared.labs[index].definition();
                Line::from(vec![Span::styled(
                    fit(&definition.name, width, theme.glyphs.ascii),
                    theme.title,
                )])
            },
        );
        let Some(lab) = shared.labs.get(self.labs.selected) else {
            return;
        };
        let definition = lab.definition();
        let width = usize::from(about.width);
        let mut text = wrap_plain(&definition.summary, width, theme.text);
        text.push(Line::default());
        text.push(Line::styled("Arms", theme.title));
        for arm in &definition.arms {
            let base = if arm.name == definition.base {
                " (base)"
            } else {
                ""
            };
            text.push(Line::from(vec![
                Span::styled(
                    fit(&arm.name, width.saturating_sub(7), theme.glyphs.ascii),
                    theme.accent,
                ),
                Span::styled(base, theme.dim),
            ]));
            text.extend(wrap_plain(&arm.title, width, theme.dim));
        }
        lines(frame, about, &text);
    }

    fn draw_handout(&self, frame: &mut Frame, shared: &SharedState) {
        let lab = shared.labs.get(self.labs.selected);
        let title = lab.map_or("", |lab| lab.definition().title.as_str());
        self.panel(frame, Focus::Handout, title, shared);
        self.handout.draw(frame, &shared.theme);
    }

    fn draw_runs(&self, frame: &mut Frame, shared: &SharedState) {
        let theme = &shared.theme;
        let rows = shared.rows();
        let inner = self.panel(frame, Focus::Runs, "Recent runs", shared);
        let width = usize::from(inner.width);
        let said = match &shared.history {
            None => Some("Reading …".to_owned()),
            Some(Err(error)) => Some(error.clone()),
            Some(Ok(rows)) if rows.is_empty() => {
                Some("None yet. Choose a lab and start one.".to_owned())
            }
            Some(Ok(_)) => None,
        };
        if let Some(text) = said {
            lines(frame, inner, &wrap_plain(&text, width, theme.dim));
            return;
        }
        let [head, _] = head_and_runs(inner);
        let columns = Columns::new(self.widths, width.saturating_sub(2));
        lines(frame, head, &[columns.head(theme)]);
        let focused = self.focus == Focus::Runs;
        self.runs
            .draw(frame, (rows.len(), focused), theme, |index, _| {
                run_line(&rows[index], &columns, shared)
            });
    }
}

/// The list of labs, and what is said about the selected one.
fn labs_and_about(inner: Rect, shared: &SharedState) -> [Rect; 2] {
    let len = shared.labs.len() as u16;
    Layout::vertical([Constraint::Length(len + 1), Constraint::Min(0)]).areas(inner)
}

/// The names of the columns, and the list of runs.
fn head_and_runs(inner: Rect) -> [Rect; 2] {
    Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(inner)
}
