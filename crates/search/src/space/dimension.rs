//! A parameter of a space.

use std::fmt;

use super::condition::Condition;
use super::domain::Domain;

/// A parameter: its name, its values, and when it is active.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Letters, digits, `_`, `-`, `.` and `/`.
    pub name: String,
    /// Which values it may take.
    pub domain: Domain,
    /// What has to hold of another parameter. Without a condition it is always active.
    pub condition: Option<Condition>,
}

impl Dimension {
    /// A parameter that is always active.
    pub fn new(name: &str, domain: Domain) -> Self {
        Self {
            name: name.to_owned(),
            domain,
            condition: None,
        }
    }

    /// The parameter, active only where a condition holds.
    #[must_use]
    pub fn only_if(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }
}

/// `lr = loguniform(0.0001, 0.1)`, which [`Dimension::parse`] reads.
impl fmt::Display for Dimension {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} = {}", self.name, self.domain)?;
        match &self.condition {
            Some(condition) => write!(out, " if {condition}"),
            None => Ok(()),
        }
    }
}
