//! What following a run costs with every event, early and late in a run of 10,000 repeats.

#![allow(missing_docs, reason = "criterion makes the functions")]

use std::collections::HashMap;
use std::hint::black_box;
use std::mem::discriminant;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use workbench_history::outlook::Ahead;
use workbench_record::{Event, Record, RepeatId, Snapshot, Tally};
use workbench_simulate::{Scenario, events};

/// Events of one kind in a round. A run of 10,000 repeats has to fit into memory, and what is held
/// back is only more of the same.
const MOST_OF_A_KIND: usize = 40;

/// A run of so many repeats of each arm, made of one round that comes again and again.
fn records(repeats: u32) -> Vec<Record> {
    let made = events(Scenario::Gpus, 1, "a-run", 0);
    let is_of_round = |record: &&Record| {
        let event = &record.event;
        !matches!(
            event,
            Event::RunStarted(_) | Event::RunFinished { .. } | Event::Task(_)
        )
    };
    let mut kinds = HashMap::new();
    let round: Vec<Record> = made
        .iter()
        .filter(is_of_round)
        .filter(|record| {
            let so_far = kinds.entry(discriminant(&record.event)).or_insert(0);
            *so_far += 1;
            *so_far <= MOST_OF_A_KIND
        })
        .cloned()
        .collect();
    let lasts_ns = round.iter().map(|record| record.t_ns).max().unwrap_or(0);
    let mut all: Vec<Record> = made.into_iter().take(1).collect();
    if let Some(Event::RunStarted(started)) = all.first_mut().map(|record| &mut record.event) {
        started.config.repeats = repeats;
    }
    let rounds = round
        .iter()
        .filter(|r| matches!(r.event, Event::RepeatFinished(_)));
    let rounds = repeats / (rounds.count() as u32).max(1);
    for number in 0..rounds {
        all.extend(round.iter().map(|record| {
            let mut record = record.clone();
            record.t_ns += u64::from(number) * lasts_ns;
            let rename = |id: &mut RepeatId| id.repeat += number * 100;
            match &mut record.event {
                Event::RepeatStarted(id) => rename(id),
                Event::RepeatFinished(finished) => rename(&mut finished.id),
                _ => {}
            }
            record
        }));
    }
    all
}

/// One event more: folded, and the estimate made anew.
fn event(c: &mut Criterion) {
    let mut group = c.benchmark_group("one event more, after so many repeats");
    for repeats in [100, 1_000, 10_000] {
        let records = records(repeats);
        let last = records.last().cloned();
        let mut tally = Tally::default();
        for record in &records {
            tally.apply(record);
        }
        let mut ahead = Ahead::default();
        group.bench_function(BenchmarkId::new("estimate", repeats), |b| {
            b.iter(|| {
                if let Some(record) = &last {
                    tally.apply(record);
                }
                black_box(ahead.look(&tally).done)
            });
        });
        let mut snapshot = Snapshot::of(&records);
        drop(records);
        group.bench_function(BenchmarkId::new("fold", repeats), |b| {
            b.iter(|| {
                if let Some(record) = &last {
                    snapshot.apply(record);
                }
                black_box(snapshot.repeats.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, event);
criterion_main!(benches);
