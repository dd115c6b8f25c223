//! A lab in a folder: `lab.toml`, `handout.md`, and the programs that its arms run.
//!
//! Reading it runs nothing, follows no link out of it, and shows nothing that a terminal could take
//! for a command.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use workbench_digest::Hasher;
use workbench_experiment::lab::LabDefinition;
use workbench_questions::{QUESTIONS_FILE, QuestionSet};

use crate::code_files::{hash_code, scripts};
use crate::file_lab::{FileLab, FileLines};
use crate::lab::ProgramLab;
use crate::origin::LabOrigin;
use crate::safe_text::shown;
use crate::settings::ProgramSettings;

/// The file that makes a folder a lab.
pub const LAB_FILE: &str = "lab.toml";
/// The text for people.
pub const HANDOUT: &str = "handout.md";

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 18;
/// The most labs in a folder of labs.
const MOST: usize = 200;

/// What is wrong with a lab, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {text}", .file.display(), .line.map_or_else(String::new, |line| format!(":{line}")))]
pub struct LabProblem {
    /// The file, or the folder.
    pub file: PathBuf,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what to write instead.
    pub text: String,
}

impl LabProblem {
    fn of(file: &Path, text: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            text: text.into(),
        }
    }
}

/// The folders of labs below a folder, or the folder itself where it is a lab.
///
/// # Errors
/// When it cannot be read.
pub fn lab_folders(dir: &Path) -> Result<Vec<PathBuf>, LabProblem> {
    if dir.join(LAB_FILE).exists() {
        return Ok(vec![dir.to_owned()]);
    }
    let wrong = |error: std::io::Error| LabProblem::of(dir, error.to_string());
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.join(LAB_FILE).exists() {
            found.push(path);
        }
    }
    found.sort();
    if found.len() > MOST {
        return Err(LabProblem::of(dir, format!("more than {MOST} labs")));
    }
    if found.is_empty() {
        let text = format!("no lab lies here: no folder in it has a {LAB_FILE}");
        return Err(LabProblem::of(dir, text));
    }
    Ok(found)
}

/// Reads the lab in a folder.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_folder(dir: &Path) -> Result<ProgramLab, Vec<LabProblem>> {
    let one = |problem: LabProblem| vec![problem];
    let folder =
        fs::canonicalize(dir).map_err(|error| one(LabProblem::of(dir, error.to_string())))?;
    let file = folder.join(LAB_FILE);
    let text = read(&folder, LAB_FILE).map_err(one)?;
    let place = |line: Option<usize>, text: String| LabProblem {
        file: file.clone(),
        line,
        text,
    };
    let parsed = FileLab::parse(&text).map_err(|(line, text)| one(place(line, text)))?;
    let mut problems = Vec::new();
    let lines = FileLines::new(&text);
    let mut wrong = |path: &[&str], text: String| problems.push(place(lines.line(path), text));
    let settings = parsed.settings(&folder, &mut wrong);
    let definition = parsed.definition(&settings, &mut wrong);
    let handout = read(&folder, HANDOUT).map(|text| shown(&text));
    let handout = handout
        .map_err(|problem| problems.push(problem))
        .unwrap_or_default();
    let questions = questions(&folder, &definition, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let texts = (handout.as_str(), questions);
    Ok(lab(folder, &text, definition, settings, texts))
}

fn lab(
    folder: PathBuf,
    text: &str,
    definition: LabDefinition,
    settings: ProgramSettings,
    (handout, questions): (&str, QuestionSet),
) -> ProgramLab {
    let around = settings.prepare.iter().chain(&settings.cleanup);
    let arms = settings.arms.iter().map(|arm| &arm.line);
    let lines: Vec<&str> = arms.chain(around).map(|line| line.text.as_str()).collect();
    let programs = lines.iter().map(|line| shown(line)).collect();
    let mut hasher = Hasher::default();
    hasher.update(text.as_bytes());
    hash_code(&folder, &scripts(lines.iter().copied()), &mut hasher);
    let origin = LabOrigin {
        folder,
        programs,
        sha256: hasher.finish(),
        is_agreed: AtomicBool::new(false),
    };
    let texts = (handout.into(), questions);
    ProgramLab::in_folder(definition, texts, settings, Arc::new(origin))
}

/// The questions of a lab that has some.
fn questions(folder: &Path, lab: &LabDefinition, problems: &mut Vec<LabProblem>) -> QuestionSet {
    let file = folder.join(QUESTIONS_FILE);
    if !file.exists() {
        return QuestionSet::NONE;
    }
    let parsed = read(folder, QUESTIONS_FILE).map(|text| QuestionSet::parse(&text));
    match parsed {
        Ok(Ok(questions)) => {
            let wrong = lab.unknown_arm(&questions);
            problems.extend(wrong.map(|text| LabProblem::of(&file, text)));
            questions
        }
        Ok(Err(wrong)) => {
            problems.extend(wrong.into_iter().map(|problem| LabProblem {
                file: file.clone(),
                line: problem.line,
                text: problem.text,
            }));
            QuestionSet::NONE
        }
        Err(problem) => {
            problems.push(problem);
            QuestionSet::NONE
        }
    }
}

/// A file of a folder. One that is a link out of it, a pipe or a device, or too long, is refused.
fn read(folder: &Path, name: &str) -> Result<String, LabProblem> {
    let path = folder.join(name);
    let wrong = |text: String| LabProblem::of(&path, text);
    let real = fs::canonicalize(&path).map_err(|error| wrong(error.to_string()))?;
    if !real.starts_with(folder) {
        return Err(wrong(format!(
            "it is a link out of the lab, to {}",
            real.display()
        )));
    }
    let facts = fs::metadata(&real).map_err(|error| wrong(error.to_string()))?;
    if !facts.is_file() {
        return Err(wrong("it is no file".to_owned()));
    }
    if facts.len() > LONGEST {
        let text = format!(
            "it has {} bytes, and more than {LONGEST} are not read",
            facts.len()
        );
        return Err(wrong(text));
    }
    let bytes = fs::read(&real).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text".to_owned()))
}
