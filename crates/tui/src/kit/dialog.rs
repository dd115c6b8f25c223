//! What dialogs are made of: their text, their buttons, and a line to type into.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::pane::dialog;
use super::text::{fit, width};
use super::{band, lines};
use crate::theme::Theme;

/// Draws a dialog of lines, as high as they need; gives the part inside. `text` makes the lines for
/// a number of columns.
pub fn dialog_of(
    frame: &mut Frame,
    area: Rect,
    (title, widest): (&str, u16),
    theme: &Theme,
    text: impl FnOnce(usize) -> Vec<Line<'static>>,
) -> Rect {
    let width = area.width.saturating_sub(4).min(widest);
    let text = text(usize::from(width).saturating_sub(4));
    let size = (width, text.len() as u16 + 2);
    let inner = dialog(frame, area, size, title, theme);
    lines(frame, inner, &text);
    inner
}

/// Buttons, in as many lines as they need; the chosen one stands out.
pub fn buttons(
    labels: impl IntoIterator<Item = String>,
    (chosen, columns): (usize, usize),
    theme: &Theme,
) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, label) in labels.into_iter().enumerate() {
        let style = if index == chosen {
            theme.selected
        } else {
            theme.text
        };
        let button = Span::styled(label, style);
        match lines.last_mut() {
            Some(line) if line.width() + 2 + button.width() <= columns => {
                line.push_span("  ");
                line.push_span(button);
            }
            _ => lines.push(button.into()),
        }
    }
    lines
}

/// Draws a line to type into: a mark of two cells and the end of the text, where one types; the
/// cursor stands behind it while keys go there.
pub fn typed(
    frame: &mut Frame,
    (area, line): (Rect, u16),
    mark: &'static str,
    (text, style, typing): (&str, Style, bool),
    theme: &Theme,
) {
    let area = band(area, line, 1);
    let room = usize::from(area.width).saturating_sub(3);
    let shown = fit(&end(text, room), room, theme.glyphs.ascii);
    let x = area.x + 2 + width(&shown) as u16;
    if typing && x < area.right() && area.height > 0 {
        frame.set_cursor_position((x, area.y));
    }
    let spans = vec![Span::styled(mark, theme.accent), Span::styled(shown, style)];
    lines(frame, area, &[Line::from(spans)]);
}

/// The end of a text that fits into some columns.
fn end(text: &str, columns: usize) -> String {
    let mut out: Vec<char> = Vec::new();
    let mut used = 0;
    for c in text.chars().rev() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > columns {
            break;
        }
        out.push(c);
    }
    out.iter().rev().collect()
}
