//! The panels of the Run screen.

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
    /// What ran where.
    Timeline,
    /// Metrics over steps or time.
    Curves,
    /// Warnings, repeats, findings and what was printed.
    Log,
}
