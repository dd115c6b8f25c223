//! What the command palette offers, and doing what was chosen there: always in the way in which the key would.

use std::mem::discriminant;

use super::{App, Back, GLOBAL_KEYS, Screen};
use crate::app::input::Global;
use crate::event::{Effect, Lack};
use crate::keys::Binding;
use crate::keys::{event, told};
use crate::overlay::Overlay;
use crate::overlay::lacking::Lacking;
use crate::overlay::palette::{Deed, Entry, Palette, safe};
use crate::screens::Wish;
use crate::theme::Look;
use crate::theme::ThemeName;

/// The most runs that are offered, the latest first.
const RUNS: usize = 100;

impl App {
    /// Opens the palette.
    pub(super) fn open_palette(&mut self) {
        let mut entries: Vec<Entry> = self.screen_keys().iter().filter_map(of_key).collect();
        entries.extend(self.places());
        entries.extend(self.looks());
        let own = |binding: &&Binding| !binding.keys.contains(&":");
        entries.extend(told(GLOBAL_KEYS).iter().filter(own).filter_map(of_key));
        entries.extend(self.old_runs());
        // Moving about is what people look for last.
        entries.sort_by_key(|entry| entry.label.is_empty());
        let palette = Palette::new(discriminant(&self.screen), entries);
        self.overlay = Some(Overlay::Palette(Box::new(palette)));
    }

    /// Does what was chosen on a screen of that kind.
    pub(super) fn perform(&mut self, deed: Deed, same_screen: bool) -> Vec<Effect> {
        let wish = match deed {
            Deed::Key(key) => {
                let Some(key) = event(key).filter(|_| same_screen) else {
                    self.notice = Some("The screen has changed meanwhile.".to_owned());
                    return Vec::new();
                };
                return self.key(key);
            }
            Deed::Home => Wish::Back,
            Deed::Runs => Wish::Runs,
            Deed::Watch => Wish::Watch,
            Deed::SetUp(lab) => Wish::SetUp(lab),
            Deed::Open(run) => {
                // What was read is shown to those who wait for it: on the list of runs, or at home.
                if !matches!(self.screen, Screen::Home) {
                    self.screen = Screen::Runs;
                }
                Wish::Open(run)
            }
            Deed::Theme(name) => {
                self.draw_with(name, self.shared.look.ascii);
                Wish::Nothing
            }
            Deed::Ascii(ascii) => {
                self.draw_with(self.shared.look.theme.name, ascii);
                Wish::Nothing
            }
        };
        self.grant(wish)
    }

    /// A run could not be made for want of something that can be brought: asks whether to.
    pub(super) fn lacking(&mut self, lack: Lack) -> Vec<Effect> {
        let back = self.live.take().map_or(Back::Home, |live| live.back);
        if matches!(self.screen, Screen::Run) {
            self.go(back);
        }
        if let Some(exit) = self.leaving {
            return vec![Effect::Quit(exit)];
        }
        self.notice = None;
        self.overlay = Some(Overlay::Lacking(Box::new(Lacking::new(lack))));
        Vec::new()
    }

    /// The set-up is over: what it was for is done now.
    pub(super) fn brought(&mut self, brought: Result<Box<Effect>, String>) -> Vec<Effect> {
        match brought.map(|effect| *effect) {
            Ok(Effect::Start(lab, config)) => self.grant(Wish::Start(lab, config)),
            Ok(Effect::Resume(run)) => self.resume(run),
            Ok(other) => vec![other],
            Err(error) => {
                self.notice = Some(error);
                Vec::new()
            }
        }
    }

    fn draw_with(&mut self, name: ThemeName, ascii: bool) {
        self.shared.look = Look::new(self.shared.look.theme.with(name, ascii));
    }

    /// The screens that one can go to.
    fn places(&self) -> Vec<Entry> {
        let go = |help: &str, deed| entry("go to", help.to_owned(), deed);
        let mut out = Vec::new();
        if !matches!(self.screen, Screen::Home) {
            out.push(go(
                "The first screen: labs, handout, recent runs",
                Deed::Home,
            ));
        }
        if !matches!(self.screen, Screen::Runs) {
            out.push(go("All runs, with a filter", Deed::Runs));
        }
        if self.is_running() && !matches!(self.screen, Screen::Run) {
            out.push(go("The run under way", Deed::Watch));
        }
        for (index, lab) in self.shared.labs.iter().enumerate() {
            let definition = lab.definition();
            let help = safe(&format!("{}: {}", definition.name, definition.title));
            out.push(entry("set up", help, Deed::SetUp(index)));
        }
        out
    }

    fn looks(&self) -> Vec<Entry> {
        let look = &self.shared.look;
        let mut out: Vec<Entry> = ThemeName::ALL
            .into_iter()
            .filter(|name| *name != look.theme.name)
            .map(|name| {
                let help = format!("{}: {}", name.name(), name.about());
                entry("theme", help, Deed::Theme(name))
            })
            .collect();
        let help = if look.ascii {
            "Draw with blocks, lines and braille"
        } else {
            "Draw with ASCII alone"
        };
        out.push(entry("ascii", help.to_owned(), Deed::Ascii(!look.ascii)));
        out
    }

    fn old_runs(&self) -> impl Iterator<Item = Entry> {
        self.shared.rows().iter().take(RUNS).map(|row| {
            let help = format!(
                "{}  {} {} {}  {}",
                row.id,
                row.lab,
                row.preset,
                row.status(),
                row.best
            );
            entry("open", safe(&help), Deed::Open(row.run.clone()))
        })
    }
}

fn entry(label: &str, help: String, deed: Deed) -> Entry {
    Entry {
        label: label.to_owned(),
        help,
        key: "",
        deed,
    }
}

/// The row of a key.
fn of_key(binding: &Binding) -> Option<Entry> {
    let key = *binding.keys.first()?;
    Some(Entry {
        label: binding.label.to_owned(),
        help: binding.help.trim_end_matches('.').to_owned(),
        key,
        deed: Deed::Key(key),
    })
}

/// Whether a key opens the palette even while something is typed.
pub(super) fn opens_palette(name: &str) -> bool {
    let binding = GLOBAL_KEYS.iter().find(|key| key.action == Global::Palette);
    // A character that stands for itself is text there.
    name.starts_with("ctrl-") && binding.is_some_and(|key| key.binding.keys.contains(&name))
}
