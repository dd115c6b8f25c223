//! The Compare screen: runs side by side, each with a letter, a mark and a colour of its own.
//!
//! ```text
//! A ● 20261121-101502-rf-3f9a  rf quick          B ○ 20261120-093000-rf-0b1c  rf quick
//! ╭─ What they say ─────────────────────╮╭─ Set differently ─────────────────────────╮
//! │ B's trees is 1.12× as fast as A's … ││             A           B                 │
//! ├─ Arms ──────────────────────────────┴┴───────────────────────────────────────────┤
//! │ trees on 2 workers                                                               │
//! │ A ● ██████████├┤  1.12 s (1.10 to 1.14)   ██████████├┤  1.93× (1.90 to 1.95)     │
//! ├─ Scaling ───────────────────────────┬┬─ Curves: test R² ─────────────────────────┤
//! ╰─────────────────────────────────────╯╰───────────────────────────────────────────╯
//! ```
//!
//! On small screens the panels are tabs. Belongs here: drawing a comparison. Does not belong here: finding facts and
//! wording sentences, which is [`workbench_history::comparison`]'s.

mod arms;
mod charts;
mod header;
mod layout;
mod notes;
mod settings;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::keymap::{COMMON, Keys, bindings_of, key, with_common};
use super::widgets::{Row, Scroll};
use super::{Focus, Keyed, ViewAction, too_small};
use crate::binding::Binding;
use crate::theme::Theme;
use workbench_history::comparison::{Comparison, Curves};

const OWN_KEYS: Keys<4> = [
    key(
        ViewAction::NextArm,
        &["a"],
        "arm",
        "Show the next arm in the charts",
    ),
    key(
        ViewAction::Right,
        &["Right", "l"],
        "next curve",
        "Show the next recorded curve",
    ),
    key(
        ViewAction::Left,
        &["Left", "h"],
        "",
        "Show the recorded curve before",
    ),
    key(
        ViewAction::Toggle,
        &["t"],
        "bars",
        "Draw bars of speed-ups instead of times, where there is room for one of the two",
    ),
];
static KEYS: Keys<{ 4 + COMMON }> = with_common(&OWN_KEYS);
static BINDINGS: [Binding; 4 + COMMON] = bindings_of(&KEYS);

/// A panel of the Compare screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Panel {
    /// What may be said.
    #[default]
    Notes,
    /// A bar per arm and run.
    Arms,
    /// What differs.
    Settings,
    /// Speed-ups over the number of workers.
    Scaling,
    /// Recorded curves.
    Curves,
}

impl Panel {
    /// Its name on a tab.
    fn name(self) -> &'static str {
        match self {
            Self::Notes => "What they say",
            Self::Arms => "Arms",
            Self::Settings => "Settings",
            Self::Scaling => "Scaling",
            Self::Curves => "Curves",
        }
    }
}

/// The Compare screen's own state.
#[derive(Debug, Default)]
pub struct CompareView {
    focus: Focus<Panel>,
    /// Bars show speed-ups.
    speedups: bool,
    /// How often the next arm was asked for.
    arm: usize,
    /// How often the next curve was asked for.
    curve: usize,
    scroll: [Scroll; 5],
}

impl CompareView {
    /// Does what a key asks for.
    pub fn act(&mut self, action: ViewAction) {
        if self.focus.act(action) {
            return;
        }
        match action {
            ViewAction::NextArm => self.arm = self.arm.wrapping_add(1),
            ViewAction::Right => self.curve = self.curve.wrapping_add(1),
            ViewAction::Left => self.curve = self.curve.wrapping_sub(1),
            ViewAction::Toggle => self.speedups = !self.speedups,
            _ => self.scroll[self.focus.panel as usize].act(action),
        }
    }
}

impl Keyed for CompareView {
    const KEYS: &'static [(ViewAction, Binding)] = &KEYS;
    const BINDINGS: &'static [Binding] = &BINDINGS;
}

/// What is drawn.
type Facts<'a> = (&'a Comparison, &'a [Curves]);

/// Draws the Compare screen.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &mut CompareView,
    facts: Facts<'_>,
    theme: &Theme,
) {
    let buf = frame.buffer_mut();
    let area = area.intersection(buf.area);
    if too_small(buf, area, theme) {
        return;
    }
    let used = header::draw(buf, area, facts.0, theme);
    let body = Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    };
    let (places, tabs) = layout::arrange(body, facts);
    let shown = tabs.as_ref().map_or_else(
        || places.iter().map(|(panel, _)| *panel).collect(),
        |tabs| tabs.panels.clone(),
    );
    view.focus.choose_from(shown);
    let focus = view.focus.panel;
    if view.focus.zoomed {
        draw_panel(buf, (focus, body), view, facts, theme);
    } else if let Some(tabs) = tabs {
        layout::draw_tabs(buf, tabs.bar, &tabs.panels, focus, facts.0, theme);
        draw_panel(buf, (focus, tabs.body), view, facts, theme);
    } else {
        for place in places {
            draw_panel(buf, place, view, facts, theme);
        }
    }
}

fn draw_panel(
    buf: &mut Buffer,
    (panel, place): (Panel, Rect),
    view: &mut CompareView,
    (comparison, curves): Facts<'_>,
    theme: &Theme,
) {
    let focused = view.focus.panel == panel;
    let scroll = &mut view.scroll[panel as usize];
    match panel {
        Panel::Notes => notes::draw(buf, place, focused, scroll, comparison, theme),
        Panel::Settings => settings::draw(buf, place, focused, scroll, comparison, theme),
        Panel::Arms => {
            let speedups = view.speedups;
            arms::draw(buf, place, focused, (scroll, speedups), comparison, theme);
        }
        Panel::Scaling => charts::scaling(buf, place, focused, view.arm, comparison, theme),
        Panel::Curves => {
            let chosen = (view.curve, view.arm);
            charts::curves(buf, place, focused, chosen, (comparison, curves), theme);
        }
    }
}

/// The colour of a run.
fn colour(run: usize, theme: &Theme) -> Style {
    theme.series(run)
}

/// A run's letter and mark, in its colour: three cells.
fn name_run(row: &mut Row<'_>, run: usize, letter: &str, theme: &Theme) {
    let style = colour(run, theme);
    row.cell(letter, style)
        .skip(1)
        .cell(theme.glyphs.series_point(run), style);
}
