//! The sentences that say what a run found: one per parallel arm, every number with its base
//! and its repeats.
//!
//! Belongs here: wording that the terminal and all reports share. Does not belong here: computing
//! anything, or layout.

use workbench_record::{ArmFailure, RECOVERED, RunStatus};
use workbench_result::{ArmResult, IntervalKind, RunResult, Verdict, disturbed_text};

use super::arms::{self, arm_on_workers, finished};
use super::{format, intervals};

/// A sentence in parts, so that a page can set the number larger than the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// What comes before the number.
    pub lead: String,
    /// The number; empty in a sentence without one.
    pub figure: String,
    /// What follows the number.
    pub rest: String,
    /// Interval and repeats, without parentheses; empty when there are none.
    pub note: String,
}

impl Sentence {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            lead: text.into(),
            figure: String::new(),
            rest: String::new(),
            note: String::new(),
        }
    }

    /// The whole sentence.
    pub fn text(&self) -> String {
        let Self {
            lead, figure, rest, ..
        } = self;
        if self.note.is_empty() {
            format!("{lead}{figure}{rest}")
        } else {
            format!("{lead}{figure}{rest} ({})", self.note)
        }
    }
}

/// What a run found, in full sentences without line breaks, most important first.
///
/// One sentence per parallel arm, at its best number of workers. No speed-up is stated when the
/// arms' work or outputs differ; the sentences then say what differed. Never empty.
pub fn headline(result: &RunResult) -> Vec<String> {
    sentences(result).iter().map(Sentence::text).collect()
}

/// [`headline`] in parts.
pub(super) fn sentences(result: &RunResult) -> Vec<Sentence> {
    let any = finished(result).next().is_some();
    let mut sentences = if !any {
        vec![Sentence::plain(
            "No repeat of any arm finished, so there is nothing to compare",
        )]
    } else if result.check.passed() {
        comparisons(result)
    } else {
        refusal(result)
    };
    let counted = if any {
        "; the numbers use the repeats that finished"
    } else {
        ""
    };
    sentences.extend(disturbed_text(result).map(Sentence::plain));
    sentences.extend(ending(result).map(|text| Sentence::plain(format!("{text}{counted}"))));
    sentences
}

/// The sentence that stands alone above a chart: the one with the highest speed-up, where
/// there is one.
pub(super) fn best(result: &RunResult) -> Option<Sentence> {
    let arms = compared(result).filter(|arm| !arm.is_above_bound());
    let stated = arms.filter_map(|arm| arms::stated_speedup(result, arm).map(|s| (s, arm)));
    let best = stated.max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((_, arm)) => Some(comparison(result, &arm.name)),
        None => sentences(result).into_iter().next(),
    }
}

/// The finished arms that are compared with the base.
fn compared(result: &RunResult) -> impl Iterator<Item = &ArmResult> {
    result.compared().filter(|arm| !arm.wall_s.is_empty())
}

fn refusal(result: &RunResult) -> Vec<Sentence> {
    let what = match (result.check.equal_work, result.check.equal_outputs) {
        _ if result.check.target_reached.is_some() => "not every arm reached the target",
        (false, true) => "the arms did not do the same work",
        (true, false) => "the outputs of the arms differ",
        _ => "the arms did not do the same work and their outputs differ",
    };
    let mut sentences = vec![Sentence::plain(format!("No speed-up is stated: {what}"))];
    let differences = result.check.differences.iter();
    sentences.extend(differences.map(|found| Sentence::plain(format::clean(&found.text, 300))));
    sentences
}

fn comparisons(result: &RunResult) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for arm in compared(result) {
        if !seen.contains(&arm.name.as_str()) {
            seen.push(&arm.name);
            sentences.push(comparison(result, &arm.name));
        }
    }
    if sentences.is_empty() {
        sentences.extend(finished(result).next().map(|arm| alone(result, arm)));
    }
    sentences
}

fn alone(result: &RunResult, arm: &ArmResult) -> Sentence {
    Sentence {
        lead: format!("Only {} ran: it took ", arm_on_workers(result, arm)),
        figure: format::seconds(arm.wall_median_s),
        rest: format!(
            " ({}), and there is nothing to compare it with",
            median_of(arm)
        ),
        note: String::new(),
    }
}

fn median_of(arm: &ArmResult) -> String {
    match arm.wall_s.len() {
        1 => "1 repeat".to_owned(),
        n => format!("median of {n} repeats"),
    }
}

/// The sentence for one arm, at the number of workers with the highest speed-up.
fn comparison(result: &RunResult, name: &str) -> Sentence {
    let entries: Vec<&ArmResult> = finished(result).filter(|arm| arm.name == name).collect();
    let value = |arm: &ArmResult| arm.speedup.filter(|s| s.is_finite());
    let best = entries
        .iter()
        .filter(|arm| !arm.is_above_bound())
        .filter_map(|arm| value(arm).map(|speedup| (speedup, *arm)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((speedup, arm)) = best else {
        if let Some(arm) = entries.iter().find(|arm| arm.is_above_bound()) {
            return above_bound(result, arm);
        }
        return without_speedup(result, entries.first().copied(), name);
    };
    let subject = arm_on_workers(result, arm);
    let base = format::clean(&result.base, 40);
    let verdict = result.verdict(arm);
    let (lead, rest) = match verdict {
        Some(Verdict::NoDifference) if result.is_noise(arm) => within_noise(&subject, &base),
        _ => relation(arm, verdict, &subject, &base),
    };
    let differs = matches!(verdict, Some(Verdict::Below | Verdict::Above));
    Sentence {
        lead,
        figure: if differs {
            format::apart(speedup)
        } else {
            format::speedup(speedup)
        },
        rest,
        note: note(result, arm, &entries),
    }
}

/// Why the speed-up of an arm is not stated whose whole interval is above its bound.
fn above_bound(result: &RunResult, arm: &ArmResult) -> Sentence {
    let interval = arm.speedup_interval.map(|i| intervals::named(&i));
    Sentence::plain(format!(
        "No speed-up of {} is stated: its {} is above its bound of {}, which only a base that was slowed down explains",
        arm_on_workers(result, arm),
        interval.unwrap_or_default(),
        format::or_missing(arm.bound, format::speedup)
    ))
}

/// The words around the number: faster, slower, no difference that the repeats could show, or no
/// verdict at all.
fn relation(
    arm: &ArmResult,
    verdict: Option<Verdict>,
    subject: &str,
    base: &str,
) -> (String, String) {
    match verdict {
        Some(Verdict::NoDifference) => {
            let repeats = format::counted(arm.wall_s.len() as u64, "repeat");
            (
                format!(
                    "{subject} is neither faster nor slower than {base} as far as {repeats} can tell: "
                ),
                String::new(),
            )
        }
        Some(Verdict::Below) => (
            format!("{subject} is slower than {base}: "),
            " its speed".to_owned(),
        ),
        Some(Verdict::Above) => (format!("{subject} is "), format!(" faster than {base}")),
        None => (
            format!("{subject} ran at "),
            format!(" the speed of {base}, from too few repeats for a verdict"),
        ),
    }
}

/// The words around a number that equal work shows too.
fn within_noise(subject: &str, base: &str) -> (String, String) {
    let lead = format!("{subject} differs from {base} by no more than equal work does here: ");
    (lead, String::new())
}

fn note(result: &RunResult, arm: &ArmResult, entries: &[&ArmResult]) -> String {
    let repeats = arm.wall_s.len();
    let base_repeats = arms::base(result).map_or(repeats, |base| base.wall_s.len());
    let mut parts = Vec::new();
    parts.extend(arm.speedup_interval.map(|i| intervals::named(&i)));
    let counted = format::counted(repeats as u64, "repeat");
    match arm.speedup_interval.map(|interval| interval.kind) {
        _ if base_repeats != repeats => parts.push(format!(
            "{counted} against {base_repeats} of {}",
            format::clean(&result.base, 40)
        )),
        None => parts.push(format!("{counted}, so there is no interval")),
        // Its name says how many.
        Some(IntervalKind::Range) => {}
        Some(IntervalKind::Confidence95) => parts.push(counted),
    }
    parts.extend(
        result
            .comparison
            .words(&result.lab_facts)
            .map(|words| format::clean(&words, 200)),
    );
    if let Some(noise) = result.noise {
        let factor = noise.factor;
        parts.push(format!("noise from {:.3}× to {factor:.3}×", factor.recip()));
    }
    if arm.oversubscribed {
        parts.push("more workers than usable cores".to_owned());
    }
    if has_recovery(result, arm) {
        parts.push("its wall time has a recovery from a failure in it".to_owned());
    }
    if entries.len() > 1 {
        let tried: Vec<String> = entries.iter().map(|e| e.workers.to_string()).collect();
        parts.push(format!(
            "the best of {} workers",
            format::join_words(&tried, "and")
        ));
    }
    parts.join(", ")
}

/// Whether a repeat of an arm went on after a failure, which its wall time contains.
fn has_recovery(result: &RunResult, arm: &ArmResult) -> bool {
    result.warnings.iter().any(|found| {
        found.kind == RECOVERED
            && found.subject.arm.as_deref() == Some(arm.name.as_str())
            && found
                .subject
                .workers
                .is_none_or(|workers| workers == arm.workers)
    })
}

fn without_speedup(result: &RunResult, arm: Option<&ArmResult>, name: &str) -> Sentence {
    let Some(arm) = arm else {
        return Sentence::plain(format!(
            "{} has no finished repeat",
            format::clean(name, 40)
        ));
    };
    let reason = if arms::base(result).is_none() {
        format!(
            "; there is no speed-up, because the base {} has no finished repeat",
            format::clean(&result.base, 40)
        )
    } else if let Some(race) = result
        .race
        .as_ref()
        .filter(|race| race.target.is_some())
        .and_then(|race| race.arm(&arm.name, arm.workers))
    {
        let of = format::counted(race.to_target_s.len() as u64, "repeat");
        format!(
            " and reached the target in {} of {of}; no speed-up is stated",
            race.reached
        )
    } else {
        "; there is no speed-up".to_owned()
    };
    Sentence {
        lead: format!("{} took ", arm_on_workers(result, arm)),
        figure: format::seconds(arm.wall_median_s),
        rest: format!(" ({}){reason}", median_of(arm)),
        note: String::new(),
    }
}

/// What a reader has to know when the run did not end as planned.
fn ending(result: &RunResult) -> Option<String> {
    let text = match result.status {
        RunStatus::Completed => return None,
        RunStatus::Interrupted => "The run was stopped before all planned repeats were done",
        RunStatus::Failed => return Some(failure(&result.failed_arms)),
        RunStatus::Unfinished => "The run's log has no end: it is under way or was killed",
    };
    Some(text.to_owned())
}

/// The other arms ran on, so it was not the run that the failure ended.
fn failure(arms: &[ArmFailure]) -> String {
    let names: Vec<String> = arms
        .iter()
        .map(|failed| format::clean(&failed.arm, 40))
        .collect();
    match names.len() {
        // Older logs do not tell which.
        0 => "An arm failed before all its repeats were done".to_owned(),
        1 => format!("{} failed before all its repeats were done", names[0]),
        _ => format!(
            "{} failed before all their repeats were done",
            format::join_words(&names, "and")
        ),
    }
}
