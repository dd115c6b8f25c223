//! A line of names, of which one is open, where panels do not all fit beside one another.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Pane, cells};

/// One tab.
pub struct Tab<'a, P> {
    /// The panel.
    pub panel: P,
    /// Its name.
    pub name: &'a str,
    /// A mark before the name, and the style of both while the tab is not open.
    pub mark: Option<(&'static str, Style)>,
}

/// Draws the line of tabs, and tells where each is. The open tab is underlined where
/// keys act elsewhere.
pub fn draw<P: Copy + PartialEq>(
    pane: &mut Pane<'_>,
    tabs: &[Tab<'_, P>],
    (open, keys_act): (Option<P>, bool),
) -> Vec<(P, Rect)> {
    let (theme, bar) = (pane.theme, pane.area);
    // Where names are many, they move together.
    let gap = u16::from(width(tabs, 1) <= bar.width);
    // Where there are more than fit, those up to the open one go out of sight first.
    let place = tabs.iter().position(|tab| Some(tab.panel) == open);
    let place = place.unwrap_or(0);
    let mut first = 0;
    while first < place && width(&tabs[first..=place], gap) > bar.width {
        first += 1;
    }
    let mut row = pane.row(0);
    row.cell(if first > 0 { theme.glyphs.cut } else { " " }, theme.dim);
    let mut places = Vec::new();
    for tab in &tabs[first..] {
        let (mark, style) = match tab.mark {
            Some((mark, style)) => (format!("{mark} "), style),
            None => (String::new(), theme.dim),
        };
        let style = match Some(tab.panel) == open {
            true if keys_act => theme.selected,
            true => theme.title.add_modifier(Modifier::UNDERLINED),
            false => style,
        };
        let before = row.rest();
        row.text(&format!(" {mark}{} ", tab.name), style);
        let area = Rect {
            x: bar.right() - before,
            width: before - row.rest(),
            height: 1,
            ..bar
        };
        places.push((tab.panel, area));
        row.skip(gap);
    }
    places
}

/// Cells that the names of tabs take, with a mark.
fn width<P>(tabs: &[Tab<'_, P>], gap: u16) -> u16 {
    tabs.iter()
        .map(|tab| cells(tab.name) + 2 + gap)
        .sum::<u16>()
        + 3
}
