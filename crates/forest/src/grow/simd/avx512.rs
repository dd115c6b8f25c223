//! Eight lanes at once.

mod scanner;
mod skip;

#[allow(clippy::wildcard_imports, reason = "thirty instructions")]
use std::arch::x86_64::*;
use std::hint::black_box;

use super::super::sides::SideBits;
use super::super::strips::{
    HALF, LANES, LaneBest, MissingLeft, NodeTotals, ROWS, Strip, StripScan,
};
use super::shared::{BLOCK, put, sides};
use crate::packed::TemplateStrip;
use scanner::{Scanner, Taken, lanes_of, store_512};

#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
pub fn scan<const RAW: bool>(
    scan: &StripScan,
    totals: &NodeTotals,
    scratch: &mut Vec<Strip>,
) -> LaneBest {
    let end = scan.places[1];
    let mut taken = Taken::nothing::<RAW>(totals);
    let mut scanner = Scanner::new(scan, totals);
    match scan.missing_left {
        None if end >= SKIPPED_FROM && scan.many_values => {
            skip::scan::<RAW>(&mut scanner, scratch, &mut taken);
        }
        None => {
            let none = MissingLeft::default();
            scanner.range::<RAW, false>([0, end], &none, &mut taken);
        }
        Some(missing) => scanner.range::<RAW, true>([0, end], missing, &mut taken),
    }
    taken.best()
}

/// Nodes from this size on are scanned block by block.
const SKIPPED_FROM: usize = 512;

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub fn partition<const WIDTH: usize>(
    from: &[Strip],
    to: &mut [Strip],
    left: usize,
    right: &[u8; ROWS],
) {
    divide::<WIDTH>(from, to, left, |strip| sides::<WIDTH>(strip, right));
}

/// The same where rows are numbered.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub fn partition_numbered(
    width: usize,
    (from, to): (&[Strip], &mut [Strip]),
    left: usize,
    bits: &SideBits,
) {
    let bits = lanes_of(bits);
    let one = _mm512_set1_epi64(1);
    let sides = |strip: &Strip| {
        let entries = lanes_of(&strip.0);
        // Both take as many of the lowest bits as they need.
        let words = _mm512_permutexvar_epi64(_mm512_srli_epi64::<22>(entries), bits);
        let sides = _mm512_rorv_epi64(words, _mm512_srli_epi64::<16>(entries));
        _mm512_test_epi64_mask(sides, one)
    };
    if width <= HALF {
        divide::<HALF>(from, to, left, sides);
    } else {
        divide::<LANES>(from, to, left, sides);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn divide<const WIDTH: usize>(
    from: &[Strip],
    to: &mut [Strip],
    left: usize,
    sides: impl Fn(&Strip) -> u8,
) {
    let to = &mut to[..from.len()];
    let eight = _mm256_set1_epi32(LANES as i32);
    let last = _mm256_set1_epi32((to.len() * LANES) as i32 - 1);
    let mut to_left = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    let start = _mm256_set1_epi32((left * LANES) as i32);
    let mut to_right = _mm256_add_epi32(to_left, start);
    let entries: *mut u64 = to.as_mut_ptr().cast();
    let mut places = [[0_u64; HALF]; BLOCK];
    for strips in from.chunks(BLOCK) {
        for (strip, places) in strips.iter().zip(&mut places) {
            let goes_right = sides(strip);
            let lanes = _mm256_mask_mov_epi32(to_left, goes_right, to_right);
            to_left = _mm256_mask_add_epi32(to_left, !goes_right, to_left, eight);
            to_right = _mm256_mask_add_epi32(to_right, goes_right, to_right, eight);
            let lanes = _mm256_min_epu32(lanes, last);
            // SAFETY: there are eight lanes of four bytes, and no alignment is needed.
            unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), lanes) };
        }
        // From memory: taking lanes out of a register costs more.
        for (strip, places) in strips.iter().zip(black_box(&places)) {
            // SAFETY: no place is beyond the last entry.
            unsafe { put::<WIDTH>(entries, places, strip) };
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub fn load<const WIDTH: usize>(templates: &[TemplateStrip], loads: &[u32], to: &mut [Strip]) {
    let eight = _mm256_set1_epi32(LANES as i32);
    let last = _mm256_set1_epi32((to.len() * LANES) as i32 - 1);
    let last_row = _mm256_set1_epi32(loads.len() as i32 - 1);
    let mut next = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    let stored: *mut u64 = to.as_mut_ptr().cast();
    let mut block = [(Strip::default(), [0_u64; HALF]); BLOCK];
    for strips in templates.chunks(BLOCK) {
        for (strip, (entries, places)) in strips.iter().zip(&mut block) {
            // SAFETY: there are eight lanes of four bytes, and no alignment is needed; no row
            // is beyond the last one.
            let (strip, loads) = unsafe {
                let strip = _mm256_loadu_si256(strip.0.as_ptr().cast());
                let rows = _mm256_min_epu32(_mm256_srli_epi32::<16>(strip), last_row);
                (
                    strip,
                    _mm256_i32gather_epi32::<4>(loads.as_ptr().cast(), rows),
                )
            };
            let taken = _mm256_test_epi32_mask(loads, loads);
            let high = _mm512_slli_epi64::<32>(_mm512_cvtepu32_epi64(loads));
            store_512(
                &mut entries.0,
                _mm512_or_si512(high, _mm512_cvtepu32_epi64(strip)),
            );
            // SAFETY: as above.
            unsafe {
                let lanes = _mm256_min_epu32(next, last);
                _mm256_storeu_si256(places.as_mut_ptr().cast(), lanes);
            }
            next = _mm256_mask_add_epi32(next, taken, next, eight);
        }
        for (_, (entries, places)) in strips.iter().zip(black_box(&block)) {
            // What is not taken is overwritten by what comes next.
            // SAFETY: no place is beyond the last entry.
            unsafe { put::<WIDTH>(stored, places, entries) };
        }
    }
}
