//! Text of strangers that is shown on a terminal.

/// A text without what a terminal could take for a command or what reverses its direction.
pub(crate) fn shown(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || turns(*c));
    text.chars().filter(fits).collect()
}

/// Whether a character turns the direction of writing (Unicode's bidirectional controls).
pub(crate) fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
