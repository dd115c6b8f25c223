//! What a reader must know before believing the numbers, and what the numbers mean: warnings first.

use workbench_report::format;
use workbench_result::RunResult;

use crate::kit::list::panel_of_lines;
use crate::kit::text::marked;
use crate::kit::{Pane, Scroll};

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let theme = pane.theme;
    let columns = pane.area.width.saturating_sub(5);
    let failed = result.check.differences.len() + usize::from(!result.check.passed());
    let mut lines = Vec::new();
    for (i, warning) in result.warnings.iter().enumerate() {
        let (mark, style) = if i < failed {
            (theme.glyphs.failed, theme.bad)
        } else {
            (theme.glyphs.warning, theme.warn)
        };
        lines.extend(marked((mark, style), warning, columns, (style, style)));
    }
    for diagnosis in &result.diagnoses {
        let mark = (theme.glyphs.finding, theme.accent);
        lines.extend(marked(mark, diagnosis, columns, (theme.text, theme.text)));
    }
    let title = match result.warnings.len() as u64 {
        0 => "What the numbers say".to_owned(),
        n => format!(
            "{}, and what the numbers say",
            format::counted(n, "warning")
        ),
    };
    panel_of_lines(pane, &title, scroll, &lines, "nothing stands out");
}
