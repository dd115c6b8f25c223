//! Where the panels of the Compare screen go: side by side where there is room, behind tabs where
//! there is not.

use ratatui::layout::Rect;

use super::panel::ComparePanel;
use super::{arms, notes, settings};
use crate::event::SideBySide;
use crate::kit::tabs::Tab;
use crate::kit::{abreast, below};
use crate::theme::Theme;
use crate::views::panels::{Arranged, Tabs};
use workbench_history::comparison::Comparison;
use workbench_record::Severity;

/// Lines that a chart takes at least.
const CHART: u16 = 10;

/// The panels and their areas, or tabs.
pub fn arrange(
    area: Rect,
    SideBySide {
        comparison, curves, ..
    }: &SideBySide,
    theme: &Theme,
) -> Arranged<'static, ComparePanel> {
    let mut charts = Vec::new();
    if comparison.scaling.iter().any(|row| !row.points.is_empty()) {
        charts.push(ComparePanel::Scaling);
    }
    if !curves.is_empty() {
        charts.push(ComparePanel::Curves);
    }
    if area.width < 100 || area.height < 26 {
        let mut panels = vec![
            ComparePanel::Notes,
            ComparePanel::Arms,
            ComparePanel::Settings,
        ];
        panels.extend(charts);
        return Arranged {
            places: Vec::new(),
            tabs: Some(tabs(area, panels, comparison, theme)),
            hidden: None,
        };
    }
    let half = area.width / 2;
    let need = notes::height(comparison, half, theme).max(settings::height(comparison, half));
    let [top, rest] = split(area, need.clamp(6, area.height / 3));
    let mut places: Vec<(ComparePanel, Rect)> = [ComparePanel::Notes, ComparePanel::Settings]
        .into_iter()
        .zip(abreast(top, 2))
        .collect();
    if charts.is_empty() {
        places.push((ComparePanel::Arms, rest));
    } else if area.width >= 160 && arms::height(comparison) > rest.height / 2 {
        let mut left = rest;
        left.width = rest.width * 11 / 20;
        let right = Rect {
            x: left.right(),
            width: rest.width - left.width,
            ..rest
        };
        places.push((ComparePanel::Arms, left));
        let first = rest.height.div_ceil(charts.len() as u16);
        places.extend(charts.into_iter().zip(split(right, first)));
    } else {
        // Where there is room, arms get what they need and the charts the rest.
        let most = rest.height.saturating_sub(CHART).max(6);
        let [middle, bottom] = split(rest, arms::height(comparison).clamp(6, most));
        places.push((ComparePanel::Arms, middle));
        let columns = abreast(bottom, charts.len());
        places.extend(charts.into_iter().zip(columns));
    }
    Arranged::placed(places)
}

fn split(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    [Rect { height, ..area }, below(area, height)]
}

/// Tabs in an area; that times must not be compared shows on their line whichever tab is open.
fn tabs(
    area: Rect,
    panels: Vec<ComparePanel>,
    comparison: &Comparison,
    theme: &Theme,
) -> Tabs<'static, ComparePanel> {
    let worst = comparison.notes.first().map(|note| note.severity);
    let tab = |panel: ComparePanel| Tab {
        panel,
        name: panel.name(),
        mark: worst
            .filter(|severity| panel == ComparePanel::Notes && *severity > Severity::Note)
            .map(|severity| theme.severity_mark(severity)),
    };
    Tabs {
        bar: Rect {
            height: area.height.min(1),
            ..area
        },
        body: below(area, 1),
        all: panels.into_iter().map(tab).collect(),
    }
}
