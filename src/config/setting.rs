//! Every setting, defined once: reading, checking, `workbench config`, its help and the man page
//! all come from this table.
//!
//! Does not belong here: the source of a value, and its effect.

use std::fmt::Write as _;
use std::path::PathBuf;

use workbench_experiment::MAX_REPEATS;
use workbench_experiment::lab::{Lab, nearest};
use workbench_report::{Format, format};

use workbench_tui::{Telling, ThemeName};

/// The theme that fits the terminal.
pub const AUTO: &str = "auto";

/// What the setting of the theme takes.
pub fn theme_names() -> impl Iterator<Item = &'static str> {
    std::iter::once(AUTO).chain(ThemeName::ALL.map(ThemeName::name))
}

/// All settings, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The colours.
    Theme,
    /// ASCII only.
    Ascii,
    /// Whether the mouse works.
    Mouse,
    /// How the end of a run is told.
    Tell,
    /// The most frames per second.
    FramesPerSecond,
    /// The speed of a replay.
    ReplaySpeed,
    /// The selected lab at the start.
    Lab,
    /// The preset of a new form.
    Preset,
    /// The repeats of a new form.
    Repeats,
    /// The folder of reports.
    ExportDir,
    /// The format of reports.
    ExportFormat,
    /// The folder of runs.
    RunDir,
    /// The folder of labs that are not a part of the program.
    Labs,
    /// The file of an assignment.
    Assignment,
}

/// The type of a setting.
#[derive(Debug, Clone, Copy)]
pub enum SettingKind {
    /// `true` or `false`.
    Switch,
    /// A whole number in a range.
    Whole(u32, u32),
    /// One of several words, which may depend on the labs.
    Word(fn(&[Box<dyn Lab>]) -> Vec<String>),
    /// A directory. In the file, `~/` is the home directory, and a relative path is relative to the
    /// file's directory.
    Directory,
    /// A file; its path is read as that of a directory.
    File,
}

/// A setting's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Switch(bool),
    /// A whole number.
    Whole(u32),
    /// A word.
    Word(String),
    /// A directory or a file.
    Place(PathBuf),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key.
    pub key: Key,
    /// Its name in the file; in capitals and after `WORKBENCH_` that of its environment variable.
    pub name: &'static str,
    /// Its type.
    pub kind: SettingKind,
    /// Its default, as text of an environment variable; `None` leaves it unset.
    pub default: Option<&'static str>,
    /// The effect of leaving it unset.
    pub unset: &'static str,
    /// The flag that sets it.
    pub flag: Option<&'static str>,
    /// What it does, in a sentence.
    pub help: &'static str,
}

/// All settings, in the order of [`Key`].
pub const SETTINGS: [Setting; 14] = [
    Setting {
        key: Key::Theme,
        name: "theme",
        kind: SettingKind::Word(|_| theme_names().map(str::to_owned).collect()),
        default: Some(AUTO),
        unset: "",
        flag: Some("--theme NAME"),
        help: "Colours of the screen; auto asks the terminal, and takes what was chosen on the screen last. NO_COLOR and a dumb terminal ask for mono, and only the flag overrules them.",
    },
    Setting {
        key: Key::Ascii,
        name: "ascii",
        kind: SettingKind::Switch,
        default: Some("false"),
        unset: "",
        flag: Some("--ascii"),
        help: "Draw with ASCII alone, for terminals and fonts without block and braille characters; a locale without UTF-8 and a plain console (TERM=linux, vt100) ask for it.",
    },
    Setting {
        key: Key::Mouse,
        name: "mouse",
        kind: SettingKind::Switch,
        default: Some("true"),
        unset: "",
        flag: Some("--no-mouse"),
        help: "Let the mouse click and scroll; then hold Shift to select text.",
    },
    Setting {
        key: Key::Tell,
        name: "tell",
        kind: SettingKind::Word(|_| Telling::ALL.map(|tell| tell.name().to_owned()).into()),
        default: Some("off"),
        unset: "",
        flag: None,
        help: "How the end of a run and a hot GPU are told to somebody who looks elsewhere: off, bell, or desktop, which also shows a notification.",
    },
    Setting {
        key: Key::FramesPerSecond,
        name: "frames_per_second",
        kind: SettingKind::Whole(1, 10),
        default: Some("10"),
        unset: "",
        flag: None,
        help: "How often the screen is drawn at most. Fewer are kinder to slow connections and to what is measured.",
    },
    Setting {
        key: Key::ReplaySpeed,
        name: "replay_speed",
        kind: SettingKind::Whole(1, 100),
        default: Some("10"),
        unset: "",
        flag: None,
        help: "How many times as fast as it was a run is played again at first: 1, 2, 5, 10, 20, 50 or 100, else the next lower of these.",
    },
    Setting {
        key: Key::Lab,
        name: "lab",
        kind: SettingKind::Word(|labs| {
            labs.iter()
                .map(|lab| lab.definition().name.clone())
                .collect()
        }),
        default: None,
        unset: "the first one",
        flag: None,
        help: "The lab that is selected when the screen opens.",
    },
    Setting {
        key: Key::Preset,
        name: "preset",
        kind: SettingKind::Word(presets),
        default: None,
        unset: "the lab's own default",
        flag: None,
        help: "The preset that a new set-up form begins with, in labs that have it. Runs without a screen take --preset.",
    },
    Setting {
        key: Key::Repeats,
        name: "repeats",
        kind: SettingKind::Whole(1, MAX_REPEATS),
        default: None,
        unset: "those of the preset",
        flag: None,
        help: "The repeats that a new set-up form begins with. Runs without a screen take --repeats.",
    },
    Setting {
        key: Key::ExportDir,
        name: "export_dir",
        kind: SettingKind::Directory,
        default: None,
        unset: "the directory that the program was started in",
        flag: None,
        help: "Where the screen writes reports unless another directory is typed.",
    },
    Setting {
        key: Key::ExportFormat,
        name: "export_format",
        kind: SettingKind::Word(|_| {
            Format::ALL
                .iter()
                .map(|f| f.extension().to_owned())
                .collect()
        }),
        default: Some("html"),
        unset: "",
        flag: None,
        help: "What the screen writes reports as unless another extension is typed.",
    },
    Setting {
        key: Key::RunDir,
        name: "run_dir",
        kind: SettingKind::Directory,
        default: None,
        unset: "the platform's data directory",
        flag: Some("--run-dir DIR"),
        help: "Where runs are kept, with a screen and without.",
    },
    Setting {
        key: Key::Labs,
        name: "labs",
        kind: SettingKind::Directory,
        default: None,
        unset: "none but the program's own",
        flag: Some("--labs DIR"),
        help: "A folder of labs besides the program's own, or one lab: a folder with a lab.toml. `workbench labs new NAME` makes one.",
    },
    Setting {
        key: Key::Assignment,
        name: "assignment",
        kind: SettingKind::File,
        default: None,
        unset: "assignment.toml in the folder of labs, where there is one",
        flag: Some("--assignment FILE"),
        help: "What an instructor sets for a lab: its preset, required arms, repeats, and the questions. `workbench answer` shows them.",
    },
];

fn presets(labs: &[Box<dyn Lab>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in labs.iter().flat_map(|lab| lab.definition().presets.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

impl Setting {
    /// The setting with a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("WORKBENCH_{}", self.name.to_uppercase())
    }

    /// The values that it takes, in words: `a whole number from 1 to 10`.
    pub fn expects(&self, labs: &[Box<dyn Lab>]) -> String {
        match self.kind {
            SettingKind::Switch => "true or false".to_owned(),
            SettingKind::Whole(min, max) => format!("a whole number from {min} to {max}"),
            SettingKind::Word(words) => format!("one of {}", words(labs).join(", ")),
            SettingKind::Directory => "a directory".to_owned(),
            SettingKind::File => "a file".to_owned(),
        }
    }

    /// The default.
    pub fn default_value(&self, labs: &[Box<dyn Lab>]) -> Option<Value> {
        // A test reads every default.
        self.read(self.default?, labs).ok()
    }

    /// Reads a value from the text of a variable.
    ///
    /// # Errors
    /// The values that it takes, to be put after its name.
    pub fn read(&self, text: &str, labs: &[Box<dyn Lab>]) -> Result<Value, String> {
        let value = match self.kind {
            SettingKind::Switch => text.parse().ok().map(Value::Switch),
            SettingKind::Whole(..) => text.parse().ok().map(Value::Whole),
            SettingKind::Word(_) => Some(Value::Word(text.to_owned())),
            SettingKind::Directory | SettingKind::File => Some(Value::Place(PathBuf::from(text))),
        };
        value
            .filter(|value| self.allows(value, labs))
            .ok_or_else(|| self.refusal(text, labs))
    }

    /// Whether a value is of the right type and in range.
    pub fn allows(&self, value: &Value, labs: &[Box<dyn Lab>]) -> bool {
        match (self.kind, value) {
            (SettingKind::Switch, Value::Switch(_)) => true,
            (SettingKind::Whole(min, max), Value::Whole(n)) => (min..=max).contains(n),
            (SettingKind::Word(words), Value::Word(word)) => words(labs).contains(word),
            (SettingKind::Directory | SettingKind::File, Value::Place(path)) => {
                // No system accepts a path with a zero byte.
                !path.as_os_str().is_empty() && !path.as_os_str().as_encoded_bytes().contains(&0)
            }
            _ => false,
        }
    }

    /// Why a text is refused, to be put after the setting's name.
    pub fn refusal(&self, given: &str, labs: &[Box<dyn Lab>]) -> String {
        let mut out = format!("takes {}, not {}", self.expects(labs), shown(given));
        if let SettingKind::Word(words) = self.kind {
            let known = words(labs);
            if let Some(name) = nearest(given, known.iter().map(String::as_str)) {
                let _ = write!(out, "; did you mean `{name}`?");
            }
        }
        out
    }
}

/// The given text, on one line.
pub fn shown(given: &str) -> String {
    let cleaned = format::clean(given.trim(), 60);
    if cleaned.is_empty() {
        "nothing".to_owned()
    } else {
        format!("`{cleaned}`")
    }
}
