//! The scaling curve: measured speed-ups over the number of workers, and the laws fitted to them.

use super::document::{AmdahlFit, ArmResult, Fit, Scaling, ScalingPoint, UslFit};
use super::messages;
use workbench_record::{Basis, RunStarted};
use workbench_stats::scaling as laws;

/// One curve per parallel arm that has a speed-up at two or more numbers of workers. The laws
/// assume equal work, so none is fitted on another basis of comparison.
pub(super) fn scaling(arms: &[ArmResult], started: &RunStarted, basis: &Basis) -> Vec<Scaling> {
    started
        .arms
        .iter()
        .filter(|arm| arm.parallel)
        .map(|arm| curve(&arm.name, arms, basis))
        .filter(|curve| curve.points.len() > 1)
        .collect()
}

fn curve(name: &str, arms: &[ArmResult], basis: &Basis) -> Scaling {
    let mut points: Vec<ScalingPoint> = arms
        .iter()
        .filter(|arm| arm.name == name)
        .filter_map(|arm| {
            Some(ScalingPoint {
                workers: arm.workers,
                speedup: arm.speedup?,
                interval: arm.speedup_interval,
            })
        })
        .collect();
    points.sort_by_key(|point| point.workers);
    // The laws are of workers that are equally fast: with a core each, and of one speed.
    let shares = |p: &ScalingPoint| {
        let ideal = ideal_of(arms, name, p.workers);
        ideal.is_some_and(|ideal| ideal < f64::from(p.workers) * (1.0 - 1e-9))
    };
    let (without, with): (Vec<&ScalingPoint>, Vec<_>) = points.iter().partition(|p| shares(p));
    let without: Vec<u32> = without.iter().map(|p| p.workers).collect();
    let measured: Vec<(f64, f64)> = with
        .iter()
        .map(|p| (f64::from(p.workers), p.speedup))
        .collect();
    let (amdahl, usl) = if basis.needs_equal_work() {
        (amdahl(&measured, &without), usl(&measured, &without))
    } else {
        (
            Fit::Refused(messages::different_work()),
            Fit::Refused(messages::different_work()),
        )
    };
    Scaling {
        arm: name.to_owned(),
        points,
        amdahl,
        usl,
    }
}

fn ideal_of(arms: &[ArmResult], name: &str, workers: u32) -> Option<f64> {
    let is_it = |arm: &&ArmResult| arm.name == name && arm.workers == workers;
    arms.iter().find(is_it)?.ideal
}

/// `without`: numbers of workers that have no core each, and are left out.
fn amdahl(measured: &[(f64, f64)], without: &[u32]) -> Fit<AmdahlFit> {
    match laws::fit_amdahl(measured) {
        Ok(fit) => Fit::Fitted(AmdahlFit {
            serial_fraction: fit.serial_fraction,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(messages::refusal(&refusal, without)),
    }
}

fn usl(measured: &[(f64, f64)], without: &[u32]) -> Fit<UslFit> {
    match laws::fit_usl(measured) {
        Ok(fit) => Fit::Fitted(UslFit {
            sigma: fit.sigma,
            kappa: fit.kappa,
            peak_workers: fit.peak_workers,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(messages::refusal(&refusal, without)),
    }
}
