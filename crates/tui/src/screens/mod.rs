//! The screens that lead to a run and back to old ones. The screens of a run itself are in [`super::views`].
//!
//! ```text
//! ┌─────────────────────────────────────────────┐
//! │ machine line (chrome, every screen)         │
//! ├─────────────────────────────────────────────┤
//! │                                             │
//! │  home.rs: labs │ handout      setup.rs      │
//! │           runs                runs.rs       │
//! │                               compare.rs    │
//! │                                             │
//! ├─────────────────────────────────────────────┤
//! │ notice, or the keys that work now           │
//! └─────────────────────────────────────────────┘
//! ```
//!
//! A screen holds its own small state, answers a key with an action of its own, and draws itself from what
//! [`Shared`] has. What has to happen outside comes out as a [`Wish`].

pub mod compare;
pub mod form;
pub mod home;
pub mod runs;
pub mod setup;
pub mod setup_draw;

use std::path::PathBuf;
use std::sync::Arc;

use workbench_experiment::lab::{Lab, RunConfig};
use workbench_machine::{MachineFacts, UsableCores};
use workbench_record::RunDir;
use workbench_report::Format;

use super::theme::Look;
use workbench_history::list::RunRow;

/// The labs, for all threads.
pub type Labs = Arc<Vec<Box<dyn Lab>>>;

/// What every screen may look at.
pub struct Shared {
    /// The labs.
    pub labs: Labs,
    /// The machine, once it has been looked at.
    pub machine: Option<MachineFacts>,
    /// Usable cores, once known.
    pub usable: Option<UsableCores>,
    /// The history, the latest first, once read.
    pub history: Option<Result<Vec<RunRow>, String>>,
    /// How everything looks.
    pub look: Look,
    /// What the configuration says about the screens.
    pub prefer: Preferences,
}

/// What the configuration says about the screens; `None` leaves it to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The preset of a new form, in labs that have it.
    pub preset: Option<String>,
    /// The repeats of a new form.
    pub repeats: Option<u32>,
    /// Where reports go.
    pub export_dir: Option<PathBuf>,
    /// What reports are.
    pub export_format: Format,
}

impl Shared {
    /// The runs that are known.
    pub fn rows(&self) -> &[RunRow] {
        match &self.history {
            Some(Ok(rows)) => rows,
            _ => &[],
        }
    }
}

/// What a screen wants.
#[derive(Debug, PartialEq)]
pub enum Wish {
    /// Nothing more than to be drawn again.
    Nothing,
    /// Go back to where one came from.
    Back,
    /// Set up the lab of this place in the list.
    SetUp(usize),
    /// Go to the history.
    Runs,
    /// Go to the run under way.
    Watch,
    /// Run this.
    Start(usize, Box<RunConfig>),
    /// Open a run.
    Open(RunDir),
    /// Play a run again.
    Replay(RunDir),
    /// Go on with a run.
    Resume(RunDir),
    /// Put runs side by side.
    Compare(Vec<RunDir>),
    /// Read the history again.
    Reread,
    /// Put a command into the clipboard.
    Copy(String),
    /// Say something in the last line.
    Say(String),
}
