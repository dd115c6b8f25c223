//! The slots, a line each: the step it did last, what it is doing, its figures, and what its steps
//! have consisted of lately.
//!
//! All bars have one scale, so that a slot that takes longer is longer. Slots that stand out are
//! marked; where not all slots fit, the marked ones come first.

use ratatui::layout::Rect;
use workbench_experiment::lab::Health;
use workbench_report::format;

use crate::kit::stack::{Names, total_ns};
use crate::kit::{Pane, PaneRow, Scroll, cells, column, safe};

use crate::model::slots::{SlotMark, SlotShown, SlotsShown};
use crate::model::snapshot_view::SnapshotView;
use crate::theme::Theme;

/// Cells of a line side by side with another.
const ABREAST: u16 = 64;

/// Least, natural and largest height for so many slots, border and legend included.
pub fn heights(slots: u16) -> (u16, u16, u16) {
    let all = slots.max(1).saturating_add(4);
    // A tight panel has its legend on the border.
    (all.min(12) - 1, all.min(24), all.min(68))
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, run: &SnapshotView<'_>) {
    let shown = &SlotsShown::of(run);
    let (area, theme) = (pane.area, pane.theme);
    let n = shown.all.len();
    let room = usize::from(area.height.saturating_sub(3));
    // The legend has a line of its own where that costs no slot.
    let own = room > n || room > 12;
    let page = room.saturating_sub(usize::from(own)).max(1);
    let wanted = u16::try_from(n.div_ceil(page)).unwrap_or(u16::MAX);
    let abreast = wanted.min(area.width / ABREAST).max(1);
    let page = page * usize::from(abreast);
    let (mut inner, window) = pane.scrolled(&title(shown, theme), scroll, (n, page));
    if n == 0 {
        inner.nothing(&format!("no {} has reported its state yet", shown.word));
        return;
    }
    let names = Names::of(shown.all.iter().flat_map(|slot| &slot.state.parts));
    if own {
        names.legend_below(&mut inner);
    } else {
        let border = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1,
            ..inner.area
        };
        let mut row = inner.part(border).into_row(0);
        names.legend(row.text(" ", theme.dim));
    }
    let mut order: Vec<&SlotShown> = shown.all.iter().collect();
    if window.len() < n {
        order.sort_by_key(|slot| slot.mark.is_none());
    }
    let each = window.len().div_ceil(usize::from(abreast)).max(1);
    for (i, slots) in (0..).zip(order[window].chunks(each)) {
        let mut place = inner.part(column(inner.area, i, abreast));
        let columns = Columns::new(place.area.width, shown);
        columns.header(place.row(0), shown);
        for (line, slot) in (1..).zip(slots) {
            columns.slot(place.row(line), slot, &names);
        }
    }
}

fn title(shown: &SlotsShown, theme: &Theme) -> String {
    let marked: Vec<&SlotShown> = shown.all.iter().filter(|r| r.mark.is_some()).collect();
    let dot = theme.glyphs.dot;
    let mut letters = shown.word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let all: String = first.chain(letters).chain(['s']).collect();
    let left = left(shown, theme);
    match marked[..] {
        [] if shown.over => format!("{all} of {} {dot} whole repeat", shown.arm),
        [] => format!("{all} {dot} their steps of the last seconds"),
        [one] => {
            let (word, slot) = (&shown.word, one.state.slot);
            format!("{all} {dot} {left}{word} {slot}: {}", one.trouble())
        }
        _ => format!("{all} {dot} {left}{} stand out", marked.len()),
    }
}

/// How many slots there still are, where some are not.
fn left(shown: &SlotsShown, theme: &Theme) -> String {
    let (all, there) = (
        shown.all.len(),
        shown.all.iter().filter(|r| r.is_there()).count(),
    );
    if shown.over || there == 0 || there == all {
        return String::new();
    }
    format!("{there} of {all} workers {} ", theme.glyphs.dot)
}

/// Widths of the columns; a column of no width is left out.
struct Columns {
    step: u16,
    doing: u16,
    figures: Vec<(String, u16)>,
    bar: u16,
    remark: u16,
    /// Nanoseconds per step that fill the bar.
    whole_ns: f64,
}

const SLOT: u16 = 4;
const TIME: u16 = 9;
const REMARK: u16 = 18;
/// From so many cells on, marked slots have a remark beside their bars.
const ROOMY: u16 = 90;
/// Cells that a bar needs to say something.
const LEAST_BAR: u16 = 14;

impl Columns {
    fn new(inner: u16, shown: &SlotsShown) -> Self {
        let slots = &shown.all;
        let longest = |f: fn(&SlotShown) -> u16| slots.iter().map(f).max().unwrap_or(0);
        let step = longest(|r| cells(&step_text(r))).max(4) + 2;
        let most = if inner >= ROOMY { 24 } else { 16 };
        let doing = if shown.over {
            0
        } else {
            longest(|r| cells(&r.word())).clamp(10, most) + 2
        };
        let marked = slots.iter().any(|slot| slot.mark.is_some());
        // The title says it too, where one slot is marked.
        let remark = if marked && inner >= ROOMY { REMARK } else { 0 };
        let mut figures: Vec<(String, u16)> = Vec::new();
        for figure in slots.iter().flat_map(|slot| &slot.state.figures) {
            if !figures.iter().any(|(name, _)| *name == figure.name) {
                figures.push((figure.name.clone(), cells(&safe(&figure.name)).max(7) + 2));
            }
        }
        let rest = |figures: &[(String, u16)]| {
            let taken: u16 = figures.iter().map(|(_, columns)| columns).sum();
            inner.saturating_sub(2 + SLOT + step + doing + taken + TIME + 2 + remark)
        };
        while rest(&figures) < LEAST_BAR && !figures.is_empty() {
            figures.pop();
        }
        Self {
            step,
            doing,
            bar: rest(&figures),
            figures,
            remark,
            whole_ns: slots
                .iter()
                .map(|r| total_ns(&r.state.parts))
                .fold(0.0, f64::max),
        }
    }

    fn header(&self, mut row: PaneRow<'_>, shown: &SlotsShown) {
        let dim = row.theme.dim;
        row.skip(2)
            .right(&shown.word, SLOT, dim)
            .right("step", self.step, dim);
        if self.doing > 0 {
            row.skip(2).left("doing", self.doing - 2, dim);
        }
        for (name, columns) in &self.figures {
            row.right(name, *columns, dim);
        }
        row.right("per step", TIME, dim).skip(2);
        let what = if shown.over {
            "what a step consisted of"
        } else {
            "what a step consists of"
        };
        row.whole(what, dim);
    }

    fn slot(&self, mut row: PaneRow<'_>, slot: &SlotShown, names: &Names) {
        let theme = row.theme;
        let gone = slot.mark == Some(SlotMark::Lost);
        let there = slot.is_there() || self.doing == 0;
        let (text, dim) = (if there { theme.text } else { theme.dim }, theme.dim);
        let mark = if slot.mark.is_some() && !gone {
            theme.glyphs.warning
        } else {
            " "
        };
        row.left(mark, 2, theme.warn)
            .right(&slot.state.slot.to_string(), SLOT, text)
            .right(&step_text(slot), self.step, text);
        if self.doing > 0 {
            let style = if slot.state.health == Health::Waiting {
                dim
            } else {
                text
            };
            row.skip(2).left(&slot.word(), self.doing - 2, style);
        }
        for (name, columns) in &self.figures {
            let figure = slot
                .state
                .figures
                .iter()
                .find(|figure| figure.name == *name);
            let value = figure.map(|figure| format::number(figure.value));
            let value = value.as_deref().unwrap_or(format::MISSING);
            row.right(value, *columns, text);
        }
        if slot.state.steps == 0 && !gone {
            row.right("none yet", TIME, dim);
            return;
        }
        let per_step = match slot.state.steps {
            0 => format::MISSING.to_owned(),
            _ => format::seconds(total_ns(&slot.state.parts) / 1e9),
        };
        row.right(&per_step, TIME, text).skip(2);
        let after = row.rest().saturating_sub(self.bar);
        names.bar(&mut row, &slot.state.parts, (self.whole_ns, self.bar));
        if slot.mark.is_some() && self.remark > 0 {
            let style = if gone { dim } else { theme.warn };
            row.last(after).skip(2).text(&slot.remark(), style);
        }
    }
}

/// The step that it did last.
fn step_text(slot: &SlotShown) -> String {
    let step = slot.at_step.map(format::count);
    step.unwrap_or_else(|| format::MISSING.to_owned())
}
