//! Targets as integers, whose sums are exact in any order.

/// Powers of ten tried as the scale: decimals of the targets.
const DECIMALS: i32 = 9;
/// Powers of two tried as the scale: binary fractions.
const BINARY: i32 = 32;
/// The most that a target may be above the least one.
const MOST: f64 = 16_777_215.0;

/// Targets in fixed point: `y = (least + above) / scale` without loss.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedTargets {
    /// What every integer was multiplied by.
    pub scale: f64,
    /// The least target, scaled.
    pub least: i64,
    /// How far every target is above the least one.
    pub above: Vec<u32>,
    /// The greatest of them.
    pub most: u32,
}

impl FixedTargets {
    /// The targets in fixed point, where a small scale makes all of them integers of 24 bits.
    pub fn of(targets: &[f64]) -> Option<Self> {
        let tens = (0..=DECIMALS).map(|power| 10_f64.powi(power));
        let twos = (1..=BINARY).map(|power| 2_f64.powi(power));
        tens.chain(twos)
            .find_map(|scale| Self::with_scale(targets, scale))
    }

    fn with_scale(targets: &[f64], scale: f64) -> Option<Self> {
        let least = targets.iter().copied().fold(f64::INFINITY, f64::min);
        let least = (least * scale).round();
        if least.abs() > 2_f64.powi(52) {
            return None;
        }
        let integer = |target: f64| {
            let scaled = (target * scale).round();
            let above = scaled - least;
            (scaled / scale == target && above <= MOST).then_some(above as u32)
        };
        let above: Option<Vec<u32>> = targets.iter().map(|target| integer(*target)).collect();
        let above = above?;
        let most = above.iter().copied().max()?;
        let least = least as i64;
        Some(Self {
            scale,
            least,
            above,
            most,
        })
    }
}
