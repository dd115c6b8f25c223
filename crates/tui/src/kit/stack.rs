//! Stacked bars: time cut into what it was spent on. Work has a glyph and a colour by its place,
//! all waiting looks the same and unlike any work, also without colour.

use ratatui::style::Style;
use workbench_experiment::lab::Part;

use super::{Pane, PaneRow, cells, safe};
use crate::theme::Theme;

/// The parts that bars are cut into, in the order in which they were first seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Vec<(String, bool)>);

impl Names {
    /// The names of these parts.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Self {
        let mut names: Vec<(String, bool)> = Vec::new();
        for part in parts {
            if !names.iter().any(|(name, _)| *name == part.name) {
                names.push((part.name.clone(), part.waits));
            }
        }
        Self(names)
    }

    fn look(&self, name: &str, theme: &Theme) -> (&'static str, Style) {
        let mut work = 0;
        for (known, waits) in &self.0 {
            if known == name && *waits {
                break;
            }
            if known == name {
                return (theme.glyphs.part(work), theme.series(work));
            }
            work += usize::from(!waits);
        }
        (theme.glyphs.wait, theme.waiting())
    }

    /// What each glyph stands for, in one line.
    pub fn legend(&self, row: &mut PaneRow<'_>) {
        let theme = row.theme;
        let all: u16 = self.0.iter().map(|(name, _)| cells(&safe(name)) + 2).sum();
        let gaps = u16::try_from(self.0.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let gap = if all + 3 * gaps <= row.rest() { 3 } else { 1 };
        for (i, (name, _)) in self.0.iter().enumerate() {
            let (glyph, style) = self.look(name, theme);
            row.skip(if i == 0 { 0 } else { gap })
                .cell(glyph, style)
                .text(&format!(" {}", safe(name)), theme.dim);
        }
    }

    /// The legend in the last line of an area.
    pub fn legend_below(&self, inner: &mut Pane<'_>) {
        if let Some(line) = inner.area.height.checked_sub(1) {
            self.legend(&mut inner.row(line));
        }
    }

    /// A bar of these parts, `columns` cells long where they add up to `whole_ns`.
    pub fn bar(&self, row: &mut PaneRow<'_>, parts: &[Part], (whole_ns, columns): (f64, u16)) {
        let theme = row.theme;
        let each: Vec<f64> = parts.iter().map(|part| part.ns as f64).collect();
        let share = each.iter().sum::<f64>() / whole_ns;
        if !share.is_finite() {
            return;
        }
        let columns = columns.min(row.rest());
        let cells = (share.clamp(0.0, 1.0) * f64::from(columns)).round() as u16;
        // Nothing at all differs from very little.
        let cells = cells.max(u16::from(share > 0.0));
        for (part, n) in parts.iter().zip(apportion(&each, cells)) {
            let (glyph, style) = self.look(&part.name, theme);
            row.fill(glyph, n, style);
        }
    }
}

/// What parts add up to, in nanoseconds.
pub fn total_ns(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.ns as f64).sum()
}

/// The same parts per step.
pub fn per_step(parts: &[Part], steps: u64) -> Vec<Part> {
    let each = |part: &Part| Part {
        ns: part.ns.checked_div(steps).unwrap_or(0),
        ..part.clone()
    };
    parts.iter().map(each).collect()
}

/// Shares out cells in proportion to the parts; negative parts and what is not a number get none.
/// Cells go by largest remainders, so that the whole bar is always the whole.
pub fn apportion(parts: &[f64], cells: u16) -> Vec<u16> {
    let clean = |part: &f64| {
        if part.is_finite() { part.max(0.0) } else { 0.0 }
    };
    let total: f64 = parts.iter().map(clean).sum();
    if total <= 0.0 {
        return vec![0; parts.len()];
    }
    let exact: Vec<f64> = parts
        .iter()
        .map(|part| clean(part) / total * f64::from(cells))
        .collect();
    let mut out: Vec<u16> = exact.iter().map(|value| value.floor() as u16).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()));
    let missing = cells.saturating_sub(out.iter().sum());
    for i in order.into_iter().take(usize::from(missing)) {
        out[i] += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::theme::ThemeName;

    #[test]
    fn cells_are_shared_out_completely_and_fairly() {
        assert_eq!(apportion(&[1.0, 1.0, 0.0, 0.0, 0.0], 10), [5, 5, 0, 0, 0]);
        assert_eq!(
            apportion(&[2.0, 1.0, 0.0, -5.0, f64::NAN], 3),
            [2, 1, 0, 0, 0]
        );
        assert_eq!(apportion(&[1.0; 5], 7).iter().sum::<u16>(), 7);
        assert_eq!(apportion(&[0.0; 5], 7), [0; 5]);
        assert!(apportion(&[], 7).is_empty());
    }

    #[test]
    fn every_part_of_a_step_looks_different_without_colour() {
        let parts = [
            Part::work("data", 10),
            Part::work("forward", 20),
            Part::work("backward", 40),
            Part::wait("all-reduce wait", 20),
            Part::work("optimizer", 10),
            Part::wait("barrier", 0),
        ];
        let names = Names::of(&parts);
        for ascii in [false, true] {
            let theme = Theme::new(ThemeName::Mono, ascii, false);
            let mut glyphs: Vec<&str> = parts[..5]
                .iter()
                .map(|part| names.look(&part.name, &theme).0)
                .collect();
            assert_eq!(names.look("barrier", &theme).0, glyphs[3]);
            glyphs.sort_unstable();
            glyphs.dedup();
            assert_eq!(glyphs.len(), 5);
        }
        let theme = Theme::new(ThemeName::Mono, true, false);
        let area = Rect::new(0, 0, 24, 1);
        let mut buf = Buffer::empty(area);
        // Half of the whole: 10 of 20 cells.
        let mut row = PaneRow::new(&mut buf, area, 0, &theme);
        names.bar(&mut row, &parts, (200.0, 20));
        let drawn: String = (0..24).map(|x| buf[(x, 0)].symbol()).collect();
        assert_eq!(drawn.trim_end(), "=##%%%%..+");
    }
}
