//! Where the panels of the Compare screen go: side by side where there is room, behind tabs where
//! there is not.

use ratatui::layout::Rect;

use super::panel::{Facts, Panel};
use super::{arms, notes, settings};
use crate::kit::tabs::{self, Tab};
use crate::kit::{Pane, abreast, below};
use crate::theme::Theme;
use workbench_history::comparison::{Comparison, Weight};

/// One panel at a time, and a line that names them all.
pub struct Tabs {
    /// Where the chosen panel goes.
    pub body: Rect,
    /// The panels, in order.
    pub panels: Vec<Panel>,
}

/// Lines that a chart takes at least.
const CHART: u16 = 10;

/// The panels and their areas, or tabs.
pub fn arrange(
    area: Rect,
    (comparison, curves): Facts<'_>,
    theme: &Theme,
) -> (Vec<(Panel, Rect)>, Option<Tabs>) {
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
        let body = below(area, 1);
        return (Vec::new(), Some(Tabs { body, panels }));
    }
    let half = area.width / 2;
    let need = notes::height(comparison, half, theme).max(settings::height(comparison, half));
    let [top, rest] = split(area, need.clamp(6, area.height / 3));
    let mut places: Vec<(Panel, Rect)> = [Panel::Notes, Panel::Settings]
        .into_iter()
        .zip(abreast(top, 2))
        .collect();
    if charts.is_empty() {
        places.push((Panel::Arms, rest));
    } else if area.width >= 160 && arms::height(comparison) > rest.height / 2 {
        let mut left = rest;
        left.width = rest.width * 11 / 20;
        let right = Rect {
            x: left.right(),
            width: rest.width - left.width,
            ..rest
        };
        places.push((Panel::Arms, left));
        let first = rest.height.div_ceil(charts.len() as u16);
        places.extend(charts.into_iter().zip(split(right, first)));
    } else {
        // Where there is room, arms get what they need and the charts the rest.
        let most = rest.height.saturating_sub(CHART).max(6);
        let [middle, bottom] = split(rest, arms::height(comparison).clamp(6, most));
        places.push((Panel::Arms, middle));
        let columns = abreast(bottom, charts.len());
        places.extend(charts.into_iter().zip(columns));
    }
    (places, None)
}

fn split(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    [Rect { height, ..area }, below(area, height)]
}

/// The line of tabs; that times must not be compared shows on it whichever tab is open.
pub fn draw_tabs(pane: &mut Pane<'_>, panels: &[Panel], open: Panel, comparison: &Comparison) {
    let theme = pane.theme;
    let worst = comparison.notes.first().map(|note| note.weight);
    let tab = |panel: &Panel| Tab {
        panel: *panel,
        name: panel.name(),
        mark: match worst.filter(|_| *panel == Panel::Notes) {
            Some(Weight::Bad) => Some((theme.glyphs.failed, theme.bad)),
            Some(Weight::Warning) => Some((theme.glyphs.warning, theme.warn)),
            _ => None,
        },
    };
    let all: Vec<Tab<'_, Panel>> = panels.iter().map(tab).collect();
    tabs::draw(pane, &all, (Some(open), true));
}
