//! Frames: how messages travel through a pipe.
//!
//! Belongs here: cutting a stream of bytes into frames and back, whatever the bytes are. Does not
//! belong here: what the messages mean.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::VERSION;
use crate::excerpt::excerpt;

/// The longest body of a frame, in bytes.
pub const MAX_FRAME: usize = 1 << 20;
/// Bytes of the length in front of a body.
const HEADER: usize = 4;
/// Bytes read at once.
const CHUNK: usize = 1 << 14;

/// Why a message cannot be sent or understood.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ends inside of a frame.
    #[error(
        "the stream ends inside of a frame, after {got} of {needed} bytes; the other side was cut off"
    )]
    CutOff {
        /// Bytes of the frame that arrived, its length included.
        got: usize,
        /// Bytes of the frame in all; when even its length is incomplete, those of the length.
        needed: usize,
    },
    /// The length cannot be that of a frame.
    #[error(
        "a frame of {0} bytes, more than the {MAX_FRAME} allowed; the other side writes something else than frames, or too much at once"
    )]
    TooLong(usize),
    /// The body is not the message that it should be.
    #[error(
        "a frame that is no message ({reason}): `{excerpt}`; the other side writes something else"
    )]
    Malformed {
        /// What the parser says.
        reason: String,
        /// How the body begins.
        excerpt: String,
    },
    /// The other side speaks another version of the protocol.
    #[error(
        "the other side speaks version {found} of the protocol and this one {VERSION}; install both programs from the same release"
    )]
    Version {
        /// The other side's version.
        found: u32,
    },
    /// A message that cannot be written as JSON.
    #[error("a message cannot be written ({0}); text and paths must be UTF-8")]
    Unwritable(String),
    /// The operating system refused.
    #[error("the pipe to the other side failed: {0}")]
    Io(#[from] io::Error),
}

/// Writes one message as a frame, in one call to `write_all`, and flushes.
///
/// # Errors
///
/// [`FrameError::TooLong`] and [`FrameError::Unwritable`] when the message does not fit a frame;
/// nothing is written then. [`FrameError::Io`] when the writer fails.
pub fn write_frame(writer: &mut impl Write, message: &impl Serialize) -> Result<(), FrameError> {
    let frame = encode_frame(message)?;
    writer.write_all(&frame)?;
    writer.flush()?;
    Ok(())
}

/// The bytes of a message's frame.
///
/// # Errors
///
/// [`FrameError::TooLong`] and [`FrameError::Unwritable`] when the message does not fit a frame.
pub fn encode_frame(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEADER];
    serde_json::to_writer(&mut frame, message)
        .map_err(|error| FrameError::Unwritable(excerpt(&error.to_string())))?;
    let length = frame.len() - HEADER;
    if length > MAX_FRAME {
        return Err(FrameError::TooLong(length));
    }
    frame[..HEADER].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(frame)
}

/// Takes bytes as they come and gives the messages in them.
///
/// Holds at most one frame and what was pushed beyond it; a length above [`MAX_FRAME`] is an error
/// before any memory is set aside for it.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    /// Where the bytes begin that are not yet decoded.
    start: usize,
    greeted: bool,
    lost: bool,
}

impl FrameDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream. They are thrown away after an error from which frames
    /// can no longer be told apart.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.lost {
            return;
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let needed = self.buffer.len() + bytes.len();
        if needed > self.buffer.capacity() {
            // Doubling without end would pass the longest frame by far.
            let roomy = (2 * self.buffer.capacity()).min(HEADER + MAX_FRAME);
            self.buffer
                .reserve_exact(needed.max(roomy) - self.buffer.len());
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message, or `None` when its frame is not complete yet.
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] for a frame that is not a `T`: the frame is passed over and the
    /// next call goes on behind it. [`FrameError::TooLong`] and [`FrameError::Version`] end the
    /// stream: there are no messages after them.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let bytes = &self.buffer[self.start..];
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header) as usize;
        if length > MAX_FRAME {
            self.lose();
            return Err(FrameError::TooLong(length));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let version = if self.greeted { None } else { version_of(body) };
        let message = serde_json::from_slice(body).map_err(|error| malformed(&error, body));
        self.greeted = true;
        self.start += HEADER + length;
        if let Some(found) = version
            && found != VERSION
        {
            self.lose();
            return Err(FrameError::Version { found });
        }
        message.map(Some)
    }

    /// What the end of the stream means here.
    ///
    /// # Errors
    ///
    /// [`FrameError::CutOff`] when it is inside of a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        let bytes = &self.buffer[self.start..];
        if bytes.is_empty() {
            return Ok(());
        }
        let needed = bytes.first_chunk::<HEADER>().map_or(HEADER, |header| {
            HEADER + u32::from_le_bytes(*header) as usize
        });
        Err(FrameError::CutOff {
            got: bytes.len(),
            needed,
        })
    }

    /// Bytes taken and not yet given as messages.
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Bytes of memory set aside.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    fn lose(&mut self) {
        self.lost = true;
        self.buffer = Vec::new();
        self.start = 0;
    }
}

/// Reads messages from a stream.
#[derive(Debug)]
pub struct FrameReader<R> {
    source: R,
    decoder: FrameDecoder,
    chunk: Vec<u8>,
    ended: bool,
}

impl<R: Read> FrameReader<R> {
    /// Reads from the beginning of a stream. It is buffered here.
    pub fn new(source: R) -> Self {
        Self {
            source,
            decoder: FrameDecoder::new(),
            chunk: vec![0; CHUNK],
            ended: false,
        }
    }

    /// Waits for the next message; `None` at a clean end of the stream, and after an error that
    /// ended it.
    ///
    /// # Errors
    ///
    /// As [`FrameDecoder::take`], and [`FrameError::CutOff`] or [`FrameError::Io`] at an end that
    /// is not clean. Reading can go on after [`FrameError::Malformed`] only.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        loop {
            if self.ended {
                return Ok(None);
            }
            match self.decoder.take() {
                Ok(None) => {}
                Ok(message) => return Ok(message),
                Err(error) => {
                    self.ended = !matches!(error, FrameError::Malformed { .. });
                    return Err(error);
                }
            }
            match self.source.read(&mut self.chunk) {
                Ok(0) => {
                    self.ended = true;
                    self.decoder.finish()?;
                }
                Ok(count) => self.decoder.push(&self.chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error.into());
                }
            }
        }
    }

    /// Bytes of memory set aside.
    pub fn capacity(&self) -> usize {
        self.decoder.capacity() + self.chunk.capacity()
    }
}

/// The version in a greeting, even when the rest of the message cannot be understood.
fn version_of(body: &[u8]) -> Option<u32> {
    #[derive(serde::Deserialize)]
    struct Greeting {
        version: u32,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum First {
        Hello(Greeting),
        // As version 1 called it.
        #[serde(alias = "train")]
        Start(Greeting),
    }
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Body {
        Stamped { message: First },
        // Orders, and what workers sent until version 2.
        Plain(First),
    }
    let (Body::Stamped { message } | Body::Plain(message)) = serde_json::from_slice(body).ok()?;
    let (First::Hello(greeting) | First::Start(greeting)) = message;
    Some(greeting.version)
}

fn malformed(error: &serde_json::Error, body: &[u8]) -> FrameError {
    // Longer than any excerpt, and short enough to be cheap.
    let head = &body[..body.len().min(400)];
    FrameError::Malformed {
        reason: excerpt(&error.to_string()),
        excerpt: excerpt(&String::from_utf8_lossy(head)),
    }
}
