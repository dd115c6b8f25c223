//! What the kernel's files say about measuring: its counters, its clock, the governor
//! and the hypervisor.

use std::path::Path;

use super::files;
use crate::finding::{FindingState, MachineFinding};
use crate::{MachineFacts, proc_stat};

/// Steal since boot from which on a virtual machine's numbers deserve doubt.
const STEAL_DOUBTFUL: f64 = 0.01;

/// Clock sources that a program reads without entering the kernel.
const FAST_CLOCKS: [&str; 4] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
];

/// The findings for a machine with these facts whose files lie under `root`.
pub(crate) fn findings(facts: &MachineFacts, root: &Path) -> Vec<MachineFinding> {
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

fn proc_files(root: &Path) -> MachineFinding {
    let unreadable: Vec<String> = ["proc/stat", "proc/self/statm"]
        .iter()
        .filter(|path| files::bytes(root, path).is_none())
        .map(|path| format!("/{path}"))
        .collect();
    if unreadable.is_empty() {
        return MachineFinding::new(
            "/proc",
            FindingState::Ok,
            "The kernel's counters of cores and memory can be read.",
        );
    }
    let detail = format!("Samples lack what {} would say.", unreadable.join(" and "));
    MachineFinding::new("/proc", FindingState::Missing, detail)
        .remedy("Mount /proc in the container or sandbox.")
}

fn clock(root: &Path) -> MachineFinding {
    let path = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    let Some(source) = files::text(root, path) else {
        let detail = "The kernel does not say which clock it uses.";
        return MachineFinding::new("clock", FindingState::Limited, detail);
    };
    if FAST_CLOCKS.contains(&source.as_str()) {
        let detail =
            format!("The kernel's clock source is {source}, which programs read directly.");
        return MachineFinding::new("clock", FindingState::Ok, detail);
    }
    let detail = format!(
        "The kernel's clock source is {source}, which is slow to read: short tasks look longer."
    );
    MachineFinding::new("clock", FindingState::Limited, detail).remedy(
        "See in the kernel's log why tsc was given up; on trusted hardware boot with tsc=reliable.",
    )
}

fn governor(facts: &MachineFacts) -> Option<MachineFinding> {
    let governor = facts.governor.as_deref()?;
    if governor == "performance" {
        let detail = "The frequency governor is performance.";
        return Some(MachineFinding::new("governor", FindingState::Ok, detail));
    }
    let detail = format!(
        "The frequency governor is {governor}: cores take time to reach full speed, so short runs vary."
    );
    Some(
        MachineFinding::new("governor", FindingState::Limited, detail).remedy(
            "Run `cpupower frequency-set -g performance` as root for the time of measuring.",
        ),
    )
}

fn hypervisor(facts: &MachineFacts, stat: &[u8]) -> Option<MachineFinding> {
    if !facts.hypervisor {
        return None;
    }
    let since_boot =
        proc_stat::parse_total(stat).and_then(|ticks| ticks.since(&proc_stat::Ticks::default()));
    let Some(shares) = since_boot else {
        let detail = "This is a virtual machine, and it does not say how much time the hypervisor takes away.";
        return Some(MachineFinding::new(
            "hypervisor",
            FindingState::Limited,
            detail,
        ));
    };
    let detail = format!(
        "This is a virtual machine; its hypervisor took {:.2} % of the processors' time since boot for others.",
        shares.steal * 100.0
    );
    Some(if shares.steal < STEAL_DOUBTFUL {
        MachineFinding::new("hypervisor", FindingState::Ok, detail)
    } else {
        MachineFinding::new("hypervisor", FindingState::Limited, detail)
            .remedy("Watch steal in the samples and repeat more often, or use a machine with dedicated cores.")
    })
}
