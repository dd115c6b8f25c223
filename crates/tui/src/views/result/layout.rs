//! Where the panels of the Result screen go: three or two abreast where there is room, behind tabs where there is not. Where arms
//! tell what they consisted of, some are behind tabs on large screens too.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use workbench_record::Finding;
use workbench_result::{NO_SPEEDUP, RunResult};

use super::{Panel, parts, work};
use crate::theme::Theme;
use crate::views::text::safe;
use crate::views::widgets::{Row, width};

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
        let body = Rect {
            y: area.y + bar.height,
            height: area.height - bar.height,
            ..area
        };
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

/// Where arms tell what they consisted of, there is more than fits beside one another: the bars stay, and the rest is behind tabs.
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
    let rest = Rect {
        y: area.y + used,
        height: area.height.saturating_sub(used),
        ..area
    };
    let places = place(area, &bands);
    (places, Some(Tabs::new(rest, has.only(&tabs), has.result)))
}

fn place(area: Rect, bands: &[(u16, Vec<Panel>)]) -> Vec<(Panel, Rect)> {
    let mut out = Vec::new();
    let mut y = area.y;
    for (height, panels) in bands {
        let n = panels.len() as u32;
        let mut x = area.x;
        for (i, panel) in (1..).zip(panels) {
            let right = area.x + (u32::from(area.width) * i / n.max(1)) as u16;
            out.push((
                *panel,
                Rect {
                    x,
                    y,
                    width: right - x,
                    height: *height,
                },
            ));
            x = right;
        }
        y += height;
    }
    out
}

/// The line of tabs, and where each is; that there are warnings shows on it whichever tab is open.
///
/// The open tab is underlined where keys act elsewhere.
pub fn draw_tabs(
    buf: &mut Buffer,
    Tabs { bar, panels, .. }: &Tabs,
    (open, chosen): (Option<Panel>, Option<Panel>),
    result: &RunResult,
    theme: &Theme,
) -> Vec<(Panel, Rect)> {
    let names = u16::from(!unsaid(result).is_empty());
    first_warning(buf, *bar, result, theme);
    let mut row = Row::new(buf, *bar, names);
    let mut tabs = Vec::new();
    // Where names are many, they move together.
    let gap = u16::from(span(panels, 1) <= bar.width);
    // Where there are more than fit, those up to the chosen one go out of sight first.
    let place = panels.iter().position(|p| Some(*p) == open).unwrap_or(0);
    let mut first = 0;
    while first < place && span(&panels[first..=place], gap) > bar.width {
        first += 1;
    }
    let more = if first > 0 { theme.glyphs.cut } else { " " };
    row.cell(more, theme.dim);
    for panel in &panels[first..] {
        let warned = *panel == Panel::Findings && !result.warnings.is_empty();
        let name = if warned {
            format!(" {} {} ", theme.glyphs.warning, panel.name())
        } else {
            format!(" {} ", panel.name())
        };
        let style = match (Some(*panel) == open, warned) {
            (true, _) if open == chosen => theme.selected,
            (true, _) => theme.title.add_modifier(Modifier::UNDERLINED),
            (false, true) => theme.warn,
            (false, false) => theme.dim,
        };
        let before = row.rest();
        row.text(&name, style, theme);
        tabs.push((
            *panel,
            Rect {
                x: bar.right() - before,
                y: bar.y + names,
                width: before - row.rest(),
                height: 1,
            },
        ));
        row.skip(gap);
    }
    tabs
}

/// Cells that the names of panels take, with the mark of a warning.
fn span(panels: &[Panel], gap: u16) -> u16 {
    let each = panels.iter().map(|p| width(p.name()) + 2 + gap);
    each.sum::<u16>() + 3
}

/// The warnings that the headline does not tell: it tells why no speed-up is stated.
fn unsaid(result: &RunResult) -> Vec<&Finding> {
    let is_said =
        |found: &Finding| found.kind == NO_SPEEDUP || result.check.differences.contains(found);
    let warnings = result.warnings.iter();
    warnings.filter(|found| !is_said(found)).collect()
}

fn first_warning(buf: &mut Buffer, bar: Rect, result: &RunResult, theme: &Theme) {
    let unsaid = unsaid(result);
    let Some((first, rest)) = unsaid.split_first() else {
        return;
    };
    let more = match rest.len() {
        0 => String::new(),
        n => format!(" +{n} more"),
    };
    let left = Rect {
        width: bar.width.saturating_sub(width(&more) + 1),
        ..bar
    };
    Row::new(buf, left, 0)
        .skip(1)
        .left(theme.glyphs.warning, 2, theme.warn, theme)
        .text(&safe(&first.text), theme.warn, theme);
    Row::new(buf, bar, 0)
        .last(width(&more) + 1)
        .text(&more, theme.dim, theme);
}
