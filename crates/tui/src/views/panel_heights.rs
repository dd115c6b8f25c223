//! Panels that a person has made taller or lower: the edge below them moves, and what stands there
//! gives or takes the lines.

use ratatui::layout::Rect;

use super::panels::Arranged;

/// Lines that a panel keeps while a neighbour grows: its border and one more.
const LEAST: u16 = 3;

impl<P: Copy + Eq> Arranged<'_, P> {
    /// The same with panels taller or lower by some lines, as far as there is room. Gives the lines
    /// by which each is indeed.
    #[must_use]
    pub fn resized(mut self, wanted: &[(P, i16)]) -> (Self, Vec<(P, i16)>) {
        let moved = wanted.iter().filter_map(|(panel, lines)| {
            let moved = self.move_edge(*panel, *lines)?;
            Some((*panel, moved))
        });
        let moved = moved.collect();
        (self, moved)
    }

    /// Moves the edge below a panel, or above it where it is the lowest.
    fn move_edge(&mut self, panel: P, lines: i16) -> Option<i16> {
        let areas = self.areas();
        let own = self.places.iter().position(|(placed, _)| *placed == panel);
        let open = || self.tabs.iter().flat_map(|tabs| &tabs.all);
        let own = own.or_else(|| {
            let in_tabs = open().any(|tab| tab.panel == panel);
            in_tabs.then(|| areas.len() - 1)
        })?;
        let (edge, down) = match Edge::touching(&areas, own, areas[own].bottom()) {
            Some(edge) => (edge, lines),
            // What is lowest grows upwards.
            None => (Edge::touching(&areas, own, areas[own].y)?, -lines),
        };
        let room = |side: &[usize]| {
            let heights = side.iter().map(|at| areas[*at].height);
            i16::try_from(heights.min().unwrap_or(0).saturating_sub(LEAST)).unwrap_or(i16::MAX)
        };
        let by = down.clamp(-room(&edge.above), room(&edge.below));
        for at in edge.above {
            self.shift(at, (0, by));
        }
        for at in edge.below {
            self.shift(at, (by, 0));
        }
        Some(if down == lines { by } else { -by })
    }

    /// The areas of all panels; last that of the tabs, with the lines above their bar that are
    /// theirs.
    fn areas(&self) -> Vec<Rect> {
        let mut areas: Vec<Rect> = self.places.iter().map(|(_, area)| *area).collect();
        areas.extend(self.tabs.as_ref().map(|tabs| {
            let above = areas.iter().map(|area| area.bottom());
            let above = above.filter(|y| *y <= tabs.bar.y).max();
            let y = above.unwrap_or(tabs.bar.y);
            let height = tabs.body.bottom().saturating_sub(y);
            Rect {
                y,
                height,
                ..tabs.bar
            }
        }));
        areas
    }

    /// Moves the upper and the lower edge of an area by so many lines.
    fn shift(&mut self, at: usize, (upper, lower): (i16, i16)) {
        let moved = |area: Rect| {
            let y = area.y.saturating_add_signed(upper);
            let bottom = area.bottom().saturating_add_signed(lower);
            Rect {
                y,
                height: bottom.saturating_sub(y),
                ..area
            }
        };
        if let Some((_, area)) = self.places.get_mut(at) {
            *area = moved(*area);
        } else if let Some(tabs) = &mut self.tabs {
            tabs.bar.y = tabs.bar.y.saturating_add_signed(upper);
            tabs.body = moved(tabs.body);
        }
    }
}

/// A line of the screen along which areas end and others begin, no further to the sides than they
/// touch.
struct Edge {
    above: Vec<usize>,
    below: Vec<usize>,
}

impl Edge {
    /// The edge at `y` that an area has a part in; `None` where nothing is on its other side.
    fn touching(areas: &[Rect], own: usize, y: u16) -> Option<Self> {
        let (mut above, mut below) = (Vec::new(), Vec::new());
        if areas[own].bottom() == y {
            above.push(own);
        } else {
            below.push(own);
        }
        loop {
            let before = above.len() + below.len();
            join(areas, &mut above, &below, |area| area.bottom() == y);
            join(areas, &mut below, &above, |area| area.y == y);
            if above.len() + below.len() == before {
                break;
            }
        }
        let is_between = !above.is_empty() && !below.is_empty();
        is_between.then_some(Self { above, below })
    }
}

/// Adds the areas that lie in line with some on the other side.
fn join(areas: &[Rect], to: &mut Vec<usize>, other: &[usize], ends: impl Fn(Rect) -> bool) {
    for (at, area) in areas.iter().enumerate() {
        let in_line = |other: &usize| {
            let other = areas[*other];
            area.x < other.right() && other.x < area.right()
        };
        if ends(*area) && !to.contains(&at) && other.iter().any(in_line) {
            to.push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kit::tabs::Tab;
    use crate::views::panels::Tabs;

    /// Two bands, the lower one of two panels, and tabs below with a line of their own above.
    fn arranged() -> Arranged<'static, u8> {
        let tab = |panel| Tab {
            panel,
            name: "tab",
            mark: None,
        };
        Arranged {
            places: vec![
                (0, Rect::new(0, 0, 80, 8)),
                (1, Rect::new(0, 8, 40, 10)),
                (2, Rect::new(40, 8, 40, 10)),
            ],
            tabs: Some(Tabs {
                bar: Rect::new(0, 19, 80, 1),
                body: Rect::new(0, 20, 80, 10),
                all: vec![tab(3), tab(4)],
            }),
            hidden: None,
        }
    }

    #[test]
    fn an_edge_moves_with_all_that_stand_at_it() {
        let (taller, moved) = arranged().resized(&[(1, 3)]);
        assert_eq!(moved, [(1, 3)]);
        assert_eq!(taller.places[1].1, Rect::new(0, 8, 40, 13));
        assert_eq!(taller.places[2].1, Rect::new(40, 8, 40, 13));
        let tabs = taller.tabs.unwrap();
        assert_eq!((tabs.bar.y, tabs.body), (22, Rect::new(0, 23, 80, 7)));
    }

    #[test]
    fn the_lowest_grows_upwards_and_nothing_vanishes() {
        let (taller, moved) = arranged().resized(&[(4, 100)]);
        assert_eq!(moved, [(4, 7)]);
        assert_eq!(taller.places[1].1.height, LEAST);
        assert_eq!(taller.tabs.unwrap().body, Rect::new(0, 13, 80, 17));
        let (_, moved) = arranged().resized(&[(0, -100), (9, 3)]);
        assert_eq!(moved, [(0, -5)]);
    }

    proptest! {
        /// Whatever is asked for, the panels fill the screen, and none lies over another.
        #[test]
        fn the_screen_stays_filled(wanted in prop::collection::vec((0..5_u8, -40..40_i16), 0..6)) {
            let (all, _) = arranged().resized(&wanted);
            let areas = all.areas();
            prop_assert_eq!(areas.iter().map(|area| area.area()).sum::<u32>(), 80 * 30);
            for (at, area) in areas.iter().enumerate() {
                prop_assert!(area.height >= LEAST);
                prop_assert!(areas[at + 1..].iter().all(|other| !area.intersects(*other)));
            }
        }
    }
}
