//! Memory for growing trees, and the choice of the engine.

use crate::data::{Targets, TrainingData};
use crate::error::ForestError;
use crate::grow::{
    Builder, Engine, Entropy, FeatureOrder, Gini, GiniBuffers, Impurity, Moments, NarrowBuffers,
    NarrowEngine, PackedGini, PackedNumbers, VectorPath, WideBuffers, WideEngine,
};
use crate::packed_targets::{PackedTargets, load_classes};
use crate::params::{Criterion, GrowLimits, GrowParams, Splitter};
use crate::seed::{FeatureDraws, Generator, GrowSeed, bootstrap, weighted_bootstrap};
use crate::tree::{DecisionTree, RawNode};

/// Memory that trees are grown in, one after another, so that growing allocates little. Every
/// thread needs its own; it fits any data and takes what the largest needed.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    counts: Vec<u32>,
    path: Option<VectorPath>,
    /// Weights of the rows as integers.
    whole: Vec<u32>,
    /// Weights and targets of the rows, packed.
    loads: Vec<u32>,
    packed_gini: GiniBuffers,
    narrow: NarrowBuffers,
    wide: WideBuffers,
    moments: Moments,
    gini: Gini,
    entropy: Entropy,
    order: FeatureOrder,
    nodes: Vec<RawNode>,
    values: Vec<f64>,
}

/// How much every row counts in a tree.
#[derive(Debug, Clone, Copy)]
pub enum RowWeights<'a> {
    /// As in the data: its weights, or 1 where it has none.
    Data,
    /// So many times; rows with 0 are left out. Bootstrap samples are given in this way.
    Counts(&'a [u32]),
    /// This much; rows with 0 are left out.
    Weights(&'a [f64]),
}

impl DecisionTree {
    /// Grows a tree; its bootstrap sample, features and random thresholds are drawn from the seed.
    ///
    /// # Errors
    /// [`ForestError::Parameter`] and [`ForestError::Criterion`].
    pub fn grow(
        data: &TrainingData,
        params: &GrowParams,
        seed: GrowSeed,
    ) -> Result<Self, ForestError> {
        Self::grow_in(&mut Workspace::new(), data, params, seed)
    }

    /// The same in memory that is used again.
    ///
    /// # Errors
    /// As [`DecisionTree::grow`].
    pub fn grow_in(
        workspace: &mut Workspace,
        data: &TrainingData,
        params: &GrowParams,
        seed: GrowSeed,
    ) -> Result<Self, ForestError> {
        params.check(data)?;
        let mut generator = seed.generator();
        let mut counts = std::mem::take(&mut workspace.counts);
        let drawn = draw(data, params, &mut generator, &mut counts);
        let weights = if drawn {
            RowWeights::Counts(&counts)
        } else {
            RowWeights::Data
        };
        let tree = workspace.grow(data, params, weights, generator.feature_state());
        workspace.counts = counts;
        tree
    }

    /// Grows a tree on given weights or counts of rows, whatever `bootstrap` says.
    /// `feature_state` starts the draws of features and random thresholds (scikit-learn's
    /// generator, see [`crate::scikit`]).
    ///
    /// # Errors
    /// As [`DecisionTree::grow`], and [`ForestError::Length`], [`ForestError::Value`] and
    /// [`ForestError::NoWeight`] for the weights.
    pub fn grow_weighted(
        workspace: &mut Workspace,
        data: &TrainingData,
        params: &GrowParams,
        weights: RowWeights<'_>,
        feature_state: u32,
    ) -> Result<Self, ForestError> {
        workspace.grow(data, params, weights, feature_state)
    }
}

/// How often the tree with this seed takes each row; none where it takes all as they are.
///
/// # Errors
/// As [`DecisionTree::grow`].
pub fn bootstrap_counts(
    data: &TrainingData,
    params: &GrowParams,
    seed: GrowSeed,
) -> Result<Option<Vec<u32>>, ForestError> {
    params.check(data)?;
    let mut counts = Vec::new();
    let drawn = draw(data, params, &mut seed.generator(), &mut counts);
    Ok(drawn.then_some(counts))
}

fn draw(
    data: &TrainingData,
    params: &GrowParams,
    generator: &mut Generator,
    counts: &mut Vec<u32>,
) -> bool {
    let Some(draws) = params.draws(data.rows()) else {
        return false;
    };
    match data.weights() {
        Some(weights) => weighted_bootstrap(generator, weights, draws, counts),
        None => bootstrap(generator, data.rows(), draws, counts),
    }
    true
}

impl Workspace {
    /// An empty workspace.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty workspace that uses no better instructions than these, for comparisons: the trees
    /// are the same.
    pub fn with_path(path: VectorPath) -> Self {
        Self {
            path: Some(path),
            ..Self::default()
        }
    }

    /// Grows a tree. `feature_state` starts the draws of features and random thresholds.
    fn grow(
        &mut self,
        data: &TrainingData,
        params: &GrowParams,
        weights: RowWeights<'_>,
        feature_state: u32,
    ) -> Result<DecisionTree, ForestError> {
        let limits = params.limits(data)?;
        check(data, weights)?;
        let draws = FeatureDraws::new(feature_state);
        self.order.reset(data.columns());
        let weight = |row: usize| match weights {
            RowWeights::Data => data.weights().map_or(1.0, |weights| weights[row]),
            RowWeights::Counts(counts) => f64::from(counts[row]),
            RowWeights::Weights(weights) => weights[row],
        };
        match data.targets() {
            _ if params.criterion != Criterion::Entropy
                && self.narrow(data, &limits, draws, weights) => {}
            Targets::Numbers { y, .. } => {
                let mut criterion = std::mem::take(&mut self.moments);
                criterion.load(data, y, weight);
                self.wide(data, &limits, draws, &mut criterion);
                self.moments = criterion;
            }
            Targets::Classes { class, classes } if params.criterion == Criterion::Entropy => {
                let mut criterion = std::mem::take(&mut self.entropy);
                criterion.load(class, *classes, weight);
                self.wide(data, &limits, draws, &mut criterion);
                self.entropy = criterion;
            }
            Targets::Classes { class, classes } => {
                let mut criterion = std::mem::take(&mut self.gini);
                criterion.load(class, *classes, weight);
                self.wide(data, &limits, draws, &mut criterion);
                self.gini = criterion;
            }
        }
        let (nodes, values) = (self.nodes.clone(), self.values.clone());
        Ok(DecisionTree::new(
            data.columns(),
            data.outputs(),
            nodes,
            values,
        ))
    }

    /// Grows the tree with the packed engine; false where something does not fit.
    fn narrow(
        &mut self,
        data: &TrainingData,
        limits: &GrowLimits,
        draws: FeatureDraws,
        weights: RowWeights<'_>,
    ) -> bool {
        let Some(rows) = data.packed() else {
            return false;
        };
        if limits.splitter != Splitter::Best || limits.weight_fraction > 0.0 {
            return false;
        }
        let mut whole = std::mem::take(&mut self.whole);
        let weights = whole_weights(data, weights, &mut whole);
        let mut loads = std::mem::take(&mut self.loads);
        let mut buffers = std::mem::take(&mut self.narrow);
        let path = *self.path.get_or_insert_with(VectorPath::detect);
        let tree = (&mut self.nodes, &mut self.values);
        let order = &mut self.order;
        let fits = match data.targets() {
            Targets::Numbers { fixed, .. } => fixed
                .as_ref()
                .and_then(|fixed| PackedTargets::load(fixed, weights, &mut loads))
                .map(|targets| {
                    let payload = PackedNumbers::new(targets);
                    let engine =
                        NarrowEngine::new(data, rows, payload, &loads, limits, path, &mut buffers);
                    Builder::new(engine, limits, draws, order, tree).grow();
                }),
            Targets::Classes { class, classes } => {
                load_classes(class, weights, &mut loads).map(|total| {
                    let payload = PackedGini::new(&mut self.packed_gini, *classes, total);
                    let engine =
                        NarrowEngine::new(data, rows, payload, &loads, limits, path, &mut buffers);
                    Builder::new(engine, limits, draws, order, tree).grow();
                })
            }
        };
        (self.narrow, self.loads, self.whole) = (buffers, loads, whole);
        fits.is_some()
    }

    fn wide<C: Impurity>(
        &mut self,
        data: &TrainingData,
        limits: &GrowLimits,
        draws: FeatureDraws,
        criterion: &mut C,
    ) {
        let mut buffers = std::mem::take(&mut self.wide);
        let engine = WideEngine::new(data, &mut buffers, criterion);
        self.build(engine, limits, draws);
        self.wide = buffers;
    }

    fn build<E: Engine>(&mut self, engine: E, limits: &GrowLimits, draws: FeatureDraws) {
        let tree = (&mut self.nodes, &mut self.values);
        let mut builder = Builder::new(engine, limits, draws, &mut self.order, tree);
        builder.grow();
    }
}

/// The weights as integers; `u32::MAX` where one is not.
fn whole_weights<'a>(
    data: &'a TrainingData,
    weights: RowWeights<'a>,
    whole: &'a mut Vec<u32>,
) -> &'a [u32] {
    let weights = match (weights, data.weights()) {
        (RowWeights::Counts(counts), _) => return counts,
        (RowWeights::Weights(weights), _) | (RowWeights::Data, Some(weights)) => weights,
        (RowWeights::Data, None) => &[],
    };
    whole.clear();
    whole.extend(weights.iter().map(|weight| {
        if weight.fract() == 0.0 {
            *weight as u32
        } else {
            u32::MAX
        }
    }));
    whole.resize(data.rows(), 1);
    whole
}

fn check(data: &TrainingData, weights: RowWeights<'_>) -> Result<(), ForestError> {
    match weights {
        RowWeights::Data => Ok(()),
        RowWeights::Weights(weights) => data.check_weights(weights),
        RowWeights::Counts(counts) => {
            crate::data::same_length("counts", counts.len(), data.rows())?;
            let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
            if total == 0 {
                return Err(ForestError::NoWeight);
            }
            Ok(())
        }
    }
}
