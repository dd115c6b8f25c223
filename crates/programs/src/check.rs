//! What has to be equal between arms for a speed-up to be stated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;
use workbench_experiment::lab::LIST_SEPARATOR;
use workbench_record::Basis;

use crate::capture::Wanted;

/// The name of the number that is compared, where its pattern gives none.
const NUMBER: &str = "number";

/// How the outputs of arms are compared: in all of these ways. Without one, only the exit code is
/// looked at, which every arm's has to be one that is expected.
#[derive(Debug, Clone, Default)]
pub struct OutputChecks(Vec<OutputCheck>);

/// One way to compare the outputs of arms.
#[derive(Debug, Clone)]
pub enum OutputCheck {
    /// The standard output, byte for byte.
    Stdout,
    /// The outputs that the programs tell, by their hashes.
    Outputs,
    /// A file, byte for byte; placeholders are filled in.
    File(String),
    /// The last number that a pattern finds in the standard output.
    Number {
        /// The pattern; its first group is the number, and the group's name is the figure's.
        pattern: Box<Regex>,
        /// The greatest difference.
        tolerance: f64,
    },
}

/// Why a text is no check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// None of the words.
    #[error("give exit, stdout, outputs, file:PATH, or number:PATTERN~TOLERANCE")]
    Form,
    /// The pattern.
    #[error("the pattern is not a regular expression: {0}")]
    Pattern(String),
    /// The tolerance.
    #[error("`{0}` is no tolerance; give a number that is not negative, as in number:PATTERN~0.01")]
    Tolerance(String),
    /// Two checks find out the same.
    #[error("two checks are called {0}; name numbers in their patterns: number:(?<NAME>…)")]
    Twice(String),
}

impl FromStr for OutputChecks {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Self, CheckError> {
        let parts = text.split(LIST_SEPARATOR).map(str::trim);
        let parts = parts.filter(|part| !matches!(*part, "" | "exit"));
        let checks = parts
            .map(str::parse)
            .collect::<Result<Vec<OutputCheck>, _>>()?;
        let mut names = BTreeSet::new();
        match checks.iter().find(|check| !names.insert(check.name())) {
            Some(twice) => Err(CheckError::Twice(twice.name().to_owned())),
            None => Ok(Self(checks)),
        }
    }
}

impl FromStr for OutputCheck {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Self, CheckError> {
        match text.split_once(':') {
            None if text == "stdout" => Ok(Self::Stdout),
            None if text == "outputs" => Ok(Self::Outputs),
            Some(("file", path)) if !path.trim().is_empty() => {
                Ok(Self::File(path.trim().to_owned()))
            }
            Some(("number", pattern)) => number(pattern),
            _ => Err(CheckError::Form),
        }
    }
}

fn number(text: &str) -> Result<OutputCheck, CheckError> {
    let (pattern, tolerance) = match text.rsplit_once('~') {
        Some((pattern, tolerance)) => {
            let number = tolerance.trim().parse::<f64>().ok();
            let number = number.filter(|number| *number >= 0.0 && number.is_finite());
            let wrong = || CheckError::Tolerance(tolerance.trim().to_owned());
            (pattern, number.ok_or_else(wrong)?)
        }
        None => (text, 0.0),
    };
    let pattern = Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        CheckError::Pattern(last.trim_start_matches("error: ").to_owned())
    })?;
    Ok(OutputCheck::Number {
        pattern: Box::new(pattern),
        tolerance,
    })
}

impl OutputCheck {
    /// What its item is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Stdout => "stdout",
            Self::Outputs => "outputs",
            Self::File(path) => path,
            Self::Number { pattern, .. } => {
                pattern.capture_names().flatten().next().unwrap_or(NUMBER)
            }
        }
    }
}

impl OutputChecks {
    /// The outputs that the programs tell, by their hashes.
    pub fn told() -> Self {
        Self(vec![OutputCheck::Outputs])
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &OutputCheck> {
        self.0.iter()
    }

    /// Whether nothing is compared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Files that are compared, as they were given.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.iter().filter_map(|check| match check {
            OutputCheck::File(path) => Some(&**path),
            _ => None,
        })
    }

    /// The names of the numbers that are compared, with the greatest differences.
    fn tolerances(&self) -> impl Iterator<Item = (&str, f64)> {
        self.iter().filter_map(|check| match check {
            OutputCheck::Number { tolerance, .. } => Some((check.name(), *tolerance)),
            _ => None,
        })
    }

    /// The names of the numbers that are compared.
    pub fn figures(&self) -> impl Iterator<Item = &str> {
        self.tolerances().map(|(name, _)| name)
    }

    /// What is to be found out while an arm prints.
    pub(crate) fn wanted(&self) -> Wanted {
        let number = |check: &OutputCheck| match check {
            OutputCheck::Number { pattern, .. } => Some((**pattern).clone()),
            _ => None,
        };
        Wanted {
            hash: self
                .iter()
                .any(|check| matches!(check, OutputCheck::Stdout)),
            numbers: self.iter().filter_map(number).collect(),
        }
    }

    /// The basis of comparison.
    pub(crate) fn basis(&self) -> Basis {
        let tolerances: BTreeMap<String, f64> = self
            .tolerances()
            .map(|(name, most)| (name.to_owned(), most))
            .collect();
        match &*self.0 {
            [] => Basis::OutputsNotCompared,
            [check @ OutputCheck::Number { tolerance, .. }] => Basis::NearOutputs {
                metric: check.name().to_owned(),
                tolerance: *tolerance,
            },
            _ if tolerances.is_empty() => Basis::EqualOutputs,
            _ => Basis::EqualOrNear { tolerances },
        }
    }
}

impl fmt::Display for OutputChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("exit");
        }
        for (index, check) in self.iter().enumerate() {
            if index > 0 {
                write!(f, " {LIST_SEPARATOR} ")?;
            }
            write!(f, "{check}")?;
        }
        Ok(())
    }
}

impl fmt::Display for OutputCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("stdout"),
            Self::Outputs => f.write_str("outputs"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Number { pattern, tolerance } => write!(f, "number:{pattern}~{tolerance}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_and_written() {
        for text in [
            "exit",
            "stdout",
            "file:out/{workers}.txt",
            "number:pi=(?<pi>[0-9.]+)~0.001",
            "stdout ;; file:a.csv ;; number:(?<pi>3.*)~0.1 ;; number:(?<e>2.*)~0.2",
        ] {
            let checks: OutputChecks = text.parse().unwrap();
            assert_eq!(checks.to_string(), text);
        }
        let figures = |text: &str| -> Vec<String> {
            let checks: OutputChecks = text.parse().unwrap();
            checks.figures().map(str::to_owned).collect()
        };
        assert_eq!(figures("number:[0-9]+"), ["number"]);
        assert_eq!(figures("number:pi (?<pi>.*)~1e-3;;exit;;stdout"), ["pi"]);
        for wrong in [
            "hash",
            "file:",
            "number:(~1",
            "number:x~-1",
            "number:x~much",
            "file:a ;; file:a",
            "number:a ;; number:b",
        ] {
            assert!(wrong.parse::<OutputChecks>().is_err(), "{wrong}");
        }
    }
}
