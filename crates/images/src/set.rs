//! A set of labelled images, and the two parts that every dataset has.

/// The classes of MNIST and its kin: labels are 0 to 9.
pub const CLASSES: usize = 10;

/// Images of one size with a label each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Planes per image: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels per plane.
    pub height: usize,
    /// Pixels per row.
    pub width: usize,
    /// All pixels, 0 to 255: image by image, plane by plane, row by row (the order that
    /// PyTorch calls NCHW).
    pub pixels: Vec<u8>,
    /// One label per image, below [`Images::classes`].
    pub labels: Vec<u8>,
    /// How many classes there are, whether or not each occurs.
    pub classes: usize,
}

impl Images {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes per image: channels × height × width.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The pixels of one image; `None` past the last.
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        let start = index.checked_mul(self.image_len())?;
        self.pixels.get(start..start.checked_add(self.image_len())?)
    }
}

/// What to learn from and what to be tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subset {
    /// What the model learns from.
    Train,
    /// What it is tested on.
    Test,
}
