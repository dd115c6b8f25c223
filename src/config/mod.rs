//! The configuration: from flags, environment and configuration file, with defaults.
//!
//! ```text
//! flags ──────────┐
//! environment ────┤
//! file (TOML) ────┼─► Config: a value and its source for every setting
//! defaults ───────┘
//! ```
//!
//! Belongs here: the precedence of sources, and the source of a value. The settings themselves are
//! in [`setting`], the file in [`file`], its printed form in [`print`]. Does not belong here: the
//! effect of a setting.

mod error;
mod file;
pub mod kept;
mod print;
mod setting;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use workbench_experiment::lab::Lab;
use workbench_report::Format;

use workbench_tui::{Preferences, Telling, ThemeName, TuiOptions};

pub use error::ConfigError;
pub use file::usual_path;
pub use print::{VARIABLES, defaults, effective, listed};
pub use setting::{Key, SETTINGS, Setting, SettingKind, Value, theme_names};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingSource {
    /// The default.
    Default,
    /// What was chosen on the screen last.
    Screen,
    /// A line of the file.
    File(usize),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag,
}

/// A value and its source; `None` is unset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The value.
    pub value: Option<Value>,
    /// Its source.
    pub source: SettingSource,
}

/// Settings from the command line.
pub type Flags = Vec<(Key, Value)>;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    chosen: Vec<Chosen>,
    file: Option<PathBuf>,
    was_read: bool,
}

/// The file that is read: the one named by the flag or by `WORKBENCH_CONFIG`, or the default one.
/// Also whether it was named.
pub fn path(flag: Option<PathBuf>) -> (Option<PathBuf>, bool) {
    let variable = || std::env::var_os("WORKBENCH_CONFIG").filter(|value| !value.is_empty());
    match flag.or_else(|| variable().map(PathBuf::from)) {
        Some(path) => (Some(path), true),
        None => (usual_path(), false),
    }
}

impl Config {
    /// The configuration of this process; `file` is the one named by `--config`.
    ///
    /// # Errors
    /// The first error in the file or the environment.
    pub fn load(
        labs: &[Box<dyn Lab>],
        flags: Flags,
        file: Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        let (path, named) = path(file);
        let read = match &path {
            Some(path) => file::read(path, named, labs)?,
            None => None,
        };
        let was_read = read.is_some();
        let variable = |name: &str| std::env::var_os(name).map(|v| v.to_string_lossy().into());
        let mut this = Self::resolve(labs, flags, read.unwrap_or_default(), variable)?;
        let theme = &mut this.chosen[Key::Theme as usize];
        if theme.source == SettingSource::Default
            && let Some(kept) = kept::theme()
        {
            theme.value = Some(Value::Word(kept.name().to_owned()));
            theme.source = SettingSource::Screen;
        }
        // A path need not be valid UTF-8.
        if let SettingSource::Environment(name) = &this.of(Key::RunDir).source
            && let Some(path) = std::env::var_os(name)
        {
            this.chosen[Key::RunDir as usize].value = Some(Value::Place(path.into()));
        }
        (this.file, this.was_read) = (path, was_read);
        Ok(this)
    }

    /// The folder of labs, or the file of the assignment. Labs have to be known before the rest can
    /// be checked, so mistakes are passed over here.
    pub fn place(key: Key, flags: &Flags, file: Option<PathBuf>) -> Option<PathBuf> {
        let flag = flags.iter().find(|(known, _)| *known == key);
        if let Some((_, Value::Place(place))) = flag {
            return Some(place.clone());
        }
        let setting = SETTINGS.iter().find(|setting| setting.key == key)?;
        let variable = std::env::var_os(setting.variable()).filter(|value| !value.is_empty());
        variable.map(PathBuf::from).or_else(|| {
            let path = path(file).0?;
            file::place(&path, key)
        })
    }

    /// The configuration from its sources.
    fn resolve(
        labs: &[Box<dyn Lab>],
        flags: Flags,
        file: file::Values,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut chosen: Vec<Chosen> = SETTINGS
            .iter()
            .map(|setting| Chosen {
                value: setting.default_value(labs),
                source: SettingSource::Default,
            })
            .collect();
        let mut choose = |key: Key, value: Value, source: SettingSource| {
            chosen[key as usize] = Chosen {
                value: Some(value),
                source,
            };
        };
        let in_file: Vec<Key> = file.iter().map(|(key, ..)| *key).collect();
        for (key, value, line) in file {
            choose(key, value, SettingSource::File(line));
        }
        for setting in &SETTINGS {
            let found = from_environment(setting, labs, &variable)?;
            // A locale only hints at what the terminal shows.
            let hint = |name: &str| LOCALE.contains(&name);
            let is_said = in_file.contains(&setting.key);
            if let Some((value, name)) = found.filter(|(_, name)| !(is_said && hint(name))) {
                choose(setting.key, value, SettingSource::Environment(name));
            }
        }
        for (key, value) in flags {
            choose(key, value, SettingSource::Flag);
        }
        Ok(Self {
            chosen,
            file: None,
            was_read: false,
        })
    }

    /// A setting's value and its source.
    pub fn of(&self, key: Key) -> &Chosen {
        &self.chosen[key as usize]
    }

    fn switch(&self, key: Key) -> bool {
        matches!(self.of(key).value, Some(Value::Switch(true)))
    }

    fn whole(&self, key: Key) -> Option<u32> {
        match self.of(key).value {
            Some(Value::Whole(number)) => Some(number),
            _ => None,
        }
    }

    fn word(&self, key: Key) -> Option<&str> {
        match &self.of(key).value {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn directory(&self, key: Key) -> Option<&Path> {
        match &self.of(key).value {
            Some(Value::Place(path)) => Some(path),
            _ => None,
        }
    }

    /// The settings of the screen.
    pub fn screen(&self) -> TuiOptions {
        let owned = |key| self.word(key).map(str::to_owned);
        let extension = self.word(Key::ExportFormat);
        TuiOptions {
            theme: self.word(Key::Theme).and_then(ThemeName::from_name),
            ascii: self.switch(Key::Ascii),
            mouse: self.switch(Key::Mouse),
            tell: self
                .word(Key::Tell)
                .and_then(Telling::from_name)
                .unwrap_or_default(),
            frames_per_second: self.whole(Key::FramesPerSecond).unwrap_or(10),
            replay_speed: self.whole(Key::ReplaySpeed).unwrap_or(10),
            lab: owned(Key::Lab),
            layout: kept::layout(),
            prefer: Preferences {
                preset: owned(Key::Preset),
                repeats: self.whole(Key::Repeats),
                export_dir: self.directory(Key::ExportDir).map(Path::to_owned),
                export_format: Format::ALL
                    .into_iter()
                    .find(|format| Some(format.extension()) == extension)
                    .unwrap_or_default(),
            },
        }
    }

    /// The file of the assignment.
    pub fn assignment(&self) -> Option<&Path> {
        self.directory(Key::Assignment)
    }

    /// The folder of runs; `None` is the platform's data directory.
    pub fn run_dir(&self) -> Option<&Path> {
        self.directory(Key::RunDir)
    }
}

/// The variables that name the locale of characters, the strongest first.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// What a terminal can show, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TerminalKind {
    /// Colours, and the characters of its font.
    Able,
    /// Colours, and few characters: a text console.
    Console,
    /// Neither.
    Plain,
}

impl TerminalKind {
    fn of(term: &str) -> Self {
        match term {
            "dumb" | "vt52" | "vt100" | "vt102" | "vt220" | "vt320" | "vt420" => Self::Plain,
            "linux" | "linux-16color" | "cons25" | "ansi" | "cygwin" => Self::Console,
            _ => Self::Able,
        }
    }

    fn has_no_colour(self) -> bool {
        self == Self::Plain
    }
}

/// Whether a locale has all characters: `en_GB.UTF-8`, `C.utf8`.
fn is_utf8(locale: &str) -> bool {
    let name = locale.to_ascii_lowercase();
    name.ends_with("utf-8")
        || name.ends_with("utf8")
        || name.contains(".utf-8@")
        || name.contains(".utf8@")
}

/// A setting's value from the environment, and the name of the variable. Empty variables are
/// ignored.
fn from_environment(
    setting: &Setting,
    labs: &[Box<dyn Lab>],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<(Value, String)>, ConfigError> {
    let set = |name: &str| variable(name).filter(|text| !text.is_empty());
    let terminal = set("TERM").map_or(TerminalKind::Able, |term| TerminalKind::of(&term));
    let mono = || Value::Word(ThemeName::Mono.name().to_owned());
    match setting.key {
        Key::Theme if set("NO_COLOR").is_some() => {
            return Ok(Some((mono(), "NO_COLOR".to_owned())));
        }
        Key::Theme if terminal.has_no_colour() => return Ok(Some((mono(), "TERM".to_owned()))),
        Key::Ascii if terminal != TerminalKind::Able => {
            return Ok(Some((Value::Switch(true), "TERM".to_owned())));
        }
        _ => {}
    }
    let name = setting.variable();
    let Some(text) = set(&name) else {
        let mut locale = LOCALE.into_iter();
        let locale = locale.find_map(|name| Some((name, set(name)?)));
        // Where no locale is set at all, as in many containers, nothing is known.
        return Ok(locale
            .filter(|(_, value)| setting.key == Key::Ascii && !is_utf8(value))
            .map(|(name, _)| (Value::Switch(true), name.to_owned())));
    };
    match setting.read(&text, labs) {
        Ok(value) => Ok(Some((value, name))),
        Err(reason) => Err(ConfigError::InEnvironment {
            variable: name,
            reason,
        }),
    }
}
