//! A lab as an assignment sets it: its presets and questions, and what a run has to have.

use std::path::Path;
use std::sync::Arc;

use workbench_questions::{QuestionSet, RecordedAssignment};
use workbench_record::{Params, RunConfig, Source};

use super::calibration::{Calibration, NotTimed, RepeatAsked, RepeatTime};
use super::contract::{ForeignLab, Lab, LabError, PreparedLab};
use super::definition::{LabDefinition, Preset, suggest};
use super::offered::{CommandInput, CommandOutput};
use super::option::Refusal;

/// An assignment does not fit its lab. The text says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AssignmentUnfit(pub String);

/// The lab as the assignment sets it. Everything that sets up a run reads its definition, so form
/// and command line follow the assignment alike.
///
/// # Errors
/// Where the assignment names presets, parameters, arms or questions that the lab does not have.
pub fn assigned(
    lab: Box<dyn Lab>,
    assignment: &Arc<RecordedAssignment>,
) -> Result<Box<dyn Lab>, AssignmentUnfit> {
    let definition = definition(lab.definition(), assignment)?;
    let asked = assignment.assignment.asked(lab.questions());
    let unknown = assignment.assignment.unknown_ids(lab.questions());
    if let Some(id) = unknown.first() {
        let known = asked.questions.iter().map(|question| question.id.as_str());
        let known = suggest(id, known);
        return Err(AssignmentUnfit(format!(
            "no question is called {id}; {known}"
        )));
    }
    if let Some(text) = definition.unknown_arm(&asked) {
        return Err(AssignmentUnfit(text));
    }
    Ok(Box::new(AssignedLab {
        inner: lab,
        definition,
        questions: Arc::new(asked),
    }))
}

fn definition(
    lab: &LabDefinition,
    recorded: &Arc<RecordedAssignment>,
) -> Result<LabDefinition, AssignmentUnfit> {
    let assignment = &recorded.assignment;
    let mut definition = lab.clone();
    definition.assignment = Some(Arc::clone(recorded));
    for (name, asked) in &assignment.presets {
        let preset = Preset {
            help: asked.help.clone(),
            repeats: asked.repeats,
            set: Params::new(),
        };
        let set: Vec<String> = asked.set.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let params = lab
            .resolve(&preset, &set)
            .map_err(|error| AssignmentUnfit(format!("preset {name}: {error}")))?;
        let is_set = |name: &String| asked.set.contains_key(name);
        let preset = Preset {
            set: params
                .into_iter()
                .filter(|(name, _)| is_set(name))
                .collect(),
            ..preset
        };
        definition.presets.insert(name.clone(), preset);
    }
    for preset in definition.presets.values_mut() {
        preset.repeats = preset.repeats.max(assignment.least_repeats.unwrap_or(1));
    }
    if let Some(name) = &assignment.required_preset {
        if !definition.presets.contains_key(name) {
            let known = definition.presets.keys().map(String::as_str);
            return Err(AssignmentUnfit(format!(
                "required_preset: the {} lab has no preset {name}; {}, or define it with [preset.{name}]",
                lab.name,
                suggest(name, known)
            )));
        }
        definition.default_preset.clone_from(name);
        definition.first_preset = None;
    }
    for arm in &assignment.required_arms {
        if !definition.takes_arms() && definition.arm(arm).is_none() {
            let known = definition.arms.iter().map(|arm| arm.name.as_str());
            return Err(AssignmentUnfit(format!(
                "required_arms: the {} lab has no arm {arm}; {}",
                lab.name,
                suggest(arm, known)
            )));
        }
    }
    Ok(definition)
}

struct AssignedLab {
    inner: Box<dyn Lab>,
    definition: LabDefinition,
    questions: Arc<QuestionSet>,
}

impl Lab for AssignedLab {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &str {
        self.inner.handout()
    }

    fn questions(&self) -> &QuestionSet {
        &self.questions
    }

    fn folder(&self) -> Option<&Path> {
        self.inner.folder()
    }

    fn foreign(&self) -> Option<ForeignLab<'_>> {
        self.inner.foreign()
    }

    fn agree(&self) {
        self.inner.agree();
    }

    fn check(&self, config: &RunConfig) -> Result<(), Refusal> {
        self.inner.check(config)
    }

    fn calibrate(
        &self,
        config: &RunConfig,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Calibration, NotTimed> {
        self.inner.calibrate(config, is_wanted)
    }

    fn repeat_time(&self, asked: &RepeatAsked<'_>, timed: &Calibration) -> Option<RepeatTime> {
        self.inner.repeat_time(asked, timed)
    }

    fn command(&self, name: &str, input: &CommandInput<'_>) -> Result<CommandOutput, LabError> {
        self.inner.command(name, input)
    }

    fn specialised(&self, params: &Params) -> Result<Option<Box<dyn Lab>>, Refusal> {
        let Some(inner) = self.inner.specialised(params)? else {
            return Ok(None);
        };
        // Its arms and figures are its own; the rest is as it was.
        let definition = LabDefinition {
            presets: self.definition.presets.clone(),
            default_preset: self.definition.default_preset.clone(),
            first_preset: self.definition.first_preset.clone(),
            assignment: self.definition.assignment.clone(),
            ..inner.definition().clone()
        };
        Ok(Some(Box::new(Self {
            inner,
            definition,
            questions: Arc::clone(&self.questions),
        })))
    }

    fn source(&self, arm: &str) -> Option<Source> {
        self.inner.source(arm)
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        self.inner.prepare(config)
    }
}
