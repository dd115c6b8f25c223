//! What a program tells of its work while it runs, made into what a run records.

use std::collections::BTreeMap;
use std::sync::Arc;

use workbench_clock::Clock;
use workbench_experiment::lab::{Item, Part, Progress, Quantity};
use workbench_pool::{Outcome, TaskSpan};
use workbench_protocol::arm::{ArmLine, ArmLineError, ArmLines, QualityValue, TaskLine};

use crate::messages;
use crate::tree;

/// Units of progress of a repeat: programs tell shares.
pub(crate) const PROGRESS: u64 = 1000;
/// The most different workers, counters, items and warnings of a repeat.
const MOST: usize = 10_000;
/// The most warnings of a repeat.
const MOST_WARNINGS: usize = 20;

/// Takes what one repeat tells.
pub(crate) struct Told<'a> {
    lines: ArmLines,
    /// The arm and its number of workers.
    arm: (&'a str, u32),
    clock: Clock,
    /// What the run's clock is ahead of the system's monotonic clock, modulo 2^64.
    ahead_ns: u64,
    begun_ns: u64,
    progress: &'a Progress,
    spans: &'a dyn Fn(TaskSpan),
    /// The end of the last task of each slot.
    slots: Vec<u64>,
    /// The slots of workers that are told apart by a word.
    known: BTreeMap<String, u32>,
    done: u64,
    warnings: usize,
    /// What came of it.
    pub result: ToldResult,
}

/// What came of what a repeat told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ToldResult {
    pub tasks: u64,
    pub work: BTreeMap<String, u64>,
    pub items: Vec<Item>,
    pub quality: BTreeMap<String, Quantity>,
    pub start_up: Vec<Part>,
    pub facts: BTreeMap<String, u64>,
    /// When the start-up was over, on the run's clock.
    pub ready_ns: Option<u64>,
    /// When the work was over.
    pub done_ns: Option<u64>,
    /// How many lines were wrong, and why the first was.
    pub wrong: Option<(u64, ArmLineError)>,
}

impl<'a> Told<'a> {
    /// Begins now, with the repeat.
    pub(crate) fn new(
        arm: (&'a str, u32),
        clock: Clock,
        progress: &'a Progress,
        spans: &'a dyn Fn(TaskSpan),
    ) -> Self {
        let begun_ns = clock.now_ns();
        Self {
            lines: ArmLines::default(),
            arm,
            clock,
            ahead_ns: begun_ns.wrapping_sub(tree::monotonic_ns()),
            begun_ns,
            progress,
            spans,
            slots: Vec::new(),
            known: BTreeMap::new(),
            done: 0,
            warnings: 0,
            result: ToldResult::default(),
        }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.push(bytes, |line| self.take(line));
        self.lines = lines;
    }

    /// Takes the unfinished last line.
    pub(crate) fn finish(mut self) -> ToldResult {
        let mut lines = std::mem::take(&mut self.lines);
        lines.finish(|line| self.take(line));
        self.result
    }

    fn take(&mut self, line: Result<ArmLine, ArmLineError>) {
        let error = match line {
            // No curve can have such a point.
            Ok(ArmLine::Metric { value, .. }) if !value.is_finite() => ArmLineError::Value,
            Ok(line) => return self.take_line(line),
            Err(error) => error,
        };
        let (count, _) = self.result.wrong.get_or_insert((0, error));
        *count += 1;
    }

    fn take_line(&mut self, line: ArmLine) {
        match line {
            ArmLine::Ready { at_ns } => {
                let at_ns = self.or_now(at_ns);
                if self.result.ready_ns.is_none() {
                    let ns = at_ns.saturating_sub(self.begun_ns);
                    self.result.start_up = vec![Part::work("start", ns)];
                    self.result.ready_ns = Some(at_ns);
                }
            }
            ArmLine::Done { at_ns } => {
                let at_ns = self.or_now(at_ns);
                self.result.done_ns.get_or_insert(at_ns);
            }
            ArmLine::Fact { counts } => add(&mut self.result.facts, counts),
            ArmLine::Progress { done, total } => {
                let share = u128::from(done) * u128::from(PROGRESS) / u128::from(total.max(1));
                let units = u64::try_from(share).unwrap_or(PROGRESS);
                self.progress.add(units.saturating_sub(self.done));
                self.done = self.done.max(units);
            }
            ArmLine::Task(task) => self.take_task(&task),
            ArmLine::Metric {
                name,
                step,
                value,
                item,
            } => match item {
                Some(item) => self.progress.item_metric(&item, &name, step, value),
                None => self.progress.metric(&name, step, value),
            },
            ArmLine::Work { counts } => add(&mut self.result.work, counts),
            ArmLine::Output {
                name,
                sha256,
                metrics,
            } if self.result.items.len() < MOST => self.result.items.push(Item {
                name,
                sha256,
                metrics,
            }),
            ArmLine::Hello { .. } | ArmLine::Output { .. } => {}
            ArmLine::Quality { name, value } => {
                let value = match value {
                    QualityValue::Number(number) => Quantity::Number(number),
                    QualityValue::Text(text) => Quantity::Text(text),
                };
                if self.result.quality.len() < MOST {
                    self.result.quality.insert(name, value);
                }
            }
            ArmLine::Warning { text } => {
                self.warnings += 1;
                if self.warnings <= MOST_WARNINGS {
                    self.progress.report(messages::warned(self.arm, &text));
                }
            }
        }
    }

    fn take_task(&mut self, line: &TaskLine) {
        let [started_ns, finished_ns] =
            [line.started_ns, line.finished_ns].map(|at| self.on_clock(at));
        let ready_ns = line.ready_ns.map_or(started_ns, |at| self.on_clock(at));
        let slot = self.slot(line, started_ns, finished_ns);
        let task = self.result.tasks;
        self.result.tasks += 1;
        let wall_ns = finished_ns.saturating_sub(started_ns);
        (self.spans)(TaskSpan {
            task,
            name: Arc::from(line.name.as_str()),
            group: 0,
            part: 0,
            slot,
            attempt: 0,
            queued_ns: ready_ns,
            ready_ns,
            started_ns,
            finished_ns,
            cpu_ns: line.cpu_ns.unwrap_or(wall_ns),
            core_wait_ns: 0,
            outcome: if line.failed {
                Outcome::Failed
            } else {
                Outcome::Done
            },
        });
    }

    /// The slot of a task: as told; else that of whoever did it; else one that was free then.
    fn slot(&mut self, line: &TaskLine, started_ns: u64, finished_ns: u64) -> u32 {
        if let Some(slot) = line.slot {
            return slot;
        }
        if let Some(by) = &line.by
            && let Some(slot) = self.known.get(by)
        {
            let end = &mut self.slots[*slot as usize];
            *end = finished_ns.max(*end);
            return *slot;
        }
        let free = self.slots.iter().position(|end| *end <= started_ns);
        let slot = free.unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(0);
        }
        self.slots[slot] = finished_ns;
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        if let Some(by) = &line.by
            && self.known.len() < MOST
        {
            // Who comes later to the slot has it from then on: processes come and go.
            self.known.retain(|_, known| *known != number);
            self.known.insert(by.clone(), number);
        }
        number
    }

    /// A time that was told, or now.
    fn or_now(&self, at_ns: Option<u64>) -> u64 {
        at_ns.map_or_else(|| self.clock.now_ns(), |at_ns| self.on_clock(at_ns))
    }

    /// A time of the system's monotonic clock, on the run's clock.
    fn on_clock(&self, at_ns: u64) -> u64 {
        let at_ns = at_ns.wrapping_add(self.ahead_ns);
        // What a program makes up is not before the repeat, and not far in the future.
        let now_ns = self.clock.now_ns();
        if at_ns > now_ns.saturating_add(1_000_000_000) {
            return now_ns;
        }
        at_ns.clamp(self.begun_ns.min(now_ns), now_ns)
    }
}

/// Adds counters to sums.
fn add(sums: &mut BTreeMap<String, u64>, counts: BTreeMap<String, u64>) {
    for (name, count) in counts {
        if sums.len() < MOST || sums.contains_key(&name) {
            let sum = sums.entry(name).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}
