//! Faults that a worker brings upon itself, to show what a failure does to a training.
//!
//! Their text form is what people type: `kill:rank=1,step=40`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A fault of one rank. Steps count from 0; a fault strikes in that step, before its backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The process kills itself (SIGKILL), as the out-of-memory killer would.
    Kill {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
    },
    /// The training thread stands still for ever, while the process stays alive.
    Stall {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
    },
    /// Every step takes `factor` times as long.
    Slow {
        /// The rank.
        rank: u32,
        /// Greater than 1.
        factor: f64,
    },
    /// The loss becomes NaN.
    Nan {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
    },
    /// The device's memory is used up.
    Oom {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
    },
}

/// The names of the faults, as they are typed.
const KINDS: [&str; 5] = ["kill", "stall", "slow", "nan", "oom"];
const MAX_FACTOR: f64 = 1000.0;

impl Fault {
    /// The rank it strikes.
    pub fn rank(&self) -> u32 {
        match *self {
            Self::Kill { rank, .. }
            | Self::Stall { rank, .. }
            | Self::Slow { rank, .. }
            | Self::Nan { rank, .. }
            | Self::Oom { rank, .. } => rank,
        }
    }

    /// The step it strikes in; `None` for a fault that is always there.
    pub fn step(&self) -> Option<u64> {
        match *self {
            Self::Kill { step, .. }
            | Self::Stall { step, .. }
            | Self::Nan { step, .. }
            | Self::Oom { step, .. } => Some(step),
            Self::Slow { .. } => None,
        }
    }

    /// What its text form starts with.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::Stall { .. } => "stall",
            Self::Slow { .. } => "slow",
            Self::Nan { .. } => "nan",
            Self::Oom { .. } => "oom",
        }
    }

    /// Whether its numbers make sense by themselves.
    pub(crate) fn is_sound(&self) -> bool {
        match *self {
            Self::Slow { factor, .. } => factor > 1.0 && factor <= MAX_FACTOR,
            _ => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:rank={}", self.kind(), self.rank())?;
        match (self, self.step()) {
            (Self::Slow { factor, .. }, _) => write!(f, ",factor={factor}"),
            (_, Some(step)) => write!(f, ",step={step}"),
            (_, None) => Ok(()),
        }
    }
}

/// Why a text is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The first word names no fault.
    #[error("fault `{fault}`: there is no such fault; give {}, for example kill:rank=1,step=40", any_of(&KINDS))]
    Kind {
        /// What was given.
        fault: String,
    },
    /// Not `name=value`, or a name that this fault does not have, or one that is there twice.
    #[error("fault `{fault}`: `{part}` {trouble}; write {form}")]
    Part {
        /// What was given.
        fault: String,
        /// The part of it that does not fit.
        part: String,
        /// What is wrong with it.
        trouble: &'static str,
        /// What is expected.
        form: &'static str,
    },
    /// A value that the fault needs is not there.
    #[error("fault `{fault}`: {name} is missing; write {form}")]
    Missing {
        /// What was given.
        fault: String,
        /// The missing name.
        name: &'static str,
        /// What is expected.
        form: &'static str,
    },
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let Some(kind) = KINDS.iter().find(|known| **known == kind.trim()) else {
            return Err(FaultError::Kind {
                fault: excerpt(text),
            });
        };
        let (second, form) = form(kind);
        let parts = Parts::parse(text, rest, second, form)?;
        let rank = parts.number::<u32>("rank", "is no rank (0, 1, 2, …)")?;
        if second == "factor" {
            let factor = parts.number::<f64>("factor", "is no number")?;
            let fault = Self::Slow { rank, factor };
            return if fault.is_sound() {
                Ok(fault)
            } else {
                Err(parts.trouble("factor", "must be greater than 1 and at most 1000"))
            };
        }
        let step = parts.number::<u64>("step", "is no step (0, 1, 2, …)")?;
        Ok(match *kind {
            "kill" => Self::Kill { rank, step },
            "stall" => Self::Stall { rank, step },
            "nan" => Self::Nan { rank, step },
            _ => Self::Oom { rank, step },
        })
    }
}

/// The second name that a fault has beside `rank`, and how the whole is written.
fn form(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "slow" => ("factor", "slow:rank=R,factor=F"),
        "kill" => ("step", "kill:rank=R,step=S"),
        "stall" => ("step", "stall:rank=R,step=S"),
        "nan" => ("step", "nan:rank=R,step=S"),
        _ => ("step", "oom:rank=R,step=S"),
    }
}

/// The `name=value` parts of a fault.
struct Parts<'a> {
    text: &'a str,
    form: &'static str,
    found: Vec<(&'static str, &'a str)>,
}

impl<'a> Parts<'a> {
    fn parse(
        text: &'a str,
        rest: &'a str,
        second: &'static str,
        form: &'static str,
    ) -> Result<Self, FaultError> {
        let mut parts = Self {
            text,
            form,
            found: Vec::new(),
        };
        for part in rest.split(',').filter(|part| !part.trim().is_empty()) {
            let trouble = |trouble| FaultError::Part {
                fault: excerpt(text),
                part: excerpt(part.trim()),
                trouble,
                form,
            };
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| trouble("is not name=value"))?;
            let name = ["rank", second]
                .into_iter()
                .find(|known| *known == name.trim())
                .ok_or_else(|| trouble("is not part of this fault"))?;
            if parts.found.iter().any(|(known, _)| *known == name) {
                return Err(trouble("is there twice"));
            }
            parts.found.push((name, value.trim()));
        }
        Ok(parts)
    }

    fn value(&self, name: &'static str) -> Option<&'a str> {
        let (_, value) = self.found.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    fn number<T: FromStr>(
        &self,
        name: &'static str,
        trouble: &'static str,
    ) -> Result<T, FaultError> {
        let value = self.value(name).ok_or_else(|| FaultError::Missing {
            fault: excerpt(self.text),
            name,
            form: self.form,
        })?;
        value.parse().map_err(|_| self.trouble(name, trouble))
    }

    fn trouble(&self, name: &'static str, trouble: &'static str) -> FaultError {
        FaultError::Part {
            fault: excerpt(self.text),
            part: excerpt(&format!("{name}={}", self.value(name).unwrap_or_default())),
            trouble,
            form: self.form,
        }
    }
}

fn any_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

/// Given text, made fit for one line of a message.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
