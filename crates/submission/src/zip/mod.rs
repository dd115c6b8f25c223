//! The archive of a hand-in: a ZIP file.
//!
//! Reading and writing are our own. A hand-in needs a small part of the format, and what it does
//! not need must be refused, not understood: links, encryption, two entries of one name, entries
//! that overlap, names that lead out of a folder. A library for ZIP files reads them all, keeps one
//! of two entries of the same name, and makes room for as many entries as a file claims to have.
//! Nothing is ever written to the disk.

mod read;
mod write;

pub use read::{ArchiveProblem, NameProblem, ZipEntry, ZipIndex};
pub use write::archive;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The bits of an entry's flags: encrypted, and that sizes follow the data.
const ENCRYPTED: u16 = 1;
const SIZES_FOLLOW: u16 = 1 << 3;
const STRONGLY_ENCRYPTED: u16 = 1 << 6;
