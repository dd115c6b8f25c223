//! The commands lab: any programs, given as they are typed into a shell.
//!
//! - **Belongs here:** what the lab is called, its parameters and its handout.
//! - **May use:** `experiment`, `programs`.
//! - **Does not belong here:** running programs, which is the same for all labs of programs.

use workbench_experiment::lab::{DefinitionError, Lab, LabHost};

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` or `questions.toml` is broken, which the tests rule out.
pub fn lab(_: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    workbench_programs::ad_hoc(
        include_str!("../lab.toml"),
        include_str!("../handout.md"),
        include_str!("../questions.toml"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_example_has_a_serial_and_a_parallel_arm() {
        let host = LabHost::default();
        let lab = lab(host).map_err(|error| error.to_string());
        let arms = lab
            .map(|lab| lab.definition().arms.clone())
            .unwrap_or_default();
        let parallel: Vec<bool> = arms.iter().map(|arm| arm.parallel).collect();
        assert_eq!(parallel, [false, true]);
    }
}
