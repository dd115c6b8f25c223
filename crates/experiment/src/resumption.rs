//! Whether a run may be resumed here and now: with the same data always, with another program or on
//! another machine only when asked for, because repeats of the two are not comparable.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use workbench_machine::{MachineFacts, OriginDifference};
use workbench_record::{DataSource, RunStarted, Snapshot, Start};

/// Why a run is not resumed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResumeRefused {
    /// The data is not what the run was begun with.
    #[error("{}", other_data(.run_id, .place, [Some(.before), .now.as_deref()], .command))]
    Data {
        /// The run.
        run_id: String,
        /// Where the data is.
        place: Box<DataSource>,
        /// SHA-256 of the data when the run was begun.
        before: String,
        /// SHA-256 of the data now, where there is any.
        now: Option<String>,
        /// The command that makes a new run.
        command: String,
    },
    /// Another program measures, or another machine.
    #[error("{}", other_origin(.run_id, .differences, .command))]
    Origin {
        /// The run.
        run_id: String,
        /// What differs, then and now.
        differences: BTreeSet<OriginChange>,
        /// The command that makes a new run.
        command: String,
    },
}

/// One thing that differs between the start of a run and now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginChange {
    /// What.
    pub kind: OriginDifference,
    /// How it was when the run was begun.
    pub before: String,
    /// How it is now.
    pub now: String,
}

impl OriginChange {
    fn new(kind: OriginDifference, before: &MachineFacts, now: &MachineFacts) -> Self {
        let show = |facts: &MachineFacts| match kind {
            OriginDifference::Program => facts.program_name(),
            OriginDifference::Processor => facts.cpu_model.trim().to_owned(),
            OriginDifference::Processors => facts.cores_logical.to_string(),
            OriginDifference::UsableCores => facts.cores_usable.to_string(),
            OriginDifference::Gpus => {
                let names: Vec<&str> = facts.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                }
            }
        };
        Self {
            kind,
            before: show(before),
            now: show(now),
        }
    }

    fn name(&self) -> &'static str {
        match self.kind {
            OriginDifference::Program => "program",
            OriginDifference::Processor => "processor",
            OriginDifference::Processors => "processors",
            OriginDifference::UsableCores => "usable cores",
            OriginDifference::Gpus => "GPUs",
        }
    }
}

/// What to do where another program or machine made the finished repeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherOrigin {
    /// The run is not resumed.
    #[default]
    Refuse,
    /// It is, and the repeats are kept apart: no speed-up is stated across them.
    KeepApart,
}

/// Checks that this program on this machine made a part of a run before.
///
/// # Errors
/// [`ResumeRefused::Origin`] with what differs from the start of the run.
pub(crate) fn check_origin(
    snapshot: &Snapshot,
    started: &RunStarted,
    now: &MachineFacts,
) -> Result<(), ResumeRefused> {
    let is_known = |start: &Start| start.machine.differences(now).is_empty();
    if snapshot.starts.iter().any(is_known) {
        return Ok(());
    }
    let before = &started.machine;
    let differences = before.differences(now).into_iter();
    Err(ResumeRefused::Origin {
        run_id: started.run_id.clone(),
        differences: differences
            .map(|kind| OriginChange::new(kind, before, now))
            .collect(),
        command: started.config.command.clone(),
    })
}

/// Checks that the data is what the run was begun with; older versions did not record it.
///
/// # Errors
/// [`ResumeRefused::Data`].
pub(crate) fn check_data(started: &RunStarted, now: Option<String>) -> Result<(), ResumeRefused> {
    match &started.data_sha256 {
        Some(before) if now.as_ref() != Some(before) => Err(ResumeRefused::Data {
            run_id: started.run_id.clone(),
            place: Box::new(started.config.data.clone()),
            before: before.clone(),
            now,
            command: started.config.command.clone(),
        }),
        _ => Ok(()),
    }
}

/// As many digits of a hash tell two apart.
fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

fn other_data(
    run_id: &str,
    place: &DataSource,
    hashes: [Option<&str>; 2],
    command: &str,
) -> String {
    let place = match place {
        DataSource::Embedded => "that comes with the lab",
        DataSource::File { path, .. } | DataSource::Folder { path, .. } => path,
    };
    let [before, now] = hashes.map(|sha256| sha256.map_or("none", short));
    format!(
        "{run_id}: the data has changed since the run was begun ({place}, SHA-256 {before} then, {now} now), so its repeats would not be comparable; put the old data back, or start a new run with `{command}`"
    )
}

fn other_origin(run_id: &str, differences: &BTreeSet<OriginChange>, command: &str) -> String {
    let mut told = String::new();
    for found in differences {
        let comma = if told.is_empty() { "" } else { "; " };
        let (name, before, now) = (found.name(), &found.before, &found.now);
        // Writing to a String cannot fail.
        let _ = write!(told, "{comma}{name}: {before} then, {now} now");
    }
    format!(
        "{run_id}: the run was begun with another program or on another machine ({told}), so its repeats would not be comparable; start a new run with `{command}`, or go on with `workbench resume {run_id} --keep-apart`, which states no speed-up between the two"
    )
}
