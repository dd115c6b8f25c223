//! Rows as tensors on the device.
//!
//! Belongs here: normalisation, batches. Does not belong here: reading files, and which rows form a
//! batch.

use std::fmt;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};
use workbench_ddp_protocol::{Data, FailureKind, Phase, Share, Stage, TrainSpec};
use workbench_images::{ImageSource, Images, Subset};

use crate::failure::Failure;
use crate::job::Job;
use crate::reporter::Reporter;
use crate::sampler::BatchRows;

/// Mean and standard deviation of MNIST's training pixels, scaled to 0..1.
const MNIST: ([f32; 1], [f32; 1]) = ([0.1307], [0.3081]);
/// Those of CIFAR-10's, red, green and blue.
const CIFAR10: ([f32; 3], [f32; 3]) = ([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]);

/// What an image is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Planes: 1 or 3.
    pub channels: i64,
    /// Rows of pixels.
    pub height: i64,
    /// Pixels per row.
    pub width: i64,
    /// Classes.
    pub classes: i64,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            channels,
            height,
            width,
            classes,
        } = self;
        write!(f, "{channels} × {height} × {width} of {classes} classes")
    }
}

/// Images and labels, kept as bytes and made into normalised floats batch by batch.
#[derive(Debug)]
pub struct Dataset {
    images: Tensor,
    labels: Tensor,
    mean: Tensor,
    deviation: Tensor,
    shape: Shape,
}

/// A part of the rows, as a model takes them.
#[derive(Debug)]
pub struct Batch {
    /// Rows × channels × height × width, normalised to mean 0 and variance 1.
    pub images: Tensor,
    /// One class number per row.
    pub labels: Tensor,
    /// What it is of the step of all ranks.
    pub share: Share,
}

impl Batch {
    /// This rank's mean loss, so that the mean over the ranks is that over the rows: the same where
    /// all ranks take equally many, as in all steps but the last of an epoch.
    #[expect(clippy::float_cmp, reason = "exactly 1 where all are equal")]
    pub fn weighted(&self, loss: &Tensor) -> Tensor {
        let weight = self.share.weight();
        // Exactly 1 where all are equal: then the sums are the same, bit for bit.
        if weight == 1.0 {
            loss.shallow_clone()
        } else {
            loss * weight
        }
    }

    /// The same rows in so many parts, or fewer, so that each has 2 rows or more: the last, and
    /// those before it.
    pub fn parts(&self, parts: u32) -> (Vec<Self>, Self) {
        let most = self.labels.numel() / 2;
        let parts = (parts as usize).min(most).max(1) as i64;
        let images = self.images.tensor_split(parts, 0);
        let labels = self.labels.tensor_split(parts, 0);
        let mut all: Vec<Self> = images
            .into_iter()
            .zip(labels)
            .map(|(images, labels)| self.part(images, labels))
            .collect();
        let whole = || self.part(self.images.shallow_clone(), self.labels.shallow_clone());
        let last = all.pop().unwrap_or_else(whole);
        (all, last)
    }

    fn part(&self, images: Tensor, labels: Tensor) -> Self {
        Self {
            images,
            labels,
            share: self.share,
        }
    }

    /// The mean loss of these rows, as a part of the mean over all rows of `whole`.
    pub fn loss(&self, logits: &Tensor, whole: &Self) -> Tensor {
        let share = self.labels.numel() as f64 / whole.labels.numel() as f64;
        logits.cross_entropy_for_logits(&self.labels) * share
    }
}

impl Dataset {
    /// Reads the part of the data that a specification asks for.
    ///
    /// # Errors
    /// When files are missing or not what they should be.
    pub fn load(spec: &TrainSpec, part: Subset, device: Device) -> Result<Self, Failure> {
        let source = match &spec.data {
            Data::Embedded => ImageSource::Embedded,
            Data::Files { path } => ImageSource::find(path)?,
        };
        let rows = match part {
            Subset::Train => spec.train_rows,
            Subset::Test => spec.test_rows,
        };
        let rows = rows.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX));
        Self::from_images(&source.load(part, rows)?, device)
    }

    /// Reads what a job trains on and what it is tested on.
    ///
    /// # Errors
    /// When it cannot be read, or there are fewer rows for each rank than a batch has, or the test
    /// images are not like the others.
    pub fn load_both(job: &Job, report: &Reporter) -> Result<(Self, Self), Failure> {
        report.at(Phase::Data);
        let train = Self::load(&job.spec, Subset::Train, job.device)?;
        let test = Self::load(&job.spec, Subset::Test, job.device)?;
        job.check_batch(train.len())?;
        // Else the model would find out, after an epoch.
        if test.shape != train.shape {
            return Err(Failure::new(
                FailureKind::Data,
                format!(
                    "the test images are {}, the training images {}; give files of one data set",
                    test.shape, train.shape
                ),
            ));
        }
        report.stage(Stage::DataLoaded);
        Ok((train, test))
    }

    /// Takes over images.
    ///
    /// # Errors
    /// When they are neither grey nor red, green and blue.
    pub fn from_images(images: &Images, device: Device) -> Result<Self, Failure> {
        let (mean, deviation) = match images.channels {
            1 => (&MNIST.0[..], &MNIST.1[..]),
            3 => (&CIFAR10.0[..], &CIFAR10.1[..]),
            other => {
                return Err(Failure::new(
                    FailureKind::Data,
                    format!("images of {other} channels; models here take 1 (grey) or 3 (colours)"),
                ));
            }
        };
        let shape = Shape {
            channels: images.channels as i64,
            height: images.height as i64,
            width: images.width as i64,
            classes: images.classes as i64,
        };
        let size = [
            images.len() as i64,
            shape.channels,
            shape.height,
            shape.width,
        ];
        let plane = |values: &[f32]| {
            Tensor::f_from_slice(values)?
                .f_view([1, shape.channels, 1, 1])?
                .f_to_device(device)
        };
        Ok(Self {
            images: Tensor::f_from_data_size(&images.pixels, &size, Kind::Uint8)?
                .f_to_device(device)?,
            labels: Tensor::f_from_slice(&images.labels)?
                .f_to_kind(Kind::Int64)?
                .f_to_device(device)?,
            // In units of bytes, so that one subtraction and one division make a byte a normalised
            // value.
            mean: plane(mean)? * 255.0,
            deviation: plane(deviation)? * 255.0,
            shape,
        })
    }

    /// Sets rows apart: those that are left, and `apart` that the seed chooses.
    ///
    /// # Errors
    /// When one of the two would have none.
    pub fn split(&self, apart: u64, seed: u64) -> Result<(Self, Self), Failure> {
        let rows = self.len();
        let apart = usize::try_from(apart).unwrap_or(usize::MAX);
        if apart == 0 || apart >= rows {
            return Err(Failure::spec(format!(
                "{apart} of {rows} rows are to be set apart; give 1 to {}",
                rows.saturating_sub(1)
            )));
        }
        let mut order: Vec<i64> = (0..rows as i64).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let (chosen, left) = order.split_at_mut(apart);
        // In their own order, so that what is computed does not depend on the way here.
        left.sort_unstable();
        chosen.sort_unstable();
        Ok((self.only(left)?, self.only(chosen)?))
    }

    /// These rows alone.
    fn only(&self, rows: &[i64]) -> Result<Self, Failure> {
        let index = Tensor::f_from_slice(rows)?.f_to_device(self.images.device())?;
        Ok(Self {
            images: self.images.f_index_select(0, &index)?,
            labels: self.labels.f_index_select(0, &index)?,
            mean: self.mean.shallow_clone(),
            deviation: self.deviation.shallow_clone(),
            shape: self.shape,
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.labels.numel()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What every image is like.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The rows that a rank trains on in a step.
    pub fn batch(&self, batch: &BatchRows) -> Batch {
        let (images, labels) = self.rows(&batch.rows);
        Batch {
            images,
            labels,
            share: batch.share,
        }
    }

    /// The images and labels of these row numbers.
    pub fn rows(&self, rows: &[i64]) -> (Tensor, Tensor) {
        let index = Tensor::from_slice(rows).to_device(self.images.device());
        let mut images = self.images.index_select(0, &index).to_kind(Kind::Float);
        let _ = images.subtract_(&self.mean);
        let _ = images.divide_(&self.deviation);
        (images, self.labels.index_select(0, &index))
    }
}
