//! Hand-ins whose logs were edited and packed anew: each is found, and named by kind.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use serde_json::{Value, json};

use crate::forge::{LONG, SHORT, class, each, errors, finds, is, reexecuted, scale, verified};

type Edit = fn(&mut Vec<Value>);

fn of_arm<'a>(events: &'a mut [Value], kind: &'a str, arm: &'a str) -> Vec<&'a mut Value> {
    each(events, kind)
        .filter(|event| event["arm"] == arm)
        .collect()
}

/// Times of an event that are on the run's clock or last on it.
const TIMES: [&str; 9] = [
    "t_ns",
    "started_ns",
    "finished_ns",
    "queued_ns",
    "ready_ns",
    "wall_ns",
    "cpu_ns",
    "instrument_cpu_ns",
    "screen_cpu_ns",
];

fn scale_all(events: &mut [Value], by: f64) {
    for event in events {
        for time in TIMES {
            scale(&mut event[time], by);
            if event[time].is_null() {
                event.as_object_mut().unwrap().remove(time);
            }
        }
    }
}

fn set_cores(events: &mut [Value]) {
    for event in each(events, "run_started") {
        event["machine"]["cores_logical"] = json!(16);
        event["machine"]["cores_usable"] = json!(16.0);
    }
}

/// The lines of the last repeat, from its start to its end.
fn last_repeat(events: &[Value]) -> std::ops::RangeInclusive<usize> {
    let from = events
        .iter()
        .rposition(|event| is(event, "repeat_started"))
        .unwrap();
    let to = events
        .iter()
        .rposition(|event| is(event, "repeat_finished"))
        .unwrap();
    from..=to
}

// Long because it is a table of cases.
#[test]
fn logs_that_were_edited_and_packed_anew_are_found() {
    let cases: [(&str, Edit, &str); 23] = [
        (
            "faster tasks",
            |e| {
                for f in of_arm(e, "repeat_finished", "tasks") {
                    scale(&mut f["wall_ns"], 0.2);
                    scale(&mut f["cpu_ns"], 0.2);
                }
            },
            "task_outside_repeat",
        ),
        (
            "tasks twice as long",
            |e| {
                for task in each(e, "task") {
                    let from = task["started_ns"].as_u64().unwrap();
                    let to = task["finished_ns"].as_u64().unwrap();
                    task["finished_ns"] = json!(from + (to - from) / 4 * 2);
                }
            },
            "multiples",
        ),
        (
            "a repeat dropped",
            |e| drop(e.drain(last_repeat(e))),
            "repeat_missing",
        ),
        (
            "a repeat twice",
            |e| {
                let again: Vec<Value> = e[last_repeat(e)].to_vec();
                let at = *last_repeat(e).end() + 1;
                e.splice(at..at, again);
            },
            "repeat_twice",
        ),
        (
            "a repeat copied",
            |e| {
                let repeats: Vec<usize> = (0..e.len())
                    .filter(|at| is(&e[*at], "repeat_finished") && e[*at]["arm"] == "tasks")
                    .collect();
                let (wall, cpu) = (
                    e[repeats[0]]["wall_ns"].clone(),
                    e[repeats[0]]["cpu_ns"].clone(),
                );
                e[repeats[1]]["wall_ns"] = wall;
                e[repeats[1]]["cpu_ns"] = cpu;
            },
            "repeat_copied",
        ),
        (
            "more repeats than planned",
            |e| each(e, "run_started").for_each(|s| s["planned_repeats"] = json!(6)),
            "plan_differs",
        ),
        (
            "fewer repeats asked",
            |e| {
                each(e, "run_started").for_each(|s| {
                    s["config"]["repeats"] = json!(2);
                    s["planned_repeats"] = json!(6);
                });
            },
            "command_differs",
        ),
        (
            "a repeat that was not planned",
            |e| {
                for kind in ["repeat_started", "repeat_finished"] {
                    let last = each(e, kind).last().unwrap();
                    last["repeat"] = json!(17);
                }
            },
            "repeat_unplanned",
        ),
        (
            "another seed",
            |e| each(e, "run_started").for_each(|s| s["config"]["seed"] = json!(7)),
            "command_differs",
        ),
        (
            "another seed, in the command too",
            |e| {
                each(e, "run_started").for_each(|s| {
                    s["config"]["seed"] = json!(7);
                    let command = s["config"]["command"]
                        .as_str()
                        .unwrap()
                        .replace("--seed 42", "--seed 7");
                    s["config"]["command"] = json!(command);
                });
            },
            "data_differs",
        ),
        (
            "other data",
            |e| each(e, "run_started").for_each(|s| s["data_sha256"] = json!("0".repeat(64))),
            "data_differs",
        ),
        (
            "another split",
            |e| each(e, "run_started").for_each(|s| s["split_sha256"] = json!("0".repeat(64))),
            "data_differs",
        ),
        ("cores invented", |e| set_cores(e), "cores_differ"),
        (
            "more usable cores than processors",
            |e| each(e, "run_started").for_each(|s| s["machine"]["cores_usable"] = json!(99.0)),
            "cores_differ",
        ),
        (
            "more CPU time than there is",
            |e| each(e, "repeat_finished").for_each(|f| scale(&mut f["cpu_ns"], 100.0)),
            "cpu_time",
        ),
        (
            "other outputs in one repeat",
            |e| {
                let last = each(e, "repeat_finished").last().unwrap();
                last["items"][0]["sha256"] = json!("1".repeat(64));
            },
            "unequal_work",
        ),
        (
            "less work in one arm",
            |e| {
                for f in of_arm(e, "repeat_finished", "trees") {
                    f["work"]["trees"] = json!(1);
                }
            },
            "unequal_work",
        ),
        (
            "a slot too many",
            |e| each(e, "task").for_each(|t| t["slot"] = json!(40)),
            "slot_unknown",
        ),
        (
            "round wall times",
            |e| {
                each(e, "repeat_finished").for_each(|f| {
                    let ms = f["wall_ns"].as_u64().unwrap() / 1_000_000;
                    f["wall_ns"] = json!(ms * 1_000_000);
                });
            },
            "round_times",
        ),
        (
            "clocks that go back",
            |e| {
                let mut starts: Vec<&mut Value> = each(e, "repeat_started").collect();
                let late = starts[1]["t_ns"].as_u64().unwrap();
                starts[0]["t_ns"] = json!(late + 1);
            },
            "clock_backwards",
        ),
        (
            "repeats at the same time",
            |e| {
                let mut ends: Vec<&mut Value> = each(e, "repeat_finished").collect();
                let first = ends[0]["started_ns"].clone();
                ends[1]["started_ns"] = first;
            },
            "repeat_outside_record",
        ),
        (
            "repeats in another order",
            |e| {
                for kind in ["repeat_started", "repeat_finished"] {
                    let mut all: Vec<&mut Value> = each(e, kind).collect();
                    let (arm, workers) = (all[0]["arm"].clone(), all[0]["workers"].clone());
                    all[0]["arm"] = all[1]["arm"].clone();
                    all[0]["workers"] = all[1]["workers"].clone();
                    all[1]["arm"] = arm;
                    all[1]["workers"] = workers;
                }
            },
            "order_differs",
        ),
        (
            "a longer repeat than there was time",
            |e| {
                // An hour: a slow machine may take longer between two repeats than for them.
                each(e, "repeat_finished").for_each(|f| {
                    let wall = f["wall_ns"].as_u64().unwrap();
                    f["wall_ns"] = json!(wall + 3_600_000_000_000);
                });
            },
            "repeat_outside_record",
        ),
    ];
    for (what, edit, kind) in cases {
        let archive = SHORT.with_log(edit);
        finds(what, &archive, kind);
    }
}

#[test]
fn times_that_were_scaled_as_a_whole_are_found_by_the_samples() {
    finds(
        "halved",
        &LONG.with_log(|e| scale_all(e, 0.5)),
        "sampling_cadence",
    );
    finds(
        "three times as long",
        &LONG.with_log(|e| scale_all(e, 3.0)),
        "sampling_cadence",
    );
    let faster = LONG.with_log(|e| {
        for f in of_arm(e, "repeat_finished", "trees") {
            scale(&mut f["wall_ns"], 0.5);
        }
    });
    finds("one arm halved", &faster, "task_outside_repeat");
    let busier = LONG.with_log(|e| {
        each(e, "repeat_finished").for_each(|f| {
            let wall = f["wall_ns"].as_u64().unwrap();
            f["cpu_ns"] = json!(wall / 10);
        });
    });
    finds("less CPU time", &busier, "task_cpu");
}

#[test]
fn outputs_that_were_made_up_do_not_come_out_again() {
    let made_up = SHORT.with_log(|e| {
        for f in each(e, "repeat_finished") {
            for (number, item) in f["items"].as_array_mut().unwrap().iter_mut().enumerate() {
                item["sha256"] = json!(format!("{number:064x}"));
            }
        }
    });
    assert!(
        verified(&made_up, None).fits(),
        "a file alone cannot show that"
    );
    assert_eq!(
        errors(&reexecuted(&made_up, 1).findings),
        ["output_differs"]
    );
    let better = SHORT.with_log(|e| {
        for f in each(e, "repeat_finished") {
            for item in f["items"].as_array_mut().unwrap() {
                item["metrics"]["mse"] = json!(0.001);
            }
        }
    });
    assert_eq!(errors(&reexecuted(&better, 1).findings), ["figures_differ"]);
}

#[test]
fn what_several_hand_ins_share_is_found() {
    let (one, other) = (SHORT.packed(), LONG.packed());
    let renamed = SHORT.with_log(|e| {
        each(e, "run_started").for_each(|s| s["run_id"] = json!("20261129-010203-rf-00007"));
    });
    let all = class(&[&one, &other, &one, &renamed]);
    let kinds: Vec<Vec<&str>> = all.iter().map(|v| errors(&v.findings)).collect();
    assert!(
        kinds[0].contains(&"same_log") && kinds[2].contains(&"same_log"),
        "{kinds:?}"
    );
    assert!(kinds[3].contains(&"same_times"), "{kinds:?}");
    assert!(kinds[1].is_empty(), "{kinds:?}");
}
