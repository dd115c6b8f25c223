//! That intervals hold what they say, by simulation with fixed seeds: the same numbers every time.

use workbench_stats::interval::{Verdict, median_interval, speedup};

use crate::noise::{self, Noise};

const REPEATS: std::ops::RangeInclusive<usize> = 3..=20;
const TRUTH: f64 = 1.9;

/// How often, in per cent, the interval of a speed-up holds the true one; each also holds what is
/// stated.
fn coverage(noise: Noise, repeats: usize, runs: u32) -> f64 {
    let mut rng = noise::rng(repeats as u64);
    let covers = |_: &u32| {
        let (base, arm) = noise.walls(repeats, TRUTH, &mut rng);
        let found = speedup(&base, &arm).unwrap();
        let interval = found.interval.unwrap();
        assert!(interval.low <= found.ratio && found.ratio <= interval.high);
        interval.low <= TRUTH && TRUTH <= interval.high
    };
    100.0 * (0..runs).filter(covers).count() as f64 / f64::from(runs)
}

/// The standard error of 4,000 runs is 0.3 points.
#[test]
fn intervals_cover_the_truth_under_ordinary_noise() {
    for noise in [Noise::LogNormal, Noise::Wild] {
        for repeats in REPEATS {
            let covered = coverage(noise, repeats, 4_000);
            assert!(
                (94.5..=97.0).contains(&covered),
                "{covered} % at {repeats} repeats under {noise:?}"
            );
        }
    }
}

/// The standard error of 1,000 runs is 0.7 points.
#[test]
fn intervals_cover_the_truth_however_the_machine_is_disturbed() {
    for noise in Noise::ALL {
        for repeats in REPEATS {
            let covered = coverage(noise, repeats, 1_000);
            assert!(
                covered >= 93.0,
                "{covered} % at {repeats} repeats under {noise:?}"
            );
        }
    }
}

/// The standard error of 4,000 runs is 0.3 points.
#[test]
fn equal_arms_are_seldom_called_different() {
    for noise in [
        Noise::LogNormal,
        Noise::Spikes,
        Noise::Drift,
        Noise::TwoModes,
    ] {
        for repeats in [3, 5, 8, 13] {
            let mut rng = noise::rng(100 + repeats as u64);
            let called = |_: &u32| {
                let (base, arm) = noise.walls(repeats, 1.0, &mut rng);
                let interval = speedup(&base, &arm).unwrap().interval.unwrap();
                interval.verdict() != Some(Verdict::NoDifference)
            };
            let called = (0..4_000).filter(called).count();
            assert!(
                called <= 200,
                "{called} of 4,000 at {repeats} repeats under {noise:?}"
            );
        }
    }
}

/// Student's interval is the narrowest for log-normal noise: on average, the one in use is at most
/// a quarter wider than it is at 95 %.
#[test]
fn intervals_are_not_needlessly_wide() {
    /// 97.5 % quantiles of Student's t with 2 to 19 degrees of freedom.
    const T: [f64; 18] = [
        4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093,
    ];
    for repeats in REPEATS {
        let mut rng = noise::rng(200 + repeats as u64);
        let (mut ours, mut student) = (0.0, 0.0);
        for _ in 0..400 {
            let (base, arm) = Noise::LogNormal.walls(repeats, TRUTH, &mut rng);
            let logs: Vec<f64> = base.iter().zip(&arm).map(|(b, a)| (b / a).ln()).collect();
            let sd = workbench_stats::descriptive::standard_deviation(&logs).unwrap();
            student += 2.0 * T[repeats - 3] * sd / (repeats as f64).sqrt();
            let interval = speedup(&base, &arm).unwrap().interval.unwrap();
            ours += (interval.high / interval.low).ln();
        }
        let wider = ours / student;
        assert!(wider < 1.25, "{wider} times Student's at {repeats} repeats");
    }
}

/// The median of one arm. With two modes of equal weight the median lies between them, anywhere,
/// and only the sign test still holds it: from 6 repeats on.
#[test]
fn intervals_of_wall_times_cover_their_median() {
    for noise in Noise::ALL {
        let mut rng = noise::rng(1);
        let truth = median_interval(&noise.walls(20_001, 1.0, &mut rng).1).unwrap();
        let truth = f64::midpoint(truth.low, truth.high);
        for repeats in REPEATS.filter(|n| noise != Noise::TwoModes || *n >= 6) {
            let covers = |_: &u32| {
                let (_, arm) = noise.walls(repeats, 1.0, &mut rng);
                let found = median_interval(&arm).unwrap();
                found.low <= truth && truth <= found.high
            };
            let covered = (0..500).filter(covers).count();
            assert!(
                covered >= 465,
                "{covered} of 500 at {repeats} repeats under {noise:?}"
            );
        }
    }
}

/// A run that goes on until its interval is narrow stops where the interval happens to be narrow,
/// which could cost coverage. Simulated as `--until` does it: from so many repeats on, at most 30 %
/// more at a time. The standard error of 2,000 runs is 0.5 points.
#[test]
fn intervals_that_were_waited_for_cover_the_truth_nearly_as_often() {
    for (noise, begin, width) in [
        (Noise::LogNormal, 3, 0.1),
        (Noise::LogNormal, 5, 0.05),
        (Noise::LogNormal, 5, 0.02),
        (Noise::Spikes, 5, 0.05),
        (Noise::Drift, 5, 0.05),
        (Noise::TwoModes, 5, 0.05),
    ] {
        let mut rng = noise::rng(300 + begin as u64);
        let covers = |_: &u32| {
            let (base, arm) = noise.walls(2_000, TRUTH, &mut rng);
            let mut repeats = begin;
            loop {
                let found = speedup(&base[..repeats], &arm[..repeats]).unwrap();
                let interval = found.interval.unwrap();
                let share = (interval.high - interval.low) / found.ratio;
                if share < width || repeats == base.len() {
                    return interval.low <= TRUTH && TRUTH <= interval.high;
                }
                let enough = repeats as f64 * (share / width).powi(2);
                let next = enough.min(repeats as f64 * 1.3).ceil() as usize;
                repeats = next.clamp(repeats + 1, base.len());
            }
        };
        let covered = (0..2_000).filter(covers).count() as f64 / 20.0;
        assert!(
            covered >= 93.0,
            "{covered} % from {begin} repeats on to {width} under {noise:?}"
        );
    }
}
