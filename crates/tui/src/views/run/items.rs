//! The items of the repeat under way (trials, models), a line each: state, level, steps, the best
//! value so far, and what each is made with. Sorted, filtered, one of them selected.

use std::cmp::Ordering;

use ratatui::style::Style;
use workbench_record::ItemPhase;
use workbench_report::format;

use crate::field::FilterField;
use crate::kit::{Motion, Pane, PaneRow, Scroll, position, safe};
use crate::model::items::{ItemRow, RepeatItems};
use crate::theme::Theme;
use crate::views::filter::{self, has_all};

/// Cells of the columns, with the gap behind each.
const NAME: u16 = 14;
const STATE: u16 = 9;
const LEVEL: u16 = 6;
const STEPS: u16 = 10;
const BEST: u16 = 11;

/// What the items are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ItemOrder {
    /// When they were begun, the last first.
    #[default]
    Begun,
    /// The best value, the least first.
    Best,
    /// The state.
    State,
    /// The steps, the most first.
    Steps,
}

impl ItemOrder {
    const ALL: [Self; 4] = [Self::Begun, Self::Best, Self::State, Self::Steps];

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|order| *order == self);
        Self::ALL[(at.unwrap_or(0) + 1) % Self::ALL.len()]
    }

    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begin",
            Self::Best => "best value",
            Self::State => "state",
            Self::Steps => "steps",
        }
    }

    fn compare(self, a: &ItemRow, b: &ItemRow) -> Ordering {
        let by = match self {
            Self::Begun => Ordering::Equal,
            // Without a value they come last.
            Self::Best => {
                let value = |row: &ItemRow| row.best.unwrap_or(f64::INFINITY);
                value(a).total_cmp(&value(b))
            }
            Self::State => place(a.phase).cmp(&place(b.phase)),
            Self::Steps => b.step.cmp(&a.step),
        };
        by.then(b.number.cmp(&a.number))
    }
}

/// What runs comes first.
fn place(phase: ItemPhase) -> u8 {
    match phase {
        ItemPhase::Running => 0,
        ItemPhase::Paused => 1,
        ItemPhase::Pending => 2,
        ItemPhase::Done => 3,
        ItemPhase::Stopped => 4,
        ItemPhase::Failed => 5,
    }
}

/// What is shown of the items, and which one is selected.
#[derive(Debug, Default)]
pub struct ItemsView {
    order: ItemOrder,
    is_reversed: bool,
    /// Words that what is shown has.
    pub filter: FilterField,
    selected: Option<String>,
}

impl ItemsView {
    /// Sorts by the next column.
    pub fn sort(&mut self) {
        self.order = self.order.next();
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.is_reversed = !self.is_reversed;
    }

    /// The selected item, where more can become of it.
    pub fn to_stop<'a>(&self, items: &'a RepeatItems) -> Option<&'a str> {
        let (rows, at) = self.shown(items);
        let row = rows.get(at?)?;
        (!row.phase.is_final()).then_some(row.name.as_str())
    }

    /// Moves the selection.
    pub fn scroll(&mut self, scroll: &mut Scroll, items: &RepeatItems, motion: Motion) {
        let (rows, at) = self.shown(items);
        let at = scroll.select(at, motion);
        self.selected = rows.get(at).map(|row| row.name.clone());
    }

    /// The rows in their order, and where the selected one is: the first where none is.
    fn shown<'a>(&self, items: &'a RepeatItems) -> (Vec<&'a ItemRow>, Option<usize>) {
        let words = filter::words(&self.filter);
        let has = |row: &&ItemRow| {
            let text = format!("{} {} {}", row.name, row.phase.name(), row.settings);
            has_all(&words, &text)
        };
        let mut rows: Vec<&ItemRow> = items.rows().iter().filter(has).collect();
        rows.sort_by(|a, b| self.order.compare(a, b));
        if self.is_reversed {
            rows.reverse();
        }
        let selected = self.selected.as_deref();
        let at = rows
            .iter()
            .position(|row| Some(row.name.as_str()) == selected);
        let at = at.or((!rows.is_empty()).then_some(0));
        (rows, at)
    }

    fn title(&self, items: &RepeatItems, word: &str) -> String {
        let count = |phase: ItemPhase| items.rows().iter().filter(|row| row.phase == phase).count();
        let of = |(phase, name): (ItemPhase, &str)| {
            let n = count(phase);
            (n > 0).then(|| format!("{n} {name}"))
        };
        let states = ItemPhase::ALL.map(|phase| (phase, phase.name()));
        let states: Vec<String> = states.into_iter().filter_map(of).collect();
        let mut letters = safe(word).chars().collect::<Vec<char>>().into_iter();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let word: String = first.chain(letters).collect();
        format!("{word}s by {}: {}", self.order.name(), states.join(", "))
    }
}

/// Least, natural and largest height for so many items, border and header included.
pub fn heights(items: u16) -> (u16, u16, u16) {
    let all = items.saturating_add(3);
    (all.min(6), all.min(14), all.min(60))
}

/// Draws the panel.
pub fn draw(
    pane: Pane<'_>,
    scroll: &mut Scroll,
    (view, items): (&ItemsView, &RepeatItems),
    word: &str,
) {
    let theme = pane.theme;
    let typed = u16::from(view.filter.is_shown());
    let (rows, selected) = view.shown(items);
    let page = usize::from(pane.area.height.saturating_sub(3 + typed));
    scroll.window(rows.len(), page);
    if let Some(selected) = selected.filter(|_| view.selected.is_some()) {
        scroll.keep_in_sight(selected);
    }
    let window = scroll.window(rows.len(), page);
    let mut inner = pane.panel((&view.title(items, word), &position(&window, rows.len())));
    if typed == 1 {
        filter::draw(&view.filter, &mut inner.row(0));
    }
    let mut body = inner.below(typed);
    head(body.row(0), word, items);
    if rows.is_empty() {
        body.row(1).text("none has all these words", theme.dim);
    }
    for ((line, row), at) in (1..).zip(&rows[window.clone()]).zip(window) {
        let is_selected = body.focused && Some(at) == selected;
        one(body.row(line), row, is_selected);
    }
}

fn head(mut row: PaneRow<'_>, word: &str, items: &RepeatItems) {
    let theme = row.theme;
    row.skip(2)
        .left(word, NAME - 1, theme.dim)
        .skip(1)
        .left("state", STATE - 1, theme.dim)
        .skip(1)
        .right("level", LEVEL - 1, theme.dim)
        .skip(1)
        .right("steps", STEPS - 1, theme.dim)
        .skip(1)
        .right("best", BEST - 1, theme.dim)
        .skip(2)
        .text("made with", theme.dim);
    if !items.metric.is_empty() {
        row.text(&format!("   (best: {})", items.metric), theme.faint);
    }
}

fn one(mut row: PaneRow<'_>, item: &ItemRow, is_selected: bool) {
    let theme = row.theme;
    let mark = if is_selected {
        theme.glyphs.running
    } else {
        ""
    };
    let steps = if item.until > item.step && item.phase == ItemPhase::Running {
        format!("{}/{}", item.step, item.until)
    } else {
        item.step.to_string()
    };
    let level = item
        .level
        .map_or_else(String::new, |level| level.to_string());
    let best = item.best.map_or_else(String::new, format::number);
    let state = if item.asked {
        "by hand"
    } else {
        item.phase.name()
    };
    row.left(mark, 2, theme.accent)
        .left(&item.name, NAME - 1, theme.text)
        .skip(1)
        .left(state, STATE - 1, style(item.phase, theme))
        .skip(1)
        .right(&level, LEVEL - 1, theme.text)
        .skip(1)
        .right(&steps, STEPS - 1, theme.text)
        .skip(1)
        .right(&best, BEST - 1, theme.text)
        .skip(2);
    if item.failures > 0 {
        row.text(&format!("{} failed  ", item.failures), theme.warn);
    }
    row.text(&item.settings, theme.dim);
}

fn style(phase: ItemPhase, theme: &Theme) -> Style {
    match phase {
        ItemPhase::Running => theme.accent,
        ItemPhase::Done => theme.good,
        ItemPhase::Failed => theme.bad,
        ItemPhase::Paused | ItemPhase::Pending | ItemPhase::Stopped => theme.dim,
    }
}
