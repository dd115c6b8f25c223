//! The labs that this program has. A new lab is one line here.

use workbench_experiment::lab::{DefinitionError, Lab, suggest};

use crate::commands::setup::default_place;
use crate::failure::Failure;

/// Makes a lab from its definition.
type MakeLab = fn() -> Result<Box<dyn Lab>, DefinitionError>;

const LABS: &[MakeLab] = &[
    || Ok(Box::new(workbench_lab_rf::RandomForests::new()?)),
    || Ok(Box::new(workbench_lab_ddp::DataParallel::new(worker)?)),
];

/// Where `workbench setup` puts the program of the labs that train in processes of their own.
fn worker() -> Option<std::path::PathBuf> {
    Some(default_place().ok()?.worker())
}

/// All labs, in the order in which they are listed.
pub fn all() -> Result<Vec<Box<dyn Lab>>, Failure> {
    LABS.iter()
        .map(|make| make().map_err(|error| Failure::environment(error.to_string())))
        .collect()
}

/// The lab of a name.
pub fn find(name: &str) -> Result<Box<dyn Lab>, Failure> {
    let labs = all()?;
    let names: Vec<String> = labs
        .iter()
        .map(|lab| lab.definition().name.clone())
        .collect();
    labs.into_iter()
        .find(|lab| lab.definition().name == name)
        .ok_or_else(|| {
            Failure::usage(format!(
                "`--lab {name}`: no such lab; {}",
                suggest(name, names.iter().map(String::as_str))
            ))
        })
}
