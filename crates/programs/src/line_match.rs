//! Finding a number in lines that arrive in pieces.

use regex::bytes::Regex;

/// The longest line that is looked through, in bytes; of a longer one only the beginning is.
const LONGEST: usize = 1 << 16;

/// Looks for a number in every line; the last one counts.
#[derive(Debug)]
pub(crate) struct LineMatch {
    pattern: Regex,
    line: Vec<u8>,
    found: Option<f64>,
}

impl LineMatch {
    pub(crate) fn new(pattern: Regex) -> Self {
        Self {
            pattern,
            line: Vec::new(),
            found: None,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST - self.line.len();
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.look();
            }
        }
    }

    /// The number, at the end.
    pub(crate) fn finish(mut self) -> Option<f64> {
        self.look();
        self.found
    }

    /// The first group of the pattern, or all of it where it has none.
    fn look(&mut self) {
        for found in self.pattern.captures_iter(&self.line) {
            let group = found.get(1).or_else(|| found.get(0));
            let text = group.and_then(|group| str::from_utf8(group.as_bytes()).ok());
            let number = text.and_then(|text| text.trim().parse::<f64>().ok());
            self.found = number.or(self.found);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_counts_also_in_pieces_and_without_an_end_of_line() {
        let mut lines = LineMatch::new(Regex::new(r"pi = ([\d.]+)").unwrap());
        for piece in [
            &b"pi = 2.7\npi "[..],
            b"= 2.5\nother\xff",
            b"\npi = word\npi = 2.",
            b"75",
        ] {
            lines.push(piece);
        }
        assert_eq!(lines.finish(), Some(2.75));
        let mut lines = LineMatch::new(Regex::new(r"[0-9]+").unwrap());
        lines.push(&vec![b'x'; 3 * LONGEST]);
        lines.push(b"1 2\n");
        assert_eq!(lines.finish(), None);
    }
}
