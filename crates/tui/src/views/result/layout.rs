//! Where the panels of the Result screen go: two or three abreast where there is room, behind
//! tabs where there is not. Where arms tell what they consisted of, some are behind tabs on
//! large screens too.

use ratatui::layout::Rect;
use workbench_record::Finding;
use workbench_result::{NO_SPEEDUP, RunResult};

use super::panel::Panel;
use super::{parts, work};
use crate::kit::tabs::{self, Tab};
use crate::kit::{Pane, abreast, below, cells, stacked};

/// One panel at a time, and a line that names them all.
pub struct Tabs {
    /// The line of names, below the first warning where there is one.
    pub bar: Rect,
    /// Where the chosen panel goes.
    pub body: Rect,
    /// The panels, in order.
    pub panels: Vec<Panel>,
}

impl Tabs {
    /// The tab that is open: the first of these that is a tab, or else the first tab.
    pub fn open(&self, wanted: [Option<Panel>; 2]) -> Option<Panel> {
        let known = wanted.into_iter().flatten();
        let mut known = known.filter(|panel| self.panels.contains(panel));
        known.next().or(self.panels.first().copied())
    }

    fn new(area: Rect, panels: Vec<Panel>, result: &RunResult) -> Self {
        // One line more for the first warning, so that it is in plain sight whichever tab is open.
        let lines = 1 + u16::from(!unsaid(result).is_empty());
        let bar = Rect {
            height: lines.min(area.height),
            ..area
        };
        let body = below(area, lines);
        Self { bar, body, panels }
    }
}

/// Which panels a result has something to show in.
struct Has<'a> {
    result: &'a RunResult,
    curves: bool,
    /// Arms tell what they consisted of.
    told: bool,
}

impl<'a> Has<'a> {
    fn new(result: &'a RunResult, curves: bool) -> Self {
        Self {
            result,
            curves,
            told: work::any(result),
        }
    }

    fn panel(&self, panel: Panel) -> bool {
        match panel {
            Panel::Scaling => !self.result.scaling.is_empty(),
            Panel::Curves => self.curves,
            Panel::Steps => parts::any_steps(self.result),
            Panel::StartUp => parts::any_start_up(self.result),
            Panel::Work => self.told,
            Panel::Programs => !self.result.sources.is_empty(),
            Panel::WhatIf => !self.told || !self.result.what_if.is_empty(),
            Panel::Speedup | Panel::Lost | Panel::Findings | Panel::Table | Panel::Machine => true,
        }
    }

    fn only(&self, panels: &[Panel]) -> Vec<Panel> {
        panels.iter().copied().filter(|p| self.panel(*p)).collect()
    }
}

/// The panels and their areas, and tabs where not all have room.
pub fn arrange(area: Rect, result: &RunResult, curves: bool) -> (Vec<(Panel, Rect)>, Option<Tabs>) {
    use Panel::{
        Curves, Findings, Lost, Machine, Programs, Scaling, Speedup, StartUp, Steps, Table, WhatIf,
        Work,
    };
    let has = Has::new(result, curves);
    if area.width < 100 || area.height < 26 {
        let panels = has.only(&[
            Speedup, Lost, Steps, StartUp, Findings, WhatIf, Scaling, Curves, Work, Programs,
            Table, Machine,
        ]);
        return (Vec::new(), Some(Tabs::new(area, panels, result)));
    }
    let arms = u16::try_from(result.arms.len()).unwrap_or(u16::MAX);
    let first = arms
        .saturating_mul(3)
        .saturating_add(4)
        .clamp(7, area.height * 2 / 5);
    let rest = area.height - first;
    if has.told {
        return detailed(area, first, &has);
    }
    let mut charts = has.only(&[WhatIf, Scaling, Curves]);
    let bands: Vec<(u16, Vec<Panel>)> = if area.width >= 160 {
        charts.push(Table);
        vec![
            (first, vec![Speedup, Lost, Findings]),
            (rest - 12.min(rest / 3), charts),
            (12.min(rest / 3), vec![Machine]),
        ]
    } else {
        let mut last = vec![Table, Machine];
        if charts.len() > 1 {
            last.insert(0, Findings);
        } else {
            charts.push(Findings);
        }
        vec![
            (first, vec![Speedup, Lost]),
            (rest.div_ceil(2), charts),
            (rest / 2, last),
        ]
    };
    (place(area, &bands), None)
}

/// Where arms tell what they consisted of, there is more than fits beside one another: the bars
/// stay, and the rest is behind tabs.
fn detailed(area: Rect, first: u16, has: &Has<'_>) -> (Vec<(Panel, Rect)>, Option<Tabs>) {
    use Panel::{
        Curves, Findings, Lost, Machine, Programs, Scaling, Speedup, StartUp, Steps, Table, WhatIf,
        Work,
    };
    let wide = area.width >= 160;
    let mut bands = vec![(first, vec![Speedup, Lost])];
    let mut tabs = vec![Work, Programs, Scaling, WhatIf, Table, Machine];
    if wide {
        let bars = has.only(&[Steps, StartUp, Curves]);
        bands[0].1.push(Findings);
        bands.push((((area.height - first) * 2 / 5).max(7), bars));
    } else {
        tabs.splice(0..0, [Steps, StartUp, Findings, Curves]);
    }
    bands.retain(|(_, panels)| !panels.is_empty());
    let used = bands.iter().map(|(height, _)| height).sum::<u16>();
    let rest = below(area, used);
    let places = place(area, &bands);
    (places, Some(Tabs::new(rest, has.only(&tabs), has.result)))
}

fn place(area: Rect, bands: &[(u16, Vec<Panel>)]) -> Vec<(Panel, Rect)> {
    let heights = bands.iter().map(|(height, _)| *height);
    let places = stacked(area, heights)
        .zip(bands)
        .flat_map(|(band, (_, panels))| {
            let columns = abreast(band, panels.len());
            panels.iter().copied().zip(columns)
        });
    places.collect()
}

/// The line of tabs, and where each is; that there are warnings shows on it whichever tab is open.
pub fn draw_tabs(
    pane: &mut Pane<'_>,
    Tabs { bar, panels, .. }: &Tabs,
    open: (Option<Panel>, bool),
    result: &RunResult,
) -> Vec<(Panel, Rect)> {
    let theme = pane.theme;
    first_warning(&mut pane.part(*bar), result);
    let tab = |panel: &Panel| {
        let warned = *panel == Panel::Findings && !result.warnings.is_empty();
        Tab {
            panel: *panel,
            name: panel.name(),
            mark: warned.then_some((theme.glyphs.warning, theme.warn)),
        }
    };
    let all: Vec<Tab<'_, Panel>> = panels.iter().map(tab).collect();
    let names = below(*bar, bar.height.saturating_sub(1));
    tabs::draw(&mut pane.part(names), &all, open)
}

/// The warnings that the headline does not tell: it tells why no speed-up is stated.
fn unsaid(result: &RunResult) -> Vec<&Finding> {
    let is_said =
        |found: &Finding| found.kind == NO_SPEEDUP || result.check.differences.contains(found);
    let warnings = result.warnings.iter();
    warnings.filter(|found| !is_said(found)).collect()
}

fn first_warning(bar: &mut Pane<'_>, result: &RunResult) {
    let theme = bar.theme;
    let unsaid = unsaid(result);
    let Some((first, rest)) = unsaid.split_first() else {
        return;
    };
    let more = match rest.len() {
        0 => String::new(),
        n => format!(" +{n} more"),
    };
    let mut row = bar.row(0);
    row.skip(1).left(theme.glyphs.warning, 2, theme.warn);
    let room = row.rest().saturating_sub(cells(&more) + 1);
    row.left(&first.text, room, theme.warn)
        .text(&more, theme.dim);
}
