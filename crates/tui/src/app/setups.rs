//! Set-ups that are kept under a name, opened and deleted.

use workbench_experiment::setup::{NamedSetup, SavedSetup, SavedSetupError, SetupProblem};

use super::state::{App, Screen};
use workbench_report::format;

use crate::action::Action;
use crate::event::{Effect, SetupsEffect};
use crate::kit::text::safe;
use crate::overlay::Overlay;
use crate::overlay::setup_name::SetupName;
use crate::screens::form_screen::FormScreen;

/// The longest sentence about what was left out, in characters.
const LONGEST_TOLD: usize = 400;

impl App {
    /// Does what concerns set-ups that are kept.
    pub(super) fn act_on_setups(&mut self, action: Action) -> Vec<Effect> {
        let effect = match action {
            Action::NameSetup => {
                if let Some(form) = &self.form {
                    let suggested = form.opened.as_deref().unwrap_or_default();
                    let dialog = SetupName::new(form.form.saved(), suggested);
                    self.overlay = Some(Overlay::SetupName(Box::new(dialog)));
                }
                return Vec::new();
            }
            Action::Setups => {
                self.overlay = Some(Overlay::Setups(Box::default()));
                SetupsEffect::Read
            }
            Action::KeepSetup(asked) => SetupsEffect::Keep(asked),
            Action::DeleteSetup(name) => SetupsEffect::Delete(name),
            Action::OpenSetup(name, setup, problems) => {
                return self.open_setup(name, &setup, problems);
            }
            _ => return Vec::new(),
        };
        vec![Effect::Setups(effect)]
    }

    fn open_setup(
        &mut self,
        name: String,
        setup: &SavedSetup,
        mut problems: Vec<SetupProblem>,
    ) -> Vec<Effect> {
        let mut labs = self.shared.labs.iter();
        let lab = labs.position(|lab| lab.definition().name == setup.lab);
        let opened = lab.and_then(|lab| FormScreen::of_saved(lab, setup, &self.shared));
        let Some((mut form, unfit)) = opened else {
            let (name, lab) = (safe(&name), safe(&setup.lab));
            self.notice = Some(format!(
                "The set-up {name} is for the lab {lab}, which is not here; it is kept."
            ));
            return Vec::new();
        };
        problems.extend(unfit);
        self.notice = Some(told(&name, &problems));
        form.opened = Some(name);
        self.form = Some(form);
        self.screen = Screen::Form;
        vec![Effect::LookAround]
    }

    /// What there is has been read.
    pub(super) fn setups_read(&mut self, read: Result<Vec<NamedSetup>, String>) {
        if let Some(Overlay::Setups(setups)) = &mut self.overlay {
            setups.read(read);
        } else if let Err(error) = read {
            self.notice = Some(error);
        }
    }

    /// A set-up was kept, or not.
    pub(super) fn setup_kept(&mut self, name: String, kept: Result<(), SavedSetupError>) {
        match (kept, &mut self.overlay) {
            (Ok(()), overlay) => {
                if matches!(overlay, Some(Overlay::SetupName(_))) {
                    *overlay = None;
                }
                self.notice = Some(format!("Kept as {}.", safe(&name)));
                if let Some(form) = &mut self.form {
                    form.opened = Some(name);
                }
            }
            (Err(error), Some(Overlay::SetupName(dialog))) => dialog.refused(&error),
            (Err(error), _) => self.notice = Some(error.to_string()),
        }
    }
}

/// What was opened, and what of it is missing.
fn told(name: &str, problems: &[SetupProblem]) -> String {
    let name = safe(name);
    if problems.is_empty() {
        return format!("The set-up {name} is open.");
    }
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    format!(
        "Left out of {name}: {}.",
        format::clean(&told.join("; "), LONGEST_TOLD)
    )
}
