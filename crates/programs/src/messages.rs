//! What people are told about programs.

use std::io;
use std::path::Path;

use workbench_experiment::lab::{Finding, nearest};
use workbench_protocol::arm::ArmLineError;
use workbench_words::counted;
use workbench_workers::signal_name;

use crate::failure::{AttemptError, Stopped};
use crate::program::LineError;
use crate::wire::ExitKind;

/// An arm without a name, or with a bad one.
pub(crate) const NO_NAME: &str =
    "write an arm as NAME=COMMAND; the name has letters, digits, and - _ . + (40 at most)";
/// A name that does not fit everywhere.
pub(crate) const BAD_NAME: &str =
    "a name has letters, digits, and - _ . + (40 at most), and new and check are taken";
/// A text that is not one line of text.
pub(crate) const BAD_TEXT: &str = "write one line of text without control characters";
/// A path that leads out of a lab.
pub(crate) const LEADS_OUT: &str = "the path leads out of the lab's folder; give one within it";
/// No arms at all.
pub(crate) const NO_ARMS: &str = "give at least one arm, as NAME=COMMAND";
/// An arm has the name of the control.
pub(crate) const RESERVED: &str =
    "the name control is that of the second base that --control adds; give this arm another one";

/// Why a text is no command line.
pub(crate) fn no_line(error: LineError) -> &'static str {
    match error {
        LineError::Quotes => "a quotation mark is not closed",
        LineError::Empty => "there is no program in it",
    }
}

/// The base depends on the number of workers.
pub(crate) fn parallel_base(name: &str) -> String {
    format!(
        "the first arm, {name}, is the base that all others are compared with, so it cannot depend on {{workers}}; put a serial arm first, or write a number"
    )
}

/// A placeholder that is none.
pub(crate) fn unknown_place<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let list: Vec<String> = known.clone().map(|name| format!("{{{name}}}")).collect();
    let near = nearest(name, known);
    let near = near.map_or_else(String::new, |near| format!("; did you mean {{{near}}}?"));
    format!(
        "there is no placeholder {{{name}}}; there are {}; for the text itself write {{{{{name}}}}}{near}",
        list.join(", ")
    )
}

/// A program that is not there.
pub(crate) fn no_program(program: &str, dir: &str) -> String {
    if program.contains('/') {
        return format!("there is no program {program} (seen from {dir})");
    }
    let by_shell = [
        "cd", "export", "source", "time", "ulimit", "for", "while", "if",
    ];
    let hint = if by_shell.contains(&program) || program.contains(['|', '=', '$', '*']) {
        "to give a line to the shell, add --shell".to_owned()
    } else {
        format!("give its path, for example ./{program}")
    };
    format!("there is no program {program} in PATH; {hint}")
}

/// What was left out between the beginning and the end of a stream.
pub(crate) fn left_out(lines: u64, bytes: u64) -> String {
    format!(
        "[{} with {} left out here]",
        counted(lines, "line"),
        counted(bytes, "byte")
    )
}

/// How a program ended, as the end of a sentence.
pub(crate) fn ended(exit: ExitKind) -> String {
    match exit {
        ExitKind::Code(code) => format!("ended with exit code {code}"),
        ExitKind::Signal(number) => match signal_name(number) {
            Some(name) => format!("was ended by {name}"),
            None => format!("was ended by signal {number}"),
        },
    }
}

/// Why a repeat is no repeat.
pub(crate) fn failed(
    arm: &str,
    line: &str,
    exit: ExitKind,
    stopped: Option<Stopped>,
    last_lines: &[String],
) -> String {
    let what = match stopped {
        Some(Stopped::TimeLimit(limit)) => {
            let limit_s = limit.as_secs_f64();
            format!("took longer than {limit_s} s and was ended; --time-limit sets the limit")
        }
        Some(Stopped::Silent(limit)) => {
            let limit_s = limit.as_secs_f64();
            format!("made no progress for {limit_s} s and was ended")
        }
        Some(Stopped::StoodStill) => {
            "stopped itself, and nobody would have let it go on, so it was ended".to_owned()
        }
        _ => format!(
            "{}; --exit-codes says which exit codes are expected",
            ended(exit)
        ),
    };
    let said = if last_lines.is_empty() {
        "it printed nothing".to_owned()
    } else {
        format!("its last lines: {}", last_lines.join(" / "))
    };
    format!("arm {arm}: the program ({line}) {what}; {said}")
}

/// Nothing but the exit code is compared.
pub(crate) fn not_compared() -> Finding {
    Finding::note(
        "outputs_not_compared",
        "What the programs put out was not compared, only whether they ended well: a speed-up is one of equal work only if they did equal work. --check says what has to be equal.",
    )
}

/// What a program warned of.
pub(crate) fn warned((arm, workers): (&str, u32), text: &str) -> Finding {
    Finding::warning("program_warning", text).arm_on(arm, workers)
}

/// Lines of events that are none.
pub(crate) fn wrong_lines(arm: &str, workers: u32, lines: u64, first: ArmLineError) -> Finding {
    let text = format!(
        "{} that arm {arm} told {} passed over: of the first, {first}. All others count.",
        counted(lines, "line"),
        if lines == 1 { "was" } else { "were" },
    );
    Finding::warning("wrong_events", text)
        .arm_on(arm, workers)
        .number("lines", lines as f64)
}

/// Nothing was told that could be compared.
pub(crate) const NO_OUTPUTS: &str =
    "it told no outputs, which `--check outputs` compares; it tells them by WORKBENCH_EVENTS";

/// It is not known when its work began or ended.
pub(crate) const NO_WORK_TOLD: &str =
    "it did not tell when its work began and ended (ready and done of workbench_arm.py)";

/// Processes that outlived their program.
pub(crate) fn left_behind(arm: &str, workers: u32, names: &[String]) -> Finding {
    let text = format!(
        "Arm {arm} left {} behind ({}) and was over before they were, so they were ended: its wall time does not include what they would still have done.",
        if names.len() == 1 {
            "a process"
        } else {
            "processes"
        },
        names.join(", "),
    );
    Finding::warning("left_processes", text)
        .arm_on(arm, workers)
        .number("processes", names.len() as f64)
}

/// How a program ended that is one of many, with what it printed last.
pub(crate) fn ended_with(exit: ExitKind, last_lines: &[String]) -> String {
    match last_lines {
        [] => format!("its program {}", ended(exit)),
        lines => format!("its program {}: {}", ended(exit), lines.join(" / ")),
    }
}

/// A program that did not run, or whose end nobody saw.
pub(crate) fn not_run(arm: &str, line: &str, error: &AttemptError) -> String {
    format!("arm {arm}: {line}: {}", not_started(error))
}

/// Why a program did not run, as a part of a sentence.
pub(crate) fn not_started(error: &AttemptError) -> String {
    match error {
        AttemptError::Helper(error) => format!("the helper that starts programs failed: {error}"),
        AttemptError::Input(error) => format!("its standard input cannot be opened: {error}"),
        AttemptError::Start(error) => match error.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("it cannot be started: {error}; chmod +x makes a file a program")
            }
            _ => format!("it cannot be started: {error}"),
        },
        AttemptError::Pipes => "the helper that starts programs cannot open its pipes".to_owned(),
        AttemptError::Lost => {
            "the helper that watched over it was ended, and so was the program".to_owned()
        }
    }
}

/// The person has not agreed to what a lab runs.
pub(crate) fn not_agreed(name: &str, folder: &Path) -> String {
    format!(
        "the {name} lab is not a part of workbench, and its programs have not run here before; `workbench --lab {name} --labs {}` shows them and asks",
        folder.display()
    )
}

/// No directory for the files of a repeat.
pub(crate) fn no_scratch(path: &Path, error: &io::Error) -> String {
    format!("cannot make {}: {error}", path.display())
}
