//! A network with one hidden layer, trained by Adam or plain descent on squared errors: the default
//! objective.
//!
//! Everything is f32 and single-threaded, and the order of the rows depends on the seed, the trial
//! and the epoch alone: a trial trained in several parts has the same weights as in one.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
use rand::seq::SliceRandom;
use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::bytes::{StateReader, StateWriter};
use super::data::SampleRows;
use super::seed::TrialSeed;

/// Kingma and Ba 2015: the decay of the two means, and what keeps the quotient finite.
const BETA: (f32, f32) = (0.9, 0.999);
const EPSILON: f32 = 1e-8;
/// SampleRows that are predicted at once.
const PREDICTED: usize = 512;

/// What a trial chooses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MlpConfig {
    /// Learning rate.
    pub lr: f32,
    /// SampleRows of a step.
    pub batch: usize,
    /// Units of the hidden layer.
    pub hidden: usize,
    /// What follows the gradients.
    pub optimizer: Optimizer,
}

/// What follows the gradients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// Adam (Kingma and Ba 2015).
    Adam,
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// The share of the last step that is kept.
        momentum: f32,
    },
}

/// The network with its optimiser.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    config: MlpConfig,
    seed: TrialSeed,
    columns: usize,
    /// Epochs trained.
    epoch: u64,
    /// Steps of the optimiser.
    steps: u64,
    /// Weights of the hidden layer (columns × hidden), its biases, the output's weights, its bias.
    weights: Vec<f32>,
    /// Running mean of the gradients.
    mean: Vec<f32>,
    /// Running mean of their squares.
    square: Vec<f32>,
}

/// Room for a step, kept from one to the next.
struct Scratch {
    x: Vec<f32>,
    y: Vec<f32>,
    hidden: Vec<f32>,
    back: Vec<f32>,
    error: Vec<f32>,
    gradient: Vec<f32>,
}

impl Mlp {
    /// An untrained network (He et al. 2015).
    pub fn new(config: MlpConfig, columns: usize, seed: TrialSeed) -> Self {
        let hidden = config.hidden;
        let size = columns * hidden + hidden + hidden + 1;
        let mut rng = ChaCha8Rng::from_seed(seed.for_epoch(0));
        let mut weights = vec![0.0; size];
        let mut fill = |part: &mut [f32], inputs: usize| {
            let limit = (6.0 / inputs as f32).sqrt();
            for weight in part {
                *weight = limit * (2.0 * rng.random::<f32>() - 1.0);
            }
        };
        fill(&mut weights[..columns * hidden], columns);
        let output = columns * hidden + hidden;
        fill(&mut weights[output..output + hidden], hidden);
        Self {
            config,
            seed,
            columns,
            epoch: 0,
            steps: 0,
            mean: vec![0.0; size],
            square: vec![0.0; size],
            weights,
        }
    }

    /// Epochs trained.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Trains one epoch.
    pub fn train(&mut self, rows: &SampleRows) {
        self.epoch += 1;
        let mut order: Vec<u32> = (0..rows.count() as u32).collect();
        order.shuffle(&mut ChaCha8Rng::from_seed(self.seed.for_epoch(self.epoch)));
        let batch = self.config.batch.clamp(1, rows.count().max(1));
        let mut scratch = Scratch::new(batch, self.columns, self.config.hidden);
        for part in order.chunks(batch) {
            self.step(rows, part, &mut scratch);
        }
    }

    /// Mean squared error on rows, in the scaled target's unit.
    pub fn error(&self, rows: &SampleRows) -> f64 {
        let mut scratch = Scratch::new(PREDICTED, self.columns, self.config.hidden);
        let all: Vec<u32> = (0..rows.count() as u32).collect();
        let mut sum = 0.0;
        for part in all.chunks(PREDICTED) {
            self.forward(rows, part, &mut scratch);
            let errors = &scratch.error[..part.len()];
            sum += errors
                .iter()
                .map(|e| f64::from(*e) * f64::from(*e))
                .sum::<f64>();
        }
        sum / rows.count().max(1) as f64
    }

    /// Leaves the hidden layer and the difference to the target of every row in `scratch`.
    fn forward(&self, rows: &SampleRows, part: &[u32], scratch: &mut Scratch) {
        let (columns, hidden) = (self.columns, self.config.hidden);
        for (to, row) in part.iter().enumerate() {
            let row = *row as usize;
            let from = &rows.x[row * columns..][..columns];
            scratch.x[to * columns..][..columns].copy_from_slice(from);
            scratch.y[to] = rows.y[row];
        }
        let (first, rest) = self.weights.split_at(columns * hidden);
        let (bias, output) = rest.split_at(hidden);
        for row in scratch.hidden.chunks_mut(hidden).take(part.len()) {
            row.copy_from_slice(bias);
        }
        let shape = [part.len(), columns, hidden];
        let x = Left::Plain(&scratch.x);
        multiply(shape, &x, first, 1.0, &mut scratch.hidden);
        let units = scratch.hidden.chunks_mut(hidden).take(part.len());
        for ((row, error), target) in units.zip(&mut scratch.error).zip(&scratch.y) {
            let mut sum = output[hidden];
            for (unit, weight) in row.iter_mut().zip(&output[..hidden]) {
                *unit = unit.max(0.0);
                sum += *unit * weight;
            }
            *error = sum - target;
        }
    }

    /// One step of Adam on the rows of a batch.
    fn step(&mut self, rows: &SampleRows, part: &[u32], scratch: &mut Scratch) {
        self.forward(rows, part, scratch);
        let (columns, hidden) = (self.columns, self.config.hidden);
        let output = columns * hidden + hidden;
        let scale = 2.0 / part.len() as f32;
        scratch.gradient.fill(0.0);
        let (first, rest) = scratch.gradient.split_at_mut(columns * hidden);
        let (bias, last) = rest.split_at_mut(hidden);
        let weights = &self.weights[output..output + hidden];
        let units = scratch
            .hidden
            .chunks(hidden)
            .zip(scratch.back.chunks_mut(hidden));
        for ((units, back), error) in units.zip(&scratch.error).take(part.len()) {
            let error = scale * error;
            last[hidden] += error;
            for unit in 0..hidden {
                last[unit] += error * units[unit];
                let slope = if units[unit] > 0.0 {
                    error * weights[unit]
                } else {
                    0.0
                };
                back[unit] = slope;
                bias[unit] += slope;
            }
        }
        let shape = [columns, part.len(), hidden];
        let x = Left::Transposed(&scratch.x);
        multiply(shape, &x, &scratch.back, 0.0, first);
        match self.config.optimizer {
            Optimizer::Adam => self.adam(&scratch.gradient),
            Optimizer::Sgd { momentum } => self.descend(momentum, &scratch.gradient),
        }
    }

    fn adam(&mut self, gradient: &[f32]) {
        self.steps += 1;
        let steps = self.steps.min(1_000_000) as i32;
        let unbiased = (1.0 - BETA.1.powi(steps)).sqrt() / (1.0 - BETA.0.powi(steps));
        let rate = self.config.lr * unbiased;
        let state = self.mean.iter_mut().zip(&mut self.square);
        for ((weight, (mean, square)), slope) in self.weights.iter_mut().zip(state).zip(gradient) {
            *mean += (1.0 - BETA.0) * (slope - *mean);
            *square += (1.0 - BETA.1) * (slope * slope - *square);
            *weight -= rate * *mean / (square.sqrt() + EPSILON);
        }
    }

    fn descend(&mut self, momentum: f32, gradient: &[f32]) {
        let state = self.mean.iter_mut().zip(gradient);
        for (weight, (velocity, slope)) in self.weights.iter_mut().zip(state) {
            *velocity = momentum * *velocity + slope;
            *weight -= self.config.lr * *velocity;
        }
    }

    /// The weights by layer: ReLU(x · hidden + bias) · output + bias, on scaled features.
    pub fn export(&self) -> Value {
        let (columns, hidden) = (self.columns, self.config.hidden);
        let (first, rest) = self.weights.split_at(columns * hidden);
        let (bias, output) = rest.split_at(hidden);
        json!({
            "hidden": first.chunks(hidden.max(1)).collect::<Vec<_>>(),
            "hidden_bias": bias,
            "output": output[..hidden],
            "output_bias": output[hidden],
        })
    }

    /// Weights and state of the optimiser.
    pub fn save(&self, to: &mut StateWriter) {
        to.count(self.epoch);
        to.count(self.steps);
        to.count(self.columns as u64);
        to.count(self.config.hidden as u64);
        to.floats(&self.weights);
        to.floats(&self.mean);
        to.floats(&self.square);
    }

    /// What [`save`](Self::save) wrote; `None` where it is something else.
    pub fn load(from: &mut StateReader<'_>, config: MlpConfig, seed: TrialSeed) -> Option<Self> {
        let (epoch, steps) = (from.count()?, from.count()?);
        let (columns, hidden) = (from.count()? as usize, from.count()? as usize);
        let size = columns.checked_mul(hidden)?.checked_add(2 * hidden + 1)?;
        Some(Self {
            config: MlpConfig { hidden, ..config },
            seed,
            columns,
            epoch,
            steps,
            weights: from.floats(size)?,
            mean: from.floats(size)?,
            square: from.floats(size)?,
        })
    }
}

impl Scratch {
    fn new(rows: usize, columns: usize, hidden: usize) -> Self {
        Self {
            x: vec![0.0; rows * columns],
            y: vec![0.0; rows],
            hidden: vec![0.0; rows * hidden],
            back: vec![0.0; rows * hidden],
            error: vec![0.0; rows],
            gradient: vec![0.0; columns * hidden + 2 * hidden + 1],
        }
    }
}

/// A matrix, row by row, or its transpose.
enum Left<'a> {
    Plain(&'a [f32]),
    Transposed(&'a [f32]),
}

/// `c = a b + beta c`, where `a` has `rows` × `inner` numbers and `b` has `inner` × `columns`. The
/// buffers may be longer.
fn multiply([rows, inner, columns]: [usize; 3], a: &Left<'_>, b: &[f32], beta: f32, c: &mut [f32]) {
    let a = match a {
        Left::Plain(a) => ArrayView2::from_shape((rows, inner), &a[..rows * inner]),
        Left::Transposed(a) => {
            ArrayView2::from_shape((inner, rows), &a[..rows * inner]).map(ArrayView2::reversed_axes)
        }
    };
    let b = ArrayView2::from_shape((inner, columns), &b[..inner * columns]);
    let c = ArrayViewMut2::from_shape((rows, columns), &mut c[..rows * columns]);
    if let (Ok(a), Ok(b), Ok(mut c)) = (a, b, c) {
        general_mat_mul(1.0, &a, &b, beta, &mut c);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use super::*;

    const CONFIG: MlpConfig = MlpConfig {
        lr: 0.01,
        batch: 16,
        hidden: 12,
        optimizer: Optimizer::Adam,
    };

    fn seed() -> TrialSeed {
        TrialSeed::new(7, 0, 3)
    }

    fn rows(count: usize) -> SampleRows {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let x: Vec<f32> = (0..count * 3).map(|_| rng.random::<f32>() - 0.5).collect();
        let y = x.chunks(3).map(|x| x[0] * x[1] - x[2]).collect();
        SampleRows { x, y, columns: 3 }
    }

    /// The gradient that a step follows is that of the mean squared error.
    #[test]
    fn the_gradient_is_that_of_the_error() {
        let (rows, part) = (rows(10), (0..10).collect::<Vec<u32>>());
        let mut mlp = Mlp::new(CONFIG, 3, seed());
        let before = mlp.weights.clone();
        let mut scratch = Scratch::new(10, 3, CONFIG.hidden);
        mlp.step(&rows, &part, &mut scratch);
        let at = |place: usize, by: f32| {
            let mut moved = Mlp::new(CONFIG, 3, seed());
            moved.weights[place] = before[place] + by;
            moved.error(&rows)
        };
        for place in [0, 5, 17, 36, 40, 50, 60] {
            let slope = (at(place, 1e-2) - at(place, -1e-2)) / 2e-2;
            let told = f64::from(scratch.gradient[place]);
            assert!((slope - told).abs() < 2e-3, "{place}: {slope} {told}");
        }
    }

    #[test]
    fn training_lowers_the_error_and_in_parts_gives_the_same_weights() {
        let rows = rows(200);
        let mut whole = Mlp::new(CONFIG, 3, seed());
        let untrained = whole.error(&rows);
        (0..6).for_each(|_| whole.train(&rows));
        assert!(whole.error(&rows) < untrained / 3.0);
        let mut first = Mlp::new(CONFIG, 3, seed());
        (0..2).for_each(|_| first.train(&rows));
        let mut bytes = StateWriter::default();
        first.save(&mut bytes);
        let bytes = bytes.finish();
        let mut second = Mlp::load(&mut StateReader::new(&bytes), CONFIG, seed()).unwrap();
        (0..4).for_each(|_| second.train(&rows));
        assert_eq!(second, whole);
        assert!(Mlp::load(&mut StateReader::new(&bytes[..90]), CONFIG, seed()).is_none());
    }

    #[test]
    fn trials_and_seeds_differ() {
        let weights = |seed| Mlp::new(CONFIG, 3, seed).weights;
        assert_eq!(weights(TrialSeed::new(7, 0, 3)), weights(seed()));
        assert_ne!(weights(TrialSeed::new(7, 0, 4)), weights(seed()));
        assert_ne!(weights(TrialSeed::new(8, 0, 3)), weights(seed()));
        assert_ne!(weights(TrialSeed::new(7, 1, 3)), weights(seed()));
    }
}
