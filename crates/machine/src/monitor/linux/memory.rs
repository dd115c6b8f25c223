//! The most resident memory in a stretch of time, on Linux.

use std::fs;

/// The kernel's high-water mark, which a program may set back to its present size.
#[derive(Debug, Default)]
pub(crate) struct PeakMemory {
    is_reset: bool,
}

impl PeakMemory {
    /// Begins.
    pub fn reset(&mut self) {
        self.is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    }

    /// The most since [`reset`](Self::reset), in bytes; `None` where the mark cannot be set back.
    pub fn peak_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        parse_peak(&status).filter(|_| self.is_reset)
    }
}

/// `VmHWM` of a `/proc/<pid>/status`, in bytes.
pub(super) fn parse_peak(status: &str) -> Option<u64> {
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
