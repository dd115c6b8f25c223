//! A program that is started many times within a repeat, once for each part of its work, such as a
//! trial of a search: one tree of processes with an end at any moment.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use workbench_protocol::arm::{ArmLine, ArmLineError, ArmLines};

use crate::attempt::{HelperProcess, Oversight};
use crate::capture::Wanted;
use crate::failure::{AttemptError, Stopped};
use crate::helper_link::KeptHelper;
use crate::messages;
use crate::program::{CommandLine, find, variables};
use crate::template::PlaceValues;
use crate::wire::{ExitKind, LaunchOrder};

/// How long processes may take to end after they were asked to, in milliseconds.
const GRACE_MS: u64 = 2000;

/// A command line that is started many times, with other values each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceProgram {
    line: CommandLine,
    dir: PathBuf,
    /// What may be named besides parameters; their variables begin otherwise.
    places: &'static [&'static str],
}

/// One start of it.
pub struct OnceStart<'a> {
    /// The values of its placeholders. They are also variables.
    pub values: &'a PlaceValues,
    /// Variables besides those.
    pub vars: &'a [(String, String)],
    /// How long it may take.
    pub limit: Option<Duration>,
    /// How much memory it may have, with all that it started, in bytes.
    pub memory_bytes: Option<u64>,
    /// A file to which everything that it tells is added before this process hears of it: also what
    /// it tells while nobody reads, or this process is killed.
    pub keep: Option<&'a Path>,
    /// A file that stays open until all of it has ended, also where this process is killed before:
    /// whoever gets the lock of the file knows that nothing runs any more.
    pub holds: Option<&'a File>,
    /// Whether it is to end. Asked ten times a second.
    pub stop: &'a dyn Fn() -> bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum OnceEnd {
    /// By itself, without an error; the number of processes that it left is not looked at.
    Done,
    /// It was asked to.
    Asked,
    /// It took too long.
    TimeLimit,
    /// It had more memory than it may, in bytes.
    Memory(u64),
    /// With an exit code that says so, or by a signal; in words, with what it printed last.
    Failed(String),
}

impl OnceProgram {
    /// Reads a command line; the program works in `dir`.
    ///
    /// # Errors
    /// What is wrong with it, as a part of a sentence.
    pub fn new(text: &str, dir: &Path, places: &'static [&'static str]) -> Result<Self, String> {
        let line = CommandLine::new(text, false);
        let line = line.map_err(|error| messages::no_line(error).to_owned())?;
        if let Some(program) = line.program()
            && find(&program, dir).is_none()
        {
            return Err(messages::no_program(&program, &dir.display().to_string()));
        }
        Ok(Self {
            line,
            dir: dir.to_owned(),
            places,
        })
    }

    /// A program and its arguments, which may have placeholders. Whether it is there is not looked
    /// at.
    pub fn of(
        program: &Path,
        args: &[String],
        dir: &Path,
        places: &'static [&'static str],
    ) -> Self {
        Self {
            line: CommandLine::of(&program.display().to_string(), args),
            dir: dir.to_owned(),
            places,
        }
    }

    /// The directory that it works in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The names of its placeholders.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.line.names()
    }

    /// Refuses a placeholder that has no value.
    ///
    /// # Errors
    /// Which, and what there is, as a part of a sentence.
    pub fn check_names(&self, params: &[String]) -> Result<(), String> {
        let known = || {
            let places = self.places.iter().copied();
            places.chain(params.iter().map(String::as_str))
        };
        let unknown = self.names().find(|name| !known().any(|of| of == *name));
        unknown.map_or(Ok(()), |name| {
            let known: Vec<&str> = known().collect();
            Err(messages::unknown_place(name, known.iter().copied()))
        })
    }

    /// The command as a person would type it.
    pub fn typed(&self, values: &PlaceValues) -> String {
        shell_words::join(self.line.argv(values))
    }

    /// Runs it to its end. `told` takes what it tells, and says whether it may go on; while it
    /// takes its time, the program can work ahead. Also says how much CPU time all of it used, in
    /// nanoseconds.
    ///
    /// # Errors
    /// Why it could not be started, in words.
    pub fn run(
        &self,
        start: &OnceStart<'_>,
        told: &mut dyn FnMut(Result<ArmLine, ArmLineError>) -> bool,
    ) -> Result<(OnceEnd, u64), String> {
        let mut vars = variables(start.values, self.places);
        vars.extend_from_slice(start.vars);
        let order = LaunchOrder {
            argv: self.line.argv(start.values),
            dir: self.dir.display().to_string(),
            vars,
            keep: start.keep.map(|path| path.display().to_string()),
            grace_ms: GRACE_MS,
            ..LaunchOrder::default()
        };
        let failed = |error: AttemptError| messages::not_started(&error);
        let take = Box::new(|_: &str, _: &str| {});
        let kept = KeptHelper::default();
        let listens = (true, start.holds);
        let helper = HelperProcess::start(order, listens, Wanted::default(), take, &kept);
        let mut helper = helper.map_err(failed)?;
        let (is_over, too_much) = (Cell::new(false), Cell::new(None));
        let watcher = Oversight {
            is_cancelled: &|| is_over.get() || too_much.get().is_some() || (start.stop)(),
            look: &|look| {
                let most = start.memory_bytes.unwrap_or(u64::MAX);
                if look.rss_bytes > most {
                    too_much.set(Some(look.rss_bytes));
                }
            },
            limit: start.limit,
            silence_limit: None,
        };
        let mut lines = ArmLines::default();
        let attempted = helper.go(&watcher, &mut |bytes| {
            lines.push(bytes, |line| {
                if !told(line) {
                    is_over.set(true);
                }
            });
        });
        let attempted = attempted.map_err(failed)?;
        lines.finish(|line| {
            told(line);
        });
        let processes = attempted.used.usage.processes;
        let end = match (attempted.stopped, too_much.get(), attempted.exit) {
            (_, Some(bytes), _) => OnceEnd::Memory(bytes),
            (Some(Stopped::OnRequest), ..) => OnceEnd::Asked,
            (Some(Stopped::TimeLimit(_) | Stopped::Silent(_)), ..) => OnceEnd::TimeLimit,
            (None, _, ExitKind::Code(0)) => OnceEnd::Done,
            (Some(Stopped::StoodStill) | None, _, exit) => {
                let last = &attempted.printed.last_lines;
                OnceEnd::Failed(messages::ended_with(exit, last))
            }
        };
        Ok((end, processes.map_or(0, |processes| processes.cpu_ns())))
    }
}
