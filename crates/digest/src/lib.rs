//! SHA-256 in hexadecimal, by which outputs and tables are told apart.
//!
//! - **Belongs here:** the hash of bytes and of numbers.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** what is hashed, and what follows from a difference.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 of bytes that come piece by piece.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes in more bytes.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes);
    }

    /// The hash of all bytes, in hexadecimal.
    pub fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// SHA-256 of numbers as little-endian f64, in hexadecimal: equal for equal bits, and
/// for those alone.
pub fn of_f64(values: &[f64]) -> String {
    let mut hasher = Hasher::default();
    for value in values {
        hasher.update(value.to_le_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        // FIPS 180-2, appendix B.1, and the hash of nothing.
        let mut abc = Hasher::default();
        abc.update("a");
        abc.update("bc");
        assert_eq!(
            abc.finish(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            of_f64(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn the_smallest_difference_shows() {
        assert_ne!(
            of_f64(&[0.1 + 0.2]),
            of_f64(&[0.3]),
            "0.1 + 0.2 is not 0.3 in binary"
        );
        assert_ne!(of_f64(&[0.0]), of_f64(&[-0.0]));
    }
}
