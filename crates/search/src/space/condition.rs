//! When a parameter is active.

use std::fmt;

use crate::value::{ConfigValue, Listed};

/// What has to hold of another parameter for one to be active. Where the other is not active
/// itself, it does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The other parameter.
    pub parameter: String,
    /// What its value has to be.
    pub test: ConditionTest,
}

/// What the value of a parameter has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum ConditionTest {
    /// One of these.
    In(Vec<ConfigValue>),
    /// A number that is at least this.
    AtLeast(f64),
    /// A number that is at most this.
    AtMost(f64),
}

impl ConditionTest {
    /// Whether it holds of a value.
    pub fn holds(&self, value: &ConfigValue) -> bool {
        match self {
            Self::In(values) => values.iter().any(|one| one.same(value)),
            Self::AtLeast(bound) => value.as_f64().is_some_and(|number| number >= *bound),
            Self::AtMost(bound) => value.as_f64().is_some_and(|number| number <= *bound),
        }
    }
}

/// `optimizer = sgd`, `optimizer in (sgd, adam)`, `layers >= 2`.
impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, test } = self;
        match test {
            ConditionTest::In(values) => match values.as_slice() {
                [value] => write!(out, "{parameter} = {value}"),
                values => write!(out, "{parameter} in ({})", Listed(values)),
            },
            ConditionTest::AtLeast(bound) => write!(out, "{parameter} >= {bound:?}"),
            ConditionTest::AtMost(bound) => write!(out, "{parameter} <= {bound:?}"),
        }
    }
}
