//! One forest: from its trees' predictions to its figures and the hash of its outcome.

use workbench_experiment::lab::{Analysis, BestItem, Dependent, Importance, Item, NextBest};
use workbench_stats::paired::mean_difference;

use crate::engine::Grown;

/// What rows really are.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Classes from 0, and how many a forest tells apart: those of the training rows up to the
    /// greatest. A test row of another class is predicted wrongly by every forest.
    Classes(Vec<u32>, usize),
}

/// Sums the predictions of a forest's trees, always in the order of the trees: floating-point
/// addition is not associative, and the arms have to agree bit for bit.
#[derive(Debug, Clone)]
pub struct Votes {
    test: Vec<f64>,
    trees: u64,
    /// Sums over the trees that were not grown on a training row, and how many those are.
    out_of_bag: Option<(Vec<f64>, Vec<u32>)>,
    importances: Vec<f64>,
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
    /// What the analysis needs of it.
    pub judged: Judged,
}

/// What the analysis after the clock needs of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The model's name.
    pub name: String,
    /// Loss of every test row: squared error, or 1 for a wrong class.
    pub losses: Vec<f64>,
    /// Sums of the trees' importances of every feature.
    pub importances: Vec<f64>,
}

impl Truth {
    /// Numbers that a tree predicts for a row.
    fn outputs(&self) -> usize {
        match self {
            Self::Numbers(_) => 1,
            Self::Classes(_, classes) => *classes,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Numbers(y) => y.len(),
            Self::Classes(class, _) => class.len(),
        }
    }

    /// The figure that decides which forest is best.
    pub fn metric(&self) -> &'static str {
        match self {
            Self::Numbers(_) => "mse",
            Self::Classes(..) => "accuracy",
        }
    }

    /// The figure by which forests of different engines are compared.
    pub fn score(&self) -> &'static str {
        match self {
            Self::Numbers(_) => "r2",
            Self::Classes(..) => "accuracy",
        }
    }

    /// The loss of a row that has these predictions.
    fn loss(&self, row: usize, predicted: &[f64]) -> f64 {
        match self {
            Self::Numbers(y) => (predicted[0] - y[row]).powi(2),
            Self::Classes(class, _) => f64::from(u8::from(greatest(predicted) != class[row])),
        }
    }

    /// Names and values of the figures over some rows with their losses.
    fn figures(&self, rows: impl Iterator<Item = usize>, losses: &[f64]) -> Vec<(String, f64)> {
        let n = losses.len() as f64;
        let loss = losses.iter().sum::<f64>();
        match self {
            Self::Numbers(y) => {
                let y: Vec<f64> = rows.map(|row| y[row]).collect();
                let mean = y.iter().sum::<f64>() / n;
                let total: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
                vec![
                    ("mse".to_owned(), loss / n),
                    ("r2".to_owned(), 1.0 - loss / total),
                ]
            }
            Self::Classes(..) => vec![("accuracy".to_owned(), 1.0 - loss / n)],
        }
    }
}

/// The place of the greatest value, the first of equals.
fn greatest(values: &[f64]) -> u32 {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best as u32
}

impl Votes {
    /// No votes yet.
    pub fn new(test: &Truth) -> Self {
        Self {
            test: vec![0.0; test.rows() * test.outputs()],
            trees: 0,
            out_of_bag: None,
            importances: Vec::new(),
        }
    }

    /// Adds what one tree gives; `train` are the rows that trees are grown on.
    pub fn add(&mut self, grown: &Grown, train: &Truth) {
        for (sum, prediction) in self.test.iter_mut().zip(&grown.test) {
            *sum += prediction;
        }
        self.trees += 1;
        self.importances.resize(grown.importances.len(), 0.0);
        for (sum, importance) in self.importances.iter_mut().zip(&grown.importances) {
            *sum += importance;
        }
        let Some(values) = &grown.out_of_bag else {
            return;
        };
        let outputs = train.outputs();
        let (sums, trees) = self
            .out_of_bag
            .get_or_insert_with(|| (vec![0.0; train.rows() * outputs], vec![0; train.rows()]));
        for (row, value) in values.rows.iter().zip(values.values.chunks_exact(outputs)) {
            let row = *row as usize;
            trees[row] += 1;
            let sums = &mut sums[row * outputs..][..outputs];
            for (sum, value) in sums.iter_mut().zip(value) {
                *sum += value;
            }
        }
    }

    /// Evaluates the forest's predictions.
    pub fn evaluate(mut self, name: String, train: &Truth, test: &Truth) -> Trained {
        let trees = self.trees as f64;
        for sum in &mut self.test {
            *sum /= trees;
        }
        let losses: Vec<f64> = self
            .test
            .chunks_exact(test.outputs())
            .enumerate()
            .map(|(row, predicted)| test.loss(row, predicted))
            .collect();
        let mut metrics = vec![("trees".to_owned(), trees)];
        metrics.extend(test.figures(0..test.rows(), &losses));
        metrics.extend(self.out_of_bag_figures(train));
        Trained {
            item: Item {
                name: name.clone(),
                sha256: workbench_digest::of_f64(&self.test),
                metrics: metrics.into_iter().collect(),
            },
            trees: self.trees,
            rows_predicted: losses.len() as u64,
            judged: Judged {
                name,
                losses,
                importances: self.importances,
            },
        }
    }

    /// The figures over the training rows that some tree was not grown on.
    fn out_of_bag_figures(&self, train: &Truth) -> Vec<(String, f64)> {
        let Some((sums, trees)) = &self.out_of_bag else {
            return Vec::new();
        };
        let outputs = train.outputs();
        let (rows, losses): (Vec<usize>, Vec<f64>) = (0..train.rows())
            .filter(|row| trees[*row] > 0)
            .map(|row| {
                let sums = &sums[row * outputs..][..outputs];
                let mean = sums.iter().map(|sum| sum / f64::from(trees[row]));
                (row, train.loss(row, &mean.collect::<Vec<f64>>()))
            })
            .unzip();
        if rows.len() < 2 {
            return Vec::new();
        }
        let figures = train.figures(rows.into_iter(), &losses);
        let named = |(name, value)| (format!("oob_{name}"), value);
        figures.into_iter().map(named).collect()
    }
}

/// What the forests tell: which is best, whether the next best can be told apart from it, and what
/// the best one depends on.
pub fn analyse(models: &[Judged], metric: &str, features: &[String]) -> Analysis {
    let loss = |model: &&Judged| model.losses.iter().sum::<f64>() / model.losses.len() as f64;
    let mut ranked: Vec<&Judged> = models.iter().collect();
    ranked.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
    let Some(best) = ranked.first() else {
        return Analysis::default();
    };
    // An accuracy falls as the loss rises.
    let sign = if metric == "accuracy" { -1.0 } else { 1.0 };
    let next = ranked.get(1).and_then(|next| {
        let apart = mean_difference(&best.losses, &next.losses)?;
        let mut ends = [sign * apart.low, sign * apart.high];
        ends.sort_by(f64::total_cmp);
        Some(NextBest {
            item: next.name.clone(),
            difference: sign * apart.mean,
            low: ends[0],
            high: ends[1],
        })
    });
    let value = if sign < 0.0 {
        1.0 - loss(best)
    } else {
        loss(best)
    };
    Analysis {
        best: Some(BestItem {
            item: best.name.clone(),
            metric: metric.to_owned(),
            value,
            next,
        }),
        importances: importances(&best.importances, features),
        dependent: Dependent::BestItem,
    }
}

/// Shares of 1, the greatest first.
fn importances(sums: &[f64], features: &[String]) -> Vec<Importance> {
    let total: f64 = sums.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let mut all: Vec<Importance> = features
        .iter()
        .zip(sums)
        .map(|(input, sum)| Importance {
            input: input.clone(),
            share: sum / total,
            range: None,
        })
        .collect();
    all.sort_by(|a, b| b.share.total_cmp(&a.share));
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use super::*;
    use crate::engine::OutOfBagValues;

    fn grown(test: &[f64], rows: &[u32], values: &[f64], importances: &[f64]) -> Grown {
        Grown {
            test: test.to_vec(),
            out_of_bag: Some(OutOfBagValues {
                rows: rows.to_vec(),
                values: values.to_vec(),
            }),
            importances: importances.to_vec(),
        }
    }

    #[test]
    fn figures_agree_with_hand_computation() {
        let test = Truth::Numbers(vec![1.0, 2.0, 3.0, 6.0]);
        let train = Truth::Numbers(vec![0.0, 1.0, 2.0]);
        let mut votes = Votes::new(&test);
        votes.add(
            &grown(&[1.0, 2.0, 3.0, 5.0], &[0], &[1.0], &[1.0, 0.0]),
            &train,
        );
        votes.add(
            &grown(&[1.0, 2.0, 3.0, 3.0], &[0, 2], &[2.0, 2.0], &[0.5, 0.5]),
            &train,
        );
        let model = votes.evaluate("n_estimators=2".to_owned(), &train, &test);
        // Means 1, 2, 3, 4; residual 4; mean of the truth 3, total 4 + 1 + 0 + 9 = 14.
        let metrics = &model.item.metrics;
        assert!((metrics["mse"] - 1.0).abs() < 1e-15);
        assert!((metrics["r2"] - (1.0 - 4.0 / 14.0)).abs() < 1e-15);
        assert_eq!((model.trees, model.rows_predicted), (2, 4));
        // Out of bag: row 0 has 1.5 for 0, row 2 has 2 for 2, row 1 has nothing.
        assert!((metrics["oob_mse"] - 1.125).abs() < 1e-15);
        assert!((metrics["oob_r2"] - (1.0 - 2.25 / 2.0)).abs() < 1e-15);
        assert_eq!(model.judged.importances, [1.5, 0.5]);
    }

    #[test]
    fn classes_are_judged_by_the_greatest_share() {
        let truth = Truth::Classes(vec![0, 1, 1], 2);
        let mut votes = Votes::new(&truth);
        let shares = [0.5, 0.5, 0.1, 0.9, 0.8, 0.2];
        votes.add(&grown(&shares, &[0, 1], &[0.0, 1.0, 0.0, 1.0], &[]), &truth);
        let model = votes.evaluate("n_estimators=1".to_owned(), &truth, &truth);
        assert!((model.item.metrics["accuracy"] - 2.0 / 3.0).abs() < 1e-15);
        assert!((model.item.metrics["oob_accuracy"] - 0.5).abs() < 1e-15);
        assert_eq!(model.judged.losses, [0.0, 0.0, 1.0]);
    }

    #[test]
    fn the_best_is_found_for_errors_and_for_accuracies() {
        let judged = |name: &str, losses: &[f64]| Judged {
            name: name.to_owned(),
            losses: losses.to_vec(),
            importances: vec![1.0, 3.0],
        };
        let models = [
            judged("a", &[1.0, 0.0, 1.0, 1.0]),
            judged("b", &[0.0, 0.0, 1.0, 0.0]),
        ];
        let features = ["x".to_owned(), "y".to_owned()];
        let found = analyse(&models, "accuracy", &features);
        let best = found.best.unwrap();
        assert_eq!((best.item.as_str(), best.value), ("b", 0.75));
        let next = best.next.unwrap();
        assert_eq!((next.item.as_str(), next.difference), ("a", -0.5));
        assert!(next.low <= next.difference && next.difference <= next.high);
        let shares: Vec<(&str, f64)> = found
            .importances
            .iter()
            .map(|one| (one.input.as_str(), one.share))
            .collect();
        assert_eq!(shares, [("y", 0.75), ("x", 0.25)]);
        let by_error = analyse(&models, "mse", &features).best.unwrap();
        assert_eq!((by_error.item.as_str(), by_error.value), ("b", 0.25));
        assert!(analyse(&[], "mse", &features).best.is_none());
    }
}
