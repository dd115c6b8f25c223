//! The configuration as a TOML file with every setting explained, which reads back as the same
//! configuration; and the list of settings for help and man page.

use std::fmt::Write as _;

use workbench_experiment::lab::Lab;
use workbench_report::format;

use super::file::told;
use super::setting::{SETTINGS, Setting, SettingKind, Value};
use super::{Config, SettingSource};
use workbench_tui::text::wrap_words;

/// The longest line of a comment.
const COLUMNS: usize = 100;
/// The prefix of the environment variables of settings.
pub const VARIABLES: &str =
    "as an environment variable, a setting is WORKBENCH_ and its name in capitals";

/// The current configuration, with the source of each value.
pub fn effective(config: &Config, labs: &[Box<dyn Lab>]) -> String {
    let mut out = "# workbench: the configuration as it is now.\n".to_owned();
    let _ = match &config.file {
        Some(path) if config.was_read => writeln!(out, "# File: {}", told(path)),
        Some(path) => writeln!(out, "# File: none; it would be {}", told(path)),
        None => writeln!(out, "# File: none"),
    };
    order(&mut out);
    for setting in &SETTINGS {
        let chosen = config.of(setting.key);
        about(&mut out, setting, labs);
        let source = match &chosen.source {
            SettingSource::Default => "the default".to_owned(),
            SettingSource::File(line) => format!("from the file, line {line}"),
            SettingSource::Environment(name) => format!("from the environment variable {name}"),
            SettingSource::Flag => {
                let flag = setting.flag.unwrap_or_default();
                let name = flag.split(' ').next().unwrap_or_default();
                format!("from the flag {name}")
            }
        };
        let _ = writeln!(out, "# Now: {source}.");
        line(&mut out, setting, chosen.value.as_ref(), labs);
    }
    out
}

/// The defaults, as a file to begin with.
pub fn defaults(labs: &[Box<dyn Lab>]) -> String {
    let mut out = "# workbench: the configuration file, with every setting at its default.\n\
                   # `workbench config` prints what holds, and where it came from.\n"
        .to_owned();
    order(&mut out);
    for setting in &SETTINGS {
        about(&mut out, setting, labs);
        line(
            &mut out,
            setting,
            setting.default_value(labs).as_ref(),
            labs,
        );
    }
    out
}

fn about(out: &mut String, setting: &Setting, labs: &[Box<dyn Lab>]) {
    let mark = "# ";
    out.push('\n');
    for text in [setting.help, &takes(setting, labs)] {
        out.push_str(&wrap_words(text, COLUMNS, mark, mark));
    }
}

/// The values of a setting, its default, and its other sources.
fn takes(setting: &Setting, labs: &[Box<dyn Lab>]) -> String {
    let flag = setting
        .flag
        .map(|flag| format!(" Flag: {flag}."))
        .unwrap_or_default();
    let otherwise = setting.default.unwrap_or(setting.unset);
    format!(
        "Takes {}. Default: {otherwise}.{flag}",
        setting.expects(labs)
    )
}

/// The precedence of sources.
fn order(out: &mut String) {
    let text = format!(
        "The first of these decides: a flag, an environment variable, this file, the default; {VARIABLES}."
    );
    out.push_str(&wrap_words(&text, COLUMNS, "# ", "# "));
}

/// The setting's line; unset values, and values that TOML cannot hold, are comments.
fn line(out: &mut String, setting: &Setting, value: Option<&Value>, labs: &[Box<dyn Lab>]) {
    let name = setting.name;
    let _ = match value.map(written) {
        Some(Some(text)) => writeln!(out, "{name} = {text}"),
        Some(None) => writeln!(
            out,
            "# {name}: a path that is not UTF-8, so no file can hold it"
        ),
        None => writeln!(out, "# {name} = {}", example(setting, labs)),
    };
}

fn written(value: &Value) -> Option<String> {
    Some(match value {
        Value::Switch(on) => on.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Word(word) => quoted(word),
        // In the file a relative path would have another base.
        Value::Place(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            quoted(path.to_str()?)
        }
    })
}

/// A basic string on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An example line of an unset setting.
fn example(setting: &Setting, labs: &[Box<dyn Lab>]) -> String {
    match setting.kind {
        SettingKind::Switch => "true".to_owned(),
        SettingKind::Whole(_, max) => max.min(5).to_string(),
        SettingKind::Word(words) => quoted(words(labs).first().map_or("", String::as_str)),
        SettingKind::Directory => quoted("~/workbench"),
        SettingKind::File => quoted("~/course/assignment.toml"),
    }
}

/// All settings in paragraphs, for the help and the man page: name and description.
pub fn listed(labs: &[Box<dyn Lab>]) -> Vec<(&'static str, String)> {
    SETTINGS
        .iter()
        .map(|setting| {
            let text = format!("{} {}", setting.help, takes(setting, labs));
            (setting.name, format::clean(&text, 1000))
        })
        .collect()
}
