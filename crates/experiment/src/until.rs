//! Until when a run goes on: what is asked for as text, and whether more repeats are needed.

use std::fmt;
use std::str::FromStr;

use workbench_record::{CONTROL, RunDir, Until};
use workbench_result::{UntilOutcome, load};

use super::error::ExperimentError;
use crate::lab::RunConfig;

/// More repeats than this are taken for a typing error.
pub const MAX_REPEATS: u32 = 10_000;

/// The longest time of a run when none is given.
pub const DEFAULT_MAX_TIME: MaxTime = MaxTime { seconds: 600 };

/// A run grows by at most this share of its repeats at a time, because the width of an interval is
/// not known well while there are few of them.
const MOST_GROWTH: f64 = 0.3;

/// The value of `--until`: how wide an interval may be, as a share of its speed-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Width {
    share: f64,
}

impl FromStr for Width {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix('%').map(str::trim_end);
        let percent = number.and_then(|number| number.parse::<f64>().ok());
        percent
            .filter(|percent| (0.01..=100.0).contains(percent))
            .map(|percent| Self {
                share: percent / 100.0,
            })
            .ok_or_else(|| {
                "give how wide the intervals may be, from 0.01% to 100% of the speed-up, for example 2%".to_owned()
            })
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What a division by 100 and its inverse leave behind is rounded away.
        write!(f, "{}%", (self.share * 1e8).round() / 1e6)
    }
}

/// The value of `--max-time`, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxTime {
    seconds: u64,
}

impl FromStr for MaxTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let duration = text.trim().parse::<jiff::SignedDuration>().ok();
        let seconds = duration.and_then(|duration| u64::try_from(duration.as_secs()).ok());
        seconds
            .filter(|seconds| (1..=365 * 86_400).contains(seconds))
            .map(|seconds| Self { seconds })
            .ok_or_else(|| {
                "give a time from 1s to a year of hours, for example 90s, 10m or 1h30m".to_owned()
            })
    }
}

impl fmt::Display for MaxTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            s if s.is_multiple_of(3600) => write!(f, "{}h", s / 3600),
            s if s.is_multiple_of(60) => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

/// What `--until` and `--max-time` ask for.
pub(crate) fn until(width: Width, max_time: Option<MaxTime>) -> Until {
    Until {
        width: width.share,
        max_time_s: max_time.unwrap_or(DEFAULT_MAX_TIME).seconds,
    }
}

/// The options of a configuration that ask for precision, as words of a command line.
pub(crate) fn command_words(config: &RunConfig) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(until) = config.until {
        let width = Width { share: until.width };
        let seconds = until.max_time_s;
        words.push(format!("--until {width}"));
        words.push(format!("--max-time {}", MaxTime { seconds }));
    }
    if config.control {
        words.push(format!("--{CONTROL}"));
    }
    words
}

/// How many repeats a run is to have that had `repeats` of every arm; `None` where they are enough,
/// or more are not allowed. Reads the log back, so that it judges by what will be reported.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn more_repeats(run: &RunDir, repeats: u32) -> Result<Option<u32>, ExperimentError> {
    let Some(loaded) = load(run)? else {
        return Ok(None);
    };
    let is_comparable = loaded.result.check.passed();
    let precision = loaded.result.precision.filter(|_| is_comparable);
    Ok(precision.and_then(|precision| next(&precision, repeats)))
}

/// The next number of repeats. The width of an interval shrinks with the square root of the number
/// of repeats, which says how many it will take.
fn next(precision: &UntilOutcome, repeats: u32) -> Option<u32> {
    if precision.reached || repeats >= MAX_REPEATS {
        return None;
    }
    let so_far = f64::from(repeats);
    let enough = precision.widest.as_ref().map_or(so_far, |widest| {
        so_far * (widest.width / precision.asked.width).powi(2)
    });
    let most = so_far * (1.0 + MOST_GROWTH);
    let next = enough.min(most).ceil() as u32;
    Some(next.clamp(repeats + 1, MAX_REPEATS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use workbench_result::WidestInterval;

    use super::*;

    #[test]
    fn widths_and_times_are_read_and_written_alike() {
        for text in ["2%", "0.35%", "100%", "0.01%", "7.3%"] {
            assert_eq!(text.parse::<Width>().unwrap().to_string(), text);
        }
        for (text, written) in [
            ("90s", "90s"),
            ("10m", "10m"),
            ("1h30m", "90m"),
            ("2 hours", "2h"),
            ("120s", "2m"),
        ] {
            assert_eq!(text.parse::<MaxTime>().unwrap().to_string(), written);
        }
        assert_eq!(" 2 % ".parse::<Width>().unwrap().to_string(), "2%");
    }

    #[test]
    fn anything_else_is_told_what_may_be_given() {
        for text in ["", "2", "%", "0%", "-1%", "101%", "NaN%", "two%", "inf%"] {
            let told = text.parse::<Width>().unwrap_err();
            assert!(told.contains("2%"), "{text}: {told}");
        }
        for text in ["", "10", "0s", "-5m", "500ms", "9000h", "soon"] {
            let told = text.parse::<MaxTime>().unwrap_err();
            assert!(told.contains("10m"), "{text}: {told}");
        }
    }

    fn precision(width: Option<f64>, asked: f64) -> UntilOutcome {
        let widest = width.map(|width| WidestInterval {
            arm: "tasks".to_owned(),
            workers: 2,
            width,
        });
        let asked = Until {
            width: asked,
            max_time_s: 1,
        };
        UntilOutcome {
            reached: width.is_some_and(|width| width < asked.width),
            asked,
            widest,
        }
    }

    #[test]
    fn a_run_grows_in_steps_until_its_intervals_are_narrow() {
        for (width, repeats, expected) in [
            (Some(0.01), 5, None),
            // Half as wide after four times as many, but not at once.
            (Some(0.04), 10, Some(13)),
            (Some(0.04), 100, Some(130)),
            // Hardly too wide.
            (Some(0.0201), 100, Some(102)),
            (Some(0.02), 3, Some(4)),
            // No interval yet.
            (None, 1, Some(2)),
            (Some(f64::INFINITY), 5, Some(7)),
            (Some(0.04), MAX_REPEATS - 1, Some(MAX_REPEATS)),
            (Some(0.04), MAX_REPEATS, None),
        ] {
            let next = next(&precision(width, 0.02), repeats);
            assert_eq!(next, expected, "{width:?} after {repeats}");
        }
    }
}
