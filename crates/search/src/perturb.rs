//! How a copied trial's configuration differs from its parent's.

use crate::seed::{Drawn, Draws};
use crate::space::{Domain, Space};
use crate::trial::TrialId;
use crate::value::{ConfigValue, Configuration};

/// The explore step of population based training (Jaderberg et al. 2017): each parameter is drawn
/// anew with a small probability, and changed by a factor otherwise. Parameters with an order but
/// no factor (`grid`) move to a neighbour; those without an order (`choice`) stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Perturb {
    /// Factors, each as likely; 0.8 and 1.2 at first.
    pub factors: Vec<f64>,
    /// How likely a parameter is drawn anew; 0.25 at first.
    pub resample: f64,
    /// Parameters that stay as they are, because the state that is taken over was made with them.
    pub fixed: Vec<String>,
}

impl Default for Perturb {
    fn default() -> Self {
        Self {
            factors: vec![0.8, 1.2],
            resample: 0.25,
            fixed: Vec::new(),
        }
    }
}

impl Perturb {
    /// The configuration of a trial that copies one with `parent`. It depends on the seed, the
    /// number of the new trial and the parent's configuration alone.
    pub fn configuration(
        &self,
        space: &Space,
        parent: &Configuration,
        seed: u64,
        trial: TrialId,
    ) -> Configuration {
        let mut draws = Draws::new(seed, trial, Drawn::Perturbation);
        space.fill(|_, dimension| {
            let domain = &dimension.domain;
            // Both are drawn in any case, so that parameters do not shift each other's numbers.
            let anew = domain.draw(&mut draws);
            let (resampled, which) = (draws.unit() < self.resample, draws.bits());
            match parent.get(&dimension.name) {
                Some(value) if self.fixed.contains(&dimension.name) => value.clone(),
                Some(value) if !resampled => self.near(domain, value, which),
                _ => anew,
            }
        })
    }

    fn near(&self, domain: &Domain, value: &ConfigValue, which: u64) -> ConfigValue {
        let count = (self.factors.len() as u64).max(1);
        let factor = self.factors.get((which % count) as usize);
        let factor = factor.copied().unwrap_or(1.0);
        let scaled = |low: f64, high: f64| {
            let number = value.as_f64().unwrap_or(low) * factor;
            number.clamp(low, high)
        };
        match domain {
            Domain::Uniform { low, high } | Domain::LogUniform { low, high } => {
                ConfigValue::Float(scaled(*low, *high))
            }
            Domain::Quantised { low, high, step } => {
                let last = domain.count().unwrap_or(1) - 1;
                let index = ((scaled(*low, *high) - low) / step).round();
                domain.nth((index as u64).min(last))
            }
            Domain::Integer { low, high, step } => {
                let last = domain.count().unwrap_or(1) - 1;
                let index = (scaled(*low as f64, *high as f64) - *low as f64) / *step as f64;
                domain.nth(moved(value, *low, *step, index, factor).min(last))
            }
            Domain::LogInteger { low, high } => {
                let last = domain.count().unwrap_or(1) - 1;
                let index = scaled(*low as f64, *high as f64) - *low as f64;
                domain.nth(moved(value, *low, 1, index, factor).min(last))
            }
            Domain::Grid(values) => {
                let at = values.iter().position(|known| known.same(value));
                let at = at.unwrap_or(0);
                let next = if factor < 1.0 {
                    at.saturating_sub(1)
                } else {
                    at + 1
                };
                values[next.min(values.len() - 1)].clone()
            }
            Domain::Choice(_) | Domain::Fixed(_) => value.clone(),
        }
    }
}

/// The index of a scaled whole number; small ones move by one at least.
fn moved(value: &ConfigValue, low: i64, step: i64, index: f64, factor: f64) -> u64 {
    let before = ((value.as_i64().unwrap_or(low) - low) / step).max(0) as u64;
    let rounded = index.round() as u64;
    if rounded != before {
        rounded
    } else if factor < 1.0 {
        before.saturating_sub(1)
    } else if factor > 1.0 {
        before + 1
    } else {
        before
    }
}
