//! Reads the configuration file: from text to values with their lines, or an error of one line.
//!
//! Does not belong here: other sources of settings.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use workbench_experiment::lab::{Lab, suggest};
use workbench_report::format;

use super::error::ConfigError;
use super::setting::{Key, SETTINGS, Setting, SettingKind, Value, shown};

/// Larger files are refused.
const LARGEST: u64 = 1 << 20;

/// Values with their settings and lines.
pub type Values = Vec<(Key, Value, usize)>;

/// The default path of the file; `None` for an account without a home directory.
pub fn usual_path() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "workbench")?;
    Some(directories.config_dir().join("config.toml"))
}

/// Reads a file. A missing file is empty, unless it was named.
///
/// # Errors
/// When it cannot be read, or holds an invalid setting.
pub fn read(
    path: &Path,
    named: bool,
    labs: &[Box<dyn Lab>],
) -> Result<Option<Values>, ConfigError> {
    let unreadable = |source: std::io::Error| ConfigError::Unreadable {
        path: told(path),
        reason: format::clean(&source.to_string(), 200),
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ConfigError::Unreadable {
            path: told(path),
            reason: format!("it is larger than {}", format::bytes(LARGEST)),
        });
    }
    let text = String::from_utf8(bytes).map_err(|error| ConfigError::InFile {
        path: told(path),
        line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
        reason: "this is not UTF-8 text".to_owned(),
    })?;
    parse(&text, path, labs).map(Some)
}

/// Parses the text of a file; `path` is its path.
///
/// # Errors
/// The first error, with its line.
pub fn parse(text: &str, path: &Path, labs: &[Box<dyn Lab>]) -> Result<Values, ConfigError> {
    // Some editors write a byte order mark, which no one sees.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |span: Range<usize>, reason: String| ConfigError::InFile {
        path: told(path),
        line: line_of(text.as_bytes(), span.start),
        reason,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let reason = format::clean(&error.message().replace('\n', ", "), 200);
        wrong(error.span().unwrap_or_default(), reason)
    })?;
    let mut values = Values::new();
    for (name, value) in table.get_ref() {
        let Some(setting) = Setting::named(name.get_ref()) else {
            let names = SETTINGS.iter().map(|setting| setting.name);
            let reason = format!(
                "there is no setting {}; {}",
                shown(name.get_ref()),
                suggest(name.get_ref(), names)
            );
            return Err(wrong(name.span(), reason));
        };
        let line = line_of(text.as_bytes(), name.span().start);
        let refused = |reason: String| wrong(value.span(), format!("`{}` {reason}", setting.name));
        let value = take(setting, value, text, path, labs).map_err(refused)?;
        values.push((setting.key, value, line));
    }
    values.sort_by_key(|(_, _, line)| *line);
    Ok(values)
}

fn take(
    setting: &Setting,
    value: &Spanned<DeValue<'_>>,
    text: &str,
    path: &Path,
    labs: &[Box<dyn Lab>],
) -> Result<Value, String> {
    let given = match (setting.kind, value.get_ref()) {
        (SettingKind::Switch, DeValue::Boolean(on)) => Some(Value::Switch(*on)),
        (SettingKind::Whole(..), DeValue::Integer(digits)) => {
            u32::from_str_radix(digits.as_str(), digits.radix())
                .ok()
                .map(Value::Whole)
        }
        (SettingKind::Word(_), DeValue::String(word)) => {
            Some(Value::Word(word.clone().into_owned()))
        }
        (SettingKind::Directory | SettingKind::File, DeValue::String(word)) if word.is_empty() => {
            None
        }
        (SettingKind::Directory | SettingKind::File, DeValue::String(word)) => {
            Some(Value::Place(placed(word, path, home())?))
        }
        _ => None,
    };
    given
        .filter(|value| setting.allows(value, labs))
        .ok_or_else(|| {
            let given = match value.get_ref() {
                DeValue::String(word) => word,
                _ => text.get(value.span()).unwrap_or_default(),
            };
            setting.refusal(given, labs)
        })
}

/// A directory or a file that the file sets, if it does and can be read.
pub fn place(path: &Path, key: Key) -> Option<PathBuf> {
    let mut text = String::new();
    // What is longer is refused when the whole configuration is read.
    let file = File::open(path).ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    let table = DeTable::parse(&text).ok()?;
    let setting = SETTINGS.iter().find(|setting| setting.key == key)?;
    let value = table.get_ref().get(setting.name)?;
    match take(setting, value, &text, path, &[]) {
        Ok(Value::Place(dir)) => Some(dir),
        _ => None,
    }
}

fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|directories| directories.home_dir().to_owned())
}

/// A directory in the file: relative to the home directory, or to the file's own directory.
fn placed(word: &str, file: &Path, home: Option<PathBuf>) -> Result<PathBuf, String> {
    let beneath_home = match word {
        "~" => Some(""),
        _ => word.strip_prefix("~/"),
    };
    if let Some(rest) = beneath_home {
        let home = home.ok_or("begins with `~`, and this account has no home directory")?;
        return Ok(if rest.is_empty() {
            home
        } else {
            home.join(rest)
        });
    }
    let beside = file.parent().unwrap_or(Path::new(""));
    let path = beside.join(word);
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// A path, as text on one line.
pub fn told(path: &Path) -> String {
    format::clean(&path.display().to_string(), 300)
}

fn line_of(text: &[u8], at: usize) -> usize {
    text[..at.min(text.len())]
        .split(|byte| *byte == b'\n')
        .count()
}
