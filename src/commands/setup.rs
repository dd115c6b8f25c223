//! `workbench setup`: libtorch and the worker, for labs that train in processes of their own.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use workbench_engine::report::format;

use crate::failure::{Failure, code};
use crate::libtorch::{
    Libtorch, Place, Plan, Report, Setup, SetupError, Step, Tools, VERSION, WHEELS, WorkerSource,
    variable,
};
use crate::output;

/// What `workbench setup` is told.
#[derive(Debug, Default, Args)]
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
    run_telling(args, output::line)
}

/// As [`run`]; what there is in the end goes where `tell` puts it.
pub fn run_telling(args: SetupArgs, tell: fn(&str) -> std::io::Result<()>) -> Result<u8, Failure> {
    let place = Place::new(args.dir)?;
    if args.check {
        return check(&place);
    }
    if args.env {
        return env(&place);
    }
    let source = WorkerSource::here();
    let found = Libtorch::find(&place, variable().as_deref())?;
    let plan = Plan::new(&place, found.as_ref(), &WHEELS, source.exists());
    if let Some(libtorch) = &found {
        output::error_line(&format!("Found {}.", libtorch.describe()))?;
    }
    if plan.download > 0 && !args.yes && !agreed(&place, &plan)? {
        return Err(Failure::environment("nothing was downloaded"));
    }
    if plan.steps.contains(&Step::Build) {
        source.check()?;
    }
    let tools = Tools::default();
    let setup = Setup {
        place: &place,
        tools: &tools,
        wheels: &WHEELS,
        source: &source,
        keep: args.keep,
    };
    let outcome = setup.run(&plan, found, &mut |number, steps, step| {
        // A closed standard error must not end a download.
        let _ = output::error_line(&format!("{number}/{steps}  {}", step.title()));
    })?;
    tell(&outcome.libtorch.describe())?;
    if let Some(worker) = outcome.worker {
        tell(&format!("worker in {}", worker.display()))?;
    }
    Ok(code::DONE)
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
fn agreed(place: &Place, plan: &Plan) -> Result<bool, Failure> {
    let announcement = format!(
        "libtorch {VERSION} for the CPU is not there. It is {} to download, through pip, and {} on disk, in {}.",
        format::bytes(plan.download),
        format::bytes(crate::libtorch::UNPACKED_BYTES),
        place.root().display()
    );
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Failure::environment(format!(
            "{announcement} Run `workbench setup --yes` to download it, or set LIBTORCH to the folder of a libtorch {VERSION} of your own"
        )));
    }
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{announcement}\nGo on? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
