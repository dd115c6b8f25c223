//! What a form stands for, and what is wrong with it. Values are judged by the same code as the
//! command line's.

use std::str::FromStr;

use workbench_experiment::lab::{Lab, Opt, RunConfig};
use workbench_experiment::{AskedWorkers, MAX_REPEATS, MaxTime, Request, Width, resolve};
use workbench_machine::UsableCores;

use super::form::{Form, Row};
use super::form_messages as messages;

impl Form {
    /// What is wrong with a row, in one line.
    pub fn error(&self, row: &Row, usable: &UsableCores) -> Option<String> {
        if let Some((_, why)) = self.unfit.as_ref().filter(|(at, _)| at == row) {
            return Some(why.clone());
        }
        let text = self.typed.get(row);
        let judge = |request: Request| {
            resolve(&self.definition, &request, usable)
                .err()
                .map(|error| messages::of_request(&error))
        };
        let only = Request {
            oversubscribe: self.oversubscribe,
            ..Request::default()
        };
        match row {
            Row::Param(name) => self
                .spec(name)?
                .parse(name, text?)
                .err()
                .map(|error| messages::of_param(&error)),
            Row::Workers => match workers(text?) {
                Ok(workers) => judge(Request { workers, ..only }),
                Err(error) => Some(error),
            },
            Row::Repeats => match whole(text?, MAX_REPEATS) {
                Ok(number) => judge(Request {
                    repeats: Some(number),
                    ..only
                }),
                Err(error) => Some(error),
            },
            Row::Until => judge_text::<Width>(text?),
            Row::MaxTime => judge_text::<MaxTime>(text?),
            Row::Seed => whole(text?, u32::MAX).err(),
            Row::Data => self.file_error(),
            Row::Target => match self.data() {
                (None, target) => target.map(|_| messages::NO_FILE.to_owned()),
                (Some(_), None) => Some(messages::no_target(!self.table.columns().is_empty())),
                (Some(_), target) => self.table.unknown(target.as_slice()),
            },
            Row::Columns => self.table.unknown(&self.reading().columns),
            Row::DropColumns => self.table.unknown(&self.reading().drop_columns),
            Row::Column(column) => self.column_error(*column),
            _ => None,
        }
    }

    /// What is wrong with the file, if one was named.
    fn file_error(&self) -> Option<String> {
        self.data().0?;
        let faults = || self.table.file_error(&self.reading(), &self.target());
        self.table.unreadable().or_else(faults)
    }

    /// The row of an option; the button where there is none.
    pub fn row_of(&self, option: Option<&Opt>) -> Row {
        let row = match option {
            Some(Opt::Set(name)) => Some(Row::Param(name.clone())),
            Some(Opt::Fault) => self.definition.roles.faults.clone().map(Row::Param),
            Some(Opt::Of(name)) => self
                .definition
                .roles
                .options
                .get(name)
                .cloned()
                .map(Row::Param),
            Some(Opt::Preset) => Some(Row::Preset),
            Some(Opt::Arms | Opt::Peers) => Some(Row::Arm(0)),
            Some(Opt::Workers) => Some(Row::Workers),
            Some(Opt::Repeats) => Some(Row::Repeats),
            Some(Opt::Until) => Some(Row::Until),
            Some(Opt::MaxTime) => Some(Row::MaxTime),
            Some(Opt::Seed) => Some(Row::Seed),
            Some(Opt::Data) => Some(Row::Data),
            Some(Opt::Target) => Some(Row::Target),
            Some(Opt::Columns) => Some(Row::Columns),
            Some(Opt::DropColumns) => Some(Row::DropColumns),
            Some(Opt::NoHeader) => Some(Row::NoHeader),
            Some(Opt::DropMissing) => Some(Row::DropMissing),
            Some(Opt::Delimiter) => Some(Row::Delimiter),
            Some(Opt::Decimal) => Some(Row::Decimal),
            None => None,
        };
        row.filter(|row| self.rows().contains(row))
            .unwrap_or(Row::Start)
    }

    /// The configuration that the form stands for, or the first row that is wrong and why.
    ///
    /// # Errors
    /// The row, where one is to blame, and what is wrong with it.
    pub fn config(&self, usable: &UsableCores) -> Result<RunConfig, (Row, String)> {
        for row in self.rows() {
            if let Some(error) = self.error(&row, usable) {
                return Err((row, error));
            }
        }
        let start = |error: String| (Row::Start, error);
        let (data, target) = self.data();
        let number = |row: &Row| match self.typed.get(row) {
            Some(text) => whole(text, u32::MAX).map(Some).map_err(start),
            None => Ok(None),
        };
        let arms = self.definition.arms.iter().zip(&self.arms);
        let request = Request {
            preset: Some(self.preset_name().to_owned()),
            set: self.settings(),
            arms: arms
                .filter(|(_, on)| **on)
                .map(|(arm, _)| arm.name.clone())
                .collect(),
            peers: false,
            workers: match self.typed.get(&Row::Workers) {
                Some(text) => workers(text).map_err(start)?,
                None => AskedWorkers::default(),
            },
            repeats: number(&Row::Repeats)?,
            seed: number(&Row::Seed)?.map(u64::from),
            faults: Vec::new(),
            options: Vec::new(),
            data,
            target,
            reading: self.reading(),
            oversubscribe: self.oversubscribe,
            until: self.parsed(&Row::Until),
            max_time: self.parsed(&Row::MaxTime),
            control: self.control,
        };
        resolve(&self.definition, &request, usable).map_err(|error| {
            let row = self.row_of(error.option().as_ref());
            (row, messages::of_request(&error))
        })
    }

    /// What was typed into a row that was found to be right.
    fn parsed<T: FromStr>(&self, row: &Row) -> Option<T> {
        let is_there = self.rows().contains(row);
        self.typed.get(row).filter(|_| is_there)?.parse().ok()
    }

    /// Takes in which arms, figures and data a lab has with the parameters as they are now, where
    /// they decide that.
    /// While they do not describe arms, the arms stay what they were.
    pub fn follow(&mut self, lab: &dyn Lab) {
        let preset = self.preset().cloned();
        let params = preset.and_then(|preset| {
            let settings = self.settings();
            self.definition.resolve(&preset, &settings).ok()
        });
        self.unfit = None;
        let own = match params.map(|params| lab.specialised(&params)) {
            Some(Ok(Some(own))) => own.definition().clone(),
            // Back to what it is without them.
            Some(Ok(None)) => lab.definition().clone(),
            Some(Err(refusal)) => {
                let row = self.row_of(Some(&refusal.option));
                self.unfit = Some((row, refusal.reason));
                return;
            }
            None => return,
        };
        if own == self.definition {
            return;
        }
        let off = self.definition.arms.iter().zip(&self.arms);
        let off: Vec<String> = off
            .filter(|(_, on)| !**on)
            .map(|(arm, _)| arm.name.clone())
            .collect();
        self.definition = own;
        let arms = self.definition.arms.iter();
        let is_on = |name: &String| *name == self.definition.base || !off.contains(name);
        self.arms = arms.map(|arm| is_on(&arm.name)).collect();
    }

    /// The parameters that were typed, as `--set` takes them.
    fn settings(&self) -> Vec<String> {
        self.typed
            .iter()
            .filter_map(|(row, text)| match row {
                Row::Param(name) => Some(format!("{name}={}", text.trim())),
                _ => None,
            })
            .collect()
    }
}

fn whole(text: &str, most: u32) -> Result<u32, String> {
    let number = text.trim().parse::<u32>().ok();
    number
        .filter(|number| *number <= most)
        .ok_or_else(|| messages::no_whole_number(most))
}

/// What is wrong with a text that may be empty.
fn judge_text<T: FromStr<Err = String>>(text: &str) -> Option<String> {
    let text = text.trim();
    text.parse::<T>().err().filter(|_| !text.is_empty())
}

fn workers(text: &str) -> Result<AskedWorkers, String> {
    text.trim().parse()
}
