//! The place of an arm among those of its run: by it arms are coloured and marked, on paper and on
//! the screen.

use super::document::RunResult;

impl RunResult {
    /// The place of an arm among the arms that the run was asked for, the base being 0: the same
    /// whichever arms have failed or were not run yet. Documents of older versions do not say what
    /// was asked for; there it is the place among those that have a result.
    pub fn arm_place(&self, name: &str) -> usize {
        let recorded = self.arms.iter().map(|arm| arm.name.as_str());
        let asked = self.asked.arms.iter().map(String::as_str);
        let mut others: Vec<&str> = Vec::new();
        for known in asked.chain(recorded).chain([name]) {
            if known != self.base && !others.contains(&known) {
                others.push(known);
            }
        }
        let place = others.iter().position(|known| *known == name);
        place.map_or(0, |place| place + 1)
    }
}
