//! The space of a run: from its parameters, or from a file.

use std::fs::{self, File};
use std::io::{self, Read as _};

use workbench_experiment::lab::{
    LabDefinition, LabError, Opt, ParamSpec, ParamValue, Params, Refusal, suggest,
};
use workbench_search::{ConfigValue, Dimension, Domain, Space, SpaceError};

use crate::objective::{Knob, ObjectiveKind, PLACES};
use crate::settings::text;

/// What stands between the parameters of a space in one line.
const BETWEEN: &str = ";;";
/// The largest file of a space, in bytes.
const LARGEST: u64 = 1 << 20;

/// The space that the parameters describe: that of `space`, a file or a line, with the parameters
/// that were set otherwise than usual put in; without it, that of the lab. A program has the
/// parameters that its command names (`named`) and those that were given.
///
/// # Errors
/// When a part of it cannot be read, or the objective does not take it.
pub fn space(
    params: &Params,
    objective: ObjectiveKind,
    (lab, named): (&LabDefinition, &[String]),
) -> Result<Space, LabError> {
    let given = text(params, "space")?.trim();
    let mut dimensions = match given {
        "" => Vec::new(),
        line if line.contains('=') => line
            .split(BETWEEN)
            .map(|part| Dimension::parse(part.trim()))
            .collect::<Result<_, _>>()
            .map_err(|error| refused("space", given, &error))?,
        file => from_file(file)?,
    };
    let is_program = objective == ObjectiveKind::Program;
    put_in(params, objective, (lab, named), &mut dimensions)?;
    for other in ObjectiveKind::ALL
        .into_iter()
        .filter(|kind| *kind != objective && !is_program)
    {
        refuse_foreign(params, objective, other, lab)?;
    }
    for dimension in &dimensions {
        if is_program {
            check_name(dimension)?;
        } else {
            check(dimension, objective)?;
        }
    }
    if dimensions.is_empty() {
        return Err(LabError::Refused(Refusal::new(
            Opt::Set("space".to_owned()),
            given,
            "there is nothing to search; give ranges, for example \
             --space 'lr=loguniform(1e-4,1e-1)'",
        )));
    }
    Space::new(dimensions).map_err(|error| {
        let option = error
            .parameter
            .clone()
            .unwrap_or_else(|| "space".to_owned());
        refused(&option, given, &error)
    })
}

/// Puts in the parameters of the lab that belong to the objective.
fn put_in(
    params: &Params,
    objective: ObjectiveKind,
    (lab, named): (&LabDefinition, &[String]),
    dimensions: &mut Vec<Dimension>,
) -> Result<(), LabError> {
    let is_program = objective == ObjectiveKind::Program;
    let is_given = !text(params, "space")?.trim().is_empty();
    let mut knobs: Vec<&Knob> = Vec::new();
    if is_program {
        // Several objectives have some of them.
        for knob in ObjectiveKind::ALL.iter().flat_map(|kind| kind.knobs()) {
            if knobs.iter().all(|known| known.name != knob.name) {
                knobs.push(knob);
            }
        }
    } else {
        knobs.extend(objective.knobs());
    }
    for knob in knobs {
        // Runs of an earlier version do not have all.
        let of = text(params, knob.name).unwrap_or_default().trim();
        let usual = lab.params.get(knob.name).map(ParamSpec::default_value);
        let is_usual = usual.is_some_and(|usual| usual.to_string() == of);
        let is_known = dimensions.iter().any(|known| known.name == knob.name);
        let is_wanted = if is_program {
            !is_known && named.iter().any(|name| name == knob.name)
        } else {
            !is_given
        };
        if of.is_empty() || (is_usual && !is_wanted) {
            continue;
        }
        let line = format!("{}={of}", knob.name);
        let dimension = Dimension::parse(&line).map_err(|error| refused(knob.name, of, &error))?;
        dimensions.retain(|known| known.name != knob.name);
        dimensions.push(dimension);
    }
    Ok(())
}

/// The space as one line, as it is recorded.
pub fn line(space: &Space) -> String {
    let all = space.dimensions().iter().map(Dimension::to_string);
    all.collect::<Vec<_>>().join(&format!(" {BETWEEN} "))
}

fn from_file(file: &str) -> Result<Vec<Dimension>, LabError> {
    let option = || Opt::Set("space".to_owned());
    let refuse = |reason: String| LabError::Refused(Refusal::new(option(), file, reason));
    let unreadable = |error: io::Error| refuse(format!("the file cannot be read: {error}"));
    // Looked at before it is opened: a pipe would hold this up, and a device has no end.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err(refuse("this is no file".to_owned()));
    }
    let mut text = String::new();
    let opened = File::open(file).map_err(unreadable)?;
    let read = opened.take(LARGEST + 1).read_to_string(&mut text);
    if read.map_err(unreadable)? as u64 > LARGEST {
        return Err(refuse("the file is larger than 1 MiB".to_owned()));
    }
    let space = Space::from_toml(&text).map_err(|error| refused("space", file, &error))?;
    Ok(space.dimensions().to_vec())
}

/// A parameter of another objective that was set.
fn refuse_foreign(
    params: &Params,
    objective: ObjectiveKind,
    other: ObjectiveKind,
    lab: &LabDefinition,
) -> Result<(), LabError> {
    let foreign = other.knobs().iter();
    for knob in foreign.filter(|knob| objective.knob(knob.name).is_none()) {
        let Ok(given) = text(params, knob.name) else {
            continue;
        };
        let usual = lab.params.get(knob.name).map(ParamSpec::default_value);
        if usual.is_none_or(|usual| usual.to_string() != given) {
            let reason = format!(
                "the objective {} does not have it; {}",
                objective.name(),
                known(objective, knob.name)
            );
            let option = Opt::Set(knob.name.to_owned());
            return Err(LabError::Refused(Refusal::new(option, given, reason)));
        }
    }
    Ok(())
}

fn known(objective: ObjectiveKind, name: &str) -> String {
    suggest(name, objective.knobs().iter().map(|knob| knob.name))
}

/// Whether a parameter of a program can be a placeholder that is no other.
fn check_name(dimension: &Dimension) -> Result<(), LabError> {
    let name = &dimension.name;
    if !PLACES.contains(&name.as_str()) {
        return Ok(());
    }
    let reason = format!("{{{name}}} is taken: workbench itself gives it a value");
    let option = Opt::Set("space".to_owned());
    Err(LabError::Refused(Refusal::new(option, name, reason)))
}

/// Whether the objective takes everything that a parameter may be.
fn check(dimension: &Dimension, objective: ObjectiveKind) -> Result<(), LabError> {
    let name = &dimension.name;
    let option = Opt::Set(name.clone());
    let given = dimension.domain.to_string();
    let Some(knob) = objective.knob(name) else {
        let reason = format!(
            "the objective {} has no parameter {name}; {}",
            objective.name(),
            known(objective, name)
        );
        return Err(LabError::Refused(Refusal::new(option, given, reason)));
    };
    if fits(&dimension.domain, knob) {
        return Ok(());
    }
    let reason = format!("{name} takes {}", knob.expects());
    Err(LabError::Refused(Refusal::new(option, given, reason)))
}

/// Checks that batches of a space have as many rows as these bounds allow.
///
/// # Errors
/// When they have not.
pub fn check_batch(space: &Space, range: (f64, f64)) -> Result<(), LabError> {
    let knob = ObjectiveKind::Cnn.knob("batch");
    let (Some(known), Some(batch)) = (space.dimension("batch"), knob) else {
        return Ok(());
    };
    let knob = Knob { range, ..*batch };
    if fits(&known.domain, &knob) {
        return Ok(());
    }
    let reason = format!("with these images batch takes {}", knob.expects());
    let option = Opt::Set(knob.name.to_owned());
    Err(LabError::Refused(Refusal::new(
        option,
        &known.domain,
        reason,
    )))
}

fn fits(domain: &Domain, knob: &Knob) -> bool {
    let float = |value: &f64| knob.takes(&ParamValue::Float(*value));
    let integer = |value: &i64| knob.takes(&ParamValue::Integer(*value));
    match domain {
        Domain::Uniform { low, high } | Domain::LogUniform { low, high } => {
            !knob.whole && float(low) && float(high)
        }
        Domain::Quantised { low, high, step } => {
            let whole = low.fract() == 0.0 && step.fract() == 0.0;
            (!knob.whole || whole) && float(low) && knob.within(*high)
        }
        Domain::Integer { low, high, .. } | Domain::LogInteger { low, high } => {
            integer(low) && integer(high)
        }
        Domain::Choice(values) | Domain::Grid(values) => values.iter().all(|v| takes(knob, v)),
        Domain::Fixed(value) => takes(knob, value),
    }
}

fn takes(knob: &Knob, value: &ConfigValue) -> bool {
    knob.takes(&match value {
        ConfigValue::Float(number) => ParamValue::Float(*number),
        ConfigValue::Integer(number) => ParamValue::Integer(*number),
        ConfigValue::Text(text) => ParamValue::Text(text.clone()),
    })
}

fn refused(option: &str, given: &str, error: &SpaceError) -> LabError {
    let option = Opt::Set(option.to_owned());
    LabError::Refused(Refusal::new(option, given, error.to_string()))
}
