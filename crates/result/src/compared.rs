//! The arms that a speed-up is told of, and the best of them.

use super::document::{ArmResult, RunResult};

impl RunResult {
    /// The arms that are compared with the base, in their order. The control is the base once more:
    /// its ratio is noise, not a speed-up.
    pub fn compared(&self) -> impl Iterator<Item = &ArmResult> {
        let arms = self.arms.iter();
        arms.filter(|arm| arm.name != self.base && !arm.control)
    }

    /// The highest speed-up against the base, and the arm that has it; `None` where no arm has one.
    pub fn best_arm(&self) -> Option<(f64, &ArmResult)> {
        self.compared()
            .filter_map(|arm| Some((arm.speedup?, arm)))
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }
}
