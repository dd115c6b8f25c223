//! Which lines of what is longer than its area are visible, and how one moves in them.

use std::ops::Range;

/// A way to move in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the start.
    Home,
    /// To the end.
    End,
}

impl Motion {
    /// Where it leads from line `at` with so many lines to a page. The end is far away: whoever
    /// knows how many lines there are holds it to them.
    pub fn from(self, at: usize, page: usize) -> usize {
        match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page.max(1)),
            Self::PageDown => at.saturating_add(page.max(1)),
            Self::Home => 0,
            Self::End => usize::MAX / 2,
        }
    }
}

/// A position in a list that is longer than its panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    /// First visible line.
    pub first: usize,
    /// Lines that were visible when it was drawn last.
    pub page: usize,
    /// Lines that there were when it was drawn last.
    len: usize,
}

impl Scroll {
    /// The visible lines of `len` on `page` lines.
    pub fn window(&mut self, len: usize, page: usize) -> Range<usize> {
        (self.page, self.len) = (page, len);
        self.first = self.first.min(len.saturating_sub(page));
        self.first..(self.first + page).min(len)
    }

    /// Moves the visible lines.
    pub fn act(&mut self, motion: Motion) {
        self.first = motion.from(self.first, self.page);
    }

    /// Moves a selected line and keeps it in sight; the first visible one where none is selected.
    pub fn select(&mut self, selected: Option<usize>, motion: Motion) -> usize {
        let at = match (selected, motion) {
            (Some(at), _) => motion.from(at, self.page),
            (None, Motion::Home | Motion::End) => motion.from(0, 1),
            (None, _) => self.first,
        };
        let at = at.min(self.len.saturating_sub(1));
        self.keep_in_sight(at);
        at
    }

    /// Moves the visible lines as little as needed to show one.
    pub fn keep_in_sight(&mut self, at: usize) {
        let least = (at + 1).saturating_sub(self.page.max(1));
        self.first = self.first.clamp(least, at);
    }
}

/// `12 to 20 of 64`, or nothing where everything is visible.
pub fn position(window: &Range<usize>, len: usize) -> String {
    if window.len() >= len {
        String::new()
    } else {
        format!("{} to {} of {len}", window.start + 1, window.end)
    }
}
