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
mod order;
mod preview;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use workbench_history::Standing;
use workbench_record::RunDir;
use workbench_report::format;

use super::SharedState;
use crate::action::Action;
use crate::bindings::RUNS_FILTER;
use crate::field::FilterField;
use crate::keys::find;
use crate::kit::Motion;
use crate::kit::text::{fit, width, wrap_plain};
use crate::kit::{ListState, inside, lines, panel, typed};
use crate::theme::Theme;
use narrowed::Narrowed;
use order::RunColumn;
use workbench_history::comparison::letter;
use workbench_history::filter::Field;
use workbench_history::list::RunRow;

pub use columns::{Columns, Widths, run_line};

/// The most runs that can be told apart by colour when they are compared.
pub const MOST_MARKS: usize = 8;

/// The screen's own state.
#[derive(Debug, Default)]
pub struct Runs {
    list: ListState,
    /// The filter, and what it leaves.
    pub narrowed: Narrowed,
    widths: Widths,
    /// The marked runs in the order of marking.
    marks: Vec<RunDir>,
    /// Marked runs that the filter hides.
    hidden: usize,
}

impl Runs {
    /// Whether keys go into the filter.
    pub fn is_typing(&self) -> bool {
        self.narrowed.field.is_typing()
    }

    /// Takes a key into the filter.
    pub fn type_key(&mut self, key: KeyEvent, name: &str, shared: &SharedState) {
        let before = self.narrowed.text().len();
        let meaning = find(RUNS_FILTER, name);
        self.narrowed
            .change(shared.rows(), |field| field.key(key, meaning));
        if self.narrowed.text().len() != before {
            self.list.selected = 0;
            self.count_hidden(shared);
        }
    }

    /// Takes text into the filter.
    pub fn paste(&mut self, text: &str, shared: &SharedState) {
        self.narrowed
            .change(shared.rows(), |field| field.paste(text));
        self.list.selected = 0;
        self.count_hidden(shared);
    }

    /// The selected run.
    pub fn selected<'a>(&self, shared: &'a SharedState) -> Option<&'a RunRow> {
        let place = self.narrowed.shown().get(self.list.selected)?;
        shared.rows().get(*place)
    }

    /// Takes in that the history was read: the selection stays on its run, marks of runs that are
    /// gone go.
    pub fn read_again(&mut self, selected: Option<&RunDir>, shared: &SharedState) {
        let rows = shared.rows();
        self.widths = Widths::of(rows);
        self.narrowed.refresh(rows);
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
    fn count_hidden(&mut self, shared: &SharedState) {
        let (rows, shown) = (shared.rows(), self.narrowed.shown());
        let seen = |mark: &&RunDir| shown.iter().any(|at| rows[*at].run == **mark);
        self.hidden = self.marks.len() - self.marks.iter().filter(seen).count();
    }

    /// Does what concerns the list alone.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn act(&mut self, action: &Action, shared: &SharedState) -> Result<(), String> {
        match action {
            Action::Move(motion) => self.list.go(*motion, self.narrowed.shown().len()),
            Action::Type => self.narrowed.field.begin(),
            Action::Sort => {
                let (column, _) = self.narrowed.order;
                self.sort((column.next(), false), shared);
            }
            Action::ReverseOrder => {
                let (column, reversed) = self.narrowed.order;
                self.sort((column, !reversed), shared);
            }
            Action::Mark => return self.mark(shared),
            Action::Unmark => {
                self.marks.clear();
                self.hidden = 0;
            }
            _ => {}
        }
        Ok(())
    }

    /// Lists the runs in another order. The selection stays on its run.
    fn sort(&mut self, order: (RunColumn, bool), shared: &SharedState) {
        let run = self.selected(shared).map(|row| row.run.clone());
        self.narrowed.order = order;
        self.read_again(run.as_ref(), shared);
    }

    /// Takes the filter away; whether there was one. The selection stays on its run.
    pub fn clear_filter(&mut self, shared: &SharedState) -> bool {
        if self.narrowed.text().is_empty() {
            return false;
        }
        let run = self.selected(shared).map(|row| row.run.clone());
        self.narrowed.change(shared.rows(), FilterField::clear);
        self.read_again(run.as_ref(), shared);
        true
    }

    /// Marks the selected run and goes on to the next, so that neighbours are marked by one key.
    fn mark(&mut self, shared: &SharedState) -> Result<(), String> {
        let Some(row) = self.selected(shared) else {
            return Ok(());
        };
        if let Some(at) = self.marks.iter().position(|mark| *mark == row.run) {
            self.marks.remove(at);
        } else if row.standing.is_none() {
            return Err(format!("{} cannot be compared: {}", row.id, row.best));
        } else if self.marks.len() == MOST_MARKS {
            return Err(format!(
                "{MOST_MARKS} runs are marked, and more cannot be told apart; m removes a mark, M removes all."
            ));
        } else {
            self.marks.push(row.run.clone());
        }
        self.list.go(Motion::Down, self.narrowed.shown().len());
        Ok(())
    }

    /// The marked runs, to be compared.
    ///
    /// # Errors
    /// Which marks are missing.
    pub fn marked(&self) -> Result<Vec<RunDir>, &'static str> {
        match self.marks.len() {
            0 => Err("No run is marked: m marks the selected one, c compares two or more."),
            1 => Err("One run is marked: mark another one with m, then c compares them."),
            _ => Ok(self.marks.clone()),
        }
    }

    /// The selected run, if one is, to go on with it; or why that cannot be.
    pub fn resumable(&self, shared: &SharedState) -> Option<Result<RunDir, &'static str>> {
        let row = self.selected(shared)?;
        Some(match row.standing {
            Some(Standing::Running) => Err("The run is under way: Enter shows it."),
            Some(Standing::Completed) if row.missing_repeats == 0 => {
                Err("The run is complete: there is nothing left to do.")
            }
            None => Err("A run that cannot be read cannot be resumed."),
            Some(_) => Ok(row.run.clone()),
        })
    }

    /// Whether an action would do anything with what is selected and marked.
    pub fn offers(&self, action: &Action, shared: &SharedState) -> bool {
        match action {
            Action::Choose | Action::Mark | Action::Star | Action::EditLabel | Action::Delete => {
                self.selected(shared).is_some()
            }
            Action::Replay => self
                .selected(shared)
                .is_some_and(|row| row.standing.is_some()),
            Action::Resume => matches!(self.resumable(shared), Some(Ok(_))),
            Action::Compare => self.marks.len() > 1,
            Action::Unmark => !self.marks.is_empty(),
            _ => true,
        }
    }

    /// A click selects, a click on the selected run opens it, the wheel moves.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        let chosen = self.list.mouse(event, self.narrowed.shown().len());
        chosen.then_some(Action::Choose)
    }

    /// Takes in where the list goes.
    pub fn arrange(&mut self, area: Rect, theme: &Theme) {
        let [list, _] = list_and_preview(area);
        let inner = inside(list);
        let above = self.above(usize::from(inner.width), theme);
        let [_, _, list] = parts(inner, &above);
        self.list.arrange(list, self.narrowed.shown().len());
    }

    /// Draws the screen.
    pub fn draw(&self, frame: &mut Frame, area: Rect, shared: &SharedState) {
        let theme = &shared.theme;
        let rows = shared.rows();
        let [area, preview] = list_and_preview(area);
        self.draw_preview(frame, preview, shared);
        let inner = panel(frame, area, &self.title(shared), true, theme);
        let above = self.above(usize::from(inner.width), theme);
        let [top, head, list] = parts(inner, &above);
        lines(frame, top, &above);
        if self.narrowed.field.is_shown() {
            let text = (self.narrowed.text(), theme.text, self.is_typing());
            typed(frame, (top, 0), "/ ", text, theme);
        }
        let shown = self.narrowed.shown();
        let said = match &shared.history {
            None => "Reading …",
            Some(Err(error)) => error,
            Some(Ok(rows)) if rows.is_empty() => "There are no runs yet.",
            Some(Ok(_)) if shown.is_empty() => "No run matches this filter. Esc clears it.",
            Some(Ok(_)) => "",
        };
        if !said.is_empty() {
            let text = wrap_plain(said, usize::from(list.width), theme.dim);
            lines(frame, list, &text);
            return;
        }
        let room = usize::from(list.width).saturating_sub(4);
        let columns = Columns::new(self.widths, room);
        let mut names = columns.head(theme);
        names.spans.insert(0, Span::raw("  "));
        lines(frame, head, &[names]);
        let marks = &self.marks;
        let keys_act = !self.is_typing();
        self.list
            .draw(frame, (shown.len(), keys_act), theme, |index, _| {
                let row = &rows[shown[index]];
                let mut line = run_line(row, &columns, shared);
                line.spans.insert(0, mark_of(marks, row, theme));
                line
            });
    }

    fn draw_preview(&self, frame: &mut Frame, area: Rect, shared: &SharedState) {
        if area.is_empty() {
            return;
        }
        let theme = &shared.theme;
        let inner = panel(frame, area, "Selected", false, theme);
        if let Some(row) = self.selected(shared) {
            let text = preview::lines_of(row, usize::from(inner.width), shared);
            lines(frame, inner, &text);
        }
    }

    fn title(&self, shared: &SharedState) -> String {
        let dot = shared.theme.either("·", "-");
        let (shown, all) = (self.narrowed.shown(), shared.rows().len());
        let mut title = if shown.len() == all {
            format!("Runs {dot} {all}")
        } else {
            format!("Runs {dot} {} of {all}", shown.len())
        };
        let all_bytes: u64 = shared.rows().iter().map(|row| row.disk_bytes).sum();
        if all > 0 {
            title = format!("{title} {dot} {}", format::bytes(all_bytes));
        }
        let (column, reversed) = self.narrowed.order;
        if let Some(told) = column.told() {
            title = format!("{title} {dot} {told}");
        }
        if reversed {
            title = format!("{title}, reversed");
        }
        if !self.marks.is_empty() {
            title = format!("{title} {dot} {} marked", self.marks.len());
            if self.hidden > 0 {
                title = format!("{title}, {} of them not shown", self.hidden);
            }
        }
        title
    }

    /// The filter, and below it what is wrong with it or what can be typed.
    fn above(&self, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
        let narrowed = &self.narrowed;
        if !narrowed.field.is_shown() {
            return Vec::new();
        }
        let mut above = vec![Line::default()];
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
        } else if narrowed.field.is_typing() {
            let hint = fit(
                &hint(narrowed.being_typed(), room),
                room,
                theme.glyphs.ascii,
            );
            above.push(Line::styled(format!("  {hint}"), theme.dim));
        }
        above
    }
}

/// The list, and beside or below it what there is to say about the selected run, where there is
/// room.
fn list_and_preview(area: Rect) -> [Rect; 2] {
    if area.width >= 150 {
        let width = Constraint::Length(area.width * 7 / 20);
        return Layout::horizontal([Constraint::Min(0), width]).areas(area);
    }
    let height = if area.height >= 20 {
        area.height / 3
    } else {
        0
    };
    Layout::vertical([Constraint::Min(0), Constraint::Length(height)]).areas(area)
}

/// The lines above the list, the names of its columns, and the list.
fn parts(inner: Rect, above: &[Line<'_>]) -> [Rect; 3] {
    Layout::vertical([
        Constraint::Length(above.len() as u16),
        Constraint::Length(1),
        Constraint::Min(0),
    ])
    .areas(inner)
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

/// The letter of a marked run, else its star.
fn mark_of(marks: &[RunDir], row: &RunRow, theme: &Theme) -> Span<'static> {
    match marks.iter().position(|mark| *mark == row.run) {
        None if row.label.starred => Span::styled(theme.either("★ ", "* "), theme.warn),
        Some(at) => Span::styled(format!("{} ", letter(at)), theme.series(at)),
        None => Span::raw("  "),
    }
}
