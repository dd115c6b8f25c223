//! `workbench setup`: libtorch and the worker, for labs that train in processes of their own.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use workbench_machine::MachineFacts;
use workbench_report::format;

use super::setup_peers::PeersArgs;
use crate::exit_error::{ExitError, code};
use crate::libtorch::{
    CACHE_VARIABLE, CUDA_WHEELS, CacheFolder, Compute, GpuSetup, HEADER_WHEELS, INCLUDE_VARIABLE,
    InstallPlan, Inventory, Libtorch, Setup, Step, Tools, VERSION, WHEELS, Wheel, WorkerSource,
    WorkerState, variable,
};
use crate::output;

/// What `workbench setup` is told.
#[derive(Debug, Default, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SetupArgs {
    /// What else to set up.
    #[command(subcommand)]
    pub what: Option<SetupWhat>,

    /// Only say what is there; exits 3 when something is missing
    #[arg(long, conflicts_with_all = ["yes", "keep"])]
    pub check: bool,

    /// Only print where things are, as variables for a shell: eval "$(workbench setup --env)";
    /// exits 3 without libtorch
    #[arg(long, conflicts_with_all = ["yes", "keep", "check"])]
    pub env: bool,

    /// Download without asking
    #[arg(long, short)]
    pub yes: bool,

    /// Install libtorch with CUDA, for training on NVIDIA GPUs too (2.34 GiB to download, 3.35 GiB
    /// on disk)
    #[arg(long, conflicts_with = "env")]
    pub cuda: bool,

    /// Keep the downloaded wheels when they are unpacked
    #[arg(long)]
    pub keep: bool,

    /// Where everything goes [default: the platform's cache directory]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, env = CACHE_VARIABLE)]
    pub dir: Option<PathBuf>,
}

/// What to set up besides libtorch.
#[derive(Debug, Subcommand)]
pub enum SetupWhat {
    /// Install the peers of labs: a Python environment for each lab, with the releases that the
    /// figures were taken with
    Peers(PeersArgs),
}

/// Prints the environment variables with which cargo and labs find libtorch and the worker.
fn env(place: &CacheFolder) -> Result<u8, ExitError> {
    let Some(libtorch) = Libtorch::find(place, variable().as_deref())? else {
        return Err(ExitError::environment(
            "there is no libtorch yet: `workbench setup` installs it",
        ));
    };
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    output::line(&format!("export LIBTORCH={}", quoted(&libtorch.path)))?;
    // Headers that were downloaded for a libtorch without them, so that cargo alone builds the same
    // as the set-up.
    let headers = place.headers().join("nvidia/cu13/include");
    if libtorch.device == Compute::Cuda && headers.is_dir() {
        output::line(&format!("export {INCLUDE_VARIABLE}={}", quoted(&headers)))?;
    }
    let worker = place.worker();
    if worker.is_file() {
        if let WorkerState::Unfit { path, why } = Inventory::look(place).worker {
            output::error_line(&format!("workbench: {}: {why}", path.display()))?;
        }
        output::line(&format!("export WORKBENCH_WORKER={}", quoted(&worker)))?;
    }
    Ok(code::DONE)
}

/// Finds or installs libtorch, then builds the worker. Exits with 3 when either is impossible.
pub fn run(args: SetupArgs) -> Result<u8, ExitError> {
    run_telling(args, output::line)
}

/// As [`run`]; `tell` prints the final state.
pub fn run_telling(
    args: SetupArgs,
    tell: fn(&str) -> std::io::Result<()>,
) -> Result<u8, ExitError> {
    let place = CacheFolder::new(args.dir)?;
    if args.check {
        return check(&place, args.cuda);
    }
    if args.env {
        return env(&place);
    }
    let source = WorkerSource::here();
    let found = usable(Libtorch::find(&place, variable().as_deref())?, args.cuda)?;
    let (plan, wheels) = plan(&place, found.as_ref(), args.cuda, source.exists());
    if let Some(libtorch) = &found {
        output::error_line(&format!("Found {}.", libtorch.describe()))?;
    }
    if !args.cuda {
        hint(found.as_ref())?;
    }
    if plan.download > 0 && !args.yes && !agreed(&place, &plan, args.cuda)? {
        return Err(ExitError::environment("nothing was downloaded"));
    }
    if plan.steps.contains(&Step::Build) {
        source.check()?;
    }
    let tools = Tools::default();
    let setup = Setup {
        place: &place,
        tools: &tools,
        wheels,
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
    if args.cuda {
        let (mark, text) = GpuSetup::look(&Inventory::look(&place)).line();
        tell(&format!("{mark:<8} {text}"))?;
    }
    Ok(code::DONE)
}

/// The installed libtorch to use: for GPUs, our own CPU version is not enough, and a named one must
/// have CUDA.
pub(super) fn usable(found: Option<Libtorch>, cuda: bool) -> Result<Option<Libtorch>, ExitError> {
    match found {
        Some(libtorch) if cuda && libtorch.device == Compute::Cpu => {
            if variable().is_some() {
                return Err(ExitError::environment(format!(
                    "LIBTORCH={}: this libtorch is for the CPU alone; set it to one with CUDA, such as the folder `torch` in the packages of a Python that has torch {VERSION}, or unset it",
                    libtorch.path.display()
                )));
            }
            Ok(None)
        }
        found => Ok(found),
    }
}

/// The remaining steps, and their wheels.
pub(super) fn plan(
    place: &CacheFolder,
    found: Option<&Libtorch>,
    cuda: bool,
    has_worker: bool,
) -> (InstallPlan, &'static [Wheel]) {
    if !cuda {
        return (InstallPlan::new(place, found, &WHEELS, has_worker), &WHEELS);
    }
    let plan = InstallPlan::with_cuda(place, found, (&CUDA_WHEELS, &HEADER_WHEELS), has_worker);
    let wheels: &[_] = if plan.steps.contains(&Step::Headers) {
        &HEADER_WHEELS
    } else {
        &CUDA_WHEELS
    };
    (plan, wheels)
}

/// Points out `--cuda` on a machine with a GPU. A GPU alone does not cause a download of gigabytes.
fn hint(found: Option<&Libtorch>) -> Result<(), ExitError> {
    if found.is_some_and(|libtorch| libtorch.device == Compute::Cuda) {
        return Ok(());
    }
    let gpus = MachineFacts::probe().gpus;
    if let Some(gpu) = gpus.first() {
        let size: u64 = CUDA_WHEELS.iter().map(|wheel| wheel.bytes).sum();
        output::error_line(&format!(
            "This machine has {} ({} in all). This set-up trains on the CPU; `workbench setup --cuda` makes one for GPUs too ({} to download).",
            if gpu.name.is_empty() {
                "an NVIDIA GPU"
            } else {
                &gpu.name
            },
            gpus.len(),
            format::bytes(size)
        ))?;
    }
    Ok(())
}

fn check(place: &CacheFolder, cuda: bool) -> Result<u8, ExitError> {
    let report = Inventory::look(place);
    let gpus = GpuSetup::look(&report);
    let mut out = String::new();
    for (mark, text) in report.lines().into_iter().chain([gpus.line()]) {
        let _ = writeln!(out, "{mark:<8} {text}");
    }
    let mut ready = report.is_ready();
    if cuda && let Some(lacks) = gpus.lacks() {
        ready = false;
        let _ = writeln!(out, "{:<8} {lacks}", "missing");
    }
    output::print(&out)?;
    Ok(if ready { code::DONE } else { code::ENVIRONMENT })
}

/// Says what will be downloaded and asks; without a terminal it cannot ask.
fn agreed(place: &CacheFolder, plan: &InstallPlan, cuda: bool) -> Result<bool, ExitError> {
    let what = match (cuda, plan.steps.contains(&Step::Headers)) {
        (true, true) => {
            "Some of CUDA's headers, which the worker is built with, are not there. They are"
                .to_owned()
        }
        (true, false) => format!("libtorch {VERSION} with CUDA is not there. It is"),
        (false, _) => format!("libtorch {VERSION} for the CPU is not there. It is"),
    };
    let announcement = format!(
        "{what} {} to download, through pip, and {} on disk, in {}.",
        format::bytes(plan.download),
        format::bytes(plan.unpacked),
        place.root().display()
    );
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let flag = if cuda { "--cuda " } else { "" };
        return Err(ExitError::environment(format!(
            "{announcement} Run `workbench setup {flag}--yes` to download it, or set LIBTORCH to the folder of a libtorch {VERSION} of your own"
        )));
    }
    Ok(output::ask(&format!("{announcement}\nContinue?"))?)
}
