//! The order in which the features of a node are looked at: scikit-learn's, draw for draw.

use super::{BestSplit, Engine, Floor, NodeRows};
use crate::params::{GrowLimits, Splitter};
use crate::seed::{FeatureDraws, reciprocal};

/// Draws features without replacement (Fisher and Yates), and remembers along a path which are
/// constant, so that they are not looked at again.
#[derive(Debug, Clone, Default)]
pub struct FeatureOrder {
    features: Vec<u32>,
    constant: Vec<u32>,
    /// By number of features.
    reciprocals: Vec<u64>,
}

impl FeatureOrder {
    /// All features, none known to be constant.
    pub fn reset(&mut self, columns: usize) {
        self.features.clear();
        self.features.extend(0..columns as u32);
        self.constant.clear();
        self.constant.resize(columns, 0);
        let known = self.reciprocals.len() as u32;
        let more = (known..=columns as u32).map(|span| reciprocal(span.max(1)));
        self.reciprocals.extend(more);
    }

    /// Finds the split of a node: the split, and how many features are known to be constant
    /// below it. `known` is that number for the node itself.
    pub fn search<E: Engine>(
        &mut self,
        engine: &mut E,
        draws: &mut FeatureDraws,
        limits: &GrowLimits,
        (block, sums, floor): (NodeRows, &E::Sums, Floor),
        known: u32,
    ) -> (Option<BestSplit>, u32) {
        let mut left = self.features.len() as u32;
        let (mut visited, mut found, mut drawn) = (0, 0, 0);
        let some_constant = engine.begin(block, sums, floor);
        if !some_constant && limits.looks_at_all(left) {
            self.draw_all(draws);
            engine.search_all(&self.features);
            return (engine.found(sums), 0);
        }
        while left > known + found && (visited < limits.max_features || visited <= found + drawn) {
            visited += 1;
            let span = left - found - drawn;
            let place = draws.between_by(drawn, span, self.reciprocals[span as usize]);
            if place < known {
                self.features.swap(drawn as usize, place as usize);
                drawn += 1;
                continue;
            }
            let place = (place + found) as usize;
            let feature = self.features[place];
            let spread = engine.spread(block, feature);
            if spread.constant {
                self.features.swap(place, (known + found) as usize);
                found += 1;
                continue;
            }
            left -= 1;
            self.features.swap(left as usize, place);
            match limits.splitter {
                Splitter::Best => engine.search(feature, &spread),
                Splitter::Random => {
                    let [low, high] = spread.ends.map(f64::from);
                    let drawn = draws.uniform(low, high);
                    let missing_left = spread.missing > 0 && draws.between(0, 2) == 1;
                    let threshold = if drawn == high { low } else { drawn };
                    engine.try_threshold(feature, &spread, threshold, missing_left);
                }
            }
        }
        // The known ones keep their order for siblings and children.
        let (old, new) = (known as usize, (known + found) as usize);
        self.features[..old].copy_from_slice(&self.constant[..old]);
        self.constant[old..new].copy_from_slice(&self.features[old..new]);
        (engine.found(sums), known + found)
    }

    /// Draws all features where none is constant: the first one that is looked at is last.
    fn draw_all(&mut self, draws: &mut FeatureDraws) {
        let mut left = self.features.len();
        for reciprocal in self.reciprocals[1..=left].iter().rev() {
            let place = draws.between_by(0, left as u32, *reciprocal);
            left -= 1;
            self.features.swap(left, place as usize);
        }
    }
}
