//! `workbench labs`: lists the labs.

use std::fmt::Write as _;

use workbench_experiment::lab::{Lab, LabDefinition};

use crate::exit_error::{ExitError, code};
use crate::output;
use crate::registry;
use crate::table::TextTable;

/// Lists all labs, or shows one with its handout.
pub fn run(labs: &[Box<dyn Lab>], name: Option<&str>) -> Result<u8, ExitError> {
    let mut out = String::new();
    if let Some(name) = name {
        let lab = registry::find(labs, name)?;
        let _ = write!(out, "{}\n\n{}", describe(lab.definition()), lab.handout());
    } else {
        for lab in labs {
            let _ = writeln!(out, "{}", describe(lab.definition()));
        }
        out.push_str("`workbench labs NAME` shows a lab's handout.\n");
    }
    output::print(&out)?;
    Ok(code::DONE)
}

fn describe(lab: &LabDefinition) -> String {
    let mut arms = TextTable::new();
    for arm in &lab.arms {
        let base = if arm.name == lab.base {
            " This is the base."
        } else {
            ""
        };
        arms.row([arm.name.clone(), format!("{}{base}", arm.summary)]);
    }
    let mut presets = TextTable::new();
    for (name, preset) in &lab.presets {
        let default = if *name == lab.default_preset {
            " The default."
        } else {
            ""
        };
        presets.row([name.clone(), format!("{}{default}", preset.help)]);
    }
    let mut params = TextTable::new();
    for (name, spec) in &lab.params {
        params.row([
            name.clone(),
            spec.default_value().to_string(),
            format!("{} Takes {}.", spec.help(), spec.expects()),
        ]);
    }
    let data = match &lab.takes_data {
        Some(data) => format!("\n  Data (--data)\n    Its own, or {}.\n", data.expects),
        None => String::new(),
    };
    format!(
        "{}  {}\n    {}\n\n  Arms (--arms)\n{}\n  Presets (--preset)\n{}\n  Parameters (--set), their defaults\n{}{data}",
        lab.name,
        lab.title,
        lab.summary,
        arms.render(4, output::room()),
        presets.render(4, output::room()),
        params.render(4, output::room())
    )
}
