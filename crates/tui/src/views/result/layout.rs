//! Where the panels of the Result screen go: two or three abreast where there is room, behind
//! tabs where there is not. Where arms tell what they consisted of, some are behind tabs on
//! large screens too.

use ratatui::layout::Rect;
use workbench_record::Finding;
use workbench_result::{NO_SPEEDUP, RunResult};

use super::panel::ResultPanel;
use super::{parts, work};
use crate::kit::tabs::Tab;
use crate::kit::{Pane, abreast, below, cells, stacked};
use crate::theme::Theme;
use crate::views::panels::{Arranged, Tabs};

/// Which panels a result has something to show in.
struct Has<'a> {
    result: &'a RunResult,
    curves: bool,
    timelines: bool,
    /// Arms tell what they consisted of.
    told: bool,
}

impl<'a> Has<'a> {
    fn new(result: &'a RunResult, (curves, timelines): (bool, bool)) -> Self {
        Self {
            result,
            curves,
            timelines,
            told: work::any(result),
        }
    }

    fn panel(&self, panel: ResultPanel) -> bool {
        match panel {
            ResultPanel::Scaling => !self.result.scaling.is_empty(),
            ResultPanel::Curves => self.curves,
            ResultPanel::Timelines => self.timelines,
            ResultPanel::Steps => parts::any_steps(self.result),
            ResultPanel::StartUp => parts::any_start_up(self.result),
            ResultPanel::Work => self.told,
            ResultPanel::Inputs => !self.result.importances().is_empty(),
            ResultPanel::Programs => !self.result.sources.is_empty(),
            ResultPanel::WhatIf => !self.told || !self.result.what_if.is_empty(),
            ResultPanel::Speedup
            | ResultPanel::Lost
            | ResultPanel::Findings
            | ResultPanel::Table
            | ResultPanel::Machine => true,
        }
    }

    fn only(&self, panels: &[ResultPanel]) -> Vec<ResultPanel> {
        panels.iter().copied().filter(|p| self.panel(*p)).collect()
    }
}

/// The panels and their areas, and tabs where not all have room.
pub fn arrange(
    area: Rect,
    (result, shown): (&RunResult, (bool, bool)),
    theme: &Theme,
) -> Arranged<'static, ResultPanel> {
    use ResultPanel::{
        Curves, Findings, Inputs, Lost, Machine, Programs, Scaling, Speedup, StartUp, Steps, Table,
        Timelines, WhatIf, Work,
    };
    let has = Has::new(result, shown);
    if area.width < 100 || area.height < 26 {
        let panels = has.only(&[
            Speedup, Lost, Timelines, Steps, StartUp, Findings, WhatIf, Scaling, Curves, Work,
            Programs, Table, Inputs, Machine,
        ]);
        return Arranged {
            places: Vec::new(),
            tabs: Some(tabs(area, panels, result, theme)),
            hidden: None,
        };
    }
    let arms = u16::try_from(result.arms.len()).unwrap_or(u16::MAX);
    let first = arms
        .saturating_mul(3)
        .saturating_add(4)
        .clamp(7, area.height * 2 / 5);
    let rest = area.height - first;
    if has.told {
        return detailed(area, first, &has, theme);
    }
    let mut charts = has.only(&[WhatIf, Scaling, Curves]);
    if area.width >= 160 {
        let bands = [
            (first, vec![Speedup, Lost, Findings]),
            (rest * 2 / 5, charts),
            (
                rest - rest * 2 / 5,
                has.only(&[Timelines, Table, Inputs, Machine]),
            ),
        ];
        return Arranged::placed(place(area, &bands));
    }
    let mut behind = vec![Timelines, Table, Inputs, Machine];
    if charts.len() > 1 {
        behind.insert(1, Findings);
    } else {
        charts.push(Findings);
    }
    let bands = [(first, vec![Speedup, Lost]), (rest / 2, charts)];
    let below_them = below(area, first + rest / 2);
    Arranged {
        places: place(area, &bands),
        tabs: Some(tabs(below_them, has.only(&behind), result, theme)),
        hidden: None,
    }
}

/// Where arms tell what they consisted of, there is more than fits beside one another: the bars
/// stay, and the rest is behind tabs.
fn detailed(
    area: Rect,
    first: u16,
    has: &Has<'_>,
    theme: &Theme,
) -> Arranged<'static, ResultPanel> {
    use ResultPanel::{
        Curves, Findings, Inputs, Lost, Machine, Programs, Scaling, Speedup, StartUp, Steps, Table,
        Timelines, WhatIf, Work,
    };
    let wide = area.width >= 160;
    let mut bands = vec![(first, vec![Speedup, Lost])];
    let mut behind = vec![
        Work, Timelines, Programs, Scaling, WhatIf, Table, Inputs, Machine,
    ];
    if wide {
        let bars = has.only(&[Steps, StartUp, Curves]);
        bands[0].1.push(Findings);
        bands.push((((area.height - first) * 2 / 5).max(7), bars));
    } else {
        behind.splice(0..0, [Steps, StartUp, Findings, Curves]);
    }
    bands.retain(|(_, panels)| !panels.is_empty());
    let used = bands.iter().map(|(height, _)| height).sum::<u16>();
    let rest = below(area, used);
    Arranged {
        places: place(area, &bands),
        tabs: Some(tabs(rest, has.only(&behind), has.result, theme)),
        hidden: None,
    }
}

fn place(area: Rect, bands: &[(u16, Vec<ResultPanel>)]) -> Vec<(ResultPanel, Rect)> {
    let heights = bands.iter().map(|(height, _)| *height);
    let places = stacked(area, heights)
        .zip(bands)
        .flat_map(|(band, (_, panels))| {
            let columns = abreast(band, panels.len());
            panels.iter().copied().zip(columns)
        });
    places.collect()
}

/// Tabs in an area, with a line more for the first warning, so that it is in plain sight whichever
/// tab is open; that there are warnings shows on the line of tabs, too.
fn tabs(
    area: Rect,
    panels: Vec<ResultPanel>,
    result: &RunResult,
    theme: &Theme,
) -> Tabs<'static, ResultPanel> {
    let lines = 1 + u16::from(!unsaid(result).is_empty());
    let head = Rect {
        height: lines.min(area.height),
        ..area
    };
    let tab = |panel: ResultPanel| {
        let warned = panel == ResultPanel::Findings && !result.warnings.is_empty();
        Tab {
            panel,
            name: panel.name(),
            mark: warned.then_some((theme.glyphs.warning, theme.warn)),
        }
    };
    Tabs {
        bar: below(head, head.height.saturating_sub(1)),
        body: below(area, lines),
        all: panels.into_iter().map(tab).collect(),
    }
}

/// The warnings that the headline does not tell: it tells why no speed-up is stated.
fn unsaid(result: &RunResult) -> Vec<&Finding> {
    let is_said =
        |found: &Finding| found.kind == NO_SPEEDUP || result.check.differences.contains(found);
    let warnings = result.warnings.iter();
    warnings.filter(|found| !is_said(found)).collect()
}

/// The first warning, on the line above the tabs where that is theirs.
pub fn first_warning(pane: &mut Pane<'_>, (body, bar): (Rect, Rect), result: &RunResult) {
    let theme = pane.theme;
    let unsaid = unsaid(result);
    let Some((first, rest)) = unsaid.split_first().filter(|_| bar.y > body.y) else {
        return;
    };
    let more = match rest.len() {
        0 => String::new(),
        n => format!(" +{n} more"),
    };
    let y = bar.y - 1;
    let mut row = pane.part(Rect { y, ..bar }).into_row(0);
    row.skip(1).left(theme.glyphs.warning, 2, theme.warn);
    let room = row.rest().saturating_sub(cells(&more) + 1);
    row.left(&first.text, room, theme.warn)
        .text(&more, theme.dim);
}
