//! Four lanes at once.

#[allow(clippy::wildcard_imports, reason = "forty instructions")]
use std::arch::x86_64::*;
use std::hint::black_box;

use super::super::strips::{
    HALF, LANES, LaneBest, MissingLeft, NOWHERE, NodeTotals, Places, ROWS, SUM_BITS, Scores, Strip,
    StripScan, nothing,
};
use super::shared::{BLOCK, SPREAD, SUM_MASK, put, sides};

/// Integers below 2⁵² as floats, exactly.
#[target_feature(enable = "avx2")]
fn floats_256(integers: __m256i) -> __m256d {
    let magic = _mm256_set1_epi64x(0x4330_0000_0000_0000);
    let bits = _mm256_castsi256_pd(_mm256_or_si256(integers, magic));
    _mm256_sub_pd(bits, _mm256_castsi256_pd(magic))
}

/// Half of eight lanes: the first four or the last.
#[target_feature(enable = "avx2")]
fn load_256<T>(eight: &[T; LANES], half: usize) -> __m256i {
    const { assert!(size_of::<T>() == 8) };
    let four = &eight[half..half + HALF];
    // SAFETY: there are four lanes of eight bytes, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(four.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store_256<T>(eight: &mut [T; LANES], half: usize, lanes: __m256i) {
    const { assert!(size_of::<T>() == 8) };
    let four = &mut eight[half..half + HALF];
    // SAFETY: there are four lanes of eight bytes, and the store needs no alignment.
    unsafe { _mm256_storeu_si256(four.as_mut_ptr().cast(), lanes) };
}

/// What is the same for all splits of a node.
#[derive(Clone, Copy)]
struct Node256 {
    all: __m256d,
    whole: __m256d,
    least: __m256d,
    raw: __m256d,
}

impl Node256 {
    #[target_feature(enable = "avx2")]
    fn of(totals: &NodeTotals) -> Self {
        let all = _mm256_set1_pd(totals.weight as f64);
        let whole = _mm256_set1_pd(totals.sum as f64);
        let least = _mm256_set1_pd(totals.least);
        let raw = _mm256_add_pd(whole, _mm256_mul_pd(least, all));
        Self {
            all,
            whole,
            least,
            raw,
        }
    }

    #[target_feature(enable = "avx2")]
    fn raw(self, left: __m256d, sum: __m256d) -> __m256d {
        let right = _mm256_sub_pd(self.all, left);
        let sum_left = _mm256_add_pd(sum, _mm256_mul_pd(self.least, left));
        let sum_right = _mm256_sub_pd(self.raw, sum_left);
        let score_left = _mm256_div_pd(_mm256_mul_pd(sum_left, sum_left), left);
        let score_right = _mm256_div_pd(_mm256_mul_pd(sum_right, sum_right), right);
        _mm256_add_pd(score_left, score_right)
    }
}

/// The best split of each lane so far.
struct Taken {
    worth: __m256d,
    over: __m256d,
    place: __m256i,
    floor: f64,
}

impl Taken {
    #[target_feature(enable = "avx2")]
    fn nothing<const RAW: bool>(totals: &NodeTotals) -> Self {
        Self {
            worth: _mm256_set1_pd(nothing::<RAW>()),
            over: _mm256_set1_pd(1.0),
            place: _mm256_set1_epi64x(NOWHERE.cast_signed()),
            floor: totals.floor(totals.known),
        }
    }

    /// Takes the split here with these weights and sums on the left, where it is better.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn take<const RAW: bool>(
        &mut self,
        (node, totals): (Node256, &NodeTotals),
        (left, sum): (__m256d, __m256d),
        mask: __m256d,
        here: __m256i,
    ) {
        let [ours, theirs] = [
            _mm256_mul_pd(sum, node.all),
            _mm256_mul_pd(node.whole, left),
        ];
        let apart = _mm256_sub_pd(ours, theirs);
        let square = _mm256_mul_pd(apart, apart);
        let under = _mm256_mul_pd(left, _mm256_sub_pd(node.all, left));
        if RAW {
            let least = _mm256_mul_pd(_mm256_set1_pd(self.floor), under);
            let near = _mm256_and_pd(mask, _mm256_cmp_pd::<_CMP_GE_OQ>(square, least));
            if _mm256_movemask_pd(near) != 0 {
                let raw = node.raw(left, sum);
                let better = _mm256_and_pd(near, _mm256_cmp_pd::<_CMP_GT_OQ>(raw, self.worth));
                self.worth = _mm256_blendv_pd(self.worth, raw, better);
                self.place = _mm256_blendv_epi8(self.place, here, _mm256_castpd_si256(better));
                self.floor = totals.floor(most_256(self.worth).max(totals.known));
            }
        } else {
            let ours = _mm256_mul_pd(square, self.over);
            let theirs = _mm256_mul_pd(self.worth, under);
            let better = _mm256_and_pd(mask, _mm256_cmp_pd::<_CMP_GT_OQ>(ours, theirs));
            self.worth = _mm256_blendv_pd(self.worth, square, better);
            self.over = _mm256_blendv_pd(self.over, under, better);
            self.place = _mm256_blendv_epi8(self.place, here, _mm256_castpd_si256(better));
        }
    }

    #[target_feature(enable = "avx2")]
    fn store(&self, (scores, places): (&mut Scores, &mut Places), half: usize) {
        let score = _mm256_div_pd(self.worth, self.over);
        store_256(scores, half, _mm256_castpd_si256(score));
        store_256(places, half, self.place);
    }
}

#[target_feature(enable = "avx2")]
pub fn scan<const RAW: bool>(scan: &StripScan, totals: &NodeTotals) -> LaneBest {
    let (mut scores, mut places) = LaneBest::NOTHING;
    let missing = scan.missing();
    for half in [0, HALF] {
        if scan.looked >> half & 0b1111 != 0 {
            half_256::<RAW>((scan, totals), &missing, half, (&mut scores, &mut places));
        }
    }
    LaneBest::of(scores, places)
}

#[target_feature(enable = "avx2")]
fn half_256<const RAW: bool>(
    (scan, totals): (&StripScan, &NodeTotals),
    missing: &MissingLeft,
    half: usize,
    (scores, places): (&mut Scores, &mut Places),
) {
    let bytes = _mm256_set_epi64x(SPREAD[1], SPREAD[0], SPREAD[1], SPREAD[0]);
    let sum_mask = _mm256_set1_epi64x(SUM_MASK);
    let zero = _mm256_setzero_si256();
    let looked = [0, 1, 2, 3].map(|lane| -i64::from(scan.looked >> (half + lane) & 1));
    let looked = _mm256_set_epi64x(looked[3], looked[2], looked[1], looked[0]);
    let far = _mm256_and_si256(load_256(scan.far, half), looked);
    let node = Node256::of(totals);
    let mut sums = load_256(&totals.before, half);
    let one = _mm256_set1_epi64x(1);
    let before = _mm256_sub_epi64(load_256(&missing.first, half), one);
    let until = load_256(&missing.end, half);
    let mut taken = Taken::nothing::<RAW>(totals);
    let mut entries = load_256(&scan.strips[0].0, half);
    let mut here = zero;
    for next in &scan.strips[1..=scan.places[1]] {
        let next = load_256(&next.0, half);
        sums = _mm256_add_epi64(sums, _mm256_shuffle_epi8(entries, bytes));
        let further = _mm256_and_si256(_mm256_sub_epi64(next, entries), far);
        entries = next;
        let place = here;
        here = _mm256_add_epi64(here, one);
        let mut mask = _mm256_andnot_si256(
            _mm256_cmpeq_epi64(further, zero),
            _mm256_cmpgt_epi64(place, before),
        );
        mask = _mm256_and_si256(mask, _mm256_cmpgt_epi64(until, place));
        if _mm256_testz_si256(mask, mask) == 1 {
            continue;
        }
        let left = floats_256(_mm256_srli_epi64::<{ SUM_BITS as i32 }>(sums));
        let sum = floats_256(_mm256_and_si256(sums, sum_mask));
        let mask = _mm256_castsi256_pd(mask);
        taken.take::<RAW>((node, totals), (left, sum), mask, place);
    }
    taken.store((scores, places), half);
}

#[target_feature(enable = "avx2")]
pub fn partition<const WIDTH: usize>(
    from: &[Strip],
    to: &mut [Strip],
    left: usize,
    right: &[u8; ROWS],
) {
    let to = &mut to[..from.len()];
    let eight = _mm256_set1_epi32(LANES as i32);
    let last = _mm256_set1_epi32((to.len() * LANES) as i32 - 1);
    let bits = _mm256_set_epi32(128, 64, 32, 16, 8, 4, 2, 1);
    let mut to_left = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    let start = _mm256_set1_epi32((left * LANES) as i32);
    let mut to_right = _mm256_add_epi32(to_left, start);
    let entries: *mut u64 = to.as_mut_ptr().cast();
    let mut places = [[0_u64; HALF]; BLOCK];
    for strips in from.chunks(BLOCK) {
        for (strip, places) in strips.iter().zip(&mut places) {
            let goes_right = _mm256_set1_epi32(i32::from(sides::<WIDTH>(strip, right)));
            let goes_right = _mm256_cmpeq_epi32(_mm256_and_si256(goes_right, bits), bits);
            let lanes = _mm256_blendv_epi8(to_left, to_right, goes_right);
            to_left = _mm256_add_epi32(to_left, _mm256_andnot_si256(goes_right, eight));
            to_right = _mm256_add_epi32(to_right, _mm256_and_si256(goes_right, eight));
            let lanes = _mm256_min_epu32(lanes, last);
            // SAFETY: there are eight lanes of four bytes, and no alignment is needed.
            unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), lanes) };
        }
        for (strip, places) in strips.iter().zip(black_box(&places)) {
            // SAFETY: no place is beyond the last entry.
            unsafe { put::<WIDTH>(entries, places, strip) };
        }
    }
}

/// The greatest of four.
#[target_feature(enable = "avx2")]
fn most_256(lanes: __m256d) -> f64 {
    let two = _mm_max_pd(
        _mm256_castpd256_pd128(lanes),
        _mm256_extractf128_pd::<1>(lanes),
    );
    _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)))
}
