//! The pieces of a look one by one, most of them on made-up machines.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::background::next_tick;
use super::conditions::{Conditions, Readings};
use super::pace::{Pace, spacing};
use super::portable;
use super::sample::Sample;
use crate::counter_access::CounterAccess;

proptest! {
    #[test]
    fn the_next_tick_lies_ahead_on_the_grid_and_no_period_away(
        period in 1_000_000_u64..2_000_000_000,
        passed in 0_u64..1 << 60,
    ) {
        let next = next_tick(period, passed);
        prop_assert_eq!(next % period, 0);
        prop_assert!(next > passed && next - passed <= period);
    }

    #[test]
    fn spaced_looks_keep_to_the_budget(cost_ns in 0.0..4e6) {
        let budget = 0.001;
        let spacing = spacing(cost_ns, budget, Duration::from_millis(100)..=Duration::from_secs(5));
        prop_assert!(spacing >= Duration::from_millis(100));
        prop_assert!(cost_ns <= budget * spacing.as_nanos() as f64 + 1.0);
    }
}

#[test]
fn a_very_dear_look_still_happens() {
    assert_eq!(
        spacing(1e12, 0.001, Duration::ZERO..=Duration::from_secs(5)),
        Duration::from_secs(5)
    );
    assert_eq!(
        spacing(
            f64::INFINITY,
            0.001,
            Duration::ZERO..=Duration::from_secs(5)
        ),
        Duration::from_secs(5)
    );
}

#[test]
fn a_paced_look_happens_at_once_and_then_not_too_soon() {
    let mut looks = 0;
    let mut pace = Pace::new(0.5, Duration::from_secs(5));
    assert!(pace.run(|| looks += 1));
    assert!(!pace.run(|| looks += 1));
    assert_eq!(looks, 1);
}

#[test]
fn the_portable_look_sees_cores_and_memory() {
    let mut system = portable::System::new(Path::new("/"));
    let mut sample = Sample::default();
    system.look(true, &mut sample);
    assert!(!sample.cores.is_empty());
    assert!(sample.cores.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(sample.rss_bytes > 0);
}

#[test]
fn the_portable_counters_know_the_processors() {
    let mut readings = Readings::default();
    portable::Counters::new(Path::new("/")).read(&mut readings);
    let conditions = readings.since(&readings);
    let cores = conditions.cores;
    assert!(cores.is_some_and(|[_, now]| now.usable >= 1.0));
    assert_eq!(
        conditions,
        Conditions {
            cores,
            ..Conditions::default()
        }
    );
}

#[test]
fn the_portable_meter_knows_no_peak_and_no_counters() {
    let counters = portable::EventCounters::open().map(|mut counters| {
        counters.start();
        counters.stop()
    });
    assert_eq!(counters, Err(CounterAccess::OtherSystem));
    let started = portable::ForkCounter::open().map(|mut forks| forks.take());
    assert_eq!(started, None);
    let mut memory = portable::PeakMemory {};
    memory.reset();
    assert_eq!(memory.peak_bytes(), None);
}
