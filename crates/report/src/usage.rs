//! What every arm used besides time: memory, page faults, switches, and what the processor counted.

use super::arms::finished;
use super::format;
use super::tables::{ReportTable, subject};
use workbench_clock::seconds;
use workbench_machine::monitor::ResourceUse;
use workbench_result::RunResult;

/// What stands below the table on a page.
pub(super) const EXPLAINED: &str = "Medians over the repeats, of the program and the processes that \
     it waited for. Page faults without a disk: memory was used for the first time. Switches: a \
     thread waited, or was taken off its core. Instructions, cycles and cache misses are those of \
     the arm's threads and processes outside the kernel. Bytes read and written are those of system \
     calls. Started processes are the program and all that it and its children started; with ≥, only \
     those that were seen are counted.";

/// A figure in the cells of a table.
type Figure = (&'static str, fn(&ResourceUse) -> Option<String>);

/// Figures that every system tells.
const ALWAYS: [Figure; 5] = [
    ("peak memory", |used| {
        let bytes = used.peak_memory_bytes;
        (bytes > 0).then(|| format::bytes(bytes))
    }),
    ("page faults", |used| Some(format::count(used.minor_faults))),
    ("of them with a disk", |used| {
        Some(format::count(used.major_faults))
    }),
    ("switches to wait", |used| {
        Some(format::count(used.voluntary_switches))
    }),
    ("switches taken off", |used| {
        Some(format::count(used.involuntary_switches))
    }),
];

/// Figures that some machines tell.
const SOMETIMES: [Figure; 9] = [
    ("mean frequency", |used| {
        Some(format!("{} MHz", format::count(used.mhz?.round() as u64)))
    }),
    ("instructions", |used| {
        Some(format::number(used.hardware?.instructions as f64))
    }),
    ("cycles per instruction", |used| {
        let counts = used.hardware.filter(|counts| counts.instructions > 0)?;
        let each = counts.cycles as f64 / counts.instructions as f64;
        Some(format!("{each:.3}"))
    }),
    ("cache misses", |used| {
        Some(format::number(used.hardware?.cache_misses? as f64))
    }),
    ("user time", |used| {
        Some(format::seconds(seconds(used.processes?.user_ns)))
    }),
    ("system time", |used| {
        Some(format::seconds(seconds(used.processes?.system_ns)))
    }),
    ("read", |used| {
        Some(format::bytes(used.processes?.read_bytes?))
    }),
    ("written", |used| {
        Some(format::bytes(used.processes?.written_bytes?))
    }),
    ("started processes", |used| {
        let started = used.processes?.started?;
        let least = if started.at_least { "≥ " } else { "" };
        Some(format!("{least}{}", format::count(started.count)))
    }),
];

/// A row per arm and number of workers; empty where nothing was recorded. Figures that no arm has
/// are left out.
pub(super) fn table(result: &RunResult) -> ReportTable {
    let arms: Vec<_> = finished(result)
        .filter_map(|arm| Some((arm, arm.usage.as_ref()?)))
        .collect();
    let told = |figure: &&Figure| arms.iter().any(|(_, used)| figure.1(used).is_some());
    let figures: Vec<&Figure> = ALWAYS.iter().chain(SOMETIMES.iter().filter(told)).collect();
    let mut table = ReportTable::new(&[("arm", false), ("workers", true)]);
    for (title, _) in &figures {
        table.column(*title, true);
    }
    for (arm, used) in &arms {
        let mut row = subject(arm);
        let cells = figures
            .iter()
            .map(|(_, cell)| format::or_missing(cell(used), |text| text));
        row.extend(cells);
        table.rows.push(row);
    }
    table
}

/// The columns of a repeat's usage in the table of tasks.
pub(super) const COLUMNS: [&str; 9] = [
    "repeat_peak_memory_bytes",
    "repeat_minor_faults",
    "repeat_major_faults",
    "repeat_voluntary_switches",
    "repeat_involuntary_switches",
    "repeat_mean_mhz",
    "repeat_instructions",
    "repeat_cycles",
    "repeat_cache_misses",
];

/// The cells of these columns; empty where a figure is not known.
pub(super) fn cells(used: Option<&ResourceUse>) -> [String; 9] {
    let count = |figure: fn(&ResourceUse) -> Option<u64>| {
        let value = used.and_then(figure);
        value.map_or_else(String::new, |value| value.to_string())
    };
    let mhz = used.and_then(|used| used.mhz).filter(|mhz| mhz.is_finite());
    [
        count(|used| Some(used.peak_memory_bytes).filter(|bytes| *bytes > 0)),
        count(|used| Some(used.minor_faults)),
        count(|used| Some(used.major_faults)),
        count(|used| Some(used.voluntary_switches)),
        count(|used| Some(used.involuntary_switches)),
        mhz.map_or_else(String::new, |mhz| format!("{mhz:.0}")),
        count(|used| Some(used.hardware?.instructions)),
        count(|used| Some(used.hardware?.cycles)),
        count(|used| used.hardware?.cache_misses),
    ]
}
