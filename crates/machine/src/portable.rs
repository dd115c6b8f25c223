//! The machine's facts where there is no `/proc`, with less detail.

use std::path::Path;

use rustix::system::uname;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
use workbench_words::counted;

use super::finding::MachineFinding;
use super::{MachineFacts, UsableCores};

/// Cores that this process may use at once: the processors, because neither masks nor quotas can be
/// asked for here.
pub fn usable_cores() -> UsableCores {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    UsableCores {
        cores: cores as f64,
        limit: counted(cores as u64, "processor"),
    }
}

/// The mask cannot be asked for here.
pub(super) fn affinity(_: &Path) -> Option<u32> {
    None
}

/// Nothing is known here beyond the facts.
pub(super) fn findings(_: &MachineFacts, _: &Path) -> Vec<MachineFinding> {
    Vec::new()
}

pub(super) fn probe() -> MachineFacts {
    let usable = usable_cores();
    let mut facts = MachineFacts {
        cores_logical: usable.cores as u32,
        cores_physical: System::physical_core_count().ok().map(|cores| cores as u32),
        cores_usable: usable.cores,
        cores_limit: usable.limit,
        os: System::long_os_version().unwrap_or_default(),
        kernel: uname().release().to_string_lossy().into_owned(),
        ..MachineFacts::default()
    };
    let wanted = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    if let Ok(system) = System::new_with_specifics(wanted) {
        facts.memory_bytes = system.total_memory();
        if let Some(cpu) = system.cpus().first() {
            cpu.brand().clone_into(&mut facts.cpu_model);
            facts.cores_logical = system.cpus().len() as u32;
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_describes_itself() {
        let facts = probe();
        assert!(facts.cores_logical >= 1 && facts.cores_usable >= 1.0);
        assert!(facts.memory_bytes > 1 << 20);
        assert!(!facts.os.is_empty() && !facts.kernel.is_empty());
        assert_eq!(facts.cores_limit, usable_cores().limit);
        assert!(findings(&facts, Path::new("/")).is_empty());
        assert_eq!(affinity(Path::new("/")), None);
    }
}
