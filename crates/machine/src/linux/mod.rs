//! The machine's facts on Linux, from `/proc`, `/sys` and `/etc`.

pub(crate) mod cgroup;
mod core_kinds;
mod cores;
pub(crate) mod cpuinfo;
pub(crate) mod files;
mod findings;

#[cfg(test)]
mod tests;

pub(crate) use cores::{affinity, usable_of};
pub(crate) use findings::findings;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rustix::system::uname;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

use super::{CoreSpeeds, MachineFacts, UsableCores};

/// Cores that this process may use at once: the smallest of the processors that are online, the
/// affinity mask of the calling thread, and the cgroup CPU quota.
pub fn usable_cores() -> UsableCores {
    let root = Path::new("/");
    usable_cores_at(root, affinity(root))
}

pub(super) fn usable_cores_at(root: &Path, affinity: Option<u32>) -> UsableCores {
    let online = cores::online(root).or(affinity).unwrap_or(1);
    cores::usable(online, affinity, cgroup::limits(root).cores)
}

/// Relative speeds of the usable cores, timed where cores differ.
pub(super) fn measured_core_speeds() -> Option<CoreSpeeds> {
    core_kinds::measured(Path::new("/"))
}

pub(super) fn probe() -> MachineFacts {
    let root = Path::new("/");
    let mut facts = probe_at(root, affinity(root));
    facts.core_speeds = core_kinds::estimated(root);
    if facts.cpu_model.is_empty() {
        facts.cpu_model = brand();
    }
    facts
}

/// The facts of the machine whose files lie under `root`, except those of GPUs and of the build.
pub(super) fn probe_at(root: &Path, affinity: Option<u32>) -> MachineFacts {
    let info = cpuinfo::parse(&files::text(root, "proc/cpuinfo").unwrap_or_default());
    let usable = usable_cores_at(root, affinity);
    MachineFacts {
        cpu_model: info.model.unwrap_or_default(),
        cores_logical: cores::online(root).or(affinity).unwrap_or(1),
        cores_physical: info.physical.or_else(|| physical_cores(root)),
        cores_usable: usable.cores,
        cores_limit: usable.limit,
        memory_bytes: memory(root),
        os: os_name(&files::text(root, "etc/os-release").unwrap_or_default()),
        kernel: uname().release().to_string_lossy().into_owned(),
        governor: files::text(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        hypervisor: info.hypervisor || names_hypervisor(root),
        ..MachineFacts::default()
    }
}

/// Where `/proc/cpuinfo` has no name (ARM), sysinfo knows the names behind the part numbers.
fn brand() -> String {
    let system =
        System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let brand = system
        .ok()
        .and_then(|system| system.cpus().first().map(|cpu| cpu.brand().to_owned()));
    brand.unwrap_or_default()
}

/// Cores told apart by which processors share one, for kernels whose `/proc/cpuinfo` does
/// not name them.
fn physical_cores(root: &Path) -> Option<u32> {
    let cpus = fs::read_dir(root.join("sys/devices/system/cpu")).ok()?;
    let siblings: HashSet<String> = cpus
        .flatten()
        .filter_map(|cpu| {
            let topology = cpu.path().join("topology");
            files::text_at(&topology.join("core_cpus_list"))
                .or_else(|| files::text_at(&topology.join("thread_siblings_list")))
        })
        .collect();
    (!siblings.is_empty()).then_some(siblings.len() as u32)
}

fn memory(root: &Path) -> u64 {
    let machine = total_memory(&files::text(root, "proc/meminfo").unwrap_or_default());
    match (machine, cgroup::limits(root).memory_bytes) {
        (Some(machine), Some(limit)) => machine.min(limit),
        (machine, limit) => machine.or(limit).unwrap_or(0),
    }
}

/// `MemTotal` of a `/proc/meminfo`, in bytes.
pub(super) fn total_memory(meminfo: &str) -> Option<u64> {
    let value = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// `PRETTY_NAME` of an `os-release`, or `Linux`.
pub(super) fn os_name(release: &str) -> String {
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim().trim_matches(['"', '\'']))
        .filter(|name| !name.is_empty());
    name.unwrap_or("Linux").to_owned()
}

/// ARM processors have no flag for a hypervisor; Xen and KVM tell the kernel in other ways.
fn names_hypervisor(root: &Path) -> bool {
    [
        "sys/hypervisor/type",
        "proc/device-tree/hypervisor/compatible",
    ]
    .iter()
    .any(|path| root.join(path).exists())
}
