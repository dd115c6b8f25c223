//! What a person should know about this machine before trusting numbers from it, in full sentences.

use std::path::Path;

use serde::Serialize;

use super::MachineFacts;

/// How a finding bears on measuring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// As it should be.
    Ok,
    /// Works, but numbers are smaller, noisier or fewer than they could be.
    Limited,
    /// Not there; what needs it cannot be used.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two, for example `cores` or `GPU 0`.
    pub what: String,
    /// How it stands.
    pub state: FindingState,
    /// What was found, as a sentence.
    pub detail: String,
    /// What to do about it, as a sentence, where something can be done.
    pub remedy: Option<String>,
}

impl Finding {
    fn new(what: impl Into<String>, state: FindingState, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state,
            detail: detail.into(),
            remedy: None,
        }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Looks at this machine and says what helps or hinders measuring on it.
pub fn check() -> Vec<Finding> {
    findings(&MachineFacts::probe(), Path::new("/"))
}

/// The findings for a machine with these facts whose files lie under `root`.
pub(super) fn findings(facts: &MachineFacts, root: &Path) -> Vec<Finding> {
    let mut findings = vec![cores(facts), memory(facts)];
    #[cfg(target_os = "linux")]
    findings.extend(linux::findings(facts, root));
    #[cfg(not(target_os = "linux"))]
    let _ = root;
    findings.extend(gpus(facts));
    findings
}

fn cores(facts: &MachineFacts) -> Finding {
    let usable = facts.cores_usable;
    let count = ((usable * 100.0).round() / 100.0).to_string();
    let noun = if count == "1" { "core" } else { "cores" };
    let detail = format!(
        "{count} {noun} can be used at once ({}).",
        facts.cores_limit
    );
    if usable < f64::from(facts.cores_logical) {
        let remedy = if facts.cores_limit.starts_with("affinity") {
            "Start workbench without taskset, or give the container or job more processors."
        } else {
            "Raise the CPU limit of the container or the service that workbench runs in."
        };
        Finding::new("cores", FindingState::Limited, detail).remedy(remedy)
    } else if usable < 2.0 {
        Finding::new("cores", FindingState::Limited, detail)
            .remedy("Use a machine with more cores: on one core nothing can run in parallel.")
    } else {
        Finding::new("cores", FindingState::Ok, detail)
    }
}

fn memory(facts: &MachineFacts) -> Finding {
    const SCARCE: u64 = 1 << 30;
    let gib = facts.memory_bytes as f64 / f64::from(1_u32 << 30);
    let detail = format!("{gib:.1} GiB of memory can be used.");
    match facts.memory_bytes {
        0 => Finding::new(
            "memory",
            FindingState::Missing,
            "The machine does not say how much memory it has.",
        ),
        1..SCARCE => Finding::new("memory", FindingState::Limited, detail)
            .remedy("Choose small presets, or raise the memory limit of the container."),
        _ => Finding::new("memory", FindingState::Ok, detail),
    }
}

fn gpus(facts: &MachineFacts) -> Vec<Finding> {
    let Some(version) = &facts.gpu_driver else {
        let missing = Finding::new(
            "GPU driver",
            FindingState::Missing,
            "The NVIDIA driver's library was not found or does not start; labs that need a GPU cannot run.",
        );
        return vec![missing.remedy(
            "On a machine with an NVIDIA GPU, install its driver and check it with nvidia-smi.",
        )];
    };
    let mut findings = vec![Finding::new(
        "GPU driver",
        FindingState::Ok,
        format!("The NVIDIA driver has version {version}."),
    )];
    if facts.gpus.is_empty() {
        let none = Finding::new(
            "GPU",
            FindingState::Missing,
            "The NVIDIA driver reports no GPU.",
        );
        findings.push(none.remedy("Give the container or job a GPU, for example with --gpus all."));
    }
    findings.extend(facts.gpus.iter().map(|gpu| {
        let what = format!("GPU {}", gpu.index);
        if gpu.name.is_empty() {
            let lost = Finding::new(what, FindingState::Missing, "The driver lists this GPU but cannot open it.");
            return lost.remedy("Look at nvidia-smi and the kernel's log; the GPU may have failed or be out of reach.");
        }
        let gib = gpu.memory_bytes as f64 / f64::from(1_u32 << 30);
        let power = gpu
            .power_limit_w
            .map_or_else(String::new, |watts| format!(" and a power limit of {watts:.0} W"));
        let detail = format!("The GPU is {}, with {gib:.1} GiB of memory{power}.", gpu.name);
        Finding::new(what, FindingState::Ok, detail)
    }));
    findings
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;

    use super::{Finding, FindingState};
    use crate::{MachineFacts, files, proc_stat};

    /// Steal since boot from which on a virtual machine's numbers deserve doubt.
    const STEAL_DOUBTFUL: f64 = 0.01;

    /// Clock sources that a program reads without entering the kernel.
    const FAST_CLOCKS: [&str; 4] = [
        "tsc",
        "kvm-clock",
        "hyperv_clocksource_tsc_page",
        "arch_sys_counter",
    ];

    pub(super) fn findings(facts: &MachineFacts, root: &Path) -> Vec<Finding> {
        let stat = files::bytes(root, "proc/stat");
        [
            Some(proc_files(root)),
            Some(clock(root)),
            governor(facts),
            hypervisor(facts, &stat.unwrap_or_default()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn proc_files(root: &Path) -> Finding {
        let unreadable: Vec<String> = ["proc/stat", "proc/self/statm"]
            .iter()
            .filter(|path| files::bytes(root, path).is_none())
            .map(|path| format!("/{path}"))
            .collect();
        if unreadable.is_empty() {
            return Finding::new(
                "/proc",
                FindingState::Ok,
                "The kernel's counters of cores and memory can be read.",
            );
        }
        let detail = format!("Samples lack what {} would say.", unreadable.join(" and "));
        Finding::new("/proc", FindingState::Missing, detail)
            .remedy("Mount /proc in the container or sandbox.")
    }

    fn clock(root: &Path) -> Finding {
        let path = "sys/devices/system/clocksource/clocksource0/current_clocksource";
        let Some(source) = files::text(root, path) else {
            let detail = "The kernel does not say which clock it uses.";
            return Finding::new("clock", FindingState::Limited, detail);
        };
        if FAST_CLOCKS.contains(&source.as_str()) {
            let detail =
                format!("The kernel's clock source is {source}, which programs read directly.");
            return Finding::new("clock", FindingState::Ok, detail);
        }
        let detail = format!(
            "The kernel's clock source is {source}, which is slow to read: short tasks look longer."
        );
        Finding::new("clock", FindingState::Limited, detail)
            .remedy("See in the kernel's log why tsc was given up; on trusted hardware boot with tsc=reliable.")
    }

    fn governor(facts: &MachineFacts) -> Option<Finding> {
        let governor = facts.governor.as_deref()?;
        if governor == "performance" {
            let detail = "The frequency governor is performance.";
            return Some(Finding::new("governor", FindingState::Ok, detail));
        }
        let detail = format!(
            "The frequency governor is {governor}: cores take time to reach full speed, so short runs vary."
        );
        Some(
            Finding::new("governor", FindingState::Limited, detail).remedy(
                "Run `cpupower frequency-set -g performance` as root for the time of measuring.",
            ),
        )
    }

    fn hypervisor(facts: &MachineFacts, stat: &[u8]) -> Option<Finding> {
        if !facts.hypervisor {
            return None;
        }
        let since_boot = proc_stat::parse_total(stat)
            .and_then(|ticks| ticks.since(&proc_stat::Ticks::default()));
        let Some(shares) = since_boot else {
            let detail = "This is a virtual machine, and it does not say how much time the hypervisor takes away.";
            return Some(Finding::new("hypervisor", FindingState::Limited, detail));
        };
        let detail = format!(
            "This is a virtual machine; its hypervisor took {:.2} % of the processors' time since boot for others.",
            shares.steal * 100.0
        );
        Some(if shares.steal < STEAL_DOUBTFUL {
            Finding::new("hypervisor", FindingState::Ok, detail)
        } else {
            Finding::new("hypervisor", FindingState::Limited, detail)
                .remedy("Watch steal in the samples and repeat more often, or use a machine with dedicated cores.")
        })
    }
}
