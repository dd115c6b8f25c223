//! One forest: from its trees' predictions to its figures and the hash of its outcome.

use workbench_experiment::lab::Item;

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
        let (mse, r2) = judge(&self.sums, truth);
        Trained {
            item: Item {
                name,
                sha256: workbench_digest::of_f64(&self.sums),
                metrics: [("mse".to_owned(), mse), ("r2".to_owned(), r2)].into(),
            },
            trees: self.trees,
            rows_predicted: self.sums.len() as u64,
        }
    }
}

/// Mean squared error and coefficient of determination.
fn judge(predictions: &[f64], truth: &[f64]) -> (f64, f64) {
    let n = truth.len() as f64;
    let mean = truth.iter().sum::<f64>() / n;
    let residual: f64 = predictions
        .iter()
        .zip(truth)
        .map(|(p, t)| (p - t).powi(2))
        .sum();
    let total: f64 = truth.iter().map(|t| (t - mean).powi(2)).sum();
    (residual / n, 1.0 - residual / total)
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
