//! The Run screen: a run as its events tell it so far.
//!
//! ```text
//! workbench  Thirty random forests   quick  20261121-101502-rf-3f9a        ▸ tasks on 2 workers, repeat 3 of 5
//! ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸────────────────────────   46 %  7 of 15 repeats   12.3 s so far, about 14 s left
//! ╭─ Arms: speed-up against sequential ───────────────────────────────────────────────────────────────────────────╮
//! │ one line per arm: repeats done, last wall time, speed-up with interval, bound                                  │
//! ├─ Cores ────────────────────────────────────┬─ GPUs ────────────────────────────────────────────────────────────┤
//! │ busy share now, and its history            │ busy, memory, power, temperature, clocks, throttle                │
//! ├─ Ranks, for labs that tell ────────────────┴───────────────────────────────────────────────────────────────────┤
//! │ one line per rank: step, what it does, what its steps consist of                                               │
//! ├─ Timeline ─────────────────────────────────────────────────────────────────────────────────────────────────────┤
//! │ one line per slot: what ran where                                                                              │
//! ├─ Curves ───────────────────────────────────┬─ Log ─────────────────────────────────────────────────────────────┤
//! │ one metric, all arms over one another      │ repeats, warnings, findings, printed lines                        │
//! ╰────────────────────────────────────────────┴───────────────────────────────────────────────────────────────────╯
//! ```
//!
//! Cores, GPUs, timeline and curves share one cursor of time: where it is, they show what was then.
//!
//! Belongs here: the screen's own small state and what each panel draws. Nothing is shown that is
//! not in the events; what is worked out of them is in [`crate::model`].

mod arms;
mod cores;
mod cursor;
mod gpus;
mod header;
mod layout;
mod log;
mod mouse;
mod panel;
mod past;
mod ranks;
mod request;
mod state;
mod timeline;
mod view;

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::{RepeatState, Snapshot};
use workbench_result::workers_of;

use super::{SMALLEST, View, ViewAction};
use crate::field::FilterField;
use crate::kit::{Pane, below, too_small};
use crate::model::curves;
use crate::model::snapshot_view::SnapshotView;
use crate::theme::Theme;
use layout::{Contents, TIGHT};
use past::Past;
use request::CursorRequest;
use view::Drawn;

pub use panel::Panel;
pub use view::RunView;

impl RunView {
    /// Takes in what is new in a run, and answers what people asked for since. To be called before
    /// drawing.
    pub fn update(&mut self, snapshot: &Snapshot) {
        if std::mem::take(&mut self.freeze_next) {
            self.frozen = Some(Box::new(snapshot.clone()));
        }
        let frozen = self.frozen.take();
        let run = SnapshotView::new(frozen.as_deref().unwrap_or(snapshot));
        self.model.update_run(&run);
        if let Some(started) = run.started() {
            let repeats = &run.snapshot.repeats;
            self.chart.curves.update(started, repeats);
        }
        self.answer(&run);
        self.place_cursor_in_curves(&run);
        let column_ns = self.column_ns();
        self.model.update_shown(&self.at_cursor(run), column_ns);
        self.frozen = frozen;
    }

    /// How often the running result was computed.
    #[cfg(test)]
    pub fn times_computed(&self) -> u32 {
        self.model.estimate.computed
    }
}

impl View for RunView {
    fn act(&mut self, action: ViewAction) {
        if self.focus.act(action) {
            return;
        }
        match action {
            ViewAction::Freeze if self.is_frozen() => {
                self.frozen = None;
                self.freeze_next = false;
            }
            ViewAction::Freeze => self.freeze_next = true,
            ViewAction::Longer => self.stretch(1),
            ViewAction::Shorter => self.stretch(-1),
            ViewAction::Cursor => self.request(CursorRequest::Toggle),
            ViewAction::Left => self.request(CursorRequest::Move(-1)),
            ViewAction::Right => self.request(CursorRequest::Move(1)),
            ViewAction::FarLeft => self.request(CursorRequest::Move(-10)),
            ViewAction::FarRight => self.request(CursorRequest::Move(10)),
            ViewAction::Metric => self.chart.next_metric(),
            ViewAction::XAxis => self.chart.turn_axis(),
            ViewAction::Log => self.chart.log = !self.chart.log,
            ViewAction::Output => self.log.turn_output(),
            ViewAction::Filter => {
                self.focus.panel = Panel::Log;
                self.log.filter.begin();
            }
            ViewAction::Move(motion) => self.scroll(self.focus.panel, motion),
            _ => {}
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        mouse::act(self, event);
    }

    fn filter(&self) -> &FilterField {
        &self.log.filter
    }

    fn filter_mut(&mut self) -> &mut FilterField {
        &mut self.log.filter
    }
}

/// Draws the Run screen from what the last [`RunView::update`] with this snapshot worked out.
pub fn draw(frame: &mut Frame, area: Rect, view: &mut RunView, snapshot: &Snapshot, theme: &Theme) {
    let mut pane = Pane::new(frame.buffer_mut(), area, theme);
    let area = pane.area;
    if too_small(pane.buf, area, SMALLEST, theme) {
        return;
    }
    let frozen = view.frozen.take();
    let run = SnapshotView::new(frozen.as_deref().unwrap_or(snapshot));
    let mut top = pane.part(Rect { height: 2, ..area });
    header::draw(&mut top, &run, &view.model, view.is_frozen());
    let contents = contents(&run, area.height);
    view.focus.choose_from(contents.panels());
    let body = below(area, 2);
    let panels = if view.focus.zoomed {
        vec![(view.focus.panel, body)]
    } else {
        layout::arrange(body, contents, view.focus.panel)
    };
    let run = view.at_cursor(run);
    // What is not drawn cannot be clicked.
    view.drawn = Drawn::default();
    for (panel, place) in &panels {
        let mut place = pane.part(*place);
        place.focused = view.focus.panel == *panel;
        draw_panel(place, *panel, view, &run);
    }
    view.drawn.panels = panels;
    view.frozen = frozen;
}

fn draw_panel(pane: Pane<'_>, panel: Panel, view: &mut RunView, run: &SnapshotView<'_>) {
    let model = &view.model;
    let mut past = Past::new(&model.history, view.column_ns(), run.cursor);
    let scroll = &mut view.scroll[panel as usize];
    match panel {
        Panel::Arms => arms::draw(pane, scroll, run, model),
        Panel::Cores => cores::draw(pane, scroll, run, &mut past),
        Panel::Gpus => gpus::draw(pane, scroll, run, &mut past),
        Panel::Ranks => ranks::draw(pane, scroll, &model.ranks),
        Panel::Timeline => {
            let shown = (run, &model.timeline, view.stretch);
            view.drawn.timeline = timeline::draw(pane, scroll, shown);
        }
        Panel::Curves => view.chart.draw(pane),
        Panel::Log => log::draw(pane, &mut view.log, &model.log),
    }
    view.drawn.strips.extend(past.into_strips());
}

/// What there is to show, for the layout.
fn contents(run: &SnapshotView<'_>, height: u16) -> Contents {
    let Some(started) = run.started() else {
        return Contents::default();
    };
    let small = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let arms = started
        .arms
        .iter()
        .map(|arm| workers_of(arm, &started.config.workers).len());
    // The tallest repeat of the plan, so that the panels keep their places from repeat to repeat.
    let slots = started.config.workers.iter().copied().max().unwrap_or(1);
    let sampled = run.sample().map_or(0, |s| s.gpus.len());
    let slots = u16::try_from(slots).unwrap_or(u16::MAX);
    let tells = |repeat: &RepeatState| !repeat.slots.is_empty() || !repeat.states.is_empty();
    let ranked = run.snapshot.repeats.iter().any(tells);
    // Where lines are few, none is kept for repeats with more ranks.
    let now = run.current().map(|current| current.id.workers);
    let ranks = match now {
        Some(workers) if height < TIGHT => u16::try_from(workers).unwrap_or(slots),
        _ => slots,
    };
    Contents {
        arms: small(arms.sum()),
        slots,
        ranks: if ranked { ranks.max(1) } else { 0 },
        cores: small(run.cores()),
        gpus: small(sampled.max(started.machine.gpus.len())),
        curves: curves::any(&run.snapshot.repeats),
    }
}
