//! What has to be equal between arms for a speed-up to be stated.

use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;
use workbench_record::Basis;

use crate::capture::Wanted;

/// The name of the number that is compared, where its pattern gives none.
const NUMBER: &str = "number";

/// How the outputs of arms are compared.
#[derive(Debug, Clone, Default)]
pub enum OutputCheck {
    /// Only the exit code, which every arm's has to be one that is expected.
    #[default]
    Exit,
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
}

impl FromStr for OutputCheck {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Self, CheckError> {
        let text = text.trim();
        match text.split_once(':') {
            None if text == "exit" || text.is_empty() => Ok(Self::Exit),
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
    /// What is to be found out while an arm prints.
    pub(crate) fn wanted(&self) -> Wanted {
        match self {
            Self::Exit | Self::Outputs | Self::File(_) => Wanted::Nothing,
            Self::Stdout => Wanted::Hash,
            Self::Number { pattern, .. } => Wanted::Number((**pattern).clone()),
        }
    }

    /// The name of the number that is compared, where one is.
    pub fn figure(&self) -> Option<&str> {
        match self {
            Self::Number { pattern, .. } => {
                Some(pattern.capture_names().flatten().next().unwrap_or(NUMBER))
            }
            _ => None,
        }
    }

    /// The basis of comparison.
    pub(crate) fn basis(&self) -> Basis {
        match self {
            Self::Exit => Basis::OutputsNotCompared,
            Self::Stdout | Self::Outputs | Self::File(_) => Basis::EqualOutputs,
            Self::Number { tolerance, .. } => Basis::NearOutputs {
                metric: self.figure().unwrap_or(NUMBER).to_owned(),
                tolerance: *tolerance,
            },
        }
    }
}

impl fmt::Display for OutputCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit => f.write_str("exit"),
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
        ] {
            let check: OutputCheck = text.parse().unwrap();
            assert_eq!(check.to_string(), text);
        }
        let check: OutputCheck = "number:[0-9]+".parse().unwrap();
        assert_eq!(check.figure(), Some("number"));
        let named: OutputCheck = "number:pi (?<pi>.*)~1e-3".parse().unwrap();
        assert_eq!(named.figure(), Some("pi"));
        for wrong in [
            "hash",
            "file:",
            "number:(~1",
            "number:x~-1",
            "number:x~much",
        ] {
            assert!(wrong.parse::<OutputCheck>().is_err(), "{wrong}");
        }
    }
}
