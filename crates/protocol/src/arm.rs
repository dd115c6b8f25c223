//! What a program that is an arm may tell while it runs: JSON lines, written to the descriptor that
//! the variable [`EVENTS`] names.
//!
//! Every line is one object with the key `event`; keys that a reader does not know are passed over.
//! Times are nanoseconds on the system's monotonic clock (`CLOCK_MONOTONIC`, in Python
//! `time.monotonic_ns()`), which all processes of a machine share. A line has at most
//! [`LONGEST_LINE`] bytes. Writers of several processes do not mix up as long as each writes a line
//! in one piece of at most 4096 bytes (`PIPE_BUF`).
//!
//! ```json
//! {"event":"hello","version":1}
//! {"event":"ready"}
//! {"event":"progress","done":3,"total":10}
//! {"event":"task","name":"model 3","started_ns":81000,"finished_ns":92000,"cpu_ns":9000}
//! {"event":"metric","name":"loss","step":7,"value":0.5,"item":"model 3"}
//! {"event":"work","counts":{"models":1}}
//! {"event":"output","name":"model 3","sha256":"","metrics":{"r2":0.8}}
//! {"event":"quality","name":"r2","value":0.8}
//! {"event":"fact","counts":{"bytes_sent":8192}}
//! {"event":"done"}
//! {"event":"warning","text":"only 3 of 4 models converged"}
//! ```
//!
//! [`ArmLine`] says what each of them means, and which keys may be left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The variable that holds the number of the descriptor to write to.
pub const EVENTS: &str = "WORKBENCH_EVENTS";
/// The variable that holds a path by which a process that did not inherit the descriptor can open
/// it, where the system has one.
pub const EVENTS_PATH: &str = "WORKBENCH_EVENTS_PATH";
/// The version of this. A line that states another one is refused.
pub const ARM_VERSION: u32 = 1;
/// The longest line, in bytes, without its end.
pub const LONGEST_LINE: usize = 1 << 16;
/// The longest name or text, in characters.
const LONGEST_TEXT: usize = 500;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ArmLine {
    /// Which version is spoken.
    Hello {
        /// [`ARM_VERSION`].
        version: u32,
    },
    /// The start-up is over.
    Ready {
        /// When; the time of reading where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_ns: Option<u64>,
    },
    /// The work is over; what follows is the program's own end.
    Done {
        /// When; the time of reading where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_ns: Option<u64>,
    },
    /// How far the work is.
    Progress {
        /// Units of work done.
        done: u64,
        /// Units of work in all.
        total: u64,
    },
    /// A task has ended.
    Task(TaskLine),
    /// A point of a curve.
    Metric {
        /// What the curve shows.
        name: String,
        /// Where the point lies.
        #[serde(default)]
        step: u64,
        /// How high. What is not finite is written as the word `NaN`, `Infinity` or `-Infinity`.
        #[serde(with = "number_or_word")]
        value: f64,
        /// The item that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
    },
    /// Work that was done.
    Work {
        /// How much, by counter.
        counts: BTreeMap<String, u64>,
    },
    /// What a reader may want to know and need not be equal in all arms.
    Fact {
        /// How much, by name.
        counts: BTreeMap<String, u64>,
    },
    /// Something that came out.
    Output {
        /// What a person calls it.
        name: String,
        /// SHA-256 of its bytes, in hexadecimal.
        #[serde(default)]
        sha256: String,
        /// Its figures.
        #[serde(default)]
        metrics: BTreeMap<String, f64>,
    },
    /// How good the outcome is.
    Quality {
        /// The figure.
        name: String,
        /// Its value.
        value: QualityValue,
    },
    /// What a reader of the result has to know.
    Warning {
        /// The warning, in a sentence.
        text: String,
    },
}

/// A number or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QualityValue {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

/// A task that has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskLine {
    /// What a person calls it. Tasks that belong together share one name.
    pub name: String,
    /// When it began.
    pub started_ns: u64,
    /// When it ended.
    pub finished_ns: u64,
    /// Its CPU time in nanoseconds; all of its time where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// When only a free worker was missing; its beginning where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_ns: Option<u64>,
    /// The worker that did it, from 0. Where it is missing, `by` tells workers apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    /// Who did it, in the program's own words: a process, a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// Why a line is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArmLineError {
    /// It is longer than [`LONGEST_LINE`].
    #[error("it is longer than {LONGEST_LINE} bytes")]
    TooLong,
    /// It is no JSON, no known event, or lacks something.
    #[error("it is no event")]
    NoEvent,
    /// A time is before another that it has to follow, a number is not finite, a name is empty, too
    /// long or has control characters.
    #[error("a value of it is out of range")]
    Value,
    /// Another version is spoken.
    #[error("it speaks another version than {ARM_VERSION}")]
    Version,
}

impl ArmLine {
    /// Reads a line without its end.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(line: &[u8]) -> Result<Self, ArmLineError> {
        if line.len() > LONGEST_LINE {
            return Err(ArmLineError::TooLong);
        }
        let line: Self = serde_json::from_slice(line).map_err(|_| ArmLineError::NoEvent)?;
        if let Self::Hello { version } = line
            && version != ARM_VERSION
        {
            return Err(ArmLineError::Version);
        }
        line.is_sound().then_some(line).ok_or(ArmLineError::Value)
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Hello { .. } | Self::Ready { .. } | Self::Done { .. } => true,
            Self::Progress { done, total } => done <= total,
            Self::Task(task) => {
                is_name(&task.name)
                    && task.started_ns <= task.finished_ns
                    && task.ready_ns.is_none_or(|ready| ready <= task.started_ns)
                    && task.by.as_ref().is_none_or(|by| by.len() <= LONGEST_TEXT)
            }
            Self::Metric { name, item, .. } => {
                is_name(name) && item.iter().all(|item| is_name(item))
            }
            Self::Work { counts } | Self::Fact { counts } => {
                counts.keys().all(|name| is_name(name))
            }
            Self::Output {
                name,
                sha256,
                metrics,
            } => {
                let hash = sha256.is_empty() || is_hash(sha256);
                let figures = metrics
                    .iter()
                    .all(|(name, value)| is_name(name) && value.is_finite());
                is_name(name) && hash && figures
            }
            Self::Quality { name, value } => {
                let fits = match value {
                    QualityValue::Number(number) => number.is_finite(),
                    QualityValue::Text(text) => is_text(text),
                };
                is_name(name) && fits
            }
            Self::Warning { text } => is_text(text),
        }
    }
}

/// A number, or one of the words for what JSON has no number for.
mod number_or_word {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Clone, Copy, Deserialize)]
    #[serde(untagged)]
    enum ToldNumber {
        Finite(f64),
        Other(NotFinite),
    }

    #[derive(Clone, Copy, Serialize, Deserialize)]
    enum NotFinite {
        NaN,
        Infinity,
        #[serde(rename = "-Infinity")]
        NegativeInfinity,
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub fn serialize<S: Serializer>(value: &f64, into: S) -> Result<S::Ok, S::Error> {
        let word = match *value {
            number if number.is_finite() => return number.serialize(into),
            number if number.is_nan() => NotFinite::NaN,
            number if number > 0.0 => NotFinite::Infinity,
            _ => NotFinite::NegativeInfinity,
        };
        word.serialize(into)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(match ToldNumber::deserialize(from)? {
            ToldNumber::Finite(number) => number,
            ToldNumber::Other(NotFinite::NaN) => f64::NAN,
            ToldNumber::Other(NotFinite::Infinity) => f64::INFINITY,
            ToldNumber::Other(NotFinite::NegativeInfinity) => f64::NEG_INFINITY,
        })
    }
}

fn is_name(text: &str) -> bool {
    is_text(text) && !text.trim().is_empty()
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Cuts a stream of bytes into lines, and reads them.
#[derive(Debug, Default)]
pub struct ArmLines {
    rest: Vec<u8>,
    /// The line is too long, and what is left of it is passed over.
    is_cut: bool,
}

impl ArmLines {
    /// Takes the next bytes, and hands over every line that they complete. Empty lines are passed
    /// over. Never holds more than one line of the greatest length.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(Result<ArmLine, ArmLineError>)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece {
                [text @ .., b'\n'] => (text, true),
                text => (text, false),
            };
            if !ends || !self.rest.is_empty() || self.is_cut {
                let room = LONGEST_LINE - self.rest.len();
                self.is_cut |= text.len() > room;
                self.rest.extend_from_slice(&text[..text.len().min(room)]);
            } else if !text.is_empty() {
                take(ArmLine::parse(text));
            }
            if ends && (!self.rest.is_empty() || self.is_cut) {
                self.finish(&mut take);
            }
        }
    }

    /// Hands over the last line, which has no end.
    pub fn finish(&mut self, mut take: impl FnMut(Result<ArmLine, ArmLineError>)) {
        if std::mem::take(&mut self.is_cut) {
            take(Err(ArmLineError::TooLong));
        } else if !self.rest.is_empty() {
            take(ArmLine::parse(&self.rest));
        }
        self.rest.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Vec<Result<ArmLine, ArmLineError>> {
        let mut lines = ArmLines::default();
        let mut read = Vec::new();
        lines.push(text, |line| read.push(line));
        lines.finish(|line| read.push(line));
        read
    }

    #[test]
    fn lines_are_read_and_wrong_ones_lose_nothing_else() {
        let text = concat!(
            "{\"event\":\"hello\",\"version\":1}\n\n",
            "not json\n",
            "{\"event\":\"unheard of\"}\n",
            "{\"event\":\"work\",\"counts\":{\"models\":1},\"more\":[]}\n",
            "{\"event\":\"task\",\"name\":\"a\",\"started_ns\":5,\"finished_ns\":4}\n",
            "{\"event\":\"quality\",\"name\":\"r2\",\"value\":0.5}",
        );
        assert_eq!(
            read(text.as_bytes()),
            [
                Ok(ArmLine::Hello { version: 1 }),
                Err(ArmLineError::NoEvent),
                Err(ArmLineError::NoEvent),
                Ok(ArmLine::Work {
                    counts: [("models".to_owned(), 1)].into()
                }),
                Err(ArmLineError::Value),
                Ok(ArmLine::Quality {
                    name: "r2".to_owned(),
                    value: QualityValue::Number(0.5)
                }),
            ]
        );
        let mut long = vec![b'x'; 3 * LONGEST_LINE];
        long.extend(b"\n{\"event\":\"ready\"}\n");
        assert_eq!(
            read(&long),
            [
                Err(ArmLineError::TooLong),
                Ok(ArmLine::Ready { at_ns: None })
            ]
        );
        for (value, word) in [
            (0.5, "0.5"),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            let text = format!(r#"{{"event":"metric","name":"loss","step":0,"value":{word}}}"#);
            let line = ArmLine::Metric {
                name: "loss".to_owned(),
                step: 0,
                value,
                item: None,
            };
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
            assert_eq!(read(text.as_bytes()), [Ok(line)]);
        }
        let much = read(br#"{"event":"metric","name":"loss","value":"much"}"#);
        assert_eq!(much, [Err(ArmLineError::NoEvent)]);
        let other = read(b"{\"event\":\"hello\",\"version\":2}");
        assert_eq!(other, [Err(ArmLineError::Version)]);
    }

    proptest! {
        #[test]
        fn pieces_give_the_same_lines_as_the_whole(
            text in "([a-z{}\":, ]{0,12}\n|\\{\"event\":\"ready\"\\}\n){0,8}",
            at in prop::collection::vec(0_usize..120, 0..6),
        ) {
            let whole = read(text.as_bytes());
            let mut at: Vec<usize> = at.into_iter().map(|at| at.min(text.len())).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let mut lines = ArmLines::default();
            let mut pieces = Vec::new();
            for ends in at.windows(2) {
                lines.push(&text.as_bytes()[ends[0]..ends[1]], |line| pieces.push(line));
            }
            lines.finish(|line| pieces.push(line));
            prop_assert_eq!(pieces, whole);
        }
    }
}
