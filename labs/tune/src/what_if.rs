//! Other schedulers on the recorded curves: how long each would have taken on so many slots, and
//! what stopping early would have cost.

use serde_json::{Value, json};
use workbench_experiment::lab::{CommandInput, CommandOutput, LabError, OutputTable};
use workbench_search::{LearningCurve, LegCosts, SimulatedSearch, SimulationError, simulate_paced};

use crate::commands::{chosen, config, number, word};
use crate::messages;
use crate::prepared::PreparedSearch;
use crate::recorded::RecordedSearch;
use crate::settings::SearchSettings;
use crate::timing;
use crate::ways::{self, Stopper, Way};

/// The schedulers that are tried, as they are called.
const TRIED: [(&str, Stopper); 4] = [
    ("none", Stopper::Nobody),
    ("median", Stopper::Median),
    ("asha", Stopper::Asha),
    ("hyperband", Stopper::Hyperband),
];
/// Slots at most.
const MOST_SLOTS: usize = 4096;

/// `workbench tune what-if RUN`.
///
/// # Errors
/// When there is no such search, or an option is none.
pub fn what_if(
    prepared: &PreparedSearch,
    input: &CommandInput<'_>,
) -> Result<CommandOutput, LabError> {
    let base = config(input)?.arms.first().map(String::as_str);
    let found = chosen(input, prepared, base)?;
    let slots = slots(word(input, "slots").unwrap_or_default())?;
    let settings = SearchSettings {
        grace: number(input, "grace").unwrap_or(prepared.settings.grace),
        reduction: number(input, "reduction").unwrap_or(prepared.settings.reduction),
        ..prepared.settings.clone()
    };
    let Some(search) = found.first() else {
        return Err(LabError::Config(messages::no_search()));
    };
    let curves = search.curves();
    let times = LegTimes::of(prepared, input, search)?;
    let mut table = OutputTable {
        title: messages::replayed(&search.repeat.id, curves.len()),
        header: header(),
        rows: Vec::new(),
    };
    let mut documents = Vec::new();
    for (name, stopper) in TRIED {
        for slots in &slots {
            match replay(&curves, stopper, &settings, (*slots, &times)) {
                Ok(simulated) => {
                    table.rows.push(row(name, &simulated));
                    documents.push(document(name, &simulated));
                }
                Err(why) => {
                    let mut row = vec![name.to_owned(), slots.to_string(), why.clone()];
                    row.resize(table.header.len(), String::new());
                    table.rows.push(row);
                    documents.push(json!({"scheduler": name, "slots": slots, "refused": why}));
                }
            }
        }
    }
    let (compared, ratios) = compared(prepared, input)?;
    let tables = [Some(table), compared].into_iter().flatten();
    Ok(CommandOutput {
        said: vec![messages::WHAT_IF.to_owned()],
        tables: tables.collect(),
        document: json!({"replays": documents, "compared": ratios}),
        ..CommandOutput::default()
    })
}

/// What the run shows of the times of legs.
struct LegTimes {
    costs: LegCosts,
    /// How long units take while so many slots are busy, relative to the recorded ones.
    pace: Box<dyn Fn(usize) -> f64>,
}

impl LegTimes {
    /// For curves that this search recorded: legs cost what they cost anywhere in the run, and
    /// slots slow each other down as its arm did on one slot and on as many as here.
    fn of(
        prepared: &PreparedSearch,
        input: &CommandInput<'_>,
        search: &RecordedSearch<'_>,
    ) -> Result<Self, LabError> {
        let names = prepared.names();
        let all = crate::recorded::searches(input.snapshot, None, &names)?;
        let legs = all.iter().map(|other| {
            let stopper = Way::of(&other.repeat.id.arm).map(|way| way.stopper);
            // Others may wait for the end of a rung.
            let waits = !matches!(stopper, Some(Stopper::Nobody | Stopper::Median));
            (other.repeat, waits)
        });
        let costs = timing::costs(legs);
        let of = &search.repeat.id;
        let on_one = all.iter().find(|other| {
            let id = &other.repeat.id;
            (id.arm == of.arm, id.repeat, id.workers) == (true, of.repeat, 1)
        });
        let on_all = timing::units(search.repeat);
        let on_one = on_one.map_or_else(|| on_all.clone(), |one| timing::units(one.repeat));
        let slots = prepared.settings.slots(of.workers);
        Ok(Self {
            costs,
            pace: Box::new(timing::pace(&on_one, &on_all, slots)),
        })
    }
}

fn header() -> Vec<String> {
    let header = [
        "scheduler",
        "slots",
        "makespan",
        "idle",
        "units",
        "best found",
        "regret",
        "the best was stopped after",
        "found after",
    ];
    header.map(str::to_owned).to_vec()
}

fn replay(
    curves: &[LearningCurve],
    stopper: Stopper,
    settings: &SearchSettings,
    (slots, times): (usize, &LegTimes),
) -> Result<SimulatedSearch, String> {
    let trials = curves.len() as u64;
    let scheduler = ways::scheduler(stopper, settings, trials, 0);
    let mut scheduler = scheduler.map_err(|error| error.to_string())?;
    simulate_paced(
        curves,
        scheduler.as_mut(),
        slots,
        (times.costs, &times.pace),
    )
    .map_err(|error: SimulationError| error.to_string())
}

fn row(name: &str, simulated: &SimulatedSearch) -> Vec<String> {
    let digits = |value: f64| format!("{value:.4}");
    vec![
        name.to_owned(),
        simulated.slots.to_string(),
        format!("{:.2} s", simulated.makespan_s),
        format!("{:.1} %", 100.0 * simulated.idle_share()),
        units(simulated).to_string(),
        simulated
            .found
            .map_or_else(String::new, |(_, loss)| digits(loss.get())),
        simulated.regret().map_or_else(String::new, digits),
        simulated
            .best_stopped_at()
            .map_or_else(|| "never".to_owned(), |at| at.to_string()),
        simulated
            .anytime
            .last()
            .map_or_else(String::new, |(at, _)| format!("{at:.2} s")),
    ]
}

/// Units of budget that were trained.
fn units(simulated: &SimulatedSearch) -> u64 {
    simulated.legs.iter().map(|leg| leg.to - leg.from).sum()
}

fn document(name: &str, simulated: &SimulatedSearch) -> Value {
    let legs = simulated.legs.iter().map(|leg| {
        json!({
            "slot": leg.slot,
            "trial": leg.trial,
            "start_s": leg.start_s,
            "end_s": leg.end_s,
            "from": leg.from,
            "to": leg.to,
            "verdict": leg.verdict,
        })
    });
    json!({
        "scheduler": name,
        "slots": simulated.slots,
        "makespan_s": simulated.makespan_s,
        "idle_share": simulated.idle_share(),
        "units": units(simulated),
        "found": simulated.found,
        "oracle": simulated.oracle,
        "regret": simulated.regret(),
        "best_stopped_at": simulated.best_stopped_at(),
        "anytime": simulated.anytime,
        "timeline": legs.collect::<Vec<_>>(),
    })
}

/// The measured searches of the run that had the same trials, against what the curves of the base
/// predict for them with the settings that they had, whatever the options say.
fn compared(
    prepared: &PreparedSearch,
    input: &CommandInput<'_>,
) -> Result<(Option<OutputTable>, Vec<Value>), LabError> {
    let (mut rows, mut documents) = (Vec::new(), Vec::new());
    for arm in &config(input)?.arms {
        let Some(way) = Way::of(arm) else { continue };
        let Ok(found) = crate::recorded::searches(input.snapshot, Some(arm), &prepared.names())
        else {
            continue;
        };
        let tried = TRIED.iter().any(|(_, stopper)| *stopper == way.stopper);
        let repeat = number(input, "repeat").unwrap_or(1);
        for search in found.iter().filter(|_| tried) {
            if u64::from(search.repeat.id.repeat) + 1 != repeat {
                continue;
            }
            let Some((curves, times)) = same_trials(search, input, prepared) else {
                continue;
            };
            let slots = prepared.settings.slots(search.repeat.id.workers);
            let with = (slots, &times);
            if let Ok(simulated) = replay(&curves, way.stopper, &prepared.settings, with) {
                let measured_s = workbench_clock::seconds(search.repeat.wall_ns());
                rows.push(measured_row(search, (measured_s, simulated.makespan_s)));
                documents.push(json!({
                    "arm": search.repeat.id.arm,
                    "slots": search.repeat.id.workers,
                    "repeat": search.repeat.id.repeat + 1,
                    "measured_s": measured_s,
                    "predicted_s": simulated.makespan_s,
                }));
            }
        }
    }
    let header = [
        "arm",
        "slots",
        "measured",
        "predicted",
        "measured over predicted",
    ];
    let table = (!rows.is_empty()).then(|| OutputTable {
        title: messages::MEASURED.to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows,
    });
    Ok((table, documents))
}

/// The curves of the base's search in the same repeat on as many slots, where it had the same
/// configurations, and the times of its legs.
fn same_trials(
    search: &RecordedSearch<'_>,
    input: &CommandInput<'_>,
    prepared: &PreparedSearch,
) -> Option<(Vec<LearningCurve>, LegTimes)> {
    let base = config(input).ok()?.arms.first()?;
    let names = prepared.names();
    let of_base = crate::recorded::searches(input.snapshot, Some(base), &names).ok()?;
    let of = |other: &RecordedSearch<'_>| (other.repeat.id.repeat, other.repeat.id.workers);
    let base = of_base.iter().find(|base| of(base) == of(search))?;
    let mut pairs = base.trials.values().zip(search.trials.values());
    let alike = pairs.all(|(a, b)| a.configuration == b.configuration);
    let is_same = alike && base.trials.len() == search.trials.len();
    let times = LegTimes::of(prepared, input, base).ok()?;
    is_same.then(|| (base.curves(), times))
}

fn measured_row(search: &RecordedSearch<'_>, (measured, predicted): (f64, f64)) -> Vec<String> {
    let of = &search.repeat.id;
    vec![
        of.arm.clone(),
        of.workers.to_string(),
        format!("{measured:.2} s"),
        format!("{predicted:.2} s"),
        format!("{:.3}", measured / predicted),
    ]
}

/// Numbers of slots with commas between them, and ranges such as `1..8`.
fn slots(text: &str) -> Result<Vec<usize>, LabError> {
    let wrong = || LabError::Config(messages::no_slots(text));
    let mut slots = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let [first, last] = [first, last].map(|end| end.trim().parse::<usize>());
        let (first, last) = (first.map_err(|_| wrong())?, last.map_err(|_| wrong())?);
        if first == 0 || last > MOST_SLOTS || first > last {
            return Err(wrong());
        }
        slots.extend(first..=last);
    }
    if slots.is_empty() {
        Err(wrong())
    } else {
        Ok(slots)
    }
}
