//! From the bytes of a file to UTF-8 text: unpacked, decoded, without byte order mark. Nothing is
//! held in memory but a few buffers, and unpacking ends at a limit.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::FileProblem;
use super::magic::{ForeignFormat, HEAD, Packing};
use super::text::shown_whole;
use super::utf16::Utf16;

/// Bytes of text by which a file's format is judged.
pub(super) const SAMPLE: usize = 64 << 10;

/// As many zero bytes in the sample, and a file is no text.
const BINARY_ZEROS: usize = 8;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the characters of a file are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// UTF-8, of which ASCII is a part.
    #[default]
    Utf8,
    /// UTF-16 with the low byte first.
    Utf16Le,
    /// UTF-16 with the high byte first.
    Utf16Be,
    /// Windows' code page for western Europe, of which ISO 8859-1 is a part.
    Windows1252,
}

impl TextEncoding {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little-endian)",
            Self::Utf16Be => "UTF-16 (big-endian)",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The source in UTF-8, or as it is: what is not ASCII can only be in a name or a text, which
    /// are decoded where needed.
    fn decoded<'a>(self, source: impl Read + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::Utf16Le => Box::new(Utf16::new(source, u16::from_le_bytes)),
            Self::Utf16Be => Box::new(Utf16::new(source, u16::from_be_bytes)),
            Self::Utf8 | Self::Windows1252 => Box::new(source),
        }
    }
}

/// A file as text.
pub(super) struct Unpacked<'a> {
    /// All of it.
    pub text: Box<dyn Read + 'a>,
    /// Its beginning, again.
    pub sample: Vec<u8>,
    /// Whether the sample is all there is.
    pub is_whole: bool,
    pub packing: Option<Packing>,
    pub encoding: TextEncoding,
    pub byte_order_mark: bool,
}

/// Recognises what a file is, and makes text of it. At most `max_bytes` are unpacked.
pub(super) fn unpack<'a>(
    source: impl Read + 'a,
    max_bytes: u64,
) -> Result<Unpacked<'a>, FileProblem> {
    let (head, source) = peek(source, HEAD).map_err(unreadable)?;
    let packing = Packing::of(&head);
    let source: Box<dyn Read + 'a> = match packing {
        None => Box::new(source),
        Some(packing) => Box::new(Limited {
            source: unpacked(packing, source),
            packing,
            left: max_bytes,
            limit: max_bytes,
        }),
    };
    let (head, source) = peek(source, HEAD).map_err(unreadable)?;
    if let Some(format) = ForeignFormat::of(&head) {
        return Err(FileProblem::Foreign(format));
    }
    let (encoding, mark) = encoding(&head)?;
    let source = encoding.decoded(without(source, mark).map_err(unreadable)?);
    let (sample, text) = peek(source, SAMPLE).map_err(unreadable)?;
    if sample
        .iter()
        .filter(|byte| **byte == 0)
        .nth(BINARY_ZEROS - 1)
        .is_some()
    {
        return Err(FileProblem::Binary);
    }
    let is_other = |error: std::str::Utf8Error| error.error_len().is_some();
    let encoding = match encoding {
        TextEncoding::Utf8 if std::str::from_utf8(&sample).is_err_and(is_other) => {
            TextEncoding::Windows1252
        }
        encoding => encoding,
    };
    Ok(Unpacked {
        text: Box::new(text),
        is_whole: sample.len() < SAMPLE,
        sample,
        packing,
        encoding,
        byte_order_mark: mark > 0,
    })
}

/// Why a file cannot be read on.
pub(super) fn unreadable(error: io::Error) -> FileProblem {
    let text = shown_whole(&error.to_string());
    let problem = error.into_inner().and_then(|inner| inner.downcast().ok());
    problem.map_or(FileProblem::Unreadable(text), |problem| *problem)
}

/// What was read ahead, and the rest.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Reads up to `length` bytes ahead, and gives them back with a reader of everything.
fn peek<R: Read>(mut source: R, length: usize) -> io::Result<(Vec<u8>, Whole<R>)> {
    let mut head = Vec::new();
    source.by_ref().take(length as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(source)))
}

/// The rest after `count` bytes.
fn without<R: Read>(mut source: R, count: usize) -> io::Result<R> {
    io::copy(&mut source.by_ref().take(count as u64), &mut io::sink())?;
    Ok(source)
}

/// The encoding by a byte order mark, whose length is given too, or by zero bytes in one half of
/// all pairs.
fn encoding(head: &[u8]) -> Result<(TextEncoding, usize), FileProblem> {
    if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
        return Err(FileProblem::Utf32);
    }
    if head.starts_with(b"\xFF\xFE") {
        return Ok((TextEncoding::Utf16Le, 2));
    }
    if head.starts_with(b"\xFE\xFF") {
        return Ok((TextEncoding::Utf16Be, 2));
    }
    if head.starts_with(BYTE_ORDER_MARK) {
        return Ok((TextEncoding::Utf8, BYTE_ORDER_MARK.len()));
    }
    let pairs = head.chunks_exact(2);
    let count = pairs.len();
    let zeros = |half: usize| pairs.clone().filter(|pair| pair[half] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    // Digits, delimiters and line ends make up most of a table, whatever its names are.
    let most = |zeros: usize| count > 0 && zeros * 4 >= count * 3;
    let few = |zeros: usize| zeros * 20 <= count;
    Ok(if most(second) && few(first) {
        (TextEncoding::Utf16Le, 0)
    } else if most(first) && few(second) {
        (TextEncoding::Utf16Be, 0)
    } else {
        (TextEncoding::Utf8, 0)
    })
}

fn unpacked<'a>(packing: Packing, source: impl Read + 'a) -> Box<dyn Read + 'a> {
    let source = BufReader::new(source);
    match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(source)),
        Packing::Zstd => Box::new(Frames::Between(source)),
    }
}

/// The frames of a Zstandard file, one after another.
enum Frames<R: Read> {
    Between(R),
    Inside(Box<StreamingDecoder<R, FrameDecoder>>),
    Over,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, Self::Over) {
                Self::Over => return Ok(0),
                Self::Between(mut source) => {
                    if source.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(source).map_err(io::Error::other)?;
                    *self = Self::Inside(Box::new(decoder));
                }
                Self::Inside(mut decoder) => {
                    let read = decoder.read(buffer)?;
                    *self = if read > 0 || buffer.is_empty() {
                        Self::Inside(decoder)
                    } else {
                        Self::Between(decoder.into_inner())
                    };
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                }
            }
        }
    }
}

/// What is unpacked, up to a limit: a small file can hold terabytes of zeros.
struct Limited<R> {
    source: R,
    packing: Packing,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer).map_err(|error| {
            io::Error::other(FileProblem::Damaged {
                packing: self.packing,
                cause: shown_whole(&error.to_string()),
            })
        })?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(FileProblem::TooLarge { limit: self.limit }))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn text(bytes: &[u8]) -> (String, TextEncoding, bool) {
        let mut unpacked = unpack(bytes, 1 << 20).unwrap();
        let mut text = String::new();
        unpacked.text.read_to_string(&mut text).unwrap();
        (text, unpacked.encoding, unpacked.byte_order_mark)
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf16_is_read_with_and_without_a_mark() {
        let table = "größe,b\r\n1,2\r\n3,4\r\n";
        for (bytes, encoding) in [
            (
                u16::to_le_bytes as fn(u16) -> [u8; 2],
                TextEncoding::Utf16Le,
            ),
            (u16::to_be_bytes, TextEncoding::Utf16Be),
        ] {
            let marked = utf16(&format!("\u{feff}{table}"), bytes);
            assert_eq!(text(&marked), (table.to_owned(), encoding, true));
            assert_eq!(
                text(&utf16(table, bytes)),
                (table.to_owned(), encoding, false)
            );
        }
    }

    #[test]
    fn several_members_and_frames_are_one_text() {
        let gzip = |part: &str| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(part.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let zstd = |part: &str| {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(part.as_bytes(), level)
        };
        for packed in [
            [gzip("a,b\n1,"), gzip("2\n")],
            [zstd("a,b\n1,"), zstd("2\n")],
        ] {
            assert_eq!(text(&packed.concat()).0, "a,b\n1,2\n");
        }
        // What is packed is looked at like what is not.
        let inside = unpack(gzip("PAR1").as_slice(), 100).err();
        assert_eq!(inside, Some(FileProblem::Foreign(ForeignFormat::Parquet)));
    }

    #[test]
    fn damage_and_bombs_are_told() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&b"1,2\n".repeat(1 << 18)).unwrap();
        let mut bomb = packed.finish().unwrap();
        let end = |bytes: &[u8], limit| {
            let mut unpacked = unpack(bytes, limit).unwrap();
            io::copy(&mut unpacked.text, &mut io::sink()).map_err(unreadable)
        };
        assert_eq!(end(&bomb, 1 << 20), Ok(1 << 20));
        let limit = (1 << 20) - 1;
        assert_eq!(end(&bomb, limit), Err(FileProblem::TooLarge { limit }));
        bomb.truncate(bomb.len() - 10);
        assert!(matches!(
            end(&bomb, 1 << 21),
            Err(FileProblem::Damaged {
                packing: Packing::Gzip,
                ..
            })
        ));
    }

    #[test]
    fn binary_files_and_utf32_are_no_text() {
        let problem = |bytes: &[u8]| unpack(bytes, 1).err();
        assert_eq!(problem(&[0; 100]), Some(FileProblem::Binary));
        assert_eq!(problem(b"\xFF\xFE\0\0a\0\0\0"), Some(FileProblem::Utf32));
        let unpacked = unpack(&b"a\xE9,b\n"[..], 1).unwrap();
        assert_eq!(unpacked.encoding, TextEncoding::Windows1252);
    }
}
