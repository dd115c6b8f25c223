//! What goes wrong in a search on purpose: a trial that panics, or whose loss is no number.

use workbench_experiment::lab::{LabError, Opt, Refusal};

/// What happens to a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Its code panics.
    Panic,
    /// Its loss is not a number.
    NotANumber,
}

/// A fault: what happens, to which trial, when, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialFault {
    /// What happens.
    pub mishap: Mishap,
    /// To which trial; `None` for all.
    pub trial: Option<u64>,
    /// At which unit of its budget.
    pub at: u64,
    /// In how many attempts.
    pub times: u32,
}

impl TrialFault {
    /// Reads faults with `;` between them: `panic:trial=3,at=5;nan:at=2,times=9`.
    ///
    /// # Errors
    /// When one is not of that form.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, LabError> {
        let parts = text.split(';').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(|part| Self::parse(part).ok_or_else(|| refused(part)))
            .collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, settings) = text.split_once(':').unwrap_or((text, ""));
        let mishap = match kind.trim() {
            "panic" => Mishap::Panic,
            "nan" => Mishap::NotANumber,
            _ => return None,
        };
        let mut fault = Self {
            mishap,
            trial: None,
            at: 1,
            times: 1,
        };
        for setting in settings.split(',').map(str::trim).filter(|s| !s.is_empty()) {
            let (name, value) = setting.split_once('=')?;
            let value = value.trim();
            match name.trim() {
                "trial" => fault.trial = Some(value.parse().ok()?),
                "at" => fault.at = value.parse().ok()?,
                "times" => fault.times = value.parse().ok()?,
                _ => return None,
            }
        }
        Some(fault)
    }

    /// Whether it strikes here, in the attempt of this number (from 0).
    pub fn strikes(&self, trial: u64, at: u64, attempt: u32) -> bool {
        self.trial.is_none_or(|own| own == trial) && self.at == at && attempt < self.times
    }
}

fn refused(part: &str) -> LabError {
    let reason = "give panic or nan, and after a colon trial=N, at=N and times=N as far as wanted, \
                  for example panic:trial=3,at=5";
    LabError::Refused(Refusal::new(Opt::Set("fault".to_owned()), part, reason))
}
