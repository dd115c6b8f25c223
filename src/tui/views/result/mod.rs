//! The Result screen: what a run found, why, and what a reader must know before believing it.
//!
//! ```text
//! Thirty random forests   full  20261121-101502-rf-3f9a  21 November 2026, 10:15 UTC        ✓ completed
//! trees on 2 workers is 1.97× faster than sequential (95 % interval 1.95 to 1.98, 5 repeats)
//! ╭─ Speed-up against sequential ───────╮╭─ Lost time ────────────────────────────╮
//! │ a bar per arm, interval, bound      ││ a bar per arm, cause by cause          │
//! ├─ What if ───────────────────────────┤├─ Findings ─────────────────────────────┤
//! │ speed-up over workers, cursor p     ││ warnings first, then what it means     │
//! ├─ Items ─────────────────────────────┤├─ Machine ──────────────────────────────┤
//! ╰─────────────────────────────────────╯╰────────────────────────────────────────╯
//! ```
//!
//! On small screens the panels are tabs. Belongs here: drawing a result and the snapshot it came from. Does not belong
//! here: computing numbers.

mod findings;
mod header;
mod layout;
mod lost;
mod machine;
mod scaling;
mod speedup;
mod table;
mod what_if;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_engine::record::Snapshot;
use workbench_engine::result::RunResult;

use super::keymap::{Keys, action_of, bindings_of, key};
use super::run::scroll_by;
use super::widgets::{Scroll, neighbour};
use super::{ViewAction, too_small};
use crate::tui::binding::Binding;
use crate::tui::theme::Theme;
use table::Table;

static KEYS: Keys<15> = [
    key(
        ViewAction::NextPanel,
        &["Tab"],
        "panel",
        "Go to the next panel",
    ),
    key(
        ViewAction::PrevPanel,
        &["BackTab"],
        "",
        "Go to the panel before",
    ),
    key(
        ViewAction::Zoom,
        &["z", "Enter"],
        "zoom",
        "Show the panel alone, and back",
    ),
    key(
        ViewAction::Left,
        &["Left", "h"],
        "fewer workers",
        "Move the cursor of the what-if chart to fewer workers",
    ),
    key(
        ViewAction::Right,
        &["Right", "l"],
        "more workers",
        "Move the cursor of the what-if chart to more workers",
    ),
    key(
        ViewAction::NextArm,
        &["a"],
        "arm",
        "Show the next arm in the what-if chart and in the table",
    ),
    key(
        ViewAction::Sort,
        &["s"],
        "sort",
        "Sort the table by the next column",
    ),
    key(
        ViewAction::Reverse,
        &["S"],
        "",
        "Turn the order of the table around",
    ),
    key(
        ViewAction::Toggle,
        &["t"],
        "tasks",
        "Show tasks instead of items in the table, and back",
    ),
    key(ViewAction::Up, &["Up", "k"], "", "One line up in the panel"),
    key(
        ViewAction::Down,
        &["Down", "j"],
        "",
        "One line down in the panel",
    ),
    key(
        ViewAction::PageUp,
        &["PageUp"],
        "",
        "One page up in the panel",
    ),
    key(
        ViewAction::PageDown,
        &["PageDown"],
        "",
        "One page down in the panel",
    ),
    key(
        ViewAction::Home,
        &["Home", "g"],
        "",
        "To the start of the panel",
    ),
    key(
        ViewAction::End,
        &["End", "G"],
        "",
        "To the end of the panel",
    ),
];
static BINDINGS: [Binding; 15] = bindings_of(&KEYS);

/// A panel of the Result screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Panel {
    /// A bar per arm.
    #[default]
    Speedup,
    /// Where the time went.
    Lost,
    /// Warnings and diagnoses.
    Findings,
    /// Speed-ups on other numbers of workers.
    WhatIf,
    /// Measured speed-ups over the number of workers.
    Scaling,
    /// Items or tasks.
    Table,
    /// The machine, and what measuring cost.
    Machine,
}

impl Panel {
    /// Its name on a tab.
    fn name(self) -> &'static str {
        match self {
            Self::Speedup => "Speed-up",
            Self::Lost => "Lost time",
            Self::Findings => "Findings",
            Self::WhatIf => "What if",
            Self::Scaling => "Scaling",
            Self::Table => "Table",
            Self::Machine => "Machine",
        }
    }
}

/// The Result screen's own state.
#[derive(Debug)]
pub struct ResultView {
    focus: Panel,
    zoomed: bool,
    /// Number of workers that the what-if chart reads out.
    cursor: u32,
    /// How often the next arm was asked for.
    arm: usize,
    scroll: [Scroll; 7],
    table: Table,
    shown: Vec<Panel>,
}

impl Default for ResultView {
    fn default() -> Self {
        Self {
            focus: Panel::default(),
            zoomed: false,
            cursor: 8,
            arm: 0,
            scroll: [Scroll::default(); 7],
            table: Table::default(),
            shown: Vec::new(),
        }
    }
}

impl ResultView {
    /// The keys that work here, for footer and help.
    pub fn bindings() -> &'static [Binding] {
        &BINDINGS
    }

    /// What a key asks for, by its name in [`Self::bindings`].
    pub fn action(key: &str) -> Option<ViewAction> {
        action_of(&KEYS, key)
    }

    /// How often the table was put into order.
    #[cfg(test)]
    pub fn times_sorted(&self) -> u32 {
        self.table.sorted
    }

    /// Does what a key asks for.
    pub fn act(&mut self, action: ViewAction) {
        match action {
            ViewAction::NextPanel => self.step_focus(true),
            ViewAction::PrevPanel => self.step_focus(false),
            ViewAction::Zoom => self.zoomed = !self.zoomed,
            ViewAction::Left => self.cursor = self.cursor.saturating_sub(1).max(1),
            ViewAction::Right => self.cursor = self.cursor.saturating_add(1).min(what_if::MOST),
            ViewAction::NextArm => {
                self.arm = self.arm.wrapping_add(1);
                self.scroll[Panel::Table as usize].first = 0;
            }
            ViewAction::Sort => self.table.next_column(),
            ViewAction::Reverse => self.table.reverse(),
            ViewAction::Toggle => self.table.toggle(),
            ViewAction::Freeze => {}
            ViewAction::Up
            | ViewAction::Down
            | ViewAction::PageUp
            | ViewAction::PageDown
            | ViewAction::Home
            | ViewAction::End => scroll_by(&mut self.scroll[self.focus as usize], action),
        }
    }

    fn step_focus(&mut self, forward: bool) {
        self.focus = neighbour(&self.shown, self.focus, forward).unwrap_or(self.focus);
    }
}

/// Draws the Result screen.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &mut ResultView,
    result: &RunResult,
    snapshot: &Snapshot,
    theme: &Theme,
) {
    let buf = frame.buffer_mut();
    let area = area.intersection(buf.area);
    if too_small(buf, area, theme) {
        return;
    }
    let used = header::draw(buf, area, result, theme);
    let body = Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    };
    let (places, tabs) = layout::arrange(body, result);
    view.shown = tabs.as_ref().map_or_else(
        || places.iter().map(|(panel, _)| *panel).collect(),
        |tabs| tabs.panels.clone(),
    );
    if !view.shown.contains(&view.focus) {
        view.focus = Panel::default();
    }
    if view.zoomed {
        draw_panel(buf, (view.focus, body), view, result, snapshot, theme);
    } else if let Some(tabs) = tabs {
        layout::draw_tabs(buf, tabs.bar, &tabs.panels, view.focus, result, theme);
        draw_panel(buf, (view.focus, tabs.body), view, result, snapshot, theme);
    } else {
        for place in places {
            draw_panel(buf, place, view, result, snapshot, theme);
        }
    }
}

fn draw_panel(
    buf: &mut Buffer,
    (panel, place): (Panel, Rect),
    view: &mut ResultView,
    result: &RunResult,
    snapshot: &Snapshot,
    theme: &Theme,
) {
    let focused = view.focus == panel;
    let scroll = &mut view.scroll[panel as usize];
    match panel {
        Panel::Speedup => speedup::draw(buf, place, focused, scroll, result, theme),
        Panel::Lost => lost::draw(buf, place, focused, scroll, result, theme),
        Panel::Findings => findings::draw(buf, place, focused, scroll, result, theme),
        Panel::WhatIf => what_if::draw(buf, place, focused, (view.cursor, view.arm), result, theme),
        Panel::Scaling => scaling::draw(buf, place, focused, result, theme),
        Panel::Table => {
            view.table.draw(
                buf,
                place,
                focused,
                (scroll, view.arm),
                (result, snapshot),
                theme,
            );
        }
        Panel::Machine => machine::draw(buf, place, focused, scroll, result, theme),
    }
}

/// The place of an arm among the arms of the lab: 0 for the base.
fn arm_index(result: &RunResult, name: &str) -> usize {
    let mut names: Vec<&str> = Vec::new();
    for arm in &result.arms {
        if !names.contains(&arm.name.as_str()) {
            names.push(&arm.name);
        }
    }
    if !names.contains(&result.base.as_str()) {
        names.insert(0, &result.base);
    }
    names.iter().position(|n| *n == name).unwrap_or(1)
}
