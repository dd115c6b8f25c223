//! The GPUs and their MIG devices: all that a card says where there is room for it, a line each
//! where there is not.
//!
//! "Busy" is the share of time in which any kernel ran; it says nothing of how well the GPU was
//! used, and is called so.

use workbench_machine::gpu::GpuState;
use workbench_machine::state::MachineState;
use workbench_monitor::{GpuPlace, Trace};
use workbench_report::format;

use super::gpu_words::{number, percent, reason};
use super::table::fitting;
use super::{MonitorView, gpu_card};
use crate::kit::strip::strip;
use crate::kit::{Pane, Scroll, position};

/// Lines that so many GPUs take as lines.
pub fn height_for(gpus: u16) -> u16 {
    if gpus == 1 {
        gpu_card::HEIGHT
    } else {
        gpus.saturating_add(1)
    }
}

/// More lines than this would be empty.
pub fn most_for(gpus: u16) -> u16 {
    if gpus == 1 {
        gpu_card::HEIGHT + gpu_card::HISTORY
    } else {
        gpus.saturating_mul(HIGHEST).saturating_add(1)
    }
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, state: &MachineState, view: &MonitorView) {
    let theme = pane.theme;
    let gpus = &state.gpus;
    let (width, height) = (
        pane.area.width.saturating_sub(4),
        pane.area.height.saturating_sub(2),
    );
    let abreast = gpu_card::abreast(width, gpus.len());
    let card_rows = gpus.len().div_ceil(abreast);
    let as_cards = usize::from(height) >= card_rows * usize::from(gpu_card::HEIGHT)
        || usize::from(height) < gpus.len() && height >= gpu_card::HEIGHT && view.is_zoomed();
    let page = if as_cards {
        usize::from(height / gpu_card::HEIGHT) * abreast
    } else {
        usize::from(height.saturating_sub(1))
    };
    let window = scroll.window(gpus.len(), page);
    let place = position(&window, gpus.len());
    let dot = theme.glyphs.dot;
    let stale = view.is_old(state.gpus_age_s);
    let what = if stale {
        format!("{} old", format::stretch(state.gpus_age_s.round()))
    } else {
        "busy = a kernel ran".to_owned()
    };
    let title = format!("GPUs {dot} {} {dot} {what}", counted(gpus));
    let mut inner = pane.panel((&title, &place));
    if gpus.is_empty() {
        inner.nothing("this machine reports no GPU");
        return;
    }
    if as_cards {
        gpu_card::draw(&mut inner, &gpus[window], abreast, view);
    } else {
        rows(&mut inner, &gpus[window], stale, view);
    }
}

/// How many there are: GPUs, and the MIG devices that some are divided into.
fn counted(gpus: &[GpuState]) -> String {
    let whole = gpus.iter().filter(|gpu| gpu.mig.is_none()).count();
    match gpus.len() - whole {
        0 => whole.to_string(),
        parts => format!(
            "{whole} and {}",
            format::counted(parts as u64, "MIG device")
        ),
    }
}

/// A column of the table: its name, its width with the gap before it, how useful it is, and what
/// it says.
type GpuColumn = (&'static str, u16, u8, fn(&GpuState) -> String);

const COLUMNS: [GpuColumn; 11] = [
    ("busy", 6, 20, |gpu| percent(gpu.busy)),
    ("SM", 6, 12, |gpu| percent(gpu.sm_active)),
    ("tensor", 7, 11, |gpu| percent(gpu.tensor_active)),
    ("memory GiB", 14, 19, memory),
    ("mem bw", 7, 6, |gpu| percent(gpu.memory_bandwidth)),
    ("power", 12, 15, power),
    ("temp", 7, 18, |gpu| {
        format::or_missing(gpu.temperature_c, |degrees| format!("{degrees} °C"))
    }),
    ("SM MHz", 8, 9, |gpu| {
        format::or_missing(gpu.sm_mhz, |mhz| format::count(u64::from(mhz)))
    }),
    ("PCIe in/out", 18, 5, |gpu| {
        both(gpu.pcie.received_bytes_s, gpu.pcie.sent_bytes_s)
    }),
    ("NVLink in/out", 18, 4, |gpu| {
        both(gpu.nvlink.received_bytes_s, gpu.nvlink.sent_bytes_s)
    }),
    ("procs", 7, 3, |gpu| gpu.processes.len().to_string()),
];

/// Columns of the number of a GPU and its MIG device.
const NUMBER: u16 = 5;
/// A strip of history is no higher than this.
const HIGHEST: u16 = 3;
/// Columns of what holds the clocks down.
const REASON: u16 = 20;

fn rows(inner: &mut Pane<'_>, gpus: &[GpuState], stale: bool, view: &MonitorView) {
    let theme = inner.theme;
    let room = inner.area.width.saturating_sub(NUMBER + REASON + 2);
    let widths: Vec<(u16, u8)> = COLUMNS
        .iter()
        .map(|(_, wide, use_, _)| (*wide, *use_))
        .collect();
    let kept = fitting(&widths, room);
    let columns: Vec<&GpuColumn> = COLUMNS
        .iter()
        .zip(kept)
        .filter(|(_, kept)| *kept)
        .map(|(column, _)| column)
        .collect();
    let mut head = inner.row(0);
    head.left("gpu", NUMBER, theme.dim);
    for (name, wide, ..) in &columns {
        head.right(name, *wide, theme.dim);
    }
    head.skip(2)
        .text("held down by, history of busy", theme.dim);
    // Where there is room, the history is higher.
    let spare = (inner.area.height.saturating_sub(1)) / (gpus.len().max(1) as u16);
    let high = spare.clamp(1, HIGHEST);
    for (at, gpu) in (0..).zip(gpus) {
        let line = 1 + at * high;
        let style = if stale { theme.dim } else { theme.text };
        let mut row = inner.row(line);
        row.left(&number(gpu), NUMBER, style);
        for (_, wide, _, say) in &columns {
            row.right(&say(gpu), *wide, style);
        }
        row.skip(2);
        let (text, style) = reason(gpu, theme);
        if !text.is_empty() {
            row.at_most(&text, REASON, style).skip(1);
        }
        let left = row.rest();
        let mut area = inner.band(line, high).area;
        area.x = area.right().saturating_sub(left);
        area.width = left;
        strip(
            &mut inner.part(area),
            &view.columns(Trace::Gpu(GpuPlace::of(gpu)), left),
            None,
        );
    }
}

fn memory(gpu: &GpuState) -> String {
    let gib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 30));
    match (gpu.memory_used_bytes, gpu.memory_total_bytes) {
        (Some(used), Some(all)) => format!("{} of {}", gib(used), gib(all)),
        (used, _) => format::or_missing(used, gib),
    }
}

fn power(gpu: &GpuState) -> String {
    match (gpu.power_w, gpu.power_limit_w) {
        (Some(drawn), Some(limit)) => format!("{drawn:.0}/{limit:.0} W"),
        (drawn, _) => format::or_missing(drawn, |watts| format!("{watts:.0} W")),
    }
}

/// Two rates in one column.
fn both(received: Option<u64>, sent: Option<u64>) -> String {
    let short = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 30));
    match (received, sent) {
        (Some(received), Some(sent)) => format!("{}/{} GiB/s", short(received), short(sent)),
        _ => format::or_missing(None::<u64>, |_| String::new()),
    }
}
