//! What a view can be asked to do, and the one table of each view that says which keys ask for it.
//!
//! A view's table is made of three parts: the keys that choose a panel, its own, and the keys that
//! move in a panel. The first and the last are the same everywhere.

use crate::keys::{Bound, table};
use crate::kit::Motion;

/// What a person can ask of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewAction {
    /// The keys act on the next panel.
    NextPanel,
    /// The keys act on the panel before.
    PrevPanel,
    /// Move in the panel.
    Move(Motion),
    /// The cursor of the charts to the left by a step: earlier, fewer workers.
    Left,
    /// The cursor of the charts to the right by a step: later, more workers.
    Right,
    /// The cursor to the left by ten steps.
    FarLeft,
    /// The cursor to the right by ten steps.
    FarRight,
    /// The cursor on, and off.
    Cursor,
    /// A longer stretch of time.
    Longer,
    /// A shorter stretch of time.
    Shorter,
    /// The panel over the whole screen, and back.
    Zoom,
    /// The panel out of sight, and back.
    Hide,
    /// Make the panel that keys act on a line taller.
    Taller,
    /// Make it a line lower.
    Lower,
    /// Stop drawing what is new, and go on. The work goes on in either case.
    Freeze,
    /// Sort the table by the next column.
    Sort,
    /// Reverse the order of the table.
    Reverse,
    /// The next arm in charts and tables that show one arm.
    NextArm,
    /// Tasks or items in the table.
    Toggle,
    /// The next metric of the curves.
    Metric,
    /// The curves of all metrics at once, or of one alone.
    Grid,
    /// Lines of curves smoothed, more, or not.
    Smooth,
    /// Curves over steps or over time.
    XAxis,
    /// Logarithmic axes, and linear ones again.
    Log,
    /// Only what was printed in the log, or everything.
    Output,
    /// Only what matters, large, for a projector; and back.
    Present,
    /// Threads of the kernel among the processes, or not.
    Kernel,
    /// Type a filter.
    Filter,
}

/// A table of keys.
type Keys = &'static [Bound<ViewAction>];

/// The keys that choose a panel, in every view.
const PANEL: Keys = table! {
    ["tab"], ViewAction::NextPanel, "panel", "Go to the next panel; a click on a panel goes there";
    ["backtab"], ViewAction::PrevPanel, "", "Go to the panel before";
    ["z", "enter"], ViewAction::Zoom, "zoom",
        "Show the panel alone or all panels; a second click on its title does the same";
    ["X"], ViewAction::Hide, "", "Hide the panel, also the next time, or show it again";
    ["ctrl-down", "}"], ViewAction::Taller, "", "Make the panel taller, also the next time";
    ["ctrl-up", "{"], ViewAction::Lower, "", "Make the panel lower";
};

/// The keys that move in a panel, in every view.
const MOVE: Keys = table! {
    ["up", "k"], ViewAction::Move(Motion::Up), "", "One line up in the panel";
    ["down", "j"], ViewAction::Move(Motion::Down), "", "One line down in the panel";
    ["pgup"], ViewAction::Move(Motion::PageUp), "", "One page up in the panel";
    ["pgdn"], ViewAction::Move(Motion::PageDown), "", "One page down in the panel";
    ["home", "g"], ViewAction::Move(Motion::Home), "", "To the start of the panel";
    ["end", "G"], ViewAction::Move(Motion::End), "",
        "To the end of the panel; the log follows again";
};

/// The whole table of a view: the keys that choose a panel, its own, and those that move.
#[derive(Debug, Clone, Copy)]
pub struct KeyTable(Keys);

impl KeyTable {
    /// Its lines, the most useful first.
    pub fn iter(&self) -> impl Iterator<Item = &'static Bound<ViewAction>> {
        [PANEL, self.0, MOVE].into_iter().flatten()
    }
}

/// The keys of the Run screen.
pub const RUN: KeyTable = KeyTable(table! {
    ["v"], ViewAction::Cursor, "cursor",
        "Show or hide a time cursor in cores, GPUs, timeline and curves, which then show what was \
         at that time";
    ["left", "h"], ViewAction::Left, "",
        "Move the cursor to an earlier time, by a cell of the panel";
    ["right", "l"], ViewAction::Right, "",
        "Move the cursor to a later time, by a cell of the panel";
    ["H"], ViewAction::FarLeft, "", "Move the cursor ten cells to the left";
    ["L"], ViewAction::FarRight, "", "Move the cursor ten cells to the right";
    ["-"], ViewAction::Longer, "longer",
        "Show a longer stretch of time (cores and GPUs, or the timeline)";
    ["+", "="], ViewAction::Shorter, "shorter",
        "Show a shorter stretch of time (cores and GPUs, or the timeline)";
    ["m"], ViewAction::Metric, "metric", "Show the next metric in the curves";
    ["d"], ViewAction::Grid, "all metrics", "Draw the curves of all metrics at once, over the whole screen, or of one alone";
    ["w"], ViewAction::Smooth, "", "Smooth the lines of the curves, more, or not";
    ["x"], ViewAction::XAxis, "", "Draw the curves over time or over steps";
    ["y"], ViewAction::Log, "", "Draw the curves on a logarithmic or a linear axis";
    ["/"], ViewAction::Filter, "filter",
        "Show only the entries of the log that have all the words typed; in the panel of items, \
         only the items";
    ["s"], ViewAction::Sort, "sort",
        "Sort the items by the next of begin, best value, state, steps; c stops the selected one";
    ["S"], ViewAction::Reverse, "", "Reverse the order of the items";
    ["o"], ViewAction::Output, "", "Show only printed lines in the log, and everything again";
    ["f"], ViewAction::Freeze, "freeze",
        "Pause the picture, or resume it; the run continues either way";
});

/// The keys of the Result screen.
pub const RESULT: KeyTable = KeyTable(table! {
    ["left", "h"], ViewAction::Left, "fewer workers",
        "Move the cursor of the charts over workers to fewer workers; in the curves, theirs to \
         the left";
    ["right", "l"], ViewAction::Right, "more workers",
        "Move the cursor of the charts over workers to more workers; in the curves, theirs to \
         the right";
    ["H"], ViewAction::FarLeft, "", "Move the cursor ten to the left";
    ["L"], ViewAction::FarRight, "", "Move the cursor ten to the right";
    ["a"], ViewAction::NextArm, "arm",
        "Show the next arm in the what-if chart and in the table, and where not all arms fit \
         beside one another";
    ["s"], ViewAction::Sort, "sort", "Sort the table by the next column";
    ["S"], ViewAction::Reverse, "", "Reverse the order of the table";
    ["t"], ViewAction::Toggle, "tasks", "Show tasks or items in the table";
    ["/"], ViewAction::Filter, "filter",
        "Show only the rows of the table that have all the words typed";
    ["m"], ViewAction::Metric, "", "Show the next metric in the curves";
    ["d"], ViewAction::Grid, "", "Draw the curves of all metrics at once, or of one alone";
    ["w"], ViewAction::Smooth, "", "Smooth the lines of the curves, more, or not";
    ["x"], ViewAction::XAxis, "", "Draw the curves over time or over steps";
    ["y"], ViewAction::Log, "",
        "Draw the charts on logarithmic axes (both where x is workers), and back; bars stay as \
         they are, for they begin at 0";
    ["v"], ViewAction::Cursor, "", "Show or hide a cursor in the curves";
    ["P"], ViewAction::Present, "present",
        "Show only what matters, in large type, for a projector; and everything again";
});

/// The keys of the Compare screen.
pub const COMPARE: KeyTable = KeyTable(table! {
    ["a"], ViewAction::NextArm, "arm", "Show the next arm in the charts";
    ["right", "l"], ViewAction::Right, "next curve", "Show the next recorded curve";
    ["left", "h"], ViewAction::Left, "", "Show the recorded curve before";
    ["t"], ViewAction::Toggle, "bars",
        "Draw bars of speed-ups instead of times, where there is room for one of the two";
});

/// The keys of the Monitor screen.
pub const MONITOR: KeyTable = KeyTable(table! {
    ["s"], ViewAction::Sort, "sort",
        "Sort the processes by the next column: CPU, memory, GPU memory, CPU time, number, name";
    ["S"], ViewAction::Reverse, "", "Reverse the order of the processes";
    ["t"], ViewAction::Toggle, "tree", "Show the processes as a tree, or as a list";
    ["/"], ViewAction::Filter, "filter",
        "Show only the processes whose name, command line, account or number has all the words typed";
    ["T"], ViewAction::Kernel, "", "Show the threads of the kernel too, or hide them";
    ["-"], ViewAction::Longer, "longer", "Show a longer stretch of time, ten times as long";
    ["+", "="], ViewAction::Shorter, "", "Show a shorter stretch of time";
    ["f"], ViewAction::Freeze, "freeze", "Pause the picture, or resume it";
});
