//! A handout in its panel: laid out, scrolled, and searched.
//!
//! ```text
//! ╭ Thirty random forests ──────────────╮
//! │ The base is the arm that speed-ups  │
//! │ are stated against.                 │
//! │ / speed-up   2 of 5                 │
//! ╰─────────────────────────────────────╯
//! ```

use std::ops::Range;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::field::{Editing, FilterField};
use crate::kit::text::width;
use crate::kit::{Motion, lines, markdown, scrolled, typed};
use crate::theme::{Theme, ThemeName};

/// Lines that the wheel scrolls by.
const WHEEL: usize = 3;

/// What the lines of a handout depend on: whose it is, width, theme, ASCII or not.
type Key = (usize, u16, ThemeName, bool);

/// A handout and where in it a person is.
#[derive(Debug, Default)]
pub struct Handout {
    key: Option<Key>,
    page: Vec<Line<'static>>,
    /// The first line in sight.
    scroll: usize,
    /// The area of its lines.
    area: Rect,
    search: FilterField,
    /// Where the text that is searched stands.
    found: Vec<Found>,
    /// Which of those was gone to last.
    at: usize,
    /// It is to be brought in sight once it is known where the lines are.
    is_new: bool,
}

/// A place where the text that is searched stands: a piece of each line that it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found(Vec<(usize, Range<u16>)>);

impl Found {
    fn line(&self) -> usize {
        self.0.first().map_or(0, |(line, _)| *line)
    }
}

impl Handout {
    /// Begins at the top, without a search.
    pub fn reset(&mut self) {
        self.scroll = 0;
        self.search = FilterField::default();
        self.found.clear();
    }

    /// The area of its lines.
    pub fn area(&self) -> Rect {
        self.area
    }

    /// Scrolls.
    pub fn go(&mut self, motion: Motion) {
        let page = usize::from(self.area.height).saturating_sub(1);
        // `arrange` holds it to what there is.
        self.scroll = motion.from(self.scroll, page);
    }

    /// The wheel scrolls.
    pub fn wheel(&mut self, kind: MouseEventKind) {
        match kind {
            MouseEventKind::ScrollDown => self.scroll = self.scroll.saturating_add(WHEEL),
            MouseEventKind::ScrollUp => self.scroll = self.scroll.saturating_sub(WHEEL),
            _ => {}
        }
    }

    /// Whether keys go into the search.
    pub fn is_typing(&self) -> bool {
        self.search.is_typing()
    }

    /// Lets keys go into the search, which begins anew.
    pub fn begin_search(&mut self) {
        self.search.clear();
        self.search.begin();
        self.find();
    }

    /// Takes a key into the search.
    pub fn type_key(&mut self, key: KeyEvent, meaning: Option<Editing>) {
        let before = self.search.text().to_owned();
        self.search.key(key, meaning);
        if self.search.text() != before {
            self.find();
        }
    }

    /// Takes text into the search.
    pub fn paste(&mut self, text: &str) {
        self.search.paste(text);
        self.find();
    }

    /// Whether there is anything to go to.
    pub fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// Ends the search; whether there was one.
    pub fn step_back(&mut self) -> bool {
        self.found.clear();
        self.search.step_back()
    }

    /// Goes to the next place where the text stands, or to the one before, round the ends.
    pub fn next(&mut self, forward: bool) {
        let len = self.found.len();
        if len > 0 {
            self.at = (self.at + if forward { 1 } else { len - 1 }) % len;
            self.bring_in_sight();
        }
    }

    /// Looks for the text; the first place from the top of what is in sight is gone to.
    fn find(&mut self) {
        self.found = places(&self.page, self.search.text());
        let mut found = self.found.iter();
        self.at = found
            .position(|found| found.line() >= self.scroll)
            .unwrap_or(0);
        self.bring_in_sight();
    }

    fn bring_in_sight(&mut self) {
        let Some(found) = self.found.get(self.at) else {
            return;
        };
        let page = usize::from(self.shown().height).max(1);
        let line = found.line();
        if line < self.scroll || line >= self.scroll + page {
            // With some lines of what stands before it.
            self.scroll = line.saturating_sub(page / 3);
        }
    }

    /// The lines that are in sight: the lowest one is the search's, where there is one.
    fn shown(&self) -> Rect {
        let height = self
            .area
            .height
            .saturating_sub(u16::from(self.search.is_shown()));
        Rect {
            height,
            ..self.area
        }
    }

    /// Takes in whose handout it is and where its lines go: lays it out, and holds what is scrolled
    /// to what there is.
    pub fn arrange(&mut self, area: Rect, (whose, source): (usize, &str), theme: &Theme) {
        self.area = area;
        let key = (whose, area.width, theme.name, theme.glyphs.ascii);
        if area.width > 0 && self.key != Some(key) {
            self.page = markdown::render(source, usize::from(area.width), theme);
            self.key = Some(key);
            self.found = places(&self.page, self.search.text());
            self.at = self.at.min(self.found.len().saturating_sub(1));
            self.is_new = true;
        }
        if std::mem::take(&mut self.is_new) {
            self.bring_in_sight();
        }
        let last = self
            .page
            .len()
            .saturating_sub(usize::from(self.shown().height));
        self.scroll = self.scroll.min(last);
    }

    /// Draws the lines.
    pub fn draw(&self, frame: &mut Frame, theme: &Theme) {
        let area = self.shown();
        scrolled(frame, area, &self.page, self.scroll, theme);
        for (at, found) in self.found.iter().enumerate() {
            let style = if at == self.at {
                theme.selected
            } else {
                theme.accent
            };
            for (line, columns) in &found.0 {
                let Some(y) = line.checked_sub(self.scroll) else {
                    continue;
                };
                let place = Rect {
                    x: area.x.saturating_add(columns.start),
                    y: area.y.saturating_add(y as u16),
                    width: columns.end - columns.start,
                    height: 1,
                };
                if y < usize::from(area.height) {
                    frame
                        .buffer_mut()
                        .set_style(place.intersection(area), style);
                }
            }
        }
        if self.search.is_shown() && self.area.height > 0 {
            self.draw_search(frame, theme);
        }
    }

    /// What is searched, and how often it stands there.
    fn draw_search(&self, frame: &mut Frame, theme: &Theme) {
        let text = self.search.text();
        let told = match self.found.len() {
            _ if text.trim().is_empty() => String::new(),
            0 => "not found".to_owned(),
            len => format!("{} of {len}", self.at + 1),
        };
        let room = (width(&told) as u16 + 1).min(self.area.width);
        let row = Rect {
            y: self.area.bottom() - 1,
            height: 1,
            ..self.area
        };
        let left = Rect {
            width: row.width - room,
            ..row
        };
        let right = Rect {
            x: left.right(),
            width: room,
            ..row
        };
        let typing = self.search.is_typing();
        typed(frame, (left, 0), "/ ", (text, theme.title, typing), theme);
        let style = if self.found.is_empty() {
            theme.warn
        } else {
            theme.dim
        };
        lines(frame, right, &[Line::from(Span::styled(told, style))]);
    }
}

/// Where a text stands in lines, whatever its case; where it is broken between lines, it stands on
/// several.
fn places(page: &[Line<'_>], text: &str) -> Vec<Found> {
    let small = |c: char| c.to_lowercase().next().unwrap_or(c);
    let wanted: Vec<&str> = text.split_whitespace().collect();
    let wanted: Vec<char> = wanted.join(" ").chars().map(small).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    // Every character with its place; between lines and for any number of blanks there is one.
    let mut all: Vec<(char, usize, Range<u16>)> = Vec::new();
    for (number, line) in page.iter().enumerate() {
        let mut x = 0;
        for c in line.spans.iter().flat_map(|span| span.content.chars()) {
            let end = x + width(c.encode_utf8(&mut [0; 4])) as u16;
            all.push((
                if c.is_whitespace() { ' ' } else { small(c) },
                number,
                x..end,
            ));
            x = end;
        }
        all.push((' ', number, x..x));
    }
    all.dedup_by(|next, before| next.0 == ' ' && before.0 == ' ');
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(window) = all.get(from..from + wanted.len()) {
        if window.iter().map(|(c, ..)| c).eq(&wanted) {
            found.push(Found(pieces(window)));
            from += wanted.len();
        } else {
            from += 1;
        }
    }
    found
}

/// The pieces of lines that some characters cover.
fn pieces(window: &[(char, usize, Range<u16>)]) -> Vec<(usize, Range<u16>)> {
    let mut pieces: Vec<(usize, Range<u16>)> = Vec::new();
    for (_, line, columns) in window {
        match pieces.last_mut() {
            Some((known, covered)) if known == line => covered.end = columns.end,
            _ => pieces.push((*line, columns.clone())),
        }
    }
    pieces.retain(|(_, covered)| !covered.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_whatever_its_case_and_across_lines() {
        let page = ["The base is the", "  arm of a base.", "", "BASE"].map(Line::from);
        let lines = |text: &str| {
            let found = places(&page, text);
            found.iter().map(Found::line).collect::<Vec<_>>()
        };
        assert_eq!(lines("base"), [0, 1, 3]);
        assert_eq!(lines("the arm"), [0]);
        assert_eq!(lines("  The   ARM "), [0]);
        assert_eq!(lines("base. base"), [1]);
        assert!(lines("arms").is_empty() && lines(" ").is_empty());
        let broken = &places(&page, "the arm")[0];
        assert_eq!(broken.0, [(0, 12..15), (1, 2..5)]);
    }

    #[test]
    fn wide_characters_are_marked_where_they_are() {
        let page = ["数据 data"].map(Line::from);
        assert_eq!(places(&page, "data")[0].0, [(0, 5..9)]);
        assert_eq!(places(&page, "数")[0].0, [(0, 0..2)]);
    }
}
