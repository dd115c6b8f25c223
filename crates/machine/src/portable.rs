//! The machine's facts where there is no `/proc`, with less detail.

use std::path::Path;

use rustix::system::uname;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
use workbench_words::counted;

use super::finding::MachineFinding;
use super::{CoreSpeeds, MachineFacts, SpeedSource, UsableCores};

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

/// Threads cannot be bound to cores here, so the estimate stays.
#[cfg(any(workbench_portable, not(target_os = "linux")))]
pub(super) fn measured_core_speeds() -> Option<CoreSpeeds> {
    core_speeds()
}

/// Relative speeds of the cores of an Apple processor.
fn core_speeds() -> Option<CoreSpeeds> {
    let asked = ["hw.perflevel0.logicalcpu", "hw.perflevel1.logicalcpu"];
    let told = std::process::Command::new("/usr/sbin/sysctl")
        .arg("-n")
        .args(asked)
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    apple_cores(&String::from_utf8_lossy(&told.stdout))
}

/// From how many cores there are of each level, performance cores first. macOS does not say how
/// fast they are: an efficiency core is taken for as fast as Linux's device tree of the M1 has it
/// (714 of 1024 per clock, 2.064 of 3.204 GHz).
fn apple_cores(counts: &str) -> Option<CoreSpeeds> {
    const EFFICIENCY: f64 = 714.0 / 1024.0 * 2.064 / 3.204;
    let mut counts = counts.lines().map(|line| line.trim().parse::<u32>());
    let (fast, slow) = (counts.next()?.ok()?, counts.next()?.ok()?);
    CoreSpeeds::new(SpeedSource::CoreType, [(fast, 1.0), (slow, EFFICIENCY)])
}

pub(super) fn probe() -> MachineFacts {
    let usable = usable_cores();
    let mut facts = MachineFacts {
        cores_logical: usable.cores as u32,
        cores_physical: System::physical_core_count().ok().map(|cores| cores as u32),
        cores_usable: usable.cores,
        cores_limit: usable.limit,
        core_speeds: core_speeds(),
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
    fn an_apple_processor_has_cores_of_two_speeds() {
        let speeds = apple_cores("4\n4\n").unwrap();
        assert!((speeds.all_together() - 5.797).abs() < 0.001);
        assert_eq!(apple_cores("8\n"), None);
        assert_eq!(apple_cores("8\n0\n"), None);
        assert_eq!(apple_cores(""), None);
    }

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
