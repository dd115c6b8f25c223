//! Classes in packed entries: Gini impurity, as scikit-learn computes it.

use super::classes::{ClassCriterion, GiniShares};
use super::payload::Payload;
use super::simd::VectorPath;
use super::strips::{LANES, LaneBest, StripScan, product_of, weight_of};

/// Strips that stay in the first cache while their lanes are scanned one after another.
const BLOCK: usize = 64;

/// Memory that is used again for the next tree.
#[derive(Debug, Clone, Default)]
pub struct GiniBuffers {
    /// Weights by class of every node that was summed, one after another.
    sums: Vec<f64>,
    /// Weights by class on both sides of a split, for every lane.
    sides: [Vec<[f64; 2]>; LANES],
}

/// Classes: Σ weight² by class of both sides is kept while rows move to the left, so that a split
/// costs the same for any number of classes. Weights are integers and the squares exact.
pub struct PackedGini<'a> {
    buffers: &'a mut GiniBuffers,
    classes: usize,
    total_weight: f64,
}

/// A node's weight, and where its weights by class are.
#[derive(Debug, Clone, Copy)]
pub struct GiniSums {
    weight: f64,
    at: usize,
}

/// What is on the left of the split of a lane, and how good the best one is.
#[derive(Debug, Clone, Copy)]
struct LaneState {
    left: f64,
    /// Σ weight² by class of both sides.
    squares: [f64; 2],
    best: f64,
    place: u64,
}

impl<'a> PackedGini<'a> {
    pub fn new(buffers: &'a mut GiniBuffers, classes: u32, total_weight: u64) -> Self {
        buffers.sums.clear();
        Self {
            buffers,
            classes: classes as usize,
            total_weight: total_weight as f64,
        }
    }

    fn by_class(&self, sums: &GiniSums) -> &[f64] {
        &self.buffers.sums[sums.at..][..self.classes]
    }

    /// All rows on the right, but those whose value is missing where these go left.
    fn start(&mut self, scan: &StripScan, node: &GiniSums, lane: usize) -> LaneState {
        let GiniBuffers { sums, sides } = &mut *self.buffers;
        let sides = &mut sides[lane];
        sides.clear();
        let by_class = sums[node.at..][..self.classes].iter();
        sides.extend(by_class.map(|weight| [0.0, *weight]));
        let squares = sides.iter().map(|[_, right]| right * right).sum();
        let mut state = LaneState {
            left: 0.0,
            squares: [0.0, squares],
            best: f64::NEG_INFINITY,
            place: u64::MAX,
        };
        let missing = scan.missing_left.map_or(0, |missing| missing.count[lane]);
        for strip in &scan.strips[scan.strips.len() - missing..] {
            state.add(strip.0[lane], sides);
        }
        state
    }
}

impl LaneState {
    /// Moves a row to the left.
    fn add(&mut self, entry: u64, sides: &mut [[f64; 2]]) {
        let weight = f64::from(weight_of(entry) as u8);
        let [left, right] = &mut sides[product_of(entry) as usize];
        self.squares[0] += weight * (2.0 * *left + weight);
        self.squares[1] -= weight * (2.0 * *right - weight);
        *left += weight;
        *right -= weight;
        self.left += weight;
    }

    /// scikit-learn's expression.
    fn proxy(&self, all: f64) -> f64 {
        let right = all - self.left;
        let [impurity_left, impurity_right] =
            [(self.squares[0], self.left), (self.squares[1], right)]
                .map(|(squares, weight)| 1.0 - squares / (weight * weight));
        -right * impurity_right - self.left * impurity_left
    }

    /// Whether the expression can be as much as the one that `floor` is made of; costs no
    /// division.
    fn is_near(&self, all: f64, floor: f64) -> bool {
        let right = all - self.left;
        self.squares[0] * right + self.squares[1] * self.left >= floor * (self.left * right)
    }
}

/// What Σ weight² / weight of both sides is at least when the expression is as much as this. The
/// margins are more than all that is lost by rounding.
fn floor(proxy: f64, all: f64) -> f64 {
    const MARGIN: f64 = 1.0 / (1_u64 << 44) as f64;
    (proxy + all) - (proxy.abs() + all) * MARGIN
}

impl Payload for PackedGini<'_> {
    type Sums = GiniSums;

    fn total_weight(&self) -> f64 {
        self.total_weight
    }

    fn sum(&mut self, entries: impl Iterator<Item = u64>) -> GiniSums {
        let at = self.buffers.sums.len();
        self.buffers.sums.resize(at + self.classes, 0.0);
        let by_class = &mut self.buffers.sums[at..];
        let mut total = 0;
        for entry in entries {
            let weight = weight_of(entry);
            by_class[product_of(entry) as usize] += weight as f64;
            total += weight;
        }
        let weight = total as f64;
        GiniSums { weight, at }
    }

    fn rest(&mut self, all: &GiniSums, part: &GiniSums) -> GiniSums {
        let sums = &mut self.buffers.sums;
        let at = sums.len();
        for class in 0..self.classes {
            sums.push(sums[all.at + class] - sums[part.at + class]);
        }
        let weight = all.weight - part.weight;
        GiniSums { weight, at }
    }

    fn weight(&self, sums: &GiniSums) -> f64 {
        sums.weight
    }

    fn impurity(&self, sums: &GiniSums) -> f64 {
        GiniShares::of(self.by_class(sums), sums.weight).max(0.0)
    }

    fn push_value(&self, sums: &GiniSums, values: &mut Vec<f64>) {
        let by_class = self.by_class(sums);
        values.extend(by_class.iter().map(|weight| weight / sums.weight));
    }

    fn scan(&mut self, _: VectorPath, scan: &StripScan, node: &GiniSums, known: f64) -> LaneBest {
        let is_looked_at = |lane: &usize| scan.looked >> lane & 1 == 1;
        let mut states = [LaneState {
            left: 0.0,
            squares: [0.0; 2],
            best: f64::NEG_INFINITY,
            place: u64::MAX,
        }; LANES];
        for lane in (0..LANES).filter(is_looked_at) {
            states[lane] = self.start(scan, node, lane);
        }
        let mut known = known;
        let mut at = 0;
        while at < scan.places[1] {
            let end = scan.places[1].min(at + BLOCK);
            for lane in (0..LANES).filter(is_looked_at) {
                let sides = &mut self.buffers.sides[lane];
                states[lane].scan(scan, lane, [at, end], (node.weight, known), sides);
                known = known.max(states[lane].best);
            }
            at = end;
        }
        LaneBest::of(
            states.map(|state| state.best),
            states.map(|state| state.place),
        )
    }
}

impl LaneState {
    /// Looks at the splits behind some strips; `known` is how good the best one so far is.
    fn scan(
        &mut self,
        scan: &StripScan,
        lane: usize,
        [at, end]: [usize; 2],
        (all, known): (f64, f64),
        sides: &mut [[f64; 2]],
    ) {
        let [first, last] = scan.places_of(lane);
        let far = scan.far[lane];
        let mut state = *self;
        let mut least = floor(known, all);
        let mut entry = scan.strips[at].0[lane];
        for (place, next) in (at..end).zip(&scan.strips[at + 1..=end]) {
            let next = next.0[lane];
            state.add(entry, sides);
            let further = next.wrapping_sub(entry) & far;
            entry = next;
            if further == 0 || place < first || place >= last || !state.is_near(all, least) {
                continue;
            }
            let proxy = state.proxy(all);
            if proxy > state.best {
                state.best = proxy;
                state.place = place as u64;
                least = least.max(floor(proxy, all));
            }
        }
        *self = state;
    }
}
