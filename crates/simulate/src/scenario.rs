//! Which machine, arms and work make up each scenario.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Scenario;
use super::act::{Act, End, Task, of_tasks};
use super::cast::{HARD, arm, output};
use super::machine::Machine;
use super::ranks;
use super::tape::Tape;
use super::training::{self, Death, Training};
use workbench_experiment::lab::ArmMessage;
use workbench_experiment::plan;
use workbench_record::{ArmFacts, Event, FORMAT, Record, RepeatId, RunStarted, RunStatus};
use workbench_record::{DataSource, LabFacts, ParamValue, RunConfig};

const MADE_UP: &str = "This run is simulated: it says nothing about any machine or lab.";

/// A run to be performed.
pub(super) struct Script {
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
    Tasks(Forests),
    Training(Training),
}

/// Items, each made of parts; arms differ in how finely they cut them.
struct Forests {
    names: Vec<Arc<str>>,
    /// Mean CPU time of an item, in seconds.
    item_s: f64,
    /// Tasks per item, arm by arm.
    cuts: Vec<u32>,
}

pub(super) fn script(scenario: Scenario, seed: u64) -> Script {
    let serial = || arm("sequential", "One item after another", false);
    let tasks = || arm("tasks", "A task per item", true);
    let mut script = Script {
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
        Scenario::Tasks => {
            script.arms[1] = arm("tasks", "Nine tasks per item", true);
            script.arms.push(arm("parts", "Forty tasks per item", true));
        }
        Scenario::Cores => {
            (script.cores, script.workers, script.repeats) = (256, vec![64, 128, 256], 3);
            script.work = Work::Tasks(numbered(2000, 0.12, &[1, 1]));
        }
        Scenario::Names => {
            (script.cores, script.workers, script.repeats) = (4, vec![2, 4], 2);
            script.title = format!("Simulated: {}", HARD[0]);
            script.arms = vec![
                arm("逐次", HARD[1], false),
                arm("e\u{301}le\u{300}ves", HARD[3], true),
                arm("\u{202e}arm\u{1b}[7m", HARD[5], true),
            ];
            let names = HARD.iter().map(|name| Arc::from(*name)).collect();
            script.work = Work::Tasks(Forests {
                names,
                item_s: 0.3,
                cuts: vec![1, 1, 6],
            });
        }
        Scenario::Gpus | Scenario::Training | Scenario::Dying | Scenario::Long => {
            script.train();
        }
    }
    script
}

/// Items that are called by their size, as those of the rf lab.
fn numbered(items: u32, item_s: f64, cuts: &[u32]) -> Forests {
    Forests {
        names: (0..items)
            .map(|item| format!("n_estimators={}", 50 + 10 * item).into())
            .collect(),
        item_s,
        cuts: cuts.to_vec(),
    }
}

impl Script {
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

    /// The run as its log tells it.
    pub fn perform(&self, run_id: &str, unix_ms: u64) -> Vec<Record> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let machine = Machine::new(self.cores, self.gpus);
        let config = self.config();
        let plan = plan(&config, &self.arms);
        let started = RunStarted {
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
        let mut tape = Tape::start(ChaCha8Rng::seed_from_u64(self.seed ^ 1), machine, started);
        let text = MADE_UP.to_owned();
        tape.say(Event::Warning { text });
        let mut stopped: BTreeSet<&str> = BTreeSet::new();
        for id in &plan {
            if stopped.contains(id.arm.as_str()) {
                continue;
            }
            let act = self.act(&mut rng, id);
            if matches!(act.end, End::Stopped) {
                stopped.insert(&id.arm);
            }
            if !tape.repeat(&act) {
                return tape.finish(RunStatus::Failed);
            }
        }
        tape.finish(RunStatus::Completed)
    }

    fn config(&self) -> RunConfig {
        let size = match &self.work {
            Work::Tasks(forests) => ("items", forests.names.len() as u32),
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
            params: [(size.0.to_owned(), ParamValue::Integer(size.1.into()))].into(),
            data: DataSource::Embedded,
            command: format!(
                "cargo run --example simulate -- {} DIR",
                self.scenario.name()
            ),
        }
    }

    fn act(&self, rng: &mut ChaCha8Rng, id: &RepeatId) -> Act {
        match &self.work {
            Work::Tasks(forests) => {
                let place = self.arms.iter().position(|arm| arm.name == id.arm);
                let cut = place.and_then(|at| forests.cuts.get(at)).copied();
                forests.act(rng, id, cut.unwrap_or(1))
            }
            Work::Training(training) => self.train_once(*training, rng, id),
        }
    }

    fn train_once(&self, training: Training, rng: &mut ChaCha8Rng, id: &RepeatId) -> Act {
        let images = u64::from(training.epochs) * training.images;
        let counters = [("epochs", u64::from(training.epochs)), ("images", images)];
        let output = output(&["model".into()], &counters);
        let parallel = id.workers > 1;
        let death = match (self.scenario, id.repeat) {
            (Scenario::Dying, 1..) if parallel => Some(Death { rank: 1, epoch: 2 }),
            _ => None,
        };
        let mut act = training.act(rng, id.clone(), death, output);
        match (self.scenario, id.repeat) {
            (Scenario::Training, 1) if parallel => act.cut(act.wall_ns / 2, End::Stopped),
            (Scenario::Dying, 2) if parallel => {
                let at_ns = act.wall_ns / 3 * 2;
                let reason = "worker rank 1 died twice in one repeat (signal 6, aborted)";
                act.cut(at_ns, End::Failed(reason.to_owned()));
                let text = "RuntimeError: CUDA error: device-side assert triggered";
                let told = ArmMessage::Output("rank 1".to_owned(), text.to_owned());
                act.told.push((at_ns, told));
                act.state(at_ns, "errored");
            }
            _ => {}
        }
        act
    }
}

impl Forests {
    fn act(&self, rng: &mut ChaCha8Rng, id: &RepeatId, cut: u32) -> Act {
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
