//! Where an answer comes from: the command line, the standard input, or an editor.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::process::Command;

use workbench_questions::{LONGEST_ANSWER, Question, QuestionKind};
use workbench_record::{RunStore, whole};

use crate::exit_error::ExitError;

/// The answer that is given; `None` where the question is only to be shown.
pub fn answer(
    question: &Question,
    value: Option<&str>,
    before: Option<&str>,
    store: &RunStore,
) -> Result<Option<String>, ExitError> {
    let is_text = matches!(question.kind, QuestionKind::Text { .. });
    match value {
        Some("-") => standard_input().map(Some),
        Some(value) => Ok(Some(value.to_owned())),
        None if is_text && io::stdin().is_terminal() && io::stdout().is_terminal() => {
            edited(question, before.unwrap_or_default(), store)
        }
        None => Ok(None),
    }
}

fn standard_input() -> Result<String, ExitError> {
    let mut bytes = Vec::new();
    let most = LONGEST_ANSWER as u64 * 4 + 1;
    io::stdin()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| ExitError::cannot("read the standard input", &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| ExitError::usage("the standard input is not UTF-8 text"))?;
    Ok(text.trim_end().to_owned())
}

/// Lets the person write a text in their editor; `None` where they leave it as it was.
fn edited(
    question: &Question,
    before: &str,
    store: &RunStore,
) -> Result<Option<String>, ExitError> {
    let named = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let Some(editor) = named("VISUAL").or_else(|| named("EDITOR")) else {
        return Ok(None);
    };
    let words = shell_words::split(&editor).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return Ok(None);
    };
    // Beside the drafts, where a text that an editor left behind is found again.
    let path = store.draft(&question.id, None).with_extension("md");
    let cannot = |error: &io::Error| ExitError::cannot("make a file for the editor", error);
    fs::create_dir_all(whole::parent(&path)).map_err(|error| cannot(&error))?;
    fs::write(&path, before).map_err(|error| cannot(&error))?;
    let status = Command::new(program).args(arguments).arg(&path).status();
    let status = status.map_err(|error| ExitError::cannot(&format!("start {program}"), &error))?;
    if !status.success() {
        return Err(ExitError::environment(format!(
            "{program} ended with {status}; the answer is as it was, and what was written is in {}",
            path.display()
        )));
    }
    let text = fs::read_to_string(&path)
        .map_err(|error| ExitError::cannot("read what was written", &error))?;
    let _ = fs::remove_file(&path);
    let text = text.trim_end();
    Ok((text != before).then(|| text.to_owned()))
}
