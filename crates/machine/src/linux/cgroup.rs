//! The limits that Linux control groups (cgroups, versions 1 and 2) put on this process.
//!
//! A limit holds for a group and everything below it, so the smallest one between the process' own
//! group and the mount's root counts. Inside a container that root is the container's own group,
//! with its limits in the root's files.

use std::path::{Path, PathBuf};

use super::files;
use crate::monitor::Throttling;

/// The kernel's period for CPU quotas when a file does not name one, in microseconds.
const DEFAULT_PERIOD_US: f64 = 100_000.0;

/// What the control groups allow; `None` where they set no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Limits {
    /// Cores' worth of CPU time.
    pub cores: Option<f64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
}

/// Reads the limits of the process whose `/proc/self` lies under `root`.
pub(super) fn limits(root: &Path) -> Limits {
    let own = files::text(root, "proc/self/cgroup").unwrap_or_default();
    let mounts = mounts(root);
    let mut limits = Limits::default();
    for group in cpu_groups(root, &own, &mounts) {
        limits.cores = smaller(limits.cores, group.quota());
    }
    for group in own.lines().filter_map(parse_group) {
        let v2 = group.controllers.is_empty();
        if v2 || group.has("memory") {
            let file = if v2 {
                "memory.max"
            } else {
                "memory.limit_in_bytes"
            };
            for dir in directories(root, &mounts, &group, "memory") {
                limits.memory_bytes = smaller(limits.memory_bytes, memory(&dir.join(file)));
            }
        }
    }
    limits
}

/// The control group whose memory limit is the smallest above this process.
#[derive(Debug)]
pub(crate) struct MemoryGroup {
    /// What it allows, in bytes.
    pub limit_bytes: u64,
    used: PathBuf,
    /// Where it says what its memory holds, and as what the files that can be given back.
    holds: (PathBuf, &'static str),
}

impl MemoryGroup {
    /// The group of the process whose `/proc/self` lies under `root`; `None` without a limit.
    pub fn find(root: &Path) -> Option<Self> {
        let own = files::text(root, "proc/self/cgroup").unwrap_or_default();
        let mounts = mounts(root);
        let mut found: Option<Self> = None;
        for group in own.lines().filter_map(parse_group) {
            let (limit, used, files) = match group.controllers.is_empty() {
                true => ("memory.max", "memory.current", "inactive_file"),
                false if group.has("memory") => (
                    "memory.limit_in_bytes",
                    "memory.usage_in_bytes",
                    "total_inactive_file",
                ),
                false => continue,
            };
            for dir in directories(root, &mounts, &group, "memory") {
                let Some(limit_bytes) = memory(&dir.join(limit)) else {
                    continue;
                };
                if found
                    .as_ref()
                    .is_none_or(|found| limit_bytes < found.limit_bytes)
                {
                    found = Some(Self {
                        limit_bytes,
                        used: dir.join(used),
                        holds: (dir.join("memory.stat"), files),
                    });
                }
            }
        }
        found
    }

    /// What its processes and their files use, in bytes.
    pub fn used_bytes(&self) -> Option<u64> {
        memory(&self.used)
    }

    /// Of that, files that were read and are not used now, in bytes.
    pub fn files_bytes(&self) -> Option<u64> {
        let (path, name) = &self.holds;
        let text = files::text_at(path)?;
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let (_, bytes) = lines.find(|(known, _)| known == name)?;
        bytes.trim().parse().ok()
    }
}

/// A directory of a control group that limits this process' CPU time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CpuGroup {
    dir: PathBuf,
    v2: bool,
}

/// The groups of this process that can limit its CPU time, with everything above them.
#[derive(Debug)]
pub(crate) struct CpuGroups {
    root: Box<Path>,
    /// `/proc/self/cgroup` when the groups were looked up.
    own: String,
    groups: Vec<CpuGroup>,
}

impl CpuGroups {
    /// The groups of the process whose `/proc/self` lies under `root`.
    pub fn new(root: &Path) -> Self {
        let mut groups = Self {
            root: root.into(),
            own: String::new(),
            groups: Vec::new(),
        };
        groups.look();
        groups
    }

    /// The groups that the process is in now: it may have been moved.
    pub fn look(&mut self) -> &[CpuGroup] {
        let own = files::text(&self.root, "proc/self/cgroup").unwrap_or_default();
        if own != self.own {
            self.groups = cpu_groups(&self.root, &own, &mounts(&self.root));
            self.own = own;
        }
        &self.groups
    }
}

fn mounts(root: &Path) -> Vec<Mount> {
    let mounts = files::text(root, "proc/self/mountinfo").unwrap_or_default();
    mounts.lines().filter_map(parse_mount).collect()
}

fn cpu_groups(root: &Path, own: &str, mounts: &[Mount]) -> Vec<CpuGroup> {
    let mut groups = Vec::new();
    for group in own.lines().filter_map(parse_group) {
        let v2 = group.controllers.is_empty();
        if v2 || group.has("cpu") {
            let dirs = directories(root, mounts, &group, "cpu");
            groups.extend(dirs.into_iter().map(|dir| CpuGroup { dir, v2 }));
        }
    }
    groups
}

impl CpuGroup {
    /// Its quota, in cores' worth of CPU time; `None` where it sets none.
    pub fn quota(&self) -> Option<f64> {
        if self.v2 {
            quota_v2(&self.dir)
        } else {
            quota_v1(&self.dir)
        }
    }

    /// Its directory, and what its quota did so far; `None` where it counts nothing.
    pub fn throttling(&self) -> Option<(PathBuf, Throttling)> {
        let stat = files::text_at(&self.dir.join("cpu.stat"))?;
        let number = |name: &str| -> Option<u64> {
            let mut words = stat.lines().map(str::split_ascii_whitespace);
            let mut line = words.find(|words| words.clone().next() == Some(name))?;
            line.nth(1)?.parse().ok()
        };
        let core_ns = if self.v2 {
            number("throttled_usec")?.saturating_mul(1000)
        } else {
            number("throttled_time")?
        };
        let periods = number("nr_throttled")?;
        Some((self.dir.clone(), Throttling { periods, core_ns }))
    }
}

/// A line of `/proc/self/cgroup`: the group that the process is in, within one hierarchy.
#[derive(Debug, PartialEq)]
struct Group<'a> {
    /// Controllers of a version 1 hierarchy, separated by commas; empty for version 2.
    controllers: &'a str,
    path: &'a str,
}

impl Group<'_> {
    fn has(&self, controller: &str) -> bool {
        self.controllers.split(',').any(|name| name == controller)
    }
}

fn parse_group(line: &str) -> Option<Group<'_>> {
    let mut parts = line.splitn(3, ':');
    let id = parts.next()?;
    let controllers = parts.next()?;
    let path = parts.next()?;
    // Only hierarchy 0 is version 2; a version 1 hierarchy without controllers has nothing to say.
    (path.starts_with('/') && (id == "0") == controllers.is_empty())
        .then_some(Group { controllers, path })
}

/// A line of `/proc/self/mountinfo` that mounts a control group hierarchy.
#[derive(Debug, PartialEq)]
struct Mount {
    /// The group that the mount shows as its top.
    top: String,
    /// Where it is mounted.
    point: String,
    /// Controllers and options of a version 1 hierarchy; `None` for version 2.
    controllers: Option<String>,
}

fn parse_mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let kind = right.next()?;
    let options = right.nth(1).unwrap_or_default();
    let controllers = match kind {
        "cgroup" => Some(options.to_owned()),
        "cgroup2" => None,
        _ => return None,
    };
    let mut left = left.split(' ').skip(3);
    Some(Mount {
        top: unescape(left.next()?),
        point: unescape(left.next()?),
        controllers,
    })
}

/// Undoes the octal escapes (`\040` for a blank) that the kernel writes in mount paths.
pub(crate) fn unescape(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after
            .get(..3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(code) = code {
            plain.push(char::from(code));
            rest = &after[3..];
        } else {
            plain.push('\\');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

/// The directories of the group and of everything above it that the mount shows, lowest first.
fn directories(root: &Path, mounts: &[Mount], group: &Group, controller: &str) -> Vec<PathBuf> {
    let mount = mounts.iter().find(|mount| match &mount.controllers {
        None => group.controllers.is_empty(),
        Some(names) => {
            !group.controllers.is_empty() && names.split(',').any(|name| name == controller)
        }
    });
    let (top, point) = match mount {
        Some(mount) => (mount.top.as_str(), mount.point.clone()),
        // Without a mount table the usual places are worth a look.
        None if group.controllers.is_empty() => ("/", "/sys/fs/cgroup".to_owned()),
        None => ("/", format!("/sys/fs/cgroup/{controller}")),
    };
    let point = files::place(root, &point);
    let mut dirs = vec![point.clone()];
    let mut dir = point;
    for name in below(top, group.path) {
        dir.push(name);
        dirs.push(dir.clone());
    }
    dirs.reverse();
    dirs
}

/// The names that lead from the mount's top group to the process' own. Empty when the own group
/// lies outside, which happens in a container that shows its own group as the top but names it by
/// its path on the host.
fn below<'a>(top: &str, own: &'a str) -> Vec<&'a str> {
    let relative = match own.strip_prefix(top.trim_end_matches('/')) {
        Some(relative) if relative.is_empty() || relative.starts_with('/') => relative,
        _ => "",
    };
    let names: Vec<&str> = relative
        .split('/')
        .filter(|name| !name.is_empty())
        .collect();
    if names.contains(&"..") {
        Vec::new()
    } else {
        names
    }
}

/// `cpu.max` holds the quota and the period in microseconds, or `max` for no quota.
fn quota_v2(dir: &Path) -> Option<f64> {
    let text = files::text_at(&dir.join("cpu.max"))?;
    let mut words = text.split_ascii_whitespace();
    let quota = words.next()?.parse().ok()?;
    let period = match words.next() {
        Some(word) => word.parse().ok()?,
        None => DEFAULT_PERIOD_US,
    };
    cores(quota, period)
}

/// A quota of -1 is no quota.
fn quota_v1(dir: &Path) -> Option<f64> {
    let quota = files::text_at(&dir.join("cpu.cfs_quota_us"))?
        .parse()
        .ok()?;
    let period = match files::text_at(&dir.join("cpu.cfs_period_us")) {
        Some(text) => text.parse().ok()?,
        None => DEFAULT_PERIOD_US,
    };
    cores(quota, period)
}

fn cores(quota_us: f64, period_us: f64) -> Option<f64> {
    let cores = quota_us / period_us;
    (quota_us > 0.0 && period_us > 0.0 && cores.is_finite() && cores > 0.0).then_some(cores)
}

fn memory(file: &Path) -> Option<u64> {
    files::text_at(file)?
        .parse()
        .ok()
        .filter(|&bytes| bytes > 0)
}

fn smaller<T: PartialOrd>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b < a { b } else { a }),
        (a, b) => a.or(b),
    }
}
