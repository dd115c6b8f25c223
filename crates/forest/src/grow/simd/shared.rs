//! What the sets of instructions have in common.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm_loadu_pd, _mm_storeh_pd, _mm_storel_pd};

use super::super::strips::{HALF, LANES, ROWS, SUM_BITS, Strip};

pub const SUM_MASK: i64 = (1 << SUM_BITS) - 1;

/// Moves the bytes of entries so that weight × target is in the low 40 bits and the weight
/// above them.
pub const SPREAD: [i64; 2] = [spread(0), spread(8)];

const fn spread(base: i64) -> i64 {
    // From the lowest byte: 5, 6, 7, nothing, nothing, 4, nothing, nothing.
    (5 + base)
        | (6 + base) << 8
        | (7 + base) << 16
        | 0x80 << 24
        | 0x80 << 32
        | (4 + base) << 40
        | 0x80 << 48
        | (0x80 << 56)
}

/// Strips whose places are computed before their entries are stored: what was just stored in
/// one piece cannot be loaded in parts at once.
pub const BLOCK: usize = 16;

/// One bit for each entry whose row goes right.
pub fn sides<const WIDTH: usize>(strip: &Strip, right: &[u8; ROWS]) -> u8 {
    // SAFETY: eight entries are 32 numbers of 16 bits, whose alignment is less.
    let words: &[u16; 4 * LANES] = unsafe { &*strip.0.as_ptr().cast() };
    let side = |lane: usize| usize::from(right[usize::from(words[4 * lane + 1])]);
    let pair = |lane: usize| side(lane) + 2 * side(lane + 1);
    let quad = |lane: usize| pair(lane) + 4 * pair(lane + 2);
    let high = if WIDTH > HALF { quad(HALF) } else { 0 };
    (quad(0) + (high << HALF)) as u8
}

/// Stores entries at their places, two for each number: loads are what there are fewest of.
///
/// # Safety
/// No place is beyond the memory that `to` points to.
#[cfg(target_arch = "x86_64")]
pub unsafe fn put<const WIDTH: usize>(to: *mut u64, places: &[u64; HALF], strip: &Strip) {
    let pairs = strip.0.as_chunks::<2>().0.iter().zip(places);
    for (pair, places) in pairs.take(WIDTH / 2) {
        let [first, second] = [*places as u32, (*places >> 32) as u32];
        // SAFETY: a pair has two numbers; the places are as the caller says.
        unsafe {
            let pair = _mm_loadu_pd(pair.as_ptr().cast());
            _mm_storel_pd(to.add(first as usize).cast(), pair);
            _mm_storeh_pd(to.add(second as usize).cast(), pair);
        }
    }
}
