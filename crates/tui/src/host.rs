//! What the interface needs of the program around it. The program implements it; nothing here knows
//! how.

use std::io;
use std::path::{Path, PathBuf};

use workbench_experiment::lab::Lab;
use workbench_machine::BuildFacts;
use workbench_record::{RunDir, RunStore};

use super::event::{HandInRequest, HandedIn};
use super::screens::PanelLayout;
use super::theme::ThemeName;

/// The program around the interface.
pub trait Host: Send + Sync {
    /// How the program was built, for the record of a run.
    fn build(&self) -> BuildFacts;

    /// What [`set_up`](Self::set_up) would do: what is downloaded and built, how large it is, where
    /// it goes.
    ///
    /// # Errors
    /// Why it cannot be done.
    fn set_up_plan(&self, gpus: bool) -> Result<String, String>;

    /// Installs what a lab needs and has not, with its progress on the plain terminal. `missing`
    /// says what that is; `gpus`, that it has to serve GPUs.
    ///
    /// # Errors
    /// What went wrong, in one line.
    fn set_up(&self, missing: &str, gpus: bool) -> Result<(), String>;

    /// The lab of a run that was made with one from a folder, read from there again.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    fn lab_in(&self, folder: &Path, _store: &RunStore) -> Result<Box<dyn Lab>, String> {
        Err(format!("no lab is read from {}", folder.display()))
    }

    /// The person has agreed to what a lab runs that is not a part of this program, and is not
    /// asked again.
    fn agree(&self, lab: &dyn Lab, _store: &RunStore) {
        lab.agree();
    }

    /// Packs a run and its answers into the file that is handed in.
    fn hand_in(&self, _store: &RunStore, _run: &RunDir, _request: &HandInRequest) -> HandedIn {
        HandedIn::Refused("this program hands nothing in".to_owned())
    }

    /// The folder of the set-ups that are kept; `None` where there is none.
    fn setups(&self) -> Option<PathBuf> {
        None
    }

    /// Keeps the theme that was chosen for the next time.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep_theme(&self, _theme: ThemeName) -> io::Result<()> {
        Ok(())
    }

    /// Keeps which panels are hidden for the next time.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep_layout(&self, _layout: &PanelLayout) -> io::Result<()> {
        Ok(())
    }

    /// The folder in which processes say that they measure.
    fn measuring(&self) -> Option<PathBuf> {
        None
    }

    /// Stops the process and its workers, as Ctrl-Z does, until the shell's `fg`.
    fn suspend(&self);
}
