//! UTF-16 as UTF-8, a few kilobytes at a time.

use std::io::{self, Cursor, Read};

/// Bytes that are read at a time.
const CHUNK: usize = 8 << 10;

/// Reads UTF-16 as UTF-8. What is no character becomes U+FFFD.
pub(super) struct Utf16<R> {
    source: R,
    /// Makes a unit of two bytes.
    unit: fn([u8; 2]) -> u16,
    /// Bytes of a character whose other part is still to be read.
    rest: Vec<u8>,
    text: Cursor<String>,
    over: bool,
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(source: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            source,
            unit,
            rest: Vec::new(),
            text: Cursor::default(),
            over: false,
        }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let before = self.rest.len();
        let mut chunk = self.source.by_ref().take(CHUNK as u64);
        chunk.read_to_end(&mut self.rest)?;
        self.over = self.rest.len() - before < CHUNK;
        let pairs = self.rest.chunks_exact(2);
        let odd = self.over && !pairs.remainder().is_empty();
        let mut units: Vec<u16> = pairs.map(|pair| (self.unit)([pair[0], pair[1]])).collect();
        let is_first_half = |unit: &u16| (0xD800..0xDC00).contains(unit);
        if !self.over && units.last().is_some_and(is_first_half) {
            units.pop();
        }
        self.rest.drain(..2 * units.len());
        let characters =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        let end = odd.then_some(char::REPLACEMENT_CHARACTER);
        self.text = Cursor::new(characters.chain(end).collect());
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.text.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.over {
                return Ok(read);
            }
            self.decode_more()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
        let mut text = String::new();
        Utf16::new(bytes, unit).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn halves_of_characters_and_of_units_are_replaced() {
        let bytes: Vec<u8> = [0x61, 0xD83D, 0x62, 0xDE00]
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&bytes, u16::from_le_bytes), "a\u{fffd}b\u{fffd}");
        assert_eq!(read(&bytes[..3], u16::from_le_bytes), "a\u{fffd}");
        assert_eq!(read(&bytes[..4], u16::from_le_bytes), "a\u{fffd}");
        assert_eq!(read(&[], u16::from_le_bytes), "");
    }

    #[test]
    fn a_character_may_lie_across_two_reads() {
        for before in [CHUNK / 2 - 2, CHUNK / 2 - 1, CHUNK / 2] {
            let text = format!("{}😀 and more", "x".repeat(before));
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(read(&bytes, u16::from_be_bytes), text);
        }
    }

    proptest! {
        #[test]
        fn any_units_give_what_the_standard_library_makes_of_them(
            units in prop::collection::vec(any::<u16>(), 0..40),
        ) {
            let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            prop_assert_eq!(read(&bytes, u16::from_le_bytes), String::from_utf16_lossy(&units));
        }
    }
}
