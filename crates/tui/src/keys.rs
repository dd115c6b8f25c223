//! Names of keys, and the tables that tie them to actions: what dispatch, footer, palette
//! and help read.
//!
//! Belongs here: turning a key event into a name and finding it in a table. Does not belong here:
//! what an action does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Keys that do the same thing, and what they do in a word and in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Names of the keys, the one to show first.
    pub keys: &'static [&'static str],
    /// What the footer says.
    pub label: &'static str,
    /// What the help says.
    pub help: &'static str,
}

/// One line of a table: what people are told, and what happens.
#[derive(Debug, Clone, Copy)]
pub struct Bound<A> {
    /// What people are told.
    pub binding: Binding,
    /// What happens.
    pub action: A,
}

/// A line of a table.
pub const fn bound<A>(
    keys: &'static [&'static str],
    action: A,
    label: &'static str,
    help: &'static str,
) -> Bound<A> {
    Bound {
        binding: Binding { keys, label, help },
        action,
    }
}

/// A table: keys, action, what the footer says (may be empty), what help and palette say.
macro_rules! table {
    ($($keys:expr, $action:expr, $label:expr, $help:expr;)*) => {
        &[$($crate::keys::bound(&$keys, $action, $label, $help)),*]
    };
}
pub(crate) use table;

/// The action of a key in a table.
pub fn find<'a, A: Clone + 'static>(
    table: impl IntoIterator<Item = &'a Bound<A>>,
    key: &str,
) -> Option<A> {
    let mut bound = table.into_iter();
    let bound = bound.find(|bound| bound.binding.keys.contains(&key))?;
    Some(bound.action.clone())
}

/// What people are told about a table.
pub fn told<A>(table: &[Bound<A>]) -> Vec<Binding> {
    table.iter().map(|bound| bound.binding).collect()
}

/// A key with a name of its own.
struct Named {
    name: &'static str,
    code: KeyCode,
    /// As people are shown it, with all of Unicode and without.
    shown: [&'static str; 2],
}

const fn named(name: &'static str, code: KeyCode, shown: [&'static str; 2]) -> Named {
    Named { name, code, shown }
}

const NAMED: [Named; 15] = [
    named("space", KeyCode::Char(' '), ["Space"; 2]),
    named("enter", KeyCode::Enter, ["Enter"; 2]),
    named("esc", KeyCode::Esc, ["Esc"; 2]),
    named("tab", KeyCode::Tab, ["Tab"; 2]),
    named("backtab", KeyCode::BackTab, ["Shift-Tab"; 2]),
    named("backspace", KeyCode::Backspace, ["Backspace"; 2]),
    named("delete", KeyCode::Delete, ["Delete"; 2]),
    named("up", KeyCode::Up, ["↑", "Up"]),
    named("down", KeyCode::Down, ["↓", "Down"]),
    named("left", KeyCode::Left, ["←", "Left"]),
    named("right", KeyCode::Right, ["→", "Right"]),
    named("pgup", KeyCode::PageUp, ["PgUp"; 2]),
    named("pgdn", KeyCode::PageDown, ["PgDn"; 2]),
    named("home", KeyCode::Home, ["Home"; 2]),
    named("end", KeyCode::End, ["End"; 2]),
];

/// The name of a key: a character, or a word such as `enter` or `ctrl-c`.
pub fn name(key: KeyEvent) -> String {
    let known = NAMED.iter().find(|known| known.code == key.code);
    let base = match (known, key.code) {
        (Some(known), _) => known.name.to_owned(),
        (None, KeyCode::Char(c)) => c.to_string(),
        (None, KeyCode::F(n)) => format!("f{n}"),
        (None, _) => String::new(),
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) && !base.is_empty() {
        format!("ctrl-{}", base.to_lowercase())
    } else {
        base
    }
}

/// The key of a name, as if it had been pressed; the opposite of [`name`].
pub fn event(name: &str) -> Option<KeyEvent> {
    let (base, modifiers) = match name.strip_prefix("ctrl-") {
        Some(base) if !base.is_empty() => (base, KeyModifiers::CONTROL),
        _ => (name, KeyModifiers::NONE),
    };
    let code = if let Some(known) = NAMED.iter().find(|known| known.name == base) {
        known.code
    } else {
        let mut chars = base.chars();
        let first = chars.next()?;
        match chars.as_str() {
            "" => KeyCode::Char(first),
            number if first == 'f' => KeyCode::F(number.parse().ok()?),
            _ => return None,
        }
    };
    Some(KeyEvent::new(code, modifiers))
}

/// A key as footer and help show it.
pub fn shown(name: &'static str, ascii: bool) -> &'static str {
    match name {
        "ctrl-c" => "Ctrl-C",
        "ctrl-z" => "Ctrl-Z",
        "ctrl-l" => "Ctrl-L",
        "ctrl-u" => "Ctrl-U",
        "ctrl-p" => "Ctrl-P",
        "ctrl-n" => "Ctrl-N",
        "ctrl-down" => ["Ctrl-↓", "Ctrl-Down"][usize::from(ascii)],
        "ctrl-up" => ["Ctrl-↑", "Ctrl-Up"][usize::from(ascii)],
        _ => {
            let known = NAMED.iter().find(|known| known.name == name);
            known.map_or(name, |known| known.shown[usize::from(ascii)])
        }
    }
}
