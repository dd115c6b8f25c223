//! What the run is, and what it found in sentences. Where no speed-up may be stated, that is what stands here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_report::format;
use workbench_result::RunResult;

use crate::theme::Theme;
use crate::views::standing_mark;
use crate::views::text::{highlight, safe, wrap};
use crate::views::widgets::{Row, width};
use workbench_history::Standing;

/// Draws the lines on top and says how many they are.
pub fn draw(buf: &mut Buffer, area: Rect, result: &RunResult, theme: &Theme) -> u16 {
    let standing = Standing::of_result(result);
    let (mark, style) = standing_mark(standing, theme);
    let status = format!("{mark} {}", standing.name());
    let right = width(&status) + 2;
    let left = Rect {
        width: area.width.saturating_sub(right + 1),
        ..area
    };
    Row::new(buf, left, 0)
        .skip(1)
        .text(&safe(&result.lab_title), theme.title, theme)
        .skip(2)
        .text(&safe(&result.preset), theme.text, theme)
        .skip(2)
        .whole(&safe(&result.run_id), theme.dim)
        .skip(2)
        .whole(&format::date(&result.started_at), theme.dim);
    Row::new(buf, area, 0)
        .last(right)
        .text(&status, style, theme);
    1 + sentences(buf, area, result, theme)
}

fn sentences(buf: &mut Buffer, area: Rect, result: &RunResult, theme: &Theme) -> u16 {
    let most = (area.height / 4).clamp(2, 8);
    let columns = area.width.saturating_sub(4);
    let refused = !result.check.passed();
    let style = if refused { theme.bad } else { theme.text };
    let number = if refused { theme.bad } else { theme.accent };
    let mut line = 1;
    'all: for sentence in &workbench_report::headline(result) {
        for (part, text) in wrap(sentence, columns).into_iter().enumerate() {
            if line > most {
                break 'all;
            }
            let mut row = Row::new(buf, area, line);
            let mark = if refused && part == 0 {
                theme.glyphs.failed
            } else if part == 0 {
                theme.glyphs.finding
            } else {
                " "
            };
            row.skip(1)
                .left(mark, 2, if refused { theme.bad } else { theme.dim }, theme);
            for (words, style) in highlight(&text, style, number) {
                row.text(&words, style, theme);
            }
            line += 1;
        }
    }
    line - 1
}
