use jiff::{Timestamp, Zoned};
use proptest::prelude::*;
use workbench_report::format;

use super::*;

/// 21 November 2026, 12:00 UTC.
fn now() -> Zoned {
    "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap()
}

/// A run that began on the day in its id.
fn run(id: &str, status: &str, lab: &str, preset: &str) -> FilterFacts {
    let result = workbench_result::RunResult {
        lab: lab.to_owned(),
        preset: preset.to_owned(),
        ..crate::comparison::tests::result("x")
    };
    let mut facts = FilterFacts::of(id, &result, status, "1.93× (trees on 2)");
    facts.started_s = FilterFacts::unreadable(id, "").started_s;
    facts
}

fn matches(filter: &str, facts: &FilterFacts) -> bool {
    let parsed = parse(filter, &now());
    assert_eq!(parsed.problem, None, "{filter}");
    parsed.filter.matches(facts)
}

fn problem(filter: &str) -> String {
    parse(filter, &now()).problem.unwrap_or_default()
}

#[test]
fn words_and_fields_all_have_to_hold() {
    let facts = run("20261120-093000-rf-0b1c", "check failed", "rf", "quick");
    for yes in [
        "",
        "rf 0B1C",
        "trees",
        "lab:rf",
        "LAB:RF",
        "lab:r",
        "preset:quick,full",
        "status:check-failed",
        "status:check",
        "status:\"check failed\"",
        "status:killed,check_failed",
        "arm:tre",
        "arm:sequential",
        "lab:rf 0b1c preset:q",
        "\"check failed\"",
        "\"1.93×\"",
    ] {
        assert!(matches(yes, &facts), "{yes}");
    }
    for no in [
        "lab:f",
        "status:failed",
        "preset:full",
        "arm:nothing",
        "rf ddp",
        "\"lab:rf\"",
        "lab:rf,ddp status:killed",
    ] {
        assert!(!matches(no, &facts), "{no}");
    }
}

#[test]
fn times_have_the_meaning_that_people_give_them() {
    let facts = run("20261120-093000-rf-0b1c", "completed", "rf", "quick");
    for yes in [
        "since:2026-11-20",
        "until:2026-11-20",
        "since:2026-11",
        "since:2026 until:2026",
        "since:yesterday",
        "until:yesterday",
        "until:today",
        "since:7d",
        "since:27h",
        "until:26h",
        "since:1w",
        "since:2026-11-20T09:30",
        "until:2026-11-20T09:30",
        "since:2026-11-20 until:2026-11-20",
    ] {
        assert!(matches(yes, &facts), "{yes}");
    }
    for no in [
        "since:2026-11-21",
        "since:today",
        "until:2026-11-19",
        "since:26h",
        "until:27h",
        "until:2025",
        "since:90m",
        "since:2026-11-20T09:31",
    ] {
        assert!(!matches(no, &facts), "{no}");
    }
    // A run that cannot be read has the time in its id; one with another name has none.
    assert!(matches(
        "since:2026-11-20",
        &FilterFacts::unreadable("20261120-093000-rf-1", "x")
    ));
    assert!(!matches(
        "since:2026",
        &FilterFacts::unreadable("other", "x")
    ));
    assert!(matches(
        "status:unr damaged",
        &FilterFacts::unreadable("other", "Damaged")
    ));
}

#[test]
fn mistakes_say_what_was_wrong_and_what_would_be_right() {
    for (filter, words) in [
        ("labb:rf", &["`labb:`", "did you mean `lab`", "preset"][..]),
        ("zzz:rf", &["`zzz:`", "lab, preset, status"]),
        (
            "status:kiled",
            &["`status:kiled`", "did you mean `killed`", "interrupted"],
        ),
        ("status:", &["`status:` takes", "completed"]),
        ("since:", &["`since:` takes", "2026-11-20"]),
        ("since:2026-1", &["`since:2026-1`", "no date", "yesterday"]),
        ("since:soon", &["`since:soon`", "no date"]),
        ("until:2026-02-30", &["`until:2026-02-30`", "calendar"]),
        ("until:2026-11-20T25:00", &["calendar"]),
        ("since:99999999999999999999d", &["no date"]),
        ("since:today until:yesterday", &["later than", "exchange"]),
    ] {
        let problem = problem(filter);
        for word in words {
            assert!(problem.contains(word), "{filter}: {problem}");
        }
    }
    // Valid terms still apply.
    let parsed = parse("lab:ddp since:soon", &now());
    assert!(!parsed.filter.matches(&run("a", "completed", "rf", "quick")));
    // A colon after digits marks no field.
    assert_eq!(problem("10:15 \"c:\\data\" :x"), "");
}

#[test]
fn the_field_under_the_cursor_is_known() {
    assert_eq!(field_at_end("lab:rf since:2026"), Some(Field::Since));
    assert_eq!(field_at_end("status:"), Some(Field::Status));
    for none in ["", "status: ", "word", "nope:x", "\"lab:x"] {
        assert_eq!(field_at_end(none), None, "{none}");
    }
}

#[test]
fn examples_and_statuses_are_in_order() {
    for field in Field::ALL {
        assert_eq!(problem(field.examples()[0]), "", "{field:?}");
        assert!(field.examples()[0].starts_with(field.name()));
    }
    for status in STATUSES {
        let facts = run("a", status, "rf", "quick");
        let typed = format!("status:{}", status.replace(' ', "-"));
        assert!(matches(&typed, &facts), "{typed}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let parsed = parse(&text, &now());
        parsed.filter.matches(&run("20261120-093000-rf-0b1c", "completed", "rf", "quick"));
        let _ = field_at_end(&text);
        if let Some(problem) = parsed.problem {
            prop_assert!(!problem.contains(char::is_control), "{problem:?}");
            prop_assert!(problem.chars().count() < 220, "{problem}");
        }
    }

    #[test]
    fn any_field_is_read(
        field in "(lab|preset|status|arm|since|until|[a-zé]{1,9}):",
        value in "[-0-9a-zT:,\"é]{0,20}|[0-9]{1,30}[mhdw]|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?",
    ) {
        let _ = parse(&format!("{field}{value}"), &now());
    }

    /// A field's name in any part of a value is found, and what was not asked for is not.
    #[test]
    fn a_beginning_of_a_lab_matches_and_nothing_else(lab in "[a-z]{1,8}", wanted in "[a-z]{1,8}") {
        let facts = run("20261120-093000-x-0b1c", "completed", &lab, "quick");
        prop_assert_eq!(matches(&format!("lab:{wanted}"), &facts), lab.starts_with(&wanted));
    }

    /// Later filters let fewer runs pass: `since` is monotone, and `until` is its complement up to
    /// the stretch.
    #[test]
    fn since_and_until_part_the_runs(hours in 0_i64..500, age in 0_i64..500) {
        let started = now().timestamp().as_second() - age * 3600;
        let id = Timestamp::from_second(started).unwrap().strftime("%Y%m%d-%H%M%S-rf-0000");
        let facts = run(&id.to_string(), "completed", "rf", "quick");
        prop_assert_eq!(matches(&format!("since:{hours}h"), &facts), age <= hours);
        prop_assert_eq!(matches(&format!("until:{hours}h"), &facts), age > hours);
    }
}

/// Lists show local times, so a day is the local one, and so are words.
#[test]
fn days_are_those_of_the_zone_in_which_runs_are_listed() {
    // It began on 20 November at 23:30 UTC, which is 21 November at 08:30 there.
    let facts = run("20261120-233000-rf-0b1c", "completed", "rf", "quick");
    let there: Zoned = "2026-11-21T21:00:00+09:00[+09:00]".parse().unwrap();
    let is_in = |filter: &str, now: &Zoned| parse(filter, now).filter.matches(&facts);
    for (filter, at_home, in_utc) in [
        ("since:today", true, false),
        ("since:2026-11-21", true, false),
        ("until:2026-11-20", false, true),
        ("until:yesterday", false, true),
        ("since:2026-11-21T08:31", false, false),
        ("since:2026-11-21T08:30", true, false),
        ("\"2026-11-21 08:30\"", true, false),
        ("\"2026-11-20 23:30\"", false, true),
        ("since:13h", true, true),
    ] {
        assert_eq!(is_in(filter, &there), at_home, "{filter}");
        assert_eq!(is_in(filter, &now()), in_utc, "{filter}");
    }
}

#[test]
fn problems_are_safe_to_show() {
    let shown = problem("since:\u{202e}evil\u{7}");
    assert_eq!(shown, format::clean(&shown, 400));
}
