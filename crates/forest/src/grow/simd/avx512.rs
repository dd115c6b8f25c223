//! Eight lanes at once.

#[allow(clippy::wildcard_imports, reason = "sixty instructions")]
use std::arch::x86_64::*;
use std::hint::black_box;

use super::super::strips::{
    HALF, LANES, LaneBest, MissingLeft, NOWHERE, ROWS, SUM_BITS, Strip, StripScan, Totals, nothing,
};
mod skip;

use super::{BLOCK, SPREAD, SUM_MASK, put, sides};
use crate::packed::TemplateStrip;

#[target_feature(enable = "avx512f")]
fn lanes_of<T>(eight: &[T; LANES]) -> __m512i {
    const { assert!(size_of::<T>() == 8) };
    // SAFETY: there are eight lanes of eight bytes, and the load needs no alignment.
    unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store_512<T>(eight: &mut [T; LANES], lanes: __m512i) {
    const { assert!(size_of::<T>() == 8) };
    // SAFETY: there are eight lanes of eight bytes, and the store needs no alignment.
    unsafe { _mm512_storeu_si512(eight.as_mut_ptr().cast(), lanes) };
}

/// What is the same for all splits of a node.
#[derive(Clone, Copy)]
struct Node512 {
    all: __m512d,
    whole: __m512d,
    least: __m512d,
    raw: __m512d,
}

impl Node512 {
    #[target_feature(enable = "avx512f")]
    fn of(totals: &Totals) -> Self {
        let all = _mm512_set1_pd(totals.weight as f64);
        let whole = _mm512_set1_pd(totals.sum as f64);
        let least = _mm512_set1_pd(totals.least);
        let raw = _mm512_add_pd(whole, _mm512_mul_pd(least, all));
        Self {
            all,
            whole,
            least,
            raw,
        }
    }

    /// As [`Totals::worth`].
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn worth(self, left: __m512d, sum: __m512d) -> (__m512d, __m512d) {
        // Fused, which changes nothing: the products are exact.
        let apart = _mm512_fmsub_pd(sum, self.all, _mm512_mul_pd(self.whole, left));
        let under = _mm512_mul_pd(left, _mm512_sub_pd(self.all, left));
        (_mm512_mul_pd(apart, apart), under)
    }

    /// As [`Totals::raw`].
    #[target_feature(enable = "avx512f")]
    fn raw(self, left: __m512d, sum: __m512d) -> __m512d {
        let right = _mm512_sub_pd(self.all, left);
        let sum_left = _mm512_add_pd(sum, _mm512_mul_pd(self.least, left));
        let sum_right = _mm512_sub_pd(self.raw, sum_left);
        let score_left = _mm512_div_pd(_mm512_mul_pd(sum_left, sum_left), left);
        let score_right = _mm512_div_pd(_mm512_mul_pd(sum_right, sum_right), right);
        _mm512_add_pd(score_left, score_right)
    }
}

/// The best split of each lane so far.
struct Taken {
    worth: __m512d,
    over: __m512d,
    place: __m512i,
    floor: __m512d,
}

impl Taken {
    #[target_feature(enable = "avx512f")]
    fn nothing<const RAW: bool>(totals: &Totals) -> Self {
        Self {
            worth: _mm512_set1_pd(nothing::<RAW>()),
            over: _mm512_set1_pd(1.0),
            place: _mm512_set1_epi64(NOWHERE.cast_signed()),
            floor: _mm512_set1_pd(totals.floor(totals.known)),
        }
    }

    /// Takes the split here with these weights and sums on the left, where it is better.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn take<const RAW: bool>(
        &mut self,
        (node, totals): (Node512, &Totals),
        (left, sum): (__m512d, __m512d),
        mask: u8,
        here: __m512i,
    ) {
        let (square, under) = node.worth(left, sum);
        if RAW {
            let least = _mm512_mul_pd(self.floor, under);
            let near = _mm512_mask_cmp_pd_mask::<_CMP_GE_OQ>(mask, square, least);
            if near != 0 {
                let raw = node.raw(left, sum);
                let better = _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(near, raw, self.worth);
                self.worth = _mm512_mask_mov_pd(self.worth, better, raw);
                self.place = _mm512_mask_mov_epi64(self.place, better, here);
                let most = _mm512_reduce_max_pd(self.worth).max(totals.known);
                self.floor = _mm512_set1_pd(totals.floor(most));
            }
        } else {
            let [ours, theirs] = [
                _mm512_mul_pd(square, self.over),
                _mm512_mul_pd(self.worth, under),
            ];
            let better = _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(mask, ours, theirs);
            self.worth = _mm512_mask_mov_pd(self.worth, better, square);
            self.over = _mm512_mask_mov_pd(self.over, better, under);
            self.place = _mm512_mask_mov_epi64(self.place, better, here);
        }
    }

    #[target_feature(enable = "avx512f")]
    fn store(&self, best: &mut LaneBest) {
        let score = _mm512_div_pd(self.worth, self.over);
        store_512(&mut best.score, _mm512_castpd_si512(score));
        store_512(&mut best.place, self.place);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
pub fn scan<const RAW: bool>(
    scan: &StripScan,
    totals: &Totals,
    scratch: &mut Vec<Strip>,
    best: &mut LaneBest,
) {
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
    taken.store(best);
}

/// Nodes from this size on are scanned block by block.
const SKIPPED_FROM: usize = 512;

/// Eight features of a node while they are scanned.
struct Scanner<'a> {
    scan: &'a StripScan<'a>,
    totals: &'a Totals,
    node: Node512,
    /// What is on the left.
    sums: __m512i,
}

impl<'a> Scanner<'a> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn new(scan: &'a StripScan, totals: &'a Totals) -> Self {
        Self {
            scan,
            totals,
            node: Node512::of(totals),
            sums: lanes_of(&totals.before),
        }
    }

    /// Looks at the splits behind some entries. `MISSING`: whether rows whose value is missing go
    /// left.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn range<const RAW: bool, const MISSING: bool>(
        &mut self,
        [start, end]: [usize; 2],
        missing: &MissingLeft,
        taken: &mut Taken,
    ) {
        let scan = self.scan;
        let first = scan.places[0];
        let bytes = spread_bytes();
        let far = lanes_of(scan.far);
        let [from, until] = [lanes_of(&missing.first), lanes_of(&missing.end)];
        let mut sums = self.sums;
        let mut entries = lanes_of(&scan.strips[start].0);
        for (place, next) in (start..end).zip(&scan.strips[start + 1..=end]) {
            let next = lanes_of(&next.0);
            sums = _mm512_add_epi64(sums, _mm512_shuffle_epi8(entries, bytes));
            let further = _mm512_sub_epi64(next, entries);
            entries = next;
            let mut mask = _mm512_mask_test_epi64_mask(scan.looked, further, far);
            let here = _mm512_set1_epi64(place as i64);
            if MISSING {
                mask = _mm512_mask_cmple_epu64_mask(mask, from, here);
                mask = _mm512_mask_cmplt_epu64_mask(mask, here, until);
            } else if place < first {
                continue;
            }
            if mask != 0 {
                taken.take::<RAW>((self.node, self.totals), floats_of(sums), mask, here);
            }
        }
        self.sums = sums;
    }
}

/// Moves the bytes of entries as [`SPREAD`] says.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn spread_bytes() -> __m512i {
    _mm512_broadcast_i64x2(_mm_set_epi64x(SPREAD[1], SPREAD[0]))
}

/// Weights and sums of targets.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn floats_of(sums: __m512i) -> (__m512d, __m512d) {
    let sum = _mm512_and_si512(sums, _mm512_set1_epi64(SUM_MASK));
    (
        _mm512_cvtepi64_pd(_mm512_srli_epi64::<SUM_BITS>(sums)),
        _mm512_cvtepi64_pd(sum),
    )
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub fn partition<const WIDTH: usize>(
    from: &[Strip],
    to: &mut [Strip],
    left: usize,
    right: &[u8; ROWS],
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
            let goes_right = sides::<WIDTH>(strip, right);
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
