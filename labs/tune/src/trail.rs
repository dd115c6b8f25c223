//! The record of a search: what a study decided as events of items and points of curves, and back.
//! The search is the fold of these alone, so its record reproduces every decision.

use std::collections::BTreeSet;

use workbench_experiment::lab::{
    ArmMessage, ControllerPhase, ControllerState, ItemEvent, ItemPhase, ItemPlace, ParamValue,
    Params, RepeatState,
};
use workbench_search::{
    Checkpoint, ConfigValue, Configuration, FiniteLoss, StudyEvent, TrialId, TrialState,
    TrialVerdict,
};

/// The figure of a trial: its mean squared error on the validation rows.
pub const LOSS: &str = "validation_mse";
/// The least of all trials so far.
pub const BEST: &str = "best_mse";

/// What a stopped trial was trained to once the clock had stopped.
pub const AFTERWARDS: &str = "validation_mse_afterwards";

/// What a trial is called.
pub fn name(trial: TrialId) -> String {
    format!("trial {trial}")
}

/// The trial with a name.
pub fn trial(name: &str) -> Option<TrialId> {
    name.strip_prefix("trial ")?.parse().ok().map(TrialId)
}

/// A configuration as it is recorded.
pub fn params(configuration: &Configuration) -> Params {
    let value = |value: &ConfigValue| match value {
        ConfigValue::Float(number) => ParamValue::Float(*number),
        ConfigValue::Integer(number) => ParamValue::Integer(*number),
        ConfigValue::Text(text) => ParamValue::Text(text.clone()),
    };
    let all = configuration.iter();
    all.map(|(name, of)| (name.to_owned(), value(of))).collect()
}

/// A recorded configuration, in the order of `names`.
fn configuration(params: &Params, names: &[String]) -> Configuration {
    let value = |value: &ParamValue| match value {
        ParamValue::Float(number) => ConfigValue::Float(*number),
        ParamValue::Integer(number) => ConfigValue::Integer(*number),
        ParamValue::Text(text) => ConfigValue::Text(text.clone()),
        ParamValue::Boolean(word) => ConfigValue::Text(word.to_string()),
    };
    let there = names
        .iter()
        .filter_map(|name| Some((name, params.get(name)?)));
    there.map(|(name, of)| (name.clone(), value(of))).collect()
}

/// What is recorded of an event of a study.
pub fn messages(event: &StudyEvent) -> Vec<ArmMessage> {
    let of_item = |event| vec![ArmMessage::Item(event)];
    match event {
        StudyEvent::Started {
            trial,
            configuration,
            to,
            from,
        } => of_item(ItemEvent {
            until: Some(*to),
            settings: params(configuration),
            from: from.map(|from| ItemPlace {
                item: name(from.trial),
                step: from.budget,
            }),
            ..item(
                *trial,
                ItemPhase::Running,
                from.map_or(0, |from| from.budget),
            )
        }),
        StudyEvent::Resumed { trial, to } => of_item(ItemEvent {
            until: Some(*to),
            ..item(*trial, ItemPhase::Running, 0)
        }),
        StudyEvent::Reported {
            trial,
            budget,
            loss,
            verdict,
        } => reported(*trial, *budget, *loss, *verdict),
        StudyEvent::Saved { trial, budget } => of_item(ItemEvent {
            kept: Some(*budget),
            ..item(*trial, ItemPhase::Running, *budget)
        }),
        StudyEvent::Failed { trial } => of_item(item(*trial, ItemPhase::Failed, 0)),
        StudyEvent::Stopped { trial } => of_item(ItemEvent {
            asked: true,
            ..item(*trial, ItemPhase::Stopped, 0)
        }),
        StudyEvent::Closed => vec![ArmMessage::State(ControllerState {
            phase: ControllerPhase::Stopping,
            text: "no new trials".to_owned(),
            attempt: 1,
            workers: None,
        })],
    }
}

/// What is recorded of the GPUs that a running trial gets, after so many units of budget.
pub fn on_gpus((trial, step): (TrialId, u64), gpus: Vec<String>) -> ItemEvent {
    ItemEvent {
        gpus,
        ..item(trial, ItemPhase::Running, step)
    }
}

fn item(trial: TrialId, phase: ItemPhase, step: u64) -> ItemEvent {
    ItemEvent {
        item: name(trial),
        phase,
        step,
        ..ItemEvent::default()
    }
}

/// A point of the trial's curve, and its new state where it has one.
fn reported(
    trial: TrialId,
    budget: u64,
    loss: FiniteLoss,
    verdict: TrialVerdict,
) -> Vec<ArmMessage> {
    let point = ArmMessage::Metric {
        name: LOSS.to_owned(),
        item: Some(name(trial)),
        step: budget,
        value: loss.get(),
    };
    let ended = match verdict {
        TrialVerdict::Continue => None,
        TrialVerdict::Pause => Some(ItemPhase::Paused),
        TrialVerdict::Stop => Some(ItemPhase::Stopped),
        TrialVerdict::Finish => Some(ItemPhase::Done),
    };
    let ended = ended.map(|phase| ArmMessage::Item(item(trial, phase, budget)));
    std::iter::once(point).chain(ended).collect()
}

/// The state of a trial as it is recorded.
pub fn phase(state: TrialState) -> ItemPhase {
    match state {
        TrialState::Running { .. } => ItemPhase::Running,
        TrialState::Paused => ItemPhase::Paused,
        TrialState::Stopped => ItemPhase::Stopped,
        TrialState::Done => ItemPhase::Done,
        TrialState::Failed => ItemPhase::Failed,
    }
}

/// Whether an event is a report of which nothing is recorded that it decided.
pub fn is_undecided(event: &StudyEvent) -> bool {
    matches!(
        event,
        StudyEvent::Reported {
            verdict: TrialVerdict::Continue,
            ..
        }
    )
}

/// One thing that was recorded of a search.
enum Told<'a> {
    Item(&'a ItemEvent),
    Point(TrialId, u64, f64),
    Closed,
}

/// The events of a study that a repeat's record holds. `names` are the parameters of its space, in
/// order. Every message of a search has a time of its own, so these bring them in order.
pub fn events(repeat: &RepeatState, names: &[String]) -> Vec<StudyEvent> {
    let mut told: Vec<(u64, Told<'_>)> = Vec::new();
    told.extend(
        repeat
            .items
            .iter()
            .map(|(at, event)| (*at, Told::Item(event))),
    );
    for (item, points) in repeat.item_curves.get(LOSS).into_iter().flatten() {
        let Some(trial) = trial(item) else { continue };
        let points = points.iter();
        told.extend(points.map(|p| (p.t_ns, Told::Point(trial, p.step, p.value))));
    }
    let closed = repeat.states.iter();
    let closed = closed.filter(|(_, state)| state.phase == ControllerPhase::Stopping);
    told.extend(closed.map(|(at, _)| (*at, Told::Closed)));
    told.sort_by_key(|(at, _)| *at);
    fold(told.into_iter().map(|(_, told)| told), names)
}

fn fold<'a>(told: impl Iterator<Item = Told<'a>>, names: &[String]) -> Vec<StudyEvent> {
    let mut events: Vec<StudyEvent> = Vec::new();
    let mut started = BTreeSet::new();
    for told in told {
        let event = match told {
            Told::Closed => Some(StudyEvent::Closed),
            Told::Point(trial, budget, loss) => {
                FiniteLoss::new(loss).map(|loss| StudyEvent::Reported {
                    trial,
                    budget,
                    loss,
                    verdict: TrialVerdict::Continue,
                })
            }
            Told::Item(event) => of_item(event, names, &mut started, &mut events),
        };
        events.extend(event);
    }
    events
}

fn of_item(
    event: &ItemEvent,
    names: &[String],
    started: &mut BTreeSet<TrialId>,
    events: &mut [StudyEvent],
) -> Option<StudyEvent> {
    let trial = trial(&event.item)?;
    if let Some(budget) = event.kept {
        return Some(StudyEvent::Saved { trial, budget });
    }
    if !event.is_change() {
        return None;
    }
    let verdict = match event.phase {
        ItemPhase::Running => {
            // Another attempt is no decision of the study.
            let to = event.until.filter(|_| event.failure.is_none())?;
            if !started.insert(trial) {
                return Some(StudyEvent::Resumed { trial, to });
            }
            let from = event.from.as_ref().and_then(|from| {
                Some(Checkpoint {
                    trial: self::trial(&from.item)?,
                    budget: from.step,
                })
            });
            return Some(StudyEvent::Started {
                trial,
                configuration: configuration(&event.settings, names),
                to,
                from,
            });
        }
        ItemPhase::Pending => return None,
        ItemPhase::Failed => return Some(StudyEvent::Failed { trial }),
        ItemPhase::Stopped if event.asked => return Some(StudyEvent::Stopped { trial }),
        ItemPhase::Paused => TrialVerdict::Pause,
        ItemPhase::Stopped => TrialVerdict::Stop,
        ItemPhase::Done => TrialVerdict::Finish,
    };
    // The state follows the point by which it was decided.
    if let Some(StudyEvent::Reported { verdict: known, .. }) = events.last_mut() {
        *known = verdict;
    }
    None
}
