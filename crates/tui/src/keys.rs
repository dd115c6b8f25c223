//! Names of keys, and the tables that tie them to actions.
//!
//! Belongs here: turning a key event into a name and finding it in a table. Does not belong here: what an action does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::binding::Binding;

/// One line of a table: what people are told, and what happens.
#[derive(Debug, Clone, Copy)]
pub struct Bound<A: 'static> {
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

/// The action of a key in a table.
pub fn find<A: Clone>(table: &[Bound<A>], key: &str) -> Option<A> {
    table
        .iter()
        .find(|bound| has(&bound.binding, key))
        .map(|bound| bound.action.clone())
}

/// What people are told about a table.
pub fn told<A>(table: &[Bound<A>]) -> Vec<Binding> {
    table.iter().map(|bound| bound.binding).collect()
}

/// Whether a key is one of a binding's.
pub fn has(binding: &Binding, key: &str) -> bool {
    binding.keys.iter().any(|name| canonical(name) == key)
}

/// The name of a key: a character, or a word such as `enter` or `ctrl-c`.
pub fn name(key: KeyEvent) -> String {
    let base = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::BackTab => "backtab".to_owned(),
        KeyCode::Backspace => "backspace".to_owned(),
        KeyCode::Delete => "delete".to_owned(),
        KeyCode::Up => "up".to_owned(),
        KeyCode::Down => "down".to_owned(),
        KeyCode::Left => "left".to_owned(),
        KeyCode::Right => "right".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::F(n) => format!("f{n}"),
        _ => String::new(),
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) && !base.is_empty() {
        format!("ctrl-{}", base.to_lowercase())
    } else {
        base
    }
}

/// The key of a name, as if it had been pressed; the opposite of [`name`].
pub fn event(name: &str) -> Option<KeyEvent> {
    let name = canonical(name);
    let (base, modifiers) = match name.strip_prefix("ctrl-") {
        Some(base) if !base.is_empty() => (base, KeyModifiers::CONTROL),
        _ => (name, KeyModifiers::NONE),
    };
    let code = match base {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        base => {
            let mut chars = base.chars();
            let first = chars.next()?;
            match chars.as_str() {
                "" => KeyCode::Char(first),
                number if first == 'f' => KeyCode::F(number.parse().ok()?),
                _ => return None,
            }
        }
    };
    Some(KeyEvent::new(code, modifiers))
}

/// The name under which a key is looked up, from any of the ways of writing it.
pub fn canonical(name: &str) -> &str {
    match name {
        "↑" | "Up" => "up",
        "↓" | "Down" => "down",
        "←" | "Left" => "left",
        "→" | "Right" => "right",
        "Tab" => "tab",
        "BackTab" | "shift-tab" | "Shift-Tab" | "S-Tab" => "backtab",
        "Enter" => "enter",
        "Esc" => "esc",
        "Space" | " " => "space",
        "PgUp" | "PageUp" | "pageup" => "pgup",
        "PgDn" | "PageDown" | "pagedown" => "pgdn",
        "Home" => "home",
        "End" => "end",
        other => other,
    }
}

/// A key as footer and help show it.
pub fn shown(name: &'static str, ascii: bool) -> &'static str {
    match (canonical(name), ascii) {
        ("up", false) => "↑",
        ("down", false) => "↓",
        ("left", false) => "←",
        ("right", false) => "→",
        ("up", true) => "Up",
        ("down", true) => "Down",
        ("left", true) => "Left",
        ("right", true) => "Right",
        ("tab", _) => "Tab",
        ("backtab", _) => "Shift-Tab",
        ("enter", _) => "Enter",
        ("esc", _) => "Esc",
        ("space", _) => "Space",
        ("pgup", _) => "PgUp",
        ("pgdn", _) => "PgDn",
        ("home", _) => "Home",
        ("end", _) => "End",
        ("backspace", _) => "Backspace",
        ("ctrl-c", _) => "Ctrl-C",
        ("ctrl-z", _) => "Ctrl-Z",
        ("ctrl-l", _) => "Ctrl-L",
        ("ctrl-u", _) => "Ctrl-U",
        ("ctrl-p", _) => "Ctrl-P",
        ("ctrl-n", _) => "Ctrl-N",
        _ => name,
    }
}
