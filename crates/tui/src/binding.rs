//! One key binding: what dispatch, footer and help all read.

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
