//! `workbench config`: the settings, their sources, and the path of the file.

use std::path::PathBuf;

use workbench_experiment::lab::Lab;

use crate::config::{self, Config, ConfigError};
use crate::exit_error::{ExitError, code};
use crate::output;

/// Shown by `--help`.
pub const EXAMPLES: &str = "\
Examples:
  workbench config                                 what holds now
  workbench config --default > \"$(workbench config --path)\"
  WORKBENCH_THEME=light workbench config           settings are also variables";

/// Prints the current configuration.
pub fn run(config: &Config, labs: &[Box<dyn Lab>]) -> Result<u8, ExitError> {
    output::print(&config::effective(config, labs))?;
    Ok(code::DONE)
}

/// Prints the defaults.
pub fn defaults(labs: &[Box<dyn Lab>]) -> Result<u8, ExitError> {
    output::print(&config::defaults(labs))?;
    Ok(code::DONE)
}

/// Prints the path of the file. Creates its default directory, so that a shell can write the file
/// there.
pub fn path(file: Option<PathBuf>) -> Result<u8, ExitError> {
    let (path, named) = config::path(file);
    let path = path.ok_or(ConfigError::NoPlace)?;
    if let (false, Some(parent)) = (named, path.parent()) {
        std::fs::create_dir_all(parent).map_err(|error| {
            let place = parent.display();
            ExitError::environment(format!(
                "cannot make {place}: {error}; name a file with --config FILE"
            ))
        })?;
    }
    output::line(&path.display().to_string())?;
    Ok(code::DONE)
}
