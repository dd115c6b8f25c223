//! What a reader must know before believing the numbers, and what the numbers mean: warnings first,
//! notes last.

use workbench_report::format;
use workbench_result::RunResult;

use crate::kit::list::panel_of_lines;
use crate::kit::text::marked;
use crate::kit::{Pane, Scroll};

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let theme = pane.theme;
    let columns = pane.area.width.saturating_sub(5);
    let mut lines = Vec::new();
    let told = result.warnings.iter().chain(&result.diagnoses);
    let told = told.chain(&result.notes);
    for found in told {
        let mark = theme.severity_mark(found.severity);
        let text = theme.severity(found.severity);
        lines.extend(marked(mark, &found.text, columns, (text, text)));
    }
    let title = match result.warnings.len() as u64 {
        0 => "What the numbers say".to_owned(),
        n if columns < 44 => format::counted(n, "warning"),
        n => format!(
            "{}, and what the numbers say",
            format::counted(n, "warning")
        ),
    };
    panel_of_lines(pane, &title, scroll, &lines, "nothing stands out");
}
