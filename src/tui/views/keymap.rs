//! What a view can be asked to do, and the tables that say which keys ask for it.

use crate::tui::binding::Binding;

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
    /// Left: a wider span of time, a smaller cursor.
    Left,
    /// Right: a shorter span of time, a larger cursor.
    Right,
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
