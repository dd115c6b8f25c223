//! What can be done now: the keys that work, for dispatch, footer and help, and the list of the
//! palette.

use super::state::{App, Feed, Screen};
use crate::action::Action;
use crate::bindings::{self, of_view};
use crate::keys::{Binding, Bound, told};
use crate::model::series::Metric;
use crate::overlay::help::KeyGroup;
use crate::overlay::palette::{PaletteRow, safe};
use crate::screens::form_screen::FormScreen;
use crate::tell::Telling;
use crate::theme::ThemeName;
use crate::views::{View, filter, keys};

/// The most runs that are offered, the latest first.
const RUNS: usize = 100;

impl App {
    /// The keys that work on the screen, the most useful first.
    pub(super) fn keys(&self) -> Vec<Bound<Action>> {
        let mut keys = self.screen_keys();
        keys.extend_from_slice(bindings::GLOBAL);
        keys
    }

    /// The keys of the screen that is shown.
    pub(crate) fn screen_keys(&self) -> Vec<Bound<Action>> {
        match &self.screen {
            Screen::Home => {
                let mut keys = bindings::HOME.to_vec();
                keys.retain(|key| key.action != Action::Watch || self.is_running());
                keys
            }
            Screen::Runs => bindings::RUNS.to_vec(),
            Screen::Form => bindings::FORM.to_vec(),
            Screen::Questions(_) => bindings::QUESTIONS.to_vec(),
            Screen::Compare(_) => [bindings::COMPARE, &of_view(keys::COMPARE)].concat(),
            Screen::Run => [bindings::RUN, &of_view(keys::RUN)].concat(),
            Screen::Watch(watched) => [watched.feed.keys(), &of_view(keys::RUN)].concat(),
            Screen::Result(_) => [bindings::RESULT, &of_view(keys::RESULT)].concat(),
            Screen::Monitor(_) => [self.machine_keys(), &of_view(keys::MONITOR)].concat(),
        }
    }

    /// The keys of the machine, or of its recording.
    fn machine_keys(&self) -> bindings::Keys {
        match self.monitored.player {
            Some(_) => bindings::RECORDING,
            None => bindings::MONITOR,
        }
    }

    /// What the footer says: the keys that work now, those of a dialog or a field where there is
    /// one.
    pub fn footer(&self) -> Vec<Binding> {
        match (&self.overlay, &self.screen) {
            (Some(overlay), _) => told(overlay.keys()),
            (None, Screen::Runs) if self.is_typing() => told(bindings::RUNS_FILTER),
            (None, _) if self.is_searching() => told(bindings::HANDOUT_SEARCH),
            (None, Screen::Questions(_)) if self.is_typing() => told(bindings::QUESTIONS_FIELD),
            (None, Screen::Form) if self.is_typing() => told(self.field_keys()),
            (None, _) if self.is_typing() => told(filter::KEYS),
            (None, _) => {
                let mut keys = self.keys();
                keys.retain(|key| self.offers(&key.action));
                told(&keys)
            }
        }
    }

    /// The keys of the form's field that is typed into.
    fn field_keys(&self) -> bindings::Keys {
        let form = self.form.as_ref();
        form.map_or(bindings::FORM_FIELD, FormScreen::field_keys)
    }

    /// Whether an action would do anything where the person is.
    fn offers(&self, action: &Action) -> bool {
        match (action, &self.screen) {
            (Action::View(action), _) => self.view().is_none_or(|view| view.offers(*action)),
            (Action::Questions, _) => self.is_asked(),
            (Action::PickMetric, _) => self.metrics().len() > 1,
            (Action::Found(_), _) => self.has_found(),
            (Action::AskSignal, _) => !self.monitored.view.read_only,
            (Action::Choose, Screen::Home) => self.home.selected(&self.shared).is_some(),
            (_, Screen::Runs) => self.runs.offers(action, &self.shared),
            (_, Screen::Form) => self.form.as_ref().is_none_or(|form| form.offers(action)),
            _ => true,
        }
    }

    /// The help of what is shown: its title, and its keys in groups.
    pub(super) fn help(&self) -> (&'static str, Vec<KeyGroup>) {
        let panels = |keys: Vec<Bound<Action>>| ("Its panels", told(&keys));
        let view_filter = ("While a filter is typed", told(filter::KEYS));
        let search = ("While a search is typed", told(bindings::HANDOUT_SEARCH));
        let (title, mut groups) = match &self.screen {
            Screen::Home => (
                "Keys: home",
                vec![("Here", told(bindings::HOME)), search.clone()],
            ),
            Screen::Form => ("Keys: set up", help_of_form()),
            Screen::Runs => ("Keys: runs", help_of_runs()),
            Screen::Questions(_) => (
                "Keys: questions",
                vec![
                    ("Here", told(bindings::QUESTIONS)),
                    ("While an answer is typed", told(bindings::QUESTIONS_FIELD)),
                    search,
                ],
            ),
            Screen::Compare(_) => (
                "Keys: runs side by side",
                vec![
                    ("The comparison", told(bindings::COMPARE)),
                    panels(of_view(keys::COMPARE)),
                    ("While a file is named", told(bindings::EXPORT)),
                ],
            ),
            Screen::Run | Screen::Watch(_) => (
                "Keys: run",
                vec![self.run_keys(), panels(of_view(keys::RUN)), view_filter],
            ),
            Screen::Monitor(_) => (
                "Keys: this machine",
                vec![
                    ("The machine", told(self.machine_keys())),
                    panels(of_view(keys::MONITOR)),
                    view_filter,
                ],
            ),
            Screen::Result(_) => (
                "Keys: result",
                vec![
                    ("The result", told(bindings::RESULT)),
                    panels(of_view(keys::RESULT)),
                    view_filter,
                    ("While a report is named", told(bindings::EXPORT)),
                    ("While a hand-in is named", told(bindings::HAND_IN)),
                ],
            ),
        };
        groups.push(("Everywhere", told(bindings::GLOBAL)));
        (title, groups)
    }

    /// The keys of a run, by where it is made.
    fn run_keys(&self) -> KeyGroup {
        match &self.screen {
            Screen::Watch(watched) => match watched.feed {
                Feed::Follow => ("The run of another process", told(bindings::FOLLOW)),
                Feed::Replay(_) => ("The run that is played", told(bindings::REPLAY)),
            },
            _ => ("The run", told(bindings::RUN)),
        }
    }

    /// What the palette offers.
    pub(super) fn commands(&self) -> Vec<PaletteRow> {
        let mut entries: Vec<PaletteRow> = self
            .screen_keys()
            .iter()
            .filter_map(PaletteRow::of_key)
            .collect();
        for entry in &mut entries {
            entry.of_screen = true;
        }
        entries.extend(self.metrics());
        entries.extend(self.places());
        entries.extend(self.looks());
        let others = bindings::GLOBAL
            .iter()
            .filter(|key| key.action != Action::Palette);
        entries.extend(others.filter_map(PaletteRow::of_key));
        entries.extend(self.old_runs());
        // Moving about is what people look for last.
        entries.sort_by_key(|entry| entry.label.is_empty());
        entries
    }

    /// The screens that one can go to.
    fn places(&self) -> Vec<PaletteRow> {
        let go = |help: &str, action| PaletteRow::new("go to", help.to_owned(), action);
        let mut out = Vec::new();
        if !matches!(self.screen, Screen::Home) {
            let help = "The first screen: labs, handout, recent runs";
            out.push(go(help, Action::Home));
        }
        if !matches!(self.screen, Screen::Runs) {
            out.push(go("All runs, with a filter", Action::Runs));
        }
        let help = "The set-ups that were kept, to open or to delete one";
        out.push(go(help, Action::Setups));
        if !self.shows_machine() {
            let help = "This machine: cores, memory, GPUs, processes";
            out.push(go(help, Action::Monitor));
        }
        if self.is_running() && !matches!(self.screen, Screen::Run) {
            out.push(go("The run under way", Action::Watch));
        }
        for (index, lab) in self.shared.labs.iter().enumerate() {
            let definition = lab.definition();
            let help = safe(&format!("{}: {}", definition.name, definition.title));
            out.push(PaletteRow::new("set up", help, Action::SetUp(index)));
        }
        out
    }

    /// The metrics of the curves on the screen.
    pub(super) fn metrics(&self) -> Vec<PaletteRow> {
        let chart = self.view().and_then(View::chart);
        let all = chart.map_or(&[][..], |chart| chart.curves.all_metrics());
        let row = |metric: &Metric| {
            let help = match metric {
                Metric::Own(name) => safe(name),
                Metric::Items(name) => format!("{} by item", safe(name)),
                Metric::Throughput => "throughput".to_owned(),
            };
            let action = Action::ShowMetric(metric.clone());
            let mut row = PaletteRow::new("metric", format!("Curves: {help}"), action);
            row.of_screen = true;
            row
        };
        all.iter().map(row).collect()
    }

    fn looks(&self) -> Vec<PaletteRow> {
        let theme = &self.shared.theme;
        let others = ThemeName::ALL
            .into_iter()
            .filter(|name| *name != theme.name);
        let mut out: Vec<PaletteRow> = others
            .map(|name| {
                let help = format!("{}: {}", name.name(), name.about());
                PaletteRow::new("theme", help, Action::Theme(name))
            })
            .collect();
        let tells = Telling::ALL.into_iter().filter(|tell| *tell != self.tell);
        out.extend(tells.map(|tell| {
            let help = format!("When a run ends: {}", tell.about());
            PaletteRow::new("tell", help, Action::Tell(tell))
        }));
        let help = if theme.glyphs.ascii {
            "Draw with blocks, lines and braille"
        } else {
            "Draw with ASCII alone"
        };
        out.push(PaletteRow::new(
            "ascii",
            help.to_owned(),
            Action::Ascii(!theme.glyphs.ascii),
        ));
        out
    }

    fn old_runs(&self) -> impl Iterator<Item = PaletteRow> {
        self.shared.rows().iter().take(RUNS).map(|row| {
            let (status, best) = (row.status(), &row.best);
            let help = format!("{}  {} {} {status}  {best}", row.id, row.lab, row.preset);
            PaletteRow::new("open", safe(&help), Action::Open(row.run.clone()))
        })
    }
}

fn help_of_form() -> Vec<KeyGroup> {
    vec![
        ("Here", told(bindings::FORM)),
        ("While a value is typed", told(bindings::FORM_FIELD)),
        ("While a path is typed", told(bindings::FORM_PATH)),
    ]
}

fn help_of_runs() -> Vec<KeyGroup> {
    vec![
        ("Here", told(bindings::RUNS)),
        ("What a filter can hold", bindings::FILTER_WORDS.to_vec()),
        ("While a filter is typed", told(bindings::RUNS_FILTER)),
    ]
}
