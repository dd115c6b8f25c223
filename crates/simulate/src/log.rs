//! Writing down a made-up run as the program writes down a real one: what is recorded at which
//! tick, and in which order.

use rand_chacha::ChaCha8Rng;

use super::machine::{Load, Machine};
use super::repeat::{End, SimulatedRepeat};
use workbench_experiment::sampling::{SHORTEST_NS, SampleSchedule};
use workbench_pool::TaskSpan;
use workbench_record::{
    ArmFailure, ArmFailureKind, Event, Record, RepeatFinished, RunStarted, RunStatus,
};

/// Pool, warm-up and sync between two repeats.
const PAUSE_NS: u64 = 45_000_000;
/// Unchanged progress is recorded again after this.
const HEARTBEAT_NS: u64 = 1_000_000_000;
/// What a tick costs the instrument, and a sample of one core in addition.
const TICK_CPU_NS: u64 = 20_000;
const CORE_CPU_NS: u64 = 600;

/// The log as far as it is written.
pub(super) struct LogBuilder {
    pub records: Vec<Record>,
    pub now_ns: u64,
    rng: ChaCha8Rng,
    machine: Machine,
    schedule: SampleSchedule,
    tick_ns: u64,
    sampled_ns: u64,
    instrument_cpu_ns: u64,
}

/// How far the record of a repeat is.
struct Cursor<'a> {
    repeat: &'a SimulatedRepeat,
    started_ns: u64,
    spans: usize,
    messages: usize,
    warnings: usize,
    steps: usize,
    progress: Option<(usize, u64)>,
    loads: SlotLoads,
}

impl LogBuilder {
    pub fn start(rng: ChaCha8Rng, machine: Machine, started: RunStarted) -> Self {
        let event = Event::RunStarted(Box::new(started));
        Self {
            records: vec![Record { t_ns: 0, event }],
            now_ns: 10_000,
            rng,
            machine,
            schedule: SampleSchedule::default(),
            tick_ns: SHORTEST_NS,
            sampled_ns: 0,
            instrument_cpu_ns: 0,
        }
    }

    pub fn record(&mut self, event: Event) {
        let t_ns = self.now_ns;
        self.records.push(Record { t_ns, event });
    }

    /// Records a repeat; whether the run goes on after it.
    pub fn repeat(&mut self, repeat: &SimulatedRepeat) -> bool {
        self.pause();
        let started_ns = self.now_ns;
        let instrument_before = self.instrument_cpu_ns;
        self.record(Event::RepeatStarted(repeat.id.clone()));
        let end_ns = started_ns + repeat.wall_ns;
        let mut cursor = Cursor {
            repeat,
            started_ns,
            spans: 0,
            messages: 0,
            warnings: 0,
            steps: 0,
            progress: None,
            loads: SlotLoads::new(repeat),
        };
        while self.tick_ns < end_ns {
            self.tick(Some(&mut cursor));
        }
        self.now_ns = end_ns + 20_000;
        if repeat.spans_at_once {
            cursor.record_ended(end_ns, &mut self.records);
        }
        cursor.collect((end_ns, self.now_ns), true, &mut self.records);
        self.now_ns += 100_000;
        match &repeat.end {
            End::Finished(output) => {
                let output = output.clone();
                self.record(Event::RepeatFinished(Box::new(RepeatFinished {
                    id: repeat.id.clone(),
                    started_ns,
                    wall_ns: repeat.wall_ns,
                    cpu_ns: repeat.spans.iter().map(|span| span.cpu_ns).sum::<u64>() + 1_000_000,
                    instrument_cpu_ns: self.instrument_cpu_ns - instrument_before,
                    screen_cpu_ns: 0,
                    work: output.work,
                    items: output.items,
                    quality: output.quality,
                    breakdown: output.breakdown,
                    ..RepeatFinished::default()
                })));
                true
            }
            End::Stopped => {
                let arm = repeat.id.arm.clone();
                self.record(Event::ArmStopped { arm });
                true
            }
            End::Failed(reason) => {
                self.record(Event::ArmFailed(ArmFailure {
                    arm: repeat.id.arm.clone(),
                    kind: ArmFailureKind::Run,
                    reason: reason.clone(),
                }));
                false
            }
        }
    }

    /// Closes the log.
    pub fn finish(mut self, status: RunStatus) -> Vec<Record> {
        self.tick_ns = self.now_ns + 30_000;
        self.sample(self.tick_ns, &[], 0);
        self.now_ns = self.tick_ns + 200_000;
        self.record(Event::RunFinished {
            status,
            instrument_cpu_ns: self.instrument_cpu_ns,
            screen_cpu_ns: 0,
        });
        self.records
    }

    fn pause(&mut self) {
        let end_ns = self.now_ns + PAUSE_NS;
        while self.tick_ns < end_ns {
            self.tick(None);
        }
        self.now_ns = end_ns;
    }

    fn tick(&mut self, cursor: Option<&mut Cursor<'_>>) {
        let t_ns = self.tick_ns;
        self.tick_ns += SHORTEST_NS;
        self.now_ns = t_ns;
        self.instrument_cpu_ns += TICK_CPU_NS;
        let Some(cursor) = cursor else {
            if self.schedule.is_due(t_ns, None) {
                self.sample(t_ns, &[], 0);
            }
            return;
        };
        if cursor.repeat.spans_at_once {
            cursor.record_ended(t_ns, &mut self.records);
        }
        let due = self.schedule.is_due(t_ns, Some(cursor.started_ns));
        if due {
            let from = self.sampled_ns.saturating_sub(cursor.started_ns);
            let slots = cursor.loads.busy(from, t_ns - cursor.started_ns);
            self.sample(t_ns, &slots, cursor.repeat.gpus);
        }
        cursor.collect((t_ns, t_ns + 60_000), due, &mut self.records);
    }

    fn sample(&mut self, t_ns: u64, slots: &[f32], gpus: u32) {
        self.instrument_cpu_ns += CORE_CPU_NS * u64::from(self.machine.cores);
        self.sampled_ns = t_ns;
        let sample = self
            .machine
            .sample(&mut self.rng, t_ns, &Load { slots, gpus });
        let event = Event::Sample(sample);
        self.records.push(Record { t_ns, event });
    }
}

impl Cursor<'_> {
    /// Spans that have ended by `t_ns` and are not yet recorded, on the run's clock.
    fn ended(&mut self, t_ns: u64) -> Vec<TaskSpan> {
        let rest = &self.repeat.spans[self.spans..];
        let n = rest.partition_point(|span| self.started_ns + span.finished_ns <= t_ns);
        self.spans += n;
        rest[..n]
            .iter()
            .map(|span| TaskSpan {
                queued_ns: self.started_ns + span.queued_ns,
                ready_ns: self.started_ns + span.ready_ns,
                started_ns: self.started_ns + span.started_ns,
                finished_ns: self.started_ns + span.finished_ns,
                ..span.clone()
            })
            .collect()
    }

    /// What a serial arm records by itself.
    fn record_ended(&mut self, t_ns: u64, out: &mut Vec<Record>) {
        for span in self.ended(t_ns) {
            let t_ns = span.finished_ns + 1_000;
            let event = Event::Task(span);
            out.push(Record { t_ns, event });
        }
    }

    /// What is collected at a tick: spans slot by slot, curves and lines, where slots stand if that
    /// is `due`, progress.
    fn collect(&mut self, (t_ns, now_ns): (u64, u64), due: bool, out: &mut Vec<Record>) {
        let mut spans = self.ended(t_ns);
        spans.sort_by_key(|span| span.slot);
        out.extend(spans.into_iter().map(|span| Record {
            t_ns: span.finished_ns,
            event: Event::Task(span),
        }));
        let (repeat, since) = (self.repeat, t_ns.saturating_sub(self.started_ns));
        while let Some((at, told)) = repeat
            .messages
            .get(self.messages)
            .filter(|(at, _)| *at <= since)
        {
            self.messages += 1;
            let event = told.clone().into_event();
            let t_ns = self.started_ns + at;
            out.push(Record { t_ns, event });
        }
        while let Some((at, found)) = repeat.warnings.get(self.warnings).filter(|w| w.0 <= since) {
            self.warnings += 1;
            let t_ns = self.started_ns + at;
            let event = Event::Finding(found.clone());
            out.push(Record { t_ns, event });
        }
        if due {
            out.extend(repeat.ranks.at(since).into_iter().map(|state| Record {
                t_ns: now_ns,
                event: Event::Slot(state),
            }));
        }
        self.steps += repeat.steps[self.steps..].partition_point(|at| *at <= since);
        let known = self
            .progress
            .is_some_and(|(progress, at)| progress == self.steps && now_ns < at + HEARTBEAT_NS);
        if !known {
            self.progress = Some((self.steps, now_ns));
            let (done, total) = (self.steps as u64, repeat.total);
            let event = Event::Progress { done, total };
            out.push(Record {
                t_ns: now_ns,
                event,
            });
        }
    }
}

/// When each slot works, and up to where that has been asked for.
struct SlotLoads(Vec<(Vec<(u64, u64)>, usize)>);

impl SlotLoads {
    fn new(repeat: &SimulatedRepeat) -> Self {
        let mut loads = vec![(Vec::new(), 0); repeat.id.workers as usize];
        for span in &repeat.spans {
            if let Some((load, _)) = loads.get_mut(span.slot as usize) {
                load.push((span.started_ns, span.finished_ns));
            }
        }
        for (load, _) in &mut loads {
            load.sort_unstable();
        }
        Self(loads)
    }

    /// The busy share of every slot between two times, each call later than the one before.
    fn busy(&mut self, from: u64, to: u64) -> Vec<f32> {
        let lasted = to.saturating_sub(from).max(1) as f32;
        let share = |(load, at): &mut (Vec<(u64, u64)>, usize)| {
            let mut busy = 0;
            while let Some((start, end)) = load.get(*at).filter(|(start, _)| *start < to) {
                busy += (*end).min(to).saturating_sub((*start).max(from));
                if *end > to {
                    break;
                }
                *at += 1;
            }
            (busy as f32 / lasted).min(1.0)
        };
        self.0.iter_mut().map(share).collect()
    }
}
