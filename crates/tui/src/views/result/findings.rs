//! What a reader must know before believing the numbers, and what the numbers mean: warnings first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_record::Severity;
use workbench_result::RunResult;

use crate::theme::Theme;
use crate::views::text::wrap;
use crate::views::widgets::{Row, Scroll, panel, position};

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    result: &RunResult,
    theme: &Theme,
) {
    let columns = area.width.saturating_sub(7);
    let mut lines: Vec<(&'static str, Style, Style, String)> = Vec::new();
    let mut add = |mark, mark_style, style, sentence: &str| {
        for (i, text) in wrap(sentence, columns).into_iter().enumerate() {
            lines.push((if i == 0 { mark } else { " " }, mark_style, style, text));
        }
    };
    for found in result.warnings.iter().chain(&result.diagnoses) {
        let (mark, mark_style, style) = match found.severity {
            Severity::Error => (theme.glyphs.failed, theme.bad, theme.bad),
            Severity::Warning => (theme.glyphs.warning, theme.warn, theme.warn),
            Severity::Note => (theme.glyphs.finding, theme.accent, theme.text),
        };
        add(mark, mark_style, style, &found.text);
    }
    let title = match result.warnings.len() {
        0 => "What the numbers say".to_owned(),
        1 => "1 warning, and what the numbers say".to_owned(),
        n => format!("{n} warnings, and what the numbers say"),
    };
    let window = scroll.window(lines.len(), usize::from(area.height.saturating_sub(2)));
    let inner = panel(
        buf,
        area,
        (&title, &position(&window, lines.len())),
        focused,
        theme,
    );
    if lines.is_empty() {
        Row::new(buf, inner, 0)
            .skip(1)
            .text("nothing stands out", theme.dim, theme);
    }
    for (line, (mark, mark_style, style, text)) in (0..).zip(&lines[window]) {
        let mut row = Row::new(buf, inner, line);
        row.skip(1);
        if *mark == " " {
            row.skip(2);
        } else {
            row.cell(mark, *mark_style).skip(1);
        }
        row.text(text, *style, theme);
    }
}
