//! Where the panels of the Run screen go, by the size of the screen and by what there is to show.
//!
//! What has no room is dropped: log and curves first, then the GPUs, then the timeline, then the
//! cores; the arms and the panel that keys act on stay. Where slots tell how they stand, they stay
//! too, then log and curves, and the timeline goes first.

use ratatui::layout::Rect;

use super::panel::RunPanel;
use crate::kit::below;
use crate::views::panels::{Arranged, Hidden};

/// Lines below which every one counts.
const TIGHT: u16 = 28;

/// What there is to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// Arms times numbers of workers.
    pub arms: u16,
    /// Slots of the repeat under way.
    pub slots: u16,
    /// Slots of the repeat of the plan that has the most.
    pub tallest: u16,
    /// Lines that the last repeats of all arms take.
    pub ended: u16,
    /// Slots that tell how they stand; 0 where none does.
    pub told: u16,
    /// Items of the repeat that have a life of their own; 0 where none has.
    pub items: u16,
    /// Cores of the machine.
    pub cores: u16,
    /// GPUs of the machine.
    pub gpus: u16,
    /// Whether anything was measured over steps or time.
    pub curves: bool,
}

/// A strip of the screen: its panels side by side, the least height that makes sense, the height
/// that shows everything, and the height at which more would be waste.
struct Band {
    panels: Vec<RunPanel>,
    least: u16,
    natural: u16,
    most: u16,
    /// The band with the lowest priority is dropped first.
    priority: u8,
}

impl Contents {
    /// Every panel that there is something to show in, in the order of the screen.
    pub fn panels(self) -> Vec<RunPanel> {
        let mut panels = vec![RunPanel::Arms, RunPanel::Cores];
        if self.gpus > 0 {
            panels.push(RunPanel::Gpus);
        }
        if self.told > 0 {
            panels.push(RunPanel::Slots);
        }
        if self.items > 0 {
            panels.push(RunPanel::Items);
        }
        panels.push(RunPanel::Timeline);
        if self.curves {
            panels.push(RunPanel::Curves);
        }
        panels.push(RunPanel::Log);
        panels
    }

    /// The same for the repeat of the plan that has the most slots.
    fn of_tallest(self) -> Self {
        let slots = self.tallest.max(self.slots);
        Self {
            slots,
            told: if self.told > 0 { slots.max(1) } else { 0 },
            ..self
        }
    }

    /// Where room is kept for the tallest repeat of the plan, so that panels keep their places from
    /// repeat to repeat; where that would take lines from others, for the one under way.
    fn fitted(self, area: Rect, focus: RunPanel) -> Self {
        let tallest = self.of_tallest();
        let places = arrange(area, tallest, focus);
        let whole = |(panel, place): &(RunPanel, Rect)| {
            place.height >= tallest.heights(*panel, place.width).1
        };
        if places.len() == tallest.panels().len() && places.iter().all(whole) {
            tallest
        } else {
            self
        }
    }

    fn band(self, panels: &[RunPanel], width: u16) -> Band {
        let each = width / panels.len().max(1) as u16;
        let sizes = panels.iter().map(|panel| self.size(*panel, each));
        let (mut least, mut natural, mut most, mut priority) = (0, 0, 0, 0);
        for (a, b, c, r) in sizes {
            least = least.max(a);
            natural = natural.max(b);
            most = most.max(c);
            priority = priority.max(r);
        }
        Band {
            panels: panels.to_vec(),
            least,
            natural: natural.max(least),
            most: most.max(natural),
            priority,
        }
    }

    /// Least, natural and largest height of a panel with its border, and its priority.
    fn size(self, panel: RunPanel, width: u16) -> (u16, u16, u16, u8) {
        let (least, natural, most) = self.heights(panel, width);
        (least, natural, most, self.priority(panel))
    }

    fn priority(self, panel: RunPanel) -> u8 {
        match (panel, self.told > 0) {
            (RunPanel::Arms, _) => 6,
            (RunPanel::Slots | RunPanel::Items, _) => 5,
            (RunPanel::Cores, false) | (RunPanel::Log, true) => 4,
            (RunPanel::Timeline, false) | (RunPanel::Curves, true) => 3,
            (RunPanel::Gpus, _) | (RunPanel::Cores, true) => 2,
            (RunPanel::Curves | RunPanel::Log, false) | (RunPanel::Timeline, true) => 1,
        }
    }

    fn heights(self, panel: RunPanel, width: u16) -> (u16, u16, u16) {
        match panel {
            RunPanel::Arms => {
                let all = self.arms.max(1).saturating_add(3);
                (all.min(9), all.min(20), all.min(24))
            }
            RunPanel::Cores => {
                let rows = super::cores::rows_for(self.cores, width.saturating_sub(4));
                let all = rows.saturating_add(5);
                (
                    all.min(6),
                    all.min(24),
                    rows.saturating_mul(4).saturating_add(6).min(30),
                )
            }
            RunPanel::Timeline => {
                let all = self.slots.max(1).saturating_add(4);
                // The last repeats of the arms come below it.
                let both = all.saturating_add(self.ended).saturating_add(1);
                let tall = self.slots.max(1).saturating_mul(3).saturating_add(4);
                (all.min(6), both.min(24), tall.max(both).min(40))
            }
            RunPanel::Gpus => {
                let all = super::gpus::height_for(self.gpus, width).saturating_add(2);
                (all.min(6), all.min(18), all.saturating_add(3))
            }
            RunPanel::Slots => super::slots::heights(self.told),
            RunPanel::Items => super::items::heights(self.items),
            RunPanel::Curves => (7, 13, 24),
            RunPanel::Log => (4, 7, u16::MAX),
        }
    }
}

/// The panels and their areas, and a line that names those that have no room.
pub fn with_hidden(area: Rect, contents: Contents, focus: RunPanel) -> Arranged<'static, RunPanel> {
    let arranged = |places: Vec<(RunPanel, Rect)>, hidden| Arranged {
        places,
        tabs: None,
        hidden,
    };
    let is_hidden = |places: &[(RunPanel, Rect)], panel: RunPanel| {
        places.iter().all(|(shown, _)| *shown != panel)
    };
    let contents = contents.fitted(area, focus);
    let places = arrange(area, contents, focus);
    let all = contents.panels();
    if !all.iter().any(|panel| is_hidden(&places, *panel)) {
        return arranged(places, None);
    }
    let above = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let places = arrange(above, contents, focus);
    let hidden = all.iter().filter(|panel| is_hidden(&places, **panel));
    let hidden = Hidden {
        bar: below(area, above.height),
        all: hidden.map(|panel| (*panel, panel.name())).collect(),
        texts: ("no room for", "Tab goes there"),
    };
    arranged(places, Some(hidden))
}

/// The panels and their areas, from the top left.
fn arrange(area: Rect, contents: Contents, focus: RunPanel) -> Vec<(RunPanel, Rect)> {
    use RunPanel::{Arms, Cores, Curves, Gpus, Items, Log, Slots, Timeline};
    if area.is_empty() {
        return Vec::new();
    }
    let gpus = contents.gpus > 0;
    if area.width >= 160 && area.height >= 34 {
        let left = Rect {
            width: area.width * 3 / 5,
            ..area
        };
        let right = Rect {
            x: left.right(),
            width: area.width - left.width,
            ..area
        };
        // Many slots fill the left side by themselves.
        let tall = contents.slots >= 12;
        let mut right_bands: Vec<&[RunPanel]> = vec![&[Cores]];
        let mut left_bands: Vec<&[RunPanel]> = vec![&[Arms]];
        if contents.told > 0 {
            left_bands.push(&[Slots]);
        }
        if contents.items > 0 {
            left_bands.push(&[Items]);
        }
        left_bands.push(&[Timeline]);
        if gpus {
            right_bands.push(&[Gpus]);
        }
        if contents.curves {
            right_bands.push(&[Curves]);
        }
        if tall {
            right_bands.push(&[Log]);
        } else {
            left_bands.push(&[Log]);
        }
        let mut out = stack(left, (contents, focus), &left_bands);
        out.extend(stack(right, (contents, focus), &right_bands));
        return out;
    }
    if contents.told > 0 || contents.items > 0 {
        return stack(area, (contents, focus), &with_slots(area, contents));
    }
    let bands: &[&[RunPanel]] = match (gpus, area.height >= 34, contents.curves) {
        (true, true, true) => &[&[Arms], &[Cores, Gpus], &[Timeline], &[Curves, Log]],
        (true, false, true) => &[&[Arms], &[Cores, Gpus], &[Timeline, Curves], &[Log]],
        (true, _, false) => &[&[Arms], &[Cores, Gpus], &[Timeline], &[Log]],
        (false, true, true) => &[&[Arms], &[Cores], &[Timeline], &[Curves, Log]],
        (false, true, false) => &[&[Arms], &[Cores], &[Timeline], &[Log]],
        (false, false, true) => &[&[Arms], &[Cores, Timeline], &[Curves, Log]],
        (false, false, false) => &[&[Arms], &[Cores, Timeline], &[Log]],
    };
    stack(area, (contents, focus), bands)
}

/// The strips where slots tell how they stand, or items do, one below the other.
fn with_slots(area: Rect, contents: Contents) -> Vec<&'static [RunPanel]> {
    use RunPanel::{Arms, Cores, Curves, Gpus, Items, Log, Slots, Timeline};
    let mut bands: Vec<&'static [RunPanel]> = vec![&[Arms]];
    if contents.told > 0 {
        bands.push(&[Slots]);
    }
    if contents.items > 0 {
        bands.push(&[Items]);
    }
    if contents.gpus > 0 {
        bands.extend([&[Cores, Gpus][..], &[Timeline]]);
    } else {
        bands.push(&[Cores, Timeline]);
    }
    // Many slots leave no room for the curves, and without them the log needs little.
    let tight = area.height < TIGHT - 2 && contents.told > 4;
    match (contents.curves, tight) {
        (true, true) => bands.extend([&[Curves][..], &[Log]]),
        (true, false) => bands.push(&[Curves, Log]),
        (false, _) => bands.push(&[Log]),
    }
    bands
}

fn stack(
    area: Rect,
    (contents, focus): (Contents, RunPanel),
    rows: &[&[RunPanel]],
) -> Vec<(RunPanel, Rect)> {
    let mut bands: Vec<Band> = rows
        .iter()
        .map(|row| contents.band(row, area.width))
        .collect();
    while bands.len() > 1 && bands.iter().map(|b| b.least).sum::<u16>() > area.height {
        // The panel that keys act on stays, whatever its priority.
        let priority = |i: &usize| (bands[*i].panels.contains(&focus), bands[*i].priority);
        let lowest = (0..bands.len()).min_by_key(priority).unwrap_or(0);
        bands.remove(lowest);
    }
    let heights = heights(&bands, area.height);
    let mut out = Vec::new();
    let mut y = area.y;
    for (band, height) in bands.iter().zip(heights) {
        let n = band.panels.len() as u16;
        let mut x = area.x;
        for (i, panel) in (1..).zip(&band.panels) {
            let right = area.x + (u32::from(area.width) * i / u32::from(n)) as u16;
            out.push((
                *panel,
                Rect {
                    x,
                    y,
                    width: right - x,
                    height,
                },
            ));
            x = right;
        }
        y += height;
    }
    out
}

/// Gives every band its least height, then what shows everything, then what makes it pleasant; the
/// last takes the rest.
fn heights(bands: &[Band], total: u16) -> Vec<u16> {
    let mut heights: Vec<u16> = bands.iter().map(|b| b.least).collect();
    let mut left = total.saturating_sub(heights.iter().sum());
    let mut order: Vec<usize> = (0..bands.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(bands[*i].priority));
    for goal in [
        |b: &Band| b.natural,
        |b: &Band| b.most.min(b.natural.saturating_mul(2)),
    ] {
        // Line by line, so that nobody starves where there is not enough for all.
        loop {
            let before = left;
            for i in &order {
                if left > 0 && heights[*i] < goal(&bands[*i]) {
                    heights[*i] += 1;
                    left -= 1;
                }
            }
            if left == before {
                break;
            }
        }
    }
    if let Some(last) = heights.last_mut() {
        *last += left;
    }
    if let Some(first) = heights.first_mut() {
        *first = (*first).min(total);
    }
    heights
}
