//! The document that Gradescope reads of an autograder.

use std::fmt::Write as _;

use serde::Serialize;
use workbench_json::Floats;

use crate::graded::{Graded, GradedQuestion};

#[derive(Serialize)]
struct Results {
    #[serde(with = "Floats::<f64>")]
    score: f64,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
    tests: Vec<Test>,
    leaderboard: Vec<Entry>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    #[serde(with = "Floats::<f64>")]
    score: f64,
    #[serde(with = "Floats::<f64>")]
    max_score: f64,
    status: &'static str,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    #[serde(with = "Floats::<f64>")]
    value: f64,
    order: &'static str,
}

/// `results.json` of a hand-in.
///
/// # Errors
/// When it cannot be written as JSON, which no grades bring about.
pub fn gradescope(graded: &Graded) -> serde_json::Result<Vec<u8>> {
    let mut tests = vec![whole(graded)];
    tests.extend(graded.questions.iter().map(question));
    let speeds = graded.speeds.iter();
    let leaderboard = speeds.filter_map(|speed| {
        Some(Entry {
            name: format!("{} on {}, speed-up of its bound", speed.arm, speed.workers),
            value: (speed.of_bound? * 1000.0).round() / 1000.0,
            order: "desc",
        })
    });
    let remarks = graded.remarks();
    let told = if remarks.is_empty() {
        "Nothing was found that does not fit.".to_owned()
    } else {
        format!("Remarks: {}.", remarks.join(", "))
    };
    let to_read = if graded.to_read > 0.0 {
        format!(
            " {} points are given by a person who reads the texts.",
            graded.to_read
        )
    } else {
        String::new()
    };
    let results = Results {
        score: graded.points,
        output: told + &to_read,
        output_format: "text",
        visibility: "visible",
        tests,
        leaderboard: leaderboard.collect(),
    };
    serde_json::to_vec_pretty(&results)
}

/// Whether the hand-in is whole and fits together; it gives no points.
fn whole(graded: &Graded) -> Test {
    let lines = graded.findings.iter();
    let lines: Vec<String> = lines
        .map(|found| format!("{}: {}", found.severity.word(), found.text))
        .collect();
    Test {
        name: "The hand-in is whole and follows from its log".to_owned(),
        score: 0.0,
        max_score: 0.0,
        status: if graded.holds { "passed" } else { "failed" },
        output: lines.join("\n"),
        output_format: "text",
        visibility: "visible",
    }
}

fn question(question: &GradedQuestion) -> Test {
    let score = question.points.unwrap_or(0.0);
    let criteria = question.criteria.iter();
    let mut told = question.why.clone();
    for item in criteria {
        // Writing to a String cannot fail.
        let _ = write!(told, "\n{}: {}", item.points, item.text);
    }
    Test {
        name: question.id.clone(),
        score,
        max_score: question.of,
        status: if score >= question.of && question.points.is_some() {
            "passed"
        } else {
            "failed"
        },
        output: told,
        output_format: "text",
        // A person gives these points later; hiding one test would hide the whole score.
        visibility: "visible",
    }
}
