//! What a view can be asked to do, and the tables that say which keys ask for it.
//!
//! A view's table is made of three parts: the keys that choose a panel, its own, and the keys that move in a panel. The
//! first and the last are the same everywhere and are defined here alone.

use crate::binding::Binding;

/// What a person can ask of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewAction {
    /// The keys act on the next panel.
    NextPanel,
    /// The keys act on the panel before.
    PrevPanel,
    /// One line up.
    Up,
    /// One line down.
    Down,
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
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// The panel over the whole screen, and back.
    Zoom,
    /// Stop drawing what is new, and go on. The work goes on in either case.
    Freeze,
    /// Sort the table by the next column.
    Sort,
    /// Turn the order of the table around.
    Reverse,
    /// The next arm in charts and tables that show one arm.
    NextArm,
    /// Tasks or items in the table.
    Toggle,
    /// The next metric of the curves.
    Metric,
    /// Curves over steps or over time.
    XAxis,
    /// Logarithmic axes, and linear ones again.
    Log,
    /// Only what was printed in the log, or everything.
    Output,
    /// Type a filter.
    Filter,
}

/// A table of keys: every entry is an action and its binding.
pub(super) type Keys<const N: usize> = [(ViewAction, Binding); N];

/// One entry of a table.
pub(super) const fn key(
    action: ViewAction,
    keys: &'static [&'static str],
    label: &'static str,
    help: &'static str,
) -> (ViewAction, Binding) {
    (action, Binding { keys, label, help })
}

/// The keys that choose a panel, in every view.
const PANEL_KEYS: Keys<3> = [
    key(
        ViewAction::NextPanel,
        &["Tab"],
        "panel",
        "Go to the next panel; a click on a panel goes there",
    ),
    key(
        ViewAction::PrevPanel,
        &["BackTab"],
        "",
        "Go to the panel before",
    ),
    key(
        ViewAction::Zoom,
        &["z", "Enter"],
        "zoom",
        "Show the panel alone, and back, as a second click on its title does",
    ),
];

/// The keys that move in a panel, in every view.
const MOVE_KEYS: Keys<6> = [
    key(ViewAction::Up, &["Up", "k"], "", "One line up in the panel"),
    key(
        ViewAction::Down,
        &["Down", "j"],
        "",
        "One line down in the panel",
    ),
    key(
        ViewAction::PageUp,
        &["PageUp"],
        "",
        "One page up in the panel",
    ),
    key(
        ViewAction::PageDown,
        &["PageDown"],
        "",
        "One page down in the panel",
    ),
    key(
        ViewAction::Home,
        &["Home", "g"],
        "",
        "To the start of the panel",
    ),
    key(
        ViewAction::End,
        &["End", "G"],
        "",
        "To the end of the panel; the log follows again",
    ),
];

/// Entries that every view has.
pub(super) const COMMON: usize = PANEL_KEYS.len() + MOVE_KEYS.len();

/// The whole table of a view from the keys that are its own. `N` is [`COMMON`] more than `M`.
pub(super) const fn with_common<const M: usize, const N: usize>(own: &Keys<M>) -> Keys<N> {
    assert!(
        N == M + COMMON,
        "a table is its own keys and the common ones"
    );
    let mut table = [PANEL_KEYS[0]; N];
    let mut i = 0;
    while i < N {
        table[i] = if i < PANEL_KEYS.len() {
            PANEL_KEYS[i]
        } else if i < PANEL_KEYS.len() + M {
            own[i - PANEL_KEYS.len()]
        } else {
            MOVE_KEYS[i - PANEL_KEYS.len() - M]
        };
        i += 1;
    }
    table
}

/// The bindings of a table alone.
pub(super) const fn bindings_of<const N: usize>(table: &Keys<N>) -> [Binding; N] {
    let mut bindings = [table[0].1; N];
    let mut i = 0;
    while i < N {
        bindings[i] = table[i].1;
        i += 1;
    }
    bindings
}

/// The action of a key's name in a table; names are those in [`Binding::keys`].
pub(super) fn action_of(table: &[(ViewAction, Binding)], name: &str) -> Option<ViewAction> {
    let entry = table.iter().find(|(_, b)| b.keys.contains(&name));
    entry.map(|(action, _)| *action)
}
