//! The tasks of one repeat by slot, and the colours that tell their items apart.

use std::collections::{BTreeMap, HashMap};

use super::axis::PixelScale;
use super::heat::{Heat, RowPlace};
use super::marks::{Chart, Lettering};
use super::palette::{self, Role};
use super::spans::{Block, thin};
use crate::format;
use workbench_clock::seconds;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::RepeatState;

/// Slots drawn at most.
const MOST_ROWS: usize = 256;
/// The shade for a task that did not end well, one past the ramp.
const FAILED: usize = palette::RAMP;

/// The items that tasks belong to, in rising size.
pub(super) struct Groups {
    /// Shade of each group.
    shades: HashMap<u32, usize>,
    /// What is left of each group's name without the beginning that all share.
    short: HashMap<u32, String>,
    smallest: String,
    largest: String,
}

impl Groups {
    pub fn new(repeats: &[&RepeatState]) -> Self {
        let mut cost: BTreeMap<u32, (u64, &str)> = BTreeMap::new();
        for span in repeats.iter().flat_map(|r| &r.tasks) {
            let time = if span.cpu_ns > 0 {
                span.cpu_ns
            } else {
                span.wall_ns()
            };
            let entry = cost.entry(span.group).or_insert((0, &span.name));
            entry.0 = entry.0.saturating_add(time);
        }
        let mut order: Vec<(u64, u32, &str)> = cost
            .iter()
            .map(|(group, (time, name))| (*time, *group, *name))
            .collect();
        order.sort_unstable();
        let n = order.len().max(2);
        let shade = |place: usize| (place * (palette::RAMP - 1) + (n - 1) / 2) / (n - 1);
        let common = common_prefix(order.iter().map(|o| o.2));
        let name =
            |o: Option<&(u64, u32, &str)>| o.map_or(String::new(), |o| format::clean(o.2, 40));
        Self {
            shades: order
                .iter()
                .enumerate()
                .map(|(place, o)| (o.1, shade(place)))
                .collect(),
            short: order
                .iter()
                .map(|o| (o.1, format::clean(o.2.get(common..).unwrap_or(o.2), 24)))
                .collect(),
            smallest: name(order.first()),
            largest: name(order.last()),
        }
    }

    /// Whether there is more than one item to tell apart.
    pub fn several(&self) -> bool {
        self.shades.len() > 1
    }

    fn shade(&self, span: &TaskSpan) -> usize {
        match span.outcome {
            Outcome::Done => self.shades.get(&span.group).copied().unwrap_or(0),
            _ => FAILED,
        }
    }

    /// The ramp between the names of the smallest and the largest item.
    pub fn legend(&self, chart: &mut Chart, left: f64, failed: bool) {
        const STEP: f64 = 22.0;
        const Y: f64 = 12.0;
        let style = Lettering::new(Role::Muted).small();
        let small = style.fit(&format!("least CPU time: {}", self.smallest), 260.0);
        chart.text(left, Y, style, small.as_str());
        let mut x = left + style.width(&small) + 8.0;
        for step in 0..palette::RAMP {
            chart.rect(x, Y - 6.0, STEP - 1.0, 12.0, Role::Ramp(step));
            x += STEP;
        }
        let large = style.fit(&format!("most: {}", self.largest), 260.0);
        chart.text(x + 7.0, Y, style, large.as_str());
        if failed {
            x += 7.0 + style.width(&large) + 18.0;
            chart.rect(x, Y - 6.0, STEP - 1.0, 12.0, Role::Alarm);
            chart.text(x + STEP + 6.0, Y, style, "did not end well");
        }
    }
}

/// Bytes of the longest beginning that all names share and that ends after a `=`, a space or
/// a similar mark.
fn common_prefix<'a>(names: impl Iterator<Item = &'a str> + Clone) -> usize {
    let Some(first) = names.clone().next() else {
        return 0;
    };
    let shared = names.map(|name| {
        let same = first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b);
        same.count()
    });
    let shared = shared.min().unwrap_or(0);
    let ends_word = |c: char| matches!(c, '=' | ' ' | ':' | '-' | '_' | '/');
    (0..=shared)
        .rev()
        .find(|end| {
            first
                .get(..*end)
                .is_some_and(|head| head.ends_with(ends_word))
        })
        .unwrap_or(0)
}

/// The tasks of one repeat, slot by slot.
pub(super) struct Slots<'a> {
    pub rows: Vec<Slot<'a>>,
    groups: &'a Groups,
    pub hidden: usize,
    pub failed: u64,
    tasks: u64,
}

pub(super) struct Slot<'a> {
    number: u32,
    blocks: Vec<Block>,
    spans: Vec<&'a TaskSpan>,
}

impl<'a> Slots<'a> {
    pub fn new(repeat: &'a RepeatState, workers: u32, groups: &'a Groups) -> Self {
        let expected = 0..workers.min(MOST_ROWS as u32);
        let mut by_slot: BTreeMap<u32, Vec<&TaskSpan>> =
            expected.map(|s| (s, Vec::new())).collect();
        for span in &repeat.tasks {
            // Nothing of a task that was cancelled before it started can be seen on a slot.
            if span.started_ns < span.finished_ns {
                by_slot.entry(span.slot).or_default().push(span);
            }
        }
        let since = |ns: u64| seconds(ns.saturating_sub(repeat.started_ns));
        let hidden = by_slot.len().saturating_sub(MOST_ROWS);
        let rows = by_slot
            .into_iter()
            .take(MOST_ROWS)
            .map(|(number, mut spans)| {
                spans.sort_by_key(|s| (s.started_ns, s.finished_ns));
                let blocks = spans.iter().map(|span| Block {
                    from: since(span.started_ns),
                    to: since(span.finished_ns),
                    shade: groups.shade(span),
                });
                Slot {
                    number,
                    blocks: blocks.collect(),
                    spans,
                }
            });
        let failed = repeat.tasks.iter().filter(|s| s.outcome != Outcome::Done);
        Self {
            rows: rows.collect(),
            groups,
            hidden,
            failed: failed.count() as u64,
            tasks: repeat.tasks.len() as u64,
        }
    }

    pub fn label(&self, row: usize) -> String {
        self.rows
            .get(row)
            .map_or(String::new(), |r| format!("slot {}", r.number))
    }

    /// The slots' time until the end, `share` of the axis: what stays pale of it was idle.
    pub fn track(&self, chart: &mut Chart, place: RowPlace, share: f64) {
        for row in 0..self.rows.len() {
            let y = place.top + row as f64 * place.pitch;
            let height = place.pitch - place.gap;
            chart.rect(place.left, y, place.width * share, height, Role::Track);
        }
    }

    pub fn draw(&self, chart: &mut Chart, place: RowPlace, length: f64, budget: usize) {
        let rows: Vec<Vec<Block>> = self.rows.iter().map(|r| r.blocks.clone()).collect();
        let thinned = thin(&rows, length, (place.width * 2.0) as usize, budget);
        let width = place.width / thinned.columns as f64;
        let height = place.pitch - place.gap;
        for shade in 0..=FAILED {
            let role = if shade == FAILED {
                Role::Alarm
            } else {
                Role::Ramp(shade)
            };
            for run in thinned.runs.iter().filter(|run| run.shade == shade) {
                let y = place.top + run.row as f64 * place.pitch;
                let (from, to) = (run.from as f64 * width, run.to as f64 * width);
                chart.rect(place.left + from, y, to - from, height, role);
            }
        }
        if place.pitch >= 8.0 {
            self.separate(chart, place, length);
        }
        if place.pitch >= 18.0 {
            self.name(chart, place, length);
        }
    }

    /// Thin lines between tasks that are wide enough to be told apart.
    fn separate(&self, chart: &mut Chart, place: RowPlace, length: f64) {
        const LEAST: f64 = 5.0;
        const MOST_LINES: usize = 3000;
        let scale = PixelScale::linear((0.0, length), (place.left, place.left + place.width));
        let mut lines = Vec::new();
        for (row, slot) in self.rows.iter().enumerate() {
            let top = place.top + row as f64 * place.pitch;
            for pair in slot.blocks.windows(2) {
                let wide = pair
                    .iter()
                    .all(|b| scale.at(b.to) - scale.at(b.from) >= LEAST);
                let x = scale.at(pair[1].from);
                if wide && x - scale.at(pair[0].to) < 1.5 {
                    lines.push(((x, top), (x, top + place.pitch - place.gap)));
                }
            }
        }
        if lines.len() <= MOST_LINES {
            for (from, to) in lines {
                chart.line(from, to, 1.0, Role::Paper);
            }
        }
    }

    /// Names inside the tasks that have room for them; one that did not end well says so.
    fn name(&self, chart: &mut Chart, place: RowPlace, length: f64) {
        const MOST_NAMES: usize = 400;
        let scale = PixelScale::linear((0.0, length), (place.left, place.left + place.width));
        let mut left = MOST_NAMES;
        for (row, slot) in self.rows.iter().enumerate() {
            let y = place.top + (row as f64 + 0.5) * place.pitch - place.gap / 2.0;
            for (block, span) in slot.blocks.iter().zip(&slot.spans) {
                let (from, to) = (scale.at(block.from), scale.at(block.to.min(length)));
                let low = block.shade < palette::RAMP / 2;
                let role = if low {
                    Role::OnRampLow
                } else {
                    Role::OnRampHigh
                };
                let style = Lettering::new(role).size(10.5).middle();
                let fits = |text: &String| style.width(text) + 6.0 <= to - from;
                if let Some(text) = self.names_of(span).into_iter().find(fits)
                    && left > 0
                {
                    left -= 1;
                    chart.text(f64::midpoint(from, to), y, style, text);
                }
            }
        }
    }

    /// What may stand inside a task, longest first.
    fn names_of(&self, span: &TaskSpan) -> Vec<String> {
        let name = self.groups.short.get(&span.group).filter(|n| !n.is_empty());
        let failed = (span.outcome != Outcome::Done).then_some("failed");
        match (failed, name) {
            (Some(failed), Some(name)) => vec![format!("{name} {failed}"), failed.to_owned()],
            (Some(failed), None) => vec![failed.to_owned()],
            (None, name) => name.cloned().into_iter().collect(),
        }
    }

    pub fn describe(&self, subject: &str, wall: f64, heat: Option<&Heat>) -> String {
        let busy: Vec<f64> = self
            .rows
            .iter()
            .map(|r| r.blocks.iter().map(|b| b.to - b.from).sum::<f64>() / wall)
            .collect();
        let least = busy.iter().copied().fold(f64::INFINITY, f64::min);
        let mean = busy.iter().sum::<f64>() / busy.len().max(1) as f64;
        let mut sentences = vec![format!(
            "{subject} took {} for {} on {}.",
            format::seconds(wall),
            format::counted(self.tasks, "task"),
            format::counted(self.rows.len() as u64, "slot"),
        )];
        if self.tasks > 0 {
            sentences.push(format!(
                "Tasks filled {} of the slots' time, and {} on the emptiest slot.",
                format::percent(mean),
                format::percent(least)
            ));
        }
        if let Some(heat) = heat {
            let busy = format::percent(heat.mean);
            sentences.push(format!("The machine's cores were {busy} busy on average."));
        }
        if let Some(heat) = heat.filter(|heat| heat.has_steal()) {
            let most = format::percent(f64::from(heat.most_steal));
            sentences.push(format!("The hypervisor took up to {most} of a core."));
        }
        sentences.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_all_share() {
        let names = ["n_estimators=50", "n_estimators=500"];
        assert_eq!(common_prefix(names.into_iter()), "n_estimators=".len());
        assert_eq!(common_prefix(["ab", "ac"].into_iter()), 0);
        assert_eq!(
            common_prefix(["größe x", "größe y"].into_iter()),
            "größe ".len()
        );
        assert_eq!(common_prefix(std::iter::empty()), 0);
    }
}
