//! What a lab is, read from its `lab.toml`: title, arms, parameters and presets.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;

use workbench_dataset::AllowedCells;
use workbench_questions::{PaperProblem, QuestionSet, RecordedAssignment};
use workbench_record::{
    CONTROL, FigureFacts, ItemFacts, LabFacts, LabPage, ParamFacts, Params, RunConfig,
};

use super::offered::LabCommand;
use super::params::{ParamError, ParamSpec};

/// A lab as its `lab.toml` defines it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabDefinition {
    /// Short name, as `--lab` takes it.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// One sentence for people.
    pub summary: String,
    /// The arm that speed-ups are stated against. Empty, as its arms are, in the file of a lab
    /// whose arms are given with a run ([`super::Lab::specialised`]).
    #[serde(default)]
    pub base: String,
    /// The displayed name of a slot of its arms.
    #[serde(default = "slot")]
    pub slot: String,
    /// The slots of its parallel arms work in lockstep, so no other schedule of their tasks is
    /// possible.
    #[serde(default)]
    pub lockstep: bool,
    /// What its items are; `None` for a lab whose arms make nothing that people tell apart.
    #[serde(default)]
    pub item: Option<ItemFacts>,
    /// Which of its parameters have a role that the command line knows.
    #[serde(default)]
    pub roles: Roles,
    /// What `--data` accepts instead of the lab's own data; `None` when the lab takes no other
    /// data.
    #[serde(default)]
    pub takes_data: Option<DataDefinition>,
    /// The arms, in the order of reports; the base first.
    #[serde(default, rename = "arm")]
    pub arms: Vec<ArmDefinition>,
    /// What those of its arms need that are peers.
    #[serde(default)]
    pub peers: Option<PeersDefinition>,
    /// The parameters by name, in the order in which people see them.
    #[serde(rename = "param")]
    pub params: IndexMap<String, ParamSpec>,
    /// The presets by name, in the order in which people see them.
    #[serde(rename = "preset")]
    pub presets: IndexMap<String, Preset>,
    /// The preset when none is named.
    pub default_preset: String,
    /// The preset to begin with, where it is not the same: short, and shows what the lab is about.
    #[serde(default)]
    pub first_preset: Option<String>,
    /// Declarations of its figures, counters and metrics, in the order of reports.
    #[serde(default, rename = "figure")]
    pub figures: Vec<FigureFacts>,
    /// Its commands, in the order of help.
    #[serde(default, rename = "command")]
    pub commands: Vec<LabCommand>,
    /// What its reports show beside the results; labs set it themselves, from a document of theirs.
    #[serde(skip)]
    pub page: Option<LabPage>,
    /// The assignment that its runs are made for; see [`super::assigned`].
    #[serde(skip)]
    pub assignment: Option<Arc<RecordedAssignment>>,
}

fn slot() -> String {
    "slot".to_owned()
}

/// Parameters with a role that the command line knows, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// Faults to inject: a text, with `;` between several faults. `--fault` sets it.
    pub faults: Option<String>,
    /// The fewest workers with which a parallel arm continues: a whole number. The lower end of
    /// `--workers 1..2` sets it.
    pub least_workers: Option<String>,
    /// A directory: the one that the program was started in when nothing is given, and absolute in
    /// the record.
    pub directory: Option<String>,
    /// Options of the command line that set a parameter, without their dashes: `arm = "arms"`.
    pub options: IndexMap<String, String>,
    /// Texts that are lists, with [`LIST_SEPARATOR`] between their parts. An option that sets one
    /// may be given several times.
    pub lists: Vec<String>,
}

/// What stands between the parts of a text that is a list.
pub const LIST_SEPARATOR: &str = ";;";

/// What a lab takes instead of its own data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDefinition {
    /// A file or a folder.
    pub kind: DataKind,
    /// Its name, in one to three words: `Folder of images`.
    pub title: String,
    /// What is expected, as a part of a sentence: `a folder with …`.
    pub expects: String,
    /// Whether features of a table may miss values.
    #[serde(default)]
    pub missing_values: bool,
    /// Whether the column to predict may hold words.
    #[serde(default)]
    pub text_target: bool,
}

impl DataDefinition {
    /// The cells of a table that the lab takes although they are no numbers.
    pub fn allowed(&self) -> AllowedCells {
        AllowedCells {
            missing: self.missing_values,
            text_target: self.text_target,
        }
    }
}

/// The kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// A file with a table of numbers, one of whose columns is predicted (`--target`).
    Table,
    /// A folder.
    Folder,
}

/// One arm of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmDefinition {
    /// Short name, as `--arms` takes it.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// One sentence for people.
    pub summary: String,
    /// Whether it runs on several slots; otherwise it has one.
    pub parallel: bool,
    /// What it takes, where it does the work with another engine than the lab's own. Such an arm
    /// runs only when it is asked for.
    #[serde(default)]
    pub peer: Option<PeerDefinition>,
}

/// An arm that does the lab's work with what other people have made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerDefinition {
    /// The arm that does it with the same engine on one core; itself, where it is that, and `None`
    /// where the lab has none.
    #[serde(default)]
    pub serial: Option<String>,
    /// The packages that it needs, by their names in [`PeersDefinition::packages`].
    pub needs: Vec<String>,
}

/// What the peers of a lab need.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeersDefinition {
    /// The Python packages, in the order in which they are installed.
    pub packages: Vec<PeerPackage>,
    /// About how many megabytes are downloaded to install them.
    pub download_mb: u64,
    /// About how many megabytes they take on the disk.
    pub disk_mb: u64,
}

/// A Python package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerPackage {
    /// As pip knows it.
    pub name: String,
    /// As it is imported.
    pub module: String,
    /// The release that is installed, and with which figures were taken.
    pub version: String,
    /// The oldest release that can be used.
    pub least: String,
    /// Which parts of it are installed, as pip takes them in brackets.
    #[serde(default)]
    pub extras: String,
}

impl PeersDefinition {
    /// What pip is told to install: names with their releases.
    pub fn requirements(&self) -> Vec<String> {
        let of = |package: &PeerPackage| {
            let extras = match package.extras.as_str() {
                "" => String::new(),
                extras => format!("[{extras}]"),
            };
            format!("{}{extras}=={}", package.name, package.version)
        };
        self.packages.iter().map(of).collect()
    }
}

/// A named set of parameter values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// One sentence for people.
    pub help: String,
    /// Repeats of every arm when none are asked for.
    pub repeats: u32,
    /// Parameters that differ from their defaults.
    #[serde(default)]
    pub set: Params,
}

/// Why a `lab.toml` cannot be used. Only a lab's author sees these.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Not TOML of the right shape.
    #[error("lab.toml: {0}")]
    Toml(#[from] toml::de::Error),
    /// Contradicts itself.
    #[error("lab.toml: {0}")]
    Inconsistent(String),
    /// Its questions cannot be used.
    #[error("questions.toml: {0}")]
    Questions(PaperProblem),
}

impl LabDefinition {
    /// Reads and checks a `lab.toml`.
    ///
    /// # Errors
    /// When the text is not a definition, or names an arm, parameter or preset that it does not
    /// define.
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        let definition: Self = toml::from_str(text)?;
        definition
            .check()
            .map_err(DefinitionError::Inconsistent)
            .map(|()| definition)
    }

    /// Whether the definition contradicts itself.
    ///
    /// # Errors
    /// The first contradiction, for the lab's author.
    pub fn check(&self) -> Result<(), String> {
        if self.arms.first().is_none_or(|arm| arm.name != self.base) {
            return Err(format!("the base `{}` must be the first arm", self.base));
        }
        if self.arm(CONTROL).is_some() {
            return Err(format!("no arm may be called `{CONTROL}`"));
        }
        if !self.presets.contains_key(&self.default_preset) {
            return Err(format!("no preset `{}`", self.default_preset));
        }
        if let Some(first) = &self.first_preset
            && !self.presets.contains_key(first)
        {
            return Err(format!("no preset `{first}`"));
        }
        for (name, spec) in &self.params {
            if !spec.accepts(&spec.default_value()) {
                return Err(format!("the default of `{name}` is out of its own range"));
            }
        }
        for (name, preset) in &self.presets {
            if preset.repeats == 0 {
                return Err(format!("preset `{name}` has no repeats"));
            }
            for (key, value) in &preset.set {
                if self.params.get(key).is_none_or(|spec| !spec.accepts(value)) {
                    return Err(format!("preset `{name}` sets `{key}` to {value}"));
                }
            }
        }
        self.check_peers()?;
        self.check_roles()
    }

    fn check_peers(&self) -> Result<(), String> {
        let packages = self.peers.iter().flat_map(|peers| &peers.packages);
        let known: Vec<&str> = packages.map(|package| package.name.as_str()).collect();
        for arm in &self.arms {
            let Some(peer) = &arm.peer else { continue };
            if let Some(name) = &peer.serial
                && self
                    .arm(name)
                    .is_none_or(|serial| serial.parallel || serial.peer.is_none())
            {
                return Err(format!("`{name}` is no serial peer of `{}`", arm.name));
            }
            if let Some(other) = peer
                .needs
                .iter()
                .find(|name| !known.contains(&name.as_str()))
            {
                return Err(format!(
                    "`{}` needs `{other}`, which is no package",
                    arm.name
                ));
            }
        }
        Ok(())
    }

    fn check_roles(&self) -> Result<(), String> {
        let text = |spec: &ParamSpec| matches!(spec, ParamSpec::Text { .. });
        let whole = |spec: &ParamSpec| matches!(spec, ParamSpec::Integer { .. });
        let plays = |name: &Option<String>, fits: fn(&ParamSpec) -> bool| {
            let spec = name.as_ref().map(|name| self.params.get(name));
            spec.is_none_or(|spec| spec.is_some_and(fits))
        };
        if !plays(&self.roles.faults, text) {
            return Err("the role `faults` needs a parameter that is a text".to_owned());
        }
        if !plays(&self.roles.least_workers, whole) {
            return Err("the role `least_workers` needs a parameter that is an integer".to_owned());
        }
        let texts = self.roles.lists.iter().chain(&self.roles.directory);
        for name in texts {
            if !plays(&Some(name.clone()), text) {
                return Err(format!(
                    "the role of `{name}` needs a parameter that is a text"
                ));
            }
        }
        for (option, name) in &self.roles.options {
            if !self.params.contains_key(name) {
                return Err(format!("`--{option}` sets `{name}`, which is no parameter"));
            }
        }
        Ok(())
    }

    /// The facts about this lab that its runs record.
    pub fn facts(&self) -> LabFacts {
        LabFacts {
            slot: self.slot.clone(),
            faults: self.roles.faults.clone(),
            item: self.item.clone(),
            figures: self.figures.clone(),
            params: self
                .params
                .iter()
                .map(|(name, spec)| ParamFacts {
                    name: name.clone(),
                    default: spec.default_value().to_string(),
                    help: spec.help().to_owned(),
                })
                .collect(),
            page: self.page.clone(),
            folder: None,
        }
    }

    /// The names of the arms that run when none are asked for: all but the peers.
    pub fn usual_arms(&self) -> impl Iterator<Item = &String> {
        let usual = self.arms.iter().filter(|arm| arm.peer.is_none());
        usual.map(|arm| &arm.name)
    }

    /// Whether a run has arms that are peers.
    pub fn has_peers(&self, config: &RunConfig) -> bool {
        let is_peer = |name: &String| self.arm(name).is_some_and(|arm| arm.peer.is_some());
        config.arms.iter().any(is_peer)
    }

    /// Whether its arms are given with each run, by the option `--arm`.
    pub fn takes_arms(&self) -> bool {
        self.roles.options.contains_key("arm")
    }

    /// Reads the lab's `questions.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read_questions(&self, text: &str) -> Result<QuestionSet, DefinitionError> {
        let first = |problems: Vec<PaperProblem>| problems.into_iter().next();
        let questions = QuestionSet::parse(text).map_err(|problems| {
            first(problems).map_or_else(
                || DefinitionError::Inconsistent("questions.toml".to_owned()),
                DefinitionError::Questions,
            )
        })?;
        match self.unknown_arm(&questions) {
            Some(text) => Err(DefinitionError::Questions(PaperProblem {
                line: None,
                text,
            })),
            None => Ok(questions),
        }
    }

    /// What to say where a question is about an arm that the lab does not have. A lab whose arms
    /// are given with each run may have any.
    pub fn unknown_arm(&self, questions: &QuestionSet) -> Option<String> {
        if self.takes_arms() {
            return None;
        }
        questions.questions.iter().find_map(|question| {
            let arm = question.arm().filter(|arm| self.arm(arm).is_none())?;
            let known = self.arms.iter().map(|arm| arm.name.as_str());
            Some(format!(
                "question {}: the {} lab has no arm {arm}; {}",
                question.id,
                self.name,
                suggest(arm, known)
            ))
        })
    }

    /// The definition of an arm.
    pub fn arm(&self, name: &str) -> Option<&ArmDefinition> {
        self.arms.iter().find(|arm| arm.name == name)
    }

    /// The parameters of a preset, with `overrides` (`key=value` texts) on top.
    ///
    /// # Errors
    /// When an override is malformed, names no parameter, or has a value outside the parameter's
    /// range.
    pub fn resolve(&self, preset: &Preset, overrides: &[String]) -> Result<Params, ParamError> {
        let mut params: Params = self
            .params
            .iter()
            .map(|(name, spec)| (name.clone(), spec.default_value()))
            .collect();
        params.extend(preset.set.clone());
        for text in overrides {
            let Some((key, value)) = text.split_once('=') else {
                return Err(ParamError::Form(text.clone(), self.example_setting()));
            };
            let key = key.trim();
            let spec = self.params.get(key).ok_or_else(|| ParamError::Unknown {
                lab: self.name.clone(),
                key: key.to_owned(),
                hint: suggest(key, self.params.keys().map(String::as_str)),
            })?;
            params.insert(key.to_owned(), spec.parse(key, value)?);
        }
        Ok(params)
    }

    fn example_setting(&self) -> String {
        self.params
            .iter()
            .next()
            .map(|(name, spec)| format!("{name}={}", spec.default_value()))
            .unwrap_or_default()
    }
}

/// `did you mean …?`, or the list of what there is when nothing is near.
pub fn suggest<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(wrong, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The known name that is most like a wrong one, where one is like it at all.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
