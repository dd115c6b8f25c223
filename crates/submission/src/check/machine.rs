//! Whether the machine is what its samples and the repeats' conditions show.

use workbench_machine::MachineFacts;
use workbench_record::{Disturbance, Finding, RepeatFinished};

use crate::messages::repeats as messages;
use crate::opened_run::OpenedRun;

pub(super) fn find(run: &OpenedRun) -> Vec<Finding> {
    let mut found = Vec::new();
    let stated = &run.result.machine;
    if stated.cores_logical > 0 && stated.cores_usable > f64::from(stated.cores_logical) {
        found.push(messages::machine(stated.cores_usable, stated.cores_logical));
    }
    // A sample can have more, as cores keep their places while they are offline; and fewer than all
    // processors, as some containers show only those that may be used.
    let samples = run.snapshot.samples.iter();
    let sampled = samples.map(|(_, sample)| sample.cores.len()).max();
    if let Some(sampled) = sampled.filter(|cores| *cores > 0)
        && run.snapshot.resumed == 0
        && (sampled as f64) < stated.cores_usable.floor()
    {
        found.push(messages::cores_of_samples(stated.cores_usable, sampled));
    }
    found.extend(run.clocks.finished.iter().find_map(|(_, repeat)| {
        let start = run.snapshot.starts.get(repeat.start as usize)?;
        of_repeat(repeat, &start.machine)
    }));
    found
}

fn of_repeat(repeat: &RepeatFinished, machine: &MachineFacts) -> Option<Finding> {
    let is_change = |found: &Disturbance| {
        matches!(
            found,
            Disturbance::QuotaChanged { .. } | Disturbance::AffinityChanged { .. }
        )
    };
    if repeat.disturbances.iter().any(is_change) {
        return None;
    }
    let [before, after] = repeat.conditions.as_ref()?.cores?;
    let differs = |usable: f64| (usable - machine.cores_usable).abs() > 0.01;
    (differs(before.usable) && differs(after.usable))
        .then(|| messages::usable_cores(&repeat.id, machine.cores_usable, before.usable))
}
