//! Which GPUs there are for the trials of a run.

use std::env;

use workbench_experiment::lab::{LabError, ParamValue, Params};
use workbench_machine::MachineFacts;
use workbench_words::counted;

use crate::gpus::{GpuShare, VISIBLE, refused};
use crate::settings::{listed, number};

/// Writes into `gpus` which GPUs a run has, where it gives some to trials: those that are asked
/// for, those that the environment leaves visible, or all of the machine.
///
/// # Errors
/// When there are none, or not those that are asked for.
pub fn choose(params: &mut Params) -> Result<(), LabError> {
    let asked = number(params, "trial_gpus")?;
    let Some(share) = GpuShare::of(asked)? else {
        return Ok(());
    };
    let machine = MachineFacts::probe();
    let there = machine.gpus.len();
    let given = listed(params)?;
    let gpus = if !given.is_empty() {
        check(&given, there)?;
        given
    } else if let Some(list) = env::var_os(VISIBLE) {
        visible(&list.to_string_lossy())
    } else {
        (0..there).map(|gpu| gpu.to_string()).collect()
    };
    if there == 0 || share.trials_on(gpus.len()) == 0 {
        let problem = machine.gpu_problem.map(|problem| format!(": {problem}"));
        let reason = format!(
            "there are {} for trials{}; give fewer, or 0 for trials without a GPU",
            counted(gpus.len().min(there) as u64, "GPU"),
            problem.unwrap_or_default()
        );
        return Err(refused("trial_gpus", &asked.to_string(), &reason));
    }
    params.insert("gpus".to_owned(), ParamValue::Text(gpus.join(",")));
    Ok(())
}

/// The GPUs of a list as CUDA reads it: it ends before the first that is none, and an empty one
/// leaves no GPU visible.
fn visible(list: &str) -> Vec<String> {
    let all = list.split(',').map(str::trim);
    let there = all.take_while(|gpu| !gpu.is_empty() && !gpu.starts_with('-'));
    there.map(str::to_owned).collect()
}

/// That GPUs that are asked for are there, and none twice.
fn check(given: &[String], there: usize) -> Result<(), LabError> {
    for (at, gpu) in given.iter().enumerate() {
        if given[..at].contains(gpu) {
            return Err(refused("gpus", &given.join(","), "one is there twice"));
        }
        // One with a name is for the program to find.
        if gpu.parse().is_ok_and(|number: usize| number >= there) {
            let there = counted(there as u64, "GPU");
            let reason = format!("this machine has {there}, counted from 0");
            return Err(refused("gpus", &given.join(","), &reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_visible_gpus_is_read_as_cuda_reads_it() {
        assert_eq!(visible("2, GPU-8f"), ["2", "GPU-8f"]);
        assert_eq!(visible("1,-1,0"), ["1"]);
        assert!(visible("").is_empty() && visible("-1").is_empty());
    }
}
