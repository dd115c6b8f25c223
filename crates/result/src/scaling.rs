//! The scaling curve: measured speed-ups over the number of workers, and the laws fitted to them.

use super::document::{AmdahlFit, ArmResult, Fit, Scaling, ScalingPoint, UslFit};
use super::facts::UnfittedWorkers;
use super::messages;
use workbench_record::{ArmFacts, RECOVERED, RunStarted, Snapshot};
use workbench_stats::scaling as laws;

/// One curve per parallel arm that has a speed-up at two or more numbers of workers. The laws
/// assume equal work, so none is fitted on another basis of comparison.
pub(super) fn scaling(
    arms: &[ArmResult],
    started: &RunStarted,
    snapshot: &Snapshot,
) -> Vec<Scaling> {
    // Against a base on as many slots there is no scaling.
    let is_fixed = |arm: &&ArmFacts| {
        let mut of = arms.iter().filter(|known| known.name == arm.name);
        of.any(|known| known.ideal.is_none())
    };
    started
        .arms
        .iter()
        .filter(|arm| arm.parallel && !is_fixed(arm))
        .map(|arm| curve(&arm.name, arms, snapshot))
        .filter(|curve| curve.points.len() > 1)
        .collect()
}

/// Whether an arm failed at a number of workers, for good or until it recovered: the wall times say
/// more of the failure than of the workers.
fn has_failed(arm: &ArmResult, snapshot: &Snapshot) -> bool {
    let asked = snapshot.started.as_ref().map_or(0, |s| s.config.repeats);
    let for_good =
        snapshot.failed_arms.contains_key(&arm.name) && arm.wall_s.len() < asked as usize;
    let recovered = snapshot.findings.iter().any(|(_, found)| {
        let of = (found.subject.arm.as_deref(), found.subject.workers);
        found.kind == RECOVERED && of == (Some(arm.name.as_str()), Some(arm.workers))
    });
    for_good || recovered
}

fn curve(name: &str, arms: &[ArmResult], snapshot: &Snapshot) -> Scaling {
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
    let failed = |p: &ScalingPoint| {
        let of = |arm: &&ArmResult| arm.name == name && arm.workers == p.workers;
        arms.iter()
            .find(of)
            .is_some_and(|arm| has_failed(arm, snapshot))
    };
    let mut without = UnfittedWorkers::default();
    let mut with = Vec::new();
    for point in &points {
        if shares(point) {
            without.sharing.push(point.workers);
        } else if failed(point) {
            without.failed.push(point.workers);
        } else {
            with.push(point);
        }
    }
    let measured: Vec<(f64, f64)> = with
        .iter()
        .map(|p| (f64::from(p.workers), p.speedup))
        .collect();
    let (amdahl, usl) = if snapshot.comparison.basis.needs_equal_work() {
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

fn amdahl(measured: &[(f64, f64)], without: &UnfittedWorkers) -> Fit<AmdahlFit> {
    match laws::fit_amdahl(measured) {
        Ok(fit) => Fit::Fitted(AmdahlFit {
            serial_fraction: fit.serial_fraction,
            rmse: fit.rmse,
        }),
        Err(refusal) => Fit::Refused(messages::refusal(&refusal, without)),
    }
}

fn usl(measured: &[(f64, f64)], without: &UnfittedWorkers) -> Fit<UslFit> {
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
