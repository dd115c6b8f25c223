//! Connects the terminal interface with this program's labs, configuration and set-up.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use workbench_experiment::lab::Lab;
use workbench_machine::BuildFacts;
use workbench_machine::measuring::shared_folder;
use workbench_record::{RunDir, RunStore};
use workbench_tui::offscreen::Offscreen;
use workbench_tui::{
    Exit, HandInRequest, HandedIn, Host, MonitorStart, PanelLayout, ThemeName, TuiError,
};

use crate::build_facts::BUILD;
use crate::commands::{ensure, submit};
use crate::config::{Config, kept};
use crate::exit_error::{ExitError, code};
use crate::{foreign, output, pause, registry, summary};

/// What the interface needs from this program.
struct Program {
    /// The file of the assignment that was given.
    assignment: Option<PathBuf>,
}

impl Host for Program {
    fn build(&self) -> BuildFacts {
        BUILD
    }

    fn set_up_plan(&self, gpus: bool) -> Result<String, String> {
        ensure::announce(gpus).map_err(|failure| failure.message)
    }

    fn set_up(&self, missing: &str, gpus: bool) -> Result<(), String> {
        ensure::ensure(missing, gpus, true).map_err(|failure| failure.message)
    }

    fn lab_in(&self, folder: &Path, store: &RunStore) -> Result<Box<dyn Lab>, String> {
        foreign::lab_in(folder, store).map_err(|failure| failure.message)
    }

    fn agree(&self, lab: &dyn Lab, store: &RunStore) {
        if let Some(foreign) = lab.foreign() {
            foreign::agree(lab, &foreign, store);
        }
    }

    fn hand_in(&self, store: &RunStore, run: &RunDir, request: &HandInRequest) -> HandedIn {
        submit::from_screen(store, run, request, self.assignment.as_deref())
            .unwrap_or_else(|failure| HandedIn::Refused(failure.message))
    }

    fn keep_layout(&self, layout: &PanelLayout) -> io::Result<()> {
        kept::keep_layout(layout)
    }

    fn setups(&self) -> Option<PathBuf> {
        kept::setups()
    }

    fn keep_theme(&self, theme: ThemeName) -> io::Result<()> {
        kept::keep(theme)
    }

    fn measuring(&self) -> Option<PathBuf> {
        Some(shared_folder())
    }

    fn suspend(&self) {
        pause::stand_still();
    }
}

/// Runs the interface, at this machine where it is said how that is watched, until the person
/// leaves it, then prints the summary of the last run.
pub fn run(
    store: RunStore,
    labs: Vec<Box<dyn Lab>>,
    config: &Config,
    monitor: Option<MonitorStart>,
) -> Result<u8, ExitError> {
    let mut settings = config.screen();
    // Whoever gives an assignment is here for its lab.
    let assigned = labs
        .iter()
        .find(|lab| lab.definition().assignment.is_some());
    if let (None, Some(lab)) = (&settings.lab, assigned) {
        settings.lab = Some(lab.definition().name.clone());
    }
    let program = Program {
        assignment: config.assignment().map(Path::to_owned),
    };
    let left = workbench_tui::run(store, labs, settings, Arc::new(program), monitor)?;
    if let Some((run, result)) = &left.last_run {
        let _ = output::print(&summary::of_run(result, run, &left.reports));
    }
    Ok(match left.exit {
        Exit::Done => code::DONE,
        Exit::Interrupted => code::INTERRUPTED,
    })
}

/// The interface with this program's labs on a terminal in memory; see [`Offscreen::new`].
///
/// # Errors
/// When there is no such theme, or a lab's definition is broken.
pub fn offscreen(size: (u16, u16), theme: &str, ascii: bool) -> Result<Offscreen, String> {
    let labs = registry::make(registry::LABS).map_err(|failure| failure.message)?;
    Offscreen::new(labs, size, theme, ascii)
}

impl From<TuiError> for ExitError {
    fn from(error: TuiError) -> Self {
        Self::refused(&error)
    }
}
