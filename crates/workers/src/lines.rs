//! Splits printed bytes into lines that are safe to show.

/// Longest line kept, in bytes; the rest of a longer one is cut.
const LONGEST: usize = 2000;

/// Cuts a stream of bytes into lines. Never holds more than one line of the maximum length.
#[derive(Debug, Default)]
pub struct LineSplitter {
    line: Vec<u8>,
    cut: bool,
}

impl LineSplitter {
    /// Takes the next bytes and returns every line that they complete. Carriage returns end lines
    /// too, since progress bars write them; empty lines are left out.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(String)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n' || byte == b'\r') {
            let (text, ends) = match piece {
                [text @ .., b'\n' | b'\r'] => (text, true),
                text => (text, false),
            };
            let room = LONGEST - self.line.len();
            self.cut |= text.len() > room;
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                self.finish(&mut take);
            }
        }
    }

    /// Returns the unfinished last line.
    pub fn finish(&mut self, mut take: impl FnMut(String)) {
        let mut line = shown(&String::from_utf8_lossy(&self.line));
        if std::mem::take(&mut self.cut) {
            line.push('…');
        }
        self.line.clear();
        if !line.trim().is_empty() {
            take(line);
        }
    }
}

/// A line without control characters and the sequences that colour text on terminals.
fn shown(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => {
                // A sequence ends with its first character from `@` to `~` (ECMA-48).
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\t' => shown.push_str("    "),
            c if c.is_control() => {}
            c => shown.push(c),
        }
    }
    shown
}
