//! How fast the usable cores are relative to each other, on machines whose cores differ
//! (performance and efficiency cores).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// Cores whose speeds are at least this share of each other count as equal: favoured cores, and
/// the error of a measurement.
const ALIKE: f64 = 0.95;

/// Relative speeds of the usable cores. Only machines whose cores differ have them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoreSpeeds {
    /// How the speeds are known.
    pub known_by: SpeedSource,
    /// The kinds of cores, the fastest first.
    pub kinds: Vec<CoreKind>,
}

/// How the relative speeds of cores are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpeedSource {
    /// The same work was timed on cores of every kind.
    Measured,
    /// Estimated: the kernel's `cpu_capacity`.
    Capacity,
    /// Estimated: the performance that the firmware states (ACPI CPPC).
    Firmware,
    /// Estimated: the highest frequency of each core.
    Frequency,
    /// Estimated: what kind of core it is.
    CoreType,
}

/// Cores of equal speed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoreKind {
    /// How many of them can be used.
    pub cores: u32,
    /// Speed of one of them, as a share of that of the fastest core.
    #[serde(with = "Floats::<f64>")]
    pub speed: f64,
}

impl CoreSpeeds {
    /// From `(cores, speed)` in any order and any unit of speed. `None` where all cores are as good
    /// as equal, or a speed is not a positive number.
    pub fn new(known_by: SpeedSource, cores: impl IntoIterator<Item = (u32, f64)>) -> Option<Self> {
        let mut cores: Vec<(u32, f64)> = cores.into_iter().filter(|(n, _)| *n > 0).collect();
        let valid = |speed: f64| speed.is_finite() && speed > 0.0;
        if !cores.iter().all(|(_, speed)| valid(*speed)) {
            return None;
        }
        cores.sort_by(|a, b| b.1.total_cmp(&a.1));
        let fastest = cores.first()?.1;
        let mut kinds: Vec<CoreKind> = Vec::new();
        for (cores, speed) in cores {
            let speed = speed / fastest;
            match kinds.last_mut() {
                Some(kind) if speed >= kind.speed * ALIKE => {
                    kind.cores = kind.cores.saturating_add(cores);
                }
                _ => kinds.push(CoreKind { cores, speed }),
            }
        }
        (kinds.len() > 1).then_some(Self { known_by, kinds })
    }

    /// Speeds of the `slots` fastest cores, the fastest first. Slots beyond the known cores are as
    /// fast as the slowest.
    pub fn fastest(&self, slots: u32) -> Vec<f64> {
        let speed = |kind: &CoreKind| std::iter::repeat_n(valid(kind.speed), kind.cores as usize);
        let slowest = self.kinds.last().map_or(1.0, |kind| valid(kind.speed));
        let all = self.kinds.iter().flat_map(speed);
        all.chain(std::iter::repeat(slowest))
            .take(slots as usize)
            .collect()
    }

    /// What the fastest `cores` do together, in units of the fastest core; a part of a core counts
    /// as that part.
    pub fn together(&self, cores: f64) -> f64 {
        let mut left = cores.max(0.0);
        let mut sum = 0.0;
        for kind in &self.kinds {
            let used = left.min(f64::from(kind.cores));
            sum += used * valid(kind.speed);
            left -= used;
        }
        let slowest = self.kinds.last().map_or(1.0, |kind| valid(kind.speed));
        sum + left * slowest
    }

    /// What all of them do together, in units of the fastest core.
    pub fn all_together(&self) -> f64 {
        self.together(self.kinds.iter().map(|kind| f64::from(kind.cores)).sum())
    }
}

/// A recorded speed as a share from 0 to 1; what makes no sense counts as the fastest.
fn valid(speed: f64) -> f64 {
    if speed.is_finite() && (0.0..=1.0).contains(&speed) {
        speed
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn four_and_four() -> CoreSpeeds {
        CoreSpeeds::new(SpeedSource::Measured, [(4, 0.9), (4, 2.0)]).unwrap()
    }

    #[test]
    fn the_fastest_cores_come_first_and_add_up() {
        let speeds = four_and_four();
        assert_eq!(speeds.fastest(5), [1.0, 1.0, 1.0, 1.0, 0.45]);
        let sums = [(0.0, 0.0), (1.0, 1.0), (4.0, 4.0), (4.5, 4.225), (8.0, 5.8)];
        for (cores, sum) in sums {
            assert!((speeds.together(cores) - sum).abs() < 1e-9);
        }
        assert!((speeds.all_together() - 5.8).abs() < 1e-9);
    }

    #[test]
    fn cores_that_are_as_good_as_equal_are_one_kind() {
        let new = |cores: &[(u32, f64)]| CoreSpeeds::new(SpeedSource::Frequency, cores.to_vec());
        assert_eq!(new(&[(8, 1.0)]), None);
        assert_eq!(new(&[(1, 5.0), (1, 4.9), (6, 4.8)]), None);
        assert_eq!(new(&[(1, 5.0), (1, f64::NAN)]), None);
        assert_eq!(new(&[(1, 5.0), (1, 0.0)]), None);
        assert_eq!(new(&[]), None);
    }

    proptest! {
        #[test]
        fn more_cores_never_do_less(
            kinds in prop::collection::vec((0_u32..9, 0.01_f64..9.0), 0..6),
            cores in 0.0_f64..64.0,
            more in 0.0_f64..9.0,
        ) {
            if let Some(speeds) = CoreSpeeds::new(SpeedSource::Measured, kinds) {
                let (few, many) = (speeds.together(cores), speeds.together(cores + more));
                prop_assert!(few <= many && few <= cores + 1e-9);
                let slots = cores.ceil() as u32;
                let sum: f64 = speeds.fastest(slots).iter().sum();
                prop_assert!((sum - speeds.together(f64::from(slots))).abs() < 1e-9);
            }
        }
    }
}
