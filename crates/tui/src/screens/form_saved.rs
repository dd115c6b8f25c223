//! The form as a set-up that is kept under a name, and back.

use std::path::{Path, PathBuf};

use workbench_dataset::{DecimalSign, Delimiter, column_list};
use workbench_experiment::lab::Lab;
use workbench_experiment::setup::{SavedSetup, SetupProblem};

use super::SharedState;
use super::form::{Form, Row};
use super::form_screen::FormScreen;

impl Form {
    /// What was chosen, to be kept. What nobody touched is not in it, and stays the preset's.
    pub fn saved(&self) -> SavedSetup {
        let typed = |row: &Row| {
            let text = self.typed.get(row)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let arms = self.definition.arms.iter().zip(&self.arms);
        let arms = arms.filter(|(_, on)| **on);
        let reading = self.reading();
        let with_data = typed(&Row::Data).is_some();
        let params = self.definition.params.keys();
        let params = params.filter_map(|name| {
            let text = self.typed.get(&Row::Param(name.clone()))?;
            Some((name.clone(), text.trim().to_owned()))
        });
        SavedSetup {
            lab: self.definition.name.clone(),
            preset: Some(self.preset_name().to_owned()),
            arms: arms.map(|(arm, _)| arm.name.clone()).collect(),
            workers: typed(&Row::Workers),
            oversubscribe: self.oversubscribe,
            repeats: typed(&Row::Repeats),
            until: typed(&Row::Until),
            max_time: typed(&Row::MaxTime).filter(|_| typed(&Row::Until).is_some()),
            control: self.control,
            seed: typed(&Row::Seed),
            data: typed(&Row::Data).map(|path| from_anywhere(&path)),
            target: typed(&Row::Target).filter(|_| with_data),
            columns: reading.columns,
            drop_columns: reading.drop_columns,
            no_header: reading.no_header,
            drop_missing: reading.drop_missing,
            delimiter: reading.delimiter.map(|given| given.name().to_owned()),
            decimal: reading.decimal.map(|given| given.name().to_owned()),
            set: params.collect(),
        }
    }

    /// The form of a lab with what was kept, and what of that the lab knows no more.
    pub fn of_saved(saved: &SavedSetup, lab: &dyn Lab) -> (Self, Vec<SetupProblem>) {
        let (saved, problems) = saved.fitted(lab);
        let mut form = Self::new(lab.definition());
        form.begin_with(saved.preset.as_deref(), None);
        for (name, value) in &saved.set {
            form.set(&Row::Param(name.clone()), value);
        }
        let texts = [
            (Row::Workers, &saved.workers),
            (Row::Repeats, &saved.repeats),
            (Row::Until, &saved.until),
            (Row::MaxTime, &saved.max_time),
            (Row::Seed, &saved.seed),
            (Row::Data, &saved.data),
            (Row::Target, &saved.target),
        ];
        for (row, text) in texts {
            if let Some(text) = text {
                form.set(&row, text);
            }
        }
        for (row, names) in [
            (Row::Columns, &saved.columns),
            (Row::DropColumns, &saved.drop_columns),
        ] {
            if !names.is_empty() {
                form.set(&row, &column_list(names.iter().map(String::as_str)));
            }
        }
        (form.oversubscribe, form.control) = (saved.oversubscribe, saved.control);
        (form.table.no_header, form.table.drop_missing) = (saved.no_header, saved.drop_missing);
        let named = |name: &Option<String>| name.as_ref().map(|name| name.trim().to_owned());
        let delimiter = named(&saved.delimiter);
        form.table.delimiter = delimiter.and_then(|name| name.parse::<Delimiter>().ok());
        let decimal = named(&saved.decimal);
        form.table.decimal = decimal.and_then(|name| name.parse::<DecimalSign>().ok());
        form.follow(lab);
        if !saved.arms.is_empty() {
            let arms = form.definition.arms.iter();
            let base = &form.definition.base;
            let is_on = |name: &String| name == base || saved.arms.contains(name);
            form.arms = arms.map(|arm| is_on(&arm.name)).collect();
        }
        (form, problems)
    }
}

impl FormScreen {
    /// The form of a lab with what was kept, and what of that the lab knows no more.
    pub fn of_saved(
        lab: usize,
        saved: &SavedSetup,
        shared: &SharedState,
    ) -> Option<(Self, Vec<SetupProblem>)> {
        let mut this = Self::new(lab, shared)?;
        let (form, problems) = Form::of_saved(saved, shared.labs.get(lab)?.as_ref());
        this.form = form;
        this.check(shared);
        Some((this, problems))
    }
}

/// A path as it was typed, which means the same wherever the program is started.
fn from_anywhere(typed: &str) -> String {
    let path = Path::new(typed);
    if path.starts_with("~") {
        return typed.to_owned();
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(typed));
    path.to_string_lossy().into_owned()
}
