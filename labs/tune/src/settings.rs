//! The lab's parameters as types.

use workbench_experiment::lab::{LabError, Opt, ParamValue, Params, Refusal};

use crate::fault::TrialFault;
use crate::gpus::GpuShare;
use crate::objective::{ObjectiveKind, SplitShares};

/// All parameters of a run that do not describe the space.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchSettings {
    /// What is trained.
    pub objective: ObjectiveKind,
    /// Trials of a search without early stopping. Every search has the budget that these need, so
    /// one that stops trials early tries more of them.
    pub trials: u64,
    /// Units of budget of a trial that is not stopped.
    pub budget: u64,
    /// Units of budget before the first decision.
    pub grace: u64,
    /// One of so many trials goes on at each decision.
    pub reduction: u64,
    /// Members of a population; 0 for as many as there are trials.
    pub population: u64,
    /// Values of a range on a grid; 0 for as many as the trials allow.
    pub grid_levels: u64,
    /// The validation loss to reach; `None` for what the base reaches at its end.
    pub target: Option<f64>,
    /// Rows to use; 0 for all.
    pub rows: usize,
    /// SplitShares of the rows that are not trained on.
    pub shares: SplitShares,
    /// How often a trial that failed is tried again.
    pub retries: u32,
    /// Trials at once at most; 0 for as many as there are slots for.
    pub at_once: usize,
    /// Slots that a trial takes.
    pub trial_slots: u32,
    /// GPUs that a trial has; `None` where they are not given out.
    pub trial_gpus: Option<GpuShare>,
    /// The GPUs of the run that trials get, by number or name.
    pub gpus: Vec<String>,
    /// Finished trials without a better one after which no new trial is begun; 0 for never.
    pub patience: u64,
    /// Seconds after which no new trial is begun; 0 for never.
    pub search_time_s: f64,
    /// Whether a search that stops trials early tries more of them, until it has had the budget of
    /// one that stops none.
    pub equal_budget: bool,
    /// Whether stopped trials are finished once the clock has stopped.
    pub oracle: bool,
    /// What goes wrong on purpose.
    pub faults: Vec<TrialFault>,
}

impl SearchSettings {
    /// Reads them.
    ///
    /// # Errors
    /// When a parameter is missing or contradicts another.
    pub fn new(params: &Params) -> Result<Self, LabError> {
        let count = |name: &str| count(params, name);
        let target = number(params, "target")?;
        let settings = Self {
            objective: ObjectiveKind::of(text(params, "objective")?).unwrap_or(ObjectiveKind::Mlp),
            trials: count("trials")?,
            budget: count("budget")?,
            grace: count("grace")?,
            reduction: count("reduction")?,
            population: count("population")?,
            grid_levels: count("grid_levels")?,
            target: (target > 0.0).then_some(target),
            rows: count("rows")? as usize,
            shares: SplitShares {
                test: number(params, "test_share")?,
                validation: number(params, "validation_share")?,
            },
            retries: count("retries")? as u32,
            at_once: count("at_once")? as usize,
            trial_slots: (count("trial_slots")? as u32).max(1),
            trial_gpus: GpuShare::of(number(params, "trial_gpus")?)?,
            gpus: listed(params)?,
            patience: count("patience")?,
            search_time_s: number(params, "search_time_s")?,
            equal_budget: params.get("equal_budget") != Some(&ParamValue::Boolean(false)),
            oracle: params.get("oracle") == Some(&ParamValue::Boolean(true)),
            faults: TrialFault::parse_all(text(params, "fault")?)?,
        };
        if settings.grace > settings.budget {
            let reason = format!(
                "a trial has {} units of budget; give at most that many before the first decision",
                settings.budget
            );
            let option = Opt::Set("grace".to_owned());
            return Err(LabError::Refused(Refusal::new(
                option,
                settings.grace,
                reason,
            )));
        }
        if settings.trial_gpus.is_some() && !settings.objective.is_process() {
            let option = Opt::Set("trial_gpus".to_owned());
            let given = number(params, "trial_gpus")?;
            let reason = "only a network on images or a program can use a GPU; add --set objective=cnn \
                 or --set objective=program, or give 0";
            return Err(LabError::Refused(Refusal::new(option, given, reason)));
        }
        Ok(settings)
    }

    /// Units of budget of a search.
    pub fn units(&self) -> u64 {
        self.trials.saturating_mul(self.budget)
    }

    /// How many trials run at once on so many workers.
    pub fn slots(&self, workers: u32) -> usize {
        let room = (workers / self.trial_slots).max(1) as usize;
        let on_gpus = self
            .trial_gpus
            .map(|share| share.trials_on(self.gpus.len()));
        let room = room.min(on_gpus.unwrap_or(room).max(1));
        match self.at_once {
            0 => room,
            most => most.min(room),
        }
    }

    /// Checks that there is room for a trial on every number of workers.
    ///
    /// # Errors
    /// When there is not.
    pub fn check_workers(&self, workers: &[u32]) -> Result<(), LabError> {
        let least = workers.iter().copied().min().unwrap_or(self.trial_slots);
        if least >= self.trial_slots {
            return Ok(());
        }
        let reason = format!(
            "a trial takes so many slots, and there are {least}; give --workers {} or more",
            self.trial_slots
        );
        let option = Opt::Set("trial_slots".to_owned());
        Err(LabError::Refused(Refusal::new(
            option,
            self.trial_slots,
            reason,
        )))
    }

    /// The most trials that a search that stops some can begin.
    pub fn most_trials(&self) -> u64 {
        if !self.equal_budget {
            return self.trials;
        }
        self.units().div_ceil(self.grace.max(1))
    }

    /// The budgets after which the state of a trial is kept in any case.
    pub fn marks(&self) -> Vec<u64> {
        let grown =
            std::iter::successors(Some(self.grace), |mark| mark.checked_mul(self.reduction));
        let mut marks: Vec<u64> = grown.take_while(|mark| *mark < self.budget).collect();
        marks.push(self.budget);
        marks
    }
}

fn missing(name: &str) -> LabError {
    LabError::Config(format!("the parameter `{name}` is missing"))
}

fn integer(params: &Params, name: &str) -> Result<i64, LabError> {
    match params.get(name) {
        Some(ParamValue::Integer(value)) => Ok(*value),
        _ => Err(missing(name)),
    }
}

/// The value of a parameter that is a whole number; 0 for what is less.
///
/// # Errors
/// When it is missing.
pub fn count(params: &Params, name: &str) -> Result<u64, LabError> {
    integer(params, name).map(|value| value.max(0) as u64)
}

/// The value of a parameter that is a number.
///
/// # Errors
/// When it is missing.
pub fn number(params: &Params, name: &str) -> Result<f64, LabError> {
    match params.get(name) {
        Some(ParamValue::Float(value)) => Ok(*value),
        Some(ParamValue::Integer(value)) => Ok(*value as f64),
        _ => Err(missing(name)),
    }
}

/// The value of a parameter that is a text.
///
/// # Errors
/// When it is missing.
pub fn text<'a>(params: &'a Params, name: &str) -> Result<&'a str, LabError> {
    match params.get(name) {
        Some(ParamValue::Text(value)) => Ok(value),
        _ => Err(missing(name)),
    }
}

/// The GPUs of the parameter `gpus`, by number or name.
///
/// # Errors
/// When it is missing.
pub fn listed(params: &Params) -> Result<Vec<String>, LabError> {
    let all = text(params, "gpus")?.split(',').map(str::trim);
    Ok(all.filter(|of| !of.is_empty()).map(str::to_owned).collect())
}
