//! The terminal interface: pick a lab, set it up, watch it run, understand what came out, export it.
//!
//! Belongs here: screens, keys, and the loop that brings events, state and drawing together:
//!
//! ```text
//! keys, mouse ─┐                        ┌─ Effect ─► Session (threads: runs, files)
//! signals ─────┼─► Event ─► App::update ┤
//! records ─────┤                        └─ state ──► App::draw ─► terminal
//! Session ─────┘
//! ```
//!
//! Does not belong here: measuring, and what numbers mean. A run is shown as the fold of its events.

mod app;
mod capture;
mod draw;
mod event;
mod event_loop;
mod history;
mod keys;
pub mod kit;
mod model;
pub mod offscreen;
mod overlay;
mod player;
mod screens;
mod session;
pub mod terminal;
pub mod theme;
mod views;

#[cfg(test)]
mod tests;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use workbench_experiment::lab::Lab;
use workbench_record::Store;

use crate::config::Config;
use crate::failure::Failure;
use crate::{output, summary};
use app::App;
use screens::Preferences;
use session::Session;
use theme::{Look, Theme};

/// Files that the interface keeps open: the loop's, those of signals, the caught standard error, and a log.
const FILES: usize = 16;

/// The library under the loop panics when it lacks files, so that is found out before.
fn enough_files() -> Result<(), Failure> {
    let opened: std::io::Result<Vec<OwnedFd>> = (0..FILES)
        .map(|_| Ok(rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 0)?))
        .collect();
    opened.map(drop).map_err(|error| {
        Failure::environment(format!(
            "cannot start the interface: {error}; allow more open files with `ulimit -n 256`"
        ))
    })
}

/// Opens the interface and stays in it until the person leaves. Gives the exit code.
///
/// # Errors
/// When the terminal cannot be used. It is then as it was found.
pub fn run(store: &Store, labs: Vec<Box<dyn Lab>>, config: &Config) -> Result<u8, Failure> {
    enough_files()?;
    let look = Look::new(Theme::detect(config.theme(), config.ascii()));
    let labs = Arc::new(labs);
    let mut app = App::new(Arc::clone(&labs), look);
    app.prefer(
        config.lab(),
        Preferences {
            preset: config.preset().map(str::to_owned),
            repeats: config.repeats(),
            export_dir: config.export_dir().map(Path::to_owned),
            export_format: Some(config.export_format()),
        },
    );
    app.replay_speed = config.replay_speed();
    let pace = (config.mouse(), config.frames_per_second());
    let (session, news) = Session::new(store.clone(), labs);
    terminal::tame_panics();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::environment(format!("cannot start the interface: {error}")))?
        .block_on(event_loop::run(&mut app, session, news, pace));
    // Nobody reads these when the terminal is gone, and that changes nothing about the run.
    for line in capture::collected() {
        let _ = output::error_line(&format!("{}: {}", line.source, line.text));
    }
    let code = outcome?;
    if let Some((run, result, written)) = app.parting() {
        let _ = output::print(&summary::of_run(result, run, written));
    }
    Ok(code)
}
