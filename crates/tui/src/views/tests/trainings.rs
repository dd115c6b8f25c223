//! Made-up trainings: ranks that tell how they stand, and what arms tell of what they consisted of.

use workbench_experiment::lab::{Breakdown, Figure, Health, Part, Quantity, SlotState, Source};
use workbench_record::{ControllerPhase, ControllerState, Event, Record, Snapshot};

use super::fixture::{Curves, Shape};
use super::*;

pub const MS: u64 = 1_000_000;

/// What befalls a rank.
#[derive(Clone, Copy, PartialEq)]
pub enum Mishap {
    None,
    /// The second rank takes twice as long, and the others wait.
    Slow,
    /// The second rank stands still, and the others wait.
    Still,
    /// The last rank is no longer there.
    Gone,
}

pub fn shape(ranks: u32, gpus: u32) -> Shape {
    Shape {
        cores: if gpus > 2 { 64 } else { 2 },
        gpus,
        workers: vec![ranks],
        repeats: 2,
        finished: 4,
        arms: ["single", "ddp", "launcher"],
        title: "The same training, by hand and launched",
        curves: Curves::Training,
        names: |model| format!("epoch {model}"),
        ..Shape::default()
    }
}

/// What a rank's steps have consisted of after so many: 60 ms each.
pub fn parts(rank: u32, steps: u64, slow: bool, others_slow: bool) -> Vec<Part> {
    let ms = |ms: u64| steps * ms * MS;
    let (work, wait) = match (slow, others_slow) {
        (true, _) => (2, 2),
        (false, true) => (1, 46),
        (false, false) => (1, 8 + u64::from(rank % 3)),
    };
    vec![
        Part::work("data", ms(3 * work)),
        Part::work("forward", ms(14 * work)),
        Part::work("backward", ms(25 * work)),
        Part::wait("all-reduce wait", ms(wait)),
        Part::work("optimizer", ms(6 * work)),
    ]
}

pub fn state(rank: u32, steps: u64, mishap: Mishap) -> SlotState {
    let slow = mishap == Mishap::Slow;
    let doing = match mishap {
        Mishap::None => ["forward", "backward", "all-reduce", "optimizer"][rank as usize % 4],
        Mishap::Still if rank == 1 => "stuck",
        _ if rank == 1 => "backward",
        _ => "all-reduce",
    };
    let health = match (mishap, doing) {
        (Mishap::Slow, "backward") => Health::Slow,
        (_, "stuck") => Health::Stalled,
        (_, "all-reduce") => Health::Waiting,
        _ => Health::Working,
    };
    SlotState {
        slot: rank,
        steps,
        at_step: 1200 + steps,
        doing: doing.to_owned(),
        health,
        slow_factor: (health == Health::Slow).then_some(2.0),
        figures: vec![
            Figure {
                name: "loss".to_owned(),
                value: 0.1284 + f64::from(rank) / 1000.0,
            },
            Figure {
                name: "images/s".to_owned(),
                value: if slow { 612.4 } else { 1231.5 } + f64::from(rank),
            },
        ],
        parts: parts(rank, steps, slow && rank == 1, slow),
        ..SlotState::default()
    }
}

pub fn push(snapshot: &mut Snapshot, t_ns: u64, event: Event) {
    snapshot.apply(&Record { t_ns, event });
}

/// A training in which every rank says twice a second for five seconds how it stands.
pub fn live(ranks: u32, gpus: u32, mishap: Mishap) -> Snapshot {
    let mut snapshot = fixture::run(&shape(ranks, gpus));
    let start = snapshot.now_ns;
    for (t_ns, phase, text) in [
        (start, ControllerPhase::Starting, "initializing"),
        (start + 1, ControllerPhase::Starting, "scheduling"),
        (start + 900 * MS, ControllerPhase::Running, "running"),
    ] {
        push(&mut snapshot, t_ns, controller(phase, text, 1));
    }
    for look in 0..=10 {
        for rank in 0..ranks {
            let t_ns = start + 900 * MS + look * 500 * MS;
            let gone = mishap == Mishap::Gone && rank + 1 == ranks && look > 3;
            let steps = if gone || mishap == Mishap::Still {
                24
            } else {
                8 * look
            };
            let mut state = state(rank, steps, mishap);
            if gone {
                (state.doing, state.health) = ("gone".to_owned(), Health::Lost);
            }
            push(&mut snapshot, t_ns, Event::Slot(state));
        }
    }
    snapshot
}

/// Whoever controls the repeat is in a state from now on.
pub fn controller(phase: ControllerPhase, text: &str, attempt: u32) -> Event {
    Event::State(ControllerState {
        phase,
        text: text.to_owned(),
        attempt,
        workers: None,
    })
}

/// The same after a worker has died.
pub fn restarting() -> Snapshot {
    let mut snapshot = live(2, 0, Mishap::None);
    let mut at = snapshot.now_ns;
    let mut say = |after_ms: u64, event: Event| {
        at += after_ms * MS;
        push(&mut snapshot, at, event);
    };
    let printed = |text: &str| Event::Output {
        source: "launcher".to_owned(),
        text: text.to_owned(),
    };
    say(
        400,
        printed("rank 1 was killed (signal 9), in backward at step 1281"),
    );
    say(1, controller(ControllerPhase::Recovering, "restarting", 1));
    say(61, controller(ControllerPhase::Starting, "scheduling", 2));
    say(901, controller(ControllerPhase::Running, "running", 2));
    say(
        2001,
        controller(ControllerPhase::Recovering, "restarting", 2),
    );
    say(
        1240,
        Event::Progress {
            done: 80,
            total: 100,
        },
    );
    snapshot
}

/// A finished training that tells everything.
pub fn told() -> Snapshot {
    let mut snapshot = fixture::run(&Shape {
        finished: usize::MAX,
        ..shape(2, 0)
    });
    for repeat in &mut snapshot.repeats {
        let ranks = repeat.id.workers;
        let alone = repeat.id.arm == "single";
        let launched = repeat.id.arm == "launcher";
        let Some(finished) = &mut repeat.finished else {
            continue;
        };
        let start_up = [
            ("process", 41),
            ("library", if alone { 310 } else { 420 }),
            ("rendezvous", if alone { 0 } else { 95 }),
            ("data", 180),
            ("first step", if launched { 260 } else { 210 }),
        ];
        finished.breakdown = Breakdown {
            facts: [
                ("checkpoints".to_owned(), if launched { 3 } else { 0 }),
                (
                    "bytes_reduced".to_owned(),
                    if alone { 0 } else { 89_478_485 },
                ),
                ("steps".to_owned(), 1406),
            ]
            .into(),
            start_up: start_up.map(|(name, ms)| Part::work(name, ms * MS)).into(),
            slots: (0..ranks)
                .map(|rank| {
                    let mut state = state(rank, 1406, Mishap::None);
                    state.parts.retain(|part| !alone || !part.waits);
                    state
                })
                .collect(),
        };
        let mut quality = vec![
            ("test_accuracy", Quantity::Number(0.9871)),
            ("time_to_first_step_s", Quantity::Number(1.026)),
            ("images_per_s", Quantity::Number(2391.0)),
        ];
        if launched {
            let text = "rank 1 was killed (signal 9), in backward at step 1281; rank 0 waits in all-reduce at step 1281";
            quality.extend([
                ("failures", Quantity::Number(1.0)),
                ("failure_to_next_step_s", Quantity::Number(0.912)),
                ("failure", Quantity::Text(text.to_owned())),
            ]);
        }
        finished.quality = quality
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
    }
    let started = snapshot.started.as_mut().unwrap();
    for (arm, lines) in started.arms.iter_mut().zip([22, 61, 24]) {
        let code = (0..lines).map(|line| {
            let deep = " ".repeat(4 * (line % 3));
            format!("{deep}let value_{line} = group.all_reduce(&gradients[{line}], ReduceOp::Average)?;\n")
        });
        arm.source = Some(Source {
            file: format!("{}.rs", arm.name),
            text: format!(
                "//! The program of {}.\n\n{}",
                arm.name,
                code.collect::<String>()
            ),
        });
    }
    snapshot
}

/// Names and programs that are hard to draw, and parts that add up to nothing or to more
/// than there is.
pub fn hostile() -> Snapshot {
    let mut snapshot = told();
    let names = [
        "\u{1b}[31m\u{202e}x",
        "順番に一つずつ一つずつ",
        "",
        "e\u{301}\n\tforward",
    ];
    for repeat in &mut snapshot.repeats {
        let Some(finished) = &mut repeat.finished else {
            continue;
        };
        let parts = |waits: bool| {
            let each = names.iter().zip([u64::MAX, 0, 1, u64::MAX / 2]);
            let part = each.map(|(name, ns)| Part {
                name: (*name).to_owned(),
                ns,
                waits,
            });
            part.collect::<Vec<Part>>()
        };
        let breakdown = &mut finished.breakdown;
        breakdown.start_up = parts(true);
        for slot in &mut breakdown.slots {
            (slot.steps, slot.at_step, slot.parts) = (0, u64::MAX, parts(false));
        }
        finished.quality.insert(
            "\u{7}_s".repeat(30),
            Quantity::Text("a b c d \u{1b}[2J樹 ".repeat(40)),
        );
    }
    let started = snapshot.started.as_mut().unwrap();
    for arm in &mut started.arms {
        arm.source = Some(Source {
            file: "\u{1b}]0;title\u{7}.rs".to_owned(),
            text: format!("{}\u{1b}[31m樹{}\r\n\n", "\t".repeat(90), "x".repeat(500)),
        });
    }
    let last = snapshot.now_ns;
    for rank in [0, 7, u32::MAX] {
        let state = SlotState {
            slot: rank,
            steps: u64::MAX,
            at_step: u64::MAX,
            doing: "\u{1b}順番に一つずつ".to_owned(),
            figures: vec![Figure {
                name: names[1].to_owned(),
                value: f64::NAN,
            }],
            parts: vec![Part::work(names[0], u64::MAX), Part::wait("", u64::MAX)],
            ..SlotState::default()
        };
        push(&mut snapshot, last, Event::Slot(state));
    }
    let text = "\u{1b}[31m restarting\n";
    push(
        &mut snapshot,
        last,
        controller(ControllerPhase::Recovering, text, 1),
    );
    snapshot
}
