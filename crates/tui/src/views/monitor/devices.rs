//! Memory, what tasks stall for, disks and network: a line each.

use std::fmt::Write as _;

use workbench_machine::state::MachineState;
use workbench_monitor::{Alert, AlertKind, AlertSubject, MonitorLook, Trace};
use workbench_report::format;

use super::MonitorView;
use crate::kit::strip::strip;
use crate::kit::{Pane, Scroll, cells, position, safe};

/// Columns of the first column.
const LABEL: u16 = 9;
/// File systems that are shown.
const MOST: usize = 6;

/// A line of the panel.
struct DeviceLine {
    label: String,
    /// How full it is, or how busy.
    share: Option<f64>,
    text: String,
    /// What its history shows.
    trace: Option<Trace>,
    /// An alert says that somebody should look at it.
    warn: bool,
}

impl DeviceLine {
    fn new(label: &str, text: String) -> Self {
        Self {
            label: label.to_owned(),
            share: None,
            text,
            trace: None,
            warn: false,
        }
    }
}

/// How many lines there are.
pub fn lines(state: &MachineState) -> usize {
    all(state, &[]).len()
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, look: &MonitorLook, view: &MonitorView) {
    let all = all(&look.state, &look.alerts);
    let page = usize::from(pane.area.height.saturating_sub(2));
    let window = scroll.window(all.len(), page);
    let place = position(&window, all.len());
    let mut inner = pane.panel(("Memory, disks, network", &place));
    for (line, device) in (0..).zip(&all[window]) {
        one(&mut inner.band(line, 1), device, view);
    }
}

fn one(place: &mut Pane<'_>, device: &DeviceLine, view: &MonitorView) {
    let (theme, width) = (place.theme, place.area.width);
    let mut row = place.row(0);
    row.left(&device.label, LABEL, theme.dim).skip(1);
    let bar = if width >= 60 { 10 } else { 0 };
    if let Some(share) = device.share {
        let style = if device.warn {
            theme.warn
        } else {
            theme.heat(share)
        };
        row.bar(share, bar, style).skip(u16::from(bar > 0));
        row.right(&format!("{:.0} %", share * 100.0), 5, theme.text)
            .skip(2);
    } else {
        let gap = if bar > 0 { bar + 8 } else { 7 };
        if cells(&device.text) + gap <= row.rest() {
            row.skip(gap);
        }
    }
    let style = if device.warn { theme.warn } else { theme.text };
    // Strips stand below each other where texts are short.
    let text = cells(&device.text).max(if bar > 0 { 44 } else { 24 });
    row.left(&device.text, text, style);
    let Some(trace) = device.trace else {
        return;
    };
    row.skip(1);
    let left = row.rest();
    let mut area = place.area;
    area.x = area.right() - left;
    area.width = left;
    let columns = match trace {
        Trace::Memory => view.columns(trace, left),
        _ => view.rates(trace, left).0,
    };
    let style = (trace != Trace::Memory).then(|| theme.series(0));
    strip(&mut place.part(area), &columns, style);
}

fn all(state: &MachineState, alerts: &[Alert]) -> Vec<DeviceLine> {
    // Where a control group has less memory than the machine, the alert is about that.
    let full = told(alerts, AlertKind::Memory, &AlertSubject::Machine);
    let in_group = state.group.memory().is_some();
    let mut lines = of_memory(state, full && !in_group);
    let throttled = told(alerts, AlertKind::Quota, &AlertSubject::Machine);
    lines.extend(of_group(state, (full, throttled)));
    if let Some(stalls) = &state.stalls {
        let [cpu, memory, io] =
            [stalls.cpu, stalls.memory, stalls.io].map(|share| format!("{:.0} %", share * 100.0));
        let text = format!("a task waited: core {cpu}, memory {memory}, disk {io}");
        lines.push(DeviceLine {
            warn: told(alerts, AlertKind::MemoryStalls, &AlertSubject::Machine),
            ..DeviceLine::new("stalls", text)
        });
    }
    lines.extend(of_disks(state));
    for place in state.file_systems.iter().take(MOST) {
        let used = format::bytes_of(place.used_bytes(), place.total_bytes);
        let left = format::bytes(place.available_bytes);
        let subject = AlertSubject::FileSystem(place.place.clone());
        lines.push(DeviceLine {
            share: place.used_share(),
            warn: told(alerts, AlertKind::Disk, &subject),
            ..DeviceLine::new(&safe(&place.place), format!("{used}, {left} left"))
        });
    }
    lines.extend(of_networks(state));
    lines
}

/// Whether an alert is about this.
fn told(alerts: &[Alert], kind: AlertKind, subject: &AlertSubject) -> bool {
    alerts
        .iter()
        .any(|alert| alert.kind == kind && alert.subject == *subject)
}

fn of_memory(state: &MachineState, warn: bool) -> Vec<DeviceLine> {
    let memory = &state.memory;
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let used = memory.used_bytes();
    let mut text = match used {
        Some(used) => format::bytes_of(used, memory.total_bytes),
        None => format!("{} in all", format::bytes(memory.total_bytes)),
    };
    if let Some(cached) = memory.cached_bytes {
        let _ = write!(text, ", cached {}", format::bytes(cached));
    }
    let mut lines = vec![DeviceLine {
        share: used.map(|used| share(used, memory.total_bytes)),
        trace: Some(Trace::Memory),
        warn,
        ..DeviceLine::new("memory", text)
    }];
    let swap = memory.swap_used_bytes.zip(memory.swap_total_bytes);
    if let Some((used, all)) = swap.filter(|(_, all)| *all > 0) {
        lines.push(DeviceLine {
            share: Some(share(used, all)),
            ..DeviceLine::new("swap", format::bytes_of(used, all))
        });
    }
    lines
}

fn of_group(state: &MachineState, (full, held): (bool, bool)) -> Vec<DeviceLine> {
    let group = &state.group;
    let mut lines = Vec::new();
    if let Some((used, limit)) = group.memory() {
        lines.push(DeviceLine {
            share: Some(used as f64 / limit.max(1) as f64),
            warn: full,
            ..DeviceLine::new(
                "cgroup",
                format!("{} of its memory", format::bytes_of(used, limit)),
            )
        });
    }
    if let Some(quota) = group.quota_cores {
        let throttled = group.throttled_cores.unwrap_or(0.0);
        let text = format!(
            "{} cores, throttled {throttled:.2} cores",
            format::number(quota)
        );
        lines.push(DeviceLine {
            warn: held,
            ..DeviceLine::new("quota", text)
        });
    }
    lines
}

fn rate(bytes_s: f64) -> String {
    format!("{}/s", format::bytes(bytes_s.max(0.0) as u64))
}

fn of_disks(state: &MachineState) -> impl Iterator<Item = DeviceLine> {
    let one = state.disks.len() == 1;
    state.disks.iter().map(move |disk| {
        let [read, written] = [disk.read_bytes_s, disk.write_bytes_s].map(rate);
        DeviceLine {
            share: Some(f64::from(disk.busy)),
            trace: one.then_some(Trace::Disks),
            ..DeviceLine::new(&safe(&disk.name), format!("read {read}, written {written}"))
        }
    })
}

fn of_networks(state: &MachineState) -> impl Iterator<Item = DeviceLine> {
    let one = state.networks.len() == 1;
    state.networks.iter().map(move |net| {
        let [received, sent] = [net.received_bytes_s, net.sent_bytes_s].map(rate);
        let faults = match net.faults {
            0 => String::new(),
            n => format!(", {}", format::counted(n, "fault")),
        };
        DeviceLine {
            trace: one.then_some(Trace::Networks),
            warn: net.faults > 0,
            ..DeviceLine::new(
                &safe(&net.name),
                format!("in {received}, out {sent}{faults}"),
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use workbench_machine::state::{GroupState, MemoryState};
    use workbench_monitor::{AlertLimits, AlertWatch};

    use super::*;

    /// The lines that warn, with limits as a person types them.
    fn warnings(state: &MachineState, typed: &[&str]) -> Vec<String> {
        let typed = typed.iter().map(|limit| limit.parse().unwrap());
        let limits = AlertLimits::default().with(typed);
        let alerts = AlertWatch::new(limits).at_once().look(state);
        let lines = all(state, &alerts).into_iter();
        lines
            .filter(|line| line.warn)
            .map(|line| line.label)
            .collect()
    }

    #[test]
    fn a_line_warns_where_an_alert_says_so() {
        let mut state = MachineState {
            memory: MemoryState {
                total_bytes: 100,
                available_bytes: Some(50),
                ..MemoryState::default()
            },
            ..MachineState::default()
        };
        assert_eq!(warnings(&state, &[]), [""; 0]);
        assert_eq!(warnings(&state, &["memory=0.4"]), ["memory"]);
        state.memory.available_bytes = Some(1);
        assert_eq!(warnings(&state, &[]), ["memory"]);
        assert_eq!(warnings(&state, &["memory=off"]), [""; 0]);
        state.group = GroupState {
            memory_limit_bytes: Some(10),
            memory_used_bytes: Some(10),
            quota_cores: Some(1.0),
            throttled_cores: Some(0.3),
            ..GroupState::default()
        };
        assert_eq!(warnings(&state, &[]), ["cgroup", "quota"]);
        assert_eq!(warnings(&state, &["quota=0.5"]), ["cgroup"]);
    }

    #[test]
    fn a_machine_that_does_not_say_what_is_available_is_not_full() {
        let state = MachineState {
            memory: MemoryState {
                total_bytes: 1 << 30,
                ..MemoryState::default()
            },
            ..MachineState::default()
        };
        let lines = all(&state, &[]);
        assert_eq!(lines[0].share, None);
        assert_eq!(lines[0].text, "1.00 GiB in all");
    }
}
