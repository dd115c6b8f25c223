//! The two lines on top: which run this is and what it is doing, how far it is and how long
//! it will take.

use ratatui::style::Style;
use workbench_clock::seconds;
use workbench_record::{RepeatId, RunStatus, Severity};
use workbench_report::format;

use crate::kit::{Pane, cells, fit, safe};
use crate::model::RunModel;
use crate::model::names::{arm_on_workers, repeat_name};
use crate::model::snapshot_view::SnapshotView;
use crate::model::state::StateShown;
use crate::theme::Theme;
use crate::views::standing_mark;
use workbench_history::Standing;

/// Draws both lines.
pub fn draw(
    pane: &mut Pane<'_>,
    run: &SnapshotView<'_>,
    model: &RunModel,
    (frozen, standing): (bool, Option<Standing>),
) {
    let result = model.estimate.result();
    // As far as they are done.
    let comparable = result.is_none_or(|result| result.check.passed());
    let standing = standing.unwrap_or_else(|| Standing::new(run.snapshot.status, comparable));
    names(pane, run, (frozen, standing));
    progress(pane, run, (model, standing));
}

fn names(pane: &mut Pane<'_>, run: &SnapshotView<'_>, (frozen, standing): (bool, Standing)) {
    let theme = pane.theme;
    let (mark, phase, style) = phase(run, standing, theme);
    let frozen = if frozen { " FROZEN " } else { "" };
    let room = (pane.area.width * 3 / 5).saturating_sub(cells(frozen));
    let (phase, state) = match state(run).filter(|_| goes_on(standing)) {
        Some((id, state)) => with_state((run, id), &state, room.saturating_sub(2)),
        None => (phase, None),
    };
    let phase = format!("{mark} {phase}");
    let phase = fit(&phase, usize::from(room), theme.glyphs.ascii);
    let said = state.as_ref().map_or("", |(text, _)| text);
    let right = cells(&phase) + cells(said) + cells(frozen) + 2;
    let mut row = pane.row(0);
    row.last(right).text(&phase, style);
    if let Some((text, severity)) = &state {
        row.text(text, theme.severity(*severity));
    }
    if !frozen.is_empty() {
        row.skip(1).text(frozen, theme.selected);
    }
    let mut left = pane.area;
    left.width = left.width.saturating_sub(right + 1);
    let mut row = pane.part(left).into_row(0);
    row.skip(1);
    match run.started() {
        None => row.text("workbench", theme.title),
        Some(started) => row
            .text(&started.lab_title, theme.title)
            .skip(2)
            .text(&started.config.preset, theme.text)
            .skip(2)
            .whole(&started.run_id, theme.dim),
    };
}

/// Whether more of the run may come.
fn goes_on(standing: Standing) -> bool {
    matches!(standing, Standing::Unfinished | Standing::Running)
}

/// What the run is doing.
fn phase(
    run: &SnapshotView<'_>,
    standing: Standing,
    theme: &Theme,
) -> (&'static str, String, Style) {
    let glyphs = &theme.glyphs;
    if !goes_on(standing) {
        let (mark, style) = standing_mark(standing, theme);
        return (mark, standing.name().to_owned(), style);
    }
    match run.current() {
        None => (glyphs.waiting, "starting".to_owned(), theme.dim),
        Some(current) if current.finished.is_some() => (
            glyphs.waiting,
            "preparing the next repeat".to_owned(),
            theme.dim,
        ),
        Some(current) => {
            let name = repeat_name(&current.id, run.repeats_each());
            (glyphs.running, name, theme.accent)
        }
    }
}

/// The repeat under way, and the state that it is in.
fn state<'a>(run: &SnapshotView<'a>) -> Option<(&'a RepeatId, StateShown)> {
    let under_way = run.snapshot.status == RunStatus::Unfinished;
    let current = run
        .current()
        .filter(|current| under_way && current.finished.is_none())?;
    let state = StateShown::of(current, run.snapshot.now_ns)?;
    Some((&current.id, state))
}

/// The name of a repeat and its state, as much as fits into `room` cells.
fn with_state(
    (run, id): (&SnapshotView<'_>, &RepeatId),
    state: &StateShown,
    room: u16,
) -> (String, Option<(String, Severity)>) {
    let arm = arm_on_workers(&id.arm, id.workers);
    let [long, short] = state.texts();
    let names = [
        (repeat_name(id, run.repeats_each()), long.clone()),
        (arm.clone(), long.clone()),
        (safe(&id.arm), long),
        (arm, short.clone()),
        (safe(&id.arm), short),
    ];
    let fits = |(name, said): &(String, String)| cells(name) + 2 + cells(said) <= room;
    let found = names.iter().find(|pair| fits(pair)).or(names.last());
    let (name, said) = found.cloned().unwrap_or_default();
    (format!("{name}: "), Some((said, state.severity())))
}

fn progress(pane: &mut Pane<'_>, run: &SnapshotView<'_>, (model, standing): (&RunModel, Standing)) {
    let (past, outlook) = (&model.past, model.ahead.outlook());
    let theme = pane.theme;
    let Some(started) = run.started() else {
        return;
    };
    let over = !goes_on(standing);
    let done = past.all_done(&run.snapshot.repeats).count;
    let so_far = format::seconds(seconds(run.snapshot.now_ns));
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
    let bar = pane.area.width.saturating_sub(cells(&facts) + 4);
    let style = match run.snapshot.status {
        RunStatus::Completed => theme.good,
        RunStatus::Unfinished if !over => theme.accent,
        _ => theme.warn,
    };
    pane.row(1)
        .skip(1)
        .bar(outlook.done, bar, style)
        .skip(2)
        .text(&facts, theme.text);
}

/// Seconds that are left, without digits that would only flicker.
pub(super) fn left_text(left: f64) -> String {
    if left < 99.5 {
        format::stretch(left.max(0.0).ceil())
    } else {
        format::seconds(left)
    }
}
