//! The account: every row counts once, whatever was done again.

use proptest::prelude::*;

use super::*;

fn report(step: u64, samples: u32, loss: f64) -> StepReport {
    StepReport {
        step,
        samples,
        loss,
        ..StepReport::default()
    }
}

fn reached(steps: u64, rows: u64) -> Reached {
    Reached {
        steps,
        epoch: 0,
        rows,
    }
}

#[test]
fn a_step_is_complete_when_all_ranks_have_done_it_and_its_loss_is_the_mean_of_their_rows() {
    let mut ledger = Ledger::default();
    ledger.begin(2);
    assert_eq!(ledger.step(1, 10, &report(0, 30, 2.0)), None);
    let done = ledger.step(0, 20, &report(0, 10, 6.0)).unwrap();
    assert!((done.loss - 3.0).abs() < 1e-12);
    assert_eq!((done.step, done.new_rows, done.is_new), (0, 40, true));
    assert_eq!((ledger.steps(), ledger.rows()), (1, 40));
}

#[test]
fn steady_training_leaves_out_first_steps_and_evaluations() {
    let mut ledger = Ledger::default();
    ledger.begin(1);
    let second = 1_000_000_000;
    for (step, epoch, at_s) in [(0, 0, 5), (1, 0, 6), (2, 0, 7), (3, 1, 50), (4, 1, 52)] {
        let report = StepReport {
            epoch,
            ..report(step, 100, 1.0)
        };
        ledger.step(0, at_s * second, &report);
    }
    // Two steps of a second and one of two.
    assert!((ledger.steady_rate().unwrap() - 75.0).abs() < 1e-9);
}

#[test]
fn steps_with_fewer_ranks_are_known_as_long_as_they_count() {
    let mut ledger = Ledger::default();
    ledger.begin(2);
    for step in 0..4 {
        for rank in 0..2 {
            ledger.step(rank, step, &report(step, 8, 1.0));
        }
    }
    ledger.begin(1);
    ledger.go_on_from(&reached(2, 32));
    for step in 2..7 {
        ledger.step(0, 10 + step, &report(step, 16, 1.0));
    }
    assert_eq!((ledger.steps(), ledger.steps_short_of(2)), (7, 5));
    ledger.begin(2);
    ledger.go_on_from(&reached(5, 80));
    assert_eq!(ledger.steps_short_of(2), 3);
}

#[test]
fn what_is_done_again_counts_once() {
    let mut ledger = Ledger::default();
    ledger.begin(1);
    let mut progress = 0;
    for step in 0..10 {
        progress += ledger
            .step(0, step, &report(step, 8, 1.0))
            .unwrap()
            .new_rows;
    }
    ledger.begin(1);
    ledger.go_on_from(&reached(6, 48));
    for step in 6..12 {
        let done = ledger.step(0, 100 + step, &report(step, 8, 1.0)).unwrap();
        assert_eq!(done.is_new, step >= 10);
        progress += done.new_rows;
    }
    assert_eq!((ledger.steps(), ledger.rows(), progress), (12, 96, 96));
}

#[test]
fn a_step_that_a_checkpoint_proves_counts_although_not_all_could_report_it() {
    for reporting in [0, 1] {
        let mut ledger = Ledger::default();
        ledger.begin(2);
        for step in 0..3 {
            for rank in 0..2 {
                ledger.step(rank, step, &report(step, 4, 0.5));
            }
        }
        // Rank 0 did step 3, wrote the checkpoint after it, and perhaps could say so.
        for rank in 0..reporting {
            ledger.step(rank, 3, &report(3, 4, 0.5));
        }
        ledger.begin(2);
        ledger.go_on_from(&reached(4, 32));
        for step in 4..6 {
            for rank in 0..2 {
                ledger.step(rank, step, &report(step, 4, 0.5));
            }
        }
        assert_eq!((ledger.steps(), ledger.rows()), (6, 48));
    }
}

#[test]
fn rows_that_are_left_out_are_found_out() {
    let mut ledger = Ledger::new(100);
    ledger.begin(2);
    for rank in 0..2 {
        let step = StepReport {
            rows_of_step: 9,
            ..report(0, 4, 0.5)
        };
        ledger.step(rank, 0, &step);
    }
    let found = ledger.contradiction().unwrap();
    assert_eq!((found.step, found.reported, found.counted), (0, 9, 8));
    assert!(found.to_string().contains("left out"), "{found}");
    let mut ledger = Ledger::new(100);
    ledger.begin(1);
    ledger.go_on_from(&reached(0, 0));
    assert_eq!(ledger.contradiction(), None);
    ledger.go_on_from(&reached(3, 5));
    assert_eq!(ledger.contradiction().unwrap().reported, 5);
}

#[test]
fn a_rank_that_works_half_as_long_again_is_worth_a_note() {
    let parts = |work_ms: u64| Parts {
        steps: 20,
        forward_ns: 20 * work_ms * 1_000_000,
        wait_ns: 20 * 5 * 1_000_000,
        ..Parts::default()
    };
    let found = UnevenRanks::of(&[parts(10), parts(15)]).unwrap();
    assert_eq!((found.slowest, found.fastest), (1, 0));
    assert!((found.factor() - 1.5).abs() < 1e-9 && (found.wait_ms - 5.0).abs() < 1e-9);
    assert_eq!(UnevenRanks::of(&[parts(10), parts(11)]), None);
    assert_eq!(UnevenRanks::of(&[parts(10)]), None);
    let few = Parts {
        steps: 3,
        ..parts(15)
    };
    assert_eq!(UnevenRanks::of(&[parts(10), few]), None);
}

#[test]
fn ranks_with_different_parameters_are_told() {
    let mut ledger = Ledger::default();
    ledger.begin(2);
    assert!(ledger.parameters().is_err());
    let done = |sha: &str| DoneReport {
        parameters_sha256: sha.to_owned(),
        ..DoneReport::default()
    };
    assert!(!ledger.done(0, done("a")));
    assert!(ledger.done(1, done("a")));
    assert_eq!(ledger.parameters(), Ok("a".to_owned()));
    ledger.done(1, done("b"));
    assert!(ledger.parameters().unwrap_err().contains("ranks 0 and 1"));
}

proptest! {
    #[test]
    fn rows_that_count_are_those_of_one_training_and_progress_never_exceeds_them(
        world in 1u32..4,
        restarts in proptest::collection::vec((0u64..20, 0u64..20), 0..5),
    ) {
        let steps = 20;
        let mut ledger = Ledger::default();
        let mut progress = 0;
        let mut run = |ledger: &mut Ledger, from: u64, to: u64| {
            ledger.begin(world);
            ledger.go_on_from(&reached(from, from * u64::from(world) * 4));
            for step in from..to {
                for rank in 0..world {
                    let done = ledger.step(rank, step, &report(step, 4, 0.5));
                    progress += done.map_or(0, |done| done.new_rows);
                }
            }
        };
        let mut done = 0;
        for (from, length) in restarts {
            let from = from.min(done);
            done = (from + length).min(steps);
            run(&mut ledger, from, done);
        }
        run(&mut ledger, done, steps);
        prop_assert_eq!(ledger.steps(), steps);
        prop_assert_eq!(ledger.rows(), steps * u64::from(world) * 4);
        prop_assert_eq!(progress, ledger.rows());
    }
}
