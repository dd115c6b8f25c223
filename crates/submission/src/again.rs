//! Making outputs of a hand-in again: which ones the nonce draws, and whether they come out as
//! recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use workbench_experiment::lab::{DataSource, Lab, MadeAgain, PreparedLab, RecordedItem, RunConfig};
use workbench_questions::QuestionSet;
use workbench_record::{Finding, ParamValue, Params, RunStarted};
use workbench_result::{ArmResult, ItemResult};

use crate::manifest::sha256;
use crate::messages::again as messages;
use crate::verified_run::VerifiedRun;

/// One output that is to be made again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again<'a> {
    run: &'a VerifiedRun,
    arm: &'a ArmResult,
    /// Its place among the items of a repeat.
    index: usize,
    /// The output.
    item: &'a ItemResult,
}

impl<'a> Again<'a> {
    /// What it cost when it was recorded, in seconds of CPU time.
    pub fn cpu_s(&self) -> f64 {
        self.item.cpu_s
    }

    /// The outputs of a run, once: those of its first arm that is no peer. All its arms have to
    /// give the same ones, or near ones.
    fn of_run(run: &'a VerifiedRun) -> impl Iterator<Item = Self> {
        let mut arms = run.result.arms.iter();
        let arm = arms.find(|arm| !arm.peer && !arm.items.is_empty());
        arm.into_iter().flat_map(move |arm| {
            let items = arm.items.iter().enumerate();
            items.map(move |(index, item)| Self {
                run,
                arm,
                index,
                item,
            })
        })
    }

    fn recorded(&self) -> RecordedItem<'a> {
        RecordedItem {
            arm: &self.arm.name,
            index: self.index,
            item: &self.item.item,
        }
    }

    /// Whether the output is the recorded one.
    fn compare(&self, made: &MadeAgain) -> Comparison {
        let (ours, theirs) = (&made.item, &self.item.item);
        let is_same_output = ours.sha256 == theirs.sha256;
        let is_same_figures = ours.metrics == theirs.metrics;
        let Some(tolerance) = made.tolerance else {
            return match (is_same_output, is_same_figures) {
                (false, _) => Comparison::OtherOutput,
                (true, false) => Comparison::OtherFigures,
                (true, true) => Comparison::Same,
            };
        };
        let near = |(a, b): (f64, f64)| (a - b).abs() <= tolerance * a.abs().max(b.abs());
        let same_names = ours.metrics.keys().eq(theirs.metrics.keys());
        let mut pairs = ours
            .metrics
            .values()
            .copied()
            .zip(theirs.metrics.values().copied());
        if is_same_output && is_same_figures {
            Comparison::Same
        } else if same_names && pairs.all(near) {
            Comparison::Near
        } else {
            Comparison::OtherFigures
        }
    }
}

/// What came of making an output again.
enum Comparison {
    Same,
    Near,
    OtherOutput,
    OtherFigures,
}

/// A lab with its data, and the hashes of data and split.
type Ready = Option<Arc<dyn PreparedLab>>;

/// The labs of this program, each prepared once per configuration.
pub(crate) struct LabCache<'a> {
    labs: &'a [Box<dyn Lab>],
    ready: Mutex<BTreeMap<String, Ready>>,
}

/// Configurations that are kept prepared.
const MOST_READY: usize = 8;

impl<'a> LabCache<'a> {
    pub fn new(labs: &'a [Box<dyn Lab>]) -> Self {
        Self {
            labs,
            ready: Mutex::default(),
        }
    }

    /// What a lab of this program asks.
    pub fn questions(&self, lab: &str) -> Option<&QuestionSet> {
        let mut labs = self.labs.iter();
        let lab = labs.find(|known| known.definition().name == lab)?;
        Some(lab.questions())
    }

    /// A lab prepared for a configuration that somebody else wrote: only with the lab's own data,
    /// with parameters that its definition allows, and never one that runs foreign programs.
    fn ready(&self, config: &RunConfig) -> Ready {
        if config.data != DataSource::Embedded {
            return None;
        }
        let key = format!("{} {} {:?}", config.lab, config.seed, config.params);
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ready.get(&key) {
            return known.clone();
        }
        let prepared = self.prepare(config);
        if ready.len() >= MOST_READY {
            ready.clear();
        }
        ready.insert(key, prepared.clone());
        prepared
    }

    fn prepare(&self, config: &RunConfig) -> Ready {
        let mut labs = self.labs.iter();
        let lab = labs.find(|lab| lab.definition().name == config.lab)?;
        let definition = lab.definition();
        // All parameters are given, so any preset will do: that of an assignment is not known here.
        let preset = definition.presets.values().next()?;
        let set: Vec<String> = config
            .params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let is_allowed = definition
            .resolve(preset, &set)
            .is_ok_and(|params| params == config.params);
        let is_own = lab.foreign().is_none() && matches!(lab.specialised(&config.params), Ok(None));
        if !is_allowed || !is_own || names_a_file(&config.params) {
            return None;
        }
        // What others made is not made again, and need not be there.
        let mut config = config.clone();
        let is_peer = |arm: &str| definition.arm(arm).is_some_and(|arm| arm.peer.is_some());
        config.arms.retain(|arm| !is_peer(arm));
        lab.prepare(&config).ok().map(Arc::from)
    }

    /// Whether the lab knows the data, or its split, and it is not what the run states.
    pub fn knows_other_data(&self, started: &RunStarted) -> bool {
        let Some(stated) = &started.data_sha256 else {
            return false;
        };
        let Some(lab) = self.ready(&started.config) else {
            return false;
        };
        let other_split = match (lab.split_sha256(), &started.split_sha256) {
            (Some(own), Some(stated)) => own != *stated,
            _ => false,
        };
        lab.data_sha256().is_some_and(|own| own != *stated) || other_split
    }

    /// Draws different outputs of the runs, of those that their labs can make again here. The nonce
    /// and the logs decide which, so nobody knows them before the log is complete.
    pub fn draw<'r>(&self, runs: &'r [VerifiedRun], nonce: &str, count: usize) -> Vec<Again<'r>> {
        let is_offered = |again: &Again<'_>| {
            let lab = self.ready(&again.run.started.config);
            lab.is_some_and(|lab| lab.item_again(&again.recorded()).is_some())
        };
        let all = runs.iter().flat_map(Again::of_run);
        let all: Vec<Again<'_>> = all.filter(is_offered).collect();
        let logs: Vec<&str> = runs.iter().map(|run| &*run.log_sha256).collect();
        let mut drawn = BTreeSet::new();
        let mut number = 0_u64;
        while drawn.len() < count.min(all.len()) {
            let text = format!("{nonce} {} {number}", logs.join(" "));
            let digits = sha256(text.as_bytes());
            let digits = u64::from_str_radix(&digits[..16], 16).unwrap_or(number);
            drawn.insert((digits % all.len() as u64) as usize);
            number += 1;
        }
        drawn.into_iter().map(|at| all[at]).collect()
    }

    /// Makes outputs again, one after the other.
    pub fn make_again(&self, drawn: &[Again<'_>]) -> Vec<Finding> {
        let mut found = Vec::new();
        let (mut same, mut near) = (0, 0);
        for again in drawn {
            let (folder, name) = (&*again.run.folder, &*again.item.item.name);
            let lab = self.ready(&again.run.started.config);
            let lab = lab.as_deref();
            let Some(make) = lab.and_then(|lab| lab.item_again(&again.recorded())) else {
                continue;
            };
            match make().map(|made| again.compare(&made)) {
                Err(error) => found.push(messages::failed(folder, name, &error.to_string())),
                Ok(Comparison::OtherOutput) => found.push(messages::other_output(folder, name)),
                Ok(Comparison::OtherFigures) => found.push(messages::other_figures(folder, name)),
                Ok(Comparison::Same) => same += 1,
                Ok(Comparison::Near) => near += 1,
            }
        }
        found.extend((same > 0).then(|| messages::same(same)));
        found.extend((near > 0).then(|| messages::near(near)));
        found
    }
}

/// Whether a text of a configuration is a place on this machine. A lab may read a file that a
/// parameter names, and somebody else's record must not choose it: an honest one holds what was in
/// the file.
fn names_a_file(params: &Params) -> bool {
    params.values().any(|value| match value {
        ParamValue::Text(text) => Path::new(text).is_absolute() || Path::new(text).exists(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_does_not_choose_what_is_read_here() {
        let names = |text: &str| {
            let value = ParamValue::Text(text.to_owned());
            names_a_file(&Params::from([("space".to_owned(), value)]))
        };
        // Tests run in the folder of their crate.
        for place in [
            "/dev/zero",
            "/no/such/file",
            "Cargo.toml",
            "src/../Cargo.toml",
        ] {
            assert!(names(place), "{place}");
        }
        for text in [
            "",
            "auto",
            "lr=loguniform(1e-4,1e-1) ;; batch=choice(16,32)",
        ] {
            assert!(!names(text), "{text}");
        }
    }
}
