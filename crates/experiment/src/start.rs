//! What a run records about its lab when it starts, and finding the lab of a run that is taken up
//! again.

use std::time::{SystemTime, UNIX_EPOCH};

use super::error::ExperimentError;
use crate::lab::{ArmComparison, Lab, LabError, LabFacts, Params, PreparedLab, RunConfig};
use workbench_dataset::shell_word;
use workbench_record::{
    ArmFacts, CONTROL, Finding, PeerFacts, RepeatId, RunDir, RunStarted, Snapshot,
};
use workbench_words::counted;

/// The lab with these parameters, where they decide which arms it has.
pub(super) fn specialised(
    lab: &dyn Lab,
    params: &Params,
) -> Result<Option<Box<dyn Lab>>, ExperimentError> {
    lab.specialised(params)
        .map_err(|refusal| LabError::Refused(refusal).into())
}

/// What a lab declares for the readers of its runs.
pub(super) fn lab_facts(lab: &dyn Lab) -> LabFacts {
    LabFacts {
        folder: lab.folder().map(|folder| folder.display().to_string()),
        ..lab.definition().facts()
    }
}

/// What a command needs so that it finds a lab that is not a part of this program.
pub(super) fn from_folder(lab: &dyn Lab) -> String {
    let folder = lab.folder().map(|folder| folder.display().to_string());
    folder.map_or_else(String::new, |folder| {
        format!(" --labs {}", shell_word(&folder))
    })
}

/// The start of a run of this lab.
pub(super) fn start_of<'a>(
    snapshot: &'a Snapshot,
    lab: &dyn Lab,
    run: &RunDir,
) -> Result<&'a RunStarted, ExperimentError> {
    let refused = |why: String| ExperimentError::Resume(format!("{} {why}", run.id()));
    let started = snapshot.started.as_deref();
    let started = started.ok_or_else(|| refused("has not begun".to_owned()))?;
    let (its, name) = (&started.config.lab, &lab.definition().name);
    if its != name {
        return Err(refused(format!("is a run of the {its} lab, not of {name}")));
    }
    Ok(started)
}

pub(super) fn comparison(lab: &dyn Lab, prepared: &dyn PreparedLab) -> ArmComparison {
    ArmComparison {
        basis: prepared.basis(),
        note: prepared.comparison_note(),
        peers: prepared.near_peers(),
        lockstep: lab.definition().lockstep,
    }
}

pub(super) fn arm_facts(lab: &dyn Lab, config: &RunConfig) -> Vec<ArmFacts> {
    let facts = |name: &String| {
        let arm = lab.definition().arm(name)?;
        Some(ArmFacts {
            name: arm.name.clone(),
            title: arm.title.clone(),
            parallel: arm.parallel,
            control: false,
            peer: arm.peer.as_ref().map(|peer| PeerFacts {
                serial: peer.serial.clone(),
            }),
            source: lab.source(&arm.name),
        })
    };
    let mut arms: Vec<ArmFacts> = config.arms.iter().filter_map(facts).collect();
    if let Some(base) = arms.first().filter(|_| config.control) {
        let control = ArmFacts {
            name: CONTROL.to_owned(),
            title: format!("{}, once more", base.title),
            control: true,
            source: None,
            ..base.clone()
        };
        arms.insert(1, control);
    }
    arms
}

pub(super) fn no_locks(run: &RunDir) -> Finding {
    let text = format!(
        "The file system of {} has no locks: nothing keeps another process from resuming this run while it goes on, and lists cannot tell whether it does. Keep runs on a local disk with --run-dir DIR.",
        run.path().display()
    );
    Finding::warning("no_locks", text)
}

/// A repeat was made in more than one part.
pub(super) fn continued(id: &RepeatId) -> Finding {
    let text = format!(
        "Repeat {} of {} on {} was interrupted and went on where it was: its time is that of all parts, and what it used and under which conditions is not known over all of them.",
        id.repeat + 1,
        id.arm,
        counted(u64::from(id.workers), "worker")
    );
    let finding = Finding::warning("repeat_continued", text);
    finding.arm_on(&id.arm, id.workers).repeat(id.repeat)
}

pub(super) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
