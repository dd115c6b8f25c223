//! What `lab.toml` in a folder says.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use indexmap::IndexMap;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use workbench_experiment::lab::{
    ArmDefinition, DataDefinition, FigureFacts, LabDefinition, ParamSpec, ParamValue, Params,
    Preset, Roles,
};

use crate::lab::number;
use crate::messages;
use crate::program::{ArmProgram, CommandLine};
use crate::safe_text::turns;
use crate::settings::{ProgramSettings, check_arms, is_name, param};
use crate::template::Template;

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileLab {
    name: String,
    title: String,
    summary: String,
    #[serde(default = "worker")]
    slot: String,
    #[serde(default)]
    default_preset: Option<String>,
    first_preset: Option<String>,
    #[serde(default)]
    takes_data: Option<DataDefinition>,
    #[serde(default)]
    programs: FilePrograms,
    #[serde(rename = "arm")]
    arms: Vec<FileArm>,
    #[serde(default, rename = "param")]
    params: IndexMap<String, ParamSpec>,
    #[serde(default, rename = "preset")]
    presets: IndexMap<String, Preset>,
    #[serde(default, rename = "figure")]
    figures: Vec<FigureFacts>,
}

fn worker() -> String {
    "worker".to_owned()
}

/// What holds for all arms.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FilePrograms {
    shell: bool,
    prepare: String,
    cleanup: String,
    warm_up: u32,
    time_limit_s: f64,
    exit_codes: String,
    stdin: String,
    check: String,
    env: IndexMap<String, String>,
}

/// One arm.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileArm {
    name: String,
    title: String,
    #[serde(default)]
    summary: String,
    run: String,
    #[serde(default)]
    shell: Option<bool>,
    #[serde(default)]
    env: IndexMap<String, String>,
}

/// Takes a problem: the path to the entry (a table's key, or the number of an entry of a list), and
/// what is wrong.
pub(crate) type Wrong<'a> = dyn FnMut(&[&str], String) + 'a;

/// Names of labs that are words of the command line.
const TAKEN: [&str; 2] = ["new", "check"];

impl FileLab {
    /// Reads the file.
    ///
    /// # Errors
    /// The first line that is wrong, and why.
    pub(crate) fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map(|span| line_of(text, span.start));
            (line, error.message().replace('\n', ", "))
        })
    }

    /// How its programs run.
    pub(crate) fn settings(&self, folder: &Path, wrong: &mut Wrong<'_>) -> ProgramSettings {
        let common = self.programs.params();
        let mut settings = ProgramSettings::common(&common).unwrap_or_else(|refusal| {
            wrong(&["programs"], refusal.to_string());
            ProgramSettings::default()
        });
        settings.dir = folder.display().to_string();
        let shell = self.programs.shell;
        for (key, text) in [
            ("prepare", &self.programs.prepare),
            ("cleanup", &self.programs.cleanup),
        ] {
            if text.trim().is_empty() {
                continue;
            }
            match CommandLine::new(text, shell) {
                Ok(line) if key == "prepare" => settings.prepare = Some(line),
                Ok(line) => settings.cleanup = Some(line),
                Err(error) => wrong(&["programs", key], messages::no_line(error).to_owned()),
            }
        }
        if leads_out(&self.programs.stdin) {
            wrong(&["programs", "stdin"], messages::LEADS_OUT.to_owned());
        }
        if settings.checks.files().any(leads_out) {
            wrong(&["programs", "check"], messages::LEADS_OUT.to_owned());
        }
        settings.arms = self.arms(wrong);
        if let Err(reason) = check_arms(&settings.arms) {
            wrong(&["arm", "0"], reason);
        }
        settings.params = self.params.keys().cloned().collect();
        let names: BTreeSet<&str> = self.params.keys().map(String::as_str).collect();
        if let Err(refusal) = settings.known_places(&names) {
            wrong(&["arm"], refusal.reason);
        }
        settings
    }

    fn arms(&self, wrong: &mut Wrong<'_>) -> Vec<ArmProgram> {
        let mut arms: Vec<ArmProgram> = Vec::new();
        for (index, arm) in self.arms.iter().enumerate() {
            let index = index.to_string();
            if !is_name(&arm.name) {
                wrong(&["arm", &index, "name"], messages::BAD_NAME.to_owned());
            } else if arms.iter().any(|known| known.name == arm.name) {
                let text = format!("there are two arms called {}", arm.name);
                wrong(&["arm", &index, "name"], text);
            }
            let env = self.programs.env.iter().chain(&arm.env);
            match CommandLine::new(&arm.run, arm.shell.unwrap_or(self.programs.shell)) {
                Ok(line) => arms.push(ArmProgram {
                    name: arm.name.clone(),
                    line,
                    env: env
                        .map(|(name, value)| (name.clone(), Template::new(value)))
                        .collect(),
                }),
                Err(error) => {
                    wrong(&["arm", &index, "run"], messages::no_line(error).to_owned());
                }
            }
        }
        arms
    }

    /// What the lab is to the rest of the program.
    pub(crate) fn definition(
        &self,
        settings: &ProgramSettings,
        wrong: &mut Wrong<'_>,
    ) -> LabDefinition {
        self.check_texts(wrong);
        let mut presets = self.presets.clone();
        if presets.is_empty() {
            presets.insert("default".to_owned(), usual_preset());
        }
        let first = presets.keys().next().cloned().unwrap_or_default();
        let mut figures = self.figures.clone();
        for name in settings.checks.figures() {
            if !figures.iter().any(|figure| figure.name == name) {
                figures.push(number(name));
            }
        }
        let definition = LabDefinition {
            name: self.name.clone(),
            title: self.title.clone(),
            summary: self.summary.clone(),
            base: self
                .arms
                .first()
                .map_or_else(String::new, |arm| arm.name.clone()),
            slot: self.slot.clone(),
            lockstep: false,
            item: None,
            roles: Roles::default(),
            takes_data: self.takes_data.clone(),
            arms: self.arm_definitions(settings),
            peers: None,
            params: self.params.clone(),
            presets,
            default_preset: self.default_preset.clone().unwrap_or(first),
            first_preset: self.first_preset.clone(),
            figures,
            page: None,
            commands: Vec::new(),
            assignment: None,
        };
        // What is wrong with arms was said above.
        if !definition.arms.is_empty()
            && let Err(text) = definition.check()
        {
            wrong(&["preset"], text);
        }
        definition
    }

    /// Names and texts have to be such that they can be shown anywhere.
    fn check_texts(&self, wrong: &mut Wrong<'_>) {
        if !is_name(&self.name) || TAKEN.contains(&self.name.as_str()) {
            wrong(&["name"], messages::BAD_NAME.to_owned());
        }
        let odd = |text: &str| text.contains(|c: char| c.is_control() || turns(c));
        for (key, text) in [
            ("title", &self.title),
            ("summary", &self.summary),
            ("slot", &self.slot),
        ] {
            if odd(text) || text.trim().is_empty() {
                wrong(&[key], messages::BAD_TEXT.to_owned());
            }
        }
        for (index, arm) in self.arms.iter().enumerate() {
            let index = index.to_string();
            for (key, text) in [
                ("title", &arm.title),
                ("summary", &arm.summary),
                ("run", &arm.run),
            ] {
                if odd(text) {
                    wrong(&["arm", &index, key], messages::BAD_TEXT.to_owned());
                }
            }
        }
    }

    fn arm_definitions(&self, settings: &ProgramSettings) -> Vec<ArmDefinition> {
        let of = |arm: &FileArm| {
            let program = settings
                .arms
                .iter()
                .find(|program| program.name == arm.name)?;
            Some(ArmDefinition {
                name: arm.name.clone(),
                title: arm.title.clone(),
                summary: if arm.summary.is_empty() {
                    arm.run.clone()
                } else {
                    arm.summary.clone()
                },
                parallel: program.is_parallel(),
                peer: None,
            })
        };
        self.arms.iter().filter_map(of).collect()
    }
}

fn usual_preset() -> Preset {
    Preset {
        help: "10 repeats of every arm.".to_owned(),
        repeats: 10,
        set: Params::new(),
    }
}

impl FilePrograms {
    /// As the parameters of a lab whose arms are given with a run.
    fn params(&self) -> Params {
        let text = |text: &String| ParamValue::Text(text.clone());
        [
            (param::WARM_UP, ParamValue::Integer(self.warm_up.into())),
            (param::TIME_LIMIT, ParamValue::Float(self.time_limit_s)),
            (param::EXIT_CODES, text(&self.exit_codes)),
            (param::STDIN, text(&self.stdin)),
            (param::CHECK, text(&self.check)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }
}

/// Whether a path leads out of the folder in which it is looked up. What a placeholder stands for
/// is not judged.
fn leads_out(path: &str) -> bool {
    let parts = Path::new(path).components();
    let mut out = parts.filter(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    out.next().is_some()
}

/// Where entries of a file are.
pub(crate) struct FileLines<'a> {
    text: &'a str,
}

impl<'a> FileLines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The line of an entry, or of the nearest entry around it.
    pub(crate) fn line(&self, path: &[&str]) -> Option<usize> {
        let table = DeTable::parse(self.text).ok()?;
        let mut at = None;
        let mut value: Option<&DeValue<'_>> = None;
        for (depth, step) in path.iter().enumerate() {
            let found = match value {
                None if depth == 0 => table.get_ref().get_key_value(*step),
                Some(DeValue::Table(inner)) => inner.get_key_value(*step),
                Some(DeValue::Array(list)) => {
                    let Some(entry) = step.parse::<usize>().ok().and_then(|at| list.get(at)) else {
                        break;
                    };
                    at = Some(entry.span().start);
                    value = Some(entry.get_ref());
                    continue;
                }
                _ => None,
            };
            let Some((key, inner)) = found else { break };
            at = Some(key.span().start);
            value = Some(inner.get_ref());
        }
        at.map(|at| line_of(self.text, at))
    }
}

/// The line of a place in a text, from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before.split(|byte| *byte == b'\n').count()
}
