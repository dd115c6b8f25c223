//! A Parzen estimator: a kernel around every observation, and a wide one as a prior.

use super::axis::{ParzenAxis, Spot};
use super::normal;
use crate::seed::Draws;

/// No bandwidth is less than this share of the axis, however many observations there are.
const LEAST_BANDWIDTH: f64 = 0.01;

/// The latest so many observations have full weight; older ones less and less.
const FULL_WEIGHT: usize = 25;

/// Terms so far below the largest, as logarithms, do not change a sum.
const NEGLIGIBLE: f64 = 40.0;

/// A density over several axes: a mixture of products, one for each observation and the prior.
pub(super) struct Estimator<'a> {
    /// Logarithms of the kernels' weights, with what normalises their lines.
    log_weights: Vec<f64>,
    /// The sums of the weights up to each kernel.
    until: Vec<f64>,
    sides: Vec<Side<'a>>,
}

/// The kernels on one axis.
enum Side<'a> {
    Line {
        axis: &'a ParzenAxis,
        kernels: Vec<Kernel>,
    },
    Kinds {
        kinds: usize,
        /// The kind of each observation; the prior has none.
        observed: Vec<usize>,
        /// Probability of the observed kind, and of each other.
        hit: f64,
        miss: f64,
    },
    Point,
}

#[derive(Clone, Copy)]
struct Kernel {
    mean: f64,
    bandwidth: f64,
    per_bandwidth: f64,
    log_bandwidth: f64,
}

impl<'a> Estimator<'a> {
    /// The estimate from these observations, one spot for each axis; the latest last.
    pub(super) fn new(axes: &[&'a ParzenAxis], observations: &[Vec<Spot>]) -> Self {
        let weights = weights(observations.len());
        let sum: f64 = weights.iter().sum();
        let mut log_weights: Vec<f64> = weights.iter().map(|one| libm::log(one / sum)).collect();
        let mut reached = 0.0;
        let until = weights.iter().map(|one| {
            reached += one / sum;
            reached
        });
        let until = until.collect();
        let mut sides = Vec::with_capacity(axes.len());
        for (index, axis) in axes.iter().enumerate() {
            let on = observations.iter().map(|spots| spots[index]);
            sides.push(match axis {
                ParzenAxis::Line { .. } => {
                    let means: Vec<f64> = on.map(Spot::at).collect();
                    let kernels = kernels(&means);
                    for (log_weight, kernel) in log_weights.iter_mut().zip(&kernels) {
                        *log_weight -= kernel.log_mass();
                    }
                    Side::Line { axis, kernels }
                }
                ParzenAxis::Kinds(kinds) => {
                    let observed = on.map(|spot| spot.at() as usize).collect();
                    let prior = 1.0 / (observations.len() + 1) as f64;
                    let all = 1.0 + *kinds as f64 * prior;
                    Side::Kinds {
                        kinds: *kinds,
                        observed,
                        hit: (1.0 + prior) / all,
                        miss: prior / all,
                    }
                }
                ParzenAxis::Point => Side::Point,
            });
        }
        Self {
            log_weights,
            until,
            sides,
        }
    }

    /// A random spot on every axis.
    pub(super) fn draw(&self, draws: &mut Draws) -> Vec<Spot> {
        let place = draws.unit();
        let last = self.until.len() - 1;
        let kernel = self
            .until
            .partition_point(|until| *until <= place)
            .min(last);
        let sides = self.sides.iter();
        sides.map(|side| side.draw(kernel, draws)).collect()
    }

    /// The logarithm of the density at a spot.
    pub(super) fn log_density(&self, spots: &[Spot]) -> f64 {
        let mut terms = self.log_weights.clone();
        for (side, spot) in self.sides.iter().zip(spots) {
            side.add(*spot, &mut terms);
        }
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let relevant = terms.iter().map(|term| term - largest);
        let relevant = relevant.filter(|term| *term > -NEGLIGIBLE);
        largest + libm::log(relevant.map(libm::exp).sum())
    }
}

impl Side<'_> {
    fn draw(&self, kernel: usize, draws: &mut Draws) -> Spot {
        match self {
            Self::Line { axis, kernels } => {
                let Kernel {
                    mean, bandwidth, ..
                } = kernels[kernel];
                axis.snapped(normal::draw_within(mean, bandwidth, draws))
            }
            Self::Kinds {
                kinds,
                observed,
                hit,
                miss,
            } => {
                let Some(observed) = observed.get(kernel) else {
                    return Spot::Kind(draws.below(*kinds as u64) as usize);
                };
                if draws.unit() < hit - miss {
                    Spot::Kind(*observed)
                } else {
                    // What is left is the same for all.
                    Spot::Kind(draws.below(*kinds as u64) as usize)
                }
            }
            Self::Point => Spot::Kind(0),
        }
    }

    /// Adds to the term of each kernel the logarithm of its density on this axis, on lines without
    /// what normalises it.
    fn add(&self, spot: Spot, terms: &mut [f64]) {
        match (self, spot) {
            (Self::Line { kernels, .. }, Spot::At(at)) => {
                for (term, kernel) in terms.iter_mut().zip(kernels) {
                    let z = (at - kernel.mean) * kernel.per_bandwidth;
                    *term -= 0.5 * z * z + kernel.log_bandwidth;
                }
            }
            (Self::Line { kernels, .. }, Spot::Cell { from, to, .. }) => {
                for (term, kernel) in terms.iter_mut().zip(kernels) {
                    *term += kernel.log_mass_of(from, to);
                }
            }
            (
                Self::Kinds {
                    kinds,
                    observed,
                    hit,
                    miss,
                },
                Spot::Kind(kind),
            ) => {
                let (hit, miss) = (libm::log(*hit), libm::log(*miss));
                let known = observed.iter();
                let known = known.map(|observed| if *observed == kind { hit } else { miss });
                let prior = -libm::log(*kinds as f64);
                for (term, log) in terms.iter_mut().zip(known.chain([prior])) {
                    *term += log;
                }
            }
            (Self::Point | Self::Line { .. } | Self::Kinds { .. }, _) => {}
        }
    }
}

impl Kernel {
    fn new(mean: f64, bandwidth: f64) -> Self {
        Self {
            mean,
            bandwidth,
            per_bandwidth: 1.0 / bandwidth,
            log_bandwidth: libm::log(bandwidth),
        }
    }

    fn log_mass_of(self, from: f64, to: f64) -> f64 {
        normal::log_mass(
            (from - self.mean) * self.per_bandwidth,
            (to - self.mean) * self.per_bandwidth,
        )
    }

    /// The logarithm of what of it is on the axis.
    fn log_mass(self) -> f64 {
        let inside = normal::FAR * self.bandwidth;
        if self.mean > inside && self.mean < 1.0 - inside {
            0.0
        } else {
            self.log_mass_of(0.0, 1.0)
        }
    }
}

/// The weights of observations, the oldest first, and of the prior.
fn weights(count: usize) -> Vec<f64> {
    let old = count.saturating_sub(FULL_WEIGHT);
    let first = 1.0 / count.max(1) as f64;
    let slope = (1.0 - first) / (old.max(2) - 1) as f64;
    let ramp = (0..old).map(|at| first + at as f64 * slope);
    ramp.chain(std::iter::repeat_n(1.0, count - old + 1))
        .collect()
}

/// A kernel for each observation, as wide as its neighbours are far, and the prior.
fn kernels(means: &[f64]) -> Vec<Kernel> {
    let count = means.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_unstable_by(|a, b| means[*a].total_cmp(&means[*b]).then(a.cmp(b)));
    let mut kernels = vec![Kernel::new(0.5, 1.0); count + 1];
    // Kernels are counted with the prior.
    let least = LEAST_BANDWIDTH.max(1.0 / (count + 2) as f64);
    for (place, index) in order.iter().enumerate() {
        let mean = means[*index];
        let before = place.checked_sub(1).map(|place| mean - means[order[place]]);
        let after = order.get(place + 1).map(|next| means[*next] - mean);
        // The ends of the axis are no neighbours, unless there is no other.
        let bandwidth = match (before, after) {
            (Some(before), Some(after)) => before.max(after),
            (Some(distance), None) | (None, Some(distance)) => distance,
            (None, None) => mean.max(1.0 - mean),
        };
        kernels[*index] = Kernel::new(mean, bandwidth.clamp(least, 1.0));
    }
    kernels
}
