//! The scaling curve: measured speed-ups over the number of workers, and the laws fitted to them.

use super::document::{AmdahlFit, ArmResult, Fit, Scaling, ScalingPoint, UslFit};
use workbench_record::RunStarted;
use workbench_stats::scaling as laws;

/// One curve per parallel arm that has a speed-up at two or more numbers of workers.
pub(super) fn scaling(arms: &[ArmResult], started: &RunStarted) -> Vec<Scaling> {
    started
        .arms
        .iter()
        .filter(|arm| arm.parallel)
        .map(|arm| curve(&arm.name, arms))
        .filter(|curve| curve.points.len() > 1)
        .collect()
}

fn curve(name: &str, arms: &[ArmResult]) -> Scaling {
    let mut points: Vec<ScalingPoint> = arms
        .iter()
        .filter(|arm| arm.name == name)
        .filter_map(|arm| {
            Some(ScalingPoint {
                workers: arm.workers,
                speedup: arm.speedup?,
                ci95: arm.speedup_ci95,
            })
        })
        .collect();
    points.sort_by_key(|point| point.workers);
    let measured: Vec<(f64, f64)> = points
        .iter()
        .map(|p| (f64::from(p.workers), p.speedup))
        .collect();
    let amdahl = match laws::fit_amdahl(&measured) {
        Ok(fit) => Fit::Fitted(AmdahlFit {
            serial_fraction: fit.serial_fraction,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(refusal.to_string()),
    };
    let usl = match laws::fit_usl(&measured) {
        Ok(fit) => Fit::Fitted(UslFit {
            sigma: fit.sigma,
            kappa: fit.kappa,
            peak_workers: fit.peak_workers,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(refusal.to_string()),
    };
    Scaling {
        arm: name.to_owned(),
        points,
        amdahl,
        usl,
    }
}
