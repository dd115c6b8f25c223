//! The cores, by socket and node.
//!
//! Few cores get a line each with share, clock, temperature and history; many become a cell each,
//! over the history of them all.

use workbench_machine::state::{CoreState, MachineState};
use workbench_monitor::Trace;
use workbench_report::format;

use super::MonitorView;
use crate::kit::strip::strip;
use crate::kit::{Pane, Scroll, column, position};

/// Columns that a core's line needs at least: number, share, some history.
const LINE: u16 = 26;
/// Cores that are shown as lines at the most.
const MOST_LINES: u16 = 12;
/// Columns of the number in front of a row of cells.
const NUMBER: u16 = 4;
/// Lines of the history of all cores.
const HISTORY: u16 = 3;

/// Cores of one socket and node.
pub struct CoreGroup<'a> {
    socket: Option<u32>,
    node: Option<u32>,
    /// The cores, in the order of their numbers.
    pub cores: Vec<&'a CoreState>,
}

/// The cores by socket and node; one group where there is one of each.
pub fn groups(state: &MachineState) -> Vec<CoreGroup<'_>> {
    let mut groups: Vec<CoreGroup<'_>> = Vec::new();
    for core in &state.cores {
        let (socket, node) = (core.socket, core.node);
        let known = groups
            .iter_mut()
            .find(|group| (group.socket, group.node) == (socket, node));
        match known {
            Some(group) => group.cores.push(core),
            None => groups.push(CoreGroup {
                socket,
                node,
                cores: vec![core],
            }),
        }
    }
    groups.sort_by_key(|group| (group.socket, group.node));
    groups
}

/// Lines that groups of so many cores take.
pub fn height_for(groups: &[u16], width: u16) -> u16 {
    let heads = if groups.len() > 1 {
        groups.len() as u16
    } else {
        0
    };
    let lines: u16 = groups
        .iter()
        .map(|cores| cores.div_ceil(abreast(width)))
        .sum();
    if lines <= MOST_LINES {
        return lines + heads;
    }
    let rows: u16 = groups
        .iter()
        .map(|cores| cores.div_ceil(per_row(width)))
        .sum();
    rows + heads + HISTORY
}

/// Lines of cores that stand side by side.
fn abreast(width: u16) -> u16 {
    (width / LINE).clamp(1, 4)
}

/// Cells of a row: a multiple of 16, so that numbers stay easy to count.
fn per_row(width: u16) -> u16 {
    let fits = |n: &u16| n + n / 16 + NUMBER <= width;
    [128, 64, 48, 32, 16].into_iter().find(fits).unwrap_or(8)
}

/// A line of the panel.
enum Row<'a> {
    Head(&'a CoreGroup<'a>),
    /// Cores side by side, a line each.
    Lines(&'a [&'a CoreState]),
    /// Cores side by side, a cell each.
    Cells(&'a [&'a CoreState]),
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, state: &MachineState, view: &MonitorView) {
    let theme = pane.theme;
    let groups = groups(state);
    let (width, height) = (
        pane.area.width.saturating_sub(4),
        pane.area.height.saturating_sub(2),
    );
    let as_lines = rows(&groups, width, true);
    let in_lines = as_lines.len() <= usize::from(height.max(MOST_LINES));
    let rows = if in_lines {
        as_lines
    } else {
        rows(&groups, width, false)
    };
    let history = match usize::from(height).saturating_sub(rows.len()) as u16 {
        spare @ HISTORY.. => spare,
        _ => 0,
    };
    let page = usize::from(height - history);
    let window = scroll.window(rows.len(), page);
    let place = position(&window, rows.len());
    let step = format!("1 column = {}", format::stretch(view.column_s()));
    let note = if place.is_empty() {
        step
    } else {
        format!("lines {place}")
    };
    let title = format!("Cores {} {}", theme.glyphs.dot, state.cores.len());
    let mut inner = pane.panel((&title, &note));
    let shown = window.len() as u16;
    for (line, row) in (0..).zip(&rows[window]) {
        match row {
            Row::Head(group) => head(&mut inner.band(line, 1), group),
            Row::Cells(cores) => cells(&mut inner.band(line, 1), cores),
            Row::Lines(cores) => {
                let n = abreast(width);
                for (at, core) in (0..).zip(cores.iter()) {
                    let area = column(inner.band(line, 1).area, at, n);
                    one(&mut inner.part(area), core, view);
                }
            }
        }
    }
    if history > 0 {
        all(&mut inner.band(shown, history), state, view);
    }
}

fn rows<'a>(groups: &'a [CoreGroup<'a>], width: u16, in_lines: bool) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for group in groups {
        if groups.len() > 1 {
            rows.push(Row::Head(group));
        }
        let cores = &group.cores;
        if in_lines {
            // Numbers run downwards only in one column; side by side they are read as text.
            let lines = cores.chunks(usize::from(abreast(width)));
            rows.extend(lines.map(Row::Lines));
        } else {
            rows.extend(cores.chunks(usize::from(per_row(width))).map(Row::Cells));
        }
    }
    rows
}

fn head(place: &mut Pane<'_>, group: &CoreGroup<'_>) {
    let theme = place.theme;
    let mut names = Vec::new();
    names.extend(group.socket.map(|socket| format!("socket {socket}")));
    names.extend(group.node.map(|node| format!("node {node}")));
    let n = group.cores.len().max(1) as f32;
    let busy = group.cores.iter().map(|core| core.busy).sum::<f32>() / n;
    let mut row = place.row(0);
    row.text(&names.join(", "), theme.title).skip(2);
    row.right(&share(busy), 5, theme.text).skip(2);
    row.text("busy", theme.dim);
    let clocks: Vec<u32> = group.cores.iter().filter_map(|core| core.mhz).collect();
    if let Some(mean) = clocks.iter().sum::<u32>().checked_div(clocks.len() as u32) {
        row.skip(2).text(&gigahertz(mean), theme.dim);
    }
    let degrees = group.cores.iter().filter_map(|core| core.temperature_c);
    if let Some(most) = degrees.reduce(f32::max) {
        row.skip(2).text(&format!("up to {most:.0} °C"), theme.dim);
    }
}

fn share(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

fn gigahertz(mhz: u32) -> String {
    format!("{:.2} GHz", f64::from(mhz) / 1000.0)
}

/// A core on a line.
fn one(place: &mut Pane<'_>, core: &CoreState, view: &MonitorView) {
    let (theme, width) = (place.theme, place.area.width);
    let busy = f64::from(core.busy);
    let mut row = place.row(0);
    row.right(&core.id.to_string(), 3, theme.dim).skip(1);
    if width >= 40 {
        row.bar(busy, 10, theme.heat(busy));
    }
    row.right(&share(core.busy), 6, theme.text).skip(1);
    if let Some(mhz) = core.mhz.filter(|_| width >= 50) {
        row.right(&gigahertz(mhz), 8, theme.dim).skip(1);
    }
    if let Some(degrees) = core.temperature_c.filter(|_| width >= 40) {
        row.right(&format!("{degrees:.0} °C"), 6, theme.dim).skip(1);
    }
    if core.steal > 0.005 {
        row.text(&format!("steal {}", share(core.steal)), theme.warn)
            .skip(1);
    }
    let left = row.rest();
    let mut strip_at = place.area;
    strip_at.x = strip_at.right() - left;
    strip_at.width = left;
    strip(
        &mut place.part(strip_at),
        &view.columns(Trace::Core(core.id), left),
        None,
    );
}

/// A row of cells.
fn cells(place: &mut Pane<'_>, cores: &[&CoreState]) {
    let theme = place.theme;
    let mut row = place.row(0);
    let first = cores.first().map_or(0, |core| core.id);
    row.right(&first.to_string(), NUMBER - 1, theme.dim).skip(1);
    for (at, core) in cores.iter().enumerate() {
        if at > 0 && at % 16 == 0 {
            row.skip(1);
        }
        let busy = f64::from(core.busy);
        row.cell(theme.glyphs.level(busy.max(0.01)), theme.heat(busy));
    }
}

/// The history of all cores.
fn all(place: &mut Pane<'_>, state: &MachineState, view: &MonitorView) {
    let theme = place.theme;
    let n = state.cores.len().max(1) as f32;
    let busy = state.cores.iter().map(|core| core.busy).sum::<f32>() / n;
    let mut area = place.area;
    let label = format!("all {:>5} ", share(busy));
    place
        .part(area)
        .into_row(area.height - 1)
        .text(&label, theme.text);
    let wide = crate::kit::cells(&label).min(area.width);
    area.x += wide;
    area.width -= wide;
    if area.height > 2 {
        area.y += 1;
        area.height -= 1;
    }
    strip(
        &mut place.part(area),
        &view.columns(Trace::Cores, area.width),
        None,
    );
}
