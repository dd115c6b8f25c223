//! The programs that the arms run, to be read: side by side where two fit, one below the other
//! where they do not.

use ratatui::style::Style;
use workbench_report::{format, own_lines};
use workbench_result::{ArmSource, RunResult};

use crate::kit::{Pane, PaneRow, Scroll, cells, column, safe};

/// Cells that a program needs beside another.
const COLUMN: u16 = 56;
/// Cells before the text of a line: its number.
const NUMBER: u16 = 5;
/// Deepest indentation that a further part of a line keeps.
const DEEPEST: usize = 24;

/// A line as it is drawn.
enum Line {
    /// The name of a program, and how long it is.
    Head(String),
    /// The number of a line where it is its first part, its text, and what it is.
    Code(Option<usize>, String, LineKind),
}

/// What a line of a program is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Comment,
    /// Code that another program has too.
    Shared,
    /// Code that no other program has.
    Own,
}

/// Draws the panel. `turned` says which programs stand side by side where not all do.
pub fn draw(pane: Pane<'_>, (scroll, turned): (&mut Scroll, usize), result: &RunResult) {
    let sources = &result.sources;
    let n = sources.len();
    let inner_width = pane.area.width.saturating_sub(4);
    let own = own_lines(sources);
    let lines = |at: usize, columns| lines(&sources[at], &own[at], columns);
    let abreast = usize::from(inner_width / COLUMN).clamp(1, n.max(1));
    let wide = inner_width / abreast as u16;
    let columns: Vec<Vec<Line>> = if abreast == 1 {
        vec![(0..n).flat_map(|at| lines(at, wide)).collect()]
    } else {
        // The last ones are what people compare.
        let first = n - abreast + turned;
        let shown = (0..abreast).map(|i| (first + i) % n);
        shown.map(|at| lines(at, wide.saturating_sub(2))).collect()
    };
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    // Side by side, the names stay where they are.
    let pinned = usize::from(abreast > 1);
    let page = usize::from(pane.area.height.saturating_sub(2)).saturating_sub(pinned);
    let len = longest.saturating_sub(pinned);
    let (mut inner, window) = pane.scrolled(&title(sources), scroll, (len, page.max(1)));
    for (i, shown) in (0..).zip(&columns) {
        let place = column(inner.area, i, abreast as u16);
        let (head, code) = shown.split_at(pinned.min(shown.len()));
        let visible = code.iter().skip(window.start).take(window.len());
        for (y, line) in (0..).zip(head.iter().chain(visible)) {
            draw_line(inner.part(place).into_row(y), line);
        }
    }
}

/// The lengths of all, which is what a launcher saves, and what the mark says.
fn title(sources: &[ArmSource]) -> String {
    let lengths: Vec<String> = sources
        .iter()
        .map(|s| format!("{} {}", safe(&s.arm), s.source.lines()))
        .collect();
    let marked = if sources.len() > 1 {
        "; lines that only one has are marked"
    } else {
        ""
    };
    format!("Programs, in lines: {}{marked}", lengths.join(", "))
}

fn draw_line(mut row: PaneRow<'_>, line: &Line) {
    let theme = row.theme;
    match line {
        Line::Head(text) => _ = row.text(text, theme.title),
        Line::Code(number, text, kind) => {
            let number = number.map_or_else(String::new, |n| n.to_string());
            let (mark, style): (&str, Style) = match kind {
                LineKind::Comment => (" ", theme.dim),
                LineKind::Shared => (" ", theme.text),
                LineKind::Own => (theme.either("▌", "|"), theme.text),
            };
            row.right(&number, NUMBER - 2, theme.dim)
                .skip(1)
                .text(mark, theme.accent)
                .text(text, style);
        }
    }
}

fn lines(source: &ArmSource, own: &[bool], columns: u16) -> Vec<Line> {
    let program = &source.source;
    let mut lines = vec![Line::Head(format!(
        "{}: {}, {}, {} of code",
        safe(&source.arm),
        safe(&program.file),
        format::counted(program.lines() as u64, "line"),
        program.lines_of_code()
    ))];
    for (i, line) in program.text.lines().enumerate() {
        let kind = if line.trim_start().starts_with("//") {
            LineKind::Comment
        } else if own.get(i) == Some(&true) {
            LineKind::Own
        } else {
            LineKind::Shared
        };
        let parts = broken(line, columns.saturating_sub(NUMBER).max(8));
        for (part, text) in parts.into_iter().enumerate() {
            lines.push(Line::Code((part == 0).then_some(i + 1), text, kind));
        }
    }
    lines
}

/// A line of a program in parts that fit; the further ones are indented as it is, and
/// a little more.
fn broken(line: &str, columns: u16) -> Vec<String> {
    let line = format::clean(&line.replace('\t', "    "), 2000);
    let indent = line.len() - line.trim_start_matches(' ').len();
    let hang = " ".repeat((indent + 4).min(DEEPEST).min(usize::from(columns / 2)));
    let mut parts = vec![String::new()];
    for word in line.split_inclusive(' ') {
        for piece in pieces(word, columns - cells(&hang)) {
            let full = parts.last().map_or(0, |part| cells(part));
            if full > 0 && full + cells(piece.trim_end()) > columns {
                parts.push(hang.clone());
            }
            if let Some(part) = parts.last_mut() {
                part.push_str(&piece);
            }
        }
    }
    for part in &mut parts {
        part.truncate(part.trim_end().len());
    }
    parts
}

/// A word in pieces of at most so many cells.
fn pieces(word: &str, columns: u16) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        let cell = cells(c.encode_utf8(&mut [0; 4]));
        if used + cell > columns.max(1) && c != ' ' {
            pieces.push(String::new());
            used = 0;
        }
        used += cell;
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_below_and_nothing_is_lost() {
        assert_eq!(
            broken("  let loss = model.forward(&batch);", 24),
            ["  let loss =", "      model.forward(&bat", "      ch);"]
        );
        let line = "\tfor step in 0..steps { train(step, &mut optimizer, reducer.as_ref()) }";
        for columns in 8..80 {
            let parts = broken(line, columns);
            assert!(
                parts.iter().all(|part| cells(part) <= columns),
                "{columns}: {parts:?}"
            );
            let text: String = parts.concat().split_whitespace().collect();
            let whole: String = line.split_whitespace().collect();
            assert_eq!(text, whole);
        }
        assert_eq!(broken("", 20), [""]);
        assert_eq!(broken("ab cd", 20), ["ab cd"]);
    }
}
