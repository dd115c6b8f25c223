use workbench_stats::line::fit;
use workbench_stats::paired::mean_difference;

/// Anscombe (1973), first set: intercept 3.0001, slope 0.5001, R² 0.6665.
#[test]
fn a_line_agrees_with_published_values() {
    let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
    let y = [
        8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
    ];
    let points: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
    let line = fit(&points).expect("eleven points have a line");
    assert!((line.intercept - 3.0001).abs() < 5e-5, "{line:?}");
    assert!((line.slope - 0.5001).abs() < 5e-5, "{line:?}");
    assert!((line.r_squared - 0.6665).abs() < 5e-5, "{line:?}");
    assert!((line.at(10.0) - 8.001).abs() < 1e-3);
}

#[test]
fn there_is_no_line_through_too_little() {
    assert_eq!(fit(&[(1.0, 1.0), (2.0, 2.0)]), None);
    assert_eq!(fit(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
    assert_eq!(fit(&[(1.0, 1.0), (2.0, f64::NAN), (3.0, 3.0)]), None);
    let flat = fit(&[(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]).expect("a flat line");
    assert_eq!((flat.slope, flat.r_squared), (0.0, 1.0));
}

/// For a mean the bootstrap agrees with the normal interval when there are many rows.
#[test]
fn paired_losses_give_the_interval_of_their_mean_difference() {
    let first: Vec<f64> = (0..4000).map(|row| f64::from(row % 97)).collect();
    // Differences of -1, 0 and 1.2 in turn, however much the rows themselves differ.
    let steps = [-1.0, 0.0, 1.2].into_iter().cycle();
    let second: Vec<f64> = first.iter().zip(steps).map(|(a, step)| a + step).collect();
    let found = mean_difference(&first, &second).expect("an interval");
    let mean: f64 = 0.2 / 3.0;
    let deviation = ((1.0 + 1.44) / 3.0 - mean * mean).sqrt();
    let half = 1.96 * deviation / 4000_f64.sqrt();
    assert!((found.mean - mean).abs() < 1e-3, "{found:?}");
    assert!((found.low - (mean - half)).abs() < 0.1 * half, "{found:?}");
    assert!((found.high - (mean + half)).abs() < 0.1 * half, "{found:?}");
    assert!(found.low > 0.0, "zero is left out: {found:?}");
    assert_eq!(mean_difference(&first, &second), Some(found));
}

#[test]
fn equal_losses_cannot_be_told_apart_and_hostile_ones_give_nothing() {
    let equal = mean_difference(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).expect("an interval");
    assert_eq!((equal.mean, equal.low, equal.high), (0.0, 0.0, 0.0));
    assert_eq!(mean_difference(&[1.0, 2.0], &[1.0]), None);
    assert_eq!(mean_difference(&[1.0, f64::NAN], &[1.0, 2.0]), None);
    assert_eq!(mean_difference(&[1.0], &[1.0]), None);
}
