//! Why a request cannot be run.

use workbench_words::counted_number;

use crate::lab::{Opt, ParamError, Refusal};

/// Why a request cannot be run. Every message says what is possible instead.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A parameter.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// No such preset.
    #[error("`--preset {given}`: the {lab} lab has no such preset; {hint}")]
    Preset {
        /// What was given.
        given: String,
        /// The lab.
        lab: String,
        /// The existing names.
        hint: String,
    },
    /// No such arm.
    #[error("`--arms {given}`: the {lab} lab has no such arm; {hint}")]
    Arm {
        /// What was given.
        given: String,
        /// The lab.
        lab: String,
        /// The existing names.
        hint: String,
    },
    /// The base is missing among the arms.
    #[error(
        "`--arms {given}`: speed-ups are stated against `{base}`, so it has to run too; give --arms {base},{given}"
    )]
    NoBase {
        /// What was given.
        given: String,
        /// The base.
        base: String,
    },
    /// Zero, or too many.
    #[error("`{option} {given}`: give a whole number from 1 to {max}")]
    Count {
        /// The option.
        option: Opt,
        /// What was given.
        given: u32,
        /// The largest value.
        max: u32,
    },
    /// More workers than cores.
    #[error(
        "`--workers {given}`: this machine has {} ({reason}); give {range}, or --oversubscribe",
        counted_number(*cores, "usable core")
    )]
    TooManyWorkers {
        /// What was given.
        given: u32,
        /// Usable cores.
        cores: f64,
        /// Why so many.
        reason: String,
        /// What may be given.
        range: String,
    },
    /// An option that the lab does not support, or that conflicts with another.
    #[error("{0}")]
    Refused(Refusal),
}

impl RequestError {
    /// The option whose value is refused, where it is one.
    pub fn option(&self) -> Option<Opt> {
        Some(match self {
            Self::Param(error) => return error.option(),
            Self::Preset { .. } => Opt::Preset,
            Self::Arm { .. } | Self::NoBase { .. } => Opt::Arms,
            Self::Count { option, .. } => option.clone(),
            Self::TooManyWorkers { .. } => Opt::Workers,
            Self::Refused(refusal) => refusal.option.clone(),
        })
    }
}
