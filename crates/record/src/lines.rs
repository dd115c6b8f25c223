//! The lines of a log, one at a time, however long a damaged one is.

use std::io::{self, BufRead, Read as _};

/// The longest line that is written and read, in bytes. The longest line that labs come to holds
/// the items of one repeat.
pub(crate) const MAX_LINE: u64 = 256 << 20;

/// A line as it was found.
pub(crate) struct LogLine<'a> {
    /// Its length with its line break.
    pub bytes: u64,
    /// Its content without its line break; `None` where it is too long to be one of a log.
    pub content: Option<&'a [u8]>,
    /// Whether it has a line break. Only the last line can be without.
    pub whole: bool,
}

/// Reads a source line by line.
pub(crate) struct LogLines<R> {
    source: R,
    line: Vec<u8>,
    longest: u64,
}

impl<R: BufRead> LogLines<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            line: Vec::new(),
            longest: MAX_LINE,
        }
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<LogLine<'_>>> {
        self.line.clear();
        let mut bytes = self.read()?;
        if bytes == 0 {
            return Ok(None);
        }
        let is_long = self.line.len() as u64 == self.longest && !self.ends();
        // What is too long is passed over piece by piece.
        while is_long && !self.ends() {
            self.line.clear();
            match self.read()? {
                0 => break,
                more => bytes += more,
            }
        }
        let whole = self.ends();
        if whole {
            self.line.pop();
        }
        Ok(Some(LogLine {
            bytes,
            content: (!is_long).then_some(self.line.as_slice()),
            whole,
        }))
    }

    /// Appends up to the next line break, or as much as a line may have.
    fn read(&mut self) -> io::Result<u64> {
        let mut piece = (&mut self.source).take(self.longest);
        Ok(piece.read_until(b'\n', &mut self.line)? as u64)
    }

    fn ends(&self) -> bool {
        self.line.last() == Some(&b'\n')
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_counted_and_passed_over() {
        let text = b"one\n0123456789 and more\n\n0123456789\nend".as_slice();
        let mut lines = LogLines {
            longest: 8,
            ..LogLines::new(text)
        };
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            let content = line.content.map(|bytes| String::from_utf8(bytes.to_vec()));
            found.push((line.bytes, content.transpose().unwrap(), line.whole));
        }
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                (4, some("one"), true),
                (20, None, true),
                (1, some(""), true),
                (11, None, true),
                (3, some("end"), false),
            ]
        );
    }
}
