//! The sides that rows go to. Rows of small nodes are numbered from 0, so that a bit in a register
//! says the side of each.

use super::strips::{LANES, ROWS, Strip, row_of};

/// Rows that a node may have for it: as many as a vector of 512 bits has.
pub const NUMBERED: usize = 512;

/// The side of every row: 1 for those that go right.
pub type SideBits = [u64; NUMBERED / 64];

/// Where the side of a row is found.
#[derive(Debug, Clone, Copy)]
pub enum Sides<'a> {
    /// A byte for each row of the data, 1 for those that go right.
    Rows(&'a [u8; ROWS]),
    /// A bit for each row of a small node.
    Bits(&'a SideBits),
}

impl Sides<'_> {
    /// 1 where the row of an entry goes right.
    pub fn of(&self, entry: u64) -> u8 {
        let row = row_of(entry);
        match self {
            Self::Rows(sides) => sides[row],
            Self::Bits(sides) => (sides[row / 64] >> (row % 64) & 1) as u8,
        }
    }
}

/// Sets the bit of the row of an entry.
pub fn mark_bit(bits: &mut SideBits, entry: u64) {
    let row = row_of(entry);
    // Numbers stay below; the remainder spares a check.
    bits[row / 64 % bits.len()] |= 1 << (row % 64);
}

/// Numbers the rows of a node in the order of its first feature. `numbers` has room for every row.
pub fn learn_numbers(strips: &[Strip], numbers: &mut [u16; ROWS]) {
    for (number, strip) in strips.iter().enumerate() {
        numbers[row_of(strip.0[0])] = number as u16;
    }
}

/// Puts numbers in place of the rows.
pub fn put_numbers(strips: &mut [Strip], numbers: &[u16; ROWS]) {
    const ROW: u64 = 0xffff << 16;
    for strip in strips {
        let numbered: [u64; LANES] = std::array::from_fn(|lane| {
            let entry = strip.0[lane];
            entry & !ROW | u64::from(numbers[row_of(entry)]) << 16
        });
        strip.0 = numbered;
    }
}

/// Puts the entries of every lane that go left before those that go right, both in their order.
pub fn move_portable(from: &[Strip], to: &mut [Strip], left: usize, sides: Sides) {
    let mut lefts = [0; LANES];
    for (place, strip) in from.iter().enumerate() {
        for (lane, (entry, lefts)) in strip.0.iter().zip(&mut lefts).enumerate() {
            let side = sides.of(*entry);
            let to_right = left + place - *lefts;
            let at = if side == 0 { *lefts } else { to_right };
            to[at].0[lane] = *entry;
            *lefts += usize::from(side ^ 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_numbered_rows_say_the_same_as_bytes() {
        let rows = 307_usize;
        let row_at = |place: usize, lane: usize| (place * (2 * lane + 7)) % rows * 211;
        let strips: Vec<Strip> = (0..rows)
            .map(|place| {
                Strip(std::array::from_fn(|lane| {
                    (place as u64) << 32 | (row_at(place, lane) as u64) << 16 | lane as u64
                }))
            })
            .collect();
        let mut bytes: Box<[u8; ROWS]> = vec![0; ROWS].try_into().unwrap();
        let mut numbers: Box<[u16; ROWS]> = vec![0; ROWS].try_into().unwrap();
        let mut numbered = strips.clone();
        learn_numbers(&strips, &mut numbers);
        put_numbers(&mut numbered, &numbers);
        let mut bits = SideBits::default();
        for (strip, numbered) in strips.iter().zip(&numbered).skip(100) {
            bytes[row_of(strip.0[0])] = 1;
            mark_bit(&mut bits, numbered.0[0]);
        }
        let mut moved = [strips.clone(), numbered.clone()];
        move_portable(&strips, &mut moved[0], 100, Sides::Rows(&bytes));
        move_portable(&numbered, &mut moved[1], 100, Sides::Bits(&bits));
        put_numbers(&mut moved[0], &numbers);
        for (rows, numbered) in moved[0].iter().zip(&moved[1]) {
            assert_eq!(rows.0, numbered.0);
        }
        assert!(
            numbered
                .iter()
                .zip(&moved[1])
                .any(|(from, to)| from.0 != to.0)
        );
    }
}
