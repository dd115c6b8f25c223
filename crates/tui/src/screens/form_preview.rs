//! What was found in the file of a form: how it is written, its first rows, and its columns one by
//! one.
//!
//! ```text
//! │ 20640 rows × 10 columns          │
//! │ UTF-8, commas between columns, … │
//! │                                  │
//! │ longitude   -122.23  -122.22     │
//! │ rooms       880.0    7099.0      │
//! │ ocean     ✗ NEAR BAY NEAR BAY    │
//! ```

use ratatui::text::{Line, Span};
use workbench_dataset::{CellFault, Survey, SurveyedColumn};

use super::form::{Form, Row};
use crate::kit::text::{cell, fit, wrap_plain};
use crate::theme::Theme;

/// Columns that a preview shows.
const MOST: usize = 200;

/// Room for a name and for a value, in columns of the screen.
const NAME: usize = 12;
const VALUE: usize = 10;

/// The file as a whole; nothing where none was chosen.
pub fn of_file(form: &Form, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    if form.table.is_looking() {
        return wrap_plain("Reading the file …", columns, theme.dim);
    }
    let Some(survey) = form.table.survey() else {
        return Vec::new();
    };
    let facts = &survey.facts;
    let size = format!("{} rows × {} columns", facts.rows, facts.columns);
    let mut out = wrap_plain(&size, columns, theme.title);
    out.extend(wrap_plain(&facts.format(), columns, theme.dim));
    let left_out = facts.left_out.phrases();
    if !left_out.is_empty() {
        let left_out = format!("Left out: {}", left_out.join(", "));
        out.extend(wrap_plain(&left_out, columns, theme.dim));
    }
    out.push(Line::default());
    let columns_of_file = survey.columns.iter().take(MOST).enumerate();
    out.extend(columns_of_file.map(|(index, column)| {
        let row = Row::Column(index);
        let style = if form.is_on(&row) {
            theme.text
        } else {
            theme.dim
        };
        let is_wrong = form.column_error(index).is_some();
        let mark = if is_wrong { theme.glyphs.failed } else { " " };
        Line::from(vec![
            Span::styled(cell(&column.name, NAME, theme.glyphs.ascii), theme.dim),
            Span::styled(format!(" {mark} "), theme.bad),
            Span::styled(values(survey, index, columns, theme), style),
        ])
    }));
    out
}

/// One column: what it holds, and its first values.
pub fn of_column(form: &Form, index: usize, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (Some(survey), Some(column)) = (form.table.survey(), form.table.columns().get(index))
    else {
        return Vec::new();
    };
    let mut out = wrap_plain(&holds(column), columns, theme.text);
    out.push(Line::default());
    let first = survey.first_rows.iter().filter_map(|row| row.get(index));
    let first = first.map(|value| fit(value, columns, theme.glyphs.ascii));
    out.extend(first.map(|value| Line::styled(value, theme.dim)));
    out
}

/// What a column holds, in a few words: `20433 numbers, 207 missing`.
pub fn holds(column: &SurveyedColumn) -> String {
    let mut parts = Vec::new();
    if column.numbers > 0 {
        parts.push(format!("{} numbers", column.numbers));
    }
    for cells in &column.faults {
        let what = match cells.kind {
            CellFault::Missing => "missing",
            CellFault::Infinite => "infinite",
            CellFault::Thousands | CellFault::OtherDecimal => "with another sign",
            CellFault::DateOrTime => "dates",
            CellFault::WithUnit => "with units",
            CellFault::OpenQuote | CellFault::Text => "texts",
        };
        parts.push(format!("{} {what}", cells.count));
    }
    parts.join(", ")
}

/// As many of a column's first values as there is room for.
fn values(survey: &Survey, index: usize, columns: usize, theme: &Theme) -> String {
    let room = columns.saturating_sub(NAME + 3);
    let count = (room / (VALUE + 1)).max(1);
    let cells = survey.first_rows.iter().filter_map(|row| row.get(index));
    let cells = cells.take(count);
    let cells: Vec<String> = cells
        .map(|value| cell(value, VALUE, theme.glyphs.ascii))
        .collect();
    fit(&cells.join(" "), room, theme.glyphs.ascii)
}
