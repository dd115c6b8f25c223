//! Which way to run tasks in parallel pays, and when.

use std::fmt::Write as _;

use workbench_record::Finding;

use super::numbers::lasting;
use crate::tool_cost::ToolCost;

/// What is more than this many times the overhead hardly notices it.
const MUCH: f64 = 20.0;

/// The costs of one of them.
pub(super) fn cost(tool: &ToolCost) -> Finding {
    let mut sentences = Vec::new();
    let mut finding = Finding::note("tool_cost", "").arm_on(&tool.arm, tool.workers);
    if let Some(overhead) = tool.task_overhead_s {
        sentences.push(overhead_sentence(tool, overhead));
        finding = finding.number("task_overhead_s", overhead);
    }
    if let (Some(start), Some(work)) = (tool.start_up_s, tool.pays_from_work_s) {
        sentences.push(format!(
            "Its start takes {}, which pays from {} of work on.",
            lasting(start),
            lasting(work)
        ));
        finding = finding.number("start_up_s", start);
    }
    sentences.extend(gain_sentence(tool));
    finding.text = format!("{}: {}", tool.arm, sentences.join(" "));
    finding
}

fn overhead_sentence(tool: &ToolCost, overhead: f64) -> String {
    let mut text = format!(
        "on {} workers a task that does nothing costs {}",
        tool.workers,
        lasting(overhead)
    );
    if let Some(pays) = tool.pays_from_task_s {
        // Writing to a String cannot fail.
        let _ = write!(text, ", so tasks pay from {} on", lasting(pays));
        if let Some(task) = tool.task_s {
            let much = if task > MUCH * pays {
                ", so much more that this hardly counts"
            } else if task > pays {
                ""
            } else {
                ", which is too little"
            };
            let _ = write!(text, "; those of this run took {}{much}", lasting(task));
        }
    }
    text + "."
}

fn gain_sentence(tool: &ToolCost) -> Option<String> {
    let speedup = tool.speedup.map(|speedup| {
        let interval = tool.speedup_interval.as_ref().map(|interval| {
            let [low, high] = interval.ends();
            format!(" ({low:.2} to {high:.2})")
        });
        format!(
            "It was {speedup:.2} times{} as fast as {}",
            interval.unwrap_or_default(),
            tool.serial
        )
    });
    let memory = tool.memory_factor.map(|factor| {
        let mib = tool.peak_memory_bytes as f64 / f64::from(1 << 20);
        format!(
            "peak of memory was {mib:.0} MiB, {factor:.1} times that of {}",
            tool.serial
        )
    });
    match (speedup, memory) {
        (Some(speedup), Some(memory)) => Some(format!("{speedup}, and its {memory}.")),
        (Some(speedup), None) => Some(format!("{speedup}.")),
        (None, memory) => memory.map(|memory| format!("Its {memory}.")),
    }
}

/// Which pays from the smallest tasks on; `tools` are those of one number of workers, by that size.
pub(super) fn order(workers: u32, tools: &[&ToolCost]) -> Finding {
    let from = |tool: &&ToolCost| {
        let size = tool.pays_from_task_s.map(lasting)?;
        Some(format!("{} from {size}", tool.arm))
    };
    let list: Vec<String> = tools.iter().filter_map(from).collect();
    let text = format!(
        "Which way to run in parallel, and when? On {workers} workers, by the size of the tasks: {}. Shorter tasks get done sooner on one core.",
        list.join(", ")
    );
    Finding::note("tool_order", text)
}
