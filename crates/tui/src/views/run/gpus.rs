//! The GPUs: a card each for up to three, a line each for four and more, in pages where even the
//! lines do not fit.
//!
//! "Busy" is the share of time in which any kernel ran; it says nothing of how well the GPU was
//! used, and is called so.

use workbench_clock::seconds;
use workbench_machine::GpuFacts;
use workbench_machine::monitor::GpuSample;
use workbench_report::format;

use super::past::Past;
use crate::kit::{Pane, Scroll, band, column, safe};
use crate::model::history::Line;
use crate::model::snapshot_view::SnapshotView;

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
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, run: &SnapshotView<'_>, past: &mut Past<'_>) {
    let theme = pane.theme;
    let facts: &[GpuFacts] = run.started().map_or(&[], |s| &s.machine.gpus);
    let samples: &[GpuSample] = run.sample().map_or(&[], |s| &s.gpus);
    let n = facts.len().max(samples.len());
    let gpus: Vec<Gpu<'_>> = (0..n)
        .map(|index| Gpu {
            index,
            facts: facts.get(index),
            sample: samples.get(index),
        })
        .collect();
    let lines = usize::from(pane.area.height.saturating_sub(3)).max(1);
    let what = match run.cursor {
        Some(t) => format!("at {}", format::moment(seconds(t))),
        None => "busy = a kernel ran".to_owned(),
    };
    let (title, note) = if n >= MERGE {
        // Whole pages, so that a GPU keeps its line while one turns them.
        let page = scroll.window(n, lines).start.div_ceil(lines);
        let pages = n.div_ceil(lines);
        let note = if pages > 1 {
            format!("page {} of {pages}", page + 1)
        } else {
            format!("1 column = {}", format::stretch(seconds(past.column_ns())))
        };
        let title = if pages > 1 && pane.area.width < 70 && run.cursor.is_none() {
            format!("{n} GPUs")
        } else {
            format!("{n} GPUs {} {what}", theme.glyphs.dot)
        };
        (title, note)
    } else {
        let note = format!("1 column = {}", format::stretch(seconds(past.column_ns())));
        (format!("GPU {} {what}", theme.glyphs.dot), note)
    };
    let mut inner = pane.panel((&title, &note));
    if n == 0 {
        inner.nothing("this machine reports no GPU");
    } else if n >= MERGE {
        let page = scroll.first.div_ceil(lines);
        rows(&mut inner, &gpus[(page * lines).min(n)..], past);
    } else {
        cards(&mut inner, &gpus, past);
    }
}

fn row_header(inner: &mut Pane<'_>, wide: bool) {
    let theme = inner.theme;
    let dim = theme.dim;
    let mut head = inner.row(0);
    head.left("gpu", 4, dim)
        .right("busy", 6, dim)
        .right("memory GiB", 14, dim);
    if wide {
        head.right("power", 14, dim);
    }
    head.right("temp", 7, dim);
    if wide {
        head.right("SM MHz", 8, dim);
    }
    head.skip(2).text("throttle, history", dim);
}

fn rows(inner: &mut Pane<'_>, gpus: &[Gpu<'_>], past: &mut Past<'_>) {
    let theme = inner.theme;
    let dim = theme.dim;
    let wide = inner.area.width >= 70;
    row_header(inner, wide);
    for (line, gpu) in (1..).zip(gpus) {
        let Some(sample) = gpu.sample else {
            inner
                .row(line)
                .left(&gpu.index.to_string(), 4, dim)
                .right("n/a", 6, dim);
            continue;
        };
        let text = theme.text;
        let mut row = inner.row(line);
        row.left(&gpu.index.to_string(), 4, text)
            .right(&busy(sample), 6, text)
            .right(&gibibytes(sample, gpu.facts), 14, text);
        if wide {
            row.right(&power(sample, gpu.facts), 14, text);
        }
        row.right(&temperature(sample), 7, text);
        if wide {
            row.right(
                &sample
                    .sm_mhz
                    .map_or_else(missing, |m| format::count(u64::from(m))),
                8,
                text,
            );
        }
        row.skip(2);
        if !sample.throttle.is_empty() {
            row.left(&throttle(sample), 14, theme.warn).skip(1);
        }
        let left = row.rest();
        past.beside(&mut inner.band(line, 1), left, (Line::Gpu(gpu.index), None));
    }
}

fn cards(inner: &mut Pane<'_>, gpus: &[Gpu<'_>], past: &mut Past<'_>) {
    let n = gpus.len() as u16;
    let abreast = (inner.area.width / 44).clamp(1, n);
    let down = n.div_ceil(abreast);
    let high = (inner.area.height / down).max(1);
    for (i, gpu) in (0..).zip(gpus) {
        let place = band(inner.area, i / abreast * high, high);
        card(
            &mut inner.part(column(place, i % abreast, abreast)),
            gpu,
            past,
        );
    }
}

fn card(place: &mut Pane<'_>, gpu: &Gpu<'_>, past: &mut Past<'_>) {
    let theme = place.theme;
    let (dim, text) = (theme.dim, theme.text);
    let name = gpu.facts.map_or_else(String::new, |f| safe(&f.name));
    let mut head = place.row(0);
    head.text(&gpu.index.to_string(), theme.accent)
        .skip(2)
        .text(&name, theme.title);
    let Some(sample) = gpu.sample else {
        place.row(1).text("no sample yet", dim);
        return;
    };
    if !sample.throttle.is_empty() {
        head.skip(2)
            .text(&format!("held down: {}", throttle(sample)), theme.warn);
    }
    let bar = (place.area.width / 3).clamp(6, 24);
    let mut row = place.row(1);
    row.left("busy", 8, dim)
        .bar(share(sample), bar, theme.heat(share(sample)))
        .right(&busy(sample), 7, text)
        .skip(1);
    let left = row.rest();
    past.beside(&mut place.band(1, 1), left, (Line::Gpu(gpu.index), None));
    card_figures(place, bar, (gpu, sample));
}

/// Memory, power, temperature and clocks.
fn card_figures(place: &mut Pane<'_>, bar: u16, (gpu, sample): (&Gpu<'_>, &GpuSample)) {
    let theme = place.theme;
    let (dim, text) = (theme.dim, theme.text);
    let total = gpu.facts.map_or(0, |f| f.memory_bytes);
    let used = sample.memory_used_bytes;
    let filled = used.map_or(0.0, |u| u as f64 / total.max(1) as f64);
    let used_text = used.map_or_else(missing, |u| {
        if total > 0 {
            format::bytes_of(u, total)
        } else {
            format::bytes(u)
        }
    });
    place
        .row(2)
        .left("memory", 8, dim)
        .bar(filled, bar, theme.series(0))
        .skip(1)
        .text(&used_text, text);
    let limit = gpu.facts.and_then(|f| f.power_limit_w);
    let drawn = sample
        .power_w
        .zip(limit)
        .map_or(0.0, |(w, l)| f64::from(w) / l.max(1.0));
    place
        .row(3)
        .left("power", 8, dim)
        .bar(drawn, bar, theme.series(4))
        .skip(1)
        .text(&power(sample, gpu.facts), text);
    let clock = |mhz: Option<u32>| {
        mhz.map_or_else(missing, |m| format!("{} MHz", format::count(u64::from(m))))
    };
    place
        .row(4)
        .left(&temperature(sample), 8, text)
        .text("SM ", dim)
        .text(&clock(sample.sm_mhz), text)
        .text("  memory ", dim)
        .text(&clock(sample.memory_mhz), text);
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
