//! Reports of trainings: what they say of ranks, start-up, curves, programs and failures, whatever
//! the record holds.

use crate::fixture::checks::{check_all, text};
use crate::fixture::{Shape, hostile, markup, run};
use workbench_record::{
    Breakdown, ControllerPhase, ControllerState, LabPage, PageBlock, PageColumn, PageTable,
    ParamFacts, ParamValue, Part, Quantity, SlotState, Snapshot, Source,
};
use workbench_report::Format;
use workbench_result::{RunResult, compute};
use workbench_simulate::{Scenario, events};

fn made(scenario: Scenario) -> (RunResult, Snapshot) {
    let id = "20261121-101502-simulated-3f9a";
    let snapshot = Snapshot::of(&events(scenario, 7, id, 1_795_256_102_000));
    (compute(&snapshot).unwrap(), snapshot)
}

fn read(result: &RunResult, snapshot: &Snapshot) -> String {
    markup::read(&check_all(result, snapshot)).unwrap().text
}

const SECTIONS: [&str; 6] = [
    "How it went",
    "What a step consists of",
    "Time to the first step",
    "What was equal",
    "The programs",
    "What went wrong, and what it cost",
];

#[test]
fn a_training_is_told_in_full_and_a_forest_as_before() {
    let (result, snapshot) = made(Scenario::Gpus);
    let page = read(&result, &snapshot);
    for section in &SECTIONS[..5] {
        assert!(page.contains(section), "{section}");
    }
    // Nothing went wrong.
    assert!(!page.contains(SECTIONS[5]));
    assert!(!page.contains("Work and outputs"));
    assert!(page.contains("all-reduce wait") && page.contains("rank 7"));

    let (result, snapshot) = run(&Shape::full(&[2, 4], 4));
    let page = read(&result, &snapshot);
    for section in SECTIONS {
        assert!(!page.contains(section), "{section}");
    }
    assert!(page.contains("Work and outputs"));
}

#[test]
fn all_formats_for_reading_have_the_same_figures() {
    let (result, snapshot) = made(Scenario::Gpus);
    let page = read(&result, &snapshot);
    let markdown = text(Format::Markdown, &result, &snapshot);
    for shown in [&page, &markdown] {
        for needed in [
            "time to first step",
            "images/s",
            "bytes reduced",
            "may differ",
        ] {
            assert!(shown.contains(needed), "{needed}");
        }
        assert!(!shown.contains("DIFFERS,") && !shown.contains("time_to_first_step_s"));
    }
}

#[test]
fn unequal_work_is_called_by_name() {
    let (mut result, snapshot) = made(Scenario::Gpus);
    let markdown = text(Format::Markdown, &result, &snapshot);
    assert!(!markdown.contains("DIFFERS"));
    result.arms[1].work.insert("images".to_owned(), 7);
    let markdown = text(Format::Markdown, &result, &snapshot);
    let row = markdown
        .lines()
        .find(|line| line.contains("DIFFERS"))
        .unwrap();
    assert!(row.contains("images") && row.contains("| 7 |"), "{row}");
}

#[test]
fn a_failure_is_told_with_its_cost_and_an_arm_that_failed_with_its_reason() {
    let (mut result, snapshot) = made(Scenario::Dying);
    let page = read(&result, &snapshot);
    assert!(page.contains(SECTIONS[5]));
    assert!(page.contains("worker rank 1 died twice in one repeat"));
    assert!(page.contains("restarting") && page.contains("rank 1 failed"));

    let quality = &mut result.arms[1].quality;
    let figures = [
        ("failure", Quantity::Text("rank 1 was killed".to_owned())),
        ("failure_noticed_within_s", Quantity::Number(0.12)),
        ("failure_of_a_new_kind_s", Quantity::Number(2.5)),
        ("steps_repeated", Quantity::Number(40.0)),
    ];
    quality.extend(figures.map(|(name, value)| (name.to_owned(), value)));
    for shown in [
        read(&result, &snapshot),
        text(Format::Markdown, &result, &snapshot),
    ] {
        for needed in [
            "rank 1 was killed",
            "120 ms",
            "steps done again",
            "failure of a new kind",
        ] {
            assert!(shown.contains(needed), "{needed}");
        }
    }
}

#[test]
fn the_lab_s_page_stands_beside_what_was_measured_and_settings_are_explained() {
    let (mut result, snapshot) = made(Scenario::Gpus);
    let arm = result.arms[1].name.clone();
    result.arms[1]
        .quality
        .insert("time_to_first_step_s".to_owned(), Quantity::Number(1.25));
    let column = |title: &str, arm: Option<String>| PageColumn {
        title: title.to_owned(),
        arm,
    };
    let table = PageTable {
        columns: vec![
            column("", None),
            column("ours", Some(arm)),
            column("torchrun", None),
        ],
        rows: vec![
            ["restart", "the controller", "the agent"]
                .map(str::to_owned)
                .to_vec(),
        ],
        figures: vec!["time_to_first_step_s".to_owned(), "unknown".to_owned()],
    };
    result.lab_facts.page = Some(LabPage {
        title: "Who does what".to_owned(),
        blocks: vec![
            PageBlock::Table(table),
            PageBlock::Heading("Claims".to_owned()),
            PageBlock::Point("<b>95 %</b> less".to_owned()),
        ],
    });
    result
        .parameters
        .insert("accumulate".to_owned(), ParamValue::Integer(4));
    result.lab_facts.params = [("accumulate", "1"), ("seed", "7")]
        .map(|(name, default)| ParamFacts {
            name: name.to_owned(),
            default: default.to_owned(),
            help: format!("What {name} does."),
        })
        .into();
    for shown in [
        read(&result, &snapshot),
        text(Format::Markdown, &result, &snapshot),
    ] {
        for needed in [
            "Who does what",
            "the agent",
            "time to first step, measured in this run",
            "1.25 s",
            "95 %",
            "What accumulate does.",
        ] {
            assert!(shown.contains(needed), "{needed}");
        }
        assert!(
            !shown.contains("What seed does."),
            "it is not set otherwise"
        );
    }
}

#[test]
fn an_arm_without_a_result_still_has_its_curve() {
    let (mut result, mut snapshot) = made(Scenario::Dying);
    result.arms.retain(|arm| arm.name == "single");
    snapshot
        .repeats
        .retain(|repeat| repeat.id.arm == "single" || repeat.finished.is_none());
    let page = read(&result, &snapshot);
    assert!(page.contains("not finished"));
    assert!(page.contains("A red cross"));
}

type Change = fn(&mut RunResult, &mut Snapshot);

#[test]
fn whatever_is_missing_or_broken_leaves_a_page() {
    let cases: [(&str, Change); 8] = [
        ("no curve", |_, s| {
            s.repeats
                .iter_mut()
                .for_each(|repeat| repeat.curves.clear());
        }),
        ("empty curves", |_, s| {
            let curves = s
                .repeats
                .iter_mut()
                .flat_map(|repeat| repeat.curves.values_mut());
            curves.for_each(Vec::clear);
        }),
        ("curves of no number", |_, s| {
            let curves = s
                .repeats
                .iter_mut()
                .flat_map(|repeat| repeat.curves.values_mut());
            for (i, point) in curves.flatten().enumerate() {
                point.value = [f64::NAN, f64::INFINITY, -0.0, 1e300, -1e300][i % 5];
                point.step = if i % 7 == 0 { u64::MAX - 1 } else { point.step };
            }
        }),
        ("one point", |_, s| {
            let curves = s
                .repeats
                .iter_mut()
                .flat_map(|repeat| repeat.curves.values_mut());
            curves.for_each(|points| points.truncate(1));
        }),
        ("no breakdown", |r, _| {
            r.arms
                .iter_mut()
                .for_each(|arm| arm.breakdown = Breakdown::default());
        }),
        ("no step done", |r, _| {
            let slots = r.arms.iter_mut().flat_map(|arm| &mut arm.breakdown.slots);
            slots.for_each(|slot| slot.steps = 0);
        }),
        ("endless parts", |r, _| {
            for arm in &mut r.arms {
                arm.breakdown.slots[0].parts = vec![Part::work("x", u64::MAX); 50];
                arm.breakdown.start_up = vec![Part::wait("y", u64::MAX), Part::work("z", 0)];
                arm.breakdown
                    .facts
                    .insert("bytes_reduced".to_owned(), u64::MAX);
            }
        }),
        ("states out of order", |_, s| {
            for repeat in &mut s.repeats {
                repeat.states.reverse();
                let state = ControllerState {
                    phase: ControllerPhase::Recovering,
                    text: "x".repeat(500),
                    attempt: u32::MAX,
                    workers: Some(0),
                };
                repeat.states.extend(vec![(u64::MAX, state); 3]);
            }
        }),
    ];
    let (result, snapshot) = made(Scenario::Gpus);
    for (name, change) in cases {
        let (mut result, mut snapshot) = (result.clone(), snapshot.clone());
        change(&mut result, &mut snapshot);
        assert!(read(&result, &snapshot).contains("Do it again"), "{name}");
    }
}

#[test]
fn names_and_programs_from_outside_stay_text() {
    for bad in hostile::TEXTS {
        let (mut result, mut snapshot) = made(Scenario::Dying);
        for arm in &mut result.arms {
            arm.breakdown.facts.insert((*bad).to_owned(), 3);
            arm.quality
                .insert(format!("failure{bad}"), Quantity::Text((*bad).to_owned()));
            arm.breakdown.start_up.push(Part::work(bad, 5_000_000));
            for slot in &mut arm.breakdown.slots {
                slot.parts.push(Part::wait(bad, 9_000_000));
            }
        }
        for source in &mut result.sources {
            source.source = Source {
                file: (*bad).to_owned(),
                text: format!("{bad}\n// {bad}\n\t{bad}"),
            };
        }
        for repeat in &mut snapshot.repeats {
            let loss = repeat.curves["loss"].clone();
            repeat.curves.insert((*bad).to_owned(), loss);
            repeat
                .states
                .iter_mut()
                .for_each(|(_, state)| state.text = (*bad).to_owned());
        }
        read(&result, &snapshot);
    }
}

#[test]
fn many_ranks_and_long_programs_stay_small() {
    let (mut result, snapshot) = made(Scenario::Gpus);
    for arm in &mut result.arms {
        let slot = arm.breakdown.slots[0].clone();
        let slots = (0..4096).map(|number| SlotState {
            slot: number,
            ..slot.clone()
        });
        arm.breakdown.slots = slots.collect();
    }
    result.sources[0].source.text = "let x = 1; // why\n".repeat(100_000);
    let page = check_all(&result, &snapshot);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("more not drawn"));
}
