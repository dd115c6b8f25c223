//! Memory, as the kernel counts it.

use std::path::Path;

use crate::monitor::Reread;
use crate::state::types::MemoryState;

#[derive(Debug)]
pub(super) struct MemoryReader {
    file: Reread,
    total_bytes: u64,
}

impl MemoryReader {
    pub fn new(root: &Path) -> Self {
        Self {
            file: Reread::new(root.join("proc/meminfo")),
            total_bytes: 0,
        }
    }

    pub fn look(&mut self) -> MemoryState {
        let mut buffer = [0; 4096];
        let read = self
            .file
            .read(&mut buffer)
            .and_then(|read| str::from_utf8(read).ok());
        let memory = parse(read.unwrap_or_default());
        self.total_bytes = memory.total_bytes;
        memory
    }

    /// All there was at the last look, in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }
}

/// What a `/proc/meminfo` says.
pub(super) fn parse(meminfo: &str) -> MemoryState {
    let mut memory = MemoryState::default();
    let mut swap_free = None;
    for line in meminfo.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let number = value.trim().split(' ').next().unwrap_or_default();
        let Some(bytes) = number
            .parse::<u64>()
            .ok()
            .and_then(|kib| kib.checked_mul(1024))
        else {
            continue;
        };
        match name {
            "MemTotal" => memory.total_bytes = bytes,
            "MemAvailable" => memory.available_bytes = Some(bytes),
            "MemFree" => memory.free_bytes = Some(bytes),
            "Buffers" | "Cached" | "SReclaimable" => {
                let cached = memory.cached_bytes.get_or_insert(0);
                *cached = cached.saturating_add(bytes);
            }
            "Dirty" => memory.dirty_bytes = Some(bytes),
            "SwapTotal" => memory.swap_total_bytes = Some(bytes),
            "SwapFree" => swap_free = Some(bytes),
            _ => {}
        }
    }
    let swap = memory.swap_total_bytes.zip(swap_free);
    memory.swap_used_bytes = swap.map(|(total, free)| total.saturating_sub(free));
    memory
}
