//! Going on from a checkpoint.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use tch::{Tensor, nn};
use torch_ddp::{ProcessGroup, ReduceOp};
use workbench_ddp_protocol::Phase;

use super::aside;
use super::files::{list, steps_of};
use super::format::{CheckpointData, FormatError, SavedProgress};
use crate::adam::Adam;
use crate::failure::Failure;
use crate::job::Job;
use crate::parameters;
use crate::reporter::Reporter;

/// Fills model and optimizer from the checkpoint that the job is to go on from, and says how far it
/// had come; without one, from the beginning. The job names a file or a folder, of which the newest
/// is taken; a folder that has none yet begins from the beginning, so that torchrun's restarts need
/// no other command line. A damaged file is passed over, with a warning, for the one before it, and
/// the last of them for the beginning; it is set aside under another name, so that it does not
/// count as one of those that are kept.
///
/// Checkpoints in the job's own folder that this training does not go on from, such as later ones,
/// are set aside in the same way.
///
/// Every rank reads for itself, so over several machines the folder is a shared one; that all have
/// read the same is checked.
///
/// # Errors
/// When the file that is named is not sound, nor any before it; when one cannot be read, or is of
/// another version; when a checkpoint is of another model or seed; or the ranks have read different
/// ones.
pub fn resume(
    job: &Job,
    vars: &nn::VarStore,
    adam: &mut Adam,
    group: Option<&ProcessGroup>,
    report: &Reporter,
) -> Result<SavedProgress, Failure> {
    let mut progress = SavedProgress {
        seed: job.spec.seed,
        ..SavedProgress::default()
    };
    let Some(path) = &job.spec.resume else {
        set_aside(job, &Found::default(), 0, report);
        return Ok(progress);
    };
    report.at(Phase::Checkpoint);
    let found = newest(path)?;
    if let Some((path, snapshot)) = &found.sound {
        fill(snapshot, vars, adam).map_err(|text| {
            Failure::checkpoint(format!(
                "{}: {text}; give a checkpoint of the same model and images",
                path.display()
            ))
        })?;
        progress = snapshot.progress;
        adam.set_steps(progress.steps);
    }
    if progress.seed != job.spec.seed {
        return Err(Failure::checkpoint(format!(
            "the checkpoint is of a training with seed {}, this is one with seed {}; give the same",
            progress.seed, job.spec.seed
        )));
    }
    if let Some(group) = group {
        agree(progress.steps, group)?;
    }
    set_aside(job, &found, progress.steps, report);
    report.resumed(progress.reached());
    Ok(progress)
}

/// The checkpoints that a training may go on from.
#[derive(Default)]
struct Found {
    /// The newest sound one.
    sound: Option<(PathBuf, CheckpointData)>,
    /// Newer ones, and what is wrong with each.
    damaged: Vec<(PathBuf, String)>,
}

/// The first sound checkpoint, from the one that was asked for back to the oldest.
fn newest(path: &Path) -> Result<Found, Failure> {
    let candidates = if path.is_file() {
        let before = list(aside::folder(path)).into_iter();
        let older = before.filter(|other| steps_of(other) < steps_of(path));
        std::iter::once(path.to_path_buf()).chain(older).collect()
    } else {
        match fs::read_dir(path) {
            Ok(_) => list(path),
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && path.extension().is_none() =>
            {
                Vec::new()
            }
            Err(error) => {
                return Err(Failure::checkpoint(format!(
                    "{}: {error}; give a checkpoint, or a folder of checkpoints",
                    path.display()
                )));
            }
        }
    };
    let mut found = Found::default();
    for candidate in candidates {
        match read(&candidate)? {
            Ok(snapshot) => {
                found.sound = Some((candidate, snapshot));
                return Ok(found);
            }
            Err(damage) => found.damaged.push((candidate, damage.to_string())),
        }
    }
    match found.damaged.first() {
        // Who names a file wants that one.
        Some((file, why)) if file == path => Err(Failure::checkpoint(format!(
            "{}: {why}, and there is no sound checkpoint before it; begin again without --resume",
            path.display()
        ))),
        _ => Ok(found),
    }
}

/// A checkpoint, or how it is damaged. What cannot be read now, or not by this program, may be
/// sound.
fn read(path: &Path) -> Result<Result<CheckpointData, FormatError>, Failure> {
    let bytes = fs::read(path).map_err(|error| {
        Failure::checkpoint(format!(
            "{}: {error}; see that it can be read, or move it elsewhere to go on without it",
            path.display()
        ))
    })?;
    match CheckpointData::read(&bytes) {
        Err(error) if !error.is_damage() => Err(Failure::checkpoint(format!(
            "{}: {error}; go on with the program that wrote it, or move it elsewhere to go on without it",
            path.display()
        ))),
        other => Ok(other),
    }
}

/// On rank 0, renames the checkpoints that are not to be gone on from, and says so. All ranks have
/// read what they need by now, and all have seen the same.
fn set_aside(job: &Job, found: &Found, steps: u64, report: &Reporter) {
    if job.rank != 0 {
        return;
    }
    damaged(&found.damaged, steps, report);
    if let Some(checkpoint) = &job.spec.checkpoint {
        let origin = found.sound.as_ref().map(|(path, _)| path.as_path());
        aside::others(&checkpoint.dir, origin, steps, report);
    }
}

/// Says which checkpoints are damaged, and renames them.
fn damaged(damaged: &[(PathBuf, String)], steps: u64, report: &Reporter) {
    let instead = match steps {
        0 => "no sound one is left, so training begins from the beginning".to_owned(),
        steps => format!("training goes on from the one after {steps} steps"),
    };
    for (path, why) in damaged {
        // Where it cannot be renamed, it is found damaged again.
        let _ = aside::rename(path, "damaged");
        let name = path.file_name().unwrap_or(path.as_os_str());
        report.warn(format!(
            "the checkpoint {} is damaged: {why}; {instead}",
            name.to_string_lossy()
        ));
    }
}

/// Copies the arrays into the tensors of the same names.
fn fill(snapshot: &CheckpointData, vars: &nn::VarStore, adam: &Adam) -> Result<(), String> {
    let mut arrays: HashMap<&str, &[f32]> = snapshot
        .arrays
        .iter()
        .map(|array| (array.name.as_str(), array.values.as_slice()))
        .collect();
    let model = parameters::sorted(vars)
        .into_iter()
        .map(|(name, tensor)| (format!("model.{name}"), tensor));
    let _no_grad = tch::no_grad_guard();
    for (name, mut tensor) in model.chain(adam.state()) {
        let values = arrays
            .remove(name.as_str())
            .ok_or_else(|| format!("it has no {name}"))?;
        if values.len() != tensor.numel() {
            let (has, needs) = (values.len(), tensor.numel());
            return Err(format!(
                "its {name} has {has} elements where the model has {needs}"
            ));
        }
        let size = tensor.size();
        tensor.copy_(&Tensor::from_slice(values).view(size.as_slice()));
    }
    match arrays.keys().next() {
        None => Ok(()),
        Some(name) => Err(format!("it has {name}, which the model has not")),
    }
}

fn agree(steps: u64, group: &ProcessGroup) -> Result<(), Failure> {
    // The greatest of n and of -n are equal but for the sign where all are equal.
    let mut bounds = Tensor::from_slice(&[steps as i64, -(steps as i64)]);
    group.all_reduce(&mut bounds, ReduceOp::Max)?;
    let (most, least) = (bounds.int64_value(&[0]), -bounds.int64_value(&[1]));
    if most == least {
        Ok(())
    } else {
        Err(Failure::checkpoint(format!(
            "the ranks have read different checkpoints, after {least} to {most} steps; give all the same folder"
        )))
    }
}
