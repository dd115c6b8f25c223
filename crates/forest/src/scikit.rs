//! scikit-learn's own random numbers, to grow the very trees that it grows.
//!
//! A forest of scikit-learn draws a seed for each tree from its `random_state`; a tree draws its
//! bootstrap sample and the start of its feature draws from generators with that seed. All of them
//! are NumPy's `RandomState`: MT19937 (Matsumoto and Nishimura, 1998) with masked rejection.

use rand_mt::Mt;

use crate::data::TrainingData;
use crate::error::ForestError;
use crate::forest::Forest;
use crate::params::GrowParams;
use crate::tree::DecisionTree;
use crate::workspace::{RowWeights, Workspace};

/// The greatest 32-bit integer with sign, which bounds scikit-learn's seeds.
const MOST: u32 = i32::MAX as u32;

/// The seeds of the trees of a forest with this `random_state`.
pub fn tree_seeds(random_state: u32, trees: usize) -> Vec<u32> {
    let mut generator = Mt::new(random_state);
    (0..trees).map(|_| below(&mut generator, MOST)).collect()
}

/// How often a tree with this seed draws each row in its bootstrap sample of `draws` rows.
pub fn bootstrap_counts(seed: u32, rows: u32, draws: usize) -> Vec<u32> {
    let mut generator = Mt::new(seed);
    let mut counts = vec![0; rows as usize];
    for _ in 0..draws {
        counts[below(&mut generator, rows) as usize] += 1;
    }
    counts
}

/// Where the feature draws of a tree with this seed (its `random_state`) start.
pub fn feature_state(seed: u32) -> u32 {
    below(&mut Mt::new(seed), MOST)
}

/// `RandomState.randint(0, bound)`.
fn below(generator: &mut Mt, bound: u32) -> u32 {
    let most = bound - 1;
    let mask = u32::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
    loop {
        let drawn = generator.next_u32() & mask;
        if drawn <= most {
            return drawn;
        }
    }
}

/// Grows the forest that scikit-learn grows with this `random_state`.
///
/// Not for weights together with a bootstrap: scikit-learn then draws in another way.
///
/// # Errors
/// As [`DecisionTree::grow`], and [`ForestError::Parameter`] for a forest without trees.
pub fn forest(
    data: &TrainingData,
    params: &GrowParams,
    trees: usize,
    random_state: u32,
) -> Result<Forest, ForestError> {
    params.check(data)?;
    let mut workspace = Workspace::new();
    let seeds = tree_seeds(random_state, trees).into_iter();
    let trees: Result<Vec<_>, _> = seeds
        .map(|seed| {
            let draws = params.draws(data.rows());
            let counts = draws.map(|draws| bootstrap_counts(seed, data.rows() as u32, draws));
            let weights = counts
                .as_deref()
                .map_or(RowWeights::Data, RowWeights::Counts);
            let state = feature_state(seed);
            DecisionTree::grow_weighted(&mut workspace, data, params, weights, state)
        })
        .collect();
    Forest::from_trees(trees?)
}
