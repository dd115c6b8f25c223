//! What may be said of a speed-up: whether it is one, and how well it is known.

use workbench_record::{RunStarted, Snapshot};
use workbench_stats::interval::Verdict;

use super::document::{ArmResult, RunResult};
use super::precision::{Noise, UntilOutcome, WidestInterval};

impl ArmResult {
    /// Whether the whole confidence interval of the speed-up is above the bound, which no schedule
    /// can exceed: then the base was slowed down, and the speed-up is no headline.
    pub fn is_above_bound(&self) -> bool {
        let ends = self.speedup_interval.and_then(|i| i.confidence());
        ends.zip(self.bound)
            .is_some_and(|([low, _], bound)| low > bound)
    }

    /// How wide the interval of its speed-up is, as a share of the speed-up; `None` without a
    /// confidence interval.
    fn width(&self) -> Option<f64> {
        let [low, high] = self.speedup_interval?.confidence()?;
        Some((high - low) / self.speedup?)
    }
}

impl RunResult {
    /// Whether an arm is faster or slower than the base; `None` without a confidence interval. What
    /// is within the noise that the control shows is no difference.
    pub fn verdict(&self, arm: &ArmResult) -> Option<Verdict> {
        let verdict = arm.speedup_interval?.verdict()?;
        Some(if self.is_noise(arm) {
            Verdict::NoDifference
        } else {
            verdict
        })
    }

    /// Whether the speed-up of an arm is within the noise that the control shows.
    pub fn is_noise(&self, arm: &ArmResult) -> bool {
        let noise = self.noise.zip(arm.speedup);
        !arm.control && noise.is_some_and(|(noise, speedup)| noise.holds(speedup))
    }
}

/// How narrow the intervals are, where they were asked to be narrow. Those of arms that ended
/// before the run do not count.
pub(super) fn precision(
    arms: &[ArmResult],
    started: &RunStarted,
    snapshot: &Snapshot,
) -> Option<UntilOutcome> {
    let asked = started.config.until?;
    let base = started.arms.first()?;
    let compared = arms
        .iter()
        .filter(|arm| arm.name != base.name && !snapshot.has_ended(&arm.name));
    let widths: Option<Vec<WidestInterval>> = compared
        .map(|arm| {
            Some(WidestInterval {
                arm: arm.name.clone(),
                workers: arm.workers,
                width: arm.width()?,
            })
        })
        .collect();
    let widest = widths.and_then(|widths| {
        widths
            .into_iter()
            .max_by(|a, b| a.width.total_cmp(&b.width))
    });
    Some(UntilOutcome {
        asked,
        reached: widest
            .as_ref()
            .is_some_and(|widest| widest.width < asked.width),
        widest,
    })
}

/// By how much equal arms differ, where a control says so.
pub(super) fn noise(arms: &[ArmResult]) -> Option<Noise> {
    let control = arms.iter().find(|arm| arm.control)?;
    let ratio = control.speedup?;
    let [low, high] = control.speedup_interval.map_or([ratio; 2], |i| i.ends());
    Some(Noise {
        ratio,
        factor: high.max(low.recip()).max(1.0),
    })
}
