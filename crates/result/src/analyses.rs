//! What the arms found out about their outputs, for the run as a whole: arms make the same.

use std::collections::BTreeMap;

use workbench_record::{Analysis, Dependent, Importance, RepeatState};

use super::document::RunResult;

impl RunResult {
    /// What arms with a finished repeat found out about their outputs.
    fn analyses(&self) -> impl Iterator<Item = &Analysis> {
        let finished = self.arms.iter().filter(|arm| !arm.wall_s.is_empty());
        finished.filter_map(|arm| arm.analysis.as_ref())
    }

    /// The name of the best item, where the lab ranks them.
    pub fn best_item(&self) -> Option<&str> {
        self.analyses()
            .find_map(|found| Some(found.best.as_ref()?.item.as_str()))
    }

    /// How much the best item depends on each input, the most important first; empty where the lab
    /// does not tell, or where no input has a share.
    pub fn importances(&self) -> Vec<&Importance> {
        let is_share = |one: &&Importance| one.share.is_finite() && one.share >= 0.0;
        let told = self.analyses().find(|found| !found.importances.is_empty());
        let told = told.into_iter().flat_map(|found| &found.importances);
        let told: Vec<&Importance> = told.filter(is_share).collect();
        if told.iter().any(|one| one.share > 0.0) {
            told
        } else {
            Vec::new()
        }
    }

    /// What depends on the inputs of [`RunResult::importances`].
    pub fn dependent(&self) -> Dependent {
        let told = self.analyses().find(|found| !found.importances.is_empty());
        told.map(|found| found.dependent).unwrap_or_default()
    }
}

/// What the repeats of an arm found out: that of one of them, with the mean of the importances of
/// all and how far they are apart.
pub fn of_repeats(of: Option<&Analysis>, repeats: &[&RepeatState]) -> Option<Analysis> {
    let mut analysis = of?.clone();
    let finished = repeats.iter().filter_map(|repeat| repeat.finished.as_ref());
    let told = finished.filter_map(|finished| finished.analysis.as_ref());
    let told: Vec<&Vec<Importance>> = told
        .map(|analysis| &analysis.importances)
        .filter(|importances| !importances.is_empty())
        .collect();
    if told.windows(2).all(|pair| pair[0] == pair[1]) {
        return Some(analysis);
    }
    let mut shares: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for one in told.iter().copied().flatten() {
        shares.entry(&one.input).or_default().push(one.share);
    }
    let mean = |(input, mut of): (&str, Vec<f64>)| {
        // A repeat that does not name an input found no share of it.
        of.resize(told.len(), 0.0);
        Importance {
            input: input.to_owned(),
            share: of.iter().sum::<f64>() / of.len() as f64,
            range: Some([
                of.iter().copied().fold(f64::INFINITY, f64::min),
                of.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ]),
        }
    };
    analysis.importances = shares.into_iter().map(mean).collect();
    let by_share = |a: &Importance, b: &Importance| b.share.total_cmp(&a.share);
    analysis.importances.sort_by(by_share);
    Some(analysis)
}
