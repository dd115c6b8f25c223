//! Kernels on a line from 0 to 1: normal densities that are cut off at its ends.

use super::normal;

/// No bandwidth is less than this share of the axis, however many observations there are.
const LEAST_BANDWIDTH: f64 = 0.01;

/// The mass of a cell that is narrower than this share of the bandwidth is its width times the
/// density in its middle, to a third of a percent.
const NARROW: f64 = 0.25;

/// The kernels of the observations in their order, and of the prior.
pub(super) struct KernelLine {
    means: Vec<f64>,
    bandwidths: Vec<f64>,
    per_bandwidth: Vec<f64>,
    /// Which kernels are equal: the number of the first of them.
    first: Vec<usize>,
}

impl KernelLine {
    /// A kernel for each place, as wide as its neighbours are far, and the prior.
    pub(super) fn new(places: &[f64]) -> Self {
        let count = places.len();
        // Numbers that are not negative have the order of their bits.
        let keyed = places.iter().enumerate();
        let mut order: Vec<(u64, usize)> = keyed
            .map(|(index, place)| ((place + 0.0).to_bits(), index))
            .collect();
        order.sort_unstable();
        let mean = |place: usize| places[order[place].1];
        // Kernels are counted with the prior.
        let least = LEAST_BANDWIDTH.max(1.0 / (count + 2) as f64);
        let mut bandwidths = vec![1.0; count + 1];
        let mut first: Vec<usize> = (0..=count).collect();
        let mut equal = 0..0;
        for (place, (bits, index)) in order.iter().enumerate() {
            let before = place
                .checked_sub(1)
                .map(|before| mean(place) - mean(before));
            let after = (place + 1 < count).then(|| mean(place + 1) - mean(place));
            // The ends of the axis are no neighbours, unless there is no other.
            let bandwidth: f64 = match (before, after) {
                (Some(before), Some(after)) => before.max(after),
                (Some(distance), None) | (None, Some(distance)) => distance,
                (None, None) => mean(place).max(1.0 - mean(place)),
            };
            bandwidths[*index] = bandwidth.clamp(least, 1.0);
            if place == 0 || order[place - 1].0 != *bits {
                equal = place..place;
            }
            // Of those at the same place, few have a width of their own.
            let same = |other: &usize| {
                bandwidths[order[*other].1].to_bits() == bandwidths[*index].to_bits()
            };
            match equal.clone().find(same) {
                Some(other) => first[*index] = first[order[other].1],
                None => equal.end = place + 1,
            }
        }
        let means = places.iter().copied().chain([0.5]).collect();
        Self {
            means,
            per_bandwidth: bandwidths.iter().map(|one| 1.0 / one).collect(),
            bandwidths,
            first,
        }
    }

    /// Mean and bandwidth of a kernel.
    pub(super) fn kernel(&self, index: usize) -> (f64, f64) {
        (self.means[index], self.bandwidths[index])
    }

    /// Divides the weights of the kernels by what of them is on the line, and by their widths.
    pub(super) fn normalise(&self, log_weights: &mut [f64]) {
        let mut known = (1.0, 0.0);
        for (index, log_weight) in log_weights.iter_mut().enumerate() {
            let (mean, bandwidth) = self.kernel(index);
            if bandwidth.to_bits() != f64::to_bits(known.0) {
                known = (bandwidth, libm::log(bandwidth));
            }
            *log_weight -= known.1;
            let inside = normal::FAR * bandwidth;
            if mean < inside || mean > 1.0 - inside {
                let (low, high) = (-mean / bandwidth, (1.0 - mean) / bandwidth);
                *log_weight -= normal::log_mass(low, high);
            }
        }
    }

    /// Adds the logarithms of the densities at a place, without what normalises them.
    pub(super) fn add_density(&self, at: f64, terms: &mut [f64]) {
        let kernels = self.means.iter().zip(&self.per_bandwidth);
        for (term, (mean, per_bandwidth)) in terms.iter_mut().zip(kernels) {
            let z = (at - mean) * per_bandwidth;
            *term -= 0.5 * z * z;
        }
    }

    /// Adds the logarithms of the masses between two places, without what normalises them.
    pub(super) fn add_mass(&self, from: f64, to: f64, terms: &mut [f64]) {
        let log_width = libm::log(to - from) - normal::LOG_ROOT_TWO_PI;
        let middle = f64::midpoint(from, to);
        if to - from < NARROW * LEAST_BANDWIDTH {
            self.add_density(middle, terms);
            for term in terms {
                *term += log_width;
            }
            return;
        }
        let mut masses = vec![0.0; terms.len()];
        for (index, term) in terms.iter_mut().enumerate() {
            let first = self.first[index];
            if first == index || masses[first] == 0.0 {
                let (mean, bandwidth) = self.kernel(index);
                let per_bandwidth = self.per_bandwidth[index];
                let (low, high) = ((from - mean) * per_bandwidth, (to - mean) * per_bandwidth);
                let nearest = low.max(-high);
                masses[first] = if high - low < NARROW || nearest > normal::FAR {
                    let z = ((middle - mean) * per_bandwidth)
                        .abs()
                        .min(nearest.max(0.0) + NARROW);
                    log_width - 0.5 * z * z
                } else {
                    normal::log_mass(low, high) + libm::log(bandwidth)
                };
            }
            *term += masses[first];
        }
    }
}
