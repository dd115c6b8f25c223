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
    let measured: Vec<(f64, f64)> = points
        .iter()
        .map(|p| (f64::from(p.workers), p.speedup))
        .collect();
    let (amdahl, usl) = if basis.needs_equal_work() {
        (amdahl(&measured), usl(&measured))
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

fn amdahl(measured: &[(f64, f64)]) -> Fit<AmdahlFit> {
    match laws::fit_amdahl(measured) {
        Ok(fit) => Fit::Fitted(AmdahlFit {
            serial_fraction: fit.serial_fraction,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(messages::refusal(&refusal)),
    }
}

fn usl(measured: &[(f64, f64)]) -> Fit<UslFit> {
    match laws::fit_usl(measured) {
        Ok(fit) => Fit::Fitted(UslFit {
            sigma: fit.sigma,
            kappa: fit.kappa,
            peak_workers: fit.peak_workers,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(messages::refusal(&refusal)),
    }
}
