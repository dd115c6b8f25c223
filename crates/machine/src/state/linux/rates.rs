//! From counters to rates.

/// Three decimals: finer than the kernel counts, and short in a recording.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The change of a counter per second; one that went backwards has started over.
pub(super) fn rate(now: u64, before: u64, passed: f64) -> f64 {
    if passed > 0.0 {
        (now.saturating_sub(before) as f64 / passed).round()
    } else {
        0.0
    }
}
