//! `workbench monitor`: this machine without a run, on a screen, as text, as JSON, for Prometheus.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueHint};
use workbench_experiment::lab::Lab;
use workbench_machine::MachineFacts;
use workbench_monitor::{
    AlertLimits, AlertWatch, MachineWatcher, MetricsServer, MonitorDocument, MonitorLook,
    Recording, RecordingError, StateRecorder, TypedLimit,
};
use workbench_record::RunStore;
use workbench_tui::MonitorStart;
use workbench_tui::offscreen::machine_picture;

use super::show::pretty;
use crate::config::Config;
use crate::exit_error::{ExitError, code};
use crate::{output, screen};

/// Shown by `--help`.
pub const EXAMPLES: &str = "\
Examples:
  workbench monitor                                the screen: ? shows its keys, Esc leads to the labs
  workbench monitor --once                         one picture as text
  workbench monitor --json | jq .state.memory      one look as JSON (docs/monitor.schema.json)
  workbench monitor --record night.jsonl           records every look while it watches
  workbench monitor --replay night.jsonl           plays a recording again
  workbench monitor --prometheus 127.0.0.1:9900    serves the figures at /metrics
  workbench monitor --alert gpu-temperature=80 --alert steal=off
  workbench monitor --simulate-gpus training.toml  made-up GPUs, for trying things out";

/// From one look to the next, in seconds.
const SHORTEST: f64 = 0.1;
const LONGEST: f64 = 3600.0;
/// What `--once` shows of the time before it.
const ONCE: Duration = Duration::from_secs(1);
/// How often it is looked whether the GPUs' driver has answered, for `--once`, and how long.
const GPU_PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(11);
/// Processes in a picture.
const PROCESSES: u16 = 15;
/// Columns of a picture where nobody says how wide the terminal is.
const COLUMNS: u16 = 100;

/// What `workbench monitor` takes.
#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct MonitorArgs {
    /// Print one picture as text and end
    #[arg(long)]
    pub once: bool,
    /// Print one look as JSON and end
    #[arg(long, conflicts_with = "once")]
    pub json: bool,
    /// Time from one look to the next, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = interval)]
    pub interval: Duration,
    /// Hand no signals to processes
    #[arg(long)]
    pub read_only: bool,
    /// Record every look in a new file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["once", "json", "replay"])]
    pub record: Option<PathBuf>,
    /// Play a recording instead of watching this machine; with --once or --json, its last look
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub replay: Option<PathBuf>,
    /// Serve the figures to programs on this machine in Prometheus' text form, at /metrics
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    #[arg(conflicts_with_all = ["once", "json", "replay"])]
    pub prometheus: Option<SocketAddr>,
    /// Tell a figure from this value on, or not at all: memory, memory-stalls, disk, quota, steal
    /// (cores or shares), core-temperature, gpu-temperature (°C), gpu-errors; may be given several
    /// times
    #[arg(long, value_name = "NAME=VALUE")]
    pub alert: Vec<TypedLimit>,
}

fn interval(typed: &str) -> Result<Duration, String> {
    let seconds: f64 = typed
        .parse()
        .map_err(|_| "give a number of seconds".to_owned())?;
    if (SHORTEST..=LONGEST).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(format!("give {SHORTEST} to {LONGEST:.0} seconds"))
    }
}

fn address(typed: &str) -> Result<SocketAddr, String> {
    let address = typed
        .parse()
        .map_err(|_| "write it as 127.0.0.1:PORT".to_owned())?;
    MetricsServer::check(address).map_err(|error| error.to_string())?;
    Ok(address)
}

/// What the screens need; made only where there is one.
type Screens = (RunStore, Vec<Box<dyn Lab>>);

/// Watches.
pub fn run(
    args: &MonitorArgs,
    config: &Config,
    screens: impl FnOnce() -> Result<Screens, ExitError>,
) -> Result<u8, ExitError> {
    let limits = AlertLimits::default().with(args.alert.iter().copied());
    let recording = args.replay.as_deref().map(Recording::open).transpose()?;
    let flaws = recording.as_ref().map(|it| it.flaws(unix_ms()));
    let flaws = flaws.unwrap_or_default();
    if args.once || args.json {
        for flaw in flaws {
            output::error_line(&flaw.to_string())?;
        }
        let (machine, look) = match recording {
            Some(recording) => last(recording, limits)?,
            None => (MachineFacts::probe_without_gpus(), once(limits)),
        };
        return print(args, machine, look, config);
    }
    let server = args.prometheus.map(MetricsServer::start).transpose();
    let server = server.map_err(|error| ExitError::cannot("serve the figures", &error))?;
    let machine = MachineFacts::probe_without_gpus;
    let recorder = args
        .record
        .as_deref()
        .map(|path| StateRecorder::create(path, &machine()));
    let recorder = recorder.transpose()?;
    if output::has_terminal() {
        let (store, labs) = screens()?;
        let start = MonitorStart {
            interval: args.interval,
            limits,
            read_only: args.read_only,
            recorder,
            server,
            recording,
            flaws,
        };
        return screen::run(store, labs, config, Some(start));
    }
    if recorder.is_none() && server.is_none() {
        return Err(ExitError::usage(
            "`workbench monitor` has no terminal for its screen; give --once, --json, --record or \
             --prometheus",
        ));
    }
    if let Some(server) = &server {
        output::error_line(&format!("serving http://{}/metrics", server.address()))?;
    }
    without_screen(
        MachineWatcher::new(limits)
            .recording(recorder)
            .serving(server),
        args.interval,
    )
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

/// One look that covers a second, with the GPUs where their driver answers.
fn once(limits: AlertLimits) -> MonitorLook {
    let mut watcher = MachineWatcher::new(limits).at_once();
    wait_for_gpus(&watcher, 0);
    watcher.look();
    std::thread::sleep(ONCE);
    // What a card measures, it measures from one question to the next.
    let answers = watcher.gpu_answers();
    watcher.ask_gpus();
    wait_for_gpus(&watcher, answers);
    watcher.look().0
}

/// Waits until the GPUs' driver has answered more often, as long as it does; it may have to wake
/// the GPUs up.
fn wait_for_gpus(watcher: &MachineWatcher, answers: u64) {
    let until = Instant::now() + PATIENCE;
    while watcher.gpus_are_awaited() && watcher.gpu_answers() <= answers {
        if Instant::now() >= until {
            return;
        }
        std::thread::sleep(GPU_PAUSE);
    }
}

/// The last look of a recording.
fn last(
    mut recording: Recording,
    limits: AlertLimits,
) -> Result<(MachineFacts, MonitorLook), ExitError> {
    let state = recording.state(recording.times().len().saturating_sub(1))?;
    let alerts = AlertWatch::new(limits).at_once().look(&state);
    Ok((recording.machine().clone(), MonitorLook { state, alerts }))
}

fn print(
    args: &MonitorArgs,
    machine: MachineFacts,
    look: MonitorLook,
    config: &Config,
) -> Result<u8, ExitError> {
    if args.json {
        let document = MonitorDocument::new(machine, look.state, look.alerts);
        output::line(&pretty(&document)?)?;
    } else {
        let columns = output::columns().and_then(|columns| u16::try_from(columns).ok());
        let columns = columns.unwrap_or(COLUMNS).max(60);
        let ascii = config.screen().ascii;
        output::line(&machine_picture(look, (columns, PROCESSES), ascii))?;
    }
    Ok(code::DONE)
}

/// Looks until a signal asks to end.
fn without_screen(mut watcher: MachineWatcher, interval: Duration) -> Result<u8, ExitError> {
    let (stop, stopped) = mpsc::channel();
    let handler = ctrlc::set_handler(move || {
        let _ = stop.send(());
    });
    handler
        .map_err(|error| ExitError::environment(format!("cannot listen for signals: {error}")))?;
    loop {
        match stopped.recv_timeout(interval) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return Ok(code::INTERRUPTED),
        }
        if let (_, Some(error)) = watcher.look() {
            return Err(error.into());
        }
    }
}

impl From<RecordingError> for ExitError {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Io { .. } => Self::refused(&error),
            RecordingError::Foreign(_) | RecordingError::Newer(_) | RecordingError::Empty(_) => {
                Self::usage(error.to_string())
            }
        }
    }
}
