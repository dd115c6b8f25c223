//! How the set-up form looks.
//!
//! ```text
//! ╭ Set up · rf ─────────────────────╮╭ models ──────────────────╮
//! │ ▸ Preset       ‹ quick ›         ││ Number of forests.       │
//! │   Arms         [x] sequential    ││ Takes a whole number …   │
//! │                [x] tasks         ││                          │
//! │   models       3 *               ││ what is wrong, if it is  │
//! ├──────────────────────────────────┴┴──────────────────────────┤
//! │ workbench --lab rf --preset quick … · about 12 s             │
//! ╰──────────────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use workbench_history::estimate::RunEstimate;
use workbench_machine::UsableCores;
use workbench_machine::measuring::Measuring;
use workbench_report::format;

use super::SharedState;
use super::form::{Form, Kind, Row};
use super::form_messages::{self as messages, OVERSUBSCRIBE};
use super::form_preview;
use super::form_screen::{Checked, FormLine, FormScreen, Typing};
use crate::kit::text::{cell, fit, safe, width, wrap, wrap_plain};
use crate::kit::{inside, lines, panel};
use crate::theme::Theme;

/// The panels and what stands in the lowest one.
struct Page {
    form: Rect,
    help: Rect,
    bottom: Rect,
    title: &'static str,
    below: Vec<Line<'static>>,
}

impl FormScreen {
    fn page(&self, area: Rect, shared: &SharedState) -> Page {
        let theme = &shared.theme;
        let columns = usize::from(area.width) - 4;
        let first = self.form.rows().into_iter().find_map(|row| {
            let error = self.checked.wrong.get(&row)?;
            Some(format!("{}: {error}", label(&self.form, &row, false)))
        });
        // What is wrong is told in full, or it is of no help.
        let (title, below, most) = if let Some(told) = first {
            let told = wrap_plain(&told, columns, theme.bad);
            ("What is wrong", told, area.height / 2)
        } else {
            let told = command_lines((&self.checked, &shared.beside), columns, theme);
            ("The same without a screen", told, area.height / 3)
        };
        let height = (below.len() as u16 + 2).min(most);
        let [top, bottom] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(height)]).areas(area);
        let left = (area.width * 23 / 40).clamp(36, 64);
        let [form, help] =
            Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(top);
        Page {
            form,
            help,
            bottom,
            title,
            below,
        }
    }

    /// Takes in where the list goes.
    pub fn arrange(&mut self, area: Rect, shared: &SharedState) {
        let list = inside(self.page(area, shared).form);
        self.set_columns(usize::from(list.width).saturating_sub(2));
        let lines = self.lines();
        let rest = lines.iter().skip(self.list.selected + 1);
        let told = rest.take_while(|line| matches!(line, FormLine::Wrong(..)));
        let last = self.list.selected + told.count();
        self.list.arrange_to(list, lines.len(), last);
    }

    /// Draws the screen.
    pub fn draw(&self, frame: &mut Frame, area: Rect, shared: &SharedState) {
        let theme = &shared.theme;
        let page = self.page(area, shared);
        self.draw_form(frame, page.form, theme);
        let row = self.row();
        let inner = panel(
            frame,
            page.help,
            &label(&self.form, &row, false),
            false,
            theme,
        );
        let columns = usize::from(inner.width);
        let error = self.checked.wrong.get(&row).map(String::as_str);
        let mut text = self.candidates(columns, theme);
        text.extend(help_lines(
            &self.form,
            (&row, error),
            &self.checked.usable,
            columns,
            theme,
        ));
        lines(frame, inner, &text);
        let inner = panel(frame, page.bottom, page.title, false, theme);
        lines(frame, inner, &page.below);
    }

    /// What the path that is typed can become, where several are possible or nothing is.
    fn candidates(&self, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
        let lines = |typing: &Typing| typing.completion.lines(columns, theme);
        let mut out = self.typing.as_ref().map_or_else(Vec::new, lines);
        if !out.is_empty() {
            out.push(Line::default());
        }
        out
    }

    fn draw_form(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let Checked { usable, wrong, .. } = &self.checked;
        let dot = theme.either("·", "-");
        let title = format!("Set up {dot} {}", self.form.definition.title);
        let inner = panel(frame, area, &title, true, theme);
        let rows = self.lines();
        let labels = rows
            .iter()
            .map(|line| width(&label(&self.form, line.row(), true)));
        let widest = labels.max().unwrap_or(0).min(24);
        let typing = self.is_typing();
        let selected = self.list.selected;
        let form = &self.form;
        let mut cursor = None;
        self.list
            .draw(frame, (rows.len(), true), theme, |index, columns| {
                let row = match &rows[index] {
                    FormLine::Row(row) => row,
                    FormLine::Wrong(_, text) => {
                        return Line::styled(format!("  {text}"), theme.bad);
                    }
                };
                let label = cell(&label(form, row, true), widest, theme.glyphs.ascii);
                let wrong = wrong.contains_key(row);
                let room = columns.saturating_sub(widest + 1 + 2 * usize::from(wrong));
                let (text, mut style) = value(form, row, usable, room, theme);
                if wrong {
                    style = theme.bad;
                }
                if typing && index == selected {
                    cursor = Some((widest + 3 + width(&text).min(room)) as u16);
                }
                let mut spans = vec![
                    Span::styled(label, theme.dim),
                    Span::raw(" "),
                    Span::styled(text, style),
                ];
                if wrong {
                    let mark = format!(" {}", theme.glyphs.failed);
                    spans.push(Span::styled(mark, theme.bad));
                } else if form.is_changed(row, usable) && !(typing && index == selected) {
                    spans.push(Span::styled(" *", theme.warn));
                }
                Line::from(spans)
            });
        if let Some(x) = cursor
            && let Some(y) = self.list.row_of(self.list.selected)
        {
            frame.set_cursor_position((inner.x + x.min(inner.width.saturating_sub(1)), y));
        }
    }
}

/// A row's name. In the form only the first arm is labelled.
fn label(form: &Form, row: &Row, in_form: bool) -> String {
    match row {
        Row::Preset => "Preset".to_owned(),
        Row::Arm(0) if in_form => "Arms".to_owned(),
        Row::Arm(_) | Row::Start if in_form => String::new(),
        Row::Arm(arm) => form.definition.arms[*arm].title.clone(),
        Row::Workers => "Workers".to_owned(),
        Row::Oversubscribe => OVERSUBSCRIBE.to_owned(),
        Row::Repeats => "Repeats".to_owned(),
        Row::Until => "Until".to_owned(),
        Row::MaxTime => "Longest time".to_owned(),
        Row::Control => "Control".to_owned(),
        Row::Seed => "Seed".to_owned(),
        Row::Param(name) => form
            .spec(name)
            .map_or_else(|| name.clone(), |spec| safe(&spec.label(name))),
        Row::Data => form
            .definition
            .takes_data
            .as_ref()
            .map_or_else(String::new, |data| data.title.clone()),
        Row::Target => "Column to predict".to_owned(),
        Row::NoHeader => "First line".to_owned(),
        Row::DropMissing => "Missing values".to_owned(),
        Row::Delimiter => "Between columns".to_owned(),
        Row::Decimal => "Decimal sign".to_owned(),
        Row::Columns => "Only columns".to_owned(),
        Row::DropColumns => "Without columns".to_owned(),
        Row::Column(0) if in_form => "Columns".to_owned(),
        Row::Column(_) if in_form => String::new(),
        Row::Column(column) => form.column(*column).unwrap_or_default().to_owned(),
        Row::Start => "Start".to_owned(),
    }
}

fn value(
    form: &Form,
    row: &Row,
    usable: &UsableCores,
    room: usize,
    theme: &Theme,
) -> (String, ratatui::style::Style) {
    let text = form.value(row, usable);
    let mark = if form.is_on(row) { "[x] " } else { "[ ] " };
    let (text, style) = match (row, form.kind(row)) {
        (Row::Arm(arm), _) => {
            let base = if form.is_base(*arm) { " (base)" } else { "" };
            (
                format!("{mark}{}{base}", form.definition.arms[*arm].name),
                theme.text,
            )
        }
        (Row::NoHeader, _) => (format!("{mark}holds values, no names"), theme.text),
        (Row::DropMissing, _) => (format!("{mark}leave out rows"), theme.text),
        (Row::Column(column), _) => {
            let name = form.column(*column).unwrap_or_default();
            let target = if *name == form.target() {
                " (to predict)"
            } else {
                ""
            };
            (format!("{mark}{name}{target}"), theme.text)
        }
        (_, Kind::Switch) => (mark.to_owned(), theme.text),
        (_, Kind::Choice) => (
            format!(
                "{} {text} {}",
                theme.either("‹", "<"),
                theme.either("›", ">")
            ),
            theme.accent,
        ),
        (_, Kind::Button) => ("[ Start ]".to_owned(), theme.good),
        (Row::Data, _) if text.is_empty() => ("the lab's own data".to_owned(), theme.dim),
        (Row::Columns, _) if text.is_empty() => ("all".to_owned(), theme.dim),
        (Row::DropColumns, _) if text.is_empty() => ("none".to_owned(), theme.dim),
        _ => (text, theme.text),
    };
    (fit(&text, room, theme.glyphs.ascii), style)
}

/// What there is to know about a row: help, range, the preset's value, and what is wrong.
fn help_lines(
    form: &Form,
    (row, error): (&Row, Option<&str>),
    usable: &UsableCores,
    columns: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    if let Some(error) = error {
        out.extend(wrap_plain(error, columns, theme.bad));
        out.push(Line::default());
    }
    let mut say = |text: &str| {
        out.extend(wrap_plain(text, columns, theme.text));
        out.push(Line::default());
    };
    match row {
        Row::Preset => {
            out.extend(presets(form, columns, theme));
            return out;
        }
        Row::Arm(arm) => {
            say(&form.definition.arms[*arm].summary);
            if form.is_base(*arm) {
                say("The base always runs: speed-ups are stated against it.");
            }
        }
        Row::Workers => workers_help(form, usable).iter().for_each(|text| say(text)),
        Row::Param(name) => {
            if let Some(spec) = form.spec(name) {
                say(spec.help());
                say(&format!("Takes {}.", spec.expects()));
                say(&format!("On the command line: --set {name}=…"));
            }
        }
        Row::Data | Row::Target if form.table.survey().is_some() => {}
        Row::Data => say(&file_help(form)),
        Row::Column(column) => {
            out.extend(form_preview::of_column(form, *column, columns, theme));
        }
        row => say(row_of_table(row).or_else(|| row_of_run(row)).unwrap_or(
            "Start the run. It is recorded from its start, and can be resumed after it was stopped.",
        )),
    }
    if matches!(row, Row::Data | Row::Target | Row::Delimiter | Row::Decimal) {
        out.extend(form_preview::of_file(form, columns, theme));
    }
    if let Some(text) = unset(form, row, usable) {
        out.extend(wrap_plain(&text, columns, theme.dim));
    }
    out
}

/// What the rows do that all labs have.
fn row_of_run(row: &Row) -> Option<&'static str> {
    Some(match row {
        Row::Oversubscribe => "Allow more workers than usable cores; the result is marked.",
        Row::Repeats => {
            "Repeats of every arm, interleaved in random order; from 3 on there is an interval, from 5 on a narrow one."
        }
        Row::Until => {
            "Go on after these repeats until every interval, from its lower to its upper end, is narrower than this share of its speed-up: 2% for example. Empty: no more repeats."
        }
        Row::MaxTime => {
            "No round of repeats begins after this time: 90s, 10m or 1h30m for example."
        }
        Row::Control => {
            "Run the base as a second, equal arm: what it gains is noise, and a speed-up within the noise is not claimed."
        }
        Row::Seed => "Seed of everything random.",
        _ => return None,
    })
}

fn file_help(form: &Form) -> String {
    let data = form.definition.takes_data.as_ref();
    data.map_or_else(String::new, |data| {
        format!("Used instead of the lab's own data: {}.", data.expects)
    })
}

/// The help of a row that says how a table is read.
fn row_of_table(row: &Row) -> Option<&'static str> {
    Some(match row {
        Row::Target => "The column of that file to predict. Left and right go through them.",
        Row::NoHeader => {
            "The file has no line of column names: its columns are called x1, x2, and so on."
        }
        Row::DropMissing => "Leave out rows with a missing value in a column that is used.",
        Row::Delimiter => "The separator between the columns of the file.",
        Row::Decimal => {
            "The decimal sign of the file. Where it is stated, the other one may separate \
             thousands."
        }
        Row::Columns => "The columns to use, with commas between them, besides the one to predict.",
        Row::DropColumns => "Columns to leave out, with commas between them.",
        _ => return None,
    })
}

fn workers_help(form: &Form, usable: &UsableCores) -> Vec<String> {
    let several =
        "Numbers of workers for the parallel arms; several, with commas, give a scaling curve.";
    let range =
        "1..2 starts with 2; an arm that can do so continues with 1 when the other is lost.";
    let (cores, limit) = (usable.cores, &usable.limit);
    let mut out = vec![several.to_owned()];
    if form.definition.roles.least_workers.is_some() {
        out.push(range.to_owned());
    }
    let cores = format::counted_number(cores, "usable core");
    out.push(format!(
        "This machine has {cores} ({limit}), and no more workers run at once."
    ));
    out
}

/// What a row has where a person changes nothing.
fn unset(form: &Form, row: &Row, usable: &UsableCores) -> Option<String> {
    if !form.is_changed(row, usable) {
        return None;
    }
    let unset = form.preset_value(row, usable);
    match row {
        Row::Workers | Row::Seed | Row::MaxTime => Some(format!("Unless set, it is {unset}.")),
        Row::Data | Row::Target | Row::Columns | Row::DropColumns | Row::Until => None,
        _ if unset.is_empty() => Some(format!(
            "The preset {} leaves it empty.",
            form.preset_name()
        )),
        _ => Some(format!("The preset {} has {unset}.", form.preset_name())),
    }
}

/// All presets; the chosen one stands out.
fn presets(form: &Form, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for (name, preset) in &form.definition.presets {
        let style = if name == form.preset_name() {
            theme.accent
        } else {
            theme.title
        };
        out.extend(wrap_plain(name, columns, style));
        out.extend(wrap_plain(&preset.help, columns, theme.text));
        out.push(Line::default());
    }
    out
}

fn command_lines(
    (checked, beside): (&Checked, &[Measuring]),
    columns: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    match &checked.config {
        Ok(config) => {
            let none = Span::raw("");
            let command = [Span::styled(config.command.clone(), theme.accent)];
            let mut out = wrap(&command, columns, &none, &Span::raw("  "));
            let estimate = checked.estimate.as_ref().map(RunEstimate::told);
            let told = match estimate {
                _ if checked.is_timing => "being estimated".to_owned(),
                Some(told) => told,
                None => String::new(),
            };
            let told = format!("Duration: {told}");
            out.extend(wrap_plain(&told, columns, theme.dim));
            if let Some(beside) = messages::beside(beside) {
                out.extend(wrap_plain(&beside, columns, theme.warn));
            }
            out
        }
        Err((_, error)) => wrap_plain(error, columns, theme.bad),
    }
}
