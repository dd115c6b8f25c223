//! What a key does, as people are told: the type that the tables of all screens are made of.

/// One line of a screen's table of keys. The table feeds dispatch, footer and help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The keys that do it, by name; the first is the one that the footer shows.
    pub keys: &'static [&'static str],
    /// One or two words for the footer.
    pub label: &'static str,
    /// One sentence for the help.
    pub help: &'static str,
}
