//! Dialogs over a screen. One is open at a time and takes all keys.
//!
//! ```text
//! ╭ screen ──────────────────────╮
//! │    ╭ dialog ───────────╮     │
//! │    │ what would happen │     │
//! │    │ [ yes ]  [ no ]   │     │
//! │    ╰───────────────────╯     │
//! ╰──────────────────────────────╯
//! ```

pub mod export;
pub mod help;
pub mod lacking;
pub mod palette;
pub mod quit;

use export::Export;
use help::Help;
use lacking::Lacking;
use palette::Palette;
use quit::Stop;

/// The dialog that is open.
#[derive(Debug)]
pub enum Overlay {
    /// The keys.
    Help(Help),
    /// Whether to stop the run, and perhaps leave.
    Stop(Stop),
    /// Whether to set up what a lab lacks.
    Lacking(Box<Lacking>),
    /// Where to write a report.
    Export(Export),
    /// Everything that can be done.
    Palette(Box<Palette>),
}
