//! What a report tells about the items that arms make: figures over size, the best one, what it
//! depends on.

use crate::fixture::checks::{check_all, text};
use crate::fixture::{Shape, hostile, markup, run};
use workbench_record::{
    Analysis, BestItem, FigureFacts, Importance, ItemFacts, NextBest, Snapshot,
};
use workbench_report::Format;
use workbench_result::{RunResult, TimeBySize};

/// A run whose lab declares what its items are.
fn with_items() -> (RunResult, Snapshot) {
    let (mut result, snapshot) = run(&Shape::small());
    let figure = |name: &str, label: &str, beside: Option<&str>| FigureFacts {
        name: name.to_owned(),
        label: label.to_owned(),
        beside: beside.map(str::to_owned),
        ..FigureFacts::default()
    };
    result.lab_facts.item = Some(ItemFacts {
        name: "forest".to_owned(),
        size: Some("trees".to_owned()),
    });
    result.lab_facts.figures = vec![
        figure("trees", "trees", None),
        figure("mse", "MSE", None),
        figure("oob_mse", "MSE out of bag", Some("mse")),
    ];
    for arm in &mut result.arms {
        for (i, item) in arm.items.iter_mut().enumerate() {
            let trees = 50.0 + 10.0 * i as f64;
            let metrics = [
                ("trees", trees),
                ("mse", 3.0 / trees),
                ("oob_mse", 3.3 / trees),
            ];
            let metrics = metrics.map(|(name, value)| (name.to_owned(), value));
            item.item.metrics.extend(metrics);
        }
        let names: Vec<String> = arm.items.iter().map(|i| i.item.name.clone()).collect();
        let [.., next, best] = names.as_slice() else {
            panic!("two items or more");
        };
        arm.analysis = Some(Analysis {
            best: Some(BestItem {
                item: best.clone(),
                metric: "mse".to_owned(),
                value: 0.01,
                next: Some(NextBest {
                    item: next.clone(),
                    difference: 0.001,
                    low: -0.001,
                    high: 0.003,
                }),
            }),
            importances: [("MedInc", 0.6), ("Longitude", 0.4)]
                .map(|(input, share)| Importance {
                    input: input.to_owned(),
                    share,
                    range: None,
                })
                .into(),
            ..Analysis::default()
        });
        arm.time_by_size = Some(TimeBySize {
            intercept_s: 0.002,
            slope_s: 0.003,
            r_squared: 0.99,
        });
    }
    (result, snapshot)
}

#[test]
fn items_are_drawn_over_their_size_with_the_best_one_marked() {
    let (result, snapshot) = with_items();
    let page = check_all(&result, &snapshot);
    let read = markup::read(&page).unwrap().text;
    for told in [
        "MSE out of bag",
        "CPU time, s",
        "(best)",
        "3.00 ms × trees",
        "What the best forest depends on",
        "MedInc",
    ] {
        assert!(read.contains(told), "{told}");
    }
    let markdown = text(Format::Markdown, &result, &snapshot);
    assert!(markdown.contains("(best)"));
    // A figure beside another has no panel of its own.
    assert_eq!(page.matches("MSE out of bag</text>").count(), 1);
}

#[test]
fn a_lab_that_declares_no_size_has_a_table_only() {
    let (mut result, snapshot) = with_items();
    result.lab_facts.item = None;
    for arm in &mut result.arms {
        arm.analysis = None;
    }
    let page = check_all(&result, &snapshot);
    assert!(!page.contains("CPU time, s</text>") && !page.contains("(best)"));
    assert!(page.contains("Every item, its figures and its cost"));
}

#[test]
fn hostile_items_are_drawn_or_left_out() {
    for text in hostile::TEXTS {
        let (mut result, mut snapshot) = with_items();
        hostile::fill(&mut result, &mut snapshot, text);
        check_all(&result, &snapshot);
    }
    for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300, 5e-324] {
        let (mut result, snapshot) = with_items();
        hostile::number(&mut result, value);
        for arm in &mut result.arms {
            for item in &mut arm.items {
                item.item.metrics.insert("trees".to_owned(), value);
            }
        }
        check_all(&result, &snapshot);
    }
}
