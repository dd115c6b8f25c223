//! `workbench answer`: the questions about a lab or a run, and what was answered.

mod sheet;
mod shown;
mod typed;

use clap::Args;
use workbench_experiment::lab::Lab;
use workbench_questions::{Question, TypedAnswer, given};
use workbench_record::RunStore;

use self::sheet::{Target, target};
use crate::exit_error::{ExitError, code};
use crate::output;

const EXAMPLES: &str = "\
Examples:
  workbench answer --lab rf                        the questions, and what was answered so far
  workbench answer predict-speedup 1.8 --lab rf    a prediction, before the run
  workbench answer karp-flatt 0.043                about the latest run of that lab
  workbench answer largest-loss b
  workbench answer collectives a,c --run latest
  workbench answer serial-part                     opens VISUAL or EDITOR to write a text
  workbench answer serial-part - < text.md         takes the text from the standard input
  workbench answer karp-flatt ''                   takes the answer away
  workbench answer --json                          everything, for programs

What is asked before a run is locked when the run starts. Numbers may have a unit (300 ms, 12 %).";

/// What `workbench answer` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AnswerArgs {
    /// The question; without one all are listed
    pub id: Option<String>,
    /// The answer; `-` takes it from the standard input, and an empty one takes it away. Without
    /// one the question is shown, or an editor opens for a text
    #[arg(allow_negative_numbers = true)]
    pub value: Option<String>,
    /// The lab whose questions are meant [default: that of the assignment, or of the latest run]
    #[arg(long, value_name = "NAME")]
    pub lab: Option<String>,
    /// The run that is meant: an id, its beginning, `latest`, or a directory [default: the latest
    /// run of the lab, and for predictions the next one]
    #[arg(long, value_name = "RUN", conflicts_with = "lab")]
    pub run: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "value")]
    pub json: bool,
}

/// Lists the questions, shows one, or keeps an answer.
pub fn run(labs: &[Box<dyn Lab>], store: &RunStore, args: &AnswerArgs) -> Result<u8, ExitError> {
    let meant = (args.lab.as_deref(), args.run.as_deref());
    let mut target = target(labs, store, meant)?;
    let Some(id) = &args.id else {
        let text = if args.json {
            shown::json(&target, None)?
        } else {
            shown::list(&target)
        };
        output::print(&text)?;
        return Ok(code::DONE);
    };
    let question = find(&target, id)?.clone();
    if args.json {
        output::print(&shown::json(&target, Some(&question))?)?;
        return Ok(code::DONE);
    }
    let before = target.answer(&question).map(|answer| answer.text.clone());
    let Some(text) = typed::answer(&question, args.value.as_deref(), before.as_deref(), store)?
    else {
        output::print(&shown::one(&target, &question))?;
        return Ok(code::DONE);
    };
    keep(&mut target, store, &question, &text)
}

fn find<'a>(target: &'a Target, id: &str) -> Result<&'a Question, ExitError> {
    let questions = &target.questions;
    questions.find(id).ok_or_else(|| {
        let known = questions.questions.iter().map(|q| q.id.as_str());
        let known = workbench_experiment::lab::suggest(id, known);
        ExitError::usage(format!("no question is called `{id}`; {known}"))
    })
}

/// Checks an answer and keeps it.
fn keep(
    target: &mut Target,
    store: &RunStore,
    question: &Question,
    text: &str,
) -> Result<u8, ExitError> {
    if !text.is_empty() {
        let answer = TypedAnswer {
            text: text.to_owned(),
            saved_unix_ms: 0,
        };
        given(question, &answer)
            .map_err(|error| ExitError::usage(format!("`{}`: {error}", question.id)))?;
    }
    let place = target.keep(store, question, text)?;
    let done = if text.is_empty() {
        "taken away"
    } else {
        "kept"
    };
    output::line(&format!("{}: {done}, {place}", question.id))?;
    Ok(code::DONE)
}
