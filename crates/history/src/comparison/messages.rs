//! What the tables and pictures of a comparison say, wherever they are shown.

use workbench_report::format;
use workbench_report::intervals::Kinds;

use super::row::ArmCell;
use super::{Comparison, Named};

impl ArmCell {
    /// How many repeats its times are of: `n=5`.
    fn counted(&self) -> String {
        format!("n={}", self.repeats)
    }

    /// What it took, of how many repeats, and its speed-up: `1.12 s, n=5, 1.93× (1.90 to 1.95)`.
    pub fn told(&self, kinds: Kinds) -> String {
        let wall = format!("{}, {}", format::seconds(self.wall_s), self.counted());
        match (self.speedup, self.speedup_interval) {
            _ if self.is_base => format!("{wall}, base"),
            (Some(speedup), Some(interval)) => {
                let interval = kinds.cell(&interval);
                format!("{wall}, {} ({interval})", format::speedup(speedup))
            }
            (Some(speedup), None) => format!("{wall}, {}", format::speedup(speedup)),
            (None, _) => wall,
        }
    }
}

impl Comparison {
    /// What the speed-ups are against.
    pub fn against(&self) -> &str {
        self.common_base().unwrap_or("each run's own base")
    }

    /// The title of the table of arms.
    pub fn arms_title(&self) -> String {
        let kinds: Kinds = self.speedup_intervals().collect();
        let (against, kinds) = (self.against(), kinds.name());
        format!("Wall time (median of n repeats) and speed-up against {against} ({kinds})")
    }

    /// What the bars of the picture are.
    pub fn caption(&self) -> String {
        let kinds: Kinds = self.speedup_intervals().collect();
        let told = format!("Speed-up against {}, {}", self.against(), kinds.name());
        match self.repeats_of(|cell| cell.speedup.is_some()) {
            Some(repeats) => format!("{told}, {repeats}"),
            None => told,
        }
    }

    /// How many repeats the numbers of arms are of, run by run: `n=5`, `n=5 in A and 3 in B`, or
    /// `n=3 to 5 in A and 5 in B` where arms of a run have more than others. `None` without any.
    fn repeats_of(&self, counts: impl Fn(&ArmCell) -> bool) -> Option<String> {
        let of = |run: usize| {
            let cells = self.arms.iter().filter_map(|arm| arm.cells[run].as_ref());
            let repeats = || cells.clone().filter(|cell| counts(cell)).map(|c| c.repeats);
            Some((repeats().min()?, repeats().max()?))
        };
        let known: Vec<(&Named, (usize, usize))> = (0..)
            .zip(&self.runs)
            .filter_map(|(index, run)| Some((run, of(index)?)))
            .collect();
        let (_, first) = known.first()?;
        let is_same = known.iter().all(|(_, repeats)| repeats == first);
        if is_same && known.len() == self.runs.len() {
            return Some(format!("n={}", from_to(*first)));
        }
        let each = known
            .iter()
            .map(|(run, repeats)| format!("{} in {}", from_to(*repeats), run.letter));
        let each: Vec<String> = each.collect();
        Some(format!("n={}", format::join_words(&each, "and")))
    }
}

fn from_to((least, most): (usize, usize)) -> String {
    if least == most {
        least.to_string()
    } else {
        format!("{least} to {most}")
    }
}

#[cfg(test)]
mod tests {
    use workbench_record::Severity;
    use workbench_result::RunResult;

    use crate::comparison::compare;
    use crate::comparison::tests::result;

    fn caption(a: &RunResult, b: &RunResult) -> String {
        compare(&[a, b]).caption()
    }

    /// Every cell says it, and the picture says it once, as short as it can.
    #[test]
    fn how_many_repeats_numbers_are_of_is_said() {
        let (a, mut b) = (result("a"), result("b"));
        let both = compare(&[&a, &b]);
        assert_eq!(
            both.arms_title(),
            "Wall time (median of n repeats) and speed-up against sequential (95 % interval)"
        );
        let kinds = both.speedup_intervals().collect();
        let told = |arm: usize| {
            both.arms[arm].cells[0]
                .as_ref()
                .map(|cell| cell.told(kinds))
        };
        assert_eq!(told(0).as_deref(), Some("2.00 s, n=5, base"));
        assert_eq!(
            told(2).as_deref(),
            Some("1.00 s, n=5, 2.00× (1.96 to 2.04)")
        );
        assert!(caption(&a, &b).ends_with(", n=5"), "{}", caption(&a, &b));
        for arm in &mut b.arms {
            arm.wall_s.truncate(3);
        }
        let unequal = caption(&a, &b);
        assert!(unequal.ends_with(", n=5 in A and 3 in B"), "{unequal}");
        b.arms[1].wall_s.truncate(1);
        let unequal = caption(&a, &b);
        assert!(unequal.ends_with(", n=5 in A and 1 to 3 in B"), "{unequal}");
        // Of a run without the arms nothing is said.
        b.arms.clear();
        let one = caption(&a, &b);
        assert!(one.ends_with(", n=5 in A"), "{one}");
        let mut a = result("a");
        a.arms.clear();
        assert!(!caption(&a, &b).contains("n="));
    }

    #[test]
    fn a_run_beside_itself_says_so_and_nothing_else() {
        let (a, b) = (result("20261121-101502-rf-3f9a"), result("b"));
        let notes = compare(&[&a, &a]).notes;
        let [note] = &notes[..] else {
            panic!("{notes:?}");
        };
        assert_eq!(note.severity, Severity::Warning);
        assert_eq!(
            note.text,
            "A and B are the same run, 20261121-101502-rf-3f9a: nothing can differ between them."
        );
        let notes = compare(&[&a, &b, &a]).notes;
        let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
        assert!(
            texts[0].starts_with("A and C are the same run, "),
            "{texts:?}"
        );
        assert!(
            texts.iter().skip(1).all(|text| text.contains(" B")),
            "{texts:?}"
        );
    }
}
