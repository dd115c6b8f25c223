//! Everything that can be done now, in one list that typing narrows: what keys do here, where one
//! can go, how it can look.
//!
//! ```text
//! ╭ Commands · 2 of 41 ───────────────────────────────────╮
//! │ › the                                                 │
//! │                                                       │
//! │ ▸ theme        Light: dark text on a light terminal   │
//! │   start        Start the run                        s │
//! ╰───────────────────────────────────────────────────────╯
//! ```
//!
//! Belongs here: narrowing, moving, drawing. Does not belong here: what there is to do, which the
//! application collects from the tables of keys, and doing it.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::Frame;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use workbench_report::format;

use crate::action::Action;
use crate::field::{Editing, TextField};
use crate::keys::{Bound, shown};
use crate::kit::text::{fit, width};
use crate::kit::{ListState, dialog, inside, lines, middle, typed};
use crate::theme::Theme;

/// The longest text to look for, in characters.
const LONGEST: usize = 100;
/// The widest first column.
const WIDEST: usize = 16;

/// A row of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct PaletteRow {
    /// What it is, in a word; may be empty.
    pub label: String,
    /// What it does, in a sentence.
    pub help: String,
    /// The key that does the same.
    pub key: &'static str,
    /// Whether it concerns the screen below, so that it means nothing on another one.
    pub of_screen: bool,
    /// What is done.
    pub action: Action,
}

/// The dialog's state.
#[derive(Debug)]
pub struct CommandPalette {
    entries: Vec<PaletteRow>,
    typed: TextField,
    /// Rows that match, the best first, with the places of the matched characters.
    matches: Vec<(usize, Vec<u32>)>,
    list: ListState,
    /// Another screen is below than the one that the list was made for.
    screen_changed: bool,
}

impl CommandPalette {
    /// A list of what there is to do.
    pub fn new(entries: Vec<PaletteRow>) -> Self {
        let mut this = Self {
            entries,
            typed: TextField::new("", LONGEST),
            matches: Vec::new(),
            list: ListState::default(),
            screen_changed: false,
        };
        this.narrow();
        this
    }

    /// Takes in that another screen is below now.
    pub fn screen_changed(&mut self) {
        self.screen_changed = true;
    }

    /// The keys of the rows, from top to bottom.
    #[cfg(test)]
    pub fn rows(&self) -> Vec<&'static str> {
        let entry = |(index, _): &(usize, _)| self.entries[*index].key;
        self.matches.iter().map(entry).collect()
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        match action {
            Action::Choose => return self.chosen(),
            Action::Move(motion) => self.list.go(*motion, self.matches.len()),
            Action::Edit(Editing::Empty) => {
                self.typed.set("");
                self.narrow();
            }
            _ => {}
        }
        None
    }

    /// Takes a key into the field.
    pub fn type_key(&mut self, key: KeyEvent) {
        if self.typed.key(key) {
            self.narrow();
        }
    }

    /// Takes text into the field.
    pub fn paste(&mut self, text: &str) {
        self.typed.paste(text);
        self.narrow();
    }

    /// The wheel moves, a click selects, a click on what is selected does it.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        if self.list.mouse(event, self.matches.len()) {
            return self.chosen();
        }
        None
    }

    fn chosen(&self) -> Option<Action> {
        let (entry, _) = self.matches.get(self.list.selected)?;
        let entry = &self.entries[*entry];
        if entry.of_screen && self.screen_changed {
            return Some(Action::Refuse("The screen has changed meanwhile."));
        }
        Some(entry.action.clone())
    }

    /// Finds what matches: every word typed, its letters in their order but not necessarily side by
    /// side.
    fn narrow(&mut self) {
        self.list.selected = 0;
        if self.typed.text().trim().is_empty() {
            self.matches = (0..self.entries.len()).map(|i| (i, Vec::new())).collect();
            return;
        }
        let pattern = Pattern::new(
            self.typed.text(),
            CaseMatching::Ignore,
            Normalization::Smart,
            AtomKind::Fuzzy,
        );
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        let mut matcher = Matcher::new(config);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize, Vec<u32>)> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let text = entry.text();
            let mut places = Vec::new();
            let haystack = Utf32Str::new(&text, &mut buffer);
            if let Some(score) = pattern.indices(haystack, &mut matcher, &mut places) {
                places.sort_unstable();
                places.dedup();
                scored.push((score, index, places));
            }
        }
        // Equals stay in the order of the list.
        scored.sort_by_key(|(score, index, _)| (std::cmp::Reverse(*score), *index));
        self.matches = scored.into_iter().map(|(_, i, at)| (i, at)).collect();
    }

    /// The size of the dialog. It stays while typing narrows the list.
    fn size(&self, area: Rect) -> (u16, u16) {
        let high = (self.entries.len() as u16)
            .saturating_add(4)
            .min(area.height.saturating_sub(2))
            .min(24);
        (area.width.saturating_sub(4).min(92), high)
    }

    /// Takes in where the list goes.
    pub fn arrange(&mut self, area: Rect) {
        let [_, list] = parts(inside(middle(area, self.size(area))));
        self.list.arrange(list, self.matches.len());
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let (some, all) = (self.matches.len(), self.entries.len());
        let dot = theme.either("·", "-");
        let title = if some == all {
            format!("Commands {dot} {all}")
        } else {
            format!("Commands {dot} {some} of {all}")
        };
        let inner = dialog(frame, area, self.size(area), &title, theme);
        let [field, list] = parts(inner);
        let text = self.typed.text();
        let mark = theme.either("› ", "> ");
        typed(frame, (field, 0), mark, (text, theme.title, true), theme);
        if text.is_empty() {
            let hint = Line::styled("type what to do", theme.dim);
            let [_, rest] =
                Layout::horizontal([Constraint::Length(2), Constraint::Min(0)]).areas(field);
            lines(frame, rest, &[hint]);
        }
        if self.matches.is_empty() {
            let text = Line::styled("Nothing matches.", theme.dim);
            lines(frame, list, &[text]);
            return;
        }
        let labels = self.entries.iter().map(|entry| width(&entry.label));
        let label = labels.max().unwrap_or(0).min(WIDEST);
        let (entries, matches) = (&self.entries, &self.matches);
        self.list
            .draw(frame, (matches.len(), true), theme, |row, columns| {
                let (entry, places) = &matches[row];
                entries[*entry].line(places, label, columns, theme)
            });
    }
}

/// The line to type into, and the list.
fn parts(inner: Rect) -> [Rect; 2] {
    let [field, _, list] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
    ])
    .areas(inner);
    [field, list]
}

impl PaletteRow {
    /// A row without a key.
    pub fn new(label: &str, help: String, action: Action) -> Self {
        Self {
            label: label.to_owned(),
            help,
            key: "",
            of_screen: false,
            action,
        }
    }

    /// The row of a key.
    pub fn of_key(bound: &Bound<Action>) -> Option<Self> {
        let binding = &bound.binding;
        Some(Self {
            key: binding.keys.first()?,
            ..Self::new(
                binding.label,
                binding.help.trim_end_matches('.').to_owned(),
                bound.action.clone(),
            )
        })
    }

    /// What is looked through.
    fn text(&self) -> String {
        format!("{} {}", self.label, self.help)
    }

    /// The row: label, help, key; the matched characters stand out.
    fn line(&self, places: &[u32], label: usize, columns: usize, theme: &Theme) -> Line<'static> {
        let key = shown(self.key, theme.glyphs.ascii);
        let help = columns.saturating_sub(label + 2 + width(key) + 2);
        let in_help = self.label.chars().count() as u32 + 1;
        let mut spans = lit(&self.label, label, 0, places, theme.text, theme);
        spans.push(Span::raw("  "));
        spans.extend(lit(&self.help, help, in_help, places, theme.dim, theme));
        spans.push(Span::raw("  "));
        spans.push(Span::styled(key, theme.accent));
        Line::from(spans)
    }
}

/// A text cut or filled to some columns, with its matched characters lit; `from` is the place of
/// its first character.
fn lit(
    text: &str,
    columns: usize,
    from: u32,
    places: &[u32],
    style: Style,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let bright = theme.accent.add_modifier(Modifier::UNDERLINED);
    // One character stays one character, so places stay places.
    let text = fit(text, columns, theme.glyphs.ascii);
    let missing = columns.saturating_sub(width(&text));
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (place, c) in (from..).zip(text.chars()) {
        let style = if places.binary_search(&place).is_ok() {
            bright
        } else {
            style
        };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(c),
            _ => spans.push(Span::styled(c.to_string(), style)),
        }
    }
    spans.push(Span::raw(" ".repeat(missing)));
    spans
}

/// A text for a row, safe to show.
pub fn safe(text: &str) -> String {
    format::clean(text, 200)
}
