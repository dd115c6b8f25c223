//! Items that have a life of their own, on the Run screen: they are listed, sorted, filtered, and
//! one of them is stopped.

use workbench_experiment::lab::ParamValue;
use workbench_record::{Event as Fact, ItemEvent, ItemPhase, Record};

use super::fixture::{Fixture, quick, records};
use crate::event::{AppEvent, Effect, RunEffect};
use crate::theme::ThemeName;

fn item(number: u64, phase: ItemPhase) -> ItemEvent {
    ItemEvent {
        item: format!("model {number}"),
        phase,
        level: Some(1),
        until: (phase == ItemPhase::Running).then_some(9),
        settings: [("lr".to_owned(), ParamValue::Float(0.5 / number as f64))]
            .into_iter()
            .collect(),
        ..ItemEvent::default()
    }
}

fn point(number: u64, step: u64, value: f64) -> Fact {
    Fact::Metric {
        name: "loss".to_owned(),
        item: Some(format!("model {number}")),
        step,
        value,
    }
}

#[test]
fn items_are_listed_sorted_filtered_and_stopped() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter s");
    let records = records("20261121-120000-rf-aaaa", &quick());
    fixture.app.update(AppEvent::Records(records[..2].to_vec()));
    let facts = [
        Fact::Item(item(1, ItemPhase::Running)),
        point(1, 1, 0.5),
        point(1, 2, 0.75),
        Fact::Item(item(1, ItemPhase::Paused)),
        Fact::Item(item(2, ItemPhase::Running)),
        point(2, 3, 0.25),
        Fact::Item(item(3, ItemPhase::Running)),
        Fact::Item(ItemEvent {
            asked: true,
            ..item(3, ItemPhase::Stopped)
        }),
    ];
    let start_ns = records[1].t_ns;
    let records = (1..).zip(facts).map(|(at, event)| Record {
        t_ns: start_ns + at,
        event,
    });
    fixture.app.update(AppEvent::Records(records.collect()));
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("1 running, 1 paused, 1 stopped"), "{shown}");
    assert!(shown.contains("by hand"), "{shown}");
    let line = |shown: &str, of: &str| {
        let at = shown.lines().position(|line| line.contains(of));
        at.unwrap_or_else(|| panic!("{of}: {shown}"))
    };
    let first = shown
        .lines()
        .nth(line(&shown, "model 1 "))
        .unwrap()
        .to_owned();
    assert!(first.contains("paused") && first.contains("0.5"), "{first}");
    // The last that was begun is the first, until another order is asked for.
    assert!(line(&shown, "model 3 ") < line(&shown, "model 2 "));
    fixture.press("s");
    let shown = fixture.shown(120, 40);
    assert!(
        line(&shown, "model 2 ") < line(&shown, "model 1 "),
        "{shown}"
    );
    // Somewhere else nothing of them is offered to be stopped.
    fixture.press("c");
    assert!(!fixture.shown(120, 40).contains("Stop model"));
    fixture.press("esc");
    for _ in 0..10 {
        fixture.press("tab");
        fixture.press("c");
        let shown = fixture.shown(120, 40);
        fixture.press("esc");
        if shown.contains("[ Stop model 2 ]") {
            break;
        }
    }
    fixture.press("down c");
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("[ Stop model 1 ]"), "{shown}");
    assert_eq!(
        fixture.press("tab enter"),
        [Effect::Run(RunEffect::CancelItem("model 1".to_owned()))]
    );
    assert!(fixture.app.is_running());
    // One that is over cannot be stopped.
    fixture.press("down c");
    let shown = fixture.shown(120, 40);
    assert!(!shown.contains("Stop model"), "{shown}");
    fixture.press("esc");
    fixture.press("/ m o d e l space 2 enter");
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("lr=0.25") && !shown.contains("lr=0.5"),
        "{shown}"
    );
}
