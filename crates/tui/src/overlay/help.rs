//! The keys that work on a screen, from the same tables that dispatch them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::action::Action;
use crate::keys::{Binding, shown};
use crate::kit::text::{cell, width, wrap};
use crate::kit::{dialog, inside, middle, scrolled};
use crate::theme::Theme;

/// Lines of a page.
const PAGE: usize = 8;

/// Keys with their heading.
pub type KeyGroup = (&'static str, Vec<Binding>);

/// The dialog's state.
#[derive(Debug)]
pub struct Help {
    title: &'static str,
    groups: Vec<KeyGroup>,
    from: usize,
}

impl Help {
    /// The help of a screen: groups of keys with their headings.
    pub fn new(title: &'static str, groups: Vec<KeyGroup>) -> Self {
        Self {
            title,
            groups,
            from: 0,
        }
    }

    /// Scrolls.
    pub fn act(&mut self, action: &Action) {
        if let Action::Move(motion) = action {
            // `arrange` holds it to what there is.
            self.from = motion.from(self.from, PAGE).min(10_000);
        }
    }

    /// Holds the first line to those that there are in an area.
    pub fn arrange(&mut self, area: Rect, theme: &Theme) {
        let (lines, size) = self.page(area, theme);
        let height = usize::from(inside(middle(area, size)).height);
        self.from = self.from.min(lines.len().saturating_sub(height));
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let (lines, size) = self.page(area, theme);
        let inner = dialog(frame, area, size, self.title, theme);
        scrolled(frame, inner, &lines, self.from, theme);
    }

    /// The lines, and the size of the dialog in an area.
    fn page(&self, area: Rect, theme: &Theme) -> (Vec<Line<'static>>, (u16, u16)) {
        let width = area.width.saturating_sub(4).min(76);
        let lines = self.lines(usize::from(width).saturating_sub(4), theme);
        let height = (lines.len() as u16 + 2).min(area.height.saturating_sub(2));
        (lines, (width, height))
    }

    fn lines(&self, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
        let keys = |binding: &Binding| {
            let names: Vec<&str> = binding
                .keys
                .iter()
                .map(|key| shown(key, theme.glyphs.ascii))
                .collect();
            names.join(" ")
        };
        let all = self.groups.iter().flat_map(|(_, bindings)| bindings);
        let widest = all
            .map(|b| width(&keys(b)))
            .max()
            .unwrap_or(0)
            .min(columns / 2);
        let mut lines = Vec::new();
        for (heading, bindings) in &self.groups {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(*heading, theme.title));
            for binding in bindings {
                let first = Span::styled(
                    format!("{}  ", cell(&keys(binding), widest, theme.glyphs.ascii)),
                    theme.accent,
                );
                let rest = Span::raw(" ".repeat(widest + 2));
                let help = binding.help.trim_end_matches('.');
                let text = [Span::styled(help, theme.text)];
                lines.extend(wrap(&text, columns, &first, &rest));
            }
        }
        lines
    }
}
