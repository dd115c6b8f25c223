//! What an assignment requires of a run.

use workbench_questions::RecordedAssignment;

use crate::lab::{LabDefinition, Opt, Params, Refusal, RunConfig};
use crate::request_error::RequestError;

/// How to run without the assignment.
const OR_WITHOUT: &str = "or run without --assignment, which cannot be handed in";

fn refused<T>(option: Opt, given: impl ToString, reason: &str) -> Result<T, RequestError> {
    let reason = format!("{reason}, {OR_WITHOUT}");
    Err(RequestError::Refused(Refusal::new(
        option,
        given.to_string(),
        reason,
    )))
}

/// The required preset, with nothing set otherwise.
pub(super) fn check_preset(
    lab: &LabDefinition,
    name: &str,
    params: &Params,
) -> Result<(), RequestError> {
    let recorded = lab.assignment.as_deref();
    let Some(required) = recorded.and_then(|r| r.assignment.required_preset.as_deref()) else {
        return Ok(());
    };
    if name != required {
        let reason = format!("the assignment is for the preset {required}; leave --preset out");
        return refused(Opt::Preset, name, &reason);
    }
    let Some(preset) = lab.presets.get(required) else {
        return Ok(());
    };
    let asked = lab.resolve(preset, &[])?;
    for (param, value) in params {
        if asked.get(param) != Some(value) {
            let reason = format!("the assignment sets {param}; leave it out");
            return refused(Opt::Set(param.clone()), value, &reason);
        }
    }
    Ok(())
}

/// The repeats of a run: at least as many as the assignment wants.
pub(super) fn repeats(
    recorded: Option<&RecordedAssignment>,
    asked: Option<u32>,
    of_preset: u32,
) -> Result<u32, RequestError> {
    let least = recorded.and_then(|recorded| recorded.assignment.least_repeats);
    match (least, asked) {
        (Some(least), Some(asked)) if asked < least => {
            let reason = format!("the assignment wants at least {least}; give {least} or more");
            refused(Opt::Repeats, asked, &reason)
        }
        (Some(least), None) => Ok(of_preset.max(least)),
        (_, asked) => Ok(asked.unwrap_or(of_preset)),
    }
}

/// The seed that the assignment wants, or the one that was asked for.
pub(super) fn seed(
    recorded: Option<&RecordedAssignment>,
    asked: Option<u64>,
) -> Result<Option<u64>, RequestError> {
    let wanted = recorded.and_then(|recorded| recorded.assignment.seed);
    match (wanted, asked) {
        (Some(wanted), Some(asked)) if asked != wanted => {
            let reason = format!("the assignment is for the seed {wanted}; leave --seed out");
            refused(Opt::Seed, asked, &reason)
        }
        (wanted, asked) => Ok(wanted.or(asked)),
    }
}

/// All arms that the assignment requires.
pub(super) fn check_arms(config: &RunConfig) -> Result<(), RequestError> {
    let recorded = config.assignment.as_deref();
    let required = recorded.map_or(&[][..], |recorded| &recorded.assignment.required_arms);
    let Some(missing) = required.iter().find(|arm| !config.arms.contains(arm)) else {
        return Ok(());
    };
    let reason = format!("the assignment requires the arm {missing}; give it too");
    refused(Opt::Arms, config.arms.join(","), &reason)
}
