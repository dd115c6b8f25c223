//! Handles: numbers that look like pointers to those who hold them and are never followed.

/// What a handle of a device stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePlace {
    /// The GPU.
    pub gpu: usize,
    /// The MIG device on it.
    pub mig: Option<usize>,
}

const MIGS: usize = 256;

impl DevicePlace {
    /// The handle's number, which is never 0.
    pub fn number(self) -> usize {
        (self.gpu + 1) * MIGS + self.mig.map_or(0, |mig| mig + 1)
    }

    /// The place of a number.
    pub fn of(number: usize) -> Option<Self> {
        Some(Self {
            gpu: (number / MIGS).checked_sub(1)?,
            mig: (number % MIGS).checked_sub(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_own_number() {
        for gpu in 0..64 {
            for mig in [None, Some(0), Some(7)] {
                let place = DevicePlace { gpu, mig };
                assert_eq!(DevicePlace::of(place.number()), Some(place));
            }
        }
        assert_eq!(DevicePlace::of(0), None);
    }
}
