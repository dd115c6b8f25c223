//! Losses: finite numbers, of which less is better.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is minimised: a finite number with a total order. A metric of which more is better, an
/// accuracy, goes in with its sign turned. A number that is not finite is the trial's failure.
#[derive(Debug, Clone, Copy)]
pub struct FiniteLoss(f64);

impl FiniteLoss {
    /// The loss, where the number is finite. -0 becomes 0.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// The loss that is nearest to a number that is not NaN.
    pub(crate) fn clamped(number: f64) -> Self {
        Self(number.clamp(f64::MIN, f64::MAX) + 0.0)
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl PartialEq for FiniteLoss {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FiniteLoss {}

impl PartialOrd for FiniteLoss {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Less is better, so the least of several is the best.
impl Ord for FiniteLoss {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for FiniteLoss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for FiniteLoss {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for FiniteLoss {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        Self::new(number)
            .ok_or_else(|| de::Error::invalid_value(Unexpected::Float(number), &"a finite number"))
    }
}
