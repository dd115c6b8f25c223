//! All that a GPU says of itself.

use ratatui::layout::Rect;
use workbench_machine::gpu::GpuState;
use workbench_monitor::{GpuPlace, Trace};
use workbench_report::format;

use super::MonitorView;
use super::gpu_words::{number, percent, reason};
use crate::kit::strip::strip;
use crate::kit::{Pane, column, safe};

/// Lines of a card, with a blank one.
pub const HEIGHT: u16 = 10;
/// Lines that the history may take besides.
pub const HISTORY: u16 = 6;
/// Columns that a card needs.
const WIDE: u16 = 72;
/// A strip of history that is shorter tells nothing.
const LEAST: u16 = 12;
/// Columns of the names of figures.
const LABEL: u16 = 11;

/// Cards side by side.
pub fn abreast(width: u16, gpus: usize) -> usize {
    usize::from((width / WIDE).max(1)).min(gpus.max(1))
}

/// Draws cards, so many side by side.
pub fn draw(inner: &mut Pane<'_>, gpus: &[GpuState], abreast: usize, view: &MonitorView) {
    let rows = gpus.len().div_ceil(abreast).max(1) as u16;
    let high = (inner.area.height / rows).max(1);
    for (at, gpu) in gpus.iter().enumerate() {
        let band = inner.band((at / abreast) as u16 * high, high).area;
        let area = column(band, (at % abreast) as u16, abreast as u16);
        one(&mut inner.part(area), gpu, view);
    }
}

fn one(pane: &mut Pane<'_>, gpu: &GpuState, view: &MonitorView) {
    let theme = pane.theme;
    let place = GpuPlace::of(gpu);
    let (why, style) = reason(gpu, theme);
    let mut row = pane.row(0);
    row.text(
        &format!("{} {}", number(gpu).trim(), safe(&gpu.name)),
        theme.title,
    );
    row.skip(2).whole(&safe(&gpu.uuid), theme.dim);
    for (line, (label, text, trace)) in (1..).zip(said(gpu, place)) {
        let mut row = pane.row(line);
        row.left(label, LABEL, theme.dim);
        row.text(&text, theme.text).skip(1);
        let left = row.rest();
        // The past of the figure, where it is worth a look.
        if let Some(trace) = trace.filter(|_| left >= LEAST) {
            let mut area = pane.band(line, 1).area;
            area.x = area.right() - left;
            area.width = left;
            strip(&mut pane.part(area), &view.columns(trace, left), None);
        }
    }
    let mut row = pane.row(8);
    row.left("held down", LABEL, theme.dim);
    match (&gpu.throttle, why.is_empty()) {
        (None, true) => row.text(
            &format::or_missing(None::<u8>, |_| String::new()),
            theme.dim,
        ),
        (_, true) => row.text("no", theme.text),
        (_, false) => row.text(&why, style),
    };
    let area = pane.area;
    let last = Rect {
        x: area.x + LABEL.min(area.width),
        y: area.y + 9,
        width: area.width.saturating_sub(LABEL),
        height: area.height.saturating_sub(9).min(HISTORY),
    };
    let last = last.intersection(area);
    pane.row(9).left("busy", LABEL, theme.dim);
    strip(
        &mut pane.part(last),
        &view.columns(Trace::Gpu(place), last.width),
        None,
    );
}

/// A line of a card: its name, what it says, and whose past follows.
type CardLine = (&'static str, String, Option<Trace>);

/// The figures of a GPU, a line each.
fn said(gpu: &GpuState, place: GpuPlace) -> [CardLine; 7] {
    [
        ("time", times(gpu), Some(Trace::GpuActive(place))),
        ("memory", memory(gpu), Some(Trace::GpuMemory(place))),
        ("power", power(gpu), Some(Trace::GpuPower(place))),
        ("heat", heat(gpu), None),
        ("clocks", clocks(gpu), None),
        ("links", links(gpu), None),
        ("errors", errors(gpu), None),
    ]
}

fn missing<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    format::or_missing(value, show)
}

fn times(gpu: &GpuState) -> String {
    format!(
        "kernel {}, SM active {}, tensor {}, occupancy {}",
        percent(gpu.busy),
        percent(gpu.sm_active),
        percent(gpu.tensor_active),
        percent(gpu.sm_occupancy)
    )
}

fn memory(gpu: &GpuState) -> String {
    let used = gpu.memory_used_bytes.zip(gpu.memory_total_bytes);
    // How long it was read or written says nothing of how much of its bandwidth was used.
    let (what, share) = match (gpu.memory_bandwidth, gpu.memory_busy) {
        (None, Some(busy)) => ("busy", Some(busy)),
        (bandwidth, _) => ("bandwidth", bandwidth),
    };
    format!(
        "{}, {what} {}, {}",
        missing(used, |(used, all)| format::bytes_of(used, all)),
        percent(share),
        users(gpu)
    )
}

fn users(gpu: &GpuState) -> String {
    const SHOWN: usize = 3;
    let one = |process: &workbench_machine::gpu::GpuProcess| {
        let memory = missing(process.memory_bytes, format::bytes);
        format!("{} ({memory})", process.pid)
    };
    let list: Vec<String> = gpu.processes.iter().take(SHOWN).map(one).collect();
    match gpu.processes.len() {
        0 => "no process".to_owned(),
        n if n > SHOWN => format!("{} and {} more", list.join(", "), n - SHOWN),
        _ => list.join(", "),
    }
}

fn power(gpu: &GpuState) -> String {
    let drawn = missing(gpu.power_w, |watts| format!("{watts:.0}"));
    let limit = missing(gpu.power_limit_w, |watts| format!("{watts:.0} W"));
    let energy = missing(gpu.energy_j, |joules| format!("{:.2} kWh", joules / 3.6e6));
    format!("{drawn} of {limit}, {energy} so far")
}

fn heat(gpu: &GpuState) -> String {
    let degrees = |value: Option<u32>| missing(value, |degrees| format!("{degrees} °C"));
    format!(
        "{}, memory {}, slows down at {}, fan {}",
        degrees(gpu.temperature_c),
        degrees(gpu.memory_temperature_c),
        degrees(gpu.slowdown_c),
        percent(gpu.fan)
    )
}

fn clocks(gpu: &GpuState) -> String {
    let mhz = |value: Option<u32>| missing(value, |mhz| format::count(u64::from(mhz)));
    format!(
        "SM {} of {} MHz, memory {} MHz",
        mhz(gpu.sm_mhz),
        mhz(gpu.sm_max_mhz),
        mhz(gpu.memory_mhz)
    )
}

fn links(gpu: &GpuState) -> String {
    let number = |value: Option<u32>| missing(value, |number| number.to_string());
    let rate = |value: Option<u64>| missing(value, |bytes| format!("{}/s", format::bytes(bytes)));
    format!(
        "PCIe {}×{} {} {}, NVLink {} {} {}",
        number(gpu.pcie.generation),
        number(gpu.pcie.lanes),
        rate(gpu.pcie.received_bytes_s),
        rate(gpu.pcie.sent_bytes_s),
        number(gpu.nvlink.active),
        rate(gpu.nvlink.received_bytes_s),
        rate(gpu.nvlink.sent_bytes_s)
    )
}

fn errors(gpu: &GpuState) -> String {
    let ecc = missing(gpu.ecc, |ecc| {
        format!("{} mended, {} not", ecc.corrected, ecc.uncorrected)
    });
    let xid = missing(gpu.xid.as_ref(), |xid| {
        let numbers: Vec<String> = xid.iter().map(u64::to_string).collect();
        if numbers.is_empty() {
            "none".to_owned()
        } else {
            numbers.join(", ")
        }
    });
    let replays = missing(gpu.pcie.replays, |n| n.to_string());
    format!("ECC {ecc}, Xid {xid}, PCIe replays {replays}")
}
