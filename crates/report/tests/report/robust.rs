//! Reports of runs that went wrong, and of runs whose texts, numbers and sizes are out
//! of the ordinary.

use crate::fixture::checks::{check_all, text};
use crate::fixture::{Shape, hostile, markup, run};
use proptest::prelude::*;
use workbench_record::{Finding, RunStatus, Snapshot};
use workbench_report::{Format, render};
use workbench_result::RunResult;

/// The size that no page may reach, in bytes.
const LIMIT: usize = 2_000_000;

type Change = fn(&mut RunResult, &mut Snapshot);

#[test]
fn pages_stay_small() {
    for shape in [
        Shape::full(&[2], 2),
        Shape::full(&[2, 8, 32, 64], 64),
        Shape::huge(),
    ] {
        let (result, snapshot) = run(&shape);
        let size = render(Format::Html, &result, &snapshot, None)
            .unwrap()
            .len();
        assert!(size < LIMIT, "{size} bytes for {shape:?}");
    }
}

#[test]
fn a_page_stays_small_when_tasks_alternate() {
    // Neighbouring tasks of different colour on every slot: nothing joins.
    let (result, mut snapshot) = run(&Shape::huge());
    for repeat in &mut snapshot.repeats {
        for task in &mut repeat.tasks {
            task.group = (task.started_ns / 1000 % 137) as u32;
        }
    }
    for (i, (_, sample)) in snapshot.samples.iter_mut().enumerate() {
        for (core, busy) in sample.cores.iter_mut().enumerate() {
            *busy = ((i * 7 + core * 3) % 10) as f32 / 10.0;
        }
        sample.steal = sample
            .cores
            .iter()
            .map(|b| if *b > 0.4 { 0.1 } else { 0.0 })
            .collect();
    }
    let size = render(Format::Html, &result, &snapshot, None)
        .unwrap()
        .len();
    assert!(size < LIMIT, "{size} bytes");
}

#[test]
fn no_speed_up_is_stated_when_the_check_failed() {
    let (mut result, snapshot) = run(&Shape::full(&[2, 4], 4));
    result.check.equal_outputs = false;
    result.check.differences = vec![Finding::error(
        "unequal_outputs",
        "n_estimators=60: trees gave other predictions than sequential.",
    )];
    // Even a result that still carries the numbers must not show them.
    let page = markup::read(&check_all(&result, &snapshot)).unwrap().text;
    let markdown = text(Format::Markdown, &result, &snapshot);
    let drawing = text(Format::Svg, &result, &snapshot);
    assert!(page.contains("No speed-up is stated: the outputs of the arms differ"));
    assert!(page.contains("trees gave other predictions than sequential"));
    for arm in result.arms.iter().filter(|arm| arm.name != result.base) {
        let speedup = workbench_report::format::speedup(arm.speedup.unwrap());
        for rendering in [&page, &markdown, &drawing] {
            assert!(!rendering.contains(&speedup), "{speedup}");
        }
    }
}

#[test]
fn runs_that_are_missing_something() {
    let (full, snapshot) = run(&Shape::full(&[2, 4], 4));
    let cases: [(&str, Change); 9] = [
        ("null speed-ups", |r, _| {
            for arm in &mut r.arms {
                (arm.speedup, arm.speedup_interval, arm.efficiency) = (None, None, None);
                (arm.bound, arm.predicted, arm.karp_flatt) = (None, None, None);
            }
        }),
        ("one arm", |r, _| r.arms.truncate(1)),
        ("no arm", |r, s| {
            r.arms.clear();
            *s = Snapshot::default();
        }),
        ("no tasks", |_, s| {
            s.repeats.iter_mut().for_each(|repeat| repeat.tasks.clear());
        }),
        ("no samples", |_, s| s.samples.clear()),
        ("no tasks, no samples, no items", |r, s| {
            s.repeats.iter_mut().for_each(|repeat| repeat.tasks.clear());
            s.samples.clear();
            r.arms.iter_mut().for_each(|arm| arm.items.clear());
            r.what_if.clear();
        }),
        ("nothing finished", |r, s| {
            r.status = RunStatus::Interrupted;
            r.arms.iter_mut().for_each(|arm| arm.wall_s.clear());
            s.repeats
                .iter_mut()
                .for_each(|repeat| repeat.finished = None);
        }),
        ("record of another run", |_, s| *s = Snapshot::default()),
        ("empty cores", |_, s| {
            s.samples
                .iter_mut()
                .for_each(|(_, sample)| sample.cores.clear());
        }),
    ];
    for (name, change) in cases {
        let (mut result, mut snapshot) = (full.clone(), snapshot.clone());
        change(&mut result, &mut snapshot);
        let page = check_all(&result, &snapshot);
        assert!(page.contains("Do it again"), "{name}");
    }
}

#[test]
fn hostile_texts_are_only_texts() {
    for hostile in hostile::TEXTS {
        let (mut result, mut snapshot) = run(&Shape::small());
        hostile::fill(&mut result, &mut snapshot, hostile);
        for passed in [true, false] {
            result.check.equal_outputs = passed;
            let page = check_all(&result, &snapshot);
            let svg = text(Format::Svg, &result, &snapshot);
            let markdown = text(Format::Markdown, &result, &snapshot);
            for rendering in [&page, &svg] {
                assert!(!rendering.contains("<script") && !rendering.contains("</title></style>"));
            }
            for rendering in [&page, &svg, &markdown] {
                assert!(!rendering.contains('\u{202e}') && !rendering.contains('\u{0}'));
            }
            let body = markdown.split("## Reproduce").next().unwrap();
            assert!(
                !body.contains("<script")
                    && !body.contains("\n- item")
                    && !body.contains("\n# heading")
            );
            let columns = |line: &str| line.replace("\\|", "").matches('|').count();
            let tables: Vec<&str> = body.lines().filter(|l| l.starts_with('|')).collect();
            for pair in tables
                .windows(2)
                .filter(|pair| pair[1].starts_with("| ---"))
            {
                assert_eq!(columns(pair[0]), columns(pair[1]), "{pair:?}");
            }
        }
        let csv = render(Format::Csv, &result, &snapshot, None).unwrap();
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        let name = reader.records().next().unwrap().unwrap()[4].to_owned();
        assert_eq!(name, format!("{hostile}0"));
    }
}

#[test]
fn long_names_do_not_swell_the_page() {
    let (mut result, mut snapshot) = run(&Shape::full(&[2], 2));
    hostile::fill(&mut result, &mut snapshot, &"long<&>| ".repeat(1100));
    let page = check_all(&result, &snapshot);
    assert!(page.len() < 500_000, "{} bytes", page.len());
}

#[test]
fn numbers_that_are_none_are_said_to_be_missing() {
    for value in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        -1e300,
        0.0,
        -1.0,
        1e-300,
    ] {
        for shape in [
            Shape::small(),
            Shape {
                workers: vec![2, 4],
                ..Shape::small()
            },
        ] {
            let (mut result, snapshot) = run(&shape);
            hostile::number(&mut result, value);
            check_all(&result, &snapshot);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any texts, numbers and times give well-formed files.
    #[test]
    fn any_result_renders(
        words in "\\PC{0,40}|[<>&\"'|`\n\\x00-\\x1f]{0,20}",
        value in any::<f64>(),
        times in prop::collection::vec(
            (0u64..1 << 62, 0u64..1 << 62, any::<u32>(), any::<u32>()),
            0..40,
        ),
        wall_ns in prop_oneof![Just(0u64), 1u64..1 << 40, (1u64 << 60)..1 << 62],
    ) {
        let shape = Shape { workers: vec![1, 3], repeats: 2, ..Shape::small() };
        let (mut result, mut snapshot) = run(&shape);
        hostile::fill(&mut result, &mut snapshot, &words);
        hostile::number(&mut result, value);
        for repeat in &mut snapshot.repeats {
            repeat.finished.as_mut().unwrap().wall_ns = wall_ns;
            for (task, (start, stop, slot, group)) in repeat.tasks.iter_mut().zip(&times) {
                (task.started_ns, task.finished_ns) = (*start, *stop);
                (task.slot, task.group) = (*slot, *group);
            }
        }
        check_all(&result, &snapshot);
    }
}
