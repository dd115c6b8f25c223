//! Reading an archive that may be hostile: in bounded memory, and only what a hand-in may have.

use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::{CENTRAL, DEFLATED, ENCRYPTED, END, LOCAL, SIZES_FOLLOW, STORED, STRONGLY_ENCRYPTED};
use crate::limits::{MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, MOST_RATIO, RATIO_FROM};

/// Why an archive is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveProblem {
    /// It is no ZIP file.
    NotAnArchive,
    /// Its end, or a part that it names, is not there.
    Truncated,
    /// It uses a part of the format that hand-ins do not have.
    Unsupported(&'static str),
    /// It has more files than this.
    TooManyFiles(u64),
    /// Unpacked it would have more bytes than this.
    TooLarge(u64),
    /// A file unpacks to a multiple of its size that no text comes to.
    Bomb(String),
    /// A file is encrypted.
    Encrypted(String),
    /// A file is a link or a device.
    NotAFile(String),
    /// A name that a hand-in may not have.
    Name(String, NameProblem),
    /// Two files have the same name.
    Duplicate(String),
    /// Two files share bytes of the archive.
    Overlap(String),
    /// A file's two descriptions differ.
    Contradiction(String),
    /// A file does not unpack to what the archive says.
    Corrupt(String),
    /// A file is an archive itself.
    Nested(String),
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// It leads out of the folder of the archive.
    LeadsOut,
    /// It has bytes that are not printable ASCII.
    Encoding,
    /// It is empty, or too long, or has an empty part.
    Form,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipEntry {
    /// Its name, with `/` between folders.
    pub name: String,
    /// Its size unpacked, in bytes.
    pub bytes: u64,
    crc: u32,
    method: u16,
    /// Where its packed bytes begin and end.
    data: (usize, usize),
}

/// The files of an archive.
#[derive(Debug, Clone)]
pub struct ZipIndex<'a> {
    archive: &'a [u8],
    /// The files, in the order of the archive's directory.
    pub entries: Vec<ZipEntry>,
}

/// Numbers, read one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], ArchiveProblem> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(ArchiveProblem::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, ArchiveProblem> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32, ArchiveProblem> {
        Ok(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn length(&mut self) -> Result<usize, ArchiveProblem> {
        Ok(usize::from(self.u16()?))
    }
}

/// What both descriptions of a file have.
struct Described {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    bytes: u32,
    name: usize,
    extra: usize,
}

impl Described {
    fn read(fields: &mut Fields<'_>) -> Result<Self, ArchiveProblem> {
        let _version = fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        let _time = fields.u32()?;
        Ok(Self {
            flags,
            method,
            crc: fields.u32()?,
            packed: fields.u32()?,
            bytes: fields.u32()?,
            name: fields.length()?,
            extra: fields.length()?,
        })
    }
}

/// The length of the record at the end, without a comment.
const END_LENGTH: usize = 22;

impl<'a> ZipIndex<'a> {
    /// Reads the directory of an archive. Names of folders are passed over.
    ///
    /// # Errors
    /// [`ArchiveProblem`].
    pub fn read(archive: &'a [u8]) -> Result<Self, ArchiveProblem> {
        let end = end_of(archive)?;
        let mut fields = Fields(&archive[end + 4..]);
        let disks = [fields.u16()?, fields.u16()?];
        let counts = [fields.u16()?, fields.u16()?];
        let (length, offset) = (fields.u32()?, fields.u32()?);
        if offset == u32::MAX || counts[1] == u16::MAX {
            return Err(ArchiveProblem::Unsupported("ZIP64"));
        }
        if disks != [0, 0] || counts[0] != counts[1] {
            return Err(ArchiveProblem::Unsupported("several parts"));
        }
        if u64::from(counts[1]) > MOST_FILES {
            return Err(ArchiveProblem::TooManyFiles(MOST_FILES));
        }
        let directory = (offset as usize).checked_add(length as usize);
        if directory.is_none_or(|stop| stop > end) {
            return Err(ArchiveProblem::Truncated);
        }
        let mut fields = Fields(&archive[offset as usize..end]);
        let mut index = Self {
            archive,
            entries: Vec::new(),
        };
        let mut taken = vec![(offset as usize, end)];
        let mut names = BTreeSet::new();
        for _ in 0..counts[1] {
            let Some((entry, from)) = index.entry(&mut fields)? else {
                continue;
            };
            if !names.insert(entry.name.to_ascii_lowercase()) {
                return Err(ArchiveProblem::Duplicate(entry.name));
            }
            let to = entry.data.1;
            if taken
                .iter()
                .any(|(start, stop)| from < *stop && *start < to)
            {
                return Err(ArchiveProblem::Overlap(entry.name));
            }
            taken.push((from, to));
            index.entries.push(entry);
        }
        index.check_sizes()?;
        Ok(index)
    }

    /// The next file of the directory, and where its part of the archive begins; `None` for a
    /// folder.
    fn entry(&self, fields: &mut Fields<'_>) -> Result<Option<(ZipEntry, usize)>, ArchiveProblem> {
        if fields.u32()? != CENTRAL {
            return Err(ArchiveProblem::Truncated);
        }
        let made_by = fields.u16()?;
        let central = Described::read(fields)?;
        let comment = fields.length()?;
        let _disk_and_internal = fields.u32()?;
        let (external, offset) = (fields.u32()?, fields.u32()? as usize);
        let raw = fields.bytes(central.name)?;
        fields.bytes(central.extra + comment)?;
        let name = checked_name(raw)?;
        if central.flags & (ENCRYPTED | STRONGLY_ENCRYPTED) != 0 {
            return Err(ArchiveProblem::Encrypted(name));
        }
        // The kind of file, where the archive comes from Unix or macOS.
        let kind = if matches!(made_by >> 8, 3 | 19) {
            (external >> 16) & 0o170_000
        } else {
            0
        };
        if name.ends_with('/') && central.bytes == 0 && matches!(kind, 0 | 0o040_000) {
            return Ok(None);
        }
        if !matches!(kind, 0 | 0o100_000) || name.ends_with('/') {
            return Err(ArchiveProblem::NotAFile(name));
        }
        if !matches!(central.method, STORED | DEFLATED) {
            return Err(ArchiveProblem::Unsupported("another compression"));
        }
        let data = self.data(&central, (&name, raw), offset)?;
        let entry = ZipEntry {
            bytes: u64::from(central.bytes),
            crc: central.crc,
            method: central.method,
            data,
            name,
        };
        Ok(Some((entry, offset)))
    }

    /// Where the packed bytes of a file are, once its own description has been compared with the
    /// directory's.
    fn data(
        &self,
        central: &Described,
        (name, raw): (&str, &[u8]),
        offset: usize,
    ) -> Result<(usize, usize), ArchiveProblem> {
        let own = self
            .archive
            .get(offset..)
            .ok_or(ArchiveProblem::Truncated)?;
        let mut fields = Fields(own);
        if fields.u32()? != LOCAL {
            return Err(ArchiveProblem::Truncated);
        }
        let local = Described::read(&mut fields)?;
        let same_name = fields.bytes(local.name)? == raw;
        fields.bytes(local.extra)?;
        let sizes = [local.crc, local.packed, local.bytes];
        let same_sizes = sizes == [central.crc, central.packed, central.bytes]
            || (local.flags & SIZES_FOLLOW != 0 && sizes == [0; 3]);
        let same_way = local.method == central.method && local.flags == central.flags;
        if !(same_name && same_sizes && same_way) {
            return Err(ArchiveProblem::Contradiction(name.to_owned()));
        }
        let from = self.archive.len() - fields.0.len();
        let packed = central.packed as usize;
        fields.bytes(packed)?;
        Ok((from, from + packed))
    }

    fn check_sizes(&self) -> Result<(), ArchiveProblem> {
        let mut sum = 0;
        for entry in &self.entries {
            let packed = (entry.data.1 - entry.data.0) as u64;
            if entry.bytes > RATIO_FROM && entry.bytes / MOST_RATIO > packed {
                return Err(ArchiveProblem::Bomb(entry.name.clone()));
            }
            if entry.bytes > MOST_FILE_BYTES {
                return Err(ArchiveProblem::TooLarge(MOST_FILE_BYTES));
            }
            sum += entry.bytes;
        }
        if sum > MOST_BYTES {
            return Err(ArchiveProblem::TooLarge(MOST_BYTES));
        }
        Ok(())
    }

    /// Unpacks a file while it is read. The last read fails unless size and checksum are those that
    /// the archive states.
    pub fn open(&self, entry: &ZipEntry) -> impl Read + 'a {
        let packed = &self.archive[entry.data.0..entry.data.1];
        let source: Box<dyn Read + 'a> = match entry.method {
            STORED => Box::new(packed),
            _ => Box::new(DeflateDecoder::new(packed)),
        };
        Unpacked {
            source,
            left: entry.bytes,
            crc: Crc::new(),
            expected: entry.crc,
        }
    }
}

/// Where the record at the end begins. A comment may follow it, as some tools write one.
fn end_of(archive: &[u8]) -> Result<usize, ArchiveProblem> {
    let is_zip = archive.starts_with(&LOCAL.to_le_bytes());
    let problem = if is_zip {
        ArchiveProblem::Truncated
    } else {
        ArchiveProblem::NotAnArchive
    };
    let last = archive
        .len()
        .checked_sub(END_LENGTH)
        .ok_or(problem.clone())?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let is_end = |at: &usize| {
        let comment = last - at;
        archive[*at..].starts_with(&END.to_le_bytes())
            && archive[at + 20..at + 22] == (comment as u16).to_le_bytes()
    };
    let found = (first..=last).rev().find(is_end).ok_or(problem)?;
    // What stands before an archive is a program as a rule.
    if is_zip || found == 0 {
        Ok(found)
    } else {
        Err(ArchiveProblem::NotAnArchive)
    }
}

/// The longest name, in bytes.
const LONGEST_NAME: usize = 200;

fn checked_name(raw: &[u8]) -> Result<String, ArchiveProblem> {
    let lossy = || {
        let text = String::from_utf8_lossy(&raw[..raw.len().min(LONGEST_NAME)]);
        text.escape_default().to_string()
    };
    let refused = |problem| Err(ArchiveProblem::Name(lossy(), problem));
    if !raw.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return refused(NameProblem::Encoding);
    }
    let name = String::from_utf8_lossy(raw).into_owned();
    let drive = raw.get(1) == Some(&b':');
    if name.starts_with('/') || name.contains('\\') || drive {
        return refused(NameProblem::LeadsOut);
    }
    let folders = name.trim_end_matches('/');
    if folders.split('/').any(|part| matches!(part, ".." | ".")) {
        return refused(NameProblem::LeadsOut);
    }
    if raw.len() > LONGEST_NAME || folders.split('/').any(str::is_empty) {
        return refused(NameProblem::Form);
    }
    Ok(name)
}

/// Counts and sums what is unpacked.
struct Unpacked<'a> {
    source: Box<dyn Read + 'a>,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let corrupt = || Err(io::ErrorKind::InvalidData.into());
        let read = self.source.read(into)?;
        if read == 0 && !into.is_empty() {
            let whole = self.left == 0 && self.crc.sum() == self.expected;
            return if whole { Ok(0) } else { corrupt() };
        }
        let Some(left) = self.left.checked_sub(read as u64) else {
            return corrupt();
        };
        self.left = left;
        self.crc.update(&into[..read]);
        Ok(read)
    }
}
