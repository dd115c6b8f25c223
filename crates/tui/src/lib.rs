//! The terminal interface: pick a lab, set it up, watch it run, understand what came out, export
//! it.
//!
//! - **Belongs here:** screens, keys, and the loop that brings events, state and drawing together.
//! - **May use:** `history`, `experiment`, `report`, `questions`, `result`, `record`, `pool`,
//!   `dataset`, `machine`, `monitor`, `clock`.
//! - **Does not belong here:** measuring, and what numbers mean. A run is shown as the fold of its
//!   events.
//!
//! ```text
//! keys, mouse ─┐           ┌─► Action ─┐   ┌─ Effect ─► Session (threads: runs, files)
//! signals ─────┼─► Event ──┤           ├───┤
//! records ─────┤           └───────────┘   └─ state ──► App::draw ─► terminal
//! Session ─────┘
//! ```

mod action;
mod app;
mod bindings;
mod capture;
mod draw;
mod event;
mod event_loop;
mod field;
mod ground;
mod hangup;
mod host;
mod input;
mod keys;
mod kit;
mod looker;
mod measuring_turn;
mod model;
mod monitored;
pub mod offscreen;
mod overlay;
mod path_completion;
mod player;
mod reader;
mod screens;
mod select;
mod session;
mod sheet_place;
mod state_player;
mod tell;
pub mod terminal;
mod theme;
mod views;

#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use workbench_experiment::lab::Lab;
use workbench_machine::limits::room_for_files;
use workbench_record::{RunDir, RunStore};
use workbench_result::RunResult;

use app::App;
use looker::MachineLooker;
use session::Session;
use theme::Theme;

pub use event::{Exit, HandInRequest, HandedIn};
pub use host::Host;
pub use kit::text;
pub use looker::MonitorStart;
pub use screens::{PanelLayout, Preferences};
pub use tell::Telling;
pub use theme::ThemeName;
pub use views::ScreenLayout;

/// How the interface looks and begins.
#[derive(Debug, Clone)]
pub struct TuiOptions {
    /// The colours; `None` takes those that fit the terminal.
    pub theme: Option<ThemeName>,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// Take the mouse.
    pub mouse: bool,
    /// How the end of a run is told to somebody who looks elsewhere.
    pub tell: Telling,
    /// The most drawings per second.
    pub frames_per_second: u32,
    /// How many times as fast as it was a run is played at first.
    pub replay_speed: u32,
    /// The lab that is selected at first, by its name.
    pub lab: Option<String>,
    /// What forms and reports begin with.
    pub prefer: Preferences,
    /// Which panels are hidden.
    pub layout: PanelLayout,
}

/// How the interface was left.
#[derive(Debug)]
pub struct Left {
    /// Why.
    pub exit: Exit,
    /// The last run that was made, and its result.
    pub last_run: Option<(RunDir, RunResult)>,
    /// The reports that were written.
    pub reports: Vec<PathBuf>,
}

/// Why the interface could not be shown.
#[derive(Debug, Error)]
pub enum TuiError {
    /// The process may not open enough files.
    #[error("cannot start the interface: {0}; allow more open files with `ulimit -n 256`")]
    Files(#[source] io::Error),
    /// The operating system refuses what the loop needs.
    #[error("cannot start the interface: {0}")]
    Start(#[source] io::Error),
    /// The terminal cannot be taken over or drawn on.
    #[error("cannot use the terminal: {0}; `workbench --lab NAME` runs without a screen")]
    Terminal(#[source] io::Error),
}

/// Files that the interface keeps open: the loop's, those of signals, the caught standard error,
/// what takes the place of a terminal that is gone, and a log.
const FILES: usize = 18;

/// Opens the interface, at this machine where it is said how that is watched, and stays in it until
/// the person leaves.
///
/// # Errors
/// When the terminal cannot be used. It is then as it was found.
pub fn run(
    store: RunStore,
    labs: Vec<Box<dyn Lab>>,
    settings: TuiOptions,
    host: Arc<dyn Host>,
    mut monitor: Option<MonitorStart>,
) -> Result<Left, TuiError> {
    room_for_files(FILES).map_err(TuiError::Files)?;
    let theme = Theme::detect(settings.theme, settings.ascii);
    let labs = Arc::new(labs);
    let mut app = App::new(Arc::clone(&labs), theme);
    app.prefer(settings.lab.as_deref(), settings.prefer);
    app.replay_speed = settings.replay_speed;
    app.theme_follows = settings.theme.is_none();
    app.tell = settings.tell;
    app.shared.layout = settings.layout;
    app.shared.zone = jiff::tz::TimeZone::system();
    let pace = (settings.mouse, settings.frames_per_second);
    let effects = match &mut monitor {
        Some(start) => app.begin_at_machine(start),
        None => Vec::new(),
    };
    let looker = MachineLooker::new(monitor.unwrap_or_default());
    let (mut session, news) = Session::new(store, labs, host, looker);
    for effect in effects {
        session.monitor(effect);
    }
    terminal::install_panic_hook();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(TuiError::Start)?
        .block_on(event_loop::run(&mut app, session, news, pace));
    // Nobody reads these when the terminal is gone, and that changes nothing about the run.
    for line in capture::collected() {
        let _ = writeln!(io::stderr(), "{}: {}", line.source, line.text);
    }
    let exit = outcome.map_err(TuiError::Terminal)?;
    Ok(Left {
        exit,
        last_run: app.last_run,
        reports: app.reports,
    })
}
