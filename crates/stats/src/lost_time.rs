//! Where slots × wall time − useful work went, in one repeat.
//!
//! What belongs here: the split of slot time into useful work and five kinds of loss, from recorded
//! task spans. What does not: which repeat to split and what to advise. The idea of charging every
//! lost processor-second to one cause goes back to the lost cycles of Crovella and LeBlanc (1994);
//! work inflation is the term of Olivier et al. (2012).
//!
//! A repeat of wall time T on p slots has p·T seconds of slot time. Each instant of each
//! slot counts once:
//!
//! | slot | at that instant | counts as |
//! |---|---|---|
//! | idle | before the first task was ready, or after the last one ended | overhead (assembly) |
//! | idle | some task was ready and not started | overhead (dispatch) |
//! | idle | no task was ready, and the slot has run its last task | imbalance |
//! | idle | no task was ready, and the slot will run another task | waiting |
//! | in a task | off the core, as the task waited for something else than a core | waiting |
//! | in a task | off the core, as no core was free | no core |
//! | in a task | on the core | useful, or inflation beyond the useful work |
//!
//! A slot that ran nothing has run its last task from the start. Spans of one slot may nest (a task
//! that waits for others runs some of them in its own stack), so a slot is in a task while any of
//! its spans is open.

/// The slot of a task that never ran; such spans are ignored.
pub const NO_SLOT: u32 = u32::MAX;

/// One repeat of one arm. Times are nanoseconds on one clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LostTimeInput<'a> {
    /// Number of slots, p. They are numbered from 0.
    pub workers: u32,
    /// When the repeat started.
    pub started_ns: u64,
    /// Its wall time, T.
    pub wall_ns: u64,
    /// The tasks that ran, in any order. What lies outside the repeat is cut off; spans on slots
    /// beyond `workers` or entirely outside the repeat are ignored.
    pub spans: &'a [Span],
    /// CPU time of the same work in the base, in seconds; negative or not finite counts as 0.
    pub useful_cpu_s: f64,
}

/// One task on its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The slot that ran it, or [`NO_SLOT`].
    pub slot: u32,
    /// When only a free slot was missing.
    pub ready_ns: u64,
    /// When it started.
    pub started_ns: u64,
    /// When it ended.
    pub finished_ns: u64,
    /// Its CPU time, without tasks nested in it.
    pub cpu_ns: u64,
    /// For how long it could have run and waited for a core, without tasks nested in it; 0 where
    /// nobody counts that.
    pub core_wait_ns: u64,
}

/// Slot time by what became of it, in seconds. Nothing is negative, and
/// `overhead + imbalance + waiting + inflation + no_core = workers × wall − useful` up to rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LostTime {
    /// Slots idle although a task was ready, and before the first and after the last task.
    pub overhead: f64,
    /// Slots idle at the end, while the last tasks ran elsewhere.
    pub imbalance: f64,
    /// Slots idle because no task was ready, and tasks that waited for something themselves.
    pub waiting: f64,
    /// CPU time of the tasks beyond the useful work.
    pub inflation: f64,
    /// Tasks that could have run and had no core.
    pub no_core: f64,
    /// The useful work: as given, or the tasks' CPU time where that is less.
    pub useful: f64,
}

impl LostTime {
    /// All that was lost, in seconds of slot time.
    pub fn total(&self) -> f64 {
        self.overhead + self.imbalance + self.waiting + self.inflation + self.no_core
    }
}

/// Splits the slot time of one repeat. O(n log n) in the number of spans.
///
/// Two clocks meet here and need not agree to the nanosecond, so the CPU time of a slot counts up
/// to the time that the slot spent in tasks. When the tasks took *less* CPU time than the base did
/// (a warm cache, a faster core), all of it was useful and inflation is 0: a gain is not a negative
/// loss, and `useful` then says how little was needed.
pub fn split(input: &LostTimeInput) -> LostTime {
    let window = Window {
        start: input.started_ns,
        end: input.started_ns.saturating_add(input.wall_ns),
    };
    let mut spans: Vec<Span> = input
        .spans
        .iter()
        .filter(|span| span.slot != NO_SLOT && span.slot < input.workers)
        .filter_map(|span| window.clip(span))
        .collect();
    spans.sort_unstable_by_key(|span| (span.slot, span.started_ns));
    let stretches = OverheadStretches::new(window, &spans);

    let mut sum = Nanoseconds::default();
    let mut used_slots = 0;
    for slot in spans.chunk_by(|a, b| a.slot == b.slot) {
        used_slots += 1;
        sum.add_slot(slot, window, &stretches);
    }
    sum.add_unused_slots(input.workers - used_slots, window, &stretches);
    sum.into_seconds(input.useful_cpu_s)
}

/// Splits slot time of which only the CPU time is known, all in seconds: what was not on a core is
/// waiting. CPU time counts up to the slot time; more of it means more threads than slots.
pub fn split_by_cpu(slots_s: f64, cpu_s: f64, useful_cpu_s: f64) -> LostTime {
    let amount = |seconds: f64| {
        if seconds.is_finite() {
            seconds.max(0.0)
        } else {
            0.0
        }
    };
    let slots = amount(slots_s);
    let cpu = amount(cpu_s).min(slots);
    let useful = amount(useful_cpu_s).min(cpu);
    LostTime {
        waiting: slots - cpu,
        inflation: cpu - useful,
        useful,
        ..LostTime::default()
    }
}

/// The repeat, from start to end.
#[derive(Clone, Copy)]
struct Window {
    start: u64,
    end: u64,
}

impl Window {
    /// The part of a span inside the window, its times in order; `None` when there is none.
    fn clip(self, span: &Span) -> Option<Span> {
        let finished_ns = span.finished_ns.max(span.started_ns);
        if finished_ns < self.start || span.started_ns > self.end {
            return None;
        }
        let started_ns = span.started_ns.max(self.start);
        Some(Span {
            ready_ns: span.ready_ns.clamp(self.start, started_ns),
            started_ns,
            finished_ns: finished_ns.min(self.end),
            ..*span
        })
    }
}

/// The instants at which an idle slot is overhead: some task is ready and unstarted, none has
/// been ready yet, or all have ended. Disjoint stretches in rising order, with the length of
/// everything before each.
struct OverheadStretches {
    stretches: Vec<Stretch>,
}

struct Stretch {
    start: u64,
    end: u64,
    before: u64,
}

impl OverheadStretches {
    fn new(window: Window, spans: &[Span]) -> Self {
        let first_ready = spans
            .iter()
            .map(|span| span.ready_ns)
            .min()
            .unwrap_or(window.end);
        let last_end = spans
            .iter()
            .map(|span| span.finished_ns)
            .max()
            .unwrap_or(window.end);
        let mut raw: Vec<(u64, u64)> = spans
            .iter()
            .map(|span| (span.ready_ns, span.started_ns))
            .collect();
        raw.push((window.start, first_ready));
        raw.push((last_end, window.end));
        raw.sort_unstable();
        let mut stretches: Vec<Stretch> = Vec::new();
        for (start, end) in raw {
            match stretches.last_mut() {
                Some(last) if start <= last.end => last.end = last.end.max(end),
                Some(last) => {
                    let before = last.before + (last.end - last.start);
                    stretches.push(Stretch { start, end, before });
                }
                None => stretches.push(Stretch {
                    start,
                    end,
                    before: 0,
                }),
            }
        }
        Self { stretches }
    }

    /// How much of the time from `start` to `end` is in a stretch.
    fn within(&self, start: u64, end: u64) -> u64 {
        self.until(end) - self.until(start)
    }

    fn until(&self, instant: u64) -> u64 {
        let next = self
            .stretches
            .partition_point(|stretch| stretch.start <= instant);
        next.checked_sub(1).map_or(0, |last| {
            let stretch = &self.stretches[last];
            stretch.before + (instant.min(stretch.end) - stretch.start)
        })
    }
}

/// The sums, exact. Wide enough for any number of slots.
#[derive(Default)]
struct Nanoseconds {
    overhead: u128,
    imbalance: u128,
    waiting: u128,
    on_core: u128,
    no_core: u128,
}

impl Nanoseconds {
    /// Adds a slot that ran at least one task; its spans come in rising order of start.
    fn add_slot(&mut self, spans: &[Span], window: Window, stretches: &OverheadStretches) {
        let mut busy = 0;
        let (mut cpu, mut core_wait) = (0_u128, 0_u128);
        let mut idle_since = window.start;
        for span in spans {
            cpu += u128::from(span.cpu_ns);
            core_wait += u128::from(span.core_wait_ns);
            if span.started_ns > idle_since {
                let overhead = stretches.within(idle_since, span.started_ns);
                self.overhead += u128::from(overhead);
                self.waiting += u128::from(span.started_ns - idle_since - overhead);
                idle_since = span.started_ns;
            }
            // A nested span ends before the one around it and adds nothing.
            busy += span.finished_ns.saturating_sub(idle_since);
            idle_since = idle_since.max(span.finished_ns);
        }
        let overhead = stretches.within(idle_since, window.end);
        self.overhead += u128::from(overhead);
        self.imbalance += u128::from(window.end - idle_since - overhead);
        let on_core = cpu.min(u128::from(busy));
        self.on_core += on_core;
        let off_core = u128::from(busy) - on_core;
        let no_core = core_wait.min(off_core);
        self.no_core += no_core;
        self.waiting += off_core - no_core;
    }

    /// Adds slots that ran nothing.
    fn add_unused_slots(&mut self, slots: u32, window: Window, stretches: &OverheadStretches) {
        let overhead = stretches.within(window.start, window.end);
        let imbalance = window.end - window.start - overhead;
        self.overhead += u128::from(slots) * u128::from(overhead);
        self.imbalance += u128::from(slots) * u128::from(imbalance);
    }

    fn into_seconds(self, useful_cpu_s: f64) -> LostTime {
        let seconds = |ns: u128| ns as f64 / 1e9;
        let on_core = seconds(self.on_core);
        let useful = if useful_cpu_s.is_finite() {
            // A zero without a sign.
            useful_cpu_s.clamp(0.0, on_core) + 0.0
        } else {
            0.0
        };
        LostTime {
            overhead: seconds(self.overhead),
            imbalance: seconds(self.imbalance),
            waiting: seconds(self.waiting),
            inflation: on_core - useful,
            no_core: seconds(self.no_core),
            useful,
        }
    }
}
