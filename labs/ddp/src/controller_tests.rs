//! The controller against a world in which anything may happen at any time.

use proptest::prelude::*;

use super::*;

fn policy(workers: u32, least: u32, max_failures: u32) -> RecoveryPolicy {
    RecoveryPolicy {
        workers,
        least,
        max_failures,
    }
}

/// What may happen next in a world of workers.
#[derive(Debug, Clone, Copy)]
enum Chance {
    Step,
    Checkpoint,
    Fail,
    Return,
    Linger,
}

fn chances() -> impl Strategy<Value = Vec<Chance>> {
    let one = prop_oneof![
        12 => Just(Chance::Step),
        3 => Just(Chance::Checkpoint),
        1 => Just(Chance::Fail),
        1 => Just(Chance::Return),
        1 => Just(Chance::Linger),
    ];
    proptest::collection::vec(one, 0..400)
}

/// Workers with one model between them: the list of the steps that were applied to it.
#[derive(Debug, Default)]
struct World {
    running: u32,
    model: Vec<u64>,
    saved: Vec<u64>,
    launches: u32,
    stopping: bool,
}

impl World {
    fn obey(&mut self, command: Option<ControllerCommand>, controller: &mut Controller) {
        match command {
            Some(ControllerCommand::Launch { workers, resume }) => {
                assert_eq!(self.running, 0, "the ones before are not over");
                assert!(workers >= 1);
                self.running = workers;
                self.launches += 1;
                self.stopping = false;
                self.model = if resume {
                    self.saved.clone()
                } else {
                    Vec::new()
                };
            }
            Some(ControllerCommand::Kill) => {
                self.running = 0;
                let next = controller.take(Input::Over);
                self.obey(next, controller);
            }
            Some(ControllerCommand::Stop) => self.stopping = true,
            None => {}
        }
    }

    fn step(&mut self, steps: u64, controller: &mut Controller) {
        if self.running == 0 {
            return;
        }
        let ranks = self.running;
        let next = self.model.len() as u64;
        if next < steps && !self.stopping {
            self.model.push(next);
            for rank in 0..ranks {
                let command = controller.take(Input::Stepped { rank, step: next });
                assert_eq!(command, None);
            }
            return;
        }
        self.saved = self.model.clone();
        let command = controller.take(Input::Done {
            complete: next == steps,
        });
        self.obey(command, controller);
        self.running = 0;
        let command = controller.take(Input::Over);
        self.obey(command, controller);
    }
}

proptest! {
    #[test]
    fn every_step_counts_once_and_failures_are_limited(
        workers in 1u32..5,
        least in 1u32..5,
        max_failures in 0u32..4,
        steps in 1u64..40,
        chances in chances(),
    ) {
        let policy = policy(workers, least.min(workers), max_failures);
        let mut controller = Controller::new(policy);
        let mut world = World::default();
        let begin = controller.take(Input::Begin);
        world.obey(begin, &mut controller);
        let mut failed = 0;
        let mut returns = 0;
        // In the end the world calms down, so every training ends.
        let calm = std::iter::repeat_n(Chance::Step, 500);
        for chance in chances.into_iter().chain(calm) {
            let running = world.running > 0 && !controller.state().is_end();
            match chance {
                Chance::Step => world.step(steps, &mut controller),
                Chance::Checkpoint if running => world.saved = world.model.clone(),
                Chance::Fail if running => {
                    failed += 1;
                    let command = controller.take(Input::Failed { curable: true });
                    world.obey(command, &mut controller);
                }
                Chance::Return => {
                    returns += 1;
                    let command = controller.take(Input::Returned);
                    world.obey(command, &mut controller);
                }
                _ => {}
            }
            prop_assert!((policy.least..=policy.workers).contains(&controller.workers()));
        }
        prop_assert!(controller.state().is_end(), "{:?}", controller);
        prop_assert!(controller.failures() <= max_failures + 1);
        prop_assert!(world.launches <= 1 + max_failures + returns);
        if controller.state() == State::Finished {
            prop_assert_eq!(world.model, (0..steps).collect::<Vec<_>>());
            prop_assert!(controller.given_up().is_none());
        } else {
            let too_many = matches!(controller.given_up(), Some(GivenUp::TooManyFailures { .. }));
            prop_assert!(too_many, "{:?}", controller);
            prop_assert!(failed > max_failures);
        }
    }

    #[test]
    fn no_sequence_of_events_moves_an_ended_controller(
        inputs in proptest::collection::vec(0u8..7, 0..60),
    ) {
        let mut controller = Controller::new(policy(2, 1, 1));
        let mut ended: Option<State> = None;
        for (at, input) in inputs.into_iter().enumerate() {
            let command = controller.take(match input {
                0 => Input::Begin,
                1 => Input::Stepped { rank: at as u32 % 3, step: at as u64 / 2 },
                2 => Input::Failed { curable: at % 2 == 0 },
                3 => Input::Done { complete: at % 3 > 0 },
                4 => Input::Returned,
                5 => Input::Over,
                _ => Input::Abort,
            });
            if let Some(state) = ended {
                prop_assert_eq!(controller.state(), state);
                prop_assert_eq!(command, None);
            }
            ended = controller.state().is_end().then(|| controller.state());
        }
    }
}

fn running(policy: RecoveryPolicy) -> Controller {
    let mut controller = Controller::new(policy);
    controller.take(Input::Begin);
    controller
}

fn step(controller: &mut Controller, step: u64) -> Option<ControllerCommand> {
    (0..controller.workers())
        .filter_map(|rank| controller.take(Input::Stepped { rank, step }))
        .last()
}

#[test]
fn after_a_second_failure_steps_are_repeated_from_where_the_training_was() {
    let mut controller = Controller::new(policy(2, 2, 3));
    let step = |controller: &mut Controller, steps: std::ops::Range<u64>| {
        for step in steps {
            for rank in 0..2 {
                assert_eq!(controller.take(Input::Stepped { rank, step }), None);
            }
        }
    };
    let fail = |controller: &mut Controller| {
        controller.take(Input::Failed { curable: true });
        controller.take(Input::Over);
    };
    controller.take(Input::Begin);
    step(&mut controller, 0..40);
    fail(&mut controller);
    // Checkpoints after 20 steps and after 25.
    step(&mut controller, 20..30);
    assert_eq!(controller.repeated(), 20);
    fail(&mut controller);
    step(&mut controller, 25..45);
    assert_eq!(controller.repeated(), 25);
}

#[test]
fn a_step_reported_twice_ends_the_training() {
    let mut controller = running(policy(2, 2, 3));
    assert_eq!(step(&mut controller, 0), None);
    let command = controller.take(Input::Stepped { rank: 1, step: 0 });
    assert_eq!(command, Some(ControllerCommand::Kill));
    controller.take(Input::Over);
    assert_eq!(controller.state(), State::Errored);
    assert_eq!(
        controller.given_up(),
        Some(&GivenUp::OutOfOrder {
            rank: 1,
            step: 0,
            expected: 1
        })
    );
}

#[test]
fn an_attempt_that_goes_on_beyond_what_was_done_ends_the_training() {
    let mut controller = running(policy(1, 1, 3));
    step(&mut controller, 0);
    controller.take(Input::Failed { curable: true });
    controller.take(Input::Over);
    assert_eq!(step(&mut controller, 5), Some(ControllerCommand::Kill));
}

#[test]
fn steps_done_again_are_counted() {
    let mut controller = running(policy(2, 2, 3));
    for done in 0..5 {
        step(&mut controller, done);
    }
    assert_eq!(
        controller.take(Input::Failed { curable: true }),
        Some(ControllerCommand::Kill)
    );
    assert_eq!(controller.state(), State::Restarting);
    assert_eq!(
        controller.take(Input::Over),
        Some(ControllerCommand::Launch {
            workers: 2,
            resume: true
        })
    );
    step(&mut controller, 3);
    assert_eq!((controller.repeated(), controller.reached), (2, 5));
    assert_eq!(controller.first_step(), Some(3));
}

#[test]
fn an_elastic_training_goes_on_with_those_left_and_takes_the_lost_one_back() {
    let mut controller = running(policy(2, 1, 1));
    step(&mut controller, 0);
    controller.take(Input::Failed { curable: true });
    let command = controller.take(Input::Over);
    assert_eq!(
        command,
        Some(ControllerCommand::Launch {
            workers: 1,
            resume: true
        })
    );
    step(&mut controller, 0);
    assert!(controller.is_short());
    assert_eq!(
        controller.take(Input::Returned),
        Some(ControllerCommand::Stop)
    );
    assert_eq!(controller.state(), State::Resizing);
    // Ended in order, after one more step.
    assert_eq!(controller.take(Input::Done { complete: false }), None);
    let command = controller.take(Input::Over);
    assert_eq!(
        command,
        Some(ControllerCommand::Launch {
            workers: 2,
            resume: true
        })
    );
    assert_eq!((controller.resizes(), controller.failures()), (1, 1));
}

#[test]
fn what_cannot_be_cured_is_not_tried_again() {
    let mut controller = running(policy(2, 2, 9));
    assert_eq!(
        controller.take(Input::Failed { curable: false }),
        Some(ControllerCommand::Kill)
    );
    controller.take(Input::Over);
    assert_eq!(controller.state(), State::Errored);
    assert_eq!(controller.given_up(), Some(&GivenUp::Incurable));
}

#[test]
fn an_early_end_is_no_end() {
    let mut controller = running(policy(1, 1, 0));
    step(&mut controller, 0);
    controller.take(Input::Done { complete: false });
    controller.take(Input::Over);
    assert_eq!(controller.state(), State::Errored);
}
