//! From a PNG file to bytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::Path;

use png::{ColorType, Decoder, DecodingError, Limits, Transformations};

use crate::error::{ImageError, ImageProblem};
use crate::file::one_line;

/// Bytes that decoding one image may take; 4096 × 4096 pixels of 4 bytes.
const MOST_BYTES: usize = 64 << 20;

/// What the header of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PngHeader {
    pub height: u32,
    pub width: u32,
    pub coloured: bool,
}

impl PngHeader {
    pub fn is_as_large_as(&self, other: &Self) -> bool {
        (self.height, self.width) == (other.height, other.width)
    }

    pub fn size(&self) -> String {
        format!("{} × {}", self.height, self.width)
    }
}

/// A decoded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels per row.
    pub width: usize,
    /// Bytes per pixel: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Pixel by pixel, row by row.
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Appends the image plane by plane, as many as asked for: those of a grey one are equal.
    pub(super) fn planes(&self, channels: usize, out: &mut Vec<u8>) {
        for plane in 0..channels {
            let of_pixel = plane.min(self.channels - 1);
            out.extend(self.pixels.iter().skip(of_pixel).step_by(self.channels));
        }
    }
}

/// Reads the header of a file.
pub(super) fn header(path: &Path) -> Result<PngHeader, ImageError> {
    let mut decoder = decoder(open(path)?);
    let info = decoder.read_header_info();
    let info = info.map_err(|error| damaged(path, sound(&error)))?;
    Ok(PngHeader {
        height: info.height,
        width: info.width,
        coloured: !matches!(
            info.color_type,
            ColorType::Grayscale | ColorType::GrayscaleAlpha
        ),
    })
}

/// Reads a file, which must still have the size that its header had.
pub(super) fn file(path: &Path, size: (usize, usize)) -> Result<Picture, ImageError> {
    let picture = decode(open(path)?).map_err(|problem| damaged(path, problem))?;
    if (picture.height, picture.width) == size {
        return Ok(picture);
    }
    Err(damaged(
        path,
        ImageProblem::Size {
            found: format!("{} × {}", picture.height, picture.width),
            expected: format!("{} × {}", size.0, size.1),
            of: "the first".to_owned(),
        },
    ))
}

/// Decodes a PNG file of any kind to bytes, grey or red, green and blue. Sixteen bits are cut to
/// eight, palettes are looked up.
///
/// # Errors
/// When it is damaged or transparent.
pub fn decode(reader: impl BufRead + Seek) -> Result<Picture, ImageProblem> {
    let mut reader = decoder(reader).read_info().map_err(|error| sound(&error))?;
    let bytes = reader
        .output_buffer_size()
        .filter(|bytes| *bytes <= MOST_BYTES);
    let too_large = || ImageProblem::Png {
        cause: "its pixels take more than 64 MiB".to_owned(),
    };
    let mut pixels = vec![0; bytes.ok_or_else(too_large)?];
    let info = reader
        .next_frame(&mut pixels)
        .map_err(|error| sound(&error))?;
    // Checks what comes after the pixels too.
    reader.finish().map_err(|error| sound(&error))?;
    pixels.truncate(info.buffer_size());
    let (channels, alpha) = match info.color_type {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (3, true),
    };
    if alpha {
        pixels = opaque(&pixels, channels)?;
    }
    Ok(Picture {
        height: info.height as usize,
        width: info.width as usize,
        channels,
        pixels,
    })
}

/// The colours without the last byte of every pixel, which must be full.
fn opaque(pixels: &[u8], channels: usize) -> Result<Vec<u8>, ImageProblem> {
    let mut colours = Vec::with_capacity(pixels.len() / (channels + 1) * channels);
    for pixel in pixels.chunks_exact(channels + 1) {
        if pixel[channels] != u8::MAX {
            return Err(ImageProblem::Transparent);
        }
        colours.extend_from_slice(&pixel[..channels]);
    }
    Ok(colours)
}

fn decoder<R: BufRead + Seek>(reader: R) -> Decoder<R> {
    let mut decoder = Decoder::new_with_limits(reader, Limits { bytes: MOST_BYTES });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder
}

fn open(path: &Path) -> Result<BufReader<File>, ImageError> {
    let failed = |cause| ImageError::Io {
        path: path.to_owned(),
        cause,
    };
    // Opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("not an ordinary file")));
    }
    Ok(BufReader::new(File::open(path).map_err(failed)?))
}

fn sound(error: &DecodingError) -> ImageProblem {
    ImageProblem::Png {
        cause: one_line(&error.to_string()),
    }
}

fn damaged(path: &Path, problem: ImageProblem) -> ImageError {
    ImageError::Damaged {
        file: path.display().to_string(),
        problem,
    }
}
