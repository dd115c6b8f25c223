//! The panels of the Compare screen.

use crate::views::hidden::NamedPanel;

/// A panel of the Compare screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ComparePanel {
    /// What may be said.
    #[default]
    Notes,
    /// A bar per arm and run.
    Arms,
    /// What differs.
    Settings,
    /// Speed-ups over the number of workers.
    Scaling,
    /// Recorded curves.
    Curves,
}

impl ComparePanel {
    /// Its name on a tab.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notes => "What they say",
            Self::Arms => "Arms",
            Self::Settings => "Settings",
            Self::Scaling => "Scaling",
            Self::Curves => "Curves",
        }
    }
}

impl NamedPanel for ComparePanel {
    const ALL: &'static [Self] = &[
        Self::Notes,
        Self::Arms,
        Self::Settings,
        Self::Scaling,
        Self::Curves,
    ];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}
