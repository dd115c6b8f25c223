//! Names, notes, stars and the removal of runs of the history.

use super::state::{App, Screen};
use crate::action::Action;
use crate::event::{Effect, HistoryEffect};
use crate::overlay::Overlay;
use crate::overlay::delete::Delete;
use crate::overlay::label::Label;

impl App {
    /// Does what concerns the selected run of the list.
    pub(super) fn act_on_row(&mut self, action: Action) -> Vec<Effect> {
        let row = self.runs.selected(&self.shared);
        let row = row.filter(|_| matches!(self.screen, Screen::Runs));
        match (action, row) {
            (Action::Label(run, label), _) => {
                return vec![Effect::History(HistoryEffect::Label(run, label))];
            }
            (Action::DeleteNow(run), _) => {
                return vec![Effect::History(HistoryEffect::Delete(run))];
            }
            (Action::Star, Some(row)) => {
                let mut label = Box::new(row.label.clone());
                label.starred = !label.starred;
                let run = row.run.clone();
                return vec![Effect::History(HistoryEffect::Label(run, label))];
            }
            (Action::EditLabel, Some(row)) => {
                let label = Label::new(row.run.clone(), &row.label);
                self.overlay = Some(Overlay::Label(Box::new(label)));
            }
            (Action::Delete, Some(row)) => {
                self.overlay = Some(Overlay::Delete(Delete::new(row)));
            }
            _ => {}
        }
        Vec::new()
    }
}
