//! The requested number of workers and its text form. Knows neither labs nor machines.

use std::fmt;
use std::str::FromStr;

/// The value of `--workers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedWorkers {
    /// All numbers to run with, as in `1,2,4`; empty means the default.
    Numbers(Vec<u32>),
    /// One number, and the fewest with which an elastic arm continues when workers are lost, as in
    /// `1..2`.
    Elastic {
        /// The fewest.
        least: u32,
        /// The number at the start.
        most: u32,
    },
}

impl Default for AskedWorkers {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl From<Vec<u32>> for AskedWorkers {
    fn from(numbers: Vec<u32>) -> Self {
        Self::Numbers(numbers)
    }
}

impl fmt::Display for AskedWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
                f.write_str(&numbers.join(","))
            }
            Self::Elastic { least, most } => write!(f, "{least}..{most}"),
        }
    }
}

impl FromStr for AskedWorkers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| part.trim().parse::<u32>().ok();
        let asked = match text.split_once("..") {
            Some((least, most)) => number(least).zip(number(most)).and_then(|(least, most)| {
                (0 < least && least <= most).then_some(Self::Elastic { least, most })
            }),
            None => text
                .split(',')
                .map(number)
                .collect::<Option<Vec<u32>>>()
                .map(Self::Numbers),
        };
        asked.ok_or_else(|| {
            "give whole numbers with commas between them, for example 1,2,4, or the fewest and the most of an arm \
             that can do with fewer, for example 1..2"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use super::*;

    #[test]
    fn numbers_and_ranges_are_read_and_written_alike() {
        for (text, asked) in [
            ("2", AskedWorkers::Numbers(vec![2])),
            ("1,2,4", AskedWorkers::Numbers(vec![1, 2, 4])),
            ("1..2", AskedWorkers::Elastic { least: 1, most: 2 }),
            ("3..3", AskedWorkers::Elastic { least: 3, most: 3 }),
        ] {
            assert_eq!(text.parse::<AskedWorkers>().unwrap(), asked);
            assert_eq!(asked.to_string(), text);
        }
        let spaced: AskedWorkers = " 1, 2 ".parse().unwrap();
        assert_eq!(spaced, vec![1, 2].into());
    }

    #[test]
    fn anything_else_is_told_what_may_be_given() {
        for text in [
            "",
            "two",
            "-1",
            "1,",
            ",1",
            "1..",
            "..2",
            "2..1",
            "0..2",
            "1..2..3",
            "1...2",
            "1..2,4",
            "4294967296",
        ] {
            let told = text.parse::<AskedWorkers>().unwrap_err();
            assert!(
                told.contains("1,2,4") && told.contains("1..2"),
                "{text}: {told}"
            );
        }
    }
}
