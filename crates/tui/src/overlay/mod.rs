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

pub mod begin;
pub mod choice;
pub mod delete;
pub mod export;
pub mod file_name;
pub mod hand_in;
pub mod help;
pub mod label;
pub mod missing;
pub mod palette;
pub mod seek_time;
pub mod setup_name;
pub mod setups;
pub mod signal;
pub mod stop;

use ratatui::crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};

use crate::action::Action;
use crate::bindings::{self, Keys};
use crate::keys::find;
use crate::kit::Motion;
use begin::Begin;
use delete::Delete;
use export::Export;
use hand_in::HandIn;
use help::Help;
use label::Label;
use missing::Missing;
use palette::CommandPalette;
use seek_time::SeekTime;
use setup_name::SetupName;
use setups::Setups;
use signal::AskSignal;
use stop::Stop;

/// The dialog that is open.
#[derive(Debug)]
pub enum Overlay {
    /// The keys.
    Help(Help),
    /// Whether to stop the run, and perhaps leave.
    Stop(Stop),
    /// Whether to install what a lab needs.
    Missing(Box<Missing>),
    /// Whether to start a run that takes long.
    Begin(Begin),
    /// What a person says about a run.
    Label(Box<Label>),
    /// Whether to delete a run.
    Delete(Delete),
    /// Where to write a report.
    Export(Export),
    /// Which signal to hand to a process.
    Signal(AskSignal),
    /// Where to write a hand-in.
    HandIn(HandIn),
    /// The time to go to in what is played.
    SeekTime(SeekTime),
    /// The name of a set-up that is kept.
    SetupName(Box<SetupName>),
    /// The set-ups that were kept.
    Setups(Box<Setups>),
    /// Everything that can be done.
    Palette(Box<CommandPalette>),
}

impl Overlay {
    /// The keys that work in it.
    pub fn keys(&self) -> Keys {
        match self {
            Self::Help(_) => bindings::HELP,
            Self::Stop(_) => bindings::STOP,
            Self::Missing(_) => bindings::MISSING,
            Self::Begin(_) => bindings::BEGIN,
            Self::Label(_) => bindings::LABEL,
            Self::Delete(_) => bindings::DELETE,
            Self::Export(_) => bindings::EXPORT,
            Self::Signal(_) => bindings::SIGNAL,
            Self::HandIn(_) => bindings::HAND_IN,
            Self::SeekTime(_) => bindings::SEEK_TIME,
            Self::SetupName(_) => bindings::SETUP_NAME,
            Self::Setups(setups) => setups.keys(),
            Self::Palette(_) => bindings::PALETTE,
        }
    }

    /// Takes a key. What it answers with is what the dialog was opened for.
    pub fn key(&mut self, key: KeyEvent, name: &str) -> Option<Action> {
        match (find(self.keys(), name), self) {
            (Some(Action::Close), _) => Some(Action::Close),
            (Some(action), Self::Help(help)) => {
                help.act(&action);
                None
            }
            (Some(action), Self::Stop(stop)) => stop.act(&action),
            (Some(action), Self::Missing(missing)) => missing.act(&action),
            (Some(action), Self::Begin(begin)) => begin.act(&action),
            (Some(action), Self::Label(label)) => label.act(&action),
            (Some(action), Self::Delete(delete)) => delete.act(&action),
            (Some(action), Self::Export(export)) => export.act(&action),
            (Some(action), Self::Signal(signal)) => signal.act(&action),
            (Some(action), Self::HandIn(hand_in)) => hand_in.act(&action),
            (Some(action), Self::SeekTime(time)) => time.act(&action),
            (Some(action), Self::SetupName(name)) => name.act(&action),
            (Some(action), Self::Setups(setups)) => setups.act(&action),
            (Some(action), Self::Palette(palette)) => palette.act(&action),
            (None, Self::Export(export)) => {
                export.file.type_key(key);
                None
            }
            (None, Self::Label(label)) => {
                label.type_key(key);
                None
            }
            (None, Self::HandIn(hand_in)) => {
                hand_in.file.type_key(key);
                None
            }
            (None, Self::SeekTime(time)) => {
                time.type_key(key);
                None
            }
            (None, Self::SetupName(name)) => {
                name.type_key(key);
                None
            }
            (None, Self::Palette(palette)) => {
                palette.type_key(key);
                None
            }
            (
                None,
                Self::Help(_)
                | Self::Stop(_)
                | Self::Missing(_)
                | Self::Begin(_)
                | Self::Signal(_)
                | Self::Setups(_)
                | Self::Delete(_),
            ) => None,
        }
    }

    /// The path to complete, once after it was asked for.
    pub fn completion_request(&mut self) -> Option<String> {
        match self {
            Self::Export(export) => export.file.completion_request(),
            Self::HandIn(hand_in) => hand_in.file.completion_request(),
            _ => None,
        }
    }

    /// Takes in what a path can become.
    pub fn completed(&mut self, asked: &str, found: Vec<String>) {
        match self {
            Self::Export(export) => export.file.completed(asked, found),
            Self::HandIn(hand_in) => hand_in.file.completed(asked, found),
            _ => {}
        }
    }

    /// Takes text into its field, where it has one.
    pub fn paste(&mut self, text: &str) {
        match self {
            Self::Export(export) => export.file.paste(text),
            Self::HandIn(hand_in) => hand_in.file.paste(text),
            Self::SeekTime(time) => time.paste(text),
            Self::SetupName(name) => name.paste(text),
            Self::Palette(palette) => palette.paste(text),
            Self::Label(label) => label.paste(text),
            Self::Help(_)
            | Self::Stop(_)
            | Self::Missing(_)
            | Self::Begin(_)
            | Self::Signal(_)
            | Self::Setups(_)
            | Self::Delete(_) => {}
        }
    }

    /// Takes a click or a turn of the wheel.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        match (self, event.kind) {
            (Self::Palette(palette), _) => return palette.mouse(event),
            (Self::Setups(setups), _) => return setups.mouse(event),
            (Self::Help(help), MouseEventKind::ScrollDown) => help.act(&Action::Move(Motion::Down)),
            (Self::Help(help), MouseEventKind::ScrollUp) => help.act(&Action::Move(Motion::Up)),
            _ => {}
        }
        None
    }
}
