//! In which order runs are listed.

use std::cmp::Ordering;

use workbench_history::list::RunRow;

/// What runs are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunColumn {
    /// When they were begun, the latest first.
    #[default]
    Started,
    /// The lab, then the preset.
    Lab,
    /// The status.
    Status,
    /// The best speed-up, the highest first.
    Speedup,
    /// What they take on the disk, the largest first.
    Disk,
    /// Those with a star first.
    Star,
}

impl RunColumn {
    const ALL: [Self; 6] = [
        Self::Started,
        Self::Lab,
        Self::Status,
        Self::Speedup,
        Self::Disk,
        Self::Star,
    ];

    /// The next one, round the end.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self);
        Self::ALL[(at.unwrap_or(0) + 1) % Self::ALL.len()]
    }

    /// What the title says; nothing for the usual order.
    pub fn told(self) -> Option<&'static str> {
        match self {
            Self::Started => None,
            Self::Lab => Some("by lab"),
            Self::Status => Some("by status"),
            Self::Speedup => Some("by speed-up"),
            Self::Disk => Some("by size"),
            Self::Star => Some("starred first"),
        }
    }

    /// The order of two runs; equal ones stay in the order in which they were begun.
    pub fn compare(self, a: &RunRow, b: &RunRow) -> Ordering {
        match self {
            Self::Started => Ordering::Equal,
            Self::Lab => (&a.lab, &a.preset).cmp(&(&b.lab, &b.preset)),
            Self::Status => a.status().cmp(b.status()),
            Self::Speedup => {
                let value = |row: &RunRow| row.best_speedup.unwrap_or(f64::NEG_INFINITY);
                value(b).total_cmp(&value(a))
            }
            Self::Disk => b.disk_bytes.cmp(&a.disk_bytes),
            Self::Star => b.label.starred.cmp(&a.label.starred),
        }
    }
}
