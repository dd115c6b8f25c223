//! What a person should know about this machine before trusting numbers from it, in full sentences.

use std::path::Path;

use workbench_words::counted_number;

use super::MachineFacts;
use super::finding::{FindingState, MachineFinding};
use super::system;
use crate::counter_access::CounterAccess;

/// Looks at this machine and says what helps or hinders measuring on it.
pub fn check() -> Vec<MachineFinding> {
    findings(&MachineFacts::probe(), Path::new("/"))
}

/// The findings for a machine with these facts whose files lie under `root`.
pub(super) fn findings(facts: &MachineFacts, root: &Path) -> Vec<MachineFinding> {
    let mut findings = vec![cores(facts, system::affinity(root)), memory(facts)];
    findings.extend(system::findings(facts, root));
    findings.extend(counters(facts.hardware_counters));
    findings.extend(gpus(facts));
    findings
}

/// Whether the processor's counters can explain work inflation.
fn counters(access: CounterAccess) -> Option<MachineFinding> {
    let missing = |detail: &str, remedy: &str| {
        MachineFinding::new("counters", FindingState::Limited, detail).remedy(remedy)
    };
    Some(match access {
        CounterAccess::Unknown => return None,
        CounterAccess::Available => MachineFinding::new(
            "counters",
            FindingState::Ok,
            "The processor's counters of instructions, cycles and cache misses can be read.",
        ),
        CounterAccess::NotAllowed => missing(
            "The system does not allow reading the processor's counters, which explain work inflation.",
            "Set kernel.perf_event_paranoid to 2 or less; in a container, allow perf_event_open.",
        ),
        CounterAccess::NotSupported => missing(
            "This machine has no counters of the processor, which explain work inflation.",
            "Use a physical machine, or a virtual one with a virtual PMU.",
        ),
        CounterAccess::OtherSystem => missing(
            "The processor's counters, which explain work inflation, are read on Linux only.",
            "Measure on Linux where work inflation has to be explained.",
        ),
    })
}

/// `affinity` is the number of processors in the affinity mask.
fn cores(facts: &MachineFacts, affinity: Option<u32>) -> MachineFinding {
    let usable = facts.cores_usable;
    let detail = format!(
        "{} can be used at once ({}).",
        counted_number(usable, "core"),
        facts.cores_limit
    );
    if usable < f64::from(facts.cores_logical) {
        let remedy = if affinity.is_some_and(|mask| f64::from(mask) <= usable) {
            "Start workbench without taskset, or give the container or job more processors."
        } else {
            "Raise the CPU limit of the container or the service that workbench runs in."
        };
        MachineFinding::new("cores", FindingState::Limited, detail).remedy(remedy)
    } else if usable < 2.0 {
        MachineFinding::new("cores", FindingState::Limited, detail)
            .remedy("Use a machine with more cores: on one core nothing can run in parallel.")
    } else {
        MachineFinding::new("cores", FindingState::Ok, detail)
    }
}

fn memory(facts: &MachineFacts) -> MachineFinding {
    const SCARCE: u64 = 1 << 30;
    let gib = facts.memory_bytes as f64 / f64::from(1_u32 << 30);
    let detail = format!("{gib:.1} GiB of memory can be used.");
    match facts.memory_bytes {
        0 => MachineFinding::new(
            "memory",
            FindingState::Missing,
            "The machine does not say how much memory it has.",
        ),
        1..SCARCE => MachineFinding::new("memory", FindingState::Limited, detail)
            .remedy("Choose small presets, or raise the memory limit of the container."),
        _ => MachineFinding::new("memory", FindingState::Ok, detail),
    }
}

fn gpus(facts: &MachineFacts) -> Vec<MachineFinding> {
    if let Some(problem) = &facts.gpu_problem {
        let lost = MachineFinding::new("GPU driver", FindingState::Missing, problem.to_string());
        return vec![lost.remedy(problem.remedy())];
    }
    let Some(version) = &facts.gpu_driver else {
        let missing = MachineFinding::new(
            "GPU driver",
            FindingState::Missing,
            "The NVIDIA driver's library was not found or does not start; labs that need a GPU cannot run.",
        );
        return vec![missing.remedy(
            "On a machine with an NVIDIA GPU, install its driver and check it with nvidia-smi.",
        )];
    };
    let mut findings = vec![MachineFinding::new(
        "GPU driver",
        FindingState::Ok,
        format!("The NVIDIA driver has version {version}."),
    )];
    if facts.gpus.is_empty() {
        let none = MachineFinding::new(
            "GPU",
            FindingState::Missing,
            "The NVIDIA driver reports no GPU.",
        );
        findings.push(none.remedy("Give the container or job a GPU, for example with --gpus all."));
    }
    findings.extend(facts.gpus.iter().map(|gpu| {
        let what = format!("GPU {}", gpu.index);
        if gpu.name.is_empty() {
            let lost = MachineFinding::new(what, FindingState::Missing, "The driver lists this GPU but cannot open it.");
            return lost.remedy("Look at nvidia-smi and the kernel's log; the GPU may have failed or be out of reach.");
        }
        let gib = gpu.memory_bytes as f64 / f64::from(1_u32 << 30);
        let power = gpu
            .power_limit_w
            .map_or_else(String::new, |watts| format!(" and a power limit of {watts:.0} W"));
        let detail = format!("The GPU is {}, with {gib:.1} GiB of memory{power}.", gpu.name);
        MachineFinding::new(what, FindingState::Ok, detail)
    }));
    findings
}
