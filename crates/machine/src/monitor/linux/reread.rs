//! A file that is read again and again from its start, as the kernel's files in `/proc`
//! and `/sys` are.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Keeps the file open between looks, so that a look costs one system call.
#[derive(Debug)]
pub(crate) struct Reread {
    path: PathBuf,
    file: Option<File>,
}

impl Reread {
    pub fn new(path: PathBuf) -> Self {
        let file = File::open(&path).ok();
        Self { path, file }
    }

    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Reads from the file's start until `buffer` is full or the file ends. `None` when it
    /// cannot be read; the next call opens it anew, since the files of a processor that was
    /// offline are others afterwards.
    pub fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path).ok()?,
        };
        let length = file.read_at(buffer, 0).ok()?;
        self.file = Some(file);
        Some(&buffer[..length])
    }

    /// Reads the whole file, for files that the kernel hands out in pieces.
    pub fn read_whole(&mut self, buffer: &mut Vec<u8>) -> Option<()> {
        const PIECE: usize = 1 << 16;
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path).ok()?,
        };
        let mut length = 0;
        loop {
            buffer.resize((length + PIECE).max(buffer.capacity()), 0);
            match file.read_at(&mut buffer[length..], length as u64).ok()? {
                0 => break,
                more => length += more,
            }
        }
        buffer.truncate(length);
        self.file = Some(file);
        Some(())
    }
}
