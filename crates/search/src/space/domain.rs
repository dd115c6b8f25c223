//! Which values a parameter may take.

use std::fmt;

use super::condition::ConditionTest;
use super::error::SpaceProblem;
use crate::seed::Draws;
use crate::value::{ConfigValue, Listed};

/// Whole numbers up to this are exact as floats.
const LARGEST_INTEGER: i64 = 1 << 53;

/// Which values a parameter may take, and how random search draws them. Bounds belong to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// `uniform(low, high)`: every number is as likely.
    Uniform {
        /// Least value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// `loguniform(low, high)`: every order of magnitude is as likely.
    LogUniform {
        /// Least value, above 0.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// `quniform(low, high, step)`: `low`, `low + step`, … up to `high`, all as likely.
    Quantised {
        /// Least value.
        low: f64,
        /// Bound of the values.
        high: f64,
        /// Distance of the values.
        step: f64,
    },
    /// `integer(low, high)` or `integer(low, high, step)`: whole numbers, all as likely.
    Integer {
        /// Least value.
        low: i64,
        /// Bound of the values.
        high: i64,
        /// Distance of the values.
        step: i64,
    },
    /// `loginteger(low, high)`: whole numbers, every order of magnitude as likely.
    LogInteger {
        /// Least value, at least 1.
        low: i64,
        /// Largest value.
        high: i64,
    },
    /// `choice(a, b, …)`: one of several values without an order.
    Choice(Vec<ConfigValue>),
    /// `grid(a, b, …)`: one of several values in an order, so that neighbours are alike.
    Grid(Vec<ConfigValue>),
    /// `0.9`: always the same value.
    Fixed(ConfigValue),
}

impl Domain {
    /// Whether there are such values.
    pub(crate) fn check(&self) -> Result<(), SpaceProblem> {
        match self {
            Self::Uniform { low, high } => check_bounds(*low, *high),
            Self::LogUniform { low, high } => {
                check_bounds(*low, *high)?;
                check_above_zero(*low)
            }
            Self::Quantised { low, high, step } => {
                check_bounds(*low, *high)?;
                let steps = (high - low) / step;
                if *step > 0.0 && steps >= 1.0 && steps < LARGEST_INTEGER as f64 {
                    Ok(())
                } else {
                    Err(SpaceProblem::Step(*step))
                }
            }
            Self::Integer { low, high, step } => {
                check_integers(*low, *high)?;
                if *step >= 1 && *step <= high - low {
                    Ok(())
                } else {
                    Err(SpaceProblem::Step(*step as f64))
                }
            }
            Self::LogInteger { low, high } => {
                check_integers(*low, *high)?;
                check_above_zero(*low as f64)
            }
            Self::Choice(values) | Self::Grid(values) => check_values(values),
            Self::Fixed(value) => check_values(std::slice::from_ref(value)),
        }
    }

    /// How many values there are; none where there are as many as floats.
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Uniform { .. } | Self::LogUniform { .. } => None,
            Self::Quantised { low, high, step } => {
                // A step that divides the range up to rounding reaches its end.
                Some(((high - low) / step + 1e-9).floor() as u64 + 1)
            }
            Self::Integer { low, high, step } => Some(((high - low) / step) as u64 + 1),
            Self::LogInteger { low, high } => Some((high - low) as u64 + 1),
            Self::Choice(values) | Self::Grid(values) => Some(values.len() as u64),
            Self::Fixed(_) => Some(1),
        }
    }

    /// The value at an index below [`Domain::count`]; a domain without a count has its least.
    pub(crate) fn nth(&self, index: u64) -> ConfigValue {
        match self {
            Self::Uniform { low, .. } | Self::LogUniform { low, .. } => ConfigValue::Float(*low),
            Self::Quantised { low, high, step } => {
                ConfigValue::Float(tidy(low + index as f64 * step).min(*high))
            }
            Self::Integer { low, step, .. } => {
                ConfigValue::Integer(low + index.cast_signed() * step)
            }
            Self::LogInteger { low, .. } => ConfigValue::Integer(low + index.cast_signed()),
            Self::Choice(values) | Self::Grid(values) => values[index as usize].clone(),
            Self::Fixed(value) => value.clone(),
        }
    }

    /// The value at a share of the way from the least to the largest, by the logarithm where it is
    /// logarithmic, rounded to a value of the domain.
    pub(crate) fn at_share(&self, share: f64) -> ConfigValue {
        match self {
            Self::Uniform { low, high } => {
                ConfigValue::Float(tidy(low + share * (high - low)).clamp(*low, *high))
            }
            Self::LogUniform { low, high } => {
                ConfigValue::Float(tidy(log_share(*low, *high, share)).clamp(*low, *high))
            }
            Self::LogInteger { low, high } => {
                let near = log_share(*low as f64, *high as f64, share).round() as i64;
                ConfigValue::Integer(near.clamp(*low, *high))
            }
            Self::Quantised { .. }
            | Self::Integer { .. }
            | Self::Choice(_)
            | Self::Grid(_)
            | Self::Fixed(_) => {
                let last = self.count().unwrap_or(1) - 1;
                self.nth(((share * last as f64).round() as u64).min(last))
            }
        }
    }

    /// A random value.
    pub(crate) fn draw(&self, draws: &mut Draws) -> ConfigValue {
        match self {
            Self::Uniform { low, high } => {
                ConfigValue::Float((low + draws.unit() * (high - low)).clamp(*low, *high))
            }
            Self::LogUniform { low, high } => {
                ConfigValue::Float(log_share(*low, *high, draws.unit()).clamp(*low, *high))
            }
            Self::LogInteger { low, high } => {
                let drawn = log_share(*low as f64 - 0.5, *high as f64 + 0.5, draws.unit());
                ConfigValue::Integer((drawn.round() as i64).clamp(*low, *high))
            }
            Self::Quantised { .. }
            | Self::Integer { .. }
            | Self::Choice(_)
            | Self::Grid(_)
            | Self::Fixed(_) => {
                let count = self.count().unwrap_or(1);
                self.nth(draws.below(count))
            }
        }
    }

    /// Whether a value is one of its values.
    pub fn has(&self, value: &ConfigValue) -> bool {
        match self {
            Self::Uniform { low, high } | Self::LogUniform { low, high } => value
                .as_f64()
                .is_some_and(|number| *low <= number && number <= *high),
            Self::Quantised { low, step, .. } => value.as_f64().is_some_and(|number| {
                let index = ((number - low) / step).round();
                let known = index >= 0.0 && index < self.count().unwrap_or(0) as f64;
                known && (number - (low + index * step)).abs() <= step * 1e-6
            }),
            Self::Integer { low, high, step } => value.as_i64().is_some_and(|number| {
                *low <= number && number <= *high && (number - low) % step == 0
            }),
            Self::LogInteger { low, high } => value
                .as_i64()
                .is_some_and(|number| *low <= number && number <= *high),
            Self::Choice(values) | Self::Grid(values) => {
                values.iter().any(|known| known.same(value))
            }
            Self::Fixed(known) => known.same(value),
        }
    }

    /// Least and largest number, where all values are numbers.
    pub(crate) fn bounds(&self) -> Option<(f64, f64)> {
        let of = |values: &[ConfigValue]| {
            let numbers: Option<Vec<f64>> = values.iter().map(ConfigValue::as_f64).collect();
            let numbers = numbers?.into_iter();
            numbers.fold(None, |bounds: Option<(f64, f64)>, number| {
                let (low, high) = bounds.unwrap_or((number, number));
                Some((low.min(number), high.max(number)))
            })
        };
        match self {
            Self::Uniform { low, high }
            | Self::LogUniform { low, high }
            | Self::Quantised { low, high, .. } => Some((*low, *high)),
            Self::Integer { low, high, .. } | Self::LogInteger { low, high } => {
                Some((*low as f64, *high as f64))
            }
            Self::Choice(values) | Self::Grid(values) => of(values),
            Self::Fixed(value) => of(std::slice::from_ref(value)),
        }
    }

    /// Whether a test can hold of its values.
    pub(crate) fn can(&self, test: &ConditionTest) -> bool {
        match (self, test) {
            (_, ConditionTest::In(values)) => values.iter().all(|value| self.has(value)),
            (Self::Choice(values) | Self::Grid(values), _) => {
                values.iter().any(|value| test.holds(value))
            }
            (_, ConditionTest::AtLeast(bound)) => {
                self.bounds().is_some_and(|(_, high)| high >= *bound)
            }
            (_, ConditionTest::AtMost(bound)) => {
                self.bounds().is_some_and(|(low, _)| low <= *bound)
            }
        }
    }
}

/// A multiple of a step, without the digits that rounding leaves: 0.3, not 0.30000000000000004.
pub(crate) fn tidy(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

fn log_share(low: f64, high: f64, share: f64) -> f64 {
    let (low, high) = (libm::log(low), libm::log(high));
    libm::exp(low + share * (high - low))
}

fn check_bounds(low: f64, high: f64) -> Result<(), SpaceProblem> {
    if low.is_finite() && high.is_finite() && low < high && (high - low).is_finite() {
        Ok(())
    } else {
        Err(SpaceProblem::Bounds(low.into(), high.into()))
    }
}

fn check_integers(low: i64, high: i64) -> Result<(), SpaceProblem> {
    let exact = -LARGEST_INTEGER..=LARGEST_INTEGER;
    if low < high && exact.contains(&low) && exact.contains(&high) {
        Ok(())
    } else {
        Err(SpaceProblem::Bounds(low.into(), high.into()))
    }
}

fn check_above_zero(low: f64) -> Result<(), SpaceProblem> {
    if low > 0.0 {
        Ok(())
    } else {
        Err(SpaceProblem::Logarithm(low))
    }
}

fn check_values(values: &[ConfigValue]) -> Result<(), SpaceProblem> {
    let mut known = std::collections::HashSet::new();
    for value in values {
        let finite = value.as_f64().is_none_or(f64::is_finite);
        let readable = value
            .as_str()
            .is_none_or(|text| !text.chars().any(char::is_control));
        if !finite || !readable {
            return Err(SpaceProblem::Unwritable);
        }
        let key = match value.as_f64() {
            Some(number) => (Some((number + 0.0).to_bits()), ""),
            None => (None, value.as_str().unwrap_or_default()),
        };
        if !known.insert(key) {
            return Err(SpaceProblem::Repeated(value.clone()));
        }
    }
    if values.is_empty() {
        return Err(SpaceProblem::NoValues);
    }
    Ok(())
}

/// The short text that is parsed.
impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform { low, high } => write!(out, "uniform({low:?}, {high:?})"),
            Self::LogUniform { low, high } => write!(out, "loguniform({low:?}, {high:?})"),
            Self::Quantised { low, high, step } => {
                write!(out, "quniform({low:?}, {high:?}, {step:?})")
            }
            Self::Integer { low, high, step: 1 } => write!(out, "integer({low}, {high})"),
            Self::Integer { low, high, step } => write!(out, "integer({low}, {high}, {step})"),
            Self::LogInteger { low, high } => write!(out, "loginteger({low}, {high})"),
            Self::Choice(values) => write!(out, "choice({})", Listed(values)),
            Self::Grid(values) => write!(out, "grid({})", Listed(values)),
            Self::Fixed(value) => write!(out, "{value}"),
        }
    }
}
