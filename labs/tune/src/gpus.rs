//! Which GPUs a trial has: whole ones, or a part of one that others have as well.

use std::cmp::Reverse;
use std::env;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use workbench_experiment::lab::{LabError, Opt, Refusal};

/// What says which GPUs a program sees.
pub const VISIBLE: &str = "CUDA_VISIBLE_DEVICES";
/// What says in which order it counts them.
const ORDER: &str = "CUDA_DEVICE_ORDER";
/// Parts of a GPU: ten trials of 0.1 fill one.
const PARTS: u32 = 10_000;
/// Interval of looks at whether a trial that waits is to end.
const LOOK: Duration = Duration::from_millis(100);

/// How much of the GPUs a trial has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuShare {
    /// Parts of one.
    Part(u32),
    /// So many, for itself.
    Whole(usize),
}

impl GpuShare {
    /// The value of `trial_gpus`; `None` for 0, where GPUs are not given out.
    ///
    /// # Errors
    /// For one and a half.
    pub fn of(gpus: f64) -> Result<Option<Self>, LabError> {
        let parts = (gpus * f64::from(PARTS)).round();
        if gpus == 0.0 {
            Ok(None)
        } else if gpus < 1.0 && parts >= 1.0 {
            Ok(Some(Self::Part(parts as u32)))
        } else if gpus >= 1.0 && gpus.fract() == 0.0 {
            Ok(Some(Self::Whole(gpus as usize)))
        } else {
            let reason = "give a part of one GPU, such as 0.5, or a whole number of GPUs";
            Err(refused("trial_gpus", &gpus.to_string(), reason))
        }
    }

    /// How many trials have room on so many GPUs at once.
    pub fn trials_on(self, gpus: usize) -> usize {
        match self {
            Self::Part(parts) => gpus * (PARTS / parts.max(1)) as usize,
            Self::Whole(count) => gpus / count.max(1),
        }
    }
}

/// The refusal of a parameter about GPUs.
pub fn refused(param: &str, given: &str, reason: &str) -> LabError {
    let option = Opt::Set(param.to_owned());
    LabError::Refused(Refusal::new(option, given, reason.to_owned()))
}

/// The GPUs of a run, and what is free of them.
#[derive(Debug)]
pub struct SharedGpus {
    gpus: Vec<String>,
    share: GpuShare,
    /// Free parts of each.
    free: Mutex<Vec<u32>>,
    freed: Condvar,
}

/// What a trial has of them, until this is dropped.
#[derive(Debug)]
pub struct TakenGpus<'a> {
    from: &'a SharedGpus,
    taken: Vec<usize>,
}

impl SharedGpus {
    /// All of them free.
    pub fn new(gpus: Vec<String>, share: GpuShare) -> Self {
        Self {
            free: Mutex::new(vec![PARTS; gpus.len()]),
            gpus,
            share,
            freed: Condvar::new(),
        }
    }

    /// Waits until there is room for a trial, and takes it; `None` where it is to `stop` before.
    pub fn take(&self, stop: &dyn Fn() -> bool) -> Option<TakenGpus<'_>> {
        let mut free = self.free();
        loop {
            let taken = chosen(&free, self.share);
            if !taken.is_empty() {
                for gpu in &taken {
                    free[*gpu] -= self.parts();
                }
                return Some(TakenGpus { from: self, taken });
            }
            if stop() {
                return None;
            }
            let waited = self.freed.wait_timeout(free, LOOK);
            free = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What a trial takes of each of its GPUs.
    fn parts(&self) -> u32 {
        match self.share {
            GpuShare::Part(parts) => parts,
            GpuShare::Whole(_) => PARTS,
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<u32>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The GPUs for a trial: a part of the one that has most to give, so that trials spread, or the
/// first that nobody has. None where there is no room.
fn chosen(free: &[u32], share: GpuShare) -> Vec<usize> {
    let with_free = free.iter().enumerate();
    match share {
        GpuShare::Part(parts) => {
            let there = with_free.filter(|(_, free)| **free >= parts);
            let most = there.max_by_key(|(gpu, free)| (**free, Reverse(*gpu)));
            most.map(|(gpu, _)| gpu).into_iter().collect()
        }
        GpuShare::Whole(count) => {
            let whole = with_free.filter(|(_, free)| **free == PARTS);
            let first: Vec<usize> = whole.map(|(gpu, _)| gpu).take(count).collect();
            if first.len() == count { first } else { vec![] }
        }
    }
}

impl TakenGpus<'_> {
    /// Their numbers or names.
    pub fn names(&self) -> Vec<String> {
        let taken = self.taken.iter();
        taken.map(|gpu| self.from.gpus[*gpu].clone()).collect()
    }

    /// The variables by which a program sees these alone. They are counted as the driver does,
    /// where nobody has said otherwise.
    pub fn variables(&self) -> Vec<(String, String)> {
        let is_said = [VISIBLE, ORDER].iter().any(|of| env::var_os(of).is_some());
        let order = (!is_said).then(|| (ORDER.to_owned(), "PCI_BUS_ID".to_owned()));
        let visible = (VISIBLE.to_owned(), self.names().join(","));
        order.into_iter().chain([visible]).collect()
    }
}

impl Drop for TakenGpus<'_> {
    fn drop(&mut self) {
        let parts = self.from.parts();
        let mut free = self.from.free();
        for gpu in &self.taken {
            free[*gpu] += parts;
        }
        drop(free);
        self.from.freed.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(gpus: f64) -> GpuShare {
        GpuShare::of(gpus).unwrap().unwrap()
    }

    fn shared(gpus: usize, each: f64) -> SharedGpus {
        let gpus = (0..gpus).map(|gpu| gpu.to_string());
        SharedGpus::new(gpus.collect(), share(each))
    }

    /// Who asks while nothing is free gets nothing.
    fn at_once(shared: &SharedGpus) -> Option<TakenGpus<'_>> {
        shared.take(&|| true)
    }

    #[test]
    fn a_trial_has_a_part_of_one_or_some_as_a_whole() {
        for (gpus, on_two) in [(0.5, 4), (0.3, 6), (0.1, 20), (0.51, 2), (1.0, 2), (2.0, 1)] {
            assert_eq!(share(gpus).trials_on(2), on_two, "{gpus}");
            let shared = shared(2, gpus);
            let taken: Vec<_> = std::iter::from_fn(|| at_once(&shared)).collect();
            assert_eq!(taken.len(), on_two, "{gpus}");
        }
        assert_eq!(share(3.0).trials_on(2), 0);
        assert_eq!(GpuShare::of(0.0).unwrap(), None);
        for gpus in [1.5, 0.00001, -1.0, f64::NAN] {
            assert!(GpuShare::of(gpus).is_err(), "{gpus}");
        }
    }

    #[test]
    fn trials_spread_and_see_only_what_is_theirs() {
        let shared = shared(2, 0.3);
        let first = at_once(&shared).unwrap();
        let second = at_once(&shared).unwrap();
        assert_eq!(
            (first.names(), second.names()),
            (vec!["0".into()], vec!["1".into()])
        );
        let visible = first.variables().pop().unwrap();
        assert_eq!(visible, ("CUDA_VISIBLE_DEVICES".into(), "0".into()));
        let shared = self::shared(3, 2.0);
        let both = at_once(&shared).unwrap();
        assert_eq!(both.names(), ["0", "1"]);
        assert!(at_once(&shared).is_none());
    }

    #[test]
    fn who_finds_nothing_free_waits_for_it() {
        let shared = shared(1, 1.0);
        let taken = at_once(&shared).unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| shared.take(&|| false).map(|taken| taken.names()));
            drop(taken);
            assert_eq!(waits.join().unwrap(), Some(vec!["0".to_owned()]));
        });
        assert!(at_once(&shared).is_some());
    }

    proptest! {
        #[test]
        fn no_gpu_is_given_out_beyond_what_it_has(
            gpus in 1..5_usize,
            each in prop_oneof![0.05..1.0_f64, (1..4_u32).prop_map(f64::from)],
            acts in proptest::collection::vec(any::<Option<prop::sample::Index>>(), 0..60),
        ) {
            let shared = shared(gpus, each);
            let mut taken = Vec::new();
            for act in acts {
                match act {
                    None => {
                        if let Some(new) = at_once(&shared) {
                            taken.push(new);
                        } else {
                            prop_assert_eq!(taken.len(), share(each).trials_on(gpus));
                        }
                    }
                    Some(gone) if !taken.is_empty() => {
                        let gone = gone.index(taken.len());
                        taken.swap_remove(gone);
                    }
                    Some(_) => {}
                }
                for gpu in 0..gpus {
                    let on = taken.iter().filter(|of| of.taken.contains(&gpu)).count() as f64;
                    prop_assert!(on * each.min(1.0) <= 1.0 + 1e-3);
                }
            }
        }
    }
}
