//! What chooses configurations.

use std::fmt::Debug;

use crate::loss::FiniteLoss;
use crate::trial::TrialId;
use crate::value::Configuration;

/// Chooses configurations: one for each new trial, from what earlier ones came to.
///
/// [`Searcher::ask`] changes nothing and depends on the seed, the number of the trial and what was
/// told so far, never on how often it was asked. So a search that is read back from its record goes
/// on as if it had not been interrupted, and nothing has to be asked again for that.
///
/// [`Study`](crate::Study) calls all of these in the right order.
pub trait Searcher: Debug + Send {
    /// Whether there is a configuration for this trial. A grid ends.
    fn has(&self, trial: TrialId) -> bool {
        let _ = trial;
        true
    }

    /// The configuration of a new trial; none where [`Searcher::has`] says so.
    fn ask(&self, trial: TrialId) -> Option<Configuration>;

    /// A trial was started with this configuration, whoever chose it.
    fn started(&mut self, trial: TrialId, configuration: &Configuration) {
        let _ = (trial, configuration);
    }

    /// A trial has paused or ended after so much budget with this loss. A trial that goes on later
    /// is told again.
    fn told(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) {
        let _ = (trial, budget, loss);
    }

    /// A trial has failed for good.
    fn failed(&mut self, trial: TrialId) {
        let _ = trial;
    }
}
