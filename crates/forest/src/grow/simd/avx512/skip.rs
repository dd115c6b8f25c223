//! Large nodes, block by block: a block is looked at only if a split in it can be the best.
//!
//! Weights and sums on the left only grow from the start of a block to its end. The worth of a
//! split, W·(s²/w + (S−s)²/(W−w)) − S², is a convex function of both. No split within a block is
//! therefore better than the best of the four corners: weight and sum of the start or
//! of the end, each with each.

#[allow(clippy::wildcard_imports, reason = "a dozen instructions")]
use std::arch::x86_64::*;

use super::super::super::strips::{MissingLeft, Strip};
use super::scanner::{Node512, Scanner, Taken, floats_of, lanes_of, spread_bytes, store_512};

/// Entries of a block.
const SIZE: usize = 8;
/// More than all that is lost by rounding.
const MARGIN: f64 = 1.0 - 1.0 / (1_u64 << 40) as f64;

/// Looks at all splits.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
pub fn scan<const RAW: bool>(scanner: &mut Scanner, starts: &mut Vec<Strip>, taken: &mut Taken) {
    let end = scanner.scan.places[1];
    sum_blocks(scanner, starts);
    let least = _mm512_set1_pd(least_of_best::<RAW>(scanner, starts));
    let none = MissingLeft::default();
    let (looked, node) = (scanner.scan.looked, scanner.node);
    let mut left = floats_of(lanes_of(&starts[0].0));
    let mut start_reaches = u8::MAX;
    for (block, pair) in starts.windows(2).enumerate() {
        let right = floats_of(lanes_of(&pair[1].0));
        let end_reaches = reaches(node, right.0, right.1, least);
        let corners = reaches(node, left.0, right.1, least) | reaches(node, right.0, left.1, least);
        if (start_reaches | end_reaches | corners) & looked != 0 {
            let at = block * SIZE;
            scanner.sums = lanes_of(&pair[0].0);
            scanner.range::<RAW, false>([at, end.min(at + SIZE)], &none, taken);
        }
        left = right;
        start_reaches = end_reaches;
    }
}

/// The sums before every block, and after the last one.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
fn sum_blocks(scanner: &Scanner, starts: &mut Vec<Strip>) {
    let strips = &scanner.scan.strips[..scanner.scan.places[1]];
    starts.resize(strips.len().div_ceil(SIZE) + 1, Strip::default());
    let bytes = spread_bytes();
    let mut sums = scanner.sums;
    for (block, start) in strips.chunks(SIZE).zip(starts.iter_mut()) {
        store_512(&mut start.0, sums);
        for strip in block {
            sums = _mm512_add_epi64(sums, _mm512_shuffle_epi8(lanes_of(&strip.0), bytes));
        }
    }
    if let Some(last) = starts.last_mut() {
        store_512(&mut last.0, sums);
    }
}

/// How good the best split is at least: the best of those between two blocks.
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
fn least_of_best<const RAW: bool>(scanner: &Scanner, starts: &[Strip]) -> f64 {
    let (scan, totals) = (scanner.scan, scanner.totals);
    let far = lanes_of(scan.far);
    let [first, end] = scan.places;
    let mut between = Taken::nothing::<false>(totals);
    for (block, sums) in starts.iter().enumerate().skip(1) {
        let place = block * SIZE - 1;
        if place < first || place >= end {
            continue;
        }
        let [here, next] = [place, place + 1].map(|place| &scan.strips[place].0);
        let further = _mm512_sub_epi64(lanes_of(next), lanes_of(here));
        let mask = _mm512_mask_test_epi64_mask(scan.looked, further, far);
        let zero = _mm512_setzero_si512();
        between.take::<false>(
            (scanner.node, totals),
            floats_of(lanes_of(&sums.0)),
            mask,
            zero,
        );
    }
    let best = _mm512_reduce_max_pd(_mm512_div_pd(between.worth, between.over)) * MARGIN;
    let known = if RAW {
        totals.floor(totals.known)
    } else {
        totals.known * MARGIN
    };
    best.max(known)
}

/// Lanes where a split with these weights and sums on the left is at least so good.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
fn reaches(node: Node512, weight: __m512d, sum: __m512d, least: __m512d) -> u8 {
    let (worth, over) = node.worth(weight, sum);
    _mm512_cmp_pd_mask::<_CMP_GE_OQ>(worth, _mm512_mul_pd(least, over))
}
