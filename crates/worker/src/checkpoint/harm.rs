//! What can happen to a checkpoint while it is written, when a fault asks for it.
//!
//! Belongs here: death, standstill and a full disk in the middle of a file, and a damaged byte in a
//! complete one. Does not belong here: when that is to happen, which the [faults](crate::faults)
//! say.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use rustix::process::Signal;
use workbench_ddp_protocol::Fault;

use crate::faults::send;

/// Every write to it fails as on a full disk, with the kernel's own error (full(4)).
const FULL: &str = "/dev/full";

/// A file in the middle of which a fault may strike.
#[derive(Debug)]
pub(super) struct Harmed<'a> {
    file: &'a File,
    fault: Option<Fault>,
    /// Bytes until it strikes.
    room: usize,
}

impl<'a> Harmed<'a> {
    /// `fault` strikes after `room` bytes.
    pub(super) fn new(file: &'a File, fault: Option<Fault>, room: usize) -> Self {
        Self { file, fault, room }
    }
}

impl Write for Harmed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room > 0 {
            let written = self.file.write(&bytes[..bytes.len().min(self.room)])?;
            self.room -= written;
            return Ok(written);
        }
        match self.fault.take() {
            Some(Fault::Kill { .. }) => send(Signal::KILL),
            Some(Fault::Stall { .. }) => send(Signal::STOP),
            Some(Fault::DiskFull { .. }) => {
                OpenOptions::new()
                    .write(true)
                    .open(FULL)?
                    .write_all(bytes)?;
            }
            _ => {}
        }
        self.room = usize::MAX;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Changes a byte in the middle of a file.
pub(super) fn damage(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let middle = file.metadata()?.len() / 2;
    let mut byte = [0];
    file.seek(SeekFrom::Start(middle))?;
    file.read_exact(&mut byte)?;
    file.seek(SeekFrom::Start(middle))?;
    file.write_all(&[byte[0] ^ 0xff])
}
