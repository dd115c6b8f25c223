//! Help of the command line that comes from the labs' definitions and from the settings.

use std::fmt::Write as _;

use workbench_experiment::lab::Lab;

use crate::config;

/// All settings, with where each may be set.
pub fn config_help(labs: &[Box<dyn Lab>], examples: &str) -> String {
    let mut out = format!("Settings ({}):", config::VARIABLES);
    for (name, text) in config::listed(labs) {
        let _ = write!(out, "\n- {name}: {text}");
    }
    let _ = write!(out, "\n\n{examples}");
    out
}

/// What labs take instead of their own data.
pub fn data_help(labs: &[Box<dyn Lab>]) -> String {
    let mut out = "Use other data than the lab's own.\n".to_owned();
    for definition in labs.iter().map(|lab| lab.definition()) {
        if let Some(data) = &definition.takes_data {
            let _ = write!(out, "\n- {} takes {}.", definition.name, data.expects);
        }
    }
    out
}

/// What can go wrong on purpose.
pub fn fault_help(labs: &[Box<dyn Lab>]) -> String {
    let mut out =
        "Let something go wrong, in labs that have faults; may be given several times, and stands \
                   for a parameter of the lab.\n"
            .to_owned();
    for definition in labs.iter().map(|lab| lab.definition()) {
        let param = definition.roles.faults.as_ref();
        if let Some((name, spec)) = param.and_then(|name| definition.params.get_key_value(name)) {
            let _ = write!(out, "\n- {} ({name}): {}", definition.name, spec.help());
        }
    }
    out
}

/// The parameters of all labs.
pub fn set_help(labs: &[Box<dyn Lab>]) -> String {
    let mut out = "Set a parameter of the lab; may be given several times.".to_owned();
    for lab in labs {
        let definition = lab.definition();
        let _ = write!(out, "\n\nParameters of {}:", definition.name);
        for (name, spec) in &definition.params {
            let _ = write!(
                out,
                "\n- {name}={}: {} Takes {}.",
                spec.default_value(),
                spec.help(),
                spec.expects()
            );
        }
    }
    out
}
