//! The history: all runs, narrowed by a filter.
//!
//! ```text
//! ╭ Runs · 3 of 12 ─────────────────────────────────────────────────────╮
//! │ / rf completed▏                                                     │
//! │   RUN                      LAB  PRESET  STATUS     BEST SPEED-UP    │
//! │ ▸ 20261121-101502-rf-3f9a  rf   quick   completed  1.93× (tasks …)  │
//! ╰─────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{Shared, Wish};
use crate::tui::chrome::{ListState, Look, columns, lines, panel};
use crate::tui::history::RunRow;
use crate::tui::keys::{Bound, bound};
use crate::tui::text::{fit, width, wrap_plain};

/// What a key does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open the selected run.
    Open,
    /// Play the selected run again.
    Replay,
    /// Go on with the selected run.
    Resume,
    /// Type a filter.
    Filter,
    /// Move the selection.
    Step(isize),
    /// Move by a page.
    Page(isize),
    /// Go to the latest.
    First,
    /// Go to the oldest.
    Last,
    /// Read the list again.
    Reread,
    /// Take the filter away, or go back.
    Back,
}

/// The keys.
pub const KEYS: &[Bound<Action>] = &[
    bound(
        &["enter", "right", "l"],
        Action::Open,
        "open",
        "Open the selected run, also one that is under way or was killed.",
    ),
    bound(
        &["/"],
        Action::Filter,
        "filter",
        "Show only the runs that have all the words typed, anywhere in their line.",
    ),
    bound(
        &["p"],
        Action::Replay,
        "replay",
        "Play the selected run again on the Run screen.",
    ),
    bound(
        &["R"],
        Action::Resume,
        "resume",
        "Go on with the selected run: what is finished is kept, what is missing is done.",
    ),
    bound(&["r"], Action::Reread, "read again", "Read the list again."),
    bound(
        &["esc", "left", "h"],
        Action::Back,
        "back",
        "Take the filter away, or go back.",
    ),
    bound(&["up", "k"], Action::Step(-1), "", "Move up."),
    bound(&["down", "j"], Action::Step(1), "", "Move down."),
    bound(&["pgup"], Action::Page(-1), "", "Move up by a page."),
    bound(
        &["pgdn", "space"],
        Action::Page(1),
        "",
        "Move down by a page.",
    ),
    bound(&["home", "g"], Action::First, "", "Go to the latest run."),
    bound(&["end", "G"], Action::Last, "", "Go to the oldest run."),
];

/// The keys while a filter is typed.
pub const FILTER_KEYS: &[Bound<()>] = &[
    bound(
        &["enter"],
        (),
        "done",
        "Keep the filter and go back to the list.",
    ),
    bound(&["esc"], (), "clear", "Take the filter away."),
    bound(&["ctrl-u"], (), "", "Empty the filter."),
];

/// The longest filter, in characters.
const LONGEST: usize = 80;

/// The screen's own state.
#[derive(Debug, Default)]
pub struct Runs {
    list: ListState,
    filter: String,
    typing: bool,
}

impl Runs {
    /// Whether keys go into the filter.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Takes a key into the filter.
    pub fn type_key(&mut self, key: KeyEvent, name: &str) {
        match (key.code, name) {
            (KeyCode::Enter | KeyCode::Tab | KeyCode::Down | KeyCode::Up, _) => self.typing = false,
            (KeyCode::Esc, _) => {
                self.typing = false;
                self.filter.clear();
            }
            (_, "ctrl-u") => self.filter.clear(),
            (KeyCode::Backspace, _) => drop(self.filter.pop()),
            (KeyCode::Char(c), name) if !name.starts_with("ctrl-") => self.paste(&c.to_string()),
            _ => {}
        }
        self.list.selected = 0;
    }

    /// Takes text into the filter.
    pub fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.filter.chars().count());
        self.filter
            .extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    /// Does what a key stands for.
    pub fn act(&mut self, action: Action, shared: &Shared) -> Wish {
        let len = self.matching(shared.rows()).len();
        match action {
            Action::Open => return self.wish(shared, |row| Wish::Open(row.run.clone())),
            Action::Replay => return self.wish(shared, |row| Wish::Replay(row.run.clone())),
            Action::Resume => return self.wish(shared, resume),
            Action::Filter => self.typing = true,
            Action::Step(by) => self.list.step(by, len),
            Action::Page(by) => self.list.step(by * self.list.page(), len),
            Action::First => self.list.selected = 0,
            Action::Last => self.list.selected = len.saturating_sub(1),
            Action::Reread => return Wish::Reread,
            Action::Back if self.filter.is_empty() => return Wish::Back,
            Action::Back => self.filter.clear(),
        }
        Wish::Nothing
    }

    /// What is wished of the selected run.
    fn wish(&self, shared: &Shared, of: impl FnOnce(&RunRow) -> Wish) -> Wish {
        let rows = self.matching(shared.rows());
        rows.get(self.list.selected)
            .map_or(Wish::Nothing, |row| of(row))
    }

    /// A click selects, a click on the selected run opens it, the wheel moves.
    pub fn mouse(&mut self, event: MouseEvent, shared: &Shared) -> Wish {
        let len = self.matching(shared.rows()).len();
        match event.kind {
            MouseEventKind::ScrollDown => self.list.step(1, len),
            MouseEventKind::ScrollUp => self.list.step(-1, len),
            MouseEventKind::Down(MouseButton::Left) => {
                if let Some(row) = self.list.row_at(event.column, event.row, len) {
                    if self.list.selected == row {
                        return self.act(Action::Open, shared);
                    }
                    self.list.selected = row;
                }
            }
            _ => {}
        }
        Wish::Nothing
    }

    fn matching<'a>(&self, rows: &'a [RunRow]) -> Vec<&'a RunRow> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        rows.iter()
            .filter(|row| {
                let text = format!(
                    "{} {} {} {} {} {}",
                    row.id, row.lab, row.preset, row.started, row.status, row.best
                )
                .to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .collect()
    }

    /// Draws the screen.
    pub fn draw(&mut self, frame: &mut Frame, area: Rect, shared: &Shared) {
        let look = &shared.look;
        let rows = self.matching(shared.rows());
        let all = shared.rows().len();
        let dot = look.either("·", "-");
        let title = if rows.len() == all {
            format!("Runs {dot} {all}")
        } else {
            format!("Runs {dot} {} of {all}", rows.len())
        };
        let inner = panel(frame, area, &title, true, look);
        let filter = u16::from(self.typing || !self.filter.is_empty());
        let [top, head, list] = Layout::vertical([
            Constraint::Length(filter),
            Constraint::Length(1),
            Constraint::Min(0),
        ])
        .areas(inner);
        if filter == 1 {
            self.draw_filter(frame, top, look);
        }
        let said = match &shared.history {
            None => "Reading …",
            Some(Err(error)) => error,
            Some(Ok(rows)) if rows.is_empty() => "There are no runs yet.",
            Some(Ok(_)) if rows.is_empty() => {
                "No run has all these words. Esc takes the filter away."
            }
            Some(Ok(_)) => "",
        };
        if !said.is_empty() {
            lines(
                frame,
                list,
                &wrap_plain(said, usize::from(list.width), look.theme.dim),
            );
            return;
        }
        let columns = Columns::of(shared.rows(), usize::from(list.width).saturating_sub(2));
        lines(frame, head, &[columns.head(look)]);
        self.list.draw(frame, list, rows.len(), look, |index, _| {
            run_line(rows[index], &columns, look)
        });
    }

    fn draw_filter(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let room = usize::from(area.width).saturating_sub(3);
        let text = fit(&self.filter, room, look.ascii);
        if self.typing && area.width > 3 {
            frame.set_cursor_position((area.x + 2 + width(&text) as u16, area.y));
        }
        let line = Line::from(vec![
            Span::styled("/ ", look.theme.accent),
            Span::styled(text, look.theme.text),
        ]);
        lines(frame, area, &[line]);
    }
}

/// A run that lacks nothing cannot be gone on with, nor one that is under way.
fn resume(row: &RunRow) -> Wish {
    match row.status {
        "running" => Wish::Say("The run is under way: Enter shows it.".to_owned()),
        "completed" if row.lacks == 0 => {
            Wish::Say("The run is complete: there is nothing left to do.".to_owned())
        }
        "unreadable" => Wish::Say("A run that cannot be read cannot be gone on with.".to_owned()),
        _ => Wish::Resume(row.run.clone()),
    }
}

/// The widths of a list of runs, as wide as what is in them.
pub struct Columns {
    id: usize,
    lab: usize,
    preset: usize,
    status: usize,
    started: usize,
    best: usize,
}

impl Columns {
    /// Widths for some rows in a number of columns. The start is left out where there is no room: the id begins with it.
    pub fn of(rows: &[RunRow], room: usize) -> Self {
        let widest = |least: usize, most: usize, text: fn(&RunRow) -> &str| {
            rows.iter()
                .map(|row| width(text(row)))
                .max()
                .unwrap_or(0)
                .clamp(least, most)
        };
        let id = widest(3, 28, |row| &row.id);
        let lab = widest(3, 10, |row| &row.lab);
        let preset = widest(6, 12, |row| &row.preset);
        let status = widest(6, 12, |row| row.status);
        let used = id + lab + preset + status + 2 * 4;
        let started = if used + 18 + 24 <= room { 16 } else { 0 };
        let gap = if started > 0 { 18 } else { 0 };
        Self {
            id,
            lab,
            preset,
            status,
            started,
            best: room.saturating_sub(used + gap),
        }
    }

    fn line(&self, cells: [(&str, ratatui::style::Style); 6], look: &Look) -> Line<'static> {
        let widths = [
            self.id,
            self.started,
            self.lab,
            self.preset,
            self.status,
            self.best,
        ];
        let cells: Vec<_> = cells
            .iter()
            .zip(widths)
            .filter(|(_, width)| *width > 0)
            .map(|((text, style), width)| (*text, width, *style))
            .collect();
        columns(&cells, look)
    }

    /// The line above the rows.
    pub fn head(&self, look: &Look) -> Line<'static> {
        let dim = look.theme.dim;
        let names = [
            "RUN",
            "STARTED (UTC)",
            "LAB",
            "PRESET",
            "STATUS",
            "BEST SPEED-UP",
        ];
        let mut line = self.line(names.map(|name| (name, dim)), look);
        line.spans.insert(0, Span::raw("  "));
        line
    }
}

/// One run as a line of a list.
pub fn run_line(row: &RunRow, columns: &Columns, look: &Look) -> Line<'static> {
    let theme = &look.theme;
    let status = match row.status {
        "completed" => theme.good,
        "running" => theme.accent,
        "interrupted" | "killed" => theme.warn,
        _ => theme.bad,
    };
    columns.line(
        [
            (&row.id, theme.text),
            (&row.started, theme.dim),
            (&row.lab, theme.text),
            (&row.preset, theme.text),
            (row.status, status),
            (&row.best, theme.text),
        ],
        look,
    )
}
