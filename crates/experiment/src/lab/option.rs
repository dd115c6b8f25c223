//! The options of a run, and the refusal of what was given to one.

use std::fmt;

/// An option of the command line and a row of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opt {
    /// `--preset`.
    Preset,
    /// `--arms`.
    Arms,
    /// `--peers`.
    Peers,
    /// `--workers`.
    Workers,
    /// `--repeats`.
    Repeats,
    /// `--seed`.
    Seed,
    /// `--until`.
    Until,
    /// `--max-time`.
    MaxTime,
    /// `--set`, by the name of the parameter.
    Set(String),
    /// `--fault`.
    Fault,
    /// An option that only some labs have, by its name without dashes.
    Of(String),
    /// `--data`.
    Data,
    /// `--target`.
    Target,
    /// `--columns`.
    Columns,
    /// `--drop-columns`.
    DropColumns,
    /// `--no-header`.
    NoHeader,
    /// `--drop-missing`.
    DropMissing,
    /// `--delimiter`.
    Delimiter,
    /// `--decimal`.
    Decimal,
}

impl fmt::Display for Opt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset => f.write_str("--preset"),
            Self::Arms => f.write_str("--arms"),
            Self::Peers => f.write_str("--peers"),
            Self::Workers => f.write_str("--workers"),
            Self::Repeats => f.write_str("--repeats"),
            Self::Seed => f.write_str("--seed"),
            Self::Until => f.write_str("--until"),
            Self::MaxTime => f.write_str("--max-time"),
            Self::Set(name) => write!(f, "--set {name}"),
            Self::Fault => f.write_str("--fault"),
            Self::Of(name) => write!(f, "--{name}"),
            Self::Data => f.write_str("--data"),
            Self::Target => f.write_str("--target"),
            Self::Columns => f.write_str("--columns"),
            Self::DropColumns => f.write_str("--drop-columns"),
            Self::NoHeader => f.write_str("--no-header"),
            Self::DropMissing => f.write_str("--drop-missing"),
            Self::Delimiter => f.write_str("--delimiter"),
            Self::Decimal => f.write_str("--decimal"),
        }
    }
}

/// What was given to an option cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The option.
    pub option: Opt,
    /// What was given, where it is worth repeating.
    pub value: Option<String>,
    /// What is wrong with it, and what to give instead.
    pub reason: String,
}

impl Refusal {
    /// The refusal of a value.
    pub fn new(option: Opt, value: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self {
            option,
            value: Some(value.to_string()),
            reason: reason.into(),
        }
    }

    /// The refusal of an option whatever its value is.
    pub fn of(option: Opt, reason: impl Into<String>) -> Self {
        Self {
            option,
            value: None,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            option,
            value,
            reason,
        } = self;
        match (option, value) {
            (Opt::Set(_), Some(value)) => write!(f, "`{option}={value}`: {reason}"),
            (_, Some(value)) => write!(f, "`{option} {value}`: {reason}"),
            (_, None) => write!(f, "`{option}`: {reason}"),
        }
    }
}
