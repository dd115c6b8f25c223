//! The two lines on top: which run this is and what it is doing, how far it is and how long it will take.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_clock::seconds;
use workbench_record::{RepeatId, RunStatus};
use workbench_report::format;

use super::look::Look;
use super::state::{State, Weight};
use crate::theme::Theme;
use crate::views::standing_mark;
use crate::views::text::{arm_on_workers, repeat_name, safe};
use crate::views::widgets::{Row, fit, width};
use workbench_history::Standing;
use workbench_history::outlook::Outlook;

/// Draws both lines. `equal` says whether the arms may be compared, as far as they are done.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    look: &Look<'_>,
    outlook: &Outlook,
    (frozen, equal): (bool, bool),
    theme: &Theme,
) {
    names(buf, area, look, (frozen, equal), theme);
    progress(buf, area, look, outlook, theme);
}

fn names(
    buf: &mut Buffer,
    area: Rect,
    look: &Look<'_>,
    (frozen, equal): (bool, bool),
    theme: &Theme,
) {
    let (mark, phase, style) = phase(look, equal, theme);
    let frozen = if frozen { " FROZEN " } else { "" };
    let room = (area.width * 3 / 5).saturating_sub(width(frozen));
    let (phase, state) = match state(look) {
        Some((id, state)) => with_state((look, id), &state, room.saturating_sub(2)),
        None => (phase, None),
    };
    let phase = fit(&format!("{mark} {phase}"), room, theme);
    let said = state.as_ref().map_or("", |(text, _)| text);
    let right = width(&phase) + width(said) + width(frozen) + 2;
    let left = Rect {
        width: area.width.saturating_sub(right + 1),
        ..area
    };
    let mut row = Row::new(buf, left, 0);
    row.skip(1);
    match look.started() {
        None => {
            row.text("workbench", theme.title, theme);
        }
        Some(started) => {
            row.text(&safe(&started.lab_title), theme.title, theme)
                .skip(2)
                .text(&safe(&started.config.preset), theme.text, theme);
            row.skip(2).whole(&safe(&started.run_id), theme.dim);
        }
    }
    let mut row = Row::new(buf, area, 0);
    row.last(right).text(&phase, style, theme);
    if let Some((text, weight)) = &state {
        row.text(text, weight.style(theme), theme);
    }
    if !frozen.is_empty() {
        row.skip(1).text(frozen, theme.selected, theme);
    }
}

/// What the run is doing.
fn phase(look: &Look<'_>, equal: bool, theme: &Theme) -> (&'static str, String, Style) {
    let glyphs = &theme.glyphs;
    let standing = Standing::new(look.status(), equal);
    if standing != Standing::Unfinished {
        let (mark, style) = standing_mark(standing, theme);
        return (mark, standing.name().to_owned(), style);
    }
    match look.current() {
        None => (glyphs.waiting, "starting".to_owned(), theme.dim),
        Some(current) if current.finished.is_some() => (
            glyphs.waiting,
            "preparing the next repeat".to_owned(),
            theme.dim,
        ),
        Some(current) => {
            let name = repeat_name(&current.state.id, look.repeats_each());
            (glyphs.running, name, theme.accent)
        }
    }
}

/// The repeat under way, and the state that it is in.
fn state<'a>(look: &Look<'a>) -> Option<(&'a RepeatId, State)> {
    let under_way = look.status() == RunStatus::Unfinished;
    let current = look
        .current()
        .filter(|current| under_way && current.finished.is_none())?;
    let state = State::of(&current, look.now_ns())?;
    Some((&current.state.id, state))
}

/// The name of a repeat and its state, as much as fits into `room` cells.
fn with_state(
    (look, id): (&Look<'_>, &RepeatId),
    state: &State,
    room: u16,
) -> (String, Option<(String, Weight)>) {
    let arm = arm_on_workers(&id.arm, id.workers);
    let [long, short] = state.texts();
    let names = [
        (repeat_name(id, look.repeats_each()), long.clone()),
        (arm.clone(), long.clone()),
        (safe(&id.arm), long),
        (arm, short.clone()),
        (safe(&id.arm), short),
    ];
    let fits = |(name, said): &(String, String)| width(name) + 2 + width(said) <= room;
    let found = names.iter().find(|pair| fits(pair)).or(names.last());
    let (name, said) = found.cloned().unwrap_or_default();
    (format!("{name}: "), Some((said, state.weight())))
}

fn progress(buf: &mut Buffer, area: Rect, look: &Look<'_>, outlook: &Outlook, theme: &Theme) {
    let Some(started) = look.started() else {
        return;
    };
    let over = look.status() != RunStatus::Unfinished;
    let done = look.finished().count();
    let so_far = format::seconds(seconds(look.now_ns()));
    let time = match outlook.left_s {
        _ if over => format!("took {so_far}"),
        Some(left) => format!("{so_far} so far, about {} left", left_text(left)),
        None => format!("{so_far} so far"),
    };
    let facts = format!(
        "{:>3.0} %   {done} of {}   {time}",
        (outlook.done * 100.0).floor(),
        format::counted(u64::from(started.planned_repeats), "repeat")
    );
    let facts_width = width(&facts);
    let bar = area.width.saturating_sub(facts_width + 4);
    let style = match look.status() {
        RunStatus::Completed => theme.good,
        RunStatus::Failed | RunStatus::Interrupted => theme.warn,
        RunStatus::Unfinished => theme.accent,
    };
    Row::new(buf, area, 1)
        .skip(1)
        .bar(outlook.done, bar, style, theme)
        .skip(2)
        .text(&facts, theme.text, theme);
}

/// Seconds that are left, without digits that would only flicker.
pub(super) fn left_text(left: f64) -> String {
    if left < 99.5 {
        format!("{:.0} s", left.max(0.0).ceil())
    } else {
        format::seconds(left)
    }
}
