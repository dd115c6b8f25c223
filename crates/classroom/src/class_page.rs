//! The page of a class: what everybody's machine gained, where time was lost, and what was
//! answered. It is fit for a projector: without names unless they are asked for.

use std::collections::BTreeMap;

use maud::{Markup, html};
use workbench_words::counted;

use crate::chart::{SpeedPoint, bars, speedups};
use crate::graded::{Graded, Speed};
use crate::reading::{clean, page, student};

/// The page.
pub fn class_page(class: &[Graded], title: &str, names: bool) -> String {
    let content = html! {
        h1 { (clean(title, 120)) }
        p { (summary(class)) }
        (speeds(class))
        (lost(class))
        (answers(class))
        (table(class, names))
    };
    page(title, &content)
}

const LEFT_OUT: &str = " The charts leave out what does not fit.";

fn summary(class: &[Graded]) -> String {
    let of = |is: fn(&Graded) -> bool| class.iter().filter(|graded| is(graded)).count() as u64;
    let mut parts = vec![counted(class.len() as u64, "hand-in")];
    for (count, what) in [
        (of(|g| g.late), "late"),
        (of(|g| g.draft), "as drafts"),
        (of(|g| g.unreadable), "unreadable"),
        (of(|g| g.duplicate), "sharing runs"),
        (of(Graded::does_not_fit), "with findings that do not fit"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let is_complete = of(Graded::does_not_fit) == 0;
    let left_out = if is_complete { "" } else { LEFT_OUT };
    parts.join(", ") + "." + left_out
}

fn all_speeds(class: &[Graded]) -> impl Iterator<Item = &Speed> {
    let counted = class.iter().filter(|graded| graded.holds);
    counted.flat_map(|graded| &graded.speeds)
}

fn speeds(class: &[Graded]) -> Markup {
    let mut arms: BTreeMap<&str, Vec<&Speed>> = BTreeMap::new();
    for speed in all_speeds(class) {
        arms.entry(&speed.arm).or_default().push(speed);
    }
    html! {
        @for (arm, speeds) in &arms {
            section {
                h2 { "Speed-up of " (clean(arm, 60)) }
                (speedups(&points(speeds)))
                p {
                    "Median: " (percent(median(speeds, |s| s.of_bound)))
                    " of what tasks and machine allow, efficiency "
                    (percent(median(speeds, |s| s.efficiency))) "."
                }
            }
        }
    }
}

fn points(speeds: &[&Speed]) -> Vec<SpeedPoint> {
    let point = |speed: &&Speed| SpeedPoint {
        workers: f64::from(speed.workers),
        speedup: speed.speedup,
        bound: speed.bound,
    };
    speeds.iter().map(point).collect()
}

fn median(speeds: &[&Speed], of: fn(&Speed) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = speeds.iter().filter_map(|speed| of(speed)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || "n/a".to_owned(),
        |share| format!("{:.0} %", share * 100.0),
    )
}

fn lost(class: &[Graded]) -> Markup {
    let speeds: Vec<&Speed> = all_speeds(class).collect();
    let count = speeds.len().max(1) as f64;
    let mut means: Vec<(String, f64)> = Vec::new();
    for speed in &speeds {
        for (cause, share) in &speed.lost {
            match means.iter_mut().find(|(known, _)| known == cause) {
                Some((_, sum)) => *sum += share * 100.0 / count,
                None => means.push((cause.clone(), share * 100.0 / count)),
            }
        }
    }
    html! {
        @if !means.is_empty() {
            section {
                h2 { "Where time was lost" }
                (bars(&means, " %"))
                p.faint { "Means over the class, as shares of workers × wall time." }
            }
        }
    }
}

/// More different answers are summed up.
const MOST_ANSWERS: usize = 12;

fn answers(class: &[Graded]) -> Markup {
    let mut questions: Vec<(&str, &str, BTreeMap<String, f64>)> = Vec::new();
    for question in class.iter().flat_map(|graded| &graded.questions) {
        if question.is_text {
            continue;
        }
        let at = questions.iter().position(|(id, _, _)| *id == question.id);
        let at = at.unwrap_or_else(|| {
            questions.push((&question.id, &question.text, BTreeMap::new()));
            questions.len() - 1
        });
        let answer = match &*question.counted {
            "" => "no answer".to_owned(),
            answer => clean(answer, 20),
        };
        *questions[at].2.entry(answer).or_default() += 1.0;
    }
    html! {
        @for (id, text, counts) in &questions {
            section {
                h2 { (clean(id, 60)) }
                p { (clean(text, 2000)) }
                (bars(&most_frequent(counts), ""))
            }
        }
    }
}

fn most_frequent(counts: &BTreeMap<String, f64>) -> Vec<(String, f64)> {
    let mut counts: Vec<(String, f64)> = counts.clone().into_iter().collect();
    counts.sort_by(|a, b| b.1.total_cmp(&a.1));
    if counts.len() > MOST_ANSWERS {
        let others = counts.split_off(MOST_ANSWERS - 1);
        let sum = others.iter().map(|(_, count)| count).sum();
        counts.push(("others".to_owned(), sum));
    }
    counts
}

fn table(class: &[Graded], names: bool) -> Markup {
    html! {
        @if names {
            section {
                h2 { "Hand-ins" }
                table {
                    thead { tr {
                        th { "Student" } th.n { "Points" } th.n { "To read" } th.n { "Of" }
                        th { "Remarks" }
                    } }
                    tbody {
                        @for (number, graded) in class.iter().enumerate() {
                            tr {
                                td { bdi { (student(graded, number, names)) } }
                                td.n { (format!("{:.1}", graded.points)) }
                                td.n { (format!("{:.1}", graded.to_read)) }
                                td.n { (format!("{:.1}", graded.of)) }
                                td { (graded.remarks().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    }
}
