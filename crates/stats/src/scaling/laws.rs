//! The laws themselves, as formulas. Workers `p` are real numbers, because curves are drawn
//! between whole ones.

/// Efficiency: speed-up over workers. 1 is perfect; more is superlinear. `None` without workers or
/// for numbers that are not finite.
pub fn efficiency(speedup: f64, p: f64) -> Option<f64> {
    (speedup.is_finite() && p.is_finite() && p > 0.0).then(|| speedup / p)
}

/// The experimentally determined serial fraction e = (1/S − 1/p)/(1 − 1/p) (Karp and Flatt 1990).
/// Negative when the speed-up is superlinear. `None` for one worker or fewer, and for a speed-up
/// that is not finite and positive.
///
/// An e that grows with p is overhead or imbalance; an e that stays is serial code *or* imbalance,
/// and the formula cannot tell which.
pub fn karp_flatt(speedup: f64, p: f64) -> Option<f64> {
    let defined = speedup.is_finite() && speedup > 0.0 && p.is_finite() && p > 1.0;
    defined.then(|| (1.0 / speedup - 1.0 / p) / (1.0 - 1.0 / p))
}

/// Speed-up of fixed work of which the fraction `serial_fraction` cannot be parallelised: S =
/// 1/(s + (1 − s)/p) (Amdahl 1967, in the form of Gustafson 1988).
pub fn amdahl(serial_fraction: f64, p: f64) -> f64 {
    1.0 / (serial_fraction + (1.0 - serial_fraction) / p)
}

/// Scaled speed-up, where the work grows with the workers and `serial_fraction` is the serial share
/// of the time *on p workers*: S = p − s(p − 1) (Gustafson 1988).
pub fn gustafson(serial_fraction: f64, p: f64) -> f64 {
    p - serial_fraction * (p - 1.0)
}

/// Speed-up after the universal scalability law, with contention `sigma` and coherency `kappa`:
/// S = p/(1 + σ(p − 1) + κp(p − 1)) (Gunther 1993, 2007). With κ = 0 this is Amdahl's law.
pub fn usl(sigma: f64, kappa: f64, p: f64) -> f64 {
    p / (1.0 + sigma * (p - 1.0) + kappa * p * (p - 1.0))
}

/// The number of workers, at least 1, at which the universal scalability law is highest: √((1
/// − σ)/κ) (Gunther 2007). `None` where more workers never make it worse, that is for κ = 0
/// and σ ≤ 1.
pub fn usl_peak(sigma: f64, kappa: f64) -> Option<f64> {
    if kappa > 0.0 {
        Some(((1.0 - sigma).max(0.0) / kappa).sqrt().max(1.0))
    } else {
        (sigma > 1.0).then_some(1.0)
    }
}
