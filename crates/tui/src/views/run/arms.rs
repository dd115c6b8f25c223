//! The arms against each other: repeats done, last wall time, and the speed-up as it forms, with its interval, the
//! bound and the ideal.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_clock::seconds;
use workbench_record::RunStatus;
use workbench_report::format;
use workbench_result::{ArmResult, RunResult, workers_of};

use super::header::left_text;
use super::look::Look;
use crate::theme::Theme;
use crate::views::text::safe;
use crate::views::widgets::{Row, Scroll, fit, panel, position, width};
use workbench_history::outlook::Outlook;

/// One arm at one number of workers.
struct Entry<'a> {
    name: &'a str,
    workers: u32,
    /// Place of the arm in the lab, 0 for the base.
    index: usize,
    done: u32,
    last_wall_s: Option<f64>,
    /// Share of the repeat under way, where it is this arm's.
    running: Option<f64>,
    /// What keeps it from going on: `stopped` by a person, or `failed`.
    given_up: Option<&'static str>,
    /// Seconds that its repeats will still take.
    left_s: Option<f64>,
    /// The base has a finished repeat to be compared with.
    compared: bool,
    result: Option<&'a ArmResult>,
}

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    look: &Look<'_>,
    (result, ahead): (Option<&RunResult>, &Outlook),
    theme: &Theme,
) {
    let mut entries = entries(look, result);
    let under_way = look.status() == RunStatus::Unfinished;
    for entry in entries.iter_mut().filter(|_| under_way) {
        let key = (entry.name.to_owned(), entry.workers);
        entry.left_s = ahead.arms.get(&key).copied();
    }
    let page = usize::from(area.height.saturating_sub(3));
    let window = scroll.window(entries.len(), page);
    let base = look.started().and_then(|s| s.arms.first());
    let title = match base {
        Some(base) => format!(
            "Arms {} speed-up = wall time of {} {} wall time of the arm, medians",
            theme.glyphs.dot,
            safe(&base.name),
            if theme.glyphs.ascii { "/" } else { "÷" }
        ),
        None => "Arms".to_owned(),
    };
    let inner = panel(
        buf,
        area,
        (&title, &position(&window, entries.len())),
        focused,
        theme,
    );
    if entries.is_empty() {
        Row::new(buf, inner, 0).skip(1).text(
            "the run has not said yet what it compares",
            theme.dim,
            theme,
        );
        return;
    }
    let columns = Columns::new(inner.width, &entries);
    columns.header(buf, inner, theme);
    let axis = entries
        .iter()
        .map(|e| f64::from(e.workers))
        .fold(1.0, f64::max);
    for (line, entry) in (1..).zip(&entries[window]) {
        columns.entry(
            buf,
            (inner, line),
            entry,
            (look.repeats_each(), axis),
            theme,
        );
    }
}

fn entries<'a>(look: &Look<'a>, result: Option<&'a RunResult>) -> Vec<Entry<'a>> {
    let Some(started) = look.started() else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (index, arm) in started.arms.iter().enumerate() {
        for workers in workers_of(arm, &started.config.workers) {
            entries.push(Entry {
                name: &arm.name,
                workers,
                index,
                done: 0,
                last_wall_s: None,
                running: None,
                left_s: None,
                compared: false,
                given_up: given_up(look, &arm.name),
                result: result.and_then(|r| {
                    r.arms
                        .iter()
                        .find(|a| a.name == arm.name && a.workers == workers)
                }),
            });
        }
    }
    for repeat in look.finished() {
        if let Some(entry) = find(&mut entries, &repeat.id.arm, repeat.id.workers) {
            entry.done += 1;
            entry.last_wall_s = Some(seconds(repeat.wall_ns));
        }
    }
    let compared = entries
        .iter()
        .any(|entry| entry.index == 0 && entry.done > 0);
    for entry in &mut entries {
        entry.compared = compared;
    }
    if let Some(current) = look.current().filter(|c| c.finished.is_none())
        && look.status() == RunStatus::Unfinished
        && let Some(entry) = find(
            &mut entries,
            &current.state.id.arm,
            current.state.id.workers,
        )
    {
        entry.running = Some(current.share());
    }
    entries
}

/// What keeps an arm from going on.
fn given_up(look: &Look<'_>, arm: &str) -> Option<&'static str> {
    let failed = look.has_failed(arm);
    let stopped = look.stopped_arms().any(|(stopped, _)| stopped == arm);
    if failed {
        Some("failed")
    } else {
        stopped.then_some("stopped")
    }
}

fn find<'b, 'a>(
    entries: &'b mut [Entry<'a>],
    name: &str,
    workers: u32,
) -> Option<&'b mut Entry<'a>> {
    entries
        .iter_mut()
        .find(|e| e.name == name && e.workers == workers)
}

/// Widths of the columns; a column of no width is left out.
struct Columns {
    name: u16,
    bar: u16,
    left: u16,
    bound: u16,
    gauge: u16,
}

const WORKERS: u16 = 7;
const REPEATS: u16 = 7;
const WALL: u16 = 13;
const SPEEDUP: u16 = 9;
const INTERVAL: u16 = 14;

impl Columns {
    fn new(inner: u16, entries: &[Entry<'_>]) -> Self {
        let longest = entries
            .iter()
            .map(|e| width(&safe(e.name)))
            .max()
            .unwrap_or(4);
        let name = longest.clamp(4, 20);
        // A mark, the gaps, and what always has its place.
        let fixed = 3 + name + 1 + WORKERS + 2 + REPEATS + 1 + WALL + SPEEDUP + 2 + INTERVAL;
        let mut rest = inner.saturating_sub(fixed);
        let mut take = |wanted: u16, least: u16| {
            let given = if rest >= least { wanted.min(rest) } else { 0 };
            rest -= given;
            given
        };
        let bound = take(8, 8);
        let bar = take(11, 7);
        let left = take(13, 13);
        let gauge = take(60, 14);
        Self {
            name,
            bar,
            left,
            bound,
            gauge,
        }
    }

    fn header(&self, buf: &mut Buffer, inner: Rect, theme: &Theme) {
        let style = theme.dim;
        let mut row = Row::new(buf, inner, 0);
        row.skip(3)
            .left("arm", self.name + 1, style, theme)
            .right("workers", WORKERS, style, theme)
            .skip(2)
            .left("repeats", self.bar + REPEATS + 1, style, theme)
            .right("left", self.left, style, theme)
            .right("last wall", WALL, style, theme)
            .right("speed-up", SPEEDUP, style, theme)
            .skip(2)
            .left("95 % interval", INTERVAL, style, theme)
            .right("bound", self.bound, style, theme);
        if self.gauge > 0 {
            let legend = format!(
                "{}{} 95 %  {} bound  {} ideal",
                theme.glyphs.low, theme.glyphs.high, theme.glyphs.bound, theme.glyphs.ideal
            );
            row.skip(2).text(
                &fit(&legend, self.gauge.saturating_sub(2), theme),
                style,
                theme,
            );
        }
    }

    fn entry(
        &self,
        buf: &mut Buffer,
        (inner, line): (Rect, u16),
        entry: &Entry<'_>,
        (repeats, axis): (u32, f64),
        theme: &Theme,
    ) {
        let done = f64::from(entry.done) + entry.running.unwrap_or(0.0);
        let colour = colour(entry.index, theme);
        let (mark, name_style) = if entry.running.is_some() {
            (theme.glyphs.running, theme.accent)
        } else if entry.done >= repeats && repeats > 0 {
            (theme.glyphs.ok, theme.text)
        } else if entry.given_up.is_some() {
            (theme.glyphs.failed, theme.dim)
        } else {
            (theme.glyphs.waiting, theme.text)
        };
        let mut row = Row::new(buf, inner, line);
        row.skip(1)
            .left(mark, 2, colour, theme)
            .left(&safe(entry.name), self.name + 1, name_style, theme)
            .right(&entry.workers.to_string(), WORKERS, theme.text, theme)
            .skip(2)
            .bar(
                done / f64::from(repeats.max(1)),
                self.bar.saturating_sub(1),
                colour,
                theme,
            )
            .skip(u16::from(self.bar > 0))
            .left(
                &format!("{}/{repeats}", entry.done),
                REPEATS + 1,
                theme.text,
                theme,
            );
        let left = entry.left_s.filter(|left| *left > 0.0).map(left_text);
        // Both would touch.
        let short = left.is_some() && self.left > 0;
        row.right(&left.unwrap_or_default(), self.left, theme.dim, theme);
        let wall = entry.last_wall_s.map(format::seconds);
        let none = match entry.given_up {
            Some(why) => why,
            None if short => "none yet",
            None => "no repeat yet",
        };
        let none_style = if entry.given_up == Some("failed") {
            theme.bad
        } else {
            theme.dim
        };
        let (wall_text, wall_style) =
            wall.map_or((none.to_owned(), none_style), |w| (w, theme.text));
        row.right(&wall_text, WALL, wall_style, theme);
        if let Some(result) = entry.result {
            self.estimate(&mut row, result, (entry, axis), theme);
        }
    }

    /// The part of a line that needs finished repeats: speed-up, interval, bound, and all of them drawn.
    fn estimate(
        &self,
        row: &mut Row<'_>,
        result: &ArmResult,
        (entry, axis): (&Entry<'_>, f64),
        theme: &Theme,
    ) {
        let (index, compared) = (entry.index, entry.compared);
        let base = index == 0;
        let speedup = match result.speedup {
            Some(speedup) => format::speedup(speedup),
            None if compared => "none".to_owned(),
            None => String::new(),
        };
        let speedup_style = if result.speedup.is_none() {
            theme.bad
        } else if base {
            theme.dim
        } else {
            theme.accent
        };
        let interval = match result.speedup_ci95 {
            _ if base => "is the base".to_owned(),
            Some(ends) => format::interval(ends),
            None if !compared => "no base yet".to_owned(),
            None if result.speedup.is_none() => "unequal work".to_owned(),
            None => "1 repeat: none".to_owned(),
        };
        row.right(&speedup, SPEEDUP, speedup_style, theme)
            .skip(2)
            .left(&interval, INTERVAL, theme.dim, theme)
            .right(
                &result.bound.map_or_else(String::new, format::speedup),
                self.bound,
                theme.dim,
                theme,
            )
            .skip(2);
        if self.gauge > 2 && !base {
            gauge(
                row,
                result,
                axis,
                self.gauge - 2,
                theme,
                colour(index, theme),
            );
        }
    }
}

/// The style of the `index`-th arm, the base being 0.
pub fn colour(index: usize, theme: &Theme) -> ratatui::style::Style {
    match index.checked_sub(1) {
        None => theme.base(),
        Some(series) => theme.series(series),
    }
}

/// A speed-up on an axis from 0 to `axis`, with interval, bound and ideal, in one line.
fn gauge(
    row: &mut Row<'_>,
    arm: &ArmResult,
    axis: f64,
    columns: u16,
    theme: &Theme,
    colour: ratatui::style::Style,
) {
    let columns = columns.min(row.rest());
    for cell in gauge_cells(arm, axis, columns, theme, colour) {
        row.cell(cell.0, cell.1);
    }
}

/// The cells of [`gauge`]: the bar, over it the interval, over that the bound and the ideal.
pub fn gauge_cells(
    arm: &ArmResult,
    axis: f64,
    columns: u16,
    theme: &Theme,
    colour: ratatui::style::Style,
) -> Vec<(&'static str, ratatui::style::Style)> {
    let glyphs = &theme.glyphs;
    let last = columns.saturating_sub(1);
    let at = |value: f64| -> Option<u16> {
        (value.is_finite() && value >= 0.0 && axis > 0.0).then(|| {
            (value / axis * f64::from(last))
                .round()
                .min(f64::from(last)) as u16
        })
    };
    let mut cells = vec![(" ", theme.faint); usize::from(columns)];
    let mut set = |x: u16, glyph: &'static str, style| {
        if let Some(cell) = cells.get_mut(usize::from(x)) {
            *cell = (glyph, style);
        }
    };
    if let Some(end) = arm.speedup.and_then(at) {
        (0..=end).for_each(|x| set(x, glyphs.thin, colour));
    }
    if let Some(ideal) = at(f64::from(arm.workers)) {
        set(ideal, glyphs.ideal, theme.dim);
    }
    if let Some(bound) = arm.bound.and_then(at) {
        set(bound, glyphs.bound, theme.warn);
    }
    if let Some([low, high]) = arm.speedup_ci95
        && let (Some(low), Some(high)) = (at(low), at(high))
    {
        (low..=high).for_each(|x| set(x, glyphs.between, theme.text));
        set(low, glyphs.low, theme.text);
        set(high, glyphs.high, theme.text);
        if low == high {
            set(low, glyphs.point, theme.text);
        }
    }
    cells
}
