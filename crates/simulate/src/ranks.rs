//! The ranks of a made-up training: where each stands at any time, what it has spent its steps on,
//! what its controller does, and the programs that the arms claim to run.
//!
//! Nothing here is drawn by lot, so that a seed gives the same times with and without it.

use workbench_record::{Breakdown, Figure, Health, Part, SlotState, Source};

const MS: u64 = 1_000_000;
/// What starting up takes, stage by stage, before the first step.
const START_UP: [(&str, u64); 4] = [
    ("process", 35 * MS),
    ("library", 85 * MS),
    ("rendezvous", 40 * MS),
    ("data", 20 * MS),
];
/// When the first step begins.
pub(super) const STARTED_NS: u64 = 180 * MS;
/// Shares of a step's work: data, forward, backward, optimizer.
const SHARES: [(&str, f64); 4] = [
    ("data", 0.05),
    ("forward", 0.31),
    ("backward", 0.56),
    ("optimizer", 0.08),
];
/// The rank that is slower than the others, so that the others wait for it.
const SLOW: u32 = 1;
/// What the slow rank waits, of what the others wait.
const SLOW_WAITS: f64 = 0.4;
/// From this factor on the slow rank is recorded as slow.
const SLOW_FROM: f64 = 1.5;
/// What a rank does while it waits for the others.
const ALL_REDUCE: &str = "all-reduce";
/// Bytes of the gradients of a ResNet-18 with one input channel.
const GRADIENT_BYTES: u64 = 44_700_968;

/// Steps that all ranks do evenly between two times, counted from the start of the repeat.
#[derive(Debug, Clone, Copy)]
struct EvenSteps {
    from_ns: u64,
    to_ns: u64,
    first: u64,
    steps: u64,
    waiting: f64,
}

/// The ranks of one repeat.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranks {
    world: u32,
    total: u64,
    images_per_step: f64,
    steps_done: Vec<EvenSteps>,
}

impl Ranks {
    pub fn new(world: u32, total: u64, images_per_step: f64) -> Self {
        Self {
            world,
            total,
            images_per_step,
            steps_done: Vec::new(),
        }
    }

    /// All ranks do `steps` steps from number `first` on, in lockstep, and wait for each other a
    /// share of the time.
    pub fn train(&mut self, (from_ns, to_ns): (u64, u64), first: u64, steps: u64, waiting: f64) {
        self.steps_done.push(EvenSteps {
            from_ns,
            to_ns,
            first,
            steps,
            waiting,
        });
    }

    /// How every rank stands at a time.
    pub fn at(&self, t_ns: u64) -> Vec<SlotState> {
        (0..self.world)
            .map(|rank| self.state_of(rank, t_ns))
            .collect()
    }

    fn state_of(&self, rank: u32, t_ns: u64) -> SlotState {
        let slow = rank == SLOW && self.world > 1;
        let mut state = SlotState {
            slot: rank,
            doing: "start-up".to_owned(),
            ..SlotState::default()
        };
        let mut spent = [0.0; SHARES.len()];
        let mut waited = 0.0;
        let mut speed = None;
        for done in self.steps_done.iter().filter(|s| s.from_ns <= t_ns) {
            let lasts = (done.to_ns - done.from_ns).max(1);
            let gone = (t_ns - done.from_ns).min(lasts) as f64 / lasts as f64;
            let steps = (gone * done.steps as f64) as u64;
            let step_ns = lasts as f64 / done.steps.max(1) as f64;
            // The others wait for the slow one; it waits for nobody but the network.
            let waiting = match (self.world, slow) {
                (0..=1, _) => 0.0,
                (_, true) => done.waiting * SLOW_WAITS,
                (_, false) => done.waiting * (1.0 + 0.03 * f64::from(rank % 3)),
            };
            for (part, (_, share)) in spent.iter_mut().zip(SHARES) {
                *part += share * (1.0 - waiting) * step_ns * steps as f64;
            }
            waited += waiting * step_ns * steps as f64;
            state.steps += steps;
            if steps > 0 {
                state.at_step = done.first + steps - 1;
                speed = Some(self.images_per_step / f64::from(self.world.max(1)) / step_ns * 1e9);
            }
            let within = (gone * done.steps as f64).fract();
            let now = if gone >= 1.0 {
                "evaluation"
            } else {
                doing(within, waiting)
            };
            now.clone_into(&mut state.doing);
            state.slow_factor = slow
                .then(|| slow_factor(done.waiting))
                .filter(|f| *f >= SLOW_FROM);
        }
        state.health = match &state.doing {
            _ if state.slow_factor.is_some() => Health::Slow,
            doing if doing == ALL_REDUCE => Health::Waiting,
            _ => Health::Working,
        };
        state.figures = self.figures(&state, speed);
        state.parts = SHARES
            .iter()
            .zip(spent)
            .map(|((name, _), ns)| Part::work(name, ns as u64))
            .collect();
        state
            .parts
            .insert(3, Part::wait("all-reduce wait", waited as u64));
        state
    }

    fn figures(&self, state: &SlotState, speed: Option<f64>) -> Vec<Figure> {
        let loss = (state.steps > 0).then(|| {
            let share = state.at_step as f64 / self.total.max(1) as f64;
            0.04 + 2.26 * (-7.0 * share).exp() * (1.0 + 0.02 * f64::from(state.slot % 4))
        });
        [("loss", loss), ("images/s", speed)]
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.to_owned();
                value.map(|value| Figure { name, value })
            })
            .collect()
    }

    /// Images per second of all ranks together while they train.
    pub fn images_per_s(&self) -> f64 {
        let ns: u64 = self.steps_done.iter().map(|s| s.to_ns - s.from_ns).sum();
        let steps: u64 = self.steps_done.iter().map(|s| s.steps).sum();
        steps as f64 * self.images_per_step / ns.max(1) as f64 * 1e9
    }

    /// Seconds from the start of the repeat to the end of its first step.
    pub fn first_step_s(&self) -> f64 {
        (STARTED_NS + self.first_step_ns()) as f64 / 1e9
    }

    fn first_step_ns(&self) -> u64 {
        let first = self.steps_done.first();
        first.map_or(0, |s| (s.to_ns - s.from_ns) / s.steps.max(1))
    }

    /// What a repeat of that many epochs consisted of.
    pub fn breakdown(&self, epochs: u32, wall_ns: u64) -> Breakdown {
        let steps: u64 = self.steps_done.iter().map(|s| s.steps).sum();
        let between = if self.world > 1 { GRADIENT_BYTES } else { 0 };
        let facts = [
            ("bytes_reduced", between * steps * u64::from(self.world)),
            ("checkpoints", u64::from(epochs)),
            ("steps", steps),
        ];
        let mut start_up: Vec<Part> = START_UP
            .iter()
            .map(|(name, ns)| Part::work(name, *ns))
            .collect();
        start_up.push(Part::work("first step", self.first_step_ns()));
        Breakdown {
            facts: facts.map(|(name, n)| (name.to_owned(), n)).into(),
            start_up,
            slots: self.at(wall_ns),
        }
    }
}

/// The work of the slow rank on a step against that of the others, which wait for that share of it.
fn slow_factor(waiting: f64) -> f64 {
    (1.0 - waiting * SLOW_WAITS) / (1.0 - waiting)
}

/// What a rank does at a share of a step.
fn doing(within: f64, waiting: f64) -> &'static str {
    let mut until = 0.0;
    for (name, share) in &SHARES[..3] {
        until += share * (1.0 - waiting);
        if within < until {
            return name;
        }
    }
    if within < until + waiting {
        ALL_REDUCE
    } else {
        "optimizer"
    }
}

/// The program of an arm.
pub(super) fn source(arm: &str) -> Option<Source> {
    let text = match arm {
        "single" => SINGLE,
        "ddp" => PARALLEL,
        _ => return None,
    };
    Some(Source {
        file: format!("{arm}.rs"),
        text: text.to_owned(),
    })
}

const SINGLE: &str = r#"//! Training on one device.

pub fn train(spec: &Spec) -> Result<Model> {
    let rows = Rows::load(&spec.data)?;
    let mut model = Model::new(spec.seed);
    for epoch in 0..spec.epochs {
        for batch in rows.shuffled(epoch).batches(spec.batch) {
            let loss = model.forward(&batch.images).cross_entropy(&batch.labels);
            loss.backward();
            model.step();
        }
        println!("epoch {epoch}: {:.4}", model.accuracy(&rows.test));
    }
    Ok(model)
}
"#;

const PARALLEL: &str = r#"//! Training on several devices, one process each.

pub fn train(spec: &Spec, rank: &Rank) -> Result<Model> {
    // All meet.
    let group = ProcessGroup::join(rank)?;
    let rows = Rows::load(&spec.data)?.shard(rank);
    let mut model = Model::new(spec.seed);

    // All begin with equal weights.
    group.broadcast(&mut model)?;
    for epoch in 0..spec.epochs {
        for batch in rows.shuffled(epoch).batches(spec.batch / rank.world) {
            let loss = model.forward(&batch.images).cross_entropy(&batch.labels);
            loss.backward();
            // Equal gradients keep the weights equal.
            group.average(model.gradients())?;
            model.step();
        }
        let accuracy = group.sum(model.accuracy(&rows.test))?;
        if rank.is_first() {
            println!("epoch {epoch}: {accuracy:.4}");
        }
    }
    Ok(model)
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks() -> Ranks {
        let mut ranks = Ranks::new(8, 100, 1024.0);
        ranks.train((180, 1180), 0, 50, 0.2);
        ranks.train((2000, 3000), 25, 75, 0.2);
        ranks
    }

    #[test]
    fn ranks_go_forward_in_lockstep_and_the_slow_one_waits_least() {
        let ranks = ranks();
        let mut before = ranks.at(0);
        assert!(before.iter().all(|state| state.doing == "start-up"));
        for t_ns in (0..4000).step_by(35) {
            let states = ranks.at(t_ns);
            for (state, before) in states.iter().zip(&before) {
                assert!(state.steps >= before.steps && state.steps == states[0].steps);
                let sum: u64 = state.parts.iter().map(|part| part.ns).sum();
                assert!(sum <= t_ns, "{sum} of {t_ns}");
            }
            before = states;
        }
        let end = ranks.at(4000);
        assert_eq!((end[7].steps, end[7].at_step), (125, 99));
        let waited = |rank: usize| end[rank].parts.iter().find(|p| p.waits).unwrap().ns;
        assert!((2..8).all(|rank| waited(1) < waited(rank)));
    }

    #[test]
    fn a_breakdown_adds_up_to_the_time_to_the_first_step() {
        let breakdown = ranks().breakdown(2, 4000);
        let sum: u64 = breakdown.start_up.iter().map(|part| part.ns).sum();
        assert!((sum as f64 / 1e9 - ranks().first_step_s()).abs() < 1e-9);
        assert_eq!(breakdown.facts["steps"], 125);
        assert_eq!(breakdown.slots.len(), 8);
    }
}
