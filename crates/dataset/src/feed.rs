//! The bytes below the CSV reader: bounds what one row may take, and knows on which line
//! each row starts.
//!
//! The CSV crate holds a row in memory until it ends, and counts lines by their line feeds,
//! which is one short after a carriage return. This layer sees every byte first, so it can
//! refuse a row without an end and count line breaks as text editors do: `\n`, `\r\n` and a lone
//! `\r` are one break each.

use std::io::{self, Read};

/// Most bytes that one row may take, blank lines before it included.
pub(super) const MAX_ROW_BYTES: u64 = 8 << 20;

/// A reader that counts lines and ends rows that are too long.
pub(super) struct BoundedRows<R> {
    source: R,
    /// What was handed out last, and its offset in the stream.
    chunk: Vec<u8>,
    chunk_start: u64,
    /// Bytes of the stream that the lines below take into account.
    counted: u64,
    /// The line of the next byte, from 1, but for a carriage return just before it.
    line: u64,
    after_return: bool,
    /// The line on which the current row starts, once its first byte has been counted.
    row_line: Option<u64>,
    /// Offset that may not be passed before the current row has ended.
    allowed: u64,
    overran: bool,
}

impl<R: Read> BoundedRows<R> {
    /// Starts to read.
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            chunk: Vec::new(),
            chunk_start: 0,
            counted: 0,
            line: 1,
            after_return: false,
            row_line: None,
            allowed: MAX_ROW_BYTES,
            overran: false,
        }
    }

    /// Notes that the current row ended before offset `end` of the stream, and gives the line on
    /// which it started.
    pub(super) fn end_row(&mut self, end: u64) -> u64 {
        self.count_to(end);
        self.allowed = end.saturating_add(MAX_ROW_BYTES);
        self.row_line.take().unwrap_or(self.line)
    }

    /// Whether a row was refused for its length.
    pub(super) fn overran(&self) -> bool {
        self.overran
    }

    /// The line on which the row that has not ended yet starts.
    pub(super) fn open_row_line(&self) -> u64 {
        self.row_line.unwrap_or(self.line)
    }

    fn count_to(&mut self, end: u64) {
        let from = self.counted.saturating_sub(self.chunk_start) as usize;
        let to = (end.saturating_sub(self.chunk_start) as usize).min(self.chunk.len());
        for &byte in self.chunk.get(from..to).unwrap_or_default() {
            if self.after_return && byte != b'\n' {
                self.line += 1;
            }
            // Line breaks before the first byte of a row are blank lines, or the rest of the
            // last row's `\r\n`.
            if self.row_line.is_none() && !matches!(byte, b'\n' | b'\r') {
                self.row_line = Some(self.line);
            }
            self.line += u64::from(byte == b'\n');
            self.after_return = byte == b'\r';
        }
        self.counted = self.counted.max(end);
    }
}

impl<R: Read> Read for BoundedRows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.chunk_start + self.chunk.len() as u64;
        if start >= self.allowed {
            self.count_to(start);
            self.overran = true;
            return Err(io::Error::other("row without an end"));
        }
        let read = loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if read > 0 {
            // The CSV reader asks for more only when it has used up what it had.
            self.count_to(start);
            self.chunk.clear();
            self.chunk.extend_from_slice(&buffer[..read]);
            self.chunk_start = start;
        }
        Ok(read)
    }
}

/// Number of line breaks within a field.
pub(super) fn line_breaks(field: &[u8]) -> u64 {
    let after = field.iter().skip(1).map(Some).chain([None]);
    let breaks = field
        .iter()
        .zip(after)
        .filter(|&(&byte, next)| byte == b'\n' || byte == b'\r' && next != Some(&b'\n'));
    breaks.count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines on which the rows of `text` start, read in pieces of `piece` bytes.
    fn row_lines(text: &str, piece: usize) -> Vec<u64> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(piece)
            .from_reader(BoundedRows::new(text.as_bytes()));
        let mut record = csv::ByteRecord::new();
        let mut lines = Vec::new();
        while rows.read_byte_record(&mut record).unwrap() {
            let end = rows.position().byte();
            lines.push(rows.get_mut().end_row(end));
        }
        lines
    }

    #[test]
    fn rows_start_where_a_text_editor_says() {
        for piece in [1, 2, 3, 5, 8192] {
            for eol in ["\n", "\r\n", "\r"] {
                let text = "a,b\n1,2\n\n\n\"x\ny\",3\n4,\"\n\"\n5,6".replace('\n', eol);
                assert_eq!(
                    row_lines(&text, piece),
                    [1, 2, 5, 7, 9],
                    "{text:?} by {piece}"
                );
            }
            assert_eq!(row_lines("a\n\"open\nto the end\n", piece), [1, 2]);
            assert_eq!(row_lines("\n\r\n\ra", piece), [4]);
        }
    }

    #[test]
    fn a_row_without_an_end_is_refused_after_a_bounded_number_of_bytes() {
        let mut feed = BoundedRows::new(io::repeat(b'x'));
        let mut sink = io::sink();
        assert!(io::copy(&mut feed, &mut sink).is_err());
        assert!(feed.overran());
        assert!(feed.chunk_start + (feed.chunk.len() as u64) < MAX_ROW_BYTES + (1 << 20));
        assert_eq!(feed.open_row_line(), 1);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in "[a\",\r\n]{0,40}", piece in 1_usize..9) {
            prop_assert_eq!(row_lines(&text, piece), row_lines(&text, 8192));
        }
    }
}
