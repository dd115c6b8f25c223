//! What the arms found out about their outputs, for the run as a whole: arms make the same.

use workbench_record::{Analysis, Importance};

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
}
