//! Every key of the interface but those of the views: what it does, and what footer, help and
//! palette say about it. Views have tables of their own, and [`of_view`] makes the same of them.

use workbench_history::filter;

use crate::action::Action;
use crate::field::Editing;
use crate::keys::{Binding, Bound, table};
use crate::kit::Motion;
use crate::views::ViewAction;
use crate::views::keys::KeyTable;

/// A table of keys.
pub type Keys = &'static [Bound<Action>];

/// Everywhere, unless text is typed.
pub const GLOBAL: Keys = table! {
    ["q", "ctrl-c"], Action::Quit, "quit", "Leave. While a run is under way it asks first.";
    ["?"], Action::Help, "help", "Show the keys that work now.";
    [":", "ctrl-p"], Action::Palette, "commands", "Find a command by typing, and run it.";
    ["ctrl-l"], Action::Repaint, "", "Draw everything anew.";
    ["ctrl-z"], Action::Suspend, "",
        "Go to the shell; `fg` comes back. A run is stopped meanwhile.";
};

/// The first screen.
pub const HOME: Keys = table! {
    ["enter"], Action::Choose, "choose", "Set up the selected lab, or open the selected run.";
    ["tab", "right", "l"], Action::Next, "next panel", "Go to the next panel.";
    ["backtab", "left", "h"], Action::Previous, "", "Go to the previous panel.";
    ["/"], Action::Type, "search", "Search the handout; n and N go from match to match.";
    ["n"], Action::Found(true), "next match", "Go to the next match in the handout.";
    ["N"], Action::Found(false), "", "Go to the match before.";
    ["esc"], Action::Back, "", "End the search.";
    ["Q"], Action::Questions, "quiz", "Show what the lab asks, beside its handout, and predict.";
    ["r"], Action::Runs, "all runs", "Show all runs, with a filter.";
    ["m"], Action::Monitor, "monitor", "Watch this machine: cores, memory, GPUs, processes.";
    ["w"], Action::Watch, "watch", "Go to the run under way.";
    ["up", "k"], Action::Move(Motion::Up), "", "Move up, or scroll the handout.";
    ["down", "j"], Action::Move(Motion::Down), "", "Move down, or scroll the handout.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Move up by a page.";
    ["pgdn", "space"], Action::Move(Motion::PageDown), "", "Move down by a page.";
    ["home", "g"], Action::Move(Motion::Home), "", "Go to the beginning.";
    ["end", "G"], Action::Move(Motion::End), "", "Go to the end.";
};

/// The history.
pub const RUNS: Keys = table! {
    ["enter", "right", "l"], Action::Choose, "open",
        "Open the selected run, also one that is under way or was killed.";
    ["/"], Action::Type, "filter", "Show only the runs that match words and fields.";
    ["p"], Action::Replay, "replay", "Play the selected run again on the Run screen.";
    ["R"], Action::Resume, "resume",
        "Resume the selected run: finished repeats are kept, missing ones are run.";
    ["m"], Action::Mark, "mark",
        "Mark the selected run for a comparison, or unmark it. The first marked run is A.";
    ["c"], Action::Compare, "compare", "Show the marked runs side by side.";
    ["M"], Action::Unmark, "", "Remove all marks.";
    ["n"], Action::EditLabel, "name, note", "Give the selected run a name, a note, tags.";
    ["*"], Action::Star, "star", "Give the selected run a star, or take it away; those stay when old runs are removed.";
    ["s"], Action::Sort, "sort", "Sort by the next of start, lab, status, speed-up, size, star.";
    ["S"], Action::ReverseOrder, "", "Reverse the order.";
    ["D", "delete"], Action::Delete, "delete", "Delete the selected run for good; it asks first.";
    ["r"], Action::Reread, "read again", "Read the list again.";
    ["esc", "left", "h"], Action::Back, "back", "Clear the filter, or go back.";
    ["up", "k"], Action::Move(Motion::Up), "", "Move up.";
    ["down", "j"], Action::Move(Motion::Down), "", "Move down.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Move up by a page.";
    ["pgdn", "space"], Action::Move(Motion::PageDown), "", "Move down by a page.";
    ["home", "g"], Action::Move(Motion::Home), "", "Go to the latest run.";
    ["end", "G"], Action::Move(Motion::End), "", "Go to the oldest run.";
};

/// The history while a filter is typed.
pub const RUNS_FILTER: &[Bound<Editing>] = table! {
    ["enter", "tab", "down", "up"], Editing::Keep, "done",
        "Keep the filter and go back to the list.";
    ["esc"], Editing::Discard, "clear", "Clear the filter.";
    ["ctrl-u"], Editing::Empty, "empty", "Empty the filter.";
};

/// What a filter of the history can hold, for the help.
pub const FILTER_WORDS: &[Binding] = &[
    Binding {
        keys: &["word"],
        label: "",
        help: "Runs with the word anywhere in their line. All terms must match; \"quotes\" keep \
               blanks and colons.",
    },
    field(filter::Field::Lab),
    field(filter::Field::Preset),
    field(filter::Field::Status),
    field(filter::Field::Arm),
    field(filter::Field::Since),
    field(filter::Field::Until),
];

const fn field(field: filter::Field) -> Binding {
    Binding {
        keys: field.examples(),
        label: "",
        help: field.help(),
    }
}

/// A handout while the text to search is typed.
pub const HANDOUT_SEARCH: &[Bound<Editing>] = table! {
    ["enter", "tab", "down", "up"], Editing::Keep, "done", "Keep the search; n and N go on.";
    ["esc"], Editing::Discard, "clear", "End the search.";
    ["ctrl-u"], Editing::Empty, "empty", "Empty the field.";
};

/// The form of a run.
pub const FORM: Keys = table! {
    ["s"], Action::Start, "start", "Start the run.";
    ["enter", "space"], Action::Choose, "change",
        "Flip a switch, turn a choice, type a value, press the button. A digit starts typing at once.";
    ["right", "l"], Action::Turn(1), "next value", "Turn a choice on, count a number up.";
    ["left", "h"], Action::Turn(-1), "", "Turn a choice back, count a number down.";
    ["backspace", "delete", "x"], Action::Reset, "reset", "Set the value back to the preset's.";
    ["esc"], Action::Back, "back", "Go back.";
    ["S"], Action::NameSetup, "keep", "Keep this set-up under a name.";
    ["o"], Action::Setups, "set-ups", "Open or delete a set-up that was kept.";
    ["Y"], Action::Copy, "copy", "Copy the command that makes this run without a screen.";
    ["Q"], Action::Questions, "predict", "Show what the lab asks before the run, and predict.";
    ["up", "k", "backtab"], Action::Move(Motion::Up), "", "Move up.";
    ["down", "j", "tab"], Action::Move(Motion::Down), "", "Move down.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Move up by a page.";
    ["pgdn"], Action::Move(Motion::PageDown), "", "Move down by a page.";
    ["home", "g"], Action::Move(Motion::Home), "", "Go to the top.";
    ["end", "G"], Action::Move(Motion::End), "", "Go to the button.";
};

/// The form while a value is typed.
pub const FORM_FIELD: Keys = table! {
    ["enter", "tab"], Action::Edit(Editing::Keep), "done", "Keep the value.";
    ["up", "backtab"], Action::Move(Motion::Up), "", "Keep the value and move up.";
    ["down"], Action::Move(Motion::Down), "", "Keep the value and move down.";
    ["esc"], Action::Edit(Editing::Discard), "undo", "Undo what was typed.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
};

/// The form while a path is typed.
pub const FORM_PATH: Keys = table! {
    ["tab"], Action::Complete, "complete", "Complete the path as far as it is certain.";
    ["enter"], Action::Edit(Editing::Keep), "done", "Keep the value.";
    ["up", "backtab"], Action::Move(Motion::Up), "", "Keep the value and move up.";
    ["down"], Action::Move(Motion::Down), "", "Keep the value and move down.";
    ["esc"], Action::Edit(Editing::Discard), "undo", "Undo what was typed.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
};

/// The time to go to in what is played.
pub const SEEK_TIME: Keys = table! {
    ["enter"], Action::Choose, "go there", "Go to the time.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
    ["esc", "ctrl-c"], Action::Close, "close", "Close the dialog.";
};

/// The name of a set-up that is kept.
pub const SETUP_NAME: Keys = table! {
    ["enter"], Action::Choose, "keep", "Keep the set-up.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
    ["esc", "ctrl-c"], Action::Close, "close", "Close the dialog.";
};

/// The set-ups that were kept.
pub const SETUPS: Keys = table! {
    ["enter", "right", "l"], Action::Choose, "open", "Open the selected set-up in the form.";
    ["D", "delete"], Action::Delete, "delete", "Delete the selected set-up; it asks first.";
    ["up", "k"], Action::Move(Motion::Up), "", "Move up.";
    ["down", "j"], Action::Move(Motion::Down), "", "Move down.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Move up by a page.";
    ["pgdn", "space"], Action::Move(Motion::PageDown), "", "Move down by a page.";
    ["home", "g"], Action::Move(Motion::Home), "", "Go to the first.";
    ["end", "G"], Action::Move(Motion::End), "", "Go to the last.";
    ["esc", "q", "ctrl-c"], Action::Close, "close", "Close the dialog.";
};

/// Whether to delete a set-up.
pub const DELETE_SETUP: Keys = table! {
    ["y"], Action::Agree, "delete", "Delete the set-up for good.";
    ["n", "esc", "q"], Action::Previous, "keep", "Change nothing.";
    ["tab", "right", "l", "backtab", "left", "h"], Action::Next, "other button",
        "Go to the other button.";
    ["enter", "space"], Action::Choose, "press", "Press the button.";
    ["ctrl-c"], Action::Close, "", "Close the dialog.";
};

/// Runs side by side, besides the keys of their view.
pub const COMPARE: Keys = table! {
    ["e"], Action::Export, "export", "Write the comparison: HTML, JSON, CSV, Markdown, SVG or PNG.";
    ["esc"], Action::Back, "back", "Go back to the history.";
    ["u"], Action::Reread, "", "Read the runs again, for those that are under way.";
};

/// The run under way, besides the keys of its view.
pub const RUN: Keys = table! {
    ["c"], Action::Stop, "stop",
        "Stop the run, one of its arms, or the selected item; it asks first, and says what is kept.";
    ["esc"], Action::Back, "home",
        "Show all panels again, or go to the first screen; the run goes on.";
    ["M"], Action::PickMetric, "", "Choose the metric of the curves by typing.";
};

/// A run of another process that is followed.
pub const FOLLOW: Keys = table! {
    ["r"], Action::Result, "result", "Show the result of the run, so far or final.";
    ["esc"], Action::Back, "back", "Go back.";
    ["M"], Action::PickMetric, "", "Choose the metric of the curves by typing.";
};

/// A run that is played again.
pub const REPLAY: Keys = table! {
    ["space"], Action::TogglePlay, "play/hold",
        "Play or pause; at the end, play from the beginning again.";
    ["]"], Action::Speed(1), "faster", "Play faster, up to 100 times as fast as it was.";
    ["["], Action::Speed(-1), "slower", "Play slower, down to the pace at which it was.";
    [".", ">"], Action::Jump(1), "ahead", "Jump ahead by a twentieth of the run.";
    [",", "<"], Action::Jump(-1), "back", "Jump back by a twentieth of the run.";
    ["n"], Action::Seek(true), "next event",
        "Go to the next repeat that begins or ends, finding or failure.";
    ["N"], Action::Seek(false), "", "Go back to the one before.";
    ["J"], Action::AskTime, "go to", "Go to a time that is typed; a click on the bar does it too.";
    ["r"], Action::Result, "result", "Show the result of the run, so far or final.";
    ["esc"], Action::Back, "back", "Go back.";
    ["M"], Action::PickMetric, "", "Choose the metric of the curves by typing.";
};

/// This machine, besides the keys of its view.
pub const MONITOR: Keys = table! {
    ["K", "f9"], Action::AskSignal, "signal",
        "Hand a signal to the selected process; it asks first.";
    ["esc"], Action::Back, "back", "Go back.";
};

/// A recording of a machine, besides the keys of its view.
pub const RECORDING: Keys = table! {
    ["space"], Action::TogglePlay, "play/hold",
        "Play or pause; at the end, play from the beginning again.";
    ["]"], Action::Speed(1), "faster", "Play faster, up to 100 times as fast as it was.";
    ["["], Action::Speed(-1), "slower", "Play slower, down to the pace at which it was.";
    [".", ">"], Action::Jump(1), "ahead", "Jump ahead by a twentieth of the recording.";
    [",", "<"], Action::Jump(-1), "", "Jump back by a twentieth of the recording.";
    ["J"], Action::AskTime, "go to", "Go to a time that is typed; a click on the bar does it too.";
    ["esc"], Action::Back, "back", "Go back.";
};

/// Which signal to hand to a process.
pub const SIGNAL: Keys = table! {
    ["n", "esc", "q", "ctrl-c"], Action::Close, "none", "Send no signal.";
    ["tab", "right", "l", "down", "j"], Action::Next, "next button", "Go to the next button.";
    ["backtab", "left", "h", "up", "k"], Action::Previous, "", "Go to the button before.";
    ["enter", "space"], Action::Choose, "press", "Press the button.";
};

/// What a run found, besides the keys of its view.
pub const RESULT: Keys = table! {
    ["Q"], Action::Questions, "questions",
        "Answer the questions about the run, beside what was predicted and what came out.";
    ["e"], Action::Export, "export", "Write a report: HTML, JSON, CSV, Markdown, SVG or PNG.";
    ["esc"], Action::Back, "back", "Go back.";
    ["p"], Action::Replay, "replay", "Play the run again on the Run screen.";
    ["Y"], Action::Copy, "copy", "Copy the command that makes this run again without a screen.";
    ["T"], Action::HandIn, "hand in", "Pack the run and its answers into the file that is handed in.";
    ["u"], Action::Reread, "", "Read the run again, for one that is under way in another process.";
    ["M"], Action::PickMetric, "", "Choose the metric of the curves by typing.";
};

/// Questions beside the handout.
pub const QUESTIONS: Keys = table! {
    ["enter", "space"], Action::Choose, "answer", "Answer the selected question.";
    ["tab", "backtab", "right", "l", "left", "h"], Action::Next, "handout",
        "Go to the handout, or back to the questions.";
    ["/"], Action::Type, "search", "Search the handout; n and N go from match to match.";
    ["n"], Action::Found(true), "next match", "Go to the next match in the handout.";
    ["N"], Action::Found(false), "", "Go to the match before.";
    ["esc"], Action::Back, "back", "End the search, or go back.";
    ["up", "k"], Action::Move(Motion::Up), "", "Move up, or scroll the handout.";
    ["down", "j"], Action::Move(Motion::Down), "", "Move down, or scroll the handout.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Move up by a page.";
    ["pgdn"], Action::Move(Motion::PageDown), "", "Move down by a page.";
    ["home", "g"], Action::Move(Motion::Home), "", "Go to the beginning.";
    ["end", "G"], Action::Move(Motion::End), "", "Go to the end.";
};

/// The questions while an answer is typed. Every change is kept at once.
pub const QUESTIONS_FIELD: &[Bound<Editing>] = table! {
    ["enter", "tab", "esc"], Editing::Keep, "done", "Stop typing; what was typed is kept already.";
    ["ctrl-j", "alt-enter"], Editing::Line, "new line", "Begin a new line, in an answer that is a text.";
    ["ctrl-u"], Editing::Empty, "empty", "Empty the field.";
};

/// The help.
pub const HELP: Keys = table! {
    ["esc", "?", "q", "enter", "ctrl-c"], Action::Close, "close", "Close the help.";
    ["down", "j"], Action::Move(Motion::Down), "scroll", "Scroll down.";
    ["up", "k"], Action::Move(Motion::Up), "", "Scroll up.";
    ["pgdn", "space"], Action::Move(Motion::PageDown), "", "Scroll down by a page.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Scroll up by a page.";
};

/// Whether to stop the run. Ctrl-C pressed twice means it.
pub const STOP: Keys = table! {
    ["y", "ctrl-c"], Action::Agree, "stop all", "Stop the whole run.";
    ["n", "esc", "q"], Action::Close, "go on", "Continue the run.";
    ["tab", "right", "l", "down", "j"], Action::Next, "next button",
        "Go to the next button: a single arm can be stopped, too.";
    ["backtab", "left", "h", "up", "k"], Action::Previous, "", "Go to the button before.";
    ["enter", "space"], Action::Choose, "press", "Press the button.";
};

/// Whether to install what a lab needs.
pub const MISSING: Keys = table! {
    ["y"], Action::Agree, "set up", "Leave the screen, set up what is missing, and come back.";
    ["n", "esc", "q", "ctrl-c"], Action::Close, "not now", "Change nothing.";
    ["tab", "right", "l", "backtab", "left", "h"], Action::Next, "other button",
        "Go to the other button.";
    ["enter", "space"], Action::Choose, "press", "Press the button.";
};

/// Whether to start a run that takes long.
pub const BEGIN: Keys = table! {
    ["y"], Action::Agree, "start", "Start the run.";
    ["n", "esc", "q", "ctrl-c"], Action::Close, "not now", "Change nothing.";
    ["tab", "right", "l", "down", "j"], Action::Next, "next button", "Go to the next button.";
    ["backtab", "left", "h", "up", "k"], Action::Previous, "", "Go to the button before.";
    ["enter", "space"], Action::Choose, "press", "Press the button.";
};

/// What a person says about a run.
pub const LABEL: Keys = table! {
    ["enter"], Action::Choose, "keep", "Keep what was typed.";
    ["tab", "down"], Action::Next, "next line", "Go to the next line.";
    ["backtab", "up"], Action::Previous, "", "Go to the line before.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the line.";
    ["esc", "ctrl-c"], Action::Close, "close", "Change nothing.";
};

/// Whether to delete a run.
pub const DELETE: Keys = table! {
    ["y"], Action::Agree, "delete", "Delete the run for good.";
    ["n", "esc", "q", "ctrl-c"], Action::Close, "keep", "Change nothing.";
    ["tab", "right", "l", "backtab", "left", "h"], Action::Next, "other button",
        "Go to the other button.";
    ["enter", "space"], Action::Choose, "press", "Press the button.";
};

/// Where to write a report.
pub const EXPORT: Keys = table! {
    ["enter"], Action::Choose, "write", "Write the report.";
    ["tab"], Action::Complete, "complete", "Complete the path as far as it is certain.";
    ["down"], Action::Next, "next format", "Change the name to the next format's.";
    ["up"], Action::Previous, "", "Change the name to the previous format's.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
    ["esc", "ctrl-c"], Action::Close, "close", "Close the dialog.";
};

/// Where to write a hand-in.
pub const HAND_IN: Keys = table! {
    ["enter"], Action::Choose, "write", "Write the hand-in.";
    ["tab"], Action::Complete, "complete", "Complete the path as far as it is certain.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
    ["esc", "ctrl-c"], Action::Close, "close", "Close the dialog.";
};

/// Everything that can be done.
pub const PALETTE: Keys = table! {
    ["enter"], Action::Choose, "do it", "Do what is selected.";
    ["up", "ctrl-p", "backtab"], Action::Move(Motion::Up), "", "Move up.";
    ["down", "ctrl-n", "tab"], Action::Move(Motion::Down), "next", "Move down.";
    ["pgup"], Action::Move(Motion::PageUp), "", "Move up by a page.";
    ["pgdn"], Action::Move(Motion::PageDown), "", "Move down by a page.";
    ["ctrl-u"], Action::Edit(Editing::Empty), "empty", "Empty the field.";
    ["esc", "ctrl-c"], Action::Close, "close", "Close the list.";
};

/// The keys of a view.
pub fn of_view(table: KeyTable) -> Vec<Bound<Action>> {
    let bound = |bound: &Bound<ViewAction>| Bound {
        binding: bound.binding,
        action: Action::View(bound.action),
    };
    table.iter().map(bound).collect()
}
