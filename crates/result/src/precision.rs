//! How much the numbers of a run can tell: how narrow its intervals are, and by how much two equal
//! arms differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;
use workbench_record::Until;

/// What became of a run that was to go on until its intervals are narrow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UntilOutcome {
    /// What was asked for.
    pub asked: Until,
    /// Whether every arm has an interval that is as narrow.
    pub reached: bool,
    /// The widest interval; null while an arm has none.
    pub widest: Option<WidestInterval>,
}

/// The interval that is the widest of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WidestInterval {
    /// Its arm.
    pub arm: String,
    /// On how many slots.
    pub workers: u32,
    /// From its lower to its upper end, as a share of the speed-up.
    #[serde(with = "Floats::<f64>")]
    pub width: f64,
}

/// How much slower or faster work seems to be that is the same: what the control shows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// How many times faster the control ran than the base, which does the same.
    #[serde(with = "Floats::<f64>")]
    pub ratio: f64,
    /// The greatest factor between equal arms that the interval of `ratio` allows, at least 1.
    /// Speed-ups from 1 / `factor` to `factor` are not claimed.
    #[serde(with = "Floats::<f64>")]
    pub factor: f64,
}

impl Noise {
    /// Whether a speed-up is no more than what equal arms show.
    pub fn holds(&self, speedup: f64) -> bool {
        (self.factor.recip()..=self.factor).contains(&speedup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_as_far_on_both_sides() {
        let noise = Noise {
            ratio: 0.99,
            factor: 1.25,
        };
        for (speedup, is_noise) in [(0.79, false), (0.8, true), (1.25, true), (1.26, false)] {
            assert_eq!(noise.holds(speedup), is_noise, "{speedup}");
        }
    }
}
