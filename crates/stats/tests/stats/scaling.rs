//! Efficiency, Karp–Flatt, and the laws of Amdahl, Gustafson and Gunther.

use proptest::prelude::*;
use serde::Deserialize;
use workbench_stats::scaling::{
    FitRefusal, Law, amdahl, efficiency, fit_amdahl, fit_gustafson, fit_usl, gustafson, karp_flatt,
    usl, usl_peak,
};

use crate::assert_close;

#[derive(Deserialize)]
struct Fixture {
    amdahl: Vec<Fitted>,
    gustafson: Vec<Fitted>,
    usl: Vec<Fitted>,
}

/// What `scipy.optimize.curve_fit` found within the same bounds, the best of many starts.
#[derive(Deserialize)]
struct Fitted {
    points: Vec<(f64, f64)>,
    parameters: Vec<f64>,
    rmse: f64,
}

fn fixture() -> serde_json::Result<Fixture> {
    serde_json::from_str(include_str!("../fixtures/stats/scaling.json"))
}

/// Parameters agree to six digits, and the error is never worse than SciPy's.
#[track_caller]
fn assert_as_good(parameters: &[f64], rmse: f64, expected: &Fitted) {
    for (actual, expected) in parameters.iter().zip(&expected.parameters) {
        assert_close(*actual, *expected, 1e-6);
        assert!(
            (actual - expected).abs() <= 1e-5 * expected + 1e-9,
            "got {actual}, expected {expected}"
        );
    }
    assert!(
        rmse <= expected.rmse * (1.0 + 1e-9) + 1e-12,
        "error {rmse}, SciPy has {}",
        expected.rmse
    );
}

#[test]
fn fits_agree_with_scipy() {
    let fixture = fixture().unwrap();
    for case in &fixture.amdahl {
        let fit = fit_amdahl(&case.points).unwrap();
        assert_as_good(&[fit.serial_fraction], fit.rmse, case);
    }
    for case in &fixture.gustafson {
        let fit = fit_gustafson(&case.points).unwrap();
        assert_as_good(&[fit.serial_fraction], fit.rmse, case);
    }
    for case in &fixture.usl {
        let fit = fit_usl(&case.points).unwrap();
        assert_as_good(&[fit.sigma, fit.kappa], fit.rmse, case);
    }
}

/// Quinn, Parallel Programming in C with MPI and OpenMP (2003), section 7.5: two benchmarks on 2 to
/// 8 processors. The first has a serial fraction of a tenth, the second a growing overhead.
#[test]
fn karp_flatt_matches_the_textbook() {
    let constant = [1.82, 2.50, 3.08, 3.57, 4.00, 4.38, 4.71];
    let rising = [1.87, 2.61, 3.23, 3.73, 4.14, 4.46, 4.71];
    let expected = [0.070, 0.075, 0.080, 0.085, 0.090, 0.095, 0.100];
    for (i, p) in (2..=8).map(f64::from).enumerate() {
        assert_eq!(format!("{:.1}", karp_flatt(constant[i], p).unwrap()), "0.1");
        assert!(
            (karp_flatt(rising[i], p).unwrap() - expected[i]).abs() < 0.0006,
            "p = {p}"
        );
    }
}

/// Gustafson (1988): serial fractions of 0.4 to 0.8 % on 1,024 processors scale to about
/// 1,016 to 1,020.
#[test]
fn gustafsons_law_matches_his_hypercube() {
    assert_eq!(gustafson(0.004, 1024.0).round(), 1020.0);
    assert_eq!(gustafson(0.008, 1024.0).round(), 1016.0);
    assert_eq!(amdahl(0.004, 1024.0).round(), 201.0);
}

/// The SPEC SDM91 throughput of a SPARCcenter 2000, with the estimates that the R package `usl`
/// (Möding) prints for it in its documentation: γ = 89.995233, σ = 0.0277285, κ = 0.0001044. That
/// fit also estimates γ, the throughput of one unit of load; dividing by it leaves the two
/// parameters of a speed-up.
#[test]
fn usl_matches_a_published_analysis() {
    const ONE: f64 = 89.995_233;
    let throughput = [
        (1.0, 64.9),
        (18.0, 995.9),
        (36.0, 1652.4),
        (72.0, 1853.2),
        (108.0, 1828.9),
        (144.0, 1775.0),
        (216.0, 1702.2),
    ];
    let fit = fit_usl(&throughput.map(|(load, x)| (load, x / ONE))).unwrap();
    assert_eq!(
        format!("{:.7} {:.7}", fit.sigma, fit.kappa),
        "0.0277285 0.0001044"
    );
    assert_eq!(format!("{:.1}", fit.peak_workers.unwrap()), "96.5");
}

#[test]
fn measures_need_workers_and_time() {
    assert_eq!(efficiency(3.0, 4.0), Some(0.75));
    assert_eq!(efficiency(3.0, 0.0), None);
    assert_eq!(efficiency(f64::NAN, 4.0), None);
    assert_eq!(karp_flatt(1.0, 1.0), None);
    assert_eq!(karp_flatt(0.5, 0.0), None);
    assert_eq!(karp_flatt(0.0, 4.0), None);
    assert_eq!(karp_flatt(f64::INFINITY, 4.0), None);
    assert!(karp_flatt(4.4, 4.0).unwrap() < 0.0, "superlinear");
}

#[test]
fn the_peak_is_where_the_law_is_highest() {
    let peak = usl_peak(0.05, 0.001).unwrap();
    let at = |p| usl(0.05, 0.001, p);
    assert!(at(peak) > at(peak - 0.01) && at(peak) > at(peak + 0.01));
    assert_eq!(usl_peak(0.3, 0.0), None);
    assert_eq!(usl_peak(1.0, 0.0), None);
    assert_eq!(usl_peak(1.5, 0.0), Some(1.0), "every worker makes it worse");
    assert_eq!(usl_peak(1.5, 0.1), Some(1.0));
    assert_eq!(
        usl_peak(0.0, 25.0),
        Some(1.0),
        "the formula's 0.2 workers cannot be had"
    );
}

#[test]
fn too_few_numbers_of_workers_are_refused_in_a_sentence() {
    let two = [(1.0, 1.0), (2.0, 1.9), (2.0, 1.8)];
    assert_eq!(
        fit_amdahl(&two).unwrap_err().to_string(),
        "Amdahl's law needs speed-ups at 3 or more different numbers of workers; there are 2 (1, 2)."
    );
    assert_eq!(
        fit_gustafson(&[(4.0, 3.0)]).unwrap_err().to_string(),
        "Gustafson's law needs speed-ups at 3 or more different numbers of workers; there is 1 (4)."
    );
    assert_eq!(
        fit_usl(&[(8.0, 5.0), (1.0, 1.0), (2.0, 1.9)])
            .unwrap_err()
            .to_string(),
        "The universal scalability law needs speed-ups at 4 or more different numbers of workers; there are 3 (1, 2, 8)."
    );
    assert_eq!(
        fit_usl(&[]).unwrap_err(),
        FitRefusal::TooFewWorkers {
            law: Law::Usl,
            found: vec![]
        }
    );
    assert!(
        fit_usl(&[])
            .unwrap_err()
            .to_string()
            .ends_with("; there are none.")
    );
}

#[test]
fn impossible_points_are_refused_by_name() {
    let with = |bad: (f64, f64)| [(1.0, 1.0), (2.0, 1.9), bad, (4.0, 3.5), (8.0, 6.0)];
    for bad in [
        (3.0, 0.0),
        (3.0, f64::NAN),
        (f64::INFINITY, 2.0),
        (0.5, 0.5),
        (-1.0, 1.0),
    ] {
        assert!(
            matches!(fit_amdahl(&with(bad)), Err(FitRefusal::BadPoint { .. })),
            "{bad:?}"
        );
        assert!(
            matches!(fit_gustafson(&with(bad)), Err(FitRefusal::BadPoint { .. })),
            "{bad:?}"
        );
        assert!(
            matches!(fit_usl(&with(bad)), Err(FitRefusal::BadPoint { .. })),
            "{bad:?}"
        );
    }
    assert_eq!(
        fit_amdahl(&with((3.0, -2.0))).unwrap_err().to_string(),
        "Amdahl's law cannot be fitted to a speed-up of -2 at 3 workers; speed-ups must be above 0 and numbers of workers \
         at least 1, all of them finite."
    );
}

#[test]
fn fits_stay_within_bounds() {
    let superlinear = [(1.0, 1.0), (2.0, 2.3), (4.0, 5.1), (8.0, 11.0)];
    assert_eq!(fit_amdahl(&superlinear).unwrap().serial_fraction, 0.0);
    assert_eq!(fit_gustafson(&superlinear).unwrap().serial_fraction, 0.0);
    let fit = fit_usl(&superlinear).unwrap();
    assert_eq!((fit.sigma, fit.kappa, fit.peak_workers), (0.0, 0.0, None));
    assert!(fit.rmse > 1.0);

    let slower = [(1.0, 0.9), (2.0, 0.7), (4.0, 0.5), (8.0, 0.3)];
    assert_eq!(fit_amdahl(&slower).unwrap().serial_fraction, 1.0);
    assert_eq!(fit_gustafson(&slower).unwrap().serial_fraction, 1.0);
    assert_eq!(fit_usl(&slower).unwrap().peak_workers, Some(1.0));
}

#[test]
fn extreme_points_give_finite_fits() {
    let extreme = [(1.0, 1e-300), (1e6, 1e-300), (1e9, 1e300), (1e12, 5.0)];
    let fit = fit_usl(&extreme).unwrap();
    assert!(fit.sigma.is_finite() && fit.sigma >= 0.0);
    assert!(fit.kappa.is_finite() && fit.kappa >= 0.0);
    assert!((0.0..=1.0).contains(&fit_amdahl(&extreme).unwrap().serial_fraction));
}

const WORKERS: [f64; 6] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

proptest! {
    #[test]
    fn karp_flatt_inverts_amdahl(serial in 0.0..=1.0_f64, p in 2..1000_u32) {
        let p = f64::from(p);
        assert_close(karp_flatt(amdahl(serial, p), p).unwrap(), serial, 1e-9);
    }

    #[test]
    fn usl_without_coherency_is_amdahl(serial in 0.0..=1.0_f64, p in 1..1000_u32) {
        assert_close(usl(serial, 0.0, f64::from(p)), amdahl(serial, f64::from(p)), 1e-9);
    }

    #[test]
    fn amdahl_and_gustafson_recover_the_fraction_of_clean_data(serial in 0.0..=1.0_f64) {
        let fit = fit_amdahl(&WORKERS.map(|p| (p, amdahl(serial, p)))).unwrap();
        assert_close(fit.serial_fraction, serial, 1e-12);
        prop_assert!(fit.rmse < 1e-9);
        let fit = fit_gustafson(&WORKERS.map(|p| (p, gustafson(serial, p)))).unwrap();
        assert_close(fit.serial_fraction, serial, 1e-12);
        prop_assert!(fit.rmse < 1e-9);
    }

    #[test]
    fn usl_recovers_the_costs_of_clean_data(sigma in 0.0..0.9_f64, kappa in 1e-5..0.1_f64) {
        let fit = fit_usl(&WORKERS.map(|p| (p, usl(sigma, kappa, p)))).unwrap();
        assert_close(fit.sigma, sigma, 1e-7);
        assert_close(fit.kappa, kappa, 1e-7);
        assert_close(fit.peak_workers.unwrap(), usl_peak(sigma, kappa).unwrap(), 1e-3);
    }

    #[test]
    fn usl_of_amdahls_data_has_no_peak(serial in 0.0..0.9_f64) {
        let fit = fit_usl(&WORKERS.map(|p| (p, amdahl(serial, p)))).unwrap();
        prop_assert_eq!((fit.kappa, fit.peak_workers), (0.0, None));
        assert_close(fit.sigma, serial, 1e-9);
    }

    #[test]
    fn no_nearby_parameters_fit_better(
        speedups in prop::collection::vec(0.2..40.0_f64, WORKERS.len()),
        step in prop::sample::select(vec![1e-2, 1e-4, 1e-6]),
    ) {
        let points: Vec<(f64, f64)> = WORKERS.into_iter().zip(speedups).collect();
        let error = |law: &dyn Fn(f64) -> f64| {
            points.iter().map(|&(p, s)| (law(p) - s).powi(2)).sum::<f64>() * (1.0 + 1e-9)
        };
        let amdahls = fit_amdahl(&points).unwrap().serial_fraction;
        let universal = fit_usl(&points).unwrap();
        let best_amdahl = error(&|p| amdahl(amdahls, p)) / (1.0 + 1e-9);
        let best_usl = error(&|p| usl(universal.sigma, universal.kappa, p)) / (1.0 + 1e-9);
        prop_assert!(best_usl <= error(&|p| amdahl(amdahls, p)), "USL contains Amdahl's law");
        for sign in [-1.0, 1.0] {
            let other = (amdahls + sign * step).clamp(0.0, 1.0);
            prop_assert!(best_amdahl <= error(&|p| amdahl(other, p)));
            for kappa_sign in [-1.0, 0.0, 1.0] {
                let sigma = (universal.sigma + sign * step).max(0.0);
                let kappa = (universal.kappa + kappa_sign * step / 10.0).max(0.0);
                prop_assert!(best_usl <= error(&|p| usl(sigma, kappa, p)));
            }
        }
    }
}
