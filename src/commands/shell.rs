//! `workbench completions SHELL` and `workbench man`.

use clap_complete::{Shell, generate};
use clap_mangen::roff::{Roff, bold, roman};
use workbench_experiment::lab::Lab;

use crate::cli;
use crate::config;
use crate::exit_error::{ExitError, code};
use crate::output;

/// Prints a completion script.
pub fn completions(labs: &[Box<dyn Lab>], shell: Shell) -> Result<u8, ExitError> {
    let mut script = Vec::new();
    generate(shell, &mut cli::command(labs), "workbench", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(code::DONE)
}

/// Prints the man page in troff.
pub fn man(labs: &[Box<dyn Lab>]) -> Result<u8, ExitError> {
    let man = clap_mangen::Man::new(cli::command(labs));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    configuration(labs).to_writer(&mut page)?;
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(code::DONE)
}

/// The section on the configuration file.
fn configuration(labs: &[Box<dyn Lab>]) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["CONFIGURATION"]);
    section.text([roman(format!(
        "A TOML file; `workbench config --path` says where it lies, and `workbench config` what holds now. \
         A flag beats an environment variable, which beats the file; {}.",
        config::VARIABLES
    ))]);
    for (name, text) in config::listed(labs) {
        section.control("TP", []);
        section.text([bold(name)]);
        section.text([roman(text)]);
    }
    section
}
