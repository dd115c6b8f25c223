//! Simulated list schedules.

use proptest::prelude::*;
use serde::Deserialize;
use workbench_stats::scaling::karp_flatt;
use workbench_stats::schedule::{
    Order, Schedule, bound, limit, makespan, simulate, speedup, what_if,
};

use crate::assert_close;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    durations: Vec<f64>,
    slots: u32,
    fifo: Expected,
    longest_first: Expected,
    optimum: f64,
}

#[derive(Deserialize)]
struct Expected {
    makespan: f64,
    assignments: Vec<(u32, f64, f64)>,
}

/// The 30 forests of 50, 60, … 340 trees.
fn forests() -> Vec<f64> {
    (50..=340).step_by(10).map(f64::from).collect()
}

fn durations() -> impl Strategy<Value = Vec<f64>> {
    let duration = prop_oneof![
        0.0..10.0_f64,
        (0..20_u32).prop_map(f64::from),
        50.0..100.0_f64
    ];
    prop::collection::vec(duration, 1..60)
}

fn total(durations: &[f64]) -> f64 {
    durations.iter().sum()
}

/// The shortest makespan of all, by trying every slot for every task on top of the given loads.
fn shortest(tasks: &[f64], loads: &mut [f64]) -> f64 {
    let Some((task, rest)) = tasks.split_first() else {
        return loads.iter().copied().fold(0.0, f64::max);
    };
    let mut best = f64::INFINITY;
    for slot in 0..loads.len() {
        let before = loads[slot];
        loads[slot] += task;
        best = best.min(shortest(rest, loads));
        loads[slot] = before;
    }
    best
}

#[test]
fn agrees_with_a_plain_list_of_slots() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("../fixtures/stats/schedule.json")).unwrap();
    for case in fixture.cases {
        for (order, expected) in [
            (Order::Fifo, &case.fifo),
            (Order::LongestFirst, &case.longest_first),
        ] {
            let Schedule {
                makespan,
                assignments,
            } = simulate(&case.durations, order, case.slots);
            assert_close(makespan, expected.makespan, 1e-12);
            for (actual, &(slot, start, end)) in assignments.iter().zip(&expected.assignments) {
                assert_eq!(actual.slot, slot);
                assert_close(actual.start, start, 1e-12);
                assert_close(actual.end, end, 1e-12);
            }
        }
        let p = f64::from(case.slots);
        let guarantee = (4.0 / 3.0 - 1.0 / (3.0 * p)) * case.optimum;
        assert!(case.longest_first.makespan <= guarantee * (1.0 + 1e-12));
        let best = speedup(&case.durations, Order::LongestFirst, case.slots).unwrap();
        let optimal = total(&case.durations) / case.optimum;
        assert!(
            best <= optimal * (1.0 + 1e-12),
            "beats every possible schedule"
        );
        assert!(optimal <= bound(&case.durations, case.slots).unwrap() * (1.0 + 1e-12));
    }
}

#[test]
fn thirty_forests_speed_up_as_computed_by_hand() {
    let forests = forests();
    assert_eq!((forests.len(), total(&forests)), (30, 5850.0));
    let table = [
        (2, "2.00", "1.95", "2.00"),
        (4, "4.00", "3.66", "3.95"),
        (8, "8.00", "6.65", "7.91"),
        (16, "16.00", "11.25", "15.81"),
        (32, "17.21", "17.21", "17.21"),
    ];
    for (p, best, ascending, longest_first) in table {
        let digits = |x: Option<f64>| format!("{:.2}", x.unwrap());
        assert_eq!(digits(bound(&forests, p)), best);
        assert_eq!(digits(speedup(&forests, Order::Fifo, p)), ascending);
        assert_eq!(
            digits(speedup(&forests, Order::LongestFirst, p)),
            longest_first
        );
    }
    assert_close(limit(&forests).unwrap(), 5850.0 / 340.0, 1e-15);
}

/// Nothing is serial in these tasks, and still Karp–Flatt finds a steady serial fraction: imbalance
/// looks like one.
#[test]
fn karp_flatt_mistakes_imbalance_for_serial_work() {
    for p in [2, 4, 8, 16] {
        let serial =
            karp_flatt(speedup(&forests(), Order::Fifo, p).unwrap(), f64::from(p)).unwrap();
        assert_eq!(format!("{serial:.2}"), "0.03");
    }
}

/// Graham (1969): 2p + 1 tasks for which longest first is as bad as it gets, 4p − 1 against a
/// best of 3p.
#[test]
fn longest_first_meets_grahams_worst_case() {
    for p in 2..=20_u32 {
        let mut tasks: Vec<f64> = (p..2 * p)
            .rev()
            .flat_map(|length| [f64::from(length); 2])
            .collect();
        tasks.push(f64::from(p));
        assert_eq!(total(&tasks), f64::from(3 * p * p));
        assert_eq!(
            makespan(&tasks, Order::LongestFirst, p),
            f64::from(4 * p - 1)
        );
    }
}

/// Graham (1966): p(p − 1) unit tasks and then one of length p take 2p − 1 in any list order
/// against a best of p.
#[test]
fn submission_order_meets_grahams_worst_case() {
    for p in 2..=20_u32 {
        let mut tasks = vec![1.0; (p * (p - 1)) as usize];
        tasks.push(f64::from(p));
        assert_eq!(makespan(&tasks, Order::Fifo, p), f64::from(2 * p - 1));
        assert_eq!(makespan(&tasks, Order::LongestFirst, p), f64::from(p));
        assert_close(bound(&tasks, p).unwrap(), f64::from(p), 1e-15);
    }
}

#[test]
fn no_work_has_no_speedup() {
    for nothing in [&[][..], &[0.0, 0.0], &[f64::NAN, -3.0, f64::INFINITY]] {
        assert_eq!(speedup(nothing, Order::Fifo, 4), None);
        assert_eq!(bound(nothing, 4), None);
        assert_eq!(limit(nothing), None);
        assert!(what_if(nothing, 1..=4).is_empty());
        assert_eq!(makespan(nothing, Order::LongestFirst, 4), 0.0);
        assert_eq!(
            simulate(nothing, Order::Fifo, 4).assignments.len(),
            nothing.len()
        );
    }
}

#[test]
fn odd_input_is_read_as_documented() {
    assert_eq!(makespan(&[2.0, -1.0, f64::NAN, 3.0], Order::Fifo, 1), 5.0);
    assert_eq!(makespan(&[2.0, 3.0], Order::Fifo, 0), 5.0);
    assert_eq!(bound(&[2.0, 3.0], 0), Some(1.0));
    assert_eq!(makespan(&[2.0, 3.0], Order::Fifo, u32::MAX), 3.0);
}

#[test]
fn ties_go_to_the_lowest_slot_and_the_earliest_task() {
    let schedule = simulate(&[1.0, 2.0, 1.0, 2.0], Order::LongestFirst, 2);
    let slots: Vec<u32> = schedule
        .assignments
        .iter()
        .map(|assignment| assignment.slot)
        .collect();
    assert_eq!(slots, [0, 0, 1, 1]);
    assert_eq!(schedule.makespan, 3.0);
}

#[test]
fn a_hundred_thousand_tasks_keep_64_slots_busy() {
    let tasks: Vec<f64> = (0..100_000_u64)
        .map(|i| 1.0 + (i * 7919 % 1000) as f64 / 1000.0)
        .collect();
    let [point] = what_if(&tasks, [64])[..] else {
        panic!("one point for one number of slots")
    };
    assert!(point.fifo > 63.9 && point.longest_first > 63.9, "{point:?}");
}

proptest! {
    #[test]
    fn schedules_stay_within_their_bounds(tasks in durations(), p in 1..70_u32) {
        let longest = tasks.iter().copied().fold(0.0, f64::max);
        let least = (total(&tasks) / f64::from(p)).max(longest);
        let share = 1.0 / f64::from(p);
        for order in [Order::Fifo, Order::LongestFirst] {
            let span = makespan(&tasks, order, p);
            prop_assert!(span >= least * (1.0 - 1e-12));
            // When the task that ends last started, every slot was busy with other work.
            prop_assert!(span <= (total(&tasks) * share + longest * (1.0 - share)) * (1.0 + 1e-12));
            if let Some(gain) = speedup(&tasks, order, p) {
                prop_assert!(gain <= bound(&tasks, p).unwrap() * (1.0 + 1e-12));
                prop_assert!(gain >= 1.0 - 1e-12);
            }
        }
    }

    #[test]
    fn grahams_guarantees_hold(tasks in prop::collection::vec(0.0..10.0_f64, 1..8), p in 1..4_u32) {
        let best = shortest(&tasks, &mut vec![0.0; p as usize]) * (1.0 + 1e-12);
        let share = 1.0 / f64::from(p);
        prop_assert!(makespan(&tasks, Order::Fifo, p) <= (2.0 - share) * best);
        prop_assert!(makespan(&tasks, Order::LongestFirst, p) <= (4.0 / 3.0 - share / 3.0) * best);
        prop_assert!(best * bound(&tasks, p).unwrap_or(0.0) >= total(&tasks));
    }

    /// The tasks are independent, so none of Graham's anomalies: sorted, the loads with one slot
    /// more never exceed those without it. Rounding is monotone, so this holds to the last bit.
    #[test]
    fn another_slot_never_hurts(tasks in durations(), p in 1..40_u32) {
        for order in [Order::Fifo, Order::LongestFirst] {
            prop_assert!(makespan(&tasks, order, p + 1) <= makespan(&tasks, order, p));
        }
    }

    #[test]
    fn a_longer_task_never_helps_in_submission_order(
        tasks in durations(),
        p in 1..20_u32,
        which in any::<prop::sample::Index>(),
        more in 0.0..20.0_f64,
    ) {
        let before = makespan(&tasks, Order::Fifo, p);
        let mut slower = tasks.clone();
        slower[which.index(tasks.len())] += more;
        prop_assert!(makespan(&slower, Order::Fifo, p) >= before);
    }

    #[test]
    fn assignments_are_a_schedule(tasks in durations(), p in 1..20_u32) {
        for order in [Order::Fifo, Order::LongestFirst] {
            let schedule = simulate(&tasks, order, p);
            prop_assert_eq!(schedule.makespan, makespan(&tasks, order, p));
            let mut runs: Vec<_> = schedule.assignments.iter().zip(&tasks).collect();
            for &(run, &duration) in &runs {
                prop_assert!(run.slot < p);
                prop_assert_eq!(run.end, run.start + duration);
                prop_assert!(run.end <= schedule.makespan);
            }
            // A slot works without gaps from 0 on, one task after the other.
            runs.sort_by(|(a, _), (b, _)| {
                let by_start = a.start.total_cmp(&b.start);
                a.slot.cmp(&b.slot).then(by_start).then(a.end.total_cmp(&b.end))
            });
            for slot in runs.chunk_by(|(a, _), (b, _)| a.slot == b.slot) {
                prop_assert_eq!(slot[0].0.start, 0.0);
                prop_assert!(slot.windows(2).all(|pair| pair[0].0.end == pair[1].0.start));
            }
        }
    }

    #[test]
    fn what_if_is_speedup_for_each_number_of_slots(tasks in durations()) {
        prop_assume!(total(&tasks) > 0.0);
        let points = what_if(&tasks, 1..=64);
        prop_assert_eq!(points.len(), 64);
        for (point, p) in points.iter().zip(1..) {
            prop_assert_eq!(point.workers, p);
            prop_assert_eq!(Some(point.fifo), speedup(&tasks, Order::Fifo, p));
            prop_assert_eq!(Some(point.longest_first), speedup(&tasks, Order::LongestFirst, p));
        }
        assert_close(points[0].fifo, 1.0, 1e-12);
    }

    #[test]
    fn speedups_do_not_depend_on_the_unit(tasks in durations(), p in 1..20_u32) {
        // A power of two scales without rounding, so nothing may change.
        let scaled: Vec<f64> = tasks.iter().map(|t| t * 1024.0).collect();
        let order = Order::LongestFirst;
        prop_assert_eq!(speedup(&tasks, order, p), speedup(&scaled, order, p));
        prop_assert_eq!(bound(&tasks, p), bound(&scaled, p));
    }
}
