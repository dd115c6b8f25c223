//! Numbers as little-endian bytes, as checkpoints hold them.

/// Puts numbers one after the other.
#[derive(Debug, Default)]
pub struct StateWriter(Vec<u8>);

impl StateWriter {
    /// Adds a count.
    pub fn count(&mut self, count: u64) {
        self.0.extend(count.to_le_bytes());
    }

    /// Adds numbers, without how many.
    pub fn floats(&mut self, values: &[f32]) {
        self.0.reserve(values.len() * 4);
        for value in values {
            self.0.extend(value.to_le_bytes());
        }
    }

    /// All of it.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes numbers one after the other.
#[derive(Debug)]
pub struct StateReader<'a>(&'a [u8]);

impl<'a> StateReader<'a> {
    /// From the beginning.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next count.
    pub fn count(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    /// The next numbers.
    pub fn floats(&mut self, count: usize) -> Option<Vec<f32>> {
        let (head, rest) = self.0.split_at_checked(count.checked_mul(4)?)?;
        self.0 = rest;
        let (numbers, _) = head.as_chunks::<4>();
        Some(
            numbers
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
        )
    }
}
