//! The lines on top: how busy the machine is in all, and what somebody should look at.

use workbench_monitor::MonitorLook;
use workbench_report::format;

use super::MonitorView;
use crate::kit::{Pane, cells, safe};

/// Alerts that have a line each.
const MOST: usize = 4;

/// Lines that the header takes of a screen of `height` lines.
pub fn height(look: &MonitorLook, height: u16) -> u16 {
    let alerts = look.alerts.len().min(if height < 30 { 1 } else { MOST });
    1 + alerts as u16
}

/// Draws it.
pub fn draw(pane: &mut Pane<'_>, look: &MonitorLook, view: &MonitorView) {
    let theme = pane.theme;
    let frozen = if view.is_frozen() { " FROZEN " } else { "" };
    let mut row = pane.row(0);
    row.skip(1).text("This machine", theme.title);
    for fact in facts(look) {
        if cells(&fact) + 3 + cells(frozen) <= row.rest() {
            row.skip(3).text(&fact, theme.text);
        }
    }
    if !frozen.is_empty() {
        row.last(cells(frozen)).text(frozen, theme.selected);
    }
    let lines = usize::from(pane.area.height).saturating_sub(1);
    for (line, alert) in (1..).zip(look.alerts.iter().take(lines)) {
        let more = look.alerts.len() - lines;
        let more = match (usize::from(line) == lines, more) {
            (true, 1..) => format!("and {more} more "),
            _ => String::new(),
        };
        let room = pane.area.width.saturating_sub(cells(&more) + 5);
        let mut row = pane.row(line);
        row.skip(1).text(theme.glyphs.warning, theme.bad).skip(1);
        row.at_most(&safe(&alert.text), room, theme.warn);
        row.last(cells(&more)).text(&more, theme.dim);
    }
}

/// What is said of the whole machine, the most useful first.
fn facts(look: &MonitorLook) -> Vec<String> {
    let state = &look.state;
    let busy: f32 = state.cores.iter().map(|core| core.busy).sum();
    let cores = state.cores.len();
    let mut facts = vec![format!(
        "{busy:.1} of {} busy",
        format::counted(cores as u64, "core")
    )];
    if let Some(usable) = state
        .group
        .usable_cores
        .filter(|usable| *usable < cores as f64)
    {
        facts.push(format!("{} usable", format::number(usable)));
    }
    if let Some(load) = &state.load {
        let load: Vec<String> = load.iter().map(|load| format!("{load:.1}")).collect();
        facts.push(format!("load {}", load.join(" ")));
    }
    let counts = state.counts;
    facts.push(format!(
        "{} processes, {}",
        format::count(counts.processes),
        format::counted(counts.threads, "thread")
    ));
    if let Some(up) = state.uptime_s {
        facts.push(format!("up {}", up_time(up)));
    }
    facts
}

fn up_time(seconds: f64) -> String {
    const DAY: f64 = 86_400.0;
    if seconds >= 2.0 * DAY {
        format!("{:.0} days", (seconds / DAY).floor())
    } else {
        format::stretch(seconds)
    }
}
