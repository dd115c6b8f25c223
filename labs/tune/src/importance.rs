//! Which parameters matter: a forest predicts from the configuration what each trial came to, and
//! the parameters without which it does worse are the important ones.

use std::collections::BTreeMap;

use workbench_experiment::lab::Importance;
use workbench_forest::{
    Bootstrap, Features, Forest, ForestError, GrowParams, GrowSeed, MaxFeatures, QueryRows,
    TrainingData, permutation_importance,
};
use workbench_search::{ConfigValue, Configuration, StudyEvent, TrialId};

/// Trees of the forest.
const TREES: usize = 64;
/// How often the values of a parameter are shuffled.
const SHUFFLES: u32 = 8;
/// Fewer trials say nothing.
const FEWEST: usize = 10;
/// Trials that are looked at, at most; the first.
const MOST: usize = 2000;

/// What trials came to at each unit of their budgets.
#[derive(Debug, Clone, Default)]
pub struct ReportedLosses(BTreeMap<TrialId, BTreeMap<u64, f64>>);

impl ReportedLosses {
    /// Takes in an event of the study.
    pub fn take(&mut self, event: &StudyEvent) {
        if let StudyEvent::Reported {
            trial,
            budget,
            loss,
            ..
        } = event
        {
            self.add(*trial, *budget, loss.get());
        }
    }

    fn add(&mut self, trial: TrialId, budget: u64, loss: f64) {
        if self.0.len() < MOST || self.0.contains_key(&trial) {
            self.0.entry(trial).or_default().insert(budget, loss);
        }
    }

    /// The largest budget that half of the trials reached: trials are compared at the same one,
    /// because a long trial is better than a short one whatever its configuration.
    fn common_budget(&self) -> Option<u64> {
        let reached = self.0.values().filter_map(|of| of.keys().next_back());
        let mut reached: Vec<u64> = reached.copied().collect();
        reached.sort_unstable();
        reached.get(reached.len() / 2).copied()
    }

    /// The trials that came as far, each with its least loss until then.
    fn compared(&self) -> Vec<(TrialId, f64)> {
        let Some(budget) = self.common_budget() else {
            return Vec::new();
        };
        let of = |(trial, losses): (&TrialId, &BTreeMap<u64, f64>)| {
            losses.contains_key(&budget).then(|| {
                let until = losses.range(..=budget).map(|(_, loss)| *loss);
                (*trial, until.fold(f64::INFINITY, f64::min))
            })
        };
        self.0.iter().filter_map(of).collect()
    }
}

/// The share of each parameter, the most important first; nothing where a forest cannot predict
/// what trials come to.
pub fn importances(
    losses: &ReportedLosses,
    names: &[String],
    configuration: impl Fn(TrialId) -> Option<Configuration>,
    seed: u64,
) -> Vec<Importance> {
    let compared = losses.compared().into_iter();
    let trials = compared.filter_map(|(trial, loss)| Some((configuration(trial)?, loss)));
    let trials: Vec<(Configuration, f64)> = trials.collect();
    if trials.len() < FEWEST || names.is_empty() {
        return Vec::new();
    }
    let columns: Vec<Vec<f64>> = names.iter().map(|name| column(&trials, name)).collect();
    let rows = (0..trials.len()).flat_map(|row| columns.iter().map(move |column| column[row]));
    let rows: Vec<f64> = rows.collect();
    let ranks = ranks(trials.iter().map(|(_, loss)| *loss));
    shares(&rows, ranks, names, seed).unwrap_or_default()
}

/// The values of one parameter. A word is the number of its place among the words; where the
/// parameter is not active, there is a number that is none of its values.
fn column(trials: &[(Configuration, f64)], name: &str) -> Vec<f64> {
    let values = || trials.iter().map(|(of, _)| of.get(name));
    let mut words: Vec<&str> = values().flatten().filter_map(ConfigValue::as_str).collect();
    words.sort_unstable();
    words.dedup();
    let number = |value: &ConfigValue| match value.as_str() {
        Some(word) => words.binary_search(&word).unwrap_or_default() as f64,
        None => value.as_f64().unwrap_or_default(),
    };
    let least = values().flatten().map(number).fold(0.0, f64::min);
    let numbers = values().map(|value| value.map_or(least - 1.0, number));
    numbers.collect()
}

/// The rank of each loss: some trials diverge, and by how much says nothing.
fn ranks(losses: impl Iterator<Item = f64>) -> Vec<f64> {
    let losses: Vec<f64> = losses.collect();
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|a, b| losses[*a].total_cmp(&losses[*b]));
    let mut ranks = vec![0.0; losses.len()];
    for (rank, place) in order.into_iter().enumerate() {
        ranks[place] = rank as f64;
    }
    ranks
}

fn shares(
    rows: &[f64],
    ranks: Vec<f64>,
    names: &[String],
    seed: u64,
) -> Result<Vec<Importance>, ForestError> {
    let features = Features::from_rows(rows, names.len())?;
    let data = TrainingData::regression(&features, ranks)?;
    let params = GrowParams {
        bootstrap: Bootstrap::Rows,
        max_features: MaxFeatures::Share(0.7),
        min_samples_leaf: 2,
        ..GrowParams::regression()
    };
    let first = GrowSeed::new(seed, 0, 0);
    let forest = Forest::grow(&data, &params, TREES, first, 1)?;
    // Every trial is predicted by the trees that have not seen it.
    let score = |rows: &QueryRows| -> Result<f64, ForestError> {
        let predicted = forest.out_of_bag(&data, rows, &params, first)?;
        Ok(predicted.score(&data).unwrap_or(0.0))
    };
    if score(&QueryRows::from(&features))? <= 0.0 {
        return Ok(Vec::new());
    }
    let falls = permutation_importance(&features, SHUFFLES, seed, score)?;
    let falls: Vec<f64> = falls.into_iter().map(|fall| fall.max(0.0)).collect();
    let total: f64 = falls.iter().sum();
    if total <= 0.0 {
        return Ok(Vec::new());
    }
    let mut shares: Vec<Importance> = names
        .iter()
        .zip(falls)
        .map(|(name, fall)| Importance {
            input: name.clone(),
            share: fall / total,
            range: None,
        })
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    Ok(shares)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use workbench_search::{Dimension, RandomSearch, Space};

    use super::*;

    fn searched(loss: impl Fn(&Configuration) -> f64) -> Vec<Importance> {
        let lines = [
            "a=loguniform(1e-4,1)",
            "b=uniform(0,1)",
            "c=choice(x,y)",
            "d=uniform(0,1) if c = y",
        ];
        let dimensions = lines.iter().map(|line| Dimension::parse(line).unwrap());
        let space = Space::new(dimensions.collect()).unwrap();
        let names: Vec<String> = space.dimensions().iter().map(|d| d.name.clone()).collect();
        let random = RandomSearch::new(space, 5);
        let all: Vec<Configuration> = (0..80).map(|n| random.configuration(TrialId(n))).collect();
        let mut losses = ReportedLosses::default();
        for (trial, configuration) in (0..).zip(&all) {
            // Half of them are long, and better for that alone.
            for budget in 1..=(if trial % 3 == 0 { 2 } else { 8 }) {
                losses.add(TrialId(trial), budget, loss(configuration) / budget as f64);
            }
        }
        importances(
            &losses,
            &names,
            |trial| all.get(trial.0 as usize).cloned(),
            1,
        )
    }

    #[test]
    fn the_parameter_on_which_the_loss_depends_has_the_largest_share() {
        let found = searched(|of| (of.number("a").unwrap().log10() + 2.0).powi(2));
        assert_eq!(found[0].input, "a");
        assert!(found[0].share > 0.8, "{found:?}");
        let sum: f64 = found.iter().map(|one| one.share).sum();
        assert!((sum - 1.0).abs() < 1e-9 && found.len() == 4);
        let by_word = searched(|of| if of.text("c") == Some("x") { 1.0 } else { 2.0 });
        assert!(
            ["c", "d"].contains(&by_word[0].input.as_str()),
            "{by_word:?}"
        );
    }

    #[test]
    fn where_nothing_can_be_predicted_nothing_is_said() {
        let mut state = 1_u64;
        let noise = std::cell::RefCell::new(move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f64
        });
        let found = searched(|_| (noise.borrow_mut())());
        assert!(found.is_empty() || found[0].share < 0.9, "{found:?}");
        let names = ["a".to_owned()];
        assert!(importances(&ReportedLosses::default(), &names, |_| None, 1).is_empty());
        assert!(searched(|_| 1.0).len() <= 4);
    }
}
