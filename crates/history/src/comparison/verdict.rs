//! The conclusions of a comparison, in full sentences: first what forbids or weakens it, then which
//! run was faster.
//!
//! Repeats of two runs were not interleaved, so a disturbance of one run may not have affected the
//! other. The intervals are those of each run's own median, and the sentences say only whether they
//! overlap.

use std::fmt;

use workbench_record::{RunStatus, Severity};
use workbench_report::format;
use workbench_result::{Interval, RunResult, arm_on};

use super::row::{ArmCell, ArmRow, Named, Unlike};

/// A sentence about the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// An error forbids to compare some of the numbers, a warning is something to know before, a
    /// note is what the numbers say.
    pub severity: Severity,
    /// The sentence.
    pub text: String,
}

/// The sentences, the most severe first.
pub(super) fn notes(runs: &[Named], results: &[&RunResult], arms: &[ArmRow]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut say = |severity, text| notes.push(Note { severity, text });
    for index in 0..runs.len() {
        if let Some(text) = unlike(runs, arms, index) {
            say(Severity::Error, text);
        }
        if !results[index].check.passed() {
            let why = match results[index].check.target_reached {
                Some(_) => "not every arm reached the target",
                None => "the arms did not do equal work",
            };
            let text = format!("In {} {why}, so it states no speed-up.", runs[index].letter);
            say(Severity::Error, text);
        }
    }
    for text in circumstances(runs, results) {
        say(Severity::Warning, text);
    }
    if !arms
        .iter()
        .any(|arm| arm.cells.iter().flatten().count() > 1)
    {
        let text = "No arm was finished at the same number of workers in two of the runs.";
        say(Severity::Warning, text.to_owned());
    }
    for arm in arms {
        for text in findings(runs, arm) {
            say(Severity::Note, text);
        }
    }
    notes.sort_by_key(|note| std::cmp::Reverse(note.severity));
    notes
}

/// Why a run's times must not be compared, from the first arm that has a reason.
fn unlike(runs: &[Named], arms: &[ArmRow], index: usize) -> Option<String> {
    let (arm, why) = arms
        .iter()
        .find_map(|arm| Some((arm, arm.unlike[index].as_ref()?)))?;
    let first = runs[reference(arm)?].letter;
    let this = runs[index].letter;
    Some(match why {
        Unlike::Lab => format!(
            "{first} and {this} ran different labs, so they did not do the same work: compare speed-ups, not times."
        ),
        Unlike::Work(counter, expected, found) => format!(
            "{first} and {this} did not do the same work ({} counted {} {counter} in {first} and {} in {this}): compare \
             speed-ups, not times.",
            arm_on(&arm.name, arm.workers),
            format::count(*expected),
            format::count(*found),
        ),
        Unlike::Outputs => format!(
            "The outputs of {first} and {this} differ, so they did not do the same work: compare speed-ups, not times."
        ),
    })
}

/// Differences in the conditions of the runs.
fn circumstances(runs: &[Named], results: &[&RunResult]) -> Vec<String> {
    let mut out = same(runs);
    out.extend(ends(runs, results));
    out.extend(elsewhere(runs, results));
    if runs.iter().any(|run| run.base != runs[0].base) {
        let bases: Vec<String> = runs
            .iter()
            .map(|run| format!("{} in {}", run.base, run.letter))
            .collect();
        out.push(format!(
            "The speed-ups have different bases: {}.",
            format::join_words(&bases, "and")
        ));
    }
    out
}

/// The runs that were given more than once.
fn same(runs: &[Named]) -> Vec<String> {
    let firsts = (0..).zip(runs).filter_map(|(index, run)| {
        let is_first = runs[..index].iter().all(|before| before.id != run.id);
        let all = runs[index..].iter().filter(|other| other.id == run.id);
        let letters: Vec<&str> = all.map(|run| run.letter).collect();
        (is_first && letters.len() > 1).then_some((run, letters))
    });
    let told = firsts.map(|(run, letters)| {
        format!(
            "{} are the same run, {}: nothing can differ between them.",
            join(&letters),
            run.id
        )
    });
    told.collect()
}

/// The runs that did not end as planned.
fn ends(runs: &[Named], results: &[&RunResult]) -> Vec<String> {
    let mut out = Vec::new();
    for (status, one, several) in [
        (
            RunStatus::Interrupted,
            "was interrupted",
            "were interrupted",
        ),
        (RunStatus::Failed, "failed", "failed"),
        (
            RunStatus::Unfinished,
            "has not ended, or was killed",
            "have not ended, or were killed",
        ),
    ] {
        let letters = letters(runs, results, |result| result.status == status);
        let how = match letters.len() {
            0 => continue,
            1 => one,
            _ => several,
        };
        out.push(format!(
            "{} {how}: repeats and arms may be missing.",
            join(&letters)
        ));
    }
    out
}

/// The runs that had another processor or other cores than the first.
fn elsewhere(runs: &[Named], results: &[&RunResult]) -> Option<String> {
    let first = &results.first()?.machine;
    let letters = letters(runs, results, |result| {
        let machine = &result.machine;
        first.cpu_model != machine.cpu_model
            || (first.cores_usable - machine.cores_usable).abs() > 1e-9
    });
    (!letters.is_empty()).then(|| {
        format!(
            "{} ran on another machine or on other cores than A: times may differ for that reason \
             alone.",
            join(&letters)
        )
    })
}

/// The letters of the runs whose result is like this.
fn letters(
    runs: &[Named],
    results: &[&RunResult],
    is: impl Fn(&RunResult) -> bool,
) -> Vec<&'static str> {
    let pairs = runs.iter().zip(results);
    pairs
        .filter(|(_, result)| is(result))
        .map(|(run, _)| run.letter)
        .collect()
}

fn join(letters: &[&str]) -> String {
    let letters: Vec<String> = letters.iter().map(|&l| l.to_owned()).collect();
    format::join_words(&letters, "and")
}

/// The first run that has the arm.
fn reference(arm: &ArmRow) -> Option<usize> {
    arm.cells.iter().position(Option::is_some)
}

fn findings(runs: &[Named], arm: &ArmRow) -> Vec<String> {
    let Some(first) = reference(arm) else {
        return Vec::new();
    };
    let name = arm_on(&arm.name, arm.workers);
    (first + 1..runs.len())
        // A run says nothing about itself.
        .filter(|index| runs[*index].id != runs[first].id)
        .filter_map(|index| {
            let (a, b) = (arm.cells[first].as_ref()?, arm.cells[index].as_ref()?);
            let letters = (runs[first].letter, runs[index].letter);
            if arm.unlike[index].is_none() {
                Some(times(&name, letters, a, b))
            } else {
                speedups(&name, letters, a, b)
            }
        })
        .collect()
}

/// Which run was faster, from two times of the same work. Nobody is called faster where the
/// intervals do not show it.
fn times(name: &str, (a, b): (&str, &str), first: &ArmCell, second: &ArmCell) -> String {
    let ratio = first.wall_s / second.wall_s;
    let [one, two] = [first.wall_s, second.wall_s].map(format::seconds);
    let (factor, fast, slow, [quick, long]) = if ratio >= 1.0 {
        (ratio, b, a, [&two, &one])
    } else {
        (1.0 / ratio, a, b, [&one, &two])
    };
    let factor = format::apart(factor);
    let evidence = Evidence::of(first, second, |cell| cell.wall_interval);
    if evidence == Evidence::Apart {
        format!(
            "{fast}'s {name} is {factor} as fast as {slow}'s ({quick} against {long}){evidence}."
        )
    } else {
        format!("{name} took {one} in {a} and {two} in {b}{evidence}.")
    }
}

/// Compares two speed-ups, where times cannot be compared.
fn speedups(name: &str, (a, b): (&str, &str), first: &ArmCell, second: &ArmCell) -> Option<String> {
    if first.is_base && second.is_base {
        return None;
    }
    let (one, two) = (first.speedup?, second.speedup?);
    let evidence = Evidence::of(first, second, |cell| cell.speedup_interval);
    Some(format!(
        "The speed-up of {name} is {} in {a} and {} in {b}{evidence}.",
        format::speedup(one),
        format::speedup(two)
    ))
}

/// Whether two values differ by more than chance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// Their intervals do not overlap.
    Apart,
    /// Their intervals overlap.
    Overlap,
    /// One has no confidence interval: it has so many repeats.
    TooFew(usize),
}

impl Evidence {
    fn of(first: &ArmCell, second: &ArmCell, interval: fn(&ArmCell) -> Option<Interval>) -> Self {
        let ends = |cell| interval(cell)?.confidence();
        match (ends(first), ends(second)) {
            (Some(a), Some(b)) if a[0] <= b[1] && b[0] <= a[1] => Self::Overlap,
            (Some(_), Some(_)) => Self::Apart,
            _ => Self::TooFew(first.repeats.min(second.repeats)),
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart => f.write_str("; their intervals do not overlap"),
            Self::Overlap => f.write_str("; their intervals overlap, so this may be chance"),
            Self::TooFew(1) => {
                f.write_str("; one repeat has no confidence interval, so this may be chance")
            }
            Self::TooFew(n) => write!(
                f,
                "; {n} repeats have no confidence interval, so this may be chance"
            ),
        }
    }
}
