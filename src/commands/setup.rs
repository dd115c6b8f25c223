//! `workbench setup`: libtorch and the worker, for labs that train in processes of their own.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use workbench_engine::report::format;

use crate::failure::{Failure, code};
use crate::libtorch::{
    Libtorch, Outcome, Place, Plan, Report, Setup, SetupError, Step, Tools, VERSION, WHEELS,
    WorkerSource, variable,
};
use crate::output;

/// What `workbench setup` is told.
#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct SetupArgs {
    /// Only say what is there; exits 3 when something is missing
    #[arg(long, conflicts_with_all = ["yes", "keep"])]
    pub check: bool,

    /// Only print where things are, as variables for a shell: eval "$(workbench setup --env)"; exits 3 without libtorch
    #[arg(long, conflicts_with_all = ["yes", "keep", "check"])]
    pub env: bool,

    /// Download without asking
    #[arg(long, short)]
    pub yes: bool,

    /// Keep the downloaded wheels when they are unpacked
    #[arg(long)]
    pub keep: bool,

    /// Where everything goes [default: the platform's cache directory]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, env = CACHE_VARIABLE)]
    pub dir: Option<PathBuf>,
}

/// Prints the variables by which cargo and labs find libtorch and the worker.
fn env(place: &Place) -> Result<u8, Failure> {
    let Some(libtorch) = Libtorch::find(place, variable().as_deref())? else {
        return Err(Failure::environment(
            "there is no libtorch yet: `workbench setup` installs it",
        ));
    };
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    output::line(&format!("export LIBTORCH={}", quoted(&libtorch.path)))?;
    let worker = place.worker();
    if worker.is_file() {
        output::line(&format!("export WORKBENCH_WORKER={}", quoted(&worker)))?;
    }
    Ok(code::DONE)
}

/// The variable that stands for `--dir`; other commands read it too.
const CACHE_VARIABLE: &str = "WORKBENCH_CACHE_DIR";

/// Where things are when nothing is said on the command line.
pub fn default_place() -> Result<Place, SetupError> {
    let set = std::env::var_os(CACHE_VARIABLE).filter(|value| !value.is_empty());
    Place::new(set.map(PathBuf::from))
}

/// Finds or installs libtorch, then builds the worker. Exits 3 when either cannot be had.
pub fn run(args: SetupArgs) -> Result<u8, Failure> {
    let place = Place::new(args.dir)?;
    if args.check {
        return check(&place);
    }
    if args.env {
        return env(&place);
    }
    let job = Job::new(place)?;
    if let Some(libtorch) = &job.found {
        output::error_line(&format!("Found {}.", libtorch.describe()))?;
    }
    if job.plan.download > 0 && !args.yes && !agreed(&job)? {
        return Err(Failure::environment("nothing was downloaded"));
    }
    let outcome = job.run(args.keep)?;
    output::line(&outcome.libtorch.describe())?;
    if let Some(worker) = outcome.worker {
        output::line(&format!("worker in {}", worker.display()))?;
    }
    Ok(code::DONE)
}

/// Sets up what a lab lacks before it goes on: with `yes` at once, on a terminal when the person there agrees. `why` says what
/// the lab lacks. Everything is told on the standard error: the other stream belongs to the lab's outcome.
pub fn ensure(why: &str, yes: bool) -> Result<(), Failure> {
    let job = Job::new(default_place()?)?;
    if !yes && !has_person() {
        let size = match job.plan.download {
            0 => String::new(),
            bytes => format!(" ({} to download)", format::bytes(bytes)),
        };
        return Err(Failure::environment(format!(
            "{why}; run `workbench setup`{size}, or this command with --yes, which does so first"
        )));
    }
    output::error_line(&format!("workbench: {why}."))?;
    if !yes && !ask(&job.announcement(), "Set it up and go on?")? {
        return Err(Failure::environment(
            "nothing was set up and nothing was run; `workbench setup` does the one without the other",
        ));
    }
    let outcome = job.run(false)?;
    Ok(output::error_line(&format!(
        "Set up: {}.",
        outcome.libtorch.describe()
    ))?)
}

/// What [`ensure`] would do: what is downloaded and built, how large that is, and where it goes.
pub fn announce() -> Result<String, Failure> {
    Ok(Job::new(default_place()?)?.announcement())
}

/// What is to be done where.
struct Job {
    place: Place,
    source: WorkerSource,
    found: Option<Libtorch>,
    plan: Plan,
}

impl Job {
    fn new(place: Place) -> Result<Self, Failure> {
        let source = WorkerSource::here();
        let found = Libtorch::find(&place, variable().as_deref())?;
        let plan = Plan::new(&place, found.as_ref(), &WHEELS, source.exists());
        Ok(Self {
            place,
            source,
            found,
            plan,
        })
    }

    /// What would be downloaded and built, how large it is, and where it goes.
    fn announcement(&self) -> String {
        let root = self.place.root().display();
        let mut told = Vec::new();
        if self.found.is_none() {
            told.push(format!(
                "libtorch {VERSION} for the CPU is not there. It is {} to download, through pip, and {} on disk, in {root}.",
                format::bytes(self.plan.download),
                format::bytes(crate::libtorch::UNPACKED_BYTES),
            ));
        }
        if self.plan.steps.contains(&Step::Build) {
            told.push(format!(
                "The worker is built with cargo, in {root}, which takes minutes the first time."
            ));
        }
        told.join(" ")
    }

    /// Does it, and tells every step on the standard error.
    fn run(self, keep: bool) -> Result<Outcome, Failure> {
        if self.plan.steps.contains(&Step::Build) {
            self.source.check()?;
        }
        let tools = Tools::default();
        let setup = Setup {
            place: &self.place,
            tools: &tools,
            wheels: &WHEELS,
            source: &self.source,
            keep,
        };
        let outcome = setup.run(&self.plan, self.found, &mut |number, steps, step| {
            // A closed standard error must not end a download.
            let _ = output::error_line(&format!("{number}/{steps}  {}", step.title()));
        })?;
        Ok(outcome)
    }
}

fn check(place: &Place) -> Result<u8, Failure> {
    let report = Report::look(place);
    let mut out = String::new();
    for (mark, text) in report.lines() {
        let _ = writeln!(out, "{mark:<8} {text}");
    }
    output::print(&out)?;
    Ok(if report.is_ready() {
        code::DONE
    } else {
        code::ENVIRONMENT
    })
}

/// Says what will be downloaded and asks; without a terminal there is nobody to ask.
fn agreed(job: &Job) -> Result<bool, Failure> {
    let announcement = job.announcement();
    if !has_person() {
        return Err(Failure::environment(format!(
            "{announcement} Run `workbench setup --yes` to download it, or set LIBTORCH to the folder of a libtorch {VERSION} of your own"
        )));
    }
    ask(&announcement, "Go on?")
}

/// Whether there is somebody to ask.
fn has_person() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(announcement: &str, question: &str) -> Result<bool, Failure> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{announcement}\n{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
