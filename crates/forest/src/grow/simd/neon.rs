//! Four lanes at once, in two registers: what every 64-bit ARM processor has.

#[allow(clippy::wildcard_imports, reason = "thirty instructions")]
use std::arch::aarch64::*;
use std::array::from_fn;
use std::hint::black_box;

use super::super::strips::{
    HALF, LANES, LaneBest, MissingLeft, NOWHERE, NodeTotals, Places, ROWS, SUM_BITS, Scores, Strip,
    StripScan, nothing,
};
use super::shared::{BLOCK, SPREAD, SUM_MASK, sides};

/// Registers of four lanes.
const PAIRS: usize = HALF / 2;

/// Half of eight lanes: the first four or the last.
#[target_feature(enable = "neon")]
fn load_four(eight: &[u64; LANES], half: usize) -> [uint64x2_t; PAIRS] {
    let four = &eight[half..half + HALF];
    // SAFETY: there are two numbers from each of these places on, and no alignment is needed.
    from_fn(|pair| unsafe { vld1q_u64(four[2 * pair..2 * pair + 2].as_ptr()) })
}

/// What is the same for all splits of a node.
#[derive(Clone, Copy)]
struct NodePair {
    all: float64x2_t,
    whole: float64x2_t,
    least: float64x2_t,
    raw: float64x2_t,
}

impl NodePair {
    #[target_feature(enable = "neon")]
    fn of(totals: &NodeTotals) -> Self {
        let all = vdupq_n_f64(totals.weight as f64);
        let whole = vdupq_n_f64(totals.sum as f64);
        let least = vdupq_n_f64(totals.least);
        let raw = vaddq_f64(whole, vmulq_f64(least, all));
        Self {
            all,
            whole,
            least,
            raw,
        }
    }

    #[target_feature(enable = "neon")]
    fn raw(self, left: float64x2_t, sum: float64x2_t) -> float64x2_t {
        let right = vsubq_f64(self.all, left);
        let sum_left = vaddq_f64(sum, vmulq_f64(self.least, left));
        let sum_right = vsubq_f64(self.raw, sum_left);
        let score_left = vdivq_f64(vmulq_f64(sum_left, sum_left), left);
        let score_right = vdivq_f64(vmulq_f64(sum_right, sum_right), right);
        vaddq_f64(score_left, score_right)
    }
}

/// The best split of two lanes so far.
#[derive(Clone, Copy)]
struct TakenPair {
    worth: float64x2_t,
    over: float64x2_t,
    place: uint64x2_t,
    floor: f64,
}

impl TakenPair {
    #[target_feature(enable = "neon")]
    fn nothing<const RAW: bool>(totals: &NodeTotals) -> Self {
        Self {
            worth: vdupq_n_f64(nothing::<RAW>()),
            over: vdupq_n_f64(1.0),
            place: vdupq_n_u64(NOWHERE),
            floor: totals.floor(totals.known),
        }
    }

    /// Takes the split here with these weights and sums on the left, where it is better.
    #[inline]
    #[target_feature(enable = "neon")]
    fn take<const RAW: bool>(
        &mut self,
        (node, totals): (NodePair, &NodeTotals),
        (left, sum): (float64x2_t, float64x2_t),
        mask: uint64x2_t,
        here: uint64x2_t,
    ) {
        let apart = vsubq_f64(vmulq_f64(sum, node.all), vmulq_f64(node.whole, left));
        let square = vmulq_f64(apart, apart);
        let under = vmulq_f64(left, vsubq_f64(node.all, left));
        if RAW {
            let least = vmulq_f64(vdupq_n_f64(self.floor), under);
            let near = vandq_u64(mask, vcgeq_f64(square, least));
            if is_any(near) {
                let raw = node.raw(left, sum);
                let better = vandq_u64(near, vcgtq_f64(raw, self.worth));
                self.worth = vbslq_f64(better, raw, self.worth);
                self.place = vbslq_u64(better, here, self.place);
                self.floor = totals.floor(vmaxvq_f64(self.worth).max(totals.known));
            }
        } else {
            let ours = vmulq_f64(square, self.over);
            let theirs = vmulq_f64(self.worth, under);
            let better = vandq_u64(mask, vcgtq_f64(ours, theirs));
            self.worth = vbslq_f64(better, square, self.worth);
            self.over = vbslq_f64(better, under, self.over);
            self.place = vbslq_u64(better, here, self.place);
        }
    }

    /// Stores it as the lanes from this one on.
    #[target_feature(enable = "neon")]
    fn store(&self, (scores, places): (&mut Scores, &mut Places), lane: usize) {
        let score = vdivq_f64(self.worth, self.over);
        let scores = &mut scores[lane..lane + 2];
        let places = &mut places[lane..lane + 2];
        // SAFETY: both have two lanes, and no alignment is needed.
        unsafe {
            vst1q_f64(scores.as_mut_ptr(), score);
            vst1q_u64(places.as_mut_ptr(), self.place);
        }
    }
}

/// Whether some bit is set.
#[target_feature(enable = "neon")]
fn is_any(mask: uint64x2_t) -> bool {
    vmaxvq_u32(vreinterpretq_u32_u64(mask)) != 0
}

#[target_feature(enable = "neon")]
pub fn scan<const RAW: bool>(scan: &StripScan, totals: &NodeTotals) -> LaneBest {
    let (mut scores, mut places) = LaneBest::NOTHING;
    let missing = scan.missing();
    for half in [0, HALF] {
        if scan.looked >> half & 0b1111 != 0 {
            scan_half::<RAW>((scan, totals), &missing, half, (&mut scores, &mut places));
        }
    }
    LaneBest::of(scores, places)
}

#[target_feature(enable = "neon")]
fn scan_half<const RAW: bool>(
    (scan, totals): (&StripScan, &NodeTotals),
    missing: &MissingLeft,
    half: usize,
    (scores, places): (&mut Scores, &mut Places),
) {
    let spread = SPREAD.map(i64::cast_unsigned);
    // SAFETY: there are two numbers, and no alignment is needed.
    let bytes = vreinterpretq_u8_u64(unsafe { vld1q_u64(spread.as_ptr()) });
    let sum_mask = vdupq_n_u64(SUM_MASK.cast_unsigned());
    let one = vdupq_n_u64(1);
    let looked: [u64; LANES] =
        from_fn(|lane| u64::from(scan.looked >> lane & 1).wrapping_neg() & scan.far[lane]);
    let far = load_four(&looked, half);
    let node = NodePair::of(totals);
    let mut sums = load_four(&totals.before, half);
    let [first, until] = [&missing.first, &missing.end].map(|places| load_four(places, half));
    let mut taken = [TakenPair::nothing::<RAW>(totals); PAIRS];
    let mut entries = load_four(&scan.strips[0].0, half);
    let mut here = vdupq_n_u64(0);
    for next in &scan.strips[1..=scan.places[1]] {
        let next = load_four(&next.0, half);
        for pair in 0..PAIRS {
            let part = vqtbl1q_u8(vreinterpretq_u8_u64(entries[pair]), bytes);
            sums[pair] = vaddq_u64(sums[pair], vreinterpretq_u64_u8(part));
            let further = vtstq_u64(vsubq_u64(next[pair], entries[pair]), far[pair]);
            let allowed = vandq_u64(vcgeq_u64(here, first[pair]), vcgtq_u64(until[pair], here));
            let mask = vandq_u64(further, allowed);
            if is_any(mask) {
                let left = vcvtq_f64_u64(vshrq_n_u64::<{ SUM_BITS as i32 }>(sums[pair]));
                let sum = vcvtq_f64_u64(vandq_u64(sums[pair], sum_mask));
                taken[pair].take::<RAW>((node, totals), (left, sum), mask, here);
            }
        }
        entries = next;
        here = vaddq_u64(here, one);
    }
    for (pair, taken) in taken.iter().enumerate() {
        taken.store((scores, places), half + 2 * pair);
    }
}

/// Puts the entries of every lane that go left before those that go right, both in their order.
#[target_feature(enable = "neon")]
pub fn partition<const WIDTH: usize>(
    from: &[Strip],
    to: &mut [Strip],
    left: usize,
    right: &[u8; ROWS],
) {
    let to = &mut to[..from.len()];
    let eight = vdupq_n_u32(LANES as u32);
    let last = vdupq_n_u32((to.len() * LANES) as u32 - 1);
    let four = |numbers: &[u32; HALF]| {
        // SAFETY: there are four numbers, and no alignment is needed.
        unsafe { vld1q_u32(numbers.as_ptr()) }
    };
    let bits = [four(&[1, 2, 4, 8]), four(&[16, 32, 64, 128])];
    let mut to_left = [four(&[0, 1, 2, 3]), four(&[4, 5, 6, 7])];
    let start = vdupq_n_u32((left * LANES) as u32);
    let mut to_right = to_left.map(|lanes| vaddq_u32(lanes, start));
    let entries: *mut u64 = to.as_mut_ptr().cast();
    let mut places = [[0_u32; LANES]; BLOCK];
    for strips in from.chunks(BLOCK) {
        for (strip, places) in strips.iter().zip(&mut places) {
            let all = vdupq_n_u32(u32::from(sides::<WIDTH>(strip, right)));
            for (half, places) in places.as_chunks_mut::<HALF>().0.iter_mut().enumerate() {
                let goes_right = vtstq_u32(all, bits[half]);
                let lanes = vbslq_u32(goes_right, to_right[half], to_left[half]);
                to_left[half] = vaddq_u32(to_left[half], vbicq_u32(eight, goes_right));
                to_right[half] = vaddq_u32(to_right[half], vandq_u32(goes_right, eight));
                // SAFETY: there are four numbers, and no alignment is needed.
                unsafe { vst1q_u32(places.as_mut_ptr(), vminq_u32(lanes, last)) };
            }
        }
        for (strip, places) in strips.iter().zip(black_box(&places)) {
            for (entry, place) in strip.0.iter().zip(places).take(WIDTH) {
                // SAFETY: no place is beyond the last entry.
                unsafe { entries.add(*place as usize).write(*entry) };
            }
        }
    }
}
