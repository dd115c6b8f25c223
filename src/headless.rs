//! A run without a screen: progress while it runs, summary and reports when it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use workbench_experiment::lab::{Lab, LabError};
use workbench_experiment::setup::SavedSetup;
use workbench_experiment::{Control, Ended, ExperimentError, OtherOrigin, Request, StopRequests};
use workbench_machine::limits::room_for_files;
use workbench_machine::measuring::shared_folder;
use workbench_machine::usable_cores;
use workbench_record::{ArmFailureKind, RunDir, RunStatus, RunStore};

use crate::build_facts::BUILD;
use crate::cli::{OutputArgs, ResumeArgs, RunArgs};
use crate::commands::{ensure, setups};
use crate::exit_error::{ExitError, code};
use crate::foreign;
use crate::output;
use crate::pause;
use crate::progress::{Follower, Style};
use crate::registry;
use crate::summary;

/// `workbench --lab …`.
pub fn run(labs: &[Box<dyn Lab>], store: &RunStore, args: &RunArgs) -> Result<u8, ExitError> {
    let kept: Option<(&str, SavedSetup)> = match args.setup.as_deref() {
        Some(name) => Some((name, setups::read(name)?)),
        None => None,
    };
    let lab = match &kept {
        Some((name, setup)) => setups::lab(labs, args.lab.as_deref(), (name, setup))?,
        None => registry::find(labs, args.lab.as_deref().unwrap_or_default())?,
    };
    let given = Request {
        preset: args.preset.clone(),
        set: args.set.clone(),
        arms: args.arms.clone(),
        peers: args.peers,
        workers: args.workers.clone().unwrap_or_default(),
        repeats: args.repeats,
        seed: args.seed,
        faults: args.fault.clone(),
        options: [args.programs.options(), args.own_options.clone()].concat(),
        data: args.data.clone(),
        target: args.target.clone(),
        reading: args.reading.options(),
        oversubscribe: args.oversubscribe,
        until: args.until,
        max_time: args.max_time,
        control: args.control,
    };
    let request = match &kept {
        Some((name, setup)) => setups::with(setups::request(name, setup, lab)?, given),
        None => given,
    };
    let config = workbench_experiment::resolve_for(lab, &request, &usable_cores())?;
    check_reports(&args.output.report)?;
    foreign::ensure_agreed(lab, args.yes, store)?;
    let signals = Signals::watch()?;
    let ended = with_setup(&signals, args.yes, |control| {
        let follower = Follower::new(Style::choose(args.output.quiet));
        let subscriber = follower.subscriber();
        let config = config.clone();
        let ended = workbench_experiment::run(lab, config, &BUILD, store, subscriber, control);
        follower.finish();
        ended
    })?;
    conclude(&ended, &args.output)
}

/// `workbench resume RUN`.
pub fn resume(
    mut labs: Vec<Box<dyn Lab>>,
    store: &RunStore,
    args: &ResumeArgs,
) -> Result<u8, ExitError> {
    let run = store.find(&args.run)?;
    let origin = if args.keep_apart {
        OtherOrigin::KeepApart
    } else {
        OtherOrigin::Refuse
    };
    let snapshot = run.snapshot()?;
    let lab = match snapshot.started.as_deref() {
        Some(started) => foreign::lab_of_run(&mut labs, started)?,
        None => registry::position(&labs, "")?,
    };
    let lab = labs[lab].as_ref();
    check_reports(&args.output.report)?;
    foreign::ensure_agreed(lab, args.yes, store)?;
    let signals = Signals::watch()?;
    let ended = with_setup(&signals, args.yes, |control| {
        let follower = Follower::resuming(Style::choose(args.output.quiet), &snapshot);
        let ended = workbench_experiment::resume(
            lab,
            &run,
            (&BUILD, origin),
            follower.subscriber(),
            control,
        );
        follower.finish();
        ended
    })?;
    conclude(&ended, &args.output)
}

/// Runs a lab. If it lacks something that the set-up installs, installs it and runs the lab again.
/// The first attempt leaves no record, because the lab was not prepared.
fn with_setup(
    signals: &Signals,
    yes: bool,
    attempt: impl Fn(&Control) -> Result<Ended, ExperimentError>,
) -> Result<Ended, ExitError> {
    match attempt(&signals.control) {
        Err(ExperimentError::Lab(LabError::SetUp { what, gpus }))
            if !signals.control.is_stopped() =>
        {
            signals.end_at_once(|| ensure::ensure(&what, gpus, yes))?;
            Ok(attempt(&signals.control)?)
        }
        ended => Ok(ended?),
    }
}

/// A target that cannot be written is reported before the run, not after it.
fn check_reports(paths: &[PathBuf]) -> Result<(), ExitError> {
    paths
        .iter()
        .try_for_each(|path| workbench_report::check_writable(path))
        .map_err(ExitError::from)
}

/// Files that a run has open at once: those of signals, the data, the log and the machine's
/// counters.
const FILES: usize = 20;

/// Ctrl-C, SIGTERM and SIGHUP.
struct Signals {
    control: Control,
    at_once: Arc<AtomicBool>,
}

impl Signals {
    /// Turns the first signal into a request to stop; a second one ends the process at once. See
    /// [`StopRequests`] for what counts as a second one.
    fn watch() -> Result<Self, ExitError> {
        room_for_files(FILES).map_err(|error| ExitError::cannot("start a run", &error))?;
        let control = Control::beside(Some(shared_folder()));
        let at_once = Arc::<AtomicBool>::default();
        let (steered, hurry) = (control.clone(), Arc::clone(&at_once));
        let mut requests = StopRequests::default();
        ctrlc::set_handler(move || {
            if !requests.is_new(Instant::now()) {
                return;
            }
            if hurry.load(Ordering::SeqCst) || steered.stop() {
                std::process::exit(i32::from(code::INTERRUPTED));
            }
        })
        .map_err(|error| match error {
            ctrlc::Error::System(error) => ExitError::cannot("watch for Ctrl-C", &error),
            other => ExitError::environment(format!("cannot watch for Ctrl-C: {other}")),
        })?;
        pause::on_request().map_err(|error| ExitError::cannot("watch for Ctrl-Z", &error))?;
        Ok(Self { control, at_once })
    }

    /// While `body` runs, which has no record to close, the first signal ends the process.
    fn end_at_once<T>(&self, body: impl FnOnce() -> T) -> T {
        self.at_once.store(true, Ordering::SeqCst);
        let done = body();
        self.at_once.store(false, Ordering::SeqCst);
        done
    }
}

fn conclude(ended: &Ended, args: &OutputArgs) -> Result<u8, ExitError> {
    let mut written = Vec::new();
    let mut failed = None;
    let sheet = ended.run.read_answers()?;
    for path in &args.report {
        match workbench_report::write(path, &ended.result, &ended.snapshot, sheet.as_ref()) {
            Ok(()) => written.push(path.clone()),
            // Other reports may still succeed, and the run's record is safe.
            Err(error) => failed = failed.or(Some(ExitError::from(error))),
        }
    }
    if args.json {
        output::print(&document(&ended.run, ended)?)?;
    } else if !args.quiet {
        output::print(&summary::of_run(&ended.result, &ended.run, &written))?;
    }
    if let Some(failure) = failed {
        return Err(ExitError {
            message: format!(
                "{}; the run is kept: `workbench report {} -o FILE` writes it again",
                failure.message,
                ended.run.id()
            ),
            ..failure
        });
    }
    if let Some(failure) = &ended.failure {
        return Err(ExitError {
            message: failure.reason.clone(),
            code: match failure.kind {
                ArmFailureKind::Run => code::CHECK_FAILED,
                ArmFailureKind::Data | ArmFailureKind::Configuration => code::USAGE,
                ArmFailureKind::Environment | ArmFailureKind::SetUp => code::ENVIRONMENT,
            },
        });
    }
    Ok(match ended.result.status {
        RunStatus::Interrupted => code::INTERRUPTED,
        _ if !ended.result.check.passed() => code::CHECK_FAILED,
        _ => code::DONE,
    })
}

/// The result document, with the same bytes as `result.json`.
fn document(run: &RunDir, ended: &Ended) -> Result<String, ExitError> {
    match std::fs::read_to_string(run.result()) {
        Ok(text) => Ok(text),
        Err(_) => serde_json::to_string_pretty(&ended.result)
            .map_err(|error| ExitError::environment(error.to_string())),
    }
}
