//! Eight lanes that are scanned at once.

#[allow(clippy::wildcard_imports, reason = "forty instructions")]
use std::arch::x86_64::*;

use super::super::super::strips::{
    LANES, LaneBest, MissingLeft, NOWHERE, NodeTotals, SUM_BITS, StripScan, nothing,
};
use super::super::shared::{SPREAD, SUM_MASK};

#[target_feature(enable = "avx512f")]
pub fn lanes_of<T>(eight: &[T; LANES]) -> __m512i {
    const { assert!(size_of::<T>() == 8) };
    // SAFETY: there are eight lanes of eight bytes, and the load needs no alignment.
    unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
pub fn store_512<T>(eight: &mut [T; LANES], lanes: __m512i) {
    const { assert!(size_of::<T>() == 8) };
    // SAFETY: there are eight lanes of eight bytes, and the store needs no alignment.
    unsafe { _mm512_storeu_si512(eight.as_mut_ptr().cast(), lanes) };
}

/// What is the same for all splits of a node.
#[derive(Clone, Copy)]
pub struct Node512 {
    pub all: __m512d,
    pub whole: __m512d,
    pub least: __m512d,
    pub raw: __m512d,
}

impl Node512 {
    #[target_feature(enable = "avx512f")]
    pub fn of(totals: &NodeTotals) -> Self {
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

    /// As [`NodeTotals::worth`].
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn worth(self, left: __m512d, sum: __m512d) -> (__m512d, __m512d) {
        // Fused, which changes nothing: the products are exact.
        let apart = _mm512_fmsub_pd(sum, self.all, _mm512_mul_pd(self.whole, left));
        let under = _mm512_mul_pd(left, _mm512_sub_pd(self.all, left));
        (_mm512_mul_pd(apart, apart), under)
    }

    /// As [`NodeTotals::raw`].
    #[target_feature(enable = "avx512f")]
    pub fn raw(self, left: __m512d, sum: __m512d) -> __m512d {
        let right = _mm512_sub_pd(self.all, left);
        let sum_left = _mm512_add_pd(sum, _mm512_mul_pd(self.least, left));
        let sum_right = _mm512_sub_pd(self.raw, sum_left);
        let score_left = _mm512_div_pd(_mm512_mul_pd(sum_left, sum_left), left);
        let score_right = _mm512_div_pd(_mm512_mul_pd(sum_right, sum_right), right);
        _mm512_add_pd(score_left, score_right)
    }
}

/// The best split of each lane so far.
pub struct Taken {
    pub worth: __m512d,
    pub over: __m512d,
    pub place: __m512i,
    pub floor: __m512d,
}

impl Taken {
    #[target_feature(enable = "avx512f")]
    pub fn nothing<const RAW: bool>(totals: &NodeTotals) -> Self {
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
    pub fn take<const RAW: bool>(
        &mut self,
        (node, totals): (Node512, &NodeTotals),
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

    /// As [`LaneBest::of`].
    #[target_feature(enable = "avx512f")]
    pub fn best(&self) -> LaneBest {
        let score = _mm512_div_pd(self.worth, self.over);
        let most = _mm512_reduce_max_pd(score);
        let mut place = [NOWHERE; LANES];
        store_512(&mut place, self.place);
        LaneBest {
            place,
            most,
            equal: _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(score, _mm512_set1_pd(most)),
        }
    }
}

/// Eight features of a node while they are scanned.
pub struct Scanner<'a> {
    pub scan: &'a StripScan<'a>,
    pub totals: &'a NodeTotals,
    pub node: Node512,
    /// What is on the left.
    pub sums: __m512i,
}

impl<'a> Scanner<'a> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    pub fn new(scan: &'a StripScan, totals: &'a NodeTotals) -> Self {
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
    pub fn range<const RAW: bool, const MISSING: bool>(
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
pub fn spread_bytes() -> __m512i {
    _mm512_broadcast_i64x2(_mm_set_epi64x(SPREAD[1], SPREAD[0]))
}

/// Weights and sums of targets.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub fn floats_of(sums: __m512i) -> (__m512d, __m512d) {
    let sum = _mm512_and_si512(sums, _mm512_set1_epi64(SUM_MASK));
    (
        _mm512_cvtepi64_pd(_mm512_srli_epi64::<SUM_BITS>(sums)),
        _mm512_cvtepi64_pd(sum),
    )
}
