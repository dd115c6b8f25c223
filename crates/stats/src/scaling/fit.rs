//! Laws fitted to measured speed-ups, or the sentence that says why not.
//!
//! Points are pairs (workers p, speed-up S); a number of workers may occur more than once. Fits
//! minimise the squared error of the speed-up with the parameters kept in the range where they mean
//! something. A point at p = 1 counts, but every law puts it at 1: how far the arm is from its base
//! on one worker is not for a law to explain.

use std::fmt;

use super::laws;
use super::least_squares::{Measured, contention, fit_one, fit_two};

/// A law that can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Amdahl (1967): fixed work with a serial fraction.
    Amdahl,
    /// Gustafson (1988): work that grows with the workers.
    Gustafson,
    /// Gunther (1993): contention and coherency.
    Usl,
}

impl Law {
    /// How many different numbers of workers a fit needs: two more than the law has parameters, so
    /// that the error has something to say.
    pub fn needed(self) -> usize {
        match self {
            Self::Amdahl | Self::Gustafson => 3,
            Self::Usl => 4,
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amdahl => "Amdahl's law",
            Self::Gustafson => "Gustafson's law",
            Self::Usl => "The universal scalability law",
        })
    }
}

/// Why a law was not fitted; its text is a full sentence for a reader.
#[derive(Debug, Clone, PartialEq)]
pub enum FitRefusal {
    /// Too few different numbers of workers.
    TooFewWorkers {
        /// The law.
        law: Law,
        /// The different numbers of workers that there are, rising.
        found: Vec<f64>,
    },
    /// A point that no run can have measured.
    BadPoint {
        /// The law.
        law: Law,
        /// Workers, as given.
        workers: f64,
        /// Speed-up, as given.
        speedup: f64,
    },
}

impl fmt::Display for FitRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewWorkers { law, found } => {
                write!(
                    f,
                    "{law} needs speed-ups at {} or more different numbers of workers; ",
                    law.needed()
                )?;
                let list: Vec<String> = found.iter().map(ToString::to_string).collect();
                match found.len() {
                    0 => f.write_str("there are none."),
                    1 => write!(f, "there is 1 ({}).", list[0]),
                    n => write!(f, "there are {n} ({}).", list.join(", ")),
                }
            }
            Self::BadPoint {
                law,
                workers,
                speedup,
            } => write!(
                f,
                "{law} cannot be fitted to a speed-up of {speedup} at {workers} workers; speed-ups must be above 0 and \
                 numbers of workers at least 1, all of them finite."
            ),
        }
    }
}

impl std::error::Error for FitRefusal {}

/// Amdahl's law, fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedAmdahl {
    /// Serial fraction, 0 to 1.
    pub serial_fraction: f64,
    /// Root mean square error of the speed-up.
    pub rmse: f64,
}

/// Gustafson's law, fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedGustafson {
    /// Serial fraction of the time on p workers, 0 to 1.
    pub serial_fraction: f64,
    /// Root mean square error of the speed-up.
    pub rmse: f64,
}

/// The universal scalability law, fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedUsl {
    /// Contention σ, at least 0.
    pub sigma: f64,
    /// Coherency κ, at least 0.
    pub kappa: f64,
    /// Number of workers with the highest speed-up, where there is one (see [`laws::usl_peak`]).
    pub peak_workers: Option<f64>,
    /// Root mean square error of the speed-up.
    pub rmse: f64,
}

/// Fits Amdahl's law to (workers, speed-up) pairs. Superlinear data give a serial fraction of 0 and
/// a large error.
///
/// # Errors
/// [`FitRefusal`] with fewer than three different numbers of workers, or a pair that no run
/// can have measured.
pub fn fit_amdahl(points: &[(f64, f64)]) -> Result<FittedAmdahl, FitRefusal> {
    let points = accepted(points, Law::Amdahl)?;
    // 1/(s + (1 − s)/p) = p/(1 + s(p − 1)).
    let serial_fraction = fit_one(&points, contention, 1.0);
    Ok(FittedAmdahl {
        serial_fraction,
        rmse: rmse(&points, |p| laws::amdahl(serial_fraction, p)),
    })
}

/// Fits Gustafson's law to (workers, scaled speed-up) pairs: speed-ups of work that was made
/// larger with p.
///
/// # Errors
/// [`FitRefusal`] with fewer than three different numbers of workers, or a pair that no run
/// can have measured.
pub fn fit_gustafson(points: &[(f64, f64)]) -> Result<FittedGustafson, FitRefusal> {
    let points = accepted(points, Law::Gustafson)?;
    // The law is linear in s, and the error a parabola: its lowest point within bounds is the
    // bounded lowest point.
    let moments = points
        .iter()
        .fold((0.0, 0.0), |(xy, xx), &Measured { p, s }| {
            (xy + (p - 1.0) * (p - s), xx + (p - 1.0) * (p - 1.0))
        });
    let serial_fraction = (moments.0 / moments.1).clamp(0.0, 1.0);
    Ok(FittedGustafson {
        serial_fraction,
        rmse: rmse(&points, |p| laws::gustafson(serial_fraction, p)),
    })
}

/// Fits the universal scalability law to (workers, speed-up) pairs.
///
/// # Errors
/// [`FitRefusal`] with fewer than four different numbers of workers, or a pair that no run
/// can have measured.
pub fn fit_usl(points: &[(f64, f64)]) -> Result<FittedUsl, FitRefusal> {
    let points = accepted(points, Law::Usl)?;
    let (sigma, kappa) = fit_two(&points);
    Ok(FittedUsl {
        sigma,
        kappa,
        peak_workers: laws::usl_peak(sigma, kappa),
        rmse: rmse(&points, |p| laws::usl(sigma, kappa, p)),
    })
}

fn accepted(points: &[(f64, f64)], law: Law) -> Result<Vec<Measured>, FitRefusal> {
    let measured = |p: f64, s: f64| p.is_finite() && p >= 1.0 && s.is_finite() && s > 0.0;
    if let Some(&(workers, speedup)) = points.iter().find(|&&(p, s)| !measured(p, s)) {
        return Err(FitRefusal::BadPoint {
            law,
            workers,
            speedup,
        });
    }
    let mut found: Vec<f64> = points.iter().map(|&(p, _)| p).collect();
    found.sort_by(f64::total_cmp);
    found.dedup();
    if found.len() < law.needed() {
        return Err(FitRefusal::TooFewWorkers { law, found });
    }
    Ok(points.iter().map(|&(p, s)| Measured { p, s }).collect())
}

fn rmse(points: &[Measured], law: impl Fn(f64) -> f64) -> f64 {
    let squares: f64 = points
        .iter()
        .map(|&Measured { p, s }| (law(p) - s).powi(2))
        .sum();
    (squares / points.len() as f64).sqrt()
}
