//! The panels of a view: which of them keys act on, how far each is scrolled, and where each was
//! drawn last, which is the way from a click to what was meant.

use std::collections::HashMap;
use std::hash::Hash;

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::ViewAction;
use crate::kit::Motion;
use crate::kit::tabs::{self, Tab};
use crate::kit::{Pane, Scroll};

/// Where panels go.
pub struct Arranged<'a, P> {
    /// Those with places of their own.
    pub places: Vec<(P, Rect)>,
    /// Those of which one is open at a time.
    pub tabs: Option<Tabs<'a, P>>,
    /// Those that have no room.
    pub hidden: Option<Hidden<P>>,
}

/// Panels that have no room, and the line that names them.
pub struct Hidden<P> {
    /// The line.
    pub bar: Rect,
    /// The panels with their names.
    pub all: Vec<(P, &'static str)>,
    /// What stands before the names, and what is said after them.
    pub texts: (&'static str, &'static str),
}

/// Panels of which one is open at a time, and a line that names them all.
pub struct Tabs<'a, P> {
    /// The line.
    pub bar: Rect,
    /// Where the open panel goes.
    pub body: Rect,
    /// The panels, in order.
    pub all: Vec<Tab<'a, P>>,
}

/// What the mouse asks of a panel itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// Move in it.
    Move(Motion),
    /// What is at the place of the mouse.
    Click,
}

/// The state of the panels of a view.
#[derive(Debug, Clone, Default)]
pub struct Panels<P> {
    /// The panel that keys act on.
    pub focus: P,
    /// It has the whole screen.
    pub zoomed: bool,
    /// The tab that was open last.
    open: Option<P>,
    scroll: HashMap<P, Scroll>,
    /// The panels that a person has hidden. The one that keys act on is shown all the same.
    hidden: Vec<P>,
    /// The lines by which a person has made panels taller, or lower.
    pub(super) lines: Vec<(P, i16)>,
    /// The panel that was made so last, until it is drawn.
    pub(super) resized: Option<P>,
    /// The panels to choose from.
    shown: Vec<P>,
    places: Vec<(P, Rect)>,
    tabs: Vec<(P, Rect)>,
}

impl<P: Copy + Eq + Hash + Default> Panels<P> {
    /// Does what an action asks for, where it concerns the choice of a panel; whether it did.
    pub fn act(&mut self, action: ViewAction) -> bool {
        match action {
            ViewAction::NextPanel => self.step(1),
            ViewAction::PrevPanel => self.step(self.shown.len().saturating_sub(1)),
            ViewAction::Zoom => self.zoomed = !self.zoomed,
            ViewAction::Hide => self.turn_hidden(),
            ViewAction::Taller => self.resize(1),
            ViewAction::Lower => self.resize(-1),
            _ => return false,
        }
        true
    }

    /// The neighbour of the panel that keys act on, round the ends; the first where it is gone.
    fn step(&mut self, by: usize) {
        let at = self.shown.iter().position(|panel| *panel == self.focus);
        let next = at.map_or(0, |at| (at + by) % self.shown.len());
        self.focus = self.shown.get(next).copied().unwrap_or(self.focus);
    }

    /// Hides the panel that keys act on, or shows it again. One stays.
    fn turn_hidden(&mut self) {
        if let Some(at) = self.hidden.iter().position(|panel| *panel == self.focus) {
            self.hidden.remove(at);
            return;
        }
        let is_open = |panel: &&P| !self.hidden.contains(panel);
        if self.shown.iter().filter(is_open).count() < 2 {
            return;
        }
        self.hidden.push(self.focus);
        self.zoomed = false;
        while self.hidden.contains(&self.focus) {
            self.step(1);
        }
    }

    /// Makes the panel that keys act on taller.
    fn resize(&mut self, by: i16) {
        let at = self
            .lines
            .iter()
            .position(|(panel, _)| *panel == self.focus);
        let before = at.map_or(0, |at| self.lines.remove(at).1);
        // What was resized last decides where it shares an edge.
        self.lines.push((self.focus, before.saturating_add(by)));
        self.resized = Some(self.focus);
    }

    /// More names to be clicked.
    pub fn add_tabs(&mut self, tabs: Vec<(P, Rect)>) {
        self.tabs.extend(tabs);
    }

    /// The panels that are hidden.
    pub fn hidden(&self) -> &[P] {
        &self.hidden
    }

    /// Hides these panels alone.
    pub fn hide(&mut self, hidden: Vec<P>) {
        self.hidden = hidden;
    }

    /// The panels that would be in sight if they were not hidden.
    pub fn out_of_sight(&self) -> Vec<P> {
        let gone = |panel: &&P| self.hidden.contains(panel) && **panel != self.focus;
        self.shown.iter().filter(gone).copied().collect()
    }

    /// Takes back that a panel has the whole screen; whether one had.
    pub fn step_back(&mut self) -> bool {
        std::mem::take(&mut self.zoomed)
    }

    /// Whether one of some panels is in sight.
    pub fn shows(&self, panels: &[P]) -> bool {
        let mut places = self.places.iter();
        places.any(|(panel, _)| panels.contains(panel))
    }

    /// Whether there are several to choose from.
    pub fn are_several(&self) -> bool {
        self.shown.len() > 1
    }

    /// How far a panel is scrolled.
    pub fn scroll(&mut self, panel: P) -> &mut Scroll {
        self.scroll.entry(panel).or_default()
    }

    /// A click goes to a panel or a tab, and on the title of the chosen panel it zooms; what it
    /// and the wheel ask of a panel is told.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<(P, Pointed)> {
        let at = (event.column, event.row).into();
        let over =
            |places: &[(P, Rect)]| places.iter().find(|(_, area)| area.contains(at)).copied();
        let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
        if let Some((panel, _)) = over(&self.tabs).filter(|_| pressed) {
            self.focus = panel;
            return None;
        }
        let (panel, area) = over(&self.places)?;
        let pointed = match event.kind {
            MouseEventKind::ScrollDown => Pointed::Move(Motion::Down),
            MouseEventKind::ScrollUp => Pointed::Move(Motion::Up),
            _ if pressed => Pointed::Click,
            _ => return None,
        };
        if pressed {
            self.zoomed ^= event.row == area.y && panel == self.focus;
            self.focus = panel;
        }
        Some((panel, pointed))
    }

    /// Says which panels there are to choose from.
    pub fn choose_from(&mut self, shown: impl IntoIterator<Item = P>) {
        self.shown = shown.into_iter().collect();
        if !self.shown.contains(&self.focus) {
            self.focus = P::default();
        }
    }

    /// Draws the panels as they are arranged, each by `one`, and the line of tabs.
    pub fn draw(
        &mut self,
        pane: &mut Pane<'_>,
        (body, arranged): (Rect, Arranged<'_, P>),
        mut one: impl FnMut(Pane<'_>, P, &mut Scroll),
    ) {
        self.places = arranged.places;
        self.tabs.clear();
        if self.zoomed {
            self.places = vec![(self.focus, body)];
        } else if let Some(Tabs { bar, body, all }) = arranged.tabs {
            let is_tab = |panel: &P| all.iter().any(|tab| tab.panel == *panel);
            let known = [Some(self.focus), self.open].into_iter().flatten();
            let first = || all.first().map(|tab| tab.panel);
            self.open = known.clone().find(is_tab).or_else(first);
            let keys_act = self.open == Some(self.focus);
            self.tabs = tabs::draw(&mut pane.part(bar), &all, (self.open, keys_act));
            self.places.extend(self.open.map(|open| (open, body)));
        }
        if let Some(hidden) = arranged.hidden.filter(|_| !self.zoomed) {
            self.tabs.extend(hidden.draw(pane));
        }
        for (panel, place) in self.places.clone() {
            let mut place = pane.part(place);
            place.focused = self.focus == panel;
            one(place, panel, self.scroll(panel));
        }
    }
}

impl<P: Copy> Hidden<P> {
    /// Names the panels; tells where each name is, to be clicked.
    pub fn draw(&self, pane: &mut Pane<'_>) -> Vec<(P, Rect)> {
        let theme = pane.theme;
        let mut bar = pane.part(self.bar);
        let right = bar.area.right();
        let mut row = bar.row(0);
        row.skip(1).text(self.texts.0, theme.dim);
        let mut places = Vec::new();
        for (panel, name) in &self.all {
            row.skip(1);
            let before = row.rest();
            row.text(&format!(" {name} "), theme.accent);
            let area = Rect {
                x: right - before,
                width: before - row.rest(),
                height: 1,
                ..self.bar
            };
            places.push((*panel, area));
        }
        row.skip(1).whole(self.texts.1, theme.dim);
        places
    }
}

impl<P> Arranged<'_, P> {
    /// Panels that all have places of their own.
    pub fn placed(places: Vec<(P, Rect)>) -> Self {
        Self {
            places,
            tabs: None,
            hidden: None,
        }
    }
}

impl<P: Copy> Arranged<'_, P> {
    /// All panels, in their order.
    pub fn panels(&self) -> impl Iterator<Item = P> {
        let placed = self.places.iter().map(|(panel, _)| *panel);
        let tabs = self.tabs.iter().flat_map(|tabs| &tabs.all);
        placed.chain(tabs.map(|tab| tab.panel))
    }
}
