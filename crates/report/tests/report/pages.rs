//! Reports as their readers meet them: what a page says and in what order, and the same in
//! every other format.

use crate::fixture::checks::{check_all, text};
use crate::fixture::{Shape, markup, run};
use sha2::{Digest as _, Sha256};
use workbench_machine::monitor::{HardwareCounts, ResourceUse};
use workbench_record::{ArmFailure, ArmFailureKind, Finding, RECOVERED, RunStatus, Severity};
use workbench_report::{Format, headline, render};
use workbench_result::{Interval, IntervalKind, RunResult};

type Change = fn(&mut RunResult);

#[test]
fn the_page_of_a_run_answers_in_order() {
    let (result, snapshot) = run(&Shape::small());
    let page = check_all(&result, &snapshot);
    let read = markup::read(&page).unwrap();
    let order = [
        "models on 2 workers is ",
        "Diagnoses",
        "Warnings",
        "Speed-up against sequential",
        "What every slot did",
        "Where time was lost",
        "What came out",
        "What other numbers of slots would give",
        "How it was measured",
        "Do it again",
        "workbench run rf --preset full",
    ];
    let mut from = 0;
    for part in order {
        let body = &read.text[from..];
        let at = body
            .find(part)
            .unwrap_or_else(|| panic!("{part} is missing or out of place"));
        from += at;
    }
    for arm in &result.arms {
        assert!(read.text.contains(&arm.outputs_sha256));
    }
}

#[test]
fn every_chart_speaks_for_itself() {
    let (result, snapshot) = run(&Shape::full(&[1, 2, 4, 8], 8));
    let page = check_all(&result, &snapshot);
    let read = markup::read(&page).unwrap();
    let charts = read.elements.iter().filter(|e| *e == "svg").count();
    assert!(charts >= 6, "{charts}");
    for needed in ["title", "desc"] {
        let n = read.elements.iter().filter(|e| *e == needed).count();
        assert!(n >= charts, "{needed}: {n} of {charts}");
    }
    let roles = read
        .attributes
        .iter()
        .filter(|(n, v)| n == "role" && v == "img");
    assert_eq!(roles.count(), charts);
    let ids: Vec<&String> = read
        .attributes
        .iter()
        .filter(|(n, _)| n == "id")
        .map(|(_, v)| v)
        .collect();
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "ids repeat");
    for (_, names) in read
        .attributes
        .iter()
        .filter(|(n, _)| n == "aria-labelledby")
    {
        assert!(
            names
                .split(' ')
                .all(|name| ids.iter().any(|id| *id == name)),
            "{names}"
        );
    }
    let speedup = workbench_report::format::speedup(result.arms[4].speedup.unwrap());
    let described = page
        .split("<desc")
        .nth(1)
        .unwrap()
        .split("</desc>")
        .next()
        .unwrap();
    assert!(described.contains(&speedup), "{described}");
}

#[test]
fn the_colours_of_charts_are_all_overridden_in_the_dark() {
    let (result, snapshot) = run(&Shape::full(&[2], 2));
    let page = text(Format::Html, &result, &snapshot);
    let read = markup::read(&page).unwrap();
    for (name, value) in read
        .attributes
        .iter()
        .filter(|(n, v)| (n == "fill" || n == "stroke") && v != "none")
    {
        let rule = format!(".chart [{name}=\"{value}\"]{{{name}:var(--");
        assert!(page.contains(&rule), "{rule}");
    }
}

#[test]
fn formats_say_the_same() {
    let (result, snapshot) = run(&Shape::small());
    let page = markup::read(&text(Format::Html, &result, &snapshot))
        .unwrap()
        .text;
    let markdown = text(Format::Markdown, &result, &snapshot);
    let drawing = text(Format::Svg, &result, &snapshot);
    for arm in result.arms.iter().filter(|arm| arm.name != result.base) {
        let speedup = workbench_report::format::speedup(arm.speedup.unwrap());
        let interval = workbench_report::format::interval(arm.speedup_interval.unwrap().ends());
        for rendering in [&page, &markdown, &drawing] {
            assert!(rendering.contains(&speedup) && rendering.contains(&interval));
        }
    }
    let json = render(Format::Json, &result, &snapshot, None).unwrap();
    assert_eq!(serde_json::from_slice::<RunResult>(&json).unwrap(), result);
    assert!(json.ends_with(b"}\n"));
}

#[test]
fn markdown_of_a_small_run() {
    let (result, snapshot) = run(&Shape::small());
    insta::assert_snapshot!(text(Format::Markdown, &result, &snapshot));
}

#[test]
fn a_finding_of_another_severity_than_its_list_says_so() {
    let (mut result, snapshot) = run(&Shape::small());
    assert!(!text(Format::Markdown, &result, &snapshot).contains("**warning:**"));
    result.warnings[0].severity = Severity::Error;
    let first = &result.warnings[0].text;
    let markdown = text(Format::Markdown, &result, &snapshot);
    assert!(markdown.contains(&format!("- **error:** {first}")));
    let page = text(Format::Html, &result, &snapshot);
    assert!(page.contains("<li class=\"error\"><strong>error: </strong><bdi>"));
}

#[test]
fn a_recovery_is_told_beside_the_speed_up_of_its_arm() {
    let (mut result, _) = run(&Shape::small());
    let told = "its wall time has a recovery from a failure in it";
    let sentences = headline(&result);
    assert!(sentences.iter().all(|sentence| !sentence.contains(told)));
    let arm = result.arms[1].clone();
    let found = Finding::warning(RECOVERED, "It went on.").arm_on(&arm.name, arm.workers);
    result.warnings.push(found);
    let sentences = headline(&result);
    let about = sentences.iter().filter(|sentence| sentence.contains(told));
    assert_eq!(about.count(), 1, "{sentences:?}");
}

#[test]
fn slower_by_less_than_two_digits_show_is_told_with_more_of_them() {
    let (mut result, _) = run(&Shape::small());
    let last = result.arms.len() - 1;
    result.arms.truncate(2.min(last + 1));
    result.arms[1].speedup = Some(0.998);
    result.arms[1].speedup_interval =
        Some(Interval::new(IntervalKind::Confidence95, [0.997, 0.999]));
    let sentences = headline(&result);
    assert!(
        sentences[0].contains("slower") && sentences[0].contains("0.998×"),
        "{sentences:?}"
    );
}

#[test]
fn headlines() {
    let (result, _) = run(&Shape::small());
    let cases: [(&str, Change); 13] = [
        ("as run", |_| ()),
        ("one repeat", |r| {
            for arm in &mut r.arms {
                arm.wall_s.truncate(1);
                arm.speedup_interval = None;
            }
        }),
        ("two repeats", |r| {
            for arm in &mut r.arms {
                arm.wall_s.truncate(2);
                let range = arm.speedup_interval.map(|i| i.ends());
                arm.speedup_interval = range.map(|r| Interval::new(IntervalKind::Range, r));
            }
        }),
        ("slower", |r| {
            r.arms[1].speedup = Some(0.8);
            r.arms[1].speedup_interval =
                Some(Interval::new(IntervalKind::Confidence95, [0.78, 0.83]));
        }),
        ("no difference", |r| {
            r.arms[1].speedup = Some(1.01);
            r.arms[1].speedup_interval =
                Some(Interval::new(IntervalKind::Confidence95, [0.97, 1.05]));
        }),
        ("outputs differ", |r| {
            r.check.equal_outputs = false;
            r.check.differences = vec![Finding::error(
                "unequal_outputs",
                "n_estimators=60: models and sequential differ.",
            )];
        }),
        ("work differs", |r| r.check.equal_work = false),
        ("base missing", |r| {
            r.arms.remove(0);
            r.status = RunStatus::Failed;
            for arm in &mut r.arms {
                arm.speedup = None;
            }
        }),
        ("an arm failed", |r| {
            r.status = RunStatus::Failed;
            r.failed_arms = vec![ArmFailure {
                arm: "trees".to_owned(),
                kind: ArmFailureKind::Run,
                reason: "it broke".to_owned(),
            }];
        }),
        ("base only", |r| r.arms.truncate(1)),
        ("nothing finished", |r| {
            r.arms.iter_mut().for_each(|arm| arm.wall_s.clear());
            r.status = RunStatus::Interrupted;
        }),
        ("uneven repeats", |r| {
            r.arms[0].wall_s.pop();
            r.status = RunStatus::Interrupted;
        }),
        ("several numbers of workers, oversubscribed", |r| {
            let mut four = r.arms[2].clone();
            four.workers = 4;
            four.oversubscribed = true;
            four.speedup = Some(2.1);
            r.arms.push(four);
        }),
    ];
    let mut all = Vec::new();
    for (name, change) in cases {
        let mut changed = result.clone();
        change(&mut changed);
        all.push(format!("{name}:"));
        all.extend(
            headline(&changed)
                .iter()
                .map(|sentence| format!("  {sentence}")),
        );
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_table_of_tasks_is_complete_and_ordered() {
    let (result, mut snapshot) = run(&Shape::small());
    let expected: usize = snapshot.repeats.iter().map(|r| r.tasks.len()).sum();
    let once = render(Format::Csv, &result, &snapshot, None).unwrap();
    snapshot.repeats.reverse();
    assert_eq!(once, render(Format::Csv, &result, &snapshot, None).unwrap());
    let mut reader = csv::Reader::from_reader(once.as_slice());
    let columns = "arm workers repeat task name group part slot attempt queued_s ready_s started_s finished_s wall_s cpu_s outcome \
        repeat_peak_memory_bytes repeat_minor_faults repeat_major_faults repeat_voluntary_switches repeat_involuntary_switches \
        repeat_mean_mhz repeat_instructions repeat_cycles repeat_cache_misses";
    assert_eq!(
        reader
            .headers()
            .unwrap()
            .iter()
            .collect::<Vec<_>>()
            .join(" "),
        columns
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), expected);
    let place = |arm: &str| result.arms.iter().position(|a| a.name == arm).unwrap();
    let key = |row: &csv::StringRecord| {
        let number = |i: usize| row[i].parse::<u64>().unwrap();
        (place(&row[0]), number(1), number(2), number(3), number(8))
    };
    assert!(rows.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
    let seconds = |row: &csv::StringRecord, i: usize| row[i].parse::<f64>().unwrap();
    for row in &rows {
        assert!((seconds(row, 12) - seconds(row, 11) - seconds(row, 13)).abs() < 1e-8);
    }
}

#[test]
fn what_arms_used_is_in_every_table() {
    let (mut result, mut snapshot) = run(&Shape::small());
    let used = ResourceUse {
        peak_memory_bytes: 3 << 20,
        minor_faults: 12_345,
        voluntary_switches: 67,
        hardware: Some(HardwareCounts {
            instructions: 2_000_000,
            cycles: 1_000_000,
            cache_misses: None,
        }),
        ..ResourceUse::default()
    };
    let page = text(Format::Html, &result, &snapshot);
    assert!(!page.contains("What every arm used"));
    result.arms[1].usage = Some(used.clone());
    for format in [Format::Html, Format::Markdown] {
        let report = text(format, &result, &snapshot);
        for told in ["What every arm used", "3.00 MiB", "12,345", "0.500"] {
            assert!(report.contains(told), "{told} is missing");
        }
        assert!(!report.contains("cache misses |"), "a column of nothing");
    }
    let repeat = snapshot.repeats.iter_mut().find(|r| !r.tasks.is_empty());
    repeat.unwrap().finished.as_mut().unwrap().usage = Some(used);
    let table = text(Format::Csv, &result, &snapshot);
    assert!(table.contains(",3145728,12345,0,67,0,,2000000,1000000,\n"));
}

/// Times of three rounds whose ratios have another median than their medians have a ratio.
#[test]
fn a_speedup_that_is_no_quotient_of_medians_is_explained() {
    let (mut result, snapshot) = run(&Shape::small());
    let base = result.arms[0].wall_median_s;
    for arm in &mut result.arms[1..] {
        arm.speedup = Some(base / arm.wall_median_s);
    }
    assert_eq!(workbench_report::quotients(&result), None);
    result.arms[1].speedup = Some(base / result.arms[1].wall_median_s * 1.1);
    let note = workbench_report::quotients(&result).unwrap();
    assert!(note.contains("median over the rounds"), "{note}");
    assert!(note.contains(&result.arms[1].name) && !note.contains(&result.arms[2].name));
    for format in [Format::Html, Format::Markdown] {
        let report = text(format, &result, &snapshot);
        assert!(report.contains("median over the rounds"));
    }
}

#[test]
fn the_image_has_twice_the_pixels_of_the_drawing() {
    let (result, snapshot) = run(&Shape::small());
    let bytes = render(Format::Png, &result, &snapshot, None).unwrap();
    let mut image = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; image.output_buffer_size().unwrap()];
    image.next_frame(&mut pixels).unwrap();
    let svg = text(Format::Svg, &result, &snapshot);
    let width = format!("width=\"{}\"", image.info().width / 2);
    assert!(svg.contains(&width), "{width}");
    assert_eq!(pixels[..3], [255, 255, 255], "the paper is white");
    assert!(
        pixels.chunks(3).any(|p| p == [0x00, 0x6b, 0xa8]),
        "the first arm's bar is there"
    );
}

#[test]
fn the_policy_allows_the_page_s_own_style_and_nothing_else() {
    let (result, snapshot) = run(&Shape::small());
    let page = text(Format::Html, &result, &snapshot);
    let style = page
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    let read = markup::read(&page).unwrap();
    let policy = read
        .attributes
        .iter()
        .find(|(_, v)| v.starts_with("default-src 'none'"))
        .unwrap();
    let hash = policy
        .1
        .split("'sha256-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert_eq!(decode(hash), Sha256::digest(style).to_vec());
    assert_eq!(
        policy.1.replace(hash, ""),
        "default-src 'none'; style-src 'sha256-'; base-uri 'none'; form-action 'none'"
    );
}

/// Base64 back to bytes.
fn decode(text: &str) -> Vec<u8> {
    let letters = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['+', '/']);
    let letters: Vec<char> = letters.collect();
    let (mut bits, mut held, mut bytes) = (0u32, 0, Vec::new());
    for c in text.trim_end_matches('=').chars() {
        bits = bits << 6 | letters.iter().position(|l| *l == c).unwrap() as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}
