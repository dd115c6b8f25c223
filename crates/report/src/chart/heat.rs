//! The strip of busy cores under a timeline: one row per core (or per few cores of a big machine),
//! darker when busier.

use super::marks::{Chart, Lettering};
use super::palette::{self, Role};
use super::spans::{Block, thin};
use crate::format;
use workbench_clock::seconds;
use workbench_machine::monitor::Sample;
use workbench_record::RepeatState;

/// Rows that a strip may have; bigger machines show the mean of several cores per row.
const MOST_ROWS: usize = 64;
/// Steal below this share is measurement noise.
const LEAST_STEAL: f32 = 0.02;

/// The samples of one repeat, reduced to rows.
pub(super) struct Heat {
    /// Cores per row.
    per_row: usize,
    cores: usize,
    busy: Vec<Vec<Block>>,
    steal: Vec<Vec<Block>>,
    /// Mean busy share over cores and time.
    pub mean: f64,
    /// Highest share of a core's time that the hypervisor took.
    pub most_steal: f32,
}

impl Heat {
    /// `None` without samples.
    pub fn new(repeat: &RepeatState, samples: &[(u64, Sample)]) -> Option<Self> {
        let cores = samples.iter().map(|(_, s)| s.cores.len()).max()?;
        let rows = cores.min(MOST_ROWS);
        if rows == 0 {
            return None;
        }
        let mut heat = Self {
            per_row: cores.div_ceil(rows),
            cores,
            busy: Vec::new(),
            steal: Vec::new(),
            mean: 0.0,
            most_steal: 0.0,
        };
        let rows = cores.div_ceil(heat.per_row);
        heat.busy = vec![Vec::new(); rows];
        heat.steal = vec![Vec::new(); rows];
        let mut until = repeat.started_ns;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (at, sample) in samples {
            let from = seconds(until.saturating_sub(repeat.started_ns));
            let to = seconds(at.saturating_sub(repeat.started_ns));
            until = *at;
            sum += f64::from(mean(&sample.cores)) * (to - from);
            weight += to - from;
            heat.take(from, to, sample);
        }
        heat.mean = if weight > 0.0 { sum / weight } else { 0.0 };
        Some(heat)
    }

    fn take(&mut self, from: f64, to: f64, sample: &Sample) {
        for (row, cores) in sample.cores.chunks(self.per_row).enumerate() {
            let level = (mean(cores) * palette::HEAT as f32) as usize;
            let shade = level.min(palette::HEAT - 1);
            self.busy[row].push(Block { from, to, shade });
        }
        for (row, cores) in sample.steal.chunks(self.per_row).enumerate() {
            let share = mean(cores);
            self.most_steal = cores
                .iter()
                .copied()
                .filter(|s| s.is_finite())
                .fold(self.most_steal, f32::max);
            if share >= LEAST_STEAL
                && let Some(steal) = self.steal.get_mut(row)
            {
                steal.push(Block { from, to, shade: 0 });
            }
        }
    }

    /// Whether the hypervisor took time worth showing.
    pub fn has_steal(&self) -> bool {
        self.steal.iter().any(|row| !row.is_empty())
    }

    pub fn rows(&self) -> usize {
        self.busy.len()
    }

    /// What the rows are, for the heading.
    pub fn heading(&self) -> String {
        let cores = format::counted(self.cores as u64, "core");
        match self.per_row {
            1 => format!("How busy the {cores} of the machine were"),
            n => format!("How busy the {cores} of the machine were (each row is the mean of {n})"),
        }
    }

    /// The label of a row: its core, or its first core.
    pub fn label(&self, row: usize) -> String {
        format!("core {}", row * self.per_row)
    }

    /// Draws the rows into a box; `length` seconds fill its width.
    pub fn draw(&self, chart: &mut Chart, place: RowPlace, length: f64, budget: usize) {
        let columns = (place.width / 2.0) as usize;
        let height = (place.pitch - place.gap).max(0.5);
        for (rows, share, budget) in [(&self.busy, 1.0, budget), (&self.steal, 0.4, budget / 2)] {
            let thinned = thin(rows, length, columns, budget);
            let width = place.width / thinned.columns as f64;
            for shade in 0..palette::HEAT {
                for run in thinned.runs.iter().filter(|run| run.shade == shade) {
                    let role = if share < 1.0 {
                        Role::Alarm
                    } else {
                        Role::Heat(shade)
                    };
                    let top = place.top + run.row as f64 * place.pitch + height * (1.0 - share);
                    let (from, to) = (run.from as f64 * width, run.to as f64 * width);
                    chart.rect(place.left + from, top, to - from, height * share, role);
                }
            }
        }
    }

    /// The steps from idle to busy, and the mark for steal, with their meaning; ends at `right`.
    pub fn legend(&self, chart: &mut Chart, right: f64, y: f64) {
        const STEP: f64 = 16.0;
        let style = Lettering::new(Role::Muted).small();
        let mut x = right;
        if self.has_steal() {
            let text = "taken by the hypervisor";
            chart.text(x, y, style.end(), text);
            x -= style.width(text) + 20.0;
            chart.rect(x, y - 1.0, 14.0, 5.0, Role::Alarm);
            x -= 18.0;
        }
        let (idle, busy) = ("idle", "busy");
        chart.text(x, y, style.end(), busy);
        x -= style.width(busy) + 6.0 + STEP * palette::HEAT as f64;
        for step in 0..palette::HEAT {
            chart.rect(
                x + step as f64 * STEP,
                y - 5.0,
                STEP - 1.0,
                10.0,
                Role::Heat(step),
            );
        }
        chart.text(x - 6.0, y, style.end(), idle);
    }
}

/// Where rows are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowPlace {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub pitch: f64,
    pub gap: f64,
}

fn mean(shares: &[f32]) -> f32 {
    let known = shares.iter().filter(|s| s.is_finite());
    let (sum, n) = known.fold((0.0, 0.0), |(sum, n), s| (sum + s.clamp(0.0, 1.0), n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}
