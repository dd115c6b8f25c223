//! One bar per arm, one below the other: what speed-ups and lost time share.

use workbench_result::ArmResult;

use crate::kit::{Pane, Scroll, cells};
use crate::model::names::short_arm;

/// How the bars were laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Lines per arm: 1, or 2, or 3 with one between them.
    pub high: u16,
    /// Cells for the name where an arm has one line.
    pub label: u16,
}

/// Draws the panel: its title, and every visible arm in its place. `foot` is the number of lines
/// below the bars. Gives the part inside, and nothing where there is no arm.
pub fn draw<'a>(
    pane: Pane<'a>,
    title: &str,
    scroll: &mut Scroll,
    (arms, foot): (&[&ArmResult], u16),
    one: impl Fn(&mut Pane<'_>, &ArmResult, &Layout),
) -> Option<(Pane<'a>, Layout)> {
    let room = pane.area.height.saturating_sub(2 + foot);
    // Two lines per arm and one between them where there is room, one line per arm otherwise.
    let high = match room / u16::try_from(arms.len().max(1)).unwrap_or(u16::MAX) {
        0 | 1 => 1,
        2 => 2,
        _ => 3,
    };
    let page = usize::from((room / high).max(1));
    let (mut inner, window) = pane.scrolled(title, scroll, (arms.len(), page));
    let Some(label) = arms.iter().map(|arm| cells(&short(arm))).max() else {
        inner.nothing("no repeat of any arm has finished");
        return None;
    };
    let label = label.min(24);
    let layout = Layout { high, label };
    for (i, arm) in (0..).zip(&arms[window]) {
        one(&mut inner.band(i * high, high), arm, &layout);
    }
    Some((inner, layout))
}

/// An arm where there is one line for it.
pub fn short(arm: &ArmResult) -> String {
    short_arm(&arm.name, arm.workers)
}
