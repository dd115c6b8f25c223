//! The lab with its rows loaded: runs any arm.

use std::collections::BTreeMap;
use std::sync::Arc;

use workbench_clock::process_cpu_ns;
use workbench_digest::of_f64;
use workbench_experiment::lab::{
    Analysis, ArmContext, ArmOutput, Basis, BestItem, Breakdown, DataSource, Dependent, Direction,
    Finding, Item, LabError, Params, PreparedLab, Quantity, RepeatState,
};
use workbench_programs::Timed;
use workbench_search::{
    Checkpoint, Configuration, FiniteLoss, Replay, Space, Study, Trial, TrialId, TrialState,
};

use crate::again::{self, TrialOrigin};
use crate::ask_tell::{self, AskedEngine, PeerEngine, SearchPeers};
use crate::drive;
use crate::importance;
use crate::messages;
use crate::objective::{ObjectiveKind, TrialError, TrialPlace, TrialSeed, wait_for_earlier};
use crate::oracle::{self, Afterwards};
use crate::searched::{SearchPlan, Searched};
use crate::settings::SearchSettings;
use crate::trail;
use crate::ways::{self, Way};
use crate::work::SearchWork;

/// The lab with its rows loaded.
pub struct PreparedSearch {
    /// What is trained, and what is known of its data.
    pub work: SearchWork,
    pub settings: SearchSettings,
    pub space: Space,
    pub seed: u64,
    /// The arms of the run.
    pub arms: Vec<String>,
    /// The engines of others among them.
    pub peers: Option<SearchPeers>,
}

impl PreparedLab for PreparedSearch {
    fn data(&self) -> Option<DataSource> {
        Some(self.work.source.clone())
    }

    fn data_sha256(&self) -> Option<String> {
        self.work.data_sha256.clone()
    }

    fn split_sha256(&self) -> Option<String> {
        self.work.split_sha256.clone()
    }

    fn settled(&self) -> Params {
        self.work.settled.clone()
    }

    fn software(&self) -> BTreeMap<String, String> {
        let software = self.peers.iter().map(|peers| peers.found.software());
        let is_worker = self.settings.objective == ObjectiveKind::Cnn;
        let worker = is_worker.then(workbench_training::software);
        software
            .flatten()
            .chain(worker.into_iter().flatten())
            .collect()
    }

    fn warnings(&self) -> Vec<Finding> {
        let releases = self.peers.iter().filter_map(|peers| {
            let python = peers.python.as_deref();
            peers.found.releases(python, Timed::Work)
        });
        self.work.findings.iter().cloned().chain(releases).collect()
    }

    fn total_progress(&self, _arm: &str) -> u64 {
        self.settings.units()
    }

    fn skipped(&self) -> Vec<(String, Finding)> {
        let copying = self
            .arms
            .iter()
            .filter(|arm| Way::of(arm).is_some_and(Way::copies));
        let skipped = copying.map(|arm| (arm.clone(), messages::no_copies(arm)));
        let peers = self.peers.iter().flat_map(|peers| peers.found.skipped());
        skipped
            .filter(|_| self.settings.objective.is_process())
            .chain(peers)
            .collect()
    }

    fn basis(&self) -> Basis {
        Basis::TimeOnCurve {
            metric: trail::BEST.to_owned(),
            target: self.settings.target,
            direction: Direction::AtMost,
        }
    }

    fn continues(&self, arm: &str) -> bool {
        // What an engine of others has in mind is lost with it.
        PeerEngine::of(arm).is_none()
    }

    fn warm_up(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<(), LabError> {
        if let (Some(engine), Some(peers)) = (PeerEngine::of(arm), &self.peers) {
            let seed = ways::seed(self.seed, ctx.repeat);
            peers.start(engine, (&self.settings, seed))?;
        }
        let Some(pool) = ctx.pool else { return Ok(()) };
        if self.settings.objective.is_process() {
            return Ok(());
        }
        // One unit per slot: starts the threads and touches the pages.
        let tasks = (0..pool.workers()).map(|slot| {
            let objective = Arc::clone(&self.work.objective);
            let seed = TrialSeed::new(0, 0, slot as u64);
            let place = self.place(ctx, "warm-up", 1);
            pool.spawn(move || {
                let mut model = objective.begin(&Params::default(), seed, &place)?;
                objective.train(&mut model)
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            let result = task
                .get()
                .map_err(|error| LabError::Failed(error.to_string()))?;
            (*result)
                .clone()
                .map_err(|error| LabError::Failed(error.to_string()))?;
        }
        Ok(())
    }

    fn run_arm(&self, arm: &str, ctx: &ArmContext<'_>) -> Result<ArmOutput, LabError> {
        let (study, engine) = self.study(arm, ctx)?;
        let search = SearchPlan {
            objective: &self.work.objective,
            settings: &self.settings,
            seed: self.seed,
        };
        let begun_ns = ctx
            .before
            .map_or(ctx.clock.now_ns(), |before| before.started_ns);
        let used = || process_cpu_ns() + self.work.objective.processes_cpu_ns();
        let cpu_before = used();
        if ctx.before.is_some() {
            let is_cancelled = || ctx.progress.is_cancelled();
            if !wait_for_earlier(ctx.scratch, &is_cancelled) && !is_cancelled() {
                return Err(LabError::Environment(messages::others_run()));
            }
        }
        let searched = drive::run(&search, study, ctx)?;
        if let Some(why) = engine.and_then(|engine| engine.broken()) {
            return Err(LabError::Failed(messages::engine_lost(arm, &why)));
        }
        // What follows is off the clock.
        let earlier = ctx.before.iter().flat_map(|before| &before.tasks);
        let earlier_ns: u64 = earlier.map(|task| task.cpu_ns).sum();
        let cpu_ns = used().saturating_sub(cpu_before) + earlier_ns;
        ctx.progress.set_total(searched.so_far.spent);
        let trials = searched.study.trials();
        let origin = |trial: TrialId| {
            let known = trials.get(trial.0 as usize)?;
            Some(TrialOrigin {
                configuration: known.configuration.clone(),
                parent: known.parent,
            })
        };
        let test = self.judge(&searched, ctx, &origin)?;
        let oracle = self.oracle(&searched, ctx, &origin);
        let failed = count(&searched.study, TrialState::Failed);
        if failed > 0 {
            let finding = messages::failed_trials(arm, failed, trials.len() as u64);
            ctx.progress
                .report(finding.arm_on(arm, ctx.workers).repeat(ctx.repeat));
        }
        self.analyse(&searched, ctx);
        Ok(ArmOutput {
            worked_ns: Some([begun_ns, searched.ended_ns]),
            work_cpu_ns: Some(cpu_ns),
            ..output(&searched, test, oracle)
        })
    }
}

impl PreparedSearch {
    /// The search of an arm, not yet begun, and the engine of others that it asks.
    fn study(
        &self,
        arm: &str,
        ctx: &ArmContext<'_>,
    ) -> Result<(Study, Option<AskedEngine>), LabError> {
        if let (Some(kind), Some(peers)) = (PeerEngine::of(arm), &self.peers) {
            let engine = peers.take()?;
            let study = ask_tell::study(kind, &engine, &self.space, &self.settings)
                .map_err(|error| LabError::Config(error.to_string()))?;
            return Ok((study, Some(engine)));
        }
        let way = Way::of(arm).ok_or_else(|| LabError::Config(messages::no_way(arm)))?;
        let seed = ways::seed(self.seed, ctx.repeat);
        Ok((way.study(&self.space, &self.settings, seed)?, None))
    }

    /// The best that any trial would have come to, where that is asked for.
    fn oracle(
        &self,
        searched: &Searched,
        ctx: &ArmContext<'_>,
        origin: &(impl Fn(TrialId) -> Option<TrialOrigin> + Sync),
    ) -> Option<f64> {
        if !self.settings.oracle {
            return None;
        }
        let best = searched.so_far.best.map(|(loss, ..)| loss.get());
        let after = Afterwards {
            objective: &self.work.objective,
            budget: self.settings.budget,
            seed: self.seed,
            place: &self.place(ctx, "afterwards", self.settings.budget),
        };
        oracle::finish(&after, (searched.study.trials(), best), ctx, origin)
    }

    /// Leaves it to be found out which parameters matter.
    fn analyse(&self, searched: &Searched, ctx: &ArmContext<'_>) {
        let (names, seed) = (self.names(), self.seed);
        let (best, losses) = (best_item(searched), searched.losses.clone());
        let trials = searched.study.trials().iter();
        let tried: Vec<Configuration> = trials.map(|trial| trial.configuration.clone()).collect();
        let of = move |trial: TrialId| tried.get(trial.0 as usize).cloned();
        ctx.after.analyse(move || Analysis {
            best,
            importances: importance::importances(&losses, &names, of, seed),
            dependent: Dependent::Items,
        });
    }

    /// The names of the space's parameters, in order.
    pub fn names(&self) -> Vec<String> {
        let dimensions = self.space.dimensions().iter();
        dimensions.map(|dimension| dimension.name.clone()).collect()
    }

    /// Whether the record of a search follows from its settings and seeds.
    pub fn replay(&self, repeat: &RepeatState) -> Result<(), String> {
        let way = Way::of(&repeat.id.arm).ok_or_else(|| messages::no_way(&repeat.id.arm))?;
        let seed = ways::seed(self.seed, repeat.id.repeat);
        let study = way.study(&self.space, &self.settings, seed);
        let mut study = study.map_err(|error| error.to_string())?;
        let events = trail::events(repeat, &self.names());
        let replayed = study.replay(&events, Replay::Everything);
        replayed.map_err(|error| messages::other_search(&error))
    }

    /// The seed of a trial of a search.
    pub fn trial_seed(&self, search: u32, trial: u64) -> TrialSeed {
        TrialSeed::new(self.seed, search, trial)
    }

    /// Where a trial that is a process has its files, off the clock.
    fn place(&self, ctx: &ArmContext<'_>, what: &str, units: u64) -> TrialPlace {
        let progress = ctx.progress.clone();
        TrialPlace {
            dir: ctx.scratch.join(what),
            units,
            slots: self.settings.trial_slots,
            stop: Arc::new(move || progress.is_cancelled()),
            ..TrialPlace::none()
        }
    }

    /// The error of the chosen model on the test rows, off the clock: these rows are looked at
    /// once, when all is decided. `None` where a program does not tell it.
    fn judge(
        &self,
        searched: &Searched,
        ctx: &ArmContext<'_>,
        origin: &impl Fn(TrialId) -> Option<TrialOrigin>,
    ) -> Result<Option<f64>, LabError> {
        let Some((loss, trial, budget)) = searched.so_far.best else {
            let trials = searched.study.trials().len() as u64;
            return Err(LabError::Failed(messages::all_failed(
                trials,
                &searched.last_failure,
            )));
        };
        let seed = |trial: TrialId| self.trial_seed(ctx.repeat, trial.0);
        let at = Checkpoint { trial, budget };
        let place = TrialPlace {
            judged: true,
            ..self.place(ctx, "judged", budget)
        };
        let trained = again::train(&self.work.objective, origin, seed, (at, &place));
        let (model, again) = match trained {
            Ok(trained) => trained,
            Err(TrialError::Stopped) => return Err(LabError::Cancelled),
            Err(error) => {
                ctx.progress.report(messages::not_again(trial, &error));
                return Ok(None);
            }
        };
        if again.to_bits() != loss.get().to_bits() {
            ctx.progress
                .report(messages::not_reproduced(trial, loss.get(), again));
        }
        Ok(self.work.objective.test(&model))
    }
}

fn count(study: &Study, state: TrialState) -> u64 {
    study
        .trials()
        .iter()
        .filter(|trial| trial.state == state)
        .count() as u64
}

/// The best trial.
fn best_item(searched: &Searched) -> Option<BestItem> {
    let (loss, trial, _) = searched.so_far.best?;
    Some(BestItem {
        item: trail::name(trial),
        metric: trail::LOSS.to_owned(),
        value: loss.get(),
        // How sure the difference to the next is would take more than one model of each.
        next: None,
    })
}

fn output(searched: &Searched, test: Option<f64>, oracle: Option<f64>) -> ArmOutput {
    let study = &searched.study;
    let trials = study.trials();
    let mut quality: BTreeMap<String, Quantity> = BTreeMap::new();
    let mut number = |name: &str, value: f64| {
        quality.insert(name.to_owned(), Quantity::Number(value));
    };
    if let Some(test) = test {
        number("test_mse", test);
    }
    if let Some((loss, trial, budget)) = searched.so_far.best {
        number(trail::BEST, loss.get());
        if let Some(oracle) = oracle {
            number("oracle_mse", oracle);
            number("regret", loss.get() - oracle);
        }
        number("best_after", budget as f64);
        quality.insert("best_trial".to_owned(), Quantity::Text(trail::name(trial)));
        if let Some(best) = study.trial(trial) {
            let configuration = best.configuration.to_string();
            quality.insert(
                "best_configuration".to_owned(),
                Quantity::Text(configuration),
            );
        }
    }
    let states = [
        ("trials_done", TrialState::Done),
        ("trials_stopped", TrialState::Stopped),
        ("trials_paused", TrialState::Paused),
        ("trials_failed", TrialState::Failed),
    ];
    let facts = states.map(|(name, state)| (name.to_owned(), count(study, state)));
    ArmOutput {
        work: [
            ("trials".to_owned(), trials.len() as u64),
            ("units".to_owned(), searched.so_far.spent),
        ]
        .into(),
        quality,
        items: trials.iter().map(item).collect(),
        breakdown: Breakdown {
            facts: facts.into(),
            ..Breakdown::default()
        },
        ..ArmOutput::default()
    }
}

/// A trial as an item: what it came to, and the numbers that it was run with.
fn item(trial: &Trial) -> Item {
    let loss = trial.best.map_or(f64::NAN, FiniteLoss::get);
    let numbers = trial.configuration.iter();
    let numbers = numbers.filter_map(|(name, value)| Some((name.to_owned(), value.as_f64()?)));
    let told = [
        (trail::LOSS.to_owned(), loss),
        ("units".to_owned(), trial.budget as f64),
    ];
    Item {
        name: trail::name(trial.id),
        sha256: of_f64(&[loss]),
        metrics: numbers.chain(told).collect(),
    }
}
