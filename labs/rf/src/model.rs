//! One forest: from its trees' predictions to its figures and the hash of its outcome.

use workbench_experiment::lab::{BestItem, Item, NextBest};
use workbench_stats::paired::mean_difference;

/// Sums the predictions of a forest's trees, always in the order of the trees: floating-point
/// addition is not associative, and the arms have to agree bit for bit.
#[derive(Debug, Clone)]
pub struct Votes {
    sums: Vec<f64>,
    trees: u64,
}

/// One finished model and how much work it was.
#[derive(Debug, Clone)]
pub struct Trained {
    /// Its name, output hash and figures.
    pub item: Item,
    /// Trees grown.
    pub trees: u64,
    /// Rows predicted.
    pub rows_predicted: u64,
    /// Squared error of every test row.
    pub squared_errors: Vec<f64>,
}

impl Votes {
    /// No votes yet, for `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self {
            sums: vec![0.0; rows],
            trees: 0,
        }
    }

    /// Adds one tree's predictions.
    pub fn add(&mut self, predictions: &[f64]) {
        for (sum, prediction) in self.sums.iter_mut().zip(predictions) {
            *sum += prediction;
        }
        self.trees += 1;
    }

    /// Evaluates the forest's predictions.
    pub fn evaluate(mut self, name: String, truth: &[f64]) -> Trained {
        for sum in &mut self.sums {
            *sum /= self.trees as f64;
        }
        let sha256 = workbench_digest::of_f64(&self.sums);
        let rows_predicted = self.sums.len() as u64;
        let mut squared_errors = self.sums;
        for (prediction, truth) in squared_errors.iter_mut().zip(truth) {
            *prediction = (*prediction - truth).powi(2);
        }
        let (mse, r2) = judge(&squared_errors, truth);
        let metrics = [("trees", self.trees as f64), ("mse", mse), ("r2", r2)];
        Trained {
            item: Item {
                name,
                sha256,
                metrics: metrics.map(|(name, value)| (name.to_owned(), value)).into(),
            },
            trees: self.trees,
            rows_predicted,
            squared_errors,
        }
    }
}

/// Mean squared error and coefficient of determination.
fn judge(squared_errors: &[f64], truth: &[f64]) -> (f64, f64) {
    let n = truth.len() as f64;
    let mean = truth.iter().sum::<f64>() / n;
    let residual: f64 = squared_errors.iter().sum();
    let total: f64 = truth.iter().map(|t| (t - mean).powi(2)).sum();
    (residual / n, 1.0 - residual / total)
}

/// The best of the models, and whether the next best can be told apart from it.
pub fn best(models: &[(Item, Vec<f64>)]) -> Option<BestItem> {
    let mse = |model: &(Item, Vec<f64>)| model.0.metrics["mse"];
    let mut ranked: Vec<&(Item, Vec<f64>)> = models.iter().collect();
    ranked.sort_by(|a, b| mse(a).total_cmp(&mse(b)));
    let (best, next) = (ranked.first()?, ranked.get(1));
    let next = next.and_then(|next| {
        let apart = mean_difference(&best.1, &next.1)?;
        Some(NextBest {
            item: next.0.name.clone(),
            difference: apart.mean,
            low: apart.low,
            high: apart.high,
        })
    });
    Some(BestItem {
        item: best.0.name.clone(),
        metric: "mse".to_owned(),
        value: mse(best),
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_agree_with_hand_computation() {
        let mut votes = Votes::new(4);
        votes.add(&[1.0, 2.0, 3.0, 5.0]);
        votes.add(&[1.0, 2.0, 3.0, 3.0]);
        let model = votes.evaluate("n_estimators=2".to_owned(), &[1.0, 2.0, 3.0, 6.0]);
        // Means 1, 2, 3, 4; residual 4; mean of the truth 3, total 4 + 1 + 0 + 9 = 14.
        assert!((model.item.metrics["mse"] - 1.0).abs() < 1e-15);
        assert!((model.item.metrics["r2"] - (1.0 - 4.0 / 14.0)).abs() < 1e-15);
        assert_eq!((model.trees, model.rows_predicted), (2, 4));
    }
}
