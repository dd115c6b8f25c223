//! The panels of the Result screen.

use crate::views::hidden::NamedPanel;

/// A panel of the Result screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResultPanel {
    /// A bar per arm.
    #[default]
    Speedup,
    /// Where the time went.
    Lost,
    /// What every slot did.
    Timelines,
    /// What a step of each rank consisted of.
    Steps,
    /// What starting up took.
    StartUp,
    /// Warnings and diagnoses.
    Findings,
    /// Speed-ups on other numbers of workers.
    WhatIf,
    /// Measured speed-ups over the number of workers.
    Scaling,
    /// Metrics over steps or time.
    Curves,
    /// Counters of work and other figures, side by side.
    Work,
    /// The programs that the arms run.
    Programs,
    /// What the best item depends on.
    Inputs,
    /// Items or tasks.
    Table,
    /// The machine, and what measuring cost.
    Machine,
}

impl ResultPanel {
    /// Its name on a tab.
    pub fn name(self) -> &'static str {
        match self {
            Self::Speedup => "Speed-up",
            Self::Lost => "Lost time",
            Self::Timelines => "Timelines",
            Self::Steps => "Steps",
            Self::StartUp => "Start-up",
            Self::Findings => "Findings",
            Self::WhatIf => "What if",
            Self::Scaling => "Scaling",
            Self::Curves => "Curves",
            Self::Work => "Work",
            Self::Programs => "Programs",
            Self::Inputs => "Inputs",
            Self::Table => "Table",
            Self::Machine => "Machine",
        }
    }
}

impl NamedPanel for ResultPanel {
    const ALL: &'static [Self] = &[
        Self::Speedup,
        Self::Lost,
        Self::Timelines,
        Self::Steps,
        Self::StartUp,
        Self::Findings,
        Self::WhatIf,
        Self::Scaling,
        Self::Curves,
        Self::Work,
        Self::Programs,
        Self::Inputs,
        Self::Table,
        Self::Machine,
    ];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}
