//! What the run is, and what it found in sentences. Where no speed-up may be stated, that is
//! what stands here.

use workbench_report::format;
use workbench_result::RunResult;

use super::view::ResultView;
use crate::kit::text::marked;
use crate::kit::{Pane, below, cells};
use crate::views::standing_mark;
use workbench_history::Standing;

/// Draws the lines on top and says how many they are.
pub fn draw(pane: &mut Pane<'_>, (result, view): (&RunResult, &ResultView)) -> u16 {
    let theme = pane.theme;
    let standing = view.standing.unwrap_or_else(|| Standing::of_result(result));
    let (mark, style) = standing_mark(standing, theme);
    let status = format!("{mark} {}", standing.name());
    pane.row(0).last(cells(&status) + 2).text(&status, style);
    let mut left = pane.area;
    left.width = left.width.saturating_sub(cells(&status) + 3);
    pane.part(left)
        .row(0)
        .skip(1)
        .text(&result.lab_title, theme.title)
        .skip(2)
        .text(&result.preset, theme.text)
        .skip(2)
        .whole(&result.run_id, theme.dim)
        .skip(2)
        .whole(&format::date_in(&result.started_at, &view.zone), theme.dim);
    1 + sentences(pane, result)
}

fn sentences(pane: &mut Pane<'_>, result: &RunResult) -> u16 {
    let theme = pane.theme;
    let most = (pane.area.height / 4).clamp(2, 8);
    let columns = pane.area.width.saturating_sub(2);
    let (mark, style) = if result.check.passed() {
        let mark = (theme.glyphs.finding, theme.dim);
        (mark, (theme.text, theme.accent))
    } else {
        ((theme.glyphs.failed, theme.bad), (theme.bad, theme.bad))
    };
    let sentences = workbench_report::headline(result);
    let lines = sentences
        .iter()
        .flat_map(|sentence| marked(mark, sentence, columns, style));
    let lines: Vec<_> = lines.take(usize::from(most)).collect();
    let mut area = below(pane.area, 1);
    area.x += 1;
    area.width = area.width.saturating_sub(1);
    pane.part(area).lines(&lines);
    lines.len() as u16
}
