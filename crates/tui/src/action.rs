//! What can be done in the interface. Key tables, palette and mouse all say it with an [`Action`],
//! and the application does it.

use std::time::Duration;

use workbench_experiment::setup::{SavedSetup, SetupProblem};
use workbench_machine::state::ProcessSignal;
use workbench_record::{RunDir, RunLabel};

use crate::event::{ExportRequest, HandInRequest, KeepSetup, MissingSetup, ProcessTarget};
use crate::field::Editing;
use crate::kit::Motion;
use crate::model::series::Metric;
use crate::tell::Telling;
use crate::theme::ThemeName;
use crate::views::ViewAction;

/// Something that a person can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Leave; while a run is under way this asks first.
    Quit,
    /// Show the keys that work.
    Help,
    /// Show everything that can be done, to choose from by typing.
    Palette,
    /// Draw everything anew.
    Repaint,
    /// Stop the process as the shell's Ctrl-Z does.
    Suspend,
    /// Draw in other colours.
    Theme(ThemeName),
    /// Tell the end of a run in this way.
    Tell(Telling),
    /// Draw with ASCII alone, or with all of Unicode.
    Ascii(bool),

    /// Go to the first screen.
    Home,
    /// Go to the history.
    Runs,
    /// Go to the run under way.
    Watch,
    /// Go to this machine.
    Monitor,
    /// Go to the questions about the lab or the run.
    Questions,
    /// Go to the form of the lab with this place in the list.
    SetUp(usize),
    /// Go back to where one came from.
    Back,

    /// Move the selection, or scroll.
    Move(Motion),
    /// Go to the next panel or button.
    Next,
    /// Go to the previous panel or button.
    Previous,
    /// Take what is selected: open it, change it, press it.
    Choose,
    /// Agree to what a dialog asks.
    Agree,
    /// Close a dialog.
    Close,
    /// Say why something cannot be done.
    Refuse(&'static str),

    /// Type into a field.
    Type,
    /// What can be asked of the field.
    Edit(Editing),

    /// Turn a choice or count a number of the form by so many steps.
    Turn(i64),
    /// Give a value of the form back to the preset.
    Reset,
    /// Make the run that the form stands for.
    Start,
    /// Make it, also where it takes long.
    StartNow,
    /// Turn the form to this preset, and make its run.
    StartShorter(String),
    /// Leave the screen, install what is missing, and make the run then.
    Install(Box<MissingSetup>),
    /// Put the command that does the same without a screen into the clipboard.
    Copy,

    /// Complete the path that is typed.
    Complete,
    /// Name the form, to keep it as a set-up.
    NameSetup,
    /// Keep a set-up.
    KeepSetup(Box<KeepSetup>),
    /// Show the set-ups that were kept.
    Setups,
    /// Open a set-up: its name, what it holds, and what was left out when it was read.
    OpenSetup(String, Box<SavedSetup>, Vec<SetupProblem>),
    /// Delete the set-up of this name now.
    DeleteSetup(String),

    /// Open a run.
    Open(RunDir),
    /// Go on with the selected run.
    Resume,
    /// Play the run again that is selected or shown.
    Replay,
    /// Read again what is shown.
    Reread,
    /// Mark the selected run for a comparison, or take its mark away.
    Mark,
    /// Remove all marks.
    Unmark,
    /// Sort the runs by the next column.
    Sort,
    /// List the runs the other way round.
    ReverseOrder,
    /// Give the selected run a star, or take it away.
    Star,
    /// Change what is said about the selected run.
    EditLabel,
    /// Keep what is said about a run.
    Label(RunDir, Box<RunLabel>),
    /// Delete the selected run; this asks first.
    Delete,
    /// Delete a run now.
    DeleteNow(RunDir),
    /// Compare the marked runs.
    Compare,
    /// Show what the watched run has found so far.
    Result,
    /// Name a report of the run.
    Export,
    /// Write a report.
    Write(ExportRequest),
    /// Name the file in which the run is handed in.
    HandIn,
    /// Write a hand-in.
    WriteHandIn(RunDir, HandInRequest),

    /// Choose a signal for the selected process.
    AskSignal,
    /// Hand a signal to a process.
    SendSignal(ProcessTarget, ProcessSignal),

    /// Stop the run or one of its arms; this asks first.
    Stop,
    /// Stop the run now.
    StopRun,
    /// Stop the run now, and leave when its record is closed.
    StopAndLeave,
    /// Stop an arm of the run now.
    StopArm(String),
    /// Stop an item of the repeat under way now.
    StopItem(String),
    /// Play, or hold.
    TogglePlay,
    /// Play so many steps faster.
    Speed(isize),
    /// Jump ahead by so many steps.
    Jump(i64),
    /// Go to the next thing that happened, or to the one before.
    Seek(bool),
    /// Type the time to go to.
    AskTime,
    /// Go to this time from the beginning.
    SeekTo(Duration),
    /// Choose the metric of the curves.
    PickMetric,
    /// Show this metric in the curves.
    ShowMetric(Metric),
    /// Go to the next place where the text that is searched stands, or to the one before.
    Found(bool),

    /// Whatever the view of a run or of a comparison can do.
    View(ViewAction),
}
