//! A handout's Markdown as styled lines of a given width: headings, paragraphs, lists,
//! tables, code, rules.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::text::{cell, fit, width, wrap};
use crate::theme::Theme;

/// Renders Markdown. Links show their text; HTML and images are left out.
pub fn render(source: &str, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut page = Page {
        columns: columns.max(8),
        theme,
        lines: Vec::new(),
        inline: Vec::new(),
        style: vec![theme.text],
        lists: Vec::new(),
        bullet: None,
        code: None,
        table: None,
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(source, options) {
        page.take(event);
    }
    while page.lines.last().is_some_and(|line| line.width() == 0) {
        page.lines.pop();
    }
    page.lines
}

/// A row of cells, each of styled pieces.
type TableRow = Vec<Vec<Span<'static>>>;

struct Page<'a> {
    columns: usize,
    theme: &'a Theme,
    lines: Vec<Line<'static>>,
    inline: Vec<Span<'static>>,
    style: Vec<Style>,
    /// The lists around what is written now: the next number of each, none for bullets.
    lists: Vec<Option<u64>>,
    /// What goes before the next paragraph of a list.
    bullet: Option<String>,
    /// The text of a block of code.
    code: Option<String>,
    /// The rows of a table, its head first.
    table: Option<Vec<TableRow>>,
}

impl Page<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.text(&text, self.current()),
            },
            Event::Code(text) => self.text(&text, self.current().patch(self.theme.accent)),
            Event::SoftBreak => self.text(" ", self.current()),
            Event::HardBreak => self.paragraph(),
            Event::Rule => {
                self.gap();
                let line = self.theme.either("─", "-").repeat(self.columns);
                self.lines.push(Line::styled(line, self.theme.border));
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        let bold = |style: Style| style.add_modifier(Modifier::BOLD);
        match tag {
            Tag::Paragraph if self.lists.is_empty() => self.gap(),
            Tag::Heading { level, .. } => {
                self.gap();
                let theme = self.theme;
                self.style.push(match level {
                    HeadingLevel::H1 => bold(theme.accent),
                    _ => bold(theme.title),
                });
            }
            Tag::CodeBlock(_) => {
                self.gap();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                // A list inside an item follows the item's own text.
                self.paragraph();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(*first);
            }
            Tag::Item => {
                let dot = self.theme.either("• ", "* ").to_owned();
                self.bullet = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => dot,
                });
            }
            Tag::Table(_) => {
                self.gap();
                self.table = Some(Vec::new());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(rows) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            Tag::Strong => self.style.push(bold(self.current())),
            Tag::Emphasis => self
                .style
                .push(self.current().add_modifier(Modifier::ITALIC)),
            Tag::Link { .. } => self
                .style
                .push(self.current().add_modifier(Modifier::UNDERLINED)),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Item => self.paragraph(),
            TagEnd::Heading(_) => {
                self.paragraph();
                self.style.pop();
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.draw_table(),
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link => {
                self.style.pop();
            }
            _ => {}
        }
    }

    fn current(&self) -> Style {
        self.style.last().copied().unwrap_or_default()
    }

    fn text(&mut self, text: &str, style: Style) {
        let safe = workbench_report::format::clean(text, usize::MAX - 1);
        self.inline.push(Span::styled(safe, style));
    }

    /// An empty line between blocks.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// Writes what has been collected, indented as deep as its list.
    fn paragraph(&mut self) {
        let inline = std::mem::take(&mut self.inline);
        if inline.is_empty() {
            return;
        }
        let depth = self.lists.len().saturating_sub(1) * 2;
        let bullet = self.bullet.take();
        let hang = match (&bullet, self.lists.last()) {
            (Some(bullet), _) => width(bullet),
            (None, Some(Some(_))) => 3,
            (None, Some(None)) => 2,
            (None, None) => 0,
        };
        let first = format!(
            "{}{}",
            " ".repeat(depth),
            bullet.unwrap_or_else(|| " ".repeat(hang))
        );
        let first = Span::styled(first, self.theme.accent);
        let rest = Span::raw(" ".repeat(depth + hang));
        self.lines
            .extend(wrap(&inline, self.columns, &first, &rest));
    }

    fn code_block(&mut self) {
        let code = self.code.take().unwrap_or_default();
        let bar = self.theme.either("▌ ", "| ");
        for line in code.lines() {
            let text = fit(
                line,
                self.columns.saturating_sub(2),
                self.theme.glyphs.ascii,
            );
            self.lines.push(Line::from(vec![
                Span::styled(bar, self.theme.border_focus),
                Span::styled(text, self.theme.good),
            ]));
        }
    }

    fn draw_table(&mut self) {
        let rows = self.table.take().unwrap_or_default();
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let none = Span::raw("");
        let widths = self.widths(&rows, count);
        for (number, row) in rows.iter().enumerate() {
            let wrapped: Vec<Vec<Line<'static>>> = (0..count)
                .map(|i| {
                    let pieces = row.get(i).map_or(&[][..], Vec::as_slice);
                    wrap(pieces, widths[i], &none, &none)
                })
                .collect();
            let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
            for y in 0..height {
                let line = table_line(&wrapped, &widths, y, number == 0);
                self.lines.push(line);
            }
            if number == 0 {
                let rule: Vec<String> = widths
                    .iter()
                    .map(|w| self.theme.either("─", "-").repeat(*w))
                    .collect();
                self.lines
                    .push(Line::styled(rule.join("  "), self.theme.border));
            }
        }
    }

    /// Natural widths; while they do not fit, the widest column gives way.
    fn widths(&self, rows: &[TableRow], count: usize) -> Vec<usize> {
        let natural = |i: usize| {
            rows.iter()
                .filter_map(|row| row.get(i))
                .map(|pieces| pieces.iter().map(Span::width).sum::<usize>())
                .max()
                .unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..count).map(natural).collect();
        let room = self.columns.saturating_sub(2 * count.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            match widths.iter_mut().max() {
                Some(widest) if *widest > 1 => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

fn table_line(
    cells: &[Vec<Line<'static>>],
    widths: &[usize],
    y: usize,
    head: bool,
) -> Line<'static> {
    let mut spans = Vec::new();
    for (i, (cell_lines, width)) in cells.iter().zip(widths).enumerate() {
        if i > 0 {
            spans.push(Span::raw("  "));
        }
        let line = cell_lines.get(y).cloned().unwrap_or_default();
        let missing = width.saturating_sub(line.width());
        spans.extend(line.spans.into_iter().map(|span| {
            if head {
                span.patch_style(Style::new().add_modifier(Modifier::BOLD))
            } else {
                span
            }
        }));
        spans.push(Span::raw(cell("", missing, true)));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Theme, ThemeName};

    fn rendered(source: &str, columns: usize) -> String {
        let theme = Theme::new(ThemeName::Mono, false, false);
        let lines: Vec<String> = render(source, columns, &theme)
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect();
        lines.join("\n")
    }

    #[test]
    fn blocks_are_told_apart() {
        let source = "# Title\ntext with `code`, *more* and **bold**\n\n- one\n- two\n  1. deep\n\n\
                      ```sh\nrun it\n```\n\n| a | b |\n|---|---|\n| one | two |\n\n---\nend";
        let expected = [
            "Title",
            "",
            "text with code, more and",
            "bold",
            "",
            "• one",
            "• two",
            "  1. deep",
            "",
            "▌ run it",
            "",
            "a    b",
            "───  ───",
            "one  two",
            "",
            "────────────────────────",
            "",
            "end",
        ];
        assert_eq!(rendered(source, 24).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nothing_is_wider_than_asked() {
        let source = "| column | another column with text |\n|---|---|\n| a b c | d e f 漢字 g h i |\n\n\
                      > quote\n\n1. a long item of a list that goes on and on\n\n```\nlong code that does not fit here\n```";
        for columns in 8..60 {
            let text = rendered(source, columns);
            assert!(
                text.lines().all(|line| width(line) <= columns),
                "{columns}:\n{text}"
            );
        }
    }

    #[test]
    fn control_characters_do_not_get_through() {
        let text = rendered("a \u{1b}[31mred\u{7} `\u{1b}` b", 40);
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }
}
