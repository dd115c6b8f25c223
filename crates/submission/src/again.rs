//! Making outputs of a hand-in again: which ones the nonce draws, and whether they come out as
//! recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use workbench_experiment::lab::{DataSource, Lab, PreparedLab, RunConfig};
use workbench_questions::QuestionSet;
use workbench_record::{Finding, RunStarted};
use workbench_result::ItemResult;

use crate::manifest::sha256;
use crate::messages;
use crate::verified_run::VerifiedRun;

/// One output that is to be made again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again<'a> {
    run: &'a VerifiedRun,
    /// Its place among the items of a repeat.
    index: usize,
    item: &'a ItemResult,
    /// What it cost when it was recorded, in seconds of CPU time.
    pub cpu_s: f64,
}

impl<'a> Again<'a> {
    /// Draws different outputs of the runs. The nonce and the logs decide which, so nobody knows
    /// them before the log is complete.
    pub fn draw(runs: &'a [VerifiedRun], nonce: &str, count: usize) -> Vec<Self> {
        let all: Vec<Self> = runs.iter().flat_map(Self::of_run).collect();
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

    /// The outputs of a run, once: all its arms have to give the same ones.
    fn of_run(run: &'a VerifiedRun) -> Vec<Self> {
        let arm = run.result.arms.iter().find(|arm| !arm.items.is_empty());
        let Some(arm) = arm else {
            return Vec::new();
        };
        let items = arm.items.iter().enumerate();
        items
            .map(|(index, item)| Self {
                run,
                index,
                item,
                cpu_s: item.cpu_s,
            })
            .collect()
    }
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
        if !is_allowed || !is_own {
            return None;
        }
        lab.prepare(config).ok().map(Arc::from)
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

    /// Makes outputs again, one after the other.
    pub fn make_again(&self, drawn: &[Again<'_>]) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut same = 0;
        for again in drawn {
            let lab = self.ready(&again.run.started.config);
            let made = lab.and_then(|lab| lab.item_again(again.index));
            let (folder, name) = (&*again.run.folder, &*again.item.item.name);
            match made {
                None => {
                    found.push(messages::again::not_offered(folder));
                    break;
                }
                Some(Err(error)) => {
                    found.push(messages::again::failed(folder, name, &error.to_string()));
                }
                Some(Ok(item)) if item.sha256 != again.item.item.sha256 => {
                    found.push(messages::again::other_output(folder, name));
                }
                Some(Ok(item)) if item.metrics != again.item.item.metrics => {
                    found.push(messages::again::other_figures(folder, name));
                }
                Some(Ok(_)) => same += 1,
            }
        }
        if same > 0 {
            found.push(messages::again::same(same));
        }
        found
    }
}
