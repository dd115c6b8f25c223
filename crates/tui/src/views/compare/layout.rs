//! Where the panels of the Compare screen go: side by side where there is room, behind tabs where there is not.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Facts, Panel, arms, notes, settings};
use crate::theme::Theme;
use crate::views::widgets::Row;
use workbench_history::comparison::{Comparison, Weight};

/// One panel at a time, and a line that names them all.
pub struct Tabs {
    /// The line of names.
    pub bar: Rect,
    /// Where the chosen panel goes.
    pub body: Rect,
    /// The panels, in order.
    pub panels: Vec<Panel>,
}

/// Lines that a chart takes at least.
const CHART: u16 = 10;

/// The panels and their areas, or tabs.
pub fn arrange(area: Rect, (comparison, curves): Facts<'_>) -> (Vec<(Panel, Rect)>, Option<Tabs>) {
    let mut charts = Vec::new();
    if comparison.scaling.iter().any(|row| !row.points.is_empty()) {
        charts.push(Panel::Scaling);
    }
    if !curves.is_empty() {
        charts.push(Panel::Curves);
    }
    if area.width < 100 || area.height < 26 {
        let mut panels = vec![Panel::Notes, Panel::Arms, Panel::Settings];
        panels.extend(charts);
        let [bar, body] = split(area, 1);
        return (Vec::new(), Some(Tabs { bar, body, panels }));
    }
    let half = area.width / 2;
    let need = notes::height(comparison, half).max(settings::height(comparison, half));
    let [top, rest] = split(area, need.clamp(6, area.height / 3));
    let mut places = Vec::new();
    abreast(&mut places, top, &[Panel::Notes, Panel::Settings]);
    if charts.is_empty() {
        places.push((Panel::Arms, rest));
    } else if area.width >= 160 && arms::height(comparison) > rest.height / 2 {
        let [left, right] = columns(rest, rest.width * 11 / 20);
        places.push((Panel::Arms, left));
        stacked(&mut places, right, &charts);
    } else {
        // Where there is room, arms get what they need and the charts the rest.
        let most = rest.height.saturating_sub(CHART).max(6);
        let [middle, bottom] = split(rest, arms::height(comparison).clamp(6, most));
        places.push((Panel::Arms, middle));
        abreast(&mut places, bottom, &charts);
    }
    (places, None)
}

fn split(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    let rest = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    [Rect { height, ..area }, rest]
}

fn columns(area: Rect, width: u16) -> [Rect; 2] {
    let width = width.min(area.width);
    let rest = Rect {
        x: area.x + width,
        width: area.width - width,
        ..area
    };
    [Rect { width, ..area }, rest]
}

fn abreast(places: &mut Vec<(Panel, Rect)>, area: Rect, panels: &[Panel]) {
    let mut rest = area;
    for (left, panel) in (1..=panels.len() as u16).rev().zip(panels) {
        let [place, after] = columns(rest, rest.width.div_ceil(left));
        places.push((*panel, place));
        rest = after;
    }
}

fn stacked(places: &mut Vec<(Panel, Rect)>, area: Rect, panels: &[Panel]) {
    let mut rest = area;
    for (left, panel) in (1..=panels.len() as u16).rev().zip(panels) {
        let [place, after] = split(rest, rest.height.div_ceil(left));
        places.push((*panel, place));
        rest = after;
    }
}

/// The line of tabs; that times must not be compared shows on it whichever tab is open.
pub fn draw_tabs(
    buf: &mut Buffer,
    bar: Rect,
    panels: &[Panel],
    chosen: Panel,
    comparison: &Comparison,
    theme: &Theme,
) {
    let worst = comparison.notes.first().map(|note| note.weight);
    let mut row = Row::new(buf, bar, 0);
    row.skip(1);
    for panel in panels {
        let (mark, alarmed) = match worst {
            Some(Weight::Bad) if *panel == Panel::Notes => (theme.glyphs.failed, theme.bad),
            Some(Weight::Warning) if *panel == Panel::Notes => (theme.glyphs.warning, theme.warn),
            _ => ("", theme.dim),
        };
        let gap = if mark.is_empty() { "" } else { " " };
        let style = if *panel == chosen {
            theme.selected
        } else {
            alarmed
        };
        row.text(&format!(" {mark}{gap}{} ", panel.name()), style, theme)
            .skip(1);
    }
}
