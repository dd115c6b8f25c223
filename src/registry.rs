//! The labs of this program: every dependency in its manifest with a name `workbench-lab-*`.

use workbench_experiment::lab::{Lab, LabHost, MakeLab, suggest};

use crate::exit_error::ExitError;
use crate::libtorch::CacheFolder;
use crate::peers::PeersPlace;

/// The program's own labs, as `build.rs` finds them in the manifest.
pub const LABS: &[MakeLab] = include!(concat!(env!("OUT_DIR"), "/labs.rs"));

/// The host that this program offers to labs.
const HOST: LabHost = LabHost {
    // Workers of a lab may be this program itself, which needs no set-up.
    program: |name| match name {
        "workbench" => std::env::current_exe().ok(),
        _ => Some(CacheFolder::usual().ok()?.program(name)),
    },
    peers_python: |lab| PeersPlace::of(lab, &CacheFolder::usual().ok()?)?.python_to_use(),
};

/// Makes the labs, in the order of lists.
pub fn make(labs: &[MakeLab]) -> Result<Vec<Box<dyn Lab>>, ExitError> {
    labs.iter()
        .map(|make| make(HOST).map_err(|error| ExitError::environment(error.to_string())))
        .collect()
}

/// The lab with a name.
pub fn find<'a>(labs: &'a [Box<dyn Lab>], name: &str) -> Result<&'a dyn Lab, ExitError> {
    Ok(labs[position(labs, name)?].as_ref())
}

/// Where the lab with a name is in the list.
pub fn position(labs: &[Box<dyn Lab>], name: &str) -> Result<usize, ExitError> {
    let names = labs.iter().map(|lab| lab.definition().name.as_str());
    labs.iter()
        .position(|lab| lab.definition().name == name)
        .ok_or_else(|| {
            ExitError::usage(format!(
                "`--lab {name}`: no such lab; {}",
                suggest(name, names)
            ))
        })
}
