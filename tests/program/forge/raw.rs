//! ZIP files made byte by byte, with whatever a program for ZIP files would not write.

use flate2::Crc;

/// One entry, honest unless something is changed.
#[derive(Clone)]
pub struct Raw {
    pub name: Vec<u8>,
    /// The name in the entry's own header.
    pub own_name: Vec<u8>,
    pub packed: Vec<u8>,
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    pub mode: u32,
    /// The stated size.
    pub bytes: u32,
    /// Begins where the entry before begins.
    pub same_place: bool,
}

impl Raw {
    pub fn new(name: impl Into<Vec<u8>>, content: impl Into<Vec<u8>>) -> Self {
        let (name, content) = (name.into(), content.into());
        let mut crc = Crc::new();
        crc.update(&content);
        Self {
            own_name: name.clone(),
            name,
            flags: 0,
            method: 0,
            crc: crc.sum(),
            mode: 0o100_644,
            bytes: content.len() as u32,
            packed: content,
            same_place: false,
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

pub fn raw(entries: &[Raw]) -> Vec<u8> {
    raw_claiming(entries, entries.len() as u16)
}

/// An archive that claims to have so many entries.
pub fn raw_claiming(entries: &[Raw], count: u16) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let mut offset = 0;
    for entry in entries {
        if !entry.same_place {
            offset = out.len() as u32;
        }
        let mut common = Vec::new();
        for number in [20, entry.flags, entry.method, 0, 33] {
            common.extend(u16::to_le_bytes(number));
        }
        for number in [entry.crc, entry.packed.len() as u32, entry.bytes] {
            common.extend(number.to_le_bytes());
        }
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend((entry.own_name.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        out.extend(&entry.own_name);
        out.extend(&entry.packed);
        directory.extend(b"PK\x01\x02");
        directory.extend([20, 3]);
        directory.extend(&common);
        directory.extend((entry.name.len() as u16).to_le_bytes());
        directory.extend([0; 8]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
    }
    let (start, length) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
