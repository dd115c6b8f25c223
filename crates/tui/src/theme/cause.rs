//! The causes of lost time, as they are drawn.

/// A cause of lost time, in the order of drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Slots idle although a task was ready.
    Overhead,
    /// Slots idle at the end.
    Imbalance,
    /// Slots idle because no task was ready.
    Waiting,
    /// CPU time beyond what the base took.
    Inflation,
}

impl Cause {
    /// Every cause, in the order of drawing.
    pub const ALL: [Self; 4] = [
        Self::Overhead,
        Self::Imbalance,
        Self::Waiting,
        Self::Inflation,
    ];

    /// The cause in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overhead => "overhead",
            Self::Imbalance => "imbalance",
            Self::Waiting => "waiting",
            Self::Inflation => "inflation",
        }
    }
}
