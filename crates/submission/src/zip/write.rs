//! Writing an archive. The same files give the same bytes: no times, no owners, one compression.

use std::io::{self, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::{CENTRAL, DEFLATED, END, LOCAL};

/// 1 January 1980, the first day of the format's calendar.
const DAY: u16 = (1 << 5) | 1;

/// Version 2.0 of the format; written as on Unix, so that the access rights count.
const VERSION: u16 = 20;
const UNIX: u16 = 3 << 8;
/// A regular file that its owner may write and everybody read.
const RIGHTS: u32 = 0o100_644 << 16;

/// An archive of files, in their order. Names have to be ASCII.
///
/// # Errors
/// When a file or the archive is larger than 4 GiB.
pub fn archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> io::Result<Vec<u8>> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, content) in files {
        let offset = size(out.len())?;
        let packed = packed(content)?;
        let mut crc = Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        put16(&mut common, &[VERSION, 0, DEFLATED, 0, DAY]);
        put32(
            &mut common,
            &[crc.sum(), size(packed.len())?, size(content.len())?],
        );
        put16(&mut common, &[size(name.len())? as u16, 0]);
        put32(&mut out, &[LOCAL]);
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&packed);
        put32(&mut directory, &[CENTRAL]);
        put16(&mut directory, &[UNIX | VERSION]);
        directory.extend(&common);
        put16(&mut directory, &[0, 0, 0]);
        put32(&mut directory, &[RIGHTS, offset]);
        directory.extend(name.as_bytes());
        count += 1;
    }
    let (offset, length) = (size(out.len())?, size(directory.len())?);
    out.extend(directory);
    put32(&mut out, &[END]);
    put16(&mut out, &[0, 0, count, count]);
    put32(&mut out, &[length, offset]);
    put16(&mut out, &[0]);
    Ok(out)
}

fn packed(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

fn size(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

fn put16(out: &mut Vec<u8>, numbers: &[u16]) {
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}

fn put32(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}
