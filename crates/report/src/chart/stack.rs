//! Stacked bars: what the parts of each look like, with hatching for those that wait, so that they
//! stand out without colour.

use super::marks::{Chart, Lettering, SOLID};
use super::palette::Role;
use crate::{breakdown, format};
use workbench_record::Part;

/// Distance between the lines of a hatching, in pixels along the bar.
const HATCH: f64 = 5.0;

/// What the parts look like, by name.
pub(super) struct StackedParts<'a> {
    looks: Vec<(&'a str, PartLook)>,
}

/// How one part is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartLook {
    role: Role,
    hatched: bool,
}

impl<'a> StackedParts<'a> {
    /// Work takes the tones in turn, in order of appearance; waiting is always the same.
    pub fn new(parts: &[&'a Part], tones: &[Role]) -> Self {
        let mut tones = tones.iter().cycle();
        let looks = breakdown::names(parts.iter().copied())
            .into_iter()
            .map(|name| {
                let waits = parts.iter().any(|part| part.name == name && part.waits);
                let role = if waits {
                    Role::Lost(2)
                } else {
                    *tones.next().unwrap_or(&Role::Muted)
                };
                let hatched = waits;
                (name, PartLook { role, hatched })
            });
        Self {
            looks: looks.collect(),
        }
    }

    /// What they mean, in a line from `left` on; where it ends.
    pub fn legend(&self, chart: &mut Chart, left: f64, y: f64, right: f64) {
        let style = Lettering::new(Role::Muted).small();
        let mut x = left;
        for (name, look) in &self.looks {
            let name = format::clean(name, 24);
            let wide = 17.0 + style.width(&name) + 20.0;
            if x + wide > right + 20.0 {
                return;
            }
            segment(chart, (x, y - 5.5, 11.0, 11.0), *look);
            chart.text(x + 17.0, y, style, name);
            x += wide;
        }
    }

    /// Draws parts one after the other from `x` on, `px` pixels long each; the middle
    /// of every part.
    pub fn bar(&self, chart: &mut Chart, (x, y, height): (f64, f64, f64), parts: &[(&str, f64)]) {
        let mut left = x;
        for (name, px) in parts.iter().filter(|(_, px)| px.is_finite() && *px > 0.0) {
            let known = self.looks.iter().find(|(known, _)| known == name);
            if let Some((_, look)) = known {
                // A hair of paper between the parts tells them apart in greyscale too.
                let hair = 1.0_f64.min(px / 3.0);
                segment(chart, (left, y, px - hair, height), *look);
            }
            left += px;
        }
    }
}

fn segment(chart: &mut Chart, (x, y, w, h): (f64, f64, f64, f64), look: PartLook) {
    chart.rect(x, y, w, h, look.role);
    if !look.hatched {
        return;
    }
    // Lines that rise to the right, cut off where the bar ends.
    let mut foot = x - h + HATCH / 2.0;
    while foot < x + w {
        let (from, to) = (foot.max(x), (foot + h).min(x + w));
        if to > from {
            let height = |at: f64| y + h - (at - foot);
            let line = vec![(from, height(from)), (to, height(to))];
            chart.path(line, 1.3, SOLID, Role::Paper);
        }
        foot += HATCH;
    }
}
