//! The bytes of a checkpoint.
//!
//! Belongs here: writing them and reading them back, whatever they are. Does not belong here:
//! tensors, file names, policy.
//!
//! A file is, all numbers little-endian: the 8 bytes `WBCKPT01`; the length of the head (32 bits);
//! the head, one JSON document with the progress and the names and sizes of the arrays; the arrays,
//! one after another, as 32-bit floats; the length of all that (64 bits); its SHA-256. A file that
//! was cut off or changed is found out by the last two.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use workbench_ddp_protocol::{Reached, Share};

const MAGIC: &[u8; 8] = b"WBCKPT01";
/// Bytes of it that are the same in every version.
const NAME: usize = 6;
/// Longest head, in bytes: some thousand arrays.
const MAX_HEAD: usize = 1 << 20;
/// Bytes after the arrays.
const TRAILER: usize = 8 + 32;

/// How far a training has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedProgress {
    /// Steps done in all.
    pub steps: u64,
    /// The epoch, from 0.
    pub epoch: u32,
    /// Rows of its permutation that all ranks together are done with.
    pub rows: u64,
    /// The seed of weights and permutations.
    pub seed: u64,
    /// The share of test rows classified correctly, where it is known.
    pub accuracy: Option<f64>,
}

impl SavedProgress {
    /// How far the training has come.
    pub fn reached(&self) -> Reached {
        Reached {
            steps: self.steps,
            epoch: self.epoch,
            rows: self.rows,
        }
    }

    /// A step is done, of which this was the share of a rank.
    pub fn advance(&mut self, share: &Share) {
        self.steps += 1;
        self.rows += share.rows_of_step;
        self.accuracy = None;
    }

    /// An epoch is done and evaluated.
    pub fn finish_epoch(&mut self, accuracy: f64) {
        self.epoch += 1;
        self.rows = 0;
        self.accuracy = Some(accuracy);
    }
}

/// Floats under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// What it is.
    pub name: String,
    /// Its elements.
    pub values: Vec<f32>,
}

/// Everything that a training needs to go on as if it had not been interrupted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CheckpointData {
    /// How far it has come.
    pub progress: SavedProgress,
    /// Parameters, buffers and the optimizer's moments.
    pub arrays: Vec<Array>,
}

/// Why bytes are no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// They begin with something else.
    #[error("it does not begin as a checkpoint does")]
    Magic,
    /// They begin as those of another version do.
    #[error("it is a checkpoint of another version of this program ({0})")]
    Version(String),
    /// They end too early, or go on after the end.
    #[error("it has {found} bytes where {expected} are announced")]
    Length {
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// Some byte is another than was written.
    #[error("its checksum is wrong")]
    Checksum,
    /// The head is no head.
    #[error("its head makes no sense ({0})")]
    Head(String),
}

impl FormatError {
    /// Whether this is what becomes of a checkpoint that is cut off or changed. All else was never
    /// one of this version's.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Length { .. } | Self::Checksum)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    progress: SavedProgress,
    arrays: Vec<(String, u64)>,
}

/// What a checkpoint's file says of its progress, by its head alone: whether the rest is sound is
/// not looked at. `None` when that is not to be read.
pub fn progress_of(path: &Path) -> Option<SavedProgress> {
    let mut file = File::open(path).ok()?;
    let mut start = [0; MAGIC.len() + 4];
    file.read_exact(&mut start).ok()?;
    let (magic, length) = start.split_last_chunk::<4>()?;
    let length = u32::from_le_bytes(*length);
    if magic != MAGIC || length as usize > MAX_HEAD {
        return None;
    }
    let mut head = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut head).ok()?;
    let head: Head = serde_json::from_slice(&head).ok()?;
    Some(head.progress)
}

impl CheckpointData {
    /// The first array with something in it that is not a number, or infinite: nothing good can go
    /// on from it.
    pub fn not_finite(&self) -> Option<&str> {
        let is_spoilt = |array: &&Array| !array.values.iter().all(|value| value.is_finite());
        let spoilt = self.arrays.iter().find(is_spoilt);
        spoilt.map(|array| array.name.as_str())
    }

    /// Floats in all arrays together.
    pub fn elements(&self) -> usize {
        self.arrays.iter().map(|array| array.values.len()).sum()
    }

    /// Writes it. Returns the number of bytes.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&self, to: &mut impl Write) -> io::Result<u64> {
        let head = Head {
            progress: self.progress,
            arrays: self
                .arrays
                .iter()
                .map(|array| (array.name.clone(), array.values.len() as u64))
                .collect(),
        };
        let head = serde_json::to_vec(&head)?;
        if head.len() > MAX_HEAD {
            return Err(io::Error::other("too many arrays for a checkpoint"));
        }
        let mut out = Hashing {
            to,
            hash: Sha256::new(),
            bytes: 0,
        };
        out.put(MAGIC)?;
        out.put(&(head.len() as u32).to_le_bytes())?;
        out.put(&head)?;
        let mut bytes = Vec::new();
        for piece in self
            .arrays
            .iter()
            .flat_map(|array| array.values.chunks(1 << 16))
        {
            bytes.clear();
            bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
            out.put(&bytes)?;
        }
        let length = out.bytes;
        out.put(&length.to_le_bytes())?;
        let hash = out.hash.finalize();
        to.write_all(&hash)?;
        Ok(length + TRAILER as u64)
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// For any other bytes. Takes no more memory than a few times as many as there are.
    pub fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        check_magic(bytes)?;
        let (body, hash) = split_end(bytes, 32)?;
        let (content, length) = split_end(body, 8)?;
        let announced = length.try_into().map_or(0, u64::from_le_bytes);
        if announced != content.len() as u64 {
            return Err(FormatError::Length {
                expected: announced.saturating_add(TRAILER as u64),
                found: bytes.len() as u64,
            });
        }
        if Sha256::digest(body).as_slice() != hash {
            return Err(FormatError::Checksum);
        }
        Self::parse(content)
    }

    /// Reads what is between the trailer and the beginning.
    fn parse(content: &[u8]) -> Result<Self, FormatError> {
        let cut = || FormatError::Length {
            expected: MAX_HEAD as u64,
            found: content.len() as u64,
        };
        let rest = content.get(MAGIC.len()..).ok_or_else(cut)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_HEAD || length > rest.len() {
            return Err(FormatError::Head(format!("it would have {length} bytes")));
        }
        let (head, mut rest) = rest.split_at(length);
        let head: Head = serde_json::from_slice(head).map_err(|error| {
            // It quotes what it does not know, whatever that is.
            let text = error.to_string();
            let plain = text.chars().filter(|c| !c.is_control()).take(200);
            FormatError::Head(plain.collect())
        })?;
        let expected = head.arrays.iter().fold(0_u64, |sum, (_, count)| {
            sum.saturating_add(count.saturating_mul(4))
        });
        if expected != rest.len() as u64 {
            return Err(FormatError::Length {
                expected,
                found: rest.len() as u64,
            });
        }
        let mut arrays = Vec::with_capacity(head.arrays.len());
        for (name, count) in head.arrays {
            // The sum is the length of what is there, so this is within it.
            let (values, after) = rest.split_at(count as usize * 4);
            let (values, _) = values.as_chunks::<4>();
            let values = values.iter().map(|value| f32::from_le_bytes(*value));
            arrays.push(Array {
                name,
                values: values.collect(),
            });
            rest = after;
        }
        Ok(Self {
            progress: head.progress,
            arrays,
        })
    }
}

fn check_magic(bytes: &[u8]) -> Result<(), FormatError> {
    let begins = &bytes[..bytes.len().min(MAGIC.len())];
    if begins == &MAGIC[..begins.len()] {
        // However short: what is missing is found out by its length.
        return Ok(());
    }
    Err(match begins.split_at_checked(NAME) {
        Some((name, version)) if name == &MAGIC[..NAME] => {
            FormatError::Version(String::from_utf8_lossy(version).escape_debug().to_string())
        }
        _ => FormatError::Magic,
    })
}

fn split_end(bytes: &[u8], end: usize) -> Result<(&[u8], &[u8]), FormatError> {
    let at = bytes.len().checked_sub(end).ok_or(FormatError::Length {
        expected: (MAGIC.len() + TRAILER) as u64,
        found: bytes.len() as u64,
    })?;
    Ok(bytes.split_at(at))
}

/// Hashes what goes through it.
struct Hashing<'a, W> {
    to: &'a mut W,
    hash: Sha256,
    bytes: u64,
}

impl<W> fmt::Debug for Hashing<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing").finish_non_exhaustive()
    }
}

impl<W: Write> Hashing<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.to.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snapshot() -> impl Strategy<Value = CheckpointData> {
        let array = (
            "[a-z.0-9]{1,12}",
            prop::collection::vec(any::<f32>(), 0..40),
        )
            .prop_map(|(name, values)| Array { name, values });
        let arrays = prop::collection::vec(array, 0..6);
        (
            any::<u64>(),
            any::<u32>(),
            any::<u64>(),
            prop::option::of(0.0..1.0),
            arrays,
        )
            .prop_map(|(steps, epoch, rows, accuracy, arrays)| CheckpointData {
                progress: SavedProgress {
                    steps,
                    epoch,
                    rows,
                    seed: 3,
                    accuracy,
                },
                arrays,
            })
    }

    fn bytes(snapshot: &CheckpointData) -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = snapshot.write(&mut bytes).unwrap();
        assert_eq!(length, bytes.len() as u64);
        bytes
    }

    fn bits(snapshot: &CheckpointData) -> Vec<(String, Vec<u32>)> {
        let bits = |array: &Array| array.values.iter().map(|v| v.to_bits()).collect();
        snapshot
            .arrays
            .iter()
            .map(|array| (array.name.clone(), bits(array)))
            .collect()
    }

    #[test]
    fn only_what_is_cut_off_or_changed_is_damaged() {
        let sound = bytes(&CheckpointData::default());
        let with = |at: usize, byte: u8| {
            let mut bytes = sound.clone();
            bytes[at] = byte;
            CheckpointData::read(&bytes).unwrap_err()
        };
        for cut in [0, 3, 8, 20, sound.len() - 1] {
            assert!(CheckpointData::read(&sound[..cut]).unwrap_err().is_damage());
        }
        assert_eq!(with(20, 0), FormatError::Checksum);
        assert!(with(20, 0).is_damage());
        assert_eq!(with(7, b'2'), FormatError::Version("02".to_owned()));
        assert!(!with(7, b'2').is_damage());
        assert_eq!(with(0, b'P'), FormatError::Magic);
        assert!(!with(0, b'P').is_damage());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_bit_for_bit(snapshot in snapshot()) {
            let read = CheckpointData::read(&bytes(&snapshot)).unwrap();
            prop_assert_eq!(read.progress, snapshot.progress);
            prop_assert_eq!(bits(&read), bits(&snapshot));
        }

        #[test]
        fn progress_is_read_from_the_head_alone(
            snapshot in snapshot(),
            cut in any::<prop::sample::Index>(),
        ) {
            let file = tempfile::NamedTempFile::new().unwrap();
            let bytes = bytes(&snapshot);
            let values = snapshot.elements() * 4 + TRAILER;
            let head = bytes.len() - values;
            let length = head + cut.index(values + 1);
            std::fs::write(file.path(), &bytes[..length]).unwrap();
            prop_assert_eq!(progress_of(file.path()), Some(snapshot.progress));
            std::fs::write(file.path(), &bytes[..cut.index(head)]).unwrap();
            prop_assert_eq!(progress_of(file.path()), None);
        }

        #[test]
        fn any_changed_byte_is_found_out(
            snapshot in snapshot(),
            at in any::<prop::sample::Index>(),
            by in 1u8..,
        ) {
            let mut bytes = bytes(&snapshot);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert!(CheckpointData::read(&bytes).is_err());
        }

        #[test]
        fn any_cut_is_found_out(snapshot in snapshot(), at in any::<prop::sample::Index>()) {
            let bytes = bytes(&snapshot);
            prop_assert!(CheckpointData::read(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn arbitrary_bytes_are_an_error_and_no_panic(
            content in prop::collection::vec(any::<u8>(), 0..200),
            head in "\\PC{0,80}",
        ) {
            prop_assert!(CheckpointData::read(&content).is_err());
            // With a sound beginning and trailer, so that the parser inside is reached.
            for body in [content.as_slice(), head.as_bytes()] {
                let mut bytes = [&MAGIC[..], &(body.len() as u32).to_le_bytes(), body].concat();
                bytes.extend((bytes.len() as u64).to_le_bytes());
                bytes.extend(Sha256::digest(&bytes));
                prop_assert!(CheckpointData::read(&bytes).is_err());
            }
        }
    }
}
