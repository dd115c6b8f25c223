//! What can happen to the interface, and what it can want done. Everything between the two is
//! [`super::app::App`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use workbench_experiment::lab::{Calibration, NotTimed, Opt, RunConfig};
use workbench_experiment::setup::{NamedSetup, SavedSetup, SavedSetupError};
use workbench_machine::measuring::Measuring;
use workbench_machine::state::ProcessSignal;
use workbench_machine::{MachineFacts, UsableCores};
use workbench_monitor::MonitorLook;
use workbench_questions::AnswerSheet;
use workbench_record::{Record, RunDir, RunLabel, Snapshot};
use workbench_result::RunResult;

use crate::ground::Ground;
use crate::screens::PanelLayout;
use crate::screens::form_calibration::CalibrationRequest;
use crate::screens::form_data::{SurveyRequest, Surveyed};
use crate::sheet_place::SheetPlace;
use crate::tell::Telling;
use crate::theme::ThemeName;
use workbench_history::Standing;
use workbench_history::comparison::{Comparison, Curves};
use workbench_history::list::RunRow;

/// A run with everything that there is to show of it.
#[derive(Debug, PartialEq)]
pub struct Loaded {
    /// Its directory.
    pub run: RunDir,
    /// Its events, folded.
    pub snapshot: Snapshot,
    /// Its result so far.
    pub result: RunResult,
    /// Its status: what its record says, and whether some process is still writing to it.
    pub standing: Standing,
}

/// The records of a run, to be played again.
#[derive(Debug)]
pub struct Recorded {
    /// Its directory.
    pub run: RunDir,
    /// All its records.
    pub records: Arc<[Record]>,
    /// Its status at the end of them.
    pub standing: Standing,
}

/// Several runs side by side.
#[derive(Debug, PartialEq)]
pub struct SideBySide {
    /// Their directories.
    pub runs: Vec<RunDir>,
    /// What differs, and what may be said.
    pub comparison: Comparison,
    /// The curves that they recorded.
    pub curves: Vec<Curves>,
}

/// A run to make.
#[derive(Debug, Clone, PartialEq)]
pub enum RunJob {
    /// Run the lab with this place in the list of labs.
    Start(usize, Box<RunConfig>),
    /// Go on with a run.
    Resume(RunDir),
}

/// Something that a lab needs, is not there, and can be installed.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingSetup {
    /// What is missing.
    pub what: String,
    /// Whether it has to serve GPUs.
    pub gpus: bool,
    /// What the set-up would do, how large it is and where it goes; or why it cannot.
    pub plan: Result<String, String>,
    /// The run that could not be made without it.
    pub job: RunJob,
}

/// Why the interface is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The person left.
    Done,
    /// A signal or the loss of the terminal ended it.
    Interrupted,
}

/// Why a run could not be made, or did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    /// What was wrong, in one line.
    pub message: String,
    /// The option that the lab refuses, where it is one.
    pub option: Option<Opt>,
}

/// A hand-in that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandInRequest {
    /// The file.
    pub path: PathBuf,
    /// Whether an existing file is replaced.
    pub replace: bool,
    /// Whether it is written although something is missing.
    pub draft: bool,
}

/// How writing a hand-in went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandedIn {
    /// It lies here now, with what is missing in a draft.
    Written {
        /// Where it lies.
        path: PathBuf,
        /// Its files, with their sizes in bytes.
        files: Vec<(String, u64)>,
        /// What is missing, in words.
        missing: Vec<String>,
    },
    /// Nothing was written, because this is missing, in words.
    Incomplete(Vec<String>),
    /// There is such a file already.
    Exists(PathBuf),
    /// It could not be written, and why.
    Refused(String),
}

/// A report that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// The file.
    pub path: PathBuf,
    /// Whether an existing file is replaced.
    pub replace: bool,
}

/// A set-up that is to be kept under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct KeepSetup {
    /// The name.
    pub name: String,
    /// The set-up.
    pub setup: SavedSetup,
    /// Whether another one of that name is replaced.
    pub replace: bool,
}

/// How writing a report went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exported {
    /// It lies here now.
    Written(PathBuf),
    /// There is such a file already.
    Exists(PathBuf),
    /// It could not be written, and why.
    Refused(String),
}

/// Something that happened.
#[derive(Debug)]
pub enum AppEvent {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The window has another size, or what it shows has to be drawn anew.
    Redraw,
    /// The terminal says what its ground is.
    Ground(Ground),
    /// The facts of the machine are known.
    Machine(Box<MachineFacts>, UsableCores),
    /// It is time to look whether the runs of the history have changed.
    Poll,
    /// The history has been read.
    History(Result<Vec<RunRow>, String>),
    /// The run under way has new records.
    Records(Vec<Record>),
    /// The run under way has ended, or could not be made.
    Ended(Result<Arc<Loaded>, RunError>),
    /// The run under way could not be made, because something is missing that can be installed.
    SetupMissing(Box<MissingSetup>),
    /// The set-up is over: the run that waited for it, or why it failed.
    SetupDone(Result<RunJob, String>),
    /// A run of the history has been read.
    Opened(Result<Arc<Loaded>, String>),
    /// A run that another process makes has new records.
    Followed(RunDir, Vec<Record>),
    /// A run that another process made has ended, or can be followed no longer.
    FollowEnded(RunDir, Result<Arc<Loaded>, String>),
    /// The records of a run that is to be played again have been read.
    Replay(Result<Box<Recorded>, String>),
    /// Time has passed, for a run or a recording that is played again.
    Tick(Duration),
    /// The machine has been looked at.
    Looked(Arc<MonitorLook>),
    /// A signal was handed over, or a recording ended: what to say about it.
    Told(String),
    /// Runs have been put side by side.
    Compared(Result<Arc<SideBySide>, String>),
    /// A file for the form has been looked through.
    Surveyed(Box<SurveyRequest>, Surveyed),
    /// What the path that was typed can become.
    PathCompleted(String, Vec<String>),
    /// The set-ups that were kept have been read.
    SetupsRead(Result<Vec<NamedSetup>, String>),
    /// A set-up was kept under this name, or not.
    SetupKept(String, Result<(), SavedSetupError>),
    /// A lab's unit of work has been timed, where it has one.
    Calibrated(Box<CalibrationRequest>, Result<Calibration, NotTimed>),
    /// These other processes measure on this machine.
    Beside(Vec<Measuring>),
    /// A report of a run has been written as asked, or not.
    Exported(RunDir, ExportRequest, Exported),
    /// A hand-in of a run has been written as asked, or not.
    HandedIn(RunDir, HandInRequest, HandedIn),
    /// Answers have been read.
    AnswersRead(SheetPlace, Result<AnswerSheet, String>),
    /// Answers could not be kept, and why.
    AnswersLost(String),
    /// A run was changed or removed, or could not be, and why.
    RunChanged(Result<(), String>),
    /// A signal asks the program to end.
    Terminate,
    /// The terminal is gone.
    TerminalLost,
}

/// Something that the interface wants done outside, by what it concerns.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// The run that is made here.
    Run(RunEffect),
    /// A run that is watched and not made here.
    Watch(WatchEffect),
    /// This machine and its processes.
    Monitor(MonitorEffect),
    /// The history and the runs in it.
    History(HistoryEffect),
    /// Answers to questions.
    Answers(AnswersEffect),
    /// Look through a file for the form.
    Survey(Box<SurveyRequest>),
    /// Look what the path that was typed can become.
    CompletePath(String),
    /// Set-ups that are kept.
    Setups(SetupsEffect),
    /// Time a lab's unit of work.
    Calibrate(Box<CalibrationRequest>),
    /// What is being timed is not wanted any more.
    EndTiming,
    /// Look for other processes that measure.
    LookAround,
    /// Write a report of the result that is shown.
    Export(Arc<Loaded>, ExportRequest),
    /// Write runs side by side.
    ExportComparison(Vec<RunDir>, ExportRequest),
    /// Write a hand-in of a run.
    HandIn(RunDir, HandInRequest),
    /// The terminal, and the end of the program.
    Terminal(TerminalEffect),
}

/// What is wanted of the run that is made here.
#[derive(Debug, PartialEq)]
pub enum RunEffect {
    /// Make a run.
    Make(RunJob),
    /// The person has agreed to what the lab at this place runs.
    Agree(usize),
    /// Stop the run under way as soon as it can.
    Cancel,
    /// Stop one arm of the run under way; the others go on.
    CancelArm(String),
    /// Stop one item of the repeat under way; the others go on.
    CancelItem(String),
}

/// What is wanted of a run that is watched.
#[derive(Debug, PartialEq)]
pub enum WatchEffect {
    /// Follow a run that another process makes.
    Follow(RunDir),
    /// Follow no run any more.
    Unfollow,
    /// Read the records of a run, to play it again.
    Replay(RunDir),
}

/// A process that is meant, whatever has its number later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessTarget {
    /// Its number.
    pub pid: u32,
    /// When it began, in the kernel's ticks.
    pub started_ticks: u64,
    /// Its name.
    pub name: String,
}

/// What is wanted of this machine.
#[derive(Debug, PartialEq)]
pub enum MonitorEffect {
    /// Look at it again and again.
    Begin,
    /// Look no more.
    End,
    /// Hand a signal to a process.
    Send(ProcessTarget, ProcessSignal),
}

/// What is wanted of answers to questions.
#[derive(Debug, PartialEq)]
pub enum AnswersEffect {
    /// Read them.
    Read(SheetPlace),
    /// Keep them.
    Keep(SheetPlace, AnswerSheet),
}

/// What is wanted of the set-ups that are kept.
#[derive(Debug, PartialEq)]
pub enum SetupsEffect {
    /// Read them.
    Read,
    /// Keep one.
    Keep(Box<KeepSetup>),
    /// Delete the one of this name.
    Delete(String),
}

/// What is wanted of the history.
#[derive(Debug, PartialEq)]
pub enum HistoryEffect {
    /// Read it again, all of it.
    Read,
    /// Read what has changed in it, if anything has.
    Refresh,
    /// Read a run.
    Open(RunDir),
    /// Read runs and put them side by side.
    Compare(Vec<RunDir>),
    /// Keep what a person says about a run.
    Label(RunDir, Box<RunLabel>),
    /// Delete a run.
    Delete(RunDir),
}

/// What is wanted of the terminal.
#[derive(Debug, PartialEq)]
pub enum TerminalEffect {
    /// Put a text into its clipboard.
    Copy(String),
    /// Leave the screen, install what is missing, and come back.
    Install(Box<MissingSetup>),
    /// Draw everything anew.
    Repaint,
    /// Tell this to somebody who looks elsewhere.
    Tell(Telling, String),
    /// Hide the same panels the next time.
    KeepLayout(PanelLayout),
    /// Begin with this theme the next time.
    KeepTheme(ThemeName),
    /// Stop the process as Ctrl-Z does.
    Suspend,
    /// Leave.
    Quit(Exit),
}
