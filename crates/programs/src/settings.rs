//! What a lab of programs has to know about its arms, and how it reads that from the parameters of
//! a run.

use std::collections::BTreeSet;
use std::time::Duration;

use workbench_experiment::lab::{LIST_SEPARATOR, Opt, ParamValue, Params, Refusal};
use workbench_record::CONTROL;

use crate::check::OutputChecks;
use crate::messages;
use crate::program::{ArmProgram, CommandLine, PLACES};
use crate::template::Template;

/// The names of the parameters.
pub(crate) mod param {
    pub const ARMS: &str = "arms";
    pub const SHELL: &str = "shell";
    pub const PREPARE: &str = "prepare";
    pub const CLEANUP: &str = "cleanup";
    pub const WARM_UP: &str = "warm_up";
    pub const TIME_LIMIT: &str = "time_limit_s";
    pub const EXIT_CODES: &str = "exit_codes";
    pub const STDIN: &str = "stdin";
    pub const DIR: &str = "dir";
    pub const ENV: &str = "env";
    pub const CHECK: &str = "check";
}

/// Longest name of an arm, in bytes.
const LONGEST_NAME: usize = 40;

/// Everything that decides how programs run.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProgramSettings {
    /// The arms; the first is the base.
    pub arms: Vec<ArmProgram>,
    /// Runs before every repeat.
    pub prepare: Option<CommandLine>,
    /// Runs after every repeat.
    pub cleanup: Option<CommandLine>,
    /// Untimed runs of every arm before its first repeat.
    pub warm_up: u32,
    /// How long a repeat may take.
    pub time_limit: Option<Duration>,
    /// For how long its program may tell nothing.
    pub silence_limit: Option<Duration>,
    /// The exit codes of done work; `None` is any.
    pub exit_codes: Option<BTreeSet<i32>>,
    /// The file to read as standard input.
    pub stdin: Option<Template>,
    /// The directory to work in; empty is the current one.
    pub dir: String,
    /// Parameters of the lab that its commands may name.
    pub params: Vec<String>,
    /// How outputs are compared.
    pub checks: OutputChecks,
    /// What of a program's time counts.
    pub timed: Timed,
}

/// What of a program's time counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Timed {
    /// All of it, from its start to its end.
    #[default]
    Whole,
    /// From its start to the end of its work, as it tells that.
    UntilDone,
    /// From the end of its start-up to the end of its work, as it tells them.
    Work,
}

impl ProgramSettings {
    /// Reads the parameters of a lab whose arms are given with a run.
    pub(crate) fn read(params: &Params) -> Result<Self, Refusal> {
        let shell = params.get(param::SHELL) == Some(&ParamValue::Boolean(true));
        let env = environment(text(params, param::ENV))?;
        let arms = arms(text(params, param::ARMS), shell, &env)?;
        let this = Self {
            arms,
            prepare: command(params, param::PREPARE, shell)?,
            cleanup: command(params, param::CLEANUP, shell)?,
            ..Self::common(params)?
        };
        this.known_places(&BTreeSet::new())?;
        Ok(this)
    }

    /// Reads the parameters that any lab of programs may have.
    pub(crate) fn common(params: &Params) -> Result<Self, Refusal> {
        let check = text(params, param::CHECK);
        let stdin = text(params, param::STDIN);
        let refused = |name, value: &str, reason| Refusal::new(set(name), value, reason);
        Ok(Self {
            warm_up: match params.get(param::WARM_UP) {
                Some(ParamValue::Integer(runs)) => u32::try_from(*runs).unwrap_or(0),
                _ => 0,
            },
            time_limit: seconds(params),
            silence_limit: None,
            exit_codes: exit_codes(text(params, param::EXIT_CODES))?,
            stdin: (!stdin.is_empty()).then(|| Template::new(stdin)),
            dir: text(params, param::DIR).to_owned(),
            checks: check.parse().map_err(|error: crate::CheckError| {
                refused(param::CHECK, check, error.to_string())
            })?,
            ..Self::default()
        })
    }

    /// Refuses placeholders that are neither everybody's nor parameters of the lab.
    pub(crate) fn known_places(&self, params: &BTreeSet<&str>) -> Result<(), Refusal> {
        let lines = |line: &CommandLine| line.names().map(str::to_owned).collect::<Vec<_>>();
        let of_arm = |arm: &ArmProgram| {
            let env = arm.env.iter().flat_map(|(_, value)| value.names());
            let env: Vec<String> = env.map(str::to_owned).collect();
            [lines(&arm.line), env].concat()
        };
        let of_file = |path| {
            Template::new(path)
                .names()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let stdin = self.stdin.iter().flat_map(Template::names);
        let used = [
            (param::ARMS, self.arms.iter().flat_map(of_arm).collect()),
            (
                param::PREPARE,
                self.prepare.iter().flat_map(lines).collect(),
            ),
            (
                param::CLEANUP,
                self.cleanup.iter().flat_map(lines).collect(),
            ),
            (param::STDIN, stdin.map(str::to_owned).collect()),
            (
                param::CHECK,
                self.checks.files().flat_map(of_file).collect(),
            ),
        ];
        for (param, names) in used {
            let names: Vec<String> = names;
            for name in names {
                if !PLACES.contains(&name.as_str()) && !params.contains(name.as_str()) {
                    let known = PLACES.iter().chain(params).copied();
                    let reason = messages::unknown_place(&name, known);
                    return Err(Refusal::of(set(param), reason));
                }
            }
        }
        Ok(())
    }
}

/// The parameter as an option.
pub(crate) fn set(name: &str) -> Opt {
    Opt::Set(name.to_owned())
}

fn text<'a>(params: &'a Params, name: &str) -> &'a str {
    match params.get(name) {
        Some(ParamValue::Text(text)) => text.trim(),
        _ => "",
    }
}

fn seconds(params: &Params) -> Option<Duration> {
    let seconds = match params.get(param::TIME_LIMIT) {
        Some(ParamValue::Float(seconds)) => *seconds,
        Some(ParamValue::Integer(seconds)) => *seconds as f64,
        _ => 0.0,
    };
    let limit = Duration::try_from_secs_f64(seconds).ok();
    limit.filter(|limit| !limit.is_zero())
}

fn command(params: &Params, name: &str, shell: bool) -> Result<Option<CommandLine>, Refusal> {
    let text = text(params, name);
    if text.is_empty() {
        return Ok(None);
    }
    let line = CommandLine::new(text, shell);
    line.map(Some)
        .map_err(|error| Refusal::new(set(name), text, messages::no_line(error)))
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    let parts = list.split(LIST_SEPARATOR).map(str::trim);
    parts.filter(|part| !part.is_empty())
}

fn environment(list: &str) -> Result<Vec<(String, Template)>, Refusal> {
    parts(list)
        .map(|part| match part.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok((name.trim().to_owned(), Template::new(value)))
            }
            _ => {
                let reason = "write it as NAME=VALUE";
                Err(Refusal::new(set(param::ENV), part, reason))
            }
        })
        .collect()
}

fn arms(list: &str, shell: bool, env: &[(String, Template)]) -> Result<Vec<ArmProgram>, Refusal> {
    let mut arms: Vec<ArmProgram> = Vec::new();
    for part in parts(list) {
        let refused = |reason: String| Refusal::new(set(param::ARMS), part, reason);
        let (name, line) = part
            .split_once('=')
            .filter(|(name, _)| is_name(name.trim()))
            .ok_or_else(|| refused(messages::NO_NAME.to_owned()))?;
        let name = name.trim();
        if arms.iter().any(|arm| arm.name == name) {
            return Err(refused(format!("there are two arms called {name}")));
        }
        if name == CONTROL {
            return Err(refused(messages::RESERVED.to_owned()));
        }
        let line = CommandLine::new(line, shell);
        arms.push(ArmProgram {
            name: name.to_owned(),
            line: line.map_err(|error| refused(messages::no_line(error).to_owned()))?,
            env: env.to_vec(),
        });
    }
    check_arms(&arms).map_err(|reason| Refusal::of(set(param::ARMS), reason))?;
    Ok(arms)
}

/// What arms have to be together.
pub(crate) fn check_arms(arms: &[ArmProgram]) -> Result<(), String> {
    let Some(base) = arms.first() else {
        return Err(messages::NO_ARMS.to_owned());
    };
    if base.is_parallel() {
        return Err(messages::parallel_base(&base.name));
    }
    Ok(())
}

/// Whether a text can name an arm everywhere: in lists, files and charts.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(fits)
}

fn exit_codes(list: &str) -> Result<Option<BTreeSet<i32>>, Refusal> {
    if list == "any" {
        return Ok(None);
    }
    if list.is_empty() {
        return Ok(Some([0].into()));
    }
    let code = |part: &str| part.trim().parse::<u8>().ok().map(i32::from);
    let codes = list.split(',').map(code).collect::<Option<BTreeSet<i32>>>();
    let refused = || {
        let reason = "give whole numbers from 0 to 255 with commas between them, or any";
        Refusal::new(set(param::EXIT_CODES), list, reason)
    };
    codes.map(Some).ok_or_else(refused)
}
