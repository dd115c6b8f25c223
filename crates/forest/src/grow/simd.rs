//! The scan in vector instructions. The only file with `unsafe`: each block says why it holds.
//!
//! Weights and sums are added as integers, so their order does not matter; converting, multiplying
//! and dividing are the same operations as in the portable path, rounded in the same way. All
//! paths therefore give the same scores, bit for bit.

#![allow(unsafe_code, reason = "instructions that a processor may not have")]
#![allow(
    clippy::cast_possible_wrap,
    reason = "lanes have a sign, numbers stay far below it"
)]

use super::lanes::{LANES, Lanes, NodeScan, PADDING, SMALL, SmallMove, first_key, scan_portable};

/// Which instructions the scan uses. Trees are the same on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum VectorPath {
    /// What every processor has.
    #[default]
    Portable,
    /// AVX2, 4 lanes.
    Avx2,
    /// AVX-512 (F, BW, DQ, VBMI), 8 lanes.
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
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("popcnt");
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
pub fn scan<const RAW: bool>(path: VectorPath, node: &NodeScan, lanes: &mut Lanes) {
    for column in node.columns {
        let last = column.start + node.places[1] + PADDING;
        assert!(last <= node.entries.len() + 1, "entries are padded");
    }
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 => unsafe { x86::scan_512::<RAW>(node, lanes) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx2 => unsafe { x86::scan_256::<RAW>(node, lanes) },
        VectorPath::Portable => scan_portable::<RAW>(node, lanes),
        #[cfg(not(target_arch = "x86_64"))]
        _ => scan_portable::<RAW>(node, lanes),
    }
}

/// Moves the rows of a small node from one buffer to the other; only for [`VectorPath::Avx512`].
pub fn move_small(job: &SmallMove, from: &[u64], to: &mut [u64]) {
    assert_eq!(VectorPath::detect(), VectorPath::Avx512);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the processor has these instructions, as was just checked.
    unsafe {
        x86::move_512(job, from, to);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #[allow(clippy::wildcard_imports, reason = "sixty instructions")]
    use std::arch::x86_64::*;

    use super::{LANES, Lanes, NodeScan, SMALL, SmallMove, first_key};

    const SUM_BITS: u32 = 40;
    const SUM_MASK: i64 = (1 << SUM_BITS) - 1;
    const CODE_MASK: i64 = 0xffff;
    const HALF: usize = LANES / 2;

    /// Eight entries from a place on.
    #[target_feature(enable = "avx512f")]
    fn load_512(entries: &[u64], at: usize) -> __m512i {
        let eight = &entries[at..at + LANES];
        // SAFETY: the slice has eight entries, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) }
    }

    /// Eight entries and the eight that start one later.
    #[target_feature(enable = "avx512f")]
    fn load_pairs_512(entries: &[u64], at: usize) -> [__m512i; 2] {
        let nine = &entries[at..=at + LANES];
        // SAFETY: the slice has nine entries, and loads need no alignment.
        unsafe {
            let first = nine.as_ptr();
            [
                _mm512_loadu_si512(first.cast()),
                _mm512_loadu_si512(first.add(1).cast()),
            ]
        }
    }

    /// Four entries from a place on.
    #[target_feature(enable = "avx2")]
    fn load_256(entries: &[u64], at: usize) -> __m256i {
        let four = &entries[at..at + HALF];
        // SAFETY: the slice has four entries, and the load needs no alignment.
        unsafe { _mm256_loadu_si256(four.as_ptr().cast()) }
    }

    /// Moves the bytes of entries so that weight × target is in the low 40 bits and the weight
    /// above them.
    const SPREAD: [i64; 2] = [spread(0), spread(8)];

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
        fn of(span: &NodeScan) -> Self {
            let all = _mm512_set1_pd(span.weight as f64);
            let whole = _mm512_set1_pd(span.sum as f64);
            let least = _mm512_set1_pd(span.least);
            let raw = _mm512_add_pd(whole, _mm512_mul_pd(least, all));
            Self {
                all,
                whole,
                least,
                raw,
            }
        }

        /// As [`score`](super::super::lanes::score).
        #[target_feature(enable = "avx512f")]
        fn score<const RAW: bool>(self, left: __m512d, sum: __m512d) -> __m512d {
            let right = _mm512_sub_pd(self.all, left);
            if RAW {
                let sum_left = _mm512_add_pd(sum, _mm512_mul_pd(self.least, left));
                let sum_right = _mm512_sub_pd(self.raw, sum_left);
                let score_left = _mm512_div_pd(_mm512_mul_pd(sum_left, sum_left), left);
                let score_right = _mm512_div_pd(_mm512_mul_pd(sum_right, sum_right), right);
                _mm512_add_pd(score_left, score_right)
            } else {
                // Fused, which changes nothing: the products are exact.
                let apart = _mm512_fmsub_pd(sum, self.all, _mm512_mul_pd(self.whole, left));
                _mm512_div_pd(_mm512_mul_pd(apart, apart), _mm512_mul_pd(left, right))
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    pub fn scan_512<const RAW: bool>(scan: &NodeScan, lanes: &mut Lanes) {
        let [first, end] = scan.places;
        let zero = _mm512_setzero_si512();
        let bytes = _mm512_broadcast_i64x2(_mm_set_epi64x(SPREAD[1], SPREAD[0]));
        let last = _mm512_set1_epi64(7);
        let sum_mask = _mm512_set1_epi64(SUM_MASK);
        let eight = _mm512_set1_epi64(LANES as i64);
        let ramp = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
        let node = Node512::of(scan);
        let [s0, s1, s2, s3, s4, s5, s6, s7] = lanes.scores;
        let mut best = _mm512_set_pd(s7, s6, s5, s4, s3, s2, s1, s0);
        let mut best_keys = load_512(&lanes.keys, 0);
        for (n, column) in scan.columns.iter().enumerate() {
            let column_entries = &scan.entries[column.start..];
            // Bits that are set where codes differ by the step, 1 or 2, or more.
            let far = _mm512_set1_epi64(CODE_MASK & -(column.step as i64));
            let mut keys = _mm512_add_epi64(_mm512_set1_epi64(first_key(n) as i64), ramp);
            let mut carry = zero;
            let mut at = 0;
            while at < end {
                let [entries, next] = load_pairs_512(column_entries, at);
                let mut sums = _mm512_shuffle_epi8(entries, bytes);
                sums = _mm512_add_epi64(sums, _mm512_alignr_epi64::<7>(sums, zero));
                sums = _mm512_add_epi64(sums, _mm512_alignr_epi64::<6>(sums, zero));
                sums = _mm512_add_epi64(sums, _mm512_alignr_epi64::<4>(sums, zero));
                sums = _mm512_add_epi64(sums, carry);
                carry = _mm512_permutexvar_epi64(last, sums);
                let further = _mm512_sub_epi64(next, entries);
                let mask = _mm512_test_epi64_mask(further, far) & allowed(at, first, end);
                if mask != 0 {
                    let left = _mm512_cvtepi64_pd(_mm512_srli_epi64::<SUM_BITS>(sums));
                    let sum = _mm512_cvtepi64_pd(_mm512_and_si512(sums, sum_mask));
                    let score = node.score::<RAW>(left, sum);
                    let better = _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(mask, score, best);
                    best = _mm512_mask_mov_pd(best, better, score);
                    best_keys = _mm512_mask_mov_epi64(best_keys, better, keys);
                }
                keys = _mm512_add_epi64(keys, eight);
                at += LANES;
            }
        }
        // SAFETY: both arrays have eight lanes of eight bytes; the stores need no alignment.
        unsafe {
            _mm512_storeu_pd(lanes.scores.as_mut_ptr(), best);
            _mm512_storeu_si512(lanes.keys.as_mut_ptr().cast(), best_keys);
        }
    }

    /// The lanes from a place on that are among the places.
    fn allowed(at: usize, first: usize, end: usize) -> u8 {
        let mut mask = 0xff;
        if at < first {
            mask = 0xff_u8.checked_shl((first - at) as u32).unwrap_or(0);
        }
        if at + LANES > end {
            mask &= 0xff >> (at + LANES - end);
        }
        mask
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi,popcnt")]
    pub fn move_512(job: &SmallMove, from: &[u64], to: &mut [u64]) {
        let table = bits_512(job.right);
        let label_mask = _mm512_set1_epi64(SMALL as i64 - 1);
        let seven = _mm512_set1_epi64(7);
        let one = _mm512_set1_epi64(1);
        for start in job.starts {
            let from = &from[*start..];
            let (to_left, to_right) = to[*start..][..job.len].split_at_mut(job.left);
            let (mut left, mut right) = (0, 0);
            let mut at = 0;
            while at < job.len {
                let entries = load_512(from, at);
                let labels = _mm512_and_si512(_mm512_srli_epi64::<16>(entries), label_mask);
                let bytes = _mm512_permutexvar_epi8(_mm512_srli_epi64::<3>(labels), table);
                let bits = _mm512_srlv_epi64(bytes, _mm512_and_si512(labels, seven));
                let goes_right = _mm512_test_epi64_mask(bits, one);
                let there = allowed(at, 0, job.len);
                if job.keep[0] {
                    left += append_512(&mut to_left[left..], entries, !goes_right & there);
                }
                if job.keep[1] {
                    right += append_512(&mut to_right[right..], entries, goes_right & there);
                }
                at += LANES;
            }
        }
    }

    /// Stores the lanes of a mask one after another; gives their number. Behind them it may
    /// store anything.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,popcnt")]
    fn append_512(to: &mut [u64], lanes: __m512i, mask: u8) -> usize {
        let count = mask.count_ones() as usize;
        let packed = _mm512_maskz_compress_epi64(mask, lanes);
        if let Some(to) = to.first_chunk_mut::<LANES>() {
            // SAFETY: there is room for eight entries, and no alignment is needed.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), packed) };
            return count;
        }
        let to = &mut to[..count];
        let first = ((1_u32 << count) - 1) as u8;
        // SAFETY: the mask has as many bits as the slice has entries, and no alignment is needed.
        unsafe { _mm512_mask_storeu_epi64(to.as_mut_ptr().cast(), first, packed) };
        count
    }

    /// One bit for every byte that is not 0.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn bits_512(bytes: &[u8; SMALL]) -> __m512i {
        let mut bits = [0; SMALL / 64];
        for (bits, bytes) in bits.iter_mut().zip(bytes.as_chunks::<64>().0) {
            // SAFETY: there are 64 bytes, and the load needs no alignment.
            let bytes = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
            *bits = _mm512_test_epi8_mask(bytes, bytes);
        }
        load_512(&bits, 0)
    }

    /// Integers below 2⁵² as floats, exactly.
    #[target_feature(enable = "avx2")]
    fn floats_256(integers: __m256i) -> __m256d {
        let magic = _mm256_set1_epi64x(0x4330_0000_0000_0000);
        let bits = _mm256_castsi256_pd(_mm256_or_si256(integers, magic));
        _mm256_sub_pd(bits, _mm256_castsi256_pd(magic))
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
        fn of(span: &NodeScan) -> Self {
            let all = _mm256_set1_pd(span.weight as f64);
            let whole = _mm256_set1_pd(span.sum as f64);
            let least = _mm256_set1_pd(span.least);
            let raw = _mm256_add_pd(whole, _mm256_mul_pd(least, all));
            Self {
                all,
                whole,
                least,
                raw,
            }
        }

        /// As [`score`](super::super::lanes::score).
        #[target_feature(enable = "avx2")]
        fn score<const RAW: bool>(self, left: __m256d, sum: __m256d) -> __m256d {
            let right = _mm256_sub_pd(self.all, left);
            if RAW {
                let sum_left = _mm256_add_pd(sum, _mm256_mul_pd(self.least, left));
                let sum_right = _mm256_sub_pd(self.raw, sum_left);
                let score_left = _mm256_div_pd(_mm256_mul_pd(sum_left, sum_left), left);
                let score_right = _mm256_div_pd(_mm256_mul_pd(sum_right, sum_right), right);
                _mm256_add_pd(score_left, score_right)
            } else {
                let apart = _mm256_sub_pd(
                    _mm256_mul_pd(sum, self.all),
                    _mm256_mul_pd(self.whole, left),
                );
                _mm256_div_pd(_mm256_mul_pd(apart, apart), _mm256_mul_pd(left, right))
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn scan_256<const RAW: bool>(scan: &NodeScan, lanes: &mut Lanes) {
        let [first, end] = scan.places;
        let bytes = _mm256_set_epi64x(SPREAD[1], SPREAD[0], SPREAD[1], SPREAD[0]);
        let sum_mask = _mm256_set1_epi64x(SUM_MASK);
        let code_mask = _mm256_set1_epi64x(CODE_MASK);
        let node = Node256::of(scan);
        let ramp = _mm256_set_epi64x(3, 2, 1, 0);
        let four = _mm256_set1_epi64x(HALF as i64);
        let before = _mm256_set1_epi64x(first as i64 - 1);
        let behind = _mm256_set1_epi64x(end as i64);
        let [s0, s1, s2, s3, ..] = lanes.scores;
        let mut best = _mm256_set_pd(s3, s2, s1, s0);
        let mut best_keys = load_256(&lanes.keys, 0);
        for (n, column) in scan.columns.iter().enumerate() {
            let column_entries = &scan.entries[column.start..];
            let below = _mm256_set1_epi64x(column.step as i64 - 1);
            let base = _mm256_set1_epi64x(first_key(n) as i64);
            let mut carry = _mm256_setzero_si256();
            let mut places = ramp;
            let mut at = 0;
            while at < end {
                let entries = load_256(column_entries, at);
                let next = load_256(column_entries, at + 1);
                let sums = _mm256_add_epi64(prefix_256(_mm256_shuffle_epi8(entries, bytes)), carry);
                carry = _mm256_permute4x64_epi64::<0b11_11_11_11>(sums);
                let codes = _mm256_and_si256(_mm256_sub_epi64(next, entries), code_mask);
                let mut mask = _mm256_cmpgt_epi64(codes, below);
                mask = _mm256_and_si256(mask, _mm256_cmpgt_epi64(places, before));
                mask = _mm256_and_si256(mask, _mm256_cmpgt_epi64(behind, places));
                if _mm256_testz_si256(mask, mask) == 0 {
                    let left = floats_256(_mm256_srli_epi64::<40>(sums));
                    let sum = floats_256(_mm256_and_si256(sums, sum_mask));
                    let score = node.score::<RAW>(left, sum);
                    let better = _mm256_cmp_pd::<_CMP_GT_OQ>(score, best);
                    let better = _mm256_and_pd(better, _mm256_castsi256_pd(mask));
                    best = _mm256_blendv_pd(best, score, better);
                    let keys = _mm256_add_epi64(base, places);
                    best_keys = _mm256_blendv_epi8(best_keys, keys, _mm256_castpd_si256(better));
                }
                places = _mm256_add_epi64(places, four);
                at += HALF;
            }
        }
        // SAFETY: both arrays have at least four lanes of eight bytes; no alignment is needed.
        unsafe {
            _mm256_storeu_pd(lanes.scores.as_mut_ptr(), best);
            _mm256_storeu_si256(lanes.keys.as_mut_ptr().cast(), best_keys);
        }
    }

    /// The sums of the lanes up to each.
    #[target_feature(enable = "avx2")]
    fn prefix_256(values: __m256i) -> __m256i {
        let pairs = _mm256_add_epi64(values, _mm256_slli_si256::<8>(values));
        let low = _mm256_permute4x64_epi64::<0b01_01_01_01>(pairs);
        let low = _mm256_blend_epi32::<0b1111_0000>(_mm256_setzero_si256(), low);
        _mm256_add_epi64(pairs, low)
    }
}
