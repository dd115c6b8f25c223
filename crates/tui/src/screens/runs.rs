//! The history: all runs, narrowed by a filter, and marks for those to compare.
//!
//! ```text
//! ╭ Runs · 3 of 12 · 2 marked ──────────────────────────────────────────╮
//! │ / rf status:completed▏                                              │
//! │   running, completed, check-failed, interrupted, killed, …          │
//! │     RUN                      LAB  PRESET  STATUS     BEST SPEED-UP  │
//! │ ▸ A 20261121-101502-rf-3f9a  rf   quick   completed  1.93× (tasks … │
//! ╰─────────────────────────────────────────────────────────────────────╯
//! ```

mod columns;
mod narrowed;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use workbench_history::Standing;
use workbench_record::RunDir;

use super::{Shared, Wish};
use crate::keys::Binding;
use crate::keys::{Bound, bound};
use crate::kit::text::{fit, width, wrap_plain};
use crate::kit::{ListState, lines, panel};
use crate::theme::Look;
use narrowed::Narrowed;
use workbench_history::comparison::letter;
use workbench_history::filter::Field;
use workbench_history::list::RunRow;

pub use columns::{Columns, Widths, run_line};

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
    /// Mark the selected run, or take its mark away.
    Mark,
    /// Take all marks away.
    Unmark,
    /// Compare the marked runs.
    Compare,
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
        "Show only the runs that match words and fields.",
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
    bound(
        &["m"],
        Action::Mark,
        "mark",
        "Mark the selected run for a comparison, or take its mark away. The first one marked is A.",
    ),
    bound(
        &["c"],
        Action::Compare,
        "compare",
        "Show the marked runs side by side.",
    ),
    bound(&["M"], Action::Unmark, "", "Take all marks away."),
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
    bound(&["ctrl-u"], (), "empty", "Empty the filter."),
];

const fn told(field: Field) -> Binding {
    Binding {
        keys: field.examples(),
        label: "",
        help: field.help(),
    }
}

/// What a filter can hold, for the help.
pub const FILTER_WORDS: &[Binding] = &[
    Binding {
        keys: &["word"],
        label: "",
        help: "Runs with the word anywhere in their line. All terms must hold; \"quotes\" keep blanks and colons.",
    },
    told(Field::Lab),
    told(Field::Preset),
    told(Field::Status),
    told(Field::Arm),
    told(Field::Since),
    told(Field::Until),
];

/// The most runs that can be told apart by colour when they are compared.
pub const MOST_MARKS: usize = 8;

/// The screen's own state.
#[derive(Debug)]
pub struct Runs {
    list: ListState,
    narrowed: Narrowed,
    widths: Widths,
    /// The marked runs in the order of marking.
    marks: Vec<RunDir>,
    /// Marked runs that the filter hides.
    hidden: usize,
    /// What time it is, for `since:7d`.
    pub now: fn() -> Timestamp,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            list: ListState::default(),
            narrowed: Narrowed::default(),
            widths: Widths::default(),
            marks: Vec::new(),
            hidden: 0,
            now: Timestamp::now,
        }
    }
}

impl Runs {
    /// Whether keys go into the filter.
    pub fn is_typing(&self) -> bool {
        self.narrowed.is_typing()
    }

    /// Takes a key into the filter.
    pub fn type_key(&mut self, key: KeyEvent, name: &str, shared: &Shared) {
        let before = self.narrowed.text().len();
        self.narrowed.key(key, name, shared.rows(), (self.now)());
        if self.narrowed.text().len() != before {
            self.list.selected = 0;
            self.count_hidden(shared);
        }
    }

    /// Takes text into the filter.
    pub fn paste(&mut self, text: &str, shared: &Shared) {
        self.narrowed.paste(text, shared.rows(), (self.now)());
        self.list.selected = 0;
        self.count_hidden(shared);
    }

    /// The selected run.
    pub fn selected<'a>(&self, shared: &'a Shared) -> Option<&'a RunRow> {
        let place = self.narrowed.shown().get(self.list.selected)?;
        shared.rows().get(*place)
    }

    /// Takes in that the history was read: the selection stays on its run, marks of runs that are gone go.
    pub fn read_again(&mut self, selected: Option<&RunDir>, shared: &Shared) {
        let rows = shared.rows();
        self.widths = Widths::of(rows);
        self.narrowed.refresh(rows, (self.now)());
        if shared.history.as_ref().is_some_and(Result::is_ok) {
            self.marks
                .retain(|mark| rows.iter().any(|row| row.run == *mark));
        }
        let shown = self.narrowed.shown();
        let place = selected.and_then(|run| shown.iter().position(|at| rows[*at].run == *run));
        self.list.selected = place.unwrap_or(self.list.selected);
        self.count_hidden(shared);
    }

    /// Comparing paths is too slow for every frame.
    fn count_hidden(&mut self, shared: &Shared) {
        let (rows, shown) = (shared.rows(), self.narrowed.shown());
        let seen = |mark: &&RunDir| shown.iter().any(|at| rows[*at].run == **mark);
        self.hidden = self.marks.len() - self.marks.iter().filter(seen).count();
    }

    /// How often the runs were matched against the filter.
    #[cfg(test)]
    pub fn times_filtered(&self) -> u32 {
        self.narrowed.times
    }

    /// Does what a key stands for.
    pub fn act(&mut self, action: Action, shared: &Shared) -> Wish {
        let len = self.narrowed.shown().len();
        match action {
            Action::Open => return self.wish(shared, |row| Wish::Open(row.run.clone())),
            Action::Replay => return self.wish(shared, |row| Wish::Replay(row.run.clone())),
            Action::Resume => return self.wish(shared, resume),
            Action::Filter => self.narrowed.begin(),
            Action::Mark => return self.mark(shared),
            Action::Unmark => {
                self.marks.clear();
                self.hidden = 0;
            }
            Action::Compare => return self.compare(),
            Action::Step(by) => self.list.step(by, len),
            Action::Page(by) => self.list.step(by * self.list.page(), len),
            Action::First => self.list.selected = 0,
            Action::Last => self.list.selected = len.saturating_sub(1),
            Action::Reread => return Wish::Reread,
            Action::Back if self.narrowed.text().is_empty() => return Wish::Back,
            Action::Back => {
                let run = self.selected(shared).map(|row| row.run.clone());
                self.narrowed.clear(shared.rows(), (self.now)());
                self.read_again(run.as_ref(), shared);
            }
        }
        Wish::Nothing
    }

    /// What is wished of the selected run.
    fn wish(&self, shared: &Shared, of: impl FnOnce(&RunRow) -> Wish) -> Wish {
        self.selected(shared).map_or(Wish::Nothing, of)
    }

    /// Marks the selected run and goes on to the next, so that neighbours are marked by one key.
    fn mark(&mut self, shared: &Shared) -> Wish {
        let Some(row) = self.selected(shared) else {
            return Wish::Nothing;
        };
        if let Some(at) = self.marks.iter().position(|mark| *mark == row.run) {
            self.marks.remove(at);
        } else if row.standing.is_none() {
            return Wish::Say(format!("{} cannot be compared: {}", row.id, row.best));
        } else if self.marks.len() == MOST_MARKS {
            return Wish::Say(format!(
                "{MOST_MARKS} runs are marked, and more cannot be told apart; m takes a mark away, M all of them."
            ));
        } else {
            self.marks.push(row.run.clone());
        }
        self.list.step(1, self.narrowed.shown().len());
        Wish::Nothing
    }

    fn compare(&self) -> Wish {
        match self.marks.len() {
            0 => Wish::Say(
                "No run is marked: m marks the selected one, c compares two or more.".into(),
            ),
            1 => Wish::Say(
                "One run is marked: mark another one with m, then c compares them.".into(),
            ),
            _ => Wish::Compare(self.marks.clone()),
        }
    }

    /// A click selects, a click on the selected run opens it, the wheel moves.
    pub fn mouse(&mut self, event: MouseEvent, shared: &Shared) -> Wish {
        let len = self.narrowed.shown().len();
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

    /// Draws the screen.
    pub fn draw(&mut self, frame: &mut Frame, area: Rect, shared: &Shared) {
        let look = &shared.look;
        let rows = shared.rows();
        let inner = panel(frame, area, &self.title(shared), true, look);
        let above = self.above(usize::from(inner.width), look);
        let [top, head, list] = Layout::vertical([
            Constraint::Length(above.len() as u16),
            Constraint::Length(1),
            Constraint::Min(0),
        ])
        .areas(inner);
        lines(frame, top, &above);
        self.place_cursor(frame, top, look);
        let shown = self.narrowed.shown();
        let said = match &shared.history {
            None => "Reading …",
            Some(Err(error)) => error,
            Some(Ok(rows)) if rows.is_empty() => "There are no runs yet.",
            Some(Ok(_)) if shown.is_empty() => "No run matches this filter. Esc takes it away.",
            Some(Ok(_)) => "",
        };
        if !said.is_empty() {
            let text = wrap_plain(said, usize::from(list.width), look.theme.dim);
            lines(frame, list, &text);
            return;
        }
        let room = usize::from(list.width).saturating_sub(4);
        let columns = Columns::new(self.widths, room);
        let mut names = columns.head(look);
        names.spans.insert(0, Span::raw("  "));
        lines(frame, head, &[names]);
        let marks = &self.marks;
        self.list.draw(frame, list, shown.len(), look, |index, _| {
            let row = &rows[shown[index]];
            let mut line = run_line(row, &columns, look);
            line.spans.insert(0, mark_of(marks, &row.run, look));
            line
        });
    }

    fn title(&self, shared: &Shared) -> String {
        let dot = shared.look.either("·", "-");
        let (shown, all) = (self.narrowed.shown(), shared.rows().len());
        let mut title = if shown.len() == all {
            format!("Runs {dot} {all}")
        } else {
            format!("Runs {dot} {} of {all}", shown.len())
        };
        if !self.marks.is_empty() {
            title = format!("{title} {dot} {} marked", self.marks.len());
            if self.hidden > 0 {
                title = format!("{title}, {} of them not shown", self.hidden);
            }
        }
        title
    }

    /// The filter, and below it what is wrong with it or what can be typed.
    fn above(&self, columns: usize, look: &Look) -> Vec<Line<'static>> {
        let narrowed = &self.narrowed;
        if !narrowed.is_typing() && narrowed.text().is_empty() {
            return Vec::new();
        }
        let theme = &look.theme;
        let text = fit(narrowed.text(), columns.saturating_sub(3), look.ascii);
        let mut above = vec![Line::from(vec![
            Span::styled("/ ", theme.accent),
            Span::styled(text, theme.text),
        ])];
        let room = columns.saturating_sub(2);
        if let Some(problem) = narrowed.problem() {
            for (i, line) in wrap_plain(problem, room, theme.warn)
                .into_iter()
                .enumerate()
                .take(3)
            {
                let mark = if i == 0 { "! " } else { "  " };
                let mut spans = vec![Span::styled(mark, theme.warn)];
                spans.extend(line.spans);
                above.push(Line::from(spans));
            }
        } else if narrowed.is_typing() {
            let hint = fit(&hint(narrowed.field(), room), room, look.ascii);
            above.push(Line::styled(format!("  {hint}"), theme.dim));
        }
        above
    }

    fn place_cursor(&self, frame: &mut Frame, top: Rect, look: &Look) {
        let room = usize::from(top.width).saturating_sub(3);
        if self.is_typing() && top.width > 3 && top.height > 0 {
            let text = fit(self.narrowed.text(), room, look.ascii);
            frame.set_cursor_position((top.x + 2 + width(&text) as u16, top.y));
        }
    }
}

/// A run that lacks nothing cannot be gone on with, nor one that is under way.
fn resume(row: &RunRow) -> Wish {
    match row.standing {
        Some(Standing::Running) => Wish::Say("The run is under way: Enter shows it.".to_owned()),
        Some(Standing::Completed) if row.lacks == 0 => {
            Wish::Say("The run is complete: there is nothing left to do.".to_owned())
        }
        None => Wish::Say("A run that cannot be read cannot be gone on with.".to_owned()),
        _ => Wish::Resume(row.run.clone()),
    }
}

/// What can be typed now, as far as there is room to say it.
fn hint(field: Option<Field>, room: usize) -> String {
    if let Some(field) = field {
        return format!("{}: {}", field.name(), field.takes());
    }
    let examples = Field::ALL.map(|field| field.examples()[0]).join("  ");
    let names = Field::ALL
        .map(|field| format!("{}:", field.name()))
        .join(" ");
    [
        format!("words, or {examples}"),
        format!("words, or fields: {names}"),
    ]
    .into_iter()
    .find(|hint| width(hint) <= room)
    .unwrap_or(names)
}

/// The letter of a marked run.
fn mark_of(marks: &[RunDir], run: &RunDir, look: &Look) -> Span<'static> {
    match marks.iter().position(|mark| mark == run) {
        Some(at) => Span::styled(format!("{} ", letter(at)), look.theme.series(at)),
        None => Span::raw("  "),
    }
}
