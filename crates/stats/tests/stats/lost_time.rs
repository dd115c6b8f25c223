//! The split of slot time, by hand and against a simulation instant by instant.

use proptest::prelude::*;
use workbench_stats::lost_time::{LostTime, LostTimeInput, NO_SLOT, Span, split};

use crate::assert_close;

const SECOND: u64 = 1_000_000_000;

/// A span with times in seconds.
fn span(slot: u32, ready: u64, started: u64, finished: u64, cpu: u64) -> Span {
    Span {
        slot,
        ready_ns: ready * SECOND,
        started_ns: started * SECOND,
        finished_ns: finished * SECOND,
        cpu_ns: cpu * SECOND,
        core_wait_ns: 0,
    }
}

/// Splits a repeat of `wall` seconds that started at 0.
fn split_seconds(workers: u32, wall: u64, spans: &[Span], useful_cpu_s: f64) -> LostTime {
    split(&LostTimeInput {
        workers,
        started_ns: 0,
        wall_ns: wall * SECOND,
        spans,
        useful_cpu_s,
    })
}

#[track_caller]
fn assert_split(
    actual: LostTime,
    overhead: f64,
    imbalance: f64,
    waiting: f64,
    inflation: f64,
    useful: f64,
) {
    assert_eq!(
        actual,
        LostTime {
            overhead,
            imbalance,
            waiting,
            inflation,
            no_core: 0.0,
            useful
        }
    );
}

#[test]
fn a_perfect_repeat_loses_nothing() {
    let spans = [span(0, 0, 0, 10, 10), span(1, 0, 0, 10, 10)];
    assert_split(split_seconds(2, 10, &spans, 20.0), 0.0, 0.0, 0.0, 0.0, 20.0);
}

#[test]
fn each_loss_has_its_place() {
    // Set-up until 1, assembly from 9. Slot 0 works 1 to 9. Slot 1 works 1 to 3, is handed a task
    // that was ready at 5 only at 6, and has nothing left from 8 on.
    let spans = [
        span(0, 1, 1, 9, 8),
        span(1, 1, 1, 3, 2),
        span(1, 5, 6, 8, 2),
    ];
    let lost = split_seconds(2, 10, &spans, 11.0);
    assert_split(lost, 2.0 + 2.0 + 1.0, 1.0, 2.0, 1.0, 11.0);
    assert_eq!(lost.total(), 2.0 * 10.0 - 11.0);
}

#[test]
fn off_core_time_in_a_task_is_waiting() {
    assert_split(
        split_seconds(1, 10, &[span(0, 0, 0, 10, 7)], 6.0),
        0.0,
        0.0,
        3.0,
        1.0,
        6.0,
    );
}

#[test]
fn a_task_that_could_have_run_and_waited_for_a_core_had_none() {
    let waited = |seconds| {
        let span = Span {
            core_wait_ns: seconds * SECOND,
            ..span(0, 0, 0, 10, 7)
        };
        let lost = split_seconds(1, 10, &[span], 7.0);
        (lost.waiting, lost.no_core)
    };
    assert_eq!(waited(0), (3.0, 0.0));
    assert_eq!(waited(2), (1.0, 2.0));
    // Two clocks: no more than the time that the slot was off its core.
    assert_eq!(waited(4), (0.0, 3.0));
}

#[test]
fn a_task_nested_in_a_waiting_one_counts_once() {
    // The outer task computes 2 s, blocks, and its slot runs two inner tasks meanwhile; 1 s of the
    // wait is idle.
    let spans = [
        span(0, 0, 0, 10, 2),
        span(0, 0, 1, 5, 4),
        span(0, 0, 6, 9, 3),
    ];
    assert_split(split_seconds(1, 10, &spans, 9.0), 0.0, 0.0, 1.0, 0.0, 9.0);
}

#[test]
fn a_slot_without_tasks_is_imbalance_unless_a_task_is_ready() {
    let spans = [span(0, 0, 0, 4, 4), span(0, 1, 4, 8, 4)];
    // Slot 1 could have taken the second task from 1 to 4; else there was nothing for it.
    assert_split(split_seconds(2, 8, &spans, 8.0), 3.0, 5.0, 0.0, 0.0, 8.0);
}

#[test]
fn a_trailing_gap_is_overhead_while_a_task_is_ready() {
    let spans = [
        span(0, 0, 0, 2, 2),
        span(1, 0, 0, 6, 6),
        span(1, 3, 6, 8, 2),
    ];
    assert_split(split_seconds(2, 8, &spans, 10.0), 3.0, 3.0, 0.0, 0.0, 10.0);
}

#[test]
fn a_gap_between_tasks_is_waiting_when_nothing_is_ready() {
    // Slot 1 waits for slot 0's task, on which its second task depends.
    let spans = [
        span(0, 0, 0, 5, 5),
        span(1, 0, 0, 2, 2),
        span(1, 5, 5, 8, 3),
    ];
    assert_split(split_seconds(2, 8, &spans, 10.0), 0.0, 3.0, 3.0, 0.0, 10.0);
}

#[test]
fn a_repeat_without_tasks_is_all_overhead() {
    assert_split(split_seconds(4, 3, &[], 0.0), 12.0, 0.0, 0.0, 0.0, 0.0);
    assert_split(split_seconds(0, 3, &[], 1.0), 0.0, 0.0, 0.0, 0.0, 0.0);
    assert_split(
        split_seconds(u32::MAX, 1, &[], 1.0),
        f64::from(u32::MAX),
        0.0,
        0.0,
        0.0,
        0.0,
    );
}

#[test]
fn less_cpu_time_than_the_base_is_all_useful() {
    assert_split(
        split_seconds(1, 10, &[span(0, 0, 0, 10, 8)], 9.0),
        0.0,
        0.0,
        2.0,
        0.0,
        8.0,
    );
}

#[test]
fn a_cpu_clock_that_runs_ahead_is_held_to_the_slots_time() {
    let mut ahead = span(0, 0, 0, 10, 10);
    ahead.cpu_ns += 1_500;
    assert_split(
        split_seconds(1, 10, &[ahead], 10.0),
        0.0,
        0.0,
        0.0,
        0.0,
        10.0,
    );
}

#[test]
fn only_tasks_of_the_repeat_count() {
    let own = [span(0, 0, 2, 8, 6)];
    let expected = split_seconds(1, 10, &own, 5.0);
    assert_split(expected, 4.0, 0.0, 0.0, 1.0, 5.0);
    let never_ran = span(NO_SLOT, 0, 9, 9, 0);
    let elsewhere = span(7, 0, 0, 10, 10);
    let later = span(0, 0, 11, 15, 4);
    assert_eq!(
        split_seconds(1, 10, &[own[0], never_ran, elsewhere, later], 5.0),
        expected
    );
}

#[test]
fn spans_are_cut_to_the_repeat() {
    let within_ten_seconds_from_five = |span: Span| {
        let spans = [span];
        let (started_ns, wall_ns) = (5 * SECOND, 10 * SECOND);
        split(&LostTimeInput {
            workers: 1,
            started_ns,
            wall_ns,
            spans: &spans,
            useful_cpu_s: 10.0,
        })
    };
    let around = within_ten_seconds_from_five(span(0, 0, 0, 20, 20));
    assert_split(around, 0.0, 0.0, 0.0, 0.0, 10.0);
    let backwards = within_ten_seconds_from_five(span(0, 9, 8, 6, 0));
    assert_split(backwards, 10.0, 0.0, 0.0, 0.0, 0.0);
}

#[test]
fn odd_useful_work_counts_as_none() {
    for odd in [f64::NAN, f64::INFINITY, -1.0] {
        assert_split(
            split_seconds(1, 4, &[span(0, 0, 0, 4, 4)], odd),
            0.0,
            0.0,
            0.0,
            4.0,
            0.0,
        );
    }
}

/// The definition, one nanosecond at a time.
fn instant_by_instant(input: &LostTimeInput) -> LostTime {
    let window = input.started_ns..input.started_ns + input.wall_ns;
    let ran: Vec<&Span> = input
        .spans
        .iter()
        .filter(|s| {
            s.slot < input.workers && s.finished_ns >= window.start && s.started_ns <= window.end
        })
        .collect();
    let first_ready = ran.iter().map(|s| s.ready_ns).min().unwrap_or(u64::MAX);
    let last_end = ran.iter().map(|s| s.finished_ns).max().unwrap_or(0);
    let (mut overhead, mut imbalance, mut waiting) = (0, 0, 0);
    let (mut on_core, mut no_core) = (0, 0);
    for slot in 0..input.workers {
        let own: Vec<&Span> = ran.iter().copied().filter(|s| s.slot == slot).collect();
        let own_end = own.iter().map(|s| s.finished_ns).max().unwrap_or(0);
        let mut busy = 0;
        for t in window.clone() {
            if own.iter().any(|s| s.started_ns <= t && t < s.finished_ns) {
                busy += 1;
            } else if t < first_ready
                || t >= last_end
                || ran.iter().any(|s| s.ready_ns <= t && t < s.started_ns)
            {
                overhead += 1;
            } else if t >= own_end {
                imbalance += 1;
            } else {
                waiting += 1;
            }
        }
        let cpu = own.iter().map(|s| s.cpu_ns).sum::<u64>().min(busy);
        on_core += cpu;
        let core_wait = own.iter().map(|s| s.core_wait_ns).sum::<u64>();
        let core_wait = core_wait.min(busy - cpu);
        no_core += core_wait;
        waiting += busy - cpu - core_wait;
    }
    let seconds = |ns: u64| ns as f64 / 1e9;
    let useful = input.useful_cpu_s.clamp(0.0, seconds(on_core));
    LostTime {
        overhead: seconds(overhead),
        imbalance: seconds(imbalance),
        waiting: seconds(waiting),
        inflation: seconds(on_core) - useful,
        no_core: seconds(no_core),
        useful,
    }
}

/// Tasks on a few slots within and around 100 ns: some overlap their neighbours on the slot as
/// nested tasks do.
fn spans() -> impl Strategy<Value = Vec<Span>> {
    let one = (
        0..6_u32,
        0..110_u64,
        0..20_u64,
        0..40_u64,
        0..30_u64,
        0..20_u64,
        any::<bool>(),
    )
        .prop_map(|(slot, ready, queued, length, cpu, core_wait, ran)| Span {
            slot: if ran || queued > 2 { slot } else { NO_SLOT },
            ready_ns: ready,
            started_ns: ready + queued,
            finished_ns: ready + queued + length,
            cpu_ns: cpu,
            core_wait_ns: core_wait,
        });
    prop::collection::vec(one, 0..16)
}

/// Spans of one slot nested as on a stack: cut a stretch into pieces, and pieces into pieces.
fn nested(slot: u32, start: u64, end: u64, cuts: &[u64], into: &mut Vec<Span>) {
    let Some((&cut, rest)) = cuts.split_first() else {
        return;
    };
    into.push(Span {
        slot,
        ready_ns: start / 2,
        started_ns: start,
        finished_ns: end,
        cpu_ns: 1,
        core_wait_ns: 1,
    });
    let middle = start + cut % (end - start).max(1);
    let (left, right) = rest.split_at(rest.len() / 2);
    nested(slot, start + 1, middle.max(start + 1), left, into);
    nested(slot, middle.max(start + 1), end.max(start + 1), right, into);
}

#[track_caller]
fn assert_adds_up(lost: &LostTime, input: &LostTimeInput) {
    for part in [
        lost.overhead,
        lost.imbalance,
        lost.waiting,
        lost.inflation,
        lost.no_core,
        lost.useful,
    ] {
        assert!(part >= 0.0, "{lost:?}");
    }
    let slot_time = f64::from(input.workers) * (input.wall_ns as f64 / 1e9);
    let slack = 1e-12 * slot_time.max(1e-9);
    assert!(
        (lost.total() - (slot_time - lost.useful)).abs() <= slack,
        "{lost:?} of {slot_time} s"
    );
}

#[track_caller]
fn assert_same(actual: &LostTime, expected: &LostTime) {
    assert_close(actual.overhead * 1e9, expected.overhead * 1e9, 1e-9);
    assert_close(actual.imbalance * 1e9, expected.imbalance * 1e9, 1e-9);
    assert_close(actual.waiting * 1e9, expected.waiting * 1e9, 1e-9);
    assert_close(actual.inflation * 1e9, expected.inflation * 1e9, 1e-9);
    assert_close(actual.no_core * 1e9, expected.no_core * 1e9, 1e-9);
    assert_close(actual.useful * 1e9, expected.useful * 1e9, 1e-9);
}

proptest! {
    #[test]
    fn the_sweep_agrees_with_every_instant(
        spans in spans(),
        workers in 1..6_u32,
        started_ns in 0..30_u64,
        wall_ns in 0..100_u64,
        useful_ns in 0..200_u64,
    ) {
        let useful_cpu_s = useful_ns as f64 / 1e9;
        let input = LostTimeInput { workers, started_ns, wall_ns, spans: &spans, useful_cpu_s };
        let lost = split(&input);
        assert_same(&lost, &instant_by_instant(&input));
        assert_adds_up(&lost, &input);
    }

    #[test]
    fn nested_tasks_agree_with_every_instant(
        stacks in prop::collection::vec(
            (0..60_u64, 1..60_u64, prop::collection::vec(0..100_u64, 1..8)),
            1..5,
        ),
    ) {
        let mut spans = Vec::new();
        for (slot, (start, length, cuts)) in (0..).zip(&stacks) {
            nested(slot, *start, start + length, cuts, &mut spans);
        }
        let input =
            LostTimeInput {
                workers: stacks.len() as u32,
                started_ns: 0,
                wall_ns: 120,
                spans: &spans,
                useful_cpu_s: 4e-9,
            };
        let lost = split(&input);
        assert_same(&lost, &instant_by_instant(&input));
        assert_adds_up(&lost, &input);
    }

    #[test]
    fn anything_at_all_adds_up(
        spans in prop::collection::vec(
            (0..5_u32, any::<[u64; 5]>()).prop_map(
                |(slot, [ready_ns, started_ns, finished_ns, cpu_ns, core_wait_ns])| Span {
                    slot,
                    ready_ns,
                    started_ns,
                    finished_ns,
                    cpu_ns,
                    core_wait_ns,
                },
            ),
            0..20,
        ),
        workers in 0..5_u32,
        started_ns in 0..u64::MAX / 2,
        wall_ns in 0..u64::MAX / 2,
        useful_cpu_s in prop_oneof![any::<f64>(), 0.0..1e10_f64],
    ) {
        let input = LostTimeInput { workers, started_ns, wall_ns, spans: &spans, useful_cpu_s };
        assert_adds_up(&split(&input), &input);
    }

    #[test]
    fn the_order_of_the_record_does_not_matter(spans in spans(), workers in 1..6_u32) {
        let reversed: Vec<Span> = spans.iter().rev().copied().collect();
        let input = LostTimeInput {
            workers,
            started_ns: 5,
            wall_ns: 90,
            spans: &spans,
            useful_cpu_s: 1e-8,
        };
        prop_assert_eq!(split(&input), split(&LostTimeInput { spans: &reversed, ..input }));
    }
}
