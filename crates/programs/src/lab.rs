//! A lab whose arms are programs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use workbench_experiment::lab::{
    ArmDefinition, Calibration, DefinitionError, FigureFacts, FigureGroup, ForeignLab, Lab,
    LabDefinition, LabError, NotTimed, Params, PreparedLab, Refusal, RunConfig, Unit,
};
use workbench_questions::QuestionSet;

use crate::messages;
use crate::origin::LabOrigin;
use crate::prepared::Prepared;
use crate::settings::ProgramSettings;

/// The longest title of an arm, in characters.
const LONGEST_TITLE: usize = 60;

/// A lab whose arms are programs.
#[derive(Debug, Clone)]
pub struct ProgramLab {
    definition: LabDefinition,
    handout: Arc<str>,
    questions: Arc<QuestionSet>,
    settings: ProgramSettings,
    /// Where it comes from; `None` for a lab whose arms are given with each run.
    origin: Option<Arc<LabOrigin>>,
}

/// A lab whose arms are given with each run, by a parameter.
///
/// # Errors
/// When its `lab.toml` is broken, or its own example is.
pub fn ad_hoc(
    lab_toml: &str,
    handout: &str,
    questions: &str,
) -> Result<Box<dyn Lab>, DefinitionError> {
    let definition: LabDefinition = toml::from_str(lab_toml)?;
    let questions = Arc::new(definition.read_questions(questions)?);
    let inconsistent = |text: String| DefinitionError::Inconsistent(text);
    let preset = definition.presets.get(&definition.default_preset);
    let preset = preset.ok_or_else(|| inconsistent("no preset".to_owned()))?;
    let params = definition.resolve(preset, &[]);
    let params = params.map_err(|error| inconsistent(error.to_string()))?;
    let lab = ProgramLab::with(&definition, (handout.into(), questions), &params);
    let lab = lab.map_err(|refusal| inconsistent(refusal.to_string()))?;
    lab.definition.check().map_err(inconsistent)?;
    Ok(Box::new(lab))
}

impl ProgramLab {
    /// The lab with the arms that the parameters name.
    fn with(
        definition: &LabDefinition,
        (handout, questions): (Arc<str>, Arc<QuestionSet>),
        params: &Params,
    ) -> Result<Self, Refusal> {
        let settings = ProgramSettings::read(params)?;
        let mut definition = definition.clone();
        definition.arms = settings
            .arms
            .iter()
            .map(|arm| ArmDefinition {
                name: arm.name.clone(),
                title: shortened(&arm.line.text),
                summary: arm.line.text.clone(),
                parallel: arm.is_parallel(),
                peer: None,
            })
            .collect();
        let base = definition.arms.first();
        definition.base = base.map_or_else(String::new, |arm| arm.name.clone());
        definition
            .figures
            .extend(settings.checks.figures().map(number));
        Ok(Self {
            definition,
            handout,
            questions,
            settings,
            origin: None,
        })
    }

    /// A lab that was read from a folder.
    pub(crate) fn in_folder(
        definition: LabDefinition,
        (handout, questions): (Arc<str>, QuestionSet),
        settings: ProgramSettings,
        origin: Arc<LabOrigin>,
    ) -> Self {
        Self {
            definition,
            handout,
            questions: Arc::new(questions),
            settings,
            origin: Some(origin),
        }
    }
}

impl Lab for ProgramLab {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &str {
        &self.handout
    }

    fn questions(&self) -> &QuestionSet {
        &self.questions
    }

    fn folder(&self) -> Option<&Path> {
        self.origin.as_ref().map(|origin| origin.folder.as_path())
    }

    fn foreign(&self) -> Option<ForeignLab<'_>> {
        self.origin.as_ref().map(|origin| ForeignLab {
            programs: &origin.programs,
            sha256: &origin.sha256,
            is_agreed: origin.is_agreed.load(Ordering::SeqCst),
        })
    }

    fn calibrate(&self, _: &RunConfig, _: &dyn Fn() -> bool) -> Result<Calibration, NotTimed> {
        Err(NotTimed::Programs)
    }

    fn agree(&self) {
        if let Some(origin) = &self.origin {
            origin.is_agreed.store(true, Ordering::SeqCst);
        }
    }

    fn specialised(&self, params: &Params) -> Result<Option<Box<dyn Lab>>, Refusal> {
        if self.origin.is_some() {
            return Ok(None);
        }
        let texts = (Arc::clone(&self.handout), Arc::clone(&self.questions));
        let lab = Self::with(&self.definition, texts, params)?;
        Ok(Some(Box::new(lab)))
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let mut sha256 = None;
        if let Some(origin) = &self.origin {
            if !origin.is_agreed.load(Ordering::SeqCst) {
                let text = messages::not_agreed(&self.definition.name, &origin.folder);
                return Err(LabError::Config(text));
            }
            sha256 = Some(origin.sha256.clone());
        }
        let prepared = Prepared::new(&self.settings, config, sha256);
        Ok(Box::new(prepared.map_err(LabError::Refused)?))
    }
}

/// The figure that is compared.
pub(crate) fn number(name: &str) -> FigureFacts {
    FigureFacts {
        name: name.to_owned(),
        label: name.replace('_', " "),
        unit: Unit::default(),
        meaning: "The number that was found in the standard output.".to_owned(),
        group: FigureGroup::default(),
        ..FigureFacts::default()
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_TITLE {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(LONGEST_TITLE - 1).collect();
    out.push('…');
    out
}
