//! Small changes to the bytes of a text on their way to the CSV reader. Line breaks stay where
//! they are, so lines keep their numbers.

use std::io::{self, Read};

/// Makes one blank of every run of blanks and tabs, and none at the start and the end of a line,
/// so that a blank can stand between columns. Quoted text stays as it is.
pub(super) struct Blanks<R> {
    source: R,
    /// Blanks were met since the last other byte of the line.
    pending: bool,
    at_start: bool,
    in_quotes: bool,
}

impl<R> Blanks<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            pending: false,
            at_start: true,
            in_quotes: false,
        }
    }
}

impl<R: Read> Read for Blanks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A byte becomes two where a blank was held back; half of the buffer is room enough.
        let mut piece = [0; 4096];
        let most = (buffer.len() / 2).clamp(1, piece.len());
        if buffer.len() < 2 {
            return Err(io::Error::other("a buffer of two bytes or more is needed"));
        }
        loop {
            let read = self.source.read(&mut piece[..most])?;
            let mut written = 0;
            for &byte in &piece[..read] {
                if matches!(byte, b' ' | b'\t') && !self.in_quotes {
                    self.pending = !self.at_start;
                    continue;
                }
                let is_end = matches!(byte, b'\n' | b'\r');
                if self.pending && !is_end {
                    buffer[written] = b' ';
                    written += 1;
                }
                self.pending = false;
                self.in_quotes ^= byte == b'"';
                self.at_start = is_end && !self.in_quotes;
                buffer[written] = byte;
                written += 1;
            }
            if written > 0 || read == 0 {
                return Ok(written);
            }
        }
    }
}

/// Takes away the quotes around whole rows, and with them the doubling of those within.
pub(super) struct Unwrapped<R> {
    source: R,
    at_start: bool,
    /// The row began with a quote.
    is_wrapped: bool,
    /// The byte before was a quote that has not been handed on.
    held: bool,
}

impl<R> Unwrapped<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            at_start: true,
            is_wrapped: false,
            held: false,
        }
    }

    /// What is handed on of a byte.
    fn takes(&mut self, byte: u8) -> bool {
        let (is_quote, is_end) = (byte == b'"', matches!(byte, b'\n' | b'\r'));
        if self.at_start && is_quote {
            (self.at_start, self.is_wrapped) = (false, true);
            return false;
        }
        self.at_start = is_end;
        if !self.is_wrapped {
            return true;
        }
        // Of two quotes the second is handed on; of one, at the end of the row, none is.
        let is_second = is_quote && self.held;
        self.held = is_quote && !is_second;
        self.is_wrapped = !is_end;
        !self.held
    }
}

impl<R: Read> Read for Unwrapped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.source.read(buffer)?;
            let mut written = 0;
            for at in 0..read {
                let byte = buffer[at];
                if self.takes(byte) {
                    buffer[written] = byte;
                    written += 1;
                }
            }
            if written > 0 || read == 0 {
                return Ok(written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything, in pieces of a few bytes.
    fn all(mut reader: impl Read, piece: usize) -> String {
        let (mut out, mut buffer) = (Vec::new(), vec![0; piece]);
        loop {
            let read = reader.read(&mut buffer).unwrap();
            if read == 0 {
                return String::from_utf8(out).unwrap();
            }
            out.extend_from_slice(&buffer[..read]);
        }
    }

    #[test]
    fn runs_of_blanks_become_one() {
        let text = "  a   \"b  c\"\td \r\n\n 1\t\t2   3\n";
        for piece in [2, 3, 7, 100] {
            let found = all(Blanks::new(text.as_bytes()), piece);
            assert_eq!(found, "a \"b  c\" d\r\n\n1 2 3\n", "{piece}");
        }
    }

    #[test]
    fn quotes_around_rows_go_and_those_within_are_halved() {
        let text = "\"a,\"\"b, c\"\"\"\r\n\"1,2\"\n3,4\n\n\"5,6\"";
        for piece in [1, 2, 3, 100] {
            let found = all(Unwrapped::new(text.as_bytes()), piece);
            assert_eq!(found, "a,\"b, c\"\r\n1,2\n3,4\n\n5,6", "{piece}");
        }
    }
}
