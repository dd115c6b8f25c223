//! A Parzen estimator: a kernel around every observation, and a wide one as a prior.

use super::axis::{ParzenAxis, Spot};
use super::line::KernelLine;
use super::normal;
use crate::seed::Draws;

/// The latest so many observations have full weight; older ones less and less.
const FULL_WEIGHT: usize = 25;

/// A density over several axes: a mixture of products, one for each observation and the prior.
pub(super) struct Estimator<'a> {
    /// Logarithms of the kernels' weights, with all that normalises their lines.
    log_weights: Vec<f64>,
    /// The sums of the weights up to each kernel.
    until: Vec<f64>,
    sides: Vec<Side<'a>>,
}

/// The kernels on one axis.
enum Side<'a> {
    Line(&'a ParzenAxis, KernelLine),
    Kinds {
        kinds: usize,
        /// The kind of each observation; the prior has none.
        observed: Vec<f64>,
        /// Probability of the observed kind, and of each other.
        hit: f64,
        miss: f64,
    },
    Point,
}

impl<'a> Estimator<'a> {
    /// The estimate from observations: for each axis their places on it, the latest last.
    pub(super) fn new(axes: &[&'a ParzenAxis], places: Vec<Vec<f64>>) -> Self {
        let count = places.first().map_or(0, Vec::len);
        let weights = weights(count);
        let sum: f64 = weights.iter().sum();
        let mut log_weights: Vec<f64> = weights.iter().map(|one| libm::log(one / sum)).collect();
        let mut reached = 0.0;
        let until = weights.iter().map(|one| {
            reached += one / sum;
            reached
        });
        let until = until.collect();
        let mut sides = Vec::with_capacity(axes.len());
        for (axis, places) in axes.iter().zip(places) {
            sides.push(match axis {
                ParzenAxis::Line { .. } => {
                    let line = KernelLine::new(&places);
                    line.normalise(&mut log_weights);
                    Side::Line(axis, line)
                }
                ParzenAxis::Kinds(kinds) => {
                    let prior = 1.0 / (count + 1) as f64;
                    let all = 1.0 + *kinds as f64 * prior;
                    Side::Kinds {
                        kinds: *kinds,
                        observed: places,
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
        let kernel = self.until.partition_point(|until| *until <= place);
        let kernel = kernel.min(last);
        let sides = self.sides.iter();
        sides.map(|side| side.draw(kernel, draws)).collect()
    }

    /// The logarithm of the density at a spot, up to a constant of the axes.
    pub(super) fn log_density(&self, spots: &[Spot], terms: &mut Vec<f64>) -> f64 {
        terms.clone_from(&self.log_weights);
        for (side, spot) in self.sides.iter().zip(spots) {
            side.add(*spot, terms);
        }
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + libm::log(normal::sum_of_exponentials(terms, largest))
    }
}

impl Side<'_> {
    fn draw(&self, kernel: usize, draws: &mut Draws) -> Spot {
        match self {
            Self::Line(axis, line) => {
                let (mean, bandwidth) = line.kernel(kernel);
                axis.snapped(normal::draw_within(mean, bandwidth, draws))
            }
            Self::Kinds {
                kinds,
                observed,
                hit,
                miss,
            } => match observed.get(kernel) {
                Some(observed) if draws.unit() < hit - miss => Spot::Kind(*observed as usize),
                // What is left is the same for all kinds, as is the prior.
                _ => Spot::Kind(draws.below(*kinds as u64) as usize),
            },
            Self::Point => Spot::Kind(0),
        }
    }

    /// Adds to the term of each kernel the logarithm of its density on this axis, on lines without
    /// what normalises it.
    fn add(&self, spot: Spot, terms: &mut [f64]) {
        match (self, spot) {
            (Self::Line(_, line), Spot::At(at)) => line.add_density(at, terms),
            (Self::Line(_, line), Spot::Cell { from, to, .. }) => line.add_mass(from, to, terms),
            (
                Self::Kinds {
                    kinds,
                    observed,
                    hit,
                    miss,
                },
                Spot::Kind(kind),
            ) => {
                let (hit, miss, kind) = (libm::log(*hit), libm::log(*miss), kind as f64);
                for (term, observed) in terms.iter_mut().zip(observed) {
                    let same = (observed - kind).abs() < 0.5;
                    *term += if same { hit } else { miss };
                }
                if let Some(prior) = terms.last_mut() {
                    *prior -= libm::log(*kinds as f64);
                }
            }
            (Self::Point | Self::Line(..) | Self::Kinds { .. }, _) => {}
        }
    }
}

/// The weights of observations, the oldest first, and of the prior.
fn weights(count: usize) -> Vec<f64> {
    let old = count.saturating_sub(FULL_WEIGHT);
    let first = 1.0 / count.max(1) as f64;
    let slope = (1.0 - first) / (old.max(2) - 1) as f64;
    let ramp = (0..old).map(|at| first + at as f64 * slope);
    let full = std::iter::repeat_n(1.0, count - old + 1);
    ramp.chain(full).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Drawn;
    use crate::space::Domain;
    use crate::trial::TrialId;

    /// Densities and masses over an axis add up to one, wherever the observations are.
    #[test]
    fn densities_are_normalised() {
        let domains = [
            Domain::Uniform {
                low: -3.0,
                high: 5.0,
            },
            Domain::Integer {
                low: 0,
                high: 6,
                step: 1,
            },
            Domain::LogInteger { low: 1, high: 100 },
            Domain::Quantised {
                low: 0.0,
                high: 1.0,
                step: 0.1,
            },
            Domain::Choice(vec!["a".into(), "b".into(), "c".into()]),
        ];
        let mut draws = Draws::new(1, TrialId(1), Drawn::Configuration);
        for domain in domains {
            let axis = ParzenAxis::new(&domain);
            for count in [0, 1, 2, 3, 30, 300] {
                let values = (0..count).map(|_| domain.draw(&mut draws));
                let places = values.map(|value| axis.place(&domain, &value)).collect();
                let estimator = Estimator::new(&[&axis], vec![places]);
                let mut terms = Vec::new();
                let spots: Vec<Spot> = match domain.count() {
                    None => (0..10_000)
                        .map(|at| Spot::At((f64::from(at) + 0.5) / 10_000.0))
                        .collect(),
                    Some(count) => (0..count)
                        .map(|nth| axis.spot(axis.place(&domain, &domain.nth(nth))))
                        .collect(),
                };
                let width = if domain.count().is_none() {
                    // The constant that densities leave out.
                    1e-4 / (2.0 * std::f64::consts::PI).sqrt()
                } else {
                    1.0
                };
                let density = |spot: &Spot| estimator.log_density(&[*spot], &mut terms).exp();
                let all: f64 = spots.iter().map(density).sum();
                assert!((all * width - 1.0).abs() < 2e-3, "{domain}, {count}: {all}");
            }
        }
    }

    #[test]
    fn weights_fall_with_age() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(weights(24).iter().all(|weight| near(*weight, 1.0)));
        let weights = weights(27);
        assert!(near(weights[0], 1.0 / 27.0) && near(weights[1], 1.0));
        assert_eq!(weights.len(), 28);
    }
}
