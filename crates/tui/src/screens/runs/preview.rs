//! The selected run beside the list: what it found, and what a person says about it.

use ratatui::text::Line;
use workbench_report::format;

use crate::kit::text::{safe, wrap_plain};
use crate::screens::SharedState;
use workbench_history::list::RunRow;

/// The lines of a run.
pub fn lines_of(row: &RunRow, columns: usize, shared: &SharedState) -> Vec<Line<'static>> {
    let (theme, started) = (&shared.theme, shared.started(row));
    let mut out = Vec::new();
    let label = &row.label;
    if !label.name.is_empty() {
        out.extend(wrap_plain(&safe(&label.name), columns, theme.title));
    }
    out.extend(wrap_plain(&row.id, columns, theme.dim));
    let mut facts = vec![row.status().to_owned()];
    if !started.is_empty() {
        facts.push(started);
    }
    facts.push(format::bytes(row.disk_bytes));
    if row.missing_repeats > 0 {
        let missing = format::counted(u64::from(row.missing_repeats), "repeat");
        facts.push(format!("{missing} missing"));
    }
    out.extend(wrap_plain(&facts.join(", "), columns, theme.text));
    if !label.tags.is_empty() {
        let tags: Vec<String> = label.tags.iter().map(|tag| safe(tag)).collect();
        out.extend(wrap_plain(&tags.join("  "), columns, theme.accent));
    }
    if !label.note.is_empty() {
        out.push(Line::default());
        out.extend(wrap_plain(&safe(&label.note), columns, theme.text));
    }
    let said = match row.standing {
        Some(_) => row.said.clone(),
        None => vec![row.best.clone()],
    };
    for sentence in said {
        out.push(Line::default());
        out.extend(wrap_plain(&sentence, columns, theme.text));
    }
    out
}
