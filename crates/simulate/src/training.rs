//! Repeats of made-up training: ranks that go through epochs together, curves, and what
//! the ranks print.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::ranks::{Ranks, STARTED_NS};
use super::repeat::{End, SimulatedRepeat};
use workbench_clock::seconds;
use workbench_experiment::lab::ArmMessage;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{
    ArmOutput, ControllerPhase, FigureFacts, FigureGroup, Finding, LabFacts, Quantity, RepeatId,
    Unit,
};

const MS: u64 = 1_000_000;

/// Ranks that die, in the epoch in which they do.
#[derive(Debug, Clone, Copy)]
pub(super) struct RankDeath {
    pub rank: u32,
    pub epoch: u32,
}

/// What is trained.
#[derive(Debug, Clone, Copy)]
pub(super) struct Training {
    pub epochs: u32,
    pub steps: u32,
    pub images: u64,
    /// Wall time of an epoch on one rank.
    pub epoch_s: f64,
    /// Share of an epoch's time in which every rank waits for the others, per doubling
    /// of the ranks.
    pub synchronising: f64,
    /// Points of a curve that there are at most per epoch.
    pub points: u32,
}

impl Training {
    /// One repeat. Where a rank dies, all lose the epoch and do it again.
    pub fn repeat(
        &self,
        rng: &mut ChaCha8Rng,
        id: RepeatId,
        death: Option<RankDeath>,
        output: ArmOutput,
    ) -> SimulatedRepeat {
        let ranks = id.workers.max(1);
        let total = u64::from(self.epochs) * u64::from(self.steps);
        let images_per_step = self.images as f64 / f64::from(self.steps);
        let mut repeat = SimulatedRepeat {
            wall_ns: 0,
            spans: Vec::new(),
            spans_at_once: false,
            messages: Vec::new(),
            warnings: Vec::new(),
            steps: Vec::new(),
            total,
            gpus: ranks,
            ranks: Ranks::new(ranks, total, images_per_step),
            end: End::Finished(output),
            id,
        };
        repeat.state(0, (ControllerPhase::Starting, "initializing", 1));
        repeat.state(MS, (ControllerPhase::Starting, "scheduling", 1));
        let mut at_ns = STARTED_NS;
        repeat.state(at_ns, (ControllerPhase::Running, "running", 1));
        for rank in 0..ranks {
            let text = format!(
                "device cuda:{rank}, world size {ranks}, {} images",
                self.images
            );
            repeat.print_line(at_ns + u64::from(rank) * MS, rank, text);
        }
        for epoch in 0..self.epochs {
            let mut attempt = 0;
            if let Some(death) = death.filter(|death| death.epoch == epoch) {
                at_ns = self.lose_rank(rng, &mut repeat, death, at_ns);
                attempt = 1;
            }
            at_ns = self.epoch(rng, &mut repeat, (epoch, attempt), at_ns);
        }
        let attempt = 1 + u32::from(death.is_some());
        repeat.state(at_ns, (ControllerPhase::Stopping, "shutting down", attempt));
        repeat.wall_ns = at_ns + 40 * MS;
        repeat.state(
            repeat.wall_ns,
            (ControllerPhase::Ended, "finished", attempt),
        );
        self.finish_output(&mut repeat);
        repeat.spans.sort_by_key(|span| span.finished_ns);
        repeat.messages.sort_by_key(|(at, _)| *at);
        repeat
    }

    /// The figures of a death.
    fn add_failure_figures(
        &self,
        repeat: &mut SimulatedRepeat,
        death: RankDeath,
        (dead_ns, noticed_ns, again_ns): (u64, u64, u64),
        lost: u64,
    ) {
        let End::Finished(output) = &mut repeat.end else {
            return;
        };
        let step = u64::from(death.epoch * self.steps) + lost;
        let text = format!("rank {} died of signal 6 at step {step}", death.rank);
        let (noticed, next) = (noticed_ns - dead_ns, again_ns - dead_ns);
        let figures = [
            ("failure", Quantity::Text(text)),
            ("failures", Quantity::Number(1.0)),
            ("steps_repeated", Quantity::Number(lost as f64)),
            (
                "failure_noticed_within_s",
                Quantity::Number(seconds(noticed)),
            ),
            ("failure_to_next_step_s", Quantity::Number(seconds(next))),
        ];
        let figures = figures.map(|(name, value)| (name.to_owned(), value));
        output.quality.extend(figures);
    }

    /// What the repeat leaves besides its model.
    fn finish_output(&self, repeat: &mut SimulatedRepeat) {
        let End::Finished(output) = &mut repeat.end else {
            return;
        };
        let figures = [
            ("images_per_s", repeat.ranks.images_per_s()),
            ("time_to_first_step_s", repeat.ranks.first_step_s()),
        ];
        for (name, value) in figures {
            let value = Quantity::Number(value);
            output.quality.insert(name.to_owned(), value);
        }
        output.breakdown = repeat.ranks.breakdown(self.epochs, repeat.wall_ns);
    }

    /// What an epoch takes on so many ranks, and the share of it in which they wait.
    fn epoch_time(&self, rng: &mut ChaCha8Rng, ranks: u32) -> (f64, f64) {
        let waiting = (self.synchronising * f64::from(ranks).log2()).min(0.9);
        let alone = self.epoch_s / f64::from(ranks) * rng.random_range(0.985..1.02);
        (alone / (1.0 - waiting), waiting)
    }

    fn epoch(
        &self,
        rng: &mut ChaCha8Rng,
        repeat: &mut SimulatedRepeat,
        (epoch, attempt): (u32, u32),
        from_ns: u64,
    ) -> u64 {
        let ranks = repeat.id.workers.max(1);
        let (lasts_s, waiting) = self.epoch_time(rng, ranks);
        let lasts_ns = (lasts_s * 1e9) as u64;
        for rank in 0..ranks {
            let early = rng.random_range(0..lasts_ns / 400 + 1);
            let span = (epoch, attempt, rank);
            let times = (from_ns, from_ns + lasts_ns - early);
            repeat.span(span, times, 1.0 - waiting, Outcome::Done);
        }
        let first = u64::from(epoch * self.steps);
        let whole = (from_ns, from_ns + lasts_ns);
        repeat
            .ranks
            .train(whole, first, u64::from(self.steps), waiting);
        let per_s = self.images as f64 / lasts_s;
        let every = (self.steps / self.points.max(1)).max(1);
        let at = |step: u32| from_ns + lasts_ns / u64::from(self.steps) * u64::from(step + 1);
        for step in 0..self.steps {
            repeat.steps.push(at(step));
            if step % every == 0 {
                let number = u64::from(epoch * self.steps + step);
                let share = number as f64 / repeat.total as f64;
                let loss = 0.04 + 2.26 * (-7.0 * share).exp() * rng.random_range(0.9..1.1);
                repeat.curve(at(step), "loss", number, loss);
                let speed = per_s * rng.random_range(0.97..1.03);
                repeat.curve(at(step), "images/s", number, speed);
            }
        }
        let done = f64::from(epoch + 1) / f64::from(self.epochs);
        let accuracy = 0.993 - 0.5 * (-6.0 * done).exp() * rng.random_range(0.8..1.2);
        let (end, last) = (at(self.steps - 1), u64::from((epoch + 1) * self.steps - 1));
        repeat.curve(end, "accuracy", last, accuracy);
        let text = format!(
            "epoch {}/{}  accuracy {accuracy:.4}  {per_s:.0} images/s",
            epoch + 1,
            self.epochs
        );
        repeat.print_line(end, 0, text);
        from_ns + lasts_ns
    }

    /// A rank dies two fifths into an epoch; the others notice, and it is started again.
    fn lose_rank(
        &self,
        rng: &mut ChaCha8Rng,
        repeat: &mut SimulatedRepeat,
        death: RankDeath,
        from_ns: u64,
    ) -> u64 {
        let ranks = repeat.id.workers.max(1);
        let (lasts_s, waiting) = self.epoch_time(rng, ranks);
        let dead_ns = from_ns + (lasts_s * 0.4e9) as u64;
        let lost = u64::from(self.steps) * 2 / 5;
        let first = u64::from(death.epoch * self.steps);
        repeat.ranks.train((from_ns, dead_ns), first, lost, waiting);
        let noticed_ns = dead_ns + 120 * MS;
        for rank in 0..ranks {
            let (end, outcome) = if rank == death.rank {
                (dead_ns, Outcome::Failed)
            } else {
                (noticed_ns, Outcome::Cancelled)
            };
            repeat.span((death.epoch, 0, rank), (from_ns, end), 0.8, outcome);
        }
        for text in [
            "RuntimeError: CUDA error: an illegal memory access was encountered",
            "terminate called after throwing an instance of 'c10::Error'",
        ] {
            repeat.print_line(dead_ns, death.rank, text.to_owned());
        }
        let text = format!(
            "Worker rank {} died in epoch {} (signal 6, aborted); the epoch was begun again with a new worker.",
            death.rank,
            death.epoch + 1
        );
        let found = Finding::warning("worker_died", text).arm_on(&repeat.id.arm, ranks);
        let found = found.repeat(repeat.id.repeat).slot(death.rank);
        repeat.warnings.push((noticed_ns, found));
        let again_ns = noticed_ns + 1400 * MS;
        repeat.state(noticed_ns, (ControllerPhase::Recovering, "restarting", 1));
        let again = (ControllerPhase::Starting, "scheduling", 2);
        repeat.state(noticed_ns + 250 * MS, again);
        repeat.state(again_ns, (ControllerPhase::Running, "running", 2));
        self.add_failure_figures(repeat, death, (dead_ns, noticed_ns, again_ns), lost);
        let text = format!("device cuda:{}, world size {ranks}, restarted", death.rank);
        repeat.print_line(again_ns, death.rank, text);
        again_ns
    }
}

impl SimulatedRepeat {
    fn span(
        &mut self,
        (epoch, attempt, rank): (u32, u32, u32),
        (started_ns, finished_ns): (u64, u64),
        on_core: f64,
        outcome: Outcome,
    ) {
        let name: Arc<str> = format!("epoch {}", epoch + 1).into();
        self.spans.push(TaskSpan {
            task: u64::from(epoch) * u64::from(self.id.workers) + u64::from(rank),
            name,
            group: epoch,
            part: rank,
            slot: rank,
            attempt,
            queued_ns: started_ns,
            ready_ns: started_ns,
            started_ns,
            finished_ns,
            cpu_ns: ((finished_ns - started_ns) as f64 * on_core) as u64,
            core_wait_ns: 0,
            outcome,
        });
    }

    fn print_line(&mut self, at_ns: u64, rank: u32, text: String) {
        let told = ArmMessage::Output(format!("rank {rank}"), text);
        self.messages.push((at_ns, told));
    }

    fn curve(&mut self, at_ns: u64, name: &str, step: u64, value: f64) {
        let told = ArmMessage::Metric {
            name: name.to_owned(),
            item: None,
            step,
            value,
        };
        self.messages.push((at_ns, told));
    }
}

/// What a lab of such trainings would declare.
pub(super) fn lab_facts() -> LabFacts {
    let figures = [
        ("failure", "what went wrong"),
        ("failures", "failures"),
        ("failure_noticed_within_s", "noticed within"),
        ("failure_to_next_step_s", "until the next step"),
        ("steps_repeated", "steps done again"),
    ];
    LabFacts {
        slot: "rank".to_owned(),
        figures: figures
            .map(|(name, label)| FigureFacts {
                name: name.to_owned(),
                label: label.to_owned(),
                unit: Unit::of_name(name),
                group: FigureGroup::Failure,
                ..FigureFacts::default()
            })
            .into(),
        ..LabFacts::default()
    }
}
