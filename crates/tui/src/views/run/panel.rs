//! The panels of the Run screen.

use crate::views::hidden::NamedPanel;

/// A panel of the Run screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RunPanel {
    /// One line per arm.
    #[default]
    Arms,
    /// Cores, and what the process uses.
    Cores,
    /// GPUs.
    Gpus,
    /// One line per slot that tells how it stands.
    Slots,
    /// One line per item that has a life of its own.
    Items,
    /// What ran where.
    Timeline,
    /// Metrics over steps or time.
    Curves,
    /// Warnings, repeats, findings and what was printed.
    Log,
}

impl RunPanel {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arms => "Arms",
            Self::Cores => "Cores",
            Self::Gpus => "GPUs",
            Self::Slots => "Slots",
            Self::Items => "Items",
            Self::Timeline => "Timeline",
            Self::Curves => "Curves",
            Self::Log => "Log",
        }
    }
}

impl NamedPanel for RunPanel {
    const ALL: &'static [Self] = &[
        Self::Arms,
        Self::Cores,
        Self::Gpus,
        Self::Slots,
        Self::Timeline,
        Self::Curves,
        Self::Log,
    ];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}
