//! What is kept for the next time of how a screen's panels are laid out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hidden::NamedPanel;
use super::panels::Panels;

/// What a person has changed about the panels of a screen, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScreenLayout {
    /// Those that are hidden.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// The lines by which they are taller than they would be, or lower.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<String, i16>,
}

impl<P: NamedPanel> Panels<P> {
    /// What a person has changed about the panels.
    pub fn kept(&self) -> ScreenLayout {
        let named = |panel: &P| panel.name().to_owned();
        let lines = self.lines.iter().filter(|(_, lines)| *lines != 0);
        ScreenLayout {
            hidden: self.hidden().iter().map(named).collect(),
            lines: lines.map(|(panel, lines)| (named(panel), *lines)).collect(),
        }
    }

    /// Lays the panels out as they were kept, by a person or on another machine: names that mean
    /// nothing are passed over.
    pub fn lay_out(&mut self, kept: &ScreenLayout) {
        let all = || P::ALL.iter().copied();
        let is_hidden = |panel: &P| kept.hidden.iter().any(|name| name == panel.name());
        self.hide(all().filter(is_hidden).collect());
        let lines_of = |panel: P| Some((panel, *kept.lines.get(panel.name())?));
        let now = |panel: P| self.lines.iter().find(|(one, _)| *one == panel).copied();
        // Those that are as they were keep their order.
        if all().any(|panel| now(panel) != lines_of(panel)) {
            self.lines = all().filter_map(lines_of).collect();
        }
    }
}
