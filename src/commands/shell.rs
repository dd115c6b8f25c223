//! `workbench completions SHELL` and `workbench man`.

use clap_complete::{Shell, generate};
use workbench_engine::lab::Lab;

use crate::cli;
use crate::failure::{Failure, code};
use crate::output;

/// Prints a completion script.
pub fn completions(labs: &[Box<dyn Lab>], shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut cli::command(labs), "workbench", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(code::DONE)
}

/// Prints the man page in troff.
pub fn man(labs: &[Box<dyn Lab>]) -> Result<u8, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(cli::command(labs)).render(&mut page)?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(code::DONE)
}
