//! One thing that was looked at on this machine, and how it stands.

use serde::Serialize;

/// How a finding bears on measuring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// As it should be.
    Ok,
    /// Works, but numbers are smaller, noisier or fewer than they could be.
    Limited,
    /// Not there; what needs it cannot be used.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MachineFinding {
    /// What was looked at, in a word or two, for example `cores` or `GPU 0`.
    pub what: String,
    /// How it stands.
    pub state: FindingState,
    /// What was found, as a sentence.
    pub detail: String,
    /// What to do about it, as a sentence, where something can be done.
    pub remedy: Option<String>,
}

impl MachineFinding {
    pub(super) fn new(
        what: impl Into<String>,
        state: FindingState,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            state,
            detail: detail.into(),
            remedy: None,
        }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
