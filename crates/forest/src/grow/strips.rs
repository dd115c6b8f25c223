//! Entries of eight features side by side, one place of their orders in a cache line, so that a
//! vector instruction does the same for eight features; and what is done with them where there
//! are no vector instructions.

use crate::packed::TemplateStrip;
pub use crate::packed::{LANES, ROWS};

/// Half of the lanes: as many as the narrower vector instructions have.
pub const HALF: usize = LANES / 2;

/// The entries of eight features at one place of their orders.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Strip(pub [u64; LANES]);

/// Eight features of a node that are scanned together.
#[derive(Debug, Clone, Copy)]
pub struct StripScan<'a> {
    /// The node's entries.
    pub strips: &'a [Strip],
    /// Lanes that are looked at.
    pub looked: u8,
    /// Whether a split can be behind most entries of some feature.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "some paths choose by it")
    )]
    pub many_values: bool,
    /// For every lane, bits that are set in the difference of two codes when a split can be
    /// between them.
    pub far: &'a [u64; LANES],
    /// The first and the one behind the last entry after which a split can be.
    pub places: [usize; 2],
    /// Where rows whose value is missing go left.
    pub missing_left: Option<&'a MissingLeft>,
}

/// What is known of a node of numbers before it is scanned.
#[derive(Debug, Clone, Copy)]
pub struct NodeTotals {
    /// Weight and sum of the node.
    pub weight: u64,
    pub sum: u64,
    /// What a target of 0 stands for.
    pub least: f64,
    /// scikit-learn's expression for the node as it is.
    pub base: f64,
    /// The same for the best split so far, where that is what is compared.
    pub known: f64,
    /// What is on the left before the first entry, as in [`sum_part`].
    pub before: [u64; LANES],
}

/// Missing values of the lanes.
#[derive(Debug, Clone, Copy, Default)]
pub struct MissingLeft {
    /// Lanes that are looked at and have missing values.
    pub lanes: u8,
    /// How many.
    pub count: [usize; LANES],
    /// As `places` in [`StripScan`], for every lane.
    pub first: [u64; LANES],
    pub end: [u64; LANES],
}

/// The best split of each lane: the first of equals. Lanes that have none that is as good as that
/// of another lane may have a worse one or none.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct LaneBest {
    /// The last entry on the left; [`NOWHERE`] where there is no split.
    pub place: Places,
    /// How good the best split is, comparable within a node, and which lanes have one as good.
    pub most: f64,
    pub equal: u8,
}

/// How good the best split of every lane is.
pub type Scores = [f64; LANES];
/// The last entry on the left of it.
pub type Places = [u64; LANES];

/// In place of a place.
pub const NOWHERE: u64 = u64::MAX;

/// Strips that stay in the first cache while their lanes are scanned one after another.
const BLOCK: usize = 128;

impl LaneBest {
    /// Nothing seen: worse than any split.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub const NOTHING: (Scores, Places) = ([f64::NEG_INFINITY; LANES], [NOWHERE; LANES]);

    pub fn of(score: Scores, place: Places) -> Self {
        let [a, b, c, d] = std::array::from_fn(|lane| score[lane].max(score[lane + HALF]));
        let most = a.max(b).max(c.max(d));
        let is_most = |lane| u8::from(score[lane] == most) << lane;
        Self {
            place,
            most,
            equal: (0..LANES).fold(0, |equal, lane| equal | is_most(lane)),
        }
    }
}

/// The best split of a lane while it is scanned.
#[derive(Debug, Clone, Copy)]
struct LaneState {
    /// What is on the left, as in [`sum_part`].
    sums: u64,
    /// How good the split is: `worth` / `over`, or `worth` where that is scikit-learn's.
    worth: f64,
    over: f64,
    place: u64,
    floor: f64,
}

/// An entry's weight.
pub fn weight_of(entry: u64) -> u64 {
    entry >> 32 & 0xff
}

/// An entry's weight × target.
pub fn product_of(entry: u64) -> u64 {
    entry >> 40
}

/// An entry's row.
pub fn row_of(entry: u64) -> usize {
    usize::from((entry >> 16) as u16)
}

/// An entry's code.
pub fn code_of(entry: u64) -> u64 {
    entry & 0xffff
}

/// Bits of a sum of products; sums of weights are above them.
pub const SUM_BITS: u32 = 40;

/// An entry's part of a sum: its weight above its product.
pub fn sum_part(entry: u64) -> u64 {
    weight_of(entry) << SUM_BITS | product_of(entry)
}

/// Weight and product of a sum.
pub fn parts_of(sum: u64) -> [u64; 2] {
    [sum >> SUM_BITS, sum & ((1 << SUM_BITS) - 1)]
}

impl NodeTotals {
    /// The decrease of the squared error by a split as a fraction, whose parts are exact but for
    /// the square's rounding.
    fn worth(&self, weight: u64, sum: u64) -> (f64, f64) {
        let (left, all) = (weight as f64, self.weight as f64);
        let apart = sum as f64 * all - self.sum as f64 * left;
        (apart * apart, left * (all - left))
    }

    /// scikit-learn's own expression, for targets that are integers.
    fn raw(&self, weight: u64, sum: u64) -> f64 {
        let (left, all) = (weight as f64, self.weight as f64);
        let right = all - left;
        let sum_left = sum as f64 + self.least * left;
        let sum_right = (self.sum as f64 + self.least * all) - sum_left;
        sum_left * sum_left / left + sum_right * sum_right / right
    }

    /// What `worth` / `over` of a split is at least when [`Self::raw`] is as much as this. The
    /// margins are more than all that is lost by rounding.
    pub fn floor(&self, raw: f64) -> f64 {
        const LESS: f64 = 1.0 - 1.0 / (1_u64 << 48) as f64;
        const MORE: f64 = 1.0 + 1.0 / (1_u64 << 48) as f64;
        let floor = (raw * LESS - self.base * MORE) * self.weight as f64;
        floor - floor.abs() * (1.0 / (1_u64 << 40) as f64)
    }
}

impl StripScan<'_> {
    /// What is known of missing values; without any, where splits can be in every lane.
    pub fn missing(&self) -> MissingLeft {
        let [first, end] = self.places.map(|place| [place as u64; LANES]);
        self.missing_left.copied().unwrap_or(MissingLeft {
            first,
            end,
            ..MissingLeft::default()
        })
    }

    /// The first and the one behind the last entry of a lane after which a split can be.
    pub fn places_of(&self, lane: usize) -> [usize; 2] {
        self.missing_left.map_or(self.places, |missing| {
            [missing.first[lane] as usize, missing.end[lane] as usize]
        })
    }
}

/// What `worth` is before there is a split.
pub fn nothing<const RAW: bool>() -> f64 {
    if RAW { f64::NEG_INFINITY } else { -1.0 }
}

/// Looks at every split, lane after lane.
pub fn scan_portable<const RAW: bool>(scan: &StripScan, totals: &NodeTotals) -> LaneBest {
    let mut states = totals.before.map(|sums| LaneState {
        sums,
        worth: nothing::<RAW>(),
        over: 1.0,
        place: NOWHERE,
        floor: totals.floor(totals.known),
    });
    let mut at = 0;
    while at < scan.places[1] {
        let end = scan.places[1].min(at + BLOCK);
        for lane in (0..LANES).filter(|lane| scan.looked >> lane & 1 == 1) {
            scan_lane::<RAW>((scan, totals), lane, [at, end], &mut states[lane]);
        }
        at = end;
    }
    LaneBest::of(
        states.map(|state| state.worth / state.over),
        states.map(|state| state.place),
    )
}

fn scan_lane<const RAW: bool>(
    (scan, totals): (&StripScan, &NodeTotals),
    lane: usize,
    [at, end]: [usize; 2],
    shared: &mut LaneState,
) {
    let [first, last] = scan.places_of(lane);
    let far = scan.far[lane];
    let mut state = *shared;
    let mut entry = scan.strips[at].0[lane];
    for (place, next) in (at..end).zip(&scan.strips[at + 1..=end]) {
        let next = next.0[lane];
        state.sums += sum_part(entry);
        let further = next.wrapping_sub(entry) & far;
        entry = next;
        if further == 0 || place < first || place >= last {
            continue;
        }
        let [weight, sum] = parts_of(state.sums);
        let (worth, over) = totals.worth(weight, sum);
        if RAW {
            if worth < state.floor * over {
                continue;
            }
            let raw = totals.raw(weight, sum);
            if raw > state.worth {
                (state.worth, state.place) = (raw, place as u64);
                state.floor = totals.floor(raw.max(totals.known));
            }
        } else if worth * state.over > state.worth * over {
            (state.worth, state.over, state.place) = (worth, over, place as u64);
        }
    }
    *shared = state;
}

/// Takes the rows that have a load.
pub fn load_portable(templates: &[TemplateStrip], loads: &[u32], to: &mut [Strip]) {
    let last = to.len() - 1;
    let mut taken = [0; LANES];
    for strip in templates {
        for (lane, (template, taken)) in strip.0.iter().zip(&mut taken).enumerate() {
            let load = loads[(*template >> 16) as usize];
            // What is not taken is overwritten by what comes next.
            to[last.min(*taken)].0[lane] = u64::from(*template) | u64::from(load) << 32;
            *taken += usize::from(load != 0);
        }
    }
}
