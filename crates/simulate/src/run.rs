//! The run of a scenario: its machine, arms and work, and the log that they make.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::log::LogBuilder;
use super::machine::Machine;
use super::names::{HARD_NAMES, arm, output};
use super::ranks;
use super::repeat::{End, SimulatedRepeat, Task, of_tasks};
use super::scenario::Scenario;
use super::training::{self, RankDeath, Training};
use workbench_experiment::lab::ArmMessage;
use workbench_experiment::plan;
use workbench_record::{
    ArmFacts, ControllerPhase, Event, FORMAT, Finding, Record, RepeatId, RunStarted, RunStatus,
};
use workbench_record::{DataSource, LabFacts, ParamValue, RunConfig};

const MADE_UP: &str = "This run is simulated: it says nothing about any machine or lab.";

/// A run that is to be made up.
pub(super) struct SimulatedRun {
    scenario: Scenario,
    seed: u64,
    title: String,
    arms: Vec<ArmFacts>,
    workers: Vec<u32>,
    repeats: u32,
    cores: u32,
    gpus: u32,
    work: Work,
}

/// What the arms do.
enum Work {
    Tasks(Items),
    Training(Training),
}

/// Items, each made of parts; arms differ in how finely they cut them.
struct Items {
    names: Vec<Arc<str>>,
    /// Mean CPU time of an item, in seconds.
    item_s: f64,
    /// Tasks per item, arm by arm.
    cuts: Vec<u32>,
}

pub(super) fn simulated_run(scenario: Scenario, seed: u64) -> SimulatedRun {
    let serial = || arm("sequential", "One item after another", false);
    let tasks = || arm("tasks", "A task per item", true);
    let mut simulated_run = SimulatedRun {
        scenario,
        seed,
        title: format!("Simulated: {}", scenario.about()),
        arms: vec![serial(), tasks()],
        workers: vec![64],
        repeats: 2,
        cores: 64,
        gpus: 0,
        work: Work::Tasks(numbered(1000, 0.4, &[1, 9, 40])),
    };
    match scenario {
        Scenario::Tasks | Scenario::Large => {
            if scenario == Scenario::Large {
                (simulated_run.cores, simulated_run.gpus) = (256, 8);
                simulated_run.workers = vec![256];
            }
            simulated_run.arms[1] = arm("tasks", "Nine tasks per item", true);
            simulated_run
                .arms
                .push(arm("parts", "Forty tasks per item", true));
        }
        Scenario::Cores => {
            (
                simulated_run.cores,
                simulated_run.workers,
                simulated_run.repeats,
            ) = (256, vec![64, 128, 256], 3);
            simulated_run.work = Work::Tasks(numbered(2000, 0.12, &[1, 1]));
        }
        Scenario::Names => {
            (
                simulated_run.cores,
                simulated_run.workers,
                simulated_run.repeats,
            ) = (4, vec![2, 4], 2);
            simulated_run.title = format!("Simulated: {}", HARD_NAMES[0]);
            simulated_run.arms = vec![
                arm("逐次", HARD_NAMES[1], false),
                arm("e\u{301}le\u{300}ves", HARD_NAMES[3], true),
                arm("\u{202e}arm\u{1b}[7m", HARD_NAMES[5], true),
            ];
            let names = HARD_NAMES.iter().map(|name| Arc::from(*name)).collect();
            simulated_run.work = Work::Tasks(Items {
                names,
                item_s: 0.3,
                cuts: vec![1, 1, 6],
            });
        }
        Scenario::Gpus | Scenario::Training | Scenario::Dying | Scenario::Long => {
            simulated_run.train();
        }
    }
    simulated_run
}

/// Items that are called by their size, as those of the rf lab.
fn numbered(items: u32, item_s: f64, cuts: &[u32]) -> Items {
    Items {
        names: (0..items)
            .map(|item| format!("n_estimators={}", 50 + 10 * item).into())
            .collect(),
        item_s,
        cuts: cuts.to_vec(),
    }
}

impl SimulatedRun {
    fn train(&mut self) {
        let mut training = Training {
            epochs: 6,
            steps: 40,
            images: 60_000,
            epoch_s: 6.0,
            synchronising: 0.04,
            points: 40,
        };
        (self.cores, self.gpus, self.workers, self.repeats) = (32, 2, vec![2], 3);
        match self.scenario {
            Scenario::Gpus => {
                (self.cores, self.gpus, self.workers, self.repeats) = (96, 8, vec![2, 4, 8], 2);
                training.epoch_s = 30.0;
            }
            Scenario::Long => {
                // Twice 4 hours on one GPU and twice 2 hours, less what synchronising costs, on 8.
                (self.cores, self.gpus, self.workers, self.repeats) = (256, 8, vec![8], 2);
                training = Training {
                    epochs: 90,
                    steps: 640,
                    images: 1_281_167,
                    epoch_s: 160.0,
                    synchronising: 0.25,
                    points: 16,
                };
            }
            _ => {}
        }
        self.arms = vec![
            arm("single", "One process on one GPU", false),
            arm("ddp", "One process per GPU, gradients averaged", true),
        ];
        for arm in &mut self.arms {
            arm.source = ranks::source(&arm.name);
        }
        self.work = Work::Training(training);
    }

    /// The records of the run, in the order of its log.
    pub fn records(&self, run_id: &str, unix_ms: u64) -> Vec<Record> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let machine = Machine::new(self.cores, self.gpus);
        let config = self.config();
        let plan = plan(&config, &self.arms, config.repeats);
        let started = RunStarted {
            data_sha256: None,
            split_sha256: None,
            software: std::collections::BTreeMap::new(),
            format: FORMAT,
            run_id: run_id.to_owned(),
            unix_ms,
            config,
            machine: machine.facts(),
            lab_title: self.title.clone(),
            arms: self.arms.clone(),
            planned_repeats: plan.len() as u32,
            lab_facts: match &self.work {
                Work::Tasks(_) => LabFacts::default(),
                Work::Training(_) => training::lab_facts(),
            },
        };
        let mut log = LogBuilder::start(ChaCha8Rng::seed_from_u64(self.seed ^ 1), machine, started);
        log.record(Event::Finding(Finding::warning("simulated", MADE_UP)));
        let mut stopped: BTreeSet<&str> = BTreeSet::new();
        for id in &plan {
            if stopped.contains(id.arm.as_str()) {
                continue;
            }
            let repeat = self.repeat(&mut rng, id);
            if matches!(repeat.end, End::Stopped) {
                stopped.insert(&id.arm);
            }
            if !log.repeat(&repeat) {
                return log.finish(RunStatus::Failed);
            }
        }
        log.finish(RunStatus::Completed)
    }

    fn config(&self) -> RunConfig {
        let size = match &self.work {
            Work::Tasks(items) => ("items", items.names.len() as u32),
            Work::Training(training) => ("epochs", training.epochs),
        };
        RunConfig {
            lab: "simulated".to_owned(),
            preset: self.scenario.name().to_owned(),
            seed: self.seed,
            repeats: self.repeats,
            arms: self.arms.iter().map(|arm| arm.name.clone()).collect(),
            workers: self.workers.clone(),
            oversubscribe: false,
            until: None,
            control: false,
            assignment: None,
            params: [(size.0.to_owned(), ParamValue::Integer(size.1.into()))].into(),
            data: DataSource::Embedded,
            command: format!(
                "cargo run --example simulate -- {} DIR",
                self.scenario.name()
            ),
        }
    }

    fn repeat(&self, rng: &mut ChaCha8Rng, id: &RepeatId) -> SimulatedRepeat {
        match &self.work {
            Work::Tasks(items) => {
                let place = self.arms.iter().position(|arm| arm.name == id.arm);
                let cut = place.and_then(|at| items.cuts.get(at)).copied();
                items.repeat(rng, id, cut.unwrap_or(1))
            }
            Work::Training(training) => self.train_once(*training, rng, id),
        }
    }

    fn train_once(
        &self,
        training: Training,
        rng: &mut ChaCha8Rng,
        id: &RepeatId,
    ) -> SimulatedRepeat {
        let images = u64::from(training.epochs) * training.images;
        let counters = [("epochs", u64::from(training.epochs)), ("images", images)];
        let output = output(&["model".into()], &counters);
        let parallel = id.workers > 1;
        let death = match (self.scenario, id.repeat) {
            (Scenario::Dying, 1..) if parallel => Some(RankDeath { rank: 1, epoch: 2 }),
            _ => None,
        };
        let mut repeat = training.repeat(rng, id.clone(), death, output);
        match (self.scenario, id.repeat) {
            (Scenario::Training, 1) if parallel => repeat.stop_at(repeat.wall_ns / 2, End::Stopped),
            (Scenario::Dying, 2) if parallel => {
                let at_ns = repeat.wall_ns / 3 * 2;
                let reason = "worker rank 1 died twice in one repeat (signal 6, aborted)";
                repeat.stop_at(at_ns, End::Failed(reason.to_owned()));
                let text = "RuntimeError: CUDA error: device-side assert triggered";
                let told = ArmMessage::Output("rank 1".to_owned(), text.to_owned());
                repeat.messages.push((at_ns, told));
                repeat.state(at_ns, (ControllerPhase::Failed, "errored", 2));
            }
            _ => {}
        }
        repeat
    }
}

impl Items {
    fn repeat(&self, rng: &mut ChaCha8Rng, id: &RepeatId, cut: u32) -> SimulatedRepeat {
        // Items grow, as the models of the rf lab do: the last is four times the first.
        let n = self.names.len() as f64;
        let tasks: Vec<Task> = (0_u32..)
            .zip(&self.names)
            .flat_map(|(group, name)| {
                let whole = self.item_s * (0.4 + 1.2 * f64::from(group) / n);
                (0..cut).map(move |part| (group, part, name, whole / f64::from(cut)))
            })
            .map(|(group, part, name, mean_s)| Task {
                name: Arc::clone(name),
                group,
                part,
                cpu_s: mean_s * rng.random_range(0.85..1.15),
            })
            .collect();
        let inflation = if id.workers > 1 { 1.06 } else { 1.0 };
        let items = self.names.len() as u64;
        let output = output(&self.names, &[("items", items)]);
        of_tasks(rng, id.clone(), &tasks, inflation, output)
    }
}
