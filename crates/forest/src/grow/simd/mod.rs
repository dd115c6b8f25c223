//! Scan and move in vector instructions. The only files with `unsafe`: each block says why it
//! holds.
//!
//! Weights and sums are added as integers; converting, multiplying and dividing are the same
//! operations as in the portable path, rounded in the same way. All paths therefore find the same
//! splits.

#![allow(unsafe_code, reason = "instructions that a processor may not have")]
#![allow(
    clippy::cast_possible_wrap,
    reason = "lanes have a sign, numbers stay far below it"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use super::strips::{
    HALF, LANES, LaneBest, ROWS, Strip, StripScan, Totals, load_portable, move_portable,
    scan_portable,
};
use crate::packed::TemplateStrip;

/// Which instructions the scan uses. Trees are the same on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum VectorPath {
    /// What every processor has.
    #[default]
    Portable,
    /// AVX2, 4 lanes.
    Avx2,
    /// AVX-512 (F, BW, DQ), 8 lanes.
    Avx512,
}

impl VectorPath {
    /// The best path of this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let has_512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if has_512 {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// This path, or the best one that the processor has if it lacks this one.
    #[must_use]
    pub fn or_lower(self) -> Self {
        self.min(Self::detect())
    }
}

/// Looks at every split. The path is one that [`VectorPath::detect`] allows.
pub fn scan<const RAW: bool>(
    path: VectorPath,
    node: &StripScan,
    totals: &Totals,
    scratch: &mut Vec<Strip>,
    best: &mut LaneBest,
) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 if node.looked >> HALF != 0 => unsafe {
            avx512::scan::<RAW>(node, totals, scratch, best);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above; who has AVX-512 has AVX2.
        VectorPath::Avx512 | VectorPath::Avx2 => unsafe {
            avx2::scan::<RAW>(node, totals, best);
        },
        VectorPath::Portable => scan_portable::<RAW>(node, totals, best),
        #[cfg(not(target_arch = "x86_64"))]
        _ => scan_portable::<RAW>(node, totals, best),
    }
}

/// Puts the entries of every lane that go left before those that go right, both in their order.
/// `width` is the number of lanes in use.
pub fn partition(
    path: VectorPath,
    width: usize,
    (from, to): (&[Strip], &mut [Strip]),
    left: usize,
    right: &[u8; ROWS],
) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 if width <= HALF => unsafe {
            avx512::partition::<HALF>(from, to, left, right);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx512 => unsafe { avx512::partition::<LANES>(from, to, left, right) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx2 if width <= HALF => unsafe {
            avx2::partition::<HALF>(from, to, left, right);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx2 => unsafe { avx2::partition::<LANES>(from, to, left, right) },
        _ => move_portable(from, to, left, right),
    }
}

/// Takes the rows that have a load: weight | load << 8 of each row. Behind the last strip that is
/// taken is room for one more.
pub fn load(
    path: VectorPath,
    width: usize,
    templates: &[TemplateStrip],
    loads: &[u32],
    to: &mut [Strip],
) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 if width <= HALF => unsafe {
            avx512::load::<HALF>(templates, loads, to);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx512 => unsafe { avx512::load::<LANES>(templates, loads, to) },
        _ => load_portable(templates, loads, to),
    }
}

#[cfg(target_arch = "x86_64")]
const SUM_MASK: i64 = (1 << super::strips::SUM_BITS) - 1;

#[cfg(target_arch = "x86_64")]
/// Moves the bytes of entries so that weight × target is in the low 40 bits and the weight
/// above them.
const SPREAD: [i64; 2] = [spread(0), spread(8)];

#[cfg(target_arch = "x86_64")]
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

#[cfg(target_arch = "x86_64")]
/// Strips whose places are computed before their entries are stored: what was just stored in
/// one piece cannot be loaded in parts at once.
const BLOCK: usize = 32;

#[cfg(target_arch = "x86_64")]
/// One bit for each entry whose row goes right.
fn sides<const WIDTH: usize>(strip: &Strip, right: &[u8; ROWS]) -> u8 {
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
unsafe fn put<const WIDTH: usize>(to: *mut u64, places: &[u64; HALF], strip: &Strip) {
    use std::arch::x86_64::{_mm_loadu_pd, _mm_storeh_pd, _mm_storel_pd};
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
