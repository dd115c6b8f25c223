//! The processes: sorted, as a tree, filtered, one of them selected.

use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_machine::state::{ProcessStatus, SeenProcess};
use workbench_monitor::{ProcessOrder, ProcessRow};
use workbench_report::format;

use super::MonitorView;
use super::table::fitting;
use crate::kit::{Pane, PaneRow, Scroll, below, position, safe};
use crate::views::filter;

/// Columns that a command gets at least.
const COMMAND: u16 = 16;
/// Deeper levels of the tree are not indented any more.
const DEEPEST: usize = 12;

/// A column.
struct ProcessColumn {
    name: &'static str,
    /// Its width, with the gap behind it.
    wide: u16,
    /// How useful it is.
    use_: u8,
    /// What it is sorted by.
    order: Option<ProcessOrder>,
    /// Words stand at the left, numbers at the right.
    words: bool,
    say: fn(&SeenProcess) -> String,
}

const fn numbers(
    (name, wide, use_): (&'static str, u16, u8),
    order: Option<ProcessOrder>,
    say: fn(&SeenProcess) -> String,
) -> ProcessColumn {
    ProcessColumn {
        name,
        wide,
        use_,
        order,
        words: false,
        say,
    }
}

const fn words(
    (name, wide, use_): (&'static str, u16, u8),
    say: fn(&SeenProcess) -> String,
) -> ProcessColumn {
    ProcessColumn {
        name,
        wide,
        use_,
        order: None,
        words: true,
        say,
    }
}

const COLUMNS: [ProcessColumn; 8] = [
    numbers(("PID", 8, 20), Some(ProcessOrder::Pid), |process| {
        process.pid.to_string()
    }),
    words(("USER", 9, 5), |process| process.user.clone()),
    words(("S", 2, 4), |process| process.status.letter().to_owned()),
    numbers(("CPU", 7, 19), Some(ProcessOrder::Cpu), |process| {
        format!("{:.0} %", process.cores * 100.0)
    }),
    numbers(("MEMORY", 10, 18), Some(ProcessOrder::Memory), |process| {
        format::bytes(process.memory_bytes)
    }),
    numbers(
        ("GPU MEM", 10, 10),
        Some(ProcessOrder::GpuMemory),
        |process| {
            process
                .gpu_memory_bytes
                .map_or_else(String::new, format::bytes)
        },
    ),
    numbers(("TIME", 9, 6), Some(ProcessOrder::Time), |process| {
        time(process.cpu_s)
    }),
    numbers(("THR", 5, 3), None, |process| process.threads.to_string()),
];

/// CPU time, short: `5.2`, `3:25`, `2:05:09`.
fn time(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{seconds:.1}"),
        60..3600 => format!("{}:{:02}", whole / 60, whole % 60),
        _ => format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60),
    }
}

/// Draws the panel; where its list is.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, view: &MonitorView) -> Rect {
    let theme = pane.theme;
    let filtered = u16::from(view.filter.is_shown());
    let (rows, selected) = view.rows();
    let page = usize::from(pane.area.height.saturating_sub(3 + filtered));
    scroll.window(rows.len(), page);
    if let Some(selected) = selected {
        scroll.keep_in_sight(selected);
    }
    let window = scroll.window(rows.len(), page);
    let place = position(&window, rows.len());
    let mut inner = pane.panel((&title(view), &place));
    if filtered > 0 {
        filter::draw(&view.filter, &mut inner.row(0));
    }
    let mut body = inner.below(filtered);
    let has_gpus = view.shown().is_some_and(|look| !look.state.gpus.is_empty());
    let columns = columns(body.area.width, has_gpus);
    head(&mut body, &columns, view);
    let list = below(body.area, 1);
    if rows.is_empty() {
        body.row(1)
            .text("no process matches this filter", theme.dim);
        return list;
    }
    let selected = selected.unwrap_or(0);
    for ((line, row), at) in (1..).zip(&rows[window.clone()]).zip(window) {
        let shown = at == selected && body.focused;
        one(&mut body, (line, row), &columns, (view, shown));
    }
    list
}

fn title(view: &MonitorView) -> String {
    let by = match view.wish.order {
        ProcessOrder::Cpu => "CPU",
        ProcessOrder::Memory => "memory",
        ProcessOrder::GpuMemory => "GPU memory",
        ProcessOrder::Time => "CPU time",
        ProcessOrder::Pid => "number",
        ProcessOrder::Name => "name",
    };
    let tree = if view.wish.tree { ", as a tree" } else { "" };
    let age = view.shown().map_or(0.0, |look| look.state.processes_age_s);
    let age = if age > 2.5 {
        format!(", {} old", format::stretch(age.round()))
    } else {
        String::new()
    };
    format!("Processes by {by}{tree}{age}")
}

fn columns(width: u16, has_gpus: bool) -> Vec<&'static ProcessColumn> {
    let wanted =
        |column: &&ProcessColumn| has_gpus || column.order != Some(ProcessOrder::GpuMemory);
    let columns: Vec<&ProcessColumn> = COLUMNS.iter().filter(wanted).collect();
    let widths: Vec<(u16, u8)> = columns
        .iter()
        .map(|column| (column.wide, column.use_))
        .collect();
    let kept = fitting(&widths, width.saturating_sub(COMMAND + 2));
    columns
        .into_iter()
        .zip(kept)
        .filter(|(_, kept)| *kept)
        .map(|(column, _)| column)
        .collect()
}

fn head(body: &mut Pane<'_>, columns: &[&ProcessColumn], view: &MonitorView) {
    let theme = body.theme;
    let order = &view.wish.order;
    let mark = theme.glyphs.order[usize::from(view.wish.reversed ^ (*order != ProcessOrder::Pid))];
    let mut row = body.row(0);
    row.skip(2);
    for column in columns {
        let sorted = column.order.as_ref() == Some(order);
        let style = if sorted { theme.accent } else { theme.dim };
        let mark = if sorted { mark } else { "" };
        aligned(&mut row, column, (&format!("{mark}{}", column.name), style));
    }
    let sorted = *order == ProcessOrder::Name;
    row.text("COMMAND", if sorted { theme.accent } else { theme.dim });
}

fn aligned(row: &mut PaneRow<'_>, column: &ProcessColumn, (text, style): (&str, Style)) {
    if column.words {
        row.left(text, column.wide - 1, style).skip(1);
    } else {
        row.right(text, column.wide - 1, style).skip(1);
    }
}

fn one(
    body: &mut Pane<'_>,
    (line, shown): (u16, &ProcessRow),
    columns: &[&ProcessColumn],
    (view, selected): (&MonitorView, bool),
) {
    let theme = body.theme;
    let Some(process) = view.process(shown) else {
        return;
    };
    let style = match process.status {
        ProcessStatus::Zombie | ProcessStatus::Uninterruptible => theme.warn,
        _ => theme.text,
    };
    let mut row = body.row(line);
    row.text(
        if selected {
            theme.either("▸ ", "> ")
        } else {
            "  "
        },
        theme.accent,
    );
    for column in columns {
        aligned(&mut row, column, (&(column.say)(process), style));
    }
    row.skip((shown.depth.min(DEEPEST) * 2) as u16);
    if shown.depth > 0 {
        row.text(theme.either("└ ", "- "), theme.faint);
    }
    let kernel = process.command.is_empty();
    let command = if kernel {
        format!("[{}]", process.name)
    } else {
        process.command.clone()
    };
    row.text(&safe(&command), if kernel { theme.dim } else { style });
    if selected {
        let band = body.band(line, 1).area;
        body.buf.set_style(band, theme.selected);
    }
}
