//! What of a saved set-up a lab of today knows.

use super::problem::SetupProblem;
use super::saved::SavedSetup;
use crate::lab::{Lab, LabDefinition, suggest};

impl SavedSetup {
    /// The same less what the lab does not know, and what that is. Values are not judged.
    pub fn fitted(&self, lab: &dyn Lab) -> (Self, Vec<SetupProblem>) {
        let mut this = self.clone();
        let mut problems = Vec::new();
        let definition = lab.definition();
        let presets = || definition.presets.keys().map(String::as_str);
        let is_preset = |name: &String| definition.presets.contains_key(name);
        if let Some(name) = this.preset.take_if(|name| !is_preset(name)) {
            let hint = suggest(&name, presets());
            problems.push(SetupProblem::Preset { name, hint });
        }
        this.set.retain(|name, _| {
            let is_known = definition.params.contains_key(name);
            if !is_known {
                let params = definition.params.keys().map(String::as_str);
                let (name, hint) = (name.clone(), suggest(name, params));
                problems.push(SetupProblem::Param { name, hint });
            }
            is_known
        });
        if definition.takes_data.is_none()
            && let Some(path) = this.data.take()
        {
            this.leave_out_data();
            problems.push(SetupProblem::Data { path });
        }
        let own = this.specialised(lab);
        this.keep_arms(own.as_deref().unwrap_or(lab).definition(), &mut problems);
        (this, problems)
    }

    /// The lab that it stands for, where the parameters decide which arms it has.
    fn specialised(&self, lab: &dyn Lab) -> Option<Box<dyn Lab>> {
        let definition = lab.definition();
        let preset = self.preset.as_ref().unwrap_or(&definition.default_preset);
        let preset = definition.presets.get(preset)?;
        let params = definition.resolve(preset, &self.settings()).ok()?;
        lab.specialised(&params).ok()?
    }

    fn keep_arms(&mut self, definition: &LabDefinition, problems: &mut Vec<SetupProblem>) {
        self.arms.retain(|name| {
            let is_known = definition.arm(name).is_some();
            if !is_known {
                let arms = definition.arms.iter().map(|arm| arm.name.as_str());
                let (name, hint) = (name.clone(), suggest(name, arms));
                problems.push(SetupProblem::Arm { name, hint });
            }
            is_known
        });
    }

    fn leave_out_data(&mut self) {
        *self = Self {
            target: None,
            columns: Vec::new(),
            drop_columns: Vec::new(),
            no_header: false,
            drop_missing: false,
            delimiter: None,
            decimal: None,
            ..std::mem::take(self)
        };
    }
}
