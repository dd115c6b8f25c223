//! The command line, defined once: parsing, help, completions and the man page all come from here.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, RangedU64ValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use workbench_dataset::{DecimalSign, Delimiter, ReadOptions, column_names};
use workbench_experiment::lab::Lab;
use workbench_experiment::{AskedWorkers, MaxTime, Width};

use crate::cli_help::{config_help, data_help, fault_help, set_help};
use crate::commands;
use crate::commands::answer::AnswerArgs;
use crate::commands::grade::{self, GradeArgs};
use crate::commands::labs::LabsArgs;
use crate::commands::monitor::{self, MonitorArgs};
use crate::commands::runs::{self, RunsArgs};
use crate::commands::say::SayArgs;
use crate::commands::setup::SetupArgs;
use crate::commands::submit::{self, SubmitArgs};
use crate::commands::verify::{self, VerifyArgs};
use crate::config::{Flags, Key, Setting, SettingKind, Value, theme_names};
use crate::lab_commands::{self, AskedCommand};
use crate::program_args::ProgramArgs;

const EXAMPLES: &str = "\
Examples:
  workbench                                        pick, set up and watch labs on the screen
  workbench --lab rf --report out.html             the whole lab, and a report to read
  workbench --lab rf --preset quick                every arm in seconds
  workbench --lab rf --repeats 5 --workers 1,2,4   intervals, and how it scales
  workbench --lab rf --until 2% --control          until the speed-up is known to 2 %, and the noise
  workbench --lab rf --set max_depth=12 --arms sequential,trees
  workbench --setup \"full on 8\"                    a set-up that was kept in the form
  workbench --lab rf --data houses.csv --target price
  workbench --lab rf --data houses.csv --target price --drop-columns id,town --drop-missing
  workbench --lab ddp --preset quick --yes         training in processes of their own, set up first
  workbench --lab ddp --preset quick --fault kill:rank=1,step=40 --fault slow:rank=0,factor=2
  workbench --lab ddp --data fashion-mnist         a folder of images instead of MNIST
  workbench runs                                   what was run before
  workbench runs status:killed since:yesterday     what of it was killed lately
  workbench compare 20261121-10 20261121-11        two runs side by side
  workbench answer                                 the questions about a lab, and your answers
  workbench --lab rf --assignment week3.toml       as an instructor has set it
  workbench config                                 what is configured, and where it came from
  workbench config --default > \"$(workbench config --path)\"

Exit codes: 0 done, 1 the lab ran and its check failed, 2 usage or configuration,
3 environment (disk full, not writable, a limit reached), 130 interrupted.";

/// Run the same work in several ways and see what parallelism really bought on this machine.
#[derive(Debug, Parser)]
#[command(name = "workbench", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do with runs; without one, `--lab` runs a lab.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// What to run.
    #[command(flatten)]
    pub run: RunArgs,

    /// How the screen looks.
    #[command(flatten)]
    pub screen: ScreenArgs,

    // Its help is that of the setting, as with the flags of the screen.
    #[arg(long, global = true, help_heading = None)]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub run_dir: Option<PathBuf>,

    // Its help is that of the setting.
    #[arg(long, global = true, help_heading = None)]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub labs: Option<PathBuf>,

    /// Ask made-up GPUs instead of this machine's: what they do is in FILE (see docs/monitor.md)
    #[arg(long, global = true, help_heading = None)]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub simulate_gpus: Option<PathBuf>,

    // Its help is that of the setting.
    #[arg(long, global = true, help_heading = None)]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub assignment: Option<PathBuf>,

    /// The configuration file [env: WORKBENCH_CONFIG] [default: see `workbench config --path`]
    #[arg(long, global = true, help_heading = None)]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}

impl Cli {
    /// What the flags say about settings.
    pub fn settings(&self) -> Flags {
        let screen = &self.screen;
        let theme = screen.theme.clone().map(Value::Word);
        let ascii = screen.ascii.then_some(Value::Switch(true));
        let mouse = screen.no_mouse.then_some(Value::Switch(false));
        let run_dir = self.run_dir.clone().map(Value::Place);
        [
            (Key::Theme, theme),
            (Key::Ascii, ascii),
            (Key::Mouse, mouse),
            (Key::RunDir, run_dir),
            (Key::Labs, self.labs.clone().map(Value::Place)),
            (Key::Assignment, self.assignment.clone().map(Value::Place)),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }
}

/// How the screen looks. Only `workbench` alone, in a terminal, has one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Screen (workbench alone, in a terminal)")]
pub struct ScreenArgs {
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(theme_names()))]
    pub theme: Option<String>,

    #[arg(long)]
    pub ascii: bool,

    /// Leave the mouse to the terminal; without this, hold Shift to select text
    #[arg(long)]
    pub no_mouse: bool,
}

/// What to run and where the outcome goes.
#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct RunArgs {
    /// The lab to run; `workbench labs` lists them
    #[arg(long, value_name = "NAME")]
    pub lab: Option<String>,

    /// A set-up that was kept in the form; flags that are given too come before what it holds.
    /// `workbench labs setups` lists them
    #[arg(long, value_name = "NAME")]
    pub setup: Option<String>,

    /// A named set of parameters; `workbench labs` lists them
    #[arg(long, value_name = "NAME", requires = "lab")]
    pub preset: Option<String>,

    /// Set a parameter of the lab; may be given several times
    #[arg(long, value_name = "KEY=VALUE", requires = "lab")]
    pub set: Vec<String>,

    /// The arms to run, separated by commas [default: all but the peers]
    #[arg(long, value_name = "ARM,…", value_delimiter = ',', requires = "lab")]
    pub arms: Vec<String>,

    /// Run the peers too: arms that do the lab's work with what others have made; those that are
    /// not there are named and left out. `workbench setup peers` installs them
    #[arg(long, requires = "lab")]
    pub peers: bool,

    /// Numbers of workers for the parallel arms; several give a scaling curve, and 1..2 lets an arm
    /// that can do so go on with 1 of 2 [default: all usable cores]
    #[arg(long, value_name = "N,…", requires = "lab")]
    pub workers: Option<AskedWorkers>,

    /// Repeats of every arm, interleaved in random order; from 3 on there is an interval, from 5 on
    /// a narrow one
    /// [default: the preset's]
    #[arg(long, value_name = "N", requires = "lab")]
    pub repeats: Option<u32>,

    /// Run more repeats until every interval, from its lower to its upper end, is narrower than
    /// this share of its speed-up, for example 2%
    #[arg(long, value_name = "PERCENT", requires = "lab")]
    pub until: Option<Width>,

    /// With --until: begin no round of repeats after this time, for example 90s or 1h30m
    /// [default: 10m]
    #[arg(long, value_name = "TIME", requires = "until")]
    pub max_time: Option<MaxTime>,

    /// Run the base as a second, equal arm: what it gains is noise, and a speed-up within the noise
    /// is not claimed
    #[arg(long, requires = "lab")]
    pub control: bool,

    /// Seed of everything random [default: 42]
    #[arg(long, value_name = "N", requires = "lab", value_parser = seeds())]
    pub seed: Option<u64>,

    /// Use other data than the lab's own: a CSV file (gzip or Zstandard, too) or a folder of
    /// images, as the lab takes
    #[arg(long, value_name = "PATH", requires = "lab", value_hint = ValueHint::AnyPath)]
    pub data: Option<PathBuf>,

    /// The column of a CSV file to predict
    #[arg(long, value_name = "COLUMN", requires = "lab")]
    pub target: Option<String>,

    /// How a CSV file is read.
    #[command(flatten)]
    pub reading: ReadArgs,

    /// Let something go wrong, in labs that have faults; may be given several times
    #[arg(long, value_name = "FAULT", requires = "lab")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub fault: Vec<String>,

    /// Allow more workers than usable cores; the result is marked
    #[arg(long, requires = "lab")]
    pub oversubscribe: bool,

    /// Set up what the lab lacks without asking: download libtorch, build the worker
    #[arg(long, short, requires = "lab")]
    pub yes: bool,

    /// Where the outcome goes.
    #[command(flatten)]
    pub output: OutputArgs,

    /// The programs of labs that run some.
    #[command(flatten)]
    pub programs: ProgramArgs,

    /// Options that a lab declares and the program does not define, with their values.
    #[arg(skip)]
    pub own_options: Vec<(String, String)>,
}

/// How the file of `--data` is read.
#[derive(Debug, Args)]
pub struct ReadArgs {
    /// The columns of a CSV file to use, separated by commas, besides the one to predict
    /// [default: all]
    #[arg(long, value_name = "COLUMN,…", requires = "data")]
    pub columns: Vec<String>,

    /// Columns of a CSV file to leave out, separated by commas
    #[arg(long, value_name = "COLUMN,…", requires = "data")]
    pub drop_columns: Vec<String>,

    /// The CSV file has no line of column names: its columns are called x1, x2, …
    #[arg(long, requires = "data")]
    pub no_header: bool,

    /// Leave out rows of a CSV file with a missing value in a column that is used
    #[arg(long, requires = "data")]
    pub drop_missing: bool,

    /// What stands between the columns of a CSV file: comma, tab, semicolon, bar, blank, or the
    /// character itself [default: recognised]
    #[arg(long, value_name = "NAME", requires = "data")]
    pub delimiter: Option<Delimiter>,

    /// The decimal sign of a CSV file, point or comma; the other one may then separate thousands
    /// [default: recognised]
    #[arg(long, value_name = "NAME", requires = "data")]
    pub decimal: Option<DecimalSign>,
}

impl ReadArgs {
    /// What they say.
    pub fn options(&self) -> ReadOptions {
        let names = |typed: &[String]| typed.iter().flat_map(|list| column_names(list)).collect();
        ReadOptions {
            columns: names(&self.columns),
            drop_columns: names(&self.drop_columns),
            no_header: self.no_header,
            drop_missing: self.drop_missing,
            delimiter: self.delimiter,
            decimal: self.decimal,
        }
    }
}

/// Where the outcome goes.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Write a report; the extension decides: .html, .json, .csv (a row per task), .md, .svg or
    /// .png (speed-up chart). May be given several times
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Vec<PathBuf>,

    /// Print the result document, and nothing else, on the standard output
    #[arg(long)]
    pub json: bool,

    /// Print no progress and no summary
    #[arg(long, short)]
    pub quiet: bool,
}

/// What `workbench resume` takes.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// An id, its beginning, `latest`, or a directory
    pub run: String,
    /// Go on with another program or on another machine than the run was begun with: its repeats
    /// are kept apart, and no speed-up is stated between the two. Other data is refused always
    #[arg(long)]
    pub keep_apart: bool,
    /// Set up what the lab lacks without asking: download libtorch, build the worker
    #[arg(long, short)]
    pub yes: bool,
    /// Where the outcome goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do with labs, runs and this machine.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the labs with their arms, presets and parameters; make and check labs of your own
    Labs(LabsArgs),
    /// In a script that is an arm: tell more of its work, such as tasks and curves
    Say(SayArgs),
    /// Say what this machine can run, and what would disturb a measurement
    Doctor,
    /// Watch this machine without a run: cores, memory, disks, network, processes, GPUs
    #[command(after_help = monitor::EXAMPLES)]
    Monitor(MonitorArgs),
    /// Find or install libtorch and build the worker, for labs that train in processes of their own
    Setup(SetupArgs),
    /// List the runs that were made, or remove some
    #[command(after_help = runs::EXAMPLES)]
    Runs(RunsArgs),
    /// Show the result of a run
    Show {
        /// An id, its beginning, `latest`, or a directory
        run: String,
        /// Print the result document
        #[arg(long)]
        json: bool,
    },
    /// Write reports of a run
    Report {
        /// An id, its beginning, `latest`, or a directory
        run: String,
        /// The file to write; the extension decides. May be given several times
        #[arg(long, short, value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        output: Vec<PathBuf>,
    },
    /// Answer the questions about a lab or a run, or list them
    Answer(AnswerArgs),
    /// Show runs side by side: what was set differently, and what came out
    Compare {
        /// Ids, beginnings of ids, `latest`, or directories
        #[arg(num_args = 2.., required = true)]
        runs: Vec<String>,
        /// Print a JSON array of the result documents
        #[arg(long)]
        json: bool,
        /// Write the comparison instead; the extension decides: .html, .json, .csv (a row per arm
        /// and run), .md, .svg or .png (the speed-ups as a picture). May be given several times
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Vec<PathBuf>,
    },
    /// Go on with a run that was interrupted or killed; finished repeats are not run again
    Resume(ResumeArgs),
    /// Pack runs into the file that is handed in
    #[command(after_help = submit::EXAMPLES)]
    Submit(SubmitArgs),
    /// Check hand-ins: whether they are whole, follow from their logs, and are plausible
    #[command(after_help = verify::EXAMPLES)]
    Verify(VerifyArgs),
    /// Grade a folder of hand-ins: points, tables for course systems, pages to read and to show
    #[command(after_help = grade::EXAMPLES)]
    Grade(GradeArgs),
    /// Print the configuration as a file, and where each value came from
    #[command(after_help = commands::config::EXAMPLES)]
    Config {
        /// Print where the file lies, or would lie; its directory is made
        #[arg(long, conflicts_with = "default")]
        path: bool,
        /// Print the defaults, as a file to begin with
        #[arg(long)]
        default: bool,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page
    Man,
    /// A command that a lab offers about its runs.
    #[command(skip)]
    OfLab(AskedCommand),
}

/// The flags that set a setting to what they say, by the names of both.
const OF_SETTINGS: [&str; 5] = ["theme", "ascii", "run_dir", "labs", "assignment"];

/// The command with the help that stands elsewhere, of settings and of the labs' parameters, and
/// with what only some labs have.
pub fn command(labs: &[Box<dyn Lab>]) -> clap::Command {
    let settings = OF_SETTINGS.into_iter().filter_map(Setting::named);
    let program = Cli::command();
    let own = lab_commands::options(labs, &program);
    let whole = program.args(own).subcommands(lab_commands::of(labs));
    settings
        .fold(whole, |command, setting| {
            command.mut_arg(setting.name, |arg| arg.help(setting_help(setting)))
        })
        .mut_arg("set", |arg| arg.long_help(set_help(labs)))
        .mut_arg("data", |arg| arg.long_help(data_help(labs)))
        .mut_arg("fault", |arg| arg.long_help(fault_help(labs)))
        .mut_subcommand("config", |config| {
            config.after_long_help(config_help(labs, commands::config::EXAMPLES))
        })
}

/// Parses arguments, the first of which is the program's name.
///
/// # Errors
/// Mistakes; and help and version, which are to be printed instead of doing something.
pub fn parse(
    labs: &[Box<dyn Lab>],
    args: impl IntoIterator<Item = OsString>,
) -> Result<Cli, clap::Error> {
    let matches = command(labs).try_get_matches_from(args)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let known = cli.run.programs.options();
    let is_new = |(name, _): &(String, String)| known.iter().all(|(known, _)| known != name);
    let given = lab_commands::given_options(labs, &matches);
    cli.run.own_options = given.into_iter().filter(is_new).collect();
    if let Some(asked) = lab_commands::asked(labs, &matches) {
        cli.command = Some(Command::OfLab(asked));
    }
    Ok(cli)
}

fn seeds() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(0..=u64::from(u32::MAX))
}

/// What a flag says of its setting: `Colours of the screen. […] [env: WORKBENCH_THEME] [default:
/// dark]`.
fn setting_help(setting: &Setting) -> String {
    let help = setting.help.trim_end_matches('.');
    let mut out = format!("{help} [env: {}]", setting.variable());
    if !matches!(setting.kind, SettingKind::Switch) {
        let _ = write!(
            out,
            " [default: {}]",
            setting.default.unwrap_or(setting.unset)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
