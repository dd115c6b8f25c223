//! Going on from a checkpoint.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use tch::{Tensor, nn};
use torch_ddp::{ProcessGroup, ReduceOp};
use workbench_protocol::Phase;

use super::format::{Progress, Snapshot};
use super::list;
use crate::adam::Adam;
use crate::failure::Failure;
use crate::job::Job;
use crate::parameters;
use crate::reporter::Reporter;

/// Fills model and optimizer from the checkpoint that the job is to go on from, and says how far it had come; without one,
/// from the beginning. The job names a file or a folder, of which the newest is taken; a folder that has none yet begins from
/// the beginning, so that torchrun's restarts need no other command line. A damaged file is passed over, with a warning, for the
/// one before it.
///
/// Every rank reads for itself, so over several machines the folder is a shared one; that all have read the same is checked.
///
/// # Errors
/// When there is no sound checkpoint, or it is of another model, or the ranks have read different ones.
pub fn resume(
    job: &Job,
    vars: &nn::VarStore,
    adam: &mut Adam,
    group: Option<&ProcessGroup>,
    report: &Reporter,
) -> Result<Progress, Failure> {
    let mut progress = Progress {
        seed: job.spec.seed,
        ..Progress::default()
    };
    let Some(path) = &job.spec.resume else {
        return Ok(progress);
    };
    report.at(Phase::Checkpoint);
    if let Some((path, snapshot)) = newest(path, report)? {
        fill(&snapshot, vars, adam).map_err(|text| {
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
    report.resumed(progress.steps);
    Ok(progress)
}

/// The first sound checkpoint, from the one that was asked for back to the oldest.
fn newest(path: &Path, report: &Reporter) -> Result<Option<(PathBuf, Snapshot)>, Failure> {
    let candidates = if path.is_file() {
        let before = path.parent().map(list).unwrap_or_default();
        let older = before.into_iter().filter(|other| other.as_path() < path);
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
    if candidates.is_empty() {
        return Ok(None);
    }
    for candidate in &candidates {
        let read = fs::read(candidate).map_err(|error| error.to_string());
        match read.and_then(|bytes| Snapshot::read(&bytes).map_err(|error| error.to_string())) {
            Ok(snapshot) => return Ok(Some((candidate.clone(), snapshot))),
            Err(why) => report.warn(format!(
                "{} is damaged: {why}; the checkpoint before it is used",
                candidate.display()
            )),
        }
    }
    Err(Failure::checkpoint(format!(
        "{}: no sound checkpoint is left; begin again without --resume",
        path.display()
    )))
}

/// Copies the arrays into the tensors of the same names.
fn fill(snapshot: &Snapshot, vars: &nn::VarStore, adam: &Adam) -> Result<(), String> {
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
