//! How many cores this process may really use: processors, affinity mask and cgroup quota,
//! the smallest counts.

use std::path::Path;

use rustix::thread::sched_getaffinity;

use super::files;
use crate::{UsableCores, proc_stat};

/// Processors that are online, as `/proc/stat` lists them; the list in `/sys` where that
/// cannot be read.
pub(super) fn online(root: &Path) -> Option<u32> {
    let mut cores = Vec::new();
    if let Some(text) = files::bytes(root, "proc/stat") {
        proc_stat::parse_cores(&text, &mut cores);
    }
    if cores.is_empty() {
        let list = files::text(root, "sys/devices/system/cpu/online")?;
        return files::count_cpu_list(&list).filter(|&count| count > 0);
    }
    Some(cores.len() as u32)
}

/// Processors in this thread's affinity mask, which a cpuset narrows too.
pub(crate) fn affinity(root: &Path) -> Option<u32> {
    match sched_getaffinity(None) {
        Ok(mask) => Some(mask.count()),
        // The call's mask has room for 1024 processors and is refused by kernels with more; the
        // text has no such end.
        Err(_) => allowed(&files::text(root, "proc/thread-self/status")?),
    }
    .filter(|&count| count > 0)
}

/// Processors in the `Cpus_allowed_list` line of a `/proc/<pid>/status`.
pub(super) fn allowed(status: &str) -> Option<u32> {
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    files::count_cpu_list(list)
}

/// The smallest of the three limits.
pub(crate) fn usable_of(online: u32, affinity: Option<u32>, quota: Option<f64>) -> f64 {
    usable(online, affinity, quota).cores
}

/// The smallest of the three limits, and its name. A limit that does not bind is not named.
pub(super) fn usable(online: u32, affinity: Option<u32>, quota: Option<f64>) -> UsableCores {
    let mut usable = UsableCores {
        cores: f64::from(online),
        limit: if online == 1 {
            "1 processor".to_owned()
        } else {
            format!("{online} processors")
        },
    };
    if let Some(mask) = affinity.filter(|&mask| mask < online) {
        usable.cores = f64::from(mask);
        usable.limit = format!("affinity mask {mask} of {online}");
    }
    if let Some(quota) = quota.filter(|&quota| quota < usable.cores) {
        usable.cores = quota;
        usable.limit = format!("cgroup quota {:?} of {online}", round(quota));
    }
    usable
}

/// Two decimals say enough for a text; a smaller quota keeps its first digits instead
/// of becoming zero.
fn round(quota: f64) -> f64 {
    if quota < 0.01 {
        quota
    } else {
        (quota * 100.0).round() / 100.0
    }
}
