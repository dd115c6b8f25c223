//! The panels of the Monitor screen.

use crate::views::hidden::NamedPanel;

/// A panel of the Monitor screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MonitorPanel {
    /// Processes, one of which is selected.
    #[default]
    Processes,
    /// The cores, by socket and node.
    Cores,
    /// Memory, disks and network.
    Devices,
    /// GPUs and their MIG devices.
    Gpus,
}

impl MonitorPanel {
    /// Its name on a tab.
    pub fn name(self) -> &'static str {
        match self {
            Self::Processes => "Processes",
            Self::Cores => "Cores",
            Self::Devices => "Memory, disks, network",
            Self::Gpus => "GPUs",
        }
    }
}

impl NamedPanel for MonitorPanel {
    const ALL: &'static [Self] = &[Self::Processes, Self::Cores, Self::Devices, Self::Gpus];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}
