//! Simulates how often intervals of speed-ups hold the true value, for the choice that
//! `docs/statistics.md` explains:
//!
//! ```text
//! cargo run --release -p workbench-stats --example coverage
//! ```

#![allow(clippy::print_stdout, reason = "an example prints its table")]

#[path = "../tests/support/noise.rs"]
mod noise;

use noise::Noise;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use workbench_stats::descriptive::{mean, median, standard_deviation};
use workbench_stats::interval::{FEWEST, median_interval, speedup};

const TRIALS: usize = 10_000;
const REPEATS: [usize; 9] = [3, 4, 5, 6, 7, 8, 10, 15, 20];
const TRUTH: f64 = 1.9;
/// The 97.5 % quantile of Student's t with 1 to 19 degrees of freedom.
const T: [f64; 19] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
];

/// An estimate with its interval, as logarithms.
type Candidate = fn(&[f64], &[f64], &mut ChaCha8Rng) -> (f64, [f64; 2]);

const CANDIDATES: [(&str, Candidate); 6] = [
    ("ratio of medians, percentile bootstrap", bootstrap),
    ("mean of logs, t", mean_t),
    ("median of ratios, t", median_t),
    ("20 % trimmed mean of logs, t", trimmed),
    ("Hodges-Lehmann, Wilcoxon (t below 8)", hodges_lehmann),
    (
        "chosen: median of ratios, t up to 7, Wilcoxon above",
        chosen,
    ),
];

fn logs(base: &[f64], arm: &[f64]) -> Vec<f64> {
    let ratios = base.iter().zip(arm).map(|(b, a)| (b / a).ln());
    let mut logs: Vec<f64> = ratios.collect();
    logs.sort_by(f64::total_cmp);
    logs
}

fn middle(sample: &[f64]) -> f64 {
    median(sample).unwrap_or(f64::NAN)
}

fn bootstrap(base: &[f64], arm: &[f64], rng: &mut ChaCha8Rng) -> (f64, [f64; 2]) {
    const RESAMPLES: usize = 200;
    let ratio = |base: &[f64], arm: &[f64]| (middle(base) / middle(arm)).ln();
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let draw = |_| rng.random_range(0..base.len());
            let blocks: Vec<usize> = (0..base.len()).map(draw).collect();
            let of = |wall: &[f64]| -> Vec<f64> { blocks.iter().map(|&i| wall[i]).collect() };
            ratio(&of(base), &of(arm))
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    let ends = [resampled[tail - 1], resampled[RESAMPLES - tail]];
    (ratio(base, arm), ends)
}

fn t_around(logs: &[f64]) -> [f64; 2] {
    let (centre, spread) = (mean(logs), standard_deviation(logs));
    let (centre, spread) = (centre.unwrap_or(f64::NAN), spread.unwrap_or(f64::NAN));
    let half = T[logs.len() - 2] * spread / (logs.len() as f64).sqrt();
    [centre - half, centre + half]
}

fn mean_t(base: &[f64], arm: &[f64], _: &mut ChaCha8Rng) -> (f64, [f64; 2]) {
    let logs = logs(base, arm);
    (mean(&logs).unwrap_or(f64::NAN), t_around(&logs))
}

fn median_t(base: &[f64], arm: &[f64], _: &mut ChaCha8Rng) -> (f64, [f64; 2]) {
    let logs = logs(base, arm);
    (middle(&logs), t_around(&logs))
}

/// Tukey and McLaughlin (1963).
fn trimmed(base: &[f64], arm: &[f64], _: &mut ChaCha8Rng) -> (f64, [f64; 2]) {
    let logs = logs(base, arm);
    let n = logs.len();
    let cut = n / 5;
    let kept = &logs[cut..n - cut];
    let clamped: Vec<f64> = logs
        .iter()
        .map(|x| x.clamp(kept[0], kept[kept.len() - 1]))
        .collect();
    let centre = mean(kept).unwrap_or(f64::NAN);
    let spread = standard_deviation(&clamped).unwrap_or(f64::NAN);
    let half = T[kept.len() - 2] * spread * (n as f64).sqrt() / kept.len() as f64;
    (centre, [centre - half, centre + half])
}

fn hodges_lehmann(base: &[f64], arm: &[f64], rng: &mut ChaCha8Rng) -> (f64, [f64; 2]) {
    let logs = logs(base, arm);
    let pairs = logs.iter().enumerate();
    let means = pairs.flat_map(|(i, a)| logs[i..].iter().map(move |b| f64::midpoint(*a, *b)));
    let means: Vec<f64> = means.collect();
    (middle(&means), chosen(base, arm, rng).1)
}

fn chosen(base: &[f64], arm: &[f64], _: &mut ChaCha8Rng) -> (f64, [f64; 2]) {
    let nan = (f64::NAN, [f64::NAN; 2]);
    let found = speedup(base, arm).ok();
    found.map_or(nan, |s| {
        let ends = s.interval.map_or(nan.1, |i| i.ends().map(f64::ln));
        (s.ratio.ln(), ends)
    })
}

/// What came out of many runs of one candidate.
#[derive(Default)]
struct Tally {
    covered: usize,
    /// The interval holds the estimate.
    held: usize,
    /// Widths of the intervals, in per cent of the ratio.
    widths: Vec<f64>,
    squares: f64,
}

fn simulate(noise: Noise, repeats: usize, candidate: Candidate) -> Tally {
    let mut rng = noise::rng(42);
    let mut tally = Tally::default();
    for _ in 0..TRIALS {
        let (base, arm) = noise.walls(repeats, TRUTH, &mut rng);
        let (estimate, [low, high]) = candidate(&base, &arm, &mut noise::rng(7));
        let truth = TRUTH.ln();
        tally.covered += usize::from(low <= truth && truth <= high);
        tally.held += usize::from(low <= estimate && estimate <= high);
        tally.widths.push((high - low) * 100.0);
        tally.squares += (estimate - truth).powi(2);
    }
    tally
}

/// How far one repeat that takes ten times as long moves the estimate, in per cent.
fn shift(repeats: usize, candidate: Candidate) -> f64 {
    let mut rng = noise::rng(42);
    let shifts = (0..200).map(|_| {
        let (base, mut arm) = Noise::LogNormal.walls(repeats, TRUTH, &mut rng);
        let before = candidate(&base, &arm, &mut noise::rng(7)).0;
        arm[0] *= 10.0;
        (candidate(&base, &arm, &mut noise::rng(7)).0 - before).abs() * 100.0
    });
    mean(&shifts.collect::<Vec<f64>>()).unwrap_or(f64::NAN)
}

/// How often the interval of one arm's wall times holds their true median, in per cent.
fn of_one_arm(noise: Noise, repeats: usize) -> f64 {
    let mut rng = noise::rng(42);
    let truth = middle(&noise.walls(20_001, 1.0, &mut rng).1);
    let covered = (0..TRIALS).filter(|_| {
        let (_, arm) = noise.walls(repeats, 1.0, &mut rng);
        median_interval(&arm).is_some_and(|i| i.low <= truth && truth <= i.high)
    });
    100.0 * covered.count() as f64 / TRIALS as f64
}

fn row(name: &str, cells: impl Iterator<Item = String>) {
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn main() {
    println!("{TRIALS} simulated runs each, from {FEWEST} repeats on\n");
    for noise in Noise::ALL {
        println!("## {noise:?}\n");
        row("candidate, figure", REPEATS.iter().map(ToString::to_string));
        row("---", REPEATS.iter().map(|_| "---".to_owned()));
        for (name, candidate) in CANDIDATES {
            let tallies: Vec<Tally> = REPEATS
                .iter()
                .map(|repeats| simulate(noise, *repeats, candidate))
                .collect();
            let per_cent = |count: usize| format!("{:.1}", 100.0 * count as f64 / TRIALS as f64);
            row(
                &format!("{name}: covers, %"),
                tallies.iter().map(|t| per_cent(t.covered)),
            );
            row(
                &format!("{name}: median width, %"),
                tallies.iter().map(|t| format!("{:.1}", middle(&t.widths))),
            );
            row(
                &format!("{name}: error of the estimate, %"),
                tallies
                    .iter()
                    .map(|t| format!("{:.2}", (t.squares / TRIALS as f64).sqrt() * 100.0)),
            );
            if tallies.iter().any(|t| t.held < TRIALS) {
                row(
                    &format!("{name}: holds its estimate, %"),
                    tallies.iter().map(|t| per_cent(t.held)),
                );
            }
        }
        println!();
    }
    println!("## Wall times of one arm: how often the interval of their median covers it, in %\n");
    row("noise", REPEATS.iter().map(ToString::to_string));
    row("---", REPEATS.iter().map(|_| "---".to_owned()));
    for noise in Noise::ALL {
        row(
            &format!("{noise:?}"),
            REPEATS
                .iter()
                .map(|n| format!("{:.1}", of_one_arm(noise, *n))),
        );
    }
    println!();
    println!("## One repeat of the arm takes ten times as long: the estimate moves by, in %\n");
    row("candidate", REPEATS.iter().map(ToString::to_string));
    row("---", REPEATS.iter().map(|_| "---".to_owned()));
    for (name, candidate) in CANDIDATES {
        row(
            name,
            REPEATS
                .iter()
                .map(|n| format!("{:.1}", shift(*n, candidate))),
        );
    }
}
