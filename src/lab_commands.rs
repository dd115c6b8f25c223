//! What only some labs have on the command line: commands about their runs, and options. Both are
//! defined in their `lab.toml`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches};
use workbench_experiment::ExperimentError;
use workbench_experiment::lab::{CommandInput, CommandOutput, Lab, ParamSpec, Params};
use workbench_record::RunStore;
use workbench_record::whole::{Draft, parent};

use crate::commands::show::pretty;
use crate::exit_error::{ExitError, code};
use crate::output;
use crate::table::TextTable;

/// A command of a lab, as it was typed.
#[derive(Debug, Clone)]
pub struct AskedCommand {
    lab: String,
    command: String,
    run: String,
    json: bool,
    /// The options that were given, by name.
    options: Vec<(String, String)>,
}

/// Text that lives as long as the program, as the command line needs it. There are few.
fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// A command for every lab that has some.
pub fn of(labs: &[Box<dyn Lab>]) -> impl Iterator<Item = clap::Command> {
    let definitions = labs.iter().map(|lab| lab.definition());
    definitions
        .filter(|lab| !lab.commands.is_empty())
        .map(|lab| {
            let about = format!(
                "Learn more from runs of the lab {}: {}",
                lab.name, lab.title
            );
            let command = clap::Command::new(kept(&lab.name)).about(about);
            let command = command
                .subcommand_required(true)
                .arg_required_else_help(true);
            command.subcommands(lab.commands.iter().map(|offered| {
                let run = Arg::new("run").value_name("RUN").required(true);
                let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
                let run = run.help("An id, its beginning, `latest`, or a directory");
                let json = json.help("Print a JSON document instead of tables");
                clap::Command::new(kept(&offered.name))
                    .about(offered.summary.clone())
                    .arg(run)
                    .args(
                        offered
                            .options
                            .iter()
                            .map(|(name, spec)| option(name, spec)),
                    )
                    .arg(json)
            }))
        })
}

/// An option from its definition.
fn option(name: &str, spec: &ParamSpec) -> Arg {
    let arg = Arg::new(kept(name)).long(kept(name));
    let help = spec.help().trim_end_matches('.').to_owned();
    if matches!(spec, ParamSpec::Boolean { .. }) {
        return arg.action(ArgAction::SetTrue).help(help);
    }
    let usual = spec.default_value().to_string();
    let help = if usual.is_empty() {
        help
    } else {
        format!("{help} [default: {usual}]")
    };
    let is_number = matches!(spec, ParamSpec::Integer { .. } | ParamSpec::Float { .. });
    arg.value_name(if is_number { "N" } else { "VALUE" })
        .help(help)
}

/// The options that labs declare and the program does not define itself.
pub fn options(labs: &[Box<dyn Lab>], known: &clap::Command) -> Vec<Arg> {
    let is_known = |name: &str| {
        known
            .get_arguments()
            .any(|arg| arg.get_long() == Some(name))
    };
    let mut args: Vec<Arg> = Vec::new();
    for lab in labs.iter().map(|lab| lab.definition()) {
        for (name, parameter) in &lab.roles.options {
            let Some(spec) = lab.params.get(parameter).filter(|_| !is_known(name)) else {
                continue;
            };
            if args.iter().any(|arg| arg.get_long() == Some(name)) {
                continue;
            }
            let arg = Arg::new(kept(name)).long(kept(name)).requires("lab");
            let heading = format!("Options of single labs (--lab {})", lab.name);
            let help = spec.help().trim_end_matches('.').to_owned();
            let arg = arg.help_heading(kept(&heading)).help(help);
            args.push(match spec {
                ParamSpec::Boolean { .. } => arg.action(ArgAction::SetTrue),
                _ => arg
                    .value_name("VALUE")
                    .value_parser(NonEmptyStringValueParser::new()),
            });
        }
    }
    args
}

/// What was given of the options that labs declare, by name.
pub fn given_options(labs: &[Box<dyn Lab>], matches: &ArgMatches) -> Vec<(String, String)> {
    let definitions = labs.iter().map(|lab| lab.definition());
    let names = definitions.flat_map(|lab| lab.roles.options.keys());
    let names: BTreeSet<&String> = names.collect();
    names
        .into_iter()
        .filter_map(|name| Some((name.clone(), value(matches, name)?)))
        .collect()
}

/// The value of an argument that may not be there, or not be one of these.
fn value(matches: &ArgMatches, name: &str) -> Option<String> {
    if let Ok(Some(text)) = matches.try_get_one::<String>(name) {
        return Some(text.clone());
    }
    match matches.try_get_one::<bool>(name) {
        Ok(Some(true)) => Some(true.to_string()),
        _ => None,
    }
}

/// The command of a lab that was typed, where it is one.
pub fn asked(labs: &[Box<dyn Lab>], matches: &ArgMatches) -> Option<AskedCommand> {
    let (lab, inner) = matches.subcommand()?;
    let definition = labs
        .iter()
        .map(|lab| lab.definition())
        .find(|known| known.name == lab)?;
    let (command, typed) = inner.subcommand()?;
    let offered = definition
        .commands
        .iter()
        .find(|known| known.name == command)?;
    let names = offered.options.keys();
    Some(AskedCommand {
        lab: lab.to_owned(),
        command: command.to_owned(),
        run: value(typed, "run")?,
        json: value(typed, "json").is_some(),
        options: names
            .filter_map(|name| Some((name.clone(), value(typed, name)?)))
            .collect(),
    })
}

/// Does what a command of a lab asks for.
pub fn run(labs: &[Box<dyn Lab>], store: &RunStore, asked: &AskedCommand) -> Result<u8, ExitError> {
    let lab = crate::registry::find(labs, &asked.lab)?;
    let options = resolve(lab, asked)?;
    let run = store.find(&asked.run)?;
    let snapshot = run.snapshot()?;
    let started = snapshot.started.as_deref();
    let of = started.map_or("", |started| started.config.lab.as_str());
    if of != asked.lab {
        let text = format!(
            "{}: the run is one of the lab {of}, and `{} {}` is about runs of the lab {}",
            run.id(),
            asked.lab,
            asked.command,
            asked.lab
        );
        return Err(ExitError::usage(text));
    }
    let input = CommandInput {
        run_id: &run.id(),
        snapshot: &snapshot,
        options: &options,
    };
    let given = lab
        .command(&asked.command, &input)
        .map_err(ExperimentError::Lab)?;
    for (path, bytes) in &given.files {
        write(path, bytes)?;
    }
    if asked.json {
        output::line(&pretty(&given.document)?)?;
    } else {
        output::print(&text(&given))?;
    }
    Ok(code::DONE)
}

/// All options of a command, defaults filled in.
fn resolve(lab: &dyn Lab, asked: &AskedCommand) -> Result<Params, ExitError> {
    let mut commands = lab.definition().commands.iter();
    let offered = commands.find(|known| known.name == asked.command);
    let mut params = Params::default();
    for (name, spec) in offered.iter().flat_map(|offered| &offered.options) {
        let given = asked.options.iter().find(|(known, _)| known == name);
        let value = match given {
            None => spec.default_value(),
            Some((_, text)) => spec.parse(name, text).map_err(|_| {
                let expects = spec.expects();
                ExitError::usage(format!("`--{name} {text}`: give {expects}"))
            })?,
        };
        params.insert(name.clone(), value);
    }
    Ok(params)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExitError> {
    let written = Draft::inside(parent(path)).and_then(|mut draft| {
        draft.file.write_all(bytes)?;
        draft.keep(path)
    });
    written.map_err(|error| ExitError::cannot(&format!("write {}", path.display()), &error))
}

fn text(given: &CommandOutput) -> String {
    let mut out = String::new();
    for line in &given.said {
        out += line;
        out.push('\n');
    }
    for table in &given.tables {
        let mut drawn = TextTable::new();
        drawn.header(table.header.iter().map(String::as_str));
        for row in &table.rows {
            drawn.row(row.iter().map(String::as_str));
        }
        let title = if table.title.is_empty() {
            String::new()
        } else {
            format!("\n{}\n\n", table.title)
        };
        out += &title;
        out += &drawn.render(2, output::room());
    }
    for (path, _) in &given.files {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "
Written: {}",
            path.display()
        );
    }
    out
}
