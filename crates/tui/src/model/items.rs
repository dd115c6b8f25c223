//! The items of a repeat (trials, models) that have a life of their own: how each stands, and how
//! far it has come. Only what is new is looked at.

use std::collections::HashMap;

use workbench_record::{Basis, Direction, ItemEvent, ItemPhase, RepeatId, RepeatState};

/// One item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemRow {
    /// Its name.
    pub name: String,
    /// Its place in the order in which they were begun, from 0.
    pub number: usize,
    /// Its state.
    pub phase: ItemPhase,
    /// Whether a person asked for that.
    pub asked: bool,
    /// The level that it has reached, from 0.
    pub level: Option<u32>,
    /// Steps of its work.
    pub step: u64,
    /// Up to which step it runs.
    pub until: u64,
    /// Attempts that have failed.
    pub failures: u32,
    /// The best value of its curve.
    pub best: Option<f64>,
    /// What it is made with.
    pub settings: String,
    /// Points of its curve that were looked at.
    points: usize,
}

/// The items of one repeat.
#[derive(Debug, Default)]
pub struct RepeatItems {
    /// Whose they are: a repeat, and when it began.
    of: Option<(RepeatId, u64)>,
    /// Events that were looked at.
    events: usize,
    rows: Vec<ItemRow>,
    places: HashMap<String, usize>,
    /// The curve by which they are compared.
    pub metric: String,
}

impl RepeatItems {
    /// In the order in which they were begun.
    pub fn rows(&self) -> &[ItemRow] {
        &self.rows
    }

    /// Takes in what is new in a repeat.
    pub fn update(&mut self, repeat: &RepeatState, basis: &Basis) {
        let of = (repeat.id.clone(), repeat.started_ns);
        if self.of.as_ref() != Some(&of) || repeat.items.len() < self.events {
            *self = Self {
                of: Some(of),
                ..Self::default()
            };
        }
        for (_, event) in repeat.items.iter().skip(self.events) {
            self.take(event);
        }
        self.events = repeat.items.len();
        // The first curve of items is what they are judged by; what comes later is about them.
        let Some((metric, curves)) = repeat.item_curves.iter().next() else {
            return;
        };
        self.metric.clone_from(metric);
        let is_less_better = !matches!(
            basis,
            Basis::TimeOnCurve {
                direction: Direction::AtLeast,
                ..
            }
        );
        for row in &mut self.rows {
            let Some(points) = curves.get(&row.name) else {
                continue;
            };
            let new = points.get(row.points..).unwrap_or_default();
            row.points = points.len();
            for point in new {
                row.step = row.step.max(point.step);
                let is_better = row.best.is_none_or(|best| {
                    if is_less_better {
                        point.value < best
                    } else {
                        point.value > best
                    }
                });
                if is_better {
                    row.best = Some(point.value);
                }
            }
        }
    }

    fn take(&mut self, event: &ItemEvent) {
        let next = self.rows.len();
        let place = *self.places.entry(event.item.clone()).or_insert(next);
        if place == next {
            self.rows.push(ItemRow {
                name: event.item.clone(),
                number: next,
                ..ItemRow::default()
            });
        }
        let row = &mut self.rows[place];
        row.phase = event.phase;
        row.asked |= event.asked;
        row.step = row.step.max(event.step);
        row.level = event.level.or(row.level);
        row.until = event.until.unwrap_or(row.until);
        row.failures = row.failures.max(event.failures);
        if !event.settings.is_empty() {
            let one = |(name, value): (&String, &_)| format!("{name}={value}");
            let all: Vec<String> = event.settings.iter().map(one).collect();
            row.settings = all.join(" ");
        }
    }
}
