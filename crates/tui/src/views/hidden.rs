//! Panels that a person has hidden: what stays takes their room, and a line names them.

use std::hash::Hash;

use ratatui::layout::Rect;

use super::panels::{Arranged, Hidden, Panels};
use crate::kit::{Pane, Scroll, below};

/// A panel whose name is kept, for the next time.
pub trait NamedPanel: Copy + Eq + Hash + Default + 'static {
    /// All panels of the screen.
    const ALL: &'static [Self];

    /// Its name.
    fn name(self) -> &'static str;
}

impl<P: NamedPanel> Arranged<'_, P> {
    /// The same without some panels; what stands beside them takes their room.
    #[must_use]
    pub fn without(mut self, gone: &[P]) -> Self {
        let is_gone = |panel: &P| gone.contains(panel);
        while let Some(at) = self.places.iter().position(|(panel, _)| is_gone(panel)) {
            let (_, room) = self.places.remove(at);
            self.give(room);
        }
        if let Some(tabs) = &mut self.tabs {
            tabs.all.retain(|tab| !is_gone(&tab.panel));
        }
        if let Some(tabs) = self.tabs.take_if(|tabs| tabs.all.is_empty()) {
            self.give(tabs.bar.union(tabs.body));
        }
        if let Some(hidden) = &mut self.hidden {
            hidden.all.retain(|(panel, _)| !is_gone(panel));
        }
        self.hidden = self.hidden.take_if(|hidden| !hidden.all.is_empty());
        self
    }

    /// Gives an area to what stands right beside it, or above or below it.
    fn give(&mut self, room: Rect) {
        let tabs = self.tabs.as_mut().map(|tabs| &mut tabs.body);
        let mut areas: Vec<&mut Rect> = self.places.iter_mut().map(|(_, area)| area).collect();
        areas.extend(tabs);
        for side in [Side::Left, Side::Right, Side::Above, Side::Below] {
            let fitting: Vec<usize> = (0..areas.len())
                .filter(|at| side.touches(*areas[*at], room))
                .collect();
            let covered: u16 = fitting.iter().map(|at| side.length(*areas[*at])).sum();
            if covered == side.length(room) && covered > 0 {
                for at in fitting {
                    *areas[at] = side.lane(*areas[at], room);
                }
                return;
            }
        }
    }
}

impl<P: NamedPanel> Panels<P> {
    /// Where the panels go less those that are hidden, each as tall as a person has made it.
    pub fn open<'a>(
        &mut self,
        body: Rect,
        arrange: impl Fn(Rect) -> Arranged<'a, P>,
    ) -> Arranged<'a, P> {
        if self.zoomed {
            return arrange(body);
        }
        let gone = self.out_of_sight();
        let height = body.height - u16::from(!gone.is_empty() && body.height > 0);
        let open = arrange(Rect { height, ..body }).without(&gone);
        let (open, lines) = open.resized(&self.lines);
        // More than there is room for is not asked for again.
        if let Some(resized) = self.resized.take() {
            let of_it = |(panel, _): &&(P, i16)| *panel == resized;
            let now = lines.iter().find(of_it).map_or(0, |(_, lines)| *lines);
            let wanted = self.lines.iter_mut();
            let wanted = wanted.filter(|(panel, _)| *panel == resized);
            wanted.for_each(|(_, lines)| *lines = now);
            self.lines.retain(|(_, lines)| *lines != 0);
        }
        open
    }

    /// Draws the panels that are [open](Self::open), and the line that names those that are hidden.
    pub fn draw_open(
        &mut self,
        pane: &mut Pane<'_>,
        (body, open): (Rect, Arranged<'_, P>),
        one: impl FnMut(Pane<'_>, P, &mut Scroll),
    ) {
        let gone = self.out_of_sight();
        self.draw(pane, (body, open), one);
        if !gone.is_empty() && !self.zoomed {
            let line = line_of(&gone, below(body, body.height.saturating_sub(1)));
            self.add_tabs(line.draw(pane));
        }
    }
}

/// Where something stands beside an area.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
    Above,
    Below,
}

impl Side {
    /// Whether an area stands on this side of the room, within its width or height.
    fn touches(self, area: Rect, room: Rect) -> bool {
        let beside = room.y <= area.y && area.bottom() <= room.bottom();
        let in_line = room.x <= area.x && area.right() <= room.right();
        match self {
            Self::Left => beside && area.right() == room.x,
            Self::Right => beside && area.x == room.right(),
            Self::Above => in_line && area.bottom() == room.y,
            Self::Below => in_line && area.y == room.bottom(),
        }
    }

    /// The length of the edge that touches.
    fn length(self, area: Rect) -> u16 {
        match self {
            Self::Left | Self::Right => area.height,
            Self::Above | Self::Below => area.width,
        }
    }

    /// The area and the part of the room that is in its line.
    fn lane(self, area: Rect, room: Rect) -> Rect {
        let both = area.union(room);
        match self {
            Self::Left | Self::Right => Rect {
                y: area.y,
                height: area.height,
                ..both
            },
            Self::Above | Self::Below => Rect {
                x: area.x,
                width: area.width,
                ..both
            },
        }
    }
}

/// The line that names hidden panels.
pub fn line_of<P: NamedPanel>(gone: &[P], bar: Rect) -> Hidden<P> {
    Hidden {
        bar,
        all: gone.iter().map(|panel| (*panel, panel.name())).collect(),
        texts: ("hidden:", "Tab goes there, X shows it again"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::views::run::RunPanel;

    /// Two bands, the lower one of two panels.
    fn places() -> Vec<(RunPanel, Rect)> {
        vec![
            (RunPanel::Arms, Rect::new(0, 0, 80, 8)),
            (RunPanel::Cores, Rect::new(0, 8, 40, 10)),
            (RunPanel::Timeline, Rect::new(40, 8, 40, 10)),
            (RunPanel::Log, Rect::new(0, 18, 80, 5)),
        ]
    }

    fn area(places: &[(RunPanel, Rect)]) -> u32 {
        places.iter().map(|(_, area)| area.area()).sum()
    }

    #[test]
    fn neighbours_take_the_room() {
        let without = |gone: &[RunPanel]| Arranged::placed(places()).without(gone).places;
        let beside = without(&[RunPanel::Timeline]);
        assert_eq!(beside[1], (RunPanel::Cores, Rect::new(0, 8, 80, 10)));
        let above = without(&[RunPanel::Log]);
        assert_eq!(above[1].1.height, 15);
        assert_eq!(above[2].1.height, 15);
        let band = without(&[RunPanel::Cores, RunPanel::Timeline]);
        assert_eq!(band[0], (RunPanel::Arms, Rect::new(0, 0, 80, 18)));
    }

    proptest! {
        /// Whatever is hidden, the rest fills the screen and nothing lies over anything.
        #[test]
        fn the_rest_fills_the_screen(gone in prop::collection::vec(0..4_usize, 0..4)) {
            let all = places();
            let gone: Vec<RunPanel> = gone.into_iter().map(|at| all[at].0).collect();
            let rest = Arranged::placed(places()).without(&gone).places;
            if !rest.is_empty() {
                prop_assert_eq!(area(&rest), area(&all));
            }
            for (at, (_, a)) in rest.iter().enumerate() {
                prop_assert!(rest[at + 1..].iter().all(|(_, b)| !a.intersects(*b)));
            }
        }
    }
}
