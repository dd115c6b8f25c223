//! Grid search.

use crate::searcher::Searcher;
use crate::setting::SettingError;
use crate::space::{Domain, Space};
use crate::trial::TrialId;
use crate::value::{ConfigValue, Configuration};

/// No grid has more points.
const MOST: u64 = 1 << 63;

/// Every combination of a few values of each parameter, each once. Parameters that are not active
/// make no copies. The points come in an order that is shuffled by the seed, so that a search that
/// ends early has seen all of the grid, and none is made before it is asked for: a grid of a
/// billion points costs as much as one of ten.
#[derive(Debug, Clone)]
pub struct GridSearch {
    space: Space,
    axes: Vec<Axis>,
    /// The parameters without a condition.
    roots: Vec<usize>,
    order: Shuffled,
}

/// The values of a parameter, and how many points its subtree has.
#[derive(Debug, Clone)]
struct Axis {
    values: Vec<ConfigValue>,
    /// Parameters with a condition about this one.
    children: Vec<usize>,
    /// How many points the values up to each have. Empty without children: one each.
    until: Vec<u64>,
    points: u64,
}

impl GridSearch {
    /// The grid of a space. Parameters with more than `levels` values, or as many as floats, have
    /// `levels` of them, at equal distances from the lower to the upper bound, by the logarithm
    /// where the parameter is logarithmic. Values of `choice` and `grid` are all there.
    ///
    /// # Errors
    ///
    /// `levels` is 0, or the grid has more than 2^63 points.
    pub fn new(space: Space, levels: u64, seed: u64) -> Result<Self, SettingError> {
        if levels == 0 {
            return Err(SettingError::Positive {
                what: "the number of levels",
                given: 0.0,
            });
        }
        let count = space.dimensions().len();
        let mut axes: Vec<Axis> = Vec::with_capacity(count);
        for dimension in space.dimensions() {
            let values = values(&dimension.domain, levels);
            axes.push(Axis {
                points: values.len() as u64,
                values,
                children: Vec::new(),
                until: Vec::new(),
            });
        }
        let mut roots = Vec::new();
        for index in 0..count {
            match space.parent(index) {
                Some(parent) => axes[parent].children.push(index),
                None => roots.push(index),
            }
        }
        // Children come after their parents.
        for index in (0..count).rev() {
            if !axes[index].children.is_empty() {
                axes[index].until = sums(&space, &axes, index)?;
                axes[index].points = axes[index].until.last().copied().unwrap_or(0);
            }
        }
        let points = product(roots.iter().map(|root| axes[*root].points))?;
        Ok(Self {
            space,
            axes,
            roots,
            order: Shuffled::new(points, seed),
        })
    }

    /// How many points the grid has.
    pub const fn points(&self) -> u64 {
        self.order.count
    }

    /// The point at a place of the order in which the grid is written down.
    fn point(&self, place: u64) -> Configuration {
        let mut chosen = vec![0; self.axes.len()];
        self.choose(&self.roots, place, &mut chosen);
        self.space
            .fill(|index, _| self.axes[index].values[chosen[index]].clone())
    }

    /// Splits a place among independent parameters.
    fn choose(&self, among: &[usize], place: u64, chosen: &mut [usize]) {
        let mut place = place;
        for index in among {
            let axis = &self.axes[*index];
            let mut own = place % axis.points;
            place /= axis.points;
            if axis.until.is_empty() {
                chosen[*index] = own as usize;
                continue;
            }
            let at = axis.until.partition_point(|until| *until <= own);
            chosen[*index] = at;
            if at > 0 {
                own -= axis.until[at - 1];
            }
            let active: Vec<usize> = active(&self.space, axis, at).collect();
            self.choose(&active, own, chosen);
        }
    }
}

impl Searcher for GridSearch {
    fn has(&self, trial: TrialId) -> bool {
        trial.0 < self.points()
    }

    fn ask(&self, trial: TrialId) -> Option<Configuration> {
        self.has(trial)
            .then(|| self.point(self.order.place(trial.0)))
    }
}

/// The children that are active with a value of an axis.
fn active<'a>(space: &'a Space, axis: &'a Axis, value: usize) -> impl Iterator<Item = usize> + 'a {
    let value = &axis.values[value];
    let children = axis.children.iter().copied();
    children.filter(move |child| {
        let condition = space.dimensions()[*child].condition.as_ref();
        condition.is_some_and(|condition| condition.test.holds(value))
    })
}

/// How many points the values of a parameter have, added up.
fn sums(space: &Space, axes: &[Axis], index: usize) -> Result<Vec<u64>, SettingError> {
    let axis = &axes[index];
    let mut sum = 0_u64;
    let mut until = Vec::with_capacity(axis.values.len());
    for value in 0..axis.values.len() {
        let points = product(active(space, axis, value).map(|child| axes[child].points))?;
        sum = sum.saturating_add(points);
        if sum > MOST {
            return Err(SettingError::GridTooLarge);
        }
        until.push(sum);
    }
    Ok(until)
}

fn product(counts: impl Iterator<Item = u64>) -> Result<u64, SettingError> {
    let mut product = 1_u64;
    for count in counts {
        let larger = product.checked_mul(count).filter(|points| *points <= MOST);
        product = larger.ok_or(SettingError::GridTooLarge)?;
    }
    Ok(product)
}

/// The values of a parameter on a grid.
fn values(domain: &Domain, levels: u64) -> Vec<ConfigValue> {
    if let Domain::Choice(values) | Domain::Grid(values) = domain {
        return values.clone();
    }
    let count = domain.count();
    if let Some(count) = count.filter(|count| *count <= levels) {
        return (0..count).map(|index| domain.nth(index)).collect();
    }
    let at = |level: u64| {
        let share = if levels == 1 {
            0.5
        } else {
            level as f64 / (levels - 1) as f64
        };
        domain.at_share(share)
    };
    let mut values: Vec<ConfigValue> = (0..levels).map(at).collect();
    values.dedup();
    values
}

/// A permutation of the numbers below a count that needs no memory: a Feistel network over the next
/// larger even number of bits, walked until it comes back into range (Black and Rogaway 2002).
#[derive(Debug, Clone)]
struct Shuffled {
    count: u64,
    seed: u64,
    half: u32,
}

impl Shuffled {
    const fn new(count: u64, seed: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        let half = if bits == 0 { 1 } else { bits.div_ceil(2) };
        Self { count, seed, half }
    }

    fn place(&self, number: u64) -> u64 {
        let mut place = self.round_trip(number);
        while place >= self.count {
            place = self.round_trip(place);
        }
        place
    }

    fn round_trip(&self, number: u64) -> u64 {
        let mask = (1_u64 << self.half) - 1;
        let (mut left, mut right) = (number >> self.half, number & mask);
        for round in 0..6 {
            let mixed = mixed(right ^ mixed(self.seed.wrapping_add(round))) & mask;
            (left, right) = (right, left ^ mixed);
        }
        (left << self.half) | right
    }
}

/// The finaliser of SplitMix64 (Steele et al. 2014).
const fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
