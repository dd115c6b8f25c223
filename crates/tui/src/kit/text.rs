//! Fitting text into cells: wrapping, cutting, making names safe to show. Widths are columns of the
//! terminal.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use workbench_report::format;

use crate::theme::Theme;

/// Longest name from outside that is looked at, in characters.
const LONGEST_NAME: usize = 200;
/// Longest sentence that is wrapped, in characters.
const LONGEST_SENTENCE: usize = 4000;

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// [`width`], counted as areas of the screen are.
pub fn cells(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// A name from outside, safe to be part of a text on the screen.
pub fn safe(name: &str) -> String {
    format::clean(name, LONGEST_NAME)
}

/// A text from outside on one line of at most `columns` columns: control characters become blanks,
/// the rest is cut and ends in `…` (`~` in ASCII).
pub fn fit(text: &str, columns: usize, ascii: bool) -> String {
    let cleaned = format::clean(text, columns.saturating_add(1).saturating_mul(4));
    if width(&cleaned) <= columns {
        return cleaned;
    }
    let mut out = String::new();
    let mut used = 1;
    for grapheme in Span::raw(&cleaned).styled_graphemes(Style::new()) {
        used += width(grapheme.symbol);
        if used > columns {
            break;
        }
        out.push_str(grapheme.symbol);
    }
    if columns > 0 {
        out.push_str(if ascii { "~" } else { "…" });
    }
    out
}

/// Bytes of the start that all names share, up to an equals sign or a space: told once, it leaves
/// room for what differs.
pub fn shared_start<'a>(names: impl IntoIterator<Item = &'a str>) -> usize {
    let mut names = names.into_iter();
    let Some(first) = names.next() else {
        return 0;
    };
    let same = |other: &str| {
        let pairs = first.bytes().zip(other.bytes());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let Some(common) = names.map(same).min() else {
        return 0;
    };
    let start = first.as_bytes().get(..common).unwrap_or_default();
    let last = start.iter().rposition(|b| matches!(b, b'=' | b' '));
    last.map_or(0, |at| at + 1)
}

/// [`fit`] for a name that shares its first `shared` bytes with its neighbours: they are cut, what
/// differs stays.
pub fn fit_end(name: &str, shared: usize, columns: u16, theme: &Theme) -> String {
    let (columns, ascii) = (usize::from(columns), theme.glyphs.ascii);
    match name.split_at_checked(shared) {
        Some((start, end)) if width(name) > columns && shared > 0 => {
            let room = columns.saturating_sub(width(end));
            fit(&format!("{}{end}", fit(start, room, ascii)), columns, ascii)
        }
        _ => fit(name, columns, ascii),
    }
}

/// [`fit`], filled with blanks to exactly `columns` columns.
pub fn cell(text: &str, columns: usize, ascii: bool) -> String {
    let mut out = fit(text, columns, ascii);
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// Breaks styled text into lines of at most `columns` columns. Breaks at blanks; a word longer than
/// a line is cut. `first` and `rest` are put before the first and all further lines and count
/// towards the columns.
pub fn wrap(
    spans: &[Span<'_>],
    columns: usize,
    first: &Span<'static>,
    rest: &Span<'static>,
) -> Vec<Line<'static>> {
    let mut wrapper = Wrapper {
        columns,
        rest: rest.clone(),
        lines: Vec::new(),
        line: vec![first.clone()],
        used: first.width(),
        empty: true,
        blank: None,
        word: Vec::new(),
    };
    for span in spans {
        for (i, piece) in span.content.split(' ').enumerate() {
            if i > 0 {
                wrapper.end_word();
                wrapper.blank = Some(span.style);
            }
            if !piece.is_empty() {
                wrapper.word.push((piece.to_owned(), span.style));
            }
        }
    }
    wrapper.end_word();
    wrapper.lines.push(Line::from(wrapper.line));
    wrapper.lines
}

/// [`wrap`] for text of one style.
pub fn wrap_plain(text: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    let cleaned = format::clean(text, LONGEST_SENTENCE);
    let none = Span::raw("");
    wrap(&[Span::styled(cleaned, style)], columns, &none, &none)
}

/// [`wrap`] for text without a style.
pub fn wrap_text(text: &str, columns: u16) -> Vec<String> {
    let lines = wrap_plain(text, usize::from(columns.max(1)), Style::new());
    lines.iter().map(ToString::to_string).collect()
}

/// [`wrap`] for a sentence behind a mark; its further lines begin below its first word. Speed-ups
/// (`1.87×`) are in the style of numbers.
pub fn marked(
    (mark, mark_style): (&'static str, Style),
    sentence: &str,
    columns: u16,
    (text, number): (Style, Style),
) -> Vec<Line<'static>> {
    let cleaned = format::clean(sentence, LONGEST_SENTENCE);
    let parts = highlight(&cleaned, text, number);
    let first = Span::styled(format!("{mark} "), mark_style);
    wrap(&parts, usize::from(columns), &first, &Span::raw("  "))
}

/// A sentence in parts: speed-ups in the style of numbers, the rest as text.
fn highlight(sentence: &str, text: Style, number: Style) -> Vec<Span<'static>> {
    let words = sentence.split_inclusive(' ').map(|word| {
        let figure = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('×');
        Span::styled(word.to_owned(), if figure { number } else { text })
    });
    words.collect()
}

/// [`wrap`] for the normal screen: lines that end in line breaks, with `first` and `rest` before
/// them. A word longer than a line stays whole, so that a path can be copied.
pub fn wrap_words(text: &str, columns: usize, first: &str, rest: &str) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !empty && width(&line) + 1 + width(word) > columns {
            out.push_str(line.trim_end());
            out.push('\n');
            rest.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

struct Wrapper {
    columns: usize,
    rest: Span<'static>,
    lines: Vec<Line<'static>>,
    line: Vec<Span<'static>>,
    used: usize,
    empty: bool,
    /// A blank before the word, with its style.
    blank: Option<Style>,
    /// A word may change its style in the middle: `code`, with its comma.
    word: Vec<(String, Style)>,
}

impl Wrapper {
    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        let wide: usize = word.iter().map(|(text, _)| width(text)).sum();
        if let (false, Some(style)) = (self.empty, self.blank) {
            if self.used + 1 + wide > self.columns {
                self.turn();
            } else {
                self.push(" ", style);
            }
        }
        self.blank = None;
        for (text, style) in word {
            if self.used + width(&text) <= self.columns {
                self.push(&text, style);
            } else {
                self.cut(&text, style);
            }
        }
    }

    /// Spreads a word that is longer than a line over several.
    fn cut(&mut self, word: &str, style: Style) {
        let mut part = String::new();
        for c in word.chars() {
            let next = width(c.encode_utf8(&mut [0; 4]));
            if self.used + width(&part) + next > self.columns && !(self.empty && part.is_empty()) {
                self.push(&std::mem::take(&mut part), style);
                self.turn();
            }
            part.push(c);
        }
        self.push(&part, style);
    }

    fn push(&mut self, text: &str, style: Style) {
        if !text.is_empty() {
            self.used += width(text);
            self.line.push(Span::styled(text.to_owned(), style));
            self.empty = false;
        }
    }

    fn turn(&mut self) {
        let line = std::mem::replace(&mut self.line, vec![self.rest.clone()]);
        self.lines.push(Line::from(line));
        self.used = self.rest.width();
        self.empty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ThemeName;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        wrap_plain(text, columns, Style::new())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_are_cut() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn figures_stand_out() {
        let bold = Style::new().add_modifier(ratatui::style::Modifier::BOLD);
        let parts = highlight("it is 1.87× faster", Style::new(), bold);
        let texts: Vec<&str> = parts.iter().map(|part| part.content.as_ref()).collect();
        assert_eq!(texts, ["it ", "is ", "1.87× ", "faster"]);
        assert_eq!(parts[2].style, bold);
    }

    #[test]
    fn wide_characters_are_cut_where_they_must() {
        assert_eq!(wrap_text("表表表", 3), ["表", "表", "表"]);
        assert!(wrap_text("a b", 0).iter().all(|line| width(line) <= 1));
    }

    #[test]
    fn no_line_is_wider_than_asked_unless_one_character_is() {
        for columns in 0..30 {
            for line in wrapped(
                "wide 漢字漢字 e\u{301}\u{301} and a\tcontrol\u{7} word",
                columns,
            ) {
                assert!(width(&line) <= columns.max(2), "{line:?} in {columns}");
            }
        }
    }

    #[test]
    fn words_wrap_with_a_hanging_indent_and_stay_whole() {
        let wrapped = |columns| wrap_words("one two /a/long/path three", columns, "- ", "  ");
        assert_eq!(wrapped(9), "- one two\n  /a/long/path\n  three\n");
        assert_eq!(wrapped(20), "- one two\n  /a/long/path three\n");
        assert_eq!(wrapped(usize::MAX), "- one two /a/long/path three\n");
        assert_eq!(wrap_words("", 5, "- ", ""), "-\n");
    }

    #[test]
    fn words_of_several_styles_stay_together() {
        let none = Span::raw("");
        let spans = [Span::raw("see "), Span::raw("code"), Span::raw(", then")];
        let lines = |columns| -> Vec<String> {
            let lines = wrap(&spans, columns, &none, &none);
            lines.iter().map(ToString::to_string).collect()
        };
        assert_eq!(lines(9), ["see code,", "then"]);
        assert_eq!(lines(8), ["see", "code,", "then"]);
    }

    #[test]
    fn of_names_alike_what_differs_stays() {
        let theme = Theme::new(ThemeName::Mono, false, true);
        let names = [
            "n_estimators=10",
            "n_estimators=28 (best)",
            "n_estimators=340",
        ];
        let shared = shared_start(names);
        assert_eq!(shared, "n_estimators=".len());
        let shown = |columns| names.map(|name| fit_end(name, shared, columns, &theme));
        assert_eq!(shown(10), ["n_estim…10", "…28 (best)", "n_esti…340"]);
        assert_eq!(shown(12)[1], "n_…28 (best)");
        assert_eq!(shown(30), names);
        assert_eq!(shown(2), ["10", "2…", "3…"]);
        for columns in 0..20 {
            assert!(shown(columns).iter().all(|name| cells(name) <= columns));
        }
        assert_eq!(shared_start(["n=50", "n=60"]), 2);
        assert_eq!(shared_start(["n=50", "m=60"]), 0);
        assert_eq!(shared_start(["model 1", "model 12", "model 3"]), 6);
        assert_eq!(shared_start(["樹=1", "樹=2"]), "樹=".len());
        assert_eq!(shared_start(["one"]), 0);
        assert_eq!(shared_start(["a b", "a c", "b"]), 0);
        assert_eq!(shared_start([]), 0);
    }

    #[test]
    fn cells_have_their_width() {
        for columns in 0..12 {
            assert_eq!(width(&cell("漢字 and more", columns, false)), columns);
            assert_eq!(width(&cell("ab", columns, true)), columns);
        }
        assert_eq!(fit("abcdef", 4, true), "abc~");
        assert_eq!(fit("a\u{1b}[2J", 9, true), "a [2J");
    }
}
