//! What is wrong with a space, and where.

use std::fmt;

use crate::value::ConfigValue;

/// The domains that there are.
pub(super) const KINDS: [&str; 8] = [
    "uniform",
    "loguniform",
    "quniform",
    "integer",
    "loginteger",
    "choice",
    "grid",
    "fixed",
];

/// What is wrong with a space or a configuration: which parameter, where in the text, and what.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub struct SpaceError {
    /// Which parameter, where it is about one.
    pub parameter: Option<String>,
    /// Where in the text, where there was one.
    pub place: Option<TextPlace>,
    /// What is wrong.
    pub problem: SpaceProblem,
}

/// A place in a text. Lines and columns count from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPlace {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl TextPlace {
    /// The place of a byte of a text.
    pub(super) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpaceProblem {
    /// No parameter.
    #[error("the space has no parameter; give one, for instance `lr=loguniform(1e-4,1e-1)`")]
    Empty,
    /// A name that is none.
    #[error("a name has letters, digits, `_`, `-`, `.` and `/`, and is not `if` or `in`")]
    Name,
    /// A name that is there twice.
    #[error("the parameter is there twice; leave one")]
    Twice,
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What would have been right.
        expected: &'static str,
        /// What was there.
        found: String,
    },
    /// A domain that there is not.
    #[error("there is no `{given}(…)`; there are {}{}", KINDS.join(", "), nearest(*.near))]
    Kind {
        /// What was given.
        given: String,
        /// One that looks like it.
        near: Option<&'static str>,
    },
    /// A wrong number of arguments.
    #[error("`{kind}` takes {takes}, not {given} arguments")]
    Arguments {
        /// The domain.
        kind: &'static str,
        /// What it takes.
        takes: &'static str,
        /// How many were given.
        given: usize,
    },
    /// Bounds without values between them.
    #[error("the lower bound has to be below the upper one, both finite, not {0} and {1}")]
    Bounds(ConfigValue, ConfigValue),
    /// A logarithm of 0 or less.
    #[error("a logarithmic range has to begin above 0, not at {0}")]
    Logarithm(f64),
    /// A step that does not fit in.
    #[error("a step has to be above 0 and fit between the bounds, not {0}")]
    Step(f64),
    /// No values.
    #[error("there has to be at least one value")]
    NoValues,
    /// A value that is there twice.
    #[error("the value {0} is there twice")]
    Repeated(ConfigValue),
    /// A value that is not finite or has control characters.
    #[error("values are finite numbers and texts without control characters")]
    Unwritable,
    /// A condition about a parameter that is not there.
    #[error(
        "its condition is about `{parameter}`, which is not there{}",
        nearest(.near.as_deref())
    )]
    NoParent {
        /// What was given.
        parameter: String,
        /// One that looks like it.
        near: Option<String>,
    },
    /// A condition about values that the other parameter never has.
    #[error("its condition `{0}` names values that the other parameter never has")]
    NeverActive(String),
    /// Conditions in a circle.
    #[error("its condition depends on the parameter itself")]
    Circle,
    /// Not TOML.
    #[error("this is not TOML: {0}")]
    Toml(String),
    /// A configuration has no value for an active parameter.
    #[error("the configuration has no value for it")]
    Missing,
    /// A configuration has a value that the domain does not have.
    #[error("the value {0} is not one of its values")]
    Outside(ConfigValue),
    /// A configuration has a value for a parameter whose condition does not hold.
    #[error("the configuration has a value for it, and its condition does not hold")]
    Inactive,
    /// A configuration has a parameter that the space does not have.
    #[error("the space has no such parameter")]
    Unknown,
}

fn nearest(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

impl SpaceProblem {
    pub(super) fn no_parent<'a>(parameter: &str, known: impl Iterator<Item = &'a String>) -> Self {
        let close = known.filter(|known| strsim::damerau_levenshtein(known, parameter) <= 2);
        Self::NoParent {
            parameter: parameter.to_owned(),
            near: close.min().cloned(),
        }
    }
}

impl SpaceError {
    pub(super) const fn of_space(problem: SpaceProblem) -> Self {
        Self {
            parameter: None,
            place: None,
            problem,
        }
    }

    pub(super) fn of_parameter(name: &str, problem: SpaceProblem) -> Self {
        Self {
            parameter: Some(name.to_owned()),
            place: None,
            problem,
        }
    }
}

/// `` `lr`, line 2, column 6: … ``
impl fmt::Display for SpaceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.parameter {
            write!(out, "`{}`", name.escape_debug())?;
        }
        if let Some(TextPlace { line, column }) = self.place {
            let comma = if self.parameter.is_some() { ", " } else { "" };
            write!(out, "{comma}line {line}, column {column}")?;
        }
        if self.parameter.is_some() || self.place.is_some() {
            out.write_str(": ")?;
        }
        self.problem.fmt(out)
    }
}
