//! The screens that lead to a run and back to old ones. The screens of a run itself are in
//! [`super::views`].
//!
//! ```text
//! ┌─────────────────────────────────────────────┐
//! │ machine line (chrome, every screen)         │
//! ├─────────────────────────────────────────────┤
//! │                                             │
//! │  home.rs: labs │ handout      setup.rs      │
//! │           runs                runs.rs       │
//! │  questions.rs: beside the     compare.rs    │
//! │           handout                           │
//! │                                             │
//! ├─────────────────────────────────────────────┤
//! │ notice, or the keys that work now           │
//! └─────────────────────────────────────────────┘
//! ```
//!
//! A screen holds its own small state, moves and changes it as an [`Action`](crate::action::Action)
//! says, tells what is selected in it, and draws itself from what [`SharedState`] has. What
//! concerns more than the screen is the application's.

pub mod compare;
pub mod form;
pub mod form_calibration;
pub mod form_check;
pub mod form_completion;
pub mod form_data;
pub mod form_draw;
pub mod form_messages;
pub mod form_preview;
pub mod form_saved;
pub mod form_screen;
mod form_start;
pub mod handout;
pub mod home;
pub mod questions;
pub mod runs;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use workbench_experiment::lab::Lab;
use workbench_machine::measuring::Measuring;
use workbench_machine::{MachineFacts, UsableCores};
use workbench_report::Format;

use super::theme::Theme;
use super::views::ScreenLayout;
use workbench_history::list::RunRow;

/// The labs, for all threads.
pub type Labs = Arc<Vec<Box<dyn Lab>>>;

/// What every screen may look at.
pub struct SharedState {
    /// The labs.
    pub labs: Labs,
    /// The machine, once it has been looked at.
    pub machine: Option<MachineFacts>,
    /// Usable cores, once known.
    pub usable: Option<UsableCores>,
    /// The history, the latest first, once read.
    pub history: Option<Result<Vec<RunRow>, String>>,
    /// Other processes that measure on this machine.
    pub beside: Vec<Measuring>,
    /// The time zone in which times are shown.
    pub zone: TimeZone,
    /// How everything looks.
    pub theme: Theme,
    /// What the configuration says about the screens.
    pub prefer: Preferences,
    /// What was changed about the panels.
    pub layout: PanelLayout,
}

/// What a person has changed about the panels of all screens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PanelLayout {
    /// By the name of the screen.
    pub screens: BTreeMap<String, ScreenLayout>,
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

impl SharedState {
    /// Usable cores; until they are known, what the standard library says.
    pub fn usable(&self) -> UsableCores {
        self.usable.clone().unwrap_or_else(|| UsableCores {
            cores: std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64),
            limit: "the facts of the machine are not known yet".to_owned(),
        })
    }

    /// When a run was begun: `2026-11-21 10:15`; empty where that is not known.
    pub fn started(&self, row: &RunRow) -> String {
        let there = row.started_at.map(|at| at.to_zoned(self.zone.clone()));
        there.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// The runs that are known.
    pub fn rows(&self) -> &[RunRow] {
        match &self.history {
            Some(Ok(rows)) => rows,
            _ => &[],
        }
    }
}
