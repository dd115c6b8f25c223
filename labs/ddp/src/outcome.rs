//! The outcome of an arm: counters of work, the model and its accuracy, and the figures of its
//! start-up and its failures.

use std::collections::BTreeMap;

use workbench_ddp_protocol::Stage;
use workbench_digest::Hasher;
use workbench_experiment::lab::{ArmOutput, Breakdown, Item, LabError, Part, Quantity};

use crate::arm::Arm;
use crate::drive::Drive;
use crate::incident::Incident;
use crate::ledger::Evaluation;
use crate::settings::BatchScaling;
use crate::startup::{self, StartUp};

/// The figure by which models are compared, of the item [`MODEL`].
pub const ACCURACY: &str = "test_accuracy";
/// The item that is the trained model.
pub const MODEL: &str = "trained model";

/// The item that is the first steps of the training.
pub const FIRST: &str = "first steps";

/// The outcome of a finished drive.
///
/// # Errors
/// [`LabError::Failed`] when the ranks ended with different parameters, or left out rows.
pub fn output(drive: &Drive<'_>) -> Result<ArmOutput, LabError> {
    let ledger = &drive.totals.ledger;
    if let Some(contradiction) = ledger.contradiction() {
        let arm = drive.plan.arm.name();
        return Err(LabError::Failed(format!("{arm}: {contradiction}")));
    }
    let sha256 = ledger
        .parameters()
        .map_err(|why| LabError::Failed(format!("{}: {why}", drive.plan.arm.name())))?;
    Ok(ArmOutput {
        work: work(drive),
        items: items(drive, &sha256),
        quality: quality(drive, &sha256),
        breakdown: breakdown(drive),
        ..ArmOutput::default()
    })
}

/// The counters that must be equal for arms to be compared. In weak scaling more workers take
/// fewer, larger steps by definition, so steps count in strong scaling alone.
fn work(drive: &Drive<'_>) -> BTreeMap<String, u64> {
    let ledger = &drive.totals.ledger;
    let mut work = vec![
        ("images_trained", ledger.rows()),
        ("evaluations", ledger.evaluations().count() as u64),
        ("images_tested", ledger.evaluations().map(|e| e.count).sum()),
    ];
    if drive.plan.settings.scaling == BatchScaling::Strong {
        work.push(("steps", ledger.steps()));
    }
    work.into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

/// The first steps, the epochs, and the model at the end.
fn items(drive: &Drive<'_>, sha256: &str) -> Vec<Item> {
    let mut items = vec![first_steps(drive.totals.ledger.first_losses())];
    let evaluations = drive.totals.ledger.evaluations();
    items.extend(evaluations.map(|evaluation| {
        Item {
            name: format!("epoch {}", evaluation.epoch),
            sha256: hash(evaluation),
            // Names of their own: arms are compared by the trained model, not on the way to it.
            metrics: [
                ("accuracy".to_owned(), evaluation.accuracy()),
                ("loss".to_owned(), evaluation.loss()),
            ]
            .into(),
        }
    }));
    let last = drive.totals.ledger.evaluations().last();
    items.push(Item {
        name: MODEL.to_owned(),
        sha256: sha256.to_owned(),
        metrics: last
            .map(|evaluation| (ACCURACY.to_owned(), evaluation.accuracy()))
            .into_iter()
            .collect(),
    });
    items
}

/// The item of the first steps. Each loss depends on all that was trained before, so whoever trains
/// these few steps with the same seed gets the same losses, and nobody else does.
pub fn first_steps(losses: &[f64]) -> Item {
    let mut hasher = Hasher::default();
    for loss in losses {
        hasher.update(loss.to_le_bytes());
    }
    let last = losses.last().filter(|loss| loss.is_finite());
    Item {
        name: FIRST.to_owned(),
        sha256: hasher.finish(),
        metrics: last
            .map(|loss| ("loss".to_owned(), *loss))
            .into_iter()
            .collect(),
    }
}

fn hash(evaluation: &Evaluation) -> String {
    let mut hasher = Hasher::default();
    hasher.update(evaluation.correct.to_le_bytes());
    hasher.update(evaluation.count.to_le_bytes());
    hasher.update(evaluation.loss_sum.to_le_bytes());
    hasher.finish()
}

fn quality(drive: &Drive<'_>, sha256: &str) -> BTreeMap<String, Quantity> {
    let settings = &drive.plan.settings;
    let ledger = &drive.totals.ledger;
    let mut figures = Figures::default();
    if let Some(last) = ledger.evaluations().last() {
        figures.number(ACCURACY, last.accuracy());
        figures.number("test_loss", last.loss());
        figures.text(
            "test_correct",
            format!("{} of {}", last.correct, last.count),
        );
    }
    if let Some(loss) = ledger
        .reports()
        .map(|(_, r)| r.final_loss)
        .reduce(|a, b| a + b)
    {
        figures.number(
            "loss_of_the_last_step",
            loss / ledger.reports().count().max(1) as f64,
        );
    }
    figures.text("parameters_sha256", sha256.to_owned());
    figures.number(
        "batch_per_rank",
        f64::from(settings.batch_of(drive.plan.world)),
    );
    figures.number("learning_rate", settings.lr_of(drive.plan.world));
    if let Some(rate) = ledger.steady_rate() {
        figures.number("images_per_s", rate);
    }
    let start = drive.totals.first_start.as_ref();
    if let Some(until_s) = start.and_then(|start| start.until(Stage::FirstStep)) {
        figures.number("time_to_first_step_s", until_s);
    }
    if drive.plan.arm == Arm::Launcher {
        failures(drive, &mut figures);
    }
    figures.0
}

/// Counters that need not be equal, the duration of the start-up, and the time of each rank's steps
/// by phase.
fn breakdown(drive: &Drive<'_>) -> Breakdown {
    let ledger = &drive.totals.ledger;
    let mut facts = vec![
        ("checkpoints", u64::from(drive.totals.checkpoints)),
        ("bytes_reduced", drive.totals.bytes_reduced),
    ];
    if drive.plan.settings.scaling == BatchScaling::Weak {
        facts.push(("steps", ledger.steps()));
    }
    let stages = drive.totals.first_start.iter().flat_map(StartUp::stages);
    Breakdown {
        facts: facts
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect(),
        start_up: stages
            .map(|(stage, took_s)| Part::work(startup::name(stage), (took_s * 1e9) as u64))
            .collect(),
        slots: drive.live.states(ledger.parts()),
    }
}

fn failures(drive: &Drive<'_>, figures: &mut Figures) {
    let controller = &drive.controller;
    figures.number("failures", f64::from(controller.failures()));
    figures.number("resizes", f64::from(controller.resizes()));
    figures.number("steps_repeated", controller.repeated() as f64);
    let short = drive.totals.ledger.steps_short_of(drive.plan.world);
    if short > 0 {
        figures.number("steps_with_fewer_workers", short as f64);
        figures.number("workers_at_the_end", f64::from(controller.workers()));
    }
    let Some(worst) = drive
        .totals
        .incidents
        .iter()
        .max_by(|a, b| a.detection_s().total_cmp(&b.detection_s()))
    else {
        return;
    };
    figures.number("failure_noticed_within_s", worst.detection_s());
    let longest = |figure: fn(&Incident) -> Option<f64>| {
        drive
            .totals
            .incidents
            .iter()
            .filter_map(figure)
            .reduce(f64::max)
    };
    if let Some(seconds) = longest(Incident::to_next_step_s) {
        figures.number("failure_to_next_step_s", seconds);
    }
    if let Some(seconds) = longest(Incident::to_new_step_s) {
        figures.number("failure_to_new_step_s", seconds);
    }
    let told: Vec<String> = drive
        .totals
        .incidents
        .iter()
        .map(|incident| incident.report.to_string())
        .collect();
    figures.text("failure", told.join("; then "));
}

#[derive(Default)]
struct Figures(BTreeMap<String, Quantity>);

impl Figures {
    fn number(&mut self, name: &str, value: f64) {
        if value.is_finite() {
            self.0.insert(name.to_owned(), Quantity::Number(value));
        }
    }

    fn text(&mut self, name: &str, text: String) {
        self.0.insert(name.to_owned(), Quantity::Text(text));
    }
}
