//! The options of labs whose arms are programs.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

/// What programs to run, and how. Each of these stands for a parameter of the lab.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Programs as arms (--lab commands)")]
pub struct ProgramArgs {
    /// An arm: a name, and a program with its arguments, in which {workers} makes the arm a
    /// parallel one. May be given several times; the first is the base
    #[arg(long, value_name = "NAME=COMMAND", requires = "lab")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub arm: Vec<String>,

    /// Give all commands to a shell (sh -c), for pipes and variables
    #[arg(long, requires = "lab")]
    pub shell: bool,

    /// A command to run before every repeat, off the clock
    #[arg(long, value_name = "COMMAND", requires = "lab")]
    pub prepare: Option<String>,

    /// A command to run after every repeat, off the clock, however the repeat ended
    #[arg(long, value_name = "COMMAND", requires = "lab")]
    pub cleanup: Option<String>,

    /// Untimed runs of every arm before its first repeat
    #[arg(long, value_name = "N", requires = "lab")]
    pub warm_up: Option<u32>,

    /// End a repeat after so many seconds; its arm has failed then
    #[arg(long, value_name = "SECONDS", requires = "lab")]
    pub time_limit: Option<f64>,

    /// The exit codes of done work, separated by commas, or any [default: 0]
    #[arg(long, value_name = "N,…", requires = "lab")]
    pub exit_codes: Option<String>,

    /// The file that the programs read as their standard input [default: nothing]
    #[arg(long, value_name = "FILE", requires = "lab", value_hint = ValueHint::FilePath)]
    pub stdin: Option<String>,

    /// The directory in which the programs work [default: the current one]
    #[arg(long, value_name = "DIR", requires = "lab", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,

    /// A variable for the programs; may be given several times
    #[arg(long, value_name = "NAME=VALUE", requires = "lab")]
    pub env: Vec<String>,

    /// What has to be equal between arms: exit (nothing but the exit code), stdout, outputs (those
    /// that the programs tell), file:PATH, or number:PATTERN~TOLERANCE, a number that a pattern
    /// finds in the output; may be given several times, and all have to hold [default: exit]
    #[arg(long, value_name = "WHAT", requires = "lab")]
    pub check: Vec<String>,
}

impl ProgramArgs {
    /// What was given, by the names of the options.
    pub fn options(&self) -> Vec<(String, String)> {
        let mut given: Vec<(&str, String)> = Vec::new();
        given.extend(self.arm.iter().map(|arm| ("arm", arm.clone())));
        given.extend(self.shell.then(|| ("shell", true.to_string())));
        given.extend(self.env.iter().map(|variable| ("env", variable.clone())));
        given.extend(self.check.iter().map(|check| ("check", check.clone())));
        let dir = self
            .dir
            .as_ref()
            .map(|dir| dir.to_string_lossy().into_owned());
        let single = [
            ("prepare", self.prepare.clone()),
            ("cleanup", self.cleanup.clone()),
            ("warm-up", self.warm_up.map(|runs| runs.to_string())),
            (
                "time-limit",
                self.time_limit.map(|seconds| seconds.to_string()),
            ),
            ("exit-codes", self.exit_codes.clone()),
            ("stdin", self.stdin.clone()),
            ("dir", dir),
        ];
        given.extend(
            single
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        given.into_iter().map(owned).collect()
    }
}
