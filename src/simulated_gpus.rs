//! Finding the library that simulates GPUs (the crate `nvml-sim`), which takes the place of
//! NVIDIA's where `--simulate-gpus` is given.

use std::path::{Path, PathBuf};

use workbench_machine::gpu::SimulatedGpus;

use crate::exit_error::ExitError;

/// Its file.
const LIBRARY: &str = "libworkbench_nvml_sim.so";

/// The library and the scenario.
///
/// # Errors
/// A usage error when the scenario cannot be read, and one of the environment when there is no
/// library.
pub fn found(scenario: &Path) -> Result<SimulatedGpus, ExitError> {
    let scenario = std::fs::canonicalize(scenario).map_err(|error| {
        let shown = scenario.display();
        ExitError::usage(format!("`--simulate-gpus {shown}`: {error}"))
    })?;
    let program = std::env::current_exe().unwrap_or_default();
    let Some(library) = beside(&program) else {
        return Err(ExitError::environment(format!(
            "`--simulate-gpus` needs {LIBRARY} beside this program, and it is not there; build it \
             in the source tree with `cargo build -p workbench-nvml-sim`, with `--release` where \
             the program was built so"
        )));
    };
    Ok(SimulatedGpus { library, scenario })
}

/// Cargo puts what belongs to a program beside it, and what belongs to a test below `deps`.
fn beside(program: &Path) -> Option<PathBuf> {
    let dir = program.parent()?;
    let places = [dir.join(LIBRARY), dir.join("deps").join(LIBRARY)];
    places.into_iter().find(|library| library.exists())
}
