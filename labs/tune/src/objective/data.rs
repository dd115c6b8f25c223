//! The rows of a search: to train on, to select by, and to judge the chosen configuration with.

use workbench_dataset::{SplitProblem, Supervised, train_test_split};
use workbench_digest::Hasher;

/// Rows with their targets. Features and target have mean 0 and variance 1 on the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRows {
    /// The features, row by row.
    pub x: Vec<f32>,
    /// The target of each row.
    pub y: Vec<f32>,
    /// Number of features.
    pub columns: usize,
}

impl SampleRows {
    /// Number of rows.
    pub fn count(&self) -> usize {
        self.y.len()
    }
}

/// All rows of a search, apart by what they are for.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchData {
    /// SampleRows to train on.
    pub train: SampleRows,
    /// SampleRows to select by.
    pub validation: SampleRows,
    /// SampleRows that judge the chosen configuration, once.
    pub test: SampleRows,
    /// How columns were scaled.
    pub scaling: ColumnScaling,
    /// SHA-256 of the numbers of the rows of each part.
    pub split_sha256: String,
}

/// SplitShares of the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitShares {
    /// Held back to judge the chosen configuration.
    pub test: f64,
    /// Of the others, held back to select by.
    pub validation: f64,
}

impl SearchData {
    /// Splits the first `rows` rows of the shuffled data, and scales them by the training rows.
    ///
    /// # Errors
    /// When a part would be empty.
    pub fn new(
        data: &Supervised,
        rows: usize,
        shares: SplitShares,
        seed: u64,
    ) -> Result<Self, SplitProblem> {
        let seed = seed as u32;
        let all = train_test_split(data.rows, shares.test, seed)?;
        // Every part is cut alike, so fewer rows are a smaller problem of the same kind.
        let cut = |mut part: Vec<u32>| {
            let share = rows as f64 / data.rows as f64;
            part.truncate(((part.len() as f64 * share).round() as usize).max(1));
            part
        };
        let (rest, test) = (cut(all.train), cut(all.test));
        let inner = train_test_split(rest.len(), shares.validation, seed)?;
        let pick = |places: &[u32]| -> Vec<u32> {
            places.iter().map(|place| rest[*place as usize]).collect()
        };
        let (train, validation) = (pick(&inner.train), pick(&inner.test));
        let scaling = ColumnScaling::of(data, &train);
        let mut hasher = Hasher::default();
        for part in [&train, &validation, &test] {
            hasher.update((part.len() as u32).to_le_bytes());
            for row in part {
                hasher.update(row.to_le_bytes());
            }
        }
        Ok(Self {
            train: scaling.rows(data, &train),
            validation: scaling.rows(data, &validation),
            test: scaling.rows(data, &test),
            scaling,
            split_sha256: hasher.finish(),
        })
    }
}

/// Mean and standard deviation of every column on the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnScaling {
    /// Of the features.
    pub features: Vec<(f64, f64)>,
    /// Of the target.
    pub target: (f64, f64),
}

impl ColumnScaling {
    fn of(data: &Supervised, rows: &[u32]) -> Self {
        Self {
            features: (0..data.features)
                .map(|feature| moments(data.feature(feature), rows))
                .collect(),
            target: moments(&data.y, rows),
        }
    }

    fn rows(&self, data: &Supervised, rows: &[u32]) -> SampleRows {
        let scaled =
            |value: f64, (mean, deviation): (f64, f64)| ((value - mean) / deviation) as f32;
        let mut x = Vec::with_capacity(rows.len() * data.features);
        for row in rows {
            for (feature, moments) in self.features.iter().enumerate() {
                x.push(scaled(data.feature(feature)[*row as usize], *moments));
            }
        }
        let y = rows.iter();
        SampleRows {
            x,
            y: y.map(|row| scaled(data.y[*row as usize], self.target))
                .collect(),
            columns: data.features,
        }
    }
}

impl SearchData {
    /// What a squared error of the scaled target is multiplied with to be one of the target.
    pub fn unscale(&self) -> f64 {
        self.scaling.target.1 * self.scaling.target.1
    }
}

/// Mean and standard deviation; the latter is 1 where all values are equal.
fn moments(column: &[f64], rows: &[u32]) -> (f64, f64) {
    let values = || rows.iter().map(|row| column[*row as usize]);
    let count = rows.len().max(1) as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    (mean, if deviation > 0.0 { deviation } else { 1.0 })
}
