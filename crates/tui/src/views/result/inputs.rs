//! What the best item depends on: a bar per input, the most important first.

use workbench_record::Dependent;
use workbench_report::format;
use workbench_result::RunResult;

use crate::kit::gauge::Gauge;
use crate::kit::{Pane, Scroll, cells, safe};

/// Cells of an input's name at most.
const NAME: u16 = 24;

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let theme = pane.theme;
    let inputs = result.importances();
    let best = result.best_item();
    let title = match best.filter(|_| result.dependent() == Dependent::BestItem) {
        Some(best) if pane.area.width < 44 => format!("Inputs of {}", safe(best)),
        Some(best) => format!("What {} depends on", safe(best)),
        None if best.is_some() => {
            format!(
                "What a {} comes to depends on",
                safe(result.lab_facts.item_word())
            )
        }
        None => "What the outputs depend on".to_owned(),
    };
    let page = usize::from(pane.area.height.saturating_sub(2).max(1));
    let (mut inner, window) = pane.scrolled(&title, scroll, (inputs.len(), page));
    let names = inputs.iter().map(|one| cells(&one.input));
    let name = names.max().unwrap_or(0).min(NAME);
    let reach = inputs
        .iter()
        .map(|one| one.range.map_or(one.share, |[_, high]| high));
    let most = reach.fold(0.0, f64::max);
    for (line, one) in (0..).zip(&inputs[window]) {
        let mut row = inner.row(line);
        row.left(&one.input, name, theme.text).skip(1);
        let share = format::percent(one.share);
        let columns = row.rest().saturating_sub(8);
        let gauge = Gauge {
            value: Some(one.share),
            interval: one.range,
            bound: None,
            ideal: None,
            fill: (theme.glyphs.widths[8], theme.accent),
        };
        gauge.draw(&mut row, columns, most);
        row.skip(1).right(&share, 7, theme.text);
    }
}
