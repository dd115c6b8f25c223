//! Every searcher with every scheduler, under drivers that do anything: nothing panics, every
//! search ends, and its record gives it back.

use proptest::prelude::*;
use workbench_search::{
    Asha, Checkpoint, FullBudget, GridSearch, Hyperband, Leg, MedianRule, NextLeg, Pbt,
    RandomSearch, Replay, Searcher, Space, Study, StudyEvent, Tpe, TrialId, TrialScheduler,
    TrialState, TrialVerdict,
};

const SPACES: [&str; 3] = [
    "lr = 'loguniform(1e-4, 1e-1)'",
    "kind = ['a', 'b', 'c']\nn = 'integer(1, 9) if kind = a'\nx = 'uniform(0, 1) if n >= 5'",
    "constant = 7",
];

#[derive(Debug, Clone)]
struct Setup {
    space: usize,
    searcher: usize,
    scheduler: usize,
    trials: u64,
    seed: u64,
}

impl Setup {
    fn study(&self) -> Study {
        let space = Space::from_toml(SPACES[self.space]).unwrap();
        let own = space.clone();
        let searcher: Box<dyn Searcher> = match self.searcher {
            0 => Box::new(RandomSearch::new(own, self.seed)),
            1 => Box::new(GridSearch::new(own, 4, self.seed).unwrap()),
            2 => Box::new(Tpe::new(own, self.seed).startup(3)),
            _ => Box::new(Tpe::new(own, self.seed).startup(3).independent()),
        };
        let trials = self.trials;
        let scheduler: Box<dyn TrialScheduler> = match self.scheduler {
            0 => Box::new(FullBudget::new(9, trials).unwrap()),
            1 => Box::new(MedianRule::new(9, 2, trials).unwrap().least(1)),
            2 => Box::new(Asha::new(1, 9, 3, trials).unwrap()),
            3 => Box::new(Asha::new(2, 9, 2, trials).unwrap().strict()),
            4 => Box::new(Hyperband::new(1, 9, 3, trials).unwrap()),
            5 => Box::new(Hyperband::new(1, 9, 2, trials).unwrap().overlapping()),
            _ => Box::new(Pbt::new(trials.max(2), 3, 9, self.seed).unwrap()),
        };
        Study::new(space, searcher, scheduler, self.seed)
    }
}

fn setup() -> impl Strategy<Value = Setup> {
    let parts = (
        0..SPACES.len(),
        0..4_usize,
        0..7_usize,
        1_u64..14,
        any::<u64>(),
    );
    parts.prop_map(|(space, searcher, scheduler, trials, seed)| Setup {
        space,
        searcher,
        scheduler,
        trials,
        seed,
    })
}

/// What a driver does next; the numbers choose whom it concerns.
#[derive(Debug, Clone)]
enum Act {
    Ask,
    Report { whom: usize, budget: u64, loss: f64 },
    RunLeg { whom: usize, saves: bool },
    Fail(u64),
    Stop(u64),
    Save(u64, u64),
    Close,
}

fn act() -> impl Strategy<Value = Act> {
    let losses = prop_oneof![
        8 => (0..20).prop_map(f64::from),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX), Just(f64::MIN)],
    ];
    prop_oneof![
        8 => Just(Act::Ask),
        4 => (any::<usize>(), 0_u64..12, losses)
            .prop_map(|(whom, budget, loss)| Act::Report { whom, budget, loss }),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(whom, saves)| Act::RunLeg { whom, saves }),
        1 => (0_u64..20).prop_map(Act::Fail),
        1 => (0_u64..20).prop_map(Act::Stop),
        1 => (0_u64..20, 0_u64..10).prop_map(|(trial, budget)| Act::Save(trial, budget)),
        1 => prop_oneof![9 => Just(Act::Ask), 1 => Just(Act::Close)],
    ]
}

fn loss(trial: TrialId, budget: u64) -> f64 {
    let mixed = (trial.0 * 31 + budget + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (mixed % 30) as f64
}

fn run_leg(study: &mut Study, leg: &Leg, saves: bool) {
    let from = leg.from.map_or(0, |from| from.budget);
    for budget in from + 1..=leg.to {
        if study.report(leg.trial, budget, loss(leg.trial, budget)) != TrialVerdict::Continue {
            break;
        }
    }
    let paused = study.trial(leg.trial).map(|trial| trial.state) == Some(TrialState::Paused);
    if saves && paused {
        study.saved(leg.trial, leg.to);
    }
}

fn chosen(study: &Study, whom: usize) -> Option<Leg> {
    let running = study.running();
    let count = running.len();
    running.into_iter().nth(whom % count.max(1))
}

fn apply(study: &mut Study, act: &Act) {
    match act {
        Act::Ask => {
            study.next_leg();
        }
        Act::Report { whom, budget, loss } => {
            let trial = chosen(study, *whom).map_or(TrialId(*whom as u64), |leg| leg.trial);
            study.report(trial, *budget, *loss);
        }
        Act::RunLeg { whom, saves } => {
            if let Some(leg) = chosen(study, *whom) {
                run_leg(study, &leg, *saves);
            }
        }
        Act::Fail(trial) => study.failed(TrialId(*trial)),
        Act::Stop(trial) => study.stop(TrialId(*trial)),
        Act::Save(trial, budget) => study.saved(TrialId(*trial), *budget),
        Act::Close => study.close(),
    }
}

/// Keeps the states that were saved, and drops those that no trial needs: one that is started from
/// a state, or would be again after a failure, finds it.
fn keep_what_is_needed(study: &Study, new: &[StudyEvent], states: &mut Vec<Checkpoint>) {
    for event in new {
        match event {
            StudyEvent::Saved { trial, budget } => states.push(Checkpoint {
                trial: *trial,
                budget: *budget,
            }),
            StudyEvent::Started {
                from: Some(from), ..
            } => assert!(states.contains(from), "{from:?} was dropped"),
            _ => {}
        }
    }
    states.retain(|state| study.needs(*state));
    let legs = study.running().into_iter();
    let paused = study.trials().iter();
    let paused = paused.filter(|trial| trial.state == TrialState::Paused);
    let own = paused.filter_map(|trial| {
        let saved = trial.saved.map(|budget| Checkpoint {
            trial: trial.id,
            budget,
        });
        saved.or(trial.parent)
    });
    for from in legs.filter_map(|leg| leg.from).chain(own) {
        assert!(states.contains(&from), "{from:?} was dropped");
    }
    // Each trial has one, and each of its copies holds at most one more.
    assert!(states.len() <= 2 * study.trials().len());
}

/// Runs what is running and what is left, one after another.
fn finish(study: &mut Study) {
    for _ in 0..5000 {
        for leg in study.running() {
            run_leg(study, &leg, true);
        }
        match study.next_leg() {
            NextLeg::Run(leg) => run_leg(study, &leg, true),
            NextLeg::Wait => assert!(!study.running().is_empty(), "waits for nobody"),
            NextLeg::Done => return,
        }
    }
    panic!("the search has no end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_search_ends_and_its_record_gives_it_back(
        setup in setup(),
        acts in proptest::collection::vec(act(), 0..60),
    ) {
        let mut study = setup.study();
        let mut events = Vec::new();
        let mut states = Vec::new();
        for act in &acts {
            apply(&mut study, act);
            let new = study.take_events();
            keep_what_is_needed(&study, &new, &mut states);
            events.extend(new);
            for trial in study.trials() {
                study.space().check(&trial.configuration).unwrap();
            }
        }
        let json = serde_json::to_string(&events).unwrap();
        let events: Vec<StudyEvent> = serde_json::from_str(&json).unwrap();
        let mut again = setup.study();
        again.replay(&events, Replay::Everything).unwrap();
        prop_assert_eq!(again.trials(), study.trials());
        prop_assert_eq!(again.running(), study.running());
        let best = |study: &Study| study.best().map(|best| best.id);
        prop_assert_eq!(best(&again), best(&study));
        // What is left is the same for both.
        finish(&mut study);
        finish(&mut again);
        prop_assert_eq!(again.trials(), study.trials());
        prop_assert!(study.running().is_empty());
        prop_assert_eq!(study.next_leg(), NextLeg::Done);
    }
}
