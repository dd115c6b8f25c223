//! The GPUs: a card each for up to three, a line each for four and more, in pages where even the lines do not fit.
//!
//! "Busy" is the share of time in which any kernel ran; it says nothing of how well the GPU was used, and is called so.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_machine::GpuFacts;
use workbench_machine::monitor::GpuSample;
use workbench_report::format;

use super::history::Line;
use super::look::Look;
use super::past::Past;
use crate::theme::Theme;
use crate::views::text::{clock, memory, safe, span};
use crate::views::widgets::{Row, Scroll, inset, panel};

/// From this many on, GPUs share the panel line by line.
const MERGE: usize = 4;
/// Lines of a card.
const CARD: u16 = 5;

/// Lines that so many GPUs take.
pub fn height_for(gpus: u16, width: u16) -> u16 {
    let gpus = gpus.max(1);
    if usize::from(gpus) >= MERGE {
        gpus.saturating_add(1)
    } else {
        let abreast = (width / 44).clamp(1, gpus);
        gpus.div_ceil(abreast) * (CARD + 1) - 1
    }
}

/// What is known of one GPU.
struct Gpu<'a> {
    index: usize,
    facts: Option<&'a GpuFacts>,
    sample: Option<&'a GpuSample>,
}

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    look: &Look<'_>,
    past: &mut Past<'_>,
    theme: &Theme,
) {
    let facts: &[GpuFacts] = look.started().map_or(&[], |s| &s.machine.gpus);
    let samples: &[GpuSample] = look.sample().map_or(&[], |s| &s.gpus);
    let n = facts.len().max(samples.len());
    let gpus: Vec<Gpu<'_>> = (0..n)
        .map(|index| Gpu {
            index,
            facts: facts.get(index),
            sample: samples.get(index),
        })
        .collect();
    let lines = usize::from(area.height.saturating_sub(3)).max(1);
    let what = match look.cursor() {
        Some(t) => format!("at {}", clock(t as f64 / 1e9)),
        None => "busy = a kernel ran".to_owned(),
    };
    let (title, note) = if n >= MERGE {
        // Whole pages, so that a GPU keeps its line while one turns them.
        let page = scroll.window(n, lines).start.div_ceil(lines);
        let pages = n.div_ceil(lines);
        let note = if pages > 1 {
            format!("page {} of {pages}", page + 1)
        } else {
            format!("1 column = {}", span(past.column_ns() as f64 / 1e9))
        };
        let title = if pages > 1 && area.width < 70 && look.cursor().is_none() {
            format!("{n} GPUs")
        } else {
            format!("{n} GPUs {} {what}", theme.glyphs.dot)
        };
        (title, note)
    } else {
        let note = format!("1 column = {}", span(past.column_ns() as f64 / 1e9));
        (format!("GPU {} {what}", theme.glyphs.dot), note)
    };
    let inner = panel(buf, area, (&title, &note), focused, theme);
    let inner = inset(inner);
    if n == 0 {
        Row::new(buf, inner, 0).text("this machine reports no GPU", theme.dim, theme);
    } else if n >= MERGE {
        let page = scroll.first.div_ceil(lines);
        rows(buf, inner, &gpus[(page * lines).min(n)..], past, theme);
    } else {
        cards(buf, inner, &gpus, past, theme);
    }
}

fn row_header(buf: &mut Buffer, inner: Rect, wide: bool, theme: &Theme) {
    let dim = theme.dim;
    let mut head = Row::new(buf, inner, 0);
    head.left("gpu", 4, dim, theme)
        .right("busy", 6, dim, theme)
        .right("memory GiB", 14, dim, theme);
    if wide {
        head.right("power", 14, dim, theme);
    }
    head.right("temp", 7, dim, theme);
    if wide {
        head.right("SM MHz", 8, dim, theme);
    }
    head.skip(2).text("throttle, history", dim, theme);
}

fn rows(buf: &mut Buffer, inner: Rect, gpus: &[Gpu<'_>], past: &mut Past<'_>, theme: &Theme) {
    let dim = theme.dim;
    let wide = inner.width >= 70;
    row_header(buf, inner, wide, theme);
    for (line, gpu) in (1..).zip(gpus) {
        let Some(sample) = gpu.sample else {
            Row::new(buf, inner, line)
                .left(&gpu.index.to_string(), 4, dim, theme)
                .right("n/a", 6, dim, theme);
            continue;
        };
        let text = theme.text;
        let mut row = Row::new(buf, inner, line);
        row.left(&gpu.index.to_string(), 4, text, theme)
            .right(&busy(sample), 6, text, theme)
            .right(&gibibytes(sample, gpu.facts), 14, text, theme);
        if wide {
            row.right(&power(sample, gpu.facts), 14, text, theme);
        }
        row.right(&temperature(sample), 7, text, theme);
        if wide {
            row.right(
                &sample
                    .sm_mhz
                    .map_or_else(missing, |m| format::count(u64::from(m))),
                8,
                text,
                theme,
            );
        }
        row.skip(2);
        if !sample.throttle.is_empty() {
            row.left(&throttle(sample), 14, theme.warn, theme).skip(1);
        }
        let left = row.rest();
        if line < inner.height {
            let place = Rect {
                y: inner.y + line,
                height: 1,
                ..inner
            };
            past.beside(buf, place, left, (Line::Gpu(gpu.index), None), theme);
        }
    }
}

fn cards(buf: &mut Buffer, inner: Rect, gpus: &[Gpu<'_>], past: &mut Past<'_>, theme: &Theme) {
    let n = gpus.len() as u16;
    let abreast = (inner.width / 44).clamp(1, n);
    let down = n.div_ceil(abreast);
    let high = (inner.height / down).max(1);
    let wide = inner.width / abreast;
    for (i, gpu) in (0..).zip(gpus) {
        let place = Rect {
            x: inner.x + i % abreast * wide,
            y: inner.y + (i / abreast) * high,
            width: wide.saturating_sub(u16::from(abreast > 1) * 2),
            height: high,
        };
        card(buf, place.intersection(inner), gpu, past, theme);
    }
}

fn card(buf: &mut Buffer, place: Rect, gpu: &Gpu<'_>, past: &mut Past<'_>, theme: &Theme) {
    let (dim, text) = (theme.dim, theme.text);
    let name = gpu.facts.map_or_else(String::new, |f| safe(&f.name));
    let mut head = Row::new(buf, place, 0);
    head.text(&gpu.index.to_string(), theme.accent, theme)
        .skip(2)
        .text(&name, theme.title, theme);
    let Some(sample) = gpu.sample else {
        Row::new(buf, place, 1).text("no sample yet", dim, theme);
        return;
    };
    if !sample.throttle.is_empty() {
        head.skip(2).text(
            &format!("held down: {}", throttle(sample)),
            theme.warn,
            theme,
        );
    }
    let bar = (place.width / 3).clamp(6, 24);
    let mut row = Row::new(buf, place, 1);
    row.left("busy", 8, dim, theme)
        .bar(share(sample), bar, theme.heat(share(sample)), theme)
        .right(&busy(sample), 7, text, theme)
        .skip(1);
    let left = row.rest();
    if place.height > 1 {
        let line = Rect {
            y: place.y + 1,
            height: 1,
            ..place
        };
        past.beside(buf, line, left, (Line::Gpu(gpu.index), None), theme);
    }
    card_figures(buf, place, bar, (gpu, sample), theme);
}

/// Memory, power, temperature and clocks.
fn card_figures(
    buf: &mut Buffer,
    place: Rect,
    bar: u16,
    (gpu, sample): (&Gpu<'_>, &GpuSample),
    theme: &Theme,
) {
    let (dim, text) = (theme.dim, theme.text);
    let total = gpu.facts.map_or(0, |f| f.memory_bytes);
    let used = sample.memory_used_bytes;
    let filled = used.map_or(0.0, |u| u as f64 / total.max(1) as f64);
    let used_text = used.map_or_else(missing, |u| {
        if total > 0 {
            memory(u, total)
        } else {
            format::bytes(u)
        }
    });
    Row::new(buf, place, 2)
        .left("memory", 8, dim, theme)
        .bar(filled, bar, theme.series(0), theme)
        .skip(1)
        .text(&used_text, text, theme);
    let limit = gpu.facts.and_then(|f| f.power_limit_w);
    let drawn = sample
        .power_w
        .zip(limit)
        .map_or(0.0, |(w, l)| f64::from(w) / l.max(1.0));
    Row::new(buf, place, 3)
        .left("power", 8, dim, theme)
        .bar(drawn, bar, theme.series(4), theme)
        .skip(1)
        .text(&power(sample, gpu.facts), text, theme);
    let clock = |mhz: Option<u32>| {
        mhz.map_or_else(missing, |m| format!("{} MHz", format::count(u64::from(m))))
    };
    Row::new(buf, place, 4)
        .left(&temperature(sample), 8, text, theme)
        .text("SM ", dim, theme)
        .text(&clock(sample.sm_mhz), text, theme)
        .text("  memory ", dim, theme)
        .text(&clock(sample.memory_mhz), text, theme);
}

fn missing() -> String {
    format::MISSING.to_owned()
}

fn share(sample: &GpuSample) -> f64 {
    f64::from(sample.busy.unwrap_or(0.0))
}

fn busy(sample: &GpuSample) -> String {
    sample
        .busy
        .map_or_else(missing, |b| format!("{:.0} %", b * 100.0))
}

fn gibibytes(sample: &GpuSample, facts: Option<&GpuFacts>) -> String {
    let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
    let total = facts.map_or(0, |f| f.memory_bytes);
    match sample.memory_used_bytes {
        None => missing(),
        Some(used) if total > 0 => format!("{:.1} of {:.1}", gib(used), gib(total)),
        Some(used) => format!("{:.1}", gib(used)),
    }
}

fn power(sample: &GpuSample, facts: Option<&GpuFacts>) -> String {
    match (sample.power_w, facts.and_then(|f| f.power_limit_w)) {
        (None, _) => missing(),
        (Some(drawn), Some(limit)) => format!("{drawn:.0} of {limit:.0} W"),
        (Some(drawn), None) => format!("{drawn:.0} W"),
    }
}

fn temperature(sample: &GpuSample) -> String {
    sample
        .temperature_c
        .map_or_else(missing, |t| format!("{t} °C"))
}

fn throttle(sample: &GpuSample) -> String {
    safe(&sample.throttle.join(", "))
}
