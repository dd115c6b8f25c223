//! The text form of faults: `kill:rank=1,step=40,in=all-reduce`.

use std::fmt;
use std::str::FromStr;

use workbench_protocol::excerpt;

use super::{Fault, Place, Slowness};

/// The names of the faults, as they are typed.
const KINDS: [&str; 7] = [
    "kill",
    "stall",
    "slow",
    "nan",
    "oom",
    "disk-full",
    "corrupt",
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind())?;
        match *self {
            Self::DiskFull { step } | Self::Corrupt { step } => return write!(f, "step={step}"),
            Self::Slow { rank, by, .. } => match by {
                Slowness::Factor(factor) => write!(f, "rank={rank},factor={factor}")?,
                Slowness::Seconds(seconds) => write!(f, "rank={rank},seconds={seconds}")?,
            },
            _ => write!(f, "rank={}", self.rank())?,
        }
        if let Some(step) = self.step() {
            write!(f, ",step={step}")?;
        }
        if self.place() == Place::default() {
            Ok(())
        } else {
            write!(f, ",in={}", self.place().name())
        }
    }
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The first word names no fault.
    #[error(
        "fault `{fault}`: there is no such fault; give {}, for example kill:rank=1,step=40",
        any_of(&KINDS)
    )]
    Kind {
        /// What was given.
        fault: String,
    },
    /// Not `name=value`, or a name that this fault does not have, or one that is given twice, or an
    /// invalid value.
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
    /// A required value is missing.
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
        let parts = Parts::parse(text, kind, rest)?;
        let fault = parts.fault(kind)?;
        match fault.trouble() {
            None => Ok(fault),
            Some((name, trouble)) => Err(parts.trouble(name, trouble)),
        }
    }
}

/// How a fault is written.
fn form(kind: &str) -> &'static str {
    match kind {
        "slow" => "slow:rank=R,factor=F,in=PLACE, or seconds instead of factor, or without in",
        "kill" => "kill:rank=R,step=S,in=PLACE, or without in",
        "stall" => "stall:rank=R,step=S,in=PLACE, or without in",
        "nan" => "nan:rank=R,step=S,in=PLACE, or without in",
        "oom" => "oom:rank=R,step=S,in=PLACE, or without in",
        "disk-full" => "disk-full:step=S",
        _ => "corrupt:step=S",
    }
}

/// The names that a fault has.
fn names(kind: &str) -> &'static [&'static str] {
    match kind {
        "slow" => &["rank", "factor", "seconds", "in"],
        _ => &["rank", "step", "in"],
    }
}

/// The `name=value` parts of a fault.
struct Parts<'a> {
    text: &'a str,
    form: &'static str,
    found: Vec<(&'static str, &'a str)>,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str, kind: &str, rest: &'a str) -> Result<Self, FaultError> {
        let form = form(kind);
        let mut found: Vec<(&'static str, &'a str)> = Vec::new();
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
            let name = match name.trim() {
                "x" => "factor",
                "s" => "seconds",
                name => name,
            };
            let known = names(kind).iter().find(|known| **known == name);
            let known = *known.ok_or_else(|| trouble("is not part of this fault"))?;
            if found.iter().any(|(name, _)| *name == known) {
                return Err(trouble("is there twice"));
            }
            found.push((known, value.trim()));
        }
        Ok(Self { text, form, found })
    }

    fn fault(&self, kind: &str) -> Result<Fault, FaultError> {
        if matches!(kind, "disk-full" | "corrupt") {
            return self.of_the_writer(kind);
        }
        let rank = self.number::<u32>("rank", "is no rank (0, 1, 2, …)")?;
        let place = self.place()?;
        if kind == "slow" {
            let by = self.slowness()?;
            return Ok(Fault::Slow { rank, by, place });
        }
        let step = match (place, self.value("step")) {
            (Place::StartUp, None) => 0,
            (Place::StartUp, Some(_)) => {
                return Err(self.trouble("step", "means nothing at start-up, before all steps"));
            }
            _ => self.step()?,
        };
        Ok(match kind {
            "kill" => Fault::Kill { rank, step, place },
            "stall" => Fault::Stall { rank, step, place },
            "oom" => Fault::Oom { rank, step, place },
            _ => Fault::Nan { rank, step, place },
        })
    }

    fn slowness(&self) -> Result<Slowness, FaultError> {
        match (self.value("factor"), self.value("seconds")) {
            (Some(_), Some(_)) => Err(self.trouble("seconds", "says the same as factor")),
            (None, Some(_)) => self
                .number("seconds", "is no number")
                .map(Slowness::Seconds),
            _ => self.number("factor", "is no number").map(Slowness::Factor),
        }
    }

    /// A fault of the rank that writes checkpoints, whose rank need not be given.
    fn of_the_writer(&self, kind: &str) -> Result<Fault, FaultError> {
        if self.value("rank").is_some_and(|rank| rank != "0") {
            return Err(self.trouble("rank", "writes no checkpoints, rank 0 does"));
        }
        if self.value("in").is_some() && self.place()? != Place::Checkpoint {
            return Err(self.trouble("in", "must be checkpoint"));
        }
        let step = self.step()?;
        Ok(match kind {
            "disk-full" => Fault::DiskFull { step },
            _ => Fault::Corrupt { step },
        })
    }

    fn place(&self) -> Result<Place, FaultError> {
        let Some(value) = self.value("in") else {
            return Ok(Place::default());
        };
        let place = Place::ALL.into_iter().find(|place| place.name() == value);
        place.ok_or_else(|| {
            self.trouble(
                "in",
                "is no place (start-up, forward, all-reduce, checkpoint or evaluation)",
            )
        })
    }

    fn step(&self) -> Result<u64, FaultError> {
        self.number("step", "is no step (0, 1, 2, …)")
    }

    fn value(&self, name: &str) -> Option<&'a str> {
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
